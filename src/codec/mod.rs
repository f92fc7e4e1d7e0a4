//! Codecs as far as a segmenter must know them: what lies in sequence headers, and how frames are framed.
//!
//! Nothing is decoded. [`avc`] follows ISO/IEC 14496-15 and ITU-T H.264, [`aac`] ISO/IEC 14496-3, and
//! [`mpeg_audio`] ISO/IEC 11172-3 and 13818-3.

pub mod aac;
pub mod avc;
pub mod mpeg_audio;
