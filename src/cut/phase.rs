//! The life of a segment as decisions see it: waited for, open, ended.
//!
//! What is true only while a segment is open lives in [`OpenSegment`], and is gone with it.

use super::part::{Entry, OpenPart};
use crate::part::Part;
use crate::segment::{Cause, Segment, SegmentStart};
use crate::stream_type::Program;
use crate::time::{Millis, TickSpan, Ticks};

/// Where the engine is in the life of a segment.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Phase {
    /// No segment is open, and no sample has waited for one.
    Idle,
    /// No segment is open: samples have waited for one since then.
    Waiting { since: Ticks },
    /// A segment is open.
    Open(OpenSegment),
    /// The list has ended.
    Ended,
}

/// The open segment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OpenSegment {
    pub(crate) start: SegmentStart,
    /// The elementary streams that its tables list.
    pub(crate) program: Program,
    /// Bytes that the sink has taken.
    pub(crate) bytes: u64,
    /// Pictures; audio frames where there is no video.
    pub(crate) frames: u32,
    pub(crate) key_frames: u32,
    /// DTS of the last one, or the start of the segment.
    pub(crate) last_key_frame: Ticks,
    pub(crate) longest_gop: TickSpan,
    /// DTS of the last picture.
    pub(crate) last_picture: Option<Ticks>,
    /// Where the last audio frame that was written ends.
    pub(crate) audio_end: Option<Ticks>,
    /// When pictures began to wait for a key frame, in a segment of audio alone.
    pub(crate) pictures_wait_since: Option<Ticks>,
    /// The part that is being written.
    pub(crate) part: OpenPart,
}

impl Phase {
    /// Returns the open segment.
    #[inline]
    pub(crate) const fn open(&self) -> Option<&OpenSegment> {
        match self {
            Self::Open(open) => Some(open),
            Self::Idle | Self::Waiting { .. } | Self::Ended => None,
        }
    }

    /// Returns the open segment.
    #[inline]
    pub(crate) const fn open_mut(&mut self) -> Option<&mut OpenSegment> {
        match self {
            Self::Open(open) => Some(open),
            Self::Idle | Self::Waiting { .. } | Self::Ended => None,
        }
    }

    #[inline]
    pub(crate) const fn is_open(&self) -> bool {
        matches!(self, Self::Open(_))
    }

    /// Returns since when samples have waited for a segment, `time` included.
    pub(crate) fn waiting_since(&self, time: Ticks) -> Ticks {
        match self {
            Self::Waiting { since } => *since,
            Self::Open(open) => open.pictures_wait_since.unwrap_or(time),
            Self::Idle | Self::Ended => time,
        }
    }

    /// Notes that a sample at `time` waits.
    pub(crate) fn wait(&mut self, time: Ticks) {
        match self {
            Self::Idle => *self = Self::Waiting { since: time },
            Self::Open(open) => {
                open.pictures_wait_since.get_or_insert(time);
            }
            Self::Waiting { .. } | Self::Ended => {}
        }
    }

    /// Takes the open segment, which has ended or is lost. Pictures that waited for a key frame in
    /// it go on waiting.
    pub(crate) fn take_open(&mut self) -> Option<OpenSegment> {
        let open = *self.open()?;
        *self = match open.pictures_wait_since {
            Some(since) => Self::Waiting { since },
            None => Self::Idle,
        };
        Some(open)
    }
}

impl OpenSegment {
    pub(crate) const fn new(start: SegmentStart, program: Program) -> Self {
        Self {
            start,
            program,
            bytes: 0,
            frames: 0,
            key_frames: 0,
            last_key_frame: start.start,
            longest_gop: TickSpan::ZERO,
            last_picture: None,
            audio_end: None,
            pictures_wait_since: None,
            part: OpenPart::first(start.start),
        }
    }

    /// Returns whether audio is all there is.
    #[inline]
    pub(crate) const fn is_audio_alone(&self) -> bool {
        self.program.video.is_none()
    }

    /// Returns whether a picture was written.
    #[inline]
    pub(crate) const fn has_pictures(&self) -> bool {
        self.last_picture.is_some()
    }

    /// Returns whether a picture or audio was written.
    pub(crate) const fn has_media(&self) -> bool {
        self.has_pictures() || self.audio_end.is_some()
    }

    /// Notes a picture that was written.
    #[inline]
    pub(crate) const fn add_picture(&mut self, dts: Ticks) {
        self.frames += 1;
        self.last_picture = Some(dts);
    }

    /// Notes that the picture which was written last is a key frame.
    pub(crate) fn add_key_frame(&mut self, dts: Ticks) {
        self.key_frames += 1;
        self.part.entry = Entry::Possible;
        self.longest_gop = self.longest_gop.max(dts - self.last_key_frame);
        self.last_key_frame = dts;
    }

    /// Returns the duration of the segment if it ends at `end`.
    pub(crate) fn duration_to(&self, end: Ticks) -> TickSpan {
        (end - self.start.start).max(TickSpan::ZERO)
    }

    /// Describes the segment as finished at `end`.
    pub(crate) fn finished(&self, end: Ticks, cause: Cause, extinf: Millis) -> Segment {
        let start = &self.start;
        Segment {
            id: start.id,
            sequence: start.sequence,
            start: start.start,
            duration: self.duration_to(end),
            extinf,
            bytes: self.bytes,
            frames: self.frames,
            key_frames: self.key_frames,
            longest_gop: self.longest_gop.max(end - self.last_key_frame),
            wall: start.wall,
            program_date_time: start.program_date_time,
            discontinuity: start.discontinuity,
            starts_with_idr: start.starts_with_idr,
            init: start.init,
            cause,
        }
    }

    /// Describes the part that is being written as finished at `end`, of at most `longest`.
    pub(crate) fn finished_part(&self, end: Ticks, longest: TickSpan) -> Part {
        let part = &self.part;
        let duration = end - part.start;
        Part {
            segment: self.start.id,
            sequence: self.start.sequence,
            index: part.index,
            start: part.start,
            duration: duration.clamp(TickSpan::ZERO, longest),
            offset: part.offset,
            bytes: self.bytes - part.offset,
            independent: self.is_audio_alone() || part.entry == Entry::Possible,
        }
    }

    /// Notes `frames` of audio that were written up to `end`; they count where there is no video.
    pub(crate) const fn add_audio(&mut self, end: Ticks, frames: u32) {
        self.audio_end = Some(end);
        if self.is_audio_alone() {
            self.frames += frames;
        }
    }

    /// Returns where the segment ends if nothing follows on the same timeline: with its last
    /// picture, which lasts for `interval`; with its audio where there is no picture, where
    /// video fell silent beside it for longer than `silence`, or where video came back to show
    /// what is before the segment's beginning.
    pub(crate) fn last_frame_ends(&self, interval: TickSpan, silence: TickSpan) -> Option<Ticks> {
        let Some(last) = self.last_picture else {
            return self.audio_end;
        };
        let video = last + interval;
        let is_silent = self.audio_end.is_some_and(|audio| audio - video > silence);
        let is_before = video <= self.start.start;
        let audio = self.audio_end.filter(|_| is_silent || is_before);
        audio.or(Some(video))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{AUDIO_ALONE, at, fresh};
    use crate::config::Options;

    #[test]
    fn x8_pictures_wait_since_the_first_of_them_and_longer_than_the_segment_lasts() {
        let mut phase = fresh(Options::default()).open(0, AUDIO_ALONE).phase;
        assert_eq!(phase.waiting_since(at(700)), at(700));
        phase.wait(at(800));
        phase.wait(at(840));
        assert_eq!(phase.waiting_since(at(900)), at(800));
        assert!(phase.take_open().is_some());
        phase.wait(at(1_000));
        assert_eq!(phase.waiting_since(at(1_100)), at(800));
    }

    #[test]
    fn nothing_has_waited_where_a_segment_ends_that_nothing_waited_in() {
        let mut phase = fresh(Options::default()).open(0, AUDIO_ALONE).phase;
        assert!(phase.take_open().is_some());
        assert_eq!(phase.waiting_since(at(900)), at(900));
        phase.wait(at(1_000));
        assert_eq!(phase.waiting_since(at(1_100)), at(1_000));
        assert!(phase.take_open().is_none());
    }
}
