//! The audio track: configurations, frames, and the queue in which they are gathered or wait for video.

use crate::codec::aac::{Adts, AudioSpecificConfig, begins_with_program_config, strip_adts};
use crate::codec::mpeg_audio::{FrameHeader, Version};
use crate::error::Error;
use crate::flv::{AudioCodec, AudioPacket, AudioTag, Tag};
use crate::notice::NoticeKind;
use crate::sink::SegmentSink;
use crate::time::Ticks;
use crate::timeline::{AudioClock, AudioTime};
use crate::track::{AudioTrack, Meter, Track};
use crate::ts::StreamType;

use super::Segmenter;
use super::format::Format;
use super::incoming::{Coded, Incoming, MpegFrames};
use super::queue::AudioQueue;

/// State of the audio track.
#[derive(Clone, Debug)]
// What every frame touches comes first.
#[repr(C)]
pub(super) struct Audio {
    pub(super) clock: AudioClock,
    pub(super) queue: AudioQueue,
    /// What frames are now, once that is known.
    pub(super) format: Option<Format>,
    /// What the track is, or was in the last publication.
    pub(super) track: Option<AudioTrack>,
    /// The format that the open segments carry, where that is another.
    muxed: Option<Format>,
    /// While the queue holds frames of a timeline that video has not reached yet: the clock of the one it is on, and
    /// whether that is stale.
    set_aside: Option<(AudioClock, bool)>,
    pub(super) meter: Meter,
    /// The program is to list audio of this type before it has come.
    pub(super) announced: Option<StreamType>,
    /// Frames that come are coded otherwise than those of the open segment.
    pub(super) differs: bool,
    /// The clock still runs at the rate of the format that is muxed, and the queue holds frames of that.
    pub(super) stale_clock: bool,
}

impl Audio {
    pub(super) fn new(announced: Option<StreamType>) -> Self {
        Self {
            format: None,
            track: None,
            muxed: None,
            clock: AudioClock::new(1),
            queue: AudioQueue::new(),
            set_aside: None,
            meter: Meter::new(),
            announced,
            differs: false,
            stale_clock: false,
        }
    }

    /// Forgets everything but what the track was and what went through of it.
    pub(super) fn restart(&mut self, announced: Option<StreamType>) {
        let (track, meter) = (self.track, self.meter);
        *self = Self::new(announced);
        (self.track, self.meter) = (track, meter);
    }

    /// Says whether the queue holds frames of a timeline that video has not reached yet.
    pub(super) const fn is_ahead(&self) -> bool {
        self.set_aside.is_some()
    }

    /// Sets the clock aside, and begins another for frames of a timeline that video has not reached yet.
    pub(super) fn set_clock_aside(&mut self) {
        let stale = core::mem::take(&mut self.stale_clock);
        self.set_aside = Some((self.clock, stale));
        self.clock = AudioClock::new(self.rate());
    }

    /// Takes the clock again that was set aside; says whether there was one.
    pub(super) const fn take_clock_back(&mut self) -> bool {
        let Some((clock, stale)) = self.set_aside.take() else {
            return false;
        };
        (self.clock, self.stale_clock) = (clock, stale);
        true
    }

    /// Stays on the timeline that video has reached now.
    pub(super) const fn forget_clock_aside(&mut self) {
        self.set_aside = None;
    }

    /// Places the frames of a tag as one.
    pub(super) fn place(&mut self, time: Ticks, incoming: &Incoming<'_>) -> AudioTime {
        let placed = self.clock.place(time, incoming.samples, incoming.count);
        let last = placed.part(incoming.count.saturating_sub(1), incoming.count);
        self.clock.reach(last.pts);
        placed
    }

    /// Notes that a frame was announced and had nothing in it, or nothing that could be kept.
    pub(super) const fn skip(&mut self) {
        self.clock.skip();
        self.queue.pace = None;
    }

    fn rate(&self) -> u32 {
        self.format.map_or(1, |format| format.rate())
    }

    /// Takes the format of the frames that come for that of the segments that follow.
    pub(super) fn adopt_format(&mut self) {
        self.muxed = self.format;
        self.differs = false;
        let rate = self.rate();
        if core::mem::take(&mut self.stale_clock) {
            self.clock.set_rate(rate);
        }
        if let Some((clock, stale)) = &mut self.set_aside
            && core::mem::take(stale)
        {
            clock.set_rate(rate);
        }
    }

    /// Says whether the tables `listed` this format before anything of it had come.
    pub(super) fn was_announced(&self, listed: Option<StreamType>) -> bool {
        let format = self.format.map(|format| format.stream_type());
        self.muxed.is_none() && listed.is_some() && listed == format
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

    #[cold]
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

    #[cold]
    pub(super) fn set_format<S: SegmentSink>(&mut self, format: Format, sink: &mut S) {
        if self.audio.format == Some(format) {
            return;
        }
        self.audio.format = Some(format);
        self.audio.track = Some(format.track());
        self.audio.differs = self.audio.muxed != Some(format);
        self.audio.queue.pace = None;
        // A format that comes back before another was muxed finds its clock as it was.
        self.audio.stale_clock = self.audio.differs;
        if let Some((_, stale)) = &mut self.audio.set_aside {
            *stale = self.audio.differs;
        }
        if !self.segments.is_open() || self.audio.is_ahead() {
            // Nothing of the old format may stand behind tables that say another.
            self.drop_held(sink, NoticeKind::AudioNotJoined);
            self.audio.clock.set_rate(format.rate());
            self.audio.stale_clock = false;
        }
        if !self.segments.is_open() {
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
            self.audio.skip();
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
            time: tag.time,
            len: header.len() + payload.len(),
            coded: Coded::Aac {
                header,
                frame: payload,
            },
            count: 1,
            samples,
        };
        self.place_audio(&incoming, sink, trouble)
            .map_err(Error::Sink)
    }

    /// Takes the frames of a tag, of which the first tells how they are coded.
    fn mpeg_frames<S: SegmentSink>(
        &mut self,
        tag: Tag<'_>,
        body: &[u8],
        sink: &mut S,
        trouble: &mut Option<S::Error>,
    ) -> Result<(), Error<S::Error>> {
        if body.is_empty() {
            return Ok(());
        }
        let FrameHeader {
            version,
            sample_rate,
            channels,
            samples,
            ..
        } = FrameHeader::parse(body)?;
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
        let frames = MpegFrames::new(body);
        let (mut count, mut len) = (0, 0);
        for frame in frames.clone() {
            (count, len) = (count + 1, len + frame.len());
        }
        if len < body.len() {
            self.tally(sink, NoticeKind::AudioNotCarried);
        }
        let incoming = Incoming {
            time: tag.time,
            coded: Coded::Mpeg(frames),
            count,
            len,
            samples: samples.saturating_mul(count),
        };
        self.place_audio(&incoming, sink, trouble)
            .map_err(Error::Sink)
    }
}
