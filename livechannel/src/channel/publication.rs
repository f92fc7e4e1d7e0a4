//! One publication: from the right to publish a channel to its last segment.

use core::time::Duration;
use std::sync::Arc;

use hls_segmenter::Error;
use hls_segmenter::flv::Tag;
use hls_segmenter::probe::{Probe, Released};
use hls_segmenter::time::WallTime;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use super::budget::Budget;
use super::edge::Edge;
use super::engine::{Engine, engine, probe};
use super::keeper::{Keeper, Waiting};
use super::live::{LiveChannel, Stop};
use super::orphans;
use super::sink::{Queue, Sink, Written};
use super::stats;
use super::versions::Versions;
use super::wall_clock::WallClock;
use super::watcher::watch;
use crate::clock::now_millis;
use crate::name::ChannelKey;
use crate::registry::Read;
use crate::service::{Service, nonce};
use crate::snapshot;
use crate::store::{ChannelRecord, ChannelState, LiveSession, StoredSegment};

/// A channel that is being published to.
#[derive(Debug)]
pub(crate) struct Publication {
    engine: Box<dyn Engine>,
    /// Holds the first messages until it is known which tracks there are.
    probe: Probe,
    sink: Sink,
    clock: WallClock,
    live: Arc<LiveChannel>,
    budget: Arc<Budget>,
    service: Arc<Service>,
    keeper: JoinHandle<()>,
    /// The store was waited for since there was room last.
    waited: bool,
    /// When statistics were told last, and how many pictures there were then.
    told: (Instant, u64),
}

/// Why a channel may not be published to.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("NoSuchLiveChannel: The specified live channel does not exist.")]
    NoSuchChannel,
    #[error("LiveChannelDisabled: Live channel is disabled by owner.")]
    Disabled,
    #[error("ChannelStillLive: the channel is being published to.")]
    StillLive,
    #[error("the store does not answer: {0}")]
    Store(String),
}

/// Why a publication does not go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PushError {
    #[error(transparent)]
    Stop(#[from] Stop),
    /// Nothing of the stream can be carried.
    #[error("{0}")]
    NothingCarried(String),
}

impl From<object_store::Error> for Refusal {
    fn from(error: object_store::Error) -> Self {
        Self::Store(error.to_string())
    }
}

impl Publication {
    /// Takes the channel for this node, and goes on with its playlist where the last publication
    /// ended.
    pub(crate) async fn begin(
        service: &Arc<Service>,
        key: &ChannelKey,
        playlist_name: Option<String>,
        remote: String,
    ) -> Result<Self, Refusal> {
        let channel = read_enabled(service, key).await?;
        let read = wait_until_free(service, key).await?;
        let (version, mut state) = (read.version, read.value);
        let last_listed = last_listed(&state, read.damaged);
        let now = now_millis();
        let session = LiveSession::new(now, remote);
        let playlist_name = playlist_name.unwrap_or_else(|| channel.playlist_name.clone());
        let live = Arc::new(LiveChannel::new(
            key.clone(),
            playlist_name.clone(),
            session.clone(),
            Edge::new(&state.cuts, service.settings().edge),
            channel.form.part_millis.map(|_| Versions::new(target(&channel))),
        ));
        let registered = service.live().enter(Arc::clone(&live)).ok_or(Refusal::StillLive)?;

        let engine = engine(&channel, state.list.as_ref())?;
        let probe = probe(&channel);
        let inherited = state.list.as_ref().map(|list| list.segments.clone()).unwrap_or_default();
        state.begin_session(format!("{}-{:016x}", service.node(), nonce()), session);
        if let Some(target) = &channel.snapshot {
            state.snapshots_go_to(&target.dest_bucket);
        }
        let epoch = state.epoch;
        let settings = service.settings();
        state.parts_at = settings.peer_http.clone().filter(|_| live.versions().is_some());
        let budget = Arc::new(Budget::new(settings.buffer));
        let (jobs, receiver) = mpsc::channel(settings.queue);
        let mut keeper = Keeper::new(
            service,
            &live,
            state,
            version,
            Waiting { jobs: receiver, budget: Arc::clone(&budget) },
            registered,
        );
        keeper.begin().await?;
        if let Some(last) = last_listed {
            tokio::spawn(orphans::delete(Arc::clone(service), key.clone(), last, epoch));
        }
        // Whoever deletes or disables the channel now finds it live, or is found out here.
        if let Err(refusal) = read_enabled(service, key).await {
            keeper.release().await;
            return Err(refusal);
        }
        let snapshots = channel.snapshot.map(|target| snapshot::start(service, &live, target));
        let metrics = Arc::clone(service.metrics());
        tokio::spawn(watch(Arc::clone(service), Arc::clone(&live)));
        Ok(Self {
            engine,
            probe,
            sink: Sink::new(
                Arc::clone(&live),
                Written { form: channel.form, epoch, inherited },
                Queue { jobs, budget: Arc::clone(&budget) },
                snapshots,
                metrics,
            ),
            clock: WallClock::new(now_millis()),
            live,
            budget,
            service: Arc::clone(service),
            keeper: tokio::spawn(keeper.run()),
            waited: false,
            told: (Instant::now(), 0),
        })
    }

    /// Tells when the publication must end.
    pub(crate) fn watch(&self) -> watch::Receiver<Option<Stop>> {
        self.live.watch()
    }

    /// Takes one message; waits a while where the store is slow.
    pub(crate) async fn push(&mut self, tag: Tag<'_>) -> Result<(), PushError> {
        if let Some(stop) = self.live.stopped() {
            return Err(stop.into());
        }
        self.wait_for_room().await;
        let now = self.clock.now(now_millis());
        self.engine.set_wall_time(WallTime::from_unix_millis(now));
        let begun = Instant::now();
        let mut probe = core::mem::take(&mut self.probe);
        self.segment(probe.push(tag));
        self.probe = probe;
        self.service.metrics().engine(begun.elapsed());
        if self.told.0.elapsed() >= Duration::from_secs(2) {
            self.tell();
        }
        match self.sink.refusal() {
            None => Ok(()),
            Some(why) => {
                self.live.refuse(&why);
                Err(PushError::NothingCarried(why))
            }
        }
    }

    /// Hands the engine what the probe lets through.
    fn segment(&mut self, released: Released<'_>) {
        if let Some(tracks) = released.found() {
            self.engine.announce(&tracks);
        }
        for tag in released {
            match self.engine.push(tag, &mut self.sink) {
                Ok(()) => {}
                Err(Error::Sink(error)) => {
                    tracing::warn!(channel = %self.live.key, %error, "segment is lost");
                }
                Err(error) => {
                    self.service.metrics().bad_messages.inc();
                    tracing::debug!(channel = %self.live.key, %error, "message is passed over");
                }
            }
        }
    }

    /// Ends it: the open segment is closed and listed, and everything is stored.
    pub(crate) async fn finish(mut self) {
        if !matches!(self.live.stopped(), Some(Stop::Fenced | Stop::Lost)) {
            let mut probe = core::mem::take(&mut self.probe);
            self.segment(probe.finish());
            if let Err(error) = self.engine.pause(&mut self.sink) {
                tracing::warn!(channel = %self.live.key, %error, "last segment is lost");
            }
        }
        self.tell();
        let Self { sink, keeper, .. } = self;
        drop(sink);
        if timeout(DRAIN, keeper).await.is_err() {
            tracing::warn!("the store did not take the last segments in time");
        }
    }

    /// Backpressure: a store that is slow holds the connection up for a while, but one that is away
    /// does not end it.
    async fn wait_for_room(&mut self) {
        if !self.budget.is_tight() && !self.sink.is_full() {
            self.waited = false;
        } else if !self.waited {
            self.service.metrics().waits.inc();
            let room = async {
                self.budget.room().await;
                self.sink.room().await;
            };
            let _ = timeout(self.service.settings().patience, room).await;
            self.waited = true;
        }
    }

    fn tell(&mut self) {
        let stats = self.engine.stats();
        let frames = stats.video.map_or(0, |video| video.frames);
        let span = self.told.0.elapsed();
        let count = frames.saturating_sub(self.told.1);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a rate of pictures is small and positive, and the cast saturates"
        )]
        let measured = (count as f64 / span.as_secs_f64().max(0.001)).round() as u32;
        self.told = (Instant::now(), frames);
        self.live.set_session(|session| {
            session.video = stats::video(&stats, measured);
            session.audio = stats::audio(&stats);
        });
    }
}

/// Returns the target duration of a channel with parts.
fn target(channel: &ChannelRecord) -> Duration {
    Duration::from_secs(u64::from(channel.frag_duration) * 2)
}

/// Returns the newest segment that was ever listed. A state that was damaged has fallen back, and may
/// not know it.
fn last_listed(state: &ChannelState, is_damaged: bool) -> Option<StoredSegment> {
    let list = state.list.as_ref().filter(|_| !is_damaged)?;
    list.segments.last().cloned()
}

/// Reads the configuration of a channel that may be published to.
async fn read_enabled(service: &Service, key: &ChannelKey) -> Result<ChannelRecord, Refusal> {
    let channel = service.config(key).await?.ok_or(Refusal::NoSuchChannel)?;
    if channel.enabled { Ok(channel) } else { Err(Refusal::Disabled) }
}

/// Reads the state of a channel when it is nobody's. Where it is somebody's, looks whether that
/// node is alive: it is refused as soon as the state changes, and taken over when it has not changed
/// for a lease.
async fn wait_until_free(
    service: &Service,
    key: &ChannelKey,
) -> Result<Read<ChannelState>, Refusal> {
    let begun = Instant::now();
    let mut first = None;
    loop {
        if service.live().find(key).is_some() {
            return Err(Refusal::StillLive);
        }
        let read = service.registry().state(key).await?;
        if service.is_free(key, &read.value) {
            return Ok(read);
        }
        let revision = *first.get_or_insert(read.value.revision);
        if revision != read.value.revision || begun.elapsed() > MOST_WAIT {
            return Err(Refusal::StillLive);
        }
        // Exactly then, or soon after the next renewal.
        let pause = service.free_in(key, &read.value).clamp(LOOK / 20, LOOK);
        sleep(pause).await;
    }
}

/// How long an encoder is kept waiting for a node that may have died. What was seen meanwhile counts
/// when it comes again.
const MOST_WAIT: Duration = Duration::from_secs(12);
/// Between two looks at the state.
const LOOK: Duration = Duration::from_millis(500);
/// How long the end of a publication waits for the store; the writer goes on by itself after that.
const DRAIN: Duration = Duration::from_secs(15);
