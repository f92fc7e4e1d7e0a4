//! H.264: the decoder configuration record and what the sequence parameter set says (ISO/IEC
//! 14496-15, ITU-T H.264).

mod codec_string;
mod configuration;
mod nal;
mod record;
#[cfg(feature = "std")]
mod sps;

pub use codec_string::CodecString;
pub use nal::NalUnitType;
pub use record::{DecoderConfigurationRecord, RecordSets};
#[cfg(feature = "std")]
pub use sps::{FrameRate, PictureInfo};

pub(crate) use configuration::{configuration, picture_format};
pub(crate) use nal::{are_complete, delimiter, set_key};

use core::fmt;

/// An H.264 sequence header that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AvcError {
    /// The decoder configuration record has `len` bytes, fewer than its seven fixed ones.
    RecordLen {
        /// Bytes that are there.
        len: usize,
    },
    /// `configurationVersion` is not 1.
    RecordVersion(u8),
    /// NAL unit lengths of this many bytes (`lengthSizeMinusOne` + 1) do not exist: 1, 2 and 4 do.
    LengthLen(u8),
    /// The record ends inside a sequence parameter set.
    Truncated {
        /// Bytes that the length in the record promises.
        needed: usize,
        /// Bytes left in the record.
        left: usize,
    },
    /// The record has no sequence parameter set that is not empty.
    NoSequenceParameterSet,
    /// The parameter sets in force would have `len` bytes, more than there is room for.
    ParameterSetsTooLarge {
        /// Bytes of all sets with their start codes.
        len: usize,
    },
}

impl fmt::Display for AvcError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::RecordLen { len } => {
                write!(f, "decoder configuration record of {len} bytes is too short")
            }
            Self::RecordVersion(version) => {
                write!(f, "decoder configuration record has version {version}, not 1")
            }
            Self::LengthLen(len) => write!(f, "NAL unit lengths of {len} bytes do not exist"),
            Self::Truncated { needed, left } => {
                write!(f, "sequence parameter set of {needed} bytes is cut to {left}")
            }
            Self::ParameterSetsTooLarge { len } => {
                write!(f, "parameter sets of {len} bytes are too large")
            }
            Self::NoSequenceParameterSet => {
                f.write_str("decoder configuration record has no sequence parameter set")
            }
        }
    }
}

impl core::error::Error for AvcError {}
