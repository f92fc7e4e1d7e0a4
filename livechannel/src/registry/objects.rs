//! The registry over an object store: one cell for each configuration and each live state.
//!
//! Beside each record lies a copy, written after it and not with every write, for the day that the
//! record itself cannot be understood: a torn write, another version's, a slip of a hand. A copy
//! decides nothing while the record is sound, so it needs no condition.

use async_trait::async_trait;
use bytes::Bytes;
use object_store::path::Path;

use super::records::{COPY_EVERY, Stamps, StoredConfig, json, parse_config, parse_state};
use super::{Read, Registry, legacy};
use crate::clock::now_millis;
use crate::name::{BucketName, ChannelKey, ChannelName};
use crate::store::{ChannelRecord, ChannelState, Store, SwapError, Version, decode_part};

/// Keeps records in an object store.
#[derive(Debug)]
pub(crate) struct Objects {
    store: Store,
    stamps: Stamps,
}

impl Objects {
    pub(crate) fn new(store: Store) -> Self {
        Self { store, stamps: Stamps::new() }
    }

    /// Writes a copy in the background: nothing waits for it, and the next one replaces it.
    fn copy(&self, path: Path, body: Bytes) {
        let store = self.store.clone();
        tokio::spawn(async move {
            if let Err(error) = store.put(&path, body, JSON).await {
                tracing::debug!(%path, %error, "a record has no new copy");
            }
        });
    }

    /// Returns the state that takes the place of one that cannot be understood.
    async fn replacement(&self, key: &ChannelKey) -> object_store::Result<ChannelState> {
        tracing::error!(channel = %key, "the stored state cannot be understood, a copy is used");
        let copy = self.store.get(&self.store.layout().state_copy(key)).await?;
        let copy = copy.and_then(|body| parse_state(&body));
        Ok(copy
            .map_or_else(|| ChannelState::after_total_loss(now_millis()), ChannelState::after_loss))
    }
}

#[async_trait]
impl Registry for Objects {
    async fn config(&self, key: &ChannelKey) -> object_store::Result<Read<Option<ChannelRecord>>> {
        let layout = self.store.layout();
        let cell = self.store.cells().read(&layout.channel(key)).await?;
        let Some(body) = cell.body else {
            return Ok(Read { value: None, version: cell.version, damaged: false });
        };
        if let Some(stored) = parse_config(&body) {
            return Ok(Read { value: stored.channel, version: cell.version, damaged: false });
        }
        tracing::error!(channel = %key, "the configuration cannot be understood, a copy is used");
        let copy = self.store.get(&layout.channel_copy(key)).await?;
        let value = copy.and_then(|body| parse_config(&body)?.channel);
        Ok(Read { value, version: cell.version, damaged: true })
    }

    async fn set_config(
        &self,
        key: &ChannelKey,
        seen: &Version,
        record: Option<&ChannelRecord>,
    ) -> Result<Version, SwapError> {
        let body = json(&StoredConfig::new(record, &self.stamps))?;
        let layout = self.store.layout();
        let version = self.store.cells().swap(&layout.channel(key), seen, body.clone()).await?;
        self.copy(layout.channel_copy(key), body);
        Ok(version)
    }

    async fn state(&self, key: &ChannelKey) -> object_store::Result<Read<ChannelState>> {
        let cell = self.store.cells().read(&self.store.layout().state(key)).await?;
        let read = |value, damaged| Read { value, version: cell.version.clone(), damaged };
        let Some(body) = cell.body else {
            let old = legacy::newest(&self.store, key).await?;
            return Ok(read(old.unwrap_or_default(), false));
        };
        match parse_state(&body) {
            Some(state) => Ok(read(state, false)),
            None => Ok(read(self.replacement(key).await?, true)),
        }
    }

    async fn set_state(
        &self,
        key: &ChannelKey,
        seen: &Version,
        state: &ChannelState,
    ) -> Result<Version, SwapError> {
        let body = json(state)?;
        let layout = self.store.layout();
        let version = self.store.cells().swap(&layout.state(key), seen, body.clone()).await?;
        if state.revision.is_multiple_of(COPY_EVERY) || state.lease.is_none() {
            self.copy(layout.state_copy(key), body);
        }
        if *seen == Version::Absent {
            let (store, key) = (self.store.clone(), key.clone());
            tokio::spawn(async move {
                if let Err(error) = legacy::delete(&store, &key).await {
                    tracing::debug!(channel = %key, %error, "the old log stays");
                }
            });
        }
        Ok(version)
    }

    async fn channels(&self, bucket: &BucketName) -> object_store::Result<Vec<ChannelName>> {
        let folder = self.store.layout().channels(bucket);
        let mut newest = std::collections::BTreeMap::new();
        for meta in self.store.list(&folder).await? {
            let name = first_below(&folder, &meta.location);
            let Some(name) = name.and_then(|name| channel_name(name.strip_suffix(".json")?)) else {
                continue;
            };
            // Where versions are objects, the greatest path is the newest.
            let entry = newest.entry(name).or_insert((meta.location.clone(), meta.size));
            if entry.0 <= meta.location {
                *entry = (meta.location, meta.size);
            }
        }
        let there = newest.into_iter().filter(|(_, (_, len))| *len != DELETED_LEN);
        Ok(there.map(|(name, _)| name).collect())
    }

    async fn ever_live(&self, bucket: &BucketName) -> object_store::Result<Vec<ChannelName>> {
        let folders = self.store.folders(&self.store.layout().logs(bucket)).await?;
        let names = folders.iter().filter_map(|folder| decode_part(&folder.parts().next_back()?));
        Ok(names.filter_map(|name| channel_name(&name)).collect())
    }

    async fn buckets(&self) -> object_store::Result<Vec<BucketName>> {
        let folders = self.store.folders(&self.store.layout().buckets()).await?;
        let names = folders.iter().filter_map(|folder| folder.parts().next_back());
        Ok(names.filter_map(|name| BucketName::new(name.as_ref())).collect())
    }
}

/// Returns the first part of a path below a folder, percent-decoded.
fn first_below(folder: &Path, path: &Path) -> Option<String> {
    let mut below = path.prefix_match(folder)?;
    decode_part(&below.next()?)
}

fn channel_name(name: &str) -> Option<ChannelName> {
    ChannelName::new(name.as_bytes()).ok()
}

const JSON: &str = "application/json";
/// Length of a deleted channel's record, which no other has: a list need not read them.
const DELETED_LEN: u64 = 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deleted_record_has_a_length_of_its_own() {
        let deleted = StoredConfig::new(None, &Stamps::new());
        let text = serde_json::to_string(&deleted).unwrap();
        assert_eq!(text.len() as u64, DELETED_LEN, "{text}");
    }
}
