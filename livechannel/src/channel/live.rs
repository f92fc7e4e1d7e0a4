//! What the rest of the service sees of a channel that is live on this node.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::watch;

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
    stop: watch::Sender<Option<Stop>>,
    /// Bucket and stamp of the last snapshot.
    snapshot: Mutex<Option<(String, i64)>>,
}

/// The newest of what is in the store, so that players need not wait for it.
#[derive(Debug, Default)]
struct Edge {
    playlist: Option<Bytes>,
    /// By the time they were opened at, oldest first.
    segments: VecDeque<(i64, Bytes)>,
    len: usize,
    cuts: VecDeque<Cut>,
}

impl LiveChannel {
    pub(crate) fn new(
        key: ChannelKey,
        playlist_name: String,
        session: LiveSession,
        cuts: &[Cut],
    ) -> Self {
        Self {
            key,
            playlist_name,
            session: Mutex::new(session),
            edge: Mutex::new(Edge { cuts: cuts.iter().cloned().collect(), ..Edge::default() }),
            stop: watch::Sender::new(None),
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

    /// Returns the playlist, once this publication has written one.
    pub(crate) fn playlist(&self) -> Option<Bytes> {
        lock(&self.edge).playlist.clone()
    }

    /// Returns a segment that is still in memory.
    pub(crate) fn segment(&self, wall: i64) -> Option<Bytes> {
        let edge = lock(&self.edge);
        let mut found = edge.segments.iter().rev();
        found.find_map(|(stamp, bytes)| (*stamp == wall).then(|| bytes.clone()))
    }

    /// Shows what has just been stored. Kept are `count` segments, those that players ask for, of
    /// no more than `most` bytes together.
    pub(crate) fn show(
        &self,
        playlist: Bytes,
        (wall, segment): (i64, Bytes),
        cut: Cut,
        count: usize,
        most: usize,
    ) {
        let mut edge = lock(&self.edge);
        edge.playlist = Some(playlist);
        edge.len += segment.len();
        edge.segments.push_back((wall, segment));
        while (edge.len > most || edge.segments.len() > count)
            && let Some((_, gone)) = edge.segments.pop_front()
        {
            edge.len -= gone.len();
        }
        edge.cuts.push_back(cut);
        if edge.cuts.len() > CUTS {
            edge.cuts.pop_front();
        }
    }
}

/// Cuts that are remembered.
pub(crate) const CUTS: usize = 10;

/// Nothing here can be half-changed when a holder panics.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
