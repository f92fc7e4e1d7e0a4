//! AAC: the `AudioSpecificConfig` of sequence headers and the ADTS header of transport streams
//! (ISO/IEC 14496-3).

mod adts;
mod codec_string;
mod config;
mod frames;
mod layout;

pub(crate) use adts::AdtsHeader;
pub use adts::{Adts, AdtsFrames};
pub use codec_string::CodecString;
pub use config::AudioSpecificConfig;
pub(crate) use frames::AacFrames;
pub use layout::{ChannelLayout, begins_with_program_config};

/// An AAC configuration or frame that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AacError {
    /// The `AudioSpecificConfig` of `len` bytes ends before its core is described.
    ConfigLen {
        /// Bytes that are there.
        len: usize,
    },
    /// `samplingFrequencyIndex` is reserved: 13 or 14.
    FrequencyIndex(u8),
    /// `samplingFrequency`, spelled out, is 0.
    NoSampleRate,
    /// The audio object type is 0 or, for ADTS, more than 4.
    ObjectType(u8),
    /// ADTS has no index for this core sample rate.
    AdtsSampleRate(u32),
    /// ADTS has no room for this channel configuration: its field ends at 7.
    AdtsChannels(u8),
    /// ADTS cannot say that a frame has this many samples: 960, by `frameLengthFlag`.
    AdtsSamples(u16),
    /// The AAC frame has `len` bytes; an ADTS frame has room for 8184 after its header.
    AdtsFrameLen {
        /// Bytes of the AAC frame.
        len: usize,
    },
}

error_texts! {
    AacError {
        Self::ConfigLen { len } => "audio specific config of {len} bytes is too short";
        Self::FrequencyIndex(index) => "sampling frequency index {index} is reserved";
        Self::NoSampleRate => "sampling frequency is 0";
        Self::ObjectType(object_type) => "audio object type {object_type} cannot be carried";
        Self::AdtsSampleRate(rate) => "ADTS has no index for {rate} Hz";
        Self::AdtsChannels(config) => "ADTS has no room for channel configuration {config}";
        Self::AdtsSamples(samples) => "ADTS cannot say that a frame has {samples} samples";
        Self::AdtsFrameLen { len } => "AAC frame of {len} bytes is too long for ADTS";
    }
}
