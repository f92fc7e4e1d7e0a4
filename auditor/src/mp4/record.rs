//! What sample entries say of their codec: `avcC`, `hvcC` and `esds`.

use super::super::violation::{Findings, Rule};
use super::boxes::Fields;

/// Parameter sets of a sample entry, NAL units without start codes.
pub(super) type Sets = Vec<Vec<u8>>;

/// Reads an `AVCDecoderConfigurationRecord` (ISO/IEC 14496-15 §5.3.3.1).
pub(super) fn avc(body: &[u8], findings: &mut Findings) -> Sets {
    let mut sets = Vec::new();
    let read = read_avc(body, &mut sets);
    let is_whole = read.is_some_and(|rest| rest.is_empty());
    findings.expect(is_whole, Rule::AvcRecord, format_args!("avcC is no whole record"));
    let mut head = Fields(body);
    let head = (head.u8(), head.bytes(3), head.u8());
    findings.expect(
        head.0 == Some(1) && head.2 == Some(0xff),
        Rule::AvcRecord,
        format_args!("avcC is not of version 1 with lengths of 4 bytes: {head:02x?}"),
    );
    let (sps, pps): (Vec<_>, Vec<_>) = sets.iter().partition(|set| nal_type(set) == SPS);
    let others = pps.iter().filter(|set| nal_type(set) != PPS).count();
    findings.expect(
        !sps.is_empty() && !pps.is_empty() && others == 0,
        Rule::AvcRecord,
        format_args!("avcC has {} SPS and {} PPS, {others} of another type", sps.len(), pps.len()),
    );
    let of_sps = sps.first().and_then(|sps| sps.get(1..4));
    findings.expect(
        of_sps == head.1,
        Rule::AvcRecord,
        format_args!("avcC says profile and level {:02x?}, its SPS {of_sps:02x?}", head.1),
    );
    sets
}

fn read_avc<'a>(body: &'a [u8], sets: &mut Sets) -> Option<&'a [u8]> {
    let mut fields = Fields(body);
    let (_version, profile) = (fields.u8()?, fields.u8()?);
    fields.bytes(3)?;
    let count = fields.u8()?;
    (count & 0xe0 == 0xe0).then_some(())?;
    read_units(&mut fields, usize::from(count & 0x1f), sets)?;
    let count = fields.u8()?;
    read_units(&mut fields, usize::from(count), sets)?;
    // What other profiles have besides may be missing, as older encoders leave it out.
    if !matches!(profile, 66 | 77 | 88) && !fields.0.is_empty() {
        let (chroma, luma_depth, chroma_depth) = (fields.u8()?, fields.u8()?, fields.u8()?);
        (chroma >= 0xfc && luma_depth >= 0xf8 && chroma_depth >= 0xf8).then_some(())?;
        let count = fields.u8()?;
        read_units(&mut fields, usize::from(count), &mut Vec::new())?;
    }
    Some(fields.0)
}

/// Reads an `HEVCDecoderConfigurationRecord` of a sample entry `hvc1` (ISO/IEC 14496-15 §8.3.3.1,
/// §8.4.1).
pub(super) fn hevc(body: &[u8], findings: &mut Findings) -> Sets {
    let mut sets = Vec::new();
    let read = read_hevc(body, &mut sets, findings);
    let is_whole = read.is_some_and(|rest| rest.is_empty());
    findings.expect(is_whole, Rule::HevcRecord, format_args!("hvcC is no whole record"));
    for (kind, name) in [(VPS, "VPS"), (HEVC_SPS, "SPS"), (HEVC_PPS, "PPS")] {
        let is_there = sets.iter().any(|set| hevc_type(set) == kind);
        findings.expect(is_there, Rule::HevcRecord, format_args!("hvcC has no {name}"));
    }
    // Behind two bytes of header and one of layers an SPS has what the record repeats.
    let sps = sets.iter().find(|set| hevc_type(set) == HEVC_SPS);
    let of_sps = sps.map(|sps| without_escapes(sps));
    let of_sps = of_sps.as_deref().and_then(|sps| sps.get(3..15));
    let told = body.get(1..13);
    findings.expect(
        of_sps == told,
        Rule::HevcRecord,
        format_args!("hvcC says profile and level {told:02x?}, its SPS {of_sps:02x?}"),
    );
    sets
}

fn read_hevc<'a>(body: &'a [u8], sets: &mut Sets, findings: &mut Findings) -> Option<&'a [u8]> {
    let mut fields = Fields(body);
    let version = fields.u8()?;
    fields.bytes(20)?;
    let lengths = fields.u8()? & 3;
    findings.expect(
        version == 1 && lengths == 3,
        Rule::HevcRecord,
        format_args!("hvcC is of version {version} with lengths of {} bytes", lengths + 1),
    );
    for _ in 0..fields.u8()? {
        let head = fields.u8()?;
        let (kind, count) = (head & 0x3f, fields.u16()?);
        let is_set = (VPS..=HEVC_PPS).contains(&kind);
        findings.expect(
            head & 0x80 != 0 || !is_set,
            Rule::HevcRecord,
            format_args!("hvcC does not say that it has all NAL units of type {kind}"),
        );
        let from = sets.len();
        read_units(&mut fields, usize::from(count), sets)?;
        let strays = sets.iter().skip(from).filter(|set| hevc_type(set) != kind).count();
        findings.expect(
            strays == 0,
            Rule::HevcRecord,
            format_args!("an array of type {kind} has {strays} NAL units of another"),
        );
    }
    Some(fields.0)
}

/// Reads NAL units, each behind a length of 2 bytes.
fn read_units(fields: &mut Fields<'_>, count: usize, sets: &mut Sets) -> Option<()> {
    for _ in 0..count {
        let len = fields.u16()?;
        let unit = fields.bytes(usize::from(len)).filter(|unit| !unit.is_empty())?;
        sets.push(unit.to_vec());
    }
    Some(())
}

/// Reads an `ES_Descriptor` (ISO/IEC 14496-1 §7.2.6.5); returns the sampling frequency of its
/// `AudioSpecificConfig` (ISO/IEC 14496-3 §1.6.2.1).
pub(super) fn esds(fields: Fields<'_>, findings: &mut Findings) -> Option<u32> {
    let config = specific_config(fields);
    let Some(config) = config.filter(|config| !config.is_empty()) else {
        findings.add(
            Rule::Esds,
            format_args!("esds has no AudioSpecificConfig in well-formed descriptors"),
        );
        return None;
    };
    let rate = sampling_frequency(config);
    findings.expect(
        rate.is_some(),
        Rule::Esds,
        format_args!("no AudioSpecificConfig begins with {config:02x?}"),
    );
    rate
}

fn specific_config(mut fields: Fields<'_>) -> Option<&[u8]> {
    let mut es = descriptor(&mut fields, 3)?;
    fields.0.is_empty().then_some(())?;
    let (_id, flags) = (es.u16()?, es.u8()?);
    // It depends on no other stream, and is at no URL.
    (flags & 0xe0 == 0).then_some(())?;
    let mut decoder = descriptor(&mut es, 4)?;
    let mut sync = descriptor(&mut es, 6)?;
    es.0.is_empty().then_some(())?;
    // Predefined for MP4 (ISO/IEC 14496-14 §3.1.2).
    (sync.u8()? == 2 && sync.0.is_empty()).then_some(())?;
    let (object, stream) = (decoder.u8()?, decoder.u8()?);
    // Audio of ISO/IEC 14496-3; an audio stream that goes down, with the reserved bit.
    ((object, stream) == (0x40, 0x15)).then_some(())?;
    decoder.bytes(11)?;
    let config = descriptor(&mut decoder, 5)?;
    decoder.0.is_empty().then_some(config.0)
}

/// Reads a descriptor with this tag, whose length has 7 bits in each byte.
fn descriptor<'a>(fields: &mut Fields<'a>, tag: u8) -> Option<Fields<'a>> {
    (fields.u8()? == tag).then_some(())?;
    let mut len = 0;
    loop {
        let byte = fields.u8()?;
        len = len << 7 | usize::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return fields.bytes(len).map(Fields);
        }
        (len < 1 << 21).then_some(())?;
    }
}

fn sampling_frequency(config: &[u8]) -> Option<u32> {
    let mut bytes = [0; 8];
    let len = config.len().min(bytes.len());
    bytes.get_mut(..len)?.copy_from_slice(config.get(..len)?);
    let mut bits = u64::from_be_bytes(bytes);
    let mut left = len * 8;
    let mut take = |count: usize| {
        left = left.checked_sub(count)?;
        let value = bits >> (64 - count);
        bits <<= count;
        Some(value)
    };
    if take(5)? == 31 {
        take(6)?;
    }
    match usize::try_from(take(4)?).ok()? {
        15 => u32::try_from(take(24)?).ok(),
        index => FREQUENCIES.get(index).copied(),
    }
}

/// Takes emulation prevention bytes out (H.265 §7.3.1.1).
fn without_escapes(unit: &[u8]) -> Vec<u8> {
    let (mut bytes, mut zeros) = (Vec::new(), 0);
    for &byte in unit {
        if zeros >= 2 && byte == 3 {
            zeros = 0;
            continue;
        }
        zeros = if byte == 0 { zeros + 1 } else { 0 };
        bytes.push(byte);
    }
    bytes
}

pub(super) fn nal_type(unit: &[u8]) -> u8 {
    unit.first().map_or(0, |header| header & 0x1f)
}

pub(super) fn hevc_type(unit: &[u8]) -> u8 {
    unit.first().map_or(0, |header| header >> 1 & 0x3f)
}

/// `nal_unit_type` of H.264.
pub(super) const SPS: u8 = 7;
pub(super) const PPS: u8 = 8;
/// `nal_unit_type` of H.265.
pub(super) const VPS: u8 = 32;
const HEVC_SPS: u8 = 33;
pub(super) const HEVC_PPS: u8 = 34;

/// Sampling frequencies by their index (ISO/IEC 14496-3 table 1.18).
const FREQUENCIES: [u32; 13] = [
    96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000,
    7_350,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sampling_frequency_is_an_index_or_stands_in_24_bits() {
        for (config, want) in [
            (&[0x12, 0x10][..], Some(44_100)),
            (&[0x11, 0x90], Some(48_000)),
            (&[0x17, 0x80, 0x5d, 0xc0, 0x08], Some(0x00bb80)),
            (&[0xf8, 0x48, 0x80], Some(44_100)),
            (&[0x16, 0x80], None),
            (&[0x12], None),
        ] {
            assert_eq!(sampling_frequency(config), want, "{config:02x?}");
        }
    }

    #[test]
    fn lengths_of_descriptors_have_seven_bits_in_each_byte() {
        for bytes in [&[5, 2, 7, 8][..], &[5, 0x80, 0x80, 0x80, 2, 7, 8]] {
            let mut fields = Fields(bytes);
            assert_eq!(descriptor(&mut fields, 5).unwrap().0, [7, 8]);
            assert!(descriptor(&mut Fields(bytes), 4).is_none());
        }
    }
}
