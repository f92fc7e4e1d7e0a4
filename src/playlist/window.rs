//! The segments that the playlist lists, in an inline ring, and the numbers that must never go
//! wrong.

use crate::config::{Options, TargetDuration, WindowPolicy};
use crate::segment::{ExpiredSegment, Segment};
use crate::time::{Millis, Secs, TickSpan, WallTime};

use super::ListedSegment;
use super::list::{Listed, Outgrown};

/// A ring of listed segments with media sequence, discontinuity sequence and target duration.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    ring: [Entry; RING],
    /// Index of the oldest entry, which may have left the list already.
    head: usize,
    /// Entries that left the list and whose expiry was not reported yet.
    gone: usize,
    /// Entries that are listed.
    listed: usize,
    /// Media sequence number of the first listed segment.
    pub(super) first_sequence: u64,
    /// How many discontinuities have left the list.
    pub(super) discontinuity_sequence: u64,
    pub(super) target: Secs,
    target_duration: TargetDuration,
    count: usize,
    policy: WindowPolicy,
}

/// A listed segment, packed: the ring is a third of the engine's memory.
#[derive(Clone, Copy, Debug)]
struct Entry {
    id: u64,
    wall: WallTime,
    extinf: Millis,
    /// Duration of the longest playlist that listed the segment.
    longest_millis: u32,
    /// Program date-time less `wall`.
    date_offset_millis: i32,
    has_wall: bool,
    has_date: bool,
    discontinuity: bool,
}

impl Window {
    /// The most segments that are ever listed: 100 of FragCount and eleven to keep three target
    /// durations.
    pub(crate) const CAPACITY: usize = RING - 1;

    pub(crate) const fn new(options: &Options) -> Self {
        Self {
            ring: [Entry::VACANT; RING],
            head: 0,
            gone: 0,
            listed: 0,
            first_sequence: options.first_sequence,
            discontinuity_sequence: 0,
            target: match options.target_duration {
                TargetDuration::HighWater => Secs::new(options.frag_duration.secs()),
                TargetDuration::Declared(secs) => secs,
            },
            target_duration: options.target_duration,
            count: options.frag_count.get(),
            policy: options.window,
        }
    }

    /// Takes the numbers of an earlier engine's list.
    pub(crate) fn restore(
        &mut self,
        first_sequence: u64,
        discontinuity_sequence: u64,
        target: Secs,
    ) {
        self.first_sequence = first_sequence;
        self.discontinuity_sequence = discontinuity_sequence;
        self.target = self.target.max(target);
    }

    /// Lists a segment of an earlier engine again, after those already restored.
    pub(crate) fn restore_segment(&mut self, segment: &ListedSegment) {
        self.append(Entry::new(segment));
        self.note_length();
    }

    /// Returns the media sequence number of the next segment.
    pub(crate) const fn next_sequence(&self) -> u64 {
        self.first_sequence.wrapping_add(self.listed as u64)
    }

    /// Returns whether no segment is listed.
    pub(crate) const fn is_empty(&self) -> bool {
        self.listed == 0
    }

    /// Iterates over the listed segments, oldest first.
    pub(crate) fn segments(
        &self,
    ) -> impl DoubleEndedIterator<Item = ListedSegment> + ExactSizeIterator + '_ {
        (0..self.listed).map(|nth| {
            let entry = self.entry(self.gone + nth);
            let sequence = self.first_sequence.wrapping_add(nth as u64);
            ListedSegment::new(entry.id, sequence, entry.extinf)
                .with_wall(entry.has_wall.then_some(entry.wall))
                .with_program_date_time(entry.date())
                .with_discontinuity(entry.discontinuity)
        })
    }

    /// Lists a finished segment and unlists those that must leave for it.
    pub(crate) fn push(&mut self, segment: &Segment) -> Listed {
        let mut listed = Listed::default();
        if self.listed == Self::CAPACITY {
            self.unlist();
            listed.window_full = true;
        }
        self.append(Entry::new(&ListedSegment::from(segment)));
        let needed = segment.extinf.ceil_secs();
        if needed > self.target {
            listed.outgrown = Some(match self.target_duration {
                TargetDuration::HighWater => Outgrown::Grew(needed),
                TargetDuration::Declared(_) => Outgrown::Violated(needed),
            });
            self.target = needed;
        }
        self.trim();
        self.note_length();
        listed
    }

    /// Takes a segment that has left the list, if its expiry was not reported yet.
    pub(crate) fn take_expired(&mut self) -> Option<ExpiredSegment> {
        self.gone = self.gone.checked_sub(1)?;
        let entry = self.entry(0);
        self.head = (self.head + 1) % RING;
        let keep_millis = i64::from(entry.extinf.millis()) + i64::from(entry.longest_millis);
        Some(ExpiredSegment {
            id: entry.id,
            sequence: self.first_sequence.wrapping_sub(self.gone as u64 + 1),
            wall: entry.has_wall.then_some(entry.wall),
            keep_for: TickSpan::from_millis(keep_millis),
        })
    }

    fn trim(&mut self) {
        while self.listed > self.count {
            let rest = self.length_millis() - u64::from(self.entry(self.gone).extinf.millis());
            if self.policy == WindowPolicy::AtLeastThreeTargets
                && rest < 3000 * u64::from(self.target.secs())
            {
                break;
            }
            self.unlist();
        }
    }

    fn unlist(&mut self) {
        if self.listed > 0 {
            self.discontinuity_sequence += u64::from(self.entry(self.gone).discontinuity);
            self.gone += 1;
            self.listed -= 1;
            self.first_sequence = self.first_sequence.wrapping_add(1);
        }
    }

    /// Returns the duration of all listed segments.
    fn length_millis(&self) -> u64 {
        (0..self.listed).map(|nth| u64::from(self.entry(self.gone + nth).extinf.millis())).sum()
    }

    /// Notes, on every listed segment, a playlist as long as it is now.
    fn note_length(&mut self) {
        let length = u32::try_from(self.length_millis()).unwrap_or(u32::MAX);
        for nth in 0..self.listed {
            let at = (self.head + self.gone + nth) % RING;
            if let Some(entry) = self.ring.get_mut(at) {
                entry.longest_millis = entry.longest_millis.max(length);
            }
        }
    }

    fn append(&mut self, entry: Entry) {
        if self.gone + self.listed == RING {
            // Its expiry was never reported: only a host that restores more than fits comes here.
            self.unlist();
            self.gone -= 1;
            self.head = (self.head + 1) % RING;
        }
        let at = (self.head + self.gone + self.listed) % RING;
        if let Some(slot) = self.ring.get_mut(at) {
            *slot = entry;
            self.listed += 1;
        }
    }

    fn entry(&self, nth: usize) -> Entry {
        self.ring.get((self.head + nth) % RING).copied().unwrap_or(Entry::VACANT)
    }
}

impl Entry {
    const VACANT: Self = Self {
        id: 0,
        wall: WallTime::from_unix_millis(0),
        extinf: Millis::new(0),
        longest_millis: 0,
        date_offset_millis: 0,
        has_wall: false,
        has_date: false,
        discontinuity: false,
    };

    fn new(segment: &ListedSegment) -> Self {
        // The stamp and the date of one segment are seconds apart; a host's clock that leaps by
        // weeks loses the stamp.
        let wall = segment.wall.or(segment.program_date_time);
        let offset = segment
            .program_date_time
            .zip(wall)
            .map(|(date, wall)| date.unix_millis().wrapping_sub(wall.unix_millis()));
        let offset = offset.map(i32::try_from);
        Self {
            id: segment.id,
            wall: wall.unwrap_or(WallTime::from_unix_millis(0)),
            extinf: segment.extinf,
            longest_millis: 0,
            date_offset_millis: offset.and_then(Result::ok).unwrap_or(0),
            has_wall: segment.wall.is_some(),
            has_date: matches!(offset, Some(Ok(_))),
            discontinuity: segment.discontinuity,
        }
    }

    fn date(&self) -> Option<WallTime> {
        self.has_date.then(|| self.wall.offset(i64::from(self.date_offset_millis)))
    }
}

/// Entries of the ring: one more than are listed, for the segment that leaves while another comes.
const RING: usize = 112;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, FragCount, Options};
    use crate::segment::Cause;
    use crate::time::Ticks;
    use std::vec::Vec;

    fn window(count: u32, policy: WindowPolicy) -> Window {
        let frag_count = FragCount::new(count).unwrap();
        Window::new(
            Config::new(Options { frag_count, window: policy, ..Options::default() })
                .unwrap()
                .options(),
        )
    }

    fn segment(id: u64, millis: u32, discontinuity: bool) -> Segment {
        Segment {
            id,
            sequence: id,
            start: Ticks::new(0),
            duration: TickSpan::from_millis(i64::from(millis)),
            extinf: Millis::new(millis),
            bytes: 188,
            frames: 1,
            key_frames: 1,
            longest_gop: TickSpan::ZERO,
            wall: None,
            program_date_time: None,
            discontinuity,
            starts_with_idr: true,
            cause: Cause::KeyFrame,
        }
    }

    #[test]
    fn h_06_o_32_the_newest_segments_stay_and_the_media_sequence_counts_those_that_left() {
        let mut window = window(3, WindowPolicy::Exactly);
        for id in 0..300 {
            window.push(&segment(id, 5000, false));
            let expired: Vec<_> = core::iter::from_fn(|| window.take_expired()).collect();
            let listed: Vec<_> =
                window.segments().map(|segment| (segment.id, segment.sequence)).collect();
            let want: Vec<_> = (id.saturating_sub(2)..=id).map(|id| (id, id)).collect();
            assert_eq!(listed, want);
            assert_eq!(
                expired.iter().map(|gone| gone.sequence).collect::<Vec<_>>(),
                id.checked_sub(3).into_iter().collect::<Vec<_>>()
            );
        }
    }

    #[test]
    fn r_46_of_more_segments_than_fit_the_newest_are_restored() {
        let mut window = window(3, WindowPolicy::Exactly);
        window.restore(7, 0, Secs::new(5));
        let all = 2 * RING as u64 + 9;
        for id in 0..all {
            window.restore_segment(&ListedSegment::new(id, 7 + id, Millis::new(5000)));
        }
        let listed: Vec<_> =
            window.segments().map(|segment| (segment.id, segment.sequence)).collect();
        let want: Vec<_> = (all - RING as u64..all).map(|id| (id, 7 + id)).collect();
        assert_eq!(listed, want);
        assert_eq!(window.take_expired(), None);
    }

    #[test]
    fn h_08_r_18_the_discontinuity_sequence_grows_when_a_tagged_segment_leaves() {
        let mut window = window(2, WindowPolicy::Exactly);
        let mut grown = Vec::new();
        for (id, tagged) in [false, true, false, true, true, false, false].into_iter().enumerate() {
            window.push(&segment(id as u64, 5000, tagged));
            grown.push(window.discontinuity_sequence);
        }
        assert_eq!(grown, [0, 0, 0, 1, 1, 2, 3]);
    }

    #[test]
    fn x2_three_targets_stay_listed_where_the_policy_says_so() {
        let mut window = window(1, WindowPolicy::AtLeastThreeTargets);
        let lens: Vec<_> = [5000, 4960, 5000, 5000, 5000]
            .map(|millis| {
                window.push(&segment(0, millis, false));
                window.segments().len()
            })
            .into();
        assert_eq!(lens, [1, 2, 3, 4, 3], "14.96 s are less than three targets of 5 s");
    }

    #[test]
    fn x2_three_targets_are_those_of_the_version_that_lists_them() {
        let mut window = window(1, WindowPolicy::AtLeastThreeTargets);
        window.push(&segment(0, 40, false));
        window.push(&segment(1, 9000, false));
        let listed = window.segments().len();
        assert_eq!((window.target, listed), (Secs::new(9), 2));
    }

    #[test]
    fn x2_a_full_window_says_so() {
        let mut window = window(1, WindowPolicy::AtLeastThreeTargets);
        window.target = Secs::new(60);
        let full: Vec<_> = (0..114)
            .map(|id| {
                let pushed = window.push(&segment(id, 1000, false));
                while window.take_expired().is_some() {}
                pushed.window_full
            })
            .collect();
        assert_eq!(full.iter().position(|&full| full), Some(Window::CAPACITY));
        assert_eq!(window.segments().len(), Window::CAPACITY);
    }

    #[test]
    fn h_11_an_expired_segment_is_kept_for_itself_and_the_longest_playlist_it_was_in() {
        let mut window = window(2, WindowPolicy::Exactly);
        for (id, millis) in [(0, 4000), (1, 9000), (2, 5000)] {
            window.push(&segment(id, millis, false));
        }
        assert_eq!(window.take_expired().unwrap().keep_for, TickSpan::from_millis(4000 + 13_000));
        window.push(&segment(3, 1000, false));
        assert_eq!(window.take_expired().unwrap().keep_for, TickSpan::from_millis(9000 + 14_000));
    }

    #[test]
    fn r_23_the_target_grows_and_never_shrinks() {
        let mut window = window(3, WindowPolicy::Exactly);
        assert_eq!(window.target, Secs::new(5));
        assert_eq!(window.push(&segment(0, 5000, false)).outgrown, None);
        assert_eq!(
            window.push(&segment(1, 5001, false)).outgrown,
            Some(Outgrown::Grew(Secs::new(6)))
        );
        assert_eq!(window.target, Secs::new(6));
        assert_eq!(window.push(&segment(2, 5500, false)).outgrown, None);
        assert_eq!(window.target, Secs::new(6));
    }

    #[test]
    fn h_11_x2_every_segment_that_leaves_a_full_window_expires() {
        let mut window = window(1, WindowPolicy::AtLeastThreeTargets);
        window.target = Secs::new(60);
        let mut expired = Vec::new();
        for id in 0..300 {
            window.push(&segment(id, 1000, false));
            while let Some(gone) = window.take_expired() {
                expired.push(gone.id);
            }
        }
        let first = window.segments().next().unwrap().id;
        assert_eq!(expired, (0..first).collect::<Vec<_>>());
    }
}
