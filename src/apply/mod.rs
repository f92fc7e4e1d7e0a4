//! Plans carried out: the only place that sees a sink and its errors.
//!
//! A failed call costs the open segment. What a plan has in store after that is still done as far
//! as it can be; the first error of all goes to the caller.
//!
//! ```text
//!   PicturePlan, AudioPlan ──► this file ──┬─► segment   a segment begins, ends, is lost; the playlist follows
//!                                          └─► write     pictures and audio go into the open segment
//! ```

mod channel;
mod segment;
mod write;

pub(crate) use channel::Channel;

use crate::codec::audio::AudioFormat;
use crate::config::End;
use crate::cut::{
    AudioFate, AudioPlan, Begin, EarlyAudio, First, HeldAudio, Jump, PartEnd, PictureFate,
    PicturePlan, may_begin_alone,
};
use crate::demux::Findings;
use crate::mux::Container;
use crate::notice::{NoticeAmount, NoticeKind};
use crate::part::PartLog;
use crate::sample::{AudioBatch, PictureInput};
use crate::sink::SegmentSink;
use crate::time::Ticks;
use crate::timeline::{Alignment, JudgedAudio, Repair, Verdict};
use crate::track::{AudioTrack, Track, VideoTrack};

/// An engine with a sink lent to it for one call.
pub(crate) struct Apply<'a, C: Container, S: SegmentSink + ?Sized> {
    channel: &'a mut Channel<C>,
    sink: &'a mut S,
    first_error: Option<S::Error>,
    /// A segment was lost in this call.
    lost: bool,
}

impl<'a, C: Container, S: SegmentSink + ?Sized> Apply<'a, C, S> {
    #[inline]
    pub(crate) const fn new(channel: &'a mut Channel<C>, sink: &'a mut S) -> Self {
        Self { channel, sink, first_error: None, lost: false }
    }

    /// Returns the first error of the sink.
    #[inline]
    pub(crate) fn result(self) -> Result<(), S::Error> {
        self.first_error.map_or(Ok(()), Err)
    }

    /// Carries out what was decided about a picture.
    #[inline(always)]
    pub(crate) fn picture(&mut self, plan: &PicturePlan, picture: &PictureInput<'_>) {
        let tag = picture.timing.tag;
        let state = &mut self.channel.state;
        let verdict = match plan.jump {
            None if plan.fate == PictureFate::Outlier => Verdict::Outlier,
            None => Verdict::GoesOn,
            Some(jump) => Verdict::Jump(jump.by),
        };
        state.timeline.take_video(tag, verdict);
        if verdict != Verdict::Outlier {
            state.now = tag;
        }
        if let Some(jump) = plan.jump {
            self.jump(jump);
        }
        if plan.fate != PictureFate::Written {
            return self.other_picture(plan.fate, picture);
        }
        let times = self.channel.state.video.clock.place(&picture.timing);
        if times.wild || times.repair != Repair::None {
            self.tell_video_times(times);
        }
        self.flush_late_audio(times.dts);
        if let Some(cut) = plan.end {
            self.end_segment(cut);
        }
        if C::Parts::KEEPS && plan.part == PartEnd::Before {
            self.end_part(times.dts);
        }
        if plan.begin != Begin::Never {
            self.begin_with_picture(plan.begin, picture, times.dts);
        }
        self.write_picture(picture, times);
    }

    /// Begins a segment with a picture if none is open.
    #[cold]
    fn begin_with_picture(&mut self, begin: Begin, picture: &PictureInput<'_>, dts: Ticks) {
        let is_open = self.channel.state.phase.is_open();
        if !is_open && (begin == Begin::Always || !self.lost) {
            let random_access = picture.contents.random_access;
            self.begin_segment(dts, First::Picture { random_access });
        }
    }

    /// Takes what is not written as a picture of its own.
    #[cold]
    fn other_picture(&mut self, fate: PictureFate, picture: &PictureInput<'_>) {
        let kind = match fate {
            PictureFate::Written => return,
            PictureFate::RestOfLast => return self.write_rest_of_picture(picture),
            PictureFate::Dropped(kind) => kind,
            PictureFate::Outlier => NoticeKind::VideoWrongTimeline,
            PictureFate::AwaitsKeyFrame => {
                self.channel.state.phase.wait(picture.timing.tag);
                NoticeKind::VideoBeforeKeyFrame
            }
        };
        let clock = &mut self.channel.state.video.clock;
        if let Some(interval) = picture.timing.stated_interval {
            clock.expect_interval(interval);
        }
        if kind == NoticeKind::LeadingPicture {
            // Its time passes, and shows how frames follow each other.
            clock.place(&picture.timing);
        }
        self.tally(kind, 1);
        self.channel.video.drop_carried();
    }

    /// Carries out what was decided about the audio of a tag.
    #[inline(always)]
    pub(crate) fn audio(&mut self, plan: &AudioPlan, judged: &JudgedAudio, batch: &AudioBatch<'_>) {
        let state = &mut self.channel.state;
        state.timeline.take_audio(judged);
        if let AudioFate::OffTimeline(kind) = plan.fate {
            return self.tally(kind, 1);
        }
        state.now = batch.time;
        if *plan == AudioPlan::WRITE {
            self.gather(batch);
        } else {
            self.audio_by_plan(plan, batch);
        }
    }

    fn audio_by_plan(&mut self, plan: &AudioPlan, batch: &AudioBatch<'_>) {
        self.before_audio(plan, batch.time);
        match plan.fate {
            AudioFate::Gathered | AudioFate::Held if self.takes_audio() => self.gather(batch),
            AudioFate::Gathered | AudioFate::Held => self.hold(batch),
            AudioFate::TooLarge(kind) => {
                self.channel.state.audio.clock.skip();
                self.tally(kind, 1);
            }
            AudioFate::NotJoined => self.tally(NoticeKind::AudioNotJoined, 1),
            AudioFate::OffTimeline(kind) => self.tally(kind, 1),
        }
        if plan.flush {
            self.flush_audio();
        }
    }

    /// Does what a plan says comes before the frames.
    fn before_audio(&mut self, plan: &AudioPlan, time: Ticks) {
        if let Some(jump) = plan.jump {
            self.jump(jump);
        }
        match plan.early {
            EarlyAudio::Unchanged => {}
            EarlyAudio::Begins => {
                self.flush_audio();
                self.drop_held(NoticeKind::AudioBeforeKeyFrame);
                let state = &mut self.channel.state;
                state.audio.set_aside(time, &mut state.timeline.alignment);
            }
            EarlyAudio::Ends => {
                let state = &mut self.channel.state;
                state.audio.take_back(&mut state.timeline.alignment);
                self.drop_held(NoticeKind::AudioWrongTimeline);
            }
        }
        if let Some(cut) = plan.end {
            self.end_segment(cut);
        }
        if let Some(at) = plan.part {
            self.end_part(at);
        }
        if plan.joins {
            self.join_audio();
        }
        let state = &mut self.channel.state;
        if !state.phase.is_open() && !state.timeline.alignment.is_audio_early() {
            state.phase.wait(time);
            if let Some(at) = plan.begin {
                self.begin_segment(at, First::Audio);
            }
        }
    }

    /// Ends everything that is on the old timeline; what follows is on a new one.
    #[cold]
    fn jump(&mut self, jump: Jump) {
        let now = self.channel.state.now;
        self.note(NoticeKind::TimelineJump, now, NoticeAmount::Span(jump.by));
        if let HeldAudio::Crossed { since } = jump.held {
            // The frame that an open segment begins with stays: the segment may have no other.
            let open = self.channel.state.phase.open().filter(|open| !open.has_media());
            let since = open.map_or(since, |open| since.max(open.start.start));
            let dropped = self.channel.state.audio.gather.drop_after(since);
            self.tally(NoticeKind::AudioWrongTimeline, dropped);
        }
        self.end_timeline(now);
        let state = &mut self.channel.state;
        state.video.clock.restart();
        match jump.held {
            HeldAudio::Adopted { first } => state.timeline.adopt_audio(first),
            HeldAudio::Crossed { .. } => {
                state.timeline.keep_audio();
                state.audio.clock.restart();
                self.drop_held(NoticeKind::AudioWrongTimeline);
            }
            HeldAudio::Dropped(kind) => {
                state.audio.clock.restart();
                self.drop_held(kind);
            }
        }
        let alignment = &mut self.channel.state.timeline.alignment;
        if alignment.is_audio_early() {
            *alignment = Alignment::Together;
        }
    }

    /// Takes how audio frames are coded that come from now on.
    #[cold]
    pub(crate) fn audio_format(&mut self, format: AudioFormat) {
        if let Some(change) = self.channel.state.set_audio_format(format) {
            self.tally(NoticeKind::AudioNotJoined, change.dropped);
            let track = AudioTrack::from(&format);
            self.channel.totals.audio.describe(track);
            self.sink.track(&Track::Audio(track));
        }
    }

    /// Takes the format of the frames that come for that of the segments. Frames of the one before
    /// it that still wait are of a segment that was lost.
    fn join_audio(&mut self) {
        if self.channel.state.audio.track.holds_carried() {
            self.drop_held(NoticeKind::AudioNotJoined);
        }
        let state = &mut self.channel.state;
        state.audio.join(&mut state.timeline.alignment);
    }

    /// Ends the stream: what waits is written, the open segment is closed and listed.
    pub(crate) fn finish(&mut self, end: End) {
        let is_early = self.channel.state.timeline.alignment.is_audio_early();
        if !self.channel.state.phase.is_open() && !is_early {
            self.join_audio();
            let state = &self.channel.state;
            let first = state.audio.gather.first_pts();
            // A segment without either track would be none.
            let may_begin = !state.audio.track.leaves()
                && may_begin_alone(state, state.timeline.video_now(), state.options.track_wait);
            if let Some(first) = first.filter(|_| may_begin) {
                self.begin_segment(first, First::Audio);
            }
        }
        self.end_list(end);
        // Audio that was early for a jump that video never made belongs to no timeline; other audio
        // has waited for a picture that never came.
        self.drop_held(if is_early {
            NoticeKind::AudioWrongTimeline
        } else {
            NoticeKind::AudioBeforeKeyFrame
        });
    }

    /// Drops the frames that wait, counted as `kind`.
    fn drop_held(&mut self, kind: NoticeKind) {
        let dropped = self.channel.state.audio.gather.clear();
        self.tally(kind, dropped);
    }

    /// Tells what was found out about a tag.
    #[cold]
    pub(crate) fn findings(&mut self, findings: &Findings) {
        for found in findings.iter() {
            let names_codec = found.kind.names_codec();
            let amount = if names_codec { findings.codec } else { NoticeAmount::None };
            self.tally_amount(found.kind, found.times as usize, amount);
        }
        if let Some(Track::Video(track)) = findings.track {
            self.tell_video_track(track);
        }
    }

    /// Tells what the video track is, if that is new.
    pub(super) fn tell_video_track(&mut self, track: VideoTrack) {
        if self.channel.totals.video.describe(track) {
            self.sink.track(&Track::Video(track));
        }
    }

    /// Tells something that is told every time.
    #[cold]
    fn note(&mut self, kind: NoticeKind, time: Ticks, amount: NoticeAmount) {
        let notice = self.channel.notices.note(kind, time, amount);
        self.sink.notice(&notice);
    }

    /// Counts something that comes with tag after tag: only the first one in a segment is told.
    #[cold]
    pub(crate) fn tally(&mut self, kind: NoticeKind, times: usize) {
        self.tally_amount(kind, times, NoticeAmount::None);
    }

    fn tally_amount(&mut self, kind: NoticeKind, times: usize, amount: NoticeAmount) {
        let now = self.channel.state.now;
        for _ in 0..times {
            if let Some(notice) = self.channel.notices.tally(kind, now, amount) {
                self.sink.notice(&notice);
            }
        }
    }
}
