//! What the tests share: nodes on ports of the system's choice, an RTMP publisher, and a store that
//! can be taken away.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail"
)]
#![allow(dead_code, reason = "no test uses all of it")]

mod flaky;
pub(crate) mod publisher;

pub(crate) use flaky::Flaky;
pub(crate) use publisher::Publisher;

use core::time::Duration;
use std::sync::Arc;

use hls_segmenter::flv::{Reader, Step};
use livechannel::{AccessKey, Anonymous, Server, Settings, Store};
use object_store::path::Path;
use tokio::time::{Instant, sleep};

/// Settings of a node of its own: any ports, nothing on disk.
pub(crate) fn settings() -> Settings {
    let mut settings = Settings::default();
    settings.http = ([127, 0, 0, 1], 0).into();
    settings.rtmp = settings.http;
    settings.lease = Duration::from_secs(2);
    settings
}

/// Settings with the key `AKID` and the secret `SECRET`.
pub(crate) fn closed_settings() -> Settings {
    let mut settings = settings();
    settings.keys = vec![AccessKey::new("AKID".to_owned(), "SECRET".to_owned())];
    settings.anonymous = Anonymous::PublicRead;
    settings
}

pub(crate) async fn start(settings: Settings, store: &Store) -> Server {
    Server::start_on(settings, store.clone()).await.unwrap()
}

/// Makes the channel `live/ch`.
pub(crate) async fn put_channel(server: &Server, frag_duration: u32, frag_count: u32) {
    put_extended(server, frag_duration, frag_count, "").await;
}

/// Makes the channel `live/ch` with elements that OSS does not have.
pub(crate) async fn put_extended(server: &Server, frag_duration: u32, count: u32, more: &str) {
    let (status, text) = put_raw(server, frag_duration, count, more).await;
    assert_eq!(status, 200, "{text}");
}

/// Asks for the channel `live/ch`, and returns status and body of the answer.
pub(crate) async fn put_raw(
    server: &Server,
    frag_duration: u32,
    count: u32,
    more: &str,
) -> (u16, String) {
    let body = format!(
        "<LiveChannelConfiguration><Target><Type>HLS</Type><FragDuration>{frag_duration}</FragDuration>\
         <FragCount>{count}</FragCount>{more}</Target></LiveChannelConfiguration>"
    );
    let url = format!("http://{}/live/ch?live", server.http());
    let response = reqwest::Client::new().put(url).body(body).send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

pub(crate) async fn get(server: &Server, path: &str) -> (u16, String) {
    let response = reqwest::get(format!("http://{}{path}", server.http())).await.unwrap();
    let status = response.status().as_u16();
    (status, String::from_utf8_lossy(&response.bytes().await.unwrap()).into_owned())
}

/// Waits until `what` gives something; fails after 15 s.
pub(crate) async fn wait_for<T, F: Future<Output = Option<T>>>(mut what: impl FnMut() -> F) -> T {
    let end = Instant::now() + Duration::from_secs(15);
    loop {
        if let Some(found) = what().await {
            return found;
        }
        assert!(Instant::now() < end, "waited in vain");
        sleep(Duration::from_millis(20)).await;
    }
}

/// Waits until the channel `live/ch` is in a state of `GetLiveChannelStat`.
pub(crate) async fn wait_for_state(server: &Server, state: &str) {
    let tag = format!("<Status>{state}</Status>");
    wait_for(|| async {
        get(server, "/live/ch?live&comp=stat").await.1.contains(&tag).then_some(())
    })
    .await;
}

/// A playlist's media sequence numbers, names and discontinuities.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) sequence: u64,
    pub(crate) name: String,
    pub(crate) discontinuity: bool,
}

/// Returns the segments of the channel's playlist.
pub(crate) async fn listed(server: &Server) -> Vec<Listed> {
    let (status, text) = get(server, "/live/ch/playlist.m3u8").await;
    if status == 404 {
        return Vec::new();
    }
    assert_eq!(status, 200, "{text}");
    let (mut sequence, mut discontinuity, mut out) = (0, false, Vec::new());
    for line in text.lines() {
        if let Some(number) = line.strip_prefix("#EXT-X-MEDIA-SEQUENCE:") {
            sequence = number.parse().unwrap();
        } else if line == "#EXT-X-DISCONTINUITY" {
            discontinuity = true;
        } else if !line.starts_with('#') {
            let name = line.to_owned();
            out.push(Listed { sequence, name, discontinuity });
            (sequence, discontinuity) = (sequence + 1, false);
        }
    }
    out
}

/// Loads every listed segment and checks that it is whole.
pub(crate) async fn load_all(server: &Server) {
    for segment in listed(server).await {
        let url = format!("http://{}/live/ch/{}", server.http(), segment.name);
        let response = reqwest::get(url).await.unwrap();
        assert_eq!(response.status(), 200, "{segment:?}");
        assert_eq!(response.headers()["content-type"], "video/mp2t");
        let body = response.bytes().await.unwrap();
        assert!(!body.is_empty() && body.len() % 188 == 0 && body[0] == 0x47, "{segment:?}");
    }
}

/// A message of a capture: kind, time and payload.
pub(crate) type Message = (u8, u32, Vec<u8>);

/// Reads a capture of `testdata`.
pub(crate) fn capture(name: &str) -> Vec<Message> {
    let path = format!("{}/../testdata/{name}.flv", env!("CARGO_MANIFEST_DIR"));
    let bytes = std::fs::read(path).unwrap();
    let (mut reader, mut rest, mut out) = (Reader::new(), bytes.as_slice(), Vec::new());
    loop {
        let consumed = match reader.step(rest).unwrap() {
            Step::Header { consumed, .. } => consumed,
            Step::Tag { tag, consumed } => {
                out.push((tag.kind.get(), tag.time.millis(), tag.data.to_vec()));
                consumed
            }
            _ => return out,
        };
        rest = &rest[consumed..];
    }
}

/// A store over [`Flaky`].
pub(crate) fn flaky_store() -> (Arc<Flaky>, Store) {
    let flaky = Arc::new(Flaky::default());
    let store = Store::new(Arc::clone(&flaky) as _, Path::default(), true);
    (flaky, store)
}
