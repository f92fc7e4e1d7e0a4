//! The engine: what a host calls.
//!
//! The engine itself decides nothing and writes nothing: this file is the door, `push.rs` the way
//! from the door to a reading, and `take.rs` the way from that to a plan and on to the sink.
//! ARCHITECTURE.md walks them.

mod push;
mod take;

use crate::apply::{Apply, Channel};
use crate::config::{Config, End, SwitchAt};
use crate::cut::{Phase, Request};
use crate::demux::Findings;
use crate::error::Error;
use crate::flv::{Tag, TagKind, TrackTag};
use crate::frame::{Configuration, Frame};
use crate::mux::{Container, Fmp4, Headers, LowLatency, Muxer, Ts};
use crate::part::PartLog;
use crate::playlist::ListedSegment;
use crate::resume::{ListEnd, ResumeError, ResumeToken};
use crate::segment::Lost;
use crate::sink::SegmentSink;
use crate::stats::Stats;
use crate::stream_type::StreamType;
use crate::time::WallTime;
use crate::timeline::Unroller;
use crate::track::Announced;

/// Turns the tags of one stream into segments and playlists, on a sink that is lent to each call.
///
/// There are four kinds of methods:
///
/// - **Media in**: [`push`](Self::push), for every tag or message in the order of arrival, audio,
///   video and script alike; or [`push_frame`](Self::push_frame) and
///   [`configure`](Self::configure), for frames that come otherwise.
/// - **The host's word**: [`set_wall_time`](Self::set_wall_time),
///   [`announce`](Self::announce), [`request_switch`](Self::request_switch), [`lost`](Self::lost).
/// - **The end**: [`finish`](Self::finish), for good or until the encoder comes back.
/// - **What there is**: [`stats`](Self::stats), [`resume_token`](Self::resume_token).
///
/// All output comes through the sink, within the call that caused it. The engine has no clock,
/// thread or heap of its own, is `Send`, and has the same size whatever it is fed.
#[derive(Clone, Debug)]
// In this order the fields that every tag touches share cache lines.
#[repr(C)]
pub struct Segmenter<C: Container = Ts> {
    /// Tag times without their wraps; one for both tracks, because one clock stamps both.
    unroller: Unroller,
    /// What the tag at hand was found to be; empty between two calls.
    findings: Findings,
    /// Everything that outlives a call.
    channel: Channel<C>,
}

const _: () = assert!(size_of::<Segmenter>() <= 12 * 1024, "a channel must stay this small");
const _: () = assert!(size_of::<Segmenter<Fmp4>>() <= 16 * 1024, "nor may one of fMP4 grow");
const _: () = assert!(size_of::<Segmenter<LowLatency<Fmp4>>>() <= 16 * 1024, "nor with parts");

impl Segmenter {
    /// Makes an engine for a new list of MPEG-TS segments.
    pub fn new(config: Config) -> Self {
        Self::with_container(config)
    }

    /// Makes an engine that goes on with the list of an earlier one, in MPEG-TS: see
    /// [`resume_with_container`](Self::resume_with_container).
    ///
    /// # Errors
    ///
    /// [`ResumeError::Segments`] when these are not the token's segments, [`ResumeError::Ended`]
    /// when the list has ended.
    pub fn resume(
        config: Config,
        token: &ResumeToken,
        listed: impl IntoIterator<Item = ListedSegment>,
    ) -> Result<Self, ResumeError> {
        Self::resume_with_container(config, token, listed)
    }
}

impl Segmenter<Fmp4> {
    /// Makes an engine for a new list of [fragmented MP4](crate::fmp4).
    ///
    /// ```
    /// # use hls_segmenter::{Config, Segmenter};
    /// let segmenter = Segmenter::fmp4(Config::default());
    /// ```
    pub fn fmp4(config: Config) -> Self {
        Self::with_container(config)
    }
}

impl<C: Container> Segmenter<C> {
    /// Makes an engine for a new list, for hosts that are generic over the container.
    pub fn with_container(config: Config) -> Self {
        let config = if C::Parts::KEEPS { config.with_parts() } else { config.without_parts() };
        let config = match C::Muxer::HEADERS {
            Headers::InInit => config.with_sections(),
            Headers::InBand => config,
        };
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
    /// [`ResumeError::Segments`] when these are not the token's segments, [`ResumeError::Ended`]
    /// when the list has ended.
    pub fn resume_with_container(
        config: Config,
        token: &ResumeToken,
        listed: impl IntoIterator<Item = ListedSegment>,
    ) -> Result<Self, ResumeError> {
        if token.list_end == ListEnd::Ends {
            return Err(ResumeError::Ended);
        }
        let mut engine = Self::with_container(config);
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
        channel.mux.restore(token.program, token.pmt_version, token.counters);
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
    pub fn push<S: SegmentSink + ?Sized>(
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

    /// Takes what a message brings for one of its [tracks](crate::flv::tracks): an engine for each
    /// rendition gets the messages of its own video and audio track.
    ///
    /// # Errors
    ///
    /// As [`push`](Self::push).
    pub fn push_track<S: SegmentSink + ?Sized>(
        &mut self,
        track: TrackTag<'_>,
        sink: &mut S,
    ) -> Result<(), Error<S::Error>> {
        self.push_any_track(track, sink)
    }

    /// Takes one picture, or the audio frames that begin at one time, from a protocol that has no
    /// tags. Whatever that leads to has gone to the sink when this returns; nothing of the frame is
    /// kept by reference.
    ///
    /// A publication comes as tags or as frames, not as both: their clocks are not the same.
    ///
    /// # Errors
    ///
    /// As [`push`](Self::push), [`Error::Tag`] excepted.
    pub fn push_frame<S: SegmentSink + ?Sized>(
        &mut self,
        frame: Frame<'_>,
        sink: &mut S,
    ) -> Result<(), Error<S::Error>> {
        self.push_any_frame(frame, sink)
    }

    /// Tells how the frames are coded that come from now on, where they do not say so themselves:
    /// parameter sets take effect at the next key frame, as those of a sequence header do. The sink
    /// is told of the track.
    ///
    /// # Errors
    ///
    /// [`Error::Codec`]: the configuration cannot be used, and was passed over. [`Error::Finished`]
    /// after [`End::List`].
    pub fn configure<S: SegmentSink + ?Sized>(
        &mut self,
        configuration: Configuration<'_>,
        sink: &mut S,
    ) -> Result<(), Error<S::Error>> {
        self.take_configuration(configuration, sink)
    }

    /// Tells the calendar time at which the next tag arrived. It names segments and dates the
    /// playlist, whose dates follow it as [`DatePolicy`](crate::config::DatePolicy) says; a stream
    /// that is never told has no EXT-X-PROGRAM-DATE-TIME. A clock that is set back moves no date
    /// back.
    pub const fn set_wall_time(&mut self, now: WallTime) {
        self.channel.list.set_wall_time(now);
    }

    /// Says what tracks will come, as the stream's own metadata may: the first segment lists audio
    /// that is announced, and audio alone waits for video that is, both for as long as
    /// [`Options::track_wait`](crate::Options::track_wait) says. `probe::Probe` finds out which
    /// tracks there are. Once a segment has begun, the tracks themselves have said it, and this
    /// does nothing; audio that cannot be carried is not listed.
    pub fn announce(&mut self, announced: &Announced) {
        let audio = announced.audio.filter(|audio| StreamType::AUDIO.contains(audio));
        self.channel.state.announce(&Announced { audio, ..*announced });
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

    /// Tells that a segment is lost which `close_segment` had accepted: its upload has failed after
    /// all. It keeps its place in the list, and from the next version on it has EXT-X-GAP: players
    /// do not ask for it (draft-pantos-hls-rfc8216bis §4.4.4.7).
    ///
    /// The word is kept with the segment until it leaves the list, and no sink is called: the next
    /// version comes with the next segment, or with the end of the list. Until then players have a
    /// version that names an object which does not exist. A tag that comes late is none of the
    /// changes that §6.2.1 allows to a list; a segment that is named, not a gap and not there
    /// breaks that section as well, and stalls players. So a host that can wait answers for the
    /// upload in `close_segment`, and then no version ever names the segment.
    ///
    /// EXT-X-GAP needs no higher EXT-X-VERSION by §8 of the draft; a host that follows Apple's
    /// table, which says 8, gives all its texts that
    /// [`min_version`](crate::playlist::M3u8::min_version). A host that [resumes](Self::resume)
    /// from segments which it stored before this call sets [`ListedSegment::gap`] of the lost ones
    /// itself.
    pub fn lost(&mut self, id: u64) -> Lost {
        match &self.channel.state.phase {
            Phase::Ended => Lost::Ended,
            Phase::Open(open) if open.start.id == id => Lost::Open,
            Phase::Idle | Phase::Waiting { .. } | Phase::Open(_) => {
                if self.channel.list.make_gap(id) { Lost::Listed } else { Lost::Unlisted }
            }
        }
    }

    /// Ends the stream: what waits is written, the open segment is closed and listed.
    ///
    /// # Errors
    ///
    /// [`Error::Sink`] when a sink call failed; the end stands nevertheless, and where it was the
    /// update of the playlist, the version that ends it is not told again. [`Error::Finished`]
    /// after [`End::List`].
    pub fn finish<S: SegmentSink + ?Sized>(
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
        let Channel { totals, notices, list, .. } = &self.channel;
        totals.stats(list.bit_rates(), notices.counts())
    }

    /// Returns what a later engine needs, apart from the listed segments, to go on with this list.
    /// The token of a [`Playlist`](crate::playlist::Playlist::resume_token) comes with the segments
    /// that it is for.
    pub fn resume_token(&self) -> ResumeToken {
        self.channel.resume_token(match self.channel.state.phase {
            Phase::Ended => ListEnd::Ends,
            Phase::Idle | Phase::Waiting { .. } | Phase::Open(_) => ListEnd::GoesOn,
        })
    }
}
