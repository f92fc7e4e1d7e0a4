//! Events that wait for uploads which are awaited: what comes out is what a sink would have had.

use std::collections::BTreeMap;

use crate::support::stream::BASE;
use crate::support::{self, Base, OwnedTag};
use hls_segmenter::config::Options;
use hls_segmenter::outbox::{Event, Outbox, OutboxError};
use hls_segmenter::playlist::ListedSegment;
use hls_segmenter::{Config, End, Error, Segmenter};

fn uri(segment: &ListedSegment, uri: &mut dyn std::fmt::Write) -> std::fmt::Result {
    write!(uri, "{}.ts", segment.id)
}

/// A store that does one event after the other, and holds them to their order.
#[derive(Default)]
struct Store {
    segments: BTreeMap<u64, Vec<u8>>,
    open: Option<(u64, Vec<u8>)>,
    pieces: usize,
    playlists: Vec<String>,
    expired: usize,
    aborted: usize,
}

impl Store {
    fn take(&mut self, event: Event) {
        match event {
            Event::Open(start) => {
                assert!(self.open.is_none(), "{} opens in another", start.id);
                self.open = Some((start.id, Vec::new()));
            }
            Event::Data(bytes) => {
                assert_eq!(bytes.len() % 188, 0);
                self.open.as_mut().unwrap().1.extend(&bytes);
                self.pieces += 1;
            }
            Event::Close(segment) => {
                let (id, bytes) = self.open.take().unwrap();
                assert_eq!((id, bytes.len() as u64), (segment.id, segment.bytes));
                self.segments.insert(id, bytes);
            }
            Event::Abort(aborted) => {
                assert!(self.open.take().is_some_and(|(id, _)| id == aborted.id));
                self.aborted += 1;
            }
            Event::Playlist(version) => {
                for segment in &version.listed {
                    assert!(self.segments.contains_key(&segment.id), "{} is missing", segment.id);
                }
                assert_eq!(version.text.matches("#EXTINF").count(), version.listed.len());
                assert_eq!(version.text.contains("#EXT-X-ENDLIST"), version.ended);
                self.playlists.push(version.text);
            }
            Event::Expire(_) => self.expired += 1,
            other => panic!("{other:?}"),
        }
    }

    fn take_all<F>(&mut self, outbox: &mut Outbox<F>) {
        while let Some(event) = outbox.pop() {
            self.take(event);
        }
        assert_eq!(self.open.is_none(), outbox.is_empty(), "what is gathered waits too");
    }
}

fn stream() -> Vec<OwnedTag> {
    Base { millis: 42_000, ..BASE }.both()
}

#[test]
fn events_are_what_a_sink_has_whenever_they_are_taken() {
    let want = support::run(&stream(), Options::default()).memory;
    for every in [1, 50, usize::MAX] {
        for piece_len in [0, 10_000, usize::MAX] {
            let mut store = Store::default();
            let mut outbox = Outbox::new(usize::MAX / 2, uri).pieces_of(piece_len);
            let mut segmenter = Segmenter::new(Config::default());
            for (nth, tag) in stream().iter().enumerate() {
                segmenter.push(tag.borrow(), &mut outbox).unwrap();
                if nth % every == every - 1 {
                    while let Some(event) = outbox.pop() {
                        store.take(event);
                    }
                }
            }
            segmenter.finish(End::List, &mut outbox).unwrap();
            store.take_all(&mut outbox);
            assert_eq!(outbox.len(), 0);
            assert!(store.segments.into_values().eq(want.bodies.iter().cloned()));
            assert_eq!(store.playlists.len(), want.playlists.len());
            assert_eq!((store.expired, store.aborted), (want.expired.len(), 0));
            match piece_len {
                0 => assert!(store.pieces > 100),
                usize::MAX => assert_eq!(store.pieces, want.bodies.len()),
                _ => assert!(store.pieces > want.bodies.len()),
            }
        }
    }
}

#[test]
fn r_52_what_is_not_taken_in_time_costs_segments_and_no_more_bytes_than_may_wait() {
    let whole = support::run(&stream(), Options::default()).memory;
    let longest = whole.bodies.iter().map(Vec::len).max().unwrap();
    for limit in [0, 600, longest / 2, 2 * longest, 3 * longest + 20_000] {
        let mut store = Store::default();
        let mut outbox = Outbox::new(limit, uri).pieces_of(4 << 10);
        let mut segmenter = Segmenter::new(Config::default());
        let (mut full, mut most) = (0, 0);
        for (nth, tag) in stream().iter().enumerate() {
            match segmenter.push(tag.borrow(), &mut outbox) {
                Ok(()) => {}
                Err(Error::Sink(OutboxError::Full { limit: told })) => {
                    assert_eq!(told, limit);
                    full += 1;
                }
                Err(error) => panic!("{error}"),
            }
            most = most.max(outbox.len());
            // Uploads stall for most of the stream, within a segment as well.
            if !(400..=2_000).contains(&nth)
                && let Some(event) = outbox.pop()
            {
                store.take(event);
            }
        }
        let _ = segmenter.finish(End::List, &mut outbox);
        while let Some(event) = outbox.pop() {
            store.take(event);
        }
        assert_eq!(outbox.len(), 0, "limit {limit}");
        assert!(most <= limit + 4 * 512, "{most} bytes wait, limit {limit}");
        assert!(full > 0, "limit {limit}");
        assert_eq!(store.playlists.is_empty(), limit < 1000, "limit {limit}");
    }
}

#[test]
fn a_segment_of_which_nothing_was_taken_leaves_no_trace_when_it_is_aborted() {
    for taken in [0, 1, 2] {
        let mut outbox = Outbox::new(30_000, uri).pieces_of(2_000);
        let mut segmenter = Segmenter::new(Config::default());
        let mut first = Vec::new();
        for tag in stream() {
            let full = segmenter.push(tag.borrow(), &mut outbox).is_err();
            if first.len() < taken {
                first.extend(outbox.pop());
            }
            if full {
                break;
            }
        }
        assert_eq!(first.len(), taken);
        let left: Vec<_> = std::iter::from_fn(|| outbox.pop()).collect();
        match taken {
            0 => assert!(left.is_empty(), "{left:?}"),
            _ => assert!(matches!(left[..], [Event::Abort(_)]), "{left:?}"),
        }
        assert_eq!(outbox.len(), 0);
    }
}

#[test]
fn h_23_a_uri_that_cannot_stand_in_a_playlist_is_an_error_of_the_update() {
    let mut outbox = Outbox::new(1 << 30, |_, uri| uri.write_str("a\nb"));
    let mut segmenter = Segmenter::new(Config::default());
    let errors = stream()
        .iter()
        .filter_map(|tag| segmenter.push(tag.borrow(), &mut outbox).err())
        .inspect(|error| assert_eq!(*error, Error::Sink(OutboxError::Uri)))
        .count();
    assert!(errors > 3);
    let events: Vec<_> = std::iter::from_fn(|| outbox.pop()).collect();
    let count = |is_one: fn(&Event) -> bool| events.iter().filter(|event| is_one(event)).count();
    assert_eq!(count(|event| matches!(event, Event::Playlist(_))), 0);
    assert!(count(|event| matches!(event, Event::Expire(_))) > 3, "segments leave all the same");
    assert_eq!(OutboxError::Full { limit: 5 }.to_string(), "more than 5 bytes wait to be taken");
}
