//! The log of a channel: numbered entries, each written once, of which the newest is the channel's
//! live state.
//!
//! ```text
//! 00…41.json   00…42.json   00…43.json        put-if-absent of number n + 1 is the only way to change state,
//!  (old)        (old)        (the state)      so of two writers one fails, knows it, and stops
//! ```
//!
//! That is lease and fence in one, on any store that has put-if-absent: a node that slept through
//! the end of its lease finds the next number taken. Old entries stay for a while, so that a late
//! writer hits one.

use core::time::Duration;
use std::collections::VecDeque;
use std::time::Instant;

use bytes::Bytes;
use object_store::path::Path;

use super::{ChannelState, Store};
use crate::name::ChannelKey;

/// Writes the log of one channel.
#[derive(Debug)]
pub(crate) struct ChannelLog {
    store: Store,
    key: ChannelKey,
    /// Number of the newest entry.
    head: u64,
    /// Entries that are there, and since when this writer knows of them.
    entries: VecDeque<(u64, Instant)>,
}

/// Why an entry was not written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AppendError {
    /// Somebody else wrote that number: this writer must stop.
    #[error("another node took the channel over")]
    Fenced,
    /// The store failed; the entry may be there all the same, and the same call may be tried again.
    #[error(transparent)]
    Store(#[from] object_store::Error),
    /// The state cannot be stored.
    #[error("state is no JSON: {0}")]
    Json(#[from] serde_json::Error),
}

impl ChannelLog {
    /// Reads a channel's log: the writer that goes on behind its newest entry, and that entry's
    /// state.
    pub(crate) async fn open(
        store: &Store,
        key: &ChannelKey,
    ) -> object_store::Result<(Self, ChannelState)> {
        let (numbers, state) = newest(store, key).await?;
        let now = Instant::now();
        let log = Self {
            store: store.clone(),
            key: key.clone(),
            head: numbers.last().copied().unwrap_or(0),
            entries: numbers.into_iter().map(|number| (number, now)).collect(),
        };
        Ok((log, state.unwrap_or_default()))
    }

    /// Writes the next entry. After [`AppendError::Store`] it may be tried again, with that state
    /// or a newer one.
    pub(crate) async fn append(&mut self, state: &ChannelState) -> Result<(), AppendError> {
        let body = Bytes::from(serde_json::to_vec(state)?);
        loop {
            let path = self.path(self.head + 1);
            let created = self.store.create(&path, body.clone(), "application/json");
            let written = match created.await {
                Ok(()) => true,
                Err(object_store::Error::AlreadyExists { .. }) => {
                    // It may be this writer's own, from a try whose answer was lost; an older state
                    // then has the number.
                    let there = self.store.get(&path).await?.unwrap_or_default();
                    let found: ChannelState = serde_json::from_slice(&there)?;
                    if found.writer != state.writer {
                        return Err(AppendError::Fenced);
                    }
                    there == body
                }
                Err(error) => return Err(error.into()),
            };
            self.head += 1;
            self.entries.push_back((self.head, Instant::now()));
            if written {
                self.trim();
                return Ok(());
            }
        }
    }

    /// Deletes entries that nobody can still be about to write, in the background.
    fn trim(&mut self) {
        let mut old = Vec::new();
        while let Some(&(number, since)) = self.entries.front()
            && number < self.head
            && since.elapsed() >= RETENTION
        {
            old.push(self.path(number));
            self.entries.pop_front();
        }
        if old.is_empty() {
            return;
        }
        let store = self.store.clone();
        tokio::spawn(async move {
            for path in old {
                if let Err(error) = store.delete(&path).await {
                    tracing::debug!(%path, %error, "old log entry stays");
                }
            }
        });
    }

    fn path(&self, number: u64) -> Path {
        self.store.layout().log_entry(&self.key, number)
    }
}

/// Reads a channel's state; `None` when it was never live.
pub(crate) async fn load_state(
    store: &Store,
    key: &ChannelKey,
) -> object_store::Result<Option<ChannelState>> {
    Ok(newest(store, key).await?.1)
}

/// Returns the numbers of all entries, oldest first, and the newest one's state.
async fn newest(
    store: &Store,
    key: &ChannelKey,
) -> object_store::Result<(Vec<u64>, Option<ChannelState>)> {
    let listed = store.list(&store.layout().log(key)).await?;
    let mut numbers: Vec<u64> = listed
        .iter()
        .filter_map(|meta| super::layout::stem(&meta.location)?.parse().ok())
        .collect();
    numbers.sort_unstable();
    let Some(&head) = numbers.last() else {
        return Ok((numbers, None));
    };
    let path = store.layout().log_entry(key, head);
    let body = store.get(&path).await?.unwrap_or_default();
    let state = serde_json::from_slice(&body).map_err(|source| object_store::Error::Generic {
        store: "livechannel",
        source: format!("{path}: {source}").into(),
    })?;
    Ok((numbers, Some(state)))
}

/// Longer than any request to a store may take, by far.
const RETENTION: Duration = Duration::from_secs(120);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::{BucketName, ChannelName};

    fn key() -> ChannelKey {
        ChannelKey::new(BucketName::new("bucket").unwrap(), ChannelName::new(b"channel").unwrap())
    }

    fn state(writer: &str, epoch: u64) -> ChannelState {
        ChannelState { writer: writer.to_owned(), epoch, ..ChannelState::default() }
    }

    #[tokio::test]
    async fn of_two_writers_one_is_told_to_stop() {
        let store = Store::memory();
        let (mut a, before) = ChannelLog::open(&store, &key()).await.unwrap();
        assert_eq!(before, ChannelState::default());
        a.append(&state("a", 1)).await.unwrap();
        let (mut b, seen) = ChannelLog::open(&store, &key()).await.unwrap();
        assert_eq!(seen, state("a", 1));
        b.append(&state("b", 2)).await.unwrap();
        assert!(matches!(a.append(&state("a", 1)).await, Err(AppendError::Fenced)));
        b.append(&state("b", 2)).await.unwrap();
        assert!(matches!(a.append(&state("a", 3)).await, Err(AppendError::Fenced)));
        assert_eq!(load_state(&store, &key()).await.unwrap(), Some(state("b", 2)));
    }

    #[tokio::test]
    async fn an_entry_whose_answer_was_lost_is_recognised() {
        let store = Store::memory();
        let (mut log, _) = ChannelLog::open(&store, &key()).await.unwrap();
        let (mut twin, _) = ChannelLog::open(&store, &key()).await.unwrap();
        twin.append(&state("a", 1)).await.unwrap();
        log.append(&state("a", 1)).await.unwrap();
        assert_eq!(log.head, 1);
        // The same with a state that has gone on since.
        twin.append(&state("a", 2)).await.unwrap();
        log.append(&state("a", 3)).await.unwrap();
        assert_eq!(log.head, 3);
        let newest = load_state(&store, &key()).await.unwrap();
        assert_eq!(newest, Some(state("a", 3)));
    }
}
