//! The time of one track: a sum of durations, so that there is no overlap, and no gap but before a
//! fragment.
//!
//! ```text
//!   pictures at 0, 3000, 6000      durations 3000, 3000, and what follows says the third
//!   audio that is 40 ms late       the frame before it lasts 40 ms longer
//!   the same, that frame written   `tfdt` is 40 ms later: the standard has that frame last longer
//!   audio that is 40 ms early      the frame before it, or if that is written the early one, is shorter
//! ```
//!
//! A late sample that began where the last fragment ended would draw its segment's beginning back
//! to there, by as much as the track has paused.

/// The time of one track within a discontinuity, in its own units.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct TrackTime {
    /// Where the next sample begins: the sum of the durations so far; none before the first sample.
    next: Option<u64>,
    /// Where the fragment at hand begins.
    pub(super) fragment_start: u64,
    /// Place of the last sample in the table of the fragment at hand, if it is there.
    last: Option<usize>,
    /// The fragment at hand has no sample of the track.
    is_at_start: bool,
}

impl TrackTime {
    /// Returns where the next sample begins, which is at `time` if it is the first, or if it is the
    /// first of its fragment and comes later than it should, by more than `rounding` (§8.8.12).
    pub(super) const fn begin_at(&mut self, time: u64, rounding: u64) -> u64 {
        match self.next {
            Some(next) if !self.is_at_start || time <= next + rounding => {
                self.is_at_start = false;
                next
            }
            _ => {
                self.is_at_start = false;
                self.next = Some(time);
                self.fragment_start = time;
                time
            }
        }
    }

    /// Returns place and beginning of the last sample, if it is in the table, as far as its
    /// duration is not known yet.
    pub(super) const fn last(&self) -> Option<usize> {
        self.last
    }

    /// Returns where the next sample begins.
    pub(super) const fn next(&self) -> Option<u64> {
        self.next
    }

    /// Notes the last sample, whose duration is not known or may change.
    pub(super) const fn set_last(&mut self, place: usize) {
        self.last = Some(place);
    }

    /// Notes that the duration of the last sample is known.
    pub(super) const fn forget_last(&mut self) {
        self.last = None;
    }

    /// Has the next sample begin there.
    pub(super) const fn set_next(&mut self, next: u64) {
        self.next = Some(next);
    }

    /// Begins another fragment.
    pub(super) fn begin_fragment(&mut self) {
        self.last = None;
        self.is_at_start = true;
        self.fragment_start = self.next.unwrap_or_default();
    }
}
