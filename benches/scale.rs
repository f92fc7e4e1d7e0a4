//! Many live channels on one thread: `cargo bench --bench scale`.
//!
//! Channels take turns, tag by tag, as a server with many connections has it: what a channel keeps
//! is cold when its next tag comes. The tags are the same for all, and so is the memory that takes
//! the packets, so that what grows with the number of channels is their state alone.
#![allow(
    clippy::std_instead_of_core,
    clippy::indexing_slicing,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a benchmark fails loudly"
)]

mod support;

use std::path::Path;
use std::time::Instant;

use hls_segmenter::flv::Tag;
use hls_segmenter::{Config, Segmenter};
use support::input::inputs;
use support::sinks::{Counting, Memory};
use support::tags;

/// Rounds; the medians are printed.
const ROUNDS: usize = 5;
/// Pushes in a round; a thousand for each channel at least.
const PUSHES: usize = 2_000_000;
const CHANNELS: [usize; 4] = [1, 100, 1_000, 10_000];

fn main() {
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let folder = std::env::var("BENCH_INPUTS").unwrap_or_else(|_| {
        concat!(env!("CARGO_MANIFEST_DIR"), "/../target/bench-inputs").to_owned()
    });
    println!("state of a channel: {} bytes", size_of::<Segmenter>());
    println!("{:<6}{:>10}{:>16}{:>14}", "input", "channels", "ns/TS packet", "x 100");
    for input in inputs(Path::new(&folder), 60) {
        let tags = tags(&input.file);
        let mut times = vec![Vec::new(); CHANNELS.len()];
        for _ in 0..ROUNDS {
            for (channels, times) in CHANNELS.into_iter().zip(&mut times) {
                times.push(round(&tags, channels));
            }
        }
        let medians: Vec<f64> = times.into_iter().map(median).collect();
        for (channels, nanos) in CHANNELS.into_iter().zip(&medians) {
            println!("{:<6}{channels:>10}{nanos:>16.1}{:>14.2}", input.name, nanos / medians[1],);
        }
    }
}

/// Returns ns for a TS packet with so many channels.
fn round(tags: &[Tag<'_>], channels: usize) -> f64 {
    let mut segmenters = vec![Segmenter::new(Config::default()); channels];
    let mut sink = Counting::<Memory>::default();
    let count = tags.len().min((PUSHES / channels).max(1_000));
    let start = Instant::now();
    for tag in &tags[..count] {
        for segmenter in &mut segmenters {
            segmenter.push(*tag, &mut sink).unwrap();
        }
    }
    start.elapsed().as_secs_f64() * 1e9 / sink.packets as f64
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
