//! Audio on its way into PES packets: judged by its time, held while no segment can take it, gathered.

use crate::notice::NoticeKind;
use crate::rules::Decision;
use crate::segment::Cause;
use crate::sink::SegmentSink;
use crate::time::{TickSpan, Ticks};
use crate::timeline::{AudioTime, Step};

use super::incoming::{Frame, Incoming};
use super::lifecycle::{Cut, First, Seam};
use super::output::Sound;
use super::queue::{self, AudioQueue, GATHERED};
use super::{Segmenter, SwitchAt};

impl Segmenter {
    /// Judges the time of coded audio and queues it.
    pub(super) fn place_audio<S: SegmentSink>(
        &mut self,
        incoming: &Incoming<'_>,
        sink: &mut S,
        trouble: &mut Option<S::Error>,
    ) -> Result<(), S::Error> {
        let received = self.unroller.unroll(incoming.time);
        let (step, time) = self.timeline.audio(received);
        match step {
            Step::On => {
                if self.audio.take_clock_back() {
                    self.drop_held(sink, NoticeKind::AudioAstray);
                }
            }
            Step::Jump(by) => {
                self.note(sink, NoticeKind::TimelineJump, time, by.get());
                self.break_timeline(sink, trouble);
                self.drop_held(sink, NoticeKind::AudioAstray);
            }
            Step::Ahead => {
                if !self.audio.is_ahead() {
                    self.flush_audio(sink)?;
                    self.drop_held(sink, NoticeKind::AudioBeforeKeyFrame);
                    self.audio.set_clock_aside();
                }
            }
            Step::Astray => {
                self.tally(sink, NoticeKind::AudioAstray);
                return Ok(());
            }
            Step::Unrelated => {
                self.tally(sink, NoticeKind::UnrelatedClocks);
                return Ok(());
            }
        }
        self.now = time;
        if self.segments.is_open() && !self.audio.is_ahead() {
            self.audio_in_segment(time, incoming, sink, trouble)
        } else {
            self.hold_audio(time, incoming, sink)
        }
    }

    /// Queues audio while no segment can take it; what does not fit pushes the oldest out.
    fn hold_audio<S: SegmentSink>(
        &mut self,
        time: Ticks,
        incoming: &Incoming<'_>,
        sink: &mut S,
    ) -> Result<(), S::Error> {
        let mut may_begin = false;
        if !self.audio.is_ahead() {
            if self.audio.differs {
                self.take_audio_format(sink);
            }
            let since = *self.waiting_since.get_or_insert(time);
            let full = !self.audio.queue.fits(incoming.len)
                || queue::span(&self.audio.queue, &self.audio.clock) >= GATHERED;
            may_begin = full && self.audio_may_begin(time - since);
        }
        let dropped = if self.audio.is_ahead() {
            NoticeKind::AudioAstray
        } else {
            NoticeKind::AudioBeforeKeyFrame
        };
        if !may_begin && incoming.travels_alone() {
            self.audio.skip();
            self.tally(sink, dropped);
            return Ok(());
        }
        let placed = self.audio.place(time, incoming);
        let mut begun = Ok(());
        if may_begin {
            let first = self.audio.queue.first_pts().unwrap_or(placed.pts);
            begun = self.begin(sink, first, First::Audio);
            if begun.is_ok() {
                return self.queue_audio(&placed, incoming, sink);
            }
        }
        if incoming.travels_alone() {
            self.audio.clock.detach();
            self.tally(sink, dropped);
            return begun;
        }
        for frame in incoming.frames(placed) {
            while !self.audio.queue.fits(frame.len()) {
                self.audio.queue.drop_oldest(1);
                self.tally(sink, dropped);
            }
            self.audio.queue.push(&frame);
        }
        begun
    }

    /// Says whether audio alone may begin a segment, after waiting for video for so long.
    pub(super) fn audio_may_begin(&self, waited: TickSpan) -> bool {
        if self.config.require_video && !self.video.joined {
            return false;
        }
        // Where a header came, pictures are waited for as long as for a key frame: then nothing goes on without end.
        let patience = self.rule.patience();
        let lost = !self.timeline.has_video() && patience.is_some_and(|limit| waited >= limit);
        let comes = self.video.is_known() && !self.timeline.video_is_silent() && !lost;
        let announced = self.video.announced && waited < self.config.track_wait;
        !comes && !announced
    }

    /// Takes audio into the open segment, or begins another one with it where audio leads.
    fn audio_in_segment<S: SegmentSink>(
        &mut self,
        time: Ticks,
        incoming: &Incoming<'_>,
        sink: &mut S,
        trouble: &mut Option<S::Error>,
    ) -> Result<(), S::Error> {
        let leads = self.mux.program().video.is_none();
        let silent = !leads && self.timeline.video_is_silent();
        self.take_announced_format();
        if let Some(cause) = self.audio_waits_to_join() {
            if !leads && !silent {
                self.tally(sink, NoticeKind::AudioNotJoined);
                return Ok(());
            }
            let cut = Cut {
                at: time,
                cause,
                seam: Seam::Broken,
            };
            self.switch(sink, trouble, cut);
            self.audio.adopt_format();
        }
        let placed = self.audio.place(time, incoming);
        if leads || silent {
            if let Some((cause, seam)) = self.switch_at_audio(placed.pts, leads) {
                let at = placed.pts;
                self.switch(sink, trouble, Cut { at, cause, seam });
            }
            if !self.segments.is_open() {
                self.begin(sink, placed.pts, First::Audio)?;
            }
        }
        self.queue_audio(&placed, incoming, sink)?;
        // Video may come back at any moment: what a segment begins with is not kept waiting.
        if silent && self.segments.open_since() == Some(placed.pts) {
            self.flush_audio(sink)?;
        }
        Ok(())
    }

    /// Returns why a switch comes before the audio at `pts`, and how the new segment joins on.
    #[inline]
    pub(super) fn switch_at_audio(&self, pts: Ticks, leads: bool) -> Option<(Cause, Seam)> {
        let age = pts - self.segments.open_since()?;
        if self.requested == Some(SwitchAt::Once) || leads && self.requested.is_some() {
            return Some((Cause::Requested, Seam::Whole));
        }
        if self.rule.breaks_target(age) {
            return Some((Cause::Discontinuity, Seam::Broken));
        }
        let decision = if leads {
            self.rule.audio(age, self.audio.clock.frame())
        } else {
            let to_next = GATHERED.max(self.audio.clock.frame());
            self.rule.audio_for_silent_video(age, to_next)
        };
        match decision {
            Decision::Switch(cause) => Some((cause, Seam::Whole)),
            Decision::Stay => None,
        }
    }

    /// Takes the format of announced audio that has just come: the tables list it already.
    fn take_announced_format(&mut self) {
        if self.audio.was_announced(self.mux.program().audio) {
            self.audio.adopt_format();
        }
    }

    /// Returns why a segment must begin at the next key frame for the sake of audio.
    pub(super) fn audio_waits_to_join(&self) -> Option<Cause> {
        let listed = self.mux.program().audio;
        let waits = self.audio.differs && !self.audio.was_announced(listed);
        waits.then_some(if listed.is_none() {
            Cause::TrackChange
        } else {
            Cause::ConfigChange
        })
    }

    /// Gathers audio for a PES packet of the open segment.
    fn queue_audio<S: SegmentSink>(
        &mut self,
        placed: &AudioTime,
        incoming: &Incoming<'_>,
        sink: &mut S,
    ) -> Result<(), S::Error> {
        if let Some(drift) = placed.reanchored {
            self.note(sink, NoticeKind::AudioReanchor, placed.pts, drift.get());
        }
        if let Some(by) = placed.repaired {
            let begins = placed.run_begins;
            self.repaired(sink, NoticeKind::AudioRepair, placed.pts, by, begins);
        }
        for frame in incoming.frames(*placed) {
            self.queue_frame(&frame, sink)?;
        }
        if let Some(last) = self.video.last {
            self.flush_late_audio(sink, last)?;
        }
        self.set_pace();
        Ok(())
    }

    fn queue_frame<S: SegmentSink>(
        &mut self,
        frame: &Frame<'_>,
        sink: &mut S,
    ) -> Result<(), S::Error> {
        let Frame {
            time,
            header,
            payload,
        } = *frame;
        let (len, end) = (frame.len(), time.pts + time.duration);
        if time.detached || !self.audio.queue.fits(len) || self.audio.queue.span_to(end) > GATHERED
        {
            self.flush_audio(sink)?;
        }
        if AudioQueue::could_hold(len) {
            self.audio.queue.push(frame);
            return Ok(());
        }
        let Some(mut out) = self.segments.output(sink) else {
            return Ok(());
        };
        let sound = Sound {
            pts: time.pts,
            end,
            header,
            frames: payload,
            video_is_silent: self.timeline.video_is_silent(),
        };
        let written = self.mux.audio(&mut out, &sound);
        self.count_audio((time.pts, end), 1, len);
        self.survive(sink, written)
    }

    /// Writes the queue if its oldest frame has waited long enough at `now`.
    pub(super) fn flush_late_audio<S: SegmentSink>(
        &mut self,
        sink: &mut S,
        now: Ticks,
    ) -> Result<(), S::Error> {
        if !self.audio.is_ahead() && self.audio.queue.span_to(now) >= GATHERED {
            self.flush_audio(sink)?;
        }
        Ok(())
    }

    /// Writes the queue into the open segment.
    pub(super) fn flush_audio<S: SegmentSink>(&mut self, sink: &mut S) -> Result<(), S::Error> {
        if self.audio.is_ahead() || self.audio.queue.is_empty() {
            return Ok(());
        }
        let Some(mut out) = self.segments.output(sink) else {
            return Ok(());
        };
        let video_is_silent = self.timeline.video_is_silent();
        let mut written = Ok(());
        let (mut end, mut frames, mut len) = (None, 0, 0);
        let mut packets = self.audio.queue.gathered();
        while let (Ok(()), Some(packet)) = (&written, packets.next()) {
            let sound = Sound {
                pts: packet.pts,
                end: packet.end,
                header: &[],
                frames: packet.bytes,
                video_is_silent,
            };
            written = self.mux.audio(&mut out, &sound);
            end = Some(packet.end);
            frames += packet.frames;
            len += packet.bytes.len();
        }
        drop(packets);
        if let Some(times) = self.audio.queue.first_pts().zip(end) {
            self.count_audio(times, frames, len);
        }
        self.audio.queue.clear();
        self.survive(sink, written)
    }

    /// Counts audio that was written, from and to.
    fn count_audio(&mut self, (first, end): (Ticks, Ticks), frames: u32, len: usize) {
        let leads = self.mux.program().video.is_none();
        self.segments
            .wrote_audio(end, if leads { frames } else { 0 });
        self.audio.meter.add(first, u64::from(frames), len);
    }

    /// Takes the format of the frames that come for that of the next segment. Frames of the one before that still wait
    /// are of a segment that was lost.
    pub(super) fn take_audio_format<S: SegmentSink>(&mut self, sink: &mut S) {
        if self.audio.stale_clock {
            self.drop_held(sink, NoticeKind::AudioNotJoined);
        }
        self.audio.adopt_format();
    }

    /// Drops the frames that waited, counted as `kind`.
    pub(super) fn drop_held<S: SegmentSink>(&mut self, sink: &mut S, kind: NoticeKind) {
        for _ in 0..self.audio.queue.clear() {
            self.tally(sink, kind);
        }
    }

    /// Drops the frames too old to go before a key frame at `start`.
    pub(super) fn drop_old_held<S: SegmentSink>(&mut self, sink: &mut S, start: Ticks) {
        for _ in 0..self.audio.queue.drop_before(start - GATHERED) {
            self.tally(sink, NoticeKind::AudioBeforeKeyFrame);
        }
    }
}
