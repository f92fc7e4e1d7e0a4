//! Sinks: one that looks at nothing, and those that copy into memory of their own, read a `Buf`,
//! write a file.

use core::convert::Infallible;
use std::fs::File;
use std::io::{BufWriter, Seek, Write};

use bytes::{Buf, BytesMut};
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

/// Copies every segment into the same memory, and what many channels write between two segments
/// too.
#[derive(Default)]
pub struct Memory {
    segment: Vec<u8>,
    len: usize,
}

impl Memory {
    /// More than a segment of any input.
    const MOST: usize = 8 << 20;

    /// Returns room for `len` more bytes; what was grown stays.
    fn room(&mut self, len: usize) -> &mut [u8] {
        let start = if self.len > Self::MOST { 0 } else { self.len };
        self.len = start + len;
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

/// Appends to a `Vec` that is emptied for each segment.
#[derive(Default)]
pub struct Appended(Vec<u8>);

impl Take for Appended {
    fn begin(&mut self) {
        core::hint::black_box(&self.0);
        self.0.clear();
    }

    fn take(&mut self, packets: TsPackets<'_>) {
        packets.append_to_vec(&mut self.0);
    }
}

/// Appends to a `Vec` of packets that is emptied for each segment.
#[derive(Default)]
pub struct Packets(Vec<[u8; 188]>);

impl Take for Packets {
    fn begin(&mut self) {
        core::hint::black_box(&self.0);
        self.0.clear();
    }

    fn take(&mut self, packets: TsPackets<'_>) {
        packets.append_to(&mut self.0);
    }
}

/// Appends to a `BytesMut` and hands each segment on as `Bytes`.
#[derive(Default)]
pub struct Frozen(BytesMut);

impl Take for Frozen {
    fn begin(&mut self) {
        core::hint::black_box(self.0.split().freeze());
    }

    fn take(&mut self, packets: TsPackets<'_>) {
        packets.append_to_bytes(&mut self.0);
    }
}

/// Hands every run to a writer that takes all pieces at a call, and keeps nothing.
#[derive(Default)]
pub struct Vectored(u64);

impl Take for Vectored {
    fn take(&mut self, packets: TsPackets<'_>) {
        packets.write_to(self).unwrap();
    }
}

impl Write for Vectored {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        Ok(bytes.len())
    }

    fn write_vectored(&mut self, pieces: &[std::io::IoSlice<'_>]) -> std::io::Result<usize> {
        let len = pieces.iter().map(|piece| piece.len()).sum::<usize>();
        self.0 += len as u64;
        Ok(len)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Writes every segment over the same file, 256 KiB at a time; it has no name any more.
pub struct Files {
    out: BufWriter<File>,
}

impl Default for Files {
    fn default() -> Self {
        let path = std::env::temp_dir().join(format!("hls-segmenter-bench.{}", std::process::id()));
        let file = File::create(&path).expect("a temporary file");
        let _ = std::fs::remove_file(path);
        Self { out: BufWriter::with_capacity(256 << 10, file) }
    }
}

impl Take for Files {
    fn begin(&mut self) {
        self.out.rewind().expect("a file may be rewound");
    }

    fn take(&mut self, packets: TsPackets<'_>) {
        packets.for_each_piece(|piece| self.out.write_all(piece).expect("the disk has room"));
    }
}
