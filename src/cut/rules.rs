//! When a segment ends: the switching rule of OSS LiveChannel, pure.
//!
//! A segment goes on until a key frame comes at FragDuration or later. Where none comes it ends
//! without one at max(2 × FragDuration, 60 s), or earlier where a declared target duration would be
//! broken.

use crate::config::{Config, ForcedSwitch, Slack, TargetDuration};
use crate::segment::Cause;
use crate::time::TickSpan;

/// Thresholds of the rule, worked out once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SwitchRule {
    /// From this age on audio alone switches, and less the slack a key frame: FragDuration.
    soft: TickSpan,
    slack: Slack,
    /// From this age on any picture switches.
    hard: Option<TickSpan>,
    /// The longest segment that goes with the declared target duration.
    target: Option<TickSpan>,
}

/// How far apart pictures are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spacing {
    /// The time to the next picture as far as that can be told.
    pub(crate) to_next: TickSpan,
    /// The longest interval of late.
    pub(crate) longest: TickSpan,
}

/// What the rule says of a frame. Exhaustive: the rule knows no third way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the rule knows no third way")]
pub enum Decision {
    /// It goes into the open segment.
    Stay,
    /// It begins a new one.
    Switch(Cause),
}

impl SwitchRule {
    /// Works the thresholds of `config` out.
    pub const fn new(config: &Config) -> Self {
        let options = config.options();
        let frag_duration = options.frag_duration;
        Self {
            soft: frag_duration.span(),
            slack: options.slack,
            hard: match options.forced_switch {
                ForcedSwitch::Oss => Some(frag_duration.forced()),
                ForcedSwitch::After(span) => Some(span),
                ForcedSwitch::Never => None,
            },
            target: match options.target_duration {
                TargetDuration::HighWater => None,
                TargetDuration::Declared(secs) => Some(options.playlist_version.longest_for(secs)),
            },
        }
    }

    /// Decides on a key frame from the open segment's age.
    ///
    /// ```text
    ///   FragDuration 2 s, 25 frames per second      key frames from 1.980 s on
    ///   the same, frames 10 to 70 ms apart          key frames from 1.965 s on
    /// ```
    #[inline]
    pub(crate) fn key_frame(&self, age: TickSpan, spacing: Spacing) -> Decision {
        let slack = match self.slack {
            Slack::Fixed(slack) => slack,
            Slack::HalfFrame => (spacing.longest / 2).clamp(LEAST_SLACK, MOST_SLACK),
        };
        if age >= self.soft - slack {
            Decision::Switch(Cause::KeyFrame)
        } else {
            self.picture(age, spacing.to_next)
        }
    }

    /// Decides on a picture that is no key frame from the open segment's age and the time to the
    /// next picture.
    #[inline]
    pub fn picture(&self, age: TickSpan, to_next: TickSpan) -> Decision {
        if self.hard.is_some_and(|hard| age >= hard) {
            Decision::Switch(Cause::Forced)
        } else if self.target.is_some_and(|target| age + to_next > target) {
            Decision::Switch(Cause::TargetLimit)
        } else {
            Decision::Stay
        }
    }

    /// Decides on an audio frame of a stream without video, `to_next` before the next one.
    #[inline]
    pub fn audio(&self, age: TickSpan, to_next: TickSpan) -> Decision {
        if age >= self.soft {
            Decision::Switch(Cause::AudioOnly)
        } else if self.target.is_some_and(|target| age + to_next > target) {
            Decision::Switch(Cause::TargetLimit)
        } else {
            Decision::Stay
        }
    }

    /// Returns the greatest age at which such a frame [stays](Decision::Stay).
    pub(crate) fn audio_stays_until(&self, to_next: TickSpan) -> TickSpan {
        let last = self.soft - TickSpan::TICK;
        self.target.map_or(last, |target| last.min(target - to_next))
    }

    /// Decides on an audio frame of a stream whose video has fallen silent.
    pub fn audio_for_silent_video(&self, age: TickSpan, to_next: TickSpan) -> Decision {
        self.picture(age, to_next)
    }

    /// Returns whether a segment of this age has broken the declared target duration.
    #[inline]
    pub fn breaks_target(&self, age: TickSpan) -> bool {
        self.target.is_some_and(|target| age > target)
    }

    /// Returns an age up to which pictures that are no key frames surely [stay](Decision::Stay);
    /// `None` if they do for ever. The last picture is at `age`, and came `interval` after the
    /// one before it.
    pub(crate) fn pictures_stay_until(
        &self,
        age: TickSpan,
        interval: TickSpan,
    ) -> Option<TickSpan> {
        let before_forced = self.hard.map(|hard| hard - TickSpan::TICK);
        // The time to the next frame is taken to be the shorter of the last two intervals: at first
        // at most `interval`, later at most what has passed since the last picture.
        let within_target = self.target.map(|target| (target - interval).min((target + age) / 2));
        match (before_forced, within_target) {
            (Some(forced), Some(target)) => Some(forced.min(target)),
            (forced, target) => forced.or(target),
        }
    }

    /// Returns whether a key frame, or a picture at all, was waited for long enough: as long as a
    /// segment may go on without one. Never where the host has ruled the forced switch out.
    pub(crate) fn waits_no_longer_than(&self, waited: TickSpan) -> bool {
        self.hard.is_some_and(|hard| waited >= hard)
    }
}

/// Tag times are rounded to milliseconds.
const LEAST_SLACK: TickSpan = TickSpan::from_millis(1);

/// Half an interval at ten frames per second.
const MOST_SLACK: TickSpan = TickSpan::from_millis(50);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{FragDuration, Options, PlaylistVersion};
    use crate::time::Secs;

    /// Twenty-five pictures a second.
    const EVEN: Spacing =
        Spacing { to_next: TickSpan::from_millis(40), longest: TickSpan::from_millis(40) };

    fn rule(secs: u32, target_duration: TargetDuration) -> SwitchRule {
        let frag_duration = FragDuration::new(secs).unwrap();
        SwitchRule::new(
            &Config::new(Options { frag_duration, target_duration, ..Options::default() }).unwrap(),
        )
    }

    #[test]
    fn x3_a_key_frame_switches_from_half_a_frame_before_frag_duration_on() {
        let rule = rule(2, TargetDuration::HighWater);
        for (interval, first) in [
            (0, 1_999),
            (1, 1_999),
            (17, 1_992),
            (40, 1_980),
            (72, 1_964),
            (100, 1_950),
            (500, 1_950),
        ] {
            let spacing = Spacing { longest: TickSpan::from_millis(interval), ..EVEN };
            let at = |millis| rule.key_frame(TickSpan::from_millis(millis), spacing);
            assert_eq!(at(first - 1), Decision::Stay, "{interval}");
            for millis in [first, 2_000, 2_002] {
                assert_eq!(at(millis), Decision::Switch(Cause::KeyFrame), "{interval}, {millis}");
            }
        }
        let options = Options { slack: Slack::Fixed(TickSpan::ZERO), ..Options::default() };
        let rule = SwitchRule::new(&Config::new(options).unwrap());
        assert_eq!(rule.key_frame(TickSpan::from_millis(4_999), EVEN), Decision::Stay);
    }

    #[test]
    fn x5_the_forced_switch_has_no_slack_and_needs_no_key_frame() {
        let rule = rule(5, TargetDuration::HighWater);
        assert_eq!(rule.picture(TickSpan::from_millis(59_999), EVEN.to_next), Decision::Stay);
        let sixty = TickSpan::from_secs(60);
        assert_eq!(rule.picture(sixty, EVEN.to_next), Decision::Switch(Cause::Forced));
        assert_eq!(rule.key_frame(sixty, EVEN), Decision::Switch(Cause::KeyFrame));
    }

    #[test]
    fn x8_audio_alone_switches_at_frag_duration_without_slack() {
        let frame = TickSpan::new(2090);
        let rule = rule(5, TargetDuration::HighWater);
        let (young, old) = (TickSpan::from_millis(4999), TickSpan::from_secs(5));
        assert_eq!(rule.audio(young, frame), Decision::Stay);
        assert_eq!(rule.audio(old, frame), Decision::Switch(Cause::AudioOnly));
    }

    #[test]
    fn y_14_audio_alone_keeps_a_declared_target_too() {
        let frame = TickSpan::new(2090);
        let options = Options {
            target_duration: TargetDuration::Declared(Secs::new(5)),
            playlist_version: PlaylistVersion::V3,
            ..Options::default()
        };
        let rule = SwitchRule::new(&Config::new(options).unwrap());
        let last = TickSpan::from_secs(5) - frame;
        assert_eq!(rule.audio(last, frame), Decision::Stay);
        let limit = Decision::Switch(Cause::TargetLimit);
        assert_eq!(rule.audio(last + TickSpan::TICK, frame), limit);
    }

    #[test]
    fn the_greatest_age_at_which_an_audio_frame_stays_is_the_rules_own() {
        let frame = TickSpan::new(2090);
        for target in [
            TargetDuration::HighWater,
            TargetDuration::Declared(Secs::new(5)),
            TargetDuration::Declared(Secs::new(8)),
        ] {
            let rule = rule(5, target);
            let last = rule.audio_stays_until(frame);
            assert_eq!(rule.audio(last, frame), Decision::Stay, "{target:?}");
            assert_ne!(rule.audio(last + TickSpan::TICK, frame), Decision::Stay, "{target:?}");
        }
    }

    #[test]
    fn y_14_x1_a_declared_target_switches_at_the_last_frame_that_keeps_it() {
        let frame = TickSpan::from_millis(40);
        for (playlist_version, longest) in
            [(PlaylistVersion::V3, 8_000), (PlaylistVersion::V6, 8_499)]
        {
            let options = Options {
                target_duration: TargetDuration::Declared(Secs::new(8)),
                playlist_version,
                ..Options::default()
            };
            let rule = SwitchRule::new(&Config::new(options).unwrap());
            let longest = TickSpan::from_millis(longest);
            assert_eq!(rule.picture(longest - frame, frame), Decision::Stay);
            assert_eq!(
                rule.picture(longest - frame + TickSpan::TICK, frame),
                Decision::Switch(Cause::TargetLimit)
            );
            assert!(!rule.breaks_target(longest));
            assert!(rule.breaks_target(longest + TickSpan::TICK));
        }
    }

    /// The rule as the page of PutLiveChannel words it at 25 frames per second, with nothing worked
    /// out beforehand.
    fn naive(frag_duration: i64, age_millis: i64, key_frame: bool) -> Decision {
        let (age, wanted, limit) =
            (age_millis, frag_duration * 1000, (2 * frag_duration * 1000).max(60_000));
        match (key_frame, age) {
            (true, age) if age + 20 >= wanted => Decision::Switch(Cause::KeyFrame),
            (_, age) if age >= limit => Decision::Switch(Cause::Forced),
            _ => Decision::Stay,
        }
    }

    #[test]
    fn o_33_the_rule_agrees_with_its_wording_at_every_duration() {
        for secs in 1..=100 {
            let rule = rule(secs, TargetDuration::HighWater);
            for age in (0..201_000)
                .step_by(333)
                .chain(i64::from(secs) * 1000 - 22..i64::from(secs) * 1000 + 2)
            {
                for key_frame in [false, true] {
                    let got = match (key_frame, TickSpan::from_millis(age)) {
                        (true, age) => rule.key_frame(age, EVEN),
                        (false, age) => rule.picture(age, EVEN.to_next),
                    };
                    assert_eq!(
                        got,
                        naive(i64::from(secs), age, key_frame),
                        "{secs} s, {age} ms, {key_frame}"
                    );
                }
            }
        }
    }

    #[test]
    fn y_14_pictures_stay_until_a_declared_target_could_be_broken() {
        let rule = rule(5, TargetDuration::Declared(Secs::new(10)));
        let frame = TickSpan::from_millis(40);
        // The next picture may come as late as the last one is old.
        for (age, want) in [(2_001, 6_250), (9_001, 9_750), (10_439, 10_459), (10_459, 10_459)] {
            let stays = rule.pictures_stay_until(TickSpan::from_millis(age), frame);
            assert_eq!(stays, Some(TickSpan::from_millis(want)), "{age}");
        }
    }
}
