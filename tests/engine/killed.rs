//! A host that is killed at any point of its work, and goes on from what it had persisted.

use std::collections::BTreeMap;

use crate::support::stream::{BASE, shift};
use crate::support::{Base, OwnedTag, run_to};
use hls_segmenter::config::Options;
use hls_segmenter::playlist::{ListedSegment, Playlist};
use hls_segmenter::ts::TsPackets;
use hls_segmenter::{Config, End, ResumeToken, Segment, SegmentSink, SegmentStart, Segmenter};

/// What outlives the host, and what players have seen.
#[derive(Default)]
struct World {
    /// Files of segments by id.
    files: BTreeMap<u64, Vec<u8>>,
    persisted: Option<([u8; ResumeToken::LEN], Vec<ListedSegment>)>,
    /// By media sequence number: id and bytes of what was published under it.
    seen: BTreeMap<u64, (u64, Vec<u8>)>,
    first_seen: u64,
}

/// In which order a host stores a version of the playlist and shows it.
#[derive(Clone, Copy, PartialEq)]
enum Order {
    PersistThenPublish,
    PublishThenPersist,
}

/// A host that is killed after so many steps.
struct Host<'w> {
    world: &'w mut World,
    order: Order,
    steps: usize,
    open: u64,
    /// Players saw something that contradicts what they had seen.
    contradicts: bool,
}

#[derive(Debug)]
struct Killed;

impl Host<'_> {
    fn step(&mut self) -> Result<(), Killed> {
        self.steps = self.steps.checked_sub(1).ok_or(Killed)?;
        Ok(())
    }

    fn persist(&mut self, playlist: &Playlist<'_>) -> Result<(), Killed> {
        self.step()?;
        let token = playlist.resume_token().to_bytes();
        self.world.persisted = Some((token, playlist.segments().collect()));
        Ok(())
    }

    fn publish(&mut self, playlist: &Playlist<'_>) -> Result<(), Killed> {
        self.step()?;
        let World { files, seen, first_seen, .. } = &mut *self.world;
        self.contradicts |= playlist.media_sequence() < *first_seen;
        *first_seen = playlist.media_sequence();
        for segment in playlist.segments() {
            let body = files[&segment.id].clone();
            let was = seen.entry(segment.sequence).or_insert((segment.id, body.clone()));
            self.contradicts |= *was != (segment.id, body);
        }
        Ok(())
    }
}

impl SegmentSink for Host<'_> {
    type Error = Killed;

    fn open_segment(&mut self, start: &SegmentStart) -> Result<(), Killed> {
        self.step()?;
        // What players may still load is overwritten.
        self.contradicts |= self.world.seen.values().any(|(id, _)| *id == start.id);
        self.world.files.insert(start.id, Vec::new());
        self.open = start.id;
        Ok(())
    }

    fn write_packets(&mut self, packets: TsPackets<'_>) -> Result<(), Killed> {
        let mut bytes = vec![0; packets.len()];
        packets.copy_to_slice(&mut bytes).unwrap();
        self.world.files.get_mut(&self.open).unwrap().extend(bytes);
        Ok(())
    }

    fn close_segment(&mut self, _: &Segment) -> Result<(), Killed> {
        self.step()
    }

    fn update_playlist(&mut self, playlist: Playlist<'_>) -> Result<(), Killed> {
        match self.order {
            Order::PersistThenPublish => {
                self.persist(&playlist)?;
                self.publish(&playlist)
            }
            Order::PublishThenPersist => {
                self.publish(&playlist)?;
                self.persist(&playlist)
            }
        }
    }
}

/// Starts a host from what is persisted, and kills it after so many steps; returns whether players
/// saw a contradiction.
fn live(world: &mut World, tags: &[OwnedTag], steps: usize, order: Order) -> bool {
    let config = Config::new(Options::default()).unwrap();
    let mut engine = match &world.persisted {
        None => Segmenter::new(config),
        Some((token, listed)) => {
            let token = ResumeToken::from_bytes(token).unwrap();
            Segmenter::resume(config, &token, listed.iter().copied()).unwrap()
        }
    };
    let mut host = Host { world, order, steps, open: 0, contradicts: false };
    for tag in tags {
        if engine.push(tag.borrow(), &mut host).is_err() {
            return host.contradicts;
        }
    }
    let _ = engine.finish(End::Pause, &mut host);
    host.contradicts
}

/// Kills one host at each of its steps, and lets two more go on.
fn contradictions(order: Order) -> usize {
    let first = Base { millis: 33_000, ..BASE }.both();
    // Not the same media again.
    let mut later = Base { millis: 23_000, composition: 40, ..BASE }.both();
    shift(&mut later, i64::MIN, 3_600_000);
    (0..40)
        .filter(|&steps| {
            let mut world = World::default();
            let mut contradicts = live(&mut world, &first, steps, order);
            contradicts |= live(&mut world, &later, steps / 2, order);
            contradicts | live(&mut world, &first, usize::MAX, order)
        })
        .count()
}

#[test]
fn r_46_a_host_that_persists_then_publishes_may_be_killed_at_any_point() {
    assert_eq!(contradictions(Order::PersistThenPublish), 0);
}

#[test]
fn r_46_a_host_that_publishes_first_uses_ids_twice() {
    assert!(contradictions(Order::PublishThenPersist) > 0, "the order is part of the contract");
}

#[test]
fn r_46_tokens_and_segments_are_their_stored_forms_in_hex_and_no_digit_may_change() {
    use serde_test::{Token, assert_de_tokens_error, assert_tokens};

    let text = |bytes: &[u8]| -> &'static str {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        hex.leak()
    };
    let memory = run_to(&BASE.both(), Options::default(), End::Pause).memory;
    let token = memory.token.unwrap();
    assert_tokens(&token, &[Token::Str(text(&token.to_bytes()))]);
    assert_eq!(memory.listed.len(), 3);
    for segment in memory.listed {
        let hex = text(&segment.to_bytes());
        assert_tokens(&segment, &[Token::Str(hex)]);
        for at in 0..hex.len() {
            let digit = if &hex[at..=at] == "0" { "1" } else { "0" };
            let changed = [&hex[..at], digit, &hex[at + 1..]].concat().leak();
            let error = if at < 2 {
                "not a resume token or a listed segment of this version"
            } else {
                "the resume token or the listed segment is damaged"
            };
            assert_de_tokens_error::<ListedSegment>(&[Token::Str(changed)], error);
        }
    }
    let expected = "expected 50 bytes as 100 digits of lower-case hex";
    for (text, wrong) in [
        ("", "invalid length 0"),
        ("8", "invalid length 1"),
        (["0"; 85].concat().leak(), "invalid length 85"),
    ] {
        let error = format!("{wrong}, {expected}");
        assert_de_tokens_error::<ListedSegment>(&[Token::Str(text)], &error);
    }
    let upper: &str = ["A"; 100].concat().leak();
    let error = format!("invalid value: string \"{upper}\", {expected}");
    assert_de_tokens_error::<ListedSegment>(&[Token::Str(upper)], &error);
}
