//! DTS and PTS of video: strictly increasing, PTS never before DTS, repaired by as little as possible.
//!
//! DTS is the tag's time and PTS that plus the composition offset. Where an encoder writes negative offsets, no DTS
//! can be both the tag's time and at most PTS; the whole track's DTS then runs early by the greatest such offset, so
//! that PTS stays exact. How early is known at the second frame where the sequence parameter set tells how many
//! frames are reordered and the first key frame was not delayed by as many; else it is learned as offsets come.

use crate::time::{TickSpan, Ticks};

/// A composition offset below this is garbage.
const WILD: TickSpan = TickSpan::from_millis(-500);
/// Duration of a frame as long as nothing tells another: 25 frames per second.
const USUAL_INTERVAL: TickSpan = TickSpan::from_millis(40);

/// Derives the times of a video track's frames.
#[derive(Clone, Copy, Debug)]
pub(crate) struct VideoClock {
    last: Option<Ticks>,
    /// The last two distances between frames.
    intervals: [TickSpan; 2],
    /// How far DTS runs before the tag's time.
    early: TickSpan,
    lesson: Lesson,
    repairing: bool,
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
    /// DTS was moved by so much to come after the one before it.
    pub(crate) repaired: Option<TickSpan>,
    /// The repair is the first of its run.
    pub(crate) run_begins: bool,
    /// The composition offset was garbage and taken as 0.
    pub(crate) wild: bool,
}

impl VideoClock {
    pub(crate) const fn new() -> Self {
        Self {
            last: None,
            intervals: [USUAL_INTERVAL; 2],
            early: TickSpan::ZERO,
            lesson: Lesson::FirstFrame,
            repairing: false,
        }
    }

    /// Forgets the frames before: a new timeline begins.
    pub(crate) const fn restart(&mut self) {
        self.last = None;
        self.repairing = false;
    }

    /// Returns the distance to the next frame as far as the last two tell: the shorter of them, so that a hole is not
    /// taken for a frame's duration.
    pub(crate) fn interval(&self) -> TickSpan {
        let [older, newer] = self.intervals;
        older.min(newer)
    }

    /// Takes the frame rate's word for the interval as long as no two frames have told it.
    #[cfg(feature = "std")]
    pub(crate) fn expect_interval(&mut self, interval: TickSpan) {
        if self.last.is_none() {
            self.intervals = [interval; 2];
        }
    }

    /// Derives the times of the frame at `tag`; `reorder` is how many frames may be decoded before one shown earlier.
    #[inline]
    pub(crate) fn place(
        &mut self,
        tag: Ticks,
        composition: TickSpan,
        reorder: Option<u32>,
    ) -> VideoTimes {
        let wild = composition < WILD;
        let composition = if wild { TickSpan::ZERO } else { composition };
        self.learn(tag, composition, reorder);
        let pts = tag + composition;
        let wanted = (tag - self.early).min(pts);
        let dts = match self.last {
            Some(last) => wanted.max(last + TickSpan::TICK),
            None => wanted,
        };
        self.advance(dts);
        let repaired = (dts != wanted).then(|| dts - wanted);
        let run_begins = repaired.is_some() && !self.repairing;
        self.repairing = repaired.is_some();
        VideoTimes {
            dts,
            pts: pts.max(dts),
            repaired,
            run_begins,
            wild,
        }
    }

    /// Returns DTS of a frame whose composition offset is not negative, and the distance to the next one as far as that
    /// can be told, where there is nothing to learn and nothing to repair: [`place`](Self::place) says the same, and
    /// then [advances](Self::advance). PTS is that offset behind `tag`.
    #[inline]
    pub(crate) fn in_step(&self, tag: Ticks) -> Option<(Ticks, TickSpan)> {
        let dts = tag - self.early;
        let step = dts - self.last?;
        let [_, older] = self.intervals;
        let usual = matches!(self.lesson, Lesson::Learned) && !self.repairing;
        (usual && step > TickSpan::ZERO).then_some((dts, older.min(step)))
    }

    /// Moves on to the frame at `dts`.
    #[inline]
    pub(crate) fn advance(&mut self, dts: Ticks) {
        if let Some(last) = self.last {
            self.intervals = [self.intervals[1], dts - last];
        }
        self.last = Some(dts);
    }

    /// Learns how early DTS must run.
    #[inline]
    fn learn(&mut self, tag: Ticks, composition: TickSpan, reorder: Option<u32>) {
        self.early = self.early.max(-composition);
        self.lesson = match self.lesson {
            Lesson::FirstFrame => Lesson::SecondFrame {
                first: tag,
                delay: composition,
            },
            Lesson::SecondFrame { first, delay } if composition > TickSpan::ZERO => {
                let interval = tag - first;
                let needed = TickSpan::new(
                    interval
                        .get()
                        .saturating_mul(i64::from(reorder.unwrap_or(0))),
                );
                let missing = needed - delay;
                if missing + missing > interval && missing <= -WILD {
                    self.early = self.early.max(missing);
                }
                Lesson::Learned
            }
            Lesson::SecondFrame { .. } | Lesson::Learned => Lesson::Learned,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Ticks {
        Ticks::new(0) + TickSpan::from_millis(millis)
    }

    /// Places frames of `(tag ms, composition ms)` and returns `(dts, pts)` in ticks.
    fn place(
        clock: &mut VideoClock,
        frames: &[(i64, i64)],
        reorder: Option<u32>,
    ) -> std::vec::Vec<(i64, i64)> {
        let place = |&(tag, composition): &(i64, i64)| {
            let times = clock.place(at(tag), TickSpan::from_millis(composition), reorder);
            (times.dts.get(), times.pts.get())
        };
        frames.iter().map(place).collect()
    }

    #[test]
    fn f_07_dts_is_the_tags_time_and_pts_that_plus_the_offset() {
        let frames = place(
            &mut VideoClock::new(),
            &[(0, 80), (40, 200), (80, 80), (120, 0)],
            None,
        );
        assert_eq!(
            frames,
            [(0, 7200), (3600, 21_600), (7200, 14_400), (10_800, 10_800)]
        );
    }

    #[test]
    fn r_71_a_constant_negative_offset_makes_dts_and_pts_equal() {
        let frames = place(&mut VideoClock::new(), &[(1000, -120), (1040, -120)], None);
        assert_eq!(frames, [(79_200, 79_200), (82_800, 82_800)]);
    }

    #[test]
    fn y_02_an_offset_below_minus_500_ms_is_taken_as_0() {
        let mut clock = VideoClock::new();
        let times = clock.place(at(0), TickSpan::from_millis(-501), None);
        assert!(times.wild && times.pts == at(0));
        assert!(!clock.place(at(40), TickSpan::from_millis(-500), None).wild);
    }

    #[test]
    fn f_29_pts_stays_exact_where_the_reordering_is_known() {
        // GOP of an encoder that delays its tags instead of its pictures: shown at 80, 240, 160, 120, 200.
        let frames = [
            (80, 0),
            (120, 120),
            (160, 0),
            (200, -80),
            (240, -40),
            (280, 120),
        ];
        let times = place(&mut VideoClock::new(), &frames, Some(2));
        assert_eq!(
            times
                .iter()
                .map(|times| times.1 / 90)
                .collect::<std::vec::Vec<_>>(),
            [80, 240, 160, 120, 200, 400]
        );
        assert!(times.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert!(times.iter().all(|&(dts, pts)| dts <= pts));
        // Where it is not, one frame pays for the lesson.
        let times = place(&mut VideoClock::new(), &frames, None);
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
        let times = place(&mut VideoClock::new(), &frames, Some(2));
        assert!(
            times
                .iter()
                .zip(&frames)
                .all(|(times, frame)| times.0 == frame.0 * 90)
        );
    }

    #[test]
    fn r_08_a_backward_step_is_repaired_tick_by_tick_until_the_input_has_caught_up() {
        let mut clock = VideoClock::new();
        let begins: std::vec::Vec<_> = [0, 40, 10, 20, 80, 70]
            .map(|millis| {
                let times = clock.place(at(millis), TickSpan::ZERO, None);
                (times.dts.get(), times.repaired.is_some(), times.run_begins)
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
        place(&mut clock, &[(0, 0), (40, 0), (9080, 0)], None);
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
            let (dts, _) = place(&mut clock, &frames, Some(2))[2];
            assert_eq!(dts, (5000 - early) * 90, "{interval} {delay}");
        }
        let mut clock = VideoClock::new();
        let (dts, _) = place(&mut clock, &[(0, 0), (40, 0), (5000, 200)], Some(2))[2];
        assert_eq!(dts, 5000 * 90, "nothing is reordered");
    }
}
