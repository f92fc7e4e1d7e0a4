//! Until when every decision would be the same: write.
//!
//! Nearly every sample changes nothing but the length of a segment. Until when that is so follows from the thresholds of
//! the rules, and is worked out once, each time that a decision was made. A sample before that time needs none.
//!
//! The answer may be wrong in one direction only: a sample that is not quiet is decided on as usual.

use crate::sample::{AudioBatch, PictureInput};
use crate::time::Ticks;
use crate::timeline::JudgedAudio;

use super::phase::OpenSegment;
use super::state::{Request, State};

/// The last tag times at which a plain sample is surely written, and nothing else happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Quiet {
    picture_until: Ticks,
    audio_until: Ticks,
}

impl Quiet {
    /// Every sample is decided on.
    pub(crate) const NEVER: Self = Self {
        picture_until: Ticks::MIN,
        audio_until: Ticks::MIN,
    };

    /// Works out until when nothing can happen.
    pub(crate) fn after(state: &State) -> Self {
        let Some(open) = state.phase.open() else {
            return Self::NEVER;
        };
        Self {
            picture_until: picture_until(state, open).unwrap_or(Ticks::MIN),
            audio_until: audio_until(state, open).unwrap_or(Ticks::MIN),
        }
    }
}

impl State {
    /// Returns whether a picture is surely written, and nothing else happens.
    #[inline(always)]
    pub(crate) fn is_quiet_for_picture(&self, picture: &PictureInput<'_>) -> bool {
        let tag = picture.timing.tag;
        picture.is_plain() && tag <= self.quiet.picture_until && self.timeline.video_continues(tag)
    }

    /// Returns the verdict on audio that is surely gathered, if nothing else happens.
    #[inline(always)]
    pub(crate) fn is_quiet_for_audio(&self, batch: &AudioBatch<'_>) -> Option<JudgedAudio> {
        let judged = self.timeline.audio_continues(batch.time)?;
        let is_quiet = batch.count == 1
            && judged.time <= self.quiet.audio_until
            && self.audio.clock.keeps_time(judged.time, batch.samples);
        is_quiet.then_some(judged)
    }
}

/// `None` if a picture may have to be decided on at any time.
fn picture_until(state: &State, open: &OpenSegment) -> Option<Ticks> {
    let clock = &state.video.clock;
    if open.is_audio_alone() || state.request == Request::AtOnce || !clock.is_settled() {
        return None;
    }
    // DTS of a plain picture is so much before its tag, as long as nothing has to be repaired.
    let start = open.start.start + clock.early();
    let age = state.timeline.last_video()? - start;
    let stays = state.rule.pictures_stay_until(age, clock.last_interval());
    Some(stays.map_or(Ticks::MAX, |stays| start + stays))
}

/// `None` if audio may have to be decided on at any time.
fn audio_until(state: &State, open: &OpenSegment) -> Option<Ticks> {
    if state.audio.track.waits() || state.timeline.alignment.is_audio_early() {
        return None;
    }
    if !open.is_audio_alone() {
        // Later than this, video is silent and audio makes the cuts.
        return Some(state.timeline.silent_after());
    }
    if state.request != Request::None {
        return None;
    }
    // PTS of a frame that keeps time is at most two frames from its tag.
    let frame = state.audio.clock.frame();
    let stays = state.rule.audio_stays_until(frame);
    Some(open.start.start + stays - frame - frame)
}
