//! Directed simulations, and the two faults that the random ones have to find.

use core::sync::atomic::Ordering;
use core::time::Duration;
use std::sync::Arc;

use tokio::time::{Instant, sleep};

use super::cluster::Cluster;
use super::invariants::Observer;
use super::store::{PutBack, World, lock};
use super::{LEASE, in_memory, simulate, virtual_time};
use crate::channel::Publication;
use crate::settings::Settings;
use crate::store::Form;

/// Runs `work` in virtual time, on two nodes of which one is being published to.
fn run<T, F: Future<Output = T>>(put_back: PutBack, work: impl FnOnce(Arc<Cluster>) -> F) -> T {
    virtual_time().block_on(async {
        let world = Arc::new(World::new(1, 2, put_back));
        let settings = Settings { lease: LEASE, outage: Some(Duration::ZERO), ..in_memory() };
        let cluster = Cluster::new(world, 2, settings, Form::default());
        cluster.configure().await;
        let observer = tokio::spawn(Observer::default().watch(Arc::clone(&cluster)));
        let encoder = tokio::spawn(Arc::clone(&cluster).encode());
        sleep(Duration::from_secs(8)).await;
        let done = work(Arc::clone(&cluster)).await;
        cluster.over.store(true, Ordering::SeqCst);
        let observer = observer.await.unwrap();
        encoder.abort();
        assert_eq!(observer.broken, Vec::<String>::new());
        done
    })
}

fn live_on(cluster: &Cluster) -> usize {
    lock(&cluster.begun).expect("something is live").1
}

/// Returns whether a healthy node loses its channel, to a second encoder or by itself.
async fn rival_gets_in(cluster: Arc<Cluster>) -> bool {
    let live = live_on(&cluster);
    cluster.world.change(live, |faults| faults.slow_playlist = Duration::from_secs(12));
    let rival = Arc::clone(&cluster.services()[1 - live]);
    let end = Instant::now() + Duration::from_secs(60);
    while Instant::now() < end {
        let begun = Publication::begin(&rival, &cluster.key, None, "rival".to_owned()).await;
        if let Ok(publication) = begun {
            publication.finish().await;
            return true;
        }
        sleep(Duration::from_millis(400)).await;
        if live_on(&cluster) != live {
            return true;
        }
    }
    false
}

#[test]
fn a_slow_playlist_costs_a_healthy_node_nothing() {
    assert!(!run(PutBack::Nothing, rival_gets_in));
}

#[test]
fn a_renewal_that_waits_for_the_playlist_is_found() {
    assert!(run(PutBack::RenewalBehindPlaylist, rival_gets_in), "the fault is not found");
}

#[test]
fn a_store_that_takes_half_a_lease_for_a_request_costs_no_channel() {
    run(PutBack::Nothing, |cluster| async move {
        let begun = *lock(&cluster.begun);
        for node in 0..2 {
            cluster.world.change(node, |faults| {
                faults.latency = 0;
                faults.delay = LEASE / 2 + Duration::from_millis(20);
            });
        }
        sleep(Duration::from_secs(60)).await;
        assert_eq!(*lock(&cluster.begun), begun, "the publication has ended");
    });
}

/// Asserts that a fault is found, from a seed on that has found it before.
fn assert_found(put_back: PutBack, first: u64) {
    let seeds = first..first + 300;
    let found =
        seeds.into_iter().find_map(|seed| Some((seed, simulate(seed, put_back).first()?.clone())));
    println!("{put_back:?}: {:?}", found.as_ref().expect("the fault is not found"));
}

#[test]
fn a_fence_that_forgets_is_found() {
    assert_found(PutBack::ExpiringFence, 2);
}

#[test]
fn a_playlist_outside_the_fence_is_found() {
    assert_found(PutBack::OpenPlaylist, 46);
}

#[test]
fn a_channel_is_live_again_within_a_lease_and_a_second() {
    run(PutBack::Nothing, |cluster| async move {
        for round in 0..10 {
            let killed = live_on(&cluster);
            let at = Instant::now();
            cluster.kill(killed);
            while live_on(&cluster) == killed {
                assert!(at.elapsed() < Duration::from_secs(30), "round {round}: never");
                sleep(Duration::from_millis(20)).await;
            }
            let away = at.elapsed();
            assert!(away <= LEASE + Duration::from_secs(1), "round {round}: after {away:?}");
            cluster.restart(killed);
            sleep(Duration::from_millis(5000 + 731 * round)).await;
        }
    });
}

#[test]
fn a_node_that_was_killed_takes_its_own_channel_back_at_once() {
    run(PutBack::Nothing, |cluster| async move {
        let node = live_on(&cluster);
        cluster.kill(node);
        // The other node is not asked: it is away.
        cluster.world.change(1 - node, |faults| faults.dead = true);
        let at = Instant::now();
        cluster.restart(node);
        let service = Arc::clone(&cluster.services()[node]);
        let begun = Publication::begin(&service, &cluster.key, None, "again".to_owned()).await;
        assert!(begun.is_ok() && at.elapsed() < Duration::from_secs(1), "{:?}", at.elapsed());
        cluster.over.store(true, Ordering::SeqCst);
        begun.unwrap().finish().await;
    });
}

#[test]
fn a_node_that_does_not_reach_the_store_stops_serving_before_another_begins() {
    run(PutBack::Nothing, |cluster| async move {
        let node = live_on(&cluster);
        let service = Arc::clone(&cluster.services()[node]);
        cluster.world.change(node, |faults| faults.away = true);
        let at = Instant::now();
        while live_on(&cluster) == node {
            assert!(at.elapsed() < Duration::from_secs(30), "never");
            sleep(Duration::from_millis(20)).await;
        }
        let held = service.live().find(&cluster.key).is_some_and(|live| live.tenure().is_held());
        assert!(!held, "the node still takes itself for the writer");
    });
}
