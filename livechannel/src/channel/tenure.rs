//! Until when this node may act as a channel's writer, by its own monotonic clock.
//!
//! ```text
//! write begins     write ends                       lease over     lease over for others
//!  │────────────────│────────────────────────────────│──────────────│
//!  └─ counts from here     stops serving, gives up ─┘              └─ others may try
//! ```
//!
//! The lease counts from before the write that renewed it. Others count from after they have read
//! that write, and so begin later.

use core::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// The end of a lease, moved on with every renewal.
#[derive(Debug)]
pub(crate) struct Tenure(watch::Sender<Instant>);

impl Tenure {
    pub(crate) fn new(until: Instant) -> Self {
        Self(watch::Sender::new(until))
    }

    /// Moves the end on.
    pub(crate) fn extend(&self, until: Instant) {
        self.0.send_if_modified(|end| {
            let later = until > *end;
            *end = until.max(*end);
            later
        });
    }

    /// Returns whether nobody else can be the writer now.
    pub(crate) fn is_held(&self) -> bool {
        Instant::now() < *self.0.borrow()
    }

    /// Waits until the lease has been over for `span`.
    pub(crate) async fn lapsed(&self, span: Duration) {
        let mut changes = self.0.subscribe();
        loop {
            let end = *changes.borrow_and_update() + span;
            tokio::select! {
                () = sleep_until(end) => return,
                changed = changes.changed() => if changed.is_err() { return },
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_lease_that_is_not_renewed_lapses() {
        let begun = Instant::now();
        let tenure = Tenure::new(begun + Duration::from_secs(4));
        assert!(tenure.is_held());
        tokio::time::advance(Duration::from_secs(3)).await;
        tenure.extend(begun + Duration::from_secs(6));
        tenure.extend(begun + Duration::from_secs(5)); // an earlier end changes nothing
        tokio::time::advance(Duration::from_secs(2)).await;
        assert!(tenure.is_held());
        tenure.lapsed(Duration::from_secs(1)).await;
        assert!(!tenure.is_held());
        assert_eq!(begun.elapsed().as_secs(), 7);
    }
}
