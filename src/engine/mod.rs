//! The engine: drives every other part, one tag at a time.

mod audio;
mod format;
mod gather;
mod host;
mod in_step;
mod incoming;
mod lifecycle;
mod mux;
mod output;
mod picture;
mod queue;
mod segments;
mod tell;
mod video;

use crate::config::{Config, Options};
use crate::error::Error;
use crate::flv::{Aggregate, AudioCodec, Metadata, Tag, TagError, TagKind, VideoCodec};
use crate::notice::{NoticeCounts, NoticeKind};
use crate::playlist::ListedSegment;
use crate::resume::{ResumeError, ResumeToken};
use crate::rules::SwitchRule;
use crate::segment::Cause;
use crate::sink::SegmentSink;
use crate::snapshot::SnapshotPace;
use crate::stats::Stats;
use crate::time::{Ticks, WallTime};
use crate::timeline::{Timeline, Unroller};
use crate::ts::{Program, StreamType};

pub use host::{End, SwitchAt};

use audio::Audio;
use lifecycle::{Cut, First, Seam, keep_first};
use mux::Mux;
use segments::Segments;
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
// In order of declaration: what every tag touches lies together, so that of many channels a tag waits for few lines.
#[repr(C)]
pub struct Segmenter {
    unroller: Unroller,
    timeline: Timeline,
    /// Time of the last frame.
    now: Ticks,
    requested: Option<SwitchAt>,
    /// Something was written: this is no longer the beginning of the stream.
    muxed: bool,
    finished: bool,
    audio: Audio,
    rule: SwitchRule,
    mux: Mux,
    video: Video,
    segments: Segments,
    snapshots: SnapshotPace,
    config: Options,
    counts: NoticeCounts,
    /// Kinds told since the open segment began, one bit each.
    told: u64,
    /// When frames began to wait for a segment to open.
    waiting_since: Option<Ticks>,
    /// When the first segment of this publication began.
    first_start: Option<Ticks>,
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
        if token.listed > 0 {
            engine.muxed = true;
            engine.mux.break_timeline();
        }
        engine.segments.restore(token);
        let mut expected = token.first_sequence;
        for segment in listed {
            if segment.sequence != expected {
                return Err(ResumeError::Segments { sequence: expected });
            }
            engine.segments.restore_segment(&segment);
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
        let in_step = match tag.kind {
            TagKind::AUDIO => self.gather_in_step(&tag, sink),
            TagKind::VIDEO => self.picture_in_step(&tag, sink),
            _ => None,
        };
        if let Some(taken) = in_step {
            return taken.map_err(Error::Sink);
        }
        if self.finished {
            return Err(Error::Finished);
        }
        if tag.kind == TagKind::AGGREGATE {
            self.push_aggregate(tag, sink)
        } else {
            self.push_one(tag, sink)
        }
    }

    /// Tells the calendar time at which the next tag arrived. It names segments and dates the playlist; a stream that
    /// is never told has no EXT-X-PROGRAM-DATE-TIME.
    pub const fn set_wall_time(&mut self, now: WallTime) {
        self.segments.set_wall_time(now);
    }

    /// Asks for a switch regardless of FragDuration. Any switch that comes first fulfils it. Where playlists promise
    /// independent segments, a switch at once falls on the next key frame too.
    pub const fn request_switch(&mut self, at: SwitchAt) {
        self.audio.queue.pace = None;
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
    /// [`Error::Sink`] when a sink call failed; the end stands nevertheless, and where it was the update of the playlist, the
    /// version that ends it is not told again. [`Error::Finished`] after [`End::List`].
    pub fn finish<S: SegmentSink>(
        &mut self,
        end: End,
        sink: &mut S,
    ) -> Result<(), Error<S::Error>> {
        if self.finished {
            return Err(Error::Finished);
        }
        let mut trouble = None;
        if !self.segments.is_open() && !self.audio.is_ahead() {
            self.take_audio_format(sink);
            if let Some(first) = self.audio.queue.first_pts()
                && self.audio_may_begin(self.config.track_wait)
            {
                let begun = self.begin(sink, first, First::Audio);
                keep_first(&mut trouble, begun);
            }
        }
        let ended = end == End::List;
        let cut = Cut {
            at: self.now,
            cause: Cause::End,
            seam: Seam::Broken,
        };
        let closed = self.close(sink, &mut trouble, cut, ended);
        if ended && !closed && !self.segments.window().is_empty() {
            self.segments.publish(sink, &self.mux, true, &mut trouble);
        }
        // What was ahead of a jump that never came belongs nowhere.
        self.drop_held(sink, NoticeKind::AudioAstray);
        self.finished = ended;
        if end == End::Pause {
            self.pause();
        }
        trouble.map_or(Ok(()), |error| Err(Error::Sink(error)))
    }

    /// Returns what has gone through so far.
    pub fn stats(&self) -> Stats {
        Stats {
            video: self.video.track.map(|track| self.video.meter.stats(track)),
            audio: self.audio.track.map(|track| self.audio.meter.stats(track)),
            counts: self.counts,
        }
    }

    /// Returns what a later engine needs, besides the listed segments, to go on with this list. The token of a
    /// [`Playlist`](crate::playlist::Playlist::resume_token) comes with the segments that it is for.
    pub fn resume_token(&self) -> ResumeToken {
        self.segments.token(&self.mux)
    }

    fn push_aggregate<S: SegmentSink>(
        &mut self,
        message: Tag<'_>,
        sink: &mut S,
    ) -> Result<(), Error<S::Error>> {
        let mut parts = Aggregate::new(message.time, message.data);
        let mut result = Ok(());
        for part in &mut parts {
            result = weightier(result, self.push_one(part, sink));
        }
        let left = parts.remainder();
        if left > 0 {
            let cut = TagError::Truncated {
                field: "aggregate",
                left,
            };
            result = weightier(result, self.fail(sink, Err(cut.into()), None));
        }
        result
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
        match (result, trouble) {
            (Ok(()), None) => Ok(()),
            (result, trouble) => self.fail(sink, result, trouble),
        }
    }

    /// Tallies a tag that was passed over, and returns the error that weighs most; `trouble` came before `result`.
    #[cold]
    fn fail<S: SegmentSink>(
        &mut self,
        sink: &mut S,
        result: Result<(), Error<S::Error>>,
        trouble: Option<S::Error>,
    ) -> Result<(), Error<S::Error>> {
        if matches!(result, Err(Error::Tag(_) | Error::Codec(_))) {
            self.tally(sink, NoticeKind::BadTag);
        }
        let trouble = trouble.map_or(Ok(()), |error| Err(Error::Sink(error)));
        weightier(trouble, result)
    }

    /// Takes metadata for what it announces; nothing is decided by it alone.
    #[cold]
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
}

/// Returns the first error of two, but that of a lost segment rather than that of a tag that was passed over.
fn weightier<E>(first: Result<(), Error<E>>, second: Result<(), Error<E>>) -> Result<(), Error<E>> {
    match (&first, &second) {
        (Ok(()), _) | (Err(Error::Tag(_) | Error::Codec(_)), Err(Error::Sink(_))) => second,
        _ => first,
    }
}
