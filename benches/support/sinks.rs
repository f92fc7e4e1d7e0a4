//! Sinks: one that looks at nothing, one that copies into memory of its own, and one that reads a `Buf`.

use core::convert::Infallible;

use bytes::Buf;
use hls_segmenter::playlist::Playlist;
use hls_segmenter::ts::TsPackets;
use hls_segmenter::{Segment, SegmentSink, SegmentStart};

/// What a sink does with the packets of a segment.
pub trait Take {
    fn begin(&mut self) {}
    fn take(&mut self, packets: TsPackets<'_>);
}

/// Counts packets and segments around a [`Take`].
#[derive(Default)]
pub struct Counting<T> {
    pub taker: T,
    pub packets: u64,
    pub segments: u64,
    playlist: usize,
}

impl<T: Take> SegmentSink for Counting<T> {
    type Error = Infallible;

    fn open_segment(&mut self, _: &SegmentStart) -> Result<(), Infallible> {
        self.taker.begin();
        Ok(())
    }

    fn write_packets(&mut self, packets: TsPackets<'_>) -> Result<(), Infallible> {
        self.packets += (packets.len() / 188) as u64;
        self.taker.take(packets);
        Ok(())
    }

    fn close_segment(&mut self, _: &Segment) -> Result<(), Infallible> {
        self.segments += 1;
        Ok(())
    }

    fn update_playlist(&mut self, playlist: Playlist<'_>) -> Result<(), Infallible> {
        self.playlist += playlist.segments().len();
        Ok(())
    }
}

/// Looks at nothing.
#[derive(Default)]
pub struct Null;

impl Take for Null {
    fn take(&mut self, packets: TsPackets<'_>) {
        core::hint::black_box(&packets);
    }
}

/// Copies every segment into the same memory.
#[derive(Default)]
pub struct Memory {
    segment: Vec<u8>,
    len: usize,
}

impl Memory {
    /// Returns room for `len` more bytes; what was grown stays.
    fn room(&mut self, len: usize) -> &mut [u8] {
        let start = self.len;
        self.len += len;
        if self.segment.len() < self.len {
            self.segment.resize(self.len * 2, 0);
        }
        &mut self.segment[start..self.len]
    }
}

impl Take for Memory {
    fn begin(&mut self) {
        core::hint::black_box(&self.segment);
        self.len = 0;
    }

    fn take(&mut self, packets: TsPackets<'_>) {
        let room = self.room(packets.len());
        packets.copy_to_slice(room).unwrap();
    }
}

/// Copies every segment into the same memory, chunk by chunk of a [`Buf`].
#[derive(Default)]
pub struct Chunks(Memory);

impl Take for Chunks {
    fn begin(&mut self) {
        self.0.begin();
    }

    fn take(&mut self, packets: TsPackets<'_>) {
        let room = self.0.room(packets.len());
        packets.into_buf().copy_to_slice(room);
    }
}
