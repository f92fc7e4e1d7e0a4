//! PTS of audio: an exact sample clock, set anew only when it has drifted from the tags by more
//! than a band.
//!
//! Tag times of audio are rounded to a millisecond and jitter by more; samples do not. Frame n
//! after an anchor is at anchor + n · samples · 90 000 / rate, rounded once, so that no error adds
//! up.
//!
//! ```text
//!   AAC of 44.1 kHz, frames of 23.22 ms; the clock says the next begins at 1.000 s
//!     tag 0.985 s                    follows: 1.000 s, within two frames
//!     tag 0.700 s, tag before 0.980  follows: frames that come in bursts share a time
//!     tag 0.700 s, none near for 0.5 s   is believed, or the frame repaired: the clock ran ahead
//!     tag 1.050 s                    is believed, and the clock is set: 1.050 s, a notice
//!     tag 0.940 s, last at 0.977 s   repaired: a tick after the last frame, a notice
//! ```

use super::video_clock::Repair;
use crate::sample::AudioBatch;
use crate::time::{TickSpan, Ticks};

/// Derives the times of an audio track's frames.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AudioClock {
    /// Samples per second of the coded frames.
    rate: u32,
    /// What the next frame is placed by.
    anchor: Anchor,
    /// What `Anchor::Running::next` is short of the exact instant, in ticks / `rate`, and half a
    /// tick, so that it is rounded.
    short: u64,
    /// The last frames of a tag, as one.
    frame: Frame,
}

/// At which rate an audio clock runs while another format joins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClockRate {
    /// At that of the format that the segments so far carry: frames of that format may still wait.
    Carried,
    /// At that of the format that joins.
    Joining,
}

impl ClockRate {
    /// Returns that of the format that is carried, or that of the one that joins.
    pub(crate) const fn of_carried(is_carried: bool) -> Self {
        if is_carried { Self::Carried } else { Self::Joining }
    }
}

/// What the next frame is placed by.
#[derive(Clone, Copy, Debug)]
enum Anchor {
    /// Nothing: its tag is believed.
    None,
    /// The next frame does not follow the last one, but must come after it.
    After { last: Ticks },
    /// The next frame begins at `next` if it follows the last one.
    Running { last: Ticks, next: Ticks, run: Run },
}

/// How the last frames came to their times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Run {
    /// By the sample clock, which their tags agree with.
    Steady,
    /// By the sample clock, although their tags are earlier: the last one that agreed with it was
    /// at `since`.
    Ahead { since: Ticks },
    /// A frame was left out: the next one may be a frame later without being drift.
    Gap,
    /// They were moved to come after the ones before them.
    Repairing,
}

/// The duration of a frame: `ticks` and `rest` / rate.
#[derive(Clone, Copy, Debug)]
struct Frame {
    samples: u32,
    ticks: TickSpan,
    rest: u64,
}

/// The time of one frame, and what was done to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AudioTime {
    pub(crate) pts: Ticks,
    /// Duration of the frame, rounded down.
    pub(crate) duration: TickSpan,
    pub(crate) origin: Origin,
}

/// How a frame came to its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// It begins where the frame before it ends.
    Follows,
    /// There was no frame before it that it could follow: its tag is believed.
    Tag,
    /// The clock was set to the tag's time, so far from where it stood.
    Reanchored(TickSpan),
    /// PTS was moved to come after the one before it.
    Repaired(Repair),
}

impl AudioTime {
    /// Returns whether the frame does not follow the one before it without a gap or an overlap.
    #[inline]
    pub(crate) fn is_detached(&self) -> bool {
        self.origin != Origin::Follows
    }

    /// Returns when one of `count` frames begins, equally long, that were placed as one.
    pub(super) fn begin_of(&self, nth: u32, count: u32) -> Ticks {
        self.pts + self.duration * i64::from(nth) / i64::from(count.max(1))
    }
}

impl AudioClock {
    /// `rate` is in samples per second; 0 is taken as 1.
    pub(crate) const fn new(rate: u32) -> Self {
        Self {
            rate: if rate == 0 { 1 } else { rate },
            anchor: Anchor::None,
            short: 0,
            frame: Frame { samples: 0, ticks: TickSpan::ZERO, rest: 0 },
        }
    }

    /// Runs at another rate from the next frame on, which will not come before the last one.
    pub(crate) const fn set_rate(&mut self, rate: u32) {
        let anchor = match self.anchor {
            Anchor::Running { last, .. } => Anchor::After { last },
            other => other,
        };
        *self = Self::new(rate);
        self.anchor = anchor;
    }

    /// Notes that the last frame is not written: the next one does not follow it.
    pub(crate) const fn detach(&mut self) {
        self.set_rate(self.rate);
    }

    /// Forgets the frames before: a new timeline begins.
    pub(crate) const fn restart(&mut self) {
        *self = Self::new(self.rate);
    }

    /// Notes that a frame was announced and had nothing in it. Whether its time passes is the next
    /// tag's to say.
    pub(crate) const fn skip(&mut self) {
        if let Anchor::Running { run, .. } = &mut self.anchor
            && matches!(run, Run::Steady)
        {
            *run = Run::Gap;
        }
    }

    /// Returns the time of the end of the last frame.
    pub(crate) const fn end(&self) -> Option<Ticks> {
        match self.anchor {
            Anchor::Running { next, .. } => Some(next),
            Anchor::None | Anchor::After { .. } => None,
        }
    }

    /// Returns the time of the last frame whose tag agreed with the clock, if tags are earlier now.
    pub(crate) const fn ahead_since(&self) -> Option<Ticks> {
        match self.anchor {
            Anchor::Running { run: Run::Ahead { since }, .. } => Some(since),
            _ => None,
        }
    }

    /// Returns the duration of the last frame, rounded up.
    pub(crate) fn frame(&self) -> TickSpan {
        self.frame.ticks + TickSpan::TICK
    }

    /// Returns whether a frame of `samples` samples with such a tag begins where the last one ends.
    #[inline(always)]
    pub(crate) fn keeps_time(&self, tag: Ticks, samples: u32) -> bool {
        match self.anchor {
            Anchor::Running { next, run, .. } => {
                let band = self.frame.ticks + self.frame.ticks;
                matches!(run, Run::Steady)
                    && samples == self.frame.samples
                    && (tag - next).is_within(band)
            }
            Anchor::None | Anchor::After { .. } => false,
        }
    }

    /// Derives the time of the frames of a tag, which are placed as one, and moves on to their end.
    #[inline(always)]
    pub(crate) fn place(&mut self, batch: &AudioBatch<'_>) -> AudioTime {
        if batch.count == 1 && self.keeps_time(batch.time, batch.samples) {
            let pts = self.end().unwrap_or(batch.time);
            self.advance(pts);
            return AudioTime { pts, duration: self.frame.ticks, origin: Origin::Follows };
        }
        self.place_apart(batch.time, batch.samples, batch.count)
    }

    /// Places frames that are not known to follow the one before them.
    #[inline(never)]
    fn place_apart(&mut self, tag: Ticks, samples: u32, count: u32) -> AudioTime {
        if samples != self.frame.samples {
            self.frame = self.frame_of(samples);
        }
        let duration = self.frame.ticks;
        let (origin, run_now) = self.origin(tag, count);
        let mut time = AudioTime { pts: tag, duration, origin };
        match time.origin {
            Origin::Follows => time.pts = self.end().unwrap_or(tag),
            Origin::Repaired(Repair::First(by) | Repair::Further(by)) => time.pts = tag + by,
            _ => {}
        }
        if time.is_detached() {
            self.short = u64::from(self.rate) / 2;
        }
        self.advance(time.pts);
        if let Anchor::Running { last, run, .. } = &mut self.anchor {
            // Of several frames the last one is what the next tag must come after.
            *last = time.begin_of(count.saturating_sub(1), count);
            *run = run_now;
        }
        time
    }

    /// Judges a tag of `count` frames against the clock; says how that leaves the clock.
    ///
    /// The band is wide, two frames, because tags jitter by a frame where encoder and muxer run in
    /// threads of their own; a drift that is real soon exceeds it. Tags before the band may be a
    /// burst, and move the clock back only once none has agreed with it for half a second. Behind a
    /// gap the band is half a frame, because a frame more or less is what the gap is about.
    fn origin(&self, tag: Ticks, count: u32) -> (Origin, Run) {
        let (last, running) = match self.anchor {
            Anchor::None => return (Origin::Tag, Run::Steady),
            Anchor::After { last } => (last, None),
            Anchor::Running { last, next, run } => (last, Some((tag - next, next, run))),
        };
        let earliest = last + TickSpan::TICK;
        let duration = self.frame.ticks;
        let frame = duration / i64::from(count.max(1));
        if let Some((drift, next, run)) = running {
            let is_late = drift > frame + frame;
            let is_early = drift < -(duration + duration);
            let since = if let Run::Ahead { since } = run { since } else { last };
            match run {
                // After a gap half a frame decides whether the silence had its place in time.
                Run::Gap
                    if drift.abs() <= frame / 2 || drift < TickSpan::ZERO && tag >= earliest =>
                {
                    return (Origin::Follows, Run::Steady);
                }
                Run::Gap | Run::Repairing => {}
                _ if is_late => {}
                _ if !is_early => return (Origin::Follows, Run::Steady),
                _ if next - since <= BURST => return (Origin::Follows, Run::Ahead { since }),
                _ => {}
            }
        }
        if tag < earliest {
            let by = earliest - tag;
            let repair = match running {
                Some((_, _, Run::Repairing)) => Repair::Further(by),
                _ => Repair::First(by),
            };
            return (Origin::Repaired(repair), Run::Repairing);
        }
        let origin = running.map_or(Origin::Tag, |(drift, ..)| Origin::Reanchored(drift));
        (origin, Run::Steady)
    }

    /// Moves on by the frames at `pts`: whole ticks, and one more whenever the rests of so many
    /// frames make one.
    #[inline]
    fn advance(&mut self, pts: Ticks) {
        let (short, rate) = (self.short + self.frame.rest, u64::from(self.rate));
        let carry = short >= rate;
        self.short = if carry { short - rate } else { short };
        self.anchor = Anchor::Running {
            last: pts,
            next: pts + self.frame.ticks + TickSpan::new(i64::from(carry)),
            run: Run::Steady,
        };
    }

    /// Returns the duration of `samples` at the clock's rate.
    fn frame_of(&self, samples: u32) -> Frame {
        let (rate, scaled) = (u64::from(self.rate), u64::from(samples) * 90_000);
        Frame { samples, ticks: TickSpan::new((scaled / rate).cast_signed()), rest: scaled % rate }
    }
}

/// How long frames may come in bursts: tags before the band are no drift as long as one has agreed
/// with the clock within this time.
const BURST: TickSpan = TickSpan::from_millis(500);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::mpeg_audio::PaddedFrames;
    use crate::sample::CodedAudio;
    use std::vec::Vec;

    fn at(millis: i64) -> Ticks {
        Ticks::new(0) + TickSpan::from_millis(millis)
    }

    /// Places one frame.
    fn place(clock: &mut AudioClock, tag: Ticks, samples: u32) -> AudioTime {
        clock.place(&AudioBatch {
            time: tag,
            coded: CodedAudio::Mpeg(PaddedFrames::new(&[], 0)),
            count: 1,
            len: 0,
            samples,
        })
    }

    fn is_reanchored(time: &AudioTime) -> bool {
        matches!(time.origin, Origin::Reanchored(_))
    }

    #[test]
    fn r_02_no_frame_of_a_day_is_more_than_a_tick_off() {
        let mut clock = AudioClock::new(44_100);
        for n in 0..24 * 3600 * 44_100 / 1024_i64 {
            let exact = (n * 1024 * 90_000 * 2 + 44_100) / (2 * 44_100);
            let tag = at((n * 1024 * 1000 + 22_050) / 44_100);
            let time = place(&mut clock, tag, 1024);
            assert!((time.pts.get() - exact).abs() <= 1, "frame {n}");
            assert!(!is_reanchored(&time), "frame {n}");
        }
    }

    #[test]
    fn r_03_jitter_within_two_frames_leaves_the_clock_alone_and_more_sets_it_anew_once() {
        let mut clock = AudioClock::new(48_000);
        let tags = [0, 41, 23, 84, 85, 107, 128 + 60, 149 + 60];
        let times = tags.map(|millis| place(&mut clock, at(millis), 1024));
        assert!(times[..6].iter().all(|time| !is_reanchored(time)));
        assert!(times[1..6].iter().all(|time| !time.is_detached()));
        assert_eq!(times[6].pts, at(188));
        assert!(times[6].origin == Origin::Reanchored(at(188) - Ticks::new(6 * 1920)));
        assert_eq!(times[7].pts, at(188) + TickSpan::new(1920));
    }

    #[test]
    fn r_62_a_tag_just_after_a_repaired_frame_is_believed() {
        let mut clock = AudioClock::new(48_000);
        place(&mut clock, at(1_000), 1024);
        clock.detach();
        assert!(matches!(place(&mut clock, at(900), 1024).origin, Origin::Repaired(_)));
        let last = at(1_000) + TickSpan::TICK;
        let next = place(&mut clock, last + TickSpan::TICK, 1024);
        assert!(is_reanchored(&next), "{next:?}");
        assert_eq!(next.pts, last + TickSpan::TICK);
    }

    #[test]
    fn r_62_a_step_back_is_repaired_by_ticks_and_ends_in_one_reanchor() {
        let mut clock = AudioClock::new(48_000);
        let mut millis = 0;
        let (mut runs, mut reanchors, mut last) = (0, 0, -1);
        for n in 0..100 {
            if n == 50 {
                millis -= 500;
            }
            let time = place(&mut clock, at(millis), 1024);
            runs += i32::from(matches!(time.origin, Origin::Repaired(Repair::First(_))));
            reanchors += i32::from(is_reanchored(&time));
            assert!(time.pts.get() > last, "frame {n}");
            last = time.pts.get();
            millis += 21;
        }
        assert_eq!((runs, reanchors), (1, 1));
    }

    #[test]
    fn y_07_frames_that_share_a_time_are_a_burst_and_no_drift() {
        for burst in [4, 6, 10] {
            let mut clock = AudioClock::new(44_100);
            for n in 0..300_i64 {
                let tag = at(n / burst * burst * 1024 * 1000 / 44_100);
                let time = place(&mut clock, tag, 1024);
                assert_eq!(time.is_detached(), n == 0, "{burst}: frame {n}");
            }
        }
    }

    #[test]
    fn y_07_the_clock_is_moved_back_once_no_tag_has_agreed_with_it_for_half_a_second() {
        let mut clock = AudioClock::new(48_000);
        let mut moved = Vec::new();
        for n in 0..60_i64 {
            // From frame 10 on every tag is 60 ms early; frames of 1920 ticks.
            let early = if n < 10 { 0 } else { 60 };
            let time = place(&mut clock, Ticks::new(n * 1920) - TickSpan::from_millis(early), 1024);
            if n > 0 && time.is_detached() {
                moved.push(n);
            }
        }
        // The last tag that agreed is that of frame 9, and 500 ms are 23.4 frames.
        assert_eq!(moved.first(), Some(&33));
        assert!(moved.len() < 6, "{moved:?}");
    }

    #[test]
    fn f_11_an_empty_frame_keeps_its_place_in_time() {
        let mut clock = AudioClock::new(48_000);
        place(&mut clock, at(0), 1024);
        clock.skip();
        let time = place(&mut clock, at(43), 1024);
        assert_eq!((time.pts, time.is_detached()), (at(43), true));
        clock.skip();
        let time = place(&mut clock, at(64), 1024);
        assert_eq!(
            (time.pts, time.is_detached()),
            (at(43) + TickSpan::new(1920), false),
            "silence that took no time"
        );
    }

    #[test]
    fn a_frame_lasts_no_longer_than_the_clock_says() {
        let mut clock = AudioClock::new(44_100);
        place(&mut clock, at(0), 1024);
        // 1024 · 90 000 / 44 100 = 2089.8
        assert_eq!(clock.frame(), TickSpan::new(2090));
    }

    #[test]
    fn y_07_behind_a_frame_that_is_not_written_the_next_one_is_detached_at_its_own_time() {
        for detached in [false, true] {
            let mut clock = AudioClock::new(48_000);
            place(&mut clock, at(0), 1024);
            if detached {
                clock.detach();
            }
            let time = place(&mut clock, at(22), 1024);
            assert_eq!(time.is_detached(), detached);
            let (tag, clock) = (at(22), Ticks::new(1920));
            assert_eq!(time.pts, if detached { tag } else { clock });
        }
    }

    #[test]
    fn r_12_at_another_rate_no_frame_comes_before_the_last_one() {
        let mut clock = AudioClock::new(48_000);
        place(&mut clock, at(100), 1024);
        clock.set_rate(44_100);
        let time = place(&mut clock, at(90), 1024);
        assert_eq!(time.pts, at(100) + TickSpan::TICK);
        let by = at(100) + TickSpan::TICK - at(90);
        assert_eq!(time.origin, Origin::Repaired(Repair::First(by)));
    }

    #[test]
    fn f_11_behind_a_gap_a_tag_later_by_half_a_frame_or_more_is_believed_and_an_earlier_one_is_not()
    {
        // A frame lasts 1920 ticks.
        for (tag, want) in
            [(2881, 2881), (2880, 1920), (1920, 1920), (960, 1920), (959, 1920), (1, 1920), (0, 1)]
        {
            let mut clock = AudioClock::new(48_000);
            place(&mut clock, Ticks::new(0), 1024);
            clock.skip();
            let time = place(&mut clock, Ticks::new(tag), 1024);
            assert_eq!(time.pts, Ticks::new(want), "{tag}");
            assert_eq!(time.is_detached(), want != 1920, "{tag}");
        }
    }
}
