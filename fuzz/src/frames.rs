//! Any frames and configurations in any order: the engine keeps its contract, as with tags.

use arbitrary::{Arbitrary, Result, Unstructured};
use hls_segmenter::codec::video::VideoCoding;
use hls_segmenter::config::{FragDuration, MidGop};
use hls_segmenter::frame::{AudioCoding, Configuration, Frame, LengthLen, Units};
use hls_segmenter::time::Ticks;
use hls_segmenter::{Config, Container, End, Error, Options, SegmentSink, Segmenter};

use crate::engine::auditor;
use crate::ledger::{Ledger, Null};

/// One call of a host.
#[derive(Arbitrary, Debug)]
enum Op {
    Video {
        hevc: bool,
        step: i16,
        composition: i16,
        units: Vec<Unit>,
        packing: Packing,
    },
    /// Bytes that may be anything.
    RawVideo {
        hevc: bool,
        step: i16,
        packing: Packing,
        data: Vec<u8>,
    },
    Audio {
        mpeg: bool,
        step: i16,
        len: u16,
    },
    RawAudio {
        mpeg: bool,
        step: i16,
        data: Vec<u8>,
    },
    Record {
        hevc: bool,
        data: Vec<u8>,
    },
    Sets {
        hevc: bool,
        data: Vec<u8>,
    },
    AacConfig(u16),
    Jump(i64),
    Pause,
}

/// How NAL units are separated.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub enum Packing {
    AnnexB,
    One,
    Two,
    Four,
}

/// A NAL unit, from its header on.
#[derive(Arbitrary, Debug)]
enum Unit {
    Sets,
    Slice { kind: u8, first: bool, len: u16 },
    Other { header: u8, len: u8 },
}

const AVC_SETS: [&[u8]; 2] = [
    &[
        0x67, 0x42, 0xc0, 0x0c, 0xd9, 0x01, 0x01, 0x3b, 0x01, 0x10, 0x00, 0x00, 0x03, 0x00, 0x10,
        0x00, 0x00, 0x03, 0x03, 0x28, 0xf1, 0x42, 0xa4, 0x80,
    ],
    &[0x68, 0xcb, 0x8c, 0xb2],
];
const HEVC_SETS: [&[u8]; 3] = [
    &[
        0x40, 0x01, 0x0c, 0x01, 0xff, 0xff, 0x01, 0x60, 0x00, 0x00, 0x03, 0x00, 0x90, 0x00, 0x00,
        0x03, 0x00, 0x00, 0x03, 0x00, 0x3c, 0x95, 0x94, 0x09,
    ],
    &[
        0x42, 0x01, 0x01, 0x01, 0x60, 0x00, 0x00, 0x03, 0x00, 0x90, 0x00, 0x00, 0x03, 0x00, 0x00,
        0x03, 0x00, 0x3c, 0xa0, 0x0a, 0x08, 0x0c, 0x1f, 0x3e, 0x59, 0x59, 0x52, 0x93, 0x0b, 0xc0,
        0x5a, 0x02, 0x00, 0x00, 0x03, 0x00, 0x02, 0x00, 0x00, 0x03, 0x00, 0x32, 0x10,
    ],
    &[0x44, 0x01, 0xc0, 0x73, 0xc1, 0x89],
];

const fn coding(hevc: bool) -> VideoCoding {
    if hevc { VideoCoding::Hevc } else { VideoCoding::Avc }
}

const fn audio_coding(mpeg: bool) -> AudioCoding {
    if mpeg { AudioCoding::Mpeg } else { AudioCoding::Aac }
}

impl Unit {
    fn bytes(&self, hevc: bool) -> Vec<Vec<u8>> {
        let sets: &[&[u8]] = if hevc { &HEVC_SETS } else { &AVC_SETS };
        match *self {
            Self::Sets => sets.iter().map(|set| set.to_vec()).collect(),
            Self::Slice { kind, first, len } => {
                let mut unit = match hevc {
                    true => vec![(kind % 24) << 1, 1],
                    false => vec![0x60 | (kind % 5 + 1)],
                };
                unit.push(if first { 0x88 } else { 0x48 });
                unit.resize(unit.len() + usize::from(len % 3000), 7);
                vec![unit]
            }
            Self::Other { header, len } => vec![[&[header, 1][..], &vec![9; len.into()]].concat()],
        }
    }
}

impl Packing {
    fn pack(self, units: &[Vec<u8>]) -> Vec<u8> {
        let with_head = |unit: &Vec<u8>| {
            let len = (unit.len() as u32).to_be_bytes();
            let head: &[u8] = match self {
                Self::AnnexB => &[0, 0, 0, 1],
                Self::One => &len[3..],
                Self::Two => &len[2..],
                Self::Four => &len,
            };
            [head, unit].concat()
        };
        units.iter().flat_map(with_head).collect()
    }

    const fn units(self, data: &[u8]) -> Units<'_> {
        match self {
            Self::AnnexB => Units::AnnexB(data),
            Self::One => Units::LengthPrefixed(LengthLen::One, data),
            Self::Two => Units::LengthPrefixed(LengthLen::Two, data),
            Self::Four => Units::LengthPrefixed(LengthLen::Four, data),
        }
    }
}

fn options(u: &mut Unstructured<'_>) -> Result<Options> {
    Ok(Options {
        frag_duration: FragDuration::new(u.int_in_range(1..=5)?).expect("is legal"),
        mid_gop: if u.arbitrary()? { MidGop::Keep } else { MidGop::DropUntilKey },
        ..Options::default()
    })
}

/// A call, with the bytes that it lends.
#[derive(Clone, Debug)]
pub enum FrameCall {
    Video { coding: VideoCoding, dts: i64, pts: i64, packing: Packing, data: Vec<u8> },
    Audio { coding: AudioCoding, pts: i64, data: Vec<u8> },
    Record { coding: VideoCoding, data: Vec<u8> },
    Sets { coding: VideoCoding, data: Vec<u8> },
    AacConfig([u8; 2]),
    Pause,
}

impl FrameCall {
    /// Makes the call.
    pub fn make<C: Container, S: SegmentSink>(
        &self,
        segmenter: &mut Segmenter<C>,
        sink: &mut S,
    ) -> core::result::Result<(), Error<S::Error>> {
        match self {
            &Self::Video { coding, dts, pts, packing, ref data } => {
                let (dts, pts, units) = (Ticks::new(dts), Ticks::new(pts), packing.units(data));
                segmenter.push_frame(Frame::Video { coding, dts, pts, units }, sink)
            }
            &Self::Audio { coding, pts, ref data } => {
                segmenter.push_frame(Frame::Audio { coding, pts: Ticks::new(pts), data }, sink)
            }
            Self::Record { coding, data } => {
                segmenter.configure(Configuration::Video(*coding, data), sink)
            }
            Self::Sets { coding, data } => {
                segmenter.configure(Configuration::ParameterSets(*coding, data), sink)
            }
            Self::AacConfig(config) => segmenter.configure(Configuration::Aac(config), sink),
            Self::Pause => segmenter.finish(End::Pause, sink),
        }
    }
}

/// The times that the tracks have come to.
#[derive(Default)]
pub struct Clocks {
    video: i64,
    audio: i64,
}

impl Clocks {
    /// Reads what a host does next; `None` where that is no call.
    pub fn read(&mut self, u: &mut Unstructured<'_>) -> Result<Option<FrameCall>> {
        Ok(Some(match Op::arbitrary(u)? {
            Op::Video { hevc, step, composition, units, packing } => {
                self.video = self.video.saturating_add(3003 + i64::from(step));
                let units: Vec<_> = units.iter().flat_map(|unit| unit.bytes(hevc)).collect();
                let (coding, data) = (coding(hevc), packing.pack(&units));
                let pts = self.video.saturating_add(i64::from(composition));
                FrameCall::Video { coding, dts: self.video, pts, packing, data }
            }
            Op::RawVideo { hevc, step, packing, data } => {
                self.video = self.video.saturating_add(i64::from(step));
                let (coding, dts, pts) = (coding(hevc), self.video, self.video);
                FrameCall::Video { coding, dts, pts, packing, data }
            }
            Op::Audio { mpeg, step, len } => {
                self.audio = self.audio.saturating_add(1920 + i64::from(step));
                let data = vec![7; usize::from(len % 4000)];
                FrameCall::Audio { coding: audio_coding(mpeg), pts: self.audio, data }
            }
            Op::RawAudio { mpeg, step, data } => {
                self.audio = self.audio.saturating_add(i64::from(step));
                FrameCall::Audio { coding: audio_coding(mpeg), pts: self.audio, data }
            }
            Op::Record { hevc, data } => FrameCall::Record { coding: coding(hevc), data },
            Op::Sets { hevc, data } => FrameCall::Sets { coding: coding(hevc), data },
            Op::AacConfig(config) => FrameCall::AacConfig(config.to_be_bytes()),
            Op::Jump(by) => {
                self.video = self.video.wrapping_add(by);
                self.audio = self.audio.wrapping_add(by);
                return Ok(None);
            }
            Op::Pause => FrameCall::Pause,
        }))
    }
}

/// Reads the options of a host that has frames.
pub fn config(u: &mut Unstructured<'_>) -> Result<Config> {
    options(u).map(|options| Config::new(options).expect("is legal"))
}

/// Makes the calls and checks after each.
pub fn check(data: &[u8]) {
    let mut u = Unstructured::new(data);
    let Ok(config) = config(&mut u) else {
        return;
    };
    let mut segmenter = Segmenter::new(config);
    let mut sink = auditor(config, Ledger::new(config, Null));
    let mut clocks = Clocks::default();
    while !u.is_empty() {
        let Ok(call) = clocks.read(&mut u) else { break };
        let result = call.map_or(Ok(()), |call| call.make(&mut segmenter, &mut sink));
        match result {
            Err(Error::Sink(never)) => match never {},
            Err(Error::Codec(_)) | Ok(()) => {}
            Err(error) => panic!("frames have no tags, and nothing ended: {error}"),
        }
        sink.assert_clean();
    }
    let _ = segmenter.finish(End::List, &mut sink);
    sink.assert_clean();
    sink.into_inner().assert_idle();
}
