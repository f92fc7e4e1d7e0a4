//! Parts of segments: what a sink learns of one, and which of them playlists list.
//!
//! ```text
//!   │ 0 1 2 3 │ 0 1 2 3 │ 0 1 2 │ 0 1
//!     segments that are closed     open
//! ```

use core::fmt;

use crate::time::{TickSpan, Ticks};

/// A part of a segment that is complete (draft-pantos-hls-rfc8216bis §4.4.4.9). The parts of a
/// segment, one behind the other, are the segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Part {
    /// Id of its segment, as in [`SegmentStart`](crate::SegmentStart).
    pub segment: u64,
    /// Media sequence number of its segment.
    pub sequence: u64,
    /// Number within the segment, from 0 on.
    pub index: u32,
    /// First DTS of the lead track.
    pub start: Ticks,
    /// Exact duration: never more than the Part Target Duration.
    pub duration: TickSpan,
    /// Bytes of the segment before it.
    pub offset: u64,
    /// Length in bytes.
    pub bytes: u64,
    /// Decoding can begin in it.
    pub independent: bool,
}

/// A part that a playlist lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListedPart {
    /// Id of its segment, as in [`SegmentStart`](crate::SegmentStart).
    pub segment: u64,
    /// Number within the segment, from 0 on.
    pub index: u32,
    /// Duration.
    pub duration: TickSpan,
    /// Decoding can begin in it: INDEPENDENT=YES.
    pub independent: bool,
}

/// What an engine keeps of parts: all that it lists, or nothing.
pub(crate) trait PartLog: Clone + fmt::Debug + Send {
    /// Whether there is room for any.
    const KEEPS: bool;

    fn new() -> Self;

    fn ring(&self) -> Option<&PartRing>;

    fn ring_mut(&mut self) -> Option<&mut PartRing>;
}

/// No room for parts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoParts;

impl PartLog for NoParts {
    const KEEPS: bool = false;

    fn new() -> Self {
        Self
    }

    fn ring(&self) -> Option<&PartRing> {
        None
    }

    fn ring_mut(&mut self) -> Option<&mut PartRing> {
        None
    }
}

/// The newest parts, in an inline ring.
#[derive(Clone, Debug)]
pub(crate) struct PartRing {
    entries: [Entry; ROOM],
    head: usize,
    len: usize,
    /// How many of them are of the open segment.
    open: usize,
}

/// A part: its duration in ticks, and two flags.
#[derive(Clone, Copy, Debug)]
struct Entry(u32);

impl PartLog for PartRing {
    const KEEPS: bool = true;

    fn new() -> Self {
        Self { entries: [Entry(0); ROOM], head: 0, len: 0, open: 0 }
    }

    fn ring(&self) -> Option<&PartRing> {
        Some(self)
    }

    fn ring_mut(&mut self) -> Option<&mut PartRing> {
        Some(self)
    }
}

impl PartRing {
    /// Lists a part of the open segment. The oldest one makes room.
    pub(crate) fn push(&mut self, part: &Part) {
        if self.len == ROOM {
            self.drop_oldest(1);
        }
        let at = (self.head + self.len) % ROOM;
        if let Some(slot) = self.entries.get_mut(at) {
            *slot = Entry::new(part);
            self.len += 1;
            self.open += 1;
        }
    }

    /// Notes that the open segment is closed.
    pub(crate) const fn close_segment(&mut self) {
        self.open = 0;
    }

    /// Forgets the parts of the open segment, which is lost.
    pub(crate) const fn drop_open(&mut self) {
        self.len -= self.open;
        self.open = 0;
    }

    /// Keeps the parts of so many closed segments, the newest.
    pub(crate) fn keep_segments(&mut self, count: usize) {
        let closed = self.len - self.open;
        let mut left = count;
        let kept = (0..closed).rev().take_while(|nth| {
            let goes_on = left > 0;
            left -= usize::from(goes_on && self.entry(*nth).is_first());
            goes_on
        });
        let dropped = closed - kept.count();
        self.drop_oldest(dropped);
    }

    /// Returns how many parts the open segment has.
    pub(crate) const fn open_count(&self) -> usize {
        self.open
    }

    /// Returns the duration of all parts of the open segment.
    pub(crate) fn open_span(&self) -> TickSpan {
        self.of_open(0).fold(TickSpan::ZERO, |span, part| span + part.duration)
    }

    /// Iterates over the parts of the open segment, whose id is `segment`.
    pub(crate) fn of_open(&self, segment: u64) -> impl Iterator<Item = ListedPart> + Clone + '_ {
        self.listed(self.len - self.open, self.open, segment)
    }

    /// Iterates over the parts of a closed segment, whose id is `segment`: the newest is 0 back.
    /// There are none where some have been forgotten.
    pub(crate) fn of_closed(
        &self,
        back: usize,
        segment: u64,
    ) -> impl Iterator<Item = ListedPart> + Clone + '_ {
        let closed = self.len - self.open;
        let mut firsts = (0..closed).rev().filter(|nth| self.entry(*nth).is_first());
        let end = match back.checked_sub(1) {
            None => Some(closed),
            Some(skipped) => firsts.nth(skipped),
        };
        let (start, end) = end.and_then(|end| Some((firsts.next()?, end))).unwrap_or_default();
        self.listed(start, end - start, segment)
    }

    fn listed(
        &self,
        start: usize,
        count: usize,
        segment: u64,
    ) -> impl Iterator<Item = ListedPart> + Clone + '_ {
        (0..count).map(move |nth| {
            let entry = self.entry(start + nth);
            ListedPart {
                segment,
                index: nth as u32,
                duration: entry.duration(),
                independent: entry.is_independent(),
            }
        })
    }

    fn drop_oldest(&mut self, count: usize) {
        self.head = (self.head + count) % ROOM;
        self.len -= count;
        self.open = self.open.min(self.len);
    }

    fn entry(&self, nth: usize) -> Entry {
        self.entries.get((self.head + nth) % ROOM).copied().unwrap_or(Entry(0))
    }
}

impl Entry {
    fn new(part: &Part) -> Self {
        let ticks = u32::try_from(part.duration.get()).unwrap_or(0).min(TICKS);
        let independent = if part.independent { INDEPENDENT } else { 0 };
        let first = if part.index == 0 { FIRST } else { 0 };
        Self(ticks | independent | first)
    }

    fn duration(self) -> TickSpan {
        TickSpan::new(i64::from(self.0 & TICKS))
    }

    const fn is_independent(self) -> bool {
        self.0 & INDEPENDENT != 0
    }

    const fn is_first(self) -> bool {
        self.0 & FIRST != 0
    }
}

/// Parts that are kept.
const ROOM: usize = crate::config::MAX_PARTS as usize;
const TICKS: u32 = (1 << 30) - 1;
const INDEPENDENT: u32 = 1 << 30;
const FIRST: u32 = 1 << 31;

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    fn part(segment: u64, index: u32) -> Part {
        let duration = TickSpan::from_millis(i64::from(index) + 1);
        let (sequence, start, independent) = (segment, Ticks::new(0), index == 0);
        Part { segment, sequence, index, start, duration, offset: 0, bytes: 0, independent }
    }

    fn filled(segments: &[u32]) -> PartRing {
        let mut ring = PartRing::new();
        for (segment, count) in (0..).zip(segments) {
            ring.close_segment();
            (0..*count).for_each(|index| ring.push(&part(segment, index)));
        }
        ring
    }

    #[test]
    fn ll_6_parts_are_those_of_the_newest_segments_and_of_the_open_one() {
        let mut ring = filled(&[3, 2, 4, 1]);
        let count = |ring: &PartRing, back| ring.of_closed(back, 7).count();
        assert_eq!([0, 1, 2, 3].map(|back| count(&ring, back)), [4, 2, 3, 0]);
        assert_eq!(ring.of_open(3).count(), 1);
        let listed: Vec<_> = ring.of_closed(0, 2).collect();
        assert_eq!(listed.iter().map(|part| part.index).collect::<Vec<_>>(), [0, 1, 2, 3]);
        assert_eq!(listed[3].duration, TickSpan::from_millis(4));
        assert!(listed[0].independent && !listed[1].independent);
        ring.keep_segments(2);
        assert_eq!([0, 1, 2].map(|back| count(&ring, back)), [4, 2, 0]);
        ring.keep_segments(0);
        assert_eq!((count(&ring, 0), ring.of_open(3).count()), (0, 1));
    }

    #[test]
    fn ll_6_parts_of_a_lost_segment_are_forgotten() {
        let mut ring = filled(&[3, 2]);
        ring.drop_open();
        assert_eq!((ring.open_count(), ring.of_closed(0, 0).count()), (0, 3));
        ring.push(&part(2, 0));
        assert_eq!(ring.of_open(2).count(), 1);
    }

    #[test]
    fn ll_6_a_segment_of_which_parts_were_forgotten_lists_none() {
        let ring = filled(&[100, 100]);
        assert_eq!((ring.of_open(1).count(), ring.of_closed(0, 0).count()), (100, 0));
        let ring = filled(&[1, 200]);
        assert_eq!(ring.open_count(), 128);
    }
}
