//! The segments that the playlist lists, in an inline ring, and the numbers that must never go
//! wrong.

use crate::config::{Options, Parts, PlaylistVersion, TargetDuration, WindowPolicy};
use crate::resume::MOST_LISTED;
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
    /// Initialization section of that entry, and of those behind it up to one that has its own.
    head_init: Option<u64>,
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
    pub(super) version: PlaylistVersion,
    count: usize,
    policy: WindowPolicy,
}

/// A listed segment, packed: the ring is a third of the engine's memory, and is read once a
/// segment. Without padding an entry has 29 bytes instead of 32.
#[derive(Clone, Copy, Debug)]
#[repr(Rust, packed)]
struct Entry {
    id: u64,
    wall: WallTime,
    extinf: Millis,
    /// Duration of the longest playlist that listed the segment.
    longest_millis: u32,
    /// Program date-time less `wall`.
    date_offset_millis: i32,
    flags: Flags,
}

/// What is true of a listed segment.
#[derive(Clone, Copy, Debug)]
struct Flags(u8);

impl Window {
    /// The most segments that are ever listed: 100 of FragCount and eleven to keep three target
    /// durations.
    pub(crate) const CAPACITY: usize = RING - 1;

    pub(crate) const fn new(options: &Options) -> Self {
        Self {
            ring: [Entry::VACANT; RING],
            head: 0,
            head_init: None,
            gone: 0,
            listed: 0,
            first_sequence: options.first_sequence,
            discontinuity_sequence: 0,
            target: match options.target_duration {
                TargetDuration::HighWater => Secs::new(options.frag_duration.secs()),
                TargetDuration::Declared(secs) => secs,
            },
            target_duration: options.target_duration,
            version: options.playlist_version,
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

    /// Lists a segment of an earlier engine again, after those already restored. The earlier engine
    /// may have rounded the target otherwise.
    pub(crate) fn restore_segment(&mut self, segment: &ListedSegment) {
        self.target = self.target.max(self.version.target_for(segment.extinf));
        self.append(Entry::new(segment), segment.init);
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
    ) -> impl DoubleEndedIterator<Item = ListedSegment> + ExactSizeIterator + Clone + '_ {
        (0..self.listed).map(|nth| {
            let entry = self.entry(self.gone + nth);
            let sequence = self.first_sequence.wrapping_add(nth as u64);
            ListedSegment::new(entry.id, sequence, entry.extinf)
                .with_wall(entry.stamp())
                .with_program_date_time(entry.date())
                .with_discontinuity(entry.flags.has(Flags::DISCONTINUITY))
                .with_gap(entry.flags.has(Flags::GAP))
                .with_init(self.init(self.gone + nth))
        })
    }

    /// Lists a finished segment and unlists those that must leave for it.
    pub(crate) fn push(&mut self, segment: &Segment) -> Listed {
        let mut listed = Listed::default();
        if self.listed == Self::CAPACITY {
            self.unlist();
            listed.window_full = true;
        }
        self.append(Entry::new(&ListedSegment::from(segment)), segment.init);
        let needed = self.version.target_for(segment.extinf);
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

    /// Makes a gap of a listed segment; returns whether it is listed.
    pub(crate) fn make_gap(&mut self, id: u64) -> bool {
        let Some(nth) = (0..self.listed).find(|nth| self.entry(self.gone + nth).id == id) else {
            return false;
        };
        if let Some(entry) = self.ring.get_mut((self.head + self.gone + nth) % RING) {
            entry.flags = entry.flags.with(Flags::GAP, true);
        }
        true
    }

    /// Takes a segment that has left the list, if its expiry was not reported yet.
    pub(crate) fn take_expired(&mut self) -> Option<ExpiredSegment> {
        self.gone = self.gone.checked_sub(1)?;
        let entry = self.entry(0);
        let init = self.head_init;
        self.drop_head();
        let sequence = self.first_sequence.wrapping_sub(self.gone as u64 + 1);
        Some(entry.expiry(sequence, init.filter(|_| self.head_init != init)))
    }

    /// Iterates over what would expire, oldest first, if the list were taken away.
    pub(crate) fn expiries(
        &self,
    ) -> impl DoubleEndedIterator<Item = ExpiredSegment> + ExactSizeIterator + Clone + '_ {
        (0..self.listed).map(|nth| {
            let at = self.gone + nth;
            let later = if nth + 1 < self.listed { self.init(at + 1) } else { None };
            let init = self.init(at).filter(|_| later != self.init(at));
            self.entry(at).expiry(self.first_sequence.wrapping_add(nth as u64), init)
        })
    }

    /// Returns of how many segments, the newest, the parts are listed, where the list ends `open`
    /// behind them: two, or as many as players begin with, but none that begins three target
    /// durations before the end.
    pub(crate) fn with_parts(&self, open: TickSpan, parts: Option<Parts>) -> usize {
        let least = parts.map_or(TickSpan::ZERO, |parts| parts.target() * PARTS_TO_BEGIN_WITH);
        let most = self.target.span() * 3;
        let mut span = open;
        let with_parts = (0..self.listed).rev().enumerate().take_while(|(count, nth)| {
            let is_needed = *count < 2 || span < least;
            span += self.entry(self.gone + nth).extinf.span();
            is_needed && span <= most
        });
        with_parts.count()
    }

    /// Forgets the oldest entry.
    fn drop_head(&mut self) {
        self.head_init = self.init(1);
        self.head = (self.head + 1) % RING;
    }

    /// Returns the id of the initialization section of an entry.
    fn init(&self, nth: usize) -> Option<u64> {
        let entries = (1..=nth).rev().map(|nth| self.entry(nth));
        let own = entries.into_iter().find(|entry| entry.flags.has(Flags::INIT));
        own.map(|entry| entry.id).or(self.head_init)
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
            let flags = self.entry(self.gone).flags;
            self.discontinuity_sequence += u64::from(flags.has(Flags::DISCONTINUITY));
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
                entry.longest_millis = length.max(entry.longest_millis);
            }
        }
    }

    fn append(&mut self, entry: Entry, init: Option<u64>) {
        if self.gone + self.listed == RING {
            // Its expiry was never reported: only a host that restores more than fits comes here.
            self.unlist();
            self.gone -= 1;
            self.drop_head();
        }
        if self.gone + self.listed == 0 {
            self.head_init = init;
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
        flags: Flags(0),
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
            flags: Flags(0)
                .with(Flags::WALL, segment.wall.is_some())
                .with(Flags::DATE, matches!(offset, Some(Ok(_))))
                .with(Flags::DISCONTINUITY, segment.discontinuity)
                .with(Flags::GAP, segment.gap)
                .with(Flags::INIT, segment.init == Some(segment.id)),
        }
    }

    fn expiry(self, sequence: u64, init: Option<u64>) -> ExpiredSegment {
        let keep_millis = i64::from(self.extinf.millis()) + i64::from(self.longest_millis);
        let keep_for = TickSpan::from_millis(keep_millis);
        ExpiredSegment { id: self.id, sequence, wall: self.stamp(), init, keep_for }
    }

    fn stamp(self) -> Option<WallTime> {
        self.flags.has(Flags::WALL).then_some(self.wall)
    }

    fn date(self) -> Option<WallTime> {
        let offset = i64::from(self.date_offset_millis);
        self.flags.has(Flags::DATE).then(|| self.wall.offset(offset))
    }
}

impl Flags {
    /// The segment has a wall time of its own.
    const WALL: u8 = 1;
    /// It has a program date-time.
    const DATE: u8 = 2;
    /// EXT-X-DISCONTINUITY precedes it.
    const DISCONTINUITY: u8 = 4;
    /// It was lost after it had been closed.
    const GAP: u8 = 8;
    /// The initialization section that has its id goes before it.
    const INIT: u8 = 16;

    const fn has(self, flag: u8) -> bool {
        self.0 & flag != 0
    }

    const fn with(self, flag: u8, holds: bool) -> Self {
        Self(if holds { self.0 | flag } else { self.0 })
    }
}

/// What players begin with, in Part Target Durations: PART-HOLD-BACK, and one more.
const PARTS_TO_BEGIN_WITH: i64 = 4;

/// Entries of the ring: one more than are listed, for the segment that leaves while another comes.
const RING: usize = 112;

const _: () = assert!(Window::CAPACITY == MOST_LISTED as usize);

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
            init: None,
            cause: Cause::KeyFrame,
        }
    }

    fn of_init(id: u64, init: u64) -> Segment {
        Segment { init: Some(init), ..segment(id, 5000, id == init && id > 0) }
    }

    #[test]
    fn mp4_10_a_section_is_that_of_its_segment_and_expires_with_the_last_that_needs_it() {
        let mut window = window(2, WindowPolicy::Exactly);
        let mut expired = Vec::new();
        for (id, init) in [(0, 0), (1, 0), (2, 2), (3, 2), (4, 4), (5, 4), (6, 4)] {
            window.push(&of_init(id, init));
            let listed: Vec<_> = window.segments().filter_map(|segment| segment.init).collect();
            let want = [id.saturating_sub(1), id].map(|id| id - id % 2);
            let want = if id == 6 { [4, 4] } else { want };
            assert_eq!(listed, want[usize::from(id == 0)..], "{id}");
            expired.extend(core::iter::from_fn(|| window.take_expired()));
        }
        let expired: Vec<_> = expired.iter().map(|expired| (expired.id, expired.init)).collect();
        assert_eq!(expired, [(0, None), (1, Some(0)), (2, None), (3, Some(2)), (4, None)]);
    }

    #[test]
    fn mp4_10_a_section_outlives_a_restart() {
        let mut window = window(3, WindowPolicy::Exactly);
        window.restore(7, 0, Secs::new(5));
        for id in 7..10 {
            let segment = ListedSegment::new(id, id, Millis::new(5000)).with_init(Some(4));
            window.restore_segment(&segment);
        }
        window.push(&of_init(10, 10));
        let inits: Vec<_> = window.segments().map(|segment| segment.init).collect();
        assert_eq!(inits, [Some(4), Some(4), Some(10)]);
        window.push(&of_init(11, 10));
        window.push(&of_init(12, 10));
        let expired: Vec<_> = core::iter::from_fn(|| window.take_expired()).collect();
        let inits: Vec<_> = expired.iter().map(|expired| expired.init).collect();
        assert_eq!(inits, [None, None, Some(4)]);
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
            window.push(&segment(1, 5500, false)).outgrown,
            Some(Outgrown::Grew(Secs::new(6)))
        );
        assert_eq!(window.target, Secs::new(6));
        assert_eq!(window.push(&segment(2, 5499, false)).outgrown, None);
        assert_eq!(window.target, Secs::new(6));
    }

    #[test]
    fn h_17_only_a_listed_segment_becomes_a_gap_and_stays_one() {
        let mut window = window(3, WindowPolicy::Exactly);
        let gaps = |window: &Window| -> Vec<_> {
            window.segments().filter(|segment| segment.gap).map(|segment| segment.id).collect()
        };
        for id in 10..14 {
            window.push(&segment(id, 5000, id == 12));
        }
        for (id, listed) in [(9, false), (10, false), (12, true), (12, true), (14, false)] {
            assert_eq!(window.make_gap(id), listed, "{id}");
        }
        assert_eq!(gaps(&window), [12]);
        let tagged: Vec<_> = window.segments().map(|segment| segment.discontinuity).collect();
        assert_eq!(tagged, [false, true, false]);
        // The ring wraps with the gap in it.
        for id in 14..16 + RING as u64 {
            while window.take_expired().is_some() {}
            window.push(&segment(id, 5000, false));
            assert_eq!(gaps(&window), if id < 15 { &[12][..] } else { &[] });
        }
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
