//! How segments begin and end, and what the playlist says of them.

use super::Apply;
use crate::audio::GATHERED;
use crate::config::End;
use crate::cut::{
    AudioTrackState, Continuity, Cut, First, OpenSegment, Phase, Quiet, Request, Seam,
    VideoTrackState,
};
use crate::mux::{Container, Muxer, Streams};
use crate::notice::{NoticeAmount, NoticeKind};
use crate::playlist::Outgrown;
use crate::resume::ListEnd;
use crate::segment::{AbortedSegment, Cause};
use crate::sink::SegmentSink;
use crate::time::{TickSpan, Ticks};

impl<C: Container, S: SegmentSink + ?Sized> Apply<'_, C, S> {
    /// Begins a segment at `at`, with tables that list what there is.
    #[cold]
    pub(super) fn begin_segment(&mut self, at: Ticks, first: First) {
        let state = &mut self.channel.state;
        let opening = state.opening(at, first);
        if let First::Picture { .. } = first {
            state.video.track.join();
        }
        if opening.audio_is_missing {
            state.audio.track = AudioTrackState::Absent;
            self.note(NoticeKind::TrackMissing, at, NoticeAmount::None);
        }
        let has_left = matches!(self.channel.state.video.track, VideoTrackState::Left(_));
        if has_left && self.channel.mux.program().video.is_some() {
            self.tell_left(at);
        }
        // Audio that leaves with this segment joins at a later one, if it comes back.
        if self.channel.state.audio.track.leaves() {
            self.part_with_audio(at);
        } else {
            self.join_audio();
        }
        let state = &mut self.channel.state;
        let is_first = state.first_start.is_none();
        state.first_start.get_or_insert(at);
        if opening.program.video.is_some() {
            let too_old = state.audio.gather.drop_before(at - GATHERED);
            self.tally(NoticeKind::AudioBeforeKeyFrame, too_old);
        }
        let channel = &mut *self.channel;
        let (sets, audio) = (channel.video.sets(), channel.state.audio.track.format());
        let streams = Streams { program: opening.program, sets, audio };
        if channel.mux.set_streams(&streams) {
            channel.state.continuity.break_off();
        }
        let continuity = core::mem::replace(&mut channel.state.continuity, Continuity::Continues);
        if let First::Picture { .. } = first {
            channel.state.begin_pictures(continuity);
        }
        if continuity == Continuity::Broken {
            channel.mux.rewind(at);
        }
        channel.notices.begin_segment();
        let is_broken = continuity == Continuity::Broken;
        let mut start = channel.list.open_segment(at, is_broken, opening.starts_with_idr);
        start.init = channel.mux.init_of(start.id);
        channel.state.phase = Phase::Open(OpenSegment::new(start, opening.program));
        let has_parts = channel.state.options.parts.is_some();
        if is_first && has_parts && start.program_date_time.is_none() {
            self.note(NoticeKind::UndatedParts, at, NoticeAmount::None);
        }
        let channel = &mut *self.channel;
        let (sets, audio) = (channel.video.sets(), channel.state.audio.track.format());
        let streams = Streams { program: opening.program, sets, audio };
        let init = channel.mux.new_init(&streams, start.id, |init| self.sink.init_section(init));
        let opened = init.and_then(|()| self.sink.open_segment(&start));
        self.keep_segment(opened);
        self.write(|mux, out| mux.begin_segment(out, at));
    }

    /// Lets a segment begin without audio that the tables have listed until now.
    fn part_with_audio(&mut self, at: Ticks) {
        // What is held has waited for this segment, and finds no track there.
        self.drop_held(NoticeKind::AudioNotJoined);
        let state = &mut self.channel.state;
        state.audio.part();
        if self.channel.mux.program().audio.is_some() {
            self.tell_left(at);
        }
    }

    /// Tells that a track has left the tables. Those of an earlier publication say nothing of this
    /// one.
    fn tell_left(&mut self, at: Ticks) {
        if self.channel.state.first_start.is_some() {
            self.note(NoticeKind::TrackLeft, at, NoticeAmount::None);
        }
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
        if end == End::List && !told {
            if self.channel.list.is_empty() {
                let now = self.channel.state.now;
                self.note(NoticeKind::NothingListed, now, NoticeAmount::None);
            } else {
                self.publish(ListEnd::Ends);
            }
        }
    }

    /// Finishes the open segment, with all that belongs to it. The list ends with it, or goes on.
    fn close_segment(&mut self, cut: Cut, list_end: ListEnd) {
        self.flush_audio();
        let interval = self.channel.state.video.clock.interval();
        // Where parts are promised, frames are no further apart than is said there.
        let parts = self.channel.state.options.parts;
        let interval = parts.map_or(interval, |parts| interval.min(parts.gap()));
        let next = (cut.seam == Seam::Whole).then_some(cut.at);
        self.write(|mux, out| mux.end_segment(out, next, interval));
        let channel = &mut *self.channel;
        let Some(open) = channel.state.phase.open() else {
            return;
        };
        let silence = channel.state.options.jump_limit;
        let open_has_pictures = open.has_pictures();
        let end = match cut.seam {
            Seam::Whole => cut.at,
            Seam::Broken => open.last_frame_ends(interval, silence).unwrap_or(cut.at),
        };
        // Audio that went on without video has shown too late that a part would be too long.
        let longest = parts.map(|parts| open.part.start + parts.target());
        let end = longest.map_or(end, |longest| end.min(longest));
        if !self.close_part(end) {
            return;
        }
        let channel = &mut *self.channel;
        let Some(open) = channel.state.phase.open() else {
            return;
        };
        let extinf = channel.list.extinf(open.duration_to(end));
        let segment = open.finished(end, cut.cause, extinf);
        if let Err(error) = self.sink.close_segment(&segment) {
            return self.lose_segment(error, end);
        }
        self.channel.state.phase.take_open();
        if open_has_pictures && cut.seam == Seam::Whole {
            self.correct_frame_rate(segment.frames, segment.duration);
        }
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

    /// Ends the part that is being written before the sample at `at`, and begins another with it.
    #[cold]
    pub(super) fn end_part(&mut self, at: Ticks) {
        self.flush_audio();
        self.write(|mux, out| mux.end_part(out, at));
        if !self.channel.state.phase.is_open() || !self.close_part(at) {
            return;
        }
        self.publish(ListEnd::GoesOn);
        if let Some(open) = self.channel.state.phase.open_mut() {
            open.part = open.part.next(at, open.bytes);
        }
        self.write(|mux, out| mux.begin_part(out, at));
    }

    /// Closes the part that is being written, where segments have parts; returns whether the
    /// segment is still there.
    fn close_part(&mut self, end: Ticks) -> bool {
        let Some(parts) = self.channel.state.options.parts else {
            return true;
        };
        let Some(open) = self.channel.state.phase.open() else {
            return false;
        };
        let part = open.finished_part(end, parts.target());
        if let Err(error) = self.sink.close_part(&part) {
            self.lose_segment(error, end);
            return false;
        }
        self.channel.list.add_part(&part);
        true
    }

    /// Tells the frame rate of a segment where parameter sets have stated quite another.
    fn correct_frame_rate(&mut self, frames: u32, duration: TickSpan) {
        let stated = self.channel.totals.video.track();
        if let Some(track) = stated.and_then(|track| track.corrected(frames, duration)) {
            self.tell_video_track(track);
        }
    }

    /// Publishes the playlist as it is, and tells what has left it.
    fn publish(&mut self, list_end: ListEnd) {
        let open = self.channel.state.phase.open().map(|open| open.start);
        let token = self.channel.resume_token(list_end);
        let playlist = self.channel.list.playlist(token, open.as_ref());
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
        self.channel.list.lose_parts();
        self.channel.mux.roll_back();
        self.note(NoticeKind::SinkFailed, time, NoticeAmount::None);
    }
}
