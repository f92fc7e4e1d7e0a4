//! What samples hold: NAL units behind their lengths (ISO/IEC 14496-15 §5.3.4.2), or one frame
//! of audio.

use hls_segmenter::config::KeyFramePolicy;

use super::super::es::{Bits, Settings, has_recovery_point};
use super::super::ts::Boundary;
use super::super::violation::{Findings, Rule};
use super::av1;
use super::init::Coding;
use super::record::{HEVC_PPS, PPS, SPS, Sets, VPS, hevc_type, nal_type};

/// `nal_unit_type` (H.264 table 7-1, H.265 table 7-1).
const SLICE: u8 = 1;
const PARTITION_A: u8 = 2;
const IDR: u8 = 5;
const DELIMITER: u8 = 9;
const HEVC_RASL: core::ops::RangeInclusive<u8> = 8..=9;
const HEVC_IRAP: core::ops::RangeInclusive<u8> = 16..=23;
const HEVC_DELIMITER: u8 = 35;

/// State of the pictures within a segment and a timeline.
#[derive(Clone, Debug, Default)]
pub(super) struct Pictures {
    /// A picture came in the segment.
    begun: bool,
    is_behind_break: bool,
    /// Decoding began with the last random access picture, or has not begun with one.
    is_cut_off: bool,
}

/// What a sample turned out to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Picture {
    /// Whether decoding can begin with it, where that is told.
    pub(super) random_access: Option<bool>,
    /// It has further slices of the picture before it.
    pub(super) is_rest: bool,
}

impl Pictures {
    pub(super) fn begin_segment(&mut self, boundary: Boundary) {
        self.is_behind_break = boundary != Boundary::Continuous;
        self.begun = false;
    }

    /// Judges a sample of video, and whether it is rightly marked as `sync`.
    pub(super) fn take(
        &mut self,
        bytes: &[u8],
        sync: bool,
        coding: &Coding,
        settings: &Settings,
        findings: &mut Findings,
    ) -> Picture {
        if let Coding::Av1(header) = coding {
            return av1::check_sample(bytes, sync, header, settings, findings);
        }
        let units = split(bytes, findings);
        let first = !core::mem::replace(&mut self.begun, true);
        let (kinds, picture) = match coding {
            Coding::Avc(sets) => {
                check_avc_sets(&units, sets, settings, findings);
                avc_picture(&units)
            }
            Coding::Hevc(_) => {
                check_hevc_sets(&units, settings, findings);
                hevc_picture(&units)
            }
            Coding::Av1(_) | Coding::Audio => return Picture::default(),
        };
        let Found { pictures, random_access, is_leading, recovers, is_mixed } = kinds;
        let key = match settings.key_frames {
            KeyFramePolicy::Idr => Some(random_access),
            KeyFramePolicy::IdrOrRecoveryPoint => Some(random_access || recovers),
            KeyFramePolicy::FrameType => None,
        };
        findings.expect(
            key.is_none_or(|key| key == sync) || picture.is_rest || settings.any_input && is_mixed,
            Rule::Sync,
            format_args!("marked as sync sample: {sync}, key frame: {key:?}"),
        );
        let most = if settings.field_pairs { 2 } else { 1 };
        findings.expect(
            settings.any_input || (1..=most).contains(&pictures) || picture.is_rest,
            Rule::OnePicture,
            format_args!("{pictures} pictures in a sample"),
        );
        if random_access || first && self.is_behind_break {
            self.is_cut_off = first && self.is_behind_break;
        }
        findings.expect(
            random_access || !(self.is_cut_off && is_leading),
            Rule::LeadingPicture,
            format_args!("a RASL picture lacks what it refers to"),
        );
        // The rest of a picture may have come to a sample of another.
        let random_access = picture.random_access.filter(|_| !(settings.any_input && is_mixed));
        Picture { random_access, ..picture }
    }
}

/// Takes a sample apart; what is no NAL unit behind a length of 4 bytes is told.
fn split<'a>(bytes: &'a [u8], findings: &mut Findings) -> Vec<&'a [u8]> {
    let (mut units, mut rest) = (Vec::new(), bytes);
    while let Some((len, after)) = rest.split_first_chunk() {
        let len = usize::try_from(u32::from_be_bytes(*len)).unwrap_or(usize::MAX);
        let Some((unit, after)) = after.split_at_checked(len).filter(|_| len > 0) else {
            break;
        };
        units.push(unit);
        rest = after;
    }
    findings.expect(
        rest.is_empty() && !units.is_empty(),
        Rule::NalUnits,
        format_args!("{} bytes behind {} NAL units of a sample", rest.len(), units.len()),
    );
    units
}

/// What NAL units are.
#[derive(Clone, Copy, Debug, Default)]
struct Found {
    /// Slices that begin a picture.
    pictures: usize,
    random_access: bool,
    is_leading: bool,
    recovers: bool,
    /// Slices of other pictures are among those that decoding can begin with.
    is_mixed: bool,
}

fn avc_picture(units: &[&[u8]]) -> (Found, Picture) {
    let is_slice = |unit: &&&[u8]| matches!(nal_type(unit), SLICE | PARTITION_A | IDR);
    // first_mb_in_slice is 0 where its code is the single bit 1.
    let begins = |unit: &&[u8]| unit.get(1).is_some_and(|byte| byte & 0x80 != 0);
    let mut slices = units.iter().filter(is_slice);
    let pictures = slices.clone().filter(|unit| begins(unit)).count();
    let random_access = units.iter().any(|unit| nal_type(unit) == IDR);
    let recovers = units.iter().any(|unit| has_recovery_point(unit));
    let is_rest = pictures == 0 && slices.next().is_some();
    let is_mixed = random_access && units.iter().any(|unit| nal_type(unit) == SLICE);
    let found = Found { pictures, random_access, is_leading: false, recovers, is_mixed };
    (found, Picture { random_access: Some(random_access), is_rest })
}

fn hevc_picture(units: &[&[u8]]) -> (Found, Picture) {
    let is_slice = |unit: &&&[u8]| matches!(hevc_type(unit), 0..=9 | 16..=23);
    // first_slice_segment_in_pic_flag is the first bit behind a header of two bytes.
    let begins = |unit: &&[u8]| unit.get(2).is_some_and(|byte| byte & 0x80 != 0);
    let mut slices = units.iter().filter(is_slice);
    let pictures = slices.clone().filter(|unit| begins(unit)).count();
    let random_access = units.iter().any(|unit| HEVC_IRAP.contains(&hevc_type(unit)));
    let is_leading = units.iter().any(|unit| HEVC_RASL.contains(&hevc_type(unit)));
    let is_rest = pictures == 0 && slices.next().is_some();
    let is_mixed = random_access && units.iter().any(|unit| hevc_type(unit) <= 9);
    let found = Found { pictures, random_access, is_leading, recovers: false, is_mixed };
    (found, Picture { random_access: Some(random_access), is_rest })
}

/// What the sample entry has, and what means nothing in MP4, is not in samples.
fn check_avc_sets(units: &[&[u8]], sets: &Sets, settings: &Settings, findings: &mut Findings) {
    check_out_of_band(units, settings, findings, |unit| match nal_type(unit) {
        SPS | PPS => Kind::Set,
        DELIMITER => Kind::Delimiter,
        _ => Kind::Other,
    });
    if settings.any_input {
        return;
    }
    let ids: Vec<_> = sets
        .iter()
        .filter(|set| nal_type(set) == PPS)
        .map(|pps| Bits::new(pps.get(1..).unwrap_or_default()).ue())
        .collect();
    for slice in units.iter().filter(|unit| matches!(nal_type(unit), SLICE | PARTITION_A | IDR)) {
        let mut bits = Bits::new(slice.get(1..).unwrap_or_default());
        let (_first_mb, _slice_type, pps) = (bits.ue(), bits.ue(), bits.ue());
        findings.expect(
            ids.contains(&pps),
            Rule::NalUnits,
            format_args!("a slice needs PPS {pps:?}, the sample entry has {ids:?}"),
        );
    }
}

fn check_hevc_sets(units: &[&[u8]], settings: &Settings, findings: &mut Findings) {
    check_out_of_band(units, settings, findings, |unit| match hevc_type(unit) {
        VPS..=HEVC_PPS => Kind::Set,
        HEVC_DELIMITER => Kind::Delimiter,
        _ => Kind::Other,
    });
}

/// What a NAL unit is besides media.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Set,
    Delimiter,
    Other,
}

fn check_out_of_band(
    units: &[&[u8]],
    settings: &Settings,
    findings: &mut Findings,
    kind: impl Fn(&[u8]) -> Kind,
) {
    // In a strange source sets change where no section can: from then on they stay.
    for unit in units {
        let is_stray = match kind(unit) {
            Kind::Set => !settings.any_input,
            Kind::Delimiter => true,
            Kind::Other => false,
        };
        findings.expect(
            !is_stray,
            Rule::NalUnits,
            format_args!("a sample has a NAL unit that begins with {:02x?}", unit.first()),
        );
    }
}
