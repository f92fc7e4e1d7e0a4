//! A sink that keeps parts and the lists that name them.

use std::collections::BTreeSet;

use hls_segmenter::fmp4::{FragmentHead, Init, Payload};
use hls_segmenter::playlist::Playlist;
use hls_segmenter::ts::TsPackets;
use hls_segmenter::{Part, Segment, SegmentSink, SegmentStart};

/// What came of parts, and which calls are to fail.
#[derive(Debug, Default)]
pub struct PartsSink {
    /// Numbers of the calls that fail.
    pub fails_at: BTreeSet<usize>,
    calls: usize,
    pub failed: usize,
    pub parts: Vec<Part>,
    pub segments: Vec<Segment>,
    /// Every version of the list, with parts and plain.
    pub texts: Vec<(String, String)>,
}

impl PartsSink {
    fn call(&mut self) -> Result<(), ()> {
        self.calls += 1;
        if self.fails_at.contains(&self.calls) {
            self.failed += 1;
            return Err(());
        }
        Ok(())
    }
}

impl SegmentSink for PartsSink {
    type Error = ();

    fn open_segment(&mut self, _: &SegmentStart) -> Result<(), ()> {
        self.call()
    }

    fn write_packets(&mut self, _: TsPackets<'_>) -> Result<(), ()> {
        self.call()
    }

    fn init_section(&mut self, _: &Init<'_>) -> Result<(), ()> {
        self.call()
    }

    fn write_payload(&mut self, _: Payload<'_>) -> Result<(), ()> {
        self.call()
    }

    fn close_fragment(&mut self, _: FragmentHead<'_>) -> Result<(), ()> {
        self.call()
    }

    fn close_part(&mut self, part: &Part) -> Result<(), ()> {
        self.call()?;
        self.parts.push(*part);
        Ok(())
    }

    fn close_segment(&mut self, segment: &Segment) -> Result<(), ()> {
        self.call()?;
        self.segments.push(*segment);
        Ok(())
    }

    fn update_playlist(&mut self, playlist: Playlist<'_>) -> Result<(), ()> {
        self.call()?;
        let m3u8 = playlist.m3u8(|segment, uri| write!(uri, "{}.seg", segment.id));
        let m3u8 = m3u8.init_uri(|id, uri| write!(uri, "{id}.init"));
        let live = m3u8.low_latency(|part, uri| write!(uri, "{}.{}", part.segment, part.index));
        self.texts.push((live.to_string(), m3u8.to_string()));
        Ok(())
    }
}
