//! How fast the whole job is, beside a bare copy and a peer, in one run: `cargo bench --bench
//! segmenter`.
//!
//! First the ratios: all contenders run in turn, round after round, so that a noisy machine
//! disturbs them alike, and the medians of their times within a round are compared. Then criterion,
//! for the figures of each alone.
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
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput};
use hls_segmenter::flv::Tag;
use support::elementary::Elementary;
use support::input::{Input, inputs};
use support::sinks::{Chunks, Counting, Files, Memory, Null};
use support::{peer, read, segment, segment_file, strided, tags};

/// Rounds of the ratios.
const ROUNDS: usize = 15;

/// What is measured: its name, and one pass over the input.
type Contender<'a> = (&'static str, Box<dyn FnMut() + 'a>);

fn main() {
    let folder = std::env::var("BENCH_INPUTS").unwrap_or_else(|_| {
        concat!(env!("CARGO_MANIFEST_DIR"), "/../target/bench-inputs").to_owned()
    });
    let inputs = inputs(Path::new(&folder), 60);
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    for input in &inputs {
        let elementary = Elementary::of(&input.file);
        let mut sink = Counting::<Memory>::default();
        let tags = tags(&input.file);
        segment(&tags, &mut sink);
        let ts_bytes = sink.packets * 188;
        describe(input, &elementary, ts_bytes, sink.segments);
        ratios(contenders(input, &tags, &elementary), ts_bytes);
        let mut group = criterion.benchmark_group(input.name);
        group.throughput(Throughput::Bytes(ts_bytes));
        for (name, mut pass) in contenders(input, &tags, &elementary) {
            group.bench_function(name, |bencher| bencher.iter(&mut pass));
        }
        group.finish();
    }
    criterion.final_summary();
}

fn contenders<'a>(
    input: &'a Input,
    tags: &'a [Tag<'a>],
    elementary: &'a Elementary,
) -> Vec<Contender<'a>> {
    let file = &input.file[..];
    let mut null = Counting::<Null>::default();
    let mut memory = Counting::<Memory>::default();
    let mut whole = Counting::<Memory>::default();
    let mut chunks = Counting::<Chunks>::default();
    let mut files = Counting::<Files>::default();
    let mut slots = vec![[0_u8; 188]; (4 << 20) / 188];
    let mut flat = Vec::with_capacity(5 << 20);
    let mut plain = vec![0; 4 << 20];
    vec![
        (
            "strided copy",
            Box::new(move || {
                black_box(strided::copy(elementary, &mut slots));
            }),
        ),
        (
            "memcpy",
            Box::new(move || {
                for piece in elementary.bytes.chunks(plain.len()) {
                    plain[..piece.len()].copy_from_slice(piece);
                    black_box(&plain);
                }
            }),
        ),
        (
            "reader",
            Box::new(move || {
                black_box(read(file, |tag| {
                    black_box(tag);
                }));
            }),
        ),
        ("engine, null sink", Box::new(move || segment(tags, &mut null))),
        ("engine, memory sink", Box::new(move || segment(tags, &mut memory))),
        ("reader and engine", Box::new(move || segment_file(file, &mut whole))),
        ("engine, Buf sink", Box::new(move || segment(tags, &mut chunks))),
        ("engine, file sink", Box::new(move || segment(tags, &mut files))),
        (
            "mpeg2ts writer",
            Box::new(move || {
                black_box(peer::mpeg2ts(elementary, &mut flat));
            }),
        ),
    ]
}

fn describe(input: &Input, elementary: &Elementary, ts_bytes: u64, segments: u64) {
    let tags = read(&input.file, |_| {});
    let over = |bytes: usize| 100.0 * (ts_bytes as f64 / bytes as f64 - 1.0);
    println!(
        "\n{} (by {}): {} MB of FLV, {tags} tags, {} TS packets, {segments} segments, overhead {:.2} % over payload, {:.2} % over elementary streams; at the least {:.2} % over payload",
        input.name,
        input.made_by,
        input.file.len() / 1_000_000,
        ts_bytes / 188,
        over(elementary.payload_len),
        over(elementary.bytes.len()),
        100.0 * (elementary.floor(segments) as f64 * 188.0 / elementary.payload_len as f64 - 1.0),
    );
}

/// Runs every contender in turn and prints the medians, and each against the first.
fn ratios(mut contenders: Vec<Contender<'_>>, ts_bytes: u64) {
    let mut times = vec![Vec::new(); contenders.len()];
    for round in 0..=ROUNDS {
        for ((_, pass), times) in contenders.iter_mut().zip(&mut times) {
            let start = Instant::now();
            pass();
            // The first round warms up.
            if round > 0 {
                times.push(start.elapsed().as_secs_f64());
            }
        }
    }
    let packets = ts_bytes as f64 / 188.0;
    println!("  {:<22}{:>10}{:>16}{:>18}", "", "GB/s", "ns/TS packet", "x strided copy");
    for ((name, _), own) in contenders.iter().zip(&times) {
        let median = median(own.clone());
        let ratio = own.iter().zip(&times[0]).map(|(own, copy)| own / copy).collect();
        println!(
            "  {name:<22}{:>10.2}{:>16.1}{:>18.2}",
            ts_bytes as f64 / median / 1e9,
            median / packets * 1e9,
            self::median(ratio),
        );
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
