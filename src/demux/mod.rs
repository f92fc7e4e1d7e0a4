//! From tags to samples: what a tag brings for each track, in the words of
//! [`sample`](crate::sample).
//!
//! ```text
//!   Tag ──► headers ──► a picture, audio frames, a new configuration, or nothing that goes on
//!                   └─► Findings: what was odd about the tag
//! ```
//!
//! Here live the things that pictures are coded by: parameter sets, and NAL units that wait for the
//! picture that they belong to. No time is judged and nothing is written.

mod audio;
mod carry;
mod findings;
mod found;
mod frame;
mod headers;
mod sampled;
mod script;
mod video;

pub(crate) use audio::{
    AudioReading, KnownAudio, read_aac_config, read_audio, read_parsed_audio, read_plain_frame,
};
pub(crate) use findings::Findings;
pub(crate) use frame::{
    AudioFrames, PictureFrame, read_audio_frames, read_parameter_sets, read_picture, read_record,
};
pub(crate) use sampled::read_sampled_header;
pub(crate) use script::read_script;
pub(crate) use video::{VideoDemux, VideoReading, WithSets};

use crate::codec::CodecError;
use crate::flv::TagError;

/// Why a tag was passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReadError {
    Tag(TagError),
    Codec(CodecError),
}

impl From<TagError> for ReadError {
    fn from(error: TagError) -> Self {
        Self::Tag(error)
    }
}

impl<E: Into<CodecError>> From<E> for ReadError {
    fn from(error: E) -> Self {
        Self::Codec(error.into())
    }
}
