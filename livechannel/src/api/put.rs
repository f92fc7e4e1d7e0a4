//! PutLiveChannel and PutLiveChannelStatus.

use axum::http::StatusCode;
use axum::response::Response;
use hls_segmenter::oss::{ParameterError, PutLiveChannel, PutSnapshot};
use serde::Serialize;

use super::error::ApiError;
use super::target::Target;
use super::xml::{PutBody, parse_put};
use super::{channel, handler, reply};
use crate::auth::Query;
use crate::clock::now_millis;
use crate::name::{ChannelKey, playlist_name};
use crate::service::{Service, load_channel, save_channel};
use crate::store::{ChannelRecord, load_state};

#[derive(Debug, Serialize)]
#[serde(rename = "CreateLiveChannelResult", rename_all = "PascalCase")]
struct Created {
    publish_urls: Urls,
    play_urls: Urls,
}

/// A container of addresses.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Urls {
    pub(super) url: Vec<String>,
}

/// Creates or replaces a channel.
pub(super) async fn put(
    service: &Service,
    key: &ChannelKey,
    body: &[u8],
    target: &Target,
) -> Result<Response, ApiError> {
    let body = parse_put(body)?;
    let record = record(service, key, &body)?;
    refuse_live(service, key).await?;
    save_channel(service.store(), key, &record).await?;
    tracing::info!(channel = %key, "channel is configured");
    reply::xml(&Created {
        publish_urls: Urls { url: vec![channel::publish_url(service, key, target)] },
        play_urls: Urls {
            url: vec![channel::play_url(service, key, &record.playlist_name, target)],
        },
    })
}

/// Enables or disables a channel.
pub(super) async fn status(
    service: &Service,
    key: &ChannelKey,
    query: &Query,
) -> Result<Response, ApiError> {
    let enabled = match query.get("status") {
        Some("enabled") => true,
        Some("disabled") => false,
        _ => {
            let message = "The status is neither enabled nor disabled.";
            return Err(ApiError::argument(message, Some("0017-00000255")));
        }
    };
    let record = load_channel(service.store(), key).await?;
    let mut record = record.ok_or_else(ApiError::no_channel)?;
    if record.enabled != enabled {
        record.enabled = enabled;
        record.modified = now_millis();
        save_channel(service.store(), key, &record).await?;
        // The node that has the channel finds out when it renews its lease; this one need not wait
        // for that.
        if let Some(live) = service.registry().find(key).filter(|_| !enabled) {
            live.stop(crate::channel::Stop::Disabled);
        }
    }
    Ok(reply::empty(StatusCode::OK))
}

/// Refuses to change a channel that is being published to.
pub(super) async fn refuse_live(service: &Service, key: &ChannelKey) -> Result<(), ApiError> {
    let state = load_state(service.store(), key).await?;
    if state.is_some_and(|state| state.is_live(now_millis())) {
        return Err(ApiError::still_live());
    }
    Ok(())
}

fn record(service: &Service, key: &ChannelKey, body: &PutBody) -> Result<ChannelRecord, ApiError> {
    let checked = PutLiveChannel {
        channel_name: key.channel.as_str().as_bytes(),
        description: body.description.as_deref(),
        status: body.status.as_deref(),
        target_type: body.target_type.as_deref(),
        frag_duration: body.frag_duration.as_deref(),
        frag_count: body.frag_count.as_deref(),
        playlist_name: body.playlist_name.as_deref(),
        snapshot: body.snapshot.as_ref().map(|snapshot| PutSnapshot {
            role_name: snapshot.role_name.as_deref(),
            dest_bucket: snapshot.dest_bucket.as_deref(),
            notify_topic: snapshot.notify_topic.as_deref(),
            interval: snapshot.interval.as_deref(),
        }),
    }
    .check()?;
    playlist_name(checked.playlist_name)?;
    if let Some(snapshot) = checked.snapshot
        && handler::open_bucket(service, snapshot.dest_bucket).is_none()
    {
        return Err(ParameterError::SnapshotBucket.into());
    }
    Ok(ChannelRecord::new(&checked, now_millis()))
}
