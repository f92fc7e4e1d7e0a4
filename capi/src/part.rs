//! Parts of Low-Latency HLS, as they are closed and as playlists list them.

use core::mem::size_of;

use hls_segmenter::playlist::NextPart;
use hls_segmenter::{ListedPart, Part};

use crate::border::{call, lent, write};
use crate::playlist::hlsseg_playlist;
use crate::status::hlsseg_status;

/// A part of a segment that is complete. The parts of a segment, one behind the other, are the
/// segment. Lent to `close_part` for the time of the callback.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct hlsseg_part {
    /// Length of the struct as the library fills it.
    pub size: usize,
    /// Id of its segment, as in `hlsseg_segment_start`.
    pub segment: u64,
    /// Media sequence number of its segment.
    pub sequence: u64,
    /// First DTS of the lead track, in 1/90000 s.
    pub start_ticks: i64,
    /// Exact duration in 1/90000 s: never more than the Part Target Duration.
    pub duration_ticks: i64,
    /// Bytes of the segment before it.
    pub offset: u64,
    /// Length in bytes.
    pub bytes: u64,
    /// Number within the segment, from 0 on.
    pub index: u32,
    /// Not 0: decoding can begin in it.
    pub independent: u8,
    /// Reserved: 0.
    pub reserved: [u8; 3],
}

/// Which part is meant: one that is listed, or the one that comes next.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct hlsseg_next_part {
    /// `sizeof(hlsseg_next_part)`.
    pub size: usize,
    /// Id of its segment, as in `hlsseg_segment_start`.
    pub segment: u64,
    /// Number within the segment, from 0 on.
    pub index: u32,
    /// Reserved: 0.
    pub reserved: u32,
}

/// A part as a playlist lists it.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct hlsseg_listed_part {
    /// `sizeof(hlsseg_listed_part)`.
    pub size: usize,
    /// Id of its segment, as in `hlsseg_segment_start`.
    pub segment: u64,
    /// Duration in 1/90000 s.
    pub duration_ticks: i64,
    /// Number within the segment, from 0 on.
    pub index: u32,
    /// Not 0: INDEPENDENT=YES, decoding can begin in it.
    pub independent: u8,
    /// Reserved: 0.
    pub reserved: [u8; 3],
}

impl From<&Part> for hlsseg_part {
    fn from(part: &Part) -> Self {
        Self {
            size: size_of::<Self>(),
            segment: part.segment,
            sequence: part.sequence,
            start_ticks: part.start.get(),
            duration_ticks: part.duration.get(),
            offset: part.offset,
            bytes: part.bytes,
            index: part.index,
            independent: part.independent.into(),
            reserved: [0; 3],
        }
    }
}

impl From<NextPart> for hlsseg_next_part {
    fn from(part: NextPart) -> Self {
        let (segment, index) = (part.segment, part.index);
        Self { size: size_of::<Self>(), segment, index, reserved: 0 }
    }
}

impl From<ListedPart> for hlsseg_listed_part {
    fn from(part: ListedPart) -> Self {
        Self {
            size: size_of::<Self>(),
            segment: part.segment,
            duration_ticks: part.duration.get(),
            index: part.index,
            independent: part.independent.into(),
            reserved: [0; 3],
        }
    }
}

/// Fills `part`, whose `size` must have been set, with the `nth` listed part; 0 is the oldest.
///
/// Only within `update_playlist`, on its thread. Errors: `HLSSEG_STATUS_ABSENT` when fewer are
/// listed, `HLSSEG_STATUS_NULL`, `HLSSEG_STATUS_SIZE`, `HLSSEG_STATUS_ALIGNMENT`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hlsseg_playlist_part(
    playlist: *const hlsseg_playlist<'_>,
    nth: usize,
    part: *mut hlsseg_listed_part,
) -> hlsseg_status {
    call(|| {
        let listed = lent(playlist)?.0.parts().nth(nth);
        write(part, &listed.ok_or(hlsseg_status::Absent)?.into())
    })
}

/// Fills `part`, whose `size` must have been set, with the part that comes next, which
/// EXT-X-PRELOAD-HINT names: it may be asked for before it is there. Where the segment ends before
/// it, it never comes: a host answers with 404 then.
///
/// Only within `update_playlist`, on its thread. Errors: `HLSSEG_STATUS_ABSENT` without parts, and
/// where the list has ended, `HLSSEG_STATUS_NULL`, `HLSSEG_STATUS_SIZE`, `HLSSEG_STATUS_ALIGNMENT`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hlsseg_playlist_next_part(
    playlist: *const hlsseg_playlist<'_>,
    part: *mut hlsseg_next_part,
) -> hlsseg_status {
    call(|| {
        let next = lent(playlist)?.0.next_part();
        write(part, &next.ok_or(hlsseg_status::Absent)?.into())
    })
}
