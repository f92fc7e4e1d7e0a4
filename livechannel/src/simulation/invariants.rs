//! What must hold at every moment of a simulation.

use core::sync::atomic::Ordering;
use core::time::Duration;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use object_store::ObjectStoreExt as _;
use object_store::path::Path;
use tokio::time::{Instant, sleep};

use super::cluster::Cluster;

/// Looks at the stored playlist and at what every node serves, and remembers.
#[derive(Default)]
pub(super) struct Observer {
    /// Name of every segment by its media sequence number.
    names: HashMap<u64, String>,
    there: HashSet<String>,
    /// First media sequence number of the stored playlist.
    stored_first: u64,
    stored_last: u64,
    /// When the stored playlist went on last.
    pub(super) progress: Option<Instant>,
    pub(super) broken: Vec<String>,
}

impl Observer {
    /// Looks ten times a second until the simulation is over.
    pub(super) async fn watch(mut self, cluster: Arc<Cluster>) -> Self {
        while !cluster.over.load(Ordering::SeqCst) && self.broken.len() < 5 {
            self.look_at_store(&cluster).await;
            self.look_at_nodes(&cluster).await;
            sleep(Duration::from_millis(100)).await;
        }
        self
    }

    async fn look_at_store(&mut self, cluster: &Cluster) {
        let path = Path::from("live/ch/playlist.m3u8");
        let Ok(found) = cluster.world.objects.get(&path).await else {
            return;
        };
        let text = found.bytes().await.unwrap();
        let text = core::str::from_utf8(&text).unwrap();
        self.check_sections(cluster, text).await;
        let listed = listed(text);
        let (Some((first, _)), Some((last, _))) = (listed.first(), listed.last()) else {
            return;
        };
        if *first < self.stored_first || *last < self.stored_last {
            let before = (self.stored_first, self.stored_last);
            self.broken.push(format!("the list goes back from {before:?} to {first}, {last}"));
        }
        if *last > self.stored_last || self.progress.is_none() {
            self.progress = Some(Instant::now());
        }
        self.stored_first = *first;
        self.stored_last = *last;
        self.check(cluster, "the store", &listed).await;
    }

    async fn look_at_nodes(&mut self, cluster: &Cluster) {
        let mut writers = Vec::new();
        for (node, service) in cluster.services().into_iter().enumerate() {
            let faults = cluster.world.faults(node);
            if faults.dead || faults.paused.is_some() {
                continue;
            }
            let Some(live) = service.live().find(&cluster.key) else {
                continue;
            };
            if !live.tenure().is_held() {
                continue;
            }
            writers.push(node);
            if let Some(playlist) = live.playlist() {
                let listed = listed(core::str::from_utf8(&playlist).unwrap());
                self.check(cluster, &format!("node {node}"), &listed).await;
            }
        }
        if writers.len() > 1 {
            self.broken.push(format!("nodes {writers:?} write at the same time"));
        }
    }

    /// Looks whether the initialization sections are there that a list needs.
    async fn check_sections(&mut self, cluster: &Cluster, text: &str) {
        let sections = text.lines().filter_map(|line| line.strip_prefix("#EXT-X-MAP:URI=\""));
        for name in sections.filter_map(|rest| rest.strip_suffix('"')) {
            let path = Path::from(format!("live/ch/{name}"));
            if !self.there.contains(name) && cluster.world.objects.head(&path).await.is_err() {
                self.broken.push(format!("{name} is needed and not there"));
            }
            self.there.insert(name.to_owned());
        }
    }

    async fn check(&mut self, cluster: &Cluster, whose: &str, listed: &[(u64, String)]) {
        for (number, name) in listed {
            let known = self.names.entry(*number).or_insert_with(|| name.clone());
            if known != name {
                self.broken.push(format!("{whose}: number {number} is {known} and {name}"));
            }
            if !self.there.contains(name) {
                let path = Path::from(format!("live/ch/{name}"));
                if cluster.world.objects.head(&path).await.is_err() {
                    self.broken.push(format!("{whose}: {name} is listed and not there"));
                }
                self.there.insert(name.clone());
            }
        }
    }
}

/// Returns media sequence number and name of every segment of a playlist.
fn listed(text: &str) -> Vec<(u64, String)> {
    let first = text.lines().find_map(|line| line.strip_prefix("#EXT-X-MEDIA-SEQUENCE:"));
    let first: u64 = first.and_then(|number| number.parse().ok()).unwrap_or_default();
    let names = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    (first..).zip(names.map(str::to_owned)).collect()
}
