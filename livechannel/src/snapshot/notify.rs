//! Tells a webhook of a snapshot. The format of OSS's own messages is not public; this one is
//! documented in the README.

use core::time::Duration;
use std::sync::Arc;

use serde::Serialize;

use crate::clock::iso;
use crate::name::{ChannelKey, url_part};
use crate::service::Service;
use crate::store::SnapshotRecord;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Message<'a> {
    event: &'static str,
    topic: &'a str,
    bucket: &'a str,
    channel: &'a str,
    dest_bucket: &'a str,
    object: &'a str,
    time: String,
}

/// Sends the message once, in the background: a webhook that is away costs messages and nothing
/// else.
pub(super) fn tell(
    service: &Arc<Service>,
    key: &ChannelKey,
    target: &SnapshotRecord,
    object: &str,
    now: i64,
) {
    let Some(webhook) = &service.settings().webhook else {
        return;
    };
    let url = webhook.replace("{topic}", &url_part(&target.notify_topic));
    let message = Message {
        event: "snapshot",
        topic: &target.notify_topic,
        bucket: key.bucket.as_str(),
        channel: key.channel.as_str(),
        dest_bucket: &target.dest_bucket,
        object,
        time: iso(now),
    };
    let Ok(body) = serde_json::to_vec(&message) else {
        return;
    };
    let request = service
        .http()
        .post(url)
        .header("content-type", "application/json")
        .timeout(Duration::from_secs(5))
        .body(body);
    tokio::spawn(async move {
        let sent = request.send().await;
        if let Err(error) = sent.and_then(reqwest::Response::error_for_status) {
            tracing::warn!(%error, "the webhook does not take a message");
        }
    });
}
