//! The registry: what channels there are, and who writes them.
//!
//! ```text
//!   node A ── read ──► state, version 7 ── set(7, ..) ──► version 8
//!   node B ── read ──► state, version 7 ── set(7, ..) ──► Conflict: B is not the writer
//! ```
//!
//! > **The invariant.** A record changes only by compare-and-swap on the version that was read. A
//! > node that was paused for any time therefore fails with its next write; no clock decides that.
//!
//! Time decides only when another node may *try*: after it has itself watched the state for the
//! length of the lease, by its own monotonic clock, without seeing a new revision
//! ([`Observations`]).

mod address;
mod changes;
#[cfg(test)]
mod conformance;
#[cfg(feature = "etcd")]
mod etcd;
#[cfg(any(test, fuzzing))]
mod fuzzing;
mod legacy;
mod objects;
mod observations;
mod records;

use core::fmt::Debug;

use async_trait::async_trait;

pub use address::{RegistryAddress, RegistryError};
pub(crate) use changes::ConfigChanges;
#[cfg(feature = "etcd")]
pub(crate) use etcd::Etcd;
#[cfg(any(test, fuzzing))]
pub use fuzzing::fuzz_records;
pub(crate) use objects::Objects;
pub(crate) use observations::{GRACE, Observations, silence};

use crate::name::{BucketName, ChannelKey, ChannelName};
use crate::store::{ChannelRecord, ChannelState, SwapError, Version};

/// Where configurations and live states are kept.
#[async_trait]
pub(crate) trait Registry: Debug + Send + Sync {
    /// Reads a channel's configuration; `None` where there is no such channel.
    ///
    /// # Errors
    ///
    /// What the store says. A record that cannot be understood is no error.
    async fn config(&self, key: &ChannelKey) -> object_store::Result<Read<Option<ChannelRecord>>>;

    /// Replaces the configuration that was read, or deletes it.
    ///
    /// # Errors
    ///
    /// [`SwapError::Conflict`] when the configuration is not what was read any more.
    async fn set_config(
        &self,
        key: &ChannelKey,
        seen: &Version,
        record: Option<&ChannelRecord>,
    ) -> Result<Version, SwapError>;

    /// Reads a channel's live state; an empty one where the channel was never live.
    ///
    /// # Errors
    ///
    /// What the store says. A state that cannot be understood is no error: the one before it, with
    /// numbers that nobody can have given, takes its place.
    async fn state(&self, key: &ChannelKey) -> object_store::Result<Read<ChannelState>>;

    /// Replaces the live state that was read. The new one's writer and revision together must be
    /// new.
    ///
    /// # Errors
    ///
    /// [`SwapError::Conflict`] when the state is not what was read any more.
    async fn set_state(
        &self,
        key: &ChannelKey,
        seen: &Version,
        state: &ChannelState,
    ) -> Result<Version, SwapError>;

    /// Returns the names of the channels of a bucket, in no order.
    async fn channels(&self, bucket: &BucketName) -> object_store::Result<Vec<ChannelName>>;

    /// Returns the names of all that were ever live in a bucket, deleted ones included.
    async fn ever_live(&self, bucket: &BucketName) -> object_store::Result<Vec<ChannelName>>;

    /// Returns the buckets that have or had channels.
    async fn buckets(&self) -> object_store::Result<Vec<BucketName>>;

    /// Returns the news of configurations that change from now on.
    fn config_changes(&self) -> ConfigChanges {
        ConfigChanges::none()
    }
}

/// A record as it was read.
#[derive(Clone, Debug)]
pub(crate) struct Read<T> {
    pub(crate) value: T,
    /// What the record is replaced by.
    pub(crate) version: Version,
    /// The record is there and cannot be understood; `value` is an older one or empty.
    pub(crate) damaged: bool,
}
