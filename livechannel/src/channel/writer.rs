//! Writes a live channel into the store: segment, state, playlist, in this order, and keeps the
//! lease alive meanwhile.
//!
//! A segment is tried again until it is stored. While the store is away, segments wait in the
//! bounded queue in front of this task; what does not fit is lost there, segment by segment, and
//! the connection stays.

use core::time::Duration;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::budget::Budget;
use super::live::{CUTS, LiveChannel, Stop};
use super::registry::Registered;
use super::sink::Job;
use crate::clock::now_millis;
use crate::metrics::Metrics;
use crate::service::load_channel;
use crate::store::{AppendError, ChannelLog, ChannelState, INDEX_TAIL, Lease, SegmentIndex, Store};

/// Writes one publication of one channel.
#[derive(Debug)]
pub(crate) struct Writer {
    pub(crate) store: Store,
    pub(crate) log: ChannelLog,
    pub(crate) state: ChannelState,
    pub(crate) live: Arc<LiveChannel>,
    pub(crate) jobs: mpsc::Receiver<Job>,
    pub(crate) budget: Arc<Budget>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) lease: Duration,
    /// Bytes of segments that are kept in memory for players.
    pub(crate) edge_len: usize,
    /// How long segments stay in the store.
    pub(crate) keep: Option<Duration>,
    /// When the lease is renewed next.
    pub(crate) renewal: Instant,
    pub(crate) registered: Registered,
}

impl Writer {
    /// Works until the publication is over and everything of it is stored, or the channel is lost.
    pub(crate) async fn run(mut self) {
        let ended = self.work().await;
        if let Err(stop) = ended {
            tracing::warn!(channel = %self.live.key, %stop, "publication is given up");
            self.live.stop(stop);
        }
        self.jobs.close();
        while let Ok(job) = self.jobs.try_recv() {
            self.budget.give(job.bytes.len());
            self.metrics.segments_lost.inc();
        }
        if ended != Err(Stop::Fenced) {
            self.release().await;
        }
        drop(self.registered);
    }

    /// Deletes old segments, in the background and a run of the index at a time.
    fn expire(&self) {
        let Some(keep) = self.keep else {
            return;
        };
        let (store, key) = (self.store.clone(), self.live.key.clone());
        let keep = i64::try_from(keep.as_millis()).unwrap_or(i64::MAX);
        let before = now_millis().saturating_sub(keep);
        tokio::spawn(async move {
            match SegmentIndex::new(&store, &key).expire(before).await {
                Ok(deleted) => tracing::debug!(channel = %key, deleted, "old segments are deleted"),
                Err(error) => tracing::warn!(channel = %key, %error, "old segments stay"),
            }
        });
    }

    async fn work(&mut self) -> Result<(), Stop> {
        loop {
            tokio::select! {
                job = self.jobs.recv() => match job {
                    Some(job) => self.store_job(job).await?,
                    None => return Ok(()),
                },
                () = sleep_until(self.renewal) => self.renew().await?,
            }
        }
    }

    async fn store_job(&mut self, job: Job) -> Result<(), Stop> {
        let begun = Instant::now();
        self.store_segment(&job).await?;

        if self.state.tail.len() >= INDEX_TAIL {
            self.store_run().await?;
        }
        self.state.tail.push(job.segment);
        self.state.cuts.push(job.cut.clone());
        let excess = self.state.cuts.len().saturating_sub(CUTS);
        self.state.cuts.drain(..excess);
        let listed = job.list.segments.len();
        self.state.list = Some(job.list);
        self.commit().await?;

        let playlist = Bytes::from(job.playlist);
        self.store_playlist(playlist.clone()).await;
        let len = job.bytes.len();
        self.live.show(
            playlist,
            (job.segment.wall, job.bytes),
            job.cut,
            listed + EDGE_BEHIND,
            self.edge_len,
        );
        self.budget.give(len);
        self.metrics.stored(len, begun.elapsed());
        Ok(())
    }

    /// Stores the segment's bytes, however long that takes, and renews the lease meanwhile.
    async fn store_segment(&mut self, job: &Job) -> Result<(), Stop> {
        let path = self.store.layout().file(&self.live.key, &job.segment.name());
        let (store, metrics, bytes) =
            (self.store.clone(), Arc::clone(&self.metrics), job.bytes.clone());
        let mut stored = Box::pin(async move {
            let mut backoff = Backoff::new();
            loop {
                let put = store.create(&path, bytes.clone(), "video/mp2t");
                match timeout(REQUEST, put).await {
                    Ok(Ok(())) => return true,
                    Ok(Err(object_store::Error::AlreadyExists { .. })) => {
                        // From a try whose answer was lost; or it is somebody else's.
                        if let Ok(Some(meta)) = store.head(&path).await {
                            return meta.size == bytes.len() as u64;
                        }
                    }
                    Ok(Err(error)) => tracing::warn!(%path, %error, "segment is not stored yet"),
                    Err(_) => tracing::warn!(%path, "segment is not stored yet: no answer"),
                }
                metrics.store_retries.inc();
                backoff.wait().await;
            }
        });
        loop {
            tokio::select! {
                ours = &mut stored => return if ours { Ok(()) } else { Err(Stop::Store) },
                () = sleep_until(self.renewal) => self.renew().await?,
            }
        }
    }

    /// Moves the tail of the index into a run of its own.
    async fn store_run(&mut self) -> Result<(), Stop> {
        let mut backoff = Backoff::new();
        let index = SegmentIndex::new(&self.store, &self.live.key);
        while let Err(error) = index.write_run(&self.state.tail).await {
            tracing::warn!(%error, "index is not stored yet");
            self.metrics.store_retries.inc();
            backoff.wait().await;
        }
        self.state.tail.clear();
        self.expire();
        Ok(())
    }

    /// Makes the state the channel's, however long that takes; fails when it is another node's
    /// meanwhile.
    async fn commit(&mut self) -> Result<(), Stop> {
        let mut backoff = Backoff::new();
        loop {
            self.refresh();
            match timeout(REQUEST, self.log.append(&self.state)).await {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(AppendError::Fenced)) => return Err(Stop::Fenced),
                Ok(Err(error)) => tracing::warn!(%error, "state is not stored yet"),
                Err(_) => tracing::warn!("state is not stored yet: no answer"),
            }
            self.metrics.store_retries.inc();
            backoff.wait().await;
        }
    }

    /// Puts the object that players load from the store itself. The next one replaces it, so it is
    /// not insisted on.
    async fn store_playlist(&self, playlist: Bytes) {
        let path = self.store.layout().file(&self.live.key, &self.live.playlist_name);
        let mut backoff = Backoff::new();
        for _ in 0..3 {
            let put = self.store.put(&path, playlist.clone(), "application/vnd.apple.mpegurl");
            match timeout(REQUEST, put).await {
                Ok(Ok(())) => return,
                Ok(Err(error)) => tracing::warn!(%path, %error, "playlist is not stored yet"),
                Err(_) => tracing::warn!(%path, "playlist is not stored yet: no answer"),
            }
            self.metrics.store_retries.inc();
            backoff.wait().await;
        }
    }

    /// Renews the lease and looks whether the channel may still be live.
    async fn renew(&mut self) -> Result<(), Stop> {
        self.refresh();
        match timeout(self.lease, self.log.append(&self.state)).await {
            Ok(Ok(())) => {}
            Ok(Err(AppendError::Fenced)) => return Err(Stop::Fenced),
            Ok(Err(error)) => {
                tracing::warn!(channel = %self.live.key, %error, "lease is not renewed yet")
            }
            Err(_) => {
                tracing::warn!(channel = %self.live.key, "lease is not renewed yet: no answer")
            }
        }
        match timeout(self.lease, load_channel(&self.store, &self.live.key)).await {
            Ok(Ok(None)) => self.live.stop(Stop::Deleted),
            Ok(Ok(Some(channel))) if !channel.enabled => self.live.stop(Stop::Disabled),
            _ => {}
        }
        Ok(())
    }

    /// Brings lease and session up to date.
    fn refresh(&mut self) {
        let now = now_millis();
        let span = i64::try_from(self.lease.as_millis()).unwrap_or(i64::MAX);
        if let Some(lease) = &mut self.state.lease {
            *lease =
                Lease { node: core::mem::take(&mut lease.node), until: now.saturating_add(span) };
        }
        self.state.session = Some(self.live.session())
            .map(|session| crate::store::LiveSession { seen: now, ..session });
        self.renewal = Instant::now() + self.lease / 3;
    }

    /// Gives the channel up, so that the next publication need not wait for the lease to expire.
    async fn release(&mut self) {
        self.state.end_session(now_millis());
        self.state.lease = None;
        for _ in 0..3 {
            match timeout(REQUEST, self.log.append(&self.state)).await {
                Ok(Ok(()) | Err(AppendError::Fenced)) => return,
                Ok(Err(error)) => {
                    tracing::warn!(channel = %self.live.key, %error, "lease is not given up yet")
                }
                Err(_) => {}
            }
            sleep(Duration::from_millis(300)).await;
        }
    }
}

/// Waits a little longer each time.
#[derive(Debug)]
struct Backoff(Duration);

impl Backoff {
    const fn new() -> Self {
        Self(Duration::from_millis(100))
    }

    async fn wait(&mut self) {
        sleep(self.0).await;
        self.0 = (self.0 * 2).min(Duration::from_secs(1));
    }
}

/// The longest that one request to the store may take.
const REQUEST: Duration = Duration::from_secs(30);

/// Segments that are kept in memory after they left the playlist, for players that are behind.
const EDGE_BEHIND: usize = 1;
