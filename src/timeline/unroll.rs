//! Tag times unrolled to 64 bits: one reference for all tracks, so that the wrap after 49.7 days is invisible.

use crate::config::TimelineBase;
use crate::time::{FlvTime, TickSpan, Ticks};

/// Unrolls 32-bit tag times.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unroller {
    base: TimelineBase,
    begun: bool,
    /// Time of the last tag, and the same unrolled.
    last: FlvTime,
    millis: i64,
    origin_millis: i64,
}

impl Unroller {
    pub(crate) const fn new(base: TimelineBase) -> Self {
        Self {
            base,
            begun: false,
            last: FlvTime::from_millis(0),
            millis: 0,
            origin_millis: 0,
        }
    }

    /// Returns `time` as an instant within 2^31 ms of the tag before it, whatever its track.
    #[inline]
    pub(crate) fn unroll(&mut self, time: FlvTime) -> Ticks {
        if !self.begun {
            self.begin(time);
        }
        self.go_on(time)
    }

    /// Does the same where a tag is known to have come before.
    #[inline]
    pub(crate) fn go_on(&mut self, time: FlvTime) -> Ticks {
        self.millis = self.millis.wrapping_add(i64::from(time.since(self.last)));
        self.last = time;
        Ticks::new(0) + TickSpan::from_millis(self.millis.wrapping_sub(self.origin_millis))
    }

    #[cold]
    fn begin(&mut self, time: FlvTime) {
        self.begun = true;
        (self.last, self.millis) = (time, i64::from(time.millis()));
        if self.base == TimelineBase::FirstTagZero {
            self.origin_millis = self.millis;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unroll(base: TimelineBase, times: &[u32]) -> std::vec::Vec<i64> {
        let mut unroller = Unroller::new(base);
        times
            .iter()
            .map(|&millis| unroller.unroll(FlvTime::from_millis(millis)).get() / 90)
            .collect()
    }

    #[test]
    fn r_12_the_wrap_of_32_bits_is_a_step_like_any_other() {
        let times = unroll(
            TimelineBase::AsReceived,
            &[u32::MAX - 39, 0, 40, u32::MAX - 19],
        );
        assert_eq!(
            times,
            [(1 << 32) - 40, 1 << 32, (1 << 32) + 40, (1 << 32) - 20]
        );
    }

    #[test]
    fn y_10_the_first_tag_is_zero_for_all_tracks_where_the_host_wants_it() {
        assert_eq!(
            unroll(TimelineBase::FirstTagZero, &[5000, 5040, 4980]),
            [0, 40, -20]
        );
        assert_eq!(
            unroll(TimelineBase::AsReceived, &[5000, 5040, 4980]),
            [5000, 5040, 4980]
        );
    }
}
