//! What the page shows of the channels, collected at most once a second however many look.

use core::time::Duration;
use std::sync::Arc;
use std::time::Instant;

use axum::body::Bytes;
use futures_util::{StreamExt as _, stream};
use serde::Serialize;
use tokio::sync::Mutex;

use crate::clock::now_millis;
use crate::name::{BucketName, ChannelKey, url_part};
use crate::service::Service;
use crate::store::{Cut, LiveSession, Refused};

/// The last collection.
#[derive(Debug, Default)]
pub(crate) struct ChannelsCache(Mutex<Option<(Instant, Bytes)>>);

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    now: i64,
    node: String,
    rtmp_port: u16,
    public_rtmp: Option<String>,
    signed: bool,
    channels: Vec<Channel>,
    /// There are more channels than are shown.
    more: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Channel {
    bucket: String,
    name: String,
    description: String,
    /// `Live`, `Idle` or `Disabled`.
    state: &'static str,
    frag_duration: u32,
    frag_count: u32,
    /// Where the playlist is, on this host.
    playlist: String,
    publish: String,
    container: &'static str,
    part_millis: Option<u32>,
    session: Option<LiveSession>,
    /// The last publisher, where it was refused for its codecs.
    refused: Option<Refused>,
    node: Option<String>,
    snapshot: Option<String>,
    /// The last cuts, newest first.
    cuts: Vec<Cut>,
}

impl ChannelsCache {
    pub(crate) async fn get(&self, service: &Arc<Service>) -> Option<Bytes> {
        let mut cache = self.0.lock().await;
        if let Some((since, body)) = cache.as_ref()
            && since.elapsed() < FRESH
        {
            return Some(body.clone());
        }
        let page = collect(service).await.map_err(|error| {
            tracing::warn!(%error, "the page's channels cannot be collected");
        });
        let body = Bytes::from(serde_json::to_vec(&page.ok()?).ok()?);
        *cache = Some((Instant::now(), body.clone()));
        Some(body)
    }
}

async fn collect(service: &Arc<Service>) -> object_store::Result<Page> {
    let mut keys = Vec::new();
    for bucket in service.buckets().await? {
        let names = service.registry().channels(&bucket).await?;
        keys.extend(names.into_iter().map(|name| ChannelKey::new(bucket.clone(), name)));
    }
    keys.sort_unstable();
    let more = keys.len() > MOST;
    keys.truncate(MOST);
    let found: Vec<Option<Channel>> =
        stream::iter(keys).map(|key| describe(service, key)).buffered(16).collect().await;
    let mut channels: Vec<Channel> = found.into_iter().flatten().collect();
    channels.sort_by_key(|channel| channel.state != "Live");
    let settings = service.settings();
    Ok(Page {
        now: now_millis(),
        node: service.node().to_owned(),
        rtmp_port: settings.rtmp.port(),
        public_rtmp: settings.public_rtmp.clone(),
        signed: settings.anonymous != crate::settings::Anonymous::PublicReadWrite,
        channels,
        more,
    })
}

/// Describes a channel; `None` where it was deleted meanwhile or cannot be read.
async fn describe(service: &Service, key: ChannelKey) -> Option<Channel> {
    let record = service.config(&key).await.ok()??;
    let live = service.live().find(&key);
    let mut refused = None;
    let (session, cuts, node, snapshot, playlist) = match &live {
        Some(live) => {
            let node = Some(service.node().to_owned());
            let name = live.playlist_name.clone();
            (Some(live.session()), live.cuts(), node, live.snapshot(), name)
        }
        None => {
            let state = service.state(&key).await.ok()?;
            let alive = !service.is_free(&key, &state);
            refused = state.refused.filter(|_| !alive);
            let name = state.list.map(|list| list.playlist);
            let name = name.unwrap_or_else(|| record.playlist_name.clone());
            let node = state.lease.map(|lease| lease.node).filter(|_| alive);
            (state.session.filter(|_| alive), state.cuts, node, None, name)
        }
    };
    let path = format!("/{}/{}", key.bucket.as_str(), key.url_channel());
    Some(Channel {
        state: if !record.enabled {
            "Disabled"
        } else if session.is_some() {
            "Live"
        } else {
            "Idle"
        },
        playlist: format!("{path}/{}", url_part(&playlist)),
        publish: if key.bucket == service.settings().bucket {
            format!("live/{}", key.url_channel())
        } else {
            format!("{}/live/{}", key.bucket.as_str(), key.url_channel())
        },
        snapshot: snapshot
            .map(|(bucket, stamp)| format!("/{bucket}/{}/{stamp:013}.jpg", key.url_channel())),
        bucket: key.bucket.as_str().to_owned(),
        name: key.channel.as_str().to_owned(),
        description: record.description,
        frag_duration: record.frag_duration,
        frag_count: record.frag_count,
        container: record.form.container.name(),
        part_millis: record.form.part_millis,
        session,
        refused,
        node,
        cuts: cuts.into_iter().rev().collect(),
    })
}

impl Service {
    /// Returns the buckets that have channels, besides the one of addresses that name none.
    async fn buckets(&self) -> object_store::Result<Vec<BucketName>> {
        let mut buckets = self.registry().buckets().await?;
        buckets.retain(|bucket| self.settings().has_bucket(bucket));
        buckets.push(self.settings().bucket.clone());
        buckets.sort_unstable();
        buckets.dedup();
        Ok(buckets)
    }
}

const FRESH: Duration = Duration::from_secs(1);
/// Channels that the page shows.
const MOST: usize = 200;
