//! NAL unit types and start codes (ITU-T H.264 §7.3.1, Annex B).

/// The 4-byte start code that goes before every NAL unit in the output (B.1.1, with `zero_byte` of B.1.2).
pub(crate) const START_CODE: [u8; 4] = [0, 0, 0, 1];

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

    /// Says whether the NAL unit is a coded slice, or a partition of one, of a primary picture.
    pub const fn is_slice(self) -> bool {
        matches!(self.0, 1..=5)
    }
}

/// Returns where the first three-byte start code begins.
pub(super) fn find_start_code(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    // The third byte decides how far the search may step: a start code ends in 1, behind two zeros.
    while let Some(&[a, b, c]) = bytes.get(at..).and_then(|rest| rest.first_chunk()) {
        match c {
            0 => at += 1,
            1 if a == 0 && b == 0 => return Some(at),
            _ => at += 3,
        }
    }
    None
}

/// Drops `trailing_zero_8bits`, which belong to the byte stream and not to the NAL unit.
pub(super) fn trim_zeros(mut nal_unit: &[u8]) -> &[u8] {
    while let Some((0, rest)) = nal_unit.split_last() {
        nal_unit = rest;
    }
    nal_unit
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    #[test]
    fn a_start_code_is_found_at_any_place() {
        for lead in 0..20 {
            let mut bytes: Vec<u8> = (0..lead).map(|n| [7, 0, 3][n % 3]).collect();
            assert_eq!(find_start_code(&bytes), None, "{lead}");
            bytes.push(9);
            bytes.extend([0, 0, 1, 5]);
            assert_eq!(find_start_code(&bytes), Some(lead + 1), "{lead}");
        }
        assert_eq!(find_start_code(&[0, 0, 0, 1]), Some(1));
        assert_eq!(find_start_code(&[0, 9, 1]), None);
        assert_eq!(find_start_code(&[9, 0, 1]), None);
        assert_eq!(find_start_code(&[0, 0, 2, 0, 1, 0, 0]), None);
    }
}
