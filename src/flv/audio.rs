//! The body of an audio tag: legacy header (FLV 10.1 E.4.2) or enhanced one (E-RTMP v2,
//! `ExAudioTagHeader`).

use super::enhanced::{self, Modified, Packet, TrackBody};
use super::error::{Fault, Outcome};
use super::{AudioCodec, TagError};
use crate::time::TickSpan;
use nom::{Parser, error::context, number::complete::be_u8};

/// An audio tag, taken apart down to what the codec understands.
///
/// The legacy header's rate, size and type bits are not kept: for AAC they mean nothing, MP3 frames
/// say better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AudioTag<'a> {
    /// What the packet is coded with; [`AudioCodec::NONE`] for an empty tag.
    pub codec: AudioCodec,
    /// The packet.
    pub packet: AudioPacket<'a>,
    /// Tracks of a multitrack message that were passed over; 0 without multitrack.
    pub skipped_tracks: u8,
    /// How much later than the tag's time the audio is to be heard: `TimestampOffsetNano` in whole
    /// ticks, less than a millisecond (E-RTMP v2).
    pub offset: TickSpan,
}

impl<'a> AudioTag<'a> {
    /// Reads the body of an audio tag.
    ///
    /// # Errors
    ///
    /// The body ends inside its header, a one-byte AAC tag among them, or the layout of a
    /// multitrack packet is unknown. An unknown codec or packet type is no error, and neither
    /// is an empty body.
    pub fn parse(data: &'a [u8]) -> Result<Self, TagError> {
        Self::any(data).map_err(Fault::into_tag_error)
    }

    /// Takes at a glance what nearly every tag is: a legacy header and an AAC frame, which is not
    /// empty and is no ADTS frame: those begin with 0xff.
    #[inline]
    pub(crate) const fn raw_aac_frame(data: &'a [u8]) -> Option<&'a [u8]> {
        match data {
            [0xa0..=0xaf, 1, frame @ ..] if matches!(frame, [0..=0xfe, ..]) => Some(frame),
            _ => None,
        }
    }

    pub(super) fn any(data: &'a [u8]) -> Outcome<Self> {
        let Some((byte, input)) = data.split_first() else {
            return Ok(Self {
                codec: AudioCodec::NONE,
                packet: AudioPacket::Silence,
                skipped_tracks: 0,
                offset: TickSpan::ZERO,
            });
        };
        match byte >> 4 {
            EX_HEADER => Self::enhanced(input, byte & 0x0f),
            sound_format => Self::legacy(input, AudioCodec::from_legacy(sound_format)),
        }
    }

    fn legacy(input: &'a [u8], codec: AudioCodec) -> Outcome<Self> {
        let packet = if codec == AudioCodec::AAC {
            let (data, packet_type) = context("AACPacketType", be_u8).parse(input)?;
            match packet_type {
                0 => AudioPacket::SequenceHeader(data),
                1 => AudioPacket::Frame(data),
                other => AudioPacket::Ignored(other),
            }
        } else {
            AudioPacket::Frame(input)
        };
        Ok(Self { codec, packet, skipped_tracks: 0, offset: TickSpan::ZERO })
    }

    fn enhanced(input: &'a [u8], packet_type: u8) -> Outcome<Self> {
        let (input, Modified { packet_type, offset }) = enhanced::mod_ex(input, packet_type)?;
        let Packet { packet_type, fourcc, body, skipped_tracks } =
            enhanced::packet(input, packet_type, MULTITRACK)?;
        let packet = match body {
            Some(body) => AudioPacket::enhanced(packet_type, body),
            None => AudioPacket::Ignored(packet_type),
        };
        Ok(Self { codec: AudioCodec::from_fourcc(fourcc), packet, skipped_tracks, offset })
    }

    /// Takes what a message of several tracks brings for one of them.
    pub(super) const fn of_track(
        modified: Modified,
        packet_type: u8,
        track: &TrackBody<'a>,
    ) -> Self {
        Self {
            codec: AudioCodec::from_fourcc(track.fourcc),
            packet: AudioPacket::enhanced(packet_type, track.body),
            skipped_tracks: 0,
            offset: modified.offset,
        }
    }
}

/// What an audio tag carries. Further kinds may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AudioPacket<'a> {
    /// The codec's configuration; for AAC an `AudioSpecificConfig`.
    SequenceHeader(&'a [u8]),
    /// Coded audio: one AAC frame without ADTS, or whole MP3 frames; may be empty.
    Frame(&'a [u8]),
    /// End of sequence; the stream may go on.
    SequenceEnd,
    /// Which speaker is which channel (E-RTMP v2); the AAC configuration says so itself.
    MultichannelConfig,
    /// An empty tag, which in RTMP means silence.
    Silence,
    /// A packet type that is unknown, or a multitrack message without track 0; holds the packet
    /// type.
    Ignored(u8),
}

impl<'a> AudioPacket<'a> {
    const fn enhanced(packet_type: u8, body: &'a [u8]) -> Self {
        match packet_type {
            SEQUENCE_START => Self::SequenceHeader(body),
            CODED_FRAMES => Self::Frame(body),
            SEQUENCE_END => Self::SequenceEnd,
            MULTICHANNEL_CONFIG => Self::MultichannelConfig,
            other => Self::Ignored(other),
        }
    }
}

const EX_HEADER: u8 = 9;
const SEQUENCE_START: u8 = 0;
const CODED_FRAMES: u8 = 1;
const SEQUENCE_END: u8 = 2;
const MULTICHANNEL_CONFIG: u8 = 4;
pub(super) const MULTITRACK: u8 = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f_10_legacy_formats() {
        for (data, codec, packet) in [
            (
                &[0xaf, 0, 0x12, 0x10][..],
                AudioCodec::AAC,
                AudioPacket::SequenceHeader(&[0x12, 0x10]),
            ),
            (&[0xaf, 1, 0x21], AudioCodec::AAC, AudioPacket::Frame(&[0x21])),
            (&[0xa0, 1], AudioCodec::AAC, AudioPacket::Frame(&[])),
            (&[0xaf, 2], AudioCodec::AAC, AudioPacket::Ignored(2)),
            (&[0x2e, 0xff, 0xfb], AudioCodec::MP3, AudioPacket::Frame(&[0xff, 0xfb])),
            (&[0xe2, 0xff], AudioCodec::MP3_8K, AudioPacket::Frame(&[0xff])),
            (&[0xb2], AudioCodec::from_legacy(11), AudioPacket::Frame(&[])),
        ] {
            let want = AudioTag { codec, packet, skipped_tracks: 0, offset: TickSpan::ZERO };
            assert_eq!(AudioTag::parse(data), Ok(want), "{data:x?}");
        }
    }

    #[test]
    fn f_11_an_empty_tag_is_silence() {
        let want = AudioTag {
            codec: AudioCodec::NONE,
            packet: AudioPacket::Silence,
            skipped_tracks: 0,
            offset: TickSpan::ZERO,
        };
        assert_eq!(AudioTag::parse(&[]), Ok(want));
    }

    #[test]
    fn f_37_a_one_byte_aac_tag_is_a_typed_error() {
        let want = TagError::Truncated { field: "AACPacketType", left: 0 };
        assert_eq!(AudioTag::parse(&[0xaf]), Err(want));
    }

    #[test]
    fn f_15_enhanced_packet_types() {
        for (data, codec, packet) in [
            (&b"\x90mp4a\x12\x10"[..], AudioCodec::AAC, AudioPacket::SequenceHeader(b"\x12\x10")),
            (b"\x91mp4a!", AudioCodec::AAC, AudioPacket::Frame(b"!")),
            (b"\x91.mp3!", AudioCodec::MP3, AudioPacket::Frame(b"!")),
            (b"\x91Opus", AudioCodec::OPUS, AudioPacket::Frame(b"")),
            (b"\x92fLaC", AudioCodec::FLAC, AudioPacket::SequenceEnd),
            (b"\x94ec-3abc", AudioCodec::EC3, AudioPacket::MultichannelConfig),
            (b"\x93ac-3", AudioCodec::AC3, AudioPacket::Ignored(3)),
            (b"\x97\0\0\x01mp4a!", AudioCodec::AAC, AudioPacket::Frame(b"!")),
        ] {
            let want = AudioTag { codec, packet, skipped_tracks: 0, offset: TickSpan::ZERO };
            assert_eq!(AudioTag::parse(data), Ok(want), "{data:x?}");
        }
    }

    #[test]
    fn f_17_audio_multitrack_takes_track_0() {
        let tag = AudioTag::parse(b"\x95\x21Opus\x01\0\0\x02..mp4a\x00\0\0\x01!").unwrap();
        let want = AudioTag {
            codec: AudioCodec::AAC,
            packet: AudioPacket::Frame(b"!"),
            skipped_tracks: 1,
            offset: TickSpan::ZERO,
        };
        assert_eq!(tag, want);
        let absent = AudioTag::parse(b"\x95\x01mp4a\x02!").unwrap();
        assert_eq!((absent.packet, absent.skipped_tracks), (AudioPacket::Ignored(1), 1));
    }
}
