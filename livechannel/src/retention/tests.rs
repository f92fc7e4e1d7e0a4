//! What goes with age, and what stays.

use super::*;
use crate::name::ChannelName;
use crate::settings::Settings;
use crate::store::{Lease, StoredList, StoredSegment, Version};

fn segment(sequence: u64, wall: i64) -> StoredSegment {
    let id = sequence;
    StoredSegment { id, sequence, ms: 1000, wall, epoch: 3, date: None, disc: false, init: None }
}

async fn there(store: &Store, path: &str) -> bool {
    store.get(&Path::from(path)).await.unwrap().is_some()
}

/// A channel with segments of 1 to 6 s past the epoch, the last two of them listed.
async fn channel(service: &Service, name: &[u8], lease: Option<Lease>) -> ChannelKey {
    let key = ChannelKey::new(BucketName::default(), ChannelName::new(name).unwrap());
    let store = service.store();
    let segments: Vec<StoredSegment> = (1..7).map(|n| segment(n, n as i64 * 1000)).collect();
    for segment in &segments {
        store.put(&store.layout().file(&key, &segment.name()), "x".into(), "").await.unwrap();
    }
    store.put(&store.layout().file(&key, "p.m3u8"), "x".into(), "").await.unwrap();
    SegmentIndex::new(store, &key).write_run(&segments[..2]).await.unwrap();
    for (bucket, name) in [("shots", "0000000001000.jpg"), ("live", "0000000001000.jpg")] {
        let path = format!("{}/{name}", key.channel.as_str());
        let bucket = BucketName::new(bucket).unwrap();
        store.put(&store.layout().object(&bucket, &path), "x".into(), "").await.unwrap();
    }
    let state = ChannelState {
        writer: "w".to_owned(),
        lease,
        snapshot_buckets: vec!["shots".to_owned()],
        tail: segments[2..].to_vec(),
        list: Some(StoredList {
            playlist: "p.m3u8".to_owned(),
            next: 7,
            segments: segments[4..].to_vec(),
            ..StoredList::default()
        }),
        ..ChannelState::default()
    };
    service.registry().set_state(&key, &Version::Absent, &state).await.unwrap();
    key
}

#[tokio::test]
async fn all_that_is_old_goes_but_what_a_live_channel_lists() {
    let service = Service::new(Settings::default(), Store::memory());
    let lease = Some(Lease { node: "other".to_owned(), millis: 10_000 });
    let live = channel(&service, b"on", lease).await;
    let ended = channel(&service, b"off", None).await;
    let store = service.store();
    for foreign in ["live/off/1.ts", "live/off/note.txt", "live/off/0000000001000_x.ts"] {
        store.put(&Path::from(foreign), "x".into(), "").await.unwrap();
    }
    sweep(&service, 6000).await.unwrap();
    for (path, want) in [
        ("live/on/0000000004000_3.ts", false),
        ("live/on/0000000005000_3.ts", true), // old, but listed
        ("live/on/0000000006000_3.ts", true),
        ("live/on/p.m3u8", true),
        ("live/on/0000000001000.jpg", false),
        ("shots/on/0000000001000.jpg", false),
        ("live/off/0000000005000_3.ts", false),
        ("live/off/0000000006000_3.ts", true),
        ("live/off/p.m3u8", false), // it listed what is gone
        ("live/off/1.ts", true),
        ("live/off/note.txt", true),
        ("live/off/0000000001000_x.ts", true),
    ] {
        assert_eq!(there(store, path).await, want, "{path}");
    }
    for (key, tail) in [(&live, 4), (&ended, 1)] {
        let state = service.state(key).await.unwrap();
        assert_eq!(state.tail.len(), tail, "{key}");
        assert_eq!(state.list.unwrap().next, 7, "numbers go on");
        assert_eq!(store.list(&store.layout().index(key)).await.unwrap().len(), 0);
    }
}

#[tokio::test]
async fn one_node_deletes_and_another_when_that_one_is_gone() {
    let store = Store::memory();
    let (a, b) = (
        Service::new(Settings::default(), store.clone()),
        Service::new(Settings::default(), store),
    );
    let (mut of_a, mut of_b) = (None, None);
    assert!(take_turn(&a, &mut of_a).await.unwrap());
    assert!(!take_turn(&b, &mut of_b).await.unwrap());
    assert!(take_turn(&a, &mut of_a).await.unwrap());
    assert!(!take_turn(&b, &mut of_b).await.unwrap(), "A is there");
    assert!(take_turn(&b, &mut of_b).await.unwrap(), "A was not heard of since");
    assert!(!take_turn(&a, &mut of_a).await.unwrap());
}
