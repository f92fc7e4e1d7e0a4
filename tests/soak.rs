//! Months of stream: nothing drifts, nothing grows. `cargo test --release --test soak --
//! --nocapture` tells how long it took.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::std_instead_of_core,
    clippy::doc_markdown,
    reason = "helpers of tests fail loudly"
)]

mod support;

use std::convert::Infallible;
use std::time::Instant;

use hls_segmenter::flv::Tag;
use hls_segmenter::notice::Notice;
use hls_segmenter::playlist::Playlist;
use hls_segmenter::time::{FlvTime, Secs};
use hls_segmenter::ts::TsPackets;
use hls_segmenter::{Config, End, Segment, SegmentSink, SegmentStart, Segmenter};
use support::stream::{SPS, audio, audio_header, picture, video_header};
use support::{AUDIO, VIDEO};

const HOUR: i64 = 3_600_000;
/// Sixty days, some 350 million tags, in a release build; an hour or two of them in a debug one.
const LONG: i64 = if cfg!(debug_assertions) { 2 * HOUR } else { 60 * 24 * HOUR };
const RATE: i64 = 44_100;
const AUDIO_LEN: usize = 40;
/// What PTS stands ahead of the clock reference by, in ticks.
const LEAD: i64 = 63_000;

/// Adds up what was said of the segments, and holds every PTS against exact arithmetic.
struct Ledger {
    /// Tick of the first frame of either track.
    start: i64,
    pictures: i64,
    audio_frames: i64,
    ticks: i64,
    millis: i64,
    segments: u64,
    packets: Vec<u8>,
}

impl SegmentSink for Ledger {
    type Error = Infallible;

    fn open_segment(&mut self, _: &SegmentStart) -> Result<(), Infallible> {
        Ok(())
    }

    fn write_packets(&mut self, run: TsPackets<'_>) -> Result<(), Infallible> {
        run.copy_to_slice(&mut self.packets[..]).unwrap();
        let packet = &self.packets[..188];
        let pid = u16::from_be_bytes([packet[1] & 0x1f, packet[2]]);
        let body = if packet[3] & 0x20 == 0 { 4 } else { 5 + usize::from(packet[4]) };
        if pid == VIDEO && body < 188 {
            let exact = self.start + 3600 * self.pictures;
            assert_eq!(pts(&packet[body..]), wire(exact), "picture {}", self.pictures);
            self.pictures += 1;
        } else if pid == AUDIO && body < 188 {
            // Frame n begins n × 1024 samples behind the first, rounded to the tick.
            let exact = self.start + (self.audio_frames * 1024 * 90_000 * 2 + RATE) / (2 * RATE);
            assert_eq!(pts(&packet[body..]), wire(exact), "audio frame {}", self.audio_frames);
            let len = usize::from(u16::from_be_bytes([packet[body + 4], packet[body + 5]])) - 8;
            self.audio_frames += (len / (AUDIO_LEN + 7)) as i64;
        }
        Ok(())
    }

    fn close_segment(&mut self, segment: &Segment) -> Result<(), Infallible> {
        self.ticks += segment.duration.get();
        self.millis += i64::from(segment.extinf.millis());
        self.segments += 1;
        assert!((self.millis * 90 - self.ticks).abs() <= 45, "segment {}", self.segments);
        Ok(())
    }

    fn notice(&mut self, notice: &Notice) {
        panic!("{notice:?}");
    }

    fn update_playlist(&mut self, playlist: Playlist<'_>) -> Result<(), Infallible> {
        assert_eq!(
            (playlist.target_duration(), playlist.discontinuity_sequence()),
            (Secs::new(5), 0)
        );
        Ok(())
    }
}

fn wire(ticks: i64) -> i64 {
    (ticks + LEAD) & ((1 << 33) - 1)
}

/// Reads the PTS of a PES header.
fn pts(pes: &[u8]) -> i64 {
    let b = |at: usize| i64::from(pes[9 + at]);
    (b(0) >> 1 & 7) << 30 | b(1) << 22 | (b(2) >> 1) << 15 | b(3) << 7 | b(4) >> 1
}

/// Pushes 25 pictures a second and AAC beside them for so long, over the wraps of all clocks.
fn soak(start: i64, millis: i64) -> Ledger {
    let (key, inter) = (picture(0, true, 0, 60), picture(0, false, 0, 60));
    let frame = audio(0, AUDIO_LEN);
    let mut ledger = Ledger {
        start: start * 90,
        pictures: 0,
        audio_frames: 0,
        ticks: 0,
        millis: 0,
        segments: 0,
        packets: vec![0; 8192],
    };
    let mut segmenter = Segmenter::new(Config::default());
    for header in [video_header(start, SPS), audio_header(start, RATE)] {
        segmenter.push(header.borrow(), &mut ledger).unwrap();
    }
    let mut heard = 0;
    let audio_at = |n: i64| (n * 1_024_000 + RATE / 2) / RATE;
    for (n, at) in (0..millis).step_by(40).enumerate() {
        let time = |millis: i64| FlvTime::from_millis((start + millis) as u32);
        let data = if n % 25 == 0 { &key.data } else { &inter.data };
        segmenter.push(Tag::video(time(at), data), &mut ledger).unwrap();
        while audio_at(heard) < at + 40 {
            let tag = Tag::audio(time(audio_at(heard)), &frame.data);
            segmenter.push(tag, &mut ledger).unwrap();
            heard += 1;
        }
    }
    segmenter.finish(End::List, &mut ledger).unwrap();
    assert_eq!(ledger.ticks, millis * 90, "durations add up to the time");
    assert_eq!(ledger.millis, millis, "and so does EXTINF");
    assert_eq!(ledger.pictures, millis / 40);
    assert_eq!(ledger.audio_frames, heard);
    ledger
}

#[test]
fn h_04_r_02_r_12_r_13_a_long_run_over_both_wraps_is_exact_to_the_tick() {
    // What a run of an hour takes is there for good, and nothing comes on top.
    soak(0, HOUR);
    let (start, before) = (Instant::now(), peak_kib());
    // 2^32 ms are 45 times 2^33 ticks: both clocks wrap at once.
    let ledger = soak((1 << 32) - HOUR, LONG);
    let peak = peak_kib();
    assert!(peak <= before + 64, "{before} KiB became {peak}");
    println!(
        "{} hours: {} pictures and {} audio frames in {} segments, {} s; peak memory {} KiB, {} KiB before",
        LONG / HOUR,
        ledger.pictures,
        ledger.audio_frames,
        ledger.segments,
        start.elapsed().as_secs(),
        peak,
        before,
    );
}

/// Returns the most memory that this process ever had, where the system tells.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or(0)
}
