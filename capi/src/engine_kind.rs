//! The four kinds of engines, MPEG-TS or fMP4 with parts or without, and how a call finds the one
//! that lies in the caller's memory.

use core::ffi::c_int;

use hls_segmenter::{Container, Error, Fmp4, LowLatency, Segmenter, Ts};

use crate::border::{Guard, Object, Result, Slot, kind_in, layout};
use crate::engine::hlsseg_engine;
use crate::sink::Sink;
use crate::status::hlsseg_status;

/// What segments are made of.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum hlsseg_container {
    /// MPEG-2 transport stream, which every player takes. Media goes to `write_packets`.
    Ts = 0,
    /// Fragmented MP4 (CMAF). Media goes to `write_payload`, and what stands before it to
    /// `init_section` and `close_fragment`.
    Fmp4 = 1,
}

/// What lies in the memory of an engine.
pub(crate) struct Engine<C: Container> {
    pub(crate) segmenter: Segmenter<C>,
    /// Why the last call failed.
    pub(crate) error: Option<Error<c_int>>,
}

/// A container that engines may have, with parts or without.
pub(crate) trait Made: Container {
    const KIND: EngineKind;
    const CONTAINER: hlsseg_container;
    const HAS_PARTS: bool;
}

/// What a call of the library said.
type Said = core::result::Result<(), Error<c_int>>;

/// Which of the engines one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EngineKind {
    Ts = 1,
    Fmp4 = 2,
    LowLatencyTs = 3,
    LowLatencyFmp4 = 4,
}

impl EngineKind {
    /// Returns the one that an `hlsseg_container` and the duration of parts are for.
    pub(crate) const fn of(container: u32, part_millis: u32) -> Option<Self> {
        match (container, part_millis) {
            (0, 0) => Some(Self::Ts),
            (0, _) => Some(Self::LowLatencyTs),
            (1, 0) => Some(Self::Fmp4),
            (1, _) => Some(Self::LowLatencyFmp4),
            _ => None,
        }
    }
}

impl Made for Ts {
    const KIND: EngineKind = EngineKind::Ts;
    const CONTAINER: hlsseg_container = hlsseg_container::Ts;
    const HAS_PARTS: bool = false;
}

impl Made for Fmp4 {
    const KIND: EngineKind = EngineKind::Fmp4;
    const CONTAINER: hlsseg_container = hlsseg_container::Fmp4;
    const HAS_PARTS: bool = false;
}

impl<C: Made> Made for LowLatency<C> {
    const KIND: EngineKind = match C::CONTAINER {
        hlsseg_container::Ts => EngineKind::LowLatencyTs,
        hlsseg_container::Fmp4 => EngineKind::LowLatencyFmp4,
    };
    const CONTAINER: hlsseg_container = C::CONTAINER;
    const HAS_PARTS: bool = true;
}

impl<C: Made> Object for Engine<C> {
    const KIND: u8 = C::KIND as u8;
}

/// Evaluates `body` for the container of a kind of engine.
macro_rules! for_container {
    ($kind:expr, $container:ident => $body:expr) => {
        match $kind {
            $crate::engine_kind::EngineKind::Ts => {
                type $container = hls_segmenter::Ts;
                $body
            }
            $crate::engine_kind::EngineKind::Fmp4 => {
                type $container = hls_segmenter::Fmp4;
                $body
            }
            $crate::engine_kind::EngineKind::LowLatencyTs => {
                type $container = hls_segmenter::LowLatency<hls_segmenter::Ts>;
                $body
            }
            $crate::engine_kind::EngineKind::LowLatencyFmp4 => {
                type $container = hls_segmenter::LowLatency<hls_segmenter::Fmp4>;
                $body
            }
        }
    };
}

/// Evaluates `body` with the engine that lies at a pointer, which nobody else uses meanwhile.
macro_rules! with_engine {
    ($pointer:expr, |$engine:ident| $body:expr) => {{
        let pointer = $pointer;
        $crate::engine_kind::for_container!($crate::engine_kind::kind_of(pointer)?, C => {
            let mut guard = $crate::engine_kind::enter::<C>(pointer)?;
            let $engine = &mut *guard;
            $body
        })
    }};
}

/// Makes a call of the segmenter that lies at a pointer, and lends it the caller's sink.
macro_rules! with_sink {
    ($pointer:expr, $sink:expr, |$segmenter:ident, $to:ident| $call:expr) => {{
        let mut room = None;
        let sink = $crate::sink::Sink::take($sink, &mut room)?;
        // No closure: as a call of its own it would be thirty instructions more for every tag.
        $crate::engine_kind::with_engine!($pointer, |engine| {
            let mut sink = engine.take(sink)?;
            let ($segmenter, $to) = (&mut engine.segmenter, &mut sink);
            let said = $call;
            engine.note(said)
        })
    }};
}

pub(crate) use {for_container, with_engine, with_sink};

impl<C: Made> Engine<C> {
    pub(crate) const fn new(segmenter: Segmenter<C>) -> Self {
        Self { segmenter, error: None }
    }

    /// Takes a sink that has the callbacks which this engine cannot do without.
    #[inline]
    pub(crate) fn take<'s>(&self, sink: Sink<'s>) -> Result<Sink<'s>> {
        if sink.serves::<C>() { Ok(sink) } else { Err(hlsseg_status::Null) }
    }

    /// Keeps what a call said for `hlsseg_error_text`.
    #[inline]
    pub(crate) fn note(&mut self, said: Said) -> Result {
        let Err(error) = said else {
            self.error = None;
            return Ok(());
        };
        self.error = Some(error);
        Err(match error {
            Error::Tag(_) => hlsseg_status::Tag,
            Error::Codec(_) => hlsseg_status::Codec,
            Error::Sink(_) => hlsseg_status::Sink,
            Error::Finished => hlsseg_status::Finished,
            _ => hlsseg_status::Internal,
        })
    }
}

/// Finds out which engine lies at a pointer.
#[inline]
pub(crate) fn kind_of(engine: *mut hlsseg_engine) -> Result<EngineKind> {
    match kind_in::<Engine<Ts>>(engine.cast())? {
        1 => Ok(EngineKind::Ts),
        2 => Ok(EngineKind::Fmp4),
        3 => Ok(EngineKind::LowLatencyTs),
        4 => Ok(EngineKind::LowLatencyFmp4),
        _ => Err(hlsseg_status::State),
    }
}

/// Takes the engine at a pointer for the time of a call.
#[inline]
pub(crate) fn enter<'a, C: Made>(engine: *mut hlsseg_engine) -> Result<Guard<'a, Engine<C>>> {
    Slot::enter(engine.cast())
}

/// Length of the memory for an engine, in bytes.
pub(crate) const fn len_of(kind: EngineKind) -> usize {
    for_container!(kind, C => layout::<Engine<C>>().0)
}

/// Alignment of the memory for an engine of any kind, in bytes.
pub(crate) const ALIGNMENT: usize = layout::<Engine<Ts>>().1;

const _: () = assert!(
    layout::<Engine<Fmp4>>().1 == ALIGNMENT
        && layout::<Engine<LowLatency<Ts>>>().1 == ALIGNMENT
        && layout::<Engine<LowLatency<Fmp4>>>().1 == ALIGNMENT
);
const _: () = assert!(len_of(EngineKind::Ts) <= 12 * 1024 + 64, "more than the header says");
const _: () = assert!(len_of(EngineKind::LowLatencyFmp4) <= 16 * 1024 + 64, "as above");
