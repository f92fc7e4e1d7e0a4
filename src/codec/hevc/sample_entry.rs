//! The decoder configuration record that a sample entry has, put together from parameter sets
//! (ISO/IEC 14496-15 §8.3.3.1).

use super::ProfileTierLevel;
use super::sps::{profile, skip_to_id};
use crate::codec::nal::{ParameterSets, RbspBits, SetKind};

/// Calls `put` with the record, from its first byte to its last: for lengths of 4 bytes, and with
/// arrays of parameter sets that are complete, as a sample entry `hvc1` demands.
pub(crate) fn write_record(sets: &ParameterSets, put: &mut dyn FnMut(&[u8])) {
    let first = sets.of_kind(SetKind::Sequence).next().unwrap_or_default();
    let profile = profile(first).unwrap_or(ProfileTierLevel::new([0; ProfileTierLevel::LEN]));
    let format = Format::read(first).unwrap_or_default();
    let chroma = 0xfc | format.chroma;
    let [luma_depth, chroma_depth] = [format.luma_depth, format.chroma_depth].map(|it| 0xf8 | it);
    put(&[1]);
    put(&profile.to_bytes());
    // Nothing is said of spatial segmentation, of parallelism, and of the frame rate.
    put(&[0xf0, 0, 0xfc, chroma, luma_depth, chroma_depth, 0, 0]);
    let arrays = ARRAYS.iter().filter(|(kind, _)| sets.of_kind(*kind).next().is_some());
    let nesting = u8::from(format.is_nested) << 2;
    put(&[format.sub_layers << 3 | nesting | LENGTH_LEN_LESS_ONE, arrays.clone().count() as u8]);
    for (kind, head) in arrays {
        let units = sets.of_kind(*kind);
        put(&[*head, 0, units.clone().count() as u8]);
        for unit in units {
            put(&(unit.len() as u16).to_be_bytes());
            put(unit);
        }
    }
}

/// What a record repeats of a sequence parameter set.
#[derive(Clone, Copy, Debug)]
struct Format {
    chroma: u8,
    /// Bits of a sample, less 8.
    luma_depth: u8,
    chroma_depth: u8,
    /// Temporal sub-layers.
    sub_layers: u8,
    is_nested: bool,
}

impl Default for Format {
    /// 4:2:0 with 8 bits.
    fn default() -> Self {
        Self { chroma: 1, luma_depth: 0, chroma_depth: 0, sub_layers: 1, is_nested: true }
    }
}

impl Format {
    /// Reads a sequence parameter set, a whole NAL unit (ITU-T H.265 §7.3.2.2.1).
    fn read(sps: &[u8]) -> Option<Self> {
        let &[_, _, layers, ..] = sps else {
            return None;
        };
        let mut bits = RbspBits::new(sps.get(2..)?);
        let sub_layers = skip_to_id(&mut bits)? as u8 + 1;
        bits.exp_golomb()?;
        let chroma = bits.exp_golomb()?;
        if chroma == 3 {
            bits.skip(1)?; // separate_colour_plane_flag
        }
        bits.exp_golomb()?; // width and height
        bits.exp_golomb()?;
        if bits.bit()? {
            for _ in 0..4 {
                bits.exp_golomb()?; // conformance window
            }
        }
        let (luma_depth, chroma_depth) = (bits.exp_golomb()?, bits.exp_golomb()?);
        let in_range = chroma <= 3 && luma_depth <= 7 && chroma_depth <= 7;
        in_range.then_some(Self {
            chroma: chroma as u8,
            luma_depth: luma_depth as u8,
            chroma_depth: chroma_depth as u8,
            sub_layers,
            is_nested: layers & 1 != 0,
        })
    }
}

/// The arrays of a record: which sets are in each, and its first byte, with `array_completeness`
/// and `NAL_unit_type`. There may be further messages in the stream.
const ARRAYS: &[(SetKind, u8)] = &[
    (SetKind::Video, 0xa0),
    (SetKind::Sequence, 0xa1),
    (SetKind::Picture, 0xa2),
    (SetKind::Message, 0x27),
];
const LENGTH_LEN_LESS_ONE: u8 = 3;

#[cfg(test)]
mod tests {
    use crate::codec::hevc::configuration;
    use std::vec::Vec;

    #[test]
    fn mp4_7_the_record_of_an_encoder_comes_out_with_complete_arrays_and_without_its_options() {
        // x265 through ffmpeg's FLV.
        let sets = b"\x01\x01\x60\x00\x00\x00\x90\x00\x00\x00\x00\x00\x1e\xf0\x00\xfc\xfd\xf8\xf8\x00\x00\x0f\
            \x03\xa0\x00\x01\x00\x18\x40\x01\x0c\x01\xff\xff\x01\x60\x00\x00\x03\x00\x90\x00\x00\x03\x00\x00\x03\
            \x00\x1e\x95\x94\x09\xa1\x00\x01\x00\x29\x42\x01\x01\x01\x60\x00\x00\x03\x00\x90\x00\x00\x03\x00\x00\
            \x03\x00\x1e\xa0\x18\x20\x71\xf7\x96\x56\x59\x24\xca\xf0\x16\x80\x80\x00\x00\x03\x00\x80\x00\x00\x0c\
            \x84\xa2\x00\x01\x00\x07\x44\x01\xc1\x72\xb4\x22\x40";
        let mut record = sets.to_vec();
        // As FLV has them, and with a message that says nothing of the pictures.
        (record[22], record[23], record[52], record[98]) = (4, 0x20, 0x21, 0x22);
        record.extend_from_slice(b"\x27\x00\x01\x00\x04\x4e\x01\x05\xff");
        let mut bytes = Vec::new();
        let read = configuration(&record).unwrap().sets;
        super::write_record(&read, &mut |piece| bytes.extend_from_slice(piece));
        assert_eq!(bytes, sets);
    }
}
