//! From an encoder's messages to what players load, across publications, nodes and restarts.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail"
)]

mod support;

use livechannel::{Server, Store};
use support::{
    Publisher, capture, get, listed, load_all, put_channel, settings, start, wait_for_state,
};

#[tokio::test]
async fn a_publication_becomes_segments_and_a_playlist() {
    let store = Store::memory();
    let server = start(settings(), &store).await;
    put_channel(&server, 2, 3).await;
    assert_eq!(listed(&server).await, []);
    let mut publisher = Publisher::start(&server, "live", "ch").await.unwrap();
    publisher.push(&capture("bframes"), 0).await.unwrap();
    publisher.finish().await;
    wait_for_state(&server, "Idle").await;

    let segments = listed(&server).await;
    assert_eq!(segments.len(), 3, "O-32: the last FragCount segments stay");
    assert!(segments[0].sequence > 0 && segments.iter().all(|segment| !segment.discontinuity));
    load_all(&server).await;
    let (_, history) = get(&server, "/live/ch?live&comp=history").await;
    assert_eq!(history.matches("<LiveRecord>").count(), 1);
    server.stop().await;
}

#[tokio::test]
async fn numbers_go_on_across_publications_and_restarts_behind_one_discontinuity_each() {
    let store = Store::memory();
    let mut server = start(settings(), &store).await;
    put_channel(&server, 2, 100).await;
    let messages = capture("nobframes");
    for round in 0..3 {
        let mut publisher = Publisher::start(&server, "live/live", "ch").await.unwrap();
        publisher.push(&messages, 0).await.unwrap();
        publisher.finish().await;
        wait_for_state(&server, "Idle").await;
        let segments = listed(&server).await;
        let sequences: Vec<u64> = segments.iter().map(|segment| segment.sequence).collect();
        assert_eq!(sequences, (0..segments.len() as u64).collect::<Vec<_>>());
        let breaks = segments.iter().filter(|segment| segment.discontinuity).count();
        assert_eq!(breaks, round, "after round {round}");
        load_all(&server).await;
        server.stop().await;
        server = start(settings(), &store).await;
    }
    let (status, info) = get(&server, "/live/ch?live").await;
    assert!(
        status == 200 && info.contains("<FragCount>100</FragCount>"),
        "the channel is still there"
    );
    server.stop().await;
}

#[tokio::test]
async fn a_stopping_node_closes_and_lists_the_open_segment() {
    let store = Store::memory();
    let server = start(settings(), &store).await;
    put_channel(&server, 100, 3).await;
    let mut publisher = Publisher::start(&server, "live", "ch").await.unwrap();
    publisher.push(&capture("bframes"), 0).await.unwrap();
    server.stop().await;
    publisher.wait_for_end().await;
    let server = start(settings(), &store).await;
    assert_eq!(listed(&server).await.len(), 1, "a segment that no key frame had ended");
    load_all(&server).await;
    server.stop().await;
}

#[tokio::test]
async fn o_16_o_25_who_may_not_publish_is_told_why() {
    let store = Store::memory();
    let (a, b) = (start(settings(), &store).await, start(settings(), &store).await);
    let refused = |answer: Result<Publisher, String>| answer.err().expect("a refusal");
    assert!(refused(Publisher::start(&a, "live", "ch").await).contains("NoSuchLiveChannel"));
    put_channel(&a, 2, 3).await;
    let mut publisher = Publisher::start(&a, "live", "ch").await.unwrap();
    publisher.push(&capture("bframes")[..40], 0).await.unwrap();
    for node in [&a, &b] {
        assert!(refused(Publisher::start(node, "live", "ch").await).contains("ChannelStillLive"));
        wait_for_state(node, "Live").await;
        let put = reqwest::Client::new().delete(format!("http://{}/live/ch?live", node.http()));
        assert_eq!(put.send().await.unwrap().status(), 409, "O-24");
    }
    let disable = format!("http://{}/live/ch?live&status=disabled", b.http());
    let disabled = reqwest::Client::new().put(disable).send().await.unwrap();
    assert_eq!(disabled.status(), 200);
    publisher.wait_for_end().await;
    assert!(refused(Publisher::start(&a, "live", "ch").await).contains("LiveChannelDisabled"));
    assert!(refused(Publisher::start(&a, "vod", "ch").await).contains("the address is not"));
    a.stop().await;
    b.stop().await;
}

#[tokio::test]
async fn o_27_a_vod_playlist_does_not_take_the_place_of_the_live_one() {
    let store = Store::memory();
    let (a, b) = (start(settings(), &store).await, start(settings(), &store).await);
    put_channel(&a, 2, 3).await;
    let mut publisher = Publisher::start(&a, "live", "ch").await.unwrap();
    publisher.push(&capture("bframes"), 0).await.unwrap();
    while listed(&b).await.is_empty() {
        tokio::time::sleep(core::time::Duration::from_millis(20)).await;
    }
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let post = async |node: &Server, name: &str| {
        let span = format!("vod&startTime={}&endTime={}", now - 60, now + 60);
        let url = format!("http://{}/live/ch/{name}?{span}", node.http());
        reqwest::Client::new().post(url).send().await.unwrap().status().as_u16()
    };
    for node in [&a, &b] {
        assert_eq!(post(node, "playlist.m3u8").await, 409);
        assert_eq!(post(node, "vod.m3u8").await, 200);
    }
    publisher.finish().await;
    wait_for_state(&b, "Idle").await;
    assert_eq!(post(&b, "playlist.m3u8").await, 200);
    a.stop().await;
    b.stop().await;
}

#[tokio::test]
async fn every_kind_of_stream_becomes_segments() {
    let server = start(settings(), &Store::memory()).await;
    put_channel(&server, 2, 100).await;
    let mut have = 0;
    // An open GOP has no IDR picture but its first: one segment.
    for (name, least) in [
        ("audio_only", 5),
        ("video_only", 4),
        ("open_gop", 1),
        ("aud_inband", 4),
        ("he_aac", 4),
        ("mp3", 4),
        ("fps2997", 4),
    ] {
        let mut publisher = Publisher::start(&server, "live", "ch").await.unwrap();
        publisher.push(&capture(name), 0).await.unwrap();
        publisher.finish().await;
        wait_for_state(&server, "Idle").await;
        let listed = listed(&server).await.len();
        assert!(listed >= have + least, "{name}: {have} and then {listed}");
        have = listed;
    }
    load_all(&server).await;
    server.stop().await;
}
