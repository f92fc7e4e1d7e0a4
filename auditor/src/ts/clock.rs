//! PCR and DTS: that they keep pace, and that a break of the timeline is marked (ISO/IEC 13818-1
//! §2.4.3.5, §2.7.2).

use std::collections::{BTreeMap, BTreeSet};

use hls_segmenter::time::WireTime;

use super::super::violation::{Findings, Rule};
use super::packet::{Field, Pcr};

/// Longest distance between two PCRs: 100 ms at 27 MHz.
const PCR_INTERVAL: i64 = 2_700_000;

/// How a segment follows the one before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in super::super) enum Boundary {
    /// Without a break.
    #[default]
    Continuous,
    /// Behind EXT-X-DISCONTINUITY, or at the beginning; time may go on.
    Broken,
    /// Behind EXT-X-DISCONTINUITY, on another timeline.
    Reset,
}

/// The times that one timeline has reached.
#[derive(Clone, Debug, Default)]
pub(super) struct Clock {
    last: Option<Pcr>,
    /// The next PCR is the first behind a break.
    crossing: bool,
    /// The open segment has a PCR.
    ticks: bool,
    boundary: Boundary,
    /// Frames that the source sent too late for the clock are let pass: audio, and video that the
    /// clock overtook.
    pub(super) lets_late_frames_pass: bool,
    /// PIDs that have come since the break.
    begun: BTreeSet<u16>,
    dts: BTreeMap<u16, WireTime>,
}

impl Clock {
    pub(super) fn begin_segment(&mut self, boundary: Boundary) {
        self.ticks = false;
        if boundary != Boundary::Continuous {
            (self.crossing, self.boundary) = (true, boundary);
            self.begun.clear();
            self.dts.clear();
        }
    }

    pub(super) fn end_segment(&self, findings: &mut Findings) {
        findings.expect(self.ticks, Rule::PcrInterval, format_args!("segment has no PCR"));
    }

    pub(super) const fn last(&self) -> Option<Pcr> {
        self.last
    }

    /// Takes the adaptation field of a packet of an elementary stream; `leads` says that the PCR
    /// belongs on this PID.
    pub(super) fn take_field(
        &mut self,
        pid: u16,
        field: Field,
        leads: bool,
        findings: &mut Findings,
    ) {
        let first = self.begun.insert(pid);
        let owed = first && self.boundary == Boundary::Reset;
        let may = first && self.boundary != Boundary::Continuous;
        let marked = field.discontinuity;
        findings.expect(
            marked || !owed,
            Rule::DiscontinuityIndicator,
            format_args!("a timeline begins without the indicator"),
        );
        findings.expect(
            !marked || may,
            Rule::DiscontinuityIndicator,
            format_args!("the indicator stands where no timeline begins"),
        );
        let clocked = !marked || !leads || field.pcr.is_some();
        findings.expect(
            clocked,
            Rule::DiscontinuityIndicator,
            format_args!("the indicator comes without the new PCR"),
        );
        match field.pcr {
            Some(pcr) if leads => self.take_pcr(pcr, marked, findings),
            Some(_) => findings.add(
                Rule::PcrInterval,
                format_args!("PCR stands on a PID that is not the PCR PID"),
            ),
            None => {}
        }
    }

    fn take_pcr(&mut self, pcr: Pcr, marked: bool, findings: &mut Findings) {
        self.ticks = true;
        let crossing = core::mem::take(&mut self.crossing);
        let Some(last) = self.last.replace(pcr) else {
            return;
        };
        let step = pcr.since(last);
        if crossing {
            let follows = marked || step > 0;
            findings.expect(
                follows,
                Rule::DiscontinuityIndicator,
                format_args!("PCR goes back by {} without the indicator", -step),
            );
        } else {
            findings.expect(
                step > 0,
                Rule::PcrOrder,
                format_args!("PCR goes on by {step} of 27 MHz"),
            );
            findings.expect(
                step <= PCR_INTERVAL,
                Rule::PcrInterval,
                format_args!("{} ms between two PCRs", step / 27_000),
            );
        }
    }

    /// Takes the times of a PES packet whose last byte comes at `pcr`.
    pub(super) fn take_times(
        &mut self,
        (pid, video): (u16, bool),
        (pts, dts): (WireTime, WireTime),
        pcr: Option<Pcr>,
        findings: &mut Findings,
    ) {
        let ahead = pts.since(dts).get();
        findings.expect(ahead >= 0, Rule::TimeOrder, format_args!("PTS is {} before DTS", -ahead));
        let last = self.dts.insert(pid, dts);
        if let Some(last) = last {
            let step = dts.since(last).get();
            findings.expect(step > 0, Rule::TimeOrder, format_args!("DTS goes on by {step}"));
        }
        // Where video falls silent the clock goes on with audio, beyond the last picture or before
        // the first one.
        let led_by_another = self.dts.len() > 1;
        let overtaken =
            |pcr: &Pcr| last.map_or(led_by_another, |last| pcr.base.since(last).get() > 0);
        let excused = |pcr: &Pcr| self.lets_late_frames_pass && (!video || overtaken(pcr));
        if let Some(pcr) = pcr.filter(|pcr| !excused(pcr)) {
            let ahead = dts.since(pcr.base).get();
            findings.expect(
                ahead >= 0,
                Rule::PcrOrder,
                format_args!("PCR is {} behind DTS", -ahead),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(base: u64, discontinuity: bool) -> Field {
        // 90 kHz in the upper 33 of 48 bits, reserved bits 1, extension 0.
        let bytes = (base << 15 | 0x7e00).to_be_bytes();
        let mut packet = [0xff; super::super::packet::LEN];
        packet[..6].copy_from_slice(&[
            0x47,
            0x41,
            0x00,
            0x30,
            7,
            0x10 | u8::from(discontinuity) << 7,
        ]);
        packet[6..12].copy_from_slice(&bytes[2..]);
        super::super::packet::parse(&packet, &mut Findings::default()).unwrap().field
    }

    /// Rules broken by PCRs of (90 kHz, indicator, how the segment begins that they are first in).
    fn rules(fields: &[(u64, bool, Option<Boundary>)]) -> Vec<Rule> {
        let (mut clock, mut findings) = (Clock::default(), Findings::default());
        for &(base, discontinuity, boundary) in fields {
            if let Some(boundary) = boundary {
                clock.begin_segment(boundary);
            }
            clock.take_field(0x100, field(base, discontinuity), true, &mut findings);
        }
        findings.kept().iter().map(|violation| violation.rule).collect()
    }

    #[test]
    fn t_09_t_10_clock_references_increase_by_100_ms_at_the_most() {
        let from = |next| rules(&[(90_000, false, Some(Boundary::Broken)), (next, false, None)]);
        assert_eq!(from(99_000), []);
        assert_eq!(from(99_001), [Rule::PcrInterval]);
        assert_eq!(from(90_000), [Rule::PcrOrder]);
        assert_eq!(from(89_999), [Rule::PcrOrder]);
    }

    #[test]
    fn t_08_a_new_timeline_is_marked_and_nothing_else_is() {
        let start = (90_000, false, Some(Boundary::Broken));
        assert_eq!(rules(&[start, (5, true, Some(Boundary::Reset))]), []);
        assert_eq!(
            rules(&[start, (95_000, false, Some(Boundary::Reset))]),
            [Rule::DiscontinuityIndicator]
        );
        assert_eq!(
            rules(&[start, (5, false, Some(Boundary::Broken))]),
            [Rule::DiscontinuityIndicator]
        );
        assert_eq!(rules(&[start, (900_000, false, Some(Boundary::Broken))]), []);
        assert_eq!(
            rules(&[start, (95_000, true, Some(Boundary::Continuous))]),
            [Rule::DiscontinuityIndicator]
        );
    }

    #[test]
    fn t_16_times_are_in_order() {
        let (mut clock, mut findings) = (Clock::default(), Findings::default());
        let pcr = field(1000, false).pcr;
        let mut take = |pts, dts| {
            clock.take_times(
                (1, true),
                (WireTime::new(pts), WireTime::new(dts)),
                pcr,
                &mut findings,
            )
        };
        take(1500, 1400);
        take(1450, 1401);
        take(1450, 1401); // again
        take(1500, 1501); // shown before it is decoded
        let rules: Vec<_> = findings.kept().iter().map(|violation| violation.rule).collect();
        assert_eq!(rules, [Rule::TimeOrder, Rule::TimeOrder]);
    }

    #[test]
    fn t_14_frames_that_are_late_for_the_clock_are_excused_where_the_source_may_be_anything() {
        const VIDEO: (u16, bool) = (0x100, true);
        const AUDIO: (u16, bool) = (0x101, false);
        let pcr = |base| field(base, false).pcr;
        let (at, late) = (WireTime::new(90_000), Some(90_001));
        for (before, track, clock, lenient, excused) in [
            // Audio, at any time.
            (&[][..], AUDIO, late, true, true),
            (&[], AUDIO, late, false, false),
            // Video that is the first of all is on time; behind audio it may be late.
            (&[], VIDEO, late, true, false),
            (&[(AUDIO, 80_000)], VIDEO, late, true, true),
            (&[(AUDIO, 80_000)], VIDEO, late, false, false),
            // Later pictures are excused where the clock has overtaken the last one.
            (&[(VIDEO, 89_000)], VIDEO, late, true, true),
            (&[(VIDEO, 89_999)], VIDEO, Some(90_001), true, true),
            (&[(VIDEO, 89_999)], VIDEO, Some(90_000), true, true),
        ] {
            let mut it = Clock { lets_late_frames_pass: lenient, ..Clock::default() };
            let mut findings = Findings::default();
            for &(track, dts) in before {
                let dts = WireTime::new(dts);
                it.take_times(track, (dts, dts), None, &mut findings);
            }
            it.take_times(track, (at, at), clock.and_then(pcr), &mut findings);
            let told = findings.count() > 0;
            assert_eq!(told, !excused, "{before:?} {track:?} {lenient}");
        }
        // The clock has not overtaken the last picture: one that goes back below the clock is a
        // fault of its own.
        for (clock, told) in [(90_000, 2), (90_001, 1)] {
            let mut it = Clock { lets_late_frames_pass: true, ..Clock::default() };
            let mut findings = Findings::default();
            it.take_times(VIDEO, (at, at), None, &mut findings);
            let back = WireTime::new(89_000);
            it.take_times(VIDEO, (back, back), pcr(clock), &mut findings);
            assert_eq!(findings.count(), told, "{clock}");
        }
    }

    #[test]
    fn t_08_behind_a_break_the_clock_goes_on_or_is_marked() {
        for (base, marked, told) in [(90_001, false, 0), (90_000, false, 1), (90_000, true, 0)] {
            let (mut clock, mut findings) = (Clock::default(), Findings::default());
            clock.begin_segment(Boundary::Broken);
            clock.take_field(0x100, field(90_000, false), true, &mut findings);
            clock.begin_segment(Boundary::Broken);
            clock.take_field(0x100, field(base, marked), true, &mut findings);
            assert_eq!(findings.count(), told, "{base} {marked}");
        }
    }

    #[test]
    fn t_09_a_clock_reference_stands_on_the_lead_track_alone() {
        let (mut clock, mut findings) = (Clock::default(), Findings::default());
        clock.take_field(0x101, field(90_000, false), false, &mut findings);
        assert_eq!(findings.kept()[0].rule, Rule::PcrInterval);
        clock.end_segment(&mut findings);
        assert_eq!(findings.count(), 2, "and the segment has none");
    }
}
