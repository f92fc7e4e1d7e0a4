//! NAL units, as H.264 and its successors share them: packing, start codes, parameter sets (ITU-T
//! H.264 §7.3.1, Annex B).

mod access_unit;
mod annex_b;
mod escape;
mod length_prefixed;
mod packing;
mod parameter_sets;
mod rbsp;
pub(crate) mod record;
mod sei;
mod written;

pub use access_unit::{AccessUnit, Contents, NalUnits};
pub use annex_b::{AnnexB, Slices};
pub(crate) use escape::Escaped;
pub(crate) use length_prefixed::{LengthPrefixed, SamplePiece, SamplePieces, SetsInSample};
pub use packing::Packing;
pub(crate) use parameter_sets::{Change, ParameterSets, SetKey, SetKind};
pub(crate) use rbsp::RbspBits;

/// The 4-byte start code before every NAL unit in the output (B.1.1, with `zero_byte` of B.1.2).
pub(crate) const START_CODE: [u8; 4] = [0, 0, 0, 1];

/// Returns where the first three-byte start code begins.
pub(super) fn find_start_code(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    // The third byte decides how far the search may step: a start code ends in 1, after two zeros.
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
