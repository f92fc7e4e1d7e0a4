//! Low-Latency HLS: a publisher in real time, and readers that wait for what comes next.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail"
)]

mod support;

use core::time::Duration;
use std::collections::HashMap;

use livechannel::{Server, Settings, Store};
use object_store::ObjectStoreExt as _;
use object_store::memory::InMemory;
use object_store::path::Path;
use std::sync::Arc;
use support::{
    Publisher, capture, flaky_store, get, put_extended, settings, start, wait_for, wait_for_state,
};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

const PARTS: &str = "<x-Container>fMP4</x-Container><x-PartDuration>200</x-PartDuration>";

/// Publishes in real time until it is aborted.
async fn publish(server: &Server) -> JoinHandle<()> {
    in_real_time(Publisher::start(server, "live", "ch").await.unwrap())
}

fn in_real_time(mut publisher: Publisher) -> JoinHandle<()> {
    tokio::spawn(async move {
        let (begun, messages) = (Instant::now(), capture("nobframes"));
        for round in 0.. {
            for message in &messages {
                let due = Duration::from_millis(u64::from(message.1 + round * 12_000));
                sleep(due.saturating_sub(begun.elapsed())).await;
                if publisher.push(core::slice::from_ref(message), round * 12_000).await.is_err() {
                    return;
                }
            }
        }
    })
}

async fn load(server: &Server, name: &str) -> (u16, Vec<u8>) {
    let response = reqwest::get(format!("http://{}/live/ch/{name}", server.http())).await.unwrap();
    (response.status().as_u16(), response.bytes().await.unwrap().to_vec())
}

async fn list(server: &Server, query: &str) -> (u16, String) {
    get(server, &format!("/live/ch/playlist.m3u8{query}")).await
}

/// Waits for a list with parts of two segments that are whole.
async fn list_with_parts(server: &Server) -> String {
    wait_for(|| async {
        let (_, text) = list(server, "").await;
        (text.contains("#EXT-X-PART:") && text.matches("#EXTINF").count() >= 2).then_some(text)
    })
    .await
}

/// The value of an attribute in quotes, of every line that begins so.
fn uris<'a>(text: &'a str, tag: &str) -> Vec<&'a str> {
    let lines = text.lines().filter(|line| line.starts_with(tag));
    lines.map(|line| line.split("URI=\"").nth(1).unwrap().split('"').next().unwrap()).collect()
}

/// Media sequence number of the segment that is being written, and its parts so far.
fn edge(text: &str) -> (u64, usize) {
    let first = text.lines().find_map(|line| line.strip_prefix("#EXT-X-MEDIA-SEQUENCE:"));
    let whole = text.matches("#EXTINF").count() as u64;
    let after = text.rsplit("#EXTINF").next().unwrap();
    (first.unwrap().parse::<u64>().unwrap() + whole, after.matches("#EXT-X-PART:").count())
}

#[tokio::test]
async fn ll_13_a_reader_that_waits_gets_each_part_as_it_comes() {
    let server = start(settings(), &Store::memory()).await;
    put_extended(&server, 1, 5, PARTS).await;
    let publishing = publish(&server).await;
    let mut text = list_with_parts(&server).await;
    assert!(
        text.contains("#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=12.0"),
        "{text}"
    );
    assert!(text.contains("#EXT-X-PART-INF:PART-TARGET=0.235"), "{text}");
    assert!(text.contains("#EXT-X-PROGRAM-DATE-TIME:"), "L8");
    let begun = Instant::now();
    for _ in 0..10 {
        let (sequence, parts) = edge(&text);
        let hinted = uris(&text, "#EXT-X-PRELOAD-HINT")[0].to_owned();
        let query = format!("?_HLS_msn={sequence}&_HLS_part={parts}");
        let (reload, part) = tokio::join!(list(&server, &query), load(&server, &hinted));
        assert_eq!(reload.0, 200);
        text = reload.1;
        assert!(edge(&text) >= (sequence, parts), "{query}: {text}");
        if uris(&text, "#EXT-X-PART:").contains(&hinted.as_str()) {
            assert!(part.0 == 200 && &part.1[4..8] == b"moof", "{hinted}");
        } else {
            assert_eq!(part.0, 404, "L9: the segment ended before {hinted}");
        }
    }
    let took = begun.elapsed();
    // Not one of them has waited for its three target durations.
    assert!(took > Duration::from_secs(1) && took < Duration::from_secs(15), "{took:?}");
    publishing.abort();
    server.stop().await;
}

#[tokio::test]
async fn ll_7_what_a_list_names_is_there_and_parts_are_their_segment() {
    let server = start(settings(), &Store::memory()).await;
    put_extended(&server, 1, 5, PARTS).await;
    let publishing = publish(&server).await;
    let text = list_with_parts(&server).await;
    for name in uris(&text, "#EXT-X-PART:").into_iter().chain(uris(&text, "#EXT-X-MAP")) {
        assert_eq!(load(&server, name).await.0, 200, "{name}");
    }
    let mut parts = Vec::new();
    for line in text.lines() {
        if let [part] = uris(line, "#EXT-X-PART:")[..] {
            parts.extend(load(&server, part).await.1);
        } else if !line.starts_with('#') {
            let (status, whole) = load(&server, line).await;
            assert!(status == 200 && whole == parts, "M12: {line}");
            parts.clear();
        }
    }
    publishing.abort();
    server.stop().await;
}

#[tokio::test]
async fn ll_13_what_cannot_come_soon_is_refused_and_a_delta_is_given() {
    let server = start(settings(), &Store::memory()).await;
    put_extended(&server, 1, 30, PARTS).await;
    let publishing = publish(&server).await;
    let (sequence, _) = edge(&list_with_parts(&server).await);
    for query in [
        "?_HLS_part=1".to_owned(),
        format!("?_HLS_msn={}", sequence + 100),
        format!("?_HLS_msn={}&_HLS_part=500", sequence + 1),
        "?_HLS_msn=x".to_owned(),
    ] {
        assert_eq!(list(&server, &query).await.0, 400, "{query}");
    }
    // Twelve seconds stay, six target durations.
    wait_for(|| async { (list(&server, "").await.1.matches("#EXTINF").count() > 8).then_some(()) })
        .await;
    let delta = wait_for(|| async {
        let (_, delta) = list(&server, "?_HLS_skip=YES").await;
        delta.contains("#EXT-X-SKIP:SKIPPED-SEGMENTS=").then_some(delta)
    })
    .await;
    assert!(delta.contains("#EXT-X-VERSION:9\n"), "{delta}");
    publishing.abort();
    server.stop().await;
}

#[tokio::test]
async fn ll_11_a_player_that_knows_no_parts_has_a_plain_list_in_the_store() {
    let objects = Arc::new(InMemory::new());
    let store = Store::new(Arc::clone(&objects) as _, Path::default(), true);
    let server = start(settings(), &store).await;
    put_extended(&server, 1, 5, "<x-PartDuration>200</x-PartDuration>").await;
    let publishing = publish(&server).await;
    let text = list_with_parts(&server).await;
    assert!(uris(&text, "#EXT-X-PART:").iter().all(|name| name.ends_with(".ts")));
    let part = load(&server, uris(&text, "#EXT-X-PART:")[0]).await.1;
    assert!(part.len() % 188 == 0 && part[0] == 0x47);
    let plain = wait_for(|| async {
        let found = objects.get(&Path::from("live/ch/playlist.m3u8")).await.ok()?;
        Some(String::from_utf8(found.bytes().await.ok()?.to_vec()).unwrap())
    })
    .await;
    assert!(plain.contains("#EXTINF") && !plain.contains("PART"), "{plain}");
    publishing.abort();
    wait_for_state(&server, "Idle").await;
    // A player that has seen parts asks on.
    let (status, ended) = list(&server, "?_HLS_msn=1&_HLS_part=0").await;
    assert!(status == 200 && !ended.contains("PART"), "{ended}");
    server.stop().await;
}

#[tokio::test]
async fn ll_13_whoever_waits_for_a_publication_that_ends_is_told() {
    let server = start(settings(), &Store::memory()).await;
    // Segments that are long beside what a busy machine is late.
    put_extended(&server, 4, 5, "<x-PartDuration>400</x-PartDuration>").await;
    let publishing = publish(&server).await;
    let (sequence, _) = edge(&list_with_parts(&server).await);
    let query = format!("?_HLS_msn={}", sequence + 1);
    let begun = Instant::now();
    let waiting = list(&server, &query);
    let ending = async {
        sleep(Duration::from_millis(100)).await;
        let (_, metrics) = get(&server, "/-/metrics").await;
        assert!(metrics.contains("livechannel_blocked_requests 1\n"), "{metrics}");
        publishing.abort();
    };
    let ((status, _), ()) = tokio::join!(waiting, ending);
    assert_eq!(status, 503);
    assert!(begun.elapsed() < Duration::from_secs(12), "not after three target durations");
    server.stop().await;
}

#[tokio::test]
async fn a_segment_is_listed_when_it_is_stored_however_slow_that_is() {
    let (flaky, store) = flaky_store();
    let server = start(settings(), &store).await;
    put_extended(&server, 1, 5, PARTS).await;
    flaky.set_slow(".m4s", Duration::from_millis(700));
    let publishing = publish(&server).await;
    let (mut seen, begun) = (0, Instant::now());
    while begun.elapsed() < Duration::from_secs(6) {
        let (status, text) = list(&server, "").await;
        for name in text.lines().filter(|line| status == 200 && !line.starts_with('#')) {
            let path = Path::from(format!("live/ch/{name}"));
            assert!(flaky.inner().head(&path).await.is_ok(), "{name} is not there: {text}");
            seen += 1;
        }
        sleep(Duration::from_millis(20)).await;
    }
    assert!(seen > 5 && list(&server, "").await.1.contains("#EXT-X-PART:"));
    publishing.abort();
    server.stop().await;
}

#[tokio::test]
async fn what_a_node_that_died_had_listed_keeps_its_numbers() {
    let (flaky, through_a) = flaky_store();
    let a = start(named("a", free_port()), &through_a).await;
    let b = Store::new(flaky.inner(), Path::default(), true);
    let b = start(named("b", free_port()), &b).await;
    put_extended(&a, 1, 30, PARTS).await;
    let publishing = publish(&a).await;
    list_with_parts(&a).await;
    let before = list(&a, "").await.1;
    flaky.set_away(true);
    publishing.abort();
    let publishing = wait_for(|| async {
        let again = Publisher::start(&b, "live", "ch").await.ok()?;
        Some(in_real_time(again))
    })
    .await;
    let named = |text: &str| {
        let first = text.lines().find_map(|line| line.strip_prefix("#EXT-X-MEDIA-SEQUENCE:"));
        let first = first.unwrap().parse::<u64>().unwrap();
        let names = text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned);
        (first..).zip(names).collect::<HashMap<_, _>>()
    };
    let (old, text) = (named(&before), list_with_parts(&b).await);
    let new = wait_for(|| async {
        let new = named(&list(&b, "").await.1);
        (new.len() > old.len() + 1).then_some(new)
    })
    .await;
    for (sequence, name) in &old {
        assert_eq!(new.get(sequence), Some(name), "{before} {text}");
    }
    publishing.abort();
    flaky.set_away(false);
    a.stop().await;
    b.stop().await;
}

fn named(name: &str, port: u16) -> Settings {
    let mut settings = settings();
    settings.node = Some(name.to_owned());
    settings.http = ([127, 0, 0, 1], port).into();
    settings.peer_http = Some(settings.http.to_string());
    settings
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[tokio::test]
async fn ll_13_a_node_that_does_not_own_a_channel_passes_requests_on() {
    let store = Store::memory();
    let a = start(named("a", free_port()), &store).await;
    let b = start(named("b", free_port()), &store).await;
    let mut alone = settings();
    alone.node = Some("alone".to_owned());
    let alone = start(alone, &store).await;
    put_extended(&a, 1, 5, PARTS).await;
    let publishing = publish(&a).await;
    list_with_parts(&a).await;
    let mut text = list_with_parts(&b).await;
    for _ in 0..5 {
        let (sequence, parts) = edge(&text);
        let hinted = uris(&text, "#EXT-X-PRELOAD-HINT")[0].to_owned();
        let query = format!("?_HLS_msn={sequence}&_HLS_part={parts}");
        let (reload, part) = tokio::join!(list(&b, &query), load(&b, &hinted));
        assert_eq!(reload.0, 200);
        text = reload.1;
        let is_listed = uris(&text, "#EXT-X-PART:").contains(&hinted.as_str());
        assert_eq!(part.0, if is_listed { 200 } else { 404 }, "{hinted}");
    }
    for name in uris(&text, "#EXT-X-PART:").into_iter().chain(uris(&text, "#EXT-X-MAP")) {
        assert_eq!(load(&b, name).await, load(&a, name).await, "{name}");
    }
    for segment in text.lines().filter(|line| !line.starts_with('#')) {
        assert_eq!(load(&b, segment).await.0, 200, "{segment}");
    }
    // Bytes of a part, and errors, arrive as they are.
    let part = uris(&text, "#EXT-X-PART:")[0];
    let url = format!("http://{}/live/ch/{part}", b.http());
    let ranged = reqwest::Client::new().get(url).header("range", "bytes=4-7").send().await.unwrap();
    assert_eq!((ranged.status().as_u16(), ranged.text().await.unwrap().as_str()), (206, "moof"));
    assert_eq!(list(&b, "?_HLS_part=1").await.0, 400);
    let (_, metrics) = get(&b, "/-/metrics").await;
    assert!(!metrics.contains("livechannel_requests_passed_on_total 0\n"), "{metrics}");
    // One that is not reached by others answers from the store; so does whoever was asked by another.
    assert!(!list(&alone, "").await.1.contains("PART"));
    let asked = reqwest::Client::new().get(format!("http://{}/live/ch/playlist.m3u8", b.http()));
    let asked = asked.header("x-livechannel-passed-on", "1").send().await.unwrap();
    assert!(!asked.text().await.unwrap().contains("PART"), "no circle");
    publishing.abort();
    wait_for_state(&b, "Idle").await;
    wait_for(|| async { (!list(&b, "").await.1.contains("PART")).then_some(()) }).await;
    for node in [a, b, alone] {
        node.stop().await;
    }
}
