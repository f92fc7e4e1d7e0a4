//! What a sink learns of a segment when it opens, when it is finished, and when it leaves.

use core::fmt;

use crate::time::{Millis, TickSpan, Ticks, WallTime};

/// Why a segment ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cause {
    /// A key frame came at FragDuration or later.
    KeyFrame,
    /// No key frame came within max(2 × FragDuration, 60 s).
    Forced,
    /// A stream without video reached FragDuration.
    AudioOnly,
    /// The timeline broke.
    Discontinuity,
    /// A codec's configuration changed.
    ConfigChange,
    /// A track joined or left.
    TrackChange,
    /// It would have outgrown the declared target duration.
    TargetLimit,
    /// The host asked for it.
    Requested,
    /// The stream ended.
    End,
}

impl Cause {
    /// Returns the name as a report has it: `key-frame`, `forced`, …
    pub const fn name(self) -> &'static str {
        match self {
            Self::KeyFrame => "key-frame",
            Self::Forced => "forced",
            Self::AudioOnly => "audio-only",
            Self::Discontinuity => "discontinuity",
            Self::ConfigChange => "config-change",
            Self::TrackChange => "track-change",
            Self::TargetLimit => "target-limit",
            Self::Requested => "requested",
            Self::End => "end",
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A segment that has just been opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SegmentStart {
    /// Number of the attempt, never used again: fit to name storage by.
    pub id: u64,
    /// Media sequence number that the segment gets if its close succeeds; an aborted segment's
    /// goes to the next.
    pub sequence: u64,
    /// First DTS of the lead track on the engine's timeline (without the PCR lead); where video
    /// has fallen silent, of the audio that goes on without it.
    pub start: Ticks,
    /// Wall time when the segment was opened, as far as the host stated it; unique, and later than
    /// the one before.
    pub wall: Option<WallTime>,
    /// Wall time of the segment's first frame: what EXT-X-PROGRAM-DATE-TIME will say.
    pub program_date_time: Option<WallTime>,
    /// EXT-X-DISCONTINUITY precedes the segment.
    pub discontinuity: bool,
    /// The first picture is an IDR picture; in a stream without video, true.
    pub starts_with_idr: bool,
    /// Id of the [initialization section](crate::fmp4::Init) that goes before the segment; none in
    /// MPEG-TS.
    pub init: Option<u64>,
}

/// A finished segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Segment {
    /// Number of the attempt, as in [`SegmentStart`].
    pub id: u64,
    /// Media sequence number.
    pub sequence: u64,
    /// First DTS of the lead track on the engine's timeline (without the PCR lead); where video
    /// has fallen silent, of the audio that goes on without it.
    pub start: Ticks,
    /// Exact duration: to the first DTS of the next segment, or to the end of the last frame.
    pub duration: TickSpan,
    /// Duration as the playlist prints it: rounded, with the rounding error carried to the next
    /// segment.
    pub extinf: Millis,
    /// Length in bytes; in MPEG-TS a multiple of 188.
    pub bytes: u64,
    /// Frames of the lead track.
    pub frames: u32,
    /// Key frames among them.
    pub key_frames: u32,
    /// Longest distance between two key frames, or from the last one to the end; all of it in a
    /// stream without video.
    pub longest_gop: TickSpan,
    /// Wall time when the segment was opened, as in [`SegmentStart`].
    pub wall: Option<WallTime>,
    /// Wall time of the first frame, as in [`SegmentStart`].
    pub program_date_time: Option<WallTime>,
    /// EXT-X-DISCONTINUITY precedes the segment.
    pub discontinuity: bool,
    /// The first picture is an IDR picture; in a stream without video, true.
    pub starts_with_idr: bool,
    /// Id of the [initialization section](crate::fmp4::Init) that goes before the segment; none in
    /// MPEG-TS.
    pub init: Option<u64>,
    /// Why it ended.
    pub cause: Cause,
}

/// A segment that was opened and will never be listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AbortedSegment {
    /// Number of the attempt, as in [`SegmentStart`].
    pub id: u64,
    /// Bytes that the sink took of it.
    pub bytes: u64,
}

/// A segment that has left the playlist, or that leaves it with the playlist itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExpiredSegment {
    /// Number of the attempt, as in [`SegmentStart`].
    pub id: u64,
    /// Media sequence number.
    pub sequence: u64,
    /// Wall time when the segment was opened, as in [`SegmentStart`].
    pub wall: Option<WallTime>,
    /// Id of the initialization section that no listed or later segment needs: the one that was
    /// before this segment, if this is the last that needed it. It must stay as long.
    pub init: Option<u64>,
    /// How long it must stay available from now on: its duration and that of the longest playlist
    /// it was in (RFC 8216 §6.2.2).
    pub keep_for: TickSpan,
}

/// What became of the word that a segment is [lost](crate::Segmenter::lost).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lost {
    /// The segment is listed: from the next version of the playlist on it is a gap.
    Listed,
    /// The segment is open, and nothing has changed. A sink gives such a segment up by returning an
    /// error.
    Open,
    /// The segment is not listed, and nothing has changed: it has left the list, was aborted, or
    /// never was.
    Unlisted,
    /// The list has ended, and nothing has changed: no version follows EXT-X-ENDLIST.
    Ended,
}
