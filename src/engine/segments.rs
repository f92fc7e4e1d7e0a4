//! The life of a segment: opened, written, closed or aborted; and what the playlist says of it.

use crate::config::{Config, TargetDuration};
use crate::playlist::{ListedSegment, Playlist, Window};
use crate::resume::ResumeToken;
use crate::segment::{AbortedSegment, Cause, Segment, SegmentStart};
use crate::sink::SegmentSink;
use crate::time::{TickSpan, Ticks, WallTime};

use super::mux::Mux;
use super::output::Output;

/// The open segment, the finished ones, and the numbers they get.
#[derive(Clone, Debug)]
pub(super) struct Segments {
    window: Window,
    open: Option<Open>,
    next_id: u64,
    /// Rounding error of the EXTINFs so far: what the next one owes.
    carry: TickSpan,
    /// The next segment does not follow the one before it.
    discontinuity: bool,
    /// A segment was listed, by this engine or the one it resumes.
    listed: bool,
    now: Option<WallTime>,
    last_wall: Option<WallTime>,
    /// Program date-time of the next segment if it follows the last one.
    next_date: Option<WallTime>,
    independent: bool,
    declared_target: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Open {
    start: SegmentStart,
    bytes: u64,
    frames: u32,
    key_frames: u32,
    last_key_frame: Ticks,
    longest_gop: TickSpan,
    /// DTS of the last picture.
    last_picture: Option<Ticks>,
    audio_end: Option<Ticks>,
}

/// How the target duration took a segment that was longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outgrown {
    Grew(u32),
    Violated(u32),
}

/// What closing a segment led to.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Closed {
    pub(super) outgrown: Option<Outgrown>,
    pub(super) window_full: bool,
}

impl Segments {
    pub(super) const fn new(config: &Config) -> Self {
        let options = config.options();
        Self {
            window: Window::new(config),
            open: None,
            next_id: 0,
            carry: TickSpan::ZERO,
            discontinuity: false,
            listed: false,
            now: None,
            last_wall: None,
            next_date: None,
            independent: options.independent_segments,
            declared_target: matches!(options.target_duration, TargetDuration::Declared(_)),
        }
    }

    pub(super) const fn set_wall_time(&mut self, now: WallTime) {
        self.now = Some(now);
    }

    /// Returns when the open segment began, or `None` while none is open.
    pub(super) fn open_since(&self) -> Option<Ticks> {
        self.open.as_ref().map(|open| open.start.start)
    }

    pub(super) const fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Returns DTS of the last picture in the open segment.
    pub(super) fn last_picture(&self) -> Option<Ticks> {
        self.open.as_ref()?.last_picture
    }

    /// Returns where the last audio in the open segment ends.
    pub(super) fn audio_end(&self) -> Option<Ticks> {
        self.open.as_ref()?.audio_end
    }

    pub(super) const fn window(&self) -> &Window {
        &self.window
    }

    /// Has the next segment begin behind EXT-X-DISCONTINUITY.
    pub(super) const fn break_off(&mut self) {
        self.discontinuity = true;
    }

    /// Says whether the next segment begins behind EXT-X-DISCONTINUITY, or would if there were one before it.
    pub(super) const fn is_broken_off(&self) -> bool {
        self.discontinuity
    }

    /// Opens a segment and writes its tables.
    pub(super) fn open<S: SegmentSink>(
        &mut self,
        sink: &mut S,
        mux: &mut Mux,
        at: Ticks,
        idr: bool,
    ) -> Result<(), S::Error> {
        // The first segment of a list is never tagged: there is nothing before it.
        let discontinuity = core::mem::take(&mut self.discontinuity) && self.listed;
        let wall = self
            .now
            .map(|now| self.last_wall.map_or(now, |last| now.max(last.offset(1))));
        let date = match self.next_date {
            Some(next) if self.listed && !discontinuity => Some(next),
            next => wall.map(|wall| next.map_or(wall, |next| wall.max(next))),
        };
        (self.last_wall, self.next_date) = (wall.or(self.last_wall), date);
        // A clock that leaps by weeks leaves the dates behind: none is told until a discontinuity sets them anew.
        let near = |date: WallTime, wall: WallTime| {
            i32::try_from(date.unix_millis().saturating_sub(wall.unix_millis())).is_ok()
        };
        let date = date.filter(|&date| wall.is_none_or(|wall| near(date, wall)));
        let start = SegmentStart {
            id: self.next_id,
            sequence: self.window.next_sequence(),
            start: at,
            wall,
            program_date_time: date,
            discontinuity,
            starts_with_idr: idr,
        };
        self.next_id += 1;
        let open = Open {
            start,
            bytes: 0,
            frames: 0,
            key_frames: 0,
            last_key_frame: at,
            longest_gop: TickSpan::ZERO,
            last_picture: None,
            audio_end: None,
        };
        self.open = Some(open);
        sink.open_segment(&start)?;
        let mut out = Output {
            sink,
            bytes: &mut self.open.insert(open).bytes,
        };
        mux.begin_segment(&mut out, &start)
    }

    /// Returns where packets of the open segment go.
    #[inline]
    pub(super) fn output<'a, S>(&'a mut self, sink: &'a mut S) -> Option<Output<'a, S>> {
        self.open.as_mut().map(|open| Output {
            sink,
            bytes: &mut open.bytes,
        })
    }

    /// Notes a picture that was written into the open segment.
    #[inline]
    pub(super) fn wrote_picture(&mut self, dts: Ticks, key_frame: bool) {
        if let Some(open) = &mut self.open {
            open.frames += 1;
            open.last_picture = Some(dts);
            if key_frame {
                open.key_frames += 1;
                open.longest_gop = open.longest_gop.max(dts - open.last_key_frame);
                open.last_key_frame = dts;
            }
        }
    }

    /// Notes audio that was written into the open segment, of which so many `frames` count: none where video leads.
    pub(super) fn wrote_audio(&mut self, end: Ticks, frames: u32) {
        if let Some(open) = &mut self.open {
            open.frames += frames;
            open.audio_end = Some(end);
        }
    }

    /// Finishes the open segment at `end` and publishes the playlist that names it.
    ///
    /// An error of `close_segment` aborts the segment; one of `update_playlist` is put into `trouble` and costs nothing.
    pub(super) fn close<S: SegmentSink>(
        &mut self,
        sink: &mut S,
        mux: &Mux,
        (end, cause): (Ticks, Cause),
        ended: bool,
        trouble: &mut Option<S::Error>,
    ) -> Result<Closed, S::Error> {
        let Some(open) = self.open else {
            return Ok(Closed::default());
        };
        let duration = (end - open.start.start).max(TickSpan::ZERO);
        let owed = duration + self.carry;
        let extinf_millis = u32::try_from(owed.round_millis().max(0)).unwrap_or(u32::MAX);
        let segment = Segment {
            id: open.start.id,
            sequence: open.start.sequence,
            start: open.start.start,
            duration,
            extinf_millis,
            bytes: open.bytes,
            frames: open.frames,
            key_frames: open.key_frames,
            longest_gop: open.longest_gop.max(end - open.last_key_frame),
            wall: open.start.wall,
            program_date_time: open.start.program_date_time,
            discontinuity: open.start.discontinuity,
            starts_with_idr: open.start.starts_with_idr,
            cause,
        };
        if let Err(error) = sink.close_segment(&segment) {
            self.abort(sink);
            return Err(error);
        }
        self.open = None;
        self.listed = true;
        self.carry = owed - TickSpan::from_millis(i64::from(extinf_millis));
        self.next_date = self
            .next_date
            .map(|date| date.offset(i64::from(extinf_millis)));
        let pushed = self.window.push(&segment);
        self.publish(sink, mux, ended, trouble);
        let outgrown = pushed.outgrown.map(|secs| {
            if self.declared_target {
                Outgrown::Violated(secs)
            } else {
                Outgrown::Grew(secs)
            }
        });
        Ok(Closed {
            outgrown,
            window_full: pushed.full,
        })
    }

    /// Publishes the playlist as it is, and tells what has left it.
    pub(super) fn publish<S: SegmentSink>(
        &mut self,
        sink: &mut S,
        mux: &Mux,
        ended: bool,
        trouble: &mut Option<S::Error>,
    ) {
        let playlist = Playlist::new(&self.window, self.independent, ended, self.token(mux));
        if let Err(error) = sink.update_playlist(playlist) {
            trouble.get_or_insert(error);
        }
        while let Some(expired) = self.window.take_expired() {
            sink.expire_segment(&expired);
        }
    }

    /// Gives up the open segment; its media sequence number goes to the next one.
    pub(super) fn abort<S: SegmentSink>(&mut self, sink: &mut S) {
        if let Some(open) = self.open.take() {
            sink.abort_segment(&AbortedSegment {
                id: open.start.id,
                bytes: open.bytes,
            });
            self.discontinuity = true;
        }
    }

    pub(super) fn token(&self, mux: &Mux) -> ResumeToken {
        let (program, pmt_version, counters) = mux.state();
        let stream_type =
            |stream: Option<crate::ts::StreamType>| stream.map_or(0, crate::ts::StreamType::get);
        ResumeToken {
            first_sequence: self.window.first_sequence(),
            listed: self.window.segments().len() as u8,
            discontinuity_sequence: self.window.discontinuity_sequence(),
            next_id: self.next_id,
            target_secs: self.window.target_duration(),
            carry: self.carry.get() as i8,
            counters,
            pmt_version,
            program: [stream_type(program.video), stream_type(program.audio)],
            last_wall: self.last_wall.map_or(i64::MIN, WallTime::unix_millis),
        }
    }

    /// Takes the numbers of an earlier engine; its segments follow.
    pub(super) fn restore(&mut self, token: &ResumeToken) {
        self.next_id = token.next_id;
        self.carry = TickSpan::new(i64::from(token.carry));
        self.last_wall =
            (token.last_wall != i64::MIN).then(|| WallTime::from_unix_millis(token.last_wall));
        self.listed = token.listed > 0;
        self.discontinuity = true;
        self.window.restore(
            token.first_sequence,
            token.discontinuity_sequence,
            token.target_secs,
        );
    }

    /// Lists a segment of an earlier engine again; what it dated is not dated again.
    pub(super) fn restore_segment(&mut self, segment: &ListedSegment) {
        self.window.restore_segment(segment);
        let date = segment.program_date_time;
        self.next_date = date.map(|date| date.offset(i64::from(segment.extinf_millis)));
    }
}
