//! FLV tags, which are RTMP media messages too: from the bytes of a file to access units and AAC
//! frames.
//!
//! Adobe FLV/F4V 10.1 Annex E for files and legacy tags, RTMP 1.0 for aggregates, Enhanced RTMP v2
//! for FourCC codecs, multitrack and `ModEx`.
//!
//! ```text
//! file    ┌───────────┬────────┬─────┬────────┬─────┬───┐
//!         │ header  9 │ size 4 │ tag │ size 4 │ tag │ … │      size = PreviousTagSize, the first one 0
//!         └───────────┴────────┴─────┴────────┴─────┴───┘
//! tag     ┌────────┬────────┬────────┬──────────┬────────┬──────┐
//!         │ type 1 │ size 3 │ time 3 │ time hi 1│ id 3   │ body │
//!         └────────┴────────┴────────┴──────────┴────────┴──────┘
//! video   FrameType 4 │ CodecID 4    │ AVCPacketType 8 │ CompositionTime 24 │ data
//!         1 │ FrameType 3 │ Type 4   │ [ModEx …] │ [multitrack 8] │ FourCC 32 │ [CompositionTime 24] │ data
//! audio   SoundFormat 4 │ … 4        │ AACPacketType 8 │ data
//!         9 4           │ Type 4     │ [ModEx …] │ [multitrack 8] │ FourCC 32 │ data
//! ```
//!
//! [`Reader`] takes a byte stream apart into [`Tag`]s, for RTMP the host builds them from messages;
//! [`VideoTag`], [`AudioTag`], [`Metadata`] and [`Aggregate`] look inside. All of them borrow, none
//! allocates, and none fails otherwise than by its typed error.

mod aggregate;
mod audio;
mod codec_id;
mod enhanced;
mod error;
mod header;
mod reader;
mod script;
mod tracks;
mod video;

pub use aggregate::Aggregate;
pub use audio::{AudioPacket, AudioTag};
pub use codec_id::{AudioCodec, VideoCodec};
pub use error::TagError;
pub use header::FileHeader;
pub use reader::{MAX_TAG_LEN, Reader, ReaderError, Step};
pub use script::Metadata;
pub use tracks::{TrackId, TrackMedia, TrackTag, Tracks, tracks};
pub use video::{FrameType, VideoPacket, VideoTag};

use crate::time::FlvTime;
use core::fmt;

/// One FLV tag, or one RTMP message, which is the same thing without the file around it.
/// Exhaustive: a tag has no more parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tag<'a> {
    /// What the body is: the tag type, equal to the RTMP message type id.
    pub kind: TagKind,
    /// Decoding time in milliseconds, any epoch, wrapping.
    pub time: FlvTime,
    /// The body, without tag header and `PreviousTagSize`.
    pub data: &'a [u8],
}

impl<'a> Tag<'a> {
    /// Composes an audio tag (type 8) from an RTMP message or an FLV body.
    pub const fn audio(time: FlvTime, data: &'a [u8]) -> Self {
        Self { kind: TagKind::AUDIO, time, data }
    }

    /// Composes a video tag (type 9) from an RTMP message or an FLV body.
    pub const fn video(time: FlvTime, data: &'a [u8]) -> Self {
        Self { kind: TagKind::VIDEO, time, data }
    }

    /// Composes a script data tag (type 18, AMF0) from an RTMP message or an FLV body.
    pub const fn script(time: FlvTime, data: &'a [u8]) -> Self {
        Self { kind: TagKind::SCRIPT, time, data }
    }
}

/// Kind of a tag: the low six bits of its first byte, `Filter1 | TagType5` (FLV 10.1 E.4.1).
///
/// An encrypted tag (`Filter` set) equals none of the constants, so nobody takes its body for media
/// by accident.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TagKind(u8);

impl TagKind {
    /// Audio data.
    pub const AUDIO: Self = Self(8);
    /// Video data.
    pub const VIDEO: Self = Self(9);
    /// Script data in AMF3, of RTMP only.
    pub const SCRIPT_AMF3: Self = Self(15);
    /// Script data in AMF0.
    pub const SCRIPT: Self = Self(18);
    /// Several tags in one message, of RTMP only: see [`Aggregate`].
    pub const AGGREGATE: Self = Self(22);

    const FILTER: u8 = 0x20;

    /// Takes the first byte of a tag or an RTMP message type id; the two reserved high bits are
    /// dropped.
    pub const fn new(first_byte: u8) -> Self {
        Self(first_byte & 0x3f)
    }

    /// Returns the six bits `Filter1 | TagType5`.
    pub const fn get(self) -> u8 {
        self.0
    }

    /// Returns whether the `Filter` bit is set: the body is encrypted and means nothing here.
    pub const fn is_encrypted(self) -> bool {
        self.0 & Self::FILTER != 0
    }
}

impl fmt::Debug for TagKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match *self {
            Self::AUDIO => "AUDIO",
            Self::VIDEO => "VIDEO",
            Self::SCRIPT_AMF3 => "SCRIPT_AMF3",
            Self::SCRIPT => "SCRIPT",
            Self::AGGREGATE => "AGGREGATE",
            Self(bits) => return write!(f, "TagKind({bits})"),
        };
        f.write_str(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f_02_an_encrypted_tag_is_no_audio_tag() {
        let kind = TagKind::new(0x28);
        assert!(kind.is_encrypted());
        assert_ne!(kind, TagKind::AUDIO);
        assert!(!TagKind::new(0x08).is_encrypted());
    }

    #[test]
    fn f_02_reserved_bits_of_the_tag_type_are_dropped() {
        assert_eq!(TagKind::new(0xc9), TagKind::VIDEO);
        assert_eq!(TagKind::new(0xc9).get(), 9);
    }

    #[test]
    fn r_55_random_bodies_do_not_panic() {
        let seeds: [&[u8]; 6] = [
            b"\x97\x02\0\0\x01\x06\x11avc1\x01\0\0\x01y\x00\0\0\x04\0\0\x28x",
            b"\x95\x21Opus\x01\0\0\x02..mp4a\x00\0\0\x01!",
            b"\x02\0\x0aonMetaData\x08\0\0\0\x01\0\x05width\0\0\0\0\0\0\0\0\0\0\0\x09",
            b"\x08\0\0\x02\0\0\0\0\0\0\0\xaf\x01\0\0\0\x0d\x09\0\0\x00\0\0\0\0\0\0\0",
            b"\x17\x01\0\0\x28abc",
            b"",
        ];
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        let mut random = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state as usize
        };
        for round in 0..100_000 {
            let mut body = seeds[round % seeds.len()].to_vec();
            body.truncate(random() % (body.len() + 1));
            body.extend((0..random() % 24).map(|_| random() as u8));
            for _ in 0..random() % 4 {
                let len = body.len().max(1);
                if let Some(byte) = body.get_mut(random() % len) {
                    *byte = random() as u8;
                }
            }
            let _ = (VideoTag::parse(&body), AudioTag::parse(&body), Metadata::parse(&body));
            let mut tags = Aggregate::new(FlvTime::default(), &body);
            let bytes: usize = tags.by_ref().map(|tag| 11 + tag.data.len()).sum();
            assert!(bytes + tags.remainder() <= body.len());
        }
    }
}
