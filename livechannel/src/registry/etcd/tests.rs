//! What is promised of etcd beside what every registry has to do.
//!
//! These tests need an etcd, whose host and port `LIVECHANNEL_TEST_ETCD` says: `tests/e2e/etcd.py`
//! starts one. Without it they say that nothing was tested.

use core::time::Duration;

use tokio::time::{Instant, timeout};

use super::*;
use crate::registry::conformance::{key, record, state};
use crate::service::nonce;

/// Opens a registry of its own in the etcd that there is; `None` where there is none.
async fn registry() -> Option<Etcd> {
    let Ok(endpoint) = std::env::var("LIVECHANNEL_TEST_ETCD") else {
        println!("LIVECHANNEL_TEST_ETCD is not set: nothing was tested");
        return None;
    };
    let prefix = format!("test-{:016x}", nonce());
    println!("etcd://{endpoint}/{prefix}");
    Some(Etcd::open(&[endpoint], &prefix).await.unwrap())
}

impl Etcd {
    /// Writes anything into a record.
    async fn spoil(&self, kind: Kind, key: &ChannelKey, body: &[u8]) {
        let key = self.keys.record(kind, key);
        let seen = self.calls.read(&key).await.unwrap().map_or(0, |found| found.revision);
        let write = Write { key, copy: None, body: body.to_vec() };
        assert!(matches!(self.calls.swap(seen, write).await, Ok(Swapped::Written(_))));
    }
}

#[tokio::test]
async fn a_record_that_cannot_be_understood_falls_back_and_can_be_replaced() {
    let Some(registry) = registry().await else { return };
    let key = key("damaged");
    let whole = ChannelState { revision: COPY_EVERY, ..state("a", 3, 0) };
    registry.set_state(&key, &Version::Absent, &whole).await.unwrap();
    registry.set_config(&key, &Version::Absent, Some(&record(1))).await.unwrap();
    for body in ["", "{", "[]", "{\"epoch\":3}"] {
        registry.spoil(Kind::State, &key, body.as_bytes()).await;
        let read = registry.state(&key).await.unwrap();
        assert!(read.damaged && read.value.lease.is_none(), "{body}");
        assert!(read.value.epoch > 3, "{body}: no epoch is given twice");
        registry.set_state(&key, &read.version, &whole).await.unwrap();
        assert_eq!(registry.state(&key).await.unwrap().value, whole);

        registry.spoil(Kind::Config, &key, body.as_bytes()).await;
        let listed = registry.channels(&key.bucket).await.unwrap();
        assert_eq!(listed, core::slice::from_ref(&key.channel));
        let read = registry.config(&key).await.unwrap();
        assert_eq!((read.value, read.damaged), (Some(record(1)), true), "{body}");
        registry.set_config(&key, &read.version, Some(&record(1))).await.unwrap();
    }
    registry.spoil(Kind::StateCopy, &key, b"{").await;
    registry.spoil(Kind::State, &key, b"{").await;
    let read = registry.state(&key).await.unwrap();
    assert!(read.damaged && read.value.epoch > 1 << 30, "no copy: {}", read.value.epoch);
}

#[tokio::test]
async fn a_swap_whose_answer_was_lost_is_recognised_and_another_is_not() {
    let Some(registry) = registry().await else { return };
    let key = key("lost");
    let first = registry.set_state(&key, &Version::Absent, &state("a", 1, 1)).await.unwrap();
    let again = registry.set_state(&key, &Version::Absent, &state("a", 1, 1)).await.unwrap();
    assert_eq!(again, first);
    let other = registry.set_state(&key, &Version::Absent, &state("b", 1, 1)).await;
    assert!(matches!(other, Err(SwapError::Conflict)));
    let foreign = registry.set_state(&key, &Version::Number(1), &state("b", 1, 1)).await;
    assert!(matches!(foreign, Err(SwapError::Conflict)), "another registry's version");
}

#[tokio::test]
async fn lists_are_whole_however_many_pages_they_have() {
    let Some(registry) = registry().await else { return };
    let count = usize::try_from(calls::PAGE * 2 + 1).unwrap();
    let mut want = Vec::new();
    for n in 0..count {
        let key = key(&format!("ch {n:04}"));
        let body = json(&StoredConfig::new(Some(&record(1)), &registry.stamps)).unwrap();
        registry.spoil(Kind::Config, &key, &body).await;
        want.push(key.channel);
    }
    let bucket = BucketName::default();
    assert_eq!(registry.channels(&bucket).await.unwrap(), want);
    assert_eq!(registry.ever_live(&bucket).await.unwrap(), []);
    let other = ChannelKey::new(BucketName::new("live-2").unwrap(), want[0].clone());
    registry.set_state(&other, &Version::Absent, &state("a", 1, 1)).await.unwrap();
    assert_eq!(registry.channels(&other.bucket).await.unwrap(), []);
    assert_eq!(registry.ever_live(&other.bucket).await.unwrap(), [other.channel]);
    assert_eq!(registry.buckets().await.unwrap(), [bucket, other.bucket]);
}

#[tokio::test]
async fn a_change_of_a_configuration_arrives_at_once_and_only_where_it_belongs() {
    let Some(registry) = registry().await else { return };
    let (key, other) = (key("told"), key("other"));
    let mut changes = registry.config_changes();
    // The watch has begun.
    timeout(Duration::from_secs(5), changes.of(&key)).await.unwrap();
    let version = registry.set_config(&key, &Version::Absent, Some(&record(1))).await.unwrap();
    timeout(Duration::from_secs(1), changes.of(&key)).await.unwrap();
    registry.set_config(&other, &Version::Absent, Some(&record(1))).await.unwrap();
    registry.set_state(&key, &Version::Absent, &state("a", 1, 1)).await.unwrap();
    let told = timeout(Duration::from_millis(300), changes.of(&key)).await;
    assert!(told.is_err(), "told of another channel or of a state");
    registry.set_config(&key, &version, None).await.unwrap();
    timeout(Duration::from_secs(1), changes.of(&key)).await.unwrap();
}

#[tokio::test]
async fn what_does_not_answer_is_an_error_in_time() {
    // Takes connections and says nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    for endpoint in [silent.local_addr().unwrap().to_string(), "127.0.0.1:1".to_owned()] {
        let registry = Etcd::open(core::slice::from_ref(&endpoint), "p").await.unwrap();
        let begun = Instant::now();
        let key = key("silent");
        assert!(registry.state(&key).await.is_err(), "{endpoint}");
        let swapped = registry.set_state(&key, &Version::Absent, &state("a", 1, 1)).await;
        assert!(matches!(swapped, Err(SwapError::Store(_))), "{endpoint}");
        assert!(begun.elapsed() < Duration::from_secs(10), "{endpoint}: {:?}", begun.elapsed());
    }
}
