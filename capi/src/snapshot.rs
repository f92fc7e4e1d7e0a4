//! Key frames for a picture of the stream.

use hls_segmenter::Snapshot;

use crate::border::{call, lent, room};
use crate::status::hlsseg_status;

/// A key frame with everything a decoder needs. It is lent to the callback `snapshot` and gone when
/// that returns.
pub struct hlsseg_snapshot<'a>(pub(crate) Snapshot<'a>);

/// Returns the presentation time of a key frame on the engine's timeline, in 1/90000 s; 0 where
/// `snapshot` is NULL. Only within the callback `snapshot`, on its thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hlsseg_snapshot_ticks(snapshot: *const hlsseg_snapshot<'_>) -> i64 {
    lent(snapshot).map_or(0, |snapshot| snapshot.0.pts.get())
}

/// Returns the length of a key frame in bytes, its parameter sets included; 0 where `snapshot` is
/// NULL. Only within the callback `snapshot`, on its thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hlsseg_snapshot_len(snapshot: *const hlsseg_snapshot<'_>) -> usize {
    lent(snapshot).map_or(0, |snapshot| snapshot.0.len())
}

/// Copies a key frame, an H.264 Annex B byte stream that begins with its parameter sets, to the
/// front of `dst`, which has room for `len` bytes and stays the caller's.
///
/// Only within the callback `snapshot`, on its thread. Errors: `HLSSEG_STATUS_SHORT_BUFFER` when it
/// does not fit (nothing was written), `HLSSEG_STATUS_NULL`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hlsseg_snapshot_copy(
    snapshot: *const hlsseg_snapshot<'_>,
    dst: *mut u8,
    len: usize,
) -> hlsseg_status {
    call(|| {
        let snapshot = &lent(snapshot)?.0;
        let room = room(dst, len)?.get_mut(..snapshot.len());
        let mut room = room.ok_or(hlsseg_status::ShortBuffer)?;
        snapshot.for_each_piece(|piece| {
            if let Some((now, later)) = core::mem::take(&mut room).split_at_mut_checked(piece.len())
            {
                now.copy_from_slice(piece);
                room = later;
            }
        });
        Ok(())
    })
}
