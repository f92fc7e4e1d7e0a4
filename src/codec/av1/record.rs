//! The configuration record, `av1C` (AV1 Codec ISO Media File Format Binding §2.3).

use super::obu::split;
use super::{Av1Error, SequenceHeader};
use crate::codec::nal::{ParameterSets, SetKind};

/// A configuration record: what a sequence header says, and the header itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConfigurationRecord<'a> {
    units: &'a [u8],
}

impl<'a> ConfigurationRecord<'a> {
    /// Reads a record. What its fixed bytes say of profile and level is not believed: the sequence
    /// header says it too.
    ///
    /// # Errors
    ///
    /// The record is shorter than 4 bytes, or of another version.
    pub fn parse(record: &'a [u8]) -> Result<Self, Av1Error> {
        let Some((&[version, ..], units)) = record.split_first_chunk::<4>() else {
            return Err(Av1Error::RecordLen { len: record.len() });
        };
        if version == MARKER_AND_VERSION {
            Ok(Self { units })
        } else {
            Err(Av1Error::RecordVersion(version))
        }
    }

    /// Iterates over the open bitstream units that are there whole: a sequence header and metadata.
    pub fn units(&self) -> impl Iterator<Item = &'a [u8]> {
        let mut rest = self.units;
        core::iter::from_fn(move || {
            let (unit, later) = split(rest)?;
            rest = later;
            Some(unit)
        })
    }
}

/// Calls `put` with a record, from its first byte to its last.
pub(crate) fn write_record(sets: &ParameterSets, put: &mut dyn FnMut(&[u8])) {
    let header = sets.of_kind(SetKind::Sequence).next().and_then(SequenceHeader::parse);
    if let Some(SequenceHeader { profile, level, is_high_tier, samples, .. }) = header {
        let [x, y] = samples.subsampling;
        let format = [
            (is_high_tier, 0x80),
            (samples.bit_depth > 8, 0x40),
            (samples.bit_depth == 12, 0x20),
            (samples.is_monochrome, 0x10),
            (x == 1, 0x08),
            (y == 1, 0x04),
        ];
        let format = format.iter().filter(|(is_set, _)| *is_set).fold(0, |all, (_, bit)| all | bit);
        let format = format | samples.chroma_position & 3;
        // It is not said how many frames a player should have before it shows the first.
        put(&[MARKER_AND_VERSION, profile << 5 | level & 0x1f, format, 0]);
        put(sets.byte_stream());
    }
}

const MARKER_AND_VERSION: u8 = 0x81;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::av1::configuration;
    use std::vec::Vec;

    /// SVT-AV1's by way of ffmpeg.
    const RECORD: &[u8] =
        &[0x81, 0, 0x0c, 0, 0x0a, 0x0b, 2, 0, 0, 5, 0x21, 0xe7, 0xf6, 0x60, 0x17, 0xc0, 2];

    #[test]
    fn av1_1_a_record_is_put_together_again_as_it_came() {
        let light_level = [0x2a, 6, 1, 3, 0xe8, 0, 0xc8, 0x80];
        for extra in [&[][..], &light_level] {
            let record = [RECORD, extra].concat();
            let sets = configuration(&record).unwrap().sets;
            let mut bytes = Vec::new();
            write_record(&sets, &mut |piece| bytes.extend_from_slice(piece));
            assert_eq!(bytes, record);
        }
    }

    #[test]
    fn av1_1_what_is_no_record_is_a_typed_error() {
        let error = |record: &[u8]| configuration(record).map(|_| ()).unwrap_err();
        assert_eq!(error(&[]), Av1Error::RecordLen { len: 0 });
        assert_eq!(error(&RECORD[..3]), Av1Error::RecordLen { len: 3 });
        assert_eq!(error(&[1, 0, 0x0c, 0]), Av1Error::RecordVersion(1));
        assert_eq!(error(&RECORD[..4]), Av1Error::NoSequenceHeader);
        assert_eq!(error(&RECORD[..8]), Av1Error::NoSequenceHeader);
        let large = [&RECORD[..4], &[0x0a, 0x80, 0x10], &[0; 2048]].concat();
        assert_eq!(error(&large), Av1Error::UnitsTooLarge { len: 2051 });
    }
}
