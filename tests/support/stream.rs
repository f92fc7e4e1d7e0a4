//! Streams made by rule: the base input of the torture matrix and its variations.

use hls_segmenter::flv::TagKind;

/// A tag with time on a clock that does not wrap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnedTag {
    pub kind: TagKind,
    pub millis: i64,
    pub data: Vec<u8>,
}

/// Parameter sets that x264 wrote: 256 × 144, Baseline, 25 fps, nothing reordered.
pub const SPS: &[u8] = &[
    0x67, 0x42, 0xc0, 0x0c, 0xd9, 0x01, 0x01, 0x3b, 0x01, 0x10, 0x00, 0x00, 0x03, 0x00, 0x10, 0x00,
    0x00, 0x03, 0x03, 0x28, 0xf1, 0x42, 0xa4, 0x80,
];
pub const PPS: &[u8] = &[0x68, 0xcb, 0x8c, 0xb2];
/// Another set of the same id.
pub const OTHER_PPS: &[u8] = &[0x68, 0xcb, 0x83, 0xcb, 0x20];
/// Another size: 192 × 108, High, two pictures reordered.
pub const OTHER_SPS: &[u8] = &[
    0x67, 0x64, 0x00, 0x0b, 0xac, 0xd9, 0x43, 0x0f, 0xfb, 0xc0, 0x44, 0x00, 0x00, 0x03, 0x00, 0x04,
    0x00, 0x00, 0x03, 0x00, 0xc8, 0x3c, 0x50, 0xa6, 0x58,
];

/// A sequence parameter set of 256 × 144, Main, that states so many frames per second and how many
/// pictures are reordered (ITU-T H.264 §7.3.2.1.1, §E.1.1).
pub fn sps(frame_rate: u32, reordered: u32) -> Vec<u8> {
    let ue = |value: u32| {
        let bits = format!("{:b}", value + 1);
        format!("{}{bits}", "0".repeat(bits.len() - 1))
    };
    let size = [ue(0), ue(0), ue(2), ue(reordered), "0".into(), ue(15), ue(8)];
    // Frames only, no cropping; VUI with its timing alone, then what restricts the bitstream.
    let timing = format!("1101{}{:032b}{:032b}1", "00001", 1, 2 * frame_rate);
    let limits = ["0001 1".into(), ue(0), ue(0), ue(10), ue(10), ue(reordered), ue(reordered)];
    let mut bits = [size.concat(), timing, limits.concat(), "1".into()].concat().replace(' ', "");
    bits.extend(std::iter::repeat_n('0', (8 - bits.len() % 8) % 8));
    let bytes = bits
        .as_bytes()
        .chunks(8)
        .map(|byte| byte.iter().fold(0, |value, bit| value << 1 | (bit - b'0')));
    let mut unit = vec![0x67, 77, 0, 30];
    for byte in bytes {
        // Emulation prevention (§7.3.1).
        if byte <= 3 && unit.ends_with(&[0, 0]) {
            unit.push(3);
        }
        unit.push(byte);
    }
    unit
}

/// How the base input is varied.
#[derive(Clone, Copy)]
pub struct Base {
    pub millis: i64,
    pub fps: (i64, i64),
    /// Frames between key frames; 0 for one key frame only.
    pub gop: i64,
    pub rate: i64,
    pub composition: i32,
}

/// 40 s, 25 fps, a key frame every second, AAC-LC 44.1 kHz mono.
pub const BASE: Base = Base { millis: 40_000, fps: (25, 1), gop: 25, rate: 44_100, composition: 0 };

impl Base {
    /// Headers of both tracks, and frames in the order of their times.
    pub fn both(self) -> Vec<OwnedTag> {
        let mut tags = self.video();
        tags.extend(self.audio());
        // Stable: at equal times headers and video come first.
        tags.sort_by_key(|tag| tag.millis);
        let (headers, frames): (Vec<_>, Vec<_>) = tags.into_iter().partition(OwnedTag::is_header);
        [headers, frames].concat()
    }

    pub fn video(self) -> Vec<OwnedTag> {
        let (num, den) = self.fps;
        let frames = (0..)
            .map(|n| (n, (n * 1000 * den + num / 2) / num))
            .take_while(|&(_, millis)| millis < self.millis);
        let frame = |(n, millis)| {
            let key_frame = n == 0 || self.gop > 0 && n % self.gop == 0;
            picture(millis, key_frame, self.composition, 40 + (n * 37 % 400) as usize)
        };
        [video_header(0, SPS)].into_iter().chain(frames.map(frame)).collect()
    }

    pub fn audio(self) -> Vec<OwnedTag> {
        let frames = (0..)
            .map(|n| (n, (n * 1_024_000 + self.rate / 2) / self.rate))
            .take_while(|&(_, millis)| millis < self.millis);
        let header = audio_header(0, self.rate);
        [header]
            .into_iter()
            .chain(frames.map(|(n, millis)| audio(millis, 80 + (n * 13 % 60) as usize)))
            .collect()
    }
}

/// An MP3 tag of so many frames, 128 kbit/s at 44.1 kHz, each with its number in it.
pub fn mp3(millis: i64, frames: u8) -> OwnedTag {
    let frame = |n| [&[0xff, 0xfb, 0x90, 0xc0][..], &[n; 413]].concat();
    OwnedTag {
        kind: TagKind::AUDIO,
        millis,
        data: [vec![0x2f], (0..frames).flat_map(frame).collect()].concat(),
    }
}

/// So many frames in tags of `each`, from 0 on, all of them at the time of their first.
pub fn mp3_tags(frames: i64, each: u8) -> impl Iterator<Item = OwnedTag> + Clone {
    let samples = 1152 * i64::from(each);
    (0..frames / i64::from(each)).map(move |n| mp3(n * samples * 10 / 441, each))
}

/// Tags in the order of their times, headers first.
pub fn in_order(tags: impl IntoIterator<Item = OwnedTag>) -> Vec<OwnedTag> {
    let mut tags: Vec<_> = tags.into_iter().collect();
    tags.sort_by_key(|tag| (!tag.is_header(), tag.millis));
    tags
}

pub fn video_header(millis: i64, sps: &[u8]) -> OwnedTag {
    video_header_with(millis, sps, PPS)
}

pub fn video_header_with(millis: i64, sps: &[u8], pps: &[u8]) -> OwnedTag {
    let mut data = vec![0x17, 0, 0, 0, 0];
    data.extend([1, sps[1], sps[2], sps[3], 0xff, 0xe1]);
    data.extend((sps.len() as u16).to_be_bytes());
    data.extend(sps);
    data.push(1);
    data.extend((pps.len() as u16).to_be_bytes());
    data.extend(pps);
    OwnedTag { kind: TagKind::VIDEO, millis, data }
}

/// One slice NAL unit: first_mb_in_slice 0, an I slice where it is a key frame and a P slice where
/// not.
pub fn picture(millis: i64, key_frame: bool, composition: i32, len: usize) -> OwnedTag {
    let slice: &[u8] = if key_frame { &[0x65, 0x88, 0x84] } else { &[0x41, 0x9a, 0x24] };
    let nal_unit: Vec<u8> =
        slice.iter().copied().chain((0..len).map(|n| (n % 251) as u8 | 4)).collect();
    video_tag(millis, key_frame, composition, &[&nal_unit])
}

pub fn video_tag(millis: i64, key_flag: bool, composition: i32, nal_units: &[&[u8]]) -> OwnedTag {
    let [_, c0, c1, c2] = composition.to_be_bytes();
    let mut data = vec![if key_flag { 0x17 } else { 0x27 }, 1, c0, c1, c2];
    for unit in nal_units {
        data.extend((unit.len() as u32).to_be_bytes());
        data.extend(*unit);
    }
    OwnedTag { kind: TagKind::VIDEO, millis, data }
}

pub fn audio_header(millis: i64, rate: i64) -> OwnedTag {
    let config: u16 = match rate {
        44_100 => 0x1208,
        48_000 => 0x1188,
        _ => panic!("no such rate here"),
    };
    OwnedTag {
        kind: TagKind::AUDIO,
        millis,
        data: [&[0xaf, 0][..], &config.to_be_bytes()].concat(),
    }
}

pub fn audio(millis: i64, len: usize) -> OwnedTag {
    let frame = (0..len).map(|n| (n * 7 % 256) as u8 & 0x7f);
    OwnedTag { kind: TagKind::AUDIO, millis, data: [0xaf, 1].into_iter().chain(frame).collect() }
}

pub fn script(millis: i64) -> OwnedTag {
    OwnedTag {
        kind: TagKind::SCRIPT,
        millis,
        data: b"\x02\x00\x0aonMetaData\x08\x00\x00\x00\x00\x00\x00\x09".to_vec(),
    }
}

impl OwnedTag {
    pub fn is_header(&self) -> bool {
        match self.kind {
            TagKind::VIDEO if self.data[0] & 0x80 != 0 => self.data[0] & 0x0f == 0,
            TagKind::VIDEO => self.data[1] == 0,
            TagKind::AUDIO => self.data[0] >> 4 == 10 && self.data[1] == 0,
            _ => false,
        }
    }

    pub fn is_key_picture(&self) -> bool {
        self.kind == TagKind::VIDEO && self.data[0] >> 4 == 1 && self.data[1] == 1
    }
}

/// Moves every frame from `from` on by `by`, both in ms.
pub fn shift(tags: &mut [OwnedTag], from: i64, by: i64) {
    for tag in tags.iter_mut().filter(|tag| !tag.is_header() && tag.millis >= from) {
        tag.millis += by;
    }
}

/// Puts `extra` before each key frame.
pub fn before_key_frames(
    tags: Vec<OwnedTag>,
    extra: impl Fn(i64) -> Vec<OwnedTag>,
) -> Vec<OwnedTag> {
    tags.into_iter()
        .flat_map(|tag| {
            let mut tags = if tag.is_key_picture() { extra(tag.millis) } else { Vec::new() };
            tags.push(tag);
            tags
        })
        .collect()
}
