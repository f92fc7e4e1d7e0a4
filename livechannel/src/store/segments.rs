//! The segments of a channel by time, for VOD playlists: runs that are written once, and a tail in
//! the live state.

use object_store::path::Path;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::{ChannelState, Store, StoredSegment, layout};
use crate::name::ChannelKey;

/// Segments of the tail that make a run.
pub(crate) const INDEX_TAIL: usize = 64;

/// Reads and writes the index of one channel.
#[derive(Debug)]
pub(crate) struct SegmentIndex<'a> {
    store: &'a Store,
    key: &'a ChannelKey,
}

impl<'a> SegmentIndex<'a> {
    pub(crate) const fn new(store: &'a Store, key: &'a ChannelKey) -> Self {
        Self { store, key }
    }

    /// Writes a run. The same run may be written again: it has the same name.
    pub(crate) async fn write_run(&self, run: &[StoredSegment]) -> object_store::Result<()> {
        let (Some(first), Some(last)) = (run.first(), run.last()) else {
            return Ok(());
        };
        let path = self.store.layout().index_run(self.key, first.wall, last.wall);
        let body = serde_json::to_vec(run).map_err(|source| object_store::Error::Generic {
            store: "livechannel",
            source: source.into(),
        })?;
        self.store.put(&path, body.into(), "application/json").await
    }

    /// Deletes the runs that ended before a time, in Unix milliseconds; returns how many. The
    /// segments themselves are found by their names.
    pub(crate) async fn expire(&self, before: i64) -> object_store::Result<usize> {
        let mut deleted = 0;
        for run in self.store.list(&self.store.layout().index(self.key)).await? {
            let span = layout::stem(&run.location);
            let last = span.and_then(|span| span.split_once('-')?.1.parse::<i64>().ok());
            if last.is_none_or(|last| last >= before) {
                continue;
            }
            self.store.delete(&run.location).await?;
            deleted += 1;
        }
        Ok(deleted)
    }

    async fn read_run(&self, path: &Path) -> object_store::Result<Vec<StoredSegment>> {
        let body = self.store.get(path).await?.unwrap_or_default();
        serde_json::from_slice(&body).map_err(|source| object_store::Error::Generic {
            store: "livechannel",
            source: format!("{path}: {source}").into(),
        })
    }

    /// Returns the segments that were opened from `from` to `to`, in Unix milliseconds, oldest
    /// first.
    pub(crate) async fn between(
        &self,
        state: &ChannelState,
        from: i64,
        to: i64,
    ) -> object_store::Result<Vec<StoredSegment>> {
        let runs = self.store.list(&self.store.layout().index(self.key)).await?;
        let overlapping = runs.into_iter().filter(|run| {
            layout::stem(&run.location)
                .and_then(|stem| {
                    let (first, last) = stem.split_once('-')?;
                    Some((first.parse::<i64>().ok()?, last.parse::<i64>().ok()?))
                })
                .is_some_and(|(first, last)| first <= to && last >= from)
        });
        let read: Vec<Vec<StoredSegment>> = stream::iter(overlapping)
            .map(|run| async move { self.read_run(&run.location).await })
            .buffer_unordered(16)
            .try_collect()
            .await?;
        let mut segments: Vec<StoredSegment> = read
            .into_iter()
            .flatten()
            .chain(state.tail.iter().copied())
            .filter(|segment| (from..=to).contains(&segment.wall))
            .collect();
        segments.sort_unstable_by_key(|segment| (segment.wall, segment.id));
        segments.dedup();
        Ok(segments)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::{BucketName, ChannelName};

    fn segment(wall: i64) -> StoredSegment {
        StoredSegment {
            id: wall as u64,
            sequence: wall as u64,
            ms: 1000,
            wall,
            epoch: 0,
            date: None,
            disc: false,
            init: None,
        }
    }

    #[tokio::test]
    async fn runs_that_expired_are_deleted() {
        let store = Store::memory();
        let key = key();
        let index = SegmentIndex::new(&store, &key);
        for run in [[segment(1), segment(2)], [segment(3), segment(4)]] {
            index.write_run(&run).await.unwrap();
        }
        assert_eq!(index.expire(4).await.unwrap(), 1);
        let state = ChannelState::default();
        let left = index.between(&state, 0, 10).await.unwrap();
        assert_eq!(left, [segment(3), segment(4)]);
    }

    fn key() -> ChannelKey {
        ChannelKey::new(
            BucketName::new("bucket").unwrap(),
            ChannelName::new("测试".as_bytes()).unwrap(),
        )
    }

    #[tokio::test]
    async fn o_29_segments_are_found_by_the_time_they_were_opened_at() {
        let store = Store::memory();
        let key = key();
        let index = SegmentIndex::new(&store, &key);
        let all: Vec<StoredSegment> = (0..200).map(|n| segment(1000 + n * 10)).collect();
        for run in all[..128].chunks(64) {
            index.write_run(run).await.unwrap();
            index.write_run(run).await.unwrap();
        }
        let state = ChannelState {
            tail: all[120..].to_vec(), // a run was written, the state that says so was not
            ..ChannelState::default()
        };
        let found = index.between(&state, 1005, 2500).await.unwrap();
        let walls: Vec<i64> = found.iter().map(|segment| segment.wall).collect();
        assert_eq!(walls, (101..=250).map(|n| n * 10).collect::<Vec<_>>());
        assert!(index.between(&state, 5000, 6000).await.unwrap().is_empty());
    }
}
