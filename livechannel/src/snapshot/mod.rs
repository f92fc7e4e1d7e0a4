//! Snapshots: key frames become pictures, beside the ingest path and never in its way.

mod jpeg;
mod notify;
mod worker;

pub use jpeg::{PictureError, decode_to_jpeg};

use std::sync::Arc;

use hls_segmenter::Snapshot;
use tokio::sync::mpsc;
use tracing::Instrument as _;

use crate::channel::LiveChannel;
use crate::metrics::Metrics;
use crate::service::Service;
use crate::store::SnapshotRecord;

/// Takes key frames of one publication; what does not fit is dropped.
#[derive(Clone, Debug)]
pub(crate) struct SnapshotQueue {
    frames: mpsc::Sender<Vec<u8>>,
    metrics: Arc<Metrics>,
}

impl SnapshotQueue {
    /// Offers a key frame. It is copied only when there is room for it.
    pub(crate) fn offer(&self, snapshot: Snapshot<'_>) {
        let Ok(permit) = self.frames.try_reserve() else {
            self.metrics.snapshots_dropped.inc();
            return;
        };
        let mut frame = Vec::with_capacity(snapshot.len());
        snapshot.for_each_piece(|piece| frame.extend_from_slice(piece));
        permit.send(frame);
    }
}

/// Starts making pictures of a publication; it ends with the queue.
pub(crate) fn start(
    service: &Arc<Service>,
    live: &Arc<LiveChannel>,
    target: SnapshotRecord,
) -> SnapshotQueue {
    let (frames, receiver) = mpsc::channel(1);
    let worker = worker::Worker::new(Arc::clone(service), Arc::clone(live), target);
    tokio::spawn(worker.run(receiver).in_current_span());
    SnapshotQueue { frames, metrics: Arc::clone(service.metrics()) }
}
