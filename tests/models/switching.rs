//! The switching rule as the page of PutLiveChannel words it, over whole streams of one track.

use hls_segmenter::config::{FragDuration, Options};
use hls_segmenter::{Cause, Segment};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::support::stream::{SPS, audio, audio_header, picture, video_header};
use crate::support::{OwnedTag, run};

/// What is compared of a segment: start and duration in ticks, frames, cause.
type Cut = (i64, i64, u32, Cause);

fn cut(segment: &Segment) -> Cut {
    (segment.start.get(), segment.duration.get(), segment.frames, segment.cause)
}

/// Returns how much earlier than FragDuration the last of these may be as a key frame, in ticks:
/// half an interval of up to a tenth of a second, that of 25 frames per second at first; later the
/// longest there was, less a sixteenth of the difference with each shorter one.
fn slack(pictures: &[(i64, bool)]) -> i64 {
    let mut longest = 3600;
    let mut before = 3600;
    for pair in pictures.windows(2) {
        let interval = (pair[1].0 - pair[0].0) * 90;
        let kept = if interval > 9000 { before } else { interval };
        before = interval;
        longest = kept.max(longest + (kept - longest) / 16).min(9000);
    }
    (longest / 2).clamp(90, 4500)
}

/// Cuts pictures at `(ms, key frame)`: nothing is worked out beforehand, nothing remembered but the
/// open segment.
fn cut_video(pictures: &[(i64, bool)], frag_millis: i64) -> Vec<Cut> {
    let mut cuts = Vec::new();
    let (mut start, mut frames) = (pictures[0].0, 0);
    for (nth, &(millis, key_frame)) in pictures.iter().enumerate() {
        let age = millis - start;
        let ticks = age * 90 + slack(&pictures[..=nth]);
        let cause = if frames > 0 && key_frame && age > 0 && ticks >= frag_millis * 90 {
            Some(Cause::KeyFrame)
        } else if age >= (2 * frag_millis).max(60_000) {
            Some(Cause::Forced)
        } else {
            None
        };
        if let Some(cause) = cause {
            cuts.push((start * 90, age * 90, frames, cause));
            (start, frames) = (millis, 0);
        }
        frames += 1;
    }
    let step = |back: usize| {
        let at = pictures.len().checked_sub(back)?;
        let before = at.checked_sub(1)?;
        Some(pictures[at].0 - pictures[before].0)
    };
    // 25 frames per second, as the parameter sets say, until two pictures have told otherwise.
    let last = step(1).unwrap_or(40).min(step(2).unwrap_or(40));
    let end = pictures[pictures.len() - 1].0 + last;
    cuts.push((start * 90, (end - start) * 90, frames, Cause::End));
    cuts
}

/// Cuts frames of 1024 samples at 48 kHz, 1920 ticks each, from tick 0 on.
fn cut_audio(count: i64, frag_millis: i64) -> Vec<Cut> {
    let mut cuts = Vec::new();
    let (mut start, mut frames) = (0, 0);
    for at in (0..count).map(|n| n * 1920) {
        if at - start >= frag_millis * 90 {
            cuts.push((start, at - start, frames, Cause::AudioOnly));
            (start, frames) = (at, 0);
        }
        frames += 1;
    }
    cuts.push((start, count * 1920 - start, frames, Cause::End));
    cuts
}

fn options(secs: u32) -> Options {
    Options { frag_duration: FragDuration::new(secs).unwrap(), ..Options::default() }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn o_33_x3_x5_video_is_cut_as_the_wording_says(
        steps in vec((prop_oneof![6 => 1_i64..100, 1 => 100_i64..9_000, 1 => Just(10_000_i64)], proptest::bool::weighted(0.08)), 1..400),
        secs in prop_oneof![3 => 1_u32..8, 1 => 25_u32..45],
    ) {
        let mut millis = 5_000;
        let mut pictures = vec![(millis, true)];
        for (step, key_frame) in steps {
            millis += step;
            pictures.push((millis, key_frame));
        }
        let tags: Vec<OwnedTag> = [video_header(5_000, SPS)]
            .into_iter()
            .chain(pictures.iter().map(|&(millis, key)| picture(millis, key, 0, 20)))
            .collect();
        let output = run(&tags, options(secs));
        let got: Vec<_> = output.memory.segments.iter().map(cut).collect();
        prop_assert_eq!(got, cut_video(&pictures, i64::from(secs) * 1000));
    }

    #[test]
    fn x8_audio_alone_is_cut_as_the_wording_says(count in 15_i64..1500, secs in 1_u32..8) {
        let frames = (0..count).map(|n| audio(n * 1024 / 48, 30));
        let tags: Vec<_> = [audio_header(0, 48_000)].into_iter().chain(frames).collect();
        let output = run(&tags, options(secs));
        let got: Vec<_> = output.memory.segments.iter().map(cut).collect();
        prop_assert_eq!(got, cut_audio(count, i64::from(secs) * 1000));
    }
}
