//! What video codecs have in common: kinds of NAL units, delimiters, parameter sets, key frames,
//! names.
//!
//! Everything else in the crate asks a [`VideoCoding`] and names no codec. A further codec is a
//! folder beside [`avc`], a variant here, and an arm in each method.

use core::fmt;

use super::CodecError;
use super::av1::{self, Av1Error};
use super::avc::{self, AvcError};
use super::hevc::{self, HevcError};
use super::nal::{ParameterSets, START_CODE, SetKey, SetKind};
use crate::flv::VideoCodec;
use crate::stream_type::StreamType;

/// How the pictures of a track are coded. Further codings may come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum VideoCoding {
    /// H.264.
    #[default]
    Avc,
    /// H.265.
    Hevc,
    /// AV1, in fMP4 alone: its open bitstream units stand for NAL units, the sequence header for a
    /// parameter set, and frames for slices.
    Av1,
}

/// Video that a container carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CarriedVideo {
    /// What has a byte stream with start codes.
    WithStartCodes,
    Any,
}

impl CarriedVideo {
    pub(crate) const fn contains(self, coding: VideoCoding) -> bool {
        matches!(self, Self::Any) || !coding.start_code().is_empty()
    }
}

/// What a NAL unit is, whatever the codec.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NalKind {
    /// A coded slice of a picture that depends on others.
    Slice,
    /// A coded slice of a picture that decoding can begin with. H.264: an IDR picture. H.265: an
    /// IRAP picture, also one that begins an open GOP.
    RandomAccessSlice,
    /// A coded slice of a picture that cannot be decoded where decoding begins with the random
    /// access picture before it. H.265: a RASL picture.
    SkippedLeadingSlice,
    /// A parameter set.
    ParameterSet,
    /// Supplemental enhancement information.
    Sei,
    /// An access unit delimiter.
    Delimiter,
    /// Filler data.
    Filler,
    /// The end of a coded video sequence, or of the stream: it belongs to the picture before it.
    End,
    /// Anything else.
    Other,
}

impl NalKind {
    /// Returns whether the NAL unit is a coded slice.
    #[inline]
    pub const fn is_slice(self) -> bool {
        matches!(self, Self::Slice | Self::RandomAccessSlice | Self::SkippedLeadingSlice)
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
    /// H.265: `hvc1.1.6.L93.B0`. Apple's players take H.265 in fMP4 alone, not in MPEG-TS.
    Hevc(hevc::CodecString),
    /// AV1: `av01.0.04M.08`.
    Av1(av1::CodecString),
}

impl fmt::Display for VideoCodecString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Avc(codec) => codec.fmt(f),
            Self::Hevc(codec) => codec.fmt(f),
            Self::Av1(codec) => codec.fmt(f),
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
    /// That of H.265: a header of two bytes, and the slice types.
    pub(crate) const MAX_LEN: usize = 11;
}

/// What a sequence header says.
pub(crate) struct VideoConfiguration {
    /// Bytes of the length before each NAL unit: 1, 2 or 4; 0 where units say their size.
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
    /// Returns the coding of a tag's codec, if there is a container that carries it.
    pub(crate) const fn of(codec: VideoCodec) -> Option<Self> {
        match codec {
            VideoCodec::AVC => Some(Self::Avc),
            VideoCodec::HEVC => Some(Self::Hevc),
            VideoCodec::AV1 => Some(Self::Av1),
            _ => None,
        }
    }

    /// Returns the codec as tags name it.
    pub(crate) const fn codec(self) -> VideoCodec {
        match self {
            Self::Avc => VideoCodec::AVC,
            Self::Hevc => VideoCodec::HEVC,
            Self::Av1 => VideoCodec::AV1,
        }
    }

    /// Returns what stands before each NAL unit of a byte stream: nothing where units say their
    /// size.
    pub(crate) const fn start_code(self) -> &'static [u8] {
        match self {
            Self::Avc | Self::Hevc => &START_CODE,
            Self::Av1 => &[],
        }
    }

    /// Returns whether others may follow a NAL unit in a byte stream: it has a start code, or says
    /// its size.
    pub(crate) const fn is_delimited(self, nal_unit: &[u8]) -> bool {
        match self {
            Self::Avc | Self::Hevc => true,
            Self::Av1 => av1::has_size(nal_unit),
        }
    }

    /// Returns the stream type of such an elementary stream.
    pub const fn stream_type(self) -> StreamType {
        match self {
            Self::Avc => StreamType::AVC,
            Self::Hevc => StreamType::HEVC,
            Self::Av1 => StreamType::PRIVATE_PES,
        }
    }

    /// Reads the kind of a NAL unit from its header; an empty one is [`Other`](NalKind::Other).
    #[inline]
    pub const fn kind(self, nal_unit: &[u8]) -> NalKind {
        match self {
            Self::Avc => avc::NalUnitType::of(nal_unit).kind(),
            Self::Hevc => hevc::NalUnitType::of(nal_unit).kind(),
            Self::Av1 => av1::kind(nal_unit),
        }
    }

    /// Returns whether a slice is the first one of its picture. H.264: `first_mb_in_slice` is 0
    /// (§7.4.3). H.265: `first_slice_segment_in_pic_flag` (§7.4.7.1).
    #[inline]
    pub(crate) const fn begins_picture(self, slice: &[u8]) -> bool {
        match self {
            Self::Avc => matches!(slice, [_, 0x80..=0xff, ..]),
            Self::Hevc => matches!(slice, [_, _, 0x80..=0xff, ..]),
            Self::Av1 => true,
        }
    }

    /// Returns the length of a NAL unit's header in bytes.
    pub(super) const fn nal_header_len(self) -> usize {
        match self {
            Self::Avc | Self::Av1 => 1,
            Self::Hevc => 2,
        }
    }

    /// Returns the byte of a delimiter that says which slice types its picture has.
    pub(super) fn slice_types(self, delimiter: &[u8]) -> Option<u8> {
        delimiter.get(self.nal_header_len()).copied()
    }

    /// Returns the delimiter of an access unit; `slice_types` is that of the source, if it had one.
    /// That of H.265 allows all slice types; AV1 has none in MP4.
    #[inline]
    pub(crate) const fn delimiter(self, slice_types: Option<u8>) -> Delimiter {
        match self {
            Self::Avc => avc::delimiter(slice_types),
            Self::Hevc => hevc::delimiter(),
            Self::Av1 => Delimiter { bytes: [0; Delimiter::MAX_LEN], len: 0 },
        }
    }

    /// Returns kind and id of a parameter set; `None` for any other NAL unit.
    pub(super) fn set_key(self, nal_unit: &[u8]) -> Option<SetKey> {
        match self {
            Self::Avc => avc::set_key(nal_unit),
            Self::Hevc => hevc::set_key(nal_unit),
            Self::Av1 => av1::set_key(nal_unit),
        }
    }

    /// Returns the kinds of parameter sets without which nothing can be decoded.
    pub(super) const fn needed_sets(self) -> &'static [SetKind] {
        match self {
            Self::Avc => avc::NEEDED_SETS,
            Self::Hevc => hevc::NEEDED_SETS,
            Self::Av1 => av1::NEEDED_SETS,
        }
    }

    /// Reads a sequence header.
    pub(crate) fn configuration(self, record: &[u8]) -> Result<VideoConfiguration, CodecError> {
        match self {
            Self::Avc => avc::configuration(record).map_err(CodecError::Avc),
            Self::Hevc => hevc::configuration(record).map_err(CodecError::Hevc),
            Self::Av1 => av1::configuration(record).map_err(CodecError::Av1),
        }
    }

    /// Returns the error of parameter sets that have `len` bytes together, too many.
    pub(crate) const fn sets_too_large(self, len: usize) -> CodecError {
        match self {
            Self::Avc => CodecError::Avc(AvcError::ParameterSetsTooLarge { len }),
            Self::Hevc => CodecError::Hevc(HevcError::ParameterSetsTooLarge { len }),
            Self::Av1 => CodecError::Av1(Av1Error::UnitsTooLarge { len }),
        }
    }

    /// Returns the error of parameter sets without one of a sequence.
    pub(crate) const fn no_sequence_parameter_set(self) -> CodecError {
        match self {
            Self::Avc => CodecError::Avc(AvcError::NoSequenceParameterSet),
            Self::Hevc => CodecError::Hevc(HevcError::NoSequenceParameterSet),
            Self::Av1 => CodecError::Av1(Av1Error::NoSequenceHeader),
        }
    }

    /// Returns the sample entry of such a track (ISO/IEC 14496-15, AV1 in ISOBMFF): its type, and
    /// that of the box with its decoder configuration record.
    pub(crate) const fn sample_entry(self) -> (&'static [u8; 4], &'static [u8; 4]) {
        match self {
            Self::Avc => (b"avc1", b"avcC"),
            Self::Hevc => (b"hvc1", b"hvcC"),
            Self::Av1 => (b"av01", b"av1C"),
        }
    }

    /// Calls `put` with the decoder configuration record of a sample entry.
    pub(crate) fn write_record(self, sets: &ParameterSets, put: &mut dyn FnMut(&[u8])) {
        match self {
            Self::Avc => avc::write_record(sets, put),
            Self::Hevc => hevc::write_record(sets, put),
            Self::Av1 => av1::write_record(sets, put),
        }
    }

    /// Reads what a sequence parameter set says of the pictures; `None` if it is too short to say
    /// anything.
    pub(crate) fn picture_format(self, sps: &[u8]) -> Option<PictureFormat> {
        match self {
            Self::Avc => avc::picture_format(sps),
            Self::Hevc => hevc::picture_format(sps),
            Self::Av1 => av1::picture_format(sps),
        }
    }
}
