//! Writes the object that players load from the store itself, in a task of its own: a store that is
//! slow with it delays nothing else, and only the newest text counts.
//!
//! The object is inside the fence, too. It is replaced only as the version that this node wrote, or
//! as one that was read *before* the state was read and found to be this publication's. Whoever takes
//! the channel over replaces the object after that, so a write that comes late fails.

use core::time::Duration;
use std::sync::Arc;

use bytes::Bytes;
use object_store::path::Path;
use tokio::sync::watch;
use tokio::time::timeout;

use super::backoff::Backoff;
use super::live::LiveChannel;
use crate::service::Service;
use crate::store::{SwapError, Version};

/// Writes the playlist of one publication.
pub(super) struct PlaylistObject {
    pub(super) service: Arc<Service>,
    pub(super) live: Arc<LiveChannel>,
    /// Marks the publication's states.
    pub(super) writer: String,
    pub(super) texts: watch::Receiver<Bytes>,
}

/// The channel is another writer's.
struct Fenced;

impl PlaylistObject {
    /// Writes every text that is the newest when its turn comes, until there will be no more.
    pub(super) async fn run(mut self) {
        let path = self.service.store().layout().file(&self.live.key, &self.live.playlist_name);
        let mut seen = None;
        while self.texts.changed().await.is_ok() {
            if let Err(Fenced) = self.write(&path, &mut seen).await {
                return;
            }
        }
    }

    /// Writes the newest text; gives up after some tries, because the next text replaces it.
    async fn write(&mut self, path: &Path, seen: &mut Option<Version>) -> Result<(), Fenced> {
        let mut backoff = Backoff::new();
        for _ in 0..TRIES {
            let text = self.texts.borrow_and_update().clone();
            match timeout(REQUEST, self.swap(path, seen.take(), text)).await {
                Ok(Ok(Some(version))) => {
                    *seen = Some(version);
                    return Ok(());
                }
                Ok(Ok(None)) => return Err(Fenced),
                Ok(Err(SwapError::Conflict)) => {}
                Ok(Err(error)) => tracing::warn!(%path, %error, "playlist is not stored yet"),
                Err(_) => tracing::warn!(%path, "playlist is not stored yet: no answer"),
            }
            self.service.metrics().store_retries.inc();
            backoff.wait().await;
        }
        Ok(())
    }

    /// Replaces the object; `None` where the channel is another writer's.
    async fn swap(
        &self,
        path: &Path,
        seen: Option<Version>,
        text: Bytes,
    ) -> Result<Option<Version>, SwapError> {
        let cells = self.service.store().cells();
        let seen = match seen {
            Some(seen) => seen,
            None => {
                let there = cells.public_version(path).await?;
                let state = self.service.registry().state(&self.live.key).await?;
                if state.value.writer != self.writer {
                    return Ok(None);
                }
                there
            }
        };
        if seen == Version::Absent && !self.live.tenure().is_held() {
            // A store that compares nothing: there this node's own clock has to do.
            return Err(SwapError::Conflict);
        }
        cells.swap_public(path, &seen, text, "application/vnd.apple.mpegurl").await.map(Some)
    }
}

const TRIES: usize = 5;
/// The longest that the playlist's request to the store may take.
const REQUEST: Duration = Duration::from_secs(30);
