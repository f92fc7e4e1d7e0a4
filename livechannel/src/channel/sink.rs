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

use core::fmt::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use hls_segmenter::playlist::{ListedSegment, Playlist};
use hls_segmenter::time::WallTime;
use hls_segmenter::ts::{PACKET_LEN, TsPackets};
use hls_segmenter::{AbortedSegment, Segment, SegmentSink, SegmentStart, Snapshot};
use tokio::sync::mpsc;

use super::budget::Budget;
use crate::metrics::Metrics;
use crate::snapshot::SnapshotQueue;
use crate::store::{Cut, StoredList, StoredSegment};

/// A segment and the playlist that lists it: what has to get into the store, in this order.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) bytes: Bytes,
    pub(crate) segment: StoredSegment,
    pub(crate) cut: Cut,
    pub(crate) playlist: String,
    pub(crate) list: StoredList,
}

/// What makes the names of a publication's segments differ from those of all others.
#[derive(Debug)]
pub(crate) struct Generation {
    /// Epoch of this publication.
    pub(crate) epoch: u64,
    /// Listed segments of earlier publications, whose names have other epochs.
    pub(crate) inherited: Vec<StoredSegment>,
}

/// Gathers segments.
#[derive(Debug)]
pub(crate) struct Sink {
    playlist_name: String,
    generation: Generation,
    budget: Arc<Budget>,
    jobs: mpsc::Sender<Job>,
    /// Room for the open segment's job.
    permit: Option<mpsc::OwnedPermit<Job>>,
    open: Vec<[u8; PACKET_LEN]>,
    closed: Option<(Bytes, Cut)>,
    /// Length of the segment before: what the next one is likely to need.
    last_len: usize,
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
    #[error("the publication is over")]
    Over,
    #[error("the engine called out of order")]
    Order,
}

impl Sink {
    pub(crate) const fn new(
        playlist_name: String,
        generation: Generation,
        budget: Arc<Budget>,
        jobs: mpsc::Sender<Job>,
        snapshots: Option<SnapshotQueue>,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            playlist_name,
            generation,
            budget,
            jobs,
            permit: None,
            open: Vec::new(),
            closed: None,
            last_len: 0,
            snapshots,
            metrics,
        }
    }

    /// Says whether no further segment could wait for the store.
    pub(crate) fn is_full(&self) -> bool {
        self.permit.is_none() && self.jobs.capacity() == 0
    }

    /// Waits until one more segment could wait for the store.
    pub(crate) async fn room(&self) {
        if self.is_full() {
            let _ = self.jobs.reserve().await;
        }
    }

    /// Takes over what the engine says of a listed segment, which an earlier publication may have
    /// written.
    fn stored(&self, segment: &ListedSegment) -> StoredSegment {
        let same = |old: &&StoredSegment| old.sequence == segment.sequence && old.id == segment.id;
        let Generation { epoch, inherited } = &self.generation;
        let epoch = inherited.iter().find(same).map_or(*epoch, |old| old.epoch);
        StoredSegment::new(segment, epoch)
    }

    fn forget_open(&mut self) {
        self.budget.give(self.open.as_flattened().len());
        self.open = Vec::new();
        self.permit = None;
    }
}

impl SegmentSink for Sink {
    type Error = SinkError;

    fn open_segment(&mut self, _: &SegmentStart) -> Result<(), SinkError> {
        let permit = self.jobs.clone().try_reserve_owned();
        self.permit = Some(permit.map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => SinkError::Queue,
            mpsc::error::TrySendError::Closed(_) => SinkError::Over,
        })?);
        self.open.reserve_exact((self.last_len + self.last_len / 8) / PACKET_LEN);
        Ok(())
    }

    fn write_packets(&mut self, packets: TsPackets<'_>) -> Result<(), SinkError> {
        if !self.budget.take(packets.len()) {
            return Err(SinkError::Full);
        }
        packets.append_to(&mut self.open);
        Ok(())
    }

    fn close_segment(&mut self, segment: &Segment) -> Result<(), SinkError> {
        let bytes = Bytes::from(core::mem::take(&mut self.open).into_flattened());
        self.last_len = bytes.len();
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
        let Some((bytes, cut)) = self.closed.take() else {
            return Ok(()); // the same segments again: players have that version
        };
        let segments: Vec<StoredSegment> =
            playlist.segments().map(|segment| self.stored(&segment)).collect();
        let (Some(&segment), Some(permit)) = (segments.last(), self.permit.take()) else {
            self.budget.give(bytes.len());
            return Err(SinkError::Order);
        };
        let mut text = String::new();
        let m3u8 = playlist.m3u8(|segment, uri| uri.write_str(&self.stored(segment).name()));
        write!(text, "{m3u8}").map_err(|_| SinkError::Order)?;
        permit.send(Job {
            bytes,
            segment,
            cut,
            playlist: text,
            list: StoredList {
                playlist: self.playlist_name.clone(),
                token: playlist.resume_token().to_bytes().to_vec(),
                next: segment.sequence.wrapping_add(1),
                segments,
            },
        });
        Ok(())
    }

    fn abort_segment(&mut self, _: &AbortedSegment) {
        self.metrics.segments_lost.inc();
        self.forget_open();
    }

    fn snapshot(&mut self, snapshot: Snapshot<'_>) {
        if let Some(queue) = &self.snapshots {
            queue.offer(snapshot);
        }
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.forget_open();
    }
}
