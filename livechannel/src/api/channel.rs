//! GetLiveChannelInfo, DeleteLiveChannel, and the addresses of a channel.

use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use super::error::ApiError;
use super::target::Target;
use super::{put, reply};
use crate::name::ChannelKey;
use crate::service::{Service, nonce};
use crate::store::SwapError;

#[derive(Debug, Serialize)]
#[serde(rename = "LiveChannelConfiguration", rename_all = "PascalCase")]
struct Configuration {
    description: String,
    status: &'static str,
    target: HlsTarget,
    #[serde(skip_serializing_if = "Option::is_none")]
    snapshot: Option<Snapshot>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct HlsTarget {
    r#type: &'static str,
    frag_duration: u32,
    frag_count: u32,
    playlist_name: String,
    #[serde(rename = "x-Container", skip_serializing_if = "Option::is_none")]
    container: Option<&'static str>,
    #[serde(rename = "x-PartDuration", skip_serializing_if = "Option::is_none")]
    part_duration: Option<u32>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Snapshot {
    role_name: String,
    dest_bucket: String,
    notify_topic: String,
    interval: u32,
}

/// `enabled` or `disabled`.
pub(super) const fn status_name(enabled: bool) -> &'static str {
    if enabled { "enabled" } else { "disabled" }
}

/// Returns a channel's configuration.
pub(super) async fn info(service: &Service, key: &ChannelKey) -> Result<Response, ApiError> {
    let record = service.config(key).await?;
    let record = record.ok_or_else(ApiError::no_channel)?;
    reply::xml(&Configuration {
        description: record.description,
        status: status_name(record.enabled),
        target: HlsTarget {
            r#type: "HLS",
            frag_duration: record.frag_duration,
            frag_count: record.frag_count,
            playlist_name: record.playlist_name,
            container: (!record.form.is_plain()).then(|| record.form.container.name()),
            part_duration: record.form.part_millis,
        },
        snapshot: record.snapshot.map(|snapshot| Snapshot {
            role_name: snapshot.role_name,
            dest_bucket: snapshot.dest_bucket,
            notify_topic: snapshot.notify_topic,
            interval: snapshot.interval,
        }),
    })
}

/// Deletes a channel; what it has written stays.
pub(super) async fn delete(service: &Service, key: &ChannelKey) -> Result<Response, ApiError> {
    let registry = service.registry();
    let mut deleted = false;
    for _ in 0..put::TRIES {
        let seen = registry.config(key).await?;
        // What cannot be understood can still be deleted.
        if seen.value.is_none() && !seen.damaged {
            return Err(ApiError::no_channel());
        }
        put::refuse_live(service, key).await?;
        match registry.set_config(key, &seen.version, None).await {
            Ok(_) => {
                deleted = true;
                break;
            }
            Err(SwapError::Conflict) => {}
            Err(SwapError::Store(error)) => return Err(error.into()),
        }
    }
    if !deleted {
        return Err(ApiError::busy());
    }
    clear(service, key).await?;
    tracing::info!(channel = %key, "channel is deleted");
    Ok(reply::empty(StatusCode::NO_CONTENT))
}

/// Clears the history. Numbers and index stay for a channel of the same name: its segments will lie
/// beside the old ones.
async fn clear(service: &Service, key: &ChannelKey) -> Result<(), ApiError> {
    for _ in 0..put::TRIES {
        let seen = service.registry().state(key).await?;
        let mut state = seen.value;
        let nothing = state.session.is_none() && state.history.is_empty() && !seen.damaged;
        // Whoever began to publish meanwhile finds out by itself that the channel is gone.
        if nothing || !service.is_free(key, &state) {
            return Ok(());
        }
        state.session = None;
        state.lease = None;
        state.history.clear();
        state.writer = format!("{}-{:016x}", service.node(), nonce());
        state.revision += 1;
        match service.registry().set_state(key, &seen.version, &state).await {
            Ok(_) => return Ok(()),
            Err(SwapError::Conflict) => {}
            Err(SwapError::Store(error)) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Returns where an encoder publishes to.
pub(super) fn publish_url(service: &Service, key: &ChannelKey, target: &Target) -> String {
    let (host, port) = split_port(&target.host);
    let rtmp_port = service.settings().rtmp.port();
    let asked = if rtmp_port == 1935 { host.to_owned() } else { format!("{host}:{rtmp_port}") };
    let _ = port;
    let authority = service.settings().public_rtmp.clone().unwrap_or(asked);
    let bucket = key.bucket.as_str();
    if target.virtual_host {
        let prefix = format!("{bucket}.");
        let authority = authority.strip_prefix(&prefix).unwrap_or(&authority);
        format!("rtmp://{bucket}.{authority}/live/{}", key.url_channel())
    } else {
        format!("rtmp://{authority}/{bucket}/live/{}", key.url_channel())
    }
}

/// Returns where a player loads from.
pub(super) fn play_url(
    service: &Service,
    key: &ChannelKey,
    playlist: &str,
    target: &Target,
) -> String {
    let authority = service.settings().public_http.as_ref().unwrap_or(&target.host);
    let bucket = key.bucket.as_str();
    let file = format!("{}/{}", key.url_channel(), crate::name::url_part(playlist));
    if target.virtual_host {
        let prefix = format!("{bucket}.");
        let authority = authority.strip_prefix(&prefix).unwrap_or(authority);
        format!("http://{bucket}.{authority}/{file}")
    } else {
        format!("http://{authority}/{bucket}/{file}")
    }
}

fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => (host, Some(port)),
        _ => (authority, None),
    }
}
