//! Open bitstream units: header, size, and what kind of unit it is (§5.3, §5.9.2, §6.2.2).
//!
//! ```text
//!   12 00 │ 0a 0b … │ 32 83 2d 28 10 …      temporal delimiter, sequence header, frame
//!   │  │                  └─┬─┘ └ payload: the first bits of a frame header
//!   │  └ size, LEB128       └ size
//!   └ type 2, has a size
//! ```

use crate::codec::nal::{SetKey, SetKind};
use crate::codec::video::NalKind;

/// `obu_type` (§6.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ObuType(u8);

impl ObuType {
    /// Sequence header.
    pub const SEQUENCE_HEADER: Self = Self(1);
    /// Temporal delimiter: a temporal unit begins.
    pub const TEMPORAL_DELIMITER: Self = Self(2);
    /// Frame header, without the tiles.
    pub const FRAME_HEADER: Self = Self(3);
    /// Tiles of a frame.
    pub const TILE_GROUP: Self = Self(4);
    /// Metadata.
    pub const METADATA: Self = Self(5);
    /// A frame header and its tiles.
    pub const FRAME: Self = Self(6);
    /// The frame header once more.
    pub const REDUNDANT_FRAME_HEADER: Self = Self(7);
    /// Padding.
    pub const PADDING: Self = Self(15);

    /// Reads the type from the header of a unit; that of an empty one is the reserved type 0.
    #[inline]
    pub const fn of(obu: &[u8]) -> Self {
        match obu {
            [header, ..] => Self(*header >> 3 & 0x0f),
            [] => Self(0),
        }
    }

    /// Returns the number.
    pub const fn get(self) -> u8 {
        self.0
    }
}

/// Returns what a unit is, in the words that all video codecs share.
///
/// A key frame that is not shown is none that decoding can begin with: it is shown by a later unit.
pub(crate) const fn kind(obu: &[u8]) -> NalKind {
    match ObuType::of(obu) {
        ObuType::FRAME | ObuType::FRAME_HEADER => match payload(obu) {
            // show_existing_frame 0, frame_type KEY_FRAME, show_frame 1.
            [first, ..] if *first & 0xf0 == 0x10 => NalKind::RandomAccessSlice,
            _ => NalKind::Slice,
        },
        ObuType::TILE_GROUP => NalKind::Slice,
        ObuType::SEQUENCE_HEADER => NalKind::ParameterSet,
        ObuType::TEMPORAL_DELIMITER => NalKind::Delimiter,
        ObuType::PADDING => NalKind::Filler,
        _ => NalKind::Other,
    }
}

/// Splits the first unit off: it is as long as it says, or all there is where it does not say.
/// `None` if it says more than there is.
pub(crate) fn split(data: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&header, behind) = data.split_first()?;
    if header & HAS_SIZE == 0 {
        return Some((data, &[]));
    }
    let extension_len = usize::from(header & HAS_EXTENSION != 0);
    let (size, size_len) = leb128(behind.get(extension_len..)?)?;
    let head_len = 1 + extension_len + size_len;
    data.split_at_checked(head_len.checked_add(size)?)
}

/// Returns whether a unit says its size.
pub(crate) const fn has_size(obu: &[u8]) -> bool {
    matches!(obu, [header, ..] if *header & HAS_SIZE != 0)
}

/// Returns the bytes of a unit after its header, extension and size.
pub(super) const fn payload(obu: &[u8]) -> &[u8] {
    let [header, rest @ ..] = obu else {
        return &[];
    };
    let mut rest = match rest {
        [_, rest @ ..] if *header & HAS_EXTENSION != 0 => rest,
        _ => rest,
    };
    if *header & HAS_SIZE == 0 {
        return rest;
    }
    while let [byte, later @ ..] = rest {
        rest = later;
        if *byte & MORE == 0 {
            break;
        }
    }
    rest
}

/// Reads a number of at most 32 bits in at most 8 bytes (§4.10.5), and says how many it has.
fn leb128(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut value = 0u64;
    for (at, &byte) in bytes.iter().enumerate().take(8) {
        value |= u64::from(byte & !MORE) << (7 * at);
        if byte & MORE == 0 {
            return Some((usize::try_from(u32::try_from(value).ok()?).ok()?, at + 1));
        }
    }
    None
}

/// Returns kind and id of a unit that is kept for the whole stream: a sequence header, and metadata
/// of the light level or the mastering display (§6.7.1), which say their size; `None` for others.
pub(crate) fn set_key(obu: &[u8]) -> Option<SetKey> {
    if !has_size(obu) {
        return None;
    }
    match (ObuType::of(obu), payload(obu).first()) {
        (ObuType::SEQUENCE_HEADER, Some(_)) => Some(SetKey::new(SetKind::Sequence, 0)),
        (ObuType::METADATA, Some(&kind @ (HDR_CLL | HDR_MDCV))) => {
            Some(SetKey::new(SetKind::Message, kind))
        }
        _ => None,
    }
}

/// What nothing can be decoded without.
pub(crate) const NEEDED_SETS: &[SetKind] = &[SetKind::Sequence];

const HAS_EXTENSION: u8 = 4;
const HAS_SIZE: u8 = 2;
/// A byte of a number has others behind it.
const MORE: u8 = 0x80;
const HDR_CLL: u8 = 1;
const HDR_MDCV: u8 = 2;

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    #[test]
    fn av1_1_units_are_as_long_as_they_say() {
        let data = [0x12, 0, 0x0a, 2, 7, 8, 0x36, 0x40, 0x81, 0, 9, 0x30, 1, 2, 3];
        let mut rest = &data[..];
        let mut units = Vec::new();
        while let Some((unit, later)) = split(rest) {
            units.push(unit);
            rest = later;
        }
        // The third has an extension, and a size in two bytes; the last says no size.
        assert_eq!(units, [&data[..2], &data[2..6], &data[6..11], &data[11..]]);
        assert_eq!(payload(units[1]), [7, 8]);
        assert_eq!(payload(units[2]), [9]);
        assert_eq!(payload(units[3]), [1, 2, 3]);
    }

    #[test]
    fn av1_1_a_unit_that_is_cut_or_whose_size_has_no_end_is_none() {
        for data in [&[][..], &[0x0a], &[0x0a, 3, 1, 2], &[0x36, 0, 0x80], &[0x0a; 0]] {
            assert_eq!(split(data), None, "{data:x?}");
        }
        let endless = [0x0a, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0];
        assert_eq!(split(&endless), None);
        let beyond_32_bits = [0x0a, 0xff, 0xff, 0xff, 0xff, 0x1f, 1];
        assert_eq!(split(&beyond_32_bits), None);
        // Zeros that a number needs not are no fault of it (§4.10.5).
        assert_eq!(
            split(&[0x0a, 0x81, 0x80, 0, 5]),
            Some((&[0x0a, 0x81, 0x80, 0, 5][..], &[][..]))
        );
    }

    #[test]
    fn av1_1_a_shown_key_frame_is_what_decoding_can_begin_with() {
        for (unit, want) in [
            (&[0x32, 1, 0x10][..], NalKind::RandomAccessSlice),
            (&[0x1a, 1, 0x1f], NalKind::RandomAccessSlice),
            (&[0x36, 0x40, 1, 0x10], NalKind::RandomAccessSlice),
            (&[0x30, 0x10], NalKind::RandomAccessSlice),
            // Not shown; an inter frame; intra only; one that exists already.
            (&[0x32, 1, 0x00], NalKind::Slice),
            (&[0x32, 1, 0x30], NalKind::Slice),
            (&[0x32, 1, 0x50], NalKind::Slice),
            (&[0x1a, 1, 0x90], NalKind::Slice),
            (&[0x32, 0], NalKind::Slice),
            (&[0x22, 1, 0x10], NalKind::Slice),
            (&[0x0a, 1, 0x10], NalKind::ParameterSet),
            (&[0x12, 0], NalKind::Delimiter),
            (&[0x7a, 1, 0x80], NalKind::Filler),
            (&[0x2a, 2, 1, 0x80], NalKind::Other),
            (&[0x3a, 1, 0x10], NalKind::Other),
            (&[], NalKind::Other),
        ] {
            assert_eq!(kind(unit), want, "{unit:x?}");
        }
    }
}
