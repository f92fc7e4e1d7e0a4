//! An access unit as MP4 has it: each NAL unit after its length (ISO/IEC 14496-15 §5.3.4.2), open
//! bitstream units of AV1 as they are (AV1 Codec ISO Media File Format Binding §2.4).

use super::Escaped;
use super::access_unit::{AccessUnit, NalUnits};
use super::annex_b::AnnexB;
use super::written::WrittenUnits;
use crate::codec::video::{NalKind, VideoCoding};

/// The NAL units of a picture, each after its length in 4 bytes. Delimiters are left out, which
/// mean nothing where a sample has its own beginning, and parameter sets that the sample entry has.
///
/// AV1 has its sequence header before each key frame all the same, and no padding.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LengthPrefixed<'a> {
    /// Sequence headers of AV1 that go before a key frame which has none.
    headers: &'a [u8],
    carried: &'a [u8],
    units: WrittenUnits<'a>,
    coding: VideoCoding,
    sets: SetsInSample,
    len: usize,
}

/// What becomes of parameter sets that a picture brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SetsInSample {
    /// The sample entry has others: they stay.
    Kept,
    /// The sample entry has the same.
    LeftOut,
}

/// Bytes of a length.
const LENGTH_LEN: usize = 4;

/// Walks over the bytes of a sample.
#[derive(Clone, Debug)]
pub(crate) struct SamplePieces<'a> {
    sample: LengthPrefixed<'a>,
    /// NAL units that have waited for the picture, as far as they are still to come.
    carried: NalUnits<'a>,
    /// What is left of the NAL unit whose length was given.
    unit: Escaped<'a>,
}

/// A piece of a sample, never empty.
#[derive(Clone, Copy, Debug)]
pub(crate) enum SamplePiece<'a> {
    Length([u8; LENGTH_LEN]),
    Media(&'a [u8]),
}

impl<'a> LengthPrefixed<'a> {
    /// Takes the NAL units of a picture.
    #[inline(always)]
    pub(crate) fn new(picture: &AnnexB<'a>, coding: VideoCoding, sets: SetsInSample) -> Self {
        let (carried, units) = (picture.carried(), picture.units());
        let headers = if coding == VideoCoding::Av1 { picture.parameter_sets() } else { &[] };
        let mut taken = Self { headers, carried, units, coding, sets, len: 0 };
        taken.len = match taken.only_slice() {
            Some(slice) => LENGTH_LEN + slice.len(),
            None => taken.walked_len(),
        };
        taken
    }

    /// Returns the length in bytes; 0 where nothing is left.
    #[inline]
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    #[inline(always)]
    fn only_slice(&self) -> Option<&'a [u8]> {
        if self.carried.is_empty() { self.units.lone() } else { None }
    }

    #[inline(never)]
    fn walked_len(&self) -> usize {
        let escaped_len = |unit| self.units.escaped(unit).map(<[u8]>::len).sum::<usize>();
        let length_len = self.length_len();
        let carried = self.carried_units().map(|unit| length_len + unit.len());
        let own = self.own_units().map(|unit| length_len + escaped_len(unit));
        self.headers.len() + carried.chain(own).sum::<usize>()
    }

    /// Calls `piece` with the bytes from first to last, in pieces that are never empty, until it
    /// fails.
    #[inline(always)]
    pub(crate) fn try_for_each_piece<E>(
        &self,
        mut piece: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        if let Some(slice) = self.only_slice() {
            piece(&length(slice.len()))?;
            return piece(slice);
        }
        for next in self.pieces() {
            match next {
                SamplePiece::Length(length) => piece(&length)?,
                SamplePiece::Media(media) => piece(media)?,
            }
        }
        Ok(())
    }

    /// Returns the bytes of a length: 0 where units say their size.
    const fn length_len(&self) -> usize {
        match self.coding {
            VideoCoding::Avc | VideoCoding::Hevc => LENGTH_LEN,
            VideoCoding::Av1 => 0,
        }
    }

    /// Iterates over the bytes from first to last.
    pub(crate) fn pieces(&self) -> SamplePieces<'a> {
        let carried = AccessUnit::of_byte_stream(self.carried, self.coding).nal_units();
        SamplePieces { sample: *self, carried, unit: Escaped::whole(self.headers) }
    }

    /// Iterates over NAL units that have waited for the picture.
    fn carried_units(&self) -> impl Iterator<Item = &'a [u8]> {
        let carried = AccessUnit::of_byte_stream(self.carried, self.coding);
        carried.nal_units().filter(|unit| self.stays(unit))
    }

    fn own_units(&self) -> impl Iterator<Item = &'a [u8]> {
        self.units.filter(|unit| self.stays(unit))
    }

    fn stays(&self, unit: &[u8]) -> bool {
        match self.coding.kind(unit) {
            NalKind::Delimiter => false,
            NalKind::Filler => self.coding != VideoCoding::Av1,
            NalKind::ParameterSet => {
                self.sets == SetsInSample::Kept || self.coding == VideoCoding::Av1
            }
            _ => true,
        }
    }
}

impl<'a> Iterator for SamplePieces<'a> {
    type Item = SamplePiece<'a>;

    fn next(&mut self) -> Option<SamplePiece<'a>> {
        if let Some(media) = self.unit.next() {
            return Some(SamplePiece::Media(media));
        }
        let Self { sample, carried, .. } = self;
        self.unit = match carried.find(|unit| sample.stays(unit)) {
            Some(unit) => Escaped::whole(unit),
            None => {
                let whole = *sample;
                let unit = sample.units.find(|unit| whole.stays(unit))?;
                sample.units.escaped(unit)
            }
        };
        match sample.length_len() {
            0 => self.unit.next().map(SamplePiece::Media),
            _ => Some(SamplePiece::Length(length(self.unit.clone().map(<[u8]>::len).sum()))),
        }
    }
}

/// A tag has less than 2^24 bytes, and frames have no more than a `u32` counts.
#[inline]
const fn length(len: usize) -> [u8; LENGTH_LEN] {
    (len as u32).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::nal::Packing;
    use crate::config::Filler;
    use std::vec::Vec;

    fn laid(carried: &[u8], tag: &[u8], sets: SetsInSample) -> Vec<u8> {
        let (unit, contents) = AccessUnit::new(tag, Packing::default());
        let picture = AnnexB::new(&[], carried, unit, &contents, Filler::Keep);
        let sample = LengthPrefixed::new(&picture, VideoCoding::Avc, sets);
        let mut bytes = Vec::new();
        let piece = |piece: &[u8]| {
            assert!(!piece.is_empty());
            bytes.extend_from_slice(piece);
            Ok::<_, ()>(())
        };
        sample.try_for_each_piece(piece).unwrap();
        assert_eq!(bytes.len(), sample.len());
        bytes
    }

    #[test]
    fn mp4_6_delimiters_and_parameter_sets_of_the_sample_entry_are_left_out() {
        let tag = [
            &[0, 0, 0, 2, 9, 0xf0][..],
            &[0, 0, 0, 2, 0x67, 1, 0, 0, 0, 2, 0x68, 2],
            &[0, 0, 0, 2, 6, 5, 0, 0, 0, 3, 0x65, 0x88, 7],
        ]
        .concat();
        let rest = [0, 0, 0, 2, 6, 5, 0, 0, 0, 3, 0x65, 0x88, 7];
        assert_eq!(laid(&[], &tag, SetsInSample::LeftOut), rest);
        assert_eq!(laid(&[], &tag, SetsInSample::Kept), tag[6..]);
    }

    #[test]
    fn mp4_6_a_slice_alone_and_what_waited_for_it_have_lengths_of_four_bytes() {
        let tag = [0, 0, 0, 3, 0x41, 0x9a, 7];
        assert_eq!(laid(&[], &tag, SetsInSample::LeftOut), tag);
        let with_message = [0, 0, 0, 2, 6, 5, 0, 0, 0, 3, 0x41, 0x9a, 7];
        assert_eq!(laid(&[0, 0, 0, 1, 6, 5], &tag, SetsInSample::LeftOut), with_message);
    }

    #[test]
    fn mp4_6_lengths_count_the_escapes_that_a_message_gets() {
        let tag = [0, 0, 0, 6, 6, 5, 3, 0, 0, 1, 0, 0, 0, 3, 0x41, 0x9a, 7];
        let laid = laid(&[], &tag, SetsInSample::LeftOut);
        assert_eq!(laid[..11], [0, 0, 0, 7, 6, 5, 3, 0, 0, 3, 1]);
    }
}
