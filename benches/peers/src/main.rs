//! Peers that drag more with them than the benchmarks should: `cargo run --release`, in this
//! folder.
//!
//! Each muxes frames that are converted already, into memory that is used again where its interface
//! allows that; the engine does the whole job. All take turns, round after round, and the medians
//! of the ratios are printed.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a benchmark fails loudly"
)]

#[path = "../../support/mod.rs"]
mod support;

use std::path::Path;
use std::time::Instant;

use bytes::BytesMut;
use support::elementary::Elementary;
use support::input::inputs;
use support::sinks::{Counting, Memory};
use xmpegts::define::{MPEG_FLAG_IDR_FRAME, epsi_stream_type};
use xmpegts::ts::TsMuxer;

const ROUNDS: usize = 7;

fn main() {
    let folder = std::env::var("BENCH_INPUTS").unwrap_or_else(|_| {
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/bench-inputs").into()
    });
    println!("{:<4}{:>16}{:>12}{:>12}", "", "engine", "mpeg2ts", "xmpegts");
    for input in inputs(Path::new(&folder), 60) {
        let tags = support::tags(&input.file);
        let elementary = Elementary::of(&input.file);
        let mut sink = Counting::<Memory>::default();
        let mut flat = Vec::with_capacity(5 << 20);
        let mut ratios: [Vec<f64>; 2] = Default::default();
        let mut engine = Vec::new();
        for _ in 0..ROUNDS {
            let own = timed(|| support::segment(&tags, &mut sink));
            engine.push(own);
            ratios[0].push(timed(|| _ = support::peer::mpeg2ts(&elementary, &mut flat)) / own);
            ratios[1].push(timed(|| xmpegts(&elementary)) / own);
        }
        let [mpeg2ts, xmpegts] = ratios.map(median);
        let millis = median(engine) * 1e3;
        println!("{:<4}{millis:>13.1} ms{mpeg2ts:>11.1}x{xmpegts:>11.1}x", input.name);
    }
}

/// Muxes every frame into a PES packet of its own, and takes the bytes of each two seconds.
fn xmpegts(elementary: &Elementary) {
    let mut muxer = TsMuxer::new();
    let video = muxer.add_stream(epsi_stream_type::PSI_STREAM_H264, BytesMut::new());
    let audio = muxer.add_stream(epsi_stream_type::PSI_STREAM_AAC, BytesMut::new());
    let (video, audio) = (video.unwrap(), audio.unwrap());
    for frame in &elementary.frames {
        let (pid, flags) = match (frame.video, frame.key) {
            (true, true) => (video, MPEG_FLAG_IDR_FRAME),
            (true, false) => (video, 0),
            (false, _) => (audio, 0),
        };
        if frame.key {
            core::hint::black_box(muxer.get_data());
        }
        let payload = BytesMut::from(elementary.bytes_of(frame));
        muxer.write(pid, frame.pts as i64, frame.dts as i64, flags, payload).unwrap();
    }
    core::hint::black_box(muxer.get_data());
}

fn timed(pass: impl FnOnce()) -> f64 {
    let start = Instant::now();
    pass();
    start.elapsed().as_secs_f64()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
