//! One commit of a channel's state: what is written, how long it may take, and what came of it.

use core::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::live::LiveChannel;
use crate::service::Service;
use crate::store::{ChannelState, Lease, SwapError, Version};

/// When the state is committed, and for how long that lasts.
#[derive(Debug)]
pub(super) struct Pace {
    /// The lease as it is set.
    lease: Duration,
    /// How long the last commit took.
    last: Duration,
    /// The latest moment of the next commit.
    renewal: Instant,
    /// Something has changed since the last commit began.
    dirty: bool,
}

/// A commit that came to an end.
pub(super) struct Commit {
    pub(super) begun: Instant,
    /// The lease that it wrote.
    pub(super) term: Duration,
    /// Segments that it tells.
    pub(super) segments: usize,
    pub(super) outcome: Outcome,
}

pub(super) enum Outcome {
    Stored(Version),
    /// An earlier commit of this publication, whose answer was lost, is what is stored.
    Earlier(Version),
    Fenced,
    Failed,
}

impl Pace {
    pub(super) fn new(lease: Duration) -> Self {
        let renewal = Instant::now() + lease / 3;
        Self { lease, last: Duration::ZERO, renewal, dirty: false }
    }

    /// Returns the lease to write: a store that is slow makes it longer, because a renewal must fit
    /// into it.
    fn term(&self) -> Duration {
        self.lease.max(self.last * 4).min(LONGEST_TERM)
    }

    /// Begins a commit; returns the lease to write.
    pub(super) fn begin(&mut self) -> Duration {
        self.dirty = false;
        self.renewal = Instant::now() + self.lease / 3;
        self.term()
    }

    /// Notes that something has changed.
    pub(super) const fn touch(&mut self) {
        self.dirty = true;
    }

    /// Notes how long a commit took.
    pub(super) const fn took(&mut self, span: Duration) {
        self.last = span;
    }

    /// Returns the latest moment of the next commit.
    pub(super) const fn renewal(&self) -> Instant {
        self.renewal
    }

    /// Returns whether it is time to commit.
    pub(super) fn is_due(&self) -> bool {
        self.dirty || self.renewal <= Instant::now()
    }
}

impl Commit {
    /// Makes a state the channel's; waits a moment where that fails.
    pub(super) async fn make(
        service: &Service,
        live: &LiveChannel,
        version: &Version,
        state: &ChannelState,
    ) -> Self {
        let begun = Instant::now();
        let lease = state.lease.as_ref().map(|lease| Duration::from_millis(lease.millis));
        let wait = lease.unwrap_or_default().max(LEAST_REQUEST);
        let tried = timeout(wait, commit(service, live, version, state)).await;
        let outcome = tried.unwrap_or_else(|_| {
            tracing::warn!(channel = %live.key, "state is not stored yet: no answer");
            Outcome::Failed
        });
        if matches!(outcome, Outcome::Failed) {
            service.metrics().store_retries.inc();
            sleep(PAUSE).await;
        }
        Self { begun, term: Duration::ZERO, segments: 0, outcome }
    }
}

/// Replaces the state, and finds out why where that fails.
async fn commit(
    service: &Service,
    live: &LiveChannel,
    version: &Version,
    state: &ChannelState,
) -> Outcome {
    let registry = service.registry();
    let error = match registry.set_state(&live.key, version, state).await {
        Ok(version) => return Outcome::Stored(version),
        Err(SwapError::Conflict) => match registry.state(&live.key).await {
            Ok(there) if there.value.writer == state.writer => {
                return Outcome::Earlier(there.version);
            }
            Ok(_) => return Outcome::Fenced,
            Err(error) => error,
        },
        Err(SwapError::Store(error)) => error,
    };
    tracing::warn!(channel = %live.key, %error, "state is not stored yet");
    Outcome::Failed
}

/// Makes a node's lease.
pub(super) fn lease(node: &str, len: Duration) -> Lease {
    Lease { node: node.to_owned(), millis: u64::try_from(len.as_millis()).unwrap_or(u64::MAX) }
}

/// A commit may take at least so long.
const LEAST_REQUEST: Duration = Duration::from_secs(5);
/// No store is so slow that a lease must be longer.
const LONGEST_TERM: Duration = Duration::from_secs(300);
/// How long after a failed commit the next one begins.
const PAUSE: Duration = Duration::from_millis(300);
