//! The decoder configuration record that a sample entry has, put together from parameter sets
//! (ISO/IEC 14496-15 §5.3.3.1).

use crate::codec::nal::{ParameterSets, RbspBits, SetKind};

/// Calls `put` with the record, from its first byte to its last: for lengths of 4 bytes.
pub(crate) fn write_record(sets: &ParameterSets, put: &mut dyn FnMut(&[u8])) {
    let first = sets.of_kind(SetKind::Sequence).next().unwrap_or_default();
    let &[_, profile, compatibility, level] = first.first_chunk().unwrap_or(&[0; 4]);
    let (sps, pps) = (sets.of_kind(SetKind::Sequence), sets.of_kind(SetKind::Picture));
    put(&[1, profile, compatibility, level, 0xff, 0xe0 | sps.clone().count() as u8 & 0x1f]);
    sps.for_each(|unit| put_entry(unit, put));
    put(&[pps.clone().count() as u8]);
    pps.for_each(|unit| put_entry(unit, put));
    if let (false, Some([chroma, luma_depth, chroma_depth])) = (is_plain(profile), format(first)) {
        put(&[0xfc | chroma, 0xf8 | luma_depth, 0xf8 | chroma_depth, 0]);
    }
}

fn put_entry(unit: &[u8], put: &mut dyn FnMut(&[u8])) {
    put(&(unit.len() as u16).to_be_bytes());
    put(unit);
}

/// Returns whether pictures of a profile are 4:2:0 with 8 bits, so that the record does not say so:
/// Baseline, Main and Extended.
const fn is_plain(profile: u8) -> bool {
    matches!(profile, 66 | 77 | 88)
}

/// Reads `chroma_format_idc` and the bit depths less 8 (ITU-T H.264 §7.3.2.1.1).
fn format(sps: &[u8]) -> Option<[u8; 3]> {
    let mut bits = RbspBits::new(sps.get(4..)?);
    bits.exp_golomb()?;
    let chroma = bits.exp_golomb()?;
    if chroma == 3 {
        bits.skip(1)?; // separate_colour_plane_flag
    }
    let (luma_depth, chroma_depth) = (bits.exp_golomb()?, bits.exp_golomb()?);
    let in_range = chroma <= 3 && luma_depth <= 6 && chroma_depth <= 6;
    in_range.then_some([chroma as u8, luma_depth as u8, chroma_depth as u8])
}

#[cfg(test)]
mod tests {
    use crate::codec::avc::configuration;
    use std::vec::Vec;

    /// Reads a record, and puts it together again from its parameter sets.
    fn rebuilt(record: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let sets = configuration(record).unwrap().sets;
        super::write_record(&sets, &mut |piece| bytes.extend_from_slice(piece));
        bytes
    }

    #[test]
    fn mp4_6_the_record_of_an_encoder_comes_out_as_it_was() {
        // x264 through ffmpeg's FLV: High at 25 frames per second, and Baseline.
        let high = b"\x01\x64\x00\x0b\xff\xe1\x00\x19\x67\x64\x00\x0b\xac\xd9\x43\x0f\xfb\xc0\x44\x00\
            \x00\x03\x00\x04\x00\x00\x03\x00\xc8\x3c\x50\xa6\x58\x01\x00\x05\x68\xeb\xec\xb2\x2c\xfd\xf8\xf8\
            \x00";
        let baseline =
            b"\x01\x42\xc0\x0c\xff\xe1\x00\x18\x67\x42\xc0\x0c\xd9\x01\x01\x3b\x01\x10\x00\x00\
            \x03\x00\x10\x00\x00\x03\x03\x28\xf1\x42\xa4\x80\x01\x00\x04\x68\xcb\x8c\xb2";
        assert_eq!(rebuilt(high), high);
        assert_eq!(rebuilt(baseline), baseline);
    }

    #[test]
    fn mp4_6_what_cannot_be_read_is_not_told() {
        let cut = b"\x01\x64\x00\x0b\xff\xe1\x00\x05\x67\x64\x00\x0b\x80\x01\x00\x02\x68\xeb";
        assert_eq!(rebuilt(cut), cut);
    }
}
