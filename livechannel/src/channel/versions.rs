//! The list of a channel with parts, version by version: what players wait for
//! (draft-pantos-hls-rfc8216bis §6.2.5.2).
//!
//! ```text
//!   segment 7 is committed, parts 0, 1, 2 of 8        shown
//!   8 is closed, and parts 0, 1 of 9                  held back
//!   8 is committed                                    shown
//! ```
//!
//! Parts are shown before they are stored, and segments are not: a version that lists a segment
//! waits until the segment and the state that lists it are in the store. Whoever takes the channel
//! over then gives no number again that a listed segment had.

use core::time::Duration;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use hls_segmenter::playlist::{LiveEdge, Reload};
use tokio::sync::watch;
use tokio::time::timeout;

/// The newest version, and those who wait for the next.
#[derive(Debug)]
pub(crate) struct Versions {
    newest: watch::Sender<Newest>,
    pending: Mutex<Pending>,
    target: Duration,
}

/// Versions that list more than is committed, oldest first; one for each newest segment.
#[derive(Debug, Default)]
struct Pending {
    committed: Option<u64>,
    versions: VecDeque<(u64, Version)>,
    is_over: bool,
}

/// A version of the list.
#[derive(Debug)]
pub(crate) struct Version {
    pub(crate) whole: Bytes,
    /// What answers `_HLS_skip`.
    pub(crate) delta: Bytes,
    pub(crate) edge: LiveEdge,
    /// Name of the part that the list hints at.
    pub(crate) hinted: Option<String>,
}

#[derive(Clone, Debug)]
enum Newest {
    /// No part is there yet.
    None,
    Version(Arc<Version>),
    /// The publication is over: no version follows this one, if there is any.
    Last(Option<Arc<Version>>),
}

/// What a player asks for by directives in its request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Directives {
    /// `_HLS_msn`.
    pub(crate) sequence: Option<u64>,
    /// `_HLS_part`.
    pub(crate) part: Option<u32>,
    /// `_HLS_skip`.
    pub(crate) update: Update,
}

/// How much of a list is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Update {
    #[default]
    Whole,
    Delta,
}

/// Why there is no list for a player.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoList {
    /// It asks for what cannot come soon.
    BadRequest,
    /// What it has waited for did not come in time, or will not come any more.
    Unavailable,
}

impl Versions {
    /// Begins without a version; `target` is the target duration.
    pub(crate) fn new(target: Duration) -> Self {
        Self { newest: watch::Sender::new(Newest::None), pending: Mutex::default(), target }
    }

    /// Shows a version, as soon as the newest segment of this publication that it lists is committed.
    pub(crate) fn publish(&self, version: Version, newest: Option<u64>) {
        let mut pending = self.pending();
        match newest {
            Some(newest) if pending.committed < Some(newest) => {
                pending.versions.retain(|(other, _)| *other != newest);
                pending.versions.push_back((newest, version));
            }
            _ => self.show(version),
        }
    }

    /// Notes that a segment is committed, by its media sequence number.
    pub(crate) fn committed(&self, sequence: u64) {
        let mut pending = self.pending();
        pending.committed = Some(sequence);
        let mut due = None;
        while pending.versions.front().is_some_and(|(newest, _)| *newest <= sequence) {
            due = pending.versions.pop_front();
        }
        if let Some((_, version)) = due {
            self.show(version);
        }
        if pending.is_over && pending.versions.is_empty() {
            self.show_last();
        }
    }

    /// Notes that the publication is over. Whoever waits is told when its last segment is committed.
    pub(crate) fn end(&self) {
        let mut pending = self.pending();
        pending.is_over = true;
        if pending.versions.is_empty() {
            self.show_last();
        }
    }

    fn show(&self, version: Version) {
        self.newest.send_replace(Newest::Version(Arc::new(version)));
    }

    fn show_last(&self) {
        self.newest.send_modify(|newest| {
            if let Newest::None = newest {
                *newest = Newest::Last(None);
            } else if let Newest::Version(version) = newest {
                *newest = Newest::Last(Some(Arc::clone(version)));
            }
        });
    }

    /// Returns how long parts must be obtainable: while they are listed, and as long again.
    pub(crate) const fn keep_millis(&self) -> u64 {
        6 * self.target.as_millis() as u64
    }

    /// Returns the newest version, if there is one.
    pub(crate) fn newest(&self) -> Option<Arc<Version>> {
        match &*self.newest.borrow() {
            Newest::Version(version) => Some(Arc::clone(version)),
            Newest::None | Newest::Last(_) => None,
        }
    }

    /// Returns the list that is asked for, as soon as it is there, within three target durations.
    pub(crate) async fn list(&self, asked: &Directives) -> Result<Bytes, NoList> {
        let reload = |version: &Version| version.edge.reload(asked.sequence, asked.part);
        let is_final = |newest: &Newest| match newest {
            Newest::None => false,
            Newest::Version(version) => reload(version) != Reload::Wait,
            Newest::Last(_) => true,
        };
        let Some(Newest::Version(version) | Newest::Last(Some(version))) =
            self.wait_for(is_final).await
        else {
            return Err(NoList::Unavailable);
        };
        match (reload(&version), asked.update) {
            (Reload::Wait, _) => Err(NoList::Unavailable),
            (Reload::BadRequest, _) => Err(NoList::BadRequest),
            (Reload::Now, Update::Delta) => Ok(version.delta.clone()),
            (Reload::Now, Update::Whole) => Ok(version.whole.clone()),
        }
    }

    /// Waits while the newest list hints at a part of this name; returns whether it waited in vain.
    pub(crate) async fn hinted(&self, name: &str) -> bool {
        let is_hinted = |newest: &Newest| match newest {
            Newest::Version(version) => version.hinted.as_deref() == Some(name),
            Newest::None | Newest::Last(_) => false,
        };
        self.wait_for(|newest| !is_hinted(newest)).await.is_none()
    }

    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn wait_for(&self, holds: impl Fn(&Newest) -> bool) -> Option<Newest> {
        let mut versions = self.newest.subscribe();
        let waiting = timeout(self.target * 3, versions.wait_for(|newest| holds(newest)));
        let found = waiting.await.ok()?.ok()?;
        Some(found.clone())
    }
}
