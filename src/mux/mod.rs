//! Containers: what a segment's pictures and audio become.
//!
//! [`ts`] is the one there is. What crosses the seam names no container: a [`PictureUnit`] or an
//! [`AudioPes`] goes in, packets come out through an [`Output`].
//!
//! A container is told when a segment begins, when the timeline breaks, and when a segment that it
//! has written into is lost; it decides about none of these.

pub mod ts;

use crate::codec::nal::AnnexB;
use crate::codec::video::VideoCoding;
use crate::time::{TickSpan, Ticks};
use ts::TsPackets;

/// A picture ready to be written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PictureUnit<'a> {
    pub(crate) dts: Ticks,
    pub(crate) pts: Ticks,
    pub(crate) access_unit: &'a AnnexB<'a>,
    pub(crate) coding: VideoCoding,
    /// What the source's own delimiter says of slice types.
    pub(crate) slice_types: Option<u8>,
    /// A decoder may begin here, by the host's policy.
    pub(crate) key_frame: bool,
    /// Time to the next picture as far as that can be told.
    pub(crate) interval: TickSpan,
}

/// Audio frames that follow each other, ready to be written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AudioPes<'a> {
    pub(crate) pts: Ticks,
    /// Where the last frame ends.
    pub(crate) end: Ticks,
    /// Goes before `frames`, which may be borrowed from a tag.
    pub(crate) header: &'a [u8],
    /// The frames, one after the other, in the container's framing.
    pub(crate) frames: &'a [u8],
    /// Video has stopped: audio goes on without it.
    pub(crate) video_is_silent: bool,
}

/// Takes what a container writes into the open segment. Errors pass through the container unread.
pub(crate) trait Output {
    /// What can go wrong in taking packets.
    type Error;

    /// Takes a run of whole packets.
    fn write(&mut self, packets: TsPackets<'_>) -> Result<(), Self::Error>;
}
