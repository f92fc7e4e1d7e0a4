//! The time of day by which a publication names and dates its segments.
//!
//! The system's clock may be set while a channel is live, or be wrong for a while. The engine's names
//! never go back, so one wrong look would put all that follows in the future:
//!
//! ```text
//! system   12:00:00   12:00:05   14:00:10 (set by mistake)   14:00:20   12:00:30 (set right)
//! here     12:00:00   12:00:05   12:00:10                    12:00:20   12:00:30
//! ```
//!
//! So the time runs by the monotonic clock from where it began. It follows small corrections
//! slowly, and a leap forward once that has lasted for a minute. A clock that was set back is
//! believed by the next publication.

use core::time::Duration;

use tokio::time::Instant;

/// The clock of one publication.
#[derive(Debug)]
pub(super) struct WallClock {
    /// What it said last, in Unix microseconds: corrections are smaller than a millisecond.
    micros: i64,
    at: Instant,
    /// When the system's clock leapt far ahead; `None` while it is near.
    ahead_since: Option<Instant>,
}

impl WallClock {
    /// Starts with the system's time, in Unix milliseconds.
    pub(super) fn new(system: i64) -> Self {
        Self { micros: system.saturating_mul(1000), at: Instant::now(), ahead_since: None }
    }

    /// Returns the time, in Unix milliseconds; `system` is what the system says of it.
    pub(super) fn now(&mut self, system: i64) -> i64 {
        let now = Instant::now();
        let elapsed = i64::try_from((now - self.at).as_micros()).unwrap_or(i64::MAX);
        let expected = self.micros.saturating_add(elapsed);
        let error = system.saturating_mul(1000).saturating_sub(expected);
        let slew = elapsed / SLEW;
        let step = if error.saturating_abs() <= NEAR {
            self.ahead_since = None;
            error.clamp(-slew, slew)
        } else if error > 0 {
            let since = *self.ahead_since.get_or_insert(now);
            if now - since < DOUBT { 0 } else { error }
        } else {
            self.ahead_since = None;
            0
        };
        self.micros = expected.saturating_add(step);
        self.at = now;
        self.micros / 1000
    }
}

/// Returns whether the newest segment of a list has a name from the future. A publication that went on
/// from it would give every later segment one too.
pub(super) const fn is_ahead(newest: i64, now: i64) -> bool {
    newest.saturating_sub(now) > MOST_AHEAD
}

/// In microseconds: what NTP corrects without a step, and then some.
const NEAR: i64 = 2_000_000;
/// The part of time by which the clock runs faster or slower.
const SLEW: i64 = 100;
/// How long a leap forward is not believed.
const DOUBT: Duration = Duration::from_secs(60);
/// In milliseconds: clocks of nodes differ by less, and so do a list's last segment and its end.
const MOST_AHEAD: i64 = 300_000;

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: i64 = 1_795_694_400_000;

    async fn wait(secs: u64) -> i64 {
        tokio::time::advance(Duration::from_secs(secs)).await;
        i64::try_from(secs).unwrap() * 1000
    }

    #[tokio::test(start_paused = true)]
    async fn a_leap_that_is_taken_back_changes_nothing() {
        let mut clock = WallClock::new(NOON);
        let mut right = NOON;
        for leap in [7200, -3600, 7200, -86_400 * 365 * 60, 0] {
            right += wait(30).await;
            assert_eq!(clock.now(right + leap * 1000), right, "{leap}");
        }
        assert_eq!(clock.now(i64::MIN), right);
        assert_eq!(clock.now(i64::MAX), right);
    }

    #[tokio::test(start_paused = true)]
    async fn a_leap_forward_that_lasts_is_followed_and_one_back_is_not() {
        let mut clock = WallClock::new(NOON);
        let (mut system, mut said) = (NOON + 3_600_000, NOON);
        for _ in 0..7 {
            said = clock.now(system);
            system += wait(10).await;
        }
        assert_eq!(said, NOON + 3_600_000 + 60_000, "believed after a minute");
        for _ in 0..20 {
            system += wait(10).await;
            let next = clock.now(system - 3_600_000);
            assert_eq!(next, said + if said == system - 20_000 { 20_000 } else { 10_000 });
            said = next;
        }
    }

    #[test]
    fn clocks_that_differ_a_little_are_no_future() {
        for (ahead, want) in [(-1000, false), (0, false), (300_000, false), (300_001, true)] {
            assert_eq!(is_ahead(NOON + ahead, NOON), want, "{ahead}");
        }
        assert!(is_ahead(i64::MAX, NOON) && !is_ahead(i64::MIN, NOON));
    }

    #[tokio::test(start_paused = true)]
    async fn a_small_error_is_made_good_slowly_and_time_never_stands() {
        let mut clock = WallClock::new(NOON);
        let (mut system, mut said) = (NOON - 1000, NOON);
        for _ in 0..1100 {
            system += 100;
            tokio::time::advance(Duration::from_millis(100)).await;
            let next = clock.now(system);
            assert!((99..=101).contains(&(next - said)), "{}", next - said);
            said = next;
        }
        assert!((said - system).abs() <= 1, "{}", said - system);
    }
}
