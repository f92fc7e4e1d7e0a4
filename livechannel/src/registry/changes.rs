//! How a registry tells publications that a configuration has changed.

use core::future::pending;

use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use crate::name::ChannelKey;

/// What may have changed.
#[cfg_attr(not(feature = "etcd"), expect(dead_code, reason = "objects tell of no change"))]
#[derive(Clone, Debug)]
pub(crate) enum Change {
    /// The configuration of one channel.
    Of(ChannelKey),
    /// Any: nobody was told for a while.
    Any,
}

/// Changes of configurations, from the moment that a publication asked for them.
#[derive(Debug)]
pub(crate) struct ConfigChanges(Option<broadcast::Receiver<Change>>);

impl ConfigChanges {
    /// For a registry whose store tells it of no change.
    pub(crate) const fn none() -> Self {
        Self(None)
    }

    /// Waits until the configuration of a channel may have changed. Never returns where the store
    /// tells of no change: publications look for themselves there.
    pub(crate) async fn of(&mut self, key: &ChannelKey) {
        while let Some(news) = &mut self.0 {
            match news.recv().await {
                Ok(Change::Of(changed)) if changed != *key => {}
                Ok(_) | Err(RecvError::Lagged(_)) => return,
                Err(RecvError::Closed) => self.0 = None,
            }
        }
        pending().await
    }
}

#[cfg(feature = "etcd")]
impl From<broadcast::Receiver<Change>> for ConfigChanges {
    fn from(news: broadcast::Receiver<Change>) -> Self {
        Self(Some(news))
    }
}
