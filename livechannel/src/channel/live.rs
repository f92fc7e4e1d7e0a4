//! What the rest of the service sees of a channel that is live on this node.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::watch;
use tokio::time::Instant;

use super::tenure::Tenure;
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
    stop: watch::Sender<Option<Stop>>,
    tenure: Tenure,
    /// Bucket and stamp of the last snapshot.
    snapshot: Mutex<Option<(String, i64)>>,
}

/// A segment that is in the store, and the playlist that lists it.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) playlist: Bytes,
    pub(crate) name: String,
    pub(crate) segment: Bytes,
    pub(crate) cut: Cut,
}

/// The newest of what is in the store, so that players need not wait for it.
#[derive(Debug, Default)]
struct Edge {
    playlist: Option<Bytes>,
    /// By name, oldest first.
    segments: VecDeque<(String, Bytes)>,
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

    /// Returns the playlist, once this publication has written one.
    pub(crate) fn playlist(&self) -> Option<Bytes> {
        lock(&self.edge).playlist.clone()
    }

    /// Returns a segment that is still in memory.
    pub(crate) fn segment(&self, name: &str) -> Option<Bytes> {
        let edge = lock(&self.edge);
        let mut found = edge.segments.iter().rev();
        found.find_map(|(known, bytes)| (known == name).then(|| bytes.clone()))
    }

    /// Shows what has just been stored. Kept are `count` segments, those that players ask for, of
    /// no more than `most` bytes together.
    pub(crate) fn show(&self, shown: Shown, count: usize, most: usize) {
        let mut edge = lock(&self.edge);
        edge.playlist = Some(shown.playlist);
        edge.len += shown.segment.len();
        edge.segments.push_back((shown.name, shown.segment));
        while (edge.len > most || edge.segments.len() > count)
            && let Some((_, gone)) = edge.segments.pop_front()
        {
            edge.len -= gone.len();
        }
        edge.cuts.push_back(shown.cut);
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
