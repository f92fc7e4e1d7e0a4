//! The short way of an AAC frame in step: it begins where the last one ended, and waits beside it in the queue.
//!
//! Nearly every audio tag brings such a frame, and brings little else to spread the cost of a call over. The long way,
//! from [`Segmenter::push_audio`] on, does the same for it. Whatever is asked here is asked there again: what the unroller
//! and the timeline have noted by then they note again alike, and nothing else is changed before all is known.

use crate::codec::aac::Adts;
use crate::flv::Tag;

use super::Segmenter;
use super::audio::Format;
use super::queue::GATHERED;

impl Segmenter {
    /// Queues the AAC frame of an audio tag if it is in step; says whether it was.
    #[inline]
    pub(super) fn gather_in_step(&mut self, tag: &Tag<'_>) -> bool {
        // SoundFormat 10, AACPacketType 1, and a frame that is no ADTS frame.
        let [0xa0..=0xaf, 1, frame @ ..] = tag.data else {
            return false;
        };
        let (Some(0..=0xfe), Some(Format::Aac { config, adts })) =
            (frame.first(), &self.audio.format)
        else {
            return false;
        };
        let Ok(header) = adts.header(frame.len()) else {
            return false;
        };
        let unusual = config.channel_config == 0 || self.audio.differs || !self.segments.is_open();
        if unusual || self.audio.is_ahead() {
            return false;
        }
        let samples = u32::from(config.frame_len);
        let received = self.unroller.unroll(tag.time);
        let Some(time) = self.timeline.audio_in_step(received) else {
            return false;
        };
        let Some((pts, duration)) = self.audio.clock.in_step(time, samples) else {
            return false;
        };
        let leads = self.mux.program().video.is_none();
        let queue = &self.audio.queue;
        let full = !queue.takes(Adts::HEADER_LEN + frame.len(), pts + duration);
        let late = self
            .video
            .last
            .is_some_and(|last| queue.span_to(last) >= GATHERED);
        if full || late || leads && self.switch_at_audio(pts, true).is_some() {
            return false;
        }
        self.now = time;
        self.audio.clock.advance(pts);
        self.audio.queue.append(pts, duration, header, frame);
        true
    }
}
