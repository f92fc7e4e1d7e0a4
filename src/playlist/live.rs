//! The live edge of a list with parts: what its newest part is, what comes next, and how a player's
//! question for a later version is answered (draft-pantos-hls-rfc8216bis §6.2.5.2).

use crate::config::Parts;
use crate::part::{ListedPart, Part, PartRing};

use super::ListedSegment;

/// What a list with parts has beside its segments.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Live<'a> {
    pub(crate) parts: Parts,
    pub(crate) ring: &'a PartRing,
    /// The segment that is being written.
    pub(crate) open: Option<ListedSegment>,
    /// Id of the segment after that.
    pub(crate) next_id: u64,
}

impl Live<'_> {
    /// Returns the part that comes next, as far as that can be told.
    pub(super) fn next_part(&self) -> NextPart {
        match self.open {
            Some(open) => NextPart { segment: open.id, index: self.ring.open_count() as u32 },
            None => NextPart { segment: self.next_id, index: 0 },
        }
    }
}

/// The part that comes next: what EXT-X-PRELOAD-HINT names. Where the segment ends before it, the
/// part never comes: a host answers with 404 then (§6.2.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NextPart {
    /// Id of its segment, as in [`SegmentStart`](crate::SegmentStart).
    pub segment: u64,
    /// Number within the segment, from 0 on.
    pub index: u32,
}

impl From<&Part> for NextPart {
    fn from(part: &Part) -> Self {
        Self { segment: part.segment, index: part.index }
    }
}

impl From<ListedPart> for NextPart {
    fn from(part: ListedPart) -> Self {
        Self { segment: part.segment, index: part.index }
    }
}

/// Where a list ends: kept beside its text, it answers blocking requests. A host may store the
/// fields, and set those of a [default](Default) one to them.
///
/// ```text
///   segments 7, 8, 9 are listed, and parts 0, 1 of 10
///     _HLS_msn=9                     now
///     _HLS_msn=10                    when segment 10 is whole
///     _HLS_msn=10&_HLS_part=1        now
///     _HLS_msn=10&_HLS_part=2        with the next part
///     _HLS_msn=13, or _HLS_part=2    400 Bad Request
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LiveEdge {
    /// Media sequence number of the segment that is not whole yet.
    pub sequence: u64,
    /// Parts of it that are listed.
    pub parts: u32,
    /// Parts of the segment before it, as far as they are listed.
    pub closed_parts: u32,
    /// Parts by which a request may be ahead: the Advance Part Limit (§6.2.5.2).
    pub advance_limit: u32,
    /// The list is complete: every request is answered at once.
    pub ended: bool,
}

/// How a request for a playlist is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there is no fourth way")]
pub enum Reload {
    /// With the list as it is, whole.
    Now,
    /// With a later version, as soon as it answers [`Now`](Self::Now); after three target durations
    /// with 503 Service Unavailable.
    Wait,
    /// With 400 Bad Request.
    BadRequest,
}

impl LiveEdge {
    /// Says how to answer a request with the directives `_HLS_msn` and `_HLS_part`.
    pub const fn reload(&self, sequence: Option<u64>, part: Option<u32>) -> Reload {
        let sequence = match (sequence, part) {
            _ if self.ended => return Reload::Now,
            (None, Some(_)) => return Reload::BadRequest,
            (None, None) => return Reload::Now,
            (Some(sequence), _) => sequence,
        };
        // What lies behind the last part of a segment that is whole is part 0 of the next.
        let is_past_closed = match part {
            Some(part) => {
                sequence.wrapping_add(1) == self.sequence
                    && self.closed_parts > 0
                    && part >= self.closed_parts
            }
            None => false,
        };
        let (sequence, part) =
            if is_past_closed { (self.sequence, Some(0)) } else { (sequence, part) };
        if sequence < self.sequence {
            return Reload::Now;
        }
        if sequence - self.sequence > 1 {
            return Reload::BadRequest;
        }
        match part {
            Some(part) if sequence == self.sequence => {
                if part < self.parts {
                    Reload::Now
                } else if part - self.parts < self.advance_limit {
                    Reload::Wait
                } else {
                    Reload::BadRequest
                }
            }
            Some(part) if part >= self.advance_limit => Reload::BadRequest,
            _ => Reload::Wait,
        }
    }

    /// Returns media sequence number and part of the newest part: LAST-MSN and LAST-PART of a
    /// rendition report (§4.4.5.4).
    pub const fn last_part(&self) -> Option<(u64, u32)> {
        match (self.parts.checked_sub(1), self.closed_parts.checked_sub(1)) {
            (Some(last), _) => Some((self.sequence, last)),
            (None, Some(last)) => Some((self.sequence.wrapping_sub(1), last)),
            (None, None) => None,
        }
    }
}

/// Returns the Advance Part Limit (§6.2.5.2).
pub(super) fn advance_limit(parts: Parts) -> u32 {
    let target = parts.target().get().max(1);
    if target < SECOND {
        (3 * SECOND).div_euclid(target) as u32 + u32::from(3 * SECOND % target > 0)
    } else {
        3
    }
}

const SECOND: i64 = 90_000;

#[cfg(test)]
mod tests {
    use super::*;

    const EDGE: LiveEdge =
        LiveEdge { sequence: 10, parts: 2, closed_parts: 4, advance_limit: 6, ended: false };

    #[test]
    fn ll_13_a_reload_is_answered_as_the_draft_says() {
        let part = |part| Some(part);
        for (sequence, part, want) in [
            (None, None, Reload::Now),
            (None, part(2), Reload::BadRequest),
            (Some(3), None, Reload::Now),
            (Some(9), None, Reload::Now),
            (Some(10), None, Reload::Wait),
            (Some(11), None, Reload::Wait),
            (Some(12), None, Reload::BadRequest),
            (Some(u64::MAX), None, Reload::BadRequest),
            (Some(8), part(99), Reload::Now),
            (Some(9), part(3), Reload::Now),
            (Some(9), part(4), Reload::Now),
            (Some(10), part(0), Reload::Now),
            (Some(10), part(1), Reload::Now),
            (Some(10), part(2), Reload::Wait),
            (Some(10), part(7), Reload::Wait),
            (Some(10), part(8), Reload::BadRequest),
            (Some(10), part(u32::MAX), Reload::BadRequest),
            (Some(11), part(0), Reload::Wait),
            (Some(11), part(6), Reload::BadRequest),
            (Some(12), part(0), Reload::BadRequest),
        ] {
            assert_eq!(EDGE.reload(sequence, part), want, "{sequence:?} {part:?}");
            let ended = LiveEdge { ended: true, ..EDGE };
            assert_eq!(ended.reload(sequence, part), Reload::Now, "{sequence:?} {part:?}");
        }
    }

    #[test]
    fn ll_13_the_part_behind_a_segment_that_is_whole_is_the_first_of_the_next() {
        let begun = LiveEdge { parts: 0, ..EDGE };
        assert_eq!(begun.reload(Some(9), Some(3)), Reload::Now);
        assert_eq!(begun.reload(Some(9), Some(4)), Reload::Wait);
        assert_eq!(begun.reload(Some(10), Some(0)), Reload::Wait);
    }

    #[test]
    fn ll_15_the_last_part_is_that_of_the_open_segment_or_of_the_one_before() {
        assert_eq!(EDGE.last_part(), Some((10, 1)));
        assert_eq!(LiveEdge { parts: 0, ..EDGE }.last_part(), Some((9, 3)));
        assert_eq!(LiveEdge { parts: 0, closed_parts: 0, ..EDGE }.last_part(), None);
    }

    #[test]
    fn ll_13_the_advance_part_limit_is_three_seconds_of_parts_or_three_parts() {
        for (duration, limit) in [(100, 26), (500, 6), (900, 3), (1000, 3), (3000, 3)] {
            assert_eq!(advance_limit(Parts::lasting(duration).unwrap()), limit, "{duration}");
        }
    }
}
