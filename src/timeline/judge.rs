//! Whether a tag's time goes on from those before it, or the timeline breaks.
//!
//! Video leads where there is video: its jump breaks the timeline, once, and audio follows. Audio
//! that is out of step with video is either early, because video has still to make the same jump,
//! and is held; or it is late, because video has made a jump that audio has not, and is dropped.
//! Where video is absent or silent, audio leads.
//!
//! ```text
//!   V 10.00 s, V 10.04 s                        goes on
//!   V 10.00 s, V 40.00 s                        jump: the step is longer than the jump limit
//!   V 40.00 s, A 10.02 s                        stray: audio of the timeline before the jump
//!   V 10.00 s, A 10.00 s, A 40.00 s, V 40.02 s  audio is early, and belongs to the timeline that video then begins
//!   V 10.00 s, A 20.01 s                        video is silent: audio leads
//! ```
//!
//! Judging changes nothing; [`take_video`](Timeline::take_video) and
//! [`take_audio`](Timeline::take_audio) put a verdict in force.

use crate::config::{Options, UnrelatedClocks};
use crate::time::{TickSpan, Ticks};

use super::audio_clock::{AudioClock, ClockRate};

/// What a tag's time means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It goes on.
    GoesOn,
    /// The timeline breaks here, by so much; what comes is on a new one.
    Jump(TickSpan),
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
    shift: TickSpan,
}

/// What there is of video beside audio.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct VideoBeside {
    /// Video has come on the timeline as it is now.
    pub(crate) has_come: bool,
    /// Video has been silent for longer than the jump limit while audio went on.
    pub(crate) is_silent: bool,
}

/// The last tag of each track, and how the tracks lie to each other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timeline {
    /// The longest forward step that is still a hole; also how long video may be silent.
    jump_limit: TickSpan,
    unrelated: UnrelatedClocks,
    video: LastTag,
    /// As it stands on the timeline, `audio_shift` added.
    audio: LastTag,
    /// Added to audio times, where clocks are unrelated and the host wants them aligned.
    audio_shift: TickSpan,
    pub(crate) alignment: Alignment,
}

/// The last tag of a track.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LastTag {
    /// None has come.
    Never,
    /// It was on a timeline that is over.
    Over(Ticks),
    /// It was on the timeline as it is now.
    Current(Ticks),
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
        /// The clock of the timeline that video is on.
        set_aside: AudioClock,
        /// Of which format that clock is.
        rate: ClockRate,
    },
}

impl LastTag {
    /// Returns its time, if it was on the timeline as it is now.
    #[inline]
    const fn current(self) -> Option<Ticks> {
        match self {
            Self::Current(time) => Some(time),
            Self::Never | Self::Over(_) => None,
        }
    }

    /// Notes that the timeline of the tag is over.
    const fn end_timeline(&mut self) {
        if let Self::Current(time) = *self {
            *self = Self::Over(time);
        }
    }
}

impl Alignment {
    /// Returns whether frames of a timeline that video has not reached are held.
    #[inline]
    pub(crate) const fn is_audio_early(&self) -> bool {
        matches!(self, Self::AudioEarly { .. })
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

    /// Returns whether a picture surely goes on from the one before it, later than that one.
    #[inline(always)]
    pub(crate) fn video_continues(&self, time: Ticks) -> bool {
        match self.video {
            LastTag::Current(video) => video < time && time - video <= self.jump_limit,
            LastTag::Never | LastTag::Over(_) => false,
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
    ///   V 10.00 s, V 9.00 s                       jump
    ///   V 10.00 s, A 25.00 s, V 25.10 s           goes on: video is back where audio went on
    ///   V 10.00 s, jump of A to 40.00 s, V 40 s   goes on: audio, which led, has broken the timeline
    /// ```
    pub(crate) fn judge_video(&self, time: Ticks) -> Verdict {
        let jump = match (self.video, self.audio.current()) {
            (LastTag::Current(video), audio) => {
                let step = time - video;
                let goes_on =
                    self.is_steady(step) || audio.is_some_and(|audio| returns(time, video, audio));
                (!goes_on).then_some(step)
            }
            (LastTag::Never, None) => None,
            (LastTag::Over(video), None) => Some(time - video),
            (_, Some(audio)) => self.is_far(time, audio).then_some(time - audio),
        };
        jump.map_or(Verdict::GoesOn, Verdict::Jump)
    }

    /// Judges the time of an audio tag, and says where it stands on the timeline.
    pub(crate) fn judge_audio(&self, time: Ticks) -> JudgedAudio {
        self.audio_continues(time).unwrap_or_else(|| self.judge_step(time + self.audio_shift))
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
            let jump = self.audio.current().map(|audio| time - audio);
            let verdict = jump.map_or(Verdict::GoesOn, Verdict::Jump);
            return JudgedAudio { verdict, ..judged };
        };
        let near = !self.is_far(time, video);
        let verdict = match self.audio {
            LastTag::Current(audio) if returns(time, audio, video) => Verdict::GoesOn,
            LastTag::Current(audio) if self.is_silent_at(audio) => Verdict::Jump(time - audio),
            LastTag::Current(_) => Verdict::Early,
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

    /// Puts the verdict on a picture in force.
    #[inline(always)]
    pub(crate) fn take_video(&mut self, time: Ticks, verdict: Verdict) {
        if let Verdict::Jump(_) = verdict {
            self.end();
        }
        self.video = LastTag::Current(time);
        self.relate();
    }

    /// Puts the verdict on an audio tag in force; one that is not on the timeline leaves no trace.
    #[inline(always)]
    pub(crate) fn take_audio(&mut self, judged: &JudgedAudio) {
        match judged.verdict {
            Verdict::GoesOn => {}
            Verdict::Jump(_) => self.end(),
            Verdict::Early | Verdict::Stray | Verdict::Unrelated => return,
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
            LastTag::Current(video) => video + self.jump_limit,
        }
    }

    /// Returns the time of the last picture, if it was on the timeline as it is now.
    #[inline]
    pub(crate) const fn last_video(&self) -> Option<Ticks> {
        self.video.current()
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
        if let (Alignment::Unproven, LastTag::Current(_), LastTag::Current(_)) =
            (&self.alignment, self.video, self.audio)
        {
            self.alignment = Alignment::Together;
        }
    }

    /// Returns whether a track's own step needs no explanation.
    #[inline]
    fn is_steady(&self, step: TickSpan) -> bool {
        step > -BACKWARD_LIMIT && step <= self.jump_limit
    }

    /// Returns whether two times cannot be of one timeline.
    fn is_far(&self, time: Ticks, other: Ticks) -> bool {
        (time - other).abs() > self.jump_limit
    }
}

/// Returns whether a track that paused is back in step with the other one: it was a second or more
/// away, and is no longer. Its step may then be of any length.
fn returns(time: Ticks, last: Ticks, other: Ticks) -> bool {
    (last - other).abs() >= BACKWARD_LIMIT && (time - other).abs() < BACKWARD_LIMIT
}

/// A backward step as long as this breaks the timeline; shorter ones are repaired. Interleaving and
/// jitter of real encoders stay well below it, a restarted clock does not.
const BACKWARD_LIMIT: TickSpan = TickSpan::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;
    use Verdict::{Early, GoesOn, Jump, Stray, Unrelated};

    fn at(millis: i64) -> Ticks {
        Ticks::new(0) + TickSpan::from_millis(millis)
    }

    /// Which track a tag is of.
    #[derive(Clone, Copy, Debug)]
    enum Of {
        V,
        A,
    }
    use Of::{A, V};

    /// Judges a tag at so many ms and puts the verdict in force; every jump is returned as
    /// [`JUMP`].
    fn judge(timeline: &mut Timeline, track: Of, millis: i64) -> Verdict {
        let verdict = match track {
            V => {
                let verdict = timeline.judge_video(at(millis));
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
            play(&mut timeline(), &[(A, 50_000, GoesOn), (A, 50_000 + step, want)]);
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
    fn r_10_a_lone_outlier_costs_at_most_two_breaks() {
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
            &[(A, 90_000, JUMP), (A, 90_023, GoesOn), (V, 90_040, GoesOn), (A, 90_046, GoesOn)],
        );
    }
}
