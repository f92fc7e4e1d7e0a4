//! DTS of pictures whose tags state PTS, from PTS alone.
//!
//! A decoder that may hold back n pictures shows the earliest of the last n + 1, and that one's PTS
//! is the DTS of the last: strictly increasing where PTS differ, and never above PTS.
//!
//! ```text
//!   n = 1     PTS  0.04  0.16  0.08  0.12  0.28  0.20  0.24
//!             DTS  0.00  0.04  0.08  0.12  0.16  0.20  0.24
//! ```

use crate::time::{TickSpan, Ticks};

/// The latest PTS, in order, of which the earliest is the next DTS.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reorder {
    waiting: [Ticks; Self::MAX_FRAMES],
    count: usize,
}

impl Reorder {
    /// Pictures that may wait. Encoders hold back two at the most; where a stream says more, PTS
    /// would have to be moved.
    const MAX_FRAMES: usize = 4;

    /// Waits for pictures after one of `pts`.
    pub(super) fn after(pts: Ticks) -> Self {
        let mut reorder = Self { waiting: [Ticks::new(0); Self::MAX_FRAMES], count: 0 };
        reorder.wait(pts);
        reorder
    }

    /// Waits for the first picture of a timeline, at `pts`: as if `frames` had come before it.
    pub(super) fn before(pts: Ticks, interval: TickSpan, frames: u32) -> Self {
        let frames = i64::from(frames).min(Self::MAX_FRAMES as i64 - 1);
        let mut reorder = Self::after(pts - interval * frames);
        for nth in 1..frames {
            reorder.wait(pts - interval * (frames - nth));
        }
        reorder
    }

    /// Takes the PTS of the next picture, where `frames` are reordered, and returns its DTS.
    pub(super) fn take(&mut self, pts: Ticks, frames: u32) -> Ticks {
        self.wait(pts);
        let [earliest, later @ ..] = self.waiting;
        if self.count > frames as usize || self.count == Self::MAX_FRAMES {
            self.count -= 1;
            if let Some(room) = self.waiting.first_chunk_mut() {
                *room = later;
            }
        }
        earliest
    }

    fn wait(&mut self, pts: Ticks) {
        let waiting = self.waiting.iter().take(self.count);
        let at = waiting.take_while(|&&earlier| earlier <= pts).count();
        if self.count < Self::MAX_FRAMES {
            self.waiting.copy_within(at..self.count, at + 1);
            self.count += 1;
        }
        if let Some(place) = self.waiting.get_mut(at) {
            *place = pts;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    fn dts(mut reorder: Reorder, frames: u32, pts: &[i64]) -> Vec<i64> {
        pts.iter().map(|&pts| reorder.take(Ticks::new(pts), frames).get()).collect()
    }

    #[test]
    fn y_02_dts_is_the_earliest_pts_that_waits() {
        let pts = [4, 16, 8, 12, 28, 20, 24, 32];
        for (frames, want) in
            [(1, [0, 4, 8, 12, 16, 20, 24, 28]), (2, [-4, 0, 4, 8, 12, 16, 20, 24])]
        {
            let first = Reorder::before(Ticks::new(4), TickSpan::new(4), frames);
            assert_eq!(dts(first, frames, &pts), want);
        }
    }

    #[test]
    fn y_02_where_it_was_not_known_before_dts_catches_up_within_as_many_pictures_as_wait() {
        let after = Reorder::after(Ticks::new(4));
        assert_eq!(dts(after, 2, &[16, 8, 12, 28, 20, 24]), [4, 4, 8, 12, 16, 20]);
    }

    #[test]
    fn y_02_of_more_pictures_than_there_is_room_for_the_earliest_is_taken() {
        let pts: Vec<i64> = (1..20).collect();
        let first = Reorder::before(Ticks::new(1), TickSpan::new(1), 16);
        assert_eq!(dts(first, 16, &pts), (-2..17).collect::<Vec<i64>>());
    }
}
