//! All that decisions are made from.
//!
//! Two facts that depend on each other are one enum here: a combination that cannot be is one that
//! cannot be written.

use crate::codec::audio::AudioFormat;
use crate::config::{Config, Options};
use crate::mux::Headers;
use crate::stream_type::{Program, StreamType};
use crate::time::{FlvTime, TickSpan, Ticks};
use crate::timeline::Timeline;
use crate::track::Announced;

use super::audio_track::{AudioState, AudioTrackState, FormatChange, Join};
use super::phase::Phase;
use super::plan::{First, Opening};
use super::quiet::Quiet;
use super::rules::SwitchRule;
use super::video_track::{LeadingPictures, VideoState, VideoTrackState};

/// All that decisions are made from.
#[derive(Clone, Debug)]
// In this order the fields that every tag touches share cache lines.
#[repr(C)]
pub(crate) struct State {
    /// Until when nothing can happen.
    pub(crate) quiet: Quiet,
    /// The last tag of each track, and how the tracks lie to each other.
    pub(crate) timeline: Timeline,
    /// Time of the last sample.
    pub(crate) now: Ticks,
    pub(crate) audio: AudioState,
    pub(crate) video: VideoState,
    pub(crate) phase: Phase,
    pub(crate) continuity: Continuity,
    /// A switch that the host has asked for and not yet got.
    pub(crate) request: Request,
    pub(crate) outlook: Outlook,
    /// When the first segment of this publication began.
    pub(crate) first_start: Option<Ticks>,
    pub(crate) rule: SwitchRule,
    /// Where the container states how tracks are coded; never changes.
    pub(crate) headers: Headers,
    /// What the host chose; never changes.
    pub(crate) options: Options,
}

/// How the next segment joins on to those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Continuity {
    /// There are none: no segment was ever begun.
    Beginning,
    /// On the same timeline.
    Continues,
    /// It does not: EXT-X-DISCONTINUITY comes first.
    Broken,
}

/// Whether anything of this publication can be carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outlook {
    /// No media has come.
    Open,
    /// Since then, only media that cannot be carried.
    Poor { since: FlvTime },
    /// Something can be, or it was told that nothing can be.
    Settled,
}

/// A switch that the host asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// None, or it is fulfilled.
    None,
    /// At the next key frame.
    AtKeyFrame,
    /// At the next frame.
    AtOnce,
}

impl State {
    pub(crate) fn new(config: &Config, headers: Headers) -> Self {
        Self::with(*config.options(), SwitchRule::new(config), headers)
    }

    fn with(options: Options, rule: SwitchRule, headers: Headers) -> Self {
        Self {
            quiet: Quiet::NEVER,
            timeline: Timeline::new(&options),
            now: Ticks::default(),
            audio: AudioState::new(options.announced_audio),
            video: VideoState::new(&options),
            phase: Phase::Idle,
            continuity: Continuity::Beginning,
            request: Request::None,
            outlook: Outlook::Open,
            first_start: None,
            rule,
            headers,
            options,
        }
    }

    /// Forgets the publication, but not that its segments are listed.
    pub(crate) fn pause(&mut self) {
        self.continuity.break_off();
        *self = Self {
            now: self.now,
            continuity: self.continuity,
            ..Self::with(self.options, self.rule, self.headers)
        };
    }

    /// Ends the list: no tag is taken any more.
    pub(crate) const fn end(&mut self) {
        self.phase = Phase::Ended;
        self.quiet = Quiet::NEVER;
    }

    /// Goes on with the list of an earlier engine.
    pub(crate) const fn follow_earlier_segments(&mut self) {
        self.continuity = Continuity::Broken;
    }

    /// Notes that the first sequence header of video has come, and the duration of a frame if that
    /// is stated.
    pub(crate) fn meet_video(&mut self, stream_type: StreamType, interval: Option<TickSpan>) {
        self.video.track = VideoTrackState::Known(stream_type);
        if let Some(interval) = interval {
            self.video.clock.expect_interval(interval);
        }
    }

    /// Notes that video is of a codec that is not carried: what announced it was wrong, and video
    /// that the segments carry leaves them where audio begins one, if no picture comes before that.
    #[cold]
    pub(crate) const fn video_is_not_carried(&mut self) {
        self.video.announced = false;
        self.video.track.leave();
        self.quiet = Quiet::NEVER;
    }

    /// Notes that audio is of a codec that is not carried: what announced it was wrong, and audio
    /// that the segments carry leaves them at the next cut if none of it comes before that.
    #[cold]
    pub(crate) const fn audio_is_not_carried(&mut self) {
        self.audio.track.leave();
        self.quiet = Quiet::NEVER;
    }

    /// Notes a header of audio that cannot be carried: no frame after it can be.
    #[cold]
    pub(crate) const fn refuse_audio(&mut self) {
        self.audio.track.refuse();
        self.quiet = Quiet::NEVER;
    }

    /// Takes the time of a tag that cannot be carried; returns whether it is time to tell that
    /// nothing can be.
    ///
    /// ```text
    ///   Opus at 0.0 s, 0.02 s, …            told at 1.0 s
    ///   VP9 at 0.0 s, AAC header at 0.1 s   never
    /// ```
    #[cold]
    pub(crate) fn nothing_is_carried(&mut self, time: FlvTime) -> bool {
        let has_audio = matches!(self.audio.track, AudioTrackState::Coded { .. });
        if has_audio || self.video.track != VideoTrackState::Absent {
            self.outlook = Outlook::Settled;
        }
        match self.outlook {
            Outlook::Settled => return false,
            Outlook::Open => self.outlook = Outlook::Poor { since: time },
            Outlook::Poor { since } => {
                let waited = TickSpan::from_millis(i64::from(time.since(since)));
                if waited >= self.options.track_wait {
                    self.outlook = Outlook::Settled;
                    return true;
                }
            }
        }
        false
    }

    /// Notes that a segment begins with a picture. Decoding begins with that picture behind a
    /// break, and at every segment where the host promises so.
    pub(crate) const fn begin_pictures(&mut self, continuity: Continuity) {
        self.video.leading = match continuity {
            Continuity::Continues if !self.options.independent_segments => LeadingPictures::Kept,
            _ => LeadingPictures::Skipped,
        };
    }

    /// Notes that the host asks for a switch.
    pub(crate) const fn request(&mut self, request: Request) {
        self.request = request;
        self.quiet = Quiet::NEVER;
    }

    /// Notes what metadata announces. Once a segment has begun, the tracks themselves have said it.
    pub(crate) fn announce(&mut self, announced: &Announced) {
        if self.first_start.is_some() {
            return;
        }
        self.video.announced |= announced.video;
        if let (Some(stream_type), AudioTrackState::Absent | AudioTrackState::Announced(_)) =
            (announced.audio, self.audio.track)
        {
            self.audio.track = AudioTrackState::Announced(stream_type);
        }
    }

    /// Takes how the audio frames are coded that come from now on; `None` if that is nothing new.
    #[cold]
    pub(crate) fn set_audio_format(&mut self, format: AudioFormat) -> Option<FormatChange> {
        let alignment = &mut self.timeline.alignment;
        let change = self.audio.set_format(format, alignment, &self.phase)?;
        self.quiet = Quiet::NEVER;
        Some(change)
    }

    /// Returns what a segment lists that begins at `at`.
    ///
    /// A track that was announced is listed before it has come, because a change of the tables
    /// costs a discontinuity; but not for ever, because a track that never comes stalls players.
    ///
    /// ```text
    ///   AAC announced, first segment at 0.0 s, none at 0.0 s          lists AAC
    ///   the same, second segment at 5.0 s, still no audio             lists video alone; a notice says so
    /// ```
    pub(crate) fn opening(&self, at: Ticks, first: First) -> Opening {
        let since = self.first_start.unwrap_or(at);
        let waited_too_long = at - since > self.options.track_wait;
        let (audio, audio_is_missing) = match self.audio.track {
            AudioTrackState::Absent | AudioTrackState::NotCarried { .. } => (None, false),
            AudioTrackState::Coded { join: Join::Leaves | Join::Left, .. } => (None, false),
            AudioTrackState::Announced(_) if waited_too_long => (None, true),
            // Before its header has come there is nothing to state.
            AudioTrackState::Announced(_) if self.headers == Headers::InInit => (None, false),
            AudioTrackState::Announced(stream_type) => (Some(stream_type), false),
            AudioTrackState::Coded { format, .. } => (Some(format.stream_type()), false),
        };
        // Where each segment is to be decoded alone, one that audio begins waits for no pictures: a
        // key frame joins it.
        let has_video = match first {
            First::Picture { .. } => true,
            First::Audio => {
                matches!(self.video.track, VideoTrackState::Joined(_))
                    && !self.options.independent_segments
            }
        };
        Opening {
            program: Program { video: self.video.track.stream_type().filter(|_| has_video), audio },
            audio_is_missing,
            starts_with_idr: match first {
                First::Picture { random_access } => random_access,
                First::Audio => !has_video,
            },
        }
    }
}

impl Continuity {
    /// Has the next segment begin after EXT-X-DISCONTINUITY, if there is one before it.
    pub(crate) const fn break_off(&mut self) {
        if let Self::Continues = self {
            *self = Self::Broken;
        }
    }
}
