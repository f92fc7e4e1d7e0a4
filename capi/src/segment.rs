//! What is told of a segment.

use core::mem::size_of;

use hls_segmenter::time::WallTime;
use hls_segmenter::{AbortedSegment, Cause, ExpiredSegment, Segment, SegmentStart};

/// Why a segment ended. Later versions may add values.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum hlsseg_cause {
    /// A reason that this version of the C API does not name.
    Other = 0,
    /// A key frame came at FragDuration or later.
    KeyFrame = 1,
    /// No key frame came within max(2 x FragDuration, 60 s).
    Forced = 2,
    /// A stream without video reached FragDuration.
    AudioOnly = 3,
    /// The timeline broke.
    Discontinuity = 4,
    /// A codec's configuration changed.
    ConfigChange = 5,
    /// A track joined or left.
    TrackChange = 6,
    /// It would have outgrown the declared target duration.
    TargetLimit = 7,
    /// `hlsseg_request_switch` asked for it.
    Requested = 8,
    /// The stream ended.
    End = 9,
}

impl hlsseg_cause {
    const fn of(cause: Cause) -> Self {
        match cause {
            Cause::KeyFrame => Self::KeyFrame,
            Cause::Forced => Self::Forced,
            Cause::AudioOnly => Self::AudioOnly,
            Cause::Discontinuity => Self::Discontinuity,
            Cause::ConfigChange => Self::ConfigChange,
            Cause::TrackChange => Self::TrackChange,
            Cause::TargetLimit => Self::TargetLimit,
            Cause::Requested => Self::Requested,
            Cause::End => Self::End,
            _ => Self::Other,
        }
    }
}

/// A segment that has just been opened. Lent to `open_segment` for the time of the callback; read
/// only fields that lie within its `size`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct hlsseg_segment_start {
    /// Length of the struct as the library fills it.
    pub size: usize,
    /// Number of the attempt, never used again: fit to name storage by.
    pub id: u64,
    /// Media sequence number that the segment gets if its close succeeds; an aborted segment's
    /// goes to the next.
    pub sequence: u64,
    /// First DTS of the lead track on the engine's timeline, in 1/90000 s.
    pub start_ticks: i64,
    /// Calendar time when the segment was opened, in ms since 1970 UTC; unique, later than the one
    /// before. 0 unless `has_wall`.
    pub wall_millis: i64,
    /// Calendar time of the segment's first frame, in ms since 1970 UTC: what
    /// EXT-X-PROGRAM-DATE-TIME will say. 0 unless `has_program_date_time`.
    pub program_date_time_millis: i64,
    /// Not 0: the host told the time (`hlsseg_set_wall_time`).
    pub has_wall: u8,
    /// Not 0: the segment has an EXT-X-PROGRAM-DATE-TIME.
    pub has_program_date_time: u8,
    /// Not 0: EXT-X-DISCONTINUITY precedes the segment.
    pub discontinuity: u8,
    /// Not 0: the first picture is an IDR picture; in a stream without video, 1.
    pub starts_with_idr: u8,
    /// Id of the initialization section that the segment needs, as in `hlsseg_init_section`. 0
    /// unless `has_init`.
    pub init: u64,
    /// Not 0: the segment needs an initialization section, as all in fMP4 do.
    pub has_init: u8,
}

/// A finished segment. Lent to `close_segment` for the time of the callback; read only fields that
/// lie within its `size`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct hlsseg_segment {
    /// Length of the struct as the library fills it.
    pub size: usize,
    /// Number of the attempt, as in `hlsseg_segment_start`.
    pub id: u64,
    /// Media sequence number.
    pub sequence: u64,
    /// First DTS of the lead track on the engine's timeline, in 1/90000 s.
    pub start_ticks: i64,
    /// Exact duration in 1/90000 s: to the first DTS of the next segment, or to the end of the
    /// last frame.
    pub duration_ticks: i64,
    /// Length in bytes; in MPEG-TS a multiple of 188.
    pub bytes: u64,
    /// Longest distance between two key frames, or from the last one to the end, in 1/90000 s; all
    /// of it in a stream without video.
    pub longest_gop_ticks: i64,
    /// Calendar time when the segment was opened, in ms since 1970 UTC. 0 unless `has_wall`.
    pub wall_millis: i64,
    /// Calendar time of the first frame, in ms since 1970 UTC. 0 unless `has_program_date_time`.
    pub program_date_time_millis: i64,
    /// Duration as the playlist prints it, in ms: rounded, the error carried to the next segment.
    pub extinf_millis: u32,
    /// Frames of the lead track.
    pub frames: u32,
    /// Key frames among them.
    pub key_frames: u32,
    /// Why it ended, an `hlsseg_cause`.
    pub cause: u32,
    /// Not 0: the host told the time.
    pub has_wall: u8,
    /// Not 0: the segment has an EXT-X-PROGRAM-DATE-TIME.
    pub has_program_date_time: u8,
    /// Not 0: EXT-X-DISCONTINUITY precedes the segment.
    pub discontinuity: u8,
    /// Not 0: the first picture is an IDR picture; in a stream without video, 1.
    pub starts_with_idr: u8,
    /// Id of the initialization section that the segment needs, as in `hlsseg_init_section`. 0
    /// unless `has_init`.
    pub init: u64,
    /// Not 0: the segment needs an initialization section, as all in fMP4 do.
    pub has_init: u8,
}

/// A segment that was opened and will never be listed. Lent to `abort_segment` for the time of the
/// callback. An initialization section of the same id is needed no more.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct hlsseg_aborted_segment {
    /// Length of the struct as the library fills it.
    pub size: usize,
    /// Number of the attempt, as in `hlsseg_segment_start`.
    pub id: u64,
    /// Bytes that the sink took of it.
    pub bytes: u64,
}

/// A segment that has left the playlist. Lent to `expire_segment` for the time of the callback.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct hlsseg_expired_segment {
    /// Length of the struct as the library fills it.
    pub size: usize,
    /// Number of the attempt, as in `hlsseg_segment_start`.
    pub id: u64,
    /// Media sequence number.
    pub sequence: u64,
    /// Calendar time when the segment was opened, in ms since 1970 UTC. 0 unless `has_wall`.
    pub wall_millis: i64,
    /// How long it must stay available, in ms: its duration and that of the longest playlist it
    /// was in (RFC 8216 section 6.2.2).
    pub keep_for_millis: i64,
    /// Not 0: the host told the time.
    pub has_wall: u8,
    /// Id of the initialization section that no listed or later segment needs: it must stay as long
    /// as this segment. 0 unless `has_init`.
    pub init: u64,
    /// Not 0: there is such a section.
    pub has_init: u8,
}

/// Splits what may be absent into a value and whether it is there.
pub(crate) const fn millis(time: Option<WallTime>) -> (i64, u8) {
    match time {
        Some(time) => (time.unix_millis(), 1),
        None => (0, 0),
    }
}

/// As `millis`, of the id of an initialization section.
pub(crate) const fn id(init: Option<u64>) -> (u64, u8) {
    match init {
        Some(init) => (init, 1),
        None => (0, 0),
    }
}

impl From<&SegmentStart> for hlsseg_segment_start {
    fn from(start: &SegmentStart) -> Self {
        let (wall_millis, has_wall) = millis(start.wall);
        let (program_date_time_millis, has_program_date_time) = millis(start.program_date_time);
        let (init, has_init) = id(start.init);
        Self {
            size: size_of::<Self>(),
            id: start.id,
            sequence: start.sequence,
            start_ticks: start.start.get(),
            wall_millis,
            program_date_time_millis,
            has_wall,
            has_program_date_time,
            discontinuity: start.discontinuity.into(),
            starts_with_idr: start.starts_with_idr.into(),
            init,
            has_init,
        }
    }
}

impl From<&Segment> for hlsseg_segment {
    fn from(segment: &Segment) -> Self {
        let (wall_millis, has_wall) = millis(segment.wall);
        let (program_date_time_millis, has_program_date_time) = millis(segment.program_date_time);
        let (init, has_init) = id(segment.init);
        Self {
            size: size_of::<Self>(),
            id: segment.id,
            sequence: segment.sequence,
            start_ticks: segment.start.get(),
            duration_ticks: segment.duration.get(),
            bytes: segment.bytes,
            longest_gop_ticks: segment.longest_gop.get(),
            wall_millis,
            program_date_time_millis,
            extinf_millis: segment.extinf.millis(),
            frames: segment.frames,
            key_frames: segment.key_frames,
            cause: hlsseg_cause::of(segment.cause) as u32,
            has_wall,
            has_program_date_time,
            discontinuity: segment.discontinuity.into(),
            starts_with_idr: segment.starts_with_idr.into(),
            init,
            has_init,
        }
    }
}

impl From<&AbortedSegment> for hlsseg_aborted_segment {
    fn from(aborted: &AbortedSegment) -> Self {
        Self { size: size_of::<Self>(), id: aborted.id, bytes: aborted.bytes }
    }
}

impl From<&ExpiredSegment> for hlsseg_expired_segment {
    fn from(expired: &ExpiredSegment) -> Self {
        let (wall_millis, has_wall) = millis(expired.wall);
        let (init, has_init) = id(expired.init);
        Self {
            size: size_of::<Self>(),
            id: expired.id,
            sequence: expired.sequence,
            wall_millis,
            keep_for_millis: expired.keep_for.round_millis(),
            has_wall,
            init,
            has_init,
        }
    }
}
