//! The way of a tag: read, judge, decide, apply.
//!
//! ```text
//!   tag ──► read_plain_* ──► quiet: nothing can happen ──────────────────┐
//!      └──► read ──► findings ──► judge ──► decide ──► plan ─────────────┴─► apply ──► sink
//! ```
//!
//! Nearly every tag takes the upper way, which ends in the same `apply` with the plan that deciding
//! would have made. Where the upper way gives up it has changed nothing but the unroller, to which
//! a tag's time may be told twice.

use super::Segmenter;
use crate::apply::Apply;
use crate::cut::{AudioPlan, Phase, PicturePlan, Quiet, decide_audio, decide_picture};
use crate::demux::{
    AudioReading, ReadError, VideoReading, read_audio, read_plain_frame, read_script,
};
use crate::error::Error;
use crate::flv::{Aggregate, Tag, TagError, TagKind};
use crate::notice::NoticeKind;
use crate::sample::{AudioBatch, PictureInput};
use crate::sink::SegmentSink;

impl Segmenter {
    /// Takes a video tag.
    #[inline(never)]
    pub(super) fn push_video<S: SegmentSink>(
        &mut self,
        tag: Tag<'_>,
        sink: &mut S,
    ) -> Result<(), Error<S::Error>> {
        if let Some(picture) = self.channel.video.read_plain_picture(&tag, &mut self.unroller)
            && self.channel.state.is_quiet_for_picture(&picture)
        {
            debug_assert_eq!(self.plan_for(&picture), PicturePlan::WRITE);
            let mut apply = Apply::new(&mut self.channel, sink);
            apply.picture(&PicturePlan::WRITE, &picture);
            return apply.result().map_err(Error::Sink);
        }
        self.push_any_video(tag, sink)
    }

    /// Takes a video tag of which nothing is known yet.
    ///
    /// What was found out about the tag is told first: a notice about a NAL unit comes before the
    /// segment that its picture may begin.
    #[cold]
    fn push_any_video<S: SegmentSink>(
        &mut self,
        tag: Tag<'_>,
        sink: &mut S,
    ) -> Result<(), Error<S::Error>> {
        self.refuse_if_ended()?;
        let findings = &mut self.findings;
        let reading = self.channel.video.read(tag, &mut self.unroller, findings);
        if let Ok(VideoReading::Picture(picture)) = &reading {
            self.channel.state.now = picture.timing.tag;
        }
        self.tell_findings(sink);
        match reading {
            Ok(VideoReading::Picture(picture)) => {
                self.push_picture(&picture, sink).map_err(Error::Sink)
            }
            Ok(VideoReading::Nothing) => Ok(()),
            Ok(VideoReading::Header { stated_interval }) => {
                let stream_type = self.channel.video.coding().stream_type();
                self.channel.state.meet_video(stream_type, stated_interval);
                Ok(())
            }
            Err(error) => self.pass_over(error, sink),
        }
    }

    /// Returns what deciding would say of a picture: what the quiet way is held against.
    fn plan_for(&self, picture: &PictureInput<'_>) -> PicturePlan {
        let state = &self.channel.state;
        let verdict = state.timeline.judge_video(picture.timing.tag);
        decide_picture(state, verdict, picture)
    }

    /// Judges a picture, decides on it, and works out until when nothing more can happen.
    fn push_picture<S: SegmentSink>(
        &mut self,
        picture: &PictureInput<'_>,
        sink: &mut S,
    ) -> Result<(), S::Error> {
        let verdict = self.channel.state.timeline.judge_video(picture.timing.tag);
        let plan = decide_picture(&self.channel.state, verdict, picture);
        let mut apply = Apply::new(&mut self.channel, sink);
        apply.picture(&plan, picture);
        let result = apply.result();
        self.channel.state.quiet = Quiet::after(&self.channel.state);
        result
    }

    /// Takes an audio tag.
    #[inline(always)]
    pub(super) fn push_audio<S: SegmentSink>(
        &mut self,
        tag: Tag<'_>,
        sink: &mut S,
    ) -> Result<(), Error<S::Error>> {
        let format = self.channel.state.audio.track.format();
        if let Some(mut batch) = read_plain_frame(&tag, format, &mut self.unroller)
            && let Some(judged) = self.channel.state.is_quiet_for_audio(&batch)
        {
            batch.time = judged.time;
            debug_assert_eq!(decide_audio(&self.channel.state, &judged, &batch), AudioPlan::WRITE);
            let mut apply = Apply::new(&mut self.channel, sink);
            apply.audio(&AudioPlan::WRITE, &judged, &batch);
            return apply.result().map_err(Error::Sink);
        }
        self.push_any_audio(tag, sink)
    }

    /// Takes an audio tag of which nothing is known yet. A frame of MPEG audio says itself how it
    /// is coded: a change is told before the frames that bring it are decided on.
    #[cold]
    fn push_any_audio<S: SegmentSink>(
        &mut self,
        tag: Tag<'_>,
        sink: &mut S,
    ) -> Result<(), Error<S::Error>> {
        self.refuse_if_ended()?;
        let format = self.channel.state.audio.track.format();
        let reading = read_audio(tag, format, &mut self.unroller, &mut self.findings);
        self.tell_findings(sink);
        match reading {
            Ok(AudioReading::Batch(batch)) => self.push_batch(batch, sink).map_err(Error::Sink),
            Ok(AudioReading::Described { format, batch }) => {
                Apply::new(&mut self.channel, sink).audio_format(format);
                self.push_batch(batch, sink).map_err(Error::Sink)
            }
            Ok(AudioReading::Nothing) => Ok(()),
            Ok(AudioReading::Header(format)) => {
                Apply::new(&mut self.channel, sink).audio_format(format);
                Ok(())
            }
            Ok(AudioReading::Empty) => {
                self.channel.state.audio.clock.skip();
                Ok(())
            }
            Err(error) => self.pass_over(error, sink),
        }
    }

    /// Judges audio frames, decides on them, and works out until when nothing more can happen.
    fn push_batch<S: SegmentSink>(
        &mut self,
        mut batch: AudioBatch<'_>,
        sink: &mut S,
    ) -> Result<(), S::Error> {
        let judged = self.channel.state.timeline.judge_audio(batch.time);
        batch.time = judged.time;
        let plan = decide_audio(&self.channel.state, &judged, &batch);
        let mut apply = Apply::new(&mut self.channel, sink);
        apply.audio(&plan, &judged, &batch);
        let result = apply.result();
        self.channel.state.quiet = Quiet::after(&self.channel.state);
        result
    }

    /// Tells the sink what reading the tag has brought to light.
    #[inline(never)]
    fn tell_findings<S: SegmentSink>(&mut self, sink: &mut S) {
        if !self.findings.is_empty() {
            let findings = self.findings.take();
            Apply::new(&mut self.channel, sink).findings(&findings);
        }
    }

    /// Takes a tag that is neither audio nor video: metadata announces tracks, anything else is
    /// counted and passed over.
    #[cold]
    pub(super) fn push_other<S: SegmentSink>(
        &mut self,
        tag: Tag<'_>,
        sink: &mut S,
    ) -> Result<(), Error<S::Error>> {
        self.refuse_if_ended()?;
        if matches!(tag.kind, TagKind::SCRIPT | TagKind::SCRIPT_AMF3) {
            if let Some(announced) = read_script(tag.data) {
                self.channel.state.announce(&announced);
            }
            return Ok(());
        }
        let kind =
            if tag.kind.is_encrypted() { NoticeKind::EncryptedTag } else { NoticeKind::UnknownTag };
        Apply::new(&mut self.channel, sink).tally(kind, 1);
        Ok(())
    }

    /// Takes an aggregate message: its tags count as if each had come alone, and one that is bad or
    /// cut does not keep the others from being taken.
    #[cold]
    pub(super) fn push_aggregate<S: SegmentSink>(
        &mut self,
        message: Tag<'_>,
        sink: &mut S,
    ) -> Result<(), Error<S::Error>> {
        self.refuse_if_ended()?;
        let mut parts = Aggregate::new(message.time, message.data);
        let mut result = Ok(());
        for part in &mut parts {
            result = weightier(result, self.push_part(part, sink));
        }
        let left = parts.remainder();
        if left > 0 {
            let cut = TagError::Truncated { field: "aggregate", left };
            result = weightier(result, self.pass_over(cut.into(), sink));
        }
        result
    }

    /// Takes a tag of an aggregate, which holds no further aggregates.
    fn push_part<S: SegmentSink>(
        &mut self,
        part: Tag<'_>,
        sink: &mut S,
    ) -> Result<(), Error<S::Error>> {
        if part.kind == TagKind::AGGREGATE {
            self.push_other(part, sink)
        } else {
            self.push(part, sink)
        }
    }

    /// Counts a tag that was passed over, and returns why.
    #[cold]
    fn pass_over<S: SegmentSink>(
        &mut self,
        error: ReadError,
        sink: &mut S,
    ) -> Result<(), Error<S::Error>> {
        Apply::new(&mut self.channel, sink).tally(NoticeKind::BadTag, 1);
        Err(error.into())
    }

    /// Refuses every call after the end of the list.
    #[inline]
    pub(super) const fn refuse_if_ended<E>(&self) -> Result<(), Error<E>> {
        match self.channel.state.phase {
            Phase::Ended => Err(Error::Finished),
            _ => Ok(()),
        }
    }
}

/// Returns the first error of two, but that of a lost segment rather than that of a tag that was
/// passed over.
fn weightier<E>(first: Result<(), Error<E>>, second: Result<(), Error<E>>) -> Result<(), Error<E>> {
    match (&first, &second) {
        (Ok(()), _) | (Err(Error::Tag(_) | Error::Codec(_)), Err(Error::Sink(_))) => second,
        _ => first,
    }
}
