//! Reads what earlier versions wrote: a state was the newest of numbered entries of a log.
//!
//! The first write of the state replaces them, and they are deleted after it. A node of an earlier
//! version must not run beside one of this version.

use object_store::path::Path;

use crate::name::ChannelKey;
use crate::store::{ChannelState, Store, stem};

/// Returns the newest state of a log that can be understood; `None` where there is no entry.
pub(super) async fn newest(
    store: &Store,
    key: &ChannelKey,
) -> object_store::Result<Option<ChannelState>> {
    let mut numbers = entries(store, key).await?;
    numbers.sort_unstable();
    let newest = numbers.len();
    for (nth, (_, path)) in numbers.into_iter().enumerate().rev() {
        let body = store.get(&path).await?.unwrap_or_default();
        let state = serde_json::from_slice::<ChannelState>(&body).ok();
        if let Some(state) = state.filter(ChannelState::is_sound) {
            let whole = nth + 1 == newest;
            return Ok(Some(if whole { state } else { state.after_loss() }));
        }
        tracing::error!(%path, "an entry of the old log cannot be understood");
    }
    Ok(None)
}

/// Deletes a log that has become a state.
pub(super) async fn delete(store: &Store, key: &ChannelKey) -> object_store::Result<()> {
    for (_, path) in entries(store, key).await? {
        store.delete(&path).await?;
    }
    Ok(())
}

async fn entries(store: &Store, key: &ChannelKey) -> object_store::Result<Vec<(u64, Path)>> {
    let listed = store.list(&store.layout().log(key)).await?;
    let numbered = listed.into_iter().filter_map(|meta| {
        let number = stem(&meta.location)?.parse().ok()?;
        Some((number, meta.location))
    });
    Ok(numbered.collect())
}
