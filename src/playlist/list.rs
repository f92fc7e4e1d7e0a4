//! The list of a stream: the numbers and dates that segments get, and the window over the newest of
//! them.

use crate::config::Options;
use crate::resume::{ListNumbers, ResumeToken};
use crate::segment::{ExpiredSegment, Segment, SegmentStart};
use crate::time::{Millis, Secs, TickSpan, Ticks, WallTime};

use super::window::Window;
use super::{ListedSegment, Playlist};

/// Numbers, dates and window.
#[derive(Clone, Debug)]
pub(crate) struct List {
    next_id: u64,
    /// Rounding error of the EXTINFs so far: what the next one owes.
    extinf_error: TickSpan,
    /// Calendar time as the host said it last.
    now: Option<WallTime>,
    /// Wall time of the last segment: the next one's is later.
    last_wall: Option<WallTime>,
    /// Program date-time of the next segment if it follows the last one.
    next_date: Option<WallTime>,
    independent_segments: bool,
    window: Window,
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

impl List {
    pub(crate) const fn new(options: &Options) -> Self {
        Self {
            next_id: 0,
            extinf_error: TickSpan::ZERO,
            now: None,
            last_wall: None,
            next_date: None,
            independent_segments: options.independent_segments,
            window: Window::new(options),
        }
    }

    pub(crate) const fn set_wall_time(&mut self, now: WallTime) {
        self.now = Some(now);
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
        let follows = !discontinuity && !self.is_empty();
        let wall = self.now.map(|now| self.last_wall.map_or(now, |last| now.max(last.offset(1))));
        let date = match self.next_date {
            Some(next) if follows => Some(next),
            next => wall.map(|wall| next.map_or(wall, |next| wall.max(next))),
        };
        self.last_wall = wall.or(self.last_wall);
        self.next_date = date;
        let id = self.next_id;
        self.next_id += 1;
        SegmentStart {
            id,
            sequence: self.window.next_sequence(),
            start,
            wall,
            // A clock that leaps by weeks leaves the dates back: none is given until a
            // discontinuity sets them again.
            program_date_time: date.filter(|&date| wall.is_none_or(|wall| is_near(date, wall))),
            discontinuity,
            starts_with_idr,
        }
    }

    /// Returns EXTINF of a segment of this duration, with the rounding error of those before added.
    pub(crate) fn extinf(&self, duration: TickSpan) -> Millis {
        let owed = duration + self.extinf_error;
        Millis::new(u32::try_from(owed.round_millis().max(0)).unwrap_or(u32::MAX))
    }

    /// Lists a segment that the sink has closed.
    pub(crate) fn add(&mut self, segment: &Segment) -> Listed {
        let extinf = i64::from(segment.extinf.millis());
        self.extinf_error += segment.duration - segment.extinf.span();
        self.next_date = self.next_date.map(|date| date.offset(extinf));
        self.window.push(segment)
    }

    /// Returns the playlist as it is; `token` lets a later engine go on from here.
    pub(crate) const fn playlist(&self, ended: bool, token: ResumeToken) -> Playlist<'_> {
        Playlist::new(&self.window, self.independent_segments, ended, token)
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
            last_wall: self.last_wall,
        }
    }

    /// Takes the numbers of an earlier engine; its segments follow.
    pub(crate) fn restore(&mut self, numbers: &ListNumbers) {
        self.next_id = numbers.next_id;
        self.extinf_error = TickSpan::new(i64::from(numbers.extinf_error));
        self.last_wall = numbers.last_wall;
        self.window.restore(numbers.first_sequence, numbers.discontinuity_sequence, numbers.target);
    }

    /// Lists a segment of an earlier engine again; the date of the next one follows from its date.
    pub(crate) fn restore_segment(&mut self, segment: &ListedSegment) {
        self.window.restore_segment(segment);
        let date = segment.program_date_time;
        self.next_date = date.map(|date| date.offset(i64::from(segment.extinf.millis())));
    }
}

/// Returns whether a date is less than some weeks from the wall clock.
fn is_near(date: WallTime, wall: WallTime) -> bool {
    i32::try_from(date.unix_millis().saturating_sub(wall.unix_millis())).is_ok()
}
