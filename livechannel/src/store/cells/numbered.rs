//! Cells of a store that has put-if-absent and no other condition: each version is an object of its
//! own, whose number only one writer can take.
//!
//! ```text
//! state.json/00…41   state.json/00…42   state.json/00…43
//!  (old)              (old)              (the content)
//! ```
//!
//! Old versions are deleted after a while, so a writer that slept may find its number free again.
//! Such a writer is stopped all the same: whoever cannot show, by its own clock, that the number
//! before was the newest a moment ago looks for higher numbers after the write, before the write
//! counts. Readers take the highest number, so what a late writer left is never read.

use core::num::NonZeroUsize;
use core::time::Duration;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use lru::LruCache;
use object_store::path::Path;
use object_store::{Error, ObjectMeta, ObjectStore, ObjectStoreExt as _, PutMode};

use super::{Cell, SwapError, Version};
use crate::store::put_options;

#[derive(Debug)]
pub(super) struct NumberedCells {
    objects: Arc<dyn ObjectStore>,
    typed: bool,
    trails: Mutex<LruCache<Path, Trail>>,
}

/// What this process knows of the versions of one cell.
#[derive(Debug)]
struct Trail {
    head: u64,
    /// When `head` was known to be the newest.
    confirmed: Instant,
    /// Older versions, and since when they are old.
    old: VecDeque<(u64, Instant)>,
}

impl NumberedCells {
    pub(super) fn new(objects: Arc<dyn ObjectStore>, typed: bool) -> Self {
        Self { objects, typed, trails: Mutex::new(LruCache::new(MOST_TRAILS)) }
    }

    pub(super) async fn read(&self, path: &Path) -> object_store::Result<Cell> {
        for _ in 0..3 {
            let begun = Instant::now();
            let numbers = self.numbers(path).await?;
            let Some(&head) = numbers.last() else {
                return Ok(Cell { body: self.get(path).await?, version: Version::Absent });
            };
            if let Some(body) = self.get(&numbered(path, head)).await? {
                self.note(path, head, begun, &numbers);
                return Ok(Cell { body: Some(body), version: Version::Number(head) });
            }
        }
        let source = format!("{path} changes faster than it can be read").into();
        Err(Error::Generic { store: "livechannel", source })
    }

    pub(super) async fn swap(
        &self,
        path: &Path,
        seen: &Version,
        body: Bytes,
    ) -> Result<Version, SwapError> {
        let head = if let Version::Number(head) = seen { *head } else { 0 };
        let next = head.checked_add(1).ok_or(SwapError::Conflict)?;
        let begun = Instant::now();
        let options = put_options(self.typed.then_some("application/json"), PutMode::Create);
        match self.objects.put_opts(&numbered(path, next), body.into(), options).await {
            Ok(_) => {}
            Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => {
                return Err(SwapError::Conflict);
            }
            Err(error) => return Err(error.into()),
        }
        if !self.is_confirmed(path, head) {
            let numbers = self.numbers(path).await?;
            if numbers.last().is_some_and(|&newest| newest > next) {
                let _ = self.objects.delete(&numbered(path, next)).await;
                return Err(SwapError::Conflict);
            }
        }
        self.note(path, next, begun, &[head]);
        self.trim(path);
        Ok(Version::Number(next))
    }

    /// Returns whether `head` was the newest so shortly ago that no later version can have come and
    /// gone. Asked after the write: however long the writer slept before, the clock has run.
    fn is_confirmed(&self, path: &Path, head: u64) -> bool {
        let mut trails = self.trails.lock().unwrap_or_else(PoisonError::into_inner);
        let trail = trails.get(path).filter(|trail| trail.head == head);
        trail.is_some_and(|trail| trail.confirmed.elapsed() < TRUST)
    }

    fn note(&self, path: &Path, head: u64, confirmed: Instant, others: &[u64]) {
        let mut trails = self.trails.lock().unwrap_or_else(PoisonError::into_inner);
        let trail = trails.get_or_insert_mut(path.clone(), || Trail {
            head,
            confirmed,
            old: VecDeque::new(),
        });
        if head < trail.head {
            return;
        }
        trail.head = head;
        trail.confirmed = confirmed;
        let now = Instant::now();
        for &number in others.iter().filter(|&&number| number > 0 && number < head) {
            if trail.old.iter().all(|(old, _)| *old != number) {
                trail.old.push_back((number, now));
            }
        }
    }

    /// Deletes versions that are old for long, in the background.
    fn trim(&self, path: &Path) {
        let mut gone = Vec::new();
        {
            let mut trails = self.trails.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(trail) = trails.get_mut(path) else {
                return;
            };
            while let Some(&(number, since)) = trail.old.front()
                && since.elapsed() >= KEPT
            {
                trail.old.pop_front();
                gone.push(numbered(path, number));
            }
        }
        if gone.is_empty() {
            return;
        }
        let objects = Arc::clone(&self.objects);
        tokio::spawn(async move {
            for path in gone {
                if let Err(error) = objects.delete(&path).await {
                    tracing::debug!(%path, %error, "an old version stays");
                }
            }
        });
    }

    /// Returns the numbers of all versions, ascending.
    async fn numbers(&self, path: &Path) -> object_store::Result<Vec<u64>> {
        let listed: Vec<ObjectMeta> = self.objects.list(Some(path)).try_collect().await?;
        let last = |meta: &ObjectMeta| meta.location.parts().next_back()?.as_ref().parse().ok();
        let mut numbers: Vec<u64> = listed.iter().filter_map(last).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    async fn get(&self, path: &Path) -> object_store::Result<Option<Bytes>> {
        match self.objects.get(path).await {
            Ok(found) => found.bytes().await.map(Some),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn numbered(path: &Path, number: u64) -> Path {
    path.clone().join(format!("{number:020}"))
}

/// Cells that are remembered. Of one that was forgotten, a write looks at the store once more, and
/// old versions are deleted after it was read again.
const MOST_TRAILS: NonZeroUsize = NonZeroUsize::new(16_384).unwrap();
/// How long a version is kept after a newer one was written.
const KEPT: Duration = Duration::from_secs(120);
/// How long a number is trusted to be the newest; with the longest request far below [`KEPT`].
const TRUST: Duration = Duration::from_secs(60);
