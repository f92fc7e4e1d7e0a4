//! The engine: reads a tag, judges its time, decides, and has the plan carried out.

use crate::apply::{Apply, Channel};
use crate::config::{Config, End, SwitchAt};
use crate::cut::{AudioPlan, Phase, PicturePlan, Quiet, Request, decide_audio, decide_picture};
use crate::demux::{
    AudioReading, Findings, ReadError, VideoReading, read_audio, read_plain_frame, read_script,
};
use crate::error::Error;
use crate::flv::{Aggregate, Tag, TagError, TagKind};
use crate::mux::ts::TsState;
use crate::notice::NoticeKind;
use crate::playlist::ListedSegment;
use crate::resume::{ResumeError, ResumeToken};
use crate::sample::{AudioBatch, PictureInput};
use crate::sink::SegmentSink;
use crate::stats::Stats;
use crate::time::WallTime;
use crate::timeline::Unroller;

/// Turns the tags of one stream into segments and playlists, on a sink that is lent to each call.
///
/// There are four kinds of methods:
///
/// - **Media in**: [`push`](Self::push), for every tag or message in the order of arrival, audio, video and script alike.
/// - **The host's word**: [`set_wall_time`](Self::set_wall_time), [`request_switch`](Self::request_switch).
/// - **The end**: [`finish`](Self::finish), for good or until the encoder comes back.
/// - **What there is**: [`stats`](Self::stats), [`resume_token`](Self::resume_token).
///
/// All output comes through the sink, within the call that caused it. The engine has no clock, thread or heap of its
/// own, is `Send`, and has the same size whatever it is fed.
#[derive(Clone, Debug)]
// In this order the fields that every tag touches share cache lines.
#[repr(C)]
pub struct Segmenter {
    unroller: Unroller,
    /// What the tag at hand was found to be; empty between two calls.
    findings: Findings,
    channel: Channel,
}

const _: () = assert!(
    size_of::<Segmenter>() <= 12 * 1024,
    "a channel must stay this small"
);

impl Segmenter {
    /// Makes an engine for a new list.
    pub fn new(config: Config) -> Self {
        Self {
            unroller: Unroller::new(config.options().base),
            findings: Findings::new(),
            channel: Channel::new(&config),
        }
    }

    /// Makes an engine that goes on with the list of an earlier one: numbers, counters and target duration continue,
    /// and its first segment comes behind EXT-X-DISCONTINUITY.
    ///
    /// `listed` are the segments of the playlist that `token` came with, oldest first. Where the new configuration
    /// lists fewer, the excess leaves with the first new segment.
    ///
    /// # Errors
    ///
    /// [`ResumeError::Segments`] when these are not the token's segments.
    pub fn resume(
        config: Config,
        token: &ResumeToken,
        listed: impl IntoIterator<Item = ListedSegment>,
    ) -> Result<Self, ResumeError> {
        let mut engine = Self::new(config);
        let channel = &mut engine.channel;
        let numbers = &token.numbers;
        channel.list.restore(numbers);
        let mut expected = numbers.first_sequence;
        for segment in listed {
            if segment.sequence != expected {
                return Err(ResumeError::Segments { sequence: expected });
            }
            channel.list.restore_segment(&segment);
            expected = expected.wrapping_add(1);
        }
        if expected
            != numbers
                .first_sequence
                .wrapping_add(u64::from(numbers.listed))
        {
            return Err(ResumeError::Segments { sequence: expected });
        }
        let tables = TsState::new(token.program, token.pmt_version, token.counters);
        channel.mux.restore(tables);
        if !channel.list.is_empty() {
            channel.state.follow_earlier_segments();
            channel.mux.break_timeline();
        }
        Ok(engine)
    }

    /// Takes one tag or message. Whatever it leads to has gone to the sink when this returns; nothing of it is kept by
    /// reference.
    ///
    /// # Errors
    ///
    /// [`Error::Tag`] and [`Error::Codec`]: the tag was passed over. [`Error::Sink`]: a sink call failed, see
    /// [`SegmentSink`](SegmentSink#errors). The stream goes on with the next tag in any case; only after
    /// [`End::List`] every call is refused with [`Error::Finished`].
    pub fn push<S: SegmentSink>(
        &mut self,
        tag: Tag<'_>,
        sink: &mut S,
    ) -> Result<(), Error<S::Error>> {
        match tag.kind {
            TagKind::AUDIO => self.push_audio(tag, sink),
            TagKind::VIDEO => self.push_video(tag, sink),
            TagKind::AGGREGATE => self.push_aggregate(tag, sink),
            _ => self.push_other(tag, sink),
        }
    }

    /// Tells the calendar time at which the next tag arrived. It names segments and dates the playlist; a stream that
    /// is never told has no EXT-X-PROGRAM-DATE-TIME.
    pub const fn set_wall_time(&mut self, now: WallTime) {
        self.channel.list.set_wall_time(now);
    }

    /// Asks for a switch regardless of FragDuration. Any switch that comes first fulfils it. Where playlists promise
    /// independent segments, a switch at once falls on the next key frame too.
    pub const fn request_switch(&mut self, at: SwitchAt) {
        self.channel.state.request(match at {
            SwitchAt::Once if !self.channel.state.options.independent_segments => Request::AtOnce,
            SwitchAt::Once | SwitchAt::KeyFrame => Request::AtKeyFrame,
        });
    }

    /// Ends the stream: what waits is written, the open segment is closed and listed.
    ///
    /// # Errors
    ///
    /// [`Error::Sink`] when a sink call failed; the end stands nevertheless, and where it was the update of the playlist, the
    /// version that ends it is not told again. [`Error::Finished`] after [`End::List`].
    pub fn finish<S: SegmentSink>(
        &mut self,
        end: End,
        sink: &mut S,
    ) -> Result<(), Error<S::Error>> {
        self.refuse_if_ended()?;
        let mut apply = Apply::new(&mut self.channel, sink);
        apply.finish(end);
        let result = apply.result();
        match end {
            End::List => self.channel.state.end(),
            End::Pause => {
                self.unroller = Unroller::new(self.channel.state.options.base);
                self.channel.pause();
            }
        }
        result.map_err(Error::Sink)
    }

    /// Returns what has gone through so far.
    pub fn stats(&self) -> Stats {
        self.channel.totals.stats(self.channel.notices.counts())
    }

    /// Returns what a later engine needs, besides the listed segments, to go on with this list. The token of a
    /// [`Playlist`](crate::playlist::Playlist::resume_token) comes with the segments that it is for.
    pub fn resume_token(&self) -> ResumeToken {
        self.channel.resume_token()
    }

    #[inline]
    fn push_video<S: SegmentSink>(
        &mut self,
        tag: Tag<'_>,
        sink: &mut S,
    ) -> Result<(), Error<S::Error>> {
        if let Some(picture) = self
            .channel
            .video
            .read_plain_picture(&tag, &mut self.unroller)
            && self.channel.state.is_quiet_for_picture(&picture)
        {
            debug_assert_eq!(self.plan_for(&picture), PicturePlan::WRITE);
            let mut apply = Apply::new(&mut self.channel, sink);
            apply.picture(&PicturePlan::WRITE, &picture);
            return apply.result().map_err(Error::Sink);
        }
        self.push_any_video(tag, sink)
    }

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

    fn plan_for(&self, picture: &PictureInput<'_>) -> PicturePlan {
        let state = &self.channel.state;
        let verdict = state.timeline.judge_video(picture.timing.tag);
        decide_picture(state, verdict, picture)
    }

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

    #[inline]
    fn push_audio<S: SegmentSink>(
        &mut self,
        tag: Tag<'_>,
        sink: &mut S,
    ) -> Result<(), Error<S::Error>> {
        let format = self.channel.state.audio.track.format();
        if let Some(mut batch) = read_plain_frame(&tag, format, &mut self.unroller)
            && let Some(judged) = self.channel.state.is_quiet_for_audio(&batch)
        {
            batch.time = judged.time;
            debug_assert_eq!(
                decide_audio(&self.channel.state, &judged, &batch),
                AudioPlan::WRITE
            );
            let mut apply = Apply::new(&mut self.channel, sink);
            apply.audio(&AudioPlan::WRITE, &judged, &batch);
            return apply.result().map_err(Error::Sink);
        }
        self.push_any_audio(tag, sink)
    }

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

    #[inline(never)]
    fn tell_findings<S: SegmentSink>(&mut self, sink: &mut S) {
        if !self.findings.is_empty() {
            let findings = self.findings.take();
            Apply::new(&mut self.channel, sink).findings(&findings);
        }
    }

    #[cold]
    fn push_other<S: SegmentSink>(
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
        let kind = if tag.kind.is_encrypted() {
            NoticeKind::EncryptedTag
        } else {
            NoticeKind::UnknownTag
        };
        Apply::new(&mut self.channel, sink).tally(kind, 1);
        Ok(())
    }

    #[cold]
    fn push_aggregate<S: SegmentSink>(
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
            let cut = TagError::Truncated {
                field: "aggregate",
                left,
            };
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

    #[inline]
    const fn refuse_if_ended<E>(&self) -> Result<(), Error<E>> {
        match self.channel.state.phase {
            Phase::Ended => Err(Error::Finished),
            _ => Ok(()),
        }
    }
}

/// Returns the first error of two, but that of a lost segment rather than that of a tag that was passed over.
fn weightier<E>(first: Result<(), Error<E>>, second: Result<(), Error<E>>) -> Result<(), Error<E>> {
    match (&first, &second) {
        (Ok(()), _) | (Err(Error::Tag(_) | Error::Codec(_)), Err(Error::Sink(_))) => second,
        _ => first,
    }
}
