//! An access unit as a byte stream (ITU-T H.264 Annex B; open bitstream units of AV1).

use super::START_CODE;
use super::access_unit::{AccessUnit, Contents};
use super::escape::Escaped;
use super::written::WrittenUnits;
use crate::config::Filler;

/// Parameter sets, carried NAL units and the NAL units of a tag, each after a start code; those of
/// AV1 need none.
///
/// The access unit delimiter is not part of it: what is written before everything else comes first.
#[derive(Clone, Copy, Debug)]
pub struct AnnexB<'a> {
    parameter_sets: &'a [u8],
    carried: &'a [u8],
    units: WrittenUnits<'a>,
    len: usize,
}

impl<'a> AnnexB<'a> {
    /// Puts `parameter_sets` and `carried`, both byte streams already, before an access
    /// unit.
    #[inline(always)]
    pub(crate) const fn new(
        parameter_sets: &'a [u8],
        carried: &'a [u8],
        unit: AccessUnit<'a>,
        contents: &Contents,
        filler: Filler,
    ) -> Self {
        let dropped_len = match filler {
            Filler::Keep => 0,
            Filler::Drop => contents.filler_len,
        };
        let len = parameter_sets.len() + carried.len() + contents.annex_b_len - dropped_len;
        let units = WrittenUnits::of_picture(&unit, filler);
        Self { parameter_sets, carried, units, len }
    }

    /// Takes an access unit that goes on with a picture that an earlier tag began.
    pub(crate) fn further_slices(unit: AccessUnit<'a>, filler: Filler) -> Self {
        let units = WrittenUnits::further_slices(&unit, filler);
        let before = unit.coding().start_code().len();
        let len = units.map(|nal_unit| before + nal_unit.len()).sum();
        Self { parameter_sets: &[], carried: &[], units, len }
    }

    /// Returns the length in bytes.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Returns whether there is no NAL unit at all.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns the NAL units that have waited for the picture, as a byte stream.
    #[inline(always)]
    pub(super) const fn carried(&self) -> &'a [u8] {
        self.carried
    }

    /// Returns the parameter sets that go before the picture, as a byte stream.
    #[inline(always)]
    pub(super) const fn parameter_sets(&self) -> &'a [u8] {
        self.parameter_sets
    }

    /// Returns the NAL units of the tag itself.
    #[inline(always)]
    pub(super) const fn units(&self) -> WrittenUnits<'a> {
        self.units
    }

    /// Iterates over the bytes, in slices that lie where they came in.
    pub const fn slices(&self) -> Slices<'a> {
        Slices {
            lead: [self.parameter_sets, self.carried],
            unit: Escaped::whole(&[]),
            units: self.units,
        }
    }

    /// Returns the length in bytes without the start code at the beginning.
    #[inline]
    pub(crate) const fn len_behind_start_code(&self) -> usize {
        self.len.saturating_sub(START_CODE.len())
    }

    /// Returns the bytes after the start code at the beginning, if they lie in one piece.
    #[inline]
    pub(crate) const fn piece_behind_start_code(&self) -> Option<&'a [u8]> {
        if self.parameter_sets.is_empty() && self.carried.is_empty() {
            self.units.lone()
        } else {
            None
        }
    }

    /// Iterates over the bytes without the start code at the beginning.
    pub(crate) fn slices_behind_start_code(&self) -> Slices<'a> {
        let mut slices = self.slices();
        let [sets, carried] = &mut slices.lead;
        if let Some(rest) = sets.get(START_CODE.len()..) {
            *sets = rest;
        } else if let Some(rest) = carried.get(START_CODE.len()..) {
            *carried = rest;
        } else {
            slices.begin_unit();
        }
        slices
    }
}

/// Iterates over a byte stream in borrowed slices, none of them empty.
#[derive(Clone, Debug)]
pub struct Slices<'a> {
    lead: [&'a [u8]; 2],
    /// The NAL unit whose start code has come.
    unit: Escaped<'a>,
    units: WrittenUnits<'a>,
}

impl<'a> Slices<'a> {
    pub(crate) const fn one(bytes: &'a [u8]) -> Self {
        Self { lead: [bytes, &[]], unit: Escaped::whole(&[]), units: WrittenUnits::none() }
    }

    /// Begins the next NAL unit; `None` if there is none.
    fn begin_unit(&mut self) -> Option<()> {
        let unit = self.units.next()?;
        self.unit = self.units.escaped(unit);
        Some(())
    }
}

impl<'a> Iterator for Slices<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if let Some(piece) = self.unit.next() {
            return Some(piece);
        }
        for lead in &mut self.lead {
            if !lead.is_empty() {
                return Some(core::mem::take(lead));
            }
        }
        self.begin_unit()?;
        match self.units.start_code() {
            [] => self.unit.next(),
            start_code => Some(start_code),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::nal::Packing;
    use std::vec::Vec;

    /// Length-prefixed NAL units, one for each digit of `pick` to the base of their number.
    fn tag(nal_units: &[&[u8]], mut pick: usize) -> Vec<u8> {
        let mut tag = Vec::new();
        while pick > 0 {
            let nal_unit = nal_units[pick % nal_units.len()];
            tag.extend((nal_unit.len() as u32).to_be_bytes());
            tag.extend(nal_unit);
            pick /= nal_units.len();
        }
        tag
    }

    #[test]
    fn what_is_behind_the_first_start_code_is_all_but_that() {
        let nal_units: [&[u8]; 6] = [&[], &[9, 0x10], &[12, 0xff], &[0x65, 7], &[6, 1], &[0x41]];
        for pick in 0..6_usize.pow(4) {
            let tag = tag(&nal_units, pick);
            for filler in [Filler::Keep, Filler::Drop] {
                for (sets, carried) in [(0, 0), (5, 0), (0, 6), (5, 6)] {
                    let (sets, carried) =
                        (&[0, 0, 0, 1, 0x67][..sets], &[0, 0, 0, 1, 6, 5][..carried]);
                    let (unit, contents) = AccessUnit::new(&tag, Packing::default());
                    let stream = AnnexB::new(sets, carried, unit, &contents, filler);
                    let all: Vec<u8> = stream.slices().flatten().copied().collect();
                    let behind: Vec<u8> =
                        stream.slices_behind_start_code().flatten().copied().collect();
                    assert_eq!(behind, all.get(4..).unwrap_or_default(), "{tag:x?}");
                    assert_eq!(behind.len(), stream.len_behind_start_code());
                }
            }
        }
    }

    #[test]
    fn t_19_delimiters_leave_their_place_and_every_other_nal_unit_gets_a_long_start_code() {
        let tag = [0, 0, 0, 1, 6, 0, 0, 0, 2, 9, 0x10, 0, 0, 0, 2, 12, 0xff, 0, 0, 0, 2, 0x65, 7];
        let sets = [0, 0, 0, 1, 0x67];
        for (filler, want) in [
            (
                Filler::Keep,
                &[0, 0, 0, 1, 0x67, 0, 0, 0, 1, 6, 0, 0, 0, 1, 12, 0xff, 0, 0, 0, 1, 0x65, 7][..],
            ),
            (Filler::Drop, &[0, 0, 0, 1, 0x67, 0, 0, 0, 1, 6, 0, 0, 0, 1, 0x65, 7]),
        ] {
            let (unit, contents) = AccessUnit::new(&tag, Packing::default());
            let stream = AnnexB::new(&sets, &[], unit, &contents, filler);
            let bytes: Vec<u8> = stream.slices().flatten().copied().collect();
            assert_eq!(bytes, want);
            assert_eq!(stream.len(), want.len());
            assert_eq!(contents.delimiter, Some(0x10));
        }
    }

    #[test]
    fn a_stream_is_empty_where_no_nal_unit_is() {
        for (tag, is_empty) in [(&[][..], true), (&[0, 0, 0, 2, 0x65, 7], false)] {
            let (unit, contents) = AccessUnit::new(tag, Packing::default());
            let stream = AnnexB::new(&[], &[], unit, &contents, Filler::Keep);
            assert_eq!(stream.is_empty(), is_empty);
        }
    }
}
