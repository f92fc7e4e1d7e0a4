//! Puts segments into the store: several at a time, so that the latency of one is not the pace of
//! all, and in order, because a playlist names them in order.

use core::time::Duration;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesOrdered;
use object_store::path::Path;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

use super::backoff::Backoff;
use super::edge::Section;
use super::live::Stop;
use super::sink::Job;
use crate::metrics::Metrics;
use crate::name::ChannelKey;
use crate::store::{Container, Store};

/// Takes the segments of one publication.
pub(super) struct Uploads {
    store: Store,
    key: ChannelKey,
    metrics: Arc<Metrics>,
    /// Segments that wait; closed when the publication is over.
    jobs: mpsc::Receiver<Job>,
    all_taken: bool,
    running: FuturesOrdered<BoxFuture<'static, Result<Uploaded, Stop>>>,
}

/// A segment that is in the store.
#[derive(Debug)]
pub(super) struct Uploaded {
    pub(super) job: Job,
    /// When its turn came.
    pub(super) begun: Instant,
}

impl Uploads {
    pub(super) fn new(
        store: Store,
        key: ChannelKey,
        metrics: Arc<Metrics>,
        jobs: mpsc::Receiver<Job>,
    ) -> Self {
        Self { store, key, metrics, jobs, all_taken: false, running: FuturesOrdered::new() }
    }

    /// Returns whether the publication is over and all of it is stored.
    pub(super) fn is_finished(&self) -> bool {
        self.all_taken && self.running.is_empty()
    }

    /// Waits for the next segment, in the order of the playlist, to be in the store; `None` when
    /// there are no more.
    pub(super) async fn next(&mut self) -> Option<Result<Uploaded, Stop>> {
        loop {
            let room = self.running.len() < AT_ONCE && !self.all_taken;
            tokio::select! {
                job = self.jobs.recv(), if room => match job {
                    Some(job) => self.begin(job),
                    None => self.all_taken = true,
                },
                Some(done) = self.running.next(), if !self.running.is_empty() => return Some(done),
                else => return None,
            }
        }
    }

    /// Takes no more, and returns what has waited in vain.
    pub(super) fn abandon(&mut self) -> usize {
        self.jobs.close();
        self.all_taken = true;
        let mut lost = self.running.len();
        self.running.clear();
        while self.jobs.try_recv().is_ok() {
            lost += 1;
        }
        lost
    }

    fn begin(&mut self, job: Job) {
        let folder = self.store.layout().channel_folder(&self.key);
        let put = Put { store: self.store.clone(), metrics: Arc::clone(&self.metrics) };
        let begun = Instant::now();
        self.running.push_back(Box::pin(async move {
            let kind = content_type(job.segment.container());
            let segment = put.file(folder.clone().join(job.segment.name()), &job.bytes, kind);
            match job.new_section() {
                // Nothing lists the segment before both are there.
                Some(Section { name, bytes }) => {
                    let section = put.file(folder.join(name.as_str()), bytes, "video/mp4");
                    let (section, segment) = tokio::join!(section, segment);
                    section.and(segment)?;
                }
                None => segment.await?,
            }
            Ok(Uploaded { job, begun })
        }));
    }
}

/// Puts files that nobody else writes.
struct Put {
    store: Store,
    metrics: Arc<Metrics>,
}

impl Put {
    /// Puts a file, and tries it until it is there.
    async fn file(&self, path: Path, bytes: &Bytes, kind: &'static str) -> Result<(), Stop> {
        let mut backoff = Backoff::new();
        loop {
            match timeout(REQUEST, self.store.create(&path, bytes.clone(), kind)).await {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(object_store::Error::AlreadyExists { .. })) => {
                    // From a try whose answer was lost: nobody else has this epoch.
                    if let Ok(Some(meta)) = self.store.head(&path).await {
                        let ours = meta.size == bytes.len() as u64;
                        return if ours { Ok(()) } else { Err(Stop::Store) };
                    }
                }
                Ok(Err(error)) => tracing::warn!(%path, %error, "segment is not stored yet"),
                Err(_) => tracing::warn!(%path, "segment is not stored yet: no answer"),
            }
            self.metrics.store_retries.inc();
            backoff.wait().await;
        }
    }
}

/// Returns the media type of segments (RFC 8216 §3.3, §10).
const fn content_type(container: Container) -> &'static str {
    match container {
        Container::Ts => "video/mp2t",
        Container::Fmp4 => "video/iso.segment",
    }
}

/// The longest that a segment's request to the store may take.
const REQUEST: Duration = Duration::from_secs(30);
/// Segments that are put at once: with 5 s of latency and segments of 1 s, five are on their way.
const AT_ONCE: usize = 8;
