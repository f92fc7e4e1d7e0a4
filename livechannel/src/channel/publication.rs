//! One publication: from the right to publish a channel to its last segment.

use core::time::Duration;
use std::sync::Arc;

use hls_segmenter::flv::Tag;
use hls_segmenter::probe::{Probe, Released};
use hls_segmenter::time::WallTime;
use hls_segmenter::{Config, End, Error, Options, ResumeToken, Segmenter};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use super::budget::Budget;
use super::keeper::{Keeper, Waiting};
use super::live::{LiveChannel, Stop};
use super::orphans;
use super::sink::{Generation, Sink};
use super::stats;
use super::wall_clock::{self, WallClock};
use super::watcher::watch;
use crate::clock::now_millis;
use crate::name::ChannelKey;
use crate::registry::Read;
use crate::service::{Service, nonce};
use crate::snapshot;
use crate::store::{ChannelRecord, ChannelState, LiveSession, StoredList, StoredSegment};

/// A channel that is being published to.
#[derive(Debug)]
pub(crate) struct Publication {
    engine: Box<Segmenter>,
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
        let session = LiveSession { connected: now, seen: now, remote, video: None, audio: None };
        let playlist_name = playlist_name.unwrap_or_else(|| channel.playlist_name.clone());
        let live = Arc::new(LiveChannel::new(
            key.clone(),
            playlist_name.clone(),
            session.clone(),
            &state.cuts,
        ));
        let registered = service.live().enter(Arc::clone(&live)).ok_or(Refusal::StillLive)?;

        let engine = Box::new(engine(&channel, state.list.as_ref())?);
        let inherited = state.list.as_ref().map(|list| list.segments.clone()).unwrap_or_default();
        state.begin_session(format!("{}-{:016x}", service.node(), nonce()), session);
        if let Some(target) = &channel.snapshot {
            state.snapshots_go_to(&target.dest_bucket);
        }
        let epoch = state.epoch;
        let settings = service.settings();
        let budget = Arc::new(Budget::new(settings.buffer));
        let (sender, receiver) = mpsc::channel(settings.queue);
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
            probe: Probe::new(),
            sink: Sink::new(
                playlist_name,
                Generation { epoch, inherited },
                Arc::clone(&budget),
                sender,
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
    pub(crate) async fn push(&mut self, tag: Tag<'_>) -> Result<(), Stop> {
        if let Some(stop) = self.live.stopped() {
            return Err(stop);
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
        Ok(())
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
            if let Err(error) = self.engine.finish(End::Pause, &mut self.sink) {
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

/// Makes the engine: one that goes on with the stored list, where there is one.
pub(crate) fn engine(
    channel: &ChannelRecord,
    list: Option<&StoredList>,
) -> Result<Segmenter, Refusal> {
    let config = channel.config(Options::default());
    let config = config.map_err(|error| Refusal::Store(error.to_string()))?;
    let Some(list) = list else {
        return Ok(Segmenter::new(config));
    };
    let newest = list.segments.last().map(|segment| segment.wall);
    if newest.is_some_and(|newest| wall_clock::is_ahead(newest, now_millis())) {
        tracing::warn!(
            "the clock was set back: a new playlist begins after the numbers of the old one"
        );
        return Ok(new_list(config, list));
    }
    let resumed = <&[u8; ResumeToken::LEN]>::try_from(list.token.as_slice())
        .ok()
        .and_then(|token| ResumeToken::from_bytes(token).ok())
        .and_then(|token| {
            Segmenter::resume(config, &token, list.segments.iter().map(Into::into)).ok()
        });
    Ok(resumed.unwrap_or_else(|| {
        tracing::warn!("a new playlist begins after the numbers of the old one");
        new_list(config, list)
    }))
}

/// Makes an engine that takes no segment of the list over, and none of its numbers again.
fn new_list(config: Config, list: &StoredList) -> Segmenter {
    let options = Options { first_sequence: list.next, ..*config.options() };
    Segmenter::new(Config::new(options).unwrap_or(config))
}

/// How long an encoder is kept waiting for a node that may have died. What was seen meanwhile counts
/// when it comes again.
const MOST_WAIT: Duration = Duration::from_secs(12);
/// Between two looks at the state.
const LOOK: Duration = Duration::from_millis(500);
/// How long the end of a publication waits for the store; the writer goes on by itself after that.
const DRAIN: Duration = Duration::from_secs(15);
