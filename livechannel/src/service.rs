//! What all parts of a node share: settings, store, the channels that are live here, counters.

use core::hash::{BuildHasher as _, Hasher as _};
use core::time::Duration;
use std::collections::hash_map::RandomState;
use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::audit::Audit;
use crate::auth::Keys;
use crate::channel::LiveChannels;
use crate::limits::Limits;
use crate::metrics::Metrics;
use crate::name::ChannelKey;
use crate::page::ChannelsCache;
use crate::peers::Peers;
use crate::readiness::Readiness;
use crate::registry::{Observations, Registry, silence};
use crate::settings::Settings;
use crate::store::{ChannelRecord, ChannelState, Store};

/// One node.
#[derive(Debug)]
pub(crate) struct Service {
    settings: Settings,
    keys: Keys,
    store: Store,
    registry: Arc<dyn Registry>,
    observations: Observations,
    live: Arc<LiveChannels>,
    metrics: Arc<Metrics>,
    /// None where no client could be made.
    http: Option<reqwest::Client>,
    /// This process among all that use the store.
    node: String,
    channels: ChannelsCache,
    decoders: Semaphore,
    limits: Limits,
    audit: Audit,
    peers: Peers,
    readiness: Readiness,
}

impl Service {
    /// Makes a node whose registry lies in the store.
    #[cfg(test)]
    pub(crate) fn new(settings: Settings, store: Store) -> Self {
        let registry = Arc::new(crate::registry::Objects::new(store.clone()));
        Self::with_registry(settings, store, registry)
    }

    pub(crate) fn with_registry(
        settings: Settings,
        store: Store,
        registry: Arc<dyn Registry>,
    ) -> Self {
        crate::tls::install();
        let node =
            settings.node.clone().unwrap_or_else(|| format!("{:012x}", nonce() & 0xffff_ffff_ffff));
        Self {
            limits: Limits::new(&settings),
            audit: Audit::new(),
            peers: Peers::new(),
            readiness: Readiness::default(),
            keys: Keys::new(&settings.keys, settings.anonymous).with_region(&settings.region),
            settings,
            registry,
            store,
            observations: Observations::default(),
            live: Arc::default(),
            metrics: Arc::new(Metrics::new()),
            http: webhook_client(),
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

    /// Where configurations and live states are kept.
    pub(crate) fn registry(&self) -> &Arc<dyn Registry> {
        &self.registry
    }

    /// The channels that are live on this node.
    pub(crate) const fn live(&self) -> &Arc<LiveChannels> {
        &self.live
    }

    /// Reads a channel's configuration; `None` when there is no such channel.
    pub(crate) async fn config(
        &self,
        key: &ChannelKey,
    ) -> object_store::Result<Option<ChannelRecord>> {
        Ok(self.registry.config(key).await?.value)
    }

    /// Reads a channel's live state.
    pub(crate) async fn state(&self, key: &ChannelKey) -> object_store::Result<ChannelState> {
        Ok(self.registry.state(key).await?.value)
    }

    /// Returns whether a state that was just read is nobody's, as far as this node has watched it.
    pub(crate) fn is_free(&self, key: &ChannelKey, state: &ChannelState) -> bool {
        self.observations.is_free(key, state, &self.node, self.settings.lease)
    }

    /// Returns in how long a state that was just read will be nobody's if it does not change.
    pub(crate) fn free_in(&self, key: &ChannelKey, state: &ChannelState) -> Duration {
        let unchanged = self.observations.note(key, state);
        let lease = state.lease.as_ref().map(|lease| silence(lease, self.settings.lease));
        lease.unwrap_or_default().saturating_sub(unchanged)
    }

    pub(crate) const fn metrics(&self) -> &Arc<Metrics> {
        &self.metrics
    }

    /// The client for webhooks.
    pub(crate) const fn http(&self) -> Option<&reqwest::Client> {
        self.http.as_ref()
    }

    /// What the page shows.
    pub(crate) const fn channels(&self) -> &ChannelsCache {
        &self.channels
    }

    /// Turns of those who decode pictures.
    pub(crate) const fn decoders(&self) -> &Semaphore {
        &self.decoders
    }

    /// What strangers may cost.
    pub(crate) const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Where refusals and changes are noted.
    pub(crate) const fn audit(&self) -> &Audit {
        &self.audit
    }

    /// The nodes that have channels with parts.
    pub(crate) const fn peers(&self) -> &Peers {
        &self.peers
    }

    /// Whether the node can do its work.
    pub(crate) const fn readiness(&self) -> &Readiness {
        &self.readiness
    }

    pub(crate) fn node(&self) -> &str {
        &self.node
    }
}

/// Makes the client for webhooks. Where they are is the settings' to say, not an answer's: it
/// follows no redirect.
fn webhook_client() -> Option<reqwest::Client> {
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build();
    client.inspect_err(|error| tracing::error!(%error, "webhooks cannot be told anything")).ok()
}

/// Returns a number that no other process and no earlier call has.
pub(crate) fn nonce() -> u64 {
    // The standard library's random keys, which it does not hand out otherwise.
    RandomState::new().build_hasher().finish()
}

/// Pictures that are decoded at the same time.
const DECODERS: usize = 2;
