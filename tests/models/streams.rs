//! Streams of both tracks as encoders send them, with what goes wrong on the way.

use hls_segmenter::flv::TagKind;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::support::OwnedTag;
use crate::support::stream::{OTHER_SPS, SPS, audio, audio_header, picture, video_header};

/// One thing that happens in a stream.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    /// An AAC frame of so many bytes, so many ms from where it belongs.
    Audio {
        jitter: i64,
        len: usize,
    },
    /// A picture of so many bytes.
    Picture {
        key_frame: bool,
        composition: i32,
        len: usize,
    },
    AudioHeader {
        rate: i64,
    },
    /// So many frames of MP3 in one tag, instead of AAC.
    Mp3 {
        frames: usize,
    },
    VideoHeader {
        other: bool,
    },
    /// Audio is missing for so many ms.
    AudioHole(i64),
    /// Video is missing for so many ms.
    VideoHole(i64),
    /// Both clocks leap.
    Jump(i64),
}

/// Makes streams of up to `most` steps.
pub(crate) fn streams(most: usize) -> impl Strategy<Value = Vec<Step>> {
    let jitter = prop_oneof![8 => -8_i64..8, 1 => -60_i64..60, 1 => Just(0)];
    let len = prop_oneof![12 => 1_usize..400, 2 => 400_usize..1500, 1 => 3000_usize..4500];
    let composition = prop_oneof![6 => Just(0), 2 => Just(80), 1 => Just(-40)];
    let step = prop_oneof![
        40 => (jitter, len.clone()).prop_map(|(jitter, len)| Step::Audio { jitter, len }),
        24 => (proptest::bool::weighted(0.1), composition, len).prop_map(
            |(key_frame, composition, len)| Step::Picture { key_frame, composition, len }
        ),
        1 => prop_oneof![Just(44_100_i64), Just(48_000)].prop_map(|rate| Step::AudioHeader { rate }),
        1 => prop_oneof![4 => 1_usize..5, 1 => 5_usize..600].prop_map(|frames| Step::Mp3 { frames }),
        1 => any::<bool>().prop_map(|other| Step::VideoHeader { other }),
        1 => (1_i64..12_000).prop_map(Step::AudioHole),
        1 => prop_oneof![1_i64..12_000, 12_000_i64..80_000].prop_map(Step::VideoHole),
        1 => prop_oneof![-40_000_i64..40_000, -900_i64..900].prop_map(Step::Jump),
    ];
    vec(step, 1..most)
}

/// Frames of MPEG-1 layer III, 64 kbit/s and 44.1 kHz, one channel: 208 bytes each.
fn mp3(millis: i64, frames: usize) -> OwnedTag {
    let mut frame = vec![0xff, 0xfb, 0x50, 0xc4];
    frame.resize(208, 0);
    OwnedTag { kind: TagKind::AUDIO, millis, data: [&[0x2f], &frame.repeat(frames)[..]].concat() }
}

/// Writes the tags of a stream that begins with the headers of the tracks it has.
pub(crate) fn tags(steps: &[Step], (video, sound): (bool, bool)) -> Vec<OwnedTag> {
    const START: i64 = 100_000;
    let mut tags = Vec::new();
    if video {
        tags.push(video_header(START, SPS));
    }
    if sound {
        tags.push(audio_header(START, 44_100));
    }
    let (mut audio_at, mut video_at, mut rate) = (START * 1000, START, 44_100);
    for step in steps {
        match *step {
            Step::Audio { jitter, len } if sound => {
                tags.push(audio(audio_at / 1000 + jitter, len));
                audio_at += 1_024_000_000 / rate;
                video_at = video_at.max(audio_at / 1000 - 300);
            }
            Step::Picture { key_frame, composition, len } if video => {
                tags.push(picture(video_at, key_frame, composition, len));
                video_at += 40;
                audio_at = audio_at.max((video_at - 300) * 1000);
            }
            Step::Mp3 { frames } if sound => {
                tags.push(mp3(audio_at / 1000, frames));
                audio_at += 1_152_000_000 / 44_100 * frames as i64;
            }
            Step::AudioHeader { rate: new } if sound => {
                rate = new;
                tags.push(audio_header(audio_at / 1000, new));
            }
            Step::VideoHeader { other } if video => {
                tags.push(video_header(video_at, if other { OTHER_SPS } else { SPS }));
            }
            Step::AudioHole(millis) => audio_at += millis * 1000,
            Step::VideoHole(millis) => video_at += millis,
            Step::Jump(by) => {
                audio_at += by * 1000;
                video_at += by;
            }
            _ => {}
        }
    }
    tags
}
