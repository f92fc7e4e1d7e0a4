//! Codecs as far as a segmenter must know them: what lies in sequence headers, and how frames are
//! framed.
//!
//! Nothing is decoded. [`video`] and [`audio`] say what codecs of a kind have in common, and the
//! rest of the crate asks only these two. [`avc`] and [`hevc`] follow ISO/IEC 14496-15, ITU-T H.264
//! and H.265, [`av1`] the AV1 specification and its binding to MP4, [`aac`] ISO/IEC 14496-3,
//! [`opus`] RFC 6716 and 7845, [`flac`] RFC 9639, [`ac3`] ETSI TS 102 366, and [`mpeg_audio`]
//! ISO/IEC 11172-3 and 13818-3; [`nal`] holds the packing of NAL units that video codecs share.

pub mod aac;
pub mod ac3;
pub mod audio;
pub mod av1;
pub mod avc;
mod bits;
pub mod flac;
pub mod hevc;
pub mod mpeg_audio;
pub mod nal;
pub mod opus;
mod sampled;
pub mod video;

use aac::AacError;
use ac3::Ac3Error;
use av1::Av1Error;
use avc::AvcError;
use flac::FlacError;
use hevc::HevcError;
use mpeg_audio::MpegAudioError;
use opus::OpusError;

/// A sequence header or frame that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CodecError {
    /// H.264.
    Avc(AvcError),
    /// H.265.
    Hevc(HevcError),
    /// AV1.
    Av1(Av1Error),
    /// AAC.
    Aac(AacError),
    /// MPEG audio.
    MpegAudio(MpegAudioError),
    /// Opus.
    Opus(OpusError),
    /// FLAC.
    Flac(FlacError),
    /// AC-3 and E-AC-3.
    Ac3(Ac3Error),
}

error_texts! {
    CodecError {
        Self::Avc(error) => "{error}";
        Self::Hevc(error) => "{error}";
        Self::Av1(error) => "{error}";
        Self::Aac(error) => "{error}";
        Self::MpegAudio(error) => "{error}";
        Self::Opus(error) => "{error}";
        Self::Flac(error) => "{error}";
        Self::Ac3(error) => "{error}";
    }
}

impl From<AvcError> for CodecError {
    fn from(error: AvcError) -> Self {
        Self::Avc(error)
    }
}

impl From<HevcError> for CodecError {
    fn from(error: HevcError) -> Self {
        Self::Hevc(error)
    }
}

impl From<Av1Error> for CodecError {
    fn from(error: Av1Error) -> Self {
        Self::Av1(error)
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

impl From<OpusError> for CodecError {
    fn from(error: OpusError) -> Self {
        Self::Opus(error)
    }
}

impl From<FlacError> for CodecError {
    fn from(error: FlacError) -> Self {
        Self::Flac(error)
    }
}

impl From<Ac3Error> for CodecError {
    fn from(error: Ac3Error) -> Self {
        Self::Ac3(error)
    }
}
