//! How segments begin and end, and what the playlist says of them.

use super::Apply;
use crate::audio::GATHERED;
use crate::config::End;
use crate::cut::{
    AudioTrackState, Continuity, Cut, First, OpenSegment, Phase, Quiet, Request, Seam,
};
use crate::notice::{NoticeAmount, NoticeKind};
use crate::playlist::Outgrown;
use crate::segment::{AbortedSegment, Cause};
use crate::sink::SegmentSink;
use crate::time::Ticks;

impl<S: SegmentSink> Apply<'_, S> {
    /// Begins a segment at `at`, with tables that list what there is.
    #[cold]
    pub(super) fn begin_segment(&mut self, at: Ticks, first: First) {
        let state = &mut self.channel.state;
        let opening = state.opening(at, first);
        state.first_start.get_or_insert(at);
        if let First::Picture { .. } = first {
            state.video.track.join();
        }
        if opening.audio_is_missing {
            state.audio.track = AudioTrackState::Absent;
            self.note(NoticeKind::TrackMissing, at, NoticeAmount::None);
        }
        self.join_audio();
        let state = &mut self.channel.state;
        if opening.program.video.is_some() {
            let too_old = state.audio.gather.drop_before(at - GATHERED);
            self.tally(NoticeKind::AudioBeforeKeyFrame, too_old);
        }
        let channel = &mut *self.channel;
        if opening.program != channel.mux.state().program {
            channel.state.continuity.break_off();
        }
        let continuity = core::mem::replace(&mut channel.state.continuity, Continuity::Continues);
        if continuity == Continuity::Broken {
            channel.mux.rewind(at);
        }
        channel.mux.set_program(opening.program);
        channel.notices.begin_segment();
        let is_broken = continuity == Continuity::Broken;
        let start = channel.list.open_segment(at, is_broken, opening.starts_with_idr);
        channel.state.phase = Phase::Open(OpenSegment::new(start, opening.program));
        let opened = self.sink.open_segment(&start);
        self.keep_segment(opened);
        self.write(|mux, out| mux.begin_segment(out, at));
    }

    /// Ends the open segment before the sample at the cut.
    #[cold]
    pub(super) fn end_segment(&mut self, cut: Cut) {
        if !self.channel.state.phase.is_open() {
            return;
        }
        self.channel.state.request = Request::None;
        self.close_segment(cut, ListEnd::GoesOn);
        if cut.seam == Seam::Broken {
            self.channel.state.continuity.break_off();
        }
        if cut.cause == Cause::Discontinuity {
            self.channel.mux.break_timeline();
        }
    }

    /// Ends the open segment, if there is one, with its last frame, and the timeline with it.
    pub(super) fn end_timeline(&mut self, at: Ticks) {
        let cut = Cut { at, cause: Cause::Discontinuity, seam: Seam::Broken };
        self.close_segment(cut, ListEnd::GoesOn);
        let channel = &mut *self.channel;
        channel.state.request = Request::None;
        channel.state.phase = Phase::Idle;
        channel.state.continuity.break_off();
        channel.mux.break_timeline();
    }

    /// Ends the list, or pauses it.
    pub(super) fn end_list(&mut self, end: End) {
        let cut = Cut { at: self.channel.state.now, cause: Cause::End, seam: Seam::Broken };
        let list_end = match end {
            End::List => ListEnd::Ends,
            End::Pause => ListEnd::GoesOn,
        };
        let was_open = self.channel.state.phase.is_open();
        self.close_segment(cut, list_end);
        let told = was_open && !self.lost;
        if end == End::List && !told && !self.channel.list.is_empty() {
            self.publish(ListEnd::Ends);
        }
    }

    /// Finishes the open segment, with all that belongs to it. The list ends with it, or goes on.
    fn close_segment(&mut self, cut: Cut, list_end: ListEnd) {
        self.flush_audio();
        if cut.seam == Seam::Whole {
            self.write(|mux, out| mux.bridge(out, cut.at));
        }
        let channel = &mut *self.channel;
        let Some(open) = channel.state.phase.open() else {
            return;
        };
        let interval = channel.state.video.clock.interval();
        let silence = channel.state.options.jump_limit;
        let end = match cut.seam {
            Seam::Whole => cut.at,
            Seam::Broken => open.last_frame_ends(interval, silence).unwrap_or(cut.at),
        };
        let extinf = channel.list.extinf(open.duration_to(end));
        let segment = open.finished(end, cut.cause, extinf);
        if let Err(error) = self.sink.close_segment(&segment) {
            return self.lose_segment(error, end);
        }
        self.channel.state.phase.take_open();
        let listed = self.channel.list.add(&segment);
        self.publish(list_end);
        match listed.outgrown {
            Some(Outgrown::Grew(secs)) => {
                self.note(NoticeKind::TargetGrew, end, NoticeAmount::Target(secs))
            }
            Some(Outgrown::Violated(secs)) => {
                self.note(NoticeKind::TargetViolated, end, NoticeAmount::Target(secs));
            }
            None => {}
        }
        if listed.window_full {
            self.note(NoticeKind::WindowFull, end, NoticeAmount::None);
        }
    }

    /// Publishes the playlist as it is, and tells what has left it.
    fn publish(&mut self, list_end: ListEnd) {
        let token = self.channel.resume_token();
        let playlist = self.channel.list.playlist(list_end == ListEnd::Ends, token);
        if let Err(error) = self.sink.update_playlist(playlist) {
            self.first_error.get_or_insert(error);
        }
        while let Some(expired) = self.channel.list.take_expired() {
            self.sink.expire_segment(&expired);
        }
    }

    /// Gives the open segment up if a call for it has failed.
    #[inline]
    pub(super) fn keep_segment(&mut self, result: Result<(), S::Error>) {
        if let Err(error) = result {
            self.lose_segment(error, self.channel.state.now);
        }
    }

    /// Gives the open segment up: its media sequence number goes to the next one.
    #[cold]
    fn lose_segment(&mut self, error: S::Error, time: Ticks) {
        self.first_error.get_or_insert(error);
        self.lost = true;
        self.channel.state.quiet = Quiet::NEVER;
        if let Some(open) = self.channel.state.phase.take_open() {
            self.sink.abort_segment(&AbortedSegment { id: open.start.id, bytes: open.bytes });
            self.channel.state.continuity.break_off();
        }
        self.channel.mux.roll_back();
        self.note(NoticeKind::SinkFailed, time, NoticeAmount::None);
    }
}

/// Whether the list ends with the segment that ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ListEnd {
    GoesOn,
    Ends,
}
