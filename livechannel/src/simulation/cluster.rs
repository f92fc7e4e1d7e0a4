//! Nodes of a simulation, and an encoder that goes from one to the next.

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::sync::{Arc, Mutex, OnceLock};

use hls_segmenter::flv::{Reader, Step, Tag, TagKind};
use hls_segmenter::time::FlvTime;
use object_store::path::Path;
use tokio::time::{Instant, sleep, sleep_until};

use super::store::{View, World, lock};
use crate::channel::Publication;
use crate::name::{BucketName, ChannelKey, ChannelName};
use crate::service::Service;
use crate::settings::Settings;
use crate::store::{ChannelRecord, Form, Store, Version};

/// Nodes on one store.
pub(super) struct Cluster {
    pub(super) world: Arc<World>,
    nodes: Mutex<Vec<Process>>,
    settings: Settings,
    pub(super) key: ChannelKey,
    form: Form,
    /// When a publication began last, and where.
    pub(super) begun: Mutex<Option<(Instant, usize)>>,
    pub(super) over: AtomicBool,
}

/// One run of a node.
#[derive(Clone)]
struct Process {
    service: Arc<Service>,
    gone: Arc<AtomicBool>,
}

impl Cluster {
    pub(super) fn new(
        world: Arc<World>,
        nodes: usize,
        settings: Settings,
        form: Form,
    ) -> Arc<Self> {
        let cluster = Self {
            world,
            form,
            nodes: Mutex::default(),
            settings,
            key: ChannelKey::new(BucketName::default(), ChannelName::new(b"ch").unwrap()),
            begun: Mutex::default(),
            over: AtomicBool::new(false),
        };
        let processes = (0..nodes).map(|node| cluster.process(node)).collect();
        *lock(&cluster.nodes) = processes;
        Arc::new(cluster)
    }

    fn process(&self, node: usize) -> Process {
        let view = View::new(&self.world, node);
        let gone = Arc::clone(&view.gone);
        let settings = Settings { node: Some(format!("node-{node}")), ..self.settings.clone() };
        let store = Store::new(Arc::new(view), Path::default(), true);
        Process { service: Arc::new(Service::new(settings, store)), gone }
    }

    pub(super) fn services(&self) -> Vec<Arc<Service>> {
        lock(&self.nodes).iter().map(|process| Arc::clone(&process.service)).collect()
    }

    /// Makes the channel.
    pub(super) async fn configure(&self) {
        let record = ChannelRecord {
            description: String::new(),
            enabled: true,
            frag_duration: 1,
            frag_count: 5,
            playlist_name: "playlist.m3u8".to_owned(),
            snapshot: None,
            form: self.form,
            modified: 1,
        };
        let service = &self.services()[0];
        let set = service.registry().set_config(&self.key, &Version::Absent, Some(&record));
        set.await.unwrap();
    }

    /// Ends a process without a word.
    pub(super) fn kill(&self, node: usize) {
        lock(&self.nodes)[node].gone.store(true, Ordering::SeqCst);
        self.world.change(node, |faults| faults.dead = true);
    }

    /// Starts a node again.
    pub(super) fn restart(&self, node: usize) {
        let process = self.process(node);
        lock(&self.nodes)[node] = process;
        self.world.change(node, |faults| faults.dead = false);
    }

    /// Publishes without end: to another node whenever one refuses, ends the publication or is not
    /// heard of.
    pub(super) async fn encode(self: Arc<Self>) {
        let mut turn = 0;
        while !self.over.load(Ordering::SeqCst) {
            let node = turn % self.services().len();
            turn += 1;
            let abandoned = Arc::new(AtomicBool::new(false));
            let session = Arc::clone(&self).session(node, Arc::clone(&abandoned));
            let mut session = tokio::spawn(session);
            tokio::select! {
                _ = &mut session => {}
                () = self.silence(node) => {}
            }
            abandoned.store(true, Ordering::SeqCst);
            sleep(RECONNECT).await;
        }
    }

    /// Waits until an encoder would give a node up: at once when it is killed, because the
    /// connection is reset; after a while when it is stopped.
    async fn silence(&self, node: usize) {
        let gone = Arc::clone(&lock(&self.nodes)[node].gone);
        loop {
            let paused = self.world.faults(node).paused;
            let silent = paused.is_some_and(|since| since.elapsed() > PATIENCE);
            if silent || gone.load(Ordering::SeqCst) || self.over.load(Ordering::SeqCst) {
                return;
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// One connection. What the encoder had sent before it gave up is still in the socket when a
    /// node that was stopped goes on.
    async fn session(self: Arc<Self>, node: usize, abandoned: Arc<AtomicBool>) {
        let process = lock(&self.nodes)[node].clone();
        let begun =
            Publication::begin(&process.service, &self.key, None, "simulation".to_owned()).await;
        let Ok(mut publication) = begun else {
            return;
        };
        *lock(&self.begun) = Some((Instant::now(), node));
        let (start, mut in_socket) = (Instant::now(), 60);
        'all: for round in 0.. {
            for (kind, time, data) in media() {
                let time = time + round * LOOP;
                sleep_until(start + Duration::from_millis(u64::from(time))).await;
                self.world.gate(node).await;
                if process.gone.load(Ordering::SeqCst) {
                    return core::future::pending().await;
                }
                if abandoned.load(Ordering::SeqCst) {
                    in_socket -= 1;
                    if in_socket == 0 {
                        break 'all;
                    }
                }
                let time = FlvTime::from_millis(time);
                let tag = Tag { kind: TagKind::new(*kind), time, data };
                if publication.push(tag).await.is_err() {
                    break 'all;
                }
            }
        }
        publication.finish().await;
    }
}

/// Returns the messages of a capture: kind, time and payload.
fn media() -> &'static [(u8, u32, Vec<u8>)] {
    static MEDIA: OnceLock<Vec<(u8, u32, Vec<u8>)>> = OnceLock::new();
    MEDIA.get_or_init(|| {
        let path = format!("{}/../testdata/nobframes.flv", env!("CARGO_MANIFEST_DIR"));
        let bytes = std::fs::read(path).unwrap();
        let (mut reader, mut rest, mut out) = (Reader::new(), bytes.as_slice(), Vec::new());
        loop {
            let consumed = match reader.step(rest).unwrap() {
                Step::Header { consumed, .. } => consumed,
                Step::Tag { tag, consumed } => {
                    // Video alone, and headers at the beginning: a message costs time to simulate.
                    if tag.kind.get() == 9 {
                        out.push((9, tag.time.millis(), tag.data.to_vec()));
                    }
                    consumed
                }
                _ => return out,
            };
            rest = &rest[consumed..];
        }
    })
}

/// Length of the capture in milliseconds.
const LOOP: u32 = 12_000;
/// How long an encoder waits between two tries.
const RECONNECT: Duration = Duration::from_millis(200);
/// How long an encoder sends to a node that takes nothing.
const PATIENCE: Duration = Duration::from_secs(3);
