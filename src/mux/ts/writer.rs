//! The transport stream of a whole list: tables, clock references and counters that live as long as
//! the stream.
//!
//! ```text
//!   segment   PAT PMT │ picture, with a PCR │ audio │ picture │ picture │ audio │ PCR alone │ picture …
//!                       at most 100 ms from one PCR to the next ──────────────────┘
//! ```
//!
//! PTS and DTS run ahead of the PCR by the host's choice, 700 ms: so long have bytes time to
//! arrive. Continuity counters go on over segments, breaks and restarts, because players join
//! segments to one stream.

use super::packet::{PacketHeader, Pid, pcr_only_packet};
use super::packets::TsPackets;
use super::pes::{Lead, PesHeader, StreamId};
use super::psi::{pcr_pid, psi_packets};
use super::run::{Payload, PcrPlan, PesRun, Start};
use super::state::{ClockContinuity, TsState};
use crate::codec::nal::{AnnexB, ParameterSets, START_CODE};
use crate::codec::video::CarriedVideo;
use crate::config::Options;
use crate::flv::AudioCodec;
use crate::mux::container::{AudioFraming, Headers};
use crate::mux::fmp4::Init;
use crate::mux::{AudioPes, Muxer, Output, PictureUnit, Streams};
use crate::stream_type::Program;
use crate::time::{TickSpan, Ticks, WireTime};

/// Writes the transport stream.
#[derive(Clone, Debug)]
pub(crate) struct TsWriter {
    state: TsState,
    /// `state` as it stood before the open segment: a segment that is never listed is taken back.
    before: TsState,
    position: Position,
    /// The last clock reference on this timeline.
    last_pcr: Option<Ticks>,
    /// DTS of the last picture on this timeline.
    last_video: Option<Ticks>,
    /// When the tables were repeated last; set wherever a segment begins.
    last_psi: Ticks,
    /// How far PTS and DTS run ahead of the PCR.
    lead: TickSpan,
    psi_interval: Option<TickSpan>,
}

/// Where in its segment the stream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Position {
    /// Only tables were written: the next run of the lead track is the first one.
    AtBeginning,
    Within,
}

impl Muxer for TsWriter {
    const FRAMING: AudioFraming = AudioFraming::Adts;
    const HEADERS: Headers = Headers::InBand;
    /// No player takes AV1 in a transport stream.
    const VIDEO: CarriedVideo = CarriedVideo::WithStartCodes;
    const AUDIO: &'static [AudioCodec] = &[AudioCodec::AAC, AudioCodec::MP3, AudioCodec::AC3];

    fn new(options: &Options) -> Self {
        let state = TsState::new(Program::NOTHING, 0, [0; 4]);
        Self {
            state,
            before: state,
            position: Position::Within,
            last_pcr: None,
            last_video: None,
            last_psi: Ticks::new(0),
            lead: options.pcr_lead,
            psi_interval: options.psi_interval,
        }
    }

    fn program(&self) -> Program {
        self.state.program
    }

    fn counters(&self) -> (u8, [u8; 4]) {
        (self.state.version, self.state.counters())
    }

    fn restore(&mut self, program: Program, version: u8, counters: [u8; 4]) {
        self.state = TsState::new(program, version, counters);
    }

    /// Returns DTS of the last picture on this timeline.
    #[inline]
    fn last_video(&self) -> Option<Ticks> {
        self.last_video
    }

    /// Forgets the clock: a new timeline begins.
    fn break_timeline(&mut self) {
        self.state.video.clock = ClockContinuity::Broken;
        self.state.audio.clock = ClockContinuity::Broken;
        self.last_pcr = None;
        self.last_video = None;
    }

    /// Begins a timeline of its own if the clock is already past `to`: a PCR may not run back
    /// without `discontinuity_indicator`.
    fn rewind(&mut self, to: Ticks) {
        if self.last_pcr.is_some_and(|last| to + self.lead < last) {
            self.break_timeline();
        }
    }

    /// Lists other streams from the next segment on. The version of the tables grows with every
    /// change but the first.
    fn set_streams(&mut self, streams: &Streams<'_>) -> bool {
        self.before = self.state;
        let (old, new) = (self.state.program, streams.program);
        if new != old && old != Program::NOTHING {
            self.state.version = (self.state.version + 1) & 0x1f;
        }
        self.state.program = new;
        new != old
    }

    /// There is none: tables and parameter sets stand in the segment.
    fn new_init<E>(
        &mut self,
        _streams: &Streams<'_>,
        _id: u64,
        _take: impl FnOnce(&Init<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        Ok(())
    }

    fn repeats(&self, _sets: &ParameterSets) -> bool {
        false
    }

    fn init_of(&self, _id: u64) -> Option<u64> {
        None
    }

    /// Forgets the segment that was begun last: nobody will miss its packets, and its clock is
    /// gone.
    fn roll_back(&mut self) {
        self.state = self.before;
        self.break_timeline();
    }

    /// Begins a segment: the tables come first.
    fn begin_segment<O: Output>(&mut self, out: &mut O, start: Ticks) -> Result<(), O::Error> {
        self.position = Position::AtBeginning;
        self.tables(out, start)
    }

    /// Lets the clock run up to the next segment.
    fn end_segment<O: Output>(
        &mut self,
        out: &mut O,
        next: Option<Ticks>,
        _interval: TickSpan,
    ) -> Result<(), O::Error> {
        next.map_or(Ok(()), |next| self.bridge(out, next))
    }

    fn end_part<O: Output>(&mut self, _out: &mut O, _next: Ticks) -> Result<(), O::Error> {
        Ok(())
    }

    /// A player may begin with a part: it has what a segment begins with.
    fn begin_part<O: Output>(&mut self, out: &mut O, start: Ticks) -> Result<(), O::Error> {
        self.begin_segment(out, start)
    }

    /// Writes a picture, with what must come before it.
    #[inline(always)]
    fn picture<O: Output>(
        &mut self,
        out: &mut O,
        picture: &PictureUnit<'_>,
    ) -> Result<(), O::Error> {
        let dts = picture.dts;
        self.bridge(out, dts)?;
        self.tables_if_due(out, dts, picture.interval)?;
        let start = Start {
            discontinuity: self.state.video.take_discontinuity(),
            random_access: picture.key_frame,
        };
        let pcr = self.picture_pcr(picture, start);
        let lead = Lead::delimiter(picture.coding.delimiter(picture.slice_types));
        let payload = Payload::Video(picture.access_unit);
        let times = (self.wire(picture.pts), self.wire(dts));
        let header = PesHeader::new(StreamId::Video, times, lead, payload.len());
        let place = (Pid::VIDEO, self.state.video.counter);
        let run = PesRun::new(place, start, pcr, header, payload);
        self.state.video.counter.take(run.packets());
        self.last_video = Some(dts);
        self.last_pcr = run.last_pcr().or(self.last_pcr);
        out.packets(TsPackets::pes(&run))
    }

    /// Writes more of the last picture: its PES packet goes on.
    #[cold]
    fn rest_of_picture<O: Output>(
        &mut self,
        out: &mut O,
        rest: &AnnexB<'_>,
    ) -> Result<(), O::Error> {
        let payload = Payload::Video(rest);
        let header = PesHeader::continuing(Lead::of(&START_CODE));
        let place = (Pid::VIDEO, self.state.video.counter);
        let run = PesRun::new(place, Start::default(), PcrPlan::default(), header, payload);
        self.state.video.counter.take(run.packets());
        out.packets(TsPackets::pes(&run))
    }

    /// Writes audio frames in one PES packet. Without video they carry the clock: up to three PCRs
    /// in a packet of 300 ms.
    fn audio<O: Output>(&mut self, out: &mut O, audio: &AudioPes<'_>) -> Result<(), O::Error> {
        let mut random_access = false;
        let mut pcr = PcrPlan::default();
        if self.state.program.video.is_some() {
            self.clock_beside_video(out, audio)?;
        } else {
            self.bridge(out, audio.pts)?;
            self.tables_if_due(out, audio.pts, audio.end - audio.pts)?;
            random_access = self.take_beginning();
            pcr = PcrPlan::spread(self.next_pcr(audio.pts), audio.end, PCR_INTERVAL);
        }
        let start = Start { discontinuity: self.state.audio.take_discontinuity(), random_access };
        let time = self.wire(audio.pts);
        let lead = Lead::of(audio.header);
        let id = StreamId::of_audio(self.state.program.audio);
        let header = PesHeader::new(id, (time, time), lead, audio.bytes.len());
        let place = (Pid::AUDIO, self.state.audio.counter);
        let run = PesRun::new(place, start, pcr, header, Payload::Audio(audio.bytes));
        self.state.audio.counter.take(run.packets());
        self.last_pcr = run.last_pcr().or(self.last_pcr);
        out.packets(TsPackets::pes(&run))
    }
}

impl TsWriter {
    /// Plans the clock reference of a picture: where its segment begins, where the last one is too
    /// long ago, and where the first packet has an adaptation field anyway.
    #[inline(always)]
    fn picture_pcr(&mut self, picture: &PictureUnit<'_>, start: Start) -> PcrPlan {
        let next = picture.dts + picture.interval;
        let begins = self.take_beginning();
        let due = self.last_pcr.is_none_or(|last| next - last > PCR_INTERVAL);
        if !begins && !due && start == Start::default() {
            return PcrPlan::default();
        }
        PcrPlan { floating: !begins, ..PcrPlan::one(self.next_pcr(picture.dts)) }
    }

    /// Lets the clock follow audio while video pauses.
    ///
    /// ```text
    ///   last picture at 10.0 s, A 10.5 s                    PCRs up to 10.1 s, 400 ms before audio
    ///   the same, A 11.5 s, video not yet silent            PCRs up to 10.7 s: a picture may still come
    ///   the same, A 21.0 s, video silent                    PCRs up to 20.6 s
    /// ```
    fn clock_beside_video<O: Output>(
        &mut self,
        out: &mut O,
        audio: &AudioPes<'_>,
    ) -> Result<(), O::Error> {
        let clock = audio.pts - PCR_AFTER_AUDIO;
        // A picture may still come right after the last one; only silence lets the clock overtake
        // it.
        let latest = self.last_video.filter(|_| !audio.video_is_silent);
        let until = latest.map_or(clock, |latest| clock.min(latest + self.lead));
        self.bridge(out, until)?;
        // Video fell silent before this segment began: its clock still stands first.
        if self.take_beginning() {
            let pcr = self.next_pcr(clock);
            self.pcr_packet(out, pcr)?;
        }
        Ok(())
    }

    /// Fills the time up to `until` with clock references if the last one is too long ago.
    #[inline]
    fn bridge<O: Output>(&mut self, out: &mut O, until: Ticks) -> Result<(), O::Error> {
        match self.last_pcr {
            Some(last) if until - last > PCR_INTERVAL => self.fill(out, until),
            _ => Ok(()),
        }
    }

    /// Writes packets with nothing but a PCR, 100 ms apart.
    #[cold]
    fn fill<O: Output>(&mut self, out: &mut O, until: Ticks) -> Result<(), O::Error> {
        while let Some(last) = self.last_pcr.filter(|&last| until - last > PCR_INTERVAL) {
            let pcr = last + PCR_INTERVAL;
            self.tables_if_due(out, pcr, PCR_INTERVAL)?;
            self.pcr_packet(out, pcr)?;
        }
        Ok(())
    }

    /// Writes a packet with nothing but a PCR.
    fn pcr_packet<O: Output>(&mut self, out: &mut O, pcr: Ticks) -> Result<(), O::Error> {
        self.last_pcr = Some(pcr);
        let pid = pcr_pid(self.state.program);
        let stream = if pid == Pid::VIDEO { &mut self.state.video } else { &mut self.state.audio };
        let start = Start { discontinuity: stream.take_discontinuity(), random_access: false };
        // The counter of a packet without payload is that of the last packet that had one.
        let header = PacketHeader::new(pid, stream.counter.ahead(15));
        let packet = pcr_only_packet(header, start.flags(), pcr);
        out.packets(TsPackets::whole(&packet))
    }

    /// Repeats the tables where the host wants that and the last ones are too long ago by the time
    /// of the next sample, `interval` later.
    #[inline(always)]
    fn tables_if_due<O: Output>(
        &mut self,
        out: &mut O,
        at: Ticks,
        interval: TickSpan,
    ) -> Result<(), O::Error> {
        match self.psi_interval {
            Some(every)
                if at + interval - self.last_psi > every && self.position == Position::Within =>
            {
                self.tables(out, at)
            }
            _ => Ok(()),
        }
    }

    /// Writes PAT and PMT.
    #[cold]
    fn tables<O: Output>(&mut self, out: &mut O, at: Ticks) -> Result<(), O::Error> {
        self.last_psi = at;
        let state = &mut self.state;
        let (pat, pmt) = (state.pat.take(1), state.pmt.take(1));
        let packets = psi_packets(state.program, state.version, pat, pmt);
        out.packets(TsPackets::whole(&packets))
    }

    /// Returns whether nothing of the lead track stands in the segment yet; something does from now
    /// on.
    #[inline]
    fn take_beginning(&mut self) -> bool {
        let position = core::mem::replace(&mut self.position, Position::Within);
        position == Position::AtBeginning
    }

    /// Returns the clock reference for `time`: never at or before the last one.
    #[inline]
    fn next_pcr(&self, time: Ticks) -> Ticks {
        self.last_pcr.map_or(time, |last| time.max(last + TickSpan::TICK))
    }

    /// Returns a PTS or DTS as it is written.
    #[inline]
    fn wire(&self, time: Ticks) -> WireTime {
        (time + self.lead).to_wire()
    }
}

/// Longest distance between two clock references (ISO/IEC 13818-1 §2.7.2).
const PCR_INTERVAL: TickSpan = TickSpan::from_millis(100);
/// While video pauses, clock references follow audio at this distance: near enough for the
/// decoder's buffers, far enough that video which comes late in the interleaving is not overtaken.
const PCR_AFTER_AUDIO: TickSpan = TickSpan::from_millis(400);
