//! NAL unit types of H.265 (ITU-T H.265 §7.3.1.2, §7.4.2.2, table 7-1).

use crate::codec::nal::{RbspBits, SetKey, SetKind};
use crate::codec::video::{Delimiter, NalKind};

use super::sps::skip_to_id;

/// `nal_unit_type` (table 7-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NalUnitType(u8);

impl NalUnitType {
    /// Slice of an IDR picture that decodable leading pictures may follow.
    pub const IDR_W_RADL: Self = Self(19);
    /// Slice of an IDR picture that no leading pictures follow.
    pub const IDR_N_LP: Self = Self(20);
    /// Slice of a clean random access picture: an open GOP begins.
    pub const CRA: Self = Self(21);
    /// Video parameter set.
    pub const VPS: Self = Self(32);
    /// Sequence parameter set.
    pub const SPS: Self = Self(33);
    /// Picture parameter set.
    pub const PPS: Self = Self(34);
    /// Access unit delimiter.
    pub const DELIMITER: Self = Self(35);
    /// Supplemental enhancement information before the slices.
    pub const PREFIX_SEI: Self = Self(39);

    /// Reads the type from a NAL unit; an empty one has type 63, "unspecified".
    #[inline]
    pub const fn of(nal_unit: &[u8]) -> Self {
        match nal_unit.first() {
            Some(header) => Self(*header >> 1 & 0x3f),
            None => Self(63),
        }
    }

    /// Returns the value of the wire.
    pub const fn get(self) -> u8 {
        self.0
    }

    /// Returns what the NAL unit is, in the words that all codecs share.
    #[inline]
    pub const fn kind(self) -> NalKind {
        match self.0 {
            8 | 9 => NalKind::SkippedLeadingSlice,
            0..=7 => NalKind::Slice,
            16..=23 => NalKind::RandomAccessSlice,
            32..=34 => NalKind::ParameterSet,
            35 => NalKind::Delimiter,
            36 | 37 => NalKind::End,
            38 => NalKind::Filler,
            39 | 40 => NalKind::Sei,
            _ => NalKind::Other,
        }
    }
}

/// Composes a delimiter that allows any slice type, and the start code after it (§7.3.2.5).
#[inline]
pub(crate) const fn delimiter() -> Delimiter {
    let bytes = [0, 0, 0, 1, 0x46, 0x01, 0x50, 0, 0, 0, 1];
    Delimiter { bytes, len: bytes.len() }
}

/// Reads kind and id of a parameter set (§7.3.2.1 to §7.3.2.3). Messages that are as good as
/// parameter sets, because they hold for the whole stream, are kept with them: the colour volume of
/// the mastering display and the content light level (§D.2.28, §D.2.35).
///
/// Parameter sets of further layers (`nuh_layer_id`) are no business of the base layer's.
pub(crate) fn set_key(nal_unit: &[u8]) -> Option<SetKey> {
    let [b0, b1, body @ ..] = nal_unit else {
        return None;
    };
    if b0 & 1 != 0 || b1 >> 3 != 0 {
        return None;
    }
    match NalUnitType::of(nal_unit) {
        NalUnitType::VPS => Some(SetKey::new(SetKind::Video, *body.first()? >> 4)),
        NalUnitType::SPS => Some(SetKey::new(SetKind::Sequence, sps_id(body)?)),
        NalUnitType::PPS => SetKey::read(SetKind::Picture, body),
        NalUnitType::PREFIX_SEI => match body.first()? {
            payload_type @ (137 | 144) => Some(SetKey::new(SetKind::Message, *payload_type)),
            _ => None,
        },
        _ => None,
    }
}

/// Kinds of parameter sets without which nothing can be decoded.
pub(crate) const NEEDED_SETS: &[SetKind] = &[SetKind::Video, SetKind::Sequence, SetKind::Picture];

/// Reads `sps_seq_parameter_set_id`, which profiles and levels of sub-layers stand before.
fn sps_id(body: &[u8]) -> Option<u8> {
    let mut bits = RbspBits::new(body);
    skip_to_id(&mut bits)?;
    u8::try_from(bits.exp_golomb()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hevc_4_types_are_in_the_six_bits_behind_the_first() {
        for (header, want) in [
            (0x02, NalKind::Slice),
            (0x0e, NalKind::Slice),
            (0x10, NalKind::SkippedLeadingSlice),
            (0x12, NalKind::SkippedLeadingSlice),
            (0x14, NalKind::Other),
            (0x20, NalKind::RandomAccessSlice),
            (0x26, NalKind::RandomAccessSlice),
            (0x2a, NalKind::RandomAccessSlice),
            (0x2e, NalKind::RandomAccessSlice),
            (0x30, NalKind::Other),
            (0x40, NalKind::ParameterSet),
            (0x44, NalKind::ParameterSet),
            (0x46, NalKind::Delimiter),
            (0x48, NalKind::End),
            (0x4a, NalKind::End),
            (0x4c, NalKind::Filler),
            (0x4e, NalKind::Sei),
            (0x50, NalKind::Sei),
            (0x52, NalKind::Other),
        ] {
            assert_eq!(NalUnitType::of(&[header, 1]).kind(), want, "{header:#x}");
        }
        assert_eq!(NalUnitType::of(&[]).kind(), NalKind::Other);
    }

    #[test]
    fn hevc_3_parameter_sets_are_told_apart_by_kind_and_id() {
        // One sub-layer: profile, tier and level have 12 bytes, and the id is `010`.
        let sps = [0x42, 1, 0x01, 1, 0x60, 0, 0, 3, 0, 0x90, 0, 0, 3, 0, 0, 3, 0, 60, 0x40];
        for (unit, want) in [
            (&[0x40, 1, 0x3c, 1][..], Some(SetKey::new(SetKind::Video, 3))),
            (&sps, Some(SetKey::new(SetKind::Sequence, 1))),
            (&[0x44, 1, 0x60], Some(SetKey::new(SetKind::Picture, 2))),
            (&[0x4e, 1, 137, 24], Some(SetKey::new(SetKind::Message, 137))),
            (&[0x4e, 1, 5, 24], None),
            // Of another layer.
            (&[0x40, 9, 0x3c, 1], None),
            (&[0x41, 1, 0x3c, 1], None),
            (&[0x26, 1, 0xac], None),
            (&[0x42, 1], None),
            (&[0x40], None),
            (&[], None),
        ] {
            assert_eq!(set_key(unit), want, "{unit:x?}");
        }
    }

    #[test]
    fn hevc_9_a_delimiter_allows_any_slice() {
        let delimiter = delimiter();
        assert_eq!(delimiter.bytes[..delimiter.len], [0, 0, 0, 1, 0x46, 1, 0x50, 0, 0, 0, 1]);
    }
}
