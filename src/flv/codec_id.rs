//! Names of codecs: FourCC values, with the legacy numbers of FLV beside them (FLV 10.1 E.4, E-RTMP
//! v2).

use core::fmt;

/// A video codec: its FourCC, or its legacy `CodecID` where it has no FourCC.
///
/// One codec is one value whichever way the tag spelled it: `CodecID` 7 is [`AVC`](Self::AVC).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct VideoCodec(u32);

impl VideoCodec {
    /// H.264; `CodecID` 7.
    pub const AVC: Self = Self::from_fourcc(*b"avc1");
    /// H.265; `CodecID` 12 by a custom older than E-RTMP.
    pub const HEVC: Self = Self::from_fourcc(*b"hvc1");
    /// H.266.
    pub const VVC: Self = Self::from_fourcc(*b"vvc1");
    /// AV1.
    pub const AV1: Self = Self::from_fourcc(*b"av01");
    /// VP8.
    pub const VP8: Self = Self::from_fourcc(*b"vp08");
    /// VP9.
    pub const VP9: Self = Self::from_fourcc(*b"vp09");
    /// No codec: the tag names none, as command frames do.
    pub const NONE: Self = Self(u32::MAX);

    /// Takes the low four bits of a legacy tag's first byte.
    pub const fn from_legacy(codec_id: u8) -> Self {
        match codec_id {
            7 => Self::AVC,
            12 => Self::HEVC,
            id => Self(id as u32),
        }
    }
}

impl fmt::Display for VideoCodec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match *self {
            Self::AVC => "H.264",
            Self::HEVC => "H.265",
            Self::VVC => "H.266",
            Self::AV1 => "AV1",
            Self::VP8 => "VP8",
            Self::VP9 => "VP9",
            Self::NONE => "none",
            Self(2) => "Sorenson H.263",
            Self(3) => "Screen video",
            Self(4) => "VP6",
            Self(5) => "VP6 with alpha",
            Self(6) => "Screen video 2",
            Self(code) => return write_code(code, f),
        })
    }
}

/// An audio codec: its FourCC, or its legacy `SoundFormat` where it has no FourCC.
///
/// One codec is one value whichever way the tag spelled it: `SoundFormat` 10 is [`AAC`](Self::AAC).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct AudioCodec(u32);

impl AudioCodec {
    /// AAC; `SoundFormat` 10.
    pub const AAC: Self = Self::from_fourcc(*b"mp4a");
    /// MPEG-1 and MPEG-2 audio; `SoundFormat` 2.
    pub const MP3: Self = Self::from_fourcc(*b".mp3");
    /// MP3 at 8 kHz, that is MPEG-2.5; `SoundFormat` 14.
    pub const MP3_8K: Self = Self(14);
    /// Opus.
    pub const OPUS: Self = Self::from_fourcc(*b"Opus");
    /// AC-3.
    pub const AC3: Self = Self::from_fourcc(*b"ac-3");
    /// Enhanced AC-3.
    pub const EC3: Self = Self::from_fourcc(*b"ec-3");
    /// FLAC.
    pub const FLAC: Self = Self::from_fourcc(*b"fLaC");
    /// No codec: the tag names none, as an empty one does.
    pub const NONE: Self = Self(u32::MAX);

    /// Takes the high four bits of a legacy tag's first byte.
    pub const fn from_legacy(sound_format: u8) -> Self {
        match sound_format {
            10 => Self::AAC,
            2 => Self::MP3,
            format => Self(format as u32),
        }
    }
}

impl fmt::Display for AudioCodec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match *self {
            Self::AAC => "AAC",
            Self::MP3 => "MP3",
            Self::MP3_8K => "MP3 8 kHz",
            Self::OPUS => "Opus",
            Self::AC3 => "AC-3",
            Self::EC3 => "E-AC-3",
            Self::FLAC => "FLAC",
            Self::NONE => "none",
            Self(0 | 3) => "PCM",
            Self(1) => "ADPCM",
            Self(4..=6) => "Nellymoser",
            Self(7 | 8) => "G.711",
            Self(11) => "Speex",
            Self(code) => return write_code(code, f),
        })
    }
}

/// Implements what codecs of both kinds have in common.
macro_rules! code {
    ($codec:ident) => {
        impl $codec {
            /// Takes a FourCC as it stands in the tag.
            pub const fn from_fourcc(fourcc: [u8; 4]) -> Self {
                Self(u32::from_be_bytes(fourcc))
            }

            /// Takes what [`get`](Self::get) returned.
            pub const fn from_number(number: u32) -> Self {
                Self(number)
            }

            /// Returns the FourCC as a big-endian number, or the legacy number, below 16.
            pub const fn get(self) -> u32 {
                self.0
            }
        }

        impl fmt::Debug for $codec {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($codec), "({})"), self)
            }
        }
    };
}

code!(VideoCodec);
code!(AudioCodec);

/// Writes a code without a name: its four characters if it has them, else the number.
fn write_code(code: u32, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match str::from_utf8(&code.to_be_bytes()) {
        Ok(text) if text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) => {
            f.write_str(text)
        }
        _ if code < 16 => write!(f, "codec {code}"),
        _ => write!(f, "codec {code:#010x}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn f_14_f_15_legacy_numbers_and_fourcc_name_the_same_codec() {
        assert_eq!(VideoCodec::from_legacy(7), VideoCodec::from_fourcc(*b"avc1"));
        assert_eq!(VideoCodec::from_legacy(12), VideoCodec::from_fourcc(*b"hvc1"));
        assert_eq!(AudioCodec::from_legacy(10), AudioCodec::from_fourcc(*b"mp4a"));
        assert_eq!(AudioCodec::from_legacy(2), AudioCodec::from_fourcc(*b".mp3"));
        assert_eq!(AudioCodec::from_legacy(14), AudioCodec::MP3_8K);
        assert_eq!(VideoCodec::AV1.get(), 1_635_135_537);
        assert_eq!(AudioCodec::OPUS.get(), 1_332_770_163);
        assert_eq!(AudioCodec::from_legacy(11).get(), 11);
    }

    #[test]
    fn codecs_have_readable_names() {
        for (codec, want) in [
            (VideoCodec::AVC, "H.264"),
            (VideoCodec::from_legacy(2), "Sorenson H.263"),
            (VideoCodec::from_legacy(15), "codec 15"),
            (VideoCodec::from_fourcc(*b"xyz "), "xyz "),
            (VideoCodec::from_fourcc([1, 2, 3, 4]), "codec 0x01020304"),
            (VideoCodec::from_fourcc([0, 0, 0, 16]), "codec 0x00000010"),
        ] {
            assert_eq!(codec.to_string(), want);
        }
        assert_eq!(AudioCodec::from_legacy(11).to_string(), "Speex");
        assert_eq!(AudioCodec::from_legacy(8).to_string(), "G.711");
    }
}
