//! What audio codecs have in common: how frames are coded, as far as the output differs by it, and
//! names.

use core::fmt;

use super::aac::{self, Adts, AudioSpecificConfig};
use super::mpeg_audio::{FrameHeader, Version};
pub(crate) use super::sampled::SampledFormat;
use crate::flv::AudioCodec;
use crate::stream_type::StreamType;

/// How the frames of a track are coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AudioFormat {
    Aac {
        config: AudioSpecificConfig,
        adts: Adts,
    },
    Mpeg {
        version: Version,
        sample_rate: u32,
        channels: u8,
    },
    /// Opus, FLAC, AC-3 and E-AC-3.
    Sampled(SampledFormat),
}

impl AudioFormat {
    /// Takes the format of MPEG audio from the header of a frame.
    pub(crate) const fn of_mpeg(header: &FrameHeader) -> Self {
        Self::Mpeg {
            version: header.version,
            sample_rate: header.sample_rate,
            channels: header.channels,
        }
    }

    /// Returns the stream type of such an elementary stream.
    pub(crate) const fn stream_type(&self) -> StreamType {
        match self {
            Self::Aac { .. } => StreamType::AAC_ADTS,
            Self::Mpeg { version: Version::Mpeg1, .. } => StreamType::MPEG1_AUDIO,
            Self::Mpeg { .. } => StreamType::MPEG2_AUDIO,
            Self::Sampled(format) => format.stream_type(),
        }
    }

    /// Returns the samples per second by which frames are counted: those of the core, where
    /// replication of the upper bands adds others.
    pub(crate) const fn coded_rate(&self) -> u32 {
        match self {
            Self::Aac { config, .. } => config.core_sample_rate,
            Self::Mpeg { sample_rate, .. } => *sample_rate,
            Self::Sampled(format) => format.sample_rate,
        }
    }

    /// Returns the samples per second as heard.
    pub(crate) const fn sample_rate(&self) -> u32 {
        match self {
            Self::Aac { config, .. } => config.sample_rate(),
            Self::Mpeg { sample_rate, .. } => *sample_rate,
            Self::Sampled(format) => format.sample_rate,
        }
    }

    /// Returns the channels as heard; `None` where only the coded frames say how many.
    pub(crate) const fn channels(&self) -> Option<u8> {
        match self {
            Self::Aac { config, .. } => config.channels(),
            Self::Mpeg { channels, .. } => Some(*channels),
            Self::Sampled(format) => Some(format.channels),
        }
    }

    /// Returns the codecs parameter.
    pub(crate) const fn codec_string(&self) -> AudioCodecString {
        match self {
            Self::Aac { config, .. } => AudioCodecString::Aac(config.codec_string()),
            Self::Mpeg { .. } => AudioCodecString::Mp3,
            Self::Sampled(format) => match format.codec {
                AudioCodec::OPUS => AudioCodecString::Opus,
                AudioCodec::FLAC => AudioCodecString::Flac,
                AudioCodec::AC3 => AudioCodecString::Ac3,
                _ => AudioCodecString::Ec3,
            },
        }
    }
}

/// Codecs parameter of an audio track (RFC 6381), through [`Display`](fmt::Display). Further codecs
/// may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AudioCodecString {
    /// AAC: `mp4a.40.2`.
    Aac(aac::CodecString),
    /// MPEG-1 or MPEG-2 audio, layer I to III: `mp4a.40.34` for MP3.
    Mp3,
    /// `Opus`.
    Opus,
    /// FLAC: `fLaC`.
    Flac,
    /// AC-3: `ac-3`.
    Ac3,
    /// E-AC-3: `ec-3`.
    Ec3,
}

impl fmt::Display for AudioCodecString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Aac(codec) => codec.fmt(f),
            Self::Mp3 => f.pad("mp4a.40.34"),
            Self::Opus => f.pad("Opus"),
            Self::Flac => f.pad("fLaC"),
            Self::Ac3 => f.pad("ac-3"),
            Self::Ec3 => f.pad("ec-3"),
        }
    }
}
