//! The list of a channel with parts, version by version: what players wait for
//! (draft-pantos-hls-rfc8216bis §6.2.5.2).

use core::time::Duration;
use std::sync::Arc;

use bytes::Bytes;
use hls_segmenter::playlist::{LiveEdge, Reload};
use tokio::sync::watch;
use tokio::time::timeout;

/// The newest version, and those who wait for the next.
#[derive(Debug)]
pub(crate) struct Versions {
    newest: watch::Sender<Newest>,
    target: Duration,
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
    /// The publication is over: no version follows.
    Over,
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
        Self { newest: watch::Sender::new(Newest::None), target }
    }

    pub(crate) fn publish(&self, version: Version) {
        self.newest.send_replace(Newest::Version(Arc::new(version)));
    }

    /// Notes that the publication is over; whoever waits is told.
    pub(crate) fn end(&self) {
        self.newest.send_replace(Newest::Over);
    }

    /// Returns how long parts must be obtainable: while they are listed, and as long again.
    pub(crate) const fn keep_millis(&self) -> u64 {
        6 * self.target.as_millis() as u64
    }

    /// Returns the newest version, if there is one.
    pub(crate) fn newest(&self) -> Option<Arc<Version>> {
        match &*self.newest.borrow() {
            Newest::Version(version) => Some(Arc::clone(version)),
            Newest::None | Newest::Over => None,
        }
    }

    /// Returns the list that is asked for, as soon as it is there, within three target durations.
    pub(crate) async fn list(&self, asked: &Directives) -> Result<Bytes, NoList> {
        let answer = |newest: &Newest| match newest {
            Newest::None => Reload::Wait,
            Newest::Version(version) => version.edge.reload(asked.sequence, asked.part),
            Newest::Over => Reload::Now,
        };
        let newest = self.wait_for(|newest| answer(newest) != Reload::Wait).await;
        match newest {
            Some(Newest::Version(version)) => match version.edge.reload(asked.sequence, asked.part)
            {
                Reload::BadRequest => Err(NoList::BadRequest),
                _ if asked.update == Update::Delta => Ok(version.delta.clone()),
                _ => Ok(version.whole.clone()),
            },
            Some(Newest::None | Newest::Over) | None => Err(NoList::Unavailable),
        }
    }

    /// Waits while the newest list hints at a part of this name; returns whether it waited in vain.
    pub(crate) async fn hinted(&self, name: &str) -> bool {
        let is_hinted = |newest: &Newest| match newest {
            Newest::Version(version) => version.hinted.as_deref() == Some(name),
            Newest::None | Newest::Over => false,
        };
        self.wait_for(|newest| !is_hinted(newest)).await.is_none()
    }

    async fn wait_for(&self, holds: impl Fn(&Newest) -> bool) -> Option<Newest> {
        let mut versions = self.newest.subscribe();
        let waiting = timeout(self.target * 3, versions.wait_for(|newest| holds(newest)));
        let found = waiting.await.ok()?.ok()?;
        Some(found.clone())
    }
}
