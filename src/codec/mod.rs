//! Codecs as far as a segmenter must know them: what lies in sequence headers, and how frames are
//! framed.
//!
//! Nothing is decoded. [`video`] and [`audio`] say what codecs of a kind have in common, and the
//! rest of the crate asks only these two. [`avc`] follows ISO/IEC 14496-15 and ITU-T H.264, [`aac`]
//! ISO/IEC 14496-3, and [`mpeg_audio`] ISO/IEC 11172-3 and 13818-3; [`nal`] holds the packing of
//! NAL units that video codecs share.

pub mod aac;
pub mod audio;
pub mod avc;
pub mod mpeg_audio;
pub mod nal;
pub mod video;

use aac::AacError;
use avc::AvcError;
use mpeg_audio::MpegAudioError;

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

error_texts! {
    CodecError {
        Self::Avc(error) => "{error}";
        Self::Aac(error) => "{error}";
        Self::MpegAudio(error) => "{error}";
    }
}

impl From<AvcError> for CodecError {
    fn from(error: AvcError) -> Self {
        Self::Avc(error)
    }
}

impl From<AacError> for CodecError {
    fn from(error: AacError) -> Self {
        Self::Aac(error)
    }
}

impl From<MpegAudioError> for CodecError {
    fn from(error: MpegAudioError) -> Self {
        Self::MpegAudio(error)
    }
}
