//! Rules of H.265 in a transport stream: one access unit per PES packet (ISO/IEC 13818-1 §2.17,
//! H.265 annex B).

use hls_segmenter::config::KeyFramePolicy;

use super::super::ts::{Boundary, Pes};
use super::super::violation::{Findings, Rule};
use super::annex_b::{NalUnit, NalUnits};
use super::avc::Settings;

/// `nal_unit_type` (H.265 table 7-1).
const RASL: core::ops::RangeInclusive<u8> = 8..=9;
const IRAP: core::ops::RangeInclusive<u8> = 16..=23;
const VPS: u8 = 32;
const SPS: u8 = 33;
const PPS: u8 = 34;
const DELIMITER: u8 = 35;

/// State of the video track within a segment and a timeline.
#[derive(Clone, Debug, Default)]
pub(super) struct Video {
    /// The sequence parameter sets of the timeline.
    timeline_sps: Vec<Vec<u8>>,
    /// A picture came in the segment.
    begun: bool,
    /// EXT-X-DISCONTINUITY precedes the segment, or it is the first one.
    is_behind_break: bool,
    /// Decoding began with the last random access picture, or has not begun with one.
    is_cut_off: bool,
}

impl Video {
    pub(super) fn begin_segment(&mut self, boundary: Boundary) {
        if boundary != Boundary::Continuous {
            self.timeline_sps.clear();
        }
        self.is_behind_break = boundary != Boundary::Continuous;
        self.begun = false;
    }

    /// Judges a PES packet; says whether decoding can begin with it.
    pub(super) fn take(
        &mut self,
        pes: &Pes,
        settings: &Settings,
        findings: &mut Findings,
    ) -> Option<bool> {
        let first = !core::mem::replace(&mut self.begun, true);
        let units: Vec<_> = NalUnits::new(&pes.payload).collect();
        let kinds: Vec<u8> = units.iter().map(kind).collect();
        check_delimiter(&units, &kinds, settings, findings);
        let irap = kinds.iter().any(|kind| IRAP.contains(kind));
        if settings.key_frames == KeyFramePolicy::Idr {
            findings.expect(
                pes.random_access == irap,
                Rule::KeyFrame,
                format_args!("random_access_indicator: {}, IRAP: {irap}", pes.random_access),
            );
        }
        if !settings.any_input {
            check_pictures(&units, findings);
        }
        if first || irap {
            check_parameter_sets(&kinds, findings);
        }
        if irap || first && self.is_behind_break {
            self.is_cut_off = first && self.is_behind_break;
        }
        if !irap {
            self.check_leading(&kinds, findings);
        }
        self.follow_sequence(&units, irap && !settings.any_input, findings);
        Some(irap)
    }

    /// A picture that refers to others before the one that decoding began with cannot be decoded.
    fn check_leading(&self, kinds: &[u8], findings: &mut Findings) {
        let is_leading = kinds.iter().any(|kind| RASL.contains(kind));
        findings.expect(
            !(self.is_cut_off && is_leading),
            Rule::LeadingPicture,
            format_args!("a RASL picture lacks what it refers to"),
        );
    }

    /// The same timeline has the same sequence parameter sets.
    fn follow_sequence(&mut self, units: &[NalUnit<'_>], fixed: bool, findings: &mut Findings) {
        for sps in units.iter().filter(|unit| kind(unit) == SPS) {
            let is_known = self.timeline_sps.iter().any(|known| known == sps.bytes);
            findings.expect(
                is_known || self.timeline_sps.is_empty() || !fixed,
                Rule::Reconfigured,
                format_args!("an SPS is another without a discontinuity"),
            );
            if !is_known {
                self.timeline_sps.push(sps.bytes.to_vec());
            }
        }
    }
}

/// Types between these are reserved: what they are nobody knows.
const fn is_slice(kind: u8) -> bool {
    matches!(kind, 0..=9 | 16..=23)
}

fn kind(unit: &NalUnit<'_>) -> u8 {
    unit.bytes.first().map_or(0, |header| header >> 1 & 0x3f)
}

fn check_delimiter(
    units: &[NalUnit<'_>],
    kinds: &[u8],
    settings: &Settings,
    findings: &mut Findings,
) {
    let count = kinds.iter().filter(|&&kind| kind == DELIMITER).count();
    let leads = units.first().is_some_and(|unit| unit.bytes == [0x46, 0x01, 0x50]);
    findings.expect(
        leads && (count == 1 || settings.any_input),
        Rule::Delimiter,
        format_args!("{count} access unit delimiters, first: {leads}"),
    );
    let short =
        units.iter().find(|unit| !unit.zero_byte && (VPS..=DELIMITER).contains(&kind(unit)));
    if let Some(unit) = short.filter(|_| !settings.any_input) {
        findings.add(
            Rule::Delimiter,
            format_args!("NAL unit of type {} behind a start code of 3 bytes", kind(unit)),
        );
    }
}

fn check_pictures(units: &[NalUnit<'_>], findings: &mut Findings) {
    // first_slice_segment_in_pic_flag is the first bit after the header, which has two bytes.
    let begins = |unit: &&NalUnit<'_>| {
        is_slice(kind(unit)) && unit.bytes.get(2).is_some_and(|byte| byte & 0x80 != 0)
    };
    let pictures = units.iter().filter(begins).count();
    findings.expect(
        pictures == 1,
        Rule::OnePicture,
        format_args!("{pictures} pictures in a PES packet"),
    );
}

fn check_parameter_sets(kinds: &[u8], findings: &mut Findings) {
    let before = kinds.iter().take_while(|&&kind| !is_slice(kind));
    let missing = [VPS, SPS, PPS].iter().find(|&set| !before.clone().any(|kind| kind == set));
    if let Some(kind) = missing {
        findings.add(
            Rule::ParameterSets,
            format_args!("no NAL unit of type {kind} comes before the slices"),
        );
    }
}

#[cfg(test)]
mod tests {
    use hls_segmenter::time::WireTime;

    use super::*;

    const AUD: &[u8] = &[0x46, 1, 0x50];
    const SETS: [&[u8]; 3] = [&[0x40, 1, 0xc], &[0x42, 1, 1], &[0x44, 1, 0xc0]];
    const OTHER_SPS: &[u8] = &[0x42, 1, 2];
    const CRA: &[u8] = &[0x2a, 1, 0xac, 7];
    const RASL: &[u8] = &[0x12, 1, 0x80, 7];
    const TRAIL: &[u8] = &[0x02, 1, 0x80, 7];
    const REST: &[u8] = &[0x02, 1, 0x40, 7];

    fn pes(units: &[&[u8]], random_access: bool) -> Pes {
        let time = WireTime::new(0);
        Pes {
            index: 2,
            pid: 0x100,
            stream_type: 0x24,
            first: true,
            random_access,
            aligned: true,
            pts: time,
            dts: time,
            payload: units.iter().flat_map(|unit| [&[0, 0, 0, 1][..], unit].concat()).collect(),
        }
    }

    /// Judges PES packets of a segment that EXT-X-DISCONTINUITY precedes; returns the rules that the
    /// last of them breaks.
    fn broken(packets: &[Pes]) -> Vec<Rule> {
        let settings =
            Settings { key_frames: KeyFramePolicy::Idr, field_pairs: false, any_input: false };
        let (mut video, mut findings) = (Video::default(), Findings::default());
        video.begin_segment(Boundary::Broken);
        for pes in packets {
            findings = Findings::default();
            video.take(pes, &settings, &mut findings);
        }
        findings.kept().iter().map(|violation| violation.rule).collect()
    }

    #[test]
    fn hevc_5_hevc_9_each_rule_is_broken_by_its_own_fault() {
        let [vps, sps, pps] = SETS;
        let begin = || pes(&[AUD, vps, sps, pps, CRA], true);
        let inter = |unit| pes(&[AUD, unit], false);
        for (packets, want) in [
            (std::vec![begin()], &[][..]),
            (std::vec![begin(), inter(TRAIL)], &[]),
            (std::vec![begin(), pes(&[AUD, TRAIL, REST], false)], &[]),
            (std::vec![begin(), inter(RASL)], &[Rule::LeadingPicture]),
            (std::vec![begin(), begin(), inter(RASL)], &[]),
            (std::vec![pes(&[AUD, vps, sps, CRA], true)], &[Rule::ParameterSets]),
            (std::vec![begin(), pes(&[AUD, CRA], true)], &[Rule::ParameterSets]),
            (std::vec![pes(&[vps, sps, pps, CRA], true)], &[Rule::Delimiter]),
            (std::vec![pes(&[AUD, AUD, vps, sps, pps, CRA], true)], &[Rule::Delimiter]),
            (std::vec![pes(&[AUD, vps, sps, pps, CRA], false)], &[Rule::KeyFrame]),
            (std::vec![begin(), pes(&[AUD, TRAIL], true)], &[Rule::KeyFrame]),
            (std::vec![begin(), pes(&[AUD, TRAIL, TRAIL], false)], &[Rule::OnePicture]),
            (std::vec![begin(), inter(REST)], &[Rule::OnePicture]),
            (
                std::vec![begin(), pes(&[AUD, vps, OTHER_SPS, pps, CRA], true)],
                &[Rule::Reconfigured],
            ),
        ] {
            assert_eq!(broken(&packets), want, "{packets:?}");
        }
    }
}
