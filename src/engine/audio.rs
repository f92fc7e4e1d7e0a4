//! The audio track: configurations, frames, and the queue in which they are gathered or wait for video.

use crate::codec::aac::{Adts, AudioSpecificConfig, begins_with_program_config, strip_adts};
use crate::codec::mpeg_audio::{FrameHeader, Frames, Version};
use crate::error::Error;
use crate::flv::{AudioCodec, AudioPacket, AudioTag, Tag};
use crate::notice::NoticeKind;
use crate::rules::Decision;
use crate::segment::Cause;
use crate::sink::SegmentSink;
use crate::time::{TickSpan, Ticks};
use crate::timeline::{AudioClock, Step};
use crate::track::{AudioCodecString, AudioTrack, Meter, Track};
use crate::ts::StreamType;

use super::queue::{self, AudioQueue, GATHERED};
use super::{Segmenter, SwitchAt};

/// State of the audio track.
#[derive(Clone, Debug)]
pub(super) struct Audio {
    /// What frames are now, once that is known.
    pub(super) format: Option<Format>,
    /// The format that the open segments carry, where that is another.
    muxed: Option<Format>,
    pub(super) clock: AudioClock,
    pub(super) queue: AudioQueue,
    /// The queue holds frames of a timeline that video has not reached yet.
    pub(super) ahead: bool,
    pub(super) meter: Meter,
    /// The program is to list audio of this type before it has come.
    pub(super) announced: Option<StreamType>,
    /// The clock still runs at the rate of the format that is muxed.
    stale_clock: bool,
}

/// How frames are coded, as far as output differs by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Aac {
        config: AudioSpecificConfig,
        adts: Adts,
    },
    Mpeg {
        version: Version,
        sample_rate: u32,
        channels: u8,
    },
}

impl Format {
    pub(super) const fn stream_type(&self) -> StreamType {
        match self {
            Self::Aac { .. } => StreamType::AAC_ADTS,
            Self::Mpeg {
                version: Version::Mpeg1,
                ..
            } => StreamType::MPEG1_AUDIO,
            Self::Mpeg { .. } => StreamType::MPEG2_AUDIO,
        }
    }

    const fn rate(&self) -> u32 {
        match self {
            Self::Aac { config, .. } => config.core_sample_rate,
            Self::Mpeg { sample_rate, .. } => *sample_rate,
        }
    }

    pub(super) const fn track(&self) -> AudioTrack {
        match self {
            Self::Aac { config, .. } => AudioTrack {
                codec: AudioCodecString::Aac(config.codec_string()),
                sample_rate: config.sample_rate(),
                channels: config.channels(),
            },
            Self::Mpeg {
                sample_rate,
                channels,
                ..
            } => AudioTrack {
                codec: AudioCodecString::Mp3,
                sample_rate: *sample_rate,
                channels: Some(*channels),
            },
        }
    }
}

/// Coded audio on its way into a segment: one AAC frame or the MPEG frames of a tag.
struct Incoming<'a> {
    tag: Tag<'a>,
    header: &'a [u8],
    payload: &'a [u8],
    samples: u32,
}

impl Audio {
    pub(super) fn new(announced: Option<StreamType>) -> Self {
        Self {
            format: None,
            muxed: None,
            clock: AudioClock::new(1),
            queue: AudioQueue::new(),
            ahead: false,
            meter: Meter::new(),
            announced,
            stale_clock: false,
        }
    }

    /// Takes the format of the frames that come for that of the segments that follow.
    pub(super) fn adopt_format(&mut self) {
        self.muxed = self.format;
        if core::mem::take(&mut self.stale_clock) {
            self.clock = AudioClock::new(self.format.map_or(1, |format| format.rate()));
        }
    }

    /// Says whether frames that come are coded otherwise than those of the open segment.
    fn differs(&self) -> bool {
        self.format.is_some() && self.format != self.muxed
    }
}

impl Segmenter {
    pub(super) fn push_audio<S: SegmentSink>(
        &mut self,
        tag: Tag<'_>,
        sink: &mut S,
        trouble: &mut Option<S::Error>,
    ) -> Result<(), Error<S::Error>> {
        let audio = AudioTag::parse(tag.data)?;
        if audio.skipped_tracks > 0 {
            self.tally(sink, NoticeKind::OtherTrack);
        }
        match (audio.packet, audio.codec) {
            (AudioPacket::SequenceHeader(config), AudioCodec::AAC) => {
                self.configure_aac(config, sink)
            }
            (AudioPacket::Frame(frame), AudioCodec::AAC) => {
                self.aac_frame(tag, frame, sink, trouble)
            }
            (AudioPacket::Frame(frames), AudioCodec::MP3) => {
                self.mpeg_frames(tag, frames, sink, trouble)
            }
            (AudioPacket::SequenceHeader(_) | AudioPacket::Frame(_), AudioCodec::MP3_8K) => {
                self.tally(sink, NoticeKind::AudioNotCarried);
                Ok(())
            }
            (AudioPacket::SequenceHeader(_), AudioCodec::MP3) => Ok(()),
            (AudioPacket::SequenceHeader(_) | AudioPacket::Frame(_), _) => {
                self.tally(sink, NoticeKind::UnsupportedAudio);
                Ok(())
            }
            (AudioPacket::Ignored(_), _) => {
                self.tally(sink, NoticeKind::UnknownPacket);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn configure_aac<S: SegmentSink>(
        &mut self,
        config: &[u8],
        sink: &mut S,
    ) -> Result<(), Error<S::Error>> {
        let config = AudioSpecificConfig::parse(config)?;
        let adts = Adts::new(&config)?;
        self.set_format(Format::Aac { config, adts }, sink);
        Ok(())
    }

    fn set_format<S: SegmentSink>(&mut self, format: Format, sink: &mut S) {
        if self.audio.format == Some(format) {
            return;
        }
        self.audio.format = Some(format);
        self.audio.stale_clock = true;
        if !self.segments.is_open() {
            // Nothing of the old format may stand behind tables that say another.
            self.drop_held(sink, NoticeKind::AudioNotJoined);
            self.audio.adopt_format();
        }
        sink.track(&Track::Audio(format.track()));
    }

    fn aac_frame<S: SegmentSink>(
        &mut self,
        tag: Tag<'_>,
        frame: &[u8],
        sink: &mut S,
        trouble: &mut Option<S::Error>,
    ) -> Result<(), Error<S::Error>> {
        let Some(Format::Aac { config, adts }) = self.audio.format else {
            self.tally(sink, NoticeKind::AudioBeforeHeader);
            return Ok(());
        };
        if frame.is_empty() {
            self.audio.clock.skip();
            return Ok(());
        }
        let payload = match strip_adts(frame) {
            Some(payload) => {
                self.tally(sink, NoticeKind::AdtsInFlv);
                payload
            }
            None => frame,
        };
        let header = match adts.header(payload.len()) {
            Ok(header) if config.channel_config != 0 || begins_with_program_config(payload) => {
                header
            }
            Ok(_) => {
                self.tally(sink, NoticeKind::AudioNotCarried);
                return Ok(());
            }
            Err(error) => {
                self.tally(sink, NoticeKind::AudioNotCarried);
                return Err(error.into());
            }
        };
        let samples = u32::from(config.frame_len);
        let incoming = Incoming {
            tag,
            header: &header,
            payload,
            samples,
        };
        self.place_audio(&incoming, sink, trouble)
            .map_err(Error::Sink)
    }

    fn mpeg_frames<S: SegmentSink>(
        &mut self,
        tag: Tag<'_>,
        frames: &[u8],
        sink: &mut S,
        trouble: &mut Option<S::Error>,
    ) -> Result<(), Error<S::Error>> {
        if frames.is_empty() {
            return Ok(());
        }
        let FrameHeader {
            version,
            sample_rate,
            channels,
            samples,
            ..
        } = FrameHeader::parse(frames)?;
        if version == Version::Mpeg25 {
            self.tally(sink, NoticeKind::AudioNotCarried);
            return Ok(());
        }
        self.set_format(
            Format::Mpeg {
                version,
                sample_rate,
                channels,
            },
            sink,
        );
        let count = Frames::new(frames).count().max(1) as u32;
        let incoming = Incoming {
            tag,
            header: &[],
            payload: frames,
            samples: samples.saturating_mul(count),
        };
        self.place_audio(&incoming, sink, trouble)
            .map_err(Error::Sink)
    }

    /// Judges the time of coded audio and queues it.
    fn place_audio<S: SegmentSink>(
        &mut self,
        incoming: &Incoming<'_>,
        sink: &mut S,
        trouble: &mut Option<S::Error>,
    ) -> Result<(), S::Error> {
        let received = self.unroller.unroll(incoming.tag.time);
        let (step, time) = self.timeline.audio(received);
        match step {
            Step::On => {
                if core::mem::take(&mut self.audio.ahead) {
                    self.drop_held(sink, NoticeKind::AudioAstray);
                    self.audio.clock.restart();
                }
            }
            Step::Jump(by) => {
                self.note(sink, NoticeKind::TimelineJump, time, by.get());
                self.break_timeline(sink, trouble);
                self.drop_held(sink, NoticeKind::AudioAstray);
            }
            Step::Ahead => {
                if !self.audio.ahead {
                    self.flush_audio(sink)?;
                    self.audio.clock.restart();
                    self.audio.ahead = true;
                }
            }
            Step::Astray => {
                self.tally(sink, NoticeKind::AudioAstray);
                return Ok(());
            }
            Step::Unrelated => {
                self.tally(sink, NoticeKind::UnrelatedClocks);
                return Ok(());
            }
        }
        self.now = time;
        if self.segments.is_open() && !self.audio.ahead {
            self.audio_in_segment(time, incoming, sink, trouble)
        } else {
            self.hold_audio(time, incoming, sink)
        }
    }

    /// Queues audio while no segment can take it; what does not fit pushes the oldest out.
    fn hold_audio<S: SegmentSink>(
        &mut self,
        time: Ticks,
        incoming: &Incoming<'_>,
        sink: &mut S,
    ) -> Result<(), S::Error> {
        let len = incoming.header.len() + incoming.payload.len();
        let since = *self.waiting_since.get_or_insert(time);
        let full = !self.audio.queue.fits(len)
            || queue::span(&self.audio.queue, &self.audio.clock) >= GATHERED;
        if !self.audio.ahead && self.audio_may_begin(time - since) && full {
            let first = self.audio.queue.first_pts();
            self.begin(sink, first.unwrap_or(time), true)?;
            return self.queue_audio(time, incoming, sink);
        }
        let dropped = if self.audio.ahead {
            NoticeKind::AudioAstray
        } else {
            NoticeKind::AudioBeforeKeyFrame
        };
        if !AudioQueue::could_hold(len) {
            self.tally(sink, dropped);
            return Ok(());
        }
        let placed = self.audio.clock.place(time, incoming.samples);
        while !self.audio.queue.fits(len) {
            self.audio.queue.drop_oldest(1);
            self.tally(sink, dropped);
        }
        self.audio
            .queue
            .push(&placed, incoming.header, incoming.payload);
        Ok(())
    }

    /// Says whether audio alone may begin a segment, after waiting for video for so long.
    pub(super) fn audio_may_begin(&self, waited: TickSpan) -> bool {
        let video_comes =
            self.video.is_known() || self.video.announced && waited < self.config.track_wait;
        !video_comes && !self.config.require_video
    }

    /// Takes audio into the open segment, or begins another one with it where audio leads.
    fn audio_in_segment<S: SegmentSink>(
        &mut self,
        time: Ticks,
        incoming: &Incoming<'_>,
        sink: &mut S,
        trouble: &mut Option<S::Error>,
    ) -> Result<(), S::Error> {
        let leads = self.mux.program().video.is_none();
        if self.audio.differs() && !self.audio_joins_announced() {
            if !leads {
                self.tally(sink, NoticeKind::AudioNotJoined);
                return Ok(());
            }
            self.switch(sink, trouble, time, Cause::ConfigChange, true);
            self.audio.adopt_format();
        }
        if leads || self.timeline.video_is_silent() {
            let clock_time = self
                .audio
                .clock
                .end()
                .filter(|&end| (time - end).abs() < TickSpan::from_secs(1))
                .unwrap_or(time);
            let age = self
                .segments
                .open_since()
                .map_or(TickSpan::ZERO, |since| clock_time - since);
            let decision = if !self.segments.is_open() {
                Decision::Stay
            } else if self.requested == Some(SwitchAt::Once) || leads && self.requested.is_some() {
                Decision::Switch(Cause::Requested)
            } else if leads {
                self.rule.audio(age)
            } else {
                self.rule.audio_for_silent_video(age, GATHERED)
            };
            if let Decision::Switch(cause) = decision {
                self.switch(sink, trouble, clock_time, cause, false);
            }
            if !self.segments.is_open() {
                self.begin(sink, clock_time, leads)?;
            }
        }
        self.queue_audio(time, incoming, sink)
    }

    /// Takes the format of announced audio that has just come: the tables list it already.
    fn audio_joins_announced(&mut self) -> bool {
        let listed = self.mux.program().audio;
        let joins = self.audio.muxed.is_none()
            && listed.is_some()
            && listed == self.audio.format.map(|format| format.stream_type());
        if joins {
            self.audio.adopt_format();
        }
        joins
    }

    /// Returns why a segment must begin at the next key frame for the sake of audio.
    pub(super) fn audio_waits_to_join(&self) -> Option<Cause> {
        let listed = self.mux.program().audio;
        match (self.audio.differs(), listed) {
            (false, _) => None,
            (true, None) => Some(Cause::TrackChange),
            (true, Some(_))
                if self.audio.muxed.is_none()
                    && listed == self.audio.format.map(|format| format.stream_type()) =>
            {
                None
            }
            (true, Some(_)) => Some(Cause::ConfigChange),
        }
    }

    /// Gathers audio for a PES packet of the open segment.
    fn queue_audio<S: SegmentSink>(
        &mut self,
        time: Ticks,
        incoming: &Incoming<'_>,
        sink: &mut S,
    ) -> Result<(), S::Error> {
        let Incoming {
            header,
            payload,
            samples,
            ..
        } = *incoming;
        let placed = self.audio.clock.place(time, samples);
        if let Some(drift) = placed.reanchored {
            self.note(sink, NoticeKind::AudioReanchor, placed.pts, drift.get());
        }
        if let Some(by) = placed.repaired {
            self.repaired(
                sink,
                NoticeKind::AudioRepair,
                placed.pts,
                by,
                placed.run_begins,
            );
        }
        let len = header.len() + payload.len();
        let end = placed.pts + placed.duration;
        if placed.detached
            || !self.audio.queue.fits(len)
            || self.audio.queue.span_to(end) > GATHERED
        {
            self.flush_audio(sink)?;
        }
        if !AudioQueue::could_hold(len) {
            let Some(mut out) = self.segments.output(sink) else {
                return Ok(());
            };
            let written = self.mux.audio(&mut out, (placed.pts, end), header, payload);
            self.count_audio(placed.pts, 1, len);
            return self.survive(sink, written);
        }
        self.audio.queue.push(&placed, header, payload);
        match self.video.last {
            Some(last) => self.flush_late_audio(sink, last),
            None => Ok(()),
        }
    }

    /// Writes the queue if its oldest frame has waited long enough at `now`.
    pub(super) fn flush_late_audio<S: SegmentSink>(
        &mut self,
        sink: &mut S,
        now: Ticks,
    ) -> Result<(), S::Error> {
        if !self.audio.ahead && self.audio.queue.span_to(now) >= GATHERED {
            self.flush_audio(sink)?;
        }
        Ok(())
    }

    /// Writes the queue into the open segment.
    pub(super) fn flush_audio<S: SegmentSink>(&mut self, sink: &mut S) -> Result<(), S::Error> {
        if self.audio.ahead || self.audio.queue.is_empty() {
            return Ok(());
        }
        let Some(mut out) = self.segments.output(sink) else {
            return Ok(());
        };
        let end = self.audio.clock.end().unwrap_or_default();
        let mut written = Ok(());
        let (mut frames, mut len) = (0, 0);
        let mut packets = self.audio.queue.gathered().peekable();
        while let (Ok(()), Some(packet)) = (&written, packets.next()) {
            let end = packets.peek().map_or(end, |next| next.pts).max(packet.pts);
            written = self
                .mux
                .audio(&mut out, (packet.pts, end), &[], packet.bytes);
            frames += packet.frames;
            len += packet.bytes.len();
        }
        drop(packets);
        self.count_audio(self.audio.queue.first_pts().unwrap_or(end), frames, len);
        self.audio.queue.clear();
        self.survive(sink, written)
    }

    fn count_audio(&mut self, time: Ticks, frames: usize, len: usize) {
        if self.mux.program().video.is_none() {
            self.segments.count(time, frames as u32, false);
        }
        self.audio.meter.add(time, frames as u64, len);
    }

    /// Drops the frames that waited, counted as `kind`.
    pub(super) fn drop_held<S: SegmentSink>(&mut self, sink: &mut S, kind: NoticeKind) {
        for _ in 0..self.audio.queue.clear() {
            self.tally(sink, kind);
        }
    }

    /// Drops the frames too old to go before a key frame at `start`.
    pub(super) fn drop_old_held<S: SegmentSink>(&mut self, sink: &mut S, start: Ticks) {
        for _ in 0..self.audio.queue.drop_before(start - GATHERED) {
            self.tally(sink, NoticeKind::AudioBeforeKeyFrame);
        }
    }
}
