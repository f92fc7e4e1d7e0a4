//! NAL unit types of H.264 (ITU-T H.264 §7.3.1, §7.4.1, table 7-1).

use crate::codec::nal::{SetKey, SetKind};
use crate::codec::video::{Delimiter, NalKind};

/// `nal_unit_type` (table 7-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NalUnitType(u8);

impl NalUnitType {
    /// Slice of an IDR picture.
    pub const IDR_SLICE: Self = Self(5);
    /// Supplemental enhancement information.
    pub const SEI: Self = Self(6);
    /// Sequence parameter set.
    pub const SPS: Self = Self(7);
    /// Picture parameter set.
    pub const PPS: Self = Self(8);
    /// Access unit delimiter.
    pub const DELIMITER: Self = Self(9);
    /// Filler data.
    pub const FILLER: Self = Self(12);

    /// Reads the type from a NAL unit; an empty one has type 0, "unspecified".
    #[inline]
    pub const fn of(nal_unit: &[u8]) -> Self {
        match nal_unit.first() {
            Some(header) => Self(*header & 0x1f),
            None => Self(0),
        }
    }

    /// Returns the value of the wire.
    pub const fn get(self) -> u8 {
        self.0
    }

    /// Returns whether the NAL unit is a coded slice, or a partition of one, of a primary picture.
    pub const fn is_slice(self) -> bool {
        self.kind().is_slice()
    }

    /// Returns what the NAL unit is, in the words that all codecs share.
    #[inline]
    pub const fn kind(self) -> NalKind {
        match self.0 {
            1..=4 => NalKind::Slice,
            5 => NalKind::RandomAccessSlice,
            6 => NalKind::Sei,
            7 | 8 => NalKind::ParameterSet,
            9 => NalKind::Delimiter,
            10 | 11 => NalKind::End,
            12 => NalKind::Filler,
            _ => NalKind::Other,
        }
    }
}

/// Composes a delimiter with `primary_pic_type` and stop bit, and the start code after it
/// (§7.3.2.4).
#[inline]
pub(crate) const fn delimiter(slice_types: Option<u8>) -> Delimiter {
    let slice_types = match slice_types {
        Some(byte) => byte,
        None => ANY_SLICE,
    };
    // The last byte is room that H.264 does not need.
    let bytes = [0, 0, 0, 1, 0x09, slice_types, 0, 0, 0, 1, 0];
    Delimiter { bytes, len: Delimiter::MAX_LEN - 1 }
}

/// Reads kind and id of a parameter set (§7.3.2.1.1, §7.3.2.2).
pub(crate) fn set_key(nal_unit: &[u8]) -> Option<SetKey> {
    match NalUnitType::of(nal_unit) {
        // profile_idc, constraint flags and level_idc stand before seq_parameter_set_id.
        NalUnitType::SPS => SetKey::read(SetKind::Sequence, nal_unit.get(4..)?),
        NalUnitType::PPS => SetKey::read(SetKind::Picture, nal_unit.get(1..)?),
        _ => None,
    }
}

/// Kinds of parameter sets without which nothing can be decoded.
pub(crate) const NEEDED_SETS: &[SetKind] = &[SetKind::Sequence, SetKind::Picture];

/// `primary_pic_type` that allows any slice type, and the stop bit.
const ANY_SLICE: u8 = 0xf0;
