//! Streams of both tracks as encoders send them, with what goes wrong on the way.

use hls_segmenter::flv::TagKind;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::support::OwnedTag;
use crate::support::stream::{
    OTHER_SPS, SPS, audio, audio_header, picture, video_header, video_tag,
};

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
    /// So many AAC frames at the time of the first.
    Burst(i64),
    /// A picture or an AAC frame alone on another timeline.
    Outlier {
        video: bool,
        by: i64,
    },
    /// A picture whose two slices come as tags of one time, so many ms from where it belongs.
    Split {
        key_frame: bool,
        by: i64,
    },
    /// A header of AAC that ADTS cannot say.
    Refused,
    /// A tag of a codec that is not carried.
    Foreign {
        video: bool,
    },
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
        2 => field(),
    ];
    vec(step, 1..most)
}

/// What encoders in the field send.
fn field() -> impl Strategy<Value = Step> {
    let away = prop_oneof![2 => Just(0_i64), 1 => -40_000_i64..40_000];
    prop_oneof![
        (2_i64..12).prop_map(Step::Burst),
        (any::<bool>(), -40_000_i64..40_000).prop_map(|(video, by)| Step::Outlier { video, by }),
        (proptest::bool::weighted(0.2), away)
            .prop_map(|(key_frame, by)| Step::Split { key_frame, by }),
        Just(Step::Refused),
        any::<bool>().prop_map(|video| Step::Foreign { video }),
    ]
}

/// A picture whose two slices come as tags of one time.
fn split(millis: i64, key_frame: bool) -> [OwnedTag; 2] {
    // first_mb_in_slice is 0, then 1.
    let slices: [&[u8]; 2] = match key_frame {
        true => [&[0x65, 0x88, 0x84, 7], &[0x65, 0x48, 0x84, 7]],
        false => [&[0x41, 0x9a, 0x24, 7], &[0x41, 0x5a, 0x24, 7]],
    };
    slices.map(|slice| video_tag(millis, key_frame, 0, &[slice]))
}

/// AV1, or G.711 as some send it.
fn foreign(millis: i64, video: bool) -> OwnedTag {
    if video {
        OwnedTag { kind: TagKind::VIDEO, millis, data: b"\x91av01\x12\x00".to_vec() }
    } else {
        OwnedTag { kind: TagKind::AUDIO, millis, data: vec![0x72, 0xd5] }
    }
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
            Step::Burst(frames) if sound => {
                tags.extend((0..frames).map(|_| audio(audio_at / 1000, 60)));
                audio_at += 1_024_000_000 / rate * frames;
                video_at = video_at.max(audio_at / 1000 - 300);
            }
            Step::Outlier { video: true, by } if video => {
                tags.push(picture(video_at + by, false, 0, 50));
                video_at += 40;
            }
            Step::Outlier { video: false, by } if sound => {
                tags.push(audio(audio_at / 1000 + by, 60));
                audio_at += 1_024_000_000 / rate;
            }
            Step::Split { key_frame, by } if video => {
                tags.extend(split(video_at + by, key_frame));
                video_at += 40;
            }
            // 960 samples a frame.
            Step::Refused if sound => {
                let data = vec![0xaf, 0, 0x11, 0x8c];
                tags.push(OwnedTag { data, ..audio_header(audio_at / 1000, 48_000) });
            }
            Step::Foreign { video: true } if video => tags.push(foreign(video_at, true)),
            Step::Foreign { video: false } if sound => tags.push(foreign(audio_at / 1000, false)),
            _ => {}
        }
    }
    tags
}
