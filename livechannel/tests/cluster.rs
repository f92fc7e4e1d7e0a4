//! Nodes on one store: who may write, how long, and what ends it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail"
)]

mod support;

use core::time::Duration;

use livechannel::{Server, Settings, Store};
use object_store::ObjectStoreExt as _;
use object_store::path::Path;
use support::{
    Message, Publisher, capture, flaky_store, get, listed, load_all, put_channel, settings, start,
    wait_for, wait_for_state,
};
use tokio::time::{Instant, sleep, timeout};

fn named(name: &str) -> Settings {
    let mut settings = settings();
    settings.node = Some(name.to_owned());
    settings
}

/// Sends a capture again and again, in real time, for a while.
async fn push_for(publisher: &mut Publisher, messages: &[Message], from: u32, span: Duration) {
    let begun = Instant::now();
    for message in messages {
        let due = Duration::from_millis(u64::from(message.1));
        if due > span {
            return;
        }
        sleep(due.saturating_sub(begun.elapsed())).await;
        if publisher.push(core::slice::from_ref(message), from).await.is_err() {
            return;
        }
    }
}

async fn put(server: &Server, query: &str) -> u16 {
    let url = format!("http://{}/live/ch?live{query}", server.http());
    reqwest::Client::new().put(url).send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn a_channel_that_is_disabled_elsewhere_ends_within_a_third_of_the_lease() {
    let store = Store::memory();
    let mut settings = named("a");
    settings.lease = Duration::from_secs(3);
    let (a, b) = (start(settings, &store).await, start(named("b"), &store).await);
    put_channel(&a, 1, 5).await;
    let mut publisher = Publisher::start(&a, "live", "ch").await.unwrap();
    let messages = capture("nobframes");
    push_for(&mut publisher, &messages, 0, Duration::from_secs(2)).await;
    assert_eq!(put(&b, "&status=disabled").await, 200);
    let asked = Instant::now();
    // Segments are shorter than a third of the lease, and go on coming.
    push_for(&mut publisher, &messages, 2000, Duration::from_secs(3)).await;
    publisher.wait_for_end().await;
    assert!(asked.elapsed() < Duration::from_millis(1300), "{:?}", asked.elapsed());
    a.stop().await;
    b.stop().await;
}

#[tokio::test]
async fn a_slow_playlist_costs_a_healthy_node_nothing() {
    let (flaky, store) = flaky_store();
    let (a, b) = (start(named("a"), &store).await, start(named("b"), &store).await);
    put_channel(&a, 1, 100).await;
    let mut publisher = Publisher::start(&a, "live", "ch").await.unwrap();
    publisher.push(&capture("nobframes"), 0).await.unwrap();
    wait_for(|| async { (listed(&a).await.len() >= 3).then_some(()) }).await;
    flaky.set_slow(".m3u8", Duration::from_secs(5));
    publisher.push(&capture("nobframes"), 12_000).await.unwrap();
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(4) {
        let refused = Publisher::start(&b, "live", "ch").await.err().expect("A has the channel");
        assert!(refused.contains("ChannelStillLive"), "{refused}");
    }
    let (_, metrics) = get(&a, "/-/metrics").await;
    assert!(metrics.contains("livechannel_segments_lost_total 0"), "nothing is lost");
    publisher.finish().await;
    a.stop().await;
    b.stop().await;
}

#[tokio::test]
async fn a_node_that_cannot_show_its_lease_stops_serving_and_ends_the_publication() {
    let (flaky, through_a) = flaky_store();
    let mut of_a = named("a");
    of_a.outage = Some(Duration::ZERO);
    let a = start(of_a, &through_a).await;
    let b = start(named("b"), &Store::new(flaky.inner(), Path::default(), true)).await;
    put_channel(&a, 1, 5).await;
    let mut old = Publisher::start(&a, "live", "ch").await.unwrap();
    old.push(&capture("nobframes"), 0).await.unwrap();
    wait_for(|| async { (listed(&a).await.len() >= 3).then_some(()) }).await;
    flaky.set_away(true);
    let taken =
        async { wait_for(|| async { Publisher::start(&b, "live", "ch").await.ok() }).await };
    let ended = async {
        old.wait_for_end().await;
        Instant::now()
    };
    let begun = Instant::now();
    let (ended, mut new) = tokio::join!(ended, async { (taken.await, Instant::now()) });
    assert!(ended < new.1, "A has ended {:?} before B begins", new.1.checked_duration_since(ended));
    assert!(begun.elapsed() < Duration::from_secs(4), "a lease of 2 s, and a look");
    let (status, text) = get(&a, "/live/ch/playlist.m3u8").await;
    assert_eq!(status, 503, "no frozen list: {text}");
    new.0.push(&capture("nobframes"), 0).await.unwrap();
    new.0.finish().await;
    wait_for_state(&b, "Idle").await;
    load_all(&b).await;
    flaky.set_away(false);
    a.stop().await;
    b.stop().await;
}

#[tokio::test]
async fn a_node_takes_its_own_channel_back_at_once() {
    let (flaky, store) = flaky_store();
    let mut settings = named("a");
    settings.lease = Duration::from_secs(60);
    let dead = start(settings.clone(), &store).await;
    put_channel(&dead, 1, 5).await;
    let mut publisher = Publisher::start(&dead, "live", "ch").await.unwrap();
    publisher.push(&capture("nobframes"), 0).await.unwrap();
    wait_for(|| async { (listed(&dead).await.len() >= 3).then_some(()) }).await;
    let before = listed(&dead).await;
    // What a killed node leaves is what is there before it ends well.
    let fork = std::sync::Arc::new(flaky.inner().fork());
    // It had stored one more segment, and not yet listed it.
    let orphan = Path::from("live/ch/9999999999999_1.ts");
    let snapshot = Path::from("live/ch/9999999999999.jpg");
    for path in [&orphan, &snapshot] {
        fork.put(path, vec![0x47; 188].into()).await.unwrap();
    }
    let left = Store::new(std::sync::Arc::clone(&fork) as _, Path::default(), true);
    let again = start(settings, &left).await;
    let begun = timeout(Duration::from_secs(2), Publisher::start(&again, "live", "ch")).await;
    let mut publisher = begun.expect("at once").expect("its own");
    publisher.push(&capture("nobframes"), 0).await.unwrap();
    publisher.finish().await;
    wait_for_state(&again, "Idle").await;
    assert!(listed(&again).await[0].sequence > before[0].sequence, "numbers go on");
    load_all(&again).await;
    // The killed node could not say when its publication ended: it was when it was seen last.
    let (_, history) = get(&again, "/live/ch?live&comp=history").await;
    let times = |tag: &str| -> Vec<String> {
        let tag = format!("<{tag}>");
        let found = history.split(&tag).skip(1);
        found.map(|rest| rest.split('<').next().unwrap().to_owned()).collect()
    };
    let (starts, ends, remotes) = (times("StartTime"), times("EndTime"), times("RemoteAddr"));
    assert_eq!((starts.len(), ends.len(), remotes.len()), (2, 2, 2), "{history}");
    assert!(starts[0] <= ends[0] && ends[0] <= starts[1] && starts[1] <= ends[1], "{history}");
    assert_ne!(remotes[0], remotes[1], "{history}");
    assert!(fork.head(&orphan).await.is_err(), "what was never listed is deleted");
    assert!(fork.head(&snapshot).await.is_ok(), "other files are not looked at");
    dead.stop().await;
    again.stop().await;
}

#[tokio::test]
async fn configurations_of_two_nodes_do_not_undo_each_other() {
    let store = Store::memory();
    let (a, b) = (start(named("a"), &store).await, start(named("b"), &store).await);
    for _ in 0..30 {
        put_channel(&a, 2, 3).await;
        let url = format!("http://{}/live/ch?live", b.http());
        let delete = reqwest::Client::new().delete(url).send();
        let (deleted, _) = tokio::join!(delete, put(&a, "&status=disabled"));
        assert_eq!(deleted.unwrap().status(), 204);
        assert_eq!(get(&b, "/live/ch?live").await.0, 404, "what was deleted stays deleted");
        put_channel(&a, 2, 3).await;
        tokio::join!(put_channel(&b, 7, 3), put(&a, "&status=disabled"));
        let (_, text) = get(&a, "/live/ch?live").await;
        assert!(text.contains("<FragDuration>7<"), "what was put stays put: {text}");
    }
    a.stop().await;
    b.stop().await;
}
