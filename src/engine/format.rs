//! How audio is coded.

use crate::codec::aac::{Adts, AudioSpecificConfig};
use crate::codec::mpeg_audio::Version;
use crate::track::{AudioCodecString, AudioTrack};
use crate::ts::StreamType;

/// How frames are coded, as far as output differs by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Aac {
        config: AudioSpecificConfig,
        adts: Adts,
    },
    Mpeg {
        version: Version,
        sample_rate: u32,
        channels: u8,
    },
}

impl Format {
    pub(super) const fn stream_type(&self) -> StreamType {
        match self {
            Self::Aac { .. } => StreamType::AAC_ADTS,
            Self::Mpeg {
                version: Version::Mpeg1,
                ..
            } => StreamType::MPEG1_AUDIO,
            Self::Mpeg { .. } => StreamType::MPEG2_AUDIO,
        }
    }

    pub(super) const fn rate(&self) -> u32 {
        match self {
            Self::Aac { config, .. } => config.core_sample_rate,
            Self::Mpeg { sample_rate, .. } => *sample_rate,
        }
    }

    pub(super) const fn track(&self) -> AudioTrack {
        match self {
            Self::Aac { config, .. } => AudioTrack {
                codec: AudioCodecString::Aac(config.codec_string()),
                sample_rate: config.sample_rate(),
                channels: config.channels(),
            },
            Self::Mpeg {
                sample_rate,
                channels,
                ..
            } => AudioTrack {
                codec: AudioCodecString::Mp3,
                sample_rate: *sample_rate,
                channels: Some(*channels),
            },
        }
    }
}
