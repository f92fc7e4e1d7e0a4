//! EXT-X-PROGRAM-DATE-TIME of the segments: they go on by EXTINF, and follow the host's clock.
//!
//! Encoders' clocks run up to a percent fast or slow, and a stream often begins with a burst of
//! media that a server had kept. Dates that only added durations up would leave the host's clock by
//! half a minute an hour; dates that repeated it would be as uneven as the network. Up to a quarter
//! of a second nothing is done; beyond that each segment makes up for 2 % of its duration.
//!
//! ```text
//!   last segment 12:00:00.000, EXTINF 5 s, host's clock 12:00:05.200     next 12:00:05.000
//!   the same, host's clock 12:00:05.300                                  next 12:00:05.100
//!   the same, host's clock 11:00:05.000                                  next 12:00:04.900
//! ```

use crate::config::DatePolicy;
use crate::time::{Millis, WallTime};

/// Where dates and stamps come from.
#[derive(Clone, Debug)]
pub(super) struct Dates {
    policy: DatePolicy,
    clock: HostClock,
    /// Stamp of the last segment: the next one's is later.
    last_stamp: Option<WallTime>,
    next: NextDate,
}

/// The host's clock.
#[derive(Clone, Copy, Debug)]
enum HostClock {
    /// The host has never told the time.
    Silent,
    /// The host has told it since the last segment began.
    Told(WallTime),
    /// A segment has taken it: it is late by an unknown span.
    Taken(WallTime),
}

/// What the date of the next segment must go on from.
#[derive(Clone, Copy, Debug)]
enum NextDate {
    /// No segment has a date.
    Unknown,
    /// A segment had this date and lasts so long; 0 where it was lost.
    After { date: WallTime, extinf: Millis },
}

/// Stamp and date of a segment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dated {
    pub(super) stamp: Option<WallTime>,
    pub(super) date: Option<WallTime>,
}

/// How a segment stands to the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Follows {
    /// It goes on with it.
    Yes,
    /// There is none, or the timeline breaks between them.
    No,
}

impl Dates {
    pub(super) const fn new(policy: DatePolicy) -> Self {
        Self { policy, clock: HostClock::Silent, last_stamp: None, next: NextDate::Unknown }
    }

    pub(super) const fn set_wall_time(&mut self, now: WallTime) {
        self.clock = HostClock::Told(now);
    }

    /// Stamps and dates a segment that begins.
    pub(super) fn begin(&mut self, follows: Follows) -> Dated {
        let stamp = self.clock.time().map(|now| match self.last_stamp {
            Some(last) => now.max(last.offset(1)),
            None => now,
        });
        let date = match (self.next, follows) {
            (NextDate::After { date, extinf }, Follows::Yes) => Some(self.go_on(date, extinf)),
            (NextDate::After { date, extinf }, Follows::No) => {
                let earliest = date.offset(extinf.millis().into());
                stamp.map(|stamp| stamp.max(earliest))
            }
            (NextDate::Unknown, _) => stamp,
        };
        self.clock = self.clock.taken();
        self.last_stamp = stamp.or(self.last_stamp);
        self.next = match date {
            Some(date) => NextDate::After { date, extinf: Millis::new(0) },
            None => NextDate::Unknown,
        };
        // A clock that leaps by weeks leaves the dates behind: none is given until a discontinuity
        // sets them again.
        let date = date.filter(|&date| {
            date.has_year_of_four_digits() && stamp.is_none_or(|stamp| is_near(date, stamp))
        });
        Dated { stamp, date }
    }

    /// Notes how long the segment lasts that was begun last.
    pub(super) const fn end(&mut self, lasts: Millis) {
        if let NextDate::After { extinf, .. } = &mut self.next {
            *extinf = lasts;
        }
    }

    /// Returns the date after a segment of this date.
    fn go_on(&self, date: WallTime, extinf: Millis) -> WallTime {
        let millis = i64::from(extinf.millis());
        let next = date.offset(millis);
        match (self.policy, self.clock) {
            (DatePolicy::HostClock, HostClock::Told(now)) => {
                let most = millis / SLEW;
                let off = now.unix_millis().saturating_sub(next.unix_millis());
                let is_off = off.unsigned_abs() > AGREES;
                next.offset(if is_off { off.clamp(-most, most) } else { 0 })
            }
            _ => next,
        }
    }

    pub(super) const fn last_stamp(&self) -> Option<WallTime> {
        self.last_stamp
    }

    /// Takes the stamp of an earlier engine's last segment.
    pub(super) const fn restore(&mut self, last_stamp: Option<WallTime>) {
        self.last_stamp = last_stamp;
    }

    /// Takes the date of an earlier engine's segment.
    pub(super) const fn restore_segment(&mut self, date: Option<WallTime>, extinf: Millis) {
        self.next = match date {
            Some(date) => NextDate::After { date, extinf },
            None => NextDate::Unknown,
        };
    }
}

impl HostClock {
    const fn time(self) -> Option<WallTime> {
        match self {
            Self::Silent => None,
            Self::Told(now) | Self::Taken(now) => Some(now),
        }
    }

    const fn taken(self) -> Self {
        match self {
            Self::Told(now) => Self::Taken(now),
            Self::Silent | Self::Taken(_) => self,
        }
    }
}

/// Returns whether a date is less than some weeks from the wall clock.
fn is_near(date: WallTime, wall: WallTime) -> bool {
    i32::try_from(date.unix_millis().saturating_sub(wall.unix_millis())).is_ok()
}

/// Dates that are no further from the host's clock agree with it, in ms: networks are as uneven.
const AGREES: u64 = 250;

/// A segment makes up for at most this part of its duration: 2 %, twice what clocks of encoders are
/// off.
const SLEW: i64 = 50;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h_15_a_date_is_moved_towards_the_hosts_clock_by_at_most_2_percent() {
        for (wall, want) in [
            (15_000, 15_000),
            (15_250, 15_000),
            (14_750, 15_000),
            (15_251, 15_100),
            (14_749, 14_900),
            (i64::MAX, 15_100),
            (i64::MIN, 14_900),
        ] {
            let mut dates = Dates::new(DatePolicy::HostClock);
            dates.restore_segment(Some(WallTime::from_unix_millis(10_000)), Millis::new(5_000));
            dates.set_wall_time(WallTime::from_unix_millis(wall));
            let next = dates.go_on(WallTime::from_unix_millis(10_000), Millis::new(5_000));
            assert_eq!(next, WallTime::from_unix_millis(want), "{wall}");
        }
    }

    #[test]
    fn h_15_a_clock_that_was_told_once_says_nothing_of_later_segments() {
        let mut dates = Dates::new(DatePolicy::HostClock);
        dates.set_wall_time(WallTime::from_unix_millis(0));
        for nth in 0..100 {
            let date = dates.begin(Follows::Yes).date;
            assert_eq!(date, Some(WallTime::from_unix_millis(nth * 5_000)));
            dates.end(Millis::new(5_000));
        }
    }
}
