//! A cluster in one thread and in virtual time: nodes, their store, an encoder, and faults that a
//! seed chooses.
//!
//! ```text
//! encoder ──► node 0 ──► view 0 ┐  pause, death, partition, latency,
//!             node 1 ──► view 1 ├─ errors, lost answers, slow playlists ──► memory ◄── observer
//!             node 2 ──► view 2 ┘
//! ```
//!
//! The nodes are the service itself, from the publication down to the store; only sockets are left
//! out. Time is tokio's, paused: it jumps to the next timer when every task waits, so minutes take
//! milliseconds. A node that is "stopped" runs until its next request to the store and stands there,
//! which is where it does most harm when it goes on.
//!
//! A seed fixes the faults and the store's answers. Of branches that are ready at the same moment
//! tokio chooses at random, so a seed repeats a run nearly, not exactly.
//!
//! `SIMULATION_SEEDS` and `SIMULATION_FIRST` say how many seeds are run, and from which on;
//! `SIMULATION_SECONDS` how long at most.

mod cluster;
mod configuration;
mod invariants;
mod store;
mod tests;

use core::sync::atomic::Ordering;
use core::time::Duration;
use std::sync::Arc;

use tokio::runtime::{Builder, Runtime};
use tokio::time::{Instant, sleep};

use cluster::Cluster;
use invariants::Observer;
use store::{Dice, PutBack, World, lock};

use crate::settings::Settings;
use crate::store::{Container, Form};

/// Makes a runtime of one thread whose clock stands still while there is work, and jumps to the
/// next deadline where there is none.
fn virtual_time() -> Runtime {
    Builder::new_current_thread().enable_all().start_paused(true).build().unwrap()
}

/// Runs a simulation; returns what did not hold.
fn simulate(seed: u64, put_back: PutBack) -> Vec<String> {
    virtual_time().block_on(async {
        let mut dice = Dice::new(seed.wrapping_add(77));
        let nodes = 2 + usize::try_from(seed % 2).unwrap();
        let world = Arc::new(World::new(seed, nodes, put_back));
        // A lease that lapses ends the publication in every other run; where it does not, only the
        // fence is left.
        let outage = (seed % 4 < 2).then_some(Duration::ZERO);
        let settings = Settings { lease: LEASE, outage, ..in_memory() };
        let cluster = Cluster::new(world, nodes, settings, form(seed));
        cluster.configure().await;
        let observer = tokio::spawn(Observer::default().watch(Arc::clone(&cluster)));
        let encoder = tokio::spawn(Arc::clone(&cluster).encode());
        sleep(Duration::from_secs(5)).await;
        for _ in 0..5 {
            fault(&cluster, &mut dice, nodes).await;
            sleep(Duration::from_millis(dice.between(1000, 12_000))).await;
        }
        // Everything is well again: the channel must be live, and stay so.
        sleep(Duration::from_secs(40)).await;
        let end = Instant::now();
        cluster.over.store(true, Ordering::SeqCst);
        let mut observer = observer.await.unwrap();
        encoder.abort();
        let silent = observer.progress.is_none_or(|at| end - at > Duration::from_secs(8));
        if silent && observer.broken.is_empty() {
            observer.broken.push("the channel is not live in the end".to_owned());
        }
        observer.broken
    })
}

/// Returns what a seed's segments are made of.
const fn form(seed: u64) -> Form {
    let container = if seed.is_multiple_of(2) { Container::Ts } else { Container::Fmp4 };
    let part_millis = if seed % 8 < 4 { None } else { Some(500) };
    Form { container, part_millis }
}

/// Lets one thing go wrong for a while.
async fn fault(cluster: &Cluster, dice: &mut Dice, nodes: usize) {
    let world = &cluster.world;
    let all = 0..nodes;
    let live = lock(&cluster.begun).map_or(0, |(_, node)| node);
    // Most often it is the node that matters.
    let node = if dice.below(4) > 0 { live } else { dice.below(nodes as u64) as usize };
    let short = Duration::from_millis(dice.between(500, 25_000));
    match dice.below(8) {
        0 | 1 => {
            let long = Duration::from_secs(dice.between(1, 400));
            world.change(node, |faults| faults.paused = Some(Instant::now()));
            sleep(long).await;
            world.change(node, |faults| faults.paused = None);
        }
        2 => {
            cluster.kill(node);
            sleep(short).await;
            cluster.restart(node);
        }
        3 => {
            world.change(node, |faults| faults.away = true);
            sleep(short).await;
            world.change(node, |faults| faults.away = false);
        }
        4 => {
            let latency = dice.between(100, 1000);
            all.clone().for_each(|node| world.change(node, |faults| faults.latency = latency));
            sleep(short).await;
            all.for_each(|node| world.change(node, |faults| faults.latency = 20));
        }
        5 => {
            all.clone().for_each(|node| world.change(node, |faults| faults.errors = 200));
            sleep(short).await;
            all.for_each(|node| world.change(node, |faults| faults.errors = 0));
        }
        6 => {
            all.clone().for_each(|node| world.change(node, |faults| faults.lost = 100));
            sleep(short).await;
            all.for_each(|node| world.change(node, |faults| faults.lost = 0));
        }
        _ => {
            let slow = Duration::from_secs(12);
            world.change(node, |faults| faults.slow_playlist = slow);
            sleep(short).await;
            world.change(node, |faults| faults.slow_playlist = Duration::ZERO);
        }
    }
}

fn in_memory() -> Settings {
    Settings { store: crate::store::StoreAddress::Memory, ..Settings::default() }
}

/// Returns the seeds to run: as many as `usual`, or as the environment says, and no more than the
/// time allows.
fn seeds(usual: u64) -> impl Iterator<Item = u64> {
    let number = |name| std::env::var(name).ok().and_then(|number| number.parse::<u64>().ok());
    let first = number("SIMULATION_FIRST").unwrap_or(0);
    let count = number("SIMULATION_SEEDS").unwrap_or(usual);
    let most = Duration::from_secs(number("SIMULATION_SECONDS").unwrap_or(3600));
    let begun = std::time::Instant::now();
    (first..first + count).take_while(move |_| begun.elapsed() < most)
}

const LEASE: Duration = Duration::from_secs(4);

#[test]
fn nothing_that_players_were_told_is_undone_whatever_fails() {
    let (mut count, mut broken) = (0, Vec::new());
    for seed in seeds(8) {
        count += 1;
        broken.extend(simulate(seed, PutBack::Nothing).into_iter().map(|what| (seed, what)));
    }
    println!("{count} seeds, {} broken", broken.len());
    assert_eq!(broken, []);
}
