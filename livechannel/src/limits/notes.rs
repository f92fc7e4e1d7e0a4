//! Lines in the log that anybody can cause: so many a second, and a count of those left out.

use core::num::NonZeroU32;
use core::sync::atomic::{AtomicU64, Ordering};

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

/// Says whether a line may be written.
#[derive(Debug)]
pub(crate) struct Notes {
    limiter: DefaultDirectRateLimiter,
    left_out: AtomicU64,
}

impl Notes {
    /// Allows `each_second` lines, and ten times as many at once after a silence.
    pub(crate) fn new(each_second: NonZeroU32) -> Self {
        let burst = each_second.saturating_mul(BURST);
        let quota = Quota::per_second(each_second).allow_burst(burst);
        Self { limiter: RateLimiter::direct(quota), left_out: AtomicU64::new(0) }
    }

    /// Returns how many lines were left out since the last one, where this one may be written.
    pub(crate) fn allow(&self) -> Option<u64> {
        if self.limiter.check().is_ok() {
            return Some(self.left_out.swap(0, Ordering::Relaxed));
        }
        self.left_out.fetch_add(1, Ordering::Relaxed);
        None
    }
}

impl Default for Notes {
    fn default() -> Self {
        Self::new(EACH_SECOND)
    }
}

/// Enough to see what goes on; at 200 bytes a line, 86 MB in a day that is nothing but attack.
const EACH_SECOND: NonZeroU32 = NonZeroU32::new(5).unwrap();
const BURST: NonZeroU32 = NonZeroU32::new(10).unwrap();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_leaves_few_lines_and_their_count() {
        let notes = Notes::default();
        let written = (0..10_000).filter(|_| notes.allow().is_some()).count();
        assert!((50..70).contains(&written), "{written}");
        let left_out = notes.left_out.load(Ordering::Relaxed);
        assert_eq!(left_out, 10_000 - written as u64);
    }
}
