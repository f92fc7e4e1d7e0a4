//! A store that goes away, and a node that finds its channel taken.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail"
)]

mod support;

use core::time::Duration;

use livechannel::{Ending, Store};
use object_store::ObjectStoreExt as _;
use object_store::path::Path;
use support::{
    Publisher, capture, flaky_store, get, listed, load_all, put_channel, settings, start, wait_for,
    wait_for_state,
};
use tokio::time::sleep;

#[tokio::test]
async fn an_outage_costs_nothing_that_fits_the_buffer() {
    let (flaky, store) = flaky_store();
    let server = start(settings(), &store).await;
    put_channel(&server, 2, 100).await;
    let messages = capture("bframes");
    let mut publisher = Publisher::start(&server, "live", "ch").await.unwrap();
    publisher.push(&messages, 0).await.unwrap();
    wait_for(|| async { (listed(&server).await.len() >= 3).then_some(()) }).await;
    flaky.set_away(true);
    publisher.push(&messages, 12_000).await.unwrap();
    sleep(Duration::from_secs(3)).await; // longer than the lease
    publisher.push(&messages, 24_000).await.unwrap();
    flaky.set_away(false);
    publisher.finish().await;
    wait_for_state(&server, "Idle").await;
    let segments = listed(&server).await;
    let sequences: Vec<u64> = segments.iter().map(|segment| segment.sequence).collect();
    assert_eq!(sequences, (0..segments.len() as u64).collect::<Vec<_>>());
    assert_eq!(segments.len(), 18, "36 s of segments of 2 s");
    assert!(segments.iter().all(|segment| !segment.discontinuity));
    load_all(&server).await;
    server.stop().await;
}

#[tokio::test]
async fn an_outage_costs_the_segments_that_do_not_fit_and_not_the_connection() {
    let (flaky, store) = flaky_store();
    let mut settings = settings();
    settings.queue = 2;
    settings.patience = Duration::from_millis(200);
    let server = start(settings, &store).await;
    put_channel(&server, 2, 100).await;
    let messages = capture("bframes");
    let mut publisher = Publisher::start(&server, "live", "ch").await.unwrap();
    publisher.push(&messages[..40], 0).await.unwrap();
    flaky.set_away(true);
    for round in 1..4 {
        publisher.push(&messages, round * 12_000).await.unwrap();
    }
    flaky.set_away(false);
    wait_for(|| async { (listed(&server).await.len() >= 2).then_some(()) }).await;
    publisher.push(&messages, 48_000).await.unwrap();
    publisher.finish().await;
    wait_for_state(&server, "Idle").await;
    let segments = listed(&server).await;
    let sequences: Vec<u64> = segments.iter().map(|segment| segment.sequence).collect();
    assert_eq!(sequences, (0..segments.len() as u64).collect::<Vec<_>>(), "no number is missing");
    assert!(segments.iter().any(|segment| segment.discontinuity), "what is lost is told");
    load_all(&server).await;
    let (_, metrics) = get(&server, "/-/metrics").await;
    let lost =
        metrics.lines().find_map(|line| line.strip_prefix("livechannel_segments_lost_total "));
    assert_ne!(lost, Some("0"), "and counted");
    server.stop().await;
}

#[tokio::test]
async fn a_node_whose_channel_was_taken_over_writes_nothing_more() {
    // Two ways to one memory: the one of node A can be taken away.
    let (flaky, through_a) = flaky_store();
    let a = start(settings(), &through_a).await;
    put_channel(&a, 1, 100).await;
    let messages = capture("nobframes");
    let mut old = Publisher::start(&a, "live", "ch").await.unwrap();
    old.push(&messages, 0).await.unwrap();
    wait_for(|| async { (listed(&a).await.len() >= 3).then_some(()) }).await;

    let direct = Store::new(flaky.inner(), Path::default(), true);
    flaky.set_away(true);
    let b = start(settings(), &direct).await;
    let mut new = wait_for(|| async { Publisher::start(&b, "live", "ch").await.ok() }).await;
    new.push(&messages, 0).await.unwrap();
    old.push(&messages[..20], 12_000).await.unwrap();
    flaky.set_away(false);
    old.wait_for_end().await;
    let before = flaky.writes();
    new.finish().await;
    wait_for_state(&b, "Idle").await;
    sleep(Duration::from_millis(500)).await;
    assert_eq!(flaky.writes(), before, "node A writes nothing after it was told");
    let segments = listed(&b).await;
    let sequences: Vec<u64> = segments.iter().map(|segment| segment.sequence).collect();
    assert_eq!(sequences, (0..segments.len() as u64).collect::<Vec<_>>());
    let breaks = segments.iter().filter(|segment| segment.discontinuity).count();
    assert_eq!(breaks, 1, "one take-over");
    load_all(&b).await;
    a.stop().await;
    b.stop().await;
}

#[tokio::test]
async fn a_node_that_could_not_store_everything_does_not_say_that_it_ended_well() {
    let (flaky, store) = flaky_store();
    let server = start(settings(), &store).await;
    put_channel(&server, 1, 100).await;
    let mut publisher = Publisher::start(&server, "live", "ch").await.unwrap();
    publisher.push(&capture("nobframes"), 0).await.unwrap();
    wait_for(|| async { (listed(&server).await.len() >= 3).then_some(()) }).await;
    flaky.set_away(true);
    publisher.push(&capture("nobframes")[..100], 12_000).await.unwrap();
    assert_eq!(server.stop().await, Ending::Unfinished);
}

#[tokio::test]
async fn a_list_from_the_future_is_not_gone_on_with() {
    let (flaky, store) = flaky_store();
    let server = start(settings(), &store).await;
    put_channel(&server, 2, 100).await;
    for leap in [0, 7_200_000] {
        let mut publisher = Publisher::start(&server, "live", "ch").await.unwrap();
        publisher.push(&capture("bframes"), 0).await.unwrap();
        publisher.finish().await;
        wait_for_state(&server, "Idle").await;
        // The clock was ahead while that was published.
        let path = Path::from(".livechannel/live/log/ch/state.json");
        let state = flaky.inner().get(&path).await.unwrap().bytes().await.unwrap();
        let mut state: serde_json::Value = serde_json::from_slice(&state).unwrap();
        for segment in state["list"]["segments"].as_array_mut().unwrap() {
            segment["wall"] = (segment["wall"].as_i64().unwrap() + leap).into();
        }
        flaky.inner().put(&path, state.to_string().into()).await.unwrap();
    }
    let before = listed(&server).await;
    assert_eq!((before[0].sequence, before.len()), (0, 12), "the second went on with the first");
    let mut publisher = Publisher::start(&server, "live", "ch").await.unwrap();
    publisher.push(&capture("bframes"), 0).await.unwrap();
    publisher.finish().await;
    wait_for_state(&server, "Idle").await;
    let after = listed(&server).await;
    assert_eq!((after[0].sequence, after.len()), (12, 6), "the third did not, but for the numbers");
    server.stop().await;
}
