//! Whether a tag's time goes on from those before it, or the timeline breaks.
//!
//! Video leads where there is video: its jump breaks the timeline, once, and audio follows. Audio
//! that is out of step with video is either early, because video has still to make the same jump,
//! and is held; or it is late, because video has made a jump that audio has not, and is dropped.
//! Where video is absent or silent, audio leads.
//!
//! ```text
//!   V 10.00 s, V 10.04 s                        goes on
//!   V 10.00 s, key frame at 40.00 s             jump: the step is longer than the jump limit
//!   V 40.00 s, A 10.02 s                        stray: audio of the timeline before the jump
//!   V 10.00 s, A 10.00 s, A 40.00 s, V 40.02 s  audio is early, and belongs to the timeline that video then begins
//!   V 10.00 s, A 20.01 s                        video is silent: audio leads
//!   V 10.00 s, V 40.00 s, V 10.08 s             the second is an outlier: dropped, and nothing has happened
//! ```
//!
//! One picture alone is no jump unless it is a key frame or audio has made the jump before it; nor
//! is one tag of audio that leads. The second one that agrees with it is.
//!
//! Judging changes nothing; [`take_video`](Timeline::take_video) and
//! [`take_audio`](Timeline::take_audio) put a verdict in force.

use crate::config::UnrelatedClocks;
use crate::sample::PictureKind;
use crate::time::{TickSpan, Ticks};

use super::last_tag::{BACKWARD_LIMIT, LastTag};
use super::tracks::{Alignment, Timeline};

/// What a tag's time means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It goes on.
    GoesOn,
    /// The timeline breaks here, by so much; what comes is on a new one.
    Jump(TickSpan),
    /// It is far from those before it. If the next one is near it, that has jumped; else it is
    /// alone.
    Outlier,
    /// Audio that may have jumped before video does.
    Early,
    /// Audio of a timeline that is over.
    Stray,
    /// Audio that was never near video.
    Unrelated,
}

/// A judged audio tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct JudgedAudio {
    pub(crate) verdict: Verdict,
    /// The tag's time as it stands on the timeline.
    pub(crate) time: Ticks,
    /// What is added to audio times from this tag on.
    pub(super) shift: TickSpan,
}

impl Timeline {
    /// Returns whether a picture surely goes on from the one before it, later than that one.
    #[inline(always)]
    pub(crate) fn video_continues(&self, time: Ticks) -> bool {
        match self.video {
            LastTag::Current(video) => video < time && time - video <= self.jump_limit,
            LastTag::Never | LastTag::Over(_) | LastTag::Doubted { .. } => false,
        }
    }

    /// Returns the verdict on an audio tag that surely goes on from the one before it.
    #[inline(always)]
    pub(crate) fn audio_continues(&self, time: Ticks) -> Option<JudgedAudio> {
        let time = time + self.audio_shift;
        match self.audio {
            LastTag::Current(audio) if self.is_steady(time - audio) => {
                Some(JudgedAudio { verdict: Verdict::GoesOn, time, shift: self.audio_shift })
            }
            _ => None,
        }
    }

    /// Judges the time of a picture.
    ///
    /// ```text
    ///   V 10.00 s, V 9.50 s                       goes on: less than a second back is repaired
    ///   V 10.00 s, key frame at 9.00 s            jump
    ///   V 10.00 s, V 9.00 s                       an outlier; jump at V 9.04 s
    ///   V 10.00 s, A early at 9.00 s, V 9.04 s    jump, though less than a second: audio has made it
    ///   V 10.00 s, A 25.00 s, V 25.10 s           goes on: video is back where audio went on
    ///   V 10.00 s, jump of A to 40.00 s, V 40 s   goes on: audio, which led, has broken the timeline
    /// ```
    pub(crate) fn judge_video(&self, time: Ticks, picture: PictureKind) -> Verdict {
        let (video, audio) = match (self.video, self.audio.current()) {
            (LastTag::Current(video) | LastTag::Doubted { last: video, .. }, audio) => {
                (video, audio)
            }
            (LastTag::Never, None) => return Verdict::GoesOn,
            (LastTag::Over(video), None) => return Verdict::Jump(time - video),
            (_, Some(audio)) if self.is_far(time, audio) => return Verdict::Jump(time - audio),
            (_, Some(_)) => return Verdict::GoesOn,
        };
        let step = time - video;
        if self.follows_early_audio(time, video) || self.video.agrees_with_outlier(time) {
            return Verdict::Jump(step);
        }
        let returns = audio.is_some_and(|audio| returns(time, video, audio));
        if self.is_steady(step) || step > TickSpan::ZERO && returns {
            return Verdict::GoesOn;
        }
        if picture == PictureKind::Key || self.audio_has_gone_to(time) {
            Verdict::Jump(step)
        } else {
            Verdict::Outlier
        }
    }

    /// Returns whether audio has stepped to where a picture is, by a little less than what breaks
    /// the timeline: it is nearer to that picture than to the one before it.
    pub(crate) fn audio_has_gone_to(&self, picture: Ticks) -> bool {
        let tracks = self.video.current().zip(self.audio.current());
        tracks.is_some_and(|(video, audio)| (picture - audio).abs() < (video - audio).abs())
    }

    /// Returns whether a picture is nearer to audio that has jumped than to the picture before it.
    fn follows_early_audio(&self, time: Ticks, video: Ticks) -> bool {
        match self.alignment {
            Alignment::AudioEarly { at, .. } => (time - at).abs() < (time - video).abs(),
            Alignment::Unproven | Alignment::Together => false,
        }
    }

    /// Judges the time of an audio tag, and says where it stands on the timeline.
    pub(crate) fn judge_audio(&self, time: Ticks) -> JudgedAudio {
        let shifted = time + self.audio_shift;
        if self.stays_early(shifted) {
            return JudgedAudio { verdict: Verdict::Early, time: shifted, shift: self.audio_shift };
        }
        self.audio_continues(time).unwrap_or_else(|| self.judge_step(shifted))
    }

    /// Returns whether audio is nearer to a tag of its own that was early than to the one before.
    fn stays_early(&self, time: Ticks) -> bool {
        match (&self.alignment, self.audio.current()) {
            (Alignment::AudioEarly { at, .. }, Some(audio)) => {
                (time - *at).abs() < (time - audio).abs()
            }
            _ => false,
        }
    }

    /// Judges audio that does not simply go on from the tag before it.
    ///
    /// ```text
    ///   no V yet, A 10.00 s, A 40.00 s            jump: audio leads
    ///   V 10.00 s, A 10.00 s, A 5.00 s            early: video may make the same jump
    ///   V 10.00 s, A 25.00 s, A 5.00 s            jump: video is silent, audio leads
    ///   V jumps to 40.00 s, A 10.02 s             stray: nearer to audio's own past than to video
    ///   V jumps to 40.00 s, A 39.90 s             goes on: audio has jumped too
    ///   V 10.00 s, first A 900.00 s               unrelated, or moved to 10.00 s by the host's wish
    /// ```
    fn judge_step(&self, time: Ticks) -> JudgedAudio {
        let judged = JudgedAudio { verdict: Verdict::GoesOn, time, shift: self.audio_shift };
        let Some(video) = self.video.current() else {
            // Audio leads: only its own steps count.
            let step = self.audio.current().map(|audio| time - audio);
            let verdict = step.map_or(Verdict::GoesOn, |step| self.judge_leading(time, step));
            return JudgedAudio { verdict, ..judged };
        };
        let near = !self.is_far(time, video);
        let verdict = match self.audio {
            LastTag::Current(audio) | LastTag::Doubted { last: audio, .. } => {
                if returns(time, audio, video) {
                    Verdict::GoesOn
                } else if self.is_silent_at(audio) || self.is_steady(time - audio) {
                    self.judge_leading(time, time - audio)
                } else {
                    Verdict::Early
                }
            }
            // After a jump: what is nearer to its own past than to video has not jumped yet.
            LastTag::Over(audio) if near && (time - video).abs() <= (time - audio).abs() => {
                Verdict::GoesOn
            }
            LastTag::Never if near => Verdict::GoesOn,
            _ if !matches!(self.alignment, Alignment::Unproven) => Verdict::Stray,
            _ if self.unrelated == UnrelatedClocks::AlignToLead => {
                return JudgedAudio {
                    verdict: Verdict::GoesOn,
                    time: video,
                    shift: judged.shift + (video - time),
                };
            }
            _ => Verdict::Unrelated,
        };
        JudgedAudio { verdict, ..judged }
    }

    /// Judges a step of audio that leads.
    fn judge_leading(&self, time: Ticks, step: TickSpan) -> Verdict {
        if self.audio.agrees_with_outlier(time) {
            Verdict::Jump(step)
        } else if self.is_steady(step) {
            Verdict::GoesOn
        } else {
            Verdict::Outlier
        }
    }

    /// Returns whether a track's own step needs no explanation.
    #[inline]
    fn is_steady(&self, step: TickSpan) -> bool {
        step > -BACKWARD_LIMIT && step <= self.jump_limit
    }

    /// Returns whether two times cannot be of one timeline.
    pub(super) fn is_far(&self, time: Ticks, other: Ticks) -> bool {
        (time - other).abs() > self.jump_limit
    }
}

/// Returns whether a track that paused is back in step with the other one: it was a second or more
/// away, and is no longer. Its step may then be of any length.
fn returns(time: Ticks, last: Ticks, other: Ticks) -> bool {
    (last - other).abs() >= BACKWARD_LIMIT && (time - other).abs() < BACKWARD_LIMIT
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Options;
    use crate::timeline::{AudioClock, ClockRate, VideoBeside};
    use Verdict::{Early, GoesOn, Jump, Outlier, Stray, Unrelated};

    fn at(millis: i64) -> Ticks {
        Ticks::new(0) + TickSpan::from_millis(millis)
    }

    /// Which track a tag is of: a key frame, an inter picture, audio.
    #[derive(Clone, Copy, Debug)]
    enum Of {
        V,
        I,
        A,
    }
    use Of::{A, I, V};

    /// Judges a tag at so many ms and puts the verdict in force; every jump is returned as
    /// [`JUMP`].
    fn judge(timeline: &mut Timeline, track: Of, millis: i64) -> Verdict {
        let verdict = match track {
            V | I => {
                let kind = if matches!(track, V) { PictureKind::Key } else { PictureKind::Inter };
                let verdict = timeline.judge_video(at(millis), kind);
                timeline.take_video(at(millis), verdict);
                verdict
            }
            A => {
                let judged = timeline.judge_audio(at(millis));
                timeline.take_audio(&judged);
                judged.verdict
            }
        };
        match verdict {
            Jump(_) => JUMP,
            other => other,
        }
    }

    /// Plays tags of `(track, ms)` and checks what each means.
    fn play(timeline: &mut Timeline, steps: &[(Of, i64, Verdict)]) {
        for (nth, &(track, millis, want)) in steps.iter().enumerate() {
            let verdict = judge(timeline, track, millis);
            assert_eq!(verdict, want, "step {nth} of {steps:?}");
        }
    }

    const JUMP: Verdict = Jump(TickSpan::ZERO);

    fn timeline() -> Timeline {
        Timeline::new(&Options::default())
    }

    #[test]
    fn y_08_behind_a_jump_of_audio_all_video_is_of_the_timeline_before() {
        for (before, is_silent) in [
            (&[(A, 0, GoesOn)][..], false),
            (&[(V, 0, GoesOn), (A, 0, GoesOn), (A, 10_000, GoesOn), (A, 10_100, GoesOn)], true),
        ] {
            let mut timeline = timeline();
            play(&mut timeline, before);
            play(&mut timeline, &[(A, 89_979, Outlier)]);
            let judged = timeline.judge_audio(at(90_000));
            assert!(matches!(judged.verdict, Jump(_)), "{before:?}");
            let video = timeline.video_beside(&judged);
            assert_eq!(video, VideoBeside { has_come: false, is_silent }, "{before:?}");
        }
    }

    #[test]
    fn r_79_adopted_audio_goes_on_from_where_it_was_held() {
        let mut timeline = timeline();
        play(&mut timeline, &[(V, 1_000, GoesOn), (A, 1_000, GoesOn), (V, 40_000, JUMP)]);
        timeline.adopt_audio(at(40_000));
        // 20 s later audio may have jumped before video; had none been adopted, it would be audio
        // of the timeline before.
        play(&mut timeline, &[(A, 60_000, Early)]);
    }

    #[test]
    fn r_09_steps_of_minus_one_second_and_beyond_ten_are_jumps() {
        for (step, want) in
            [(-999, GoesOn), (-1000, JUMP), (10_000, GoesOn), (10_001, JUMP), (-3_600_000, JUMP)]
        {
            play(&mut timeline(), &[(V, 50_000, GoesOn), (V, 50_000 + step, want)]);
            let (first, second) = if want == JUMP { (Outlier, JUMP) } else { (want, want) };
            let to = 50_000 + step;
            for track in [I, A] {
                play(
                    &mut timeline(),
                    &[(track, 50_000, GoesOn), (track, to, first), (track, to + 9, second)],
                );
            }
        }
    }

    #[test]
    fn r_10_one_jump_is_one_break_and_audio_that_comes_late_is_of_the_wrong_timeline() {
        play(
            &mut timeline(),
            &[
                (V, 0, GoesOn),
                (A, 5, GoesOn),
                (V, 40, GoesOn),
                (V, 30_080, JUMP),
                (A, 28, Stray),
                (A, 51, Stray),
                (A, 30_074, GoesOn),
                (V, 30_120, GoesOn),
            ],
        );
    }

    #[test]
    fn r_10_audio_after_a_jump_is_of_the_wrong_timeline_unless_nearer_to_video_than_to_its_past() {
        for (jump, audio, want) in [
            (12_000, 3_000, Stray),
            (12_000, 5_999, Stray),
            (12_000, 6_000, GoesOn),
            (100_000, 80_000, Stray),
            (100_000, 89_999, Stray),
            (100_000, 90_000, GoesOn),
            (100_000, 110_001, Stray),
        ] {
            play(
                &mut timeline(),
                &[(V, 0, GoesOn), (A, 0, GoesOn), (V, jump, JUMP), (A, audio, want)],
            );
        }
    }

    #[test]
    fn f_40_audio_is_related_to_video_once_both_were_on_one_timeline() {
        let steps = [(A, 0, GoesOn), (V, 0, GoesOn), (A, 23, GoesOn)];
        let mut timeline = timeline();
        play(&mut timeline, &steps);
        play(&mut timeline, &[(V, 30_000, JUMP), (A, 46, Stray)]);
        for (audio, want) in [(10_000, GoesOn), (10_001, Unrelated)] {
            play(&mut self::timeline(), &[(V, 0, GoesOn), (A, audio, want)]);
        }
    }

    #[test]
    fn y_09_video_that_comes_back_to_where_audio_jumped_alone_goes_on() {
        for (back, want) in [(202_000, GoesOn), (210_000, GoesOn), (210_001, JUMP)] {
            play(
                &mut timeline(),
                &[
                    (V, 0, GoesOn),
                    (A, 0, GoesOn),
                    (A, 9_000, GoesOn),
                    (A, 10_001, GoesOn),
                    (A, 199_980, Outlier),
                    (A, 200_000, JUMP),
                    (V, back, want),
                ],
            );
        }
    }

    #[test]
    fn y_09_video_is_silent_where_audio_is_beyond_the_jump_limit() {
        for (audio, want) in [(10_000, false), (10_001, true)] {
            let mut timeline = timeline();
            play(&mut timeline, &[(V, 0, GoesOn), (A, 1_000, GoesOn), (A, audio, GoesOn)]);
            assert_eq!(timeline.video_is_silent(), want, "{audio}");
        }
    }

    #[test]
    fn r_10_video_that_paused_is_back_within_a_second_of_audio() {
        for (back, want) in [(19_000, JUMP), (19_001, GoesOn), (20_999, GoesOn), (21_000, JUMP)] {
            play(
                &mut timeline(),
                &[
                    (V, 0, GoesOn),
                    (A, 0, GoesOn),
                    (A, 10_000, GoesOn),
                    (A, 20_000, GoesOn),
                    (V, back, want),
                ],
            );
        }
    }

    #[test]
    fn r_79_audio_that_jumps_first_is_ahead_until_video_follows() {
        let mut timeline = timeline();
        play(
            &mut timeline,
            &[
                (V, 0, GoesOn),
                (A, 0, GoesOn),
                (A, 30_023, Early),
                (A, 30_046, Early),
                (V, 30_040, JUMP),
            ],
        );
        assert!(timeline.fits(at(30_046), at(30_040)));
        timeline.adopt_audio(at(30_046));
        play(&mut timeline, &[(A, 30_070, GoesOn)]);
    }

    #[test]
    fn r_10_a_lone_picture_or_tag_that_is_an_outlier_is_no_jump() {
        for outlier in [900_000, -900_000] {
            play(
                &mut timeline(),
                &[
                    (V, 0, GoesOn),
                    (A, 0, GoesOn),
                    (I, outlier, Outlier),
                    (A, 23, GoesOn),
                    (I, 80, GoesOn),
                    (I, outlier + 80, Outlier),
                    (I, 120, GoesOn),
                    (I, 3 * outlier, Outlier),
                    (I, outlier, Outlier),
                    (A, 46, GoesOn),
                    (I, outlier + 40, JUMP),
                ],
            );
            play(
                &mut timeline(),
                &[(A, 0, GoesOn), (A, outlier, Outlier), (A, 46, GoesOn), (A, 69, GoesOn)],
            );
        }
    }

    #[test]
    fn r_10_a_step_of_nearly_a_second_is_a_jump_where_the_other_track_has_made_one_of_more() {
        let before = [(V, 2_480, GoesOn), (A, 2_488, GoesOn)];
        for steps in [
            &[(A, 1_471, Early), (A, 1_494, Early), (I, 1_520, JUMP), (I, 1_560, GoesOn)][..],
            &[(A, 1_501, GoesOn), (I, 1_470, JUMP), (A, 1_524, GoesOn), (I, 1_510, GoesOn)],
            &[(I, 1_470, Outlier), (I, 1_510, JUMP), (A, 1_501, GoesOn)],
            &[(A, 1_489, GoesOn), (I, 1_420, JUMP), (A, 1_617, GoesOn)],
            &[(A, 14_000, Early), (I, 12_000, JUMP)],
            &[(A, 14_000, Early), (I, 2_520, GoesOn)],
        ] {
            let mut timeline = timeline();
            play(&mut timeline, &before);
            for &(track, millis, want) in steps {
                let has_gone = timeline.audio_has_gone_to(at(millis));
                play(&mut timeline, &[(track, millis, want)]);
                if want == Early {
                    let at = at(millis);
                    let (set_aside, rate) = (AudioClock::new(1), ClockRate::Joining);
                    timeline.alignment = Alignment::AudioEarly { at, set_aside, rate };
                } else if want == JUMP {
                    timeline.alignment = Alignment::Together;
                    if has_gone {
                        timeline.keep_audio();
                    }
                }
            }
        }
    }

    #[test]
    fn r_10_a_lone_key_frame_costs_at_most_two_breaks() {
        play(
            &mut timeline(),
            &[
                (V, 0, GoesOn),
                (A, 0, GoesOn),
                (V, 900_000, JUMP),
                (A, 23, Stray),
                (V, 80, JUMP),
                (A, 46, GoesOn),
                (V, 120, GoesOn),
            ],
        );
        play(
            &mut timeline(),
            &[
                (V, 0, GoesOn),
                (A, 0, GoesOn),
                (A, 900_000, Early),
                (A, 46, GoesOn),
                (V, 40, GoesOn),
            ],
        );
    }

    #[test]
    fn r_83_a_track_that_pauses_and_comes_back_in_step_is_no_jump() {
        let mut timeline = timeline();
        play(&mut timeline, &[(V, 0, GoesOn), (A, 0, GoesOn)]);
        for millis in (40..15_000).step_by(40) {
            play(&mut timeline, &[(V, millis, GoesOn)]);
        }
        play(&mut timeline, &[(A, 15_000, GoesOn), (V, 15_000, GoesOn)]);
        for millis in (15_023..36_000).step_by(23) {
            play(&mut timeline, &[(A, millis, GoesOn)]);
        }
        assert!(timeline.video_is_silent());
        play(&mut timeline, &[(V, 36_000, GoesOn)]);
    }

    #[test]
    fn f_40_audio_that_was_never_near_video_is_unrelated() {
        let days = 21 * 86_400_000;
        play(
            &mut timeline(),
            &[
                (V, 10_000, GoesOn),
                (A, days, Unrelated),
                (V, 10_040, GoesOn),
                (A, days + 23, Unrelated),
            ],
        );
        play(
            &mut timeline(),
            &[(A, days, GoesOn), (V, 10_000, JUMP), (A, days + 23, Unrelated), (V, 10_040, GoesOn)],
        );
    }

    #[test]
    fn y_13_unrelated_audio_is_aligned_once_where_the_host_wants_it() {
        let options =
            Options { unrelated_clocks: UnrelatedClocks::AlignToLead, ..Options::default() };
        let mut timeline = Timeline::new(&options);
        play(&mut timeline, &[(V, 10_000, GoesOn)]);
        for (tag, want) in [(900_000, 10_000), (900_023, 10_023)] {
            let judged = timeline.judge_audio(at(tag));
            assert_eq!((judged.verdict, judged.time), (GoesOn, at(want)));
            timeline.take_audio(&judged);
        }
    }

    #[test]
    fn y_09_audio_leads_while_video_is_silent() {
        let mut timeline = timeline();
        play(&mut timeline, &[(V, 0, GoesOn), (A, 0, GoesOn)]);
        for millis in (23..10_100).step_by(23) {
            play(&mut timeline, &[(A, millis, GoesOn)]);
        }
        play(
            &mut timeline,
            &[(A, 90_000, Outlier), (A, 90_023, JUMP), (V, 90_040, GoesOn), (A, 90_046, GoesOn)],
        );
    }
}
