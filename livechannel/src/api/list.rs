//! ListLiveChannel.

use axum::response::Response;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::Serialize;

use super::channel::{play_url, publish_url, status_name};
use super::error::ApiError;
use super::put::Urls;
use super::reply;
use super::target::Target;
use crate::clock::iso_seconds;
use crate::name::{BucketName, ChannelKey};
use crate::service::Service;

#[derive(Debug, Serialize)]
#[serde(rename = "ListLiveChannelResult", rename_all = "PascalCase")]
struct Listing {
    prefix: String,
    marker: String,
    max_keys: usize,
    is_truncated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_marker: Option<String>,
    live_channel: Vec<Listed>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    name: String,
    description: String,
    status: &'static str,
    last_modified: String,
    publish_urls: Urls,
    play_urls: Urls,
}

/// Lists the channels of a bucket.
pub(super) async fn list(
    service: &Service,
    bucket: &BucketName,
    target: &Target,
) -> Result<Response, ApiError> {
    let text = |name| target.query.get(name).unwrap_or_default();
    let (prefix, marker) = (text("prefix"), text("marker"));
    let most = match target.query.get("max-keys") {
        None | Some("") => 100,
        Some(number) => number
            .parse()
            .ok()
            .filter(|most| (1..=1000).contains(most))
            .ok_or_else(|| ApiError::argument("max-keys is no integer from 1 to 1000", None))?,
    };
    let mut names = service.registry().channels(bucket).await?;
    names.retain(|name| {
        name.as_str().starts_with(prefix) && (marker.is_empty() || name.as_str() > marker)
    });
    names.sort_unstable();
    let is_truncated = names.len() > most;
    names.truncate(most);
    let next_marker = names.last().filter(|_| is_truncated);
    let next_marker = next_marker.map(|name| name.as_str().to_owned());
    let found: Vec<Option<Listed>> = stream::iter(names)
        .map(|name| entry(service, ChannelKey::new(bucket.clone(), name), target))
        .buffered(16)
        .try_collect()
        .await?;
    reply::xml(&Listing {
        prefix: prefix.to_owned(),
        marker: marker.to_owned(),
        max_keys: most,
        is_truncated,
        next_marker,
        live_channel: found.into_iter().flatten().collect(),
    })
}

async fn entry(
    service: &Service,
    key: ChannelKey,
    target: &Target,
) -> Result<Option<Listed>, ApiError> {
    // It may have been deleted since.
    let Some(record) = service.config(&key).await? else {
        return Ok(None);
    };
    Ok(Some(Listed {
        name: key.channel.as_str().to_owned(),
        status: status_name(record.enabled),
        last_modified: iso_seconds(record.modified),
        publish_urls: Urls { url: vec![publish_url(service, &key, target)] },
        play_urls: Urls { url: vec![play_url(service, &key, &record.playlist_name, target)] },
        description: record.description,
    }))
}
