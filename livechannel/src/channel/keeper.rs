//! Keeps the state of a channel that is live here: what is stored is written into the state, the
//! state is committed, and with every commit the lease is renewed.
//!
//! ```text
//! uploads ──► state in memory ──► commit, one at a time ──► players see it
//!                   ▲                     │                  └─► the playlist's object
//!                   └── renewal, lease/3 ─┘
//! ```
//!
//! A commit takes what has gathered since the one before. Nothing else waits here: not for a
//! segment's put, not for the playlist's, not for the index.

use core::time::Duration;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::{BoxFuture, OptionFuture};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{sleep, sleep_until, timeout};

use super::budget::Budget;
use super::commit::{Commit, Outcome, Pace, lease};
use super::edge::{CUTS, Shown};
use super::live::{LiveChannel, Stop};
use super::live_channels::Registered;
use super::playlist_object::PlaylistObject;
use super::publication::Refusal;
use super::sink::Job;
use super::uploads::{Uploaded, Uploads};
use crate::clock::now_millis;
use crate::retention;
use crate::service::Service;
use crate::store::{
    ChannelState, INDEX_TAIL, LiveSession, Refused, SegmentIndex, StoredSegment, Version,
};

/// Keeps one publication of one channel.
pub(super) struct Keeper {
    pub(super) service: Arc<Service>,
    pub(super) live: Arc<LiveChannel>,
    pub(super) state: ChannelState,
    /// Version of the state that was committed last.
    pub(super) version: Version,
    pub(super) uploads: Uploads,
    pub(super) budget: Arc<Budget>,
    /// Texts for the playlist's object.
    pub(super) texts: Option<watch::Sender<Bytes>>,
    /// The task that writes it.
    pub(super) playlist: JoinHandle<()>,
    pub(super) pace: Pace,
    /// Segments that no commit has told yet.
    pub(super) untold: Vec<Uploaded>,
    pub(super) registered: Registered,
}

/// Where segments come from, and the room that they take until they are stored.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) jobs: mpsc::Receiver<Job>,
    pub(super) budget: Arc<Budget>,
}

impl Keeper {
    /// Makes the keeper of a publication that is about to begin: `state` is its first one, and
    /// takes the place of `version`.
    pub(super) fn new(
        service: &Arc<Service>,
        live: &Arc<LiveChannel>,
        state: ChannelState,
        version: Version,
        waiting: Waiting,
        registered: Registered,
    ) -> Self {
        let (texts, newest) = watch::channel(Bytes::new());
        let object = PlaylistObject {
            service: Arc::clone(service),
            live: Arc::clone(live),
            writer: state.writer.clone(),
            texts: newest,
        };
        let metrics = Arc::clone(service.metrics());
        let uploads =
            Uploads::new(service.store().clone(), live.key.clone(), metrics, waiting.jobs);
        Self {
            service: Arc::clone(service),
            live: Arc::clone(live),
            state,
            version,
            uploads,
            budget: waiting.budget,
            texts: Some(texts),
            playlist: tokio::spawn(object.run()),
            pace: Pace::new(service.settings().lease),
            untold: Vec::new(),
            registered,
        }
    }

    /// Takes the channel.
    pub(super) async fn begin(&mut self) -> Result<(), Refusal> {
        let done = self.begin_commit().await;
        match done.outcome {
            Outcome::Fenced | Outcome::Earlier(_) => Err(Refusal::StillLive),
            Outcome::Failed => Err(Refusal::Store("the channel cannot be taken".to_owned())),
            Outcome::Stored(_) => {
                self.committed(done).map_err(|_| Refusal::StillLive)?;
                Ok(())
            }
        }
    }

    /// Works until the publication is over and everything of it is stored, or the channel is lost.
    pub(super) async fn run(mut self) {
        let mut stops = self.live.watch();
        let given_up = async move {
            let why = stops.wait_for(Option::is_some).await.map(|why| *why);
            // What cannot be shown to be this node's any more is not written any more.
            if !matches!(why, Ok(Some(Stop::Lost | Stop::Fenced))) {
                sleep(GIVE_UP).await;
            }
        };
        let ended = tokio::select! {
            ended = self.work() => ended,
            () = given_up => Err(Stop::Lost),
        };
        if let Err(stop) = ended {
            tracing::warn!(channel = %self.live.key, %stop, "publication is given up");
            self.live.stop(stop);
        }
        let forgotten = self.forget_rest();
        // The last playlist is stored before others may begin: they need not wait for it long.
        self.texts.take();
        let lost = matches!(ended, Err(Stop::Lost | Stop::Fenced));
        if lost || timeout(LAST_PLAYLIST, &mut self.playlist).await.is_err() {
            self.playlist.abort();
        }
        let given_up = ended == Err(Stop::Fenced) || self.release().await;
        if self.live.stopped() == Some(Stop::Shutdown) && (forgotten > 0 || !given_up) {
            self.service.live().note_unfinished();
        }
        drop(self.registered);
    }

    async fn work(&mut self) -> Result<(), Stop> {
        let mut commit = OptionFuture::<BoxFuture<'static, Commit>>::default();
        let mut committing = false;
        let mut run = OptionFuture::<BoxFuture<'static, Vec<StoredSegment>>>::default();
        let mut running = false;
        loop {
            if !committing && self.pace.is_due() {
                commit = Some(self.begin_commit()).into();
                committing = true;
            }
            if !running && self.state.tail.len() >= INDEX_TAIL {
                run = Some(self.begin_run()).into();
                running = true;
            }
            if self.uploads.is_finished() && !committing && !running {
                return Ok(());
            }
            tokio::select! {
                Some(done) = &mut commit, if committing => {
                    committing = false;
                    self.committed(done)?;
                }
                Some(stored) = &mut run, if running => {
                    running = false;
                    self.state.tail.retain(|segment| !stored.contains(segment));
                    self.pace.touch();
                }
                uploaded = self.uploads.next(), if !self.uploads.is_finished() => {
                    if let Some(uploaded) = uploaded {
                        self.take(uploaded?);
                    }
                }
                () = sleep_until(self.pace.renewal()), if !committing => {}
                else => {}
            }
        }
    }

    /// Writes a stored segment into the state.
    fn take(&mut self, uploaded: Uploaded) {
        let job = &uploaded.job;
        if let Some(keep) = self.service.settings().keep {
            let before = retention::before(keep);
            self.state.tail.retain(|segment| segment.wall >= before);
        }
        self.state.tail.push(job.segment);
        self.state.cuts.push(job.cut.clone());
        let excess = self.state.cuts.len().saturating_sub(CUTS);
        self.state.cuts.drain(..excess);
        self.state.list = Some(job.list.clone());
        self.untold.push(uploaded);
        self.pace.touch();
    }

    /// Begins to move the tail of the index into a run of its own; tells which segments that were.
    fn begin_run(&self) -> BoxFuture<'static, Vec<StoredSegment>> {
        let (service, live) = (Arc::clone(&self.service), Arc::clone(&self.live));
        let tail = self.state.tail.clone();
        Box::pin(async move {
            let mut backoff = super::backoff::Backoff::new();
            let index = SegmentIndex::new(service.store(), &live.key);
            while let Err(error) = index.write_run(&tail).await {
                tracing::warn!(%error, "index is not stored yet");
                service.metrics().store_retries.inc();
                backoff.wait().await;
            }
            tail
        })
    }

    /// Begins to make the state as it is now the channel's.
    fn begin_commit(&mut self) -> BoxFuture<'static, Commit> {
        let term = self.pace.begin();
        self.state.revision += 1;
        self.state.lease = Some(lease(self.service.node(), term));
        self.state.session = Some(LiveSession { seen: now_millis(), ..self.live.session() });
        let (service, live) = (Arc::clone(&self.service), Arc::clone(&self.live));
        let (state, version) = (self.state.clone(), self.version.clone());
        let segments = self.untold.len();
        Box::pin(async move {
            let commit = Commit::make(&service, &live, &version, &state).await;
            Commit { term, segments, ..commit }
        })
    }

    /// Draws what follows from a commit.
    fn committed(&mut self, commit: Commit) -> Result<(), Stop> {
        match commit.outcome {
            Outcome::Stored(version) => {
                self.pace.took(commit.begun.elapsed());
                self.version = version;
                self.live.tenure().extend(commit.begun + commit.term);
                self.show(commit.segments);
            }
            Outcome::Earlier(version) => {
                self.version = version;
                self.pace.touch();
            }
            Outcome::Failed => self.pace.touch(),
            Outcome::Fenced => return Err(Stop::Fenced),
        }
        Ok(())
    }

    /// Shows the oldest untold segments to players.
    fn show(&mut self, count: usize) {
        for Uploaded { job, begun } in self.untold.drain(..count) {
            let len = job.bytes.len();
            let listed = job.list.segments.len();
            let shown = Shown {
                playlist: Bytes::from(job.playlist),
                name: job.segment.name(),
                segment: job.bytes,
                section: job.section,
                cut: job.cut,
            };
            if let Some(texts) = &self.texts {
                texts.send_replace(shown.playlist.clone());
            }
            self.live.show(shown, listed + EDGE_BEHIND);
            self.budget.give(len);
            self.service.metrics().stored(len, begun.elapsed());
        }
    }

    /// Counts what will not be stored any more.
    fn forget_rest(&mut self) -> usize {
        let lost = self.uploads.abandon() + self.untold.len();
        self.service.metrics().segments_lost.inc_by(lost as u64);
        self.untold.clear();
        lost
    }

    /// Gives the channel up, so that the next publication need not wait for the lease to be over.
    /// Returns whether that is stored.
    pub(super) async fn release(&mut self) -> bool {
        let (now, session) = (now_millis(), self.live.session());
        self.state.refused =
            self.live.refusal().map(|reason| Refused { at: now, remote: session.remote, reason });
        self.state.end_session(now);
        self.state.lease = None;
        self.state.revision += 1;
        for _ in 0..3 {
            match Commit::make(&self.service, &self.live, &self.version, &self.state).await.outcome
            {
                Outcome::Stored(_) | Outcome::Fenced => return true,
                Outcome::Earlier(version) => self.version = version,
                Outcome::Failed => {}
            }
        }
        false
    }
}

/// How long the rest of a publication that has ended is tried to be stored.
const GIVE_UP: Duration = Duration::from_secs(60);
/// How long the last playlist is waited for.
const LAST_PLAYLIST: Duration = Duration::from_secs(10);
/// Segments that are kept in memory after they left the playlist, for players that are behind.
const EDGE_BEHIND: usize = 1;
