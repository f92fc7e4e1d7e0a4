//! The engine's sink: gathers a segment in memory and hands it on whole, with the playlist that
//! names it.
//!
//! `hls_segmenter::outbox` is for a host that does one event after the other, and this one does
//! otherwise:
//!
//! - Several segments are uploaded at a time (`uploads.rs`): the job is a segment with the version
//!   that lists it, and its bytes stay in the budget until that version is stored. What an outbox
//!   has handed out it counts no more.
//! - A segment opens only where its job has a place in the queue: where the store stands still,
//!   no segment is gathered that could not wait.
//! - A put is tried until it succeeds or the publication is over, so a segment is never lost behind
//!   its close, and there is no gap to tell the engine of. The engine takes a segment for stored
//!   when it is closed; what keeps that promise is that the keeper publishes a version only when
//!   its segments are stored.

use std::sync::Arc;

use bytes::Bytes;
use hls_segmenter::fmp4::{FragmentHead, Init, Payload};
use hls_segmenter::notice::{Notice, NoticeKind};
use hls_segmenter::playlist::Playlist;
use hls_segmenter::time::WallTime;
use hls_segmenter::ts::TsPackets;
use hls_segmenter::{AbortedSegment, Part, Segment, SegmentSink, SegmentStart, Snapshot, Track};
use tokio::sync::mpsc;

use super::budget::Budget;
use super::carried::Carried;
use super::edge::Section;
use super::gather::Gather;
use super::listing::Listing;
use super::live::LiveChannel;
use crate::metrics::Metrics;
use crate::snapshot::SnapshotQueue;
use crate::store::{Container, Cut, Form, StoredList, StoredSegment};

/// A segment and the playlist that lists it: what has to get into the store, in this order.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) bytes: Bytes,
    /// The section that the segment needs. It has to get into the store before the segment, where
    /// the segment is the first that needs it.
    pub(crate) section: Option<Section>,
    pub(crate) segment: StoredSegment,
    pub(crate) cut: Cut,
    pub(crate) playlist: String,
    pub(crate) list: StoredList,
}

impl Job {
    /// Returns the section that has to be stored with this segment.
    pub(super) fn new_section(&self) -> Option<&Section> {
        let is_new = self.segment.init.is_some_and(|init| init.id == self.segment.id);
        self.section.as_ref().filter(|_| is_new)
    }
}

/// What a publication writes.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) form: Form,
    /// Makes the names of its segments differ from those of all others.
    pub(crate) epoch: u64,
    /// Listed segments of earlier publications, whose names have other epochs.
    pub(crate) inherited: Vec<StoredSegment>,
}

/// Where segments wait for the store, and the room that they take meanwhile.
#[derive(Clone, Debug)]
pub(crate) struct Queue {
    pub(crate) jobs: mpsc::Sender<Job>,
    pub(crate) budget: Arc<Budget>,
}

/// Gathers segments.
#[derive(Debug)]
pub(crate) struct Sink {
    live: Arc<LiveChannel>,
    form: Form,
    listing: Listing,
    queue: Queue,
    /// Room for the open segment's job.
    permit: Option<mpsc::OwnedPermit<Job>>,
    open: Gather,
    closed: Option<(Bytes, Cut)>,
    /// Length of the segment before: what the next one is likely to need.
    last_len: usize,
    carried: Carried,
    snapshots: Option<SnapshotQueue>,
    metrics: Arc<Metrics>,
}

/// Why a segment is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SinkError {
    #[error("too many bytes wait for the store")]
    Full,
    #[error("too many segments wait for the store")]
    Queue,
    #[error("parts need more memory than players are given")]
    Edge,
    #[error("the publication is over")]
    Over,
    #[error("the engine called out of order")]
    Order,
}

impl Sink {
    pub(crate) fn new(
        live: Arc<LiveChannel>,
        written: Written,
        queue: Queue,
        snapshots: Option<SnapshotQueue>,
        metrics: Arc<Metrics>,
    ) -> Self {
        let Written { form, epoch, inherited } = written;
        Self {
            live,
            form,
            listing: Listing::new(epoch, form.container, inherited),
            queue,
            permit: None,
            open: Gather::default(),
            closed: None,
            last_len: 0,
            carried: Carried::new(form.container),
            snapshots,
            metrics,
        }
    }

    /// Says whether no further segment could wait for the store.
    pub(crate) fn is_full(&self) -> bool {
        self.permit.is_none() && self.queue.jobs.capacity() == 0
    }

    /// Waits until one more segment could wait for the store.
    pub(crate) async fn room(&self) {
        if self.is_full() {
            let _ = self.queue.jobs.reserve().await;
        }
    }

    /// Returns why the publisher has to be refused: nothing that comes can be carried.
    pub(crate) fn refusal(&self) -> Option<String> {
        self.carried.refusal()
    }

    /// Takes bytes of the open segment into the budget.
    fn take(&self, len: usize) -> Result<(), SinkError> {
        if self.queue.budget.take(len) { Ok(()) } else { Err(SinkError::Full) }
    }

    fn forget_open(&mut self) {
        self.queue.budget.give(self.open.len());
        self.open = Gather::default();
        self.permit = None;
        if self.form.part_millis.is_some() {
            self.live.drop_open_segment();
        }
    }
}

impl SegmentSink for Sink {
    type Error = SinkError;

    fn init_section(&mut self, init: &Init<'_>) -> Result<(), SinkError> {
        let bytes = self.live.counted(Bytes::copy_from_slice(init.as_bytes()));
        self.listing.begin_section(init.id(), bytes);
        Ok(())
    }

    fn open_segment(&mut self, start: &SegmentStart) -> Result<(), SinkError> {
        let permit = self.queue.jobs.clone().try_reserve_owned();
        self.permit = Some(permit.map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => SinkError::Queue,
            mpsc::error::TrySendError::Closed(_) => SinkError::Over,
        })?);
        self.listing.open(start);
        if self.form.part_millis.is_some() {
            self.live.open_segment(self.listing.names(start), self.listing.section());
            return Ok(());
        }
        let expected = self.last_len + self.last_len / 8;
        match self.form.container {
            Container::Ts => self.open.expect_packets(expected),
            Container::Fmp4 => self.open.expect_fragments(expected),
        }
        Ok(())
    }

    fn write_packets(&mut self, packets: TsPackets<'_>) -> Result<(), SinkError> {
        self.take(packets.len())?;
        self.open.packets(packets);
        Ok(())
    }

    fn write_payload(&mut self, payload: Payload<'_>) -> Result<(), SinkError> {
        self.take(payload.len())?;
        self.open.payload(payload);
        Ok(())
    }

    fn close_fragment(&mut self, head: FragmentHead<'_>) -> Result<(), SinkError> {
        self.take(head.len())?;
        self.open.fragment(head);
        Ok(())
    }

    fn close_part(&mut self, _: &Part) -> Result<(), SinkError> {
        let part = self.open.part();
        self.live.add_part(part).map_err(|_| SinkError::Edge)
    }

    fn close_segment(&mut self, segment: &Segment) -> Result<(), SinkError> {
        let bytes = self.open.whole();
        self.last_len = bytes.len();
        if self.form.part_millis.is_some() {
            self.live.close_segment(bytes.clone(), u64::from(segment.extinf.millis()));
        }
        self.metrics.cut(segment.cause);
        let cut = Cut {
            wall: segment.wall.map(WallTime::unix_millis).unwrap_or_default(),
            sequence: segment.sequence,
            ms: segment.extinf.millis(),
            bytes: segment.bytes,
            cause: segment.cause.name().to_owned(),
            gop: segment.longest_gop.round_millis(),
            disc: segment.discontinuity,
        };
        self.closed = Some((bytes, cut));
        Ok(())
    }

    fn update_playlist(&mut self, playlist: Playlist<'_>) -> Result<(), SinkError> {
        let listed = self.listing.listed(playlist);
        if let Some(versions) = self.live.versions() {
            let version = self.listing.version(playlist, &listed).ok_or(SinkError::Order)?;
            versions.publish(version, self.listing.newest(&listed));
        }
        let Some((bytes, cut)) = self.closed.take() else {
            return Ok(()); // the same segments again: players have that version
        };
        let (Some(&segment), Some(permit)) = (listed.last(), self.permit.take()) else {
            self.queue.budget.give(bytes.len());
            return Err(SinkError::Order);
        };
        let text = self.listing.plain(playlist, &listed).ok_or(SinkError::Order)?;
        self.listing.publish(&listed);
        permit.send(Job {
            bytes,
            section: self.listing.section(),
            segment,
            cut,
            playlist: text,
            list: StoredList {
                playlist: self.live.playlist_name.clone(),
                token: playlist.resume_token().to_bytes().to_vec(),
                next: segment.sequence.wrapping_add(1),
                form: self.form,
                segments: listed,
            },
        });
        Ok(())
    }

    fn abort_segment(&mut self, aborted: &AbortedSegment) {
        self.metrics.segments_lost.inc();
        self.forget_open();
        self.listing.lose(aborted.id);
    }

    fn snapshot(&mut self, snapshot: Snapshot<'_>) {
        if let Some(queue) = self.snapshots.as_ref().filter(|_| self.carried.has_pictures()) {
            queue.offer(snapshot);
        }
    }

    fn track(&mut self, track: &Track) {
        self.carried.track(track);
    }

    fn notice(&mut self, notice: &Notice) {
        if notice.kind == NoticeKind::NothingCarried {
            self.carried.nothing();
        }
        let Some(dropped) = self.carried.dropped(notice) else {
            return;
        };
        let (codec, media) = (&dropped.codec, dropped.media);
        tracing::warn!(channel = %self.live.key, %codec, ?media, reason = %dropped.reason, "media is not carried");
        self.metrics.not_carried(&dropped);
        self.live.set_session(|session| session.dropped.push(dropped));
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.forget_open();
        if let Some(versions) = self.live.versions() {
            versions.end();
        }
    }
}
