//! The engine: drives every other part, one tag at a time.

mod audio;
mod mux;
mod queue;
mod segments;
mod video;

use crate::config::{Config, Options};
use crate::error::Error;
use crate::flv::{Aggregate, AudioCodec, Metadata, Tag, TagKind, VideoCodec};
use crate::notice::{Notice, NoticeCounts, NoticeKind};
use crate::playlist::ListedSegment;
use crate::resume::{ResumeError, ResumeToken};
use crate::rules::SwitchRule;
use crate::segment::Cause;
use crate::sink::SegmentSink;
use crate::snapshot::SnapshotPace;
use crate::stats::Stats;
use crate::time::{TickSpan, Ticks, WallTime};
use crate::timeline::{Timeline, Unroller};
use crate::ts::{Program, StreamType};

use audio::Audio;
use mux::Mux;
use segments::{Outgrown, Segments};
use video::Video;

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
pub struct Segmenter {
    config: Options,
    rule: SwitchRule,
    unroller: Unroller,
    timeline: Timeline,
    video: Video,
    audio: Audio,
    mux: Mux,
    segments: Segments,
    snapshots: SnapshotPace,
    counts: NoticeCounts,
    /// Kinds told since the open segment began, one bit each.
    told: u64,
    /// Time of the last frame.
    now: Ticks,
    /// When frames began to wait for a segment to open.
    waiting_since: Option<Ticks>,
    /// When the first segment of this publication began.
    first_start: Option<Ticks>,
    requested: Option<SwitchAt>,
    /// Something was written: this is no longer the beginning of the stream.
    muxed: bool,
    finished: bool,
}

/// Where a requested switch may fall. Exhaustive: there is no third place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there is no third place")]
pub enum SwitchAt {
    /// The next key frame, whatever the age of the segment.
    KeyFrame,
    /// The next frame, key frame or not.
    Once,
}

/// How a stream ends. Exhaustive: there is no third way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there is no third way")]
pub enum End {
    /// For good: the playlist gets EXT-X-ENDLIST.
    List,
    /// Until the encoder comes back: the next tag begins a new publication, behind EXT-X-DISCONTINUITY.
    Pause,
}

const _: () = assert!(
    size_of::<Segmenter>() <= 12 * 1024,
    "a channel must stay this small"
);

impl Segmenter {
    /// Makes an engine for a new list.
    pub fn new(config: Config) -> Self {
        let options = *config.options();
        Self {
            config: options,
            rule: SwitchRule::new(&config),
            unroller: Unroller::new(options.base),
            timeline: Timeline::new(&options),
            video: Video::new(options.announced_video),
            audio: Audio::new(options.announced_audio),
            mux: Mux::new(options.pcr_lead, options.psi_interval),
            segments: Segments::new(&config),
            snapshots: SnapshotPace::new(options.snapshot_interval),
            counts: NoticeCounts::new(),
            told: 0,
            now: Ticks::default(),
            waiting_since: None,
            first_start: None,
            requested: None,
            muxed: false,
            finished: false,
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
        let [video, audio] = token
            .program
            .map(|value| (value != 0).then(|| StreamType::new(value)));
        engine
            .mux
            .restore(Program { video, audio }, token.pmt_version, token.counters);
        engine.muxed = true;
        let window = engine.segments.restore(token);
        let mut expected = token.first_sequence;
        for segment in listed {
            if segment.sequence != expected {
                return Err(ResumeError::Segments { sequence: expected });
            }
            window.restore_segment(&segment);
            expected = expected.wrapping_add(1);
        }
        if expected != token.first_sequence.wrapping_add(u64::from(token.listed)) {
            return Err(ResumeError::Segments { sequence: expected });
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
        if self.finished {
            return Err(Error::Finished);
        }
        if tag.kind != TagKind::AGGREGATE {
            return self.push_one(tag, sink);
        }
        let mut result = Ok(());
        for part in Aggregate::new(tag.time, tag.data) {
            result = result.and(self.push_one(part, sink));
        }
        result
    }

    /// Tells the calendar time at which the next tag arrived. It names segments and dates the playlist; a stream that
    /// is never told has no EXT-X-PROGRAM-DATE-TIME.
    pub const fn set_wall_time(&mut self, now: WallTime) {
        self.segments.set_wall_time(now);
    }

    /// Asks for a switch regardless of FragDuration. Where playlists promise independent segments, a switch at once
    /// falls on the next key frame too.
    pub const fn request_switch(&mut self, at: SwitchAt) {
        self.requested = Some(if self.config.independent_segments {
            SwitchAt::KeyFrame
        } else {
            at
        });
    }

    /// Ends the stream: what waits is written, the open segment is closed and listed.
    ///
    /// # Errors
    ///
    /// [`Error::Sink`] when a sink call failed; the end stands nevertheless. [`Error::Finished`] after [`End::List`].
    pub fn finish<S: SegmentSink>(
        &mut self,
        end: End,
        sink: &mut S,
    ) -> Result<(), Error<S::Error>> {
        if self.finished {
            return Err(Error::Finished);
        }
        let mut trouble = None;
        let held = self.audio.queue.first_pts().filter(|_| !self.audio.ahead);
        if let (false, Some(first), true) = (
            self.segments.is_open(),
            held,
            self.audio_may_begin(self.config.track_wait),
        ) {
            let begun = self.begin(sink, first, true);
            keep_first(&mut trouble, begun);
        }
        let ended = end == End::List;
        let open = self.segments.is_open();
        self.close(sink, &mut trouble, self.now, Cause::End, true, ended);
        if ended && (!open || self.segments.is_open()) && !self.segments.window().is_empty() {
            self.segments.publish(sink, &self.mux, true, &mut trouble);
        }
        self.finished = ended;
        self.pause();
        trouble.map_or(Ok(()), |error| Err(Error::Sink(error)))
    }

    /// Returns what has gone through so far.
    pub fn stats(&self) -> Stats {
        Stats {
            video: self.video.track.map(|track| self.video.meter.stats(track)),
            audio: self
                .audio
                .format
                .map(|format| self.audio.meter.stats(format.track())),
            counts: self.counts,
        }
    }

    /// Returns what a later engine needs, besides the listed segments, to go on with this list.
    pub fn resume_token(&self) -> ResumeToken {
        self.segments.token(&self.mux)
    }

    fn push_one<S: SegmentSink>(
        &mut self,
        tag: Tag<'_>,
        sink: &mut S,
    ) -> Result<(), Error<S::Error>> {
        let mut trouble = None;
        let result = match tag.kind {
            TagKind::VIDEO => self.push_video(tag, sink, &mut trouble),
            TagKind::AUDIO => self.push_audio(tag, sink, &mut trouble),
            TagKind::SCRIPT | TagKind::SCRIPT_AMF3 => {
                self.push_script(tag.data);
                Ok(())
            }
            kind => {
                self.tally(
                    sink,
                    if kind.is_encrypted() {
                        NoticeKind::EncryptedTag
                    } else {
                        NoticeKind::UnknownTag
                    },
                );
                Ok(())
            }
        };
        if matches!(result, Err(Error::Tag(_) | Error::Codec(_))) {
            self.tally(sink, NoticeKind::BadTag);
        }
        match trouble {
            Some(error) => Err(Error::Sink(error)),
            None => result,
        }
    }

    /// Takes metadata for what it announces; nothing is decided by it alone.
    fn push_script(&mut self, data: &[u8]) {
        let Some(metadata) = Metadata::parse(data).filter(|_| self.first_start.is_none()) else {
            return;
        };
        self.video.announced |= metadata.video == Some(VideoCodec::AVC);
        let announced = match metadata.audio {
            Some(AudioCodec::AAC) => Some(StreamType::AAC_ADTS),
            Some(AudioCodec::MP3)
                if metadata.audio_sample_rate.is_some_and(|rate| rate < 32_000) =>
            {
                Some(StreamType::MPEG2_AUDIO)
            }
            Some(AudioCodec::MP3) => Some(StreamType::MPEG1_AUDIO),
            _ => None,
        };
        self.audio.announced = announced.or(self.audio.announced);
    }

    /// Opens a segment at `at`, with tables that list what there is.
    fn begin<S: SegmentSink>(
        &mut self,
        sink: &mut S,
        at: Ticks,
        idr: bool,
    ) -> Result<(), S::Error> {
        let since = *self.first_start.get_or_insert(at);
        if self.audio.format.is_none()
            && self.audio.announced.is_some()
            && at - since > self.config.track_wait
        {
            self.audio.announced = None;
            self.note(sink, NoticeKind::TrackMissing, at, 0);
        }
        let video = self.video.is_known().then_some(StreamType::AVC);
        let audio = self
            .audio
            .format
            .map(|format| format.stream_type())
            .or(self.audio.announced);
        let program = Program { video, audio };
        if self.muxed && program != self.mux.program() {
            self.segments.break_off();
        }
        self.mux.set_program(program);
        self.audio.adopt_format();
        if program.video.is_some() {
            self.drop_old_held(sink, at);
        }
        (self.muxed, self.waiting_since, self.told) = (true, None, 0);
        let opened = self.segments.open(sink, &mut self.mux, at, idr);
        self.survive(sink, opened)
    }

    /// Ends the open segment before the frame at `at`, with what belongs to it; says whether it could be finished.
    fn switch<S: SegmentSink>(
        &mut self,
        sink: &mut S,
        trouble: &mut Option<S::Error>,
        at: Ticks,
        cause: Cause,
        breaks: bool,
    ) -> bool {
        self.requested = None;
        let closed = self.close(sink, trouble, at, cause, breaks, false);
        if breaks {
            self.segments.break_off();
        }
        if cause == Cause::Discontinuity {
            self.mux.break_timeline();
        }
        closed
    }

    /// Finishes the open segment; says whether that went well. Where it `breaks` with what follows, it ends with its
    /// own last frame, else at `at`.
    fn close<S: SegmentSink>(
        &mut self,
        sink: &mut S,
        trouble: &mut Option<S::Error>,
        at: Ticks,
        cause: Cause,
        breaks: bool,
        ended: bool,
    ) -> bool {
        let flushed = self.flush_audio(sink);
        keep_first(trouble, flushed);
        if !breaks {
            let bridged = match self.segments.output(sink) {
                Some(mut out) => self.mux.bridge(&mut out, at),
                None => Ok(()),
            };
            let bridged = self.survive(sink, bridged);
            keep_first(trouble, bridged);
        }
        if !self.segments.is_open() {
            return false;
        }
        let end = if breaks {
            self.lead_end().unwrap_or(at)
        } else {
            at
        };
        match self
            .segments
            .close(sink, &self.mux, (end, cause), ended, trouble)
        {
            Ok(closed) => {
                match closed.outgrown {
                    Some(Outgrown::Grew(secs)) => {
                        self.note(sink, NoticeKind::TargetGrew, end, i64::from(secs))
                    }
                    Some(Outgrown::Violated(secs)) => {
                        self.note(sink, NoticeKind::TargetViolated, end, i64::from(secs))
                    }
                    None => {}
                }
                if closed.window_full {
                    self.note(sink, NoticeKind::WindowFull, end, 0);
                }
                true
            }
            Err(error) => {
                trouble.get_or_insert(error);
                self.note(sink, NoticeKind::SinkFailed, end, 0);
                false
            }
        }
    }

    /// Returns where the lead track's last frame ends.
    fn lead_end(&self) -> Option<Ticks> {
        if self.mux.program().video.is_none() || self.timeline.video_is_silent() {
            self.audio.clock.end()
        } else {
            self.video.end()
        }
    }

    /// Ends everything that is on the old timeline; frames that follow are on a new one.
    fn break_timeline<S: SegmentSink>(&mut self, sink: &mut S, trouble: &mut Option<S::Error>) {
        self.switch(sink, trouble, self.now, Cause::Discontinuity, true);
        self.video.clock.restart();
        self.video.last = None;
        if !self.audio.ahead {
            self.audio.clock.restart();
        }
        self.waiting_since = None;
    }

    /// Forgets the publication, and keeps the list.
    fn pause(&mut self) {
        let (video_meter, audio_meter) = (self.video.meter, self.audio.meter);
        self.video = Video::new(self.config.announced_video);
        self.audio = Audio::new(self.config.announced_audio);
        (self.video.meter, self.audio.meter) = (video_meter, audio_meter);
        self.unroller = Unroller::new(self.config.base);
        self.timeline = Timeline::new(&self.config);
        (self.waiting_since, self.first_start, self.requested) = (None, None, None);
        self.segments.break_off();
        self.mux.break_timeline();
    }

    /// Passes a sink's result on; after an error the open segment is given up.
    fn survive<S: SegmentSink>(
        &mut self,
        sink: &mut S,
        result: Result<(), S::Error>,
    ) -> Result<(), S::Error> {
        if result.is_err() {
            self.segments.abort(sink);
            self.note(sink, NoticeKind::SinkFailed, self.now, 0);
        }
        result
    }

    /// Counts something that is told every time.
    fn note<S: SegmentSink>(&mut self, sink: &mut S, kind: NoticeKind, time: Ticks, amount: i64) {
        let count = self.counts.add(kind);
        sink.notice(&Notice {
            kind,
            time,
            amount,
            count,
        });
    }

    /// Counts something that comes with tag after tag: it is told once per segment.
    fn tally<S: SegmentSink>(&mut self, sink: &mut S, kind: NoticeKind) {
        let count = self.counts.add(kind);
        let bit = 1 << kind as u32;
        if self.told & bit == 0 {
            self.told |= bit;
            sink.notice(&Notice {
                kind,
                time: self.now,
                amount: 0,
                count,
            });
        }
    }

    /// Counts a repair, told at the beginning of its run.
    fn repaired<S: SegmentSink>(
        &mut self,
        sink: &mut S,
        kind: NoticeKind,
        time: Ticks,
        by: TickSpan,
        run_begins: bool,
    ) {
        let count = self.counts.add(kind);
        if run_begins {
            sink.notice(&Notice {
                kind,
                time,
                amount: by.get(),
                count,
            });
        }
    }
}

/// Keeps the first error of several.
fn keep_first<E>(trouble: &mut Option<E>, result: Result<(), E>) {
    if let Err(error) = result {
        trouble.get_or_insert(error);
    }
}
