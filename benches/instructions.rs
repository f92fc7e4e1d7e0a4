//! Makes passes over an input, to be counted from outside: `instructions NAME FOLDER|rule PART
//! PASSES`. See `instructions.sh`.
#![allow(
    clippy::std_instead_of_core,
    clippy::indexing_slicing,
    clippy::expect_used,
    clippy::panic,
    reason = "a benchmark fails loudly"
)]

mod support;

use std::hint::black_box;
use std::path::Path;

use hls_segmenter::flv::Tag;
use support::elementary::Elementary;
use support::fragments::{self, Fragments};
use support::input::{by_rule, inputs};
use support::sinks::{Appended, Chunks, Counting, Frozen, Memory, Null, Packets, Take, Vectored};
use support::{read, segment, segment_fmp4, segment_parts, strided, tags};

/// Seconds of an input that is made by rule.
const SECS: u32 = 20;

fn main() {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let [name, folder, part, passes] = &arguments[..] else {
        println!("usage: instructions a|b|c FOLDER|rule PART PASSES");
        println!(
            "PART is strided, reader, null, memory, packets, vec, bytes, buf, vectored, fmp4 or parts"
        );
        return;
    };
    let inputs = if folder == "rule" { by_rule(SECS) } else { inputs(Path::new(folder), SECS) };
    let input = inputs.into_iter().find(|input| input.name == name).expect("a, b or c");
    let passes: u32 = passes.parse().expect("a number of passes");

    let mut sink = Counting::<Memory>::default();
    let tags = tags(&input.file);
    segment(&tags, &mut sink);
    println!("{} {}", sink.packets, tags.len());
    match part.as_str() {
        "strided" => {
            let elementary = Elementary::of(&input.file);
            let mut slots = vec![[0; 188]; (4 << 20) / 188];
            for _ in 0..passes {
                black_box(strided::copy(&elementary, &mut slots));
            }
        }
        "reader" => {
            for _ in 0..passes {
                black_box(read(&input.file, |tag| {
                    black_box(tag);
                }));
            }
        }
        "null" => repeat(Counting::<Null>::default(), &tags, passes),
        "vec" => repeat(Counting::<Appended>::default(), &tags, passes),
        "packets" => repeat(Counting::<Packets>::default(), &tags, passes),
        "bytes" => repeat(Counting::<Frozen>::default(), &tags, passes),
        "vectored" => repeat(Counting::<Vectored>::default(), &tags, passes),
        "buf" => repeat(Counting::<Chunks>::default(), &tags, passes),
        "memory" => repeat(sink, &tags, passes),
        "fmp4" => repeat_fragments(|tags, sink| segment_fmp4(tags, sink), &tags, passes),
        "parts" => repeat_fragments(|tags, sink| segment_parts(tags, sink), &tags, passes),
        other => panic!("there is no part {other}"),
    }
}

fn repeat_fragments(segment: fn(&[Tag<'_>], &mut Fragments<'_>), tags: &[Tag<'_>], passes: u32) {
    let mut memory = vec![0; fragments::MOST];
    let mut sink = Fragments::new(&mut memory);
    for _ in 0..passes {
        segment(tags, &mut sink);
    }
}

fn repeat<T: Take>(mut sink: Counting<T>, tags: &[Tag<'_>], passes: u32) {
    for _ in 0..passes {
        segment(tags, &mut sink);
    }
}
