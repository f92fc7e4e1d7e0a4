//! The short way of a picture: one slice, no key frame, which goes into the open segment behind the pictures there.

use crate::codec::avc::{AccessUnit, AnnexB};
use crate::engine::Segmenter;
use crate::engine::output::Picture;
use crate::engine::queue::GATHERED;
use crate::flv::{Tag, VideoTag};
use crate::rules::Decision;
use crate::sink::SegmentSink;

impl Segmenter {
    /// Writes the picture of a video tag if it is in step; returns `None` if it is not, and nothing is changed then.
    #[inline]
    pub(in crate::engine) fn picture_in_step<S: SegmentSink>(
        &mut self,
        tag: &Tag<'_>,
        sink: &mut S,
    ) -> Option<Result<(), S::Error>> {
        let (composition, data) = VideoTag::inter_avc(tag.data)?;
        let unit = AccessUnit::lone_inter(data)?;
        let since = self
            .segments
            .open_since()
            .filter(|_| self.segments.last_picture().is_some())?;
        let time = self.unroller.go_on(tag.time);
        let (dts, interval) = self.video.clock.in_step(time)?;
        let age = dts - since;
        let stays = self.rule.video(age, false, interval) == Decision::Stay;
        let audio_is_due = self.audio.queue.span_to(dts) >= GATHERED;
        let usual = self.video.is_settled()
            && self.requested.is_none()
            && self.timeline.video_in_step(time);
        if !usual || !stays || audio_is_due {
            return None;
        }
        self.now = time;
        self.timeline.take_video(time);
        self.video.clock.advance(dts);
        let access_unit = AnnexB::lone(unit, data.len());
        let picture = Picture {
            dts,
            pts: time + composition,
            access_unit: &access_unit,
            delimiter: None,
            key_frame: false,
            interval,
        };
        let mut out = self.segments.output(sink)?;
        let written = self.mux.video(&mut out, &picture);
        self.video.wrote(dts, access_unit.len());
        self.segments.wrote_picture(dts, false);
        Some(self.survive(sink, written))
    }
}
