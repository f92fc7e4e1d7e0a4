//! Segments, and their initialization sections, that a node had stored and not yet listed when it
//! died.
//!
//! ```text
//! state, epoch 7: … 1000_7.ts, 3000_7.ts    in the store besides: 5000_7.ts    the node dies
//! epoch 8 takes the channel                 5000_7.ts is deleted: nothing can ever list it
//! ```
//!
//! A writer of an earlier epoch cannot commit any more, so that what it has not listed by now stays
//! unlisted. One that was only paused may still finish a put; what is left of that goes when it is
//! older than `keep`.

use std::sync::Arc;

use crate::name::ChannelKey;
use crate::service::Service;
use crate::store::{MediaName, StoredSegment};

/// Deletes what publications before `epoch` have stored behind the last segment that is listed.
pub(super) async fn delete(
    service: Arc<Service>,
    key: ChannelKey,
    last: StoredSegment,
    epoch: u64,
) {
    let store = service.store();
    let folder = store.layout().channel_folder(&key);
    let found = match store.list_after(&folder, &folder.clone().join(last.name())).await {
        Ok(found) => found,
        Err(error) => {
            return tracing::warn!(channel = %key, %error, "unlisted segments stay for now");
        }
    };
    for path in found.into_iter().map(|meta| meta.location) {
        let Some(name) = path.filename() else { continue };
        if !is_orphan(name, last.wall, epoch) {
            continue;
        }
        match store.delete(&path).await {
            Ok(()) => tracing::info!(%path, "segment was never listed: it is deleted"),
            Err(error) => tracing::warn!(%path, %error, "unlisted segment stays for now"),
        }
    }
}

fn is_orphan(name: &str, last_wall: i64, epoch: u64) -> bool {
    MediaName::parse(name).is_some_and(|file| file.wall > last_wall && file.epoch < epoch)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_orphan_is_newer_than_what_is_listed_and_of_an_earlier_epoch() {
        for (name, want) in [
            ("1790000005000_7.ts", true),
            ("1790000005000.ts", true),
            ("1790000005000_7.m4s", true),
            ("1790000005000_7.mp4", true),
            ("1790000003000_7.mp4", false), // the listed segment's own section
            ("1790000003000_7.ts", false),
            ("1790000001000_7.ts", false),
            ("1790000005000_8.ts", false),
            ("1790000005000_9.ts", false),
            ("1790000005000.jpg", false),
            ("playlist.m3u8", false),
            ("x1790000005000_7.ts", false),
        ] {
            assert_eq!(is_orphan(name, 1_790_000_003_000, 8), want, "{name}");
        }
    }
}
