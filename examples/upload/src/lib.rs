//! A live channel in an object store: the engine hands its events to an outbox, and a second
//! future uploads them, one after the other.
//!
//! ```text
//!   messages ──► Segmenter ──► Outbox, bounded ──► Uploads ──► segment, state, playlist
//!                    ▲                                │
//!                    └────────────── lost ────────────┘
//! ```
//!
//! A playlist names only segments that are stored. Where a segment cannot be stored, the versions
//! that name it are passed over, and later ones have it as a gap. The process may be killed at any
//! point: the state is stored before the playlist that it belongs to, and the next process goes on
//! with it. What a killed process has stored and not listed stays; a bucket's rule for old objects
//! deletes it. One process at a time may write to a channel.

mod uploads;

use core::fmt;
use core::time::Duration;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures_util::future::join;
use hls_segmenter::flv::{Tag, TagKind};
use hls_segmenter::outbox::Outbox;
use hls_segmenter::playlist::ListedSegment;
use hls_segmenter::time::{FlvTime, WallTime};
use hls_segmenter::{Config, End, ResumeError, Segmenter};
use object_store::ObjectStore;
use tokio::sync::{Notify, mpsc};

use uploads::{Uploads, stored_state};

/// A message of the publisher.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Message {
    /// Audio, video or data.
    pub kind: TagKind,
    /// Its time on the publisher's clock.
    pub time: FlvTime,
    /// When it arrived.
    pub arrived: WallTime,
    /// Its body.
    pub data: Bytes,
}

impl Message {
    /// Takes a tag that arrived at this time; copies its body.
    pub fn new(tag: Tag<'_>, arrived: WallTime) -> Self {
        Self { kind: tag.kind, time: tag.time, arrived, data: Bytes::copy_from_slice(tag.data) }
    }
}

/// How long uploads may take, and how much may wait for them.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes that wait, the open segment among them. One more segment is being uploaded meanwhile.
    pub waiting: usize,
    /// How often a put is tried.
    pub attempts: u32,
    /// How long one attempt may take.
    pub attempt: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { waiting: 64 << 20, attempts: 3, attempt: Duration::from_secs(10) }
    }
}

/// One publication, from its first message to its end.
pub struct Publication<'a> {
    engine: Mutex<Engine>,
    /// Told whenever there may be more to upload.
    more: Notify,
    store: &'a dyn ObjectStore,
    limits: Limits,
    /// What the playlist in the store may list.
    earlier: Vec<ListedSegment>,
}

struct Engine {
    segmenter: Segmenter,
    outbox: Outbox<WriteUri>,
    ending: Option<Ending>,
}

/// How far the end has come. The list ends when everything before it is known to be stored or lost:
/// no version comes after the last one, and so no gap either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// The last segment is closed.
    Paused,
    /// Nothing more comes.
    Over,
}

type WriteUri = fn(&ListedSegment, &mut dyn fmt::Write) -> fmt::Result;

impl<'a> Publication<'a> {
    /// Begins, or goes on with what an earlier process has stored.
    ///
    /// # Errors
    ///
    /// The store's, and those of a state that is damaged or whose list has ended.
    pub async fn open(
        store: &'a dyn ObjectStore,
        config: Config,
        limits: Limits,
    ) -> Result<Self, Failure> {
        let (segmenter, earlier) = match stored_state(store).await? {
            Some((token, listed)) => {
                (Segmenter::resume(config, &token, listed.iter().copied())?, listed)
            }
            None => (Segmenter::new(config), Vec::new()),
        };
        let write_uri: WriteUri = |segment, uri| write!(uri, "{}", Name::from(segment));
        // A piece is a segment, since it is stored by one put.
        let outbox = Outbox::new(limits.waiting, write_uri).pieces_of(usize::MAX);
        let engine = Mutex::new(Engine { segmenter, outbox, ending: None });
        Ok(Self { engine, more: Notify::new(), store, limits, earlier })
    }

    /// Takes messages until there are none any more, and stores what comes of them. It never waits
    /// for the store before it takes the next message.
    pub async fn run(&self, messages: &mut mpsc::Receiver<Message>, end: End) {
        join(self.ingest(messages), self.upload(end)).await;
    }

    /// Returns how many bytes wait.
    pub fn waiting(&self) -> usize {
        self.engine().outbox.len()
    }

    async fn ingest(&self, messages: &mut mpsc::Receiver<Message>) {
        while let Some(Message { kind, time, arrived, data }) = messages.recv().await {
            let Engine { segmenter, outbox, .. } = &mut *self.engine();
            segmenter.set_wall_time(arrived);
            if let Err(error) = segmenter.push(Tag { kind, time, data: &data }, outbox) {
                eprintln!("{error}"); // this tag or the open segment is lost; the stream goes on
            }
            self.more.notify_one();
        }
        self.finish(End::Pause, Ending::Paused);
        self.more.notify_one();
    }

    async fn upload(&self, end: End) {
        let mut uploads = Uploads::new(self.store, self.limits, &self.earlier);
        loop {
            let (event, ending) = {
                let mut engine = self.engine();
                (engine.outbox.pop(), engine.ending)
            };
            match (event, ending) {
                (Some(event), _) => {
                    if let Some(id) = uploads.take(event, ending.is_some()).await {
                        self.engine().segmenter.lost(id);
                    }
                }
                (None, None) => self.more.notified().await,
                (None, Some(Ending::Paused)) if end == End::List => {
                    self.finish(End::List, Ending::Over);
                }
                (None, Some(_)) => return,
            }
        }
    }

    fn finish(&self, end: End, ending: Ending) {
        let Engine { segmenter, outbox, ending: reached } = &mut *self.engine();
        if let Err(error) = segmenter.finish(end, outbox) {
            eprintln!("{error}");
        }
        *reached = Some(ending);
    }

    fn engine(&self) -> MutexGuard<'_, Engine> {
        self.engine.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The name of a segment. An id alone comes again where a process was killed before the segment
/// was listed; with the time it does not.
#[derive(Clone, Copy, Debug)]
struct Name {
    id: u64,
    wall: Option<WallTime>,
}

impl From<&ListedSegment> for Name {
    fn from(segment: &ListedSegment) -> Self {
        Self { id: segment.id, wall: segment.wall }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}.ts", self.id, self.wall.map_or(0, WallTime::unix_millis))
    }
}

/// Why a publication cannot begin.
#[derive(Debug)]
#[non_exhaustive]
pub enum Failure {
    /// The store does not answer.
    Store(object_store::Error),
    /// What an earlier process stored cannot be gone on with.
    State(ResumeError),
}

impl From<object_store::Error> for Failure {
    fn from(error: object_store::Error) -> Self {
        Self::Store(error)
    }
}

impl From<ResumeError> for Failure {
    fn from(error: ResumeError) -> Self {
        Self::State(error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => write!(f, "the store: {error}"),
            Self::State(error) => write!(f, "the stored state: {error}"),
        }
    }
}

impl core::error::Error for Failure {}
