//! The store of a simulation: one memory, seen by every node through faults of its own.

use core::fmt;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use futures_util::stream::{self, BoxStream, StreamExt as _};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

/// Random numbers that a seed repeats.
#[derive(Debug)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// Returns a number below `end`.
    pub(super) const fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % end
    }

    pub(super) const fn between(&mut self, least: u64, end: u64) -> u64 {
        least + self.below(end - least)
    }
}

/// What is wrong with the way from one node to the store, or with the node.
#[derive(Clone, Debug, Default)]
pub(super) struct Faults {
    /// The process is stopped: it sends nothing and sees no answer, until it goes on.
    pub(super) paused: Option<Instant>,
    /// The process is gone.
    pub(super) dead: bool,
    /// Every request fails.
    pub(super) away: bool,
    /// The longest that a request takes, in milliseconds.
    pub(super) latency: u64,
    /// How much longer every request takes.
    pub(super) delay: Duration,
    /// Requests that fail, of a thousand.
    pub(super) errors: u64,
    /// Requests that are done and whose answer is lost, of a thousand.
    pub(super) lost: u64,
    /// How much longer the put of a playlist takes.
    pub(super) slow_playlist: Duration,
    /// The longest pause so far.
    longest_pause: Duration,
}

/// Faults of the program that can be put back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PutBack {
    Nothing,
    /// The fence forgets: who was paused for more than two minutes overwrites what it never read.
    ExpiringFence,
    /// Playlists are written whatever is there.
    OpenPlaylist,
    /// Configurations are written whatever is there.
    UnconditionalChange,
    /// The lease is renewed by the task that also writes the playlist.
    RenewalBehindPlaylist,
}

/// The memory, and what is wrong with each way to it.
#[derive(Debug)]
pub(super) struct World {
    pub(super) objects: Arc<InMemory>,
    dice: Mutex<Dice>,
    faults: Mutex<Vec<Faults>>,
    changed: Notify,
    put_back: PutBack,
}

impl World {
    pub(super) fn new(seed: u64, nodes: usize, put_back: PutBack) -> Self {
        Self {
            objects: Arc::new(InMemory::new()),
            dice: Mutex::new(Dice::new(seed)),
            faults: Mutex::new(vec![Faults { latency: 20, ..Faults::default() }; nodes]),
            changed: Notify::new(),
            put_back,
        }
    }

    /// Changes what is wrong with a node.
    pub(super) fn change(&self, node: usize, change: impl FnOnce(&mut Faults)) {
        let mut faults = lock(&self.faults);
        let fault = &mut faults[node];
        let before = fault.paused;
        change(fault);
        if let (Some(since), None) = (before, fault.paused) {
            fault.longest_pause = fault.longest_pause.max(since.elapsed());
        }
        drop(faults);
        self.changed.notify_waiters();
    }

    pub(super) fn faults(&self, node: usize) -> Faults {
        lock(&self.faults)[node].clone()
    }

    /// Waits while a node is stopped; for ever when it is dead.
    pub(super) async fn gate(&self, node: usize) {
        loop {
            let changed = self.changed.notified();
            let faults = self.faults(node);
            if faults.paused.is_none() && !faults.dead {
                return;
            }
            changed.await;
        }
    }

    fn roll(&self, end: u64) -> u64 {
        lock(&self.dice).below(end)
    }
}

/// The store as one process sees it.
#[derive(Debug)]
pub(super) struct View {
    pub(super) world: Arc<World>,
    pub(super) node: usize,
    /// Set for good when the process is killed; its successor has a view of its own.
    pub(super) gone: Arc<AtomicBool>,
    one_at_a_time: tokio::sync::Mutex<()>,
}

impl View {
    pub(super) fn new(world: &Arc<World>, node: usize) -> Self {
        Self {
            world: Arc::clone(world),
            node,
            gone: Arc::default(),
            one_at_a_time: tokio::sync::Mutex::default(),
        }
    }

    /// The way there; returns whether the answer will be lost.
    async fn send(&self, path: Option<&Path>) -> Result<bool> {
        self.alive().await;
        let faults = self.world.faults(self.node);
        let mut latency = Duration::from_millis(self.world.roll(faults.latency + 1));
        latency += faults.delay;
        if path.is_some_and(|path| path.as_ref().ends_with(".m3u8")) {
            latency += faults.slow_playlist;
        }
        sleep(latency).await;
        if faults.away || self.world.roll(1000) < faults.errors {
            return Err(failed());
        }
        Ok(self.world.roll(1000) < faults.lost)
    }

    /// The way back.
    async fn answer<T>(&self, lost: bool, result: Result<T>) -> Result<T> {
        let latency = self.world.faults(self.node).latency;
        sleep(Duration::from_millis(self.world.roll(latency + 1))).await;
        self.alive().await;
        if lost { Err(failed()) } else { result }
    }

    async fn alive(&self) {
        if self.gone.load(Ordering::SeqCst) {
            core::future::pending::<()>().await;
        }
        self.world.gate(self.node).await;
        if self.gone.load(Ordering::SeqCst) {
            core::future::pending::<()>().await;
        }
    }
}

fn failed() -> Error {
    Error::Generic { store: "simulation", source: "the store is away".into() }
}

impl fmt::Display for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("simulation")
    }
}

#[async_trait]
impl ObjectStore for View {
    async fn put_opts(&self, path: &Path, body: PutPayload, opts: PutOptions) -> Result<PutResult> {
        let shared = path.as_ref().ends_with(".m3u8") || path.as_ref().ends_with("state.json");
        let _turn = if shared && self.world.put_back == PutBack::RenewalBehindPlaylist {
            Some(self.one_at_a_time.lock().await)
        } else {
            None
        };
        let open = match self.world.put_back {
            PutBack::OpenPlaylist => path.as_ref().ends_with(".m3u8"),
            PutBack::UnconditionalChange => path.as_ref().contains("/channel/"),
            _ => false,
        };
        let opts = if open { PutOptions { mode: PutMode::Overwrite, ..opts } } else { opts };
        let lost = self.send(Some(path)).await?;
        let mut result = self.world.objects.put_opts(path, body.clone(), opts.clone()).await;
        let slept = self.world.faults(self.node).longest_pause > Duration::from_secs(120);
        if result.is_err() && slept && self.world.put_back == PutBack::ExpiringFence {
            let opts = PutOptions { mode: PutMode::Overwrite, ..opts };
            result = self.world.objects.put_opts(path, body, opts).await;
        }
        self.answer(lost, result).await
    }

    async fn put_multipart_opts(
        &self,
        path: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.world.objects.put_multipart_opts(path, options).await
    }

    async fn get_opts(&self, path: &Path, options: GetOptions) -> Result<GetResult> {
        let lost = self.send(None).await?;
        let result = self.world.objects.get_opts(path, options).await;
        self.answer(lost, result).await
    }

    fn delete_stream(
        &self,
        paths: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.world.objects.delete_stream(paths)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        if self.world.faults(self.node).away {
            return stream::once(async { Err(failed()) }).boxed();
        }
        self.world.objects.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let lost = self.send(None).await?;
        let result = self.world.objects.list_with_delimiter(prefix).await;
        self.answer(lost, result).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.world.objects.copy_opts(from, to, options).await
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
