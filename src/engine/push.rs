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
use super::take::Take;
use crate::apply::{Apply, Channel};
use crate::cut::{AudioPlan, Phase, PicturePlan, decide_audio, decide_picture};
use crate::demux::{
    AudioFrames, AudioReading, KnownAudio, PictureFrame, read_aac_config, read_audio,
    read_audio_frames, read_parameter_sets, read_parsed_audio, read_picture, read_plain_frame,
    read_record, read_sampled_header, read_script,
};
use crate::error::Error;
use crate::flv::{Aggregate, AudioCodec, Tag, TagError, TagKind, TrackMedia, TrackTag};
use crate::frame::{Configuration, Frame};
use crate::mux::{Container, Muxer};
use crate::notice::{NoticeAmount, NoticeKind};
use crate::sample::PictureInput;
use crate::sink::SegmentSink;

impl<C: Container> Segmenter<C> {
    /// Takes a video tag.
    #[inline(never)]
    pub(super) fn push_video<S: SegmentSink + ?Sized>(
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
    fn push_any_video<S: SegmentSink + ?Sized>(
        &mut self,
        tag: Tag<'_>,
        sink: &mut S,
    ) -> Result<(), Error<S::Error>> {
        self.refuse_if_ended()?;
        let findings = &mut self.findings;
        let reading = self.channel.video.read(tag, &mut self.unroller, findings);
        self.take(sink).video_at(tag.time, &reading)
    }

    /// Takes what a message brings for one track.
    pub(super) fn push_any_track<S: SegmentSink + ?Sized>(
        &mut self,
        track: TrackTag<'_>,
        sink: &mut S,
    ) -> Result<(), Error<S::Error>> {
        self.refuse_if_ended()?;
        let (unroller, findings) = (&mut self.unroller, &mut self.findings);
        let time = || unroller.unroll(track.time);
        match track.media {
            TrackMedia::Video(video) => {
                let reading = self.channel.video.read_parsed(video, time, findings);
                self.take(sink).video_at(track.time, &reading)
            }
            TrackMedia::Audio(audio) => {
                let known = known_audio(&self.channel);
                let reading = read_parsed_audio(audio, known, time, findings);
                self.take(sink).audio_at(track.time, reading)
            }
        }
    }

    /// Takes a frame, which says itself how it is coded.
    pub(super) fn push_any_frame<S: SegmentSink + ?Sized>(
        &mut self,
        frame: Frame<'_>,
        sink: &mut S,
    ) -> Result<(), Error<S::Error>> {
        self.refuse_if_ended()?;
        match frame {
            Frame::Video { coding, dts, pts, units } => {
                let (composition, dts) = (pts - dts, self.unroller.place(dts));
                let frame = PictureFrame { coding, dts, composition, units };
                let reading = read_picture(&mut self.channel.video, &frame, &mut self.findings);
                self.take(sink).video(&Ok(reading))
            }
            Frame::Audio { coding, pts, data } => {
                let frames = AudioFrames { coding, pts: self.unroller.place(pts), data };
                let known = known_audio(&self.channel);
                let reading = read_audio_frames(&frames, known, &mut self.findings);
                self.take(sink).audio(reading)
            }
        }
    }

    /// Takes how frames are coded.
    pub(super) fn take_configuration<S: SegmentSink + ?Sized>(
        &mut self,
        configuration: Configuration<'_>,
        sink: &mut S,
    ) -> Result<(), Error<S::Error>> {
        self.refuse_if_ended()?;
        let (video, findings) = (&mut self.channel.video, &mut self.findings);
        match configuration {
            Configuration::Video(coding, record) => {
                let reading = read_record(video, coding, record, findings);
                self.take(sink).video(&reading)
            }
            Configuration::ParameterSets(coding, stream) => {
                let reading = read_parameter_sets(video, coding, stream, findings);
                self.take(sink).video(&reading)
            }
            Configuration::Aac(config) => self.take(sink).audio(read_aac_config(config)),
            Configuration::Opus(head) => self.configure_sampled(AudioCodec::OPUS, head, sink),
            Configuration::Flac(info) => self.configure_sampled(AudioCodec::FLAC, info, sink),
        }
    }

    /// Takes how audio frames are coded that not every container has.
    fn configure_sampled<S: SegmentSink + ?Sized>(
        &mut self,
        codec: AudioCodec,
        header: &[u8],
        sink: &mut S,
    ) -> Result<(), Error<S::Error>> {
        if C::Muxer::AUDIO.contains(&codec) {
            return self.take(sink).audio(read_sampled_header(codec, header));
        }
        let codec = NoticeAmount::AudioCodec(codec);
        self.findings.add_codec(NoticeKind::UnsupportedAudio, codec);
        self.take(sink).audio(Ok(AudioReading::NotCarried))
    }

    /// Returns what deciding would say of a picture: what the quiet way is held against.
    fn plan_for(&self, picture: &PictureInput<'_>) -> PicturePlan {
        let state = &self.channel.state;
        let verdict = state.timeline.judge_video(picture.timing.tag, picture.kind());
        decide_picture(state, verdict, picture)
    }

    /// Takes an audio tag.
    #[inline(always)]
    pub(super) fn push_audio<S: SegmentSink + ?Sized>(
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
    fn push_any_audio<S: SegmentSink + ?Sized>(
        &mut self,
        tag: Tag<'_>,
        sink: &mut S,
    ) -> Result<(), Error<S::Error>> {
        self.refuse_if_ended()?;
        let known = known_audio(&self.channel);
        let reading = read_audio(tag, known, &mut self.unroller, &mut self.findings);
        self.take(sink).audio_at(tag.time, reading)
    }

    /// Takes a tag that is neither audio nor video: metadata announces tracks, anything else is
    /// counted and passed over.
    #[cold]
    pub(super) fn push_other<S: SegmentSink + ?Sized>(
        &mut self,
        tag: Tag<'_>,
        sink: &mut S,
    ) -> Result<(), Error<S::Error>> {
        self.refuse_if_ended()?;
        if matches!(tag.kind, TagKind::SCRIPT | TagKind::SCRIPT_AMF3) {
            if let Some(announced) = read_script(tag.data, C::Muxer::VIDEO) {
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
    pub(super) fn push_aggregate<S: SegmentSink + ?Sized>(
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
            result = weightier(result, self.take(sink).pass_over(cut.into()));
        }
        result
    }

    /// Takes a tag of an aggregate, which holds no further aggregates.
    fn push_part<S: SegmentSink + ?Sized>(
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

    /// Lends the engine to what was read.
    fn take<'a, S: SegmentSink + ?Sized>(&'a mut self, sink: &'a mut S) -> Take<'a, C, S> {
        Take { channel: &mut self.channel, findings: &mut self.findings, sink }
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

/// Returns what is known of the audio track.
const fn known_audio<C: Container>(channel: &Channel<C>) -> KnownAudio<'_> {
    KnownAudio { format: channel.state.audio.track.format(), carried: C::Muxer::AUDIO }
}

/// Returns the first error of two, but that of a lost segment rather than that of a tag that was
/// passed over.
fn weightier<E>(first: Result<(), Error<E>>, second: Result<(), Error<E>>) -> Result<(), Error<E>> {
    match (&first, &second) {
        (Ok(()), _) | (Err(Error::Tag(_) | Error::Codec(_)), Err(Error::Sink(_))) => second,
        _ => first,
    }
}
