//! Why a call to the engine failed.

use core::fmt;

use crate::codec::aac::AacError;
use crate::codec::avc::AvcError;
use crate::codec::mpeg_audio::MpegAudioError;
use crate::flv::TagError;

/// A failed [`push`](crate::Segmenter::push) or [`finish`](crate::Segmenter::finish); `E` is the sink's error.
///
/// None of them ends the stream: the tag is passed over, or the segment is lost, and the next tag may be pushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error<E> {
    /// The tag's own headers cannot be read; it was passed over.
    Tag(TagError),
    /// The codec's headers in the tag cannot be read or used; it was passed over.
    Codec(CodecError),
    /// A sink call failed. What that costs stands with [`SegmentSink`](crate::SegmentSink#errors).
    Sink(E),
    /// The list was ended before: nothing may follow EXT-X-ENDLIST.
    Finished,
}

/// A sequence header or frame that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CodecError {
    /// H.264.
    Avc(AvcError),
    /// AAC.
    Aac(AacError),
    /// MPEG audio.
    MpegAudio(MpegAudioError),
}

impl<E: fmt::Display> fmt::Display for Error<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(error) => error.fmt(f),
            Self::Codec(error) => error.fmt(f),
            Self::Sink(error) => write!(f, "sink: {error}"),
            Self::Finished => f.write_str("the list has ended"),
        }
    }
}

impl<E: core::error::Error + 'static> core::error::Error for Error<E> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            // What is below has been displayed: a chain that is printed goes on behind it.
            Self::Sink(error) => error.source(),
            Self::Tag(_) | Self::Codec(_) | Self::Finished => None,
        }
    }
}

impl fmt::Display for CodecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Avc(error) => error.fmt(f),
            Self::Aac(error) => error.fmt(f),
            Self::MpegAudio(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for CodecError {}

impl<E> From<TagError> for Error<E> {
    fn from(error: TagError) -> Self {
        Self::Tag(error)
    }
}

impl<E> From<AvcError> for Error<E> {
    fn from(error: AvcError) -> Self {
        Self::Codec(CodecError::Avc(error))
    }
}

impl<E> From<AacError> for Error<E> {
    fn from(error: AacError) -> Self {
        Self::Codec(CodecError::Aac(error))
    }
}

impl<E> From<MpegAudioError> for Error<E> {
    fn from(error: MpegAudioError) -> Self {
        Self::Codec(CodecError::MpegAudio(error))
    }
}
