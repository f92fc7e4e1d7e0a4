//! Where a list with parts ends, and how requests for later versions are answered.

use core::mem::size_of;

use hls_segmenter::playlist::{LiveEdge, Reload};

use crate::border::{Result, call, lent, read, store, write};
use crate::playlist::hlsseg_playlist;
use crate::status::hlsseg_status;

/// Where a list with parts ends: kept beside its text, it answers blocking requests. It is a plain
/// value, which may be copied, stored and read by any number of threads at a time.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct hlsseg_live_edge {
    /// `sizeof(hlsseg_live_edge)`.
    pub size: usize,
    /// Media sequence number of the segment that is not whole yet.
    pub sequence: u64,
    /// Parts of it that are listed.
    pub parts: u32,
    /// Parts of the segment before it, as far as they are listed.
    pub closed_parts: u32,
    /// Parts by which a request may be ahead.
    pub advance_limit: u32,
    /// Not 0: the list is complete, and every request is answered at once.
    pub ended: u8,
    /// Reserved: 0.
    pub reserved: [u8; 3],
}

/// How a request for a playlist is answered.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum hlsseg_reload_answer {
    /// With the list as it is, whole.
    Now = 0,
    /// With a later version, as soon as it answers `HLSSEG_RELOAD_ANSWER_NOW`; after three target
    /// durations with 503 Service Unavailable.
    Wait = 1,
    /// With 400 Bad Request.
    BadRequest = 2,
}

impl hlsseg_live_edge {
    const EMPTY: Self = Self {
        size: size_of::<Self>(),
        sequence: 0,
        parts: 0,
        closed_parts: 0,
        advance_limit: 0,
        ended: 0,
        reserved: [0; 3],
    };

    fn take(edge: *const Self) -> Result<LiveEdge> {
        let values = read(edge, Self::EMPTY)?;
        let mut edge = LiveEdge::default();
        edge.sequence = values.sequence;
        edge.parts = values.parts;
        edge.closed_parts = values.closed_parts;
        edge.advance_limit = values.advance_limit;
        edge.ended = values.ended != 0;
        Ok(edge)
    }
}

impl From<LiveEdge> for hlsseg_live_edge {
    fn from(edge: LiveEdge) -> Self {
        Self {
            size: size_of::<Self>(),
            sequence: edge.sequence,
            parts: edge.parts,
            closed_parts: edge.closed_parts,
            advance_limit: edge.advance_limit,
            ended: edge.ended.into(),
            reserved: [0; 3],
        }
    }
}

/// Fills `edge`, whose `size` must have been set, with where this version of the list ends.
///
/// Only within `update_playlist`, on its thread. Errors: `HLSSEG_STATUS_ABSENT` without parts,
/// `HLSSEG_STATUS_NULL`, `HLSSEG_STATUS_SIZE`, `HLSSEG_STATUS_ALIGNMENT`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hlsseg_playlist_live_edge(
    playlist: *const hlsseg_playlist<'_>,
    edge: *mut hlsseg_live_edge,
) -> hlsseg_status {
    call(|| {
        let found = lent(playlist)?.0.live_edge();
        write(edge, &found.ok_or(hlsseg_status::Absent)?.into())
    })
}

/// Says how to answer a request for the playlist: `sequence` points to the value of the directive
/// `_HLS_msn` and `part` to that of `_HLS_part`, each NULL where the request has none. `answer`
/// gets an `hlsseg_reload_answer`. All of it stays the caller's.
///
/// Threads: any. Errors: `HLSSEG_STATUS_NULL`, `HLSSEG_STATUS_SIZE`, `HLSSEG_STATUS_ALIGNMENT`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hlsseg_reload(
    edge: *const hlsseg_live_edge,
    sequence: *const u64,
    part: *const u32,
    answer: *mut u32,
) -> hlsseg_status {
    call(|| {
        let said = match hlsseg_live_edge::take(edge)?.reload(given(sequence)?, given(part)?) {
            Reload::Now => hlsseg_reload_answer::Now,
            Reload::Wait => hlsseg_reload_answer::Wait,
            Reload::BadRequest => hlsseg_reload_answer::BadRequest,
        };
        store(answer, said as u32)
    })
}

/// Sets `sequence` and `part` to media sequence number and part of the newest part: LAST-MSN and
/// LAST-PART of the EXT-X-RENDITION-REPORT that other renditions carry of this one.
///
/// Threads: any. Errors: `HLSSEG_STATUS_ABSENT` where no part is listed, `HLSSEG_STATUS_NULL`,
/// `HLSSEG_STATUS_SIZE`, `HLSSEG_STATUS_ALIGNMENT`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hlsseg_last_part(
    edge: *const hlsseg_live_edge,
    sequence: *mut u64,
    part: *mut u32,
) -> hlsseg_status {
    call(|| {
        let last = hlsseg_live_edge::take(edge)?.last_part();
        let (last_sequence, last_part) = last.ok_or(hlsseg_status::Absent)?;
        store(sequence, last_sequence)?;
        store(part, last_part)
    })
}

/// Reads a value that may be absent.
fn given<T: Copy>(from: *const T) -> Result<Option<T>> {
    if from.is_null() { Ok(None) } else { lent(from).copied().map(Some) }
}
