//! A segment as the playlist lists it, and as a host stores it.

use crate::segment::Segment;
use crate::time::{Millis, WallTime};

/// A segment as the playlist lists it. A host that wants to [resume](crate::Segmenter::resume)
/// stores these.
///
/// The struct may grow; a host builds one with [`new`](Self::new) and the setters:
///
/// ```
/// use hls_segmenter::playlist::ListedSegment;
/// use hls_segmenter::time::{Millis, WallTime};
///
/// let stored = ListedSegment::new(7, 7, Millis::new(5005))
///     .with_wall(Some(WallTime::from_unix_millis(1_795_421_730_250)))
///     .with_discontinuity(true);
/// assert_eq!(stored.program_date_time, None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListedSegment {
    /// Number of the attempt, as in [`SegmentStart`](crate::SegmentStart).
    pub id: u64,
    /// Media sequence number.
    pub sequence: u64,
    /// EXTINF.
    pub extinf: Millis,
    /// Wall time when the segment was opened.
    pub wall: Option<WallTime>,
    /// EXT-X-PROGRAM-DATE-TIME.
    pub program_date_time: Option<WallTime>,
    /// EXT-X-DISCONTINUITY precedes the segment.
    pub discontinuity: bool,
}

impl ListedSegment {
    /// Takes what every segment has: no times of the calendar, and no discontinuity.
    pub const fn new(id: u64, sequence: u64, extinf: Millis) -> Self {
        Self { id, sequence, extinf, wall: None, program_date_time: None, discontinuity: false }
    }

    /// Sets [`wall`](Self::wall).
    #[must_use]
    pub const fn with_wall(mut self, wall: Option<WallTime>) -> Self {
        self.wall = wall;
        self
    }

    /// Sets [`program_date_time`](Self::program_date_time).
    #[must_use]
    pub const fn with_program_date_time(mut self, date: Option<WallTime>) -> Self {
        self.program_date_time = date;
        self
    }

    /// Sets [`discontinuity`](Self::discontinuity).
    #[must_use]
    pub const fn with_discontinuity(mut self, discontinuity: bool) -> Self {
        self.discontinuity = discontinuity;
        self
    }
}

impl From<&Segment> for ListedSegment {
    fn from(segment: &Segment) -> Self {
        Self::new(segment.id, segment.sequence, segment.extinf)
            .with_wall(segment.wall)
            .with_program_date_time(segment.program_date_time)
            .with_discontinuity(segment.discontinuity)
    }
}
