//! Until when every decision would be the same: write.
//!
//! Nearly every sample changes nothing but the length of a segment. Until when that is so follows
//! from the thresholds of the rules, and is worked out once, each time that a decision was made. A
//! sample before that time needs none.
//!
//! The answer may be wrong in one direction only: a sample that is not quiet is decided on as
//! usual.
//!
//! ```text
//!   segment since 10.0 s, forced switch at 60 s      pictures without a key frame: quiet until 70.0 s
//!   V at 12.0 s, jump limit 10 s                     audio beside it: quiet until 22.0 s
//!   audio alone since 10.0 s, FragDuration 5 s       quiet until two frames before 15.0 s
//! ```

use crate::sample::{AudioBatch, PictureInput};
use crate::time::{TickSpan, Ticks};
use crate::timeline::JudgedAudio;

use super::phase::OpenSegment;
use super::state::{Request, State};
use super::video_track::VideoTrackState;

/// The last tag times at which a plain sample is surely written, and nothing else happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Quiet {
    picture_until: Ticks,
    /// The tag's time as it stands on the timeline.
    audio_until: Ticks,
}

impl Quiet {
    /// Every sample is decided on.
    pub(crate) const NEVER: Self = Self { picture_until: Ticks::MIN, audio_until: Ticks::MIN };

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
    // Where audio has jumped, a picture may be nearer to that; where video has left, it is back.
    let may_jump = state.timeline.alignment.is_audio_early();
    let is_back = matches!(state.video.track, VideoTrackState::Left(_));
    let is_another = open.program.video != state.video.track.stream_type();
    let is_decided_on = may_jump || is_back || is_another || state.request == Request::AtOnce;
    if open.is_audio_alone() || is_decided_on || !clock.is_settled() {
        return None;
    }
    // DTS of a plain picture is so much before its tag, as long as nothing has to be repaired.
    let start = open.start.start + clock.early();
    let age = state.timeline.last_video()? - start;
    let stays = state.rule.pictures_stay_until(age, clock.last_interval());
    let until = stays.map_or(Ticks::MAX, |stays| start + stays);
    let in_part = part_lasts_until(state, open).map(|last| last + clock.early());
    Some(in_part.map_or(until, |last| until.min(last)))
}

/// `None` if audio may have to be decided on at any time.
fn audio_until(state: &State, open: &OpenSegment) -> Option<Ticks> {
    if state.audio.track.waits()
        || !state.audio.track.is_certain()
        || state.timeline.alignment.is_audio_early()
    {
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
    let until = open.start.start + stays;
    let until = part_lasts_until(state, open).map_or(until, |last| until.min(last));
    Some(until - frame - frame)
}

/// Returns the last time that is surely in the part which is being written, if there are parts.
fn part_lasts_until(state: &State, open: &OpenSegment) -> Option<Ticks> {
    let duration = state.options.parts?.duration();
    Some(open.part.start + duration - TickSpan::TICK)
}

#[cfg(test)]
mod tests {
    use super::super::audio::{AudioPlan, decide_audio};
    use super::super::picture::{PicturePlan, decide_picture};
    use super::super::testing::*;
    use super::*;
    use crate::config::{Options, TargetDuration};
    use crate::time::{Secs, TickSpan};

    /// Pictures of 40 ms and audio of 1920 ticks since 0 in a segment that lists `BOTH`, up to
    /// `last`.
    fn usual(options: Options, last: i64) -> State {
        let mut state = fresh(options).open(0, BOTH).pictures_until(last).audio_until(last);
        state.quiet = Quiet::after(&state);
        state
    }

    #[test]
    fn a_usual_picture_is_quiet_up_to_the_last_one_before_the_forced_switch() {
        let state = usual(Options::default(), 59_000);
        for (millis, want) in
            [(59_000, false), (59_001, true), (59_040, true), (59_999, true), (60_000, false)]
        {
            assert_eq!(state.is_quiet_for_picture(&picture(millis)), want, "{millis}");
        }
        assert!(!state.is_quiet_for_picture(&key_frame(59_040)));
        let early = PictureInput {
            timing: crate::sample::PictureTiming {
                composition: TickSpan::from_millis(-1),
                ..picture(59_040).timing
            },
            ..picture(59_040)
        };
        assert!(!state.is_quiet_for_picture(&early), "DTS may have to run earlier");
    }

    #[test]
    fn pictures_that_run_early_are_quiet_by_their_dts() {
        let mut state = fresh(Options::default()).open(0, BOTH);
        for millis in [960, 1_000] {
            let mut timing = picture(millis).timing;
            timing.composition = TickSpan::from_millis(-80);
            state.video.clock.place(&timing);
            state.timeline.take_video(at(millis), crate::timeline::Verdict::GoesOn);
        }
        assert_eq!(Quiet::after(&state).picture_until, at(60_080) - TickSpan::TICK);
        // With a declared target, the distance of the last two pictures counts.
        let target_duration = TargetDuration::Declared(Secs::new(10));
        let state = fresh(Options { target_duration, ..Options::default() }).open(0, BOTH);
        let state = state.pictures_until(10_459);
        assert_eq!(Quiet::after(&state).picture_until, at(10_459));
    }

    #[test]
    fn no_picture_is_quiet_before_reordering_is_known() {
        let mut state = fresh(Options::default()).open(0, VIDEO_ALONE);
        state.video.clock.place(&picture(0).timing);
        state.timeline.take_video(at(0), crate::timeline::Verdict::GoesOn);
        assert_eq!(Quiet::after(&state).picture_until, Ticks::MIN);
    }

    #[test]
    fn audio_alone_is_quiet_until_two_frames_before_frag_duration() {
        let state = fresh(Options::default()).open(1_000, AUDIO_ALONE).audio_until(2_000);
        let frame = TickSpan::new(1920) + TickSpan::TICK;
        let want = at(6_000) - TickSpan::TICK - frame - frame;
        assert_eq!(Quiet::after(&state).audio_until, want);
    }

    #[test]
    fn usual_audio_beside_video_is_quiet_until_video_is_silent() {
        for (last, millis, want) in [(1_000, 1_021, true), (1_000, 1_300, false)] {
            let state = usual(Options::default(), last);
            assert_eq!(state.is_quiet_for_audio(&batch(millis)).is_some(), want, "{millis}");
        }
        let silent = fresh(Options::default()).open(0, BOTH).pictures_until(1_000);
        let mut silent = silent.audio_until(11_000);
        silent.quiet = Quiet::after(&silent);
        assert!(silent.is_quiet_for_audio(&batch(11_021)).is_none());
    }

    #[test]
    fn nothing_is_quiet_where_the_host_has_asked_for_a_switch_at_once_or_no_segment_is_open() {
        let mut state = usual(Options::default(), 1_000);
        state.request(Request::AtOnce);
        state.quiet = Quiet::after(&state);
        assert!(!state.is_quiet_for_picture(&picture(1_040)));
        assert_eq!(Quiet::after(&fresh(Options::default())), Quiet::NEVER);
    }

    /// Whatever the guard lets through, the decision is to write: at every millisecond around every
    /// threshold.
    #[test]
    fn the_guard_never_answers_otherwise_than_a_decision_would() {
        let declared = Options {
            target_duration: TargetDuration::Declared(Secs::new(8)),
            ..Options::default()
        };
        let mut quiet = 0;
        for (options, lasts) in [
            (Options::default(), [40, 1_000, 50_000, 59_960]),
            (declared, [40, 1_000, 8_399, 8_459]),
        ] {
            for last in lasts {
                let state = usual(options, last);
                for millis in (last - 100)..(last + 12_000) {
                    let sample = picture(millis);
                    if state.is_quiet_for_picture(&sample) {
                        let verdict = state.timeline.judge_video(at(millis), sample.kind());
                        let plan = decide_picture(&state, verdict, &sample);
                        assert_eq!(plan, PicturePlan::WRITE, "V {last} -> {millis}");
                        quiet += 1;
                    }
                }
                let alone = fresh(options).open(0, AUDIO_ALONE).audio_until(last);
                for mut state in [state, alone] {
                    state.quiet = Quiet::after(&state);
                    for millis in (last - 100)..(last + 200) {
                        let mut sample = batch(millis);
                        if let Some(judged) = state.is_quiet_for_audio(&sample) {
                            sample.time = judged.time;
                            let plan = decide_audio(&state, &judged, &sample);
                            assert_eq!(plan, AudioPlan::WRITE, "A {last} -> {millis}");
                            quiet += 1;
                        }
                    }
                }
            }
        }
        assert!(quiet > 10_000, "the guard lets {quiet} samples through");
    }
}
