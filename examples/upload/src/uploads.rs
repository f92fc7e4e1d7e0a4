//! One event after the other into the store.

use core::time::Duration;
use std::collections::BTreeSet;

use bytes::Bytes;
use hls_segmenter::outbox::{Event, Version};
use hls_segmenter::playlist::ListedSegment;
use hls_segmenter::{ExpiredSegment, ResumeError, ResumeToken, Segment};
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt as _, PutPayload};
use tokio::time::{Instant, sleep, timeout};

use crate::{Failure, Limits, Name};

/// What uploads know of the store.
pub(crate) struct Uploads<'a> {
    store: &'a dyn ObjectStore,
    limits: Limits,
    /// Bytes of the segment whose events come.
    data: Vec<Bytes>,
    /// Ids of segments that could not be stored, as long as a version may name them.
    lost: BTreeSet<u64>,
    /// Ids that the playlist in the store may name.
    published: BTreeSet<u64>,
    leaving: Vec<Leaving>,
}

/// A segment that has left the list.
struct Leaving {
    segment: ExpiredSegment,
    /// When the first playlist without it was stored: before that, players may find it.
    since: Option<Instant>,
}

impl<'a> Uploads<'a> {
    pub(crate) fn new(
        store: &'a dyn ObjectStore,
        limits: Limits,
        earlier: &[ListedSegment],
    ) -> Self {
        let published = earlier.iter().map(|segment| segment.id).collect();
        let (data, lost, leaving) = (Vec::new(), BTreeSet::new(), Vec::new());
        Self { store, limits, data, lost, published, leaving }
    }

    /// Does what an event asks for; returns the id of a segment that is lost. Where nothing waits
    /// any more, since the stream is at its end, it tries ten times as often.
    pub(crate) async fn take(&mut self, event: Event, is_ending: bool) -> Option<u64> {
        let attempts = self.limits.attempts * if is_ending { 10 } else { 1 };
        match event {
            Event::Data(bytes) => self.data.push(bytes),
            Event::Open(_) | Event::Abort(_) => self.data.clear(),
            Event::Close(segment) => return self.segment(&segment, attempts).await,
            Event::Playlist(version) => {
                self.version(version, attempts).await;
                self.sweep().await;
            }
            Event::Expire(segment) => {
                let is_named = self.published.contains(&segment.id);
                let since = (!is_named).then(Instant::now);
                self.leaving.push(Leaving { segment, since });
            }
            _ => {}
        }
        None
    }

    async fn segment(&mut self, segment: &Segment, attempts: u32) -> Option<u64> {
        let path = Path::from(Name { id: segment.id, wall: segment.wall }.to_string());
        let payload = self.data.drain(..).collect();
        if self.put(&path, payload, attempts).await {
            return None;
        }
        self.lost.insert(segment.id);
        Some(segment.id)
    }

    /// Stores the state and then the playlist, unless a segment is missing that it names: the
    /// engine did not know that yet, and a later version has it as a gap.
    async fn version(&mut self, version: Version, attempts: u32) {
        let Version { text, token, listed, .. } = version;
        self.lost.retain(|&id| listed.first().is_some_and(|first| first.id <= id));
        if listed.iter().any(|segment| !segment.gap && self.lost.contains(&segment.id)) {
            return;
        }
        let mut state = token.to_bytes().to_vec();
        listed.iter().for_each(|segment| state.extend(segment.to_bytes()));
        if self.put(&Path::from(STATE), state.into(), attempts).await
            && self.put(&Path::from(PLAYLIST), text.into(), attempts).await
        {
            self.published = listed.iter().map(|segment| segment.id).collect();
            for leaving in &mut self.leaving {
                if !self.published.contains(&leaving.segment.id) {
                    leaving.since.get_or_insert_with(Instant::now);
                }
            }
        }
    }

    /// Deletes what no player may ask for any more.
    async fn sweep(&mut self) {
        for Leaving { segment, .. } in self.leaving.extract_if(.., |leaving| {
            let keep_for =
                Duration::from_millis(leaving.segment.keep_for.round_millis().unsigned_abs());
            leaving.since.is_some_and(|since| since.elapsed() >= keep_for)
        }) {
            let path = Path::from(Name { id: segment.id, wall: segment.wall }.to_string());
            // What cannot be deleted, the rule for old objects takes.
            let _ = timeout(self.limits.attempt, self.store.delete(&path)).await;
        }
    }

    /// Stores an object; returns whether that is sure.
    async fn put(&self, path: &Path, payload: PutPayload, attempts: u32) -> bool {
        for nth in 0..attempts {
            sleep(PAUSE * nth).await;
            match timeout(self.limits.attempt, self.store.put(path, payload.clone())).await {
                Ok(Ok(_)) => return true,
                Ok(Err(error)) => eprintln!("{path}: {error}"),
                Err(error) => eprintln!("{path}: {error}"),
            }
        }
        false
    }
}

/// Reads what an earlier process has stored.
pub(crate) async fn stored_state(
    store: &dyn ObjectStore,
) -> Result<Option<(ResumeToken, Vec<ListedSegment>)>, Failure> {
    let bytes = match store.get(&Path::from(STATE)).await {
        Ok(found) => found.bytes().await?,
        Err(Error::NotFound { .. }) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let (token, segments) = bytes.split_first_chunk().ok_or(ResumeError::Format)?;
    let (segments, []) = segments.as_chunks() else {
        return Err(ResumeError::Format.into());
    };
    let listed: Result<_, _> = segments.iter().map(ListedSegment::from_bytes).collect();
    Ok(Some((ResumeToken::from_bytes(token)?, listed?)))
}

/// Pause before the second attempt; those before later ones are longer.
const PAUSE: Duration = Duration::from_millis(200);
const STATE: &str = ".state";
const PLAYLIST: &str = "playlist.m3u8";
