//! Segments a file of 20 s again and again, one stream, into the same memory: `cost FILE.flv
//! PASSES`; or makes the benchmarks' inputs: `cost make FOLDER`. To be counted from outside.
//!
//! `tests/cost.c` does the same through the C API; `tests/cost.sh` compares their instructions.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::std_instead_of_core,
    unreachable_pub,
    reason = "a test program fails loudly"
)]

#[path = "../../benches/support/input.rs"]
#[allow(dead_code, missing_docs, reason = "the benchmarks use all of it")]
mod input;

use std::env::args;
use std::path::Path;

use hls_segmenter::flv::{Reader, Step, Tag};
use hls_segmenter::playlist::Playlist;
use hls_segmenter::ts::TsPackets;
use hls_segmenter::{Config, End, Segment, SegmentSink, SegmentStart, Segmenter};

/// Milliseconds of an input: one pass follows the other.
const SPAN: i32 = 20_000;

#[derive(Default)]
struct Memory {
    segment: Vec<u8>,
    len: usize,
    packets: usize,
    listed: usize,
}

impl SegmentSink for Memory {
    type Error = i32;

    fn open_segment(&mut self, _: &SegmentStart) -> Result<(), i32> {
        self.len = 0;
        Ok(())
    }

    fn write_packets(&mut self, packets: TsPackets<'_>) -> Result<(), i32> {
        let len = packets.len();
        self.packets += len / 188;
        if self.segment.len() < self.len + len {
            self.segment.resize((self.len + len) * 2, 0);
        }
        packets.copy_to_slice(&mut self.segment[self.len..][..len]).unwrap();
        self.len += len;
        Ok(())
    }

    fn close_segment(&mut self, _: &Segment) -> Result<(), i32> {
        Ok(())
    }

    fn update_playlist(&mut self, playlist: Playlist<'_>) -> Result<(), i32> {
        self.listed += playlist.segments().len();
        Ok(())
    }
}

fn main() {
    let arguments: Vec<String> = args().collect();
    if arguments[1] == "make" {
        for input in input::by_rule(20) {
            let path = Path::new(&arguments[2]).join(format!("{}.flv", input.name));
            std::fs::write(path, input.file).unwrap();
        }
        return;
    }
    let file = std::fs::read(&arguments[1]).unwrap();
    let tags = read(&file);
    let mut sink = Memory::default();
    let mut segmenter = Segmenter::new(Config::default());
    for pass in 0..arguments[2].parse().unwrap() {
        for &tag in &tags {
            let time = tag.time.offset(pass * SPAN);
            segmenter.push(Tag { time, ..tag }, &mut sink).unwrap();
        }
    }
    segmenter.finish(End::List, &mut sink).unwrap();
    println!("{} {}", sink.packets, tags.len());
}

/// Takes the file apart beforehand: a server has its messages from elsewhere.
fn read(file: &[u8]) -> Vec<Tag<'_>> {
    let (mut reader, mut rest, mut tags) = (Reader::new(), file, Vec::new());
    loop {
        let consumed = match reader.step(rest).unwrap() {
            Step::Header { consumed, .. } => consumed,
            Step::Tag { tag, consumed } => {
                tags.push(tag);
                consumed
            }
            _ => return tags,
        };
        rest = &rest[consumed..];
    }
}
