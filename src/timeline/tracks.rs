//! Where both tracks are: their last tags, and how audio lies to video.

use crate::config::{Options, UnrelatedClocks};
use crate::time::{TickSpan, Ticks};

use super::audio_clock::{AudioClock, ClockRate};
use super::judge::{JudgedAudio, Verdict};
use super::last_tag::LastTag;

/// The last tag of each track, and how the tracks lie to each other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timeline {
    /// The longest forward step that is still a hole; also how long video may be silent.
    pub(super) jump_limit: TickSpan,
    pub(super) unrelated: UnrelatedClocks,
    pub(super) video: LastTag,
    /// As it stands on the timeline, `audio_shift` added.
    pub(super) audio: LastTag,
    /// Added to audio times, where clocks are unrelated and the host wants them aligned.
    pub(super) audio_shift: TickSpan,
    pub(crate) alignment: Alignment,
}

/// How audio lies to video.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Alignment {
    /// The two were never seen on one timeline.
    Unproven,
    /// They were, at least once.
    Together,
    /// Audio has jumped, and video may follow. Frames of the timeline that video has not reached
    /// are held.
    AudioEarly {
        /// The last tag that was early.
        at: Ticks,
        /// The clock of the timeline that video is on.
        set_aside: AudioClock,
        /// Of which format that clock is.
        rate: ClockRate,
    },
}

/// What there is of video beside audio.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct VideoBeside {
    /// Video has come on the timeline as it is now.
    pub(crate) has_come: bool,
    /// Video has been silent for longer than the jump limit while audio went on.
    pub(crate) is_silent: bool,
}

impl Alignment {
    /// Returns whether frames of a timeline that video has not reached are held.
    #[inline]
    pub(crate) const fn is_audio_early(&self) -> bool {
        matches!(self, Self::AudioEarly { .. })
    }

    /// Notes a further tag of the timeline that video has not reached.
    pub(super) const fn stay_early(&mut self, time: Ticks) {
        if let Self::AudioEarly { at, .. } = self {
            *at = time;
        }
    }
}

impl Timeline {
    pub(crate) const fn new(options: &Options) -> Self {
        Self {
            jump_limit: options.jump_limit,
            unrelated: options.unrelated_clocks,
            video: LastTag::Never,
            audio: LastTag::Never,
            audio_shift: TickSpan::ZERO,
            alignment: Alignment::Unproven,
        }
    }

    /// Puts the verdict on a picture in force.
    #[inline(always)]
    pub(crate) fn take_video(&mut self, time: Ticks, verdict: Verdict) {
        match verdict {
            Verdict::Jump(_) => self.end(),
            Verdict::Outlier => return self.video.doubt(time),
            _ => {}
        }
        self.video = LastTag::Current(time);
        self.relate();
    }

    /// Puts the verdict on an audio tag in force; one that is on no timeline leaves no trace.
    #[inline(always)]
    pub(crate) fn take_audio(&mut self, judged: &JudgedAudio) {
        match judged.verdict {
            Verdict::GoesOn => {}
            Verdict::Jump(_) => self.end(),
            Verdict::Outlier => return self.audio.doubt(judged.time),
            Verdict::Early => return self.alignment.stay_early(judged.time),
            Verdict::Stray | Verdict::Unrelated => return,
        }
        self.audio_shift = judged.shift;
        self.audio = LastTag::Current(judged.time);
        self.relate();
    }

    /// Returns whether held audio at `time` fits a timeline that begins with video at `video`.
    pub(crate) fn fits(&self, time: Ticks, video: Ticks) -> bool {
        !self.is_far(time, video)
    }

    /// Takes held audio, of which the first is at `time`, over into the timeline that a jump of
    /// video began.
    pub(crate) fn adopt_audio(&mut self, time: Ticks) {
        self.audio = LastTag::Current(time);
    }

    /// Takes audio over into the timeline that a jump of video began: its last tag had made it.
    pub(crate) const fn keep_audio(&mut self) {
        if let LastTag::Over(time) = self.audio {
            self.audio = LastTag::Current(time);
        }
    }

    /// Returns what there is of video beside an audio tag once its verdict is in force. After a
    /// jump of audio all video that ever came was on the timeline before: it is silent.
    pub(crate) fn video_beside(&self, judged: &JudgedAudio) -> VideoBeside {
        match (judged.verdict, self.video) {
            (Verdict::GoesOn, _) => VideoBeside {
                has_come: self.video.current().is_some(),
                is_silent: self.is_silent_at(judged.time),
            },
            (Verdict::Jump(_), video) => {
                VideoBeside { has_come: false, is_silent: video != LastTag::Never }
            }
            _ => self.video_now(),
        }
    }

    /// Returns what there is of video beside the last audio tag.
    pub(crate) fn video_now(&self) -> VideoBeside {
        VideoBeside { has_come: self.video.current().is_some(), is_silent: self.video_is_silent() }
    }

    /// Returns whether video has been silent for longer than the jump limit while audio went on.
    pub(crate) fn video_is_silent(&self) -> bool {
        let audio = self.audio.current();
        audio.is_some_and(|audio| self.is_silent_at(audio))
    }

    /// Returns whether video is silent once audio of the timeline as it is now has come to `audio`.
    pub(crate) fn is_silent_at(&self, audio: Ticks) -> bool {
        audio > self.silent_after()
    }

    /// Returns the last audio time at which video does not count as silent.
    pub(crate) fn silent_after(&self) -> Ticks {
        match self.video {
            LastTag::Never => Ticks::MAX,
            LastTag::Over(_) => Ticks::MIN,
            LastTag::Current(video) | LastTag::Doubted { last: video, .. } => {
                video + self.jump_limit
            }
        }
    }

    /// Returns the time of the last picture, if it was on the timeline as it is now.
    #[inline]
    pub(crate) const fn last_video(&self) -> Option<Ticks> {
        self.video.current()
    }

    /// Returns whether the last picture may be alone on another timeline, at `time`.
    pub(crate) fn video_outlier_is_at(&self, time: Ticks) -> bool {
        matches!(self.video, LastTag::Doubted { outlier, .. } if outlier == time)
    }

    /// Ends the timeline of both tracks.
    #[cold]
    const fn end(&mut self) {
        self.video.end_timeline();
        self.audio.end_timeline();
    }

    /// Notes that the tracks are on one timeline, if they are. That holds for ever: audio that is
    /// far from video later has jumped or strayed, but its clock is related.
    #[inline]
    const fn relate(&mut self) {
        if let Alignment::Unproven = self.alignment
            && let (Some(_), Some(_)) = (self.video.current(), self.audio.current())
        {
            self.alignment = Alignment::Together;
        }
    }
}
