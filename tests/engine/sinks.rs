//! A sink that stands for others: behind a reference, or two as one, each hears everything.

use crate::support;
use crate::support::stream::{BASE, Base, shift};
use bytes::{Buf, BytesMut};
use hls_segmenter::config::{FragDuration, Options};
use hls_segmenter::flv::Step;
use hls_segmenter::notice::Notice;
use hls_segmenter::playlist::Playlist;
use hls_segmenter::time::TickSpan;
use hls_segmenter::ts::TsPackets;
use hls_segmenter::{
    AbortedSegment, Config, End, ExpiredSegment, Segment, SegmentSink, SegmentStart, Segmenter,
    Snapshot, Track,
};
use hls_segmenter_auditor::{Auditor, Recorder};

/// Writes down every call, and fails at one of them.
#[derive(Default)]
struct Log {
    lines: Vec<String>,
    fails_at: usize,
}

impl Log {
    fn call(&mut self, line: String) -> Result<(), usize> {
        self.lines.push(line);
        let at = self.lines.len();
        if at == self.fails_at { Err(at) } else { Ok(()) }
    }
}

impl SegmentSink for Log {
    type Error = usize;

    fn open_segment(&mut self, start: &SegmentStart) -> Result<(), usize> {
        self.call(format!("open {start:?}"))
    }

    fn write_packets(&mut self, packets: TsPackets<'_>) -> Result<(), usize> {
        let mut bytes = vec![0; packets.len()];
        packets.copy_to_slice(&mut bytes).unwrap();
        self.call(format!("write {bytes:?}"))
    }

    fn close_segment(&mut self, segment: &Segment) -> Result<(), usize> {
        self.call(format!("close {segment:?}"))
    }

    fn update_playlist(&mut self, playlist: Playlist<'_>) -> Result<(), usize> {
        self.call(format!("update {}", support::text(playlist)))
    }

    fn expire_segment(&mut self, expired: &ExpiredSegment) {
        self.lines.push(format!("expire {expired:?}"));
    }

    fn abort_segment(&mut self, aborted: &AbortedSegment) {
        self.lines.push(format!("abort {aborted:?}"));
    }

    fn snapshot(&mut self, snapshot: Snapshot<'_>) {
        self.lines.push(format!("snapshot {:?}", snapshot.pts));
    }

    fn track(&mut self, track: &Track) {
        self.lines.push(format!("track {track:?}"));
    }

    fn notice(&mut self, notice: &Notice) {
        self.lines.push(format!("notice {notice:?}"));
    }
}

/// Sends a stream through that leads to every call there is, if one of them fails.
fn send(sink: &mut impl SegmentSink<Error = usize>) {
    let mut tags = Base { millis: 14_000, ..BASE }.both();
    shift(&mut tags, 7000, 30_000);
    let mut segmenter = Segmenter::new(
        Config::new(Options {
            frag_duration: FragDuration::new(1).unwrap(),
            snapshot_interval: Some(TickSpan::from_secs(3)),
            ..Options::default()
        })
        .unwrap(),
    );
    for tag in &tags {
        let _ = segmenter.push(tag.borrow(), sink);
    }
    segmenter.finish(End::List, sink).unwrap();
}

fn log(fails_at: usize) -> Log {
    Log { fails_at, ..Log::default() }
}

/// Takes every run in all ways there are, and compares what they give.
#[derive(Default)]
struct EveryWay {
    runs: usize,
}

impl SegmentSink for EveryWay {
    type Error = usize;

    fn open_segment(&mut self, _: &SegmentStart) -> Result<(), usize> {
        Ok(())
    }

    fn write_packets(&mut self, packets: TsPackets<'_>) -> Result<(), usize> {
        let mut want = vec![0; packets.len()];
        packets.copy_to_slice(&mut want).unwrap();
        let (mut whole, mut vec, mut bytes) = (Vec::new(), Vec::new(), BytesMut::new());
        packets.append_to(&mut whole);
        packets.append_to_vec(&mut vec);
        packets.append_to_bytes(&mut bytes);
        let (mut pieces, mut written, mut read) = (Vec::new(), Vec::new(), vec![0; want.len()]);
        packets.for_each_piece(|piece| pieces.extend_from_slice(piece));
        packets.write_to(&mut written).unwrap();
        packets.into_buf().copy_to_slice(&mut read);
        for got in [whole.as_flattened(), &vec, &bytes, &pieces, &written, &read] {
            assert!(got == want, "run {}", self.runs);
        }
        self.runs += 1;
        Ok(())
    }

    fn close_segment(&mut self, _: &Segment) -> Result<(), usize> {
        Ok(())
    }

    fn update_playlist(&mut self, _: Playlist<'_>) -> Result<(), usize> {
        Ok(())
    }
}

#[test]
fn every_way_to_take_a_run_gives_the_same_bytes() {
    let mut ways = EveryWay::default();
    send(&mut ways);
    // Access units of several slices, whose payload lies in as many places.
    let mut reader = hls_segmenter::flv::Reader::new();
    let mut segmenter = Segmenter::new(Config::default());
    let mut rest: &[u8] = include_bytes!("../../testdata/bframes.flv");
    while let Ok(step) = reader.step(rest) {
        let consumed = match step {
            Step::Header { consumed, .. } => consumed,
            Step::Tag { tag, consumed } => {
                segmenter.push(tag, &mut ways).unwrap();
                consumed
            }
            _ => break,
        };
        rest = &rest[consumed..];
    }
    assert!(ways.runs > 500, "{}", ways.runs);
}

/// Number of the second write of a picture, whose failure ends the first segment.
const WRITE: usize = 9;

#[test]
fn the_stream_of_these_tests_leads_to_every_call() {
    let mut plain = log(WRITE);
    send(&mut plain);
    assert!(plain.lines[WRITE - 1].starts_with("write"));
    for call in
        ["open", "write", "close", "update", "expire", "abort", "snapshot", "track", "notice"]
    {
        assert!(plain.lines.iter().any(|line| line.starts_with(call)), "{call}");
    }
}

#[test]
fn a_sink_behind_a_reference_hears_every_call_and_its_errors_come_back() {
    let (mut plain, mut lent) = (log(WRITE), log(WRITE));
    send(&mut plain);
    send(&mut &mut lent);
    assert_eq!(lent.lines, plain.lines);
}

#[test]
fn two_sinks_as_one_hear_every_call_and_only_an_error_of_the_first_keeps_one_from_the_second() {
    let mut plain = log(WRITE);
    send(&mut plain);
    let mut tee = (log(WRITE), log(0));
    send(&mut tee);
    assert_eq!(tee.0.lines, plain.lines);
    plain.lines.remove(WRITE - 1);
    assert_eq!(tee.1.lines, plain.lines);

    let (mut plain, mut tee) = (log(WRITE), (log(0), log(WRITE)));
    send(&mut plain);
    send(&mut tee);
    assert_eq!(tee.0.lines, plain.lines);
    assert_eq!(tee.1.lines, plain.lines);
}

#[test]
fn the_auditor_and_the_recorder_pass_every_call_and_every_error_on() {
    let mut plain = log(WRITE);
    send(&mut plain);
    let mut auditor = Auditor::new(log(WRITE));
    send(&mut auditor);
    auditor.assert_clean();
    assert_eq!(auditor.into_inner().lines, plain.lines);
    let mut recorder = Recorder::new(log(WRITE));
    send(&mut recorder);
    assert!(!recorder.events().is_empty());
    let kept = recorder.events().to_vec();
    let (inner, events) = recorder.into_parts();
    assert_eq!(events, kept);
    assert_eq!(inner.lines, plain.lines);
}
