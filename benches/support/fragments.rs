//! A sink of fragmented MP4 that puts every fragment together in the same memory.

use core::convert::Infallible;

use hls_segmenter::fmp4::{FragmentBuffer, FragmentHead, Payload};
use hls_segmenter::playlist::Playlist;
use hls_segmenter::ts::TsPackets;
use hls_segmenter::{Segment, SegmentSink, SegmentStart};

/// More than a fragment of any input.
pub const MOST: usize = 8 << 20;

/// What a host does that serves fragments from memory: payload is copied once, the head goes before
/// it.
pub struct Fragments<'a> {
    buffer: FragmentBuffer<'a>,
}

impl<'a> Fragments<'a> {
    pub const fn new(memory: &'a mut [u8]) -> Self {
        Self { buffer: FragmentBuffer::new(memory) }
    }
}

impl SegmentSink for Fragments<'_> {
    type Error = Infallible;

    fn open_segment(&mut self, _: &SegmentStart) -> Result<(), Infallible> {
        Ok(())
    }

    fn write_packets(&mut self, _: TsPackets<'_>) -> Result<(), Infallible> {
        Ok(())
    }

    fn write_payload(&mut self, payload: Payload<'_>) -> Result<(), Infallible> {
        self.buffer.write(&payload).unwrap();
        Ok(())
    }

    fn close_fragment(&mut self, head: FragmentHead<'_>) -> Result<(), Infallible> {
        core::hint::black_box(self.buffer.close(&head).unwrap());
        Ok(())
    }

    fn close_segment(&mut self, _: &Segment) -> Result<(), Infallible> {
        Ok(())
    }

    fn update_playlist(&mut self, playlist: Playlist<'_>) -> Result<(), Infallible> {
        core::hint::black_box(playlist.segments().len());
        Ok(())
    }
}
