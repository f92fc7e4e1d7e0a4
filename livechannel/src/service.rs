//! What all parts of a node share: settings, store, the channels that are live here, counters.

use core::hash::{BuildHasher as _, Hasher as _};
use std::collections::hash_map::RandomState;
use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::auth::Keys;
use crate::channel::Registry;
use crate::metrics::Metrics;
use crate::name::ChannelKey;
use crate::page::ChannelsCache;
use crate::settings::Settings;
use crate::store::{ChannelRecord, Store};

/// One node.
#[derive(Debug)]
pub(crate) struct Service {
    settings: Settings,
    keys: Keys,
    store: Store,
    registry: Arc<Registry>,
    metrics: Arc<Metrics>,
    http: reqwest::Client,
    /// This process among all that use the store.
    node: String,
    channels: ChannelsCache,
    decoders: Semaphore,
}

impl Service {
    pub(crate) fn new(settings: Settings, store: Store) -> Self {
        crate::tls::install();
        let node =
            settings.node.clone().unwrap_or_else(|| format!("{:012x}", nonce() & 0xffff_ffff_ffff));
        Self {
            keys: Keys::new(&settings.keys, settings.anonymous),
            settings,
            store,
            registry: Arc::default(),
            metrics: Arc::new(Metrics::new()),
            http: reqwest::Client::new(),
            node,
            channels: ChannelsCache::default(),
            decoders: Semaphore::new(DECODERS),
        }
    }

    pub(crate) const fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(crate) const fn keys(&self) -> &Keys {
        &self.keys
    }

    pub(crate) const fn store(&self) -> &Store {
        &self.store
    }

    pub(crate) const fn registry(&self) -> &Arc<Registry> {
        &self.registry
    }

    pub(crate) const fn metrics(&self) -> &Arc<Metrics> {
        &self.metrics
    }

    /// The client for webhooks.
    pub(crate) const fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// What the page shows.
    pub(crate) const fn channels(&self) -> &ChannelsCache {
        &self.channels
    }

    /// Turns of those who decode pictures.
    pub(crate) const fn decoders(&self) -> &Semaphore {
        &self.decoders
    }

    pub(crate) fn node(&self) -> &str {
        &self.node
    }
}

/// Returns a number that no other process and no earlier call has.
pub(crate) fn nonce() -> u64 {
    // The standard library's random keys, which it does not hand out otherwise.
    RandomState::new().build_hasher().finish()
}

/// Reads a channel's configuration; `None` when there is no such channel.
pub(crate) async fn load_channel(
    store: &Store,
    key: &ChannelKey,
) -> object_store::Result<Option<ChannelRecord>> {
    let path = store.layout().channel(key);
    let Some(body) = store.get(&path).await? else {
        return Ok(None);
    };
    match serde_json::from_slice(&body) {
        Ok(record) => Ok(Some(record)),
        Err(source) => Err(object_store::Error::Generic {
            store: "livechannel",
            source: format!("{path}: {source}").into(),
        }),
    }
}

/// Writes a channel's configuration.
pub(crate) async fn save_channel(
    store: &Store,
    key: &ChannelKey,
    record: &ChannelRecord,
) -> object_store::Result<()> {
    let body = serde_json::to_vec(record).map_err(|source| object_store::Error::Generic {
        store: "livechannel",
        source: source.into(),
    })?;
    let path = store.layout().channel(key);
    store.put(&path, body.into(), "application/json").await
}

/// Pictures that are decoded at the same time.
const DECODERS: usize = 2;
