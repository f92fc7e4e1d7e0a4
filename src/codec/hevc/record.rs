//! The HEVC decoder configuration record, body of every HEVC sequence header (ISO/IEC 14496-15
//! §8.3.3.1).
//!
//! ```text
//! version 8 │ profile, tier, level 96 │ … │ 1 … 6 lengthSizeMinusOne 2 │ numOfArrays 8
//! ( completeness 1 │ 0 1 │ NAL_unit_type 6 │ numNalus 16 │ ( length 16 │ NAL unit )* )*
//! ```
//!
//! Everything is checked once, by [`DecoderConfigurationRecord::parse`]; the accessors cannot fail.

use super::{HevcError, NalUnitType, ProfileTierLevel};
use crate::codec::nal::record::{Cut, length_len, split_unit};
use core::iter::FusedIterator;

/// A decoder configuration record whose sequence parameter sets are known to be whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecoderConfigurationRecord<'a> {
    profile: ProfileTierLevel,
    /// 1, 2 or 4.
    length_len: u8,
    arrays: &'a [u8],
}

impl<'a> DecoderConfigurationRecord<'a> {
    /// Checks a record and finds its NAL units.
    ///
    /// Arrays are taken whatever their order, and whatever is in them. What is cut behind the first
    /// sequence parameter set is left out, since the stream may repeat it.
    ///
    /// # Errors
    ///
    /// Fewer than 23 bytes, another version than 1, NAL unit lengths of three bytes, or no sequence
    /// parameter set that is whole and not empty.
    pub fn parse(data: &'a [u8]) -> Result<Self, HevcError> {
        let Some((head, arrays)) = data.split_first_chunk::<FIXED_LEN>() else {
            return Err(HevcError::RecordLen { len: data.len() });
        };
        let [version, profile @ .., _, _, _, _, _, _, _, _, length, _] = head;
        if *version != 1 {
            return Err(HevcError::RecordVersion(*version));
        }
        let length_len = length_len(*length).map_err(HevcError::LengthLen)?;
        let profile = ProfileTierLevel::new(*profile);
        let record = Self { profile, length_len, arrays };
        let mut units = record.units();
        if units.any(|unit| NalUnitType::of(unit) == NalUnitType::SPS) {
            return Ok(record);
        }
        Err(units.cut.map_or(HevcError::NoSequenceParameterSet, HevcError::from))
    }

    /// Returns how many bytes the length before each NAL unit has: 1, 2 or 4.
    pub const fn length_len(&self) -> usize {
        self.length_len as usize
    }

    /// Returns profile, tier and level.
    pub const fn profile(&self) -> ProfileTierLevel {
        self.profile
    }

    /// Iterates over the NAL units of all arrays, none of them empty: parameter sets, and messages.
    pub const fn units(&self) -> RecordUnits<'a> {
        RecordUnits { rest: self.arrays, left: 0, empty: 0, cut: None }
    }
}

/// Iterator over the NAL units of a record.
#[derive(Clone, Debug)]
pub struct RecordUnits<'a> {
    rest: &'a [u8],
    /// How many of the array at hand are still to come.
    left: u16,
    empty: u8,
    /// Why the iterator ended before the record did.
    cut: Option<Cut>,
}

impl RecordUnits<'_> {
    /// Counts the entries of length 0 that were passed over so far.
    pub const fn empty_entries(&self) -> u8 {
        self.empty
    }
}

impl<'a> Iterator for RecordUnits<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        loop {
            while self.left == 0 {
                let ([_, c0, c1], rest) = self.rest.split_first_chunk()?;
                self.left = u16::from_be_bytes([*c0, *c1]);
                self.rest = rest;
            }
            self.left -= 1;
            match split_unit(self.rest) {
                Ok(([], rest)) => {
                    self.rest = rest;
                    self.empty = self.empty.saturating_add(1);
                }
                Ok((unit, rest)) => {
                    self.rest = rest;
                    return Some(unit);
                }
                Err(error) => {
                    self.cut = Some(error);
                    (self.rest, self.left) = (&[], 0);
                    return None;
                }
            }
        }
    }
}

impl FusedIterator for RecordUnits<'_> {}

/// Bytes before the arrays.
const FIXED_LEN: usize = 23;

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    /// As x265 and ffmpeg write it, with `arrays` behind.
    fn record(length: u8, arrays: &[&[u8]]) -> Vec<u8> {
        let mut bytes = Vec::from([1, 1, 0x60, 0, 0, 0, 0x90, 0, 0, 0, 0, 0, 60]);
        bytes.extend([0xf0, 0, 0xfc, 0xfd, 0xf8, 0xf8, 0, 0, length, arrays.len() as u8]);
        bytes.extend(arrays.concat());
        bytes
    }

    const VPS: &[u8] = &[0x20, 0, 1, 0, 2, 0x40, 1];
    const SPS: &[u8] = &[0x21, 0, 1, 0, 3, 0x42, 1, 9];
    const PPS: &[u8] = &[0x22, 0, 2, 0, 0, 0, 2, 0x44, 1];

    #[test]
    fn hevc_3_units_of_all_arrays_are_found() {
        let sei = &[0x27, 0, 1, 0, 4, 0x4e, 1, 5, 0][..];
        let data = record(0x0f, &[VPS, sei, SPS, PPS]);
        let parsed = DecoderConfigurationRecord::parse(&data).unwrap();
        let mut units = parsed.units();
        let found: Vec<_> = units.by_ref().collect();
        assert_eq!(found, [&[0x40, 1][..], &[0x4e, 1, 5, 0], &[0x42, 1, 9], &[0x44, 1]]);
        assert_eq!((units.empty_entries(), parsed.length_len()), (1, 4));
        assert_eq!((parsed.profile().profile(), parsed.profile().level()), (1, 60));
    }

    #[test]
    fn hevc_1_unusable_records_are_typed_errors() {
        let whole = record(0x0f, &[VPS, SPS, PPS]);
        for len in 0..whole.len() {
            let parsed = DecoderConfigurationRecord::parse(&whole[..len]);
            let sps_ends = FIXED_LEN + VPS.len() + SPS.len();
            assert_eq!(parsed.is_ok(), len >= sps_ends, "{len}");
        }
        for (data, want) in [
            (whole[..22].to_vec(), HevcError::RecordLen { len: 22 }),
            ([&[2], &whole[1..]].concat(), HevcError::RecordVersion(2)),
            (record(0x0e, &[SPS]), HevcError::LengthLen(3)),
            (record(0x0f, &[VPS, PPS]), HevcError::NoSequenceParameterSet),
            (record(0x0f, &[&SPS[..6]]), HevcError::Truncated { needed: 3, left: 1 }),
            (record(0x0f, &[&SPS[..4]]), HevcError::Truncated { needed: 2, left: 1 }),
        ] {
            assert_eq!(DecoderConfigurationRecord::parse(&data), Err(want), "{data:x?}");
        }
    }
}
