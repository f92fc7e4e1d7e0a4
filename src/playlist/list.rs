//! The list of a stream: the numbers and dates that segments get, and the window over the newest of
//! them.

use crate::config::{Options, Parts};
use crate::part::{Part, PartLog};
use crate::resume::{ListNumbers, ResumeToken};
use crate::segment::{ExpiredSegment, Segment, SegmentStart};
use crate::stats::{BitRates, RateMeter};
use crate::time::{Millis, Secs, TickSpan, Ticks, WallTime};

use super::dates::{Dates, Follows};
use super::live::Live;
use super::window::Window;
use super::{ListedSegment, Playlist};

/// Numbers, dates and window.
#[derive(Clone, Debug)]
pub(crate) struct List<P> {
    next_id: u64,
    /// Rounding error of the EXTINFs so far: what the next one owes.
    extinf_error: TickSpan,
    dates: Dates,
    independent_segments: bool,
    window: Window,
    rates: RateMeter,
    part_target: Option<Parts>,
    parts: P,
}

/// What listing a segment led to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) outgrown: Option<Outgrown>,
    /// A segment left only because there was no room.
    pub(crate) window_full: bool,
}

/// How the target duration took a segment that was longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outgrown {
    Grew(Secs),
    Violated(Secs),
}

impl<P: PartLog> List<P> {
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            next_id: 0,
            extinf_error: TickSpan::ZERO,
            dates: Dates::new(options.dates),
            independent_segments: options.independent_segments,
            window: Window::new(options),
            rates: RateMeter::new(),
            part_target: options.parts,
            parts: P::new(),
        }
    }

    pub(crate) const fn set_wall_time(&mut self, now: WallTime) {
        self.dates.set_wall_time(now);
    }

    /// Returns whether no segment was ever listed.
    pub(crate) const fn is_empty(&self) -> bool {
        self.window.is_empty()
    }

    /// Numbers and dates a segment that begins at `start`. Nothing precedes the first segment of a
    /// list: it is never tagged with EXT-X-DISCONTINUITY, even if `discontinuity` says so.
    pub(crate) fn open_segment(
        &mut self,
        start: Ticks,
        discontinuity: bool,
        starts_with_idr: bool,
    ) -> SegmentStart {
        let discontinuity = discontinuity && !self.is_empty();
        let follows = if discontinuity || self.is_empty() { Follows::No } else { Follows::Yes };
        let dated = self.dates.begin(follows);
        let id = self.next_id;
        self.next_id = self.next_id.wrapping_add(1);
        SegmentStart {
            id,
            sequence: self.window.next_sequence(),
            start,
            wall: dated.stamp,
            program_date_time: dated.date,
            discontinuity,
            starts_with_idr,
            init: None,
        }
    }

    /// Returns EXTINF of a segment of this duration, with the rounding error of those before added.
    pub(crate) fn extinf(&self, duration: TickSpan) -> Millis {
        let owed = duration + self.extinf_error;
        Millis::new(u32::try_from(owed.round_millis().max(0)).unwrap_or(u32::MAX))
    }

    /// Lists a segment that the sink has closed.
    pub(crate) fn add(&mut self, segment: &Segment) -> Listed {
        self.extinf_error += segment.duration - segment.extinf.span();
        self.dates.end(segment.extinf);
        let listed = self.window.push(segment);
        self.rates.add(segment.bytes, segment.extinf, self.window.target);
        if let Some(parts) = self.parts.ring_mut() {
            parts.close_segment();
            parts.keep_segments(self.window.with_parts(TickSpan::ZERO, self.part_target));
        }
        listed
    }

    /// Lists a part that the sink has closed.
    pub(crate) fn add_part(&mut self, part: &Part) {
        if let Some(parts) = self.parts.ring_mut() {
            parts.push(part);
            parts.keep_segments(self.window.with_parts(parts.open_span(), self.part_target));
        }
    }

    /// Forgets the parts of the open segment, which is lost.
    pub(crate) fn lose_parts(&mut self) {
        if let Some(parts) = self.parts.ring_mut() {
            parts.drop_open();
        }
    }

    /// Makes a gap of a listed segment; returns whether it is listed.
    pub(crate) fn make_gap(&mut self, id: u64) -> bool {
        self.window.make_gap(id)
    }

    /// Returns the bit rates of the segments that were listed.
    pub(crate) fn bit_rates(&self) -> Option<BitRates> {
        self.rates.rates()
    }

    /// Returns the playlist as it is; `token` lets a later engine go on from here. `open` is the
    /// segment that is being written.
    pub(crate) fn playlist(&self, token: ResumeToken, open: Option<&SegmentStart>) -> Playlist<'_> {
        let ring = self.parts.ring();
        let live = self.part_target.zip(ring).map(|(parts, ring)| Live {
            parts,
            ring,
            open: open.map(ListedSegment::from),
            next_id: self.next_id,
        });
        Playlist::new(&self.window, self.independent_segments, token, live)
    }

    /// Takes a segment that has left the list, if its expiry was not reported yet.
    pub(crate) fn take_expired(&mut self) -> Option<ExpiredSegment> {
        self.window.take_expired()
    }

    /// Returns the list's share of a resume token.
    pub(crate) fn numbers(&self) -> ListNumbers {
        ListNumbers {
            first_sequence: self.window.first_sequence,
            listed: self.window.segments().len() as u8,
            discontinuity_sequence: self.window.discontinuity_sequence,
            next_id: self.next_id,
            target: self.window.target,
            extinf_error: self.extinf_error.get() as i8,
            last_wall: self.dates.last_stamp(),
        }
    }

    /// Takes the numbers of an earlier engine; its segments follow.
    pub(crate) fn restore(&mut self, numbers: &ListNumbers) {
        self.next_id = numbers.next_id;
        self.extinf_error = TickSpan::new(i64::from(numbers.extinf_error));
        self.dates.restore(numbers.last_wall);
        self.window.restore(numbers.first_sequence, numbers.discontinuity_sequence, numbers.target);
    }

    /// Lists a segment of an earlier engine again; the date of the next one follows from its date.
    pub(crate) fn restore_segment(&mut self, segment: &ListedSegment) {
        self.window.restore_segment(segment);
        self.dates.restore_segment(segment.program_date_time, segment.extinf);
    }
}
