//! AV1: open bitstream units, the configuration record, and what the sequence header says (AV1
//! Bitstream & Decoding Process Specification; AV1 Codec ISO Media File Format Binding).

mod codec_string;
mod configuration;
mod obu;
mod record;
mod sequence_header;

pub use codec_string::CodecString;
pub use obu::ObuType;
pub use record::ConfigurationRecord;
pub use sequence_header::{SampleFormat, SequenceHeader};

pub(crate) use configuration::{configuration, picture_format};
pub(crate) use obu::{NEEDED_SETS, has_size, kind, set_key, split};
pub(crate) use record::write_record;

/// An AV1 sequence header that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Av1Error {
    /// The configuration record has `len` bytes, fewer than its 4 fixed ones.
    RecordLen {
        /// Bytes that are there.
        len: usize,
    },
    /// The record's first byte, marker and version, is not 0x81.
    RecordVersion(u8),
    /// There is no sequence header that can be read.
    NoSequenceHeader,
    /// The open bitstream units in force would have `len` bytes, more than there is room for.
    UnitsTooLarge {
        /// Bytes of all of them.
        len: usize,
    },
}

error_texts! {
    Av1Error {
        Self::RecordLen { len } => "AV1 configuration record of {len} bytes is too short";
        Self::RecordVersion(byte) =>
            "AV1 configuration record has marker and version {byte:#04x}, not 0x81";
        Self::NoSequenceHeader => "AV1 configuration has no sequence header that can be read";
        Self::UnitsTooLarge { len } => "AV1 sequence header and metadata of {len} bytes are too large";
    }
}
