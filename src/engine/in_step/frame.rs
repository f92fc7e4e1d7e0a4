//! The short way of an AAC frame: it begins where the last one ended, and waits beside it in the queue.
//!
//! An audio tag brings little to spread the cost of a call over. So what the long way, from [`Segmenter::push_audio`] on,
//! would ask of every frame is asked here once, when a PES packet begins, and noted as a [`Pace`]; whatever could change
//! an answer takes the pace away.

use crate::codec::aac::Adts;
use crate::engine::Segmenter;
use crate::engine::format::Format;
use crate::engine::queue::{AudioQueue, GATHERED};
use crate::flv::{AudioTag, Tag};
use crate::sink::SegmentSink;
use crate::time::{TickSpan, Ticks};

/// What the frames that follow are, and how long they join the PES packet that waits.
#[derive(Clone, Copy, Debug)]
pub(in crate::engine) struct Pace {
    adts: Adts,
    /// Duration of a frame, rounded down.
    duration: TickSpan,
    /// The last PTS that joins the packet: what begins later makes it too long.
    packet_until: Ticks,
    /// The last PTS that surely belongs to the open segment.
    segment_until: Ticks,
}

/// The longest frame that has a pace: two tags as far out of step as the clock allows are less than a second apart,
/// so that no timeline breaks between them.
const LONGEST: TickSpan = TickSpan::from_millis(190);

impl Pace {
    /// The same for a packet that begins at `pts`.
    fn from(self, pts: Ticks) -> Self {
        let full = pts + GATHERED - self.duration;
        Self {
            packet_until: full.min(self.segment_until),
            ..self
        }
    }
}

impl Segmenter {
    /// Queues the AAC frame of an audio tag if it is in step; returns `None` if it is not, and nothing is changed then.
    #[inline]
    pub(in crate::engine) fn gather_in_step<S: SegmentSink>(
        &mut self,
        tag: &Tag<'_>,
        sink: &mut S,
    ) -> Option<Result<(), S::Error>> {
        let pace = self.audio.queue.pace.as_ref()?;
        let frame = AudioTag::raw_aac_frame(tag.data)?;
        let received = self.unroller.go_on(tag.time);
        let time = self.timeline.audio_in_step(received)?;
        let (pts, duration) = self.audio.clock.in_step(time)?;
        let adts = pace.adts;
        if pts <= pace.packet_until && self.audio.queue.append(pts, duration, adts, frame) {
            self.move_on(pts, time);
            Some(Ok(()))
        } else {
            self.gather_anew(pts, time, frame, sink)
        }
    }

    /// Writes the PES packet that waits, and begins the next one with a frame in step.
    #[inline(never)]
    fn gather_anew<S: SegmentSink>(
        &mut self,
        pts: Ticks,
        time: Ticks,
        frame: &[u8],
        sink: &mut S,
    ) -> Option<Result<(), S::Error>> {
        let pace = self.audio.queue.pace?;
        if pts > pace.segment_until || !AudioQueue::could_hold(Adts::HEADER_LEN + frame.len()) {
            return None;
        }
        self.move_on(pts, time);
        if let Err(error) = self.flush_audio(sink) {
            return Some(Err(error));
        }
        let queue = &mut self.audio.queue;
        if queue.append(pts, pace.duration, pace.adts, frame) {
            queue.pace = Some(pace.from(pts));
        }
        let late = self
            .video
            .last
            .map_or(Ok(()), |last| self.flush_late_audio(sink, last));
        Some(late)
    }

    /// Notes the frame in step that was taken.
    #[inline]
    fn move_on(&mut self, pts: Ticks, time: Ticks) {
        self.audio.clock.advance(pts);
        self.timeline.take_audio_in_step(time);
        self.now = time;
    }

    /// Notes how the frames that follow join the one that was queued last.
    pub(in crate::engine) fn set_pace(&mut self) {
        self.audio.queue.pace = self.pace();
    }

    fn pace(&self) -> Option<Pace> {
        let Some(Format::Aac { config, adts }) = self.audio.format else {
            return None;
        };
        // With a channel layout of its own in each frame, each has to be looked at.
        if config.channel_config == 0 || self.audio.differs || self.audio.is_ahead() {
            return None;
        }
        let first = self.audio.queue.first_pts()?;
        let duration = self.audio.clock.pace(config.frame_len.into())?;
        let segment_until = if self.mux.program().video.is_some() {
            Ticks::MAX
        } else if self.requested.is_none() {
            let frame = self.audio.clock.frame();
            self.segments.open_since()? + self.rule.audio_stays_until(frame)
        } else {
            return None;
        };
        let pace = Pace {
            adts,
            duration,
            packet_until: first,
            segment_until,
        };
        (duration <= LONGEST).then(|| pace.from(first))
    }
}
