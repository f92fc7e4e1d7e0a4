//! The engine: what a host calls.
//!
//! The engine itself decides nothing and writes nothing: this file is the door, and `push.rs` the
//! way from the door to a plan and on to the sink. ARCHITECTURE.md walks both.

mod push;

use crate::apply::{Apply, Channel};
use crate::config::{Config, End, SwitchAt};
use crate::cut::Request;
use crate::demux::Findings;
use crate::error::Error;
use crate::flv::{Tag, TagKind};
use crate::mux::ts::TsState;
use crate::playlist::ListedSegment;
use crate::resume::{ResumeError, ResumeToken};
use crate::sink::SegmentSink;
use crate::stats::Stats;
use crate::time::WallTime;
use crate::timeline::Unroller;

/// Turns the tags of one stream into segments and playlists, on a sink that is lent to each call.
///
/// There are four kinds of methods:
///
/// - **Media in**: [`push`](Self::push), for every tag or message in the order of arrival, audio,
///   video and script alike.
/// - **The host's word**: [`set_wall_time`](Self::set_wall_time),
///   [`request_switch`](Self::request_switch).
/// - **The end**: [`finish`](Self::finish), for good or until the encoder comes back.
/// - **What there is**: [`stats`](Self::stats), [`resume_token`](Self::resume_token).
///
/// All output comes through the sink, within the call that caused it. The engine has no clock,
/// thread or heap of its own, is `Send`, and has the same size whatever it is fed.
#[derive(Clone, Debug)]
// In this order the fields that every tag touches share cache lines.
#[repr(C)]
pub struct Segmenter {
    /// Tag times without their wraps; one for both tracks, because one clock stamps both.
    unroller: Unroller,
    /// What the tag at hand was found to be; empty between two calls.
    findings: Findings,
    /// Everything that outlives a call.
    channel: Channel,
}

const _: () = assert!(size_of::<Segmenter>() <= 12 * 1024, "a channel must stay this small");

impl Segmenter {
    /// Makes an engine for a new list.
    pub fn new(config: Config) -> Self {
        Self {
            unroller: Unroller::new(config.options().base),
            findings: Findings::new(),
            channel: Channel::new(&config),
        }
    }

    /// Makes an engine that goes on with the list of an earlier one: numbers, counters and target
    /// duration continue, and its first segment comes after EXT-X-DISCONTINUITY.
    ///
    /// `listed` are the segments of the playlist that `token` came with, oldest first. Where the
    /// new configuration lists fewer, the excess leaves with the first new segment.
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
        if expected != numbers.first_sequence.wrapping_add(u64::from(numbers.listed)) {
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

    /// Takes one tag or message. Whatever it leads to has gone to the sink when this returns;
    /// nothing of it is kept by reference.
    ///
    /// # Errors
    ///
    /// [`Error::Tag`] and [`Error::Codec`]: the tag was passed over. [`Error::Sink`]: a sink call
    /// failed, see [`SegmentSink`](SegmentSink#errors). The stream goes on with the next tag in any
    /// case; only after [`End::List`] every call is refused with [`Error::Finished`].
    // Inlined into the host's loop: of the hundred-odd instructions that a quiet audio frame takes,
    // call and return would be twenty.
    #[inline(always)]
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

    /// Tells the calendar time at which the next tag arrived. It names segments and dates the
    /// playlist; a stream that is never told has no EXT-X-PROGRAM-DATE-TIME.
    pub const fn set_wall_time(&mut self, now: WallTime) {
        self.channel.list.set_wall_time(now);
    }

    /// Asks for a switch regardless of FragDuration. Any switch that comes first fulfils it. Where
    /// playlists promise independent segments, a switch at once falls on the next key frame
    /// too.
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
    /// [`Error::Sink`] when a sink call failed; the end stands nevertheless, and where it was the
    /// update of the playlist, the version that ends it is not told again. [`Error::Finished`]
    /// after [`End::List`].
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

    /// Returns what a later engine needs, apart from the listed segments, to go on with this list.
    /// The token of a [`Playlist`](crate::playlist::Playlist::resume_token) comes with the segments
    /// that it is for.
    pub fn resume_token(&self) -> ResumeToken {
        self.channel.resume_token()
    }
}
