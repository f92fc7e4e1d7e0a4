//! Which NAL units of an access unit go into a byte stream, and how.

use super::access_unit::{AccessUnit, NalUnits};
use super::escape::Escaped;
use crate::codec::video::{NalKind, VideoCoding};
use crate::config::Filler;

/// The NAL units of an access unit that go into a byte stream.
///
/// ```text
///   9 6 9 7 8 5           without both delimiters: one is written before everything else
///   9 1 9 1               two fields, each an access unit: without the first delimiter
///   10 7 8 5              without the end of sequence, which belongs to the picture before
///   5 10                  all
/// ```
#[derive(Clone, Copy, Debug)]
pub(crate) struct WrittenUnits<'a> {
    units: NalUnits<'a>,
    filler: Filler,
    place: Place,
}

/// How far a walk over an access unit has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    BeforeSlices,
    AmongSlices,
    /// The access unit goes on with a picture. What else may stand before a slice would begin
    /// another one (§7.4.1.2.3).
    WithinPicture,
}

impl<'a> WrittenUnits<'a> {
    /// Takes those of a picture.
    #[inline(always)]
    pub(super) const fn of_picture(unit: &AccessUnit<'a>, filler: Filler) -> Self {
        Self { units: unit.nal_units(), filler, place: Place::BeforeSlices }
    }

    /// Takes those that go on with a picture that an earlier tag began.
    pub(super) const fn further_slices(unit: &AccessUnit<'a>, filler: Filler) -> Self {
        Self { units: unit.nal_units(), filler, place: Place::WithinPicture }
    }

    pub(super) const fn none() -> Self {
        Self::of_picture(&AccessUnit::of_byte_stream(&[], VideoCoding::Avc), Filler::Keep)
    }

    /// Returns a NAL unit as it may stand in a byte stream.
    #[inline]
    pub(super) fn escaped(&self, nal_unit: &'a [u8]) -> Escaped<'a> {
        self.units.rest.escaped(nal_unit)
    }

    /// Returns what stands before each.
    pub(super) const fn start_code(&self) -> &'static [u8] {
        self.units.rest.coding.start_code()
    }

    /// Returns the NAL unit, if there is only one, a slice.
    #[inline]
    pub(super) const fn lone(&self) -> Option<&'a [u8]> {
        self.units.rest.only_slice()
    }

    /// Returns whether the next slice is the first one of a picture, with no other delimiter
    /// before it.
    fn picture_follows(&self) -> bool {
        let coding = self.units.rest.coding;
        let mut later = self.units.map(|unit| (coding.kind(unit), unit));
        let next = later.find(|(kind, _)| kind.is_slice() || *kind == NalKind::Delimiter);
        next.is_some_and(|(kind, unit)| kind.is_slice() && coding.begins_picture(unit))
    }
}

impl<'a> Iterator for WrittenUnits<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        loop {
            let unit = self.units.next()?;
            let is_written = match (self.place, self.units.rest.coding.kind(unit)) {
                (_, NalKind::Filler) => self.filler == Filler::Keep,
                (Place::WithinPicture, kind) => kind.is_slice() || kind == NalKind::End,
                (Place::BeforeSlices, NalKind::Delimiter | NalKind::End) => false,
                (Place::AmongSlices, NalKind::Delimiter) => self.picture_follows(),
                (Place::BeforeSlices, kind) if kind.is_slice() => {
                    self.place = Place::AmongSlices;
                    true
                }
                _ => true,
            };
            if is_written {
                return Some(unit);
            }
        }
    }
}
