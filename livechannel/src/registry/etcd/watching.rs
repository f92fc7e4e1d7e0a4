//! One watch over all configurations, which tells this node of every change.

use core::time::Duration;

use tokio::sync::broadcast;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::calls::{Calls, EtcdError};
use super::keys::{Keys, Kind};
use crate::registry::changes::{Change, ConfigChanges};

/// The watch; ends when it is dropped.
#[derive(Debug)]
pub(super) struct Watching {
    changes: broadcast::Sender<Change>,
    task: JoinHandle<()>,
}

impl Watching {
    pub(super) fn start(calls: Calls, keys: Keys) -> Self {
        let changes = broadcast::Sender::new(REMEMBERED);
        let task = tokio::spawn(watch(calls, keys, changes.clone()));
        Self { changes, task }
    }

    pub(super) fn subscribe(&self) -> ConfigChanges {
        self.changes.subscribe().into()
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn watch(calls: Calls, keys: Keys, changes: broadcast::Sender<Change>) {
    loop {
        match follow(&calls, &keys, &changes).await {
            Ok(()) => tracing::debug!("the watch of configurations has ended"),
            Err(error) => tracing::warn!(%error, "configurations are not watched for now"),
        }
        sleep(PAUSE).await;
    }
}

/// Tells of changes until the watch ends.
async fn follow(
    calls: &Calls,
    keys: &Keys,
    changes: &broadcast::Sender<Change>,
) -> Result<(), EtcdError> {
    let mut watch = calls.watch(&keys.all(Kind::Config)).await?;
    while let Some(news) = watch.message().await? {
        if news.canceled() {
            return Err(EtcdError::WatchEnded(news.cancel_reason().to_owned()));
        }
        if news.created() {
            // What changed before now, while nobody watched, is told of by no event. That nobody
            // listens is no fault.
            let _ = changes.send(Change::Any);
        }
        for event in news.events() {
            let key = event.kv().and_then(|pair| keys.channel(Kind::Config, pair.key()));
            if let Some(key) = key {
                let _ = changes.send(Change::Of(key));
            }
        }
    }
    Ok(())
}

/// Changes that are kept for those who are slow to listen; who misses one looks at its own.
const REMEMBERED: usize = 256;
/// Between two watches.
const PAUSE: Duration = Duration::from_secs(1);
