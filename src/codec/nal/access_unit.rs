//! The access unit of one tag: its NAL units, hopped over by their lengths and never searched. Open
//! bitstream units of AV1 say their lengths themselves, and nothing of what follows concerns them.
//!
//! Three things that encoders really send are put right here, each found without reading slice
//! data: zero-length NAL units are passed over, an Annex B byte stream is taken where lengths
//! should be, and start codes hidden in a NAL unit that is no slice split it. Those that lie within
//! an SEI message, which is as long as it says, are data: they are escaped.

use super::escape::{Escaped, lacks_escape};
use super::packing::{Framing, Packing};
use super::sei::{has_recovery_point, messages_len};
use super::written::WrittenUnits;
use super::{START_CODE, find_start_code, trim_zeros};
use crate::codec::av1;
use crate::codec::video::{NalKind, VideoCoding};
use crate::config::Filler;

/// The NAL units of one picture, as they lie in a tag.
#[derive(Clone, Copy, Debug)]
pub struct AccessUnit<'a> {
    data: &'a [u8],
    pub(super) coding: VideoCoding,
    framing: Framing,
    /// Some NAL unit that is no slice has a start code inside, or would show one.
    hidden: bool,
}

/// What a walk over an access unit found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Contents {
    /// There is a coded slice: the access unit has a picture.
    pub slice: bool,
    /// There is a slice of a picture that decoding can begin with; in H.264 an IDR picture, in
    /// H.265 an IRAP picture.
    pub random_access: bool,
    /// There is a slice of a picture that cannot be decoded where decoding begins with the random
    /// access picture before it; in H.265 a RASL picture.
    pub skipped_leading: bool,
    /// There is a parameter set.
    pub parameter_sets: bool,
    /// What the first access unit delimiter says of slice types: in H.264 `primary_pic_type` and
    /// stop bit (§7.3.2.4).
    pub delimiter: Option<u8>,
    /// The first slice goes on with a picture that an earlier tag began.
    pub continues: bool,
    /// Bytes of the NAL units that are written, each with a 4-byte start code where its codec has
    /// them: all but delimiters before the first slice, and ends of sequence there.
    pub annex_b_len: usize,
    /// Bytes thereof in filler data NAL units.
    pub filler_len: usize,
    /// NAL units of length 0 that were passed over.
    pub empty: usize,
    /// Ends of sequence or of stream before the first slice: they would end the wrong picture, and
    /// are left out.
    pub misplaced: usize,
    /// The last length ran past the end; what it announced is left out.
    pub truncated: bool,
    /// Start codes stood where lengths should be.
    pub start_codes: bool,
}

impl<'a> AccessUnit<'a> {
    /// Walks the body of a coded-frame tag.
    pub fn new(data: &'a [u8], packing: Packing) -> (Self, Contents) {
        Self::lone_slice(data, packing)
            .unwrap_or_else(|| Self::framed(data, packing.coding(), packing.framing()).walked())
    }

    /// Takes what most access units are, one slice with a length of 4 bytes before it: there is
    /// nothing to walk.
    #[inline(always)]
    fn lone_slice(data: &'a [u8], packing: Packing) -> Option<(Self, Contents)> {
        let (len, nal_unit) = data.split_first_chunk()?;
        let kind = packing.coding().kind(nal_unit);
        let lone = packing.is_plain() && u32::from_be_bytes(*len) as usize == nal_unit.len();
        if !lone || !kind.is_slice() {
            return None;
        }
        Some(Self::lone(nal_unit, kind, packing))
    }

    /// Takes one slice of a picture that is neither an access point nor skipped behind one.
    #[inline(always)]
    pub(crate) fn plain_slice(data: &'a [u8], packing: Packing) -> Option<(Self, Contents)> {
        let (len, nal_unit) = data.split_first_chunk()?;
        let lone = packing.is_plain() && u32::from_be_bytes(*len) as usize == nal_unit.len();
        if !lone || packing.coding().kind(nal_unit) != NalKind::Slice {
            return None;
        }
        Some(Self::lone(nal_unit, NalKind::Slice, packing))
    }

    /// Takes a slice that is all there is of an access unit.
    #[inline(always)]
    fn lone(nal_unit: &'a [u8], kind: NalKind, packing: Packing) -> (Self, Contents) {
        let unit = Self::framed(nal_unit, packing.coding(), Framing::Lone);
        let contents = Contents {
            slice: true,
            random_access: kind == NalKind::RandomAccessSlice,
            skipped_leading: kind == NalKind::SkippedLeadingSlice,
            continues: !packing.coding().begins_picture(nal_unit),
            annex_b_len: START_CODE.len() + nal_unit.len(),
            ..Contents::default()
        };
        (unit, contents)
    }

    /// Returns how the picture is coded.
    pub(crate) const fn coding(&self) -> VideoCoding {
        self.coding
    }

    /// Returns the NAL unit, if there is only one, a slice.
    #[inline]
    pub(super) const fn only_slice(&self) -> Option<&'a [u8]> {
        match self.framing {
            Framing::Lone => Some(self.data),
            _ => None,
        }
    }

    /// Walks a byte stream. One that is a slice and nothing else is as cheap to write as one with a
    /// length.
    pub(crate) fn in_byte_stream(data: &'a [u8], coding: VideoCoding) -> (Self, Contents) {
        let mut unit = Self::of_byte_stream(data, coding);
        let mut units = unit.nal_units();
        if unit.framing == Framing::StartCode
            && let (Some(first), None) = (units.next(), units.next())
            && coding.kind(first).is_slice()
        {
            unit = Self::framed(first, coding, Framing::Lone);
        }
        let contents = unit.walk();
        (unit, contents)
    }

    fn walked(mut self) -> (Self, Contents) {
        let mut contents = self.walk();
        // Lengths come first: 00 00 01 22 is a length of 290 as often as it is a start code.
        let has_lengths = matches!(self.framing, Framing::Length(_));
        if has_lengths && contents.truncated && matches!(find_start_code(self.data), Some(0 | 1)) {
            self.framing = Framing::StartCode;
            self.hidden = false;
            contents = self.walk();
            contents.start_codes = true;
        }
        (self, contents)
    }

    /// Takes what is a byte stream already: in Annex B, or open bitstream units of AV1.
    pub(crate) const fn of_byte_stream(data: &'a [u8], coding: VideoCoding) -> Self {
        let framing = match coding {
            VideoCoding::Avc | VideoCoding::Hevc => Framing::StartCode,
            VideoCoding::Av1 => Framing::Sized,
        };
        Self::framed(data, coding, framing)
    }

    #[inline(always)]
    const fn framed(data: &'a [u8], coding: VideoCoding, framing: Framing) -> Self {
        Self { data, coding, framing, hidden: false }
    }

    /// Iterates over the NAL units that are there whole, none of them empty.
    pub const fn nal_units(&self) -> NalUnits<'a> {
        NalUnits { rest: *self, splitting: &[] }
    }

    /// Returns whether an SEI message marks a recovery point (H.264 §D.1.8).
    pub fn has_recovery_point(&self) -> bool {
        let mut nal_units = self.nal_units();
        nal_units.any(|unit| {
            let messages = unit.get(self.coding.nal_header_len()..).unwrap_or_default();
            self.coding.kind(unit) == NalKind::Sei && has_recovery_point(messages)
        })
    }

    fn walk(&mut self) -> Contents {
        let mut contents = Contents::default();
        let before = self.coding.start_code().len();
        if self.framing != Framing::StartCode {
            let mut lengths = self.nal_units();
            while let Some(unit) = lengths.next_by_length() {
                contents.empty += usize::from(unit.is_empty());
                let kind = self.coding.kind(unit);
                self.hidden |= match kind {
                    NalKind::Sei => lacks_escape(unit),
                    _ => kind.may_hide_others() && find_start_code(unit).is_some(),
                };
            }
            self.hidden &= self.framing != Framing::Sized;
            contents.truncated = !lengths.rest.data.is_empty();
        }
        for unit in self.nal_units() {
            match self.coding.kind(unit) {
                NalKind::Delimiter => {
                    let slice_types = self.coding.slice_types(unit);
                    contents.delimiter = contents.delimiter.or(slice_types);
                }
                NalKind::End if !contents.slice => contents.misplaced += 1,
                NalKind::ParameterSet => contents.parameter_sets = true,
                NalKind::Filler => contents.filler_len += unit.len() + before,
                kind if kind.is_slice() => {
                    contents.continues |= !contents.slice && !self.coding.begins_picture(unit);
                    contents.slice = true;
                    contents.random_access |= kind == NalKind::RandomAccessSlice;
                    contents.skipped_leading |= kind == NalKind::SkippedLeadingSlice;
                }
                _ => {}
            }
        }
        // An access unit of both kinds of slices is none: what decoding can begin with counts.
        contents.skipped_leading &= !contents.random_access;
        for unit in WrittenUnits::of_picture(self, Filler::Keep) {
            contents.annex_b_len += before + self.escaped(unit).map(<[u8]>::len).sum::<usize>();
        }
        contents
    }

    /// Returns a NAL unit as it may stand in a byte stream.
    #[inline]
    pub(crate) fn escaped(&self, nal_unit: &'a [u8]) -> Escaped<'a> {
        if self.hidden && self.coding.kind(nal_unit) == NalKind::Sei {
            Escaped::new(nal_unit)
        } else {
            Escaped::whole(nal_unit)
        }
    }
}

/// Iterates over the NAL units of an [`AccessUnit`].
#[derive(Clone, Copy, Debug)]
pub struct NalUnits<'a> {
    /// The NAL units that are left.
    pub(super) rest: AccessUnit<'a>,
    /// What is left of a NAL unit that start codes split.
    splitting: &'a [u8],
}

impl<'a> NalUnits<'a> {
    /// Takes the next NAL unit by its length; what does not fit is left in `rest`.
    fn next_by_length(&mut self) -> Option<&'a [u8]> {
        let (len, body) = match self.rest.framing {
            Framing::Length(4) => {
                let (len, body) = self.rest.data.split_first_chunk::<4>()?;
                (u32::from_be_bytes(*len) as usize, body)
            }
            Framing::Length(2) => {
                let (len, body) = self.rest.data.split_first_chunk::<2>()?;
                (usize::from(u16::from_be_bytes(*len)), body)
            }
            Framing::Length(_) => {
                let (len, body) = self.rest.data.split_first()?;
                (usize::from(*len), body)
            }
            Framing::Lone if !self.rest.data.is_empty() => {
                return Some(core::mem::take(&mut self.rest.data));
            }
            Framing::Sized => {
                let (unit, rest) = av1::split(self.rest.data)?;
                self.rest.data = rest;
                return Some(unit);
            }
            Framing::Lone | Framing::StartCode => return None,
        };
        let (unit, rest) = body.split_at_checked(len)?;
        self.rest.data = rest;
        Some(unit)
    }

    /// Takes the next NAL unit up to a start code.
    fn next_by_start_code(&mut self) -> Option<&'a [u8]> {
        while !self.splitting.is_empty() {
            let next = self.find_next_unit();
            let end = next.unwrap_or(self.splitting.len());
            let (unit, rest) = self.splitting.split_at(end);
            self.splitting = rest.get(3..).unwrap_or_default();
            let unit = if next.is_some() { trim_zeros(unit) } else { unit };
            if !unit.is_empty() {
                return Some(unit);
            }
        }
        None
    }

    /// Finds the start code after the NAL unit at the front. In one that had a length, slices are
    /// not searched, nor are messages.
    fn find_next_unit(&self) -> Option<usize> {
        let coding = self.rest.coding;
        let kind = coding.kind(self.splitting);
        let from = match kind {
            _ if self.rest.framing == Framing::StartCode => 0,
            NalKind::Sei => {
                let header_len = coding.nal_header_len();
                let messages = self.splitting.get(header_len..).unwrap_or_default();
                messages_len(messages).map_or(0, |len| header_len + len)
            }
            _ if kind.is_slice() => return None,
            _ => 0,
        };
        let searched = self.splitting.get(from..)?;
        find_start_code(searched).map(|at| from + at)
    }
}

impl<'a> Iterator for NalUnits<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.rest.framing == Framing::StartCode && !self.rest.data.is_empty() {
            self.splitting = core::mem::take(&mut self.rest.data);
        }
        loop {
            if let Some(unit) = self.next_by_start_code() {
                return Some(unit);
            }
            let unit = self.next_by_length()?;
            if self.rest.hidden && !self.rest.coding.kind(unit).is_slice() {
                self.splitting = unit;
            } else if !unit.is_empty() {
                return Some(unit);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    fn kinds(data: &[u8], length_len: usize) -> (Vec<u8>, Contents) {
        let (unit, contents) = AccessUnit::new(data, Packing::new(VideoCoding::Avc, length_len));
        (unit.nal_units().map(|unit| unit[0] & 0x1f).collect(), contents)
    }

    #[test]
    fn f_09_lengths_of_1_2_and_4_bytes_are_walked() {
        for (data, length_len) in [
            (&[2, 6, 1, 3, 0x65, 2, 3][..], 1),
            (&[0, 2, 6, 1, 0, 3, 0x65, 2, 3], 2),
            (&[0, 0, 0, 2, 6, 1, 0, 0, 0, 3, 0x65, 2, 3], 4),
        ] {
            let (kinds, contents) = kinds(data, length_len);
            assert_eq!(kinds, [6, 5], "{length_len}");
            assert!(
                contents.random_access && contents.slice && !contents.truncated,
                "{length_len}"
            );
            assert_eq!(contents.annex_b_len, 4 + 2 + 4 + 3, "{length_len}");
        }
    }

    #[test]
    fn f_09_of_a_truncated_tail_the_whole_nal_units_are_kept() {
        let (kinds, contents) = kinds(&[0, 0, 0, 2, 0x41, 1, 0, 0, 0, 9, 0x41, 1], 4);
        assert_eq!(kinds, [1]);
        assert!(contents.truncated);
        let (kinds, contents) = kinds_of_stray_bytes();
        assert_eq!(kinds, [1]);
        assert!(contents.truncated);
    }

    fn kinds_of_stray_bytes() -> (Vec<u8>, Contents) {
        kinds(&[0, 0, 0, 2, 0x41, 1, 0, 0], 4)
    }

    #[test]
    fn f_35_lengths_come_first_and_start_codes_only_where_lengths_do_not_fit() {
        let mut lengths = [0x41; 4 + 290];
        lengths[..4].copy_from_slice(&[0, 0, 1, 0x22]);
        let (found, contents) = kinds(&lengths, 4);
        assert_eq!((found, contents.start_codes), ([1].to_vec(), false));
        let (found, contents) =
            kinds(&[0, 0, 0, 1, 0x67, 1, 0, 0, 0, 1, 0x68, 2, 0, 0, 1, 0x65, 3], 4);
        assert_eq!(
            (found, contents.start_codes, contents.truncated),
            ([7, 8, 5].to_vec(), true, false)
        );
        assert_eq!(contents.annex_b_len, 18);
    }

    #[test]
    fn f_36_start_codes_inside_a_nal_unit_that_is_no_slice_split_it() {
        let (found, contents) = kinds(&[0, 0, 0, 11, 6, 9, 0, 0, 0, 1, 0x65, 3, 0, 0, 1], 4);
        assert_eq!(found, [6, 5]);
        assert!(contents.random_access);
        let hidden_in_slice = [0, 0, 0, 7, 0x65, 3, 0, 0, 1, 0x67, 2];
        assert_eq!(kinds(&hidden_in_slice, 4).0, [5], "slice data is not searched");
    }

    #[test]
    fn f_37_zero_length_nal_units_are_passed_over() {
        let (found, contents) = kinds(&[0, 0, 0, 0, 0, 0, 0, 1, 0x41, 0, 0, 0, 0], 4);
        assert_eq!((found, contents.empty, contents.truncated), ([1].to_vec(), 2, false));
        assert_eq!(kinds(&[], 4), (Vec::new(), Contents::default()));
    }

    #[test]
    fn f_25_a_recovery_point_is_found_behind_other_messages() {
        let with = [6, 5, 4, 0, 0, 3, 1, 9, 6, 1, 0x80, 0x80];
        let without = [6, 5, 4, 6, 1, 6, 1, 0x80];
        for (sei, want) in
            [(&with[..], true), (&without, false), (&[6], false), (&[6, 5, 200, 6], false)]
        {
            let mut data = [0, 0, 0, sei.len() as u8].to_vec();
            data.extend_from_slice(sei);
            assert_eq!(
                AccessUnit::new(&data, Packing::default()).0.has_recovery_point(),
                want,
                "{sei:?}"
            );
        }
    }

    #[test]
    fn f_37_two_bytes_of_length_are_not_taken_for_four() {
        let (unit, contents) =
            AccessUnit::new(&[0, 0, 0, 2, 0x65, 0x88], Packing::new(VideoCoding::Avc, 2));
        assert_eq!(contents.empty, 1);
        assert_eq!(unit.nal_units().collect::<Vec<_>>(), [&[0x65, 0x88]]);
    }

    #[test]
    fn f_36_only_what_may_hide_nal_units_is_searched_for_start_codes() {
        let filler = [0, 0, 0, 6, 12, 0, 0, 1, 0x65, 7];
        let (unit, contents) = AccessUnit::new(&filler, Packing::default());
        assert_eq!(unit.nal_units().count(), 1);
        assert!(!contents.random_access);
        // What hides in a message is searched no further where it is a slice.
        let message = [0, 0, 0, 12, 6, 1, 0, 0, 1, 0x41, 7, 0, 0, 1, 0x65, 7];
        let (unit, _) = AccessUnit::new(&message, Packing::default());
        let units: Vec<_> = unit.nal_units().collect();
        assert_eq!(units, [&[6, 1][..], &[0x41, 7, 0, 0, 1, 0x65, 7]]);
    }

    #[test]
    fn f_35_slices_of_a_byte_stream_are_split() {
        let stream = [0, 0, 0, 1, 0x65, 7, 0, 0, 1, 0x65, 8];
        let units: Vec<_> =
            AccessUnit::of_byte_stream(&stream, VideoCoding::Avc).nal_units().collect();
        assert_eq!(units, [[0x65, 7], [0x65, 8]]);
    }
}
