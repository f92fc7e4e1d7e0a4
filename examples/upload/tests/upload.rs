//! The host against a store that fails a fifth of its puts, in virtual time.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail loudly")]

mod flaky;

use core::time::Duration;
use std::sync::Arc;

use flaky::{Dice, Flaky, listed};
use hls_segmenter::config::FragDuration;
use hls_segmenter::flv::{Reader, Step, Tag};
use hls_segmenter::time::{FlvTime, WallTime};
use hls_segmenter::{Config, End, Options};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};
use upload::{Limits, Message, Publication};

const CAPTURE: &[u8] = include_bytes!("../../../testdata/bframes.flv");
/// Length of the capture in milliseconds.
const LEN: u32 = 12_000;

fn config() -> Config {
    let frag_duration = FragDuration::new(2).unwrap();
    Config::new(Options { frag_duration, ..Options::default() }).unwrap()
}

/// The capture, so many times, one behind the other.
fn stream(times: u32) -> Vec<(u32, Message)> {
    let mut messages = Vec::new();
    for round in 0..times {
        let (mut reader, mut rest) = (Reader::new(), CAPTURE);
        while let Ok(step @ (Step::Tag { consumed, .. } | Step::Header { consumed, .. })) =
            reader.step(rest)
        {
            if let Step::Tag { tag, .. } = step {
                let millis = tag.time.millis() + round * LEN;
                let tag = Tag { time: FlvTime::from_millis(millis), ..tag };
                messages.push((millis, Message::new(tag, WallTime::from_unix_millis(0))));
            }
            rest = rest.get(consumed..).unwrap();
        }
    }
    messages
}

/// One process: it goes on with what is in the store, at the pace of the stream. Nobody waits for
/// the store to take a message, and no more bytes wait than may.
async fn process(
    store: &Flaky,
    limits: Limits,
    stream: &[(u32, Message)],
    epoch: Instant,
    end: End,
) {
    let publication = Publication::open(store, config(), limits).await.unwrap();
    let (sender, mut messages) = mpsc::channel(1);
    let begin = Instant::now();
    let feed = async {
        for (millis, message) in stream {
            sleep_until(begin + Duration::from_millis((*millis).into())).await;
            let mut message = message.clone();
            let wall = 1_795_421_730_000 + epoch.elapsed().as_millis() as i64;
            message.arrived = WallTime::from_unix_millis(wall);
            let before = Instant::now();
            sender.send(message).await.unwrap();
            assert_eq!(Instant::now(), before, "the publisher waits for the store");
            // A full outbox takes deletes all the same: a few events of 512 bytes.
            assert!(publication.waiting() <= limits.waiting + 8 * 512);
        }
        drop(sender);
    };
    tokio::join!(feed, publication.run(&mut messages, end));
}

fn limits(waiting: usize) -> Limits {
    let mut limits = Limits::default();
    (limits.waiting, limits.attempts, limits.attempt) = (waiting, 2, Duration::from_secs(5));
    limits
}

/// Checks how the list ends: with every segment there that is no gap.
fn assert_ended(store: &Arc<Flaky>) -> String {
    let last = store.seen(|seen| seen.versions.last().cloned().unwrap());
    assert!(last.ends_with("#EXT-X-ENDLIST\n"), "{last}");
    last
}

#[tokio::test(start_paused = true)]
async fn h_17_r_46_killed_at_twenty_points_nothing_is_missing_and_no_number_comes_twice() {
    let stream = stream(2);
    let (mut gaps, mut cut_short) = (0, 0);
    for seed in 0..8 {
        let (store, mut dice, epoch) = (Flaky::new(seed), Dice::new(100 + seed), Instant::now());
        for _ in 0..20 {
            let life = process(&store, limits(8 << 20), &stream, epoch, End::Pause);
            let after = Duration::from_millis(dice.below(u64::from(2 * LEN)));
            timeout(after, life).await.unwrap_err();
            store.seen(|seen| cut_short += seen.begun - core::mem::replace(&mut seen.answered, 0));
            store.seen(|seen| seen.begun = 0);
        }
        process(&store, limits(8 << 20), &stream, epoch, End::List).await;
        assert_ended(&store);
        store.seen(|seen| {
            assert!(seen.versions.len() > 60, "{}", seen.versions.len());
            assert!(seen.failed > 20 && seen.deleted > 20, "{} {}", seen.failed, seen.deleted);
            gaps += seen.gaps;
        });
    }
    assert!(gaps > 10, "{gaps} gaps were listed");
    assert!(cut_short > 60, "{cut_short} puts were cut short");
}

#[tokio::test(start_paused = true)]
async fn r_52_a_store_that_stalls_costs_segments_and_holds_neither_publisher_nor_memory_up() {
    let (store, stream, epoch) = (Flaky::new(7), stream(6), Instant::now());
    store.stall(epoch + Duration::from_secs(40));
    let waiting = 3 * CAPTURE.len() * 2_000 / LEN as usize;
    process(&store, limits(waiting), &stream, epoch, End::List).await;
    let last = assert_ended(&store);
    // Twelve seconds after the stall the list is at its newest again, and the stream went on.
    assert!(listed(&last).count() >= 3, "{last}");
    store.seen(|seen| {
        let from = seen.versions.iter().filter(|version| version.contains("DISCONTINUITY\n"));
        assert!(from.count() > 0, "segments were lost on their way");
        assert!(seen.versions.len() > 10, "{}", seen.versions.len());
    });
}

#[tokio::test(start_paused = true)]
async fn h_11_what_a_stale_playlist_names_is_not_deleted() {
    let (store, stream, epoch) = (Flaky::new(3), stream(10), Instant::now());
    process(&store, limits(8 << 20), &stream[..stream.len() / 5], epoch, End::Pause).await;
    let before = store.seen(|seen| (seen.versions.len(), seen.deleted));
    // The new process cannot store its playlists at first; the store looks at each delete.
    store.refuse("playlist.m3u8", Instant::now() + Duration::from_secs(60));
    process(&store, limits(8 << 20), &stream, epoch, End::List).await;
    assert_ended(&store);
    store.seen(|seen| assert!(seen.versions.len() > before.0 && seen.deleted > before.1 + 20));
}

#[tokio::test(start_paused = true)]
async fn h_17_a_list_ends_although_its_last_segments_are_lost() {
    let (store, stream, epoch) = (Flaky::new(5), stream(2), Instant::now());
    let refusing = async {
        sleep_until(epoch + Duration::from_secs(13)).await;
        store.refuse(".ts", epoch + Duration::from_secs(600));
    };
    tokio::join!(refusing, process(&store, limits(8 << 20), &stream, epoch, End::List));
    let last = assert_ended(&store);
    assert!(listed(&last).last().unwrap().2, "the last segment is a gap:\n{last}");
}
