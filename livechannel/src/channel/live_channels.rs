//! The channels that are live on this node.

use core::sync::atomic::{AtomicBool, Ordering};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::live::{LiveChannel, Stop};
use crate::name::ChannelKey;

/// Finds live channels by name.
#[derive(Debug, Default)]
pub(crate) struct LiveChannels {
    live: Mutex<HashMap<ChannelKey, Arc<LiveChannel>>>,
    left: Notify,
    /// The node's end has cost segments, or a channel was not given up.
    unfinished: AtomicBool,
}

/// Takes a channel out of the live ones when dropped.
#[derive(Debug)]
pub(crate) struct Registered {
    channels: Arc<LiveChannels>,
    channel: Arc<LiveChannel>,
}

impl LiveChannels {
    pub(crate) fn find(&self, key: &ChannelKey) -> Option<Arc<LiveChannel>> {
        self.lock().get(key).cloned()
    }

    pub(crate) fn all(&self) -> Vec<Arc<LiveChannel>> {
        self.lock().values().cloned().collect()
    }

    /// Enters a channel, unless it is live already.
    pub(crate) fn enter(self: &Arc<Self>, channel: Arc<LiveChannel>) -> Option<Registered> {
        let mut live = self.lock();
        if live.contains_key(&channel.key) {
            return None;
        }
        live.insert(channel.key.clone(), Arc::clone(&channel));
        Some(Registered { channels: Arc::clone(self), channel })
    }

    /// Notes that the node's end has cost something.
    pub(crate) fn note_unfinished(&self) {
        self.unfinished.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_unfinished(&self) -> bool {
        self.unfinished.load(Ordering::Relaxed)
    }

    /// Stops every publication and waits until all are over.
    pub(crate) async fn stop_all(&self) {
        loop {
            let left = self.left.notified();
            let live = self.all();
            if live.is_empty() {
                return;
            }
            for channel in live {
                channel.stop(Stop::Shutdown);
            }
            // A publication that was just beginning may come in after the others: look again.
            let _ = tokio::time::timeout(core::time::Duration::from_millis(200), left).await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ChannelKey, Arc<LiveChannel>>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        self.channels.lock().remove(&self.channel.key);
        self.channels.left.notify_waiters();
    }
}
