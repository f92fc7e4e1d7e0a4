//! Why a call to the engine failed.

use core::fmt;

use crate::codec::CodecError;
use crate::demux::ReadError;
use crate::flv::TagError;

/// A failed [`push`](crate::Segmenter::push) or [`finish`](crate::Segmenter::finish); `E` is the
/// sink's error.
///
/// No failure ends the stream: the tag is passed over, or the segment is lost, and the next tag
/// may be pushed.
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
            // `Display` has printed the error below: a printed chain goes on after that one.
            Self::Sink(error) => error.source(),
            Self::Tag(_) | Self::Codec(_) | Self::Finished => None,
        }
    }
}

impl<E> From<TagError> for Error<E> {
    fn from(error: TagError) -> Self {
        Self::Tag(error)
    }
}

impl<E, C: Into<CodecError>> From<C> for Error<E> {
    fn from(error: C) -> Self {
        Self::Codec(error.into())
    }
}

impl<E> From<ReadError> for Error<E> {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Tag(error) => Self::Tag(error),
            ReadError::Codec(error) => Self::Codec(error),
        }
    }
}
