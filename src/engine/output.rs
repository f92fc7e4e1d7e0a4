//! What goes into the multiplex, and where its packets go.

use crate::codec::avc::AnnexB;
use crate::sink::SegmentSink;
use crate::time::{TickSpan, Ticks};
use crate::ts::TsPackets;

/// An open segment, and the sink that takes it.
pub(super) struct Output<'a, S> {
    pub(super) sink: &'a mut S,
    pub(super) bytes: &'a mut u64,
}

impl<S: SegmentSink> Output<'_, S> {
    #[inline]
    pub(super) fn write(&mut self, packets: TsPackets<'_>) -> Result<(), S::Error> {
        self.sink.write_packets(packets)?;
        *self.bytes += packets.len() as u64;
        Ok(())
    }
}

/// A picture ready to be written.
pub(super) struct Picture<'a> {
    pub(super) dts: Ticks,
    pub(super) pts: Ticks,
    pub(super) access_unit: &'a AnnexB<'a>,
    /// Second byte of the source's own delimiter.
    pub(super) delimiter: Option<u8>,
    pub(super) key_frame: bool,
    /// Time to the next picture as far as that can be told.
    pub(super) interval: TickSpan,
}

/// Audio frames that follow each other, ready to be written.
pub(super) struct Sound<'a> {
    pub(super) pts: Ticks,
    /// Where the last frame ends.
    pub(super) end: Ticks,
    /// Goes before `frames`, which may be borrowed from a tag.
    pub(super) header: &'a [u8],
    pub(super) frames: &'a [u8],
    /// Video has stopped: audio goes on without it.
    pub(super) video_is_silent: bool,
}
