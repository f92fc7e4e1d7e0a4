//! Deletes what is older than `keep`: segments, snapshots and index runs of every channel that was
//! ever live, whether it is live, ended or deleted.
//!
//! ```text
//! ended channel:   forget the list (compare-and-swap) ──► delete the playlist ──► delete what is old
//! live channel:    what is listed stays                                      ──► delete what is old
//! ```
//!
//! Age is read from the names, which begin with the time that a segment was opened at. Nothing with
//! a name of another form is touched: it is not the service's. An initialization section goes with
//! the last segment that needs it (`retention/stays.rs`).

mod stays;

use core::time::Duration;
use std::collections::HashSet;
use std::sync::Arc;

use futures_util::{StreamExt as _, stream};
use object_store::path::Path;
use tokio::sync::watch;
use tokio::time::sleep;

use self::stays::Stays;
use crate::clock::now_millis;
use crate::name::{BucketName, ChannelKey};
use crate::service::{Service, nonce};
use crate::store::{ChannelState, SegmentIndex, Store, SwapError};

/// Deletes what is old until the node ends.
pub(crate) async fn run(service: Arc<Service>, keep: Duration, mut down: watch::Receiver<bool>) {
    let interval = (keep / 4).clamp(LEAST_INTERVAL, MOST_INTERVAL);
    let mut seen = None;
    loop {
        tokio::select! {
            () = sleep(interval) => {}
            _ = down.wait_for(|down| *down) => return,
        }
        let before = before(keep);
        let swept = async {
            if take_turn(&service, &mut seen).await? {
                sweep(&service, before).await?;
            }
            Ok::<(), object_store::Error>(())
        };
        tokio::select! {
            swept = swept => if let Err(error) = swept {
                tracing::warn!(%error, "what is old stays for now");
            },
            _ = down.wait_for(|down| *down) => return,
        }
    }
}

/// Returns the time before which everything is to be deleted, in Unix milliseconds.
pub(crate) fn before(keep: Duration) -> i64 {
    now_millis().saturating_sub(i64::try_from(keep.as_millis()).unwrap_or(i64::MAX))
}

/// Returns whether this node is the one that deletes: it was last time, or the one that was has not
/// been heard of since this node looked last. Two that do so at once do no harm.
async fn take_turn(
    service: &Service,
    seen: &mut Option<bytes::Bytes>,
) -> object_store::Result<bool> {
    let cells = service.store().cells();
    let path = service.store().layout().retention();
    let cell = cells.read(&path).await?;
    let mine = cell.body.as_ref().is_some_and(|body| {
        serde_json::from_slice::<(String, u64)>(body).is_ok_and(|(node, _)| node == service.node())
    });
    if !mine && cell.body.is_some() && cell.body != *seen {
        *seen = cell.body;
        return Ok(false);
    }
    let next = serde_json::to_vec(&(service.node(), nonce())).unwrap_or_default();
    match cells.swap(&path, &cell.version, next.into()).await {
        Ok(_) => Ok(true),
        Err(SwapError::Conflict) => Ok(false),
        Err(SwapError::Store(error)) => Err(error),
    }
}

/// Deletes everything from before a time, in Unix milliseconds.
pub(crate) async fn sweep(service: &Service, before: i64) -> object_store::Result<()> {
    let mut deleted = 0;
    for bucket in service.registry().buckets().await? {
        for channel in service.registry().ever_live(&bucket).await? {
            let key = ChannelKey::new(bucket.clone(), channel);
            match sweep_channel(service, &key, before).await {
                Ok(count) => deleted += count,
                Err(error) => tracing::warn!(channel = %key, %error, "what is old stays for now"),
            }
        }
    }
    tracing::debug!(deleted, "what was old is deleted");
    Ok(())
}

async fn sweep_channel(
    service: &Service,
    key: &ChannelKey,
    before: i64,
) -> object_store::Result<usize> {
    let Some(state) = forget_old(service, key, before).await? else {
        return Ok(0); // somebody has just begun to publish: the next sweep sees what is listed
    };
    let store = service.store();
    let listed = state.list.iter().flat_map(|list| &list.segments);
    let listed: HashSet<String> =
        listed.flat_map(|segment| [Some(segment.name()), segment.init_name()]).flatten().collect();
    // The section of a publication that has listed nothing yet is nobody's so far.
    let is_live = service.live().find(key).is_some() || !service.is_free(key, &state);
    let writing = is_live.then_some(state.epoch);
    let stays = Stays { before, listed, writing };
    let mut deleted = SegmentIndex::new(store, key).expire(before).await?;
    let mut buckets: Vec<BucketName> =
        state.snapshot_buckets.iter().filter_map(|name| BucketName::new(name)).collect();
    buckets.push(key.bucket.clone());
    buckets.sort_unstable();
    buckets.dedup();
    for bucket in buckets {
        let folder = store.layout().object(&bucket, key.channel.as_str());
        deleted += delete_old(store, &folder, &stays).await?;
    }
    Ok(deleted)
}

/// Makes the state of an ended channel forget what is about to be deleted, and deletes the playlist
/// that lists it; returns the state, or nothing where it was changed meanwhile.
async fn forget_old(
    service: &Service,
    key: &ChannelKey,
    before: i64,
) -> object_store::Result<Option<ChannelState>> {
    let seen = service.registry().state(key).await?;
    let mut state = seen.value;
    let live = service.live().find(key).is_some() || !service.is_free(key, &state);
    let old_list = state.list.as_ref().is_some_and(|list| list.has_before(before));
    let old_tail = state.tail.iter().any(|segment| segment.wall < before);
    if live || seen.damaged || !(old_list || old_tail) {
        return Ok(Some(state));
    }
    let store = service.store();
    let playlist = state.list.as_ref().filter(|_| old_list).map(|list| list.playlist.clone());
    state.tail.retain(|segment| segment.wall >= before);
    if let Some(list) = state.list.as_mut().filter(|_| old_list) {
        list.forget();
    }
    state.lease = None;
    state.writer = format!("{}-{:016x}", service.node(), nonce());
    state.revision += 1;
    match service.registry().set_state(key, &seen.version, &state).await {
        Ok(_) => {}
        Err(SwapError::Conflict) => return Ok(None),
        Err(SwapError::Store(error)) => return Err(error),
    }
    if let Some(name) = playlist {
        store.delete(&store.layout().file(key, &name)).await?;
    }
    Ok(Some(state))
}

/// Deletes the old segments, sections and snapshots of a folder, apart from some; returns how many.
async fn delete_old(store: &Store, folder: &Path, stays: &Stays) -> object_store::Result<usize> {
    let found = store.list(folder).await?;
    let files: Vec<(String, Path)> = found
        .into_iter()
        .filter_map(|meta| {
            let mut below = meta.location.prefix_match(folder).into_iter().flatten();
            let (Some(name), None) = (below.next(), below.next()) else {
                return None;
            };
            let name = name.as_ref().to_owned();
            Some((name, meta.location.clone()))
        })
        .collect();
    let gone = stays.leaving(files.iter().map(|(name, _)| name.as_str()));
    let old: Vec<Path> = files
        .iter()
        .zip(gone)
        .filter(|(_, gone)| *gone)
        .map(|((_, path), _)| path.clone())
        .collect();
    let count = old.len();
    let mut deletions = stream::iter(old)
        .map(|path| async move { store.delete(&path).await })
        .buffer_unordered(AT_ONCE);
    while let Some(deleted) = deletions.next().await {
        deleted?;
    }
    Ok(count)
}

/// A store that bills requests sees one list a channel and interval.
const LEAST_INTERVAL: Duration = Duration::from_secs(15);
const MOST_INTERVAL: Duration = Duration::from_secs(600);
/// Deletions on their way at the same time.
const AT_ONCE: usize = 8;

#[cfg(test)]
mod tests;
