//! The registry over etcd: one key for each configuration and each live state.
//!
//! ```text
//! read ──► value, written by revision 7 ──► if still 7: put ──► revision 12, or Conflict
//! ```
//!
//! Revisions are counted over all keys of a cluster and never come back, so a writer of any age
//! fails, as with objects. No key is ever deleted: after a deletion "not there" would be a version
//! that came back. For the same reason no key is bound to a lease of etcd's. How long a node was
//! silent is for the observer to judge, as with objects: etcd's own clock decides nothing here.
//!
//! A copy of a record is written in the transaction that writes the record.

mod calls;
mod keys;
#[cfg(test)]
mod tests;
mod watching;

use async_trait::async_trait;
use etcd_client::GetOptions;

use self::calls::{Calls, EtcdError, Swapped, Write};
use self::keys::{Keys, Kind, end_of};
use self::watching::Watching;
use super::records::{COPY_EVERY, Stamps, StoredConfig, json, parse_config, parse_state};
use super::{ConfigChanges, Read, Registry};
use crate::clock::now_millis;
use crate::name::{BucketName, ChannelKey, ChannelName};
use crate::store::{ChannelRecord, ChannelState, SwapError, Version};

/// Keeps records in etcd.
#[derive(Debug)]
pub(crate) struct Etcd {
    calls: Calls,
    keys: Keys,
    stamps: Stamps,
    watching: Watching,
}

impl Etcd {
    /// Opens a registry. Whether etcd is there is found out with the first request.
    pub(super) async fn open(endpoints: &[String], prefix: &str) -> Result<Self, EtcdError> {
        let (calls, keys) = (Calls::connect(endpoints).await?, Keys::new(prefix));
        let watching = Watching::start(calls.clone(), keys.clone());
        Ok(Self { calls, keys, stamps: Stamps::new(), watching })
    }

    async fn swap(&self, seen: &Version, write: Write) -> Result<Version, SwapError> {
        let seen = match seen {
            Version::Absent => 0,
            Version::Revision(revision) => *revision,
            // Read from something else than etcd.
            _ => return Err(SwapError::Conflict),
        };
        match self.calls.swap(seen, write).await.map_err(object_store::Error::from)? {
            Swapped::Written(revision) => Ok(Version::Revision(revision)),
            Swapped::Conflict => Err(SwapError::Conflict),
        }
    }

    /// Reads a record's copy, of which it does not matter how old it is.
    async fn copy(&self, kind: Kind, key: &ChannelKey) -> Result<Option<Vec<u8>>, EtcdError> {
        let found = self.calls.read(&self.keys.record(kind, key)).await?;
        Ok(found.map(|found| found.body))
    }

    /// Returns the buckets that have a record of a kind: one request for each of them.
    async fn buckets_of(&self, kind: Kind) -> Result<Vec<BucketName>, EtcdError> {
        let all = self.keys.all(kind);
        let end = end_of(&all);
        let mut from = all.into_bytes();
        let mut buckets = Vec::new();
        while let Some(mut key) = self.calls.first_key(from, end.clone()).await? {
            from = match self.keys.split(kind, &key) {
                Some((bucket, _)) => {
                    buckets.extend(BucketName::new(bucket));
                    end_of(&self.keys.bucket(kind, bucket))
                }
                None => {
                    key.push(0); // the first key after one that is not this program's
                    key
                }
            };
        }
        Ok(buckets)
    }
}

#[async_trait]
impl Registry for Etcd {
    async fn config(&self, key: &ChannelKey) -> object_store::Result<Read<Option<ChannelRecord>>> {
        let Some(found) = self.calls.read(&self.keys.record(Kind::Config, key)).await? else {
            return Ok(Read { value: None, version: Version::Absent, damaged: false });
        };
        let version = Version::Revision(found.revision);
        if let Some(stored) = parse_config(&found.body) {
            return Ok(Read { value: stored.channel, version, damaged: false });
        }
        tracing::error!(channel = %key, "the configuration cannot be understood, a copy is used");
        let copy = self.copy(Kind::ConfigCopy, key).await?;
        let value = copy.and_then(|body| parse_config(&body)?.channel);
        Ok(Read { value, version, damaged: true })
    }

    async fn set_config(
        &self,
        key: &ChannelKey,
        seen: &Version,
        record: Option<&ChannelRecord>,
    ) -> Result<Version, SwapError> {
        let write = Write {
            key: self.keys.record(Kind::Config, key),
            copy: Some(self.keys.record(Kind::ConfigCopy, key)),
            body: json(&StoredConfig::new(record, &self.stamps))?.into(),
        };
        self.swap(seen, write).await
    }

    async fn state(&self, key: &ChannelKey) -> object_store::Result<Read<ChannelState>> {
        let Some(found) = self.calls.read(&self.keys.record(Kind::State, key)).await? else {
            let value = ChannelState::default();
            return Ok(Read { value, version: Version::Absent, damaged: false });
        };
        let version = Version::Revision(found.revision);
        if let Some(value) = parse_state(&found.body) {
            return Ok(Read { value, version, damaged: false });
        }
        tracing::error!(channel = %key, "the stored state cannot be understood, a copy is used");
        let copy = self.copy(Kind::StateCopy, key).await?.and_then(|body| parse_state(&body));
        let value = copy
            .map_or_else(|| ChannelState::after_total_loss(now_millis()), ChannelState::after_loss);
        Ok(Read { value, version, damaged: true })
    }

    async fn set_state(
        &self,
        key: &ChannelKey,
        seen: &Version,
        state: &ChannelState,
    ) -> Result<Version, SwapError> {
        let is_copied = state.revision.is_multiple_of(COPY_EVERY) || state.lease.is_none();
        let write = Write {
            key: self.keys.record(Kind::State, key),
            copy: is_copied.then(|| self.keys.record(Kind::StateCopy, key)),
            body: json(state)?.into(),
        };
        self.swap(seen, write).await
    }

    async fn channels(&self, bucket: &BucketName) -> object_store::Result<Vec<ChannelName>> {
        let start = self.keys.bucket(Kind::Config, bucket.as_str());
        let found = self.calls.list(&start, GetOptions::new()).await?;
        let names = found.iter().filter_map(|pair| {
            let key = self.keys.channel(Kind::Config, pair.key())?;
            // One that cannot be understood is listed, so that it can be seen and deleted.
            let deleted = parse_config(pair.value()).is_some_and(|stored| stored.channel.is_none());
            (!deleted).then_some(key.channel)
        });
        Ok(names.collect())
    }

    async fn ever_live(&self, bucket: &BucketName) -> object_store::Result<Vec<ChannelName>> {
        let start = self.keys.bucket(Kind::State, bucket.as_str());
        let found = self.calls.list(&start, GetOptions::new().with_keys_only()).await?;
        let keys = found.iter().filter_map(|pair| self.keys.channel(Kind::State, pair.key()));
        Ok(keys.map(|key| key.channel).collect())
    }

    async fn buckets(&self) -> object_store::Result<Vec<BucketName>> {
        let mut buckets = self.buckets_of(Kind::Config).await?;
        buckets.append(&mut self.buckets_of(Kind::State).await?);
        buckets.sort_unstable();
        buckets.dedup();
        Ok(buckets)
    }

    fn config_changes(&self) -> ConfigChanges {
        self.watching.subscribe()
    }
}
