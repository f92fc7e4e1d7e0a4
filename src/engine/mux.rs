//! The multiplex: tables, clock references and counters that live as long as the stream.

use crate::segment::SegmentStart;
use crate::sink::SegmentSink;
use crate::time::{TickSpan, Ticks};
use crate::ts::{
    ContinuityCounter, Lead, Payload, PcrPlan, PesHeader, PesRun, Pid, Program, Start, StreamId,
    TsPackets, pcr_only_packet, psi_packets,
};

use super::output::{Output, Picture, Sound};

/// Longest distance between two clock references (ISO/IEC 13818-1 §2.7.2).
const PCR_INTERVAL: TickSpan = TickSpan::from_millis(100);
/// While video pauses, clock references follow audio at this distance: near enough for the decoder's buffers, far
/// enough that video which comes late in the interleaving is not overtaken.
const PCR_BEHIND_AUDIO: TickSpan = TickSpan::from_millis(400);

/// `primary_pic_type` of a delimiter that allows any slice type, and its stop bit (H.264 §7.3.2.4).
const ANY_SLICE: u8 = 0xf0;

/// A program before anything is known of it.
const NOTHING: Program = Program {
    video: None,
    audio: None,
};

/// State of the transport stream.
#[derive(Clone, Debug)]
pub(super) struct Mux {
    program: Program,
    version: u8,
    counters: Counters,
    /// All this as it stood before the open segment: that of one that is never listed is taken back.
    before: (Program, u8, Counters),
    /// The next packet of video, of audio, is the first after a break of the timeline.
    broken: [bool; 2],
    last_pcr: Option<Ticks>,
    /// DTS of the last picture on this timeline.
    last_video: Option<Ticks>,
    last_psi: Option<Ticks>,
    /// The next run of the lead track is the first of its segment.
    segment_begins: bool,
    lead: TickSpan,
    psi_interval: Option<TickSpan>,
}

/// Continuity counters of every PID.
#[derive(Clone, Copy, Debug)]
struct Counters {
    pat: ContinuityCounter,
    pmt: ContinuityCounter,
    video: ContinuityCounter,
    audio: ContinuityCounter,
}

impl Counters {
    const fn from_values([pat, pmt, video, audio]: [u8; 4]) -> Self {
        Self {
            pat: ContinuityCounter::new(pat),
            pmt: ContinuityCounter::new(pmt),
            video: ContinuityCounter::new(video),
            audio: ContinuityCounter::new(audio),
        }
    }

    const fn values(&self) -> [u8; 4] {
        [
            self.pat.get(),
            self.pmt.get(),
            self.video.get(),
            self.audio.get(),
        ]
    }
}

impl Mux {
    pub(super) const fn new(lead: TickSpan, psi_interval: Option<TickSpan>) -> Self {
        Self {
            program: NOTHING,
            version: 0,
            counters: Counters::from_values([0; 4]),
            before: (NOTHING, 0, Counters::from_values([0; 4])),
            broken: [false; 2],
            last_pcr: None,
            last_video: None,
            last_psi: None,
            segment_begins: false,
            lead,
            psi_interval,
        }
    }

    pub(super) const fn program(&self) -> Program {
        self.program
    }

    /// Returns the program, its version and the counters, for a resume token.
    pub(super) const fn state(&self) -> (Program, u8, [u8; 4]) {
        (self.program, self.version, self.counters.values())
    }

    /// Takes the tables and counters of an earlier stream.
    pub(super) const fn restore(&mut self, program: Program, version: u8, counters: [u8; 4]) {
        self.program = program;
        self.version = version & 0x1f;
        self.counters = Counters::from_values(counters);
    }

    /// Lists other streams from the next tables on; the version grows with every change but the first.
    pub(super) fn set_program(&mut self, program: Program) {
        if program != self.program && self.program != Program::default() {
            self.version = (self.version + 1) & 0x1f;
        }
        self.program = program;
    }

    /// Begins a timeline of its own where what comes is so far back that the clock is past its time.
    pub(super) fn rewind(&mut self, to: Ticks) {
        if self.last_pcr.is_some_and(|last| to + self.lead < last) {
            self.break_timeline();
        }
    }

    /// Forgets the clock: a new timeline begins.
    pub(super) const fn break_timeline(&mut self) {
        self.broken = [true; 2];
        self.last_pcr = None;
        self.last_video = None;
        self.last_psi = None;
    }

    /// Notes how things stand before a segment begins.
    pub(super) const fn mark(&mut self) {
        self.before = (self.program, self.version, self.counters);
    }

    /// Forgets the segment that was begun last: its packets will be missed by nobody, and its clock is gone.
    pub(super) const fn roll_back(&mut self) {
        (self.program, self.version, self.counters) = self.before;
        self.break_timeline();
    }

    /// Begins a segment: the tables come first.
    pub(super) fn begin_segment<S: SegmentSink>(
        &mut self,
        out: &mut Output<'_, S>,
        start: &SegmentStart,
    ) -> Result<(), S::Error> {
        self.segment_begins = true;
        self.tables(out, start.start)
    }

    /// Writes a picture, with what must come before it.
    #[inline(always)]
    pub(super) fn video<S: SegmentSink>(
        &mut self,
        out: &mut Output<'_, S>,
        picture: &Picture<'_>,
    ) -> Result<(), S::Error> {
        let Picture { dts, pts, .. } = *picture;
        self.bridge(out, dts)?;
        self.tables_if_due(out, dts, picture.interval)?;
        let [discontinuity, _] = &mut self.broken;
        let start = Start {
            discontinuity: core::mem::take(discontinuity),
            random_access: picture.key_frame,
        };
        let begins = core::mem::take(&mut self.segment_begins);
        let due = self
            .last_pcr
            .is_none_or(|last| dts + picture.interval - last > PCR_INTERVAL);
        let pcr = if begins || due || start != Start::default() {
            PcrPlan {
                floating: !begins,
                ..PcrPlan::one(self.next_pcr(dts))
            }
        } else {
            PcrPlan::default()
        };
        // The delimiter of every picture, and the start code of the NAL unit behind it.
        let kind = picture.delimiter.unwrap_or(ANY_SLICE);
        let lead = Lead::delimiter([0, 0, 0, 1, 0x09, kind, 0, 0, 0, 1]);
        let wire = |time: Ticks| (time + self.lead).to_wire();
        let payload = Payload::Video(picture.access_unit);
        let len = payload.len();
        let header = PesHeader::new(StreamId::Video, (wire(pts), wire(dts)), lead, len);
        let run = PesRun::new(
            (Pid::VIDEO, self.counters.video),
            start,
            pcr,
            header,
            payload,
        );
        self.counters.video.take(run.packets());
        self.last_video = Some(dts);
        self.last_pcr = run.last_pcr().or(self.last_pcr);
        out.write(TsPackets::pes(&run))
    }

    /// Writes audio frames in one PES packet.
    pub(super) fn audio<S: SegmentSink>(
        &mut self,
        out: &mut Output<'_, S>,
        sound: &Sound<'_>,
    ) -> Result<(), S::Error> {
        let Sound {
            pts, end, frames, ..
        } = *sound;
        let mut random_access = false;
        let mut pcr = PcrPlan::default();
        if self.program.video.is_some() {
            let clock = pts - PCR_BEHIND_AUDIO;
            // A picture may still come right behind the last one; only silence lets the clock overtake it.
            let latest = self.last_video.filter(|_| !sound.video_is_silent);
            let until = latest.map_or(clock, |latest| clock.min(latest + self.lead));
            self.bridge(out, until)?;
            // Video fell silent before this segment began: its clock still stands first.
            if core::mem::take(&mut self.segment_begins) {
                self.pcr_packet(out, self.next_pcr(clock))?;
            }
        } else {
            self.bridge(out, pts)?;
            self.tables_if_due(out, pts, end - pts)?;
            random_access = core::mem::take(&mut self.segment_begins);
            let first = self.next_pcr(pts);
            let count = (end - first)
                .get()
                .max(1)
                .unsigned_abs()
                .div_ceil(PCR_INTERVAL.get().unsigned_abs());
            let step = TickSpan::new((end - first).get() / count.max(1).cast_signed());
            pcr = PcrPlan {
                first,
                step,
                count: count as usize,
                floating: false,
            };
        }
        let [_, discontinuity] = &mut self.broken;
        let start = Start {
            discontinuity: core::mem::take(discontinuity),
            random_access,
        };
        let wire = (pts + self.lead).to_wire();
        let lead = Lead::of(sound.header);
        let header = PesHeader::new(StreamId::Audio, (wire, wire), lead, frames.len());
        let run = PesRun::new(
            (Pid::AUDIO, self.counters.audio),
            start,
            pcr,
            header,
            Payload::Audio(frames),
        );
        self.counters.audio.take(run.packets());
        self.last_pcr = run.last_pcr().or(self.last_pcr);
        out.write(TsPackets::pes(&run))
    }

    /// Fills the time up to `until` with clock references where the last one is too long ago.
    #[inline]
    pub(super) fn bridge<S: SegmentSink>(
        &mut self,
        out: &mut Output<'_, S>,
        until: Ticks,
    ) -> Result<(), S::Error> {
        match self.last_pcr {
            Some(last) if until - last > PCR_INTERVAL => self.fill(out, until),
            _ => Ok(()),
        }
    }

    #[cold]
    fn fill<S: SegmentSink>(
        &mut self,
        out: &mut Output<'_, S>,
        until: Ticks,
    ) -> Result<(), S::Error> {
        while let Some(last) = self.last_pcr.filter(|&last| until - last > PCR_INTERVAL) {
            let pcr = last + PCR_INTERVAL;
            self.tables_if_due(out, pcr, PCR_INTERVAL)?;
            self.pcr_packet(out, pcr)?;
        }
        Ok(())
    }

    fn pcr_packet<S: SegmentSink>(
        &mut self,
        out: &mut Output<'_, S>,
        pcr: Ticks,
    ) -> Result<(), S::Error> {
        self.last_pcr = Some(pcr);
        let pid = self.program.pcr_pid();
        let [video, audio] = &mut self.broken;
        let (counter, broken) = if pid == Pid::VIDEO {
            (self.counters.video, video)
        } else {
            (self.counters.audio, audio)
        };
        let discontinuity = core::mem::take(broken);
        let packet = pcr_only_packet(pid, counter.ahead(15), pcr, discontinuity);
        out.write(TsPackets::whole(&packet))
    }

    #[inline(always)]
    fn tables_if_due<S: SegmentSink>(
        &mut self,
        out: &mut Output<'_, S>,
        at: Ticks,
        interval: TickSpan,
    ) -> Result<(), S::Error> {
        let due = self
            .psi_interval
            .zip(self.last_psi)
            .is_some_and(|(every, last)| at + interval - last > every);
        if due && !self.segment_begins {
            self.tables(out, at)
        } else {
            Ok(())
        }
    }

    #[cold]
    fn tables<S: SegmentSink>(
        &mut self,
        out: &mut Output<'_, S>,
        at: Ticks,
    ) -> Result<(), S::Error> {
        self.last_psi = Some(at);
        let packets = psi_packets(
            self.program,
            self.version,
            self.counters.pat.take(1),
            self.counters.pmt.take(1),
        );
        out.write(TsPackets::whole(&packets))
    }

    /// Returns the clock reference for `time`: never at or before the last one.
    fn next_pcr(&self, time: Ticks) -> Ticks {
        self.last_pcr
            .map_or(time, |last| time.max(last + TickSpan::TICK))
    }
}
