//! H.264: the decoder configuration record and what the sequence parameter set says (ISO/IEC
//! 14496-15, ITU-T H.264).

mod codec_string;
mod configuration;
mod nal;
mod record;
mod sample_entry;
#[cfg(feature = "std")]
mod sps;

pub use codec_string::CodecString;
pub use nal::NalUnitType;
pub use record::{DecoderConfigurationRecord, RecordSets};
#[cfg(feature = "std")]
pub use sps::{FrameRate, PictureInfo};

use crate::codec::nal::record::Cut;

pub(crate) use configuration::{configuration, picture_format};
pub(crate) use nal::{NEEDED_SETS, delimiter, set_key};
pub(crate) use sample_entry::write_record;

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

error_texts! {
    AvcError {
        Self::RecordLen { len } => "decoder configuration record of {len} bytes is too short";
        Self::RecordVersion(version) => "decoder configuration record has version {version}, not 1";
        Self::LengthLen(len) => "NAL unit lengths of {len} bytes do not exist";
        Self::Truncated { needed, left } =>
            "sequence parameter set of {needed} bytes is cut to {left}";
        Self::NoSequenceParameterSet =>
            "decoder configuration record has no sequence parameter set";
        Self::ParameterSetsTooLarge { len } => "parameter sets of {len} bytes are too large";
    }
}

impl From<Cut> for AvcError {
    fn from(Cut { needed, left }: Cut) -> Self {
        Self::Truncated { needed, left }
    }
}
