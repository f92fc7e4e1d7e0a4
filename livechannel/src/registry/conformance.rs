//! What every registry has to do, whatever it is made of.

use std::sync::Arc;

use super::{Objects, Registry};
use crate::name::{BucketName, ChannelKey, ChannelName};
use crate::store::{ChannelRecord, ChannelState, Form, Lease, Store, SwapError, stores};

pub(super) fn key(name: &str) -> ChannelKey {
    ChannelKey::new(BucketName::default(), ChannelName::new(name.as_bytes()).unwrap())
}

pub(super) fn record(frag_duration: u32) -> ChannelRecord {
    ChannelRecord {
        description: String::new(),
        enabled: true,
        frag_duration,
        frag_count: 3,
        playlist_name: "playlist.m3u8".to_owned(),
        snapshot: None,
        form: Form::default(),
        modified: 1,
    }
}

pub(super) fn state(writer: &str, epoch: u64, revision: u64) -> ChannelState {
    let lease = Some(Lease { node: writer.to_owned(), millis: 1000 });
    ChannelState { writer: writer.to_owned(), epoch, revision, lease, ..ChannelState::default() }
}

async fn configurations_are_compared_and_swapped(registry: &dyn Registry) {
    let key = key("测试 1");
    let absent = registry.config(&key).await.unwrap();
    assert_eq!((absent.value, absent.damaged), (None, false));
    let first = registry.set_config(&key, &absent.version, Some(&record(1))).await.unwrap();
    let again = registry.set_config(&key, &absent.version, Some(&record(9))).await;
    assert!(matches!(again, Err(SwapError::Conflict)), "created twice");
    let second = registry.set_config(&key, &first, Some(&record(2))).await.unwrap();
    let late = registry.set_config(&key, &first, None).await;
    assert!(matches!(late, Err(SwapError::Conflict)), "deleted what has changed");
    assert_eq!(registry.config(&key).await.unwrap().value, Some(record(2)));
    let names = registry.channels(&key.bucket).await.unwrap();
    assert_eq!(names, core::slice::from_ref(&key.channel));
    let deleted = registry.set_config(&key, &second, None).await.unwrap();
    assert_eq!(registry.config(&key).await.unwrap().value, None);
    assert_eq!(registry.channels(&key.bucket).await.unwrap(), []);
    let late = registry.set_config(&key, &second, Some(&record(2))).await;
    assert!(matches!(late, Err(SwapError::Conflict)), "brought back what was deleted");
    registry.set_config(&key, &deleted, Some(&record(2))).await.unwrap();
    assert_eq!(registry.channels(&key.bucket).await.unwrap(), [key.channel]);
}

async fn the_same_record_twice_is_two_versions(registry: &dyn Registry) {
    let key = key("twice");
    let absent = registry.config(&key).await.unwrap();
    let first = registry.set_config(&key, &absent.version, Some(&record(1))).await.unwrap();
    let second = registry.set_config(&key, &first, Some(&record(1))).await.unwrap();
    let third = registry.set_config(&key, &first, Some(&record(3))).await;
    assert!(matches!(third, Err(SwapError::Conflict)), "a version that came back");
    registry.set_config(&key, &second, Some(&record(3))).await.unwrap();
}

async fn a_writer_of_any_age_is_fenced(registry: &dyn Registry) {
    let key = key("fence");
    let before = registry.state(&key).await.unwrap();
    assert_eq!(before.value, ChannelState::default());
    let old = registry.set_state(&key, &before.version, &state("a", 1, 1)).await.unwrap();
    let mut newest = old.clone();
    for revision in 2..9 {
        newest = registry.set_state(&key, &newest, &state("b", 2, revision)).await.unwrap();
    }
    for seen in [&old, &before.version] {
        let late = registry.set_state(&key, seen, &state("a", 1, 2)).await;
        assert!(matches!(late, Err(SwapError::Conflict)));
    }
    assert_eq!(registry.state(&key).await.unwrap().value, state("b", 2, 8));
    assert_eq!(registry.ever_live(&key.bucket).await.unwrap(), [key.channel]);
    assert_eq!(registry.buckets().await.unwrap(), [key.bucket]);
}

async fn one_of_many_becomes_the_writer(registry: &Arc<dyn Registry>) {
    let key = key("race");
    for epoch in 1..5 {
        let seen = registry.state(&key).await.unwrap();
        let tries = (0..6).map(|writer| {
            let (registry, key, seen) = (Arc::clone(registry), key.clone(), seen.version.clone());
            let state = state(&format!("node-{writer}"), epoch, epoch);
            tokio::spawn(async move { registry.set_state(&key, &seen, &state).await.is_ok() })
        });
        let mut won = 0;
        for tried in tries.collect::<Vec<_>>() {
            won += u32::from(tried.await.unwrap());
        }
        assert_eq!(won, 1, "epoch {epoch}");
    }
}

#[tokio::test]
async fn every_registry_conforms() {
    let (stores, _folder) = stores();
    for (name, store) in stores {
        println!("{name}");
        conforms(Arc::new(Objects::new(store))).await;
    }
    // `tests/e2e/s3.py` starts a server that is not written here, and names a bucket of it.
    if let Ok(bucket) = std::env::var("LIVECHANNEL_TEST_S3") {
        let address = format!("s3://{bucket}/conformance-{:016x}", crate::service::nonce());
        let store = address.parse::<crate::store::StoreAddress>().unwrap().open().unwrap();
        conforms(Arc::new(Objects::new(store))).await;
        println!("{address}");
    }
    // `tests/e2e/etcd.py` starts an etcd, and names its host and port.
    #[cfg(feature = "etcd")]
    if let Ok(endpoint) = std::env::var("LIVECHANNEL_TEST_ETCD") {
        let address = format!("etcd://{endpoint}/conformance-{:016x}", crate::service::nonce());
        let parsed = address.parse::<super::RegistryAddress>().unwrap();
        conforms(parsed.open(&Store::memory()).await.unwrap()).await;
        println!("{address}");
    }
}

async fn conforms(registry: Arc<dyn Registry>) {
    configurations_are_compared_and_swapped(&*registry).await;
    a_writer_of_any_age_is_fenced(&*registry).await;
    the_same_record_twice_is_two_versions(&*registry).await;
    one_of_many_becomes_the_writer(&registry).await;
}

#[tokio::test]
async fn what_cannot_be_understood_falls_back_and_can_be_replaced() {
    let (store, key) = (Store::memory(), key("damaged"));
    let registry = Objects::new(store.clone());
    let before = registry.state(&key).await.unwrap();
    let whole = ChannelState { revision: 64, ..state("a", 3, 0) };
    registry.set_state(&key, &before.version, &whole).await.unwrap();
    let config = registry.config(&key).await.unwrap();
    registry.set_config(&key, &config.version, Some(&record(1))).await.unwrap();
    tokio::task::yield_now().await; // the copies are written by tasks
    let sound = store.get(&store.layout().state(&key)).await.unwrap().unwrap();
    let sound = String::from_utf8(sound.to_vec()).unwrap();
    let huge = sound.replace("\"epoch\":3", "\"epoch\":18446744073709551615");
    for body in ["", "{", "[]", "{\"epoch\":3}", &sound[..sound.len() / 2], &huge] {
        let path = store.layout().state(&key);
        store.put(&path, body.to_owned().into(), "application/json").await.unwrap();
        let read = registry.state(&key).await.unwrap();
        assert!(read.damaged && read.value.lease.is_none(), "{body}");
        assert!(read.value.epoch > 3, "{body}: no epoch is given twice");
        registry.set_state(&key, &read.version, &whole).await.unwrap();
        assert_eq!(registry.state(&key).await.unwrap().value, whole);

        let path = store.layout().channel(&key);
        store.put(&path, body.to_owned().into(), "application/json").await.unwrap();
        let read = registry.config(&key).await.unwrap();
        assert_eq!((read.value, read.damaged), (Some(record(1)), true), "{body}");
        registry.set_config(&key, &read.version, Some(&record(1))).await.unwrap();
    }
}

#[tokio::test]
async fn the_log_of_an_earlier_version_becomes_a_state() {
    let (store, key) = (Store::memory(), key("old"));
    let registry = Objects::new(store.clone());
    let entry = |number: u64| store.layout().log(&key).join(format!("{number:020}.json"));
    let old = "{\"epoch\":2,\"writer\":\"w\",\"lease\":{\"node\":\"n\",\"until\":1},\"session\":null,\
               \"history\":[],\"list\":null,\"tail\":[],\"cuts\":[]}";
    for number in 1..4 {
        let body = old.replace("\"epoch\":2", &format!("\"epoch\":{number}"));
        store.put(&entry(number), body.into(), "application/json").await.unwrap();
    }
    let read = registry.state(&key).await.unwrap();
    assert_eq!((read.value.epoch, read.damaged), (3, false));
    registry.set_state(&key, &read.version, &state("a", 4, 1)).await.unwrap();
    assert_eq!(registry.state(&key).await.unwrap().value, state("a", 4, 1));
    while store.get(&entry(1)).await.unwrap().is_some() {
        tokio::task::yield_now().await;
    }
}
