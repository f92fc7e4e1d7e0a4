//! Streams of AV1 by Enhanced RTMP, made unit by unit.

use hls_segmenter::flv::TagKind;

use super::OwnedTag;
use super::stream::{BASE, Base};

/// 192 × 108, as SVT-AV1 writes it.
pub const HEADER: &[u8] = &[0x0a, 0x0b, 2, 0, 0, 5, 0x1d, 0xaf, 0xf5, 0x89, 0x5f, 0x20, 8];
/// The same, a pixel narrower.
pub const OTHER_HEADER: &[u8] = &[0x0a, 0x0b, 2, 0, 0, 5, 0x1d, 0xaf, 0xb5, 0x89, 0x5f, 0x20, 8];
pub const DELIMITER: &[u8] = &[0x12, 0];
pub const PADDING: &[u8] = &[0x7a, 3, 1, 2, 0x80];
pub const METADATA: &[u8] = &[0x2a, 3, 4, 7, 0x80];

/// First byte of a frame header: a key frame, shown or not, an inter frame, a frame shown once more.
pub const KEY: u8 = 0x10;
pub const HIDDEN_KEY: u8 = 0x00;
pub const INTER: u8 = 0x30;
pub const AGAIN: u8 = 0x90;

/// A frame of at least two bytes, at most 127.
pub fn frame(first: u8, len: usize) -> Vec<u8> {
    let payload = (1..len).map(|at| (at * 7) as u8);
    [0x32, len as u8, first].into_iter().chain(payload).collect()
}

/// A frame that was decoded before is shown.
pub fn again() -> Vec<u8> {
    vec![0x1a, 1, AGAIN]
}

pub fn record(header: &[u8]) -> Vec<u8> {
    [&[0x81, 0, 0x0c, 0], header].concat()
}

fn tag(millis: i64, packet_type: u8, key: bool, body: &[u8]) -> OwnedTag {
    let first = if key { 0x90 } else { 0xa0 } | packet_type;
    let data = [&[first][..], b"av01", body].concat();
    OwnedTag { kind: TagKind::VIDEO, millis, data }
}

pub fn sequence_start(millis: i64, header: &[u8]) -> OwnedTag {
    tag(millis, 0, true, &record(header))
}

/// A temporal unit; `FrameType` says whether the first frame is a key frame.
pub fn unit(millis: i64, obus: &[&[u8]]) -> OwnedTag {
    let is_key = obus.iter().any(|obu| obu[0] >> 3 == 6 && obu[2] == KEY);
    tag(millis, 1, is_key, &obus.concat())
}

/// 25 pictures a second, a key frame each second, and AAC.
pub fn stream(secs: i64) -> Vec<OwnedTag> {
    let mut tags = vec![sequence_start(0, HEADER)];
    tags.extend(Base { millis: secs * 1000, ..BASE }.audio());
    tags.extend((0..secs * 25).map(|nth| {
        let len = 40 + (nth % 50) as usize;
        match nth % 25 {
            0 => unit(nth * 40, &[DELIMITER, HEADER, &frame(KEY, len)]),
            7 => unit(nth * 40, &[DELIMITER, &again()]),
            _ => unit(nth * 40, &[DELIMITER, &frame(INTER, len)]),
        }
    }));
    tags.sort_by_key(|tag| (tag.millis, !tag.is_header()));
    tags
}
