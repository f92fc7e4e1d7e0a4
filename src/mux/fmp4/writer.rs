//! The fragments of a whole list: sections, numbers and times that live as long as the stream.
//!
//! ```text
//!   segment   init │ V V A A A V V … │ head │ V V … │ head │    a head ends a fragment
//!                    └──── 1 s ──────┘      └ to the end ┘
//! ```

use super::clock::Clock;
use super::head::FragmentHead;
use super::init::{InForce, Init, compose};
use super::payload::Payload;
use super::table::{Sample, SampleKind, SampleTable, TrackKind};
use super::track::TrackTime;
use crate::codec::nal::{AnnexB, LengthPrefixed, ParameterSets, SetsInSample};
use crate::codec::video::{CarriedVideo, VideoCoding};
use crate::config::Options;
use crate::crc::digest;
use crate::flv::AudioCodec;
use crate::mux::{AudioFraming, AudioPes, Headers, Muxer, Output, PictureUnit, Streams};
use crate::resume::FRAGMENTED;
use crate::sample::GatheredFrame;
use crate::stream_type::Program;
use crate::time::{TickSpan, Ticks};

/// Writes fragmented MP4.
#[derive(Clone, Debug)]
pub(crate) struct Fmp4Writer {
    table: SampleTable,
    video: TrackTime,
    audio: TrackTime,
    /// When the first sample of the fragment at hand came.
    fragment_start: Option<Ticks>,
    /// DTS of the last picture on this timeline.
    last_video: Option<Ticks>,
    /// How long that picture lasts as far as can be told.
    interval: TickSpan,
    clock: Clock,
    /// Number of the next fragment: never used again, not even where its segment is lost.
    sequence: u32,
    program: Program,
    coding: VideoCoding,
    /// Samples of the first audio frame of the fragment; 0 where there is none.
    frame_len: u32,
    init: Option<InForce>,
    /// `init` as it stood before the open segment.
    before: Option<InForce>,
}

impl Muxer for Fmp4Writer {
    const FRAMING: AudioFraming = AudioFraming::Raw;
    const HEADERS: Headers = Headers::InInit;
    const VIDEO: CarriedVideo = CarriedVideo::Any;
    /// MPEG audio in MP4 is refused by browsers.
    const AUDIO: &'static [AudioCodec] =
        &[AudioCodec::AAC, AudioCodec::OPUS, AudioCodec::FLAC, AudioCodec::AC3, AudioCodec::EC3];

    fn new(options: &Options) -> Self {
        Self {
            table: SampleTable::new(),
            video: TrackTime::default(),
            audio: TrackTime::default(),
            fragment_start: None,
            last_video: None,
            interval: TickSpan::ZERO,
            clock: Clock::new(options.pcr_lead),
            sequence: 1,
            program: Program::NOTHING,
            coding: VideoCoding::default(),
            frame_len: 0,
            init: None,
            before: None,
        }
    }

    fn program(&self) -> Program {
        self.program
    }

    /// The number of the next fragment takes the place of the counters.
    fn counters(&self) -> (u8, [u8; 4]) {
        (FRAGMENTED, self.sequence.to_be_bytes())
    }

    fn restore(&mut self, program: Program, version: u8, counters: [u8; 4]) {
        self.program = program;
        if version == FRAGMENTED {
            self.sequence = u32::from_be_bytes(counters).max(1);
        }
    }

    #[inline]
    fn last_video(&self) -> Option<Ticks> {
        self.last_video
    }

    fn break_timeline(&mut self) {
        self.rewind(Ticks::default());
        self.clock.break_off();
        self.last_video = None;
    }

    /// Behind a break the times of a track need not follow from those before it.
    fn rewind(&mut self, _to: Ticks) {
        self.video = TrackTime::default();
        self.audio = TrackTime::default();
    }

    fn set_streams(&mut self, streams: &Streams<'_>) -> bool {
        self.before = self.init;
        self.program = streams.program;
        self.coding = streams.sets.coding();
        if let Some(format) = streams.audio.filter(|_| streams.program.audio.is_some()) {
            self.clock.audio_rate = format.coded_rate();
        }
        let digest = digest(compose(streams).as_slice());
        let is_same = self.init.is_some_and(|init| init.digest == digest);
        if !is_same {
            self.init = Some(InForce { id: None, digest, sets_digest: streams.sets.digest() });
        }
        !is_same
    }

    fn new_init<E>(
        &mut self,
        streams: &Streams<'_>,
        id: u64,
        take: impl FnOnce(&Init<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        match &mut self.init {
            Some(init) if init.id.is_none() => {
                init.id = Some(id);
                take(&Init::new(id, compose(streams).as_slice()))
            }
            _ => Ok(()),
        }
    }

    fn init_of(&self, id: u64) -> Option<u64> {
        Some(self.init.and_then(|init| init.id).unwrap_or(id))
    }

    fn repeats(&self, sets: &ParameterSets) -> bool {
        self.init.is_some_and(|init| init.sets_digest == sets.digest())
    }

    fn roll_back(&mut self) {
        self.init = self.before;
        self.table.clear();
        self.frame_len = 0;
        self.fragment_start = None;
        self.break_timeline();
    }

    fn begin_segment<O: Output>(&mut self, _out: &mut O, start: Ticks) -> Result<(), O::Error> {
        self.clock.begin(start);
        Ok(())
    }

    fn end_segment<O: Output>(
        &mut self,
        out: &mut O,
        next: Option<Ticks>,
        interval: TickSpan,
    ) -> Result<(), O::Error> {
        self.interval = interval;
        self.end_picture_at(next.unwrap_or(self.expected()));
        self.end_fragment(out)
    }

    fn end_part<O: Output>(&mut self, out: &mut O, next: Ticks) -> Result<(), O::Error> {
        self.end_picture_at(next);
        self.end_fragment(out)
    }

    fn begin_part<O: Output>(&mut self, _out: &mut O, _start: Ticks) -> Result<(), O::Error> {
        Ok(())
    }

    #[inline]
    fn picture<O: Output>(
        &mut self,
        out: &mut O,
        picture: &PictureUnit<'_>,
    ) -> Result<(), O::Error> {
        let dts = picture.dts;
        self.end_picture_at(dts);
        let sets = if picture.repeats_sets { SetsInSample::LeftOut } else { SetsInSample::Kept };
        let sample = LengthPrefixed::new(picture.access_unit, picture.coding, sets);
        let is_old = self.fragment_start.is_some_and(|start| dts - start >= FRAGMENT);
        if is_old || !self.table.has_room(sample.len()) {
            self.end_fragment(out)?;
        }
        self.fragment_start.get_or_insert(dts);
        self.last_video = Some(dts);
        self.interval = picture.interval;
        let begin = self.video.begin_at(self.clock.in_ticks(dts), LATE_PICTURE);
        let offset = self.clock.in_ticks(picture.pts).wrapping_sub(begin).cast_signed();
        let offset = i32::try_from(offset).unwrap_or(0);
        let sample_len = sample.len();
        let kind = if picture.key_frame { SampleKind::KeyFrame } else { SampleKind::Picture };
        self.video.set_last(self.table.push(Sample::new(kind, sample_len, offset)));
        if sample_len == 0 { Ok(()) } else { out.payload(Payload::picture(sample)) }
    }

    /// It belongs to the sample of the picture where nothing was written since; else it is a sample
    /// of the same time.
    #[cold]
    fn rest_of_picture<O: Output>(
        &mut self,
        out: &mut O,
        rest: &AnnexB<'_>,
    ) -> Result<(), O::Error> {
        let rest = LengthPrefixed::new(rest, self.coding, SetsInSample::Kept);
        if rest.len() == 0 {
            return Ok(());
        }
        if !self.table.has_room(rest.len()) {
            self.end_picture_at(self.expected());
            self.end_fragment(out)?;
        }
        if !self.table.extend_last(TrackKind::Video, rest.len()) {
            let last = self.video.last().and_then(|place| self.table.get_mut(place));
            let offset = last.map_or(0, |last| last.offset);
            let sample = Sample::new(SampleKind::Picture, rest.len(), offset);
            self.video.set_last(self.table.push(sample));
        }
        out.payload(Payload::picture(rest))
    }

    fn audio<O: Output>(&mut self, out: &mut O, audio: &AudioPes<'_>) -> Result<(), O::Error> {
        let mut bytes = audio.bytes;
        let mut frames = audio.frames;
        // A table that is full ends its fragment in the middle of a batch.
        while !frames.is_empty() {
            if self.is_due_for_audio(audio.pts) || !self.table.has_room(bytes.len()) {
                self.end_picture_at(self.expected());
                self.end_fragment(out)?;
            }
            self.fragment_start.get_or_insert(audio.pts);
            let count = frames.len().min(self.table.free());
            let Some((now, later)) = frames.split_at_checked(count) else {
                return Ok(());
            };
            if let Some((first, others)) = now.split_first() {
                self.add_frame(first);
                self.add_next_frames(others);
            }
            let len = now.iter().map(|frame| usize::from(frame.len)).sum();
            let Some((payload, rest)) = bytes.split_at_checked(len) else {
                return Ok(());
            };
            (frames, bytes) = (later, rest);
            out.payload(Payload::frames(payload))?;
        }
        Ok(())
    }
}

impl Fmp4Writer {
    /// Returns whether audio at `pts` ends the fragment: pictures do so where there are any.
    fn is_due_for_audio(&self, pts: Ticks) -> bool {
        let longest = if self.program.video.is_some() { SILENT_FRAGMENT } else { FRAGMENT };
        self.fragment_start.is_some_and(|start| pts - start >= longest)
    }

    /// Enters an audio frame. It begins where the one before it ends: what lies between them, or of
    /// both, changes how long the earlier one lasts. Where that is written already, a hole is left
    /// before this one, and what is of both shortens this one.
    fn add_frame(&mut self, frame: &GatheredFrame) {
        let (frame_len, len) = (u64::from(frame.samples), usize::from(frame.len));
        let exact = self.clock.in_samples(frame.pts);
        let mut begin = self.audio.begin_at(exact, ROUNDING);
        if exact.abs_diff(begin) > ROUNDING {
            let last = self.audio.last().and_then(|place| self.table.get_mut(place));
            if let Some(last) = last {
                let start = begin.saturating_sub(u64::from(last.duration));
                last.duration = saturated(exact.saturating_sub(start));
                begin = start + u64::from(last.duration);
            }
        }
        let duration = if exact.abs_diff(begin) > ROUNDING {
            saturated((exact + frame_len).saturating_sub(begin))
        } else {
            u32::from(frame.samples)
        };
        if self.frame_len == 0 {
            self.frame_len = u32::from(frame.samples);
        }
        let mut sample = Sample::new(SampleKind::Audio, len, 0);
        sample.duration = duration;
        self.audio.set_last(self.table.push(sample));
        self.audio.set_next(begin + u64::from(duration));
    }

    /// Enters audio frames that follow the one before them without a gap or an overlap.
    fn add_next_frames(&mut self, frames: &[GatheredFrame]) {
        let mut samples = 0;
        for frame in frames {
            let mut sample = Sample::new(SampleKind::Audio, usize::from(frame.len), 0);
            sample.duration = u32::from(frame.samples);
            samples += u64::from(frame.samples);
            self.audio.set_last(self.table.push(sample));
        }
        if let Some(begin) = self.audio.next() {
            self.audio.set_next(begin + samples);
        }
    }

    /// Notes when the last picture ends, if it is in the table.
    #[inline]
    fn end_picture_at(&mut self, end: Ticks) {
        let end = self.clock.in_ticks(end);
        let (Some(begin), Some(place)) = (self.video.next(), self.video.last()) else {
            return;
        };
        if let Some(last) = self.table.get_mut(place) {
            last.duration = saturated(end.saturating_sub(begin));
            self.video.set_next(begin + u64::from(last.duration));
        }
        self.video.forget_last();
    }

    /// Returns when the next picture is expected.
    fn expected(&self) -> Ticks {
        self.last_video.unwrap_or_default() + self.interval
    }

    /// Ends the fragment at hand, if anything is in it.
    fn end_fragment<O: Output>(&mut self, out: &mut O) -> Result<(), O::Error> {
        self.fragment_start = None;
        let mut written = Ok(());
        if !self.table.is_empty() {
            let starts = (self.video.fragment_start, self.audio.fragment_start);
            let sequence = self.sequence;
            let head = FragmentHead::new(sequence, &self.table, starts, self.frame_len);
            written = out.head(head);
            self.sequence = sequence.checked_add(1).unwrap_or(1);
        }
        self.table.clear();
        self.frame_len = 0;
        self.video.begin_fragment();
        self.audio.begin_fragment();
        written
    }
}

/// Returns a duration as a sample has it.
fn saturated(duration: u64) -> u32 {
    u32::try_from(duration).unwrap_or(u32::MAX)
}

/// From this age on a fragment ends before the next picture.
const FRAGMENT: TickSpan = TickSpan::from_secs(1);
/// The same before audio, where pictures should have come.
const SILENT_FRAGMENT: TickSpan = TickSpan::from_secs(2);
/// Samples that the rounding of a time makes out.
const ROUNDING: u64 = 2;
/// How much later than expected a picture may come that leaves no hole before it: it is decoded
/// earlier then, and shown when it should be.
const LATE_PICTURE: u64 = 9000;
