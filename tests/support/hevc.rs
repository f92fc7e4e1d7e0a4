//! H.265 made by rule: the parameter sets are x265's, the slices have a header and no more.

use hls_segmenter::flv::TagKind;

use super::{OwnedTag, stream};

/// 320 × 180, Main, level 2, 25 fps, two pictures reordered.
pub const VPS: &[u8] = &[
    0x40, 0x01, 0x0c, 0x01, 0xff, 0xff, 0x01, 0x60, 0x00, 0x00, 0x03, 0x00, 0x90, 0x00, 0x00, 0x03,
    0x00, 0x00, 0x03, 0x00, 0x3c, 0x95, 0x94, 0x09,
];
pub const SPS: &[u8] = &[
    0x42, 0x01, 0x01, 0x01, 0x60, 0x00, 0x00, 0x03, 0x00, 0x90, 0x00, 0x00, 0x03, 0x00, 0x00, 0x03,
    0x00, 0x3c, 0xa0, 0x0a, 0x08, 0x0c, 0x1f, 0x3e, 0x59, 0x59, 0x52, 0x93, 0x0b, 0xc0, 0x5a, 0x02,
    0x00, 0x00, 0x03, 0x00, 0x02, 0x00, 0x00, 0x03, 0x00, 0x32, 0x10,
];
pub const PPS: &[u8] = &[0x44, 0x01, 0xc0, 0x73, 0xc1, 0x89];
/// The same with another level.
pub fn other_sps() -> Vec<u8> {
    let mut sps = SPS.to_vec();
    sps[17] = 63;
    sps
}

/// 256 × 144, Main, level 2, 25 fps, nothing reordered: what `stream::SPS` is in H.264.
pub const PLAIN_SPS: &[u8] = &[
    0x42, 0x01, 0x01, 0x01, 0x60, 0x00, 0x00, 0x03, 0x00, 0x90, 0x00, 0x00, 0x03, 0x00, 0x00, 0x03,
    0x00, 0x3c, 0xa0, 0x08, 0x08, 0x09, 0x16, 0x5b, 0xa4, 0xa4, 0xc2, 0xf0, 0x16, 0x80, 0x80, 0x00,
    0x00, 0x03, 0x00, 0x80, 0x00, 0x00, 0x0c, 0x84,
];

pub const TRAIL: u8 = 1;
pub const RASL: u8 = 9;
pub const IDR: u8 = 19;
pub const CRA: u8 = 21;

/// A decoder configuration record with these NAL units, each in an array of its own.
pub fn record(units: &[&[u8]]) -> Vec<u8> {
    let mut bytes = vec![1, 1, 0x60, 0, 0, 0, 0x90, 0, 0, 0, 0, 0, 0x3c];
    bytes.extend([0xf0, 0, 0xfc, 0xfd, 0xf8, 0xf8, 0, 0, 0x0f, units.len() as u8]);
    for unit in units {
        bytes.extend([unit[0] >> 1 & 0x3f, 0, 1]);
        bytes.extend((unit.len() as u16).to_be_bytes());
        bytes.extend(*unit);
    }
    bytes
}

/// A sequence header of Enhanced RTMP.
pub fn header(millis: i64, units: &[&[u8]]) -> OwnedTag {
    let data = [b"\x90hvc1", record(units).as_slice()].concat();
    OwnedTag { kind: TagKind::VIDEO, millis, data }
}

/// The one slice of a picture.
pub fn slice(nal_unit_type: u8, len: usize) -> Vec<u8> {
    let head = [nal_unit_type << 1, 1, 0xac];
    head.into_iter().chain((0..len).map(|n| (n % 251) as u8 | 4)).collect()
}

/// A picture of these NAL units, in Enhanced RTMP.
pub fn tag(millis: i64, composition: i32, units: &[&[u8]]) -> OwnedTag {
    let is_key = units.iter().any(|unit| (16..24).contains(&(unit[0] >> 1)));
    let [_, c0, c1, c2] = composition.to_be_bytes();
    let head = match composition {
        0 => vec![if is_key { 0x93 } else { 0xa3 }, b'h', b'v', b'c', b'1'],
        _ => vec![if is_key { 0x91 } else { 0xa1 }, b'h', b'v', b'c', b'1', c0, c1, c2],
    };
    let with_len = |unit: &&[u8]| [&(unit.len() as u32).to_be_bytes(), *unit].concat();
    let data = [head, units.iter().flat_map(with_len).collect()].concat();
    OwnedTag { kind: TagKind::VIDEO, millis, data }
}

pub fn picture(millis: i64, nal_unit_type: u8, len: usize) -> OwnedTag {
    tag(millis, 0, &[&slice(nal_unit_type, len)])
}

/// So many seconds of 25 fps, a GOP of one second: it begins with CRA, and two RASL pictures follow
/// that.
pub fn open_gops(secs: i64) -> Vec<OwnedTag> {
    let frames = (0..secs * 25).map(|n| {
        let (kind, composition) = match n % 25 {
            0 => (CRA, 120),
            1 | 2 => (RASL, 0),
            _ => (TRAIL, 40),
        };
        tag(n * 40, composition, &[&slice(kind, 40 + n as usize % 90)])
    });
    [header(0, &[VPS, SPS, PPS])].into_iter().chain(frames).collect()
}

/// The same stream in H.265: its headers, and slices with the same bodies, IDR where they were.
pub fn of_avc(tags: &[OwnedTag]) -> Vec<OwnedTag> {
    tags.iter().map(|tag| tag_of_avc(tag).unwrap_or_else(|| tag.clone())).collect()
}

fn tag_of_avc(tag: &OwnedTag) -> Option<OwnedTag> {
    let [claim @ (0x17 | 0x27), packet_type, composition @ ..] = &tag.data[..] else {
        return None;
    };
    let (composition, mut rest) = composition.split_at_checked(3)?;
    if *packet_type == 0 {
        let is_other =
            rest.windows(stream::OTHER_SPS.len()).any(|bytes| bytes == stream::OTHER_SPS);
        let sps = if is_other { SPS } else { PLAIN_SPS };
        return Some(header(tag.millis, &[VPS, sps, PPS]));
    }
    let mut data = [&[0x80 | claim & 0x70 | 1][..], b"hvc1", composition].concat();
    while let Some((len, body)) = rest.split_first_chunk::<4>() {
        let (unit, after) = body.split_at(u32::from_be_bytes(*len) as usize);
        let kind = match unit[0] & 0x1f {
            5 => IDR,
            1 => TRAIL,
            kind => panic!("no NAL unit of type {kind} in the base"),
        };
        data.extend((unit.len() as u32 + 1).to_be_bytes());
        data.extend([kind << 1, 1]);
        data.extend(&unit[1..]);
        rest = after;
    }
    Some(OwnedTag { data, ..*tag })
}
