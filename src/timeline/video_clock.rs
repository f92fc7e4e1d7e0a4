//! DTS and PTS of video: strictly increasing, PTS never before DTS, repaired by as little as
//! possible.
//!
//! DTS is the tag's time and PTS that plus the composition offset. Where an encoder writes negative
//! offsets, no DTS can be both the tag's time and at most PTS; the whole track's DTS then runs
//! early by the greatest such offset, so that PTS stays exact. How early is known at the second
//! frame where the sequence parameter set tells how many frames are reordered and the first key
//! frame was not delayed by as many; else it is learned as offsets come.
//!
//! ```text
//!   tag 1.00 s, offset 0.08 s                     DTS 1.00 s, PTS 1.08 s
//!   tag 1.00 s, offset -0.08 s                    DTS 0.92 s, PTS 0.92 s; DTS is 0.08 s early from here on
//!   tag 1.00 s, then tag 0.99 s                   DTS of the second: a tick after the first, a notice
//!   tag 1.00 s, offset -2.00 s                    garbage: taken as 0, a notice
//! ```

use crate::sample::PictureTiming;
use crate::time::{TickSpan, Ticks};

/// Derives the times of a video track's frames.
#[derive(Clone, Copy, Debug)]
pub(crate) struct VideoClock {
    /// The frame before, and whether it had to be moved.
    last: LastFrame,
    /// The distance from the last frame but one to the last, and the one before that.
    newer_interval: TickSpan,
    older_interval: TickSpan,
    /// How far DTS runs before the tag's time.
    early: TickSpan,
    /// How far reordering is known.
    lesson: Lesson,
}

/// The frame before.
#[derive(Clone, Copy, Debug)]
enum LastFrame {
    /// There is none on this timeline.
    None,
    /// It stands where its tag says.
    InStep { dts: Ticks },
    /// It was moved.
    Repaired { dts: Ticks },
}

/// How far the clock has come in learning whether key frames are delayed for reordering.
#[derive(Clone, Copy, Debug)]
enum Lesson {
    FirstFrame,
    SecondFrame { first: Ticks, delay: TickSpan },
    Learned,
}

/// The times of one frame, and what was done to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct VideoTimes {
    pub(crate) dts: Ticks,
    pub(crate) pts: Ticks,
    /// DTS was moved to come after the one before it.
    pub(crate) repair: Repair,
    /// The composition offset was garbage and taken as 0.
    pub(crate) wild: bool,
}

/// What was done to a time so that it comes after the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repair {
    /// Nothing.
    None,
    /// It was moved by so much; the one before it was not moved.
    First(TickSpan),
    /// It was moved by so much, as the one before it was.
    Further(TickSpan),
}

impl VideoClock {
    pub(crate) const fn new() -> Self {
        Self {
            last: LastFrame::None,
            newer_interval: USUAL_INTERVAL,
            older_interval: USUAL_INTERVAL,
            early: TickSpan::ZERO,
            lesson: Lesson::FirstFrame,
        }
    }

    /// Forgets the frames before: a new timeline begins.
    pub(crate) const fn restart(&mut self) {
        self.last = LastFrame::None;
    }

    /// Returns the distance to the next frame as far as the last two tell: the shorter of them, so
    /// that a hole is not taken for a frame's duration.
    #[inline]
    pub(crate) fn interval(&self) -> TickSpan {
        self.older_interval.min(self.newer_interval)
    }

    /// Returns the distance between the last two frames.
    pub(crate) const fn last_interval(&self) -> TickSpan {
        self.newer_interval
    }

    /// Returns how far DTS runs before the tag's time.
    pub(crate) const fn early(&self) -> TickSpan {
        self.early
    }

    /// Takes the frame rate's word for the interval as long as no frame of this timeline has come.
    pub(crate) const fn expect_interval(&mut self, interval: TickSpan) {
        if let LastFrame::None = self.last {
            self.newer_interval = interval;
            self.older_interval = interval;
        }
    }

    /// Derives the times of a frame, and moves on to it.
    #[inline]
    pub(crate) fn place(&mut self, timing: &PictureTiming) -> VideoTimes {
        if let Some(interval) = timing.stated_interval {
            self.expect_interval(interval);
        }
        let wild = timing.composition < WILD;
        let composition = if wild { TickSpan::ZERO } else { timing.composition };
        self.learn(timing, composition);
        let pts = timing.tag + composition;
        let wanted = (timing.tag - self.early).min(pts);
        let dts = match self.last {
            LastFrame::InStep { dts } | LastFrame::Repaired { dts } => {
                wanted.max(dts + TickSpan::TICK)
            }
            LastFrame::None => wanted,
        };
        let repair = match self.last {
            _ if dts == wanted => Repair::None,
            LastFrame::Repaired { .. } => Repair::Further(dts - wanted),
            _ => Repair::First(dts - wanted),
        };
        if let LastFrame::InStep { dts: last } | LastFrame::Repaired { dts: last } = self.last {
            self.older_interval = self.newer_interval;
            self.newer_interval = dts - last;
        }
        self.last = if repair == Repair::None {
            LastFrame::InStep { dts }
        } else {
            LastFrame::Repaired { dts }
        };
        VideoTimes { dts, pts: pts.max(dts), repair, wild }
    }

    /// Returns whether nothing is left to learn and nothing is being repaired: DTS of a frame whose
    /// tag is later than the last one, and whose composition offset is not negative, is then
    /// [`early`](Self::early) before its tag.
    pub(crate) const fn is_settled(&self) -> bool {
        matches!((self.last, self.lesson), (LastFrame::InStep { .. }, Lesson::Learned))
    }

    /// Learns how early DTS must run.
    ///
    /// An encoder that reorders two frames of 40 ms delays the first key frame by 80 ms, or writes
    /// tags that are 80 ms late and negative offsets later. The second frame tells which: it shows
    /// the interval, and so how much delay there should have been.
    #[inline]
    fn learn(&mut self, timing: &PictureTiming, composition: TickSpan) {
        self.early = self.early.max(-composition);
        self.lesson = match self.lesson {
            Lesson::Learned => return,
            Lesson::FirstFrame => Lesson::SecondFrame { first: timing.tag, delay: composition },
            Lesson::SecondFrame { first, delay } => {
                if composition > TickSpan::ZERO {
                    let interval = timing.tag - first;
                    let needed = interval * i64::from(timing.reorder_frames);
                    let missing = needed - delay;
                    if missing + missing > interval && missing <= -WILD {
                        self.early = self.early.max(missing);
                    }
                }
                Lesson::Learned
            }
        };
    }
}

/// A composition offset below this is garbage: 16 reordered frames at 60 fps need no more than
/// -267 ms.
const WILD: TickSpan = TickSpan::from_millis(-500);
/// Duration of a frame as long as nothing states another: 25 frames per second.
const USUAL_INTERVAL: TickSpan = TickSpan::from_millis(40);

#[cfg(test)]
mod tests {
    use super::*;

    fn timing(tag: i64, composition: i64, reorder_frames: u32) -> PictureTiming {
        PictureTiming {
            tag: at(tag),
            composition: TickSpan::from_millis(composition),
            reorder_frames,
            stated_interval: None,
        }
    }

    fn at(millis: i64) -> Ticks {
        Ticks::new(0) + TickSpan::from_millis(millis)
    }

    /// Places frames of `(tag ms, composition ms)` and returns `(dts, pts)` in ticks.
    fn place(
        clock: &mut VideoClock,
        frames: &[(i64, i64)],
        reorder_frames: u32,
    ) -> std::vec::Vec<(i64, i64)> {
        let place = |&(tag, composition): &(i64, i64)| {
            let times = clock.place(&timing(tag, composition, reorder_frames));
            (times.dts.get(), times.pts.get())
        };
        frames.iter().map(place).collect()
    }

    #[test]
    fn f_07_dts_is_the_tags_time_and_pts_that_plus_the_offset() {
        let frames = place(&mut VideoClock::new(), &[(0, 80), (40, 200), (80, 80), (120, 0)], 0);
        assert_eq!(frames, [(0, 7200), (3600, 21_600), (7200, 14_400), (10_800, 10_800)]);
    }

    #[test]
    fn r_71_a_constant_negative_offset_makes_dts_and_pts_equal() {
        let frames = place(&mut VideoClock::new(), &[(1000, -120), (1040, -120)], 0);
        assert_eq!(frames, [(79_200, 79_200), (82_800, 82_800)]);
    }

    #[test]
    fn y_02_an_offset_below_minus_500_ms_is_taken_as_0() {
        let mut clock = VideoClock::new();
        let times = clock.place(&timing(0, -501, 0));
        assert!(times.wild && times.pts == at(0));
        assert!(!clock.place(&timing(40, -500, 0)).wild);
    }

    #[test]
    fn f_29_pts_stays_exact_where_the_reordering_is_known() {
        // GOP of an encoder that delays its tags instead of its pictures: shown at 80, 240, 160,
        // 120, 200.
        let frames = [(80, 0), (120, 120), (160, 0), (200, -80), (240, -40), (280, 120)];
        let times = place(&mut VideoClock::new(), &frames, 2);
        assert_eq!(
            times.iter().map(|times| times.1 / 90).collect::<std::vec::Vec<_>>(),
            [80, 240, 160, 120, 200, 400]
        );
        assert!(times.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert!(times.iter().all(|&(dts, pts)| dts <= pts));
        // Where it is not, one frame pays for the lesson.
        let times = place(&mut VideoClock::new(), &frames, 0);
        let wrong = times
            .iter()
            .zip(&frames)
            .filter(|(times, frame)| times.1 != (frame.0 + frame.1) * 90)
            .count();
        assert_eq!(wrong, 1);
    }

    #[test]
    fn f_48_a_delayed_first_picture_leaves_dts_alone() {
        let frames = [(0, 67), (33, 167), (67, 66), (100, 0), (133, 33)];
        let times = place(&mut VideoClock::new(), &frames, 2);
        assert!(times.iter().zip(&frames).all(|(times, frame)| times.0 == frame.0 * 90));
    }

    #[test]
    fn r_08_a_backward_step_is_repaired_tick_by_tick_until_the_input_has_caught_up() {
        let mut clock = VideoClock::new();
        let begins: std::vec::Vec<_> = [0, 40, 10, 20, 80, 70]
            .map(|millis| {
                let times = clock.place(&timing(millis, 0, 0));
                let first = matches!(times.repair, Repair::First(_));
                (times.dts.get(), times.repair != Repair::None, first)
            })
            .into();
        assert_eq!(
            begins,
            [
                (0, false, false),
                (3600, false, false),
                (3601, true, true),
                (3602, true, false),
                (7200, false, false),
                (7201, true, true)
            ]
        );
    }

    #[test]
    fn r_27_a_hole_is_not_taken_for_a_frames_duration() {
        let mut clock = VideoClock::new();
        place(&mut clock, &[(0, 0), (40, 0), (9080, 0)], 0);
        assert_eq!(clock.interval(), TickSpan::from_millis(40));
    }

    #[test]
    fn f_29_dts_runs_early_by_what_the_first_delay_lacks_if_that_is_more_than_half_a_frame() {
        // Two frames may be decoded before one that is shown earlier.
        for (interval, delay, early) in [
            (40, 80, 0),
            (40, 70, 0),
            (40, 60, 0),
            (40, 59, 21),
            (40, 0, 80),
            (250, 0, 500),
            (251, 0, 0),
        ] {
            let mut clock = VideoClock::new();
            let frames = [(0, delay), (interval, 200), (5000, 200)];
            let (dts, _) = place(&mut clock, &frames, 2)[2];
            assert_eq!(dts, (5000 - early) * 90, "{interval} {delay}");
        }
        let mut clock = VideoClock::new();
        let (dts, _) = place(&mut clock, &[(0, 0), (40, 0), (5000, 200)], 2)[2];
        assert_eq!(dts, 5000 * 90, "nothing is reordered");
    }
}
