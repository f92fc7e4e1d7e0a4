//! Tells a webhook of a snapshot. The format of OSS's own messages is not public; this one is
//! documented in the README.

use core::time::Duration;
use std::sync::Arc;

use reqwest::Url;
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
    let (Some(webhook), Some(client)) = (&service.settings().webhook, service.http()) else {
        return;
    };
    let Some(url) = url(webhook, &target.notify_topic) else {
        tracing::warn!(channel = %key, topic = target.notify_topic, "the topic makes no address");
        return;
    };
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
    let request = client
        .post(url)
        .header("content-type", "application/json")
        .timeout(Duration::from_secs(5))
        .body(body);
    tokio::spawn(async move {
        match request.send().await {
            Ok(response) if response.status().is_success() => {}
            Ok(response) => {
                let status = response.status();
                tracing::warn!(%status, "the webhook does not take a message");
            }
            Err(error) => tracing::warn!(%error, "the webhook does not take a message"),
        }
    });
}

/// Puts a topic into the address of the webhook; `None` where the result would be another place
/// than the one in front of `{topic}`, as with the topic `..`.
fn url(webhook: &str, topic: &str) -> Option<Url> {
    let url = Url::parse(&webhook.replace(TOPIC, &url_part(topic))).ok()?;
    let Some((before, _)) = webhook.split_once(TOPIC) else {
        return Some(url);
    };
    let before = Url::parse(before).ok()?;
    url.as_str().starts_with(before.as_str()).then_some(url)
}

const TOPIC: &str = "{topic}";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_stays_where_the_webhook_is() {
        let at = |webhook, topic| url(webhook, topic).map(String::from);
        let hooks = "http://h/hooks/{topic}";
        assert_eq!(at(hooks, "a topic"), Some("http://h/hooks/a%20topic".to_owned()));
        assert_eq!(at(hooks, "../x?y#z"), Some("http://h/hooks/..%2Fx%3Fy%23z".to_owned()));
        assert_eq!(at("http://h/all", ".."), Some("http://h/all".to_owned()));
        assert_eq!(at("http://h/?t={topic}", ".."), Some("http://h/?t=..".to_owned()));
        for topic in ["..", "."] {
            let out = at("http://h/hooks/{topic}", topic);
            assert!(out.is_none_or(|out| out == "http://h/hooks/"), "{topic}");
        }
        assert_eq!(at("http://{topic}/", "evil.example"), None);
        assert_eq!(at("http://hooks.{topic}/", "evil.example"), None);
    }
}
