//! Rules of H.264 in a transport stream: one access unit per PES packet (ISO/IEC 13818-1 §2.14,
//! H.264 annex B).

use std::collections::BTreeMap;

use hls_segmenter::config::KeyFramePolicy;

use super::super::ts::{Boundary, Pes};
use super::super::violation::{Findings, Rule};
use super::annex_b::{NalUnit, NalUnits};
use super::bits::Bits;

/// `nal_unit_type` (H.264 table 7-1).
const SLICE: u8 = 1;
const PARTITION_A: u8 = 2;
const PARTITION_C: u8 = 4;
const IDR: u8 = 5;
const SEI: u8 = 6;
const SPS: u8 = 7;
const PPS: u8 = 8;
const DELIMITER: u8 = 9;
const SUBSET_SPS: u8 = 15;

/// What the rules leave open.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Settings {
    pub(in super::super) key_frames: KeyFramePolicy,
    /// Two fields may share a PES packet.
    pub(in super::super) field_pairs: bool,
    /// The source may be anything: what can only be as good as it is not judged.
    pub(in super::super) any_input: bool,
}

/// State of the video track within a segment and a timeline.
#[derive(Clone, Debug, Default)]
pub(super) struct Video {
    /// Sequence parameter sets of the timeline, by id.
    timeline_sps: BTreeMap<u32, Vec<u8>>,
    /// Those of the segment.
    sps: Vec<u32>,
    /// Picture parameter sets of the segment, and the sequence parameter set of each.
    pps: BTreeMap<u32, u32>,
    /// A picture came in the segment.
    begun: bool,
}

impl Video {
    pub(super) fn begin_segment(&mut self, boundary: Boundary) {
        if boundary != Boundary::Continuous {
            self.timeline_sps.clear();
        }
        self.sps.clear();
        self.pps.clear();
        self.begun = false;
    }

    /// Judges a PES packet; says whether it holds an IDR picture, where the output tells.
    pub(super) fn take(
        &mut self,
        pes: &Pes,
        settings: &Settings,
        findings: &mut Findings,
    ) -> Option<bool> {
        let first = !core::mem::replace(&mut self.begun, true);
        let whole = pes.payload.starts_with(&[0, 0, 0, 1]);
        findings.expect(
            whole,
            Rule::Delimiter,
            format_args!("access unit does not begin with 00 00 00 01"),
        );
        let units: Vec<_> = NalUnits::new(&pes.payload).collect();
        check_delimiters(&units, settings, findings);
        let mixed = settings.any_input && units.iter().any(|unit| unit.kind() == SLICE);
        let idr_is_there = units.iter().any(|unit| unit.kind() == IDR);
        // One of them lay hidden in the other: only the writer knows which was there by its length.
        let idr = idr_is_there && (!mixed || pes.random_access);
        check_access_point(pes, idr, &units, settings.key_frames, findings);
        if !settings.any_input {
            check_pictures(&units, settings.field_pairs, findings);
        }
        self.check_parameter_sets(&units, first, idr, settings.any_input, findings);
        let told = !(idr_is_there && mixed) || settings.key_frames != KeyFramePolicy::FrameType;
        told.then_some(idr)
    }

    /// Follows parameter sets and slices in their order.
    fn check_parameter_sets(
        &mut self,
        units: &[NalUnit<'_>],
        first: bool,
        idr: bool,
        any_input: bool,
        findings: &mut Findings,
    ) {
        let (mut sps_came, mut pps_came, mut slice_came) = (false, false, false);
        let mut waits_for_pps = false;
        for unit in units {
            match unit.kind() {
                SPS | SUBSET_SPS => {
                    sps_came = true;
                    self.take_sps(unit, idr && !any_input, findings);
                }
                PPS => {
                    pps_came = true;
                    self.take_pps(unit);
                }
                // What looks like a slice may be the rest of an SPS with a start code in it, if a
                // PPS follows.
                SLICE | PARTITION_A | IDR if any_input && sps_came && !pps_came => {
                    waits_for_pps = first || idr;
                }
                SLICE | PARTITION_A | IDR if !slice_came => {
                    slice_came = true;
                    let ready = sps_came && pps_came || !(first || idr);
                    findings.expect(
                        ready,
                        Rule::ParameterSets,
                        format_args!("a slice comes before SPS and PPS, IDR: {idr}"),
                    );
                    let missing = self.missing(unit).filter(|_| !any_input);
                    if let Some((pps, sps)) = missing {
                        findings.add(
                            Rule::ParameterSets,
                            format_args!("the segment lacks PPS {pps} or its SPS {sps:?}"),
                        );
                    }
                }
                _ => {}
            }
        }
        findings.expect(
            pps_came || !waits_for_pps,
            Rule::ParameterSets,
            format_args!("a slice, an SPS and no PPS, IDR: {idr}"),
        );
    }

    fn take_sps(&mut self, unit: &NalUnit<'_>, fixed: bool, findings: &mut Findings) {
        // Behind the header: profile_idc, constraint flags, level_idc.
        let Some(id) = unit.bytes.get(4..).and_then(|rest| Bits::new(rest).ue()) else {
            return;
        };
        if !self.sps.contains(&id) {
            self.sps.push(id);
        }
        if unit.kind() == SPS {
            let before = self.timeline_sps.insert(id, unit.bytes.to_vec());
            let same = before.is_none_or(|before| before == unit.bytes);
            findings.expect(
                same || !fixed,
                Rule::Reconfigured,
                format_args!("SPS {id} is another without a discontinuity"),
            );
        }
    }

    fn take_pps(&mut self, unit: &NalUnit<'_>) {
        let mut bits = Bits::new(unit.bytes.get(1..).unwrap_or_default());
        if let (Some(id), Some(sps)) = (bits.ue(), bits.ue()) {
            self.pps.insert(id, sps);
        }
    }

    /// Returns the parameter sets that a slice refers to where they did not come in this segment.
    fn missing(&self, slice: &NalUnit<'_>) -> Option<(u32, Option<u32>)> {
        let mut bits = Bits::new(slice.bytes.get(1..)?);
        let (_first_mb, _slice_type, pps) = (bits.ue()?, bits.ue()?, bits.ue()?);
        let sps = self.pps.get(&pps).copied();
        let there = sps.is_some_and(|sps| self.sps.contains(&sps));
        (!there).then_some((pps, sps))
    }
}

/// Each field of a pair has a delimiter of its own.
fn check_delimiters(units: &[NalUnit<'_>], settings: &Settings, findings: &mut Findings) {
    let count = units.iter().filter(|unit| unit.kind() == DELIMITER).count();
    let leads = units.first().is_some_and(|unit| unit.kind() == DELIMITER);
    let most = if settings.field_pairs { 2 } else { 1 };
    findings.expect(
        leads && (count <= most || settings.any_input),
        Rule::Delimiter,
        format_args!("{count} access unit delimiters, first: {leads}"),
    );
    let short =
        units.iter().find(|unit| !unit.zero_byte && [SPS, PPS, DELIMITER].contains(&unit.kind()));
    // What lies hidden in a slice is as it came.
    if let Some(unit) = short.filter(|_| !settings.any_input) {
        findings.add(
            Rule::Delimiter,
            format_args!("NAL unit of type {} behind a start code of 3 bytes", unit.kind()),
        );
    }
}

fn check_access_point(
    pes: &Pes,
    idr: bool,
    units: &[NalUnit<'_>],
    policy: KeyFramePolicy,
    findings: &mut Findings,
) {
    let key_frame = match policy {
        KeyFramePolicy::Idr => idr,
        KeyFramePolicy::IdrOrRecoveryPoint => {
            idr || units.iter().any(|unit| has_recovery_point(unit.bytes))
        }
        // Nothing in the output tells.
        KeyFramePolicy::FrameType => return,
    };
    let marked = pes.random_access;
    findings.expect(
        marked == key_frame,
        Rule::KeyFrame,
        format_args!("random_access_indicator: {marked}, key frame: {key_frame}"),
    );
}

fn check_pictures(units: &[NalUnit<'_>], field_pairs: bool, findings: &mut Findings) {
    let slices = units.iter().filter(|unit| [SLICE, PARTITION_A, IDR].contains(&unit.kind()));
    // first_mb_in_slice is 0 where its code is the single bit 1.
    let pictures =
        slices.filter(|unit| unit.bytes.get(1).is_some_and(|byte| byte & 0x80 != 0)).count();
    let most = if field_pairs { 2 } else { 1 };
    findings.expect(
        pictures <= most,
        Rule::OnePicture,
        format_args!("{pictures} pictures in a PES packet"),
    );
    let slice =
        units.iter().any(|unit| (SLICE..=PARTITION_C).contains(&unit.kind()) || unit.kind() == IDR);
    findings.expect(slice, Rule::OnePicture, format_args!("no picture in a PES packet"));
}

/// Says whether an SEI NAL unit holds a recovery point message (H.264 §7.3.2.3, D.1.8).
pub(in super::super) fn has_recovery_point(unit: &[u8]) -> bool {
    if unit.first().is_none_or(|header| header & 0x1f != SEI) {
        return false;
    }
    let mut rest = unit.get(1..).unwrap_or_default();
    // A message is its type, its length, and so many bytes; the last byte of all is the stop bit.
    while rest.len() > 2 {
        let Some((kind, after)) = take_sum(rest) else {
            return false;
        };
        let Some((len, after)) = take_sum(after) else {
            return false;
        };
        if kind == 6 {
            return true;
        }
        rest = after.get(len..).unwrap_or_default();
    }
    false
}

/// Reads a number written as a run of 0xFF and a last byte, all summed up.
fn take_sum(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let run = bytes.iter().take_while(|&&byte| byte == 0xff).count();
    let (&last, rest) = bytes.get(run..)?.split_first()?;
    Some((run * 255 + usize::from(last), rest))
}

#[cfg(test)]
mod tests {
    use hls_segmenter::time::WireTime;

    use super::*;

    // 00110 is slice_type 7, and the picture parameter set is 0 or 1.
    const IDR_UNIT: &[u8] = &[0x65, 0b1001_1011, 1];
    const SLICE_UNIT: &[u8] = &[0x41, 0b1001_1011, 1];
    const SLICE_OF_PPS_1: &[u8] = &[0x41, 0b1001_1001, 0b0100_0000, 1];
    const AUD: &[u8] = &[9, 0xf0];
    const SPS_UNIT: &[u8] = &[0x67, 0x42, 0xc0, 0x0c, 0x80];
    const OTHER_SPS: &[u8] = &[0x67, 0x42, 0xc0, 0x0d, 0x80];
    const PPS_UNIT: &[u8] = &[0x68, 0xc0];

    fn pes(units: &[&[u8]], random_access: bool) -> Pes {
        let time = WireTime::new(0);
        Pes {
            index: 2,
            pid: 0x100,
            stream_type: 0x1b,
            first: true,
            random_access,
            aligned: false,
            pts: time,
            dts: time,
            payload: units.iter().flat_map(|unit| [&[0, 0, 0, 1][..], unit].concat()).collect(),
        }
    }

    fn settings(key_frames: KeyFramePolicy, any_input: bool) -> Settings {
        Settings { key_frames, field_pairs: false, any_input }
    }

    /// Judges PES packets one after another; returns the rules that the last one breaks and whether
    /// it is IDR.
    fn take(packets: &[Pes], settings: &Settings) -> (Vec<Rule>, Option<bool>) {
        let (mut video, mut findings, mut idr) = (Video::default(), Findings::default(), None);
        for pes in packets {
            findings = Findings::default();
            idr = video.take(pes, settings, &mut findings);
        }
        let kept = findings.kept().iter();
        (kept.map(|violation| violation.rule).collect(), idr)
    }

    #[test]
    fn t_11_an_idr_picture_that_may_lie_hidden_in_a_slice_is_what_the_mark_says() {
        use KeyFramePolicy::{FrameType, Idr};
        let (pure, mixed) = (
            &[AUD, SPS_UNIT, PPS_UNIT, IDR_UNIT][..],
            &[AUD, SPS_UNIT, PPS_UNIT, IDR_UNIT, SLICE_UNIT],
        );
        let plain = &[AUD, SPS_UNIT, PPS_UNIT, SLICE_UNIT];
        for (units, any_input, marked, policy, told, idr) in [
            (pure, false, true, Idr, false, Some(true)),
            (pure, false, false, Idr, true, Some(true)),
            (pure, true, false, Idr, true, Some(true)),
            (mixed, true, false, Idr, false, Some(false)),
            (mixed, true, true, Idr, false, Some(true)),
            (mixed, false, false, Idr, true, Some(true)),
            (pure, true, true, FrameType, false, Some(true)),
            (mixed, true, true, FrameType, false, None),
            (plain, true, true, FrameType, false, Some(false)),
        ] {
            let (rules, got) = take(&[pes(units, marked)], &settings(policy, any_input));
            let case = std::format!("{units:?} {any_input} {marked} {policy:?}");
            assert_eq!(rules.contains(&Rule::KeyFrame), told, "{case}");
            assert_eq!(got, idr, "{case}");
        }
    }

    #[test]
    fn t_20_parameter_sets_come_before_the_first_slice_and_before_every_idr_picture() {
        let begin = || pes(&[AUD, SPS_UNIT, PPS_UNIT, IDR_UNIT], true);
        let strict = settings(KeyFramePolicy::Idr, false);
        for (packets, told) in [
            (std::vec![begin()], false),
            (std::vec![pes(&[AUD, SPS_UNIT, IDR_UNIT], true)], true),
            (std::vec![pes(&[AUD, PPS_UNIT, SLICE_UNIT], false)], true),
            (std::vec![begin(), pes(&[AUD, SLICE_UNIT], false)], false),
            (std::vec![begin(), pes(&[AUD, IDR_UNIT], true)], true),
            (std::vec![begin(), pes(&[AUD, SPS_UNIT, IDR_UNIT], true)], true),
        ] {
            let (rules, _) = take(&packets, &strict);
            assert_eq!(rules.contains(&Rule::ParameterSets), told, "{packets:?}");
        }
        for (units, strict, lenient) in [
            // A start code lies in the SPS; then no PPS comes, or no SPS came.
            (&[AUD, SPS_UNIT, SLICE_UNIT, PPS_UNIT, IDR_UNIT][..], true, false),
            (&[AUD, SPS_UNIT, IDR_UNIT], true, true),
            (&[AUD, SLICE_UNIT, PPS_UNIT, IDR_UNIT], true, true),
        ] {
            for (any_input, told) in [(false, strict), (true, lenient)] {
                let settings = settings(KeyFramePolicy::Idr, any_input);
                let (rules, _) = take(&[pes(units, true)], &settings);
                assert_eq!(rules.contains(&Rule::ParameterSets), told, "{units:?}");
            }
        }
        // Any input lacks a PPS as well where one came before, and where the first picture is no
        // IDR picture.
        let lenient = settings(KeyFramePolicy::Idr, true);
        for packets in [
            &[begin(), pes(&[AUD, SPS_UNIT, IDR_UNIT], true)][..],
            &[pes(&[AUD, SPS_UNIT, SLICE_UNIT], false)],
        ] {
            let (rules, _) = take(packets, &lenient);
            assert!(rules.contains(&Rule::ParameterSets), "{packets:?}");
        }
        for any_input in [false, true] {
            let packets = [begin(), pes(&[AUD, SLICE_OF_PPS_1], false)];
            let (rules, _) = take(&packets, &settings(KeyFramePolicy::Idr, any_input));
            assert_eq!(rules.contains(&Rule::ParameterSets), !any_input);
        }
    }

    #[test]
    fn h_07_a_set_that_changes_is_told_at_an_idr_picture_of_a_sound_source() {
        let begin = || pes(&[AUD, SPS_UNIT, PPS_UNIT, IDR_UNIT], true);
        for (slice, any_input, told) in [
            (IDR_UNIT, false, true),
            (IDR_UNIT, true, false),
            (SLICE_UNIT, false, false),
            (SLICE_UNIT, true, false),
        ] {
            let other = pes(&[AUD, OTHER_SPS, PPS_UNIT, slice], slice == IDR_UNIT);
            let settings = settings(KeyFramePolicy::Idr, any_input);
            let (rules, _) = take(&[begin(), other], &settings);
            assert_eq!(rules.contains(&Rule::Reconfigured), told, "{slice:?}");
        }
    }

    #[test]
    fn t_19_start_codes_of_parameter_sets_have_four_bytes_unless_any_input_hid_them() {
        let mut short = pes(&[AUD, SPS_UNIT, PPS_UNIT, IDR_UNIT], true);
        // The zero before the start code of the SPS.
        short.payload.remove(6);
        for any_input in [false, true] {
            let settings = settings(KeyFramePolicy::Idr, any_input);
            let (rules, _) = take(core::slice::from_ref(&short), &settings);
            assert_eq!(rules.contains(&Rule::Delimiter), !any_input);
        }
    }

    #[test]
    fn a_pes_packet_without_a_picture_is_told() {
        let (rules, _) =
            take(&[pes(&[AUD, &[6, 5, 1, 1, 0x80]], false)], &settings(KeyFramePolicy::Idr, false));
        assert_eq!(rules, [Rule::OnePicture]);
    }

    #[test]
    fn f_25_a_recovery_point_is_a_whole_message() {
        for (bytes, want) in [
            (&[6, 6, 1, 0xc4, 0x80][..], true),
            (&[6, 6, 0x80], false),
            (&[6, 5, 1, 6, 6, 1, 0xc4, 0x80], true),
            (&[6, 5, 2, 6, 6, 0x80], false),
        ] {
            assert_eq!(has_recovery_point(bytes), want, "{bytes:x?}");
        }
        assert_eq!(take_sum(&[0xff, 0xff, 1, 9]), Some((511, &[9][..])));
    }
}
