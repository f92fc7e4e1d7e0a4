//! What a registry stores of a channel, as JSON, whatever keeps it.

use core::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::service::nonce;
use crate::store::{ChannelRecord, ChannelState};

/// A configuration as it is stored.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct StoredConfig {
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    deleted: bool,
    /// Differs in every write.
    #[serde(default)]
    stamp: String,
    #[serde(flatten)]
    pub(super) channel: Option<ChannelRecord>,
}

impl StoredConfig {
    /// Makes a configuration, or the record of a deleted one.
    pub(super) fn new(channel: Option<&ChannelRecord>, stamps: &Stamps) -> Self {
        Self { deleted: channel.is_none(), stamp: stamps.next(), channel: channel.cloned() }
    }
}

/// Makes two configurations differ that say the same.
#[derive(Debug)]
pub(super) struct Stamps {
    count: AtomicU64,
    process: u64,
}

impl Stamps {
    pub(super) fn new() -> Self {
        Self { count: AtomicU64::new(0), process: nonce() }
    }

    fn next(&self) -> String {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        format!("{:016x}-{count:016x}", self.process)
    }
}

pub(super) fn parse_config(body: &[u8]) -> Option<StoredConfig> {
    let stored = serde_json::from_slice::<StoredConfig>(body).ok()?;
    (stored.deleted || stored.channel.is_some()).then_some(stored)
}

pub(super) fn parse_state(body: &[u8]) -> Option<ChannelState> {
    let whole = body.len() <= LONGEST_STATE;
    let state = whole.then(|| serde_json::from_slice::<ChannelState>(body).ok()).flatten();
    state.filter(ChannelState::is_sound)
}

pub(super) fn json(value: &impl Serialize) -> object_store::Result<Bytes> {
    serde_json::to_vec(value).map(Bytes::from).map_err(|source| object_store::Error::Generic {
        store: "livechannel",
        source: source.into(),
    })
}

/// Writes of a state from one copy to the next.
pub(crate) const COPY_EVERY: u64 = 64;
/// A hundred listed segments and a tail have some 30 kB.
const LONGEST_STATE: usize = 4 << 20;
