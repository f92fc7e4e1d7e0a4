//! How segments begin and end, and what a break of the timeline takes with it.

use crate::notice::NoticeKind;
use crate::segment::Cause;
use crate::sink::SegmentSink;
use crate::time::Ticks;
use crate::timeline::{Timeline, Unroller};
use crate::ts::{Program, StreamType};

use super::Segmenter;
use super::segments::Outgrown;

/// What a segment begins with.
#[derive(Clone, Copy)]
pub(super) enum First {
    Picture { idr: bool },
    Audio,
}

/// Where and why a segment ends.
#[derive(Clone, Copy)]
pub(super) struct Cut {
    pub(super) at: Ticks,
    pub(super) cause: Cause,
    pub(super) seam: Seam,
}

/// How the next segment joins on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Seam {
    /// On the same timeline, coded alike: the segment lasts until the next one begins.
    Whole,
    /// Behind EXT-X-DISCONTINUITY, or not at all: the segment ends with its own last frame.
    Broken,
}

impl Segmenter {
    /// Opens a segment at `at`, with tables that list what there is.
    #[cold]
    pub(super) fn begin<S: SegmentSink>(
        &mut self,
        sink: &mut S,
        at: Ticks,
        first: First,
    ) -> Result<(), S::Error> {
        let since = *self.first_start.get_or_insert(at);
        if self.audio.format.is_none()
            && self.audio.announced.is_some()
            && at - since > self.config.track_wait
        {
            self.audio.announced = None;
            self.note(sink, NoticeKind::TrackMissing, at, 0);
        }
        // Video joins with a picture; audio alone does not bring it in.
        self.video.joined |= matches!(first, First::Picture { .. });
        // Where each segment is to be decoded alone, one that audio begins waits for no pictures: a key frame joins it.
        let alone = matches!(first, First::Audio) && self.config.independent_segments;
        let joined = self.video.is_known() && self.video.joined && !alone;
        let video = joined.then_some(StreamType::AVC);
        let audio = self
            .audio
            .format
            .map(|format| format.stream_type())
            .or(self.audio.announced);
        let program = Program { video, audio };
        if self.muxed && program != self.mux.program() {
            self.segments.break_off();
        }
        if self.segments.is_broken_off() {
            self.mux.rewind(at);
        }
        self.mux.mark();
        self.mux.set_program(program);
        self.take_audio_format(sink);
        if program.video.is_some() {
            self.drop_old_held(sink, at);
        }
        (self.muxed, self.waiting_since, self.told) = (true, None, 0);
        let idr = match first {
            First::Picture { idr } => idr,
            First::Audio => video.is_none(),
        };
        let opened = self.segments.open(sink, &mut self.mux, at, idr);
        self.survive(sink, opened)
    }

    /// Ends the open segment before the frame at the cut; says whether it could be finished.
    #[cold]
    pub(super) fn switch<S: SegmentSink>(
        &mut self,
        sink: &mut S,
        trouble: &mut Option<S::Error>,
        cut: Cut,
    ) -> bool {
        self.requested = None;
        // Audio that is coded otherwise joins at any cut, and that is what the cut is told for: it explains the break.
        let cut = match (self.audio_waits_to_join(), cut.seam) {
            (Some(cause), Seam::Whole) => Cut {
                cause,
                seam: Seam::Broken,
                ..cut
            },
            _ => cut,
        };
        let closed = self.close(sink, trouble, cut, false);
        if cut.seam == Seam::Broken {
            self.segments.break_off();
        }
        if cut.cause == Cause::Discontinuity {
            self.mux.break_timeline();
        }
        closed
    }

    /// Finishes the open segment, with all that belongs to it; says whether that went well. The list has `ended` with
    /// it, or goes on.
    pub(super) fn close<S: SegmentSink>(
        &mut self,
        sink: &mut S,
        trouble: &mut Option<S::Error>,
        cut: Cut,
        ended: bool,
    ) -> bool {
        let flushed = self.flush_audio(sink);
        keep_first(trouble, flushed);
        if cut.seam == Seam::Whole {
            let bridged = match self.segments.output(sink) {
                Some(mut out) => self.mux.bridge(&mut out, cut.at),
                None => Ok(()),
            };
            let bridged = self.survive(sink, bridged);
            keep_first(trouble, bridged);
        }
        if !self.segments.is_open() {
            return false;
        }
        let end = match cut.seam {
            Seam::Whole => cut.at,
            Seam::Broken => self.last_frame_ends().unwrap_or(cut.at),
        };
        let finished = self
            .segments
            .close(sink, &self.mux, (end, cut.cause), ended, trouble);
        match finished {
            Ok(closed) => {
                match closed.outgrown {
                    Some(Outgrown::Grew(secs)) => {
                        self.note(sink, NoticeKind::TargetGrew, end, i64::from(secs))
                    }
                    Some(Outgrown::Violated(secs)) => {
                        self.note(sink, NoticeKind::TargetViolated, end, i64::from(secs))
                    }
                    None => {}
                }
                if closed.window_full {
                    self.note(sink, NoticeKind::WindowFull, end, 0);
                }
                true
            }
            Err(error) => {
                trouble.get_or_insert(error);
                self.mux.roll_back();
                self.note(sink, NoticeKind::SinkFailed, end, 0);
                false
            }
        }
    }

    /// Returns where the last frame of the open segment ends: its last picture, or audio where there is none, where video
    /// fell silent beside it, or came back to show what is before the segment's beginning.
    fn last_frame_ends(&self) -> Option<Ticks> {
        let audio = self.segments.audio_end();
        let Some(last) = self.segments.last_picture() else {
            return audio;
        };
        let video = last + self.video.clock.interval();
        let silent = audio.is_some_and(|audio| audio - video > self.config.jump_limit);
        let behind = Some(video) <= self.segments.open_since();
        audio.filter(|_| silent || behind).or(Some(video))
    }

    /// Ends everything that is on the old timeline; frames that follow are on a new one.
    #[cold]
    pub(super) fn break_timeline<S: SegmentSink>(
        &mut self,
        sink: &mut S,
        trouble: &mut Option<S::Error>,
    ) {
        let cut = Cut {
            at: self.now,
            cause: Cause::Discontinuity,
            seam: Seam::Broken,
        };
        self.switch(sink, trouble, cut);
        self.video.clock.restart();
        self.video.last = None;
        if !self.audio.is_ahead() {
            self.audio.clock.restart();
        }
        self.waiting_since = None;
    }

    /// Forgets the publication, and keeps the list.
    pub(super) fn pause(&mut self) {
        self.video.restart(self.config.announced_video);
        self.audio.restart(self.config.announced_audio);
        self.unroller = Unroller::new(self.config.base);
        self.timeline = Timeline::new(&self.config);
        (self.waiting_since, self.first_start, self.requested) = (None, None, None);
        self.segments.break_off();
        self.mux.break_timeline();
    }

    /// Passes a sink's result on; after an error the open segment is given up.
    pub(super) fn survive<S: SegmentSink>(
        &mut self,
        sink: &mut S,
        result: Result<(), S::Error>,
    ) -> Result<(), S::Error> {
        if result.is_err() {
            self.audio.queue.pace = None;
            self.segments.abort(sink);
            self.mux.roll_back();
            self.note(sink, NoticeKind::SinkFailed, self.now, 0);
        }
        result
    }
}

/// Keeps the first error of several.
pub(super) fn keep_first<E>(trouble: &mut Option<E>, result: Result<(), E>) {
    if let Err(error) = result {
        trouble.get_or_insert(error);
    }
}
