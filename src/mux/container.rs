//! Which containers there are, and what each must be able to do.

use core::fmt;
use core::marker::PhantomData;

use super::fmp4::{Fmp4Writer, Init};
use super::ts::TsWriter;
use super::{AudioPes, Output, PictureUnit};
use crate::codec::audio::AudioFormat;
use crate::codec::nal::{AnnexB, ParameterSets};
use crate::codec::video::CarriedVideo;
use crate::config::Options;
use crate::flv::AudioCodec;
use crate::part::{NoParts, PartLog, PartRing};
use crate::stream_type::Program;
use crate::time::{TickSpan, Ticks};

/// What an engine's segments are made of: [`Ts`] or [`Fmp4`]. No other type can be one.
#[expect(private_bounds, reason = "so that no other type can be one")]
pub trait Container: Muxed + Clone + fmt::Debug + Send + 'static {}

/// What writes a container, and what is kept of parts.
pub(crate) trait Muxed {
    type Muxer: Muxer;
    type Parts: PartLog;
}

/// MPEG-2 transport stream (ISO/IEC 13818-1): what every HLS player takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a marker has nothing in it")]
pub struct Ts;

/// Fragmented MP4 (ISO/IEC 14496-12, RFC 8216 §3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a marker has nothing in it")]
pub struct Fmp4;

/// A container with room for the parts of Low-Latency HLS, which
/// [`Options::parts`](crate::Options::parts) asks for: `LowLatency<Ts>`, `LowLatency<Fmp4>`. Such
/// an engine is half a KiB larger.
///
/// ```
/// use hls_segmenter::config::{Parts, TargetDuration};
/// use hls_segmenter::time::Secs;
/// use hls_segmenter::{Config, Fmp4, LowLatency, Options, Segmenter};
///
/// let options = Options {
///     target_duration: TargetDuration::Declared(Secs::new(6)),
///     parts: Some(Parts::lasting(500)?),
///     ..Options::default()
/// };
/// let segmenter = Segmenter::<LowLatency<Fmp4>>::with_container(Config::new(options)?);
/// # Ok::<(), hls_segmenter::config::ConfigError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LowLatency<C>(PhantomData<C>);

impl Container for Ts {}

impl Muxed for Ts {
    type Muxer = TsWriter;
    type Parts = NoParts;
}

impl Container for Fmp4 {}

impl Muxed for Fmp4 {
    type Muxer = Fmp4Writer;
    type Parts = NoParts;
}

impl<C: Container> Container for LowLatency<C> {}

impl<C: Container> Muxed for LowLatency<C> {
    type Muxer = C::Muxer;
    type Parts = PartRing;
}

/// How audio frames wait to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AudioFraming {
    /// Each after its ADTS header.
    Adts,
    /// As they came.
    Raw,
}

/// Where a decoder finds parameter sets and configurations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Headers {
    /// Among the media.
    InBand,
    /// In a section of their own, before the first segment that needs them.
    InInit,
}

/// The elementary streams of a segment, and how they are coded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Streams<'a> {
    pub(crate) program: Program,
    /// Parameter sets in force.
    pub(crate) sets: &'a ParameterSets,
    pub(crate) audio: Option<&'a AudioFormat>,
}

/// Writes a container into the open segment, and keeps what goes on from one segment to the next.
pub(crate) trait Muxer: Clone + fmt::Debug + Send {
    /// How audio frames wait to be written.
    const FRAMING: AudioFraming;
    /// Where a decoder finds parameter sets and configurations.
    const HEADERS: Headers;
    /// Video that is carried.
    const VIDEO: CarriedVideo;
    /// Audio that is carried.
    const AUDIO: &'static [AudioCodec];

    fn new(options: &Options) -> Self;

    /// Returns the elementary streams of the last segment.
    fn program(&self) -> Program;

    /// Returns the number that tells apart the tables of one stream, and the counters of what
    /// players join to one stream: a resume token carries both.
    fn counters(&self) -> (u8, [u8; 4]);

    /// Goes on with the streams, the number and the counters of an earlier engine.
    fn restore(&mut self, program: Program, version: u8, counters: [u8; 4]);

    /// Returns DTS of the last picture on this timeline.
    fn last_video(&self) -> Option<Ticks>;

    /// Forgets the clock: a new timeline begins.
    fn break_timeline(&mut self);

    /// Has a timeline of its own begin behind a break, at `to`, where the last one cannot go on.
    fn rewind(&mut self, to: Ticks);

    /// Takes what the next segment has; returns whether players cannot go on to it without a break.
    fn set_streams(&mut self, streams: &Streams<'_>) -> bool;

    /// Hands the initialization section over that the segment of this id needs, if no earlier
    /// segment had the same.
    fn new_init<E>(
        &mut self,
        streams: &Streams<'_>,
        id: u64,
        take: impl FnOnce(&Init<'_>) -> Result<(), E>,
    ) -> Result<(), E>;

    /// Returns the id of the initialization section that the segment of this id needs.
    fn init_of(&self, id: u64) -> Option<u64>;

    /// Returns whether parameter sets are those that the last segment's beginning states.
    fn repeats(&self, sets: &ParameterSets) -> bool;

    /// Forgets the segment that was begun last: nobody will miss it, and its clock is gone.
    fn roll_back(&mut self);

    /// Begins a segment.
    fn begin_segment<O: Output>(&mut self, out: &mut O, start: Ticks) -> Result<(), O::Error>;

    /// Ends it; `next` is when the next segment begins on the same timeline, and `interval` is how
    /// long the last picture lasts where there is none.
    fn end_segment<O: Output>(
        &mut self,
        out: &mut O,
        next: Option<Ticks>,
        interval: TickSpan,
    ) -> Result<(), O::Error>;

    /// Ends a part of the segment; the next one begins at `next`.
    fn end_part<O: Output>(&mut self, out: &mut O, next: Ticks) -> Result<(), O::Error>;

    /// Begins a part that is not the first of its segment.
    fn begin_part<O: Output>(&mut self, out: &mut O, start: Ticks) -> Result<(), O::Error>;

    /// Writes a picture.
    fn picture<O: Output>(
        &mut self,
        out: &mut O,
        picture: &PictureUnit<'_>,
    ) -> Result<(), O::Error>;

    /// Writes more of the last picture.
    fn rest_of_picture<O: Output>(
        &mut self,
        out: &mut O,
        rest: &AnnexB<'_>,
    ) -> Result<(), O::Error>;

    /// Writes audio frames.
    fn audio<O: Output>(&mut self, out: &mut O, audio: &AudioPes<'_>) -> Result<(), O::Error>;
}
