//! PTS of audio: an exact sample clock, set anew only when it has drifted from the tags by more than a band.
//!
//! Tag times of audio are rounded to a millisecond and jitter by more; samples do not. Frame n behind an anchor is at
//! anchor + n · samples · 90 000 / rate, rounded once, so that no error adds up.

use crate::time::{TickSpan, Ticks};

/// Derives the times of an audio track's frames.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AudioClock {
    /// Samples per second of the coded frames.
    rate: u32,
    /// Where the next frame begins if it follows the last one.
    next: Option<Ticks>,
    /// What `next` is short of the exact instant, in ticks / `rate`, and half a tick, so that it is rounded.
    short: u64,
    frame: Frame,
    last: Option<Ticks>,
    repairing: bool,
    /// A frame was left out: the next one may be a frame later without being drift.
    gap: bool,
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
    /// The frame does not follow the one before it without a gap or an overlap: it begins a PES packet.
    pub(crate) detached: bool,
    /// The clock was set to the tag's time, so far from where it stood.
    pub(crate) reanchored: Option<TickSpan>,
    /// PTS was moved by so much to come after the one before it.
    pub(crate) repaired: Option<TickSpan>,
    /// The repair is the first of its run.
    pub(crate) run_begins: bool,
}

impl AudioTime {
    /// Returns the time of one of `count` frames, equally long, that were placed as one.
    pub(crate) fn part(&self, nth: u32, count: u32) -> Self {
        let until = |nth: u32| {
            let all = self.duration.get().saturating_mul(nth.into());
            self.pts + TickSpan::new(all / i64::from(count.max(1)))
        };
        let (pts, end) = (until(nth), until(nth + 1));
        Self {
            pts,
            duration: end - pts,
            detached: self.detached && nth == 0,
            ..*self
        }
    }
}

impl AudioClock {
    /// `rate` is in samples per second; 0 is taken as 1.
    pub(crate) fn new(rate: u32) -> Self {
        Self {
            rate: rate.max(1),
            next: None,
            short: 0,
            frame: Frame {
                samples: 0,
                ticks: TickSpan::ZERO,
                rest: 0,
            },
            last: None,
            repairing: false,
            gap: false,
        }
    }

    /// Runs at another rate from the next frame on, which will not come before the last one.
    pub(crate) fn set_rate(&mut self, rate: u32) {
        *self = Self {
            last: self.last,
            ..Self::new(rate)
        };
    }

    /// Notes that the last frame is not written: the next one does not follow it.
    pub(crate) fn detach(&mut self) {
        self.set_rate(self.rate);
    }

    /// Forgets the frames before: a new timeline begins.
    pub(crate) fn restart(&mut self) {
        *self = Self::new(self.rate);
    }

    /// Notes that a frame was announced and had nothing in it.
    pub(crate) const fn skip(&mut self) {
        self.gap = true;
    }

    /// Returns the time of the end of the last frame.
    pub(crate) const fn end(&self) -> Option<Ticks> {
        self.next
    }

    /// Returns the duration of the last frame, rounded up.
    pub(crate) fn frame(&self) -> TickSpan {
        self.frame.ticks + TickSpan::TICK
    }

    /// Derives the time of `count` frames, of `samples` samples in all, whose tag says `tag`.
    pub(crate) fn place(&mut self, tag: Ticks, samples: u32, count: u32) -> AudioTime {
        if samples != self.frame.samples {
            self.frame = self.frame_of(samples);
        }
        let duration = self.frame.ticks;
        let mut time = AudioTime {
            pts: tag,
            duration,
            detached: true,
            reanchored: None,
            repaired: None,
            run_begins: false,
        };
        let gap = core::mem::take(&mut self.gap);
        let earliest = self.last.map_or(tag, |last| last + TickSpan::TICK);
        let drift = self.next.map(|predicted| tag - predicted);
        // After a gap half a frame tells whether the silence had its place in time.
        let frame = TickSpan::new(duration.get() / i64::from(count.max(1)));
        let late = if gap {
            TickSpan::new(frame.get() / 2)
        } else {
            frame + frame
        };
        // Tags of several frames may come in bursts, at the time of the first of them.
        let early = if gap { late } else { duration + duration };
        match drift {
            Some(drift)
                if !self.repairing
                    && drift <= late
                    && (drift.abs() <= early || gap && tag >= earliest) =>
            {
                time.pts = tag - drift;
                time.detached = false;
            }
            _ if tag < earliest => {
                time.pts = earliest;
                time.repaired = Some(earliest - tag);
                time.run_begins = !self.repairing;
            }
            drift => time.reanchored = drift,
        }
        self.repairing = time.repaired.is_some();
        if time.detached {
            self.short = u64::from(self.rate) / 2;
        }
        self.advance(time.pts);
        time
    }

    /// Notes PTS of the last one of frames that were placed as one: what comes next will be behind it.
    pub(crate) const fn reach(&mut self, pts: Ticks) {
        self.last = Some(pts);
    }

    /// Returns the duration of the last frame, rounded down, if the next one of that size begins where it ends.
    pub(crate) fn pace(&self, samples: u32) -> Option<TickSpan> {
        let usual = samples == self.frame.samples && !self.gap && !self.repairing;
        (usual && self.next.is_some()).then_some(self.frame.ticks)
    }

    /// Returns time and duration of a frame at this [pace](Self::pace) that comes where the clock has it:
    /// [`place`](Self::place) says the same, and then [advances](Self::advance).
    #[inline]
    pub(crate) fn in_step(&self, tag: Ticks) -> Option<(Ticks, TickSpan)> {
        let (next, duration) = (self.next?, self.frame.ticks);
        let near = (tag - next).is_within(duration + duration);
        near.then_some((next, duration))
    }

    /// Moves on by the frame at `pts`.
    #[inline]
    pub(crate) fn advance(&mut self, pts: Ticks) {
        let (short, rate) = (self.short + self.frame.rest, u64::from(self.rate));
        let carry = short >= rate;
        self.short = if carry { short - rate } else { short };
        self.next = Some(pts + self.frame.ticks + TickSpan::new(i64::from(carry)));
        self.last = Some(pts);
    }

    fn frame_of(&self, samples: u32) -> Frame {
        let (rate, scaled) = (u64::from(self.rate), u64::from(samples) * 90_000);
        Frame {
            samples,
            ticks: TickSpan::new((scaled / rate).cast_signed()),
            rest: scaled % rate,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Ticks {
        Ticks::new(0) + TickSpan::from_millis(millis)
    }

    #[test]
    fn r_02_no_frame_of_a_day_is_more_than_a_tick_off() {
        let mut clock = AudioClock::new(44_100);
        for n in 0..24 * 3600 * 44_100 / 1024_i64 {
            let exact = (n * 1024 * 90_000 * 2 + 44_100) / (2 * 44_100);
            let tag = at((n * 1024 * 1000 + 22_050) / 44_100);
            let time = clock.place(tag, 1024, 1);
            assert!((time.pts.get() - exact).abs() <= 1, "frame {n}");
            assert_eq!(time.reanchored, None, "frame {n}");
        }
    }

    #[test]
    fn r_03_jitter_within_two_frames_leaves_the_clock_alone_and_more_sets_it_anew_once() {
        let mut clock = AudioClock::new(48_000);
        let tags = [0, 41, 23, 84, 85, 107, 128 + 60, 149 + 60];
        let times = tags.map(|millis| clock.place(at(millis), 1024, 1));
        assert!(times[..6].iter().all(|time| time.reanchored.is_none()));
        assert!(times[1..6].iter().all(|time| !time.detached));
        assert_eq!(times[6].pts, at(188));
        assert!(times[6].detached && times[6].reanchored == Some(at(188) - Ticks::new(6 * 1920)));
        assert_eq!(times[7].pts, at(188) + TickSpan::new(1920));
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
            let time = clock.place(at(millis), 1024, 1);
            runs += i32::from(time.run_begins);
            reanchors += i32::from(time.reanchored.is_some());
            assert!(time.pts.get() > last, "frame {n}");
            last = time.pts.get();
            millis += 21;
        }
        assert_eq!((runs, reanchors), (1, 1));
    }

    #[test]
    fn f_11_an_empty_frame_keeps_its_place_in_time() {
        let mut clock = AudioClock::new(48_000);
        clock.place(at(0), 1024, 1);
        clock.skip();
        let time = clock.place(at(43), 1024, 1);
        assert_eq!((time.pts, time.detached), (at(43), true));
        clock.skip();
        let time = clock.place(at(64), 1024, 1);
        assert_eq!(
            (time.pts, time.detached),
            (at(43) + TickSpan::new(1920), false),
            "silence that took no time"
        );
    }

    #[test]
    fn a_frame_lasts_no_longer_than_the_clock_says() {
        let mut clock = AudioClock::new(44_100);
        clock.place(at(0), 1024, 1);
        // 1024 · 90 000 / 44 100 = 2089.8
        assert_eq!(clock.frame(), TickSpan::new(2090));
    }

    #[test]
    fn y_07_behind_a_frame_that_is_not_written_the_next_one_is_detached_at_its_own_time() {
        for detached in [false, true] {
            let mut clock = AudioClock::new(48_000);
            clock.place(at(0), 1024, 1);
            if detached {
                clock.detach();
            }
            let time = clock.place(at(22), 1024, 1);
            assert_eq!(time.detached, detached);
            let (tag, clock) = (at(22), Ticks::new(1920));
            assert_eq!(time.pts, if detached { tag } else { clock });
        }
    }

    #[test]
    fn r_12_at_another_rate_no_frame_comes_before_the_last_one() {
        let mut clock = AudioClock::new(48_000);
        clock.place(at(100), 1024, 1);
        clock.set_rate(44_100);
        let time = clock.place(at(90), 1024, 1);
        assert_eq!(time.pts, at(100) + TickSpan::TICK);
        assert_eq!(time.repaired, Some(at(100) + TickSpan::TICK - at(90)));
    }

    #[test]
    fn f_11_behind_a_gap_a_tag_later_by_half_a_frame_or_more_is_believed_and_an_earlier_one_is_not()
    {
        // A frame lasts 1920 ticks.
        for (tag, want) in [
            (2881, 2881),
            (2880, 1920),
            (1920, 1920),
            (960, 1920),
            (959, 1920),
            (1, 1920),
            (0, 1),
        ] {
            let mut clock = AudioClock::new(48_000);
            clock.place(Ticks::new(0), 1024, 1);
            clock.skip();
            let time = clock.place(Ticks::new(tag), 1024, 1);
            assert_eq!(time.pts, Ticks::new(want), "{tag}");
            assert_eq!(time.detached, want != 1920, "{tag}");
        }
    }
}
