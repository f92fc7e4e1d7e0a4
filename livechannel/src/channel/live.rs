//! What the rest of the service sees of a channel that is live on this node.

use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::watch;
use tokio::time::Instant;

use super::edge::{Edge, Keep, Names, NoRoom, Section, Shown};
use super::tenure::Tenure;
use super::versions::Versions;
use crate::name::ChannelKey;
use crate::store::{Cut, LiveSession};

/// Why a publication must end, other than by the encoder's will.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Stop {
    #[error("Live channel is disabled by owner.")]
    Disabled,
    #[error("The specified live channel does not exist.")]
    Deleted,
    #[error("another node took the channel over")]
    Fenced,
    #[error("the channel cannot be shown to be this node's any more")]
    Lost,
    #[error("the store refuses the channel's objects")]
    Store,
    #[error("the server is shutting down")]
    Shutdown,
}

/// A channel that is live on this node.
#[derive(Debug)]
pub(crate) struct LiveChannel {
    pub(crate) key: ChannelKey,
    /// Name of the playlist that this publication writes.
    pub(crate) playlist_name: String,
    session: Mutex<LiveSession>,
    edge: Mutex<Edge>,
    /// The list with parts; none where the channel has none.
    versions: Option<Versions>,
    /// Why the publisher was refused after it had begun.
    refusal: Mutex<Option<String>>,
    stop: watch::Sender<Option<Stop>>,
    tenure: Tenure,
    /// Bucket and stamp of the last snapshot.
    snapshot: Mutex<Option<(String, i64)>>,
}

impl LiveChannel {
    pub(super) fn new(
        key: ChannelKey,
        playlist_name: String,
        session: LiveSession,
        edge: Edge,
        versions: Option<Versions>,
    ) -> Self {
        Self {
            key,
            playlist_name,
            session: Mutex::new(session),
            edge: Mutex::new(edge),
            versions,
            refusal: Mutex::new(None),
            stop: watch::Sender::new(None),
            tenure: Tenure::new(Instant::now()),
            snapshot: Mutex::new(None),
        }
    }

    /// Tells the publication to end; the first reason stands.
    pub(crate) fn stop(&self, why: Stop) {
        self.stop.send_if_modified(|stop| {
            let first = stop.is_none();
            if first {
                *stop = Some(why);
            }
            first
        });
    }

    pub(crate) fn stopped(&self) -> Option<Stop> {
        *self.stop.borrow()
    }

    pub(crate) fn watch(&self) -> watch::Receiver<Option<Stop>> {
        self.stop.subscribe()
    }

    /// Returns until when the channel can be shown to be this node's: only so long is it served
    /// from memory.
    pub(crate) const fn tenure(&self) -> &Tenure {
        &self.tenure
    }

    pub(crate) fn session(&self) -> LiveSession {
        lock(&self.session).clone()
    }

    pub(crate) fn set_session(&self, change: impl FnOnce(&mut LiveSession)) {
        change(&mut lock(&self.session));
    }

    pub(crate) fn set_snapshot(&self, bucket: &str, stamp: i64) {
        *lock(&self.snapshot) = Some((bucket.to_owned(), stamp));
    }

    pub(crate) fn snapshot(&self) -> Option<(String, i64)> {
        lock(&self.snapshot).clone()
    }

    pub(crate) fn cuts(&self) -> Vec<Cut> {
        lock(&self.edge).cuts.iter().cloned().collect()
    }

    /// Notes why the publisher is refused.
    pub(crate) fn refuse(&self, why: &str) {
        *lock(&self.refusal) = Some(why.to_owned());
    }

    pub(crate) fn refusal(&self) -> Option<String> {
        lock(&self.refusal).clone()
    }

    /// Returns the playlist without parts, once this publication has written one.
    pub(crate) fn playlist(&self) -> Option<Bytes> {
        lock(&self.edge).playlist.clone()
    }

    /// Returns the list with parts, version by version; none where the channel has no parts.
    pub(crate) const fn versions(&self) -> Option<&Versions> {
        self.versions.as_ref()
    }

    /// Returns a segment, a section or a part that is in memory.
    pub(crate) fn file(&self, name: &str) -> Option<Bytes> {
        lock(&self.edge).find(name)
    }

    /// Shows what has just been stored. Kept are `count` segments, those that players ask for, and
    /// as many more as have listed parts.
    pub(crate) fn show(&self, shown: Shown, count: usize) {
        let millis = self.versions.as_ref().map_or(0, Versions::keep_millis);
        let sequence = shown.cut.sequence;
        lock(&self.edge).show(shown, Keep { segments: count, millis });
        if let Some(versions) = &self.versions {
            versions.committed(sequence);
        }
    }

    /// Returns bytes of a section that are counted.
    pub(crate) fn counted(&self, bytes: Bytes) -> Bytes {
        lock(&self.edge).room().counted(bytes)
    }

    /// Begins a segment whose parts are shown before it is stored.
    pub(crate) fn open_segment(&self, names: Names, section: Option<Section>) {
        lock(&self.edge).open(names, section);
    }

    pub(crate) fn add_part(&self, part: Bytes) -> Result<(), NoRoom> {
        lock(&self.edge).add_part(part)
    }

    pub(crate) fn close_segment(&self, whole: Bytes, millis: u64) {
        lock(&self.edge).close(whole, millis);
    }

    pub(crate) fn drop_open_segment(&self) {
        lock(&self.edge).drop_open();
    }
}

/// Nothing here can be half-changed when a holder panics.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
