//! Whether a tag's time goes on from those before it, or the timeline breaks.
//!
//! Video leads where there is video: its jump breaks the timeline, once, and audio follows. Audio that is out of
//! step with it is either ahead of a jump that video has still to make, and is held, or left behind by one, and is
//! dropped. Where video is absent or has fallen silent, audio leads.

use crate::config::{Options, UnrelatedClocks};
use crate::time::{TickSpan, Ticks};

/// A backward step as long as this breaks the timeline; shorter ones are repaired.
const BACKWARD_LIMIT: TickSpan = TickSpan::from_secs(1);

/// What a tag's time means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// It goes on.
    On,
    /// The timeline breaks here, by so much; what comes is on a new one.
    Jump(TickSpan),
    /// Audio that may have jumped before video does.
    Ahead,
    /// Audio of the old timeline.
    Astray,
    /// Audio that was never near video.
    Unrelated,
}

/// The last tag of each track, and which timeline it was on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timeline {
    jump_limit: TickSpan,
    unrelated: UnrelatedClocks,
    epoch: u32,
    video: Option<Seen>,
    audio: Option<Seen>,
    /// Audio after this goes on without video. Where video has come, that is on the timeline as it is now unless this is
    /// [`Ticks::MIN`].
    silent_after: Ticks,
    /// Audio was on one timeline with video.
    related: bool,
    /// Added to audio times, where clocks are unrelated and the host wants them aligned.
    audio_shift: TickSpan,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    time: Ticks,
    epoch: u32,
}

impl Timeline {
    pub(crate) const fn new(options: &Options) -> Self {
        Self {
            jump_limit: options.jump_limit,
            unrelated: options.unrelated_clocks,
            epoch: 0,
            video: None,
            audio: None,
            silent_after: Ticks::MAX,
            related: false,
            audio_shift: TickSpan::ZERO,
        }
    }

    /// Judges the time of a video frame.
    #[inline]
    pub(crate) fn video(&mut self, time: Ticks) -> Step {
        let step = match (self.video, self.current(self.audio)) {
            (None, None) => None,
            (None, Some(audio)) => self.far(time, audio).then_some(time - audio),
            (Some(video), audio) if video.epoch == self.epoch => {
                let step = time - video.time;
                let goes_on = is_steady(step, self.jump_limit)
                    || audio.is_some_and(|audio| returns(time, video.time, audio));
                (!goes_on).then_some(step)
            }
            (Some(_), Some(audio)) => self.far(time, audio).then_some(time - audio),
            (Some(video), None) => Some(time - video.time),
        };
        if step.is_some() {
            self.epoch = self.epoch.wrapping_add(1);
        }
        self.take_video(time);
        self.related |= self.current(self.audio).is_some();
        step.map_or(Step::On, Step::Jump)
    }

    /// Judges the time of an audio frame, and returns it as it stands on the timeline.
    pub(crate) fn audio(&mut self, time: Ticks) -> (Step, Ticks) {
        let mut time = time + self.audio_shift;
        // What goes on from the tag before it needs no other word.
        if let Some(audio) = &mut self.audio
            && audio.epoch == self.epoch
            && is_steady(time - audio.time, self.jump_limit)
        {
            audio.time = time;
            self.related |= self.video.is_some_and(|video| video.epoch == self.epoch);
            return (Step::On, time);
        }
        let mut step = self.audio_step(time);
        if step == Step::Unrelated
            && self.unrelated == UnrelatedClocks::AlignToLead
            && let Some(video) = self.video
        {
            self.audio_shift += video.time - time;
            time = video.time;
            step = Step::On;
        }
        match step {
            Step::On => self.follow(time),
            Step::Jump(_) => {
                self.epoch = self.epoch.wrapping_add(1);
                if self.video.is_some() {
                    self.silent_after = Ticks::MIN;
                }
                self.follow(time);
            }
            Step::Ahead | Step::Astray | Step::Unrelated => {}
        }
        (step, time)
    }

    /// Says whether a video frame surely goes on from the one before it. [`video`](Self::video) says the same; nothing is
    /// changed yet.
    #[inline]
    pub(crate) fn video_in_step(&self, time: Ticks) -> bool {
        time <= self.silent_after && self.video.is_some_and(|video| time >= video.time)
    }

    /// Takes a video frame of the timeline as it is now.
    #[inline]
    pub(crate) fn take_video(&mut self, time: Ticks) {
        self.video = Some(Seen {
            time,
            epoch: self.epoch,
        });
        self.silent_after = time + self.jump_limit;
    }

    /// Returns where audio stands that is known to go on from the tag before it, unless video beside it is silent.
    /// [`audio`](Self::audio) says the same; nothing is changed yet.
    #[inline]
    pub(crate) fn audio_in_step(&self, time: Ticks) -> Option<Ticks> {
        let time = time + self.audio_shift;
        (time <= self.silent_after).then_some(time)
    }

    /// Takes audio in step, as [`audio`](Self::audio) does.
    #[inline]
    pub(crate) fn take_audio_in_step(&mut self, time: Ticks) {
        if let Some(audio) = &mut self.audio {
            audio.time = time;
        }
    }

    /// Says whether video has come on the timeline as it is now.
    pub(crate) fn has_video(&self) -> bool {
        self.current(self.video).is_some()
    }

    /// Says whether video has been silent for longer than the jump limit while audio went on.
    pub(crate) fn video_is_silent(&self) -> bool {
        self.current(self.audio)
            .is_some_and(|audio| audio > self.silent_after)
    }

    /// Says whether audio at `time` fits the timeline that a jump of video began, and takes it as its last if so.
    pub(crate) fn adopt_audio(&mut self, time: Ticks) -> bool {
        let fits = self
            .current(self.video)
            .is_some_and(|video| !self.far(time, video));
        if fits {
            self.follow(time);
        }
        fits
    }

    fn follow(&mut self, time: Ticks) {
        self.audio = Some(Seen {
            time,
            epoch: self.epoch,
        });
        self.related |= self.current(self.video).is_some();
    }

    /// Judges audio that does not simply go on from the tag before it.
    fn audio_step(&self, time: Ticks) -> Step {
        let Some(video) = self.current(self.video) else {
            // Audio leads: only its own steps count.
            return match self.current(self.audio) {
                Some(audio) => Step::Jump(time - audio),
                None => Step::On,
            };
        };
        let near = !self.far(time, video);
        match self.audio {
            Some(audio) if audio.epoch == self.epoch => {
                if returns(time, audio.time, video) {
                    Step::On
                } else if self.video_is_silent() {
                    Step::Jump(time - audio.time)
                } else {
                    Step::Ahead
                }
            }
            // Behind a jump: what is nearer to its own past than to video has not jumped yet.
            Some(audio) if near && (time - video).abs() <= (time - audio.time).abs() => Step::On,
            None if near => Step::On,
            _ if self.related => Step::Astray,
            _ => Step::Unrelated,
        }
    }

    #[inline]
    fn far(&self, time: Ticks, other: Ticks) -> bool {
        (time - other).abs() > self.jump_limit
    }

    #[inline]
    fn current(&self, seen: Option<Seen>) -> Option<Ticks> {
        seen.filter(|seen| seen.epoch == self.epoch)
            .map(|seen| seen.time)
    }
}

fn is_steady(step: TickSpan, jump_limit: TickSpan) -> bool {
    step > -BACKWARD_LIMIT && step <= jump_limit
}

/// Says whether a track that paused is back in step with the other one.
fn returns(time: Ticks, last: Ticks, other: Ticks) -> bool {
    (last - other).abs() >= BACKWARD_LIMIT && (time - other).abs() < BACKWARD_LIMIT
}

#[cfg(test)]
mod tests {
    use super::*;
    use Step::{Ahead, Astray, Jump, On, Unrelated};

    fn at(millis: i64) -> Ticks {
        Ticks::new(0) + TickSpan::from_millis(millis)
    }

    /// Plays `(is video, ms)` and checks what each means; a jump is written as 0 here.
    fn play(timeline: &mut Timeline, steps: &[(bool, i64, Step)]) {
        for (nth, &(video, millis, want)) in steps.iter().enumerate() {
            let step = if video {
                timeline.video(at(millis))
            } else {
                timeline.audio(at(millis)).0
            };
            let step = if let Jump(_) = step {
                Jump(TickSpan::ZERO)
            } else {
                step
            };
            assert_eq!(step, want, "step {nth} of {steps:?}");
        }
    }

    const JUMP: Step = Jump(TickSpan::ZERO);
    const V: bool = true;
    const A: bool = false;

    fn timeline() -> Timeline {
        Timeline::new(&Options::default())
    }

    #[test]
    fn r_09_steps_of_minus_one_second_and_beyond_ten_are_jumps() {
        for (step, want) in [
            (-999, On),
            (-1000, JUMP),
            (10_000, On),
            (10_001, JUMP),
            (-3_600_000, JUMP),
        ] {
            play(
                &mut timeline(),
                &[(V, 50_000, On), (V, 50_000 + step, want)],
            );
            play(
                &mut timeline(),
                &[(A, 50_000, On), (A, 50_000 + step, want)],
            );
        }
    }

    #[test]
    fn r_10_one_jump_is_one_break_and_stragglers_are_astray() {
        play(
            &mut timeline(),
            &[
                (V, 0, On),
                (A, 5, On),
                (V, 40, On),
                (V, 30_080, JUMP),
                (A, 28, Astray),
                (A, 51, Astray),
                (A, 30_074, On),
                (V, 30_120, On),
            ],
        );
    }

    #[test]
    fn r_10_audio_behind_a_jump_is_astray_unless_it_is_near_video_and_nearer_than_its_past() {
        for (jump, audio, want) in [
            (12_000, 3_000, Astray),
            (12_000, 5_999, Astray),
            (12_000, 6_000, On),
            (100_000, 80_000, Astray),
            (100_000, 89_999, Astray),
            (100_000, 90_000, On),
            (100_000, 110_001, Astray),
        ] {
            play(
                &mut timeline(),
                &[(V, 0, On), (A, 0, On), (V, jump, JUMP), (A, audio, want)],
            );
        }
    }

    #[test]
    fn f_40_audio_is_related_to_video_once_both_were_on_one_timeline() {
        for in_step in [false, true] {
            let mut timeline = timeline();
            play(&mut timeline, &[(A, 0, On), (V, 0, On)]);
            if in_step {
                timeline.take_audio_in_step(at(23));
            } else {
                play(&mut timeline, &[(A, 23, On)]);
            }
            play(&mut timeline, &[(V, 30_000, JUMP), (A, 46, Astray)]);
        }
        for (audio, want) in [(10_000, On), (10_001, Unrelated)] {
            play(&mut timeline(), &[(V, 0, On), (A, audio, want)]);
        }
    }

    #[test]
    fn y_09_video_that_comes_back_to_where_audio_jumped_alone_goes_on() {
        for (back, want) in [(202_000, On), (210_000, On), (210_001, JUMP)] {
            play(
                &mut timeline(),
                &[
                    (V, 0, On),
                    (A, 0, On),
                    (A, 9_000, On),
                    (A, 10_001, On),
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
            play(&mut timeline, &[(V, 0, On), (A, 1_000, On), (A, audio, On)]);
            assert_eq!(timeline.video_is_silent(), want, "{audio}");
        }
    }

    #[test]
    fn r_10_video_that_paused_is_back_within_a_second_of_audio() {
        for (back, want) in [(19_000, JUMP), (19_001, On), (20_999, On), (21_000, JUMP)] {
            play(
                &mut timeline(),
                &[
                    (V, 0, On),
                    (A, 0, On),
                    (A, 10_000, On),
                    (A, 20_000, On),
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
                (V, 0, On),
                (A, 0, On),
                (A, 30_023, Ahead),
                (A, 30_046, Ahead),
                (V, 30_040, JUMP),
            ],
        );
        assert!(timeline.adopt_audio(at(30_046)));
        play(&mut timeline, &[(A, 30_070, On)]);
    }

    #[test]
    fn r_10_a_lone_outlier_costs_at_most_two_breaks() {
        play(
            &mut timeline(),
            &[
                (V, 0, On),
                (A, 0, On),
                (V, 900_000, JUMP),
                (A, 23, Astray),
                (V, 80, JUMP),
                (A, 46, On),
                (V, 120, On),
            ],
        );
        play(
            &mut timeline(),
            &[
                (V, 0, On),
                (A, 0, On),
                (A, 900_000, Ahead),
                (A, 46, On),
                (V, 40, On),
            ],
        );
    }

    #[test]
    fn r_83_a_track_that_pauses_and_comes_back_in_step_is_no_jump() {
        let mut timeline = timeline();
        play(&mut timeline, &[(V, 0, On), (A, 0, On)]);
        for millis in (40..15_000).step_by(40) {
            play(&mut timeline, &[(V, millis, On)]);
        }
        play(&mut timeline, &[(A, 15_000, On), (V, 15_000, On)]);
        for millis in (15_023..36_000).step_by(23) {
            play(&mut timeline, &[(A, millis, On)]);
        }
        assert!(timeline.video_is_silent());
        play(&mut timeline, &[(V, 36_000, On)]);
    }

    #[test]
    fn f_40_audio_that_was_never_near_video_is_unrelated() {
        let days = 21 * 86_400_000;
        play(
            &mut timeline(),
            &[
                (V, 10_000, On),
                (A, days, Unrelated),
                (V, 10_040, On),
                (A, days + 23, Unrelated),
            ],
        );
        play(
            &mut timeline(),
            &[
                (A, days, On),
                (V, 10_000, JUMP),
                (A, days + 23, Unrelated),
                (V, 10_040, On),
            ],
        );
    }

    #[test]
    fn y_13_unrelated_audio_is_aligned_once_where_the_host_wants_it() {
        let options = Options {
            unrelated_clocks: UnrelatedClocks::AlignToLead,
            ..Options::default()
        };
        let mut timeline = Timeline::new(&options);
        timeline.video(at(10_000));
        assert_eq!(timeline.audio(at(900_000)), (On, at(10_000)));
        assert_eq!(timeline.audio(at(900_023)), (On, at(10_023)));
    }

    #[test]
    fn y_09_audio_leads_while_video_is_silent() {
        let mut timeline = timeline();
        play(&mut timeline, &[(V, 0, On), (A, 0, On)]);
        for millis in (23..10_100).step_by(23) {
            play(&mut timeline, &[(A, millis, On)]);
        }
        play(
            &mut timeline,
            &[
                (A, 90_000, JUMP),
                (A, 90_023, On),
                (V, 90_040, On),
                (A, 90_046, On),
            ],
        );
    }
}
