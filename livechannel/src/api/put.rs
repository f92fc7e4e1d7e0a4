//! PutLiveChannel and PutLiveChannelStatus.

use axum::http::StatusCode;
use axum::response::Response;
use hls_segmenter::Options;
use hls_segmenter::oss::{ParameterError, PutLiveChannel, PutSnapshot};
use serde::Serialize;

use super::error::ApiError;
use super::target::Target;
use super::xml::{PutBody, parse_put};
use super::{channel, handler, reply};
use crate::auth::Query;
use crate::clock::now_millis;
use crate::name::{ChannelKey, playlist_name};
use crate::service::Service;
use crate::store::{ChannelRecord, Container, Form, SwapError};

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
    change(service, key, |_| Ok(Some(record.clone()))).await?;
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
    change(service, key, |record| {
        let mut record = record.ok_or_else(ApiError::no_channel)?;
        if record.enabled == enabled {
            return Ok(None);
        }
        record.enabled = enabled;
        record.modified = now_millis();
        Ok(Some(record))
    })
    .await?;
    // Another node that has the channel looks at its configuration in a moment; this one need not
    // wait for that.
    if let Some(live) = service.live().find(key).filter(|_| !enabled) {
        live.stop(crate::channel::Stop::Disabled);
    }
    Ok(reply::empty(StatusCode::OK))
}

/// Refuses to change a channel that is being published to.
pub(super) async fn refuse_live(service: &Service, key: &ChannelKey) -> Result<(), ApiError> {
    let live_here = service.live().find(key).is_some();
    if live_here || !service.is_free(key, &service.state(key).await?) {
        return Err(ApiError::still_live());
    }
    Ok(())
}

/// Changes a configuration to what `next` makes of it, if that is anything. Somebody else's change
/// in between is not undone: `next` is asked again with what is there then.
async fn change(
    service: &Service,
    key: &ChannelKey,
    next: impl Fn(Option<ChannelRecord>) -> Result<Option<ChannelRecord>, ApiError>,
) -> Result<(), ApiError> {
    for _ in 0..TRIES {
        let seen = service.registry().config(key).await?;
        let Some(record) = next(seen.value)? else {
            return Ok(());
        };
        match service.registry().set_config(key, &seen.version, Some(&record)).await {
            Ok(_) => return Ok(()),
            Err(SwapError::Conflict) => {}
            Err(SwapError::Store(error)) => return Err(error.into()),
        }
    }
    Err(ApiError::busy())
}

/// How often a change is tried while others change the same configuration.
pub(super) const TRIES: usize = 10;

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
    let record = ChannelRecord::new(&checked, form(body)?, now_millis());
    // Parts bound how long segments can be.
    let config = record.config(Options::default());
    config.map_err(|error| {
        ApiError::argument(format!("The target is not possible: {error}."), None)
    })?;
    Ok(record)
}

/// Reads what OSS does not have; an element that is empty is one that is not there.
fn form(body: &PutBody) -> Result<Form, ApiError> {
    let text = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let container = match text(&body.container) {
        None => Container::default(),
        Some(name) => Container::parse(&name)
            .ok_or_else(|| ApiError::argument("The x-Container is neither TS nor fMP4.", None))?,
    };
    let part_millis = text(&body.part_duration).map(|text| {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|millis| digits && PARTS.contains(millis)).ok_or_else(|| {
            let message = "The x-PartDuration is not from 100 to 5000 milliseconds.";
            ApiError::argument(message, None)
        })
    });
    Ok(Form { container, part_millis: part_millis.transpose()? })
}

/// How long a part may be, in milliseconds.
const PARTS: core::ops::RangeInclusive<u32> = 100..=5000;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(container: &str, part_duration: &str) -> Result<Form, String> {
        let text = format!(
            "<LiveChannelConfiguration><Target><x-Container>{container}</x-Container>\
             <x-PartDuration>{part_duration}</x-PartDuration></Target></LiveChannelConfiguration>"
        );
        form(&parse_put(text.as_bytes()).unwrap()).map_err(|error| error.message)
    }

    #[test]
    fn extensions_are_checked_and_may_be_left_out() {
        assert_eq!(form(&PutBody::default()).map_err(|_| ()), Ok(Form::default()));
        assert_eq!(read("", ""), Ok(Form::default()));
        let want = Form { container: Container::Fmp4, part_millis: Some(500) };
        assert_eq!(read("fMP4", "500"), Ok(want));
        for (container, part_duration, named) in [
            ("mkv", "", "x-Container"),
            ("", "99", "x-PartDuration"),
            ("", "5001", "x-PartDuration"),
            ("", "+500", "x-PartDuration"),
            ("", "0.5", "x-PartDuration"),
        ] {
            assert!(read(container, part_duration).unwrap_err().contains(named));
        }
    }
}
