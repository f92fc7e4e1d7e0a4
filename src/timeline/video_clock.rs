//! DTS and PTS of video: strictly increasing, PTS never before DTS, repaired by as little as
//! possible.
//!
//! DTS is the tag's time and PTS that plus the composition offset. Where an encoder writes negative
//! offsets, no DTS can be both the tag's time and at most PTS; the whole track's DTS then runs
//! early by the greatest such offset, so that PTS stays exact. How early is known at the second
//! frame where the sequence parameter set tells how many frames are reordered and the first key
//! frame was not delayed by as many; else it is learned as offsets come.
//!
//! Some encoders put PTS into the tag and leave the offset 0. That shows where pictures are
//! reordered, no offset is anything else, and tags leave room for pictures between them or go back;
//! DTS then follows from the order of PTS.
//!
//! ```text
//!   tag 1.00 s, offset 0.08 s                     DTS 1.00 s, PTS 1.08 s
//!   tag 1.00 s, offset -0.08 s                    DTS 0.92 s, PTS 0.92 s; DTS is 0.08 s early from here on
//!   tag 1.00 s, then tag 0.99 s                   DTS of the second: a tick after the first, a notice
//!   tag 1.00 s, offset -2.00 s                    garbage: taken as 0, a notice
//!   tags 1.04, 1.16, 1.08 s, offsets 0, 1 reordered   PTS as the tags; DTS 1.04 s, a tick later, 1.08 s
//! ```

use super::reorder::Reorder;
use crate::sample::PictureTiming;
use crate::time::{TickSpan, Ticks};

/// Derives the times of a video track's frames.
#[derive(Clone, Copy, Debug)]
pub(crate) struct VideoClock {
    /// The frame before, and whether it had to be moved.
    last: LastFrame,
    /// The last two distances of frames that stand where their tags say.
    newer_interval: TickSpan,
    older_interval: TickSpan,
    /// The longest interval of late, which those after it wear down.
    longest_interval: TickSpan,
    /// How far DTS runs before the tag's time.
    early: TickSpan,
    /// How far reordering is known.
    lesson: Lesson,
}

/// The frame before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    SecondFrame {
        first: Ticks,
        delay: TickSpan,
    },
    /// Nothing is delayed: no offset but 0 has come.
    NoOffsets,
    Learned,
    /// Tags state PTS; on a timeline without a frame nothing waits.
    TagsArePts(Option<Reorder>),
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

impl VideoTimes {
    /// Takes times as they are, but for a PTS before its DTS.
    #[inline(always)]
    fn new(dts: Ticks, pts: Ticks, wild: bool) -> Self {
        Self { dts, pts: pts.max(dts), repair: Repair::None, wild }
    }
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
            longest_interval: USUAL_INTERVAL,
            early: TickSpan::ZERO,
            lesson: Lesson::FirstFrame,
        }
    }

    /// Forgets the frames before: a new timeline begins.
    pub(crate) const fn restart(&mut self) {
        self.last = LastFrame::None;
        if let Lesson::TagsArePts(reorder) = &mut self.lesson {
            *reorder = None;
        }
    }

    /// Returns the distance to the next frame as far as the last two tell: the shorter of them, so
    /// that a hole is not taken for a frame's duration.
    #[inline]
    pub(crate) fn interval(&self) -> TickSpan {
        self.older_interval.min(self.newer_interval)
    }

    /// Returns the longest interval of late, at most a tenth of a second. It is that of each frame
    /// where frames come evenly, and says how far they jitter where they do not.
    pub(crate) const fn longest_interval(&self) -> TickSpan {
        self.longest_interval
    }

    /// Returns the later of the last two distances.
    pub(crate) const fn last_interval(&self) -> TickSpan {
        self.newer_interval
    }

    /// Returns how far DTS runs before the tag's time.
    pub(crate) const fn early(&self) -> TickSpan {
        self.early
    }

    /// Takes the frame rate's word for the interval as long as no frame of this timeline has come.
    ///
    /// 32 bits of a parameter set may state 25 frames per second, and a frame in a century: then a
    /// stream of one picture would last for that.
    pub(crate) fn expect_interval(&mut self, interval: TickSpan) {
        if self.last == LastFrame::None && interval <= LONGEST_STATED {
            self.newer_interval = interval;
            self.older_interval = interval;
            self.longest_interval = interval;
        }
    }

    /// Takes the distance of two frames that stand where their tags say. One that was moved says
    /// nothing of the frame rate: it is a tick from the one before.
    #[inline(always)]
    fn take_interval(&mut self, interval: TickSpan) {
        self.older_interval = self.newer_interval;
        self.newer_interval = interval;
        let longer = interval - self.longest_interval;
        if longer <= TickSpan::ZERO {
            self.longest_interval += longer / 16;
        } else {
            self.take_longer(interval);
        }
    }

    /// Takes an interval that is longer than those of late. A hole is longer than the interval
    /// before it as well, and says nothing.
    #[cold]
    fn take_longer(&mut self, interval: TickSpan) {
        let held = if interval > LONGEST_INTERVAL { self.older_interval } else { interval };
        let worn = self.longest_interval + (held - self.longest_interval) / 16;
        self.longest_interval = held.max(worn).min(LONGEST_INTERVAL);
    }

    /// Derives the times of a frame, and moves on to it.
    #[inline(always)]
    pub(crate) fn place(&mut self, timing: &PictureTiming) -> VideoTimes {
        let is_plain = match self.lesson {
            Lesson::Learned => timing.composition >= TickSpan::ZERO,
            Lesson::NoOffsets => timing.composition == TickSpan::ZERO,
            _ => false,
        };
        let wanted = timing.tag - self.early;
        match self.last {
            LastFrame::InStep { dts } if is_plain && wanted > dts => {
                self.take_interval(wanted - dts);
                self.last = LastFrame::InStep { dts: wanted };
                VideoTimes::new(wanted, timing.tag + timing.composition, false)
            }
            _ => self.place_apart(timing),
        }
    }

    /// Derives the times of a frame that teaches something, or does not simply follow.
    #[inline(never)]
    fn place_apart(&mut self, timing: &PictureTiming) -> VideoTimes {
        if let Some(interval) = timing.stated_interval {
            self.expect_interval(interval);
        }
        let wild = timing.composition < WILD;
        let composition = if wild { TickSpan::ZERO } else { timing.composition };
        self.learn(timing, composition);
        let pts = timing.tag + composition;
        let frames = timing.reorder_frames;
        let interval = self.older_interval.min(LONGEST_INTERVAL);
        let wanted = match &mut self.lesson {
            Lesson::TagsArePts(reorder) => {
                let first = || Reorder::before(pts, interval, frames);
                let dts = reorder.get_or_insert_with(first).take(pts, frames);
                // Behind a hole nothing waits that came before it.
                let is_hole = pts - dts > -WILD;
                if is_hole { reorder.insert(first()).take(pts, frames) } else { dts }
            }
            _ => (timing.tag - self.early).min(pts),
        };
        match self.last {
            LastFrame::InStep { dts } if wanted > dts => self.take_interval(wanted - dts),
            LastFrame::InStep { dts } | LastFrame::Repaired { dts } if wanted <= dts => {
                return self.move_behind(dts, wanted, VideoTimes::new(wanted, pts, wild));
            }
            _ => {}
        }
        self.last = LastFrame::InStep { dts: wanted };
        VideoTimes::new(wanted, pts, wild)
    }

    /// Moves a frame to a tick after the `last` one.
    fn move_behind(&mut self, last: Ticks, wanted: Ticks, times: VideoTimes) -> VideoTimes {
        let dts = last + TickSpan::TICK;
        let repair = match self.last {
            // Where tags state PTS, a DTS that is moved is nothing that the encoder did.
            _ if self.tags_are_pts() && dts <= times.pts => Repair::None,
            LastFrame::Repaired { .. } => Repair::Further(dts - wanted),
            _ => Repair::First(dts - wanted),
        };
        self.last = LastFrame::Repaired { dts };
        VideoTimes { dts, pts: times.pts.max(dts), repair, ..times }
    }

    /// Returns whether nothing is left to learn and nothing is being repaired: DTS of a frame whose
    /// tag is later than the last one, and whose composition offset is not negative, is then
    /// [`early`](Self::early) before its tag.
    pub(crate) const fn is_settled(&self) -> bool {
        matches!(
            (self.last, self.lesson),
            (LastFrame::InStep { .. }, Lesson::Learned | Lesson::NoOffsets)
        )
    }

    /// Returns whether tags state PTS.
    const fn tags_are_pts(&self) -> bool {
        matches!(self.lesson, Lesson::TagsArePts(_))
    }

    /// Learns how early DTS must run.
    ///
    /// An encoder that reorders two frames of 40 ms delays the first key frame by 80 ms, or writes
    /// tags that are 80 ms late and negative offsets later. The second frame tells which: it shows
    /// the interval, and so how much delay there should have been.
    fn learn(&mut self, timing: &PictureTiming, composition: TickSpan) {
        self.early = self.early.max(-composition);
        let has_offset = composition != TickSpan::ZERO;
        self.lesson = match self.lesson {
            Lesson::Learned => return,
            Lesson::TagsArePts(_) | Lesson::NoOffsets if has_offset => Lesson::Learned,
            Lesson::TagsArePts(_) => return,
            // A garbage offset says nothing of the delay.
            Lesson::FirstFrame if timing.composition < WILD => return,
            Lesson::FirstFrame => Lesson::SecondFrame { first: timing.tag, delay: composition },
            Lesson::SecondFrame { first, delay } if has_offset || delay != TickSpan::ZERO => {
                self.learn_delay(timing, first, delay);
                Lesson::Learned
            }
            Lesson::SecondFrame { first, .. } => self.learn_of_order(timing, first),
            Lesson::NoOffsets => match self.last {
                LastFrame::InStep { dts } if timing.tag < dts => self.learn_of_order(timing, dts),
                _ => return,
            },
        };
    }

    /// Learns from the second frame how early DTS must run.
    fn learn_delay(&mut self, timing: &PictureTiming, first: Ticks, delay: TickSpan) {
        if timing.composition > TickSpan::ZERO {
            let interval = timing.tag - first;
            let needed = interval * i64::from(timing.reorder_frames);
            let missing = needed - delay;
            if missing + missing > interval && missing <= -WILD {
                self.early = self.early.max(missing);
            }
        }
    }

    /// Learns whether tags state PTS, from a frame after the one at `last`, both without offset:
    /// one that goes back does, or one that leaves room for others between the two.
    #[cold]
    fn learn_of_order(&self, timing: &PictureTiming, last: Ticks) -> Lesson {
        let step = timing.tag - last;
        let goes_back = step < TickSpan::ZERO;
        let leaves_room = step + step >= self.older_interval * 3;
        if timing.reorder_frames > 0 && (goes_back || leaves_room) {
            Lesson::TagsArePts(Some(Reorder::after(last)))
        } else {
            Lesson::NoOffsets
        }
    }
}

/// A composition offset below this is garbage: 16 reordered frames at 60 fps need no more than
/// -267 ms.
const WILD: TickSpan = TickSpan::from_millis(-500);
/// Duration of a frame as long as nothing states another: 25 frames per second.
const USUAL_INTERVAL: TickSpan = TickSpan::from_millis(40);

/// Intervals beyond this are taken for a tenth of a second: more makes no difference to the slack.
const LONGEST_INTERVAL: TickSpan = TickSpan::from_millis(100);

/// Stated intervals beyond this are not believed. Slide shows have a picture in a few seconds.
const LONGEST_STATED: TickSpan = TickSpan::from_secs(10);

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
    fn y_02_behind_a_hole_no_picture_waits_that_came_before_it() {
        let mut clock = VideoClock::new();
        for tag in [40, 160, 80, 120, 280, 200, 9_000, 9_120, 9_040, 9_080] {
            let times = clock.place(&timing(tag, 0, 1));
            let delay = times.pts - times.dts;
            assert!((TickSpan::ZERO..=TickSpan::from_millis(500)).contains(&delay), "{tag}");
            assert_eq!(times.pts, at(tag));
        }
    }

    #[test]
    fn y_02_a_repaired_step_is_no_interval() {
        for tags in [&[0, 40, 80, 80][..], &[0, 40, 80, 80, 120], &[0, 40, 20, 80, 120, 119, 118]] {
            let mut clock = VideoClock::new();
            let frames: std::vec::Vec<_> = tags.iter().map(|&tag| (tag, 0)).collect();
            place(&mut clock, &frames, 0);
            let millis = TickSpan::from_millis(40);
            assert_eq!((clock.interval(), clock.longest_interval()), (millis, millis), "{tags:?}");
        }
    }

    #[test]
    fn x3_the_longest_interval_of_late_is_worn_down_and_is_no_hole() {
        let longest = |tags: &[i64]| {
            let mut clock = VideoClock::new();
            let frames: std::vec::Vec<_> = tags.iter().map(|&tag| (tag, 0)).collect();
            place(&mut clock, &frames, 0);
            clock.longest_interval().round_millis()
        };
        assert_eq!(longest(&[0, 40, 80]), 40);
        assert_eq!(longest(&[0, 72, 80, 120]), 66);
        assert_eq!(longest(&[0, 40, 80, 9_000]), 40, "a hole");
        assert_eq!(longest(&[0, 200, 400, 600]), 100, "5 frames per second");
        let sixty: std::vec::Vec<_> = (0..600).map(|n| n * 50 / 3).collect();
        assert_eq!(longest(&sixty), 17);
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
