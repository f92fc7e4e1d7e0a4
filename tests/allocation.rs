//! Nothing is allocated once the engine exists, and its size does not depend on what it is fed.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::std_instead_of_core,
    clippy::doc_markdown,
    reason = "helpers of tests fail loudly"
)]

mod support;

use std::convert::Infallible;
use std::fmt::Write;

use hls_segmenter::config::{FragDuration, Options};
use hls_segmenter::fmp4::{FragmentBuffer, FragmentHead, Payload};
use hls_segmenter::playlist::{IndexKind, IndexPlaylist, ListedSegment, Playlist};
use hls_segmenter::time::{Millis, Secs, TickSpan, WallTime};
use hls_segmenter::ts::TsPackets;
use hls_segmenter::{
    Config, Container, End, Fmp4, Segment, SegmentSink, SegmentStart, Segmenter, Ts,
};
use support::stream::{BASE, shift};
use support::{Base, OwnedTag, captures, policy_for, read_flv};

/// Copies into memory that was there before, and renders playlists into a buffer that was, too.
struct Recycled<'a> {
    segment: Vec<u8>,
    fragment: FragmentBuffer<'a>,
    text: Text,
    closed: usize,
}

struct Text {
    bytes: Vec<u8>,
    len: usize,
}

impl Write for Text {
    fn write_str(&mut self, part: &str) -> std::fmt::Result {
        let room = self.bytes.get_mut(self.len..self.len + part.len()).ok_or(std::fmt::Error)?;
        room.copy_from_slice(part.as_bytes());
        self.len += part.len();
        Ok(())
    }
}

impl SegmentSink for Recycled<'_> {
    type Error = Infallible;

    fn open_segment(&mut self, _: &SegmentStart) -> Result<(), Infallible> {
        Ok(())
    }

    fn write_packets(&mut self, packets: TsPackets<'_>) -> Result<(), Infallible> {
        packets.copy_to_slice(&mut self.segment).unwrap();
        let mut len = 0;
        packets.for_each_piece(|piece| len += piece.len());
        let mut buf = packets.into_buf();
        assert_eq!(bytes::Buf::remaining(&buf), len);
        bytes::Buf::advance(&mut buf, len);
        Ok(())
    }

    fn write_payload(&mut self, payload: Payload<'_>) -> Result<(), Infallible> {
        self.fragment.write(&payload).unwrap();
        Ok(())
    }

    fn close_fragment(&mut self, head: FragmentHead<'_>) -> Result<(), Infallible> {
        let fragment = self.fragment.close(&head).unwrap();
        assert_eq!(fragment.len(), head.len() + head.payload_len());
        Ok(())
    }

    fn close_segment(&mut self, _: &Segment) -> Result<(), Infallible> {
        self.closed += 1;
        Ok(())
    }

    fn update_playlist(&mut self, playlist: Playlist<'_>) -> Result<(), Infallible> {
        self.text.len = 0;
        let m3u8 = playlist.m3u8(|segment, uri| write!(uri, "{}.ts", segment.id));
        let m3u8 = m3u8.init_uri(|id, uri| write!(uri, "{id}.mp4"));
        write!(self.text, "{m3u8}").unwrap();
        Ok(())
    }
}

/// Returns how many segments came out and how many allocations it took.
fn allocations<C: Container>(tags: &[OwnedTag], options: Options) -> (usize, u64) {
    let mut memory = vec![0; 4 << 20];
    let mut sink = Recycled {
        segment: vec![0; 4 << 20],
        fragment: FragmentBuffer::new(&mut memory),
        text: Text { bytes: vec![0; 64 << 10], len: 0 },
        closed: 0,
    };
    let config = Config::new(options).unwrap();
    let measured = allocation_counter::measure(|| {
        let mut segmenter = Segmenter::<C>::with_container(config);
        for tag in tags {
            segmenter.set_wall_time(WallTime::from_unix_millis(tag.millis));
            let _ = segmenter.push(tag.borrow(), &mut sink);
        }
        segmenter.finish(End::List, &mut sink).unwrap();
        let _ = (segmenter.stats(), segmenter.resume_token());
    });
    (sink.closed, measured.count_total)
}

/// The parameter set parser builds a table when it first runs in a process.
fn warm_up() {
    allocations::<Ts>(&BASE.both(), Options::default());
}

#[test]
fn r_54_no_capture_costs_an_allocation() {
    warm_up();
    for (name, bytes) in captures() {
        let tags = read_flv(&bytes);
        let options = Options {
            frag_duration: FragDuration::new(1).unwrap(),
            key_frames: policy_for(&name),
            psi_interval: Some(TickSpan::from_millis(400)),
            snapshot_interval: Some(TickSpan::from_secs(1)),
            ..Options::default()
        };
        for (segments, allocations) in
            [allocations::<Ts>(&tags, options), allocations::<Fmp4>(&tags, options)]
        {
            assert!(segments > 0, "{name}");
            assert_eq!(allocations, 0, "{name}");
        }
    }
}

#[test]
fn r_54_no_row_of_the_torture_matrix_costs_an_allocation() {
    warm_up();
    for (from, by) in [
        (12_000, -500),
        (22_000, -10_000),
        (12_000, 30_000),
        (12_000, 3_600_000),
        (12_000, 9000),
        (12_480, 30_000),
    ] {
        for mut tags in [BASE.both(), BASE.audio(), BASE.video()] {
            shift(&mut tags, from, by);
            let options = Options::default();
            assert_eq!(allocations::<Ts>(&tags, options).1, 0, "{from} {by}");
            assert_eq!(allocations::<Fmp4>(&tags, options).1, 0, "{from} {by}, in fMP4");
        }
    }
}

#[test]
fn the_counter_counts() {
    assert_eq!(
        allocation_counter::measure(|| drop(std::hint::black_box(vec![1, 2, 3]))).count_total,
        1
    );
}

#[test]
fn r_53_a_minute_without_key_frames_allocates_nothing() {
    warm_up();
    let (tags, options) = (Base { millis: 160_000, gop: 0, ..BASE }.both(), Options::default());
    assert_eq!(allocations::<Ts>(&tags, options), (3, 0));
    assert_eq!(allocations::<Fmp4>(&tags, options), (3, 0));
    assert!(size_of::<Segmenter>() <= 12 * 1024, "{}", size_of::<Segmenter>());
    assert!(size_of::<Segmenter<Fmp4>>() <= 16 * 1024, "{}", size_of::<Segmenter<Fmp4>>());
}

#[test]
fn pl_4_a_day_of_segments_is_written_in_one_pass_and_allocates_nothing() {
    const DAY: u64 = 43_200;
    let mut text = Text { bytes: vec![0; 4 << 20], len: 0 };
    let event = IndexKind::Event { target: Secs::new(2) };
    let boundary = Secs::new(12);
    for (delta, passes) in [(false, 1), (true, 3)] {
        let asked = std::cell::Cell::new(0);
        let segments = (0..DAY).map(|id| {
            asked.set(asked.get() + 1);
            ListedSegment::new(id, id, Millis::new(2000))
        });
        let list =
            IndexPlaylist::new(event, segments, |segment, uri| write!(uri, "{}", segment.id));
        let list = if delta { list.delta(boundary) } else { list.offer_delta(boundary) };
        text.len = 0;
        let measured = allocation_counter::measure(|| write!(text, "{list}").unwrap());
        assert_eq!(measured.count_total, 0);
        // The first segment is looked at once more, for what its container needs.
        assert!(asked.get() <= passes * DAY + 1, "{} segments were asked for", asked.get());
        assert_eq!(text.len < 1000, delta, "{} bytes", text.len);
    }
}
