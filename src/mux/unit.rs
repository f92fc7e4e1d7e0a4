//! What is handed to a container: a picture, or audio frames that follow each other.

use crate::codec::nal::AnnexB;
use crate::codec::video::VideoCoding;
use crate::sample::GatheredFrame;
use crate::time::{TickSpan, Ticks};

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
    /// Parameter sets that the picture brings are those that the segment's beginning states.
    pub(crate) repeats_sets: bool,
    /// Time to the next picture as far as that can be told.
    pub(crate) interval: TickSpan,
}

/// Audio frames that follow each other, ready to be written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AudioPes<'a> {
    pub(crate) pts: Ticks,
    /// Where the last frame ends.
    pub(crate) end: Ticks,
    /// Goes before `bytes`, which may be borrowed from a tag.
    pub(crate) header: &'a [u8],
    /// The frames, one after the other, in the container's framing.
    pub(crate) bytes: &'a [u8],
    /// Where each of them lies.
    pub(crate) frames: &'a [GatheredFrame],
    /// Video has stopped: audio goes on without it.
    pub(crate) video_is_silent: bool,
}
