//! How long this node has seen no change of a state: the only measure of another node's silence.

use core::num::NonZeroUsize;
use core::time::Duration;
use std::sync::{Mutex, PoisonError};

use lru::LruCache;
use tokio::time::Instant;

use crate::name::ChannelKey;
use crate::store::{ChannelState, Lease};

/// What was last seen of the states that are somebody's, of those that were looked at last.
#[derive(Debug)]
pub(crate) struct Observations(Mutex<LruCache<ChannelKey, Seen>>);

#[derive(Debug)]
struct Seen {
    writer: String,
    revision: u64,
    since: Instant,
}

impl Default for Observations {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(MOST_SEEN)))
    }
}

impl Observations {
    /// Takes note of a state that was just read, and returns how long it has been seen unchanged.
    pub(crate) fn note(&self, key: &ChannelKey, state: &ChannelState) -> Duration {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.lease.is_none() {
            seen.pop(key);
            return Duration::ZERO;
        }
        if let Some(seen) = seen.get(key)
            && seen.writer == state.writer
            && seen.revision == state.revision
        {
            return seen.since.elapsed();
        }
        let now =
            Seen { writer: state.writer.clone(), revision: state.revision, since: Instant::now() };
        seen.put(key.clone(), now);
        Duration::ZERO
    }

    /// Returns whether a state that was just read is nobody's, as far as this node has seen.
    /// `usual` is the length of a lease that does not say.
    pub(crate) fn is_free(
        &self,
        key: &ChannelKey,
        state: &ChannelState,
        node: &str,
        usual: Duration,
    ) -> bool {
        let unchanged = self.note(key, state);
        state
            .lease
            .as_ref()
            .is_none_or(|lease| lease.node == node || unchanged >= silence(lease, usual))
    }
}

/// Returns how long nothing must be heard of a lease's node before another may try.
pub(crate) fn silence(lease: &Lease, usual: Duration) -> Duration {
    let len = match lease.millis {
        0 => usual,
        millis => Duration::from_millis(millis).min(LONGEST),
    };
    len + GRACE
}

/// How much longer than its lease a publication goes on, without serving, and so how much longer
/// others wait: a renewal that takes half a lease ends at the very moment that the lease does.
pub(crate) const GRACE: Duration = Duration::from_millis(500);

/// States that are remembered. Whoever waits for one looks at it twice a second, so that it stays
/// however many are looked at besides; a state that was forgotten is watched from the beginning.
const MOST_SEEN: NonZeroUsize = NonZeroUsize::new(16_384).unwrap();

/// No lease is longer, whatever a record says.
const LONGEST: Duration = Duration::from_secs(300);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::{BucketName, ChannelName};

    #[tokio::test(start_paused = true)]
    async fn only_what_this_node_has_watched_for_a_lease_is_free() {
        let key = ChannelKey::new(BucketName::default(), ChannelName::new(b"ch").unwrap());
        let seen = Observations::default();
        let usual = Duration::from_secs(10);
        let mut state = ChannelState {
            writer: "a".to_owned(),
            lease: Some(Lease { node: "a".to_owned(), millis: 4000 }),
            ..ChannelState::default()
        };
        let free = |state: &ChannelState, node| seen.is_free(&key, state, node, usual);
        assert!(!free(&state, "b"), "seen for the first time");
        assert!(free(&state, "a"), "its own");
        tokio::time::advance(Duration::from_millis(4400)).await;
        assert!(!free(&state, "b"));
        state.revision += 1;
        assert!(!free(&state, "b"), "renewed");
        tokio::time::advance(Duration::from_millis(4500)).await;
        assert!(free(&state, "b"));
        state.lease = None;
        assert!(free(&state, "b"), "given up");
    }

    #[test]
    fn no_more_states_are_remembered_than_are_useful() {
        let seen = Observations::default();
        let lease = Some(Lease { node: "a".to_owned(), millis: 4000 });
        let state = ChannelState { lease, ..ChannelState::default() };
        for n in 0..20_000 {
            let name = ChannelName::new(format!("ch-{n}").as_bytes()).unwrap();
            seen.note(&ChannelKey::new(BucketName::default(), name), &state);
        }
        assert_eq!(seen.0.lock().unwrap().len(), MOST_SEEN.get());
    }
}
