//! The AVC decoder configuration record, body of every AVC sequence header (ISO/IEC 14496-15
//! §5.3.3.1).
//!
//! ```text
//! version 8 │ profile 8 │ compatibility 8 │ level 8 │ 1 6 lengthSizeMinusOne 2
//! 1 3 numOfSPS 5 │ ( length 16 │ SPS )* │ numOfPPS 8 │ ( length 16 │ PPS )* │ [High profile trailer]
//! ```
//!
//! Everything is checked once, by [`DecoderConfigurationRecord::parse`]; the accessors cannot fail.

use super::{AvcError, CodecString};
use crate::codec::nal::record::{Cut, length_len, split_unit};
use core::iter::FusedIterator;

/// A decoder configuration record whose parameter sets are known to be whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecoderConfigurationRecord<'a> {
    profile: u8,
    compatibility: u8,
    level: u8,
    /// 1, 2 or 4.
    length_len: u8,
    /// Whole entries only: `( length 16 │ SPS )*`.
    sps: &'a [u8],
    /// Whole entries only: `( length 16 │ PPS )*`.
    pps: &'a [u8],
    empty_entries: u8,
}

impl<'a> DecoderConfigurationRecord<'a> {
    /// Checks a record and finds its parameter sets.
    ///
    /// Reserved bits, the trailer of High profiles and anything after it are not looked at. A list
    /// of picture parameter sets that is missing or cut keeps those that are whole, since the
    /// stream may repeat the others.
    ///
    /// # Errors
    ///
    /// Fewer than seven bytes, another version than 1, NAL unit lengths of three bytes, a sequence
    /// parameter set that is cut, or none that is not empty.
    pub fn parse(data: &'a [u8]) -> Result<Self, AvcError> {
        let [version, profile, compatibility, level, length, count, rest @ ..] = data else {
            return Err(AvcError::RecordLen { len: data.len() });
        };
        if rest.is_empty() {
            return Err(AvcError::RecordLen { len: data.len() });
        }
        if *version != 1 {
            return Err(AvcError::RecordVersion(*version));
        }
        let length_len = length_len(*length).map_err(AvcError::LengthLen)?;
        let sps = Entries::walk(rest, count & 0x1f);
        if let Some(cut) = sps.cut {
            return Err(cut.into());
        }
        if sps.found == 0 {
            return Err(AvcError::NoSequenceParameterSet);
        }
        let (count, rest) = sps.rest.split_first().unwrap_or((&0, &[]));
        let pps = Entries::walk(rest, *count);
        Ok(Self {
            profile: *profile,
            compatibility: *compatibility,
            level: *level,
            length_len,
            sps: sps.whole,
            pps: pps.whole,
            empty_entries: sps.empty.saturating_add(pps.empty),
        })
    }

    /// Returns how many bytes the length before each NAL unit has: 1, 2 or 4.
    pub const fn length_len(&self) -> usize {
        self.length_len as usize
    }

    /// Returns `AVCProfileIndication`.
    pub const fn profile(&self) -> u8 {
        self.profile
    }

    /// Returns `profile_compatibility`, the constraint flags.
    pub const fn compatibility(&self) -> u8 {
        self.compatibility
    }

    /// Returns `AVCLevelIndication`, ten times the level.
    pub const fn level(&self) -> u8 {
        self.level
    }

    /// Returns the codecs parameter, such as `avc1.64001F`.
    pub const fn codec_string(&self) -> CodecString {
        CodecString::new(self.profile, self.compatibility, self.level)
    }

    /// Iterates over the sequence parameter sets, at least one, as NAL units, none of them empty.
    pub const fn sps(&self) -> RecordSets<'a> {
        RecordSets { rest: self.sps }
    }

    /// Iterates over the picture parameter sets as NAL units, none of them empty.
    pub const fn pps(&self) -> RecordSets<'a> {
        RecordSets { rest: self.pps }
    }

    /// Counts the entries of length 0, which the iterators pass over.
    pub const fn empty_entries(&self) -> u8 {
        self.empty_entries
    }
}

/// Iterator over the parameter sets of one kind in a record.
#[derive(Clone, Debug)]
pub struct RecordSets<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for RecordSets<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        loop {
            let (nal, rest) = split_unit(self.rest).ok()?;
            self.rest = rest;
            if !nal.is_empty() {
                return Some(nal);
            }
        }
    }
}

impl FusedIterator for RecordSets<'_> {}

/// One list of parameter sets, counted.
struct Entries<'a> {
    whole: &'a [u8],
    rest: &'a [u8],
    /// How many are not empty.
    found: u8,
    empty: u8,
    /// Why the list ends before its count is reached.
    cut: Option<Cut>,
}

impl<'a> Entries<'a> {
    fn walk(data: &'a [u8], count: u8) -> Self {
        let (mut rest, mut found, mut empty, mut cut) = (data, 0, 0, None);
        for _ in 0..count {
            match split_unit(rest) {
                // No overflow: there are at most 255 entries.
                Ok((&[], later)) => (rest, empty) = (later, empty + 1),
                Ok((_, later)) => (rest, found) = (later, found + 1),
                Err(error) => {
                    cut = Some(error);
                    break;
                }
            }
        }
        let whole = data.get(..data.len() - rest.len()).unwrap_or_default();
        Self { whole, rest, found, empty, cut }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    fn record(head: [u8; 6], rest: &[u8]) -> Vec<u8> {
        [&head[..], rest].concat()
    }

    fn lists(data: &[u8]) -> (Vec<&[u8]>, Vec<&[u8]>, u8) {
        let record = DecoderConfigurationRecord::parse(data).unwrap();
        (record.sps().collect(), record.pps().collect(), record.empty_entries())
    }

    const HEAD: [u8; 6] = [1, 0x64, 0, 0x1f, 0xff, 0xe1];

    #[test]
    fn f_08_profile_level_and_parameter_sets_are_found() {
        let data = record(HEAD, b"\0\x03\x67ab\x01\0\x02\x68c\xfd\xf8\xf8\0"); // with High trailer
        let parsed = DecoderConfigurationRecord::parse(&data).unwrap();
        assert_eq!(
            (parsed.profile(), parsed.compatibility(), parsed.level(), parsed.length_len()),
            (0x64, 0, 0x1f, 4)
        );
        assert_eq!(lists(&data), ([&b"\x67ab"[..]].to_vec(), [&b"\x68c"[..]].to_vec(), 0));
    }

    #[test]
    fn f_50_reserved_bits_of_0_are_masked() {
        let data = record([1, 0x42, 0, 0x1e, 0x03, 0x01], b"\0\x01\x67\x01\0\x01\x68");
        assert_eq!(lists(&data), ([&b"\x67"[..]].to_vec(), [&b"\x68"[..]].to_vec(), 0));
    }

    #[test]
    fn f_34_several_sets_keep_their_order() {
        let data =
            record([1, 0x42, 0, 0x1e, 0xfc, 0xe2], b"\0\x02\x67a\0\x02\x67b\x02\0\x01A\0\x01B");
        assert_eq!(
            lists(&data),
            ([&b"\x67a"[..], b"\x67b"].to_vec(), [&b"A"[..], b"B"].to_vec(), 0)
        );
        assert_eq!(DecoderConfigurationRecord::parse(&data).unwrap().length_len(), 1);
    }

    #[test]
    fn f_08_empty_entries_are_skipped_and_counted() {
        let data = record([1, 0x42, 0, 0x1e, 0xff, 0xe2], b"\0\0\0\x01\x67\x02\0\x01\x68\0\0");
        assert_eq!(lists(&data), ([&b"\x67"[..]].to_vec(), [&b"\x68"[..]].to_vec(), 2));
    }

    #[test]
    fn f_08_o_34_unusable_records_are_typed_errors() {
        for (data, want) in [
            (Vec::new(), AvcError::RecordLen { len: 0 }),
            (record(HEAD, b""), AvcError::RecordLen { len: 6 }),
            (record([0, 0, 0, 1, 0x67, 0x64], b"\0"), AvcError::RecordVersion(0)),
            (record([1, 0x64, 0, 0x1f, 0xfe, 0xe1], b"\0"), AvcError::LengthLen(3)),
            (record([1, 0x64, 0, 0x1f, 0xff, 0xe0], b"\0"), AvcError::NoSequenceParameterSet),
            (record(HEAD, b"\0\0\x01\0\x01\x68"), AvcError::NoSequenceParameterSet),
            (record(HEAD, b"\0\x09\x67abc"), AvcError::Truncated { needed: 9, left: 4 }),
            (record(HEAD, b"\0"), AvcError::Truncated { needed: 2, left: 1 }),
        ] {
            assert_eq!(DecoderConfigurationRecord::parse(&data), Err(want), "{data:x?}");
        }
    }

    #[test]
    fn f_08_a_cut_list_of_picture_parameter_sets_keeps_the_whole_ones() {
        let data = record(HEAD, b"\0\x01\x67\x02\0\x01A\0\x05B");
        assert_eq!(lists(&data), ([&b"\x67"[..]].to_vec(), [&b"A"[..]].to_vec(), 0));
        assert_eq!(lists(&data[..9]), ([&b"\x67"[..]].to_vec(), Vec::new(), 0));
    }

    #[test]
    fn f_08_constraint_flags_are_the_third_byte() {
        let head = [1, 0x42, 0xc0, 0x1e, 0xff, 0xe1];
        let data = record(head, b"\0\x01\x67\x01\0\x01\x68");
        let parsed = DecoderConfigurationRecord::parse(&data).unwrap();
        assert_eq!(parsed.compatibility(), 0xc0);
    }
}
