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

use support::elementary::Elementary;
use support::input::{by_rule, inputs};
use support::sinks::{Chunks, Counting, Memory, Null};
use support::{read, segment, strided, tags};

/// Seconds of an input that is made by rule.
const SECS: u32 = 20;

fn main() {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let [name, folder, part, passes] = &arguments[..] else {
        println!("usage: instructions a|b|c FOLDER|rule strided|reader|null|memory|buf PASSES");
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
        "null" => {
            let mut sink = Counting::<Null>::default();
            for _ in 0..passes {
                segment(&tags, &mut sink);
            }
        }
        "buf" => {
            let mut sink = Counting::<Chunks>::default();
            for _ in 0..passes {
                segment(&tags, &mut sink);
            }
        }
        "memory" => {
            for _ in 0..passes {
                segment(&tags, &mut sink);
            }
        }
        other => panic!("there is no part {other}"),
    }
}
