//! How much of a channel may wait for the store: a bound on memory, and the word when there is room
//! again.

use core::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

/// Bytes of segments that are not in the store yet.
#[derive(Debug)]
pub(crate) struct Budget {
    most: usize,
    held: AtomicUsize,
    room: Notify,
}

impl Budget {
    pub(crate) fn new(most: usize) -> Self {
        Self { most, held: AtomicUsize::new(0), room: Notify::new() }
    }

    /// Takes `len` bytes, or nothing where they would exceed the bound.
    pub(crate) fn take(&self, len: usize) -> bool {
        let held = self.held.fetch_add(len, Ordering::AcqRel);
        let fits = held.saturating_add(len) <= self.most;
        if !fits {
            self.held.fetch_sub(len, Ordering::AcqRel);
        }
        fits
    }

    /// Gives `len` bytes back.
    pub(crate) fn give(&self, len: usize) {
        self.held.fetch_sub(len, Ordering::AcqRel);
        self.room.notify_waiters();
    }

    /// Says whether more than three quarters are taken.
    pub(crate) fn is_tight(&self) -> bool {
        self.held.load(Ordering::Acquire) > self.most / 4 * 3
    }

    /// Waits until a quarter is free.
    pub(crate) async fn room(&self) {
        loop {
            let given = self.room.notified();
            if !self.is_tight() {
                return;
            }
            given.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_exceeds_the_bound_is_not_taken() {
        let budget = Budget::new(100);
        assert!(budget.take(60));
        assert!(!budget.take(41));
        assert!(budget.take(40));
        assert!(budget.is_tight());
        budget.give(60);
        assert!(!budget.is_tight());
    }
}
