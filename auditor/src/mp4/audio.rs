//! Sample entries of audio (ISO/IEC 14496-12 §12.2.3), each with a box of its codec's own.

use super::super::violation::{Findings, Rule};
use super::boxes::{Fields, Mp4Box};
use super::init::Coding;
use super::record;

/// Reads what follows the reference to the data; `timescale` is that of the track.
pub(super) fn read_entry(
    entry: [u8; 4],
    mut fields: Fields<'_>,
    timescale: u32,
    findings: &mut Findings,
) -> Option<Coding> {
    fields.bytes(8)?;
    let (channels, bits) = (fields.u16()?, fields.u16()?);
    fields.bytes(4)?;
    let rate = fields.u32()?;
    let (own, rest) = Mp4Box::split(fields.0)?;
    findings.expect(
        channels > 0 && matches!(bits, 8 | 12 | 16 | 20 | 24 | 32) && rest.is_empty(),
        Rule::Init,
        format_args!("an audio entry has {channels} channels, {bits} bits and {}", own.name()),
    );
    let coded = match (&entry, &own.kind) {
        (b"mp4a", b"esds") => esds(own, findings),
        (b"Opus", b"dOps") => opus(own.body, channels),
        (b"fLaC", b"dfLa") => flac(own),
        (b"ac-3", b"dac3") if own.body.len() == 3 => ac3(own.body.first()? >> 6),
        (b"ec-3", b"dec3") if own.body.len() >= 5 => match own.body.get(2)? >> 6 {
            // The rate is half of one that a later field says.
            3 => Some(timescale),
            index => ac3(index),
        },
        _ => None,
    };
    let Some(coded) = coded else {
        let name = own.name();
        findings.add(Rule::Esds, format_args!("{name} says no rate in an audio entry"));
        return Some(Coding::Audio);
    };
    // A rate that 16 bits cannot say is left out.
    let stated = if coded > u32::from(u16::MAX) { 0 } else { coded << 16 };
    findings.expect(
        timescale == coded && rate == stated,
        Rule::Timescale,
        format_args!("audio of {coded} Hz counts in 1/{timescale} s, its entry says {rate:#x}"),
    );
    Some(Coding::Audio)
}

/// Reads the elementary stream descriptor of AAC (ISO/IEC 14496-14 §5.6).
fn esds(esds: Mp4Box<'_>, findings: &mut Findings) -> Option<u32> {
    let (version, flags, descriptors) = esds.full()?;
    findings.expect(
        (version, flags) == (0, 0),
        Rule::Esds,
        format_args!("esds is of version {version} with flags {flags}"),
    );
    record::esds(descriptors, findings)
}

/// Opus counts at 48 kHz, whatever the source had (Opus in ISOBMFF §4.3.2).
fn opus(body: &[u8], channels: u16) -> Option<u32> {
    let [0, count, rest @ ..] = body else {
        return None;
    };
    let family = rest.get(8)?;
    let len = if *family == 0 { 9 } else { 11 + usize::from(*count) };
    (u16::from(*count) == channels && rest.len() == len).then_some(48_000)
}

/// Reads the rate of STREAMINFO, which is the only metadata block (FLAC in ISOBMFF §3.3.2).
fn flac(own: Mp4Box<'_>) -> Option<u32> {
    let (version, flags, block) = own.full()?;
    let [0x80, 0, 0, 34, info @ ..] = block.0 else {
        return None;
    };
    let &[first, second, third, ..] = info.get(10..)? else {
        return None;
    };
    let rate = u32::from_be_bytes([0, first, second, third]) >> 4;
    ((version, flags, info.len()) == (0, 0, 34)).then_some(rate)
}

/// Returns the rate of `fscod` (ETSI TS 102 366 §4.4.1.3).
fn ac3(index: u8) -> Option<u32> {
    [48_000, 44_100, 32_000].get(usize::from(index)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the rules that an entry breaks which has these bytes after its rate.
    fn broken(kind: &[u8; 4], channels: u8, rate: u16, own: &[u8], timescale: u32) -> Vec<Rule> {
        let [high, low] = rate.to_be_bytes();
        let head = [0, 0, 0, 0, 0, 0, 0, 0, 0, channels, 0, 16, 0, 0, 0, 0, high, low, 0, 0];
        let bytes = [&head, own].concat();
        let mut findings = Findings::default();
        read_entry(*kind, Fields(&bytes), timescale, &mut findings);
        findings.kept().iter().map(|violation| violation.rule).collect()
    }

    #[test]
    fn mp4_8_boxes_of_other_codecs_are_whole_and_say_the_rate() {
        // What ffmpeg writes.
        let opus = b"\0\0\0\x13dOps\0\x01\x01\x38\0\0\xbb\x80\0\0\0";
        let ac3 = b"\0\0\0\x0bdac3\x10\x08\xc0";
        let ec3 = b"\0\0\0\x0ddec3\x03\0\x20\x02\0";
        assert_eq!(broken(b"Opus", 1, 48_000, opus, 48_000), []);
        assert_eq!(broken(b"ac-3", 1, 48_000, ac3, 48_000), []);
        assert_eq!(broken(b"ec-3", 1, 48_000, ec3, 48_000), []);
        assert_eq!(broken(b"Opus", 2, 48_000, opus, 48_000), [Rule::Esds]);
        assert_eq!(broken(b"Opus", 1, 48_000, opus, 44_100), [Rule::Timescale]);
        assert_eq!(broken(b"ac-3", 1, 44_100, ac3, 48_000), [Rule::Timescale]);
        assert_eq!(broken(b"ac-3", 1, 48_000, ec3, 48_000), [Rule::Esds]);
        let mut flac = b"\0\0\0\x32dfLa\0\0\0\0\x80\0\0\x22".to_vec();
        flac.extend([0; 34]);
        flac[26..29].copy_from_slice(&[0x0a, 0xc4, 0x42]);
        assert_eq!(broken(b"fLaC", 2, 44_100, &flac, 44_100), []);
        flac[12] = 0;
        assert_eq!(broken(b"fLaC", 2, 44_100, &flac, 44_100), [Rule::Esds]);
    }
}
