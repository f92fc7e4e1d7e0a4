//! A sink that holds parts to their rules (draft-pantos-hls-rfc8216bis §4.4.4.9, §6.2.1).

use std::collections::BTreeSet;

use hls_segmenter::config::Parts;
use hls_segmenter::fmp4::{FragmentHead, Init, Payload};
use hls_segmenter::playlist::Playlist;
use hls_segmenter::time::TickSpan;
use hls_segmenter::ts::TsPackets;
use hls_segmenter::{AbortedSegment, Part, Segment, SegmentSink, SegmentStart};

/// What came of parts, and which calls are to fail.
#[derive(Debug, Default)]
pub struct PartsSink {
    target: TickSpan,
    /// Numbers of the calls that fail.
    pub fails_at: BTreeSet<usize>,
    calls: usize,
    pub failed: usize,
    /// Parts of the open segment.
    open: Vec<Part>,
    /// Bytes that came of the open segment.
    bytes: u64,
    /// Payload whose head has not come.
    loose: usize,
    inits: BTreeSet<u64>,
    named: BTreeSet<(u64, u32)>,
    pub parts: Vec<Part>,
    pub segments: Vec<Segment>,
    /// Every version of the list, with parts and plain.
    pub texts: Vec<(String, String)>,
}

impl PartsSink {
    pub fn new(parts: Parts) -> Self {
        Self { target: parts.target(), ..Self::default() }
    }

    fn call(&mut self) -> Result<(), ()> {
        self.calls += 1;
        if self.fails_at.contains(&self.calls) {
            self.failed += 1;
            return Err(());
        }
        Ok(())
    }

    /// Holds the parts of a segment that is whole to the rules.
    fn check(&self, segment: &Segment) {
        let (_, others) = self.open.split_last().expect("every segment has a part");
        let sum = self.open.iter().fold(TickSpan::ZERO, |sum, part| sum + part.duration);
        assert!(sum == segment.duration, "{segment:?} {:?}", self.open);
        assert_eq!(self.open.iter().map(|part| part.bytes).sum::<u64>(), segment.bytes);
        for part in others {
            let is_short = part.duration.get() * 100 < self.target.get() * 85;
            assert!(!is_short || part.independent, "{part:?} of {segment:?}");
        }
    }
}

impl SegmentSink for PartsSink {
    type Error = ();

    fn open_segment(&mut self, start: &SegmentStart) -> Result<(), ()> {
        assert!(start.init.is_none_or(|init| self.inits.contains(&init)), "{start:?}");
        self.open.clear();
        (self.bytes, self.loose) = (0, 0);
        self.call()
    }

    fn write_packets(&mut self, packets: TsPackets<'_>) -> Result<(), ()> {
        self.call()?;
        self.bytes += packets.len() as u64;
        Ok(())
    }

    fn init_section(&mut self, init: &Init<'_>) -> Result<(), ()> {
        self.call()?;
        assert!(self.inits.insert(init.id()), "no section comes twice");
        Ok(())
    }

    fn write_payload(&mut self, payload: Payload<'_>) -> Result<(), ()> {
        self.call()?;
        self.bytes += payload.len() as u64;
        self.loose += payload.len();
        Ok(())
    }

    fn close_fragment(&mut self, head: FragmentHead<'_>) -> Result<(), ()> {
        self.call()?;
        assert_eq!(head.payload_len(), std::mem::take(&mut self.loose));
        self.bytes += head.len() as u64;
        Ok(())
    }

    fn close_part(&mut self, part: &Part) -> Result<(), ()> {
        self.call()?;
        assert_eq!(part.index as usize, self.open.len());
        assert!(self.named.insert((part.segment, part.index)), "no part comes twice");
        let before: u64 = self.open.iter().map(|part| part.bytes).sum();
        assert_eq!((part.offset, part.offset + part.bytes), (before, self.bytes));
        assert!(part.duration <= self.target, "{part:?}");
        assert_eq!(self.loose, 0, "a part is whole fragments");
        self.open.push(*part);
        self.parts.push(*part);
        Ok(())
    }

    fn close_segment(&mut self, segment: &Segment) -> Result<(), ()> {
        self.call()?;
        self.check(segment);
        self.segments.push(*segment);
        Ok(())
    }

    fn abort_segment(&mut self, _: &AbortedSegment) {
        self.open.clear();
    }

    fn update_playlist(&mut self, playlist: Playlist<'_>) -> Result<(), ()> {
        self.call()?;
        let m3u8 = playlist.m3u8(|segment, uri| write!(uri, "{}.seg", segment.id));
        let m3u8 = m3u8.init_uri(|id, uri| write!(uri, "{id}.init"));
        let live = m3u8.low_latency(|part, uri| write!(uri, "{}.{}", part.segment, part.index));
        let (live, plain) = (live.to_string(), m3u8.to_string());
        assert_eq!(without_parts(&live), without_open(&plain));
        self.texts.push((live, plain));
        Ok(())
    }
}

/// Leaves out of a list what only Low-Latency HLS has: its tags, and those of the segment that is
/// being written.
pub fn without_parts(text: &str) -> String {
    const TAGS: [&str; 5] = [
        "#EXT-X-SERVER-CONTROL:",
        "#EXT-X-PART-INF:",
        "#EXT-X-PART:",
        "#EXT-X-PRELOAD-HINT:",
        "#EXT-X-SKIP:",
    ];
    let lines = text.lines().filter(|line| !TAGS.iter().any(|tag| line.starts_with(tag)));
    without_open(&lines.map(|line| format!("{line}\n")).collect::<String>())
}

/// Leaves out the tags that stand behind the last segment.
fn without_open(text: &str) -> String {
    let numbers = text.find("#EXT-X-DISCONTINUITY-SEQUENCE:").unwrap();
    let head = numbers + text[numbers..].find('\n').unwrap() + 1;
    let end = text.rfind(".seg\n").map_or(head, |at| at + 5);
    let rest: String = text[end..].lines().filter(|line| *line == "#EXT-X-ENDLIST").collect();
    format!("{}{rest}", &text[..end])
}
