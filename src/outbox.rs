//! A sink for hosts that await their uploads: it keeps what the engine hands out as owned events,
//! in order, until a task takes them.
//!
//! ```text
//!   push ──► Outbox ──► pop ──► Open, Data, Data, Close, Playlist, Expire, Open, …
//!            bounded            each one done before the next: so a playlist names what is stored
//! ```

use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write as _};

use bytes::Bytes;

use crate::playlist::{ListedSegment, Playlist};
use crate::resume::ResumeToken;
use crate::segment::{AbortedSegment, ExpiredSegment, Segment, SegmentStart};
use crate::sink::SegmentSink;
use crate::ts::{PACKET_LEN, TsPackets};

/// Keeps what the engine hands out until it is taken, so many bytes at the most.
///
/// Where the uploads are too slow, the open segment is lost with [`OutboxError::Full`], and what
/// was not taken of it yet makes room; the stream goes on with the next key frame, as after every
/// error of a sink.
///
/// The engine takes a segment for stored as soon as its [`Event::Close`] is here. A host that does
/// one event after the other keeps that promise in the order of its uploads, and where an upload
/// fails after all:
///
/// - It tells [`lost`](crate::Segmenter::lost), and passes over the [versions](Event::Playlist)
///   that list the segment without [`gap`](ListedSegment::gap): they were made before the engine
///   knew.
/// - It ends the stream with [`End::Pause`](crate::End::Pause), takes all events, and only then
///   says [`End::List`](crate::End::List): no version follows that one, and so no gap either.
/// - It counts the time for which an [expired](Event::Expire) segment stays from when it has
///   published a version without it.
///
/// `examples/upload` in the repository is such a host.
///
/// ```
/// use hls_segmenter::outbox::{Event, Outbox};
/// # use hls_segmenter::{Segmenter, flv::Tag};
///
/// # async fn upload(_: Event) {}
/// # async fn publication(mut segmenter: Segmenter, tags: Vec<Tag<'_>>) {
/// let mut outbox = Outbox::new(64 << 20, |segment, uri| write!(uri, "{}.ts", segment.id));
/// for tag in tags {
///     if let Err(error) = segmenter.push(tag, &mut outbox) {
///         eprintln!("{error}");
///     }
///     while let Some(event) = outbox.pop() {
///         upload(event).await; // or send it to the task that does
///     }
/// }
/// # }
/// ```
pub struct Outbox<F> {
    uri: F,
    /// Bytes that are kept at the most.
    limit: usize,
    /// Bytes of a piece, more or less.
    piece_len: usize,
    events: VecDeque<Event>,
    /// Bytes of `events` and `gathered`.
    len: usize,
    /// Packets of the open segment that are no event yet.
    gathered: Vec<[u8; PACKET_LEN]>,
    /// The segment whose events are at the end, as long as it may be aborted.
    last: Option<u64>,
}

/// Something to store, publish or delete, in the order of [`SegmentSink`](SegmentSink#order).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// A segment begins.
    Open(SegmentStart),
    /// Bytes of the open segment, whole TS packets.
    Data(Bytes),
    /// The open segment is whole.
    Close(Segment),
    /// The open segment, or one that was closed just now, is to be dropped.
    Abort(AbortedSegment),
    /// A version of the playlist.
    Playlist(Version),
    /// A segment has left the playlist, and may go after a while. This comes too where the version
    /// without the segment was refused.
    Expire(ExpiredSegment),
}

/// A version of the playlist, with what is to be persisted before it is published.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Version {
    /// The playlist.
    pub text: String,
    /// What a later engine needs to go on, beside the listed segments.
    pub token: ResumeToken,
    /// The listed segments, oldest first.
    pub listed: Vec<ListedSegment>,
    /// Whether this is the last version: EXT-X-ENDLIST.
    pub ended: bool,
    /// Of the last version what it lists, and how long each segment must stay once the playlist is
    /// taken away, see [`Playlist::expiries`]; of others nothing.
    pub expiries: Vec<ExpiredSegment>,
}

/// Why an outbox does not take what the engine hands out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OutboxError {
    /// Nobody takes the events fast enough: more bytes would wait than may.
    Full {
        /// How many bytes may wait.
        limit: usize,
    },
    /// The host's URI of a segment cannot stand in a playlist.
    Uri,
}

error_texts! {
    OutboxError {
        Self::Full { limit } => "more than {limit} bytes wait to be taken";
        Self::Uri => "a segment's URI cannot stand in a playlist";
    }
}

impl<F> Outbox<F>
where
    F: Fn(&ListedSegment, &mut dyn fmt::Write) -> fmt::Result,
{
    /// Keeps `limit` bytes at the most: what comes while an upload stalls, so some segments; `uri`
    /// writes the URI of a segment, as for [`Playlist::m3u8`]. Data comes in pieces of 64 KiB.
    pub const fn new(limit: usize, uri: F) -> Self {
        Self {
            uri,
            limit,
            piece_len: 64 << 10,
            events: VecDeque::new(),
            len: 0,
            gathered: Vec::new(),
            last: None,
        }
    }

    /// Sets how large pieces are; `usize::MAX` makes one of each segment.
    #[must_use]
    pub const fn pieces_of(mut self, len: usize) -> Self {
        self.piece_len = len;
        self
    }
}

impl<F> Outbox<F> {
    /// Takes the oldest event.
    pub fn pop(&mut self) -> Option<Event> {
        let event = self.events.pop_front()?;
        self.len -= event.len();
        Some(event)
    }

    /// Returns how many bytes wait, those of the open segment among them. Each event counts 512
    /// bytes besides what it holds.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Returns whether no byte waits.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns an error where `more` bytes are too many.
    const fn room(&self, more: usize) -> Result<(), OutboxError> {
        if self.len + more > self.limit {
            Err(OutboxError::Full { limit: self.limit })
        } else {
            Ok(())
        }
    }

    fn add(&mut self, event: Event) {
        self.len += event.len();
        self.events.push_back(event);
    }

    /// Makes an event of the packets that were gathered.
    fn flush(&mut self) {
        if !self.gathered.is_empty() {
            let bytes = core::mem::take(&mut self.gathered).into_flattened();
            self.len -= bytes.len();
            self.add(Event::Data(Bytes::from(bytes)));
        }
    }
}

impl Event {
    /// Returns the bytes that the event counts.
    fn len(&self) -> usize {
        EVENT_LEN
            + match self {
                Self::Data(bytes) => bytes.len(),
                Self::Playlist(version) => {
                    version.text.len()
                        + version.listed.len() * size_of::<ListedSegment>()
                        + version.expiries.len() * size_of::<ExpiredSegment>()
                }
                Self::Open(_) | Self::Close(_) | Self::Abort(_) | Self::Expire(_) => 0,
            }
    }
}

impl<F> SegmentSink for Outbox<F>
where
    F: Fn(&ListedSegment, &mut dyn fmt::Write) -> fmt::Result,
{
    type Error = OutboxError;

    fn open_segment(&mut self, start: &SegmentStart) -> Result<(), OutboxError> {
        self.last = None;
        self.room(EVENT_LEN)?;
        self.add(Event::Open(*start));
        self.last = Some(start.id);
        Ok(())
    }

    fn write_packets(&mut self, packets: TsPackets<'_>) -> Result<(), OutboxError> {
        self.room(packets.len() + EVENT_LEN)?;
        if self.gathered.len() * PACKET_LEN + packets.len() > self.piece_len {
            self.flush();
        }
        packets.append_to(&mut self.gathered);
        self.len += packets.len();
        Ok(())
    }

    fn close_segment(&mut self, segment: &Segment) -> Result<(), OutboxError> {
        self.room(2 * EVENT_LEN)?;
        self.flush();
        self.add(Event::Close(*segment));
        Ok(())
    }

    fn update_playlist(&mut self, playlist: Playlist<'_>) -> Result<(), OutboxError> {
        self.last = None;
        let mut text = String::new();
        write!(text, "{}", playlist.m3u8(&self.uri)).map_err(|_| OutboxError::Uri)?;
        let event = Event::Playlist(Version {
            text,
            token: playlist.resume_token(),
            listed: playlist.segments().collect(),
            ended: playlist.ended(),
            expiries: playlist.expiries().filter(|_| playlist.ended()).collect(),
        });
        self.room(event.len())?;
        self.add(event);
        Ok(())
    }

    fn expire_segment(&mut self, expired: &ExpiredSegment) {
        self.add(Event::Expire(*expired));
    }

    fn abort_segment(&mut self, aborted: &AbortedSegment) {
        self.len -= self.gathered.len() * PACKET_LEN;
        self.gathered = Vec::new();
        if self.last.take() != Some(aborted.id) {
            return; // it was refused when it should open
        }
        // What was not taken yet nobody has to know of.
        while let Some(Event::Open(_) | Event::Data(_) | Event::Close(_)) = self.events.back()
            && let Some(event) = self.events.pop_back()
        {
            self.len -= event.len();
            if let Event::Open(_) = event {
                return;
            }
        }
        self.add(Event::Abort(*aborted));
    }
}

/// Bytes that an event counts besides what it holds.
const EVENT_LEN: usize = 512;

const _: () = assert!(size_of::<Event>() <= EVENT_LEN);
