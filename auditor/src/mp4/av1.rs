//! AV1 in samples and sample entries (AV1 Bitstream & Decoding Process Specification §5.3 to §5.9;
//! AV1 Codec ISO Media File Format Binding §2).

use hls_segmenter::config::KeyFramePolicy;

use super::super::es::Settings;
use super::super::violation::{Findings, Rule};
use super::samples::Picture;

/// `obu_type` (§6.2.2).
const SEQUENCE_HEADER: u8 = 1;
const TEMPORAL_DELIMITER: u8 = 2;
const FRAME_HEADER: u8 = 3;
const FRAME: u8 = 6;
const PADDING: u8 = 15;

/// An open bitstream unit: what it is, and what is in it.
#[derive(Clone, Copy, Debug)]
struct Obu<'a> {
    kind: u8,
    payload: &'a [u8],
}

/// Takes units apart; the rest is what is none.
fn split(mut bytes: &[u8]) -> (Vec<Obu<'_>>, &[u8]) {
    let mut units = Vec::new();
    while let Some((unit, rest)) = first(bytes) {
        units.push(unit);
        bytes = rest;
    }
    (units, bytes)
}

fn first(bytes: &[u8]) -> Option<(Obu<'_>, &[u8])> {
    let (&header, rest) = bytes.split_first()?;
    let kind = header >> 3 & 0x0f;
    let rest = if header & 4 == 0 { rest } else { rest.get(1..)? };
    if header & 2 == 0 {
        return Some((Obu { kind, payload: rest }, &[]));
    }
    let size_len = rest.iter().take(8).position(|byte| byte & 0x80 == 0)? + 1;
    let (size, rest) = rest.split_at(size_len);
    let size = size.iter().rev().fold(0_u64, |size, byte| size << 7 | u64::from(byte & 0x7f));
    let (payload, rest) = rest.split_at_checked(usize::try_from(size).ok()?)?;
    Some((Obu { kind, payload }, rest))
}

/// Reads an `AV1CodecConfigurationRecord`; returns its sequence header.
pub(super) fn record(body: &[u8], findings: &mut Findings) -> Vec<u8> {
    let Some((&[version, level, format, _], units)) = body.split_first_chunk() else {
        findings.add(Rule::Av1Record, format_args!("av1C has {} bytes", body.len()));
        return Vec::new();
    };
    let (units, rest) = split(units);
    let header = units.first().filter(|unit| unit.kind == SEQUENCE_HEADER);
    let headers = units.iter().filter(|unit| unit.kind == SEQUENCE_HEADER).count();
    findings.expect(
        version == 0x81 && rest.is_empty() && headers == 1 && header.is_some(),
        Rule::Av1Record,
        format_args!(
            "av1C begins with {version:#04x}, has {headers} sequence headers, and {rest:02x?}"
        ),
    );
    let header = header.map(|header| header.payload).unwrap_or_default();
    // Profile and level stand at the front where there is neither timing nor a decoder model.
    if let &[b0, b1, b2, b3, ..] = header {
        let bits = u32::from_be_bytes([b0, b1, b2, b3]);
        // Neither a reduced header nor timing_info, and one operating point.
        let is_plain = bits & 0x0df0_0000 == 0;
        let told = (b0 >> 5, (bits >> 3 & 0x1f) as u8);
        let says = (level >> 5, level & 0x1f);
        findings.expect(
            !is_plain || told == says,
            Rule::Av1Record,
            format_args!("av1C says profile and level {says:?}, its sequence header {told:?}"),
        );
    }
    let is_deep = format & 0x40 != 0;
    findings.expect(
        is_deep || format & 0x20 == 0,
        Rule::Av1Record,
        format_args!("av1C says twelve bits without high bit depth: {format:#04x}"),
    );
    header.to_vec()
}

/// Judges a sample, a temporal unit, and whether it is rightly marked as `sync`.
pub(super) fn check_sample(
    bytes: &[u8],
    sync: bool,
    header: &[u8],
    settings: &Settings,
    findings: &mut Findings,
) -> Picture {
    let (units, rest) = split(bytes);
    let stray = units.iter().find(|unit| matches!(unit.kind, TEMPORAL_DELIMITER | PADDING));
    findings.expect(
        rest.is_empty() && !units.is_empty() && stray.is_none(),
        Rule::NalUnits,
        format_args!("{} bytes behind {} units, among them {stray:02x?}", rest.len(), units.len()),
    );
    let is_frame = |unit: &&Obu<'_>| matches!(unit.kind, FRAME_HEADER | FRAME);
    let frames = units.iter().filter(is_frame);
    let bits = |unit: &Obu<'_>| unit.payload.first().copied().unwrap_or(0);
    // show_existing_frame; or show_frame, behind frame_type.
    let shown = frames.clone().filter(|unit| bits(unit) & 0x80 != 0 || bits(unit) & 0x10 != 0);
    let random_access = frames.clone().any(|unit| bits(unit) & 0xf0 == 0x10);
    findings.expect(
        settings.any_input || shown.count() == 1,
        Rule::OnePicture,
        format_args!("a temporal unit shows not one frame"),
    );
    let headers: Vec<_> = units.iter().take_while(|unit| !is_frame(unit)).collect();
    let has_header = headers.iter().any(|unit| unit.kind == SEQUENCE_HEADER);
    if settings.key_frames != KeyFramePolicy::FrameType {
        findings.expect(
            sync == random_access && (has_header || !sync),
            Rule::Sync,
            format_args!(
                "marked as sync sample: {sync}, key frame: {random_access}, with a sequence header: \
                 {has_header}"
            ),
        );
    }
    let differs = headers.iter().any(|unit| unit.kind == SEQUENCE_HEADER && unit.payload != header);
    findings.expect(
        settings.any_input || !differs,
        Rule::NalUnits,
        format_args!("a sequence header is not that of av1C"),
    );
    Picture { random_access: Some(random_access), is_rest: false }
}
