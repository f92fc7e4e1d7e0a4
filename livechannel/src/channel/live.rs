//! What the rest of the service sees of a channel that is live on this node.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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
    /// Bytes of segments in memory: those of the edge, and those that left it while a reader has
    /// not taken all of them.
    held: Arc<AtomicUsize>,
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
            held: Arc::default(),
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
    /// no more than `most` bytes together with those that slow readers still hold.
    pub(crate) fn show(&self, shown: Shown, count: usize, most: usize) {
        let segment = Bytes::from_owner(Counted::new(shown.segment, &self.held));
        let mut edge = lock(&self.edge);
        edge.playlist = Some(shown.playlist);
        edge.segments.push_back((shown.name, segment));
        while self.held.load(Ordering::Relaxed) > most || edge.segments.len() > count {
            // What a reader holds does not become less by that; the newest goes too, and is read
            // from the store.
            if edge.segments.pop_front().is_none() {
                break;
            }
        }
        edge.cuts.push_back(shown.cut);
        if edge.cuts.len() > CUTS {
            edge.cuts.pop_front();
        }
    }
}

/// A segment that is counted as long as anybody has it.
struct Counted {
    segment: Bytes,
    held: Arc<AtomicUsize>,
}

impl Counted {
    fn new(segment: Bytes, held: &Arc<AtomicUsize>) -> Self {
        held.fetch_add(segment.len(), Ordering::Relaxed);
        Self { segment, held: Arc::clone(held) }
    }
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.segment
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.held.fetch_sub(self.segment.len(), Ordering::Relaxed);
    }
}

/// Cuts that are remembered.
pub(crate) const CUTS: usize = 10;

/// Nothing here can be half-changed when a holder panics.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::{BucketName, ChannelName};

    fn live() -> LiveChannel {
        let key = ChannelKey::new(BucketName::default(), ChannelName::new(b"ch").unwrap());
        let session =
            LiveSession { connected: 0, seen: 0, remote: String::new(), video: None, audio: None };
        LiveChannel::new(key, "playlist.m3u8".to_owned(), session, &[])
    }

    fn show(live: &LiveChannel, name: &str) {
        let segment = Bytes::from(vec![0; 100]);
        let cut = Cut {
            wall: 0,
            sequence: 0,
            ms: 1000,
            bytes: 100,
            cause: String::new(),
            gop: 0,
            disc: false,
        };
        let playlist = Bytes::new();
        live.show(Shown { playlist, name: name.to_owned(), segment, cut }, 3, 250);
    }

    #[tokio::test]
    async fn segments_that_readers_hold_count_until_they_let_go() {
        let live = live();
        show(&live, "a");
        let reader = live.segment("a").unwrap().slice(50..);
        for name in ["b", "c", "d"] {
            show(&live, name);
        }
        assert_eq!(live.held.load(Ordering::Relaxed), 200, "a in a reader's hands, and d");
        assert!(live.segment("c").is_none() && live.segment("d").is_some());
        let greedy = live.segment("d").unwrap();
        show(&live, "e");
        assert!(live.segment("e").is_none(), "readers hold all that there may be");
        drop((reader, greedy));
        assert_eq!(live.held.load(Ordering::Relaxed), 0);
        show(&live, "f");
        assert!(live.segment("f").is_some());
    }
}
