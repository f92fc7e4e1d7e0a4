//! Times as the tracks count them: ticks for video, samples for audio, and never below 0.

use crate::time::{TickSpan, Ticks};

/// Turns times of the engine into those of the tracks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    lead: TickSpan,
    /// What is added to a time, so that it is written as a number that is not negative.
    origin: TickSpan,
    timeline: Timeline,
    /// Samples per second.
    pub(super) audio_rate: u32,
}

/// How the times to come lie to those that were written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Timeline {
    Begins,
    GoesOn,
}

impl Clock {
    /// Times are `lead` later than those of the engine, as in a transport stream.
    pub(super) const fn new(lead: TickSpan) -> Self {
        Self { lead, origin: TickSpan::ZERO, timeline: Timeline::Begins, audio_rate: 1 }
    }

    /// Begins a new timeline with the next segment.
    pub(super) const fn break_off(&mut self) {
        self.timeline = Timeline::Begins;
    }

    /// Begins a segment at `start`.
    pub(super) fn begin(&mut self, start: Ticks) {
        if self.timeline == Timeline::Begins {
            self.timeline = Timeline::GoesOn;
            self.origin = origin(start, self.lead);
        }
    }

    /// Returns a time as the video track counts.
    #[inline]
    pub(super) fn in_ticks(&self, time: Ticks) -> u64 {
        let ticks = (time + self.lead + self.origin).get();
        u64::try_from(ticks).unwrap_or(0)
    }

    /// Returns a time as the audio track counts, rounded.
    pub(super) fn in_samples(&self, time: Ticks) -> u64 {
        let (ticks, rate) = (self.in_ticks(time), u64::from(self.audio_rate));
        let (secs, rest) = (ticks / TICKS_PER_SEC, ticks % TICKS_PER_SEC);
        secs * rate + (rest * rate + TICKS_PER_SEC / 2) / TICKS_PER_SEC
    }
}

/// Returns what makes the times of a timeline that begins at `start` numbers that are not negative:
/// nothing, for nearly every stream. Audio may begin a little before it.
fn origin(start: Ticks, lead: TickSpan) -> TickSpan {
    let earliest = start + lead - EARLY_AUDIO;
    let missing = (Ticks::default() - earliest).max(TickSpan::ZERO).get();
    let rounds = missing.unsigned_abs().div_ceil(ROUND.unsigned_abs());
    TickSpan::new((rounds as i64).saturating_mul(ROUND))
}

/// How much earlier than its first picture a timeline's audio may be.
const EARLY_AUDIO: TickSpan = TickSpan::from_millis(400);
const TICKS_PER_SEC: u64 = 90_000;
/// What times are moved by: as far as a transport stream's come round.
const ROUND: i64 = 1 << 33;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mp4_5_times_are_exact_in_ticks_and_nearest_in_samples() {
        let mut clock = Clock::new(TickSpan::from_millis(700));
        clock.audio_rate = 44_100;
        clock.begin(Ticks::new(0));
        assert_eq!(clock.in_ticks(Ticks::new(3003)), 66_003);
        assert_eq!(clock.in_samples(Ticks::new(0)), 30_870);
        // 1024 samples are 2089.8 ticks.
        assert_eq!(clock.in_samples(Ticks::new(2090)), 30_870 + 1024);
    }

    #[test]
    fn mp4_5_a_timeline_that_begins_before_0_is_moved_as_one() {
        for start in [-1, -90_000, -(1 << 33), 1 - (1 << 40)] {
            let mut clock = Clock::new(TickSpan::from_millis(500));
            clock.begin(Ticks::new(start));
            let [first, later] = [0, 3003].map(|by| clock.in_ticks(Ticks::new(start + by)));
            assert!(first >= 36_000 || start == -1, "{start}");
            assert_eq!(later - first, 3003, "{start}");
        }
    }
}
