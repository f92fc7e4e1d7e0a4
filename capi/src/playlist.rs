//! Versions of the playlist, and what they list.

use core::mem::size_of;

use hls_segmenter::ResumeToken;
use hls_segmenter::playlist::{ListedSegment, Playlist};
use hls_segmenter::time::{Millis, WallTime};

use crate::border::{Result, call, lent, read, room, size_in, write};
use crate::segment::{id, millis};
use crate::status::hlsseg_status;

/// A version of the playlist. It is lent to `update_playlist` and gone when that returns.
pub struct hlsseg_playlist<'a>(pub(crate) Playlist<'a>);

/// What a version of the playlist says of itself.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct hlsseg_playlist_info {
    /// `sizeof(hlsseg_playlist_info)`.
    pub size: usize,
    /// EXT-X-MEDIA-SEQUENCE: the number of the first listed segment.
    pub media_sequence: u64,
    /// EXT-X-DISCONTINUITY-SEQUENCE.
    pub discontinuity_sequence: u64,
    /// Segments that are listed.
    pub count: usize,
    /// EXT-X-TARGETDURATION in seconds.
    pub target_duration: u32,
    /// Not 0: the list is complete, with EXT-X-ENDLIST.
    pub ended: u8,
    /// Not 0: EXT-X-INDEPENDENT-SEGMENTS is carried.
    pub independent_segments: u8,
}

/// A segment as the playlist lists it. A host that wants to resume after a restart stores these
/// beside the token.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct hlsseg_listed_segment {
    /// `sizeof(hlsseg_listed_segment)`; in an array the same for all.
    pub size: usize,
    /// Number of the attempt, as in `hlsseg_segment_start`.
    pub id: u64,
    /// Media sequence number.
    pub sequence: u64,
    /// Calendar time when the segment was opened, in ms since 1970 UTC. 0 unless `has_wall`.
    pub wall_millis: i64,
    /// EXT-X-PROGRAM-DATE-TIME, in ms since 1970 UTC. 0 unless `has_program_date_time`.
    pub program_date_time_millis: i64,
    /// EXTINF in ms.
    pub extinf_millis: u32,
    /// Not 0: the host told the time.
    pub has_wall: u8,
    /// Not 0: the segment has an EXT-X-PROGRAM-DATE-TIME.
    pub has_program_date_time: u8,
    /// Not 0: EXT-X-DISCONTINUITY precedes the segment.
    pub discontinuity: u8,
    /// Reserved: 0. Structs of programs that do not know `gap` end in padding here, whatever is in
    /// it.
    pub reserved: u8,
    /// Not 0: EXT-X-GAP, the segment was lost after it had been closed (`hlsseg_lost`), and players
    /// do not ask for it.
    pub gap: u8,
    /// EXT-X-MAP: id of the initialization section that the segment needs. 0 unless `has_init`.
    pub init: u64,
    /// Not 0: the segment needs an initialization section, as all in fMP4 do.
    pub has_init: u8,
}

impl From<&ListedSegment> for hlsseg_listed_segment {
    fn from(segment: &ListedSegment) -> Self {
        let (wall_millis, has_wall) = millis(segment.wall);
        let (program_date_time_millis, has_program_date_time) = millis(segment.program_date_time);
        let (init, has_init) = id(segment.init);
        Self {
            size: size_of::<Self>(),
            id: segment.id,
            sequence: segment.sequence,
            wall_millis,
            program_date_time_millis,
            extinf_millis: segment.extinf.millis(),
            has_wall,
            has_program_date_time,
            discontinuity: segment.discontinuity.into(),
            reserved: 0,
            gap: segment.gap.into(),
            init,
            has_init,
        }
    }
}

impl From<hlsseg_listed_segment> for ListedSegment {
    fn from(segment: hlsseg_listed_segment) -> Self {
        let time = |millis, has: u8| (has != 0).then(|| WallTime::from_unix_millis(millis));
        let date = time(segment.program_date_time_millis, segment.has_program_date_time);
        Self::new(segment.id, segment.sequence, Millis::new(segment.extinf_millis))
            .with_wall(time(segment.wall_millis, segment.has_wall))
            .with_program_date_time(date)
            .with_discontinuity(segment.discontinuity != 0)
            .with_gap(segment.gap != 0)
            .with_init((segment.has_init != 0).then_some(segment.init))
    }
}

/// Segments in an array of the caller, whose elements are as far apart as the first one says it is
/// long.
#[derive(Clone)]
pub(crate) struct Listed {
    next: *const hlsseg_listed_segment,
    stride: usize,
    left: usize,
}

impl Listed {
    /// Checks every element, so that reading them later cannot fail.
    pub(crate) fn take(first: *const hlsseg_listed_segment, count: usize) -> Result<Self> {
        let stride = if count == 0 { 0 } else { size_in(first)? };
        let list = Self { next: first, stride, left: count };
        for at in list.clone().places() {
            if size_in(at)? != stride {
                return Err(hlsseg_status::Size);
            }
            read(at, hlsseg_listed_segment::default())?;
        }
        Ok(list)
    }

    fn places(self) -> impl Iterator<Item = *const hlsseg_listed_segment> {
        (0..self.left).map(move |nth| self.next.wrapping_byte_add(nth.wrapping_mul(self.stride)))
    }
}

impl Iterator for Listed {
    type Item = ListedSegment;

    fn next(&mut self) -> Option<ListedSegment> {
        self.left = self.left.checked_sub(1)?;
        let segment = read(self.next, hlsseg_listed_segment::default()).ok()?;
        self.next = self.next.wrapping_byte_add(self.stride);
        Some(segment.into())
    }
}

/// Fills `info`, whose `size` must have been set.
///
/// Only within `update_playlist`, on its thread. Errors: `HLSSEG_STATUS_NULL`,
/// `HLSSEG_STATUS_SIZE`, `HLSSEG_STATUS_ALIGNMENT`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hlsseg_playlist_read(
    playlist: *const hlsseg_playlist<'_>,
    info: *mut hlsseg_playlist_info,
) -> hlsseg_status {
    call(|| {
        let playlist = lent(playlist)?.0;
        let said = hlsseg_playlist_info {
            size: size_of::<hlsseg_playlist_info>(),
            media_sequence: playlist.media_sequence(),
            discontinuity_sequence: playlist.discontinuity_sequence(),
            count: playlist.segments().len(),
            target_duration: playlist.target_duration().secs(),
            ended: playlist.ended().into(),
            independent_segments: playlist.independent_segments().into(),
        };
        write(info, &said)
    })
}

/// Fills `segment`, whose `size` must have been set, with the `nth` listed segment; 0 is the
/// oldest.
///
/// Only within `update_playlist`, on its thread. Errors: `HLSSEG_STATUS_ABSENT` when fewer are
/// listed, `HLSSEG_STATUS_NULL`, `HLSSEG_STATUS_SIZE`, `HLSSEG_STATUS_ALIGNMENT`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hlsseg_playlist_segment(
    playlist: *const hlsseg_playlist<'_>,
    nth: usize,
    segment: *mut hlsseg_listed_segment,
) -> hlsseg_status {
    call(|| {
        let listed = lent(playlist)?.0.segments().nth(nth);
        let listed = listed.ok_or(hlsseg_status::Absent)?;
        write(segment, &(&listed).into())
    })
}

/// Writes the resume token of this version of the list, `HLSSEG_TOKEN_LEN` bytes, into `dst`, which
/// stays the caller's. Together with the listed segments it lets `hlsseg_resume` go on after a
/// restart.
///
/// Only within `update_playlist`, on its thread. Errors: `HLSSEG_STATUS_SHORT_BUFFER`,
/// `HLSSEG_STATUS_NULL`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hlsseg_playlist_token(
    playlist: *const hlsseg_playlist<'_>,
    dst: *mut u8,
    len: usize,
) -> hlsseg_status {
    call(|| put_token(&lent(playlist)?.0.resume_token(), dst, len))
}

/// Writes the stored form of a token.
pub(crate) fn put_token(token: &ResumeToken, dst: *mut u8, len: usize) -> Result {
    let room = room(dst, len)?.get_mut(..HLSSEG_TOKEN_LEN);
    room.ok_or(hlsseg_status::ShortBuffer)?.copy_from_slice(&token.to_bytes());
    Ok(())
}

/// Length of a resume token in bytes.
pub const HLSSEG_TOKEN_LEN: usize = 51;

const _: () = assert!(HLSSEG_TOKEN_LEN == ResumeToken::LEN);
