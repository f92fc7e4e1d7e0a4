//! What video codecs have in common: kinds of NAL units, delimiters, parameter sets, key frames,
//! names.
//!
//! Everything else in the crate asks a [`VideoCoding`] and names no codec. A further codec is a
//! folder beside [`avc`], a variant here, and an arm in each method.

use core::fmt;

use super::CodecError;
use super::avc;
use super::nal::{ParameterSets, SetKey};
use crate::flv::VideoCodec;
use crate::stream_type::StreamType;

/// How the pictures of a track are coded. Further codings may come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum VideoCoding {
    /// H.264.
    #[default]
    Avc,
}

/// What a NAL unit is, whatever the codec.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NalKind {
    /// A coded slice of a picture that depends on others.
    Slice,
    /// A coded slice of a picture that decoding can begin with. H.264: an IDR picture.
    RandomAccessSlice,
    /// A parameter set.
    ParameterSet,
    /// Supplemental enhancement information.
    Sei,
    /// An access unit delimiter.
    Delimiter,
    /// Filler data.
    Filler,
    /// Anything else.
    Other,
}

impl NalKind {
    /// Returns whether the NAL unit is a coded slice.
    #[inline]
    pub const fn is_slice(self) -> bool {
        matches!(self, Self::Slice | Self::RandomAccessSlice)
    }

    /// Returns whether encoders are known to leave start codes, and so further NAL units, in one of
    /// this kind.
    pub(super) const fn may_hide_others(self) -> bool {
        matches!(self, Self::ParameterSet | Self::Sei | Self::Delimiter)
    }
}

/// Codecs parameter of a video track (RFC 6381), through [`Display`](fmt::Display). Further codecs
/// may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum VideoCodecString {
    /// H.264: `avc1.64001F`.
    Avc(avc::CodecString),
}

impl fmt::Display for VideoCodecString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Avc(codec) => codec.fmt(f),
        }
    }
}

/// A start code, an access unit delimiter, and the start code of the NAL unit that follows it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Delimiter {
    pub(crate) bytes: [u8; Self::MAX_LEN],
    pub(crate) len: usize,
}

impl Delimiter {
    /// That of H.264: a header of one byte, and the slice types.
    pub(crate) const MAX_LEN: usize = 10;
}

/// What a sequence header says.
pub(crate) struct VideoConfiguration {
    /// Bytes of the length before each NAL unit: 1, 2 or 4.
    pub(crate) length_len: usize,
    pub(crate) sets: ParameterSets,
    /// Entries of length 0 that were passed over.
    pub(crate) empty_entries: u8,
}

/// What parameter sets say of the pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PictureFormat {
    pub(crate) codec: VideoCodecString,
    /// Width and height in pixels, where the parameter set was read.
    pub(crate) dimensions: Option<(u32, u32)>,
    /// Frames per second as numerator and denominator, where stated; neither is 0.
    pub(crate) frame_rate: Option<(u32, u32)>,
    /// How many pictures may be decoded before one that is shown earlier, where stated.
    pub(crate) reorder_frames: Option<u32>,
}

impl VideoCoding {
    /// Returns the coding of a tag's codec, if it is one that is carried.
    pub(crate) const fn of(codec: VideoCodec) -> Option<Self> {
        match codec {
            VideoCodec::AVC => Some(Self::Avc),
            _ => None,
        }
    }

    /// Returns the stream type of such an elementary stream.
    pub const fn stream_type(self) -> StreamType {
        match self {
            Self::Avc => StreamType::AVC,
        }
    }

    /// Reads the kind of a NAL unit from its header; an empty one is [`Other`](NalKind::Other).
    #[inline]
    pub const fn kind(self, nal_unit: &[u8]) -> NalKind {
        match self {
            Self::Avc => avc::NalUnitType::of(nal_unit).kind(),
        }
    }

    /// Returns the length of a NAL unit's header in bytes.
    pub(super) const fn nal_header_len(self) -> usize {
        match self {
            Self::Avc => 1,
        }
    }

    /// Returns the byte of a delimiter that says which slice types its picture has.
    pub(super) fn slice_types(self, delimiter: &[u8]) -> Option<u8> {
        delimiter.get(self.nal_header_len()).copied()
    }

    /// Returns the delimiter of an access unit; `slice_types` is that of the source, if it had one.
    #[inline]
    pub(crate) const fn delimiter(self, slice_types: Option<u8>) -> Delimiter {
        match self {
            Self::Avc => avc::delimiter(slice_types),
        }
    }

    /// Returns kind and id of a parameter set; `None` for any other NAL unit.
    pub(super) fn set_key(self, nal_unit: &[u8]) -> Option<SetKey> {
        match self {
            Self::Avc => avc::set_key(nal_unit),
        }
    }

    /// Returns whether sets from the `first` to the `last` kind are all that a decoder needs.
    #[inline]
    pub(super) fn needs_no_more(self, first: SetKey, last: SetKey) -> bool {
        match self {
            Self::Avc => avc::are_complete(first, last),
        }
    }

    /// Reads a sequence header.
    pub(crate) fn configuration(self, record: &[u8]) -> Result<VideoConfiguration, CodecError> {
        match self {
            Self::Avc => avc::configuration(record).map_err(CodecError::Avc),
        }
    }

    /// Reads what a sequence parameter set says of the pictures; `None` if it is too short to say
    /// anything.
    pub(crate) fn picture_format(self, sps: &[u8]) -> Option<PictureFormat> {
        match self {
            Self::Avc => avc::picture_format(sps),
        }
    }
}
