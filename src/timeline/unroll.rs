//! Tag times unrolled to 64 bits: one reference for all tracks, so that the wrap after 49.7 days is
//! invisible.
//!
//! ```text
//!   audio 4 294 967 290 ms, video 4 ms      4 294 967.290 s and 4 294 967.300 s: the clock has wrapped
//!   video 10 ms, audio 4 294 967 290 ms     0.010 s and -0.006 s: audio is a little late
//! ```

use crate::config::TimelineBase;
use crate::time::{FlvTime, TickSpan, Ticks};

/// Unrolls 32-bit tag times, and places times that do not wrap.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unroller {
    base: TimelineBase,
    last: Option<Unrolled>,
    /// The first time that was no tag's.
    origin: Option<Ticks>,
}

/// The last tag of any track.
#[derive(Clone, Copy, Debug)]
struct Unrolled {
    tag: FlvTime,
    time: Ticks,
}

impl Unroller {
    pub(crate) const fn new(base: TimelineBase) -> Self {
        Self { base, last: None, origin: None }
    }

    /// Returns `tag` as an instant within 2^31 ms of the tag before it, whatever its track.
    #[inline]
    pub(crate) fn unroll(&mut self, tag: FlvTime) -> Ticks {
        let time = match self.last {
            Some(last) => last.time + TickSpan::from_millis(i64::from(tag.since(last.tag))),
            None => self.first(tag),
        };
        self.last = Some(Unrolled { tag, time });
        time
    }

    /// Returns where a time of 90 kHz that does not wrap is on the timeline.
    pub(crate) fn place(&mut self, time: Ticks) -> Ticks {
        let origin = match (self.base, self.origin) {
            (TimelineBase::AsReceived, _) => return time,
            (TimelineBase::FirstTagZero, Some(origin)) => origin,
            (TimelineBase::FirstTagZero, None) => *self.origin.insert(time),
        };
        Ticks::new(0) + (time - origin)
    }

    /// Returns when the first tag comes, by the host's choice.
    #[cold]
    fn first(&self, tag: FlvTime) -> Ticks {
        match self.base {
            TimelineBase::AsReceived => Ticks::new(0) + TickSpan::from_millis(tag.millis().into()),
            TimelineBase::FirstTagZero => Ticks::new(0),
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
        let times = unroll(TimelineBase::AsReceived, &[u32::MAX - 39, 0, 40, u32::MAX - 19]);
        assert_eq!(times, [(1 << 32) - 40, 1 << 32, (1 << 32) + 40, (1 << 32) - 20]);
    }

    #[test]
    fn y_10_the_first_tag_is_zero_for_all_tracks_where_the_host_wants_it() {
        assert_eq!(unroll(TimelineBase::FirstTagZero, &[5000, 5040, 4980]), [0, 40, -20]);
        assert_eq!(unroll(TimelineBase::AsReceived, &[5000, 5040, 4980]), [5000, 5040, 4980]);
    }
}
