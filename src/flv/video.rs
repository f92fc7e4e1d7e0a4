//! The body of a video tag: legacy header (FLV 10.1 E.4.3) or enhanced one (E-RTMP v2,
//! `ExVideoTagHeader`).

use super::enhanced::{self, Modified, Packet, TrackBody};
use super::error::{Fault, Outcome, Parsed};
use super::{TagError, VideoCodec};
use crate::time::TickSpan;
use nom::{
    Parser,
    combinator::map,
    error::context,
    number::complete::{be_i24, be_u8},
};

/// A video tag, taken apart down to what the codec understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VideoTag<'a> {
    /// What the packet is coded with; [`VideoCodec::NONE`] for an enhanced command frame, which
    /// does not say.
    pub codec: VideoCodec,
    /// `FrameType`, as the encoder claims it: often wrong, and set to "key" on headers too.
    pub frame: FrameType,
    /// The packet.
    pub packet: VideoPacket<'a>,
    /// Tracks of a multitrack message that were passed over; 0 without multitrack.
    pub skipped_tracks: u8,
}

impl<'a> VideoTag<'a> {
    /// Reads the body of a video tag.
    ///
    /// # Errors
    ///
    /// The body ends inside its header, AVC and HEVC bodies of 0 to 4 bytes among them, or the
    /// layout of a multitrack packet is unknown. An unknown codec or packet type is no error.
    pub fn parse(data: &'a [u8]) -> Result<Self, TagError> {
        Self::any(data).map_err(Fault::into_tag_error)
    }

    /// Takes at a glance what nearly every tag is: a header that says "inter frame", legacy for
    /// H.264 and enhanced for H.265, and an access unit with a composition offset that is not
    /// negative.
    #[inline]
    pub(crate) const fn inter_picture(data: &'a [u8]) -> Option<InterPicture<'a>> {
        let (codec, [c0, c1, c2], data) = match data {
            [0x27, 1, c0 @ 0..=0x7f, c1, c2, data @ ..] => (VideoCodec::AVC, [*c0, *c1, *c2], data),
            [0xa1, b'h', b'v', b'c', b'1', c0 @ 0..=0x7f, c1, c2, data @ ..] => {
                (VideoCodec::HEVC, [*c0, *c1, *c2], data)
            }
            [0xa3, b'h', b'v', b'c', b'1', data @ ..] => (VideoCodec::HEVC, [0; 3], data),
            _ => return None,
        };
        let composition = TickSpan::from_millis(i32::from_be_bytes([0, c0, c1, c2]) as i64);
        Some(InterPicture { codec, composition, data })
    }

    pub(super) fn any(data: &'a [u8]) -> Outcome<Self> {
        let (input, byte) = context("FrameType", be_u8).parse(data)?;
        if byte & EX_HEADER == 0 {
            Self::legacy(input, FrameType(byte >> 4), VideoCodec::from_legacy(byte & 0x0f))
        } else {
            Self::enhanced(input, FrameType(byte >> 4 & 0x07), byte & 0x0f)
        }
    }

    fn legacy(input: &'a [u8], frame: FrameType, codec: VideoCodec) -> Outcome<Self> {
        let packet = if frame == FrameType::COMMAND {
            VideoPacket::Command
        } else if matches!(codec, VideoCodec::AVC | VideoCodec::HEVC) {
            let (input, packet_type) = context("AVCPacketType", be_u8).parse(input)?;
            let (data, composition) = composition(input)?;
            match packet_type {
                0 => VideoPacket::SequenceHeader(data),
                1 => VideoPacket::AccessUnit { composition, data },
                2 => VideoPacket::SequenceEnd,
                other => VideoPacket::Ignored(other),
            }
        } else {
            VideoPacket::AccessUnit { composition: TickSpan::ZERO, data: input }
        };
        Ok(Self { codec, frame, packet, skipped_tracks: 0 })
    }

    fn enhanced(input: &'a [u8], frame: FrameType, packet_type: u8) -> Outcome<Self> {
        let (input, Modified { packet_type, offset }) = enhanced::mod_ex(input, packet_type)?;
        if frame == FrameType::COMMAND && packet_type != METADATA {
            let packet = VideoPacket::Command;
            return Ok(Self { codec: VideoCodec::NONE, frame, packet, skipped_tracks: 0 });
        }
        let Packet { packet_type, fourcc, body, skipped_tracks } =
            enhanced::packet(input, packet_type, MULTITRACK)?;
        let codec = VideoCodec::from_fourcc(fourcc);
        let packet = match body {
            Some(body) => VideoPacket::enhanced(packet_type, codec, body)?.later(offset),
            None => VideoPacket::Ignored(packet_type),
        };
        Ok(Self { codec, frame, packet, skipped_tracks })
    }

    /// Takes what a message of several tracks brings for one of them.
    pub(super) fn of_track(
        frame: FrameType,
        modified: Modified,
        packet_type: u8,
        track: &TrackBody<'a>,
    ) -> Outcome<Self> {
        let codec = VideoCodec::from_fourcc(track.fourcc);
        let packet = VideoPacket::enhanced(packet_type, codec, track.body)?.later(modified.offset);
        Ok(Self { codec, frame, packet, skipped_tracks: 0 })
    }
}

/// An access unit that is no key frame, taken at a glance.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InterPicture<'a> {
    pub(crate) codec: VideoCodec,
    pub(crate) composition: TickSpan,
    pub(crate) data: &'a [u8],
}

/// What a video tag carries. Further kinds may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum VideoPacket<'a> {
    /// The codec's configuration; for AVC a decoder configuration record. Never a key frame,
    /// whatever `FrameType` says.
    SequenceHeader(&'a [u8]),
    /// One access unit in the codec's own packing, for AVC length-prefixed NAL units.
    AccessUnit {
        /// Composition offset: PTS minus DTS, signed. Zero for codecs whose tags have no room for
        /// it. `TimestampOffsetNano` is added, in whole ticks.
        composition: TickSpan,
        /// The access unit; may be empty.
        data: &'a [u8],
    },
    /// End of sequence. Its time stamp may lie before the last tags', and the stream may go on.
    SequenceEnd,
    /// AMF metadata of the picture, such as colour information (E-RTMP v2).
    Metadata(&'a [u8]),
    /// A command frame, such as the start of a client-side seek: no media.
    Command,
    /// A packet type that is unknown, or a multitrack message without track 0; holds the packet
    /// type.
    Ignored(u8),
}

impl<'a> VideoPacket<'a> {
    /// Returns the packet presented so much later.
    fn later(self, by: TickSpan) -> Self {
        match self {
            Self::AccessUnit { composition, data } => {
                Self::AccessUnit { composition: composition + by, data }
            }
            other => other,
        }
    }

    fn enhanced(packet_type: u8, codec: VideoCodec, body: &'a [u8]) -> Outcome<Self> {
        Ok(match packet_type {
            SEQUENCE_START => Self::SequenceHeader(body),
            CODED_FRAMES if has_composition(codec) => {
                let (data, composition) = composition(body)?;
                Self::AccessUnit { composition, data }
            }
            CODED_FRAMES | CODED_FRAMES_X => {
                Self::AccessUnit { composition: TickSpan::ZERO, data: body }
            }
            SEQUENCE_END => Self::SequenceEnd,
            METADATA => Self::Metadata(body),
            other => Self::Ignored(other),
        })
    }
}

/// `FrameType`: the encoder's claim about a video tag (FLV 10.1 E.4.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FrameType(u8);

impl FrameType {
    /// Key frame.
    pub const KEY: Self = Self(1);
    /// Inter frame.
    pub const INTER: Self = Self(2);
    /// Disposable inter frame, of H.263 only.
    pub const DISPOSABLE: Self = Self(3);
    /// Key frame made by a server.
    pub const GENERATED_KEY: Self = Self(4);
    /// Video info or command frame: no media.
    pub const COMMAND: Self = Self(5);

    /// Takes the three bits of the tag.
    pub(super) const fn new(frame: u8) -> Self {
        Self(frame)
    }

    /// Returns the number as the tag states it, 0 to 7.
    pub const fn get(self) -> u8 {
        self.0
    }

    /// Returns whether the encoder calls this a key frame, [`KEY`](Self::KEY).
    ///
    /// [`GENERATED_KEY`](Self::GENERATED_KEY) is not one: it is reserved for servers, and no
    /// encoder sends it.
    pub const fn is_key(self) -> bool {
        self.0 == Self::KEY.0
    }
}

/// Reads `CompositionTime`, SI24 in milliseconds.
fn composition(input: &[u8]) -> Parsed<'_, TickSpan> {
    let millis = map(be_i24, |millis: i32| TickSpan::from_millis(millis.into()));
    context("CompositionTime", millis).parse(input)
}

/// Returns whether `CodedFrames` of the codec begin with a composition time.
const fn has_composition(codec: VideoCodec) -> bool {
    matches!(codec, VideoCodec::AVC | VideoCodec::HEVC | VideoCodec::VVC)
}

const EX_HEADER: u8 = 0x80;
const SEQUENCE_START: u8 = 0;
const CODED_FRAMES: u8 = 1;
const SEQUENCE_END: u8 = 2;
const CODED_FRAMES_X: u8 = 3;
const METADATA: u8 = 4;
pub(super) const MULTITRACK: u8 = 6;

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(data: &[u8]) -> VideoTag<'_> {
        VideoTag::parse(data).unwrap()
    }

    #[test]
    fn f_05_f_06_legacy_avc_packet_types() {
        for (data, want) in [
            (&[0x17, 0, 0, 0, 0, 1, 2][..], VideoPacket::SequenceHeader(&[1, 2])),
            (
                &[0x17, 1, 0, 0, 80, 7],
                VideoPacket::AccessUnit { composition: TickSpan::new(7200), data: &[7] },
            ),
            (&[0x17, 2, 0, 0, 0], VideoPacket::SequenceEnd),
            (&[0x17, 3, 0, 0, 0], VideoPacket::Ignored(3)),
        ] {
            let tag = parse(data);
            assert_eq!(
                (tag.packet, tag.codec, tag.frame),
                (want, VideoCodec::AVC, FrameType::KEY),
                "{data:x?}"
            );
        }
    }

    #[test]
    fn f_05_composition_time_is_sign_extended() {
        let tag = parse(&[0x27, 1, 0xff, 0xff, 0xde, 0]);
        let want = VideoPacket::AccessUnit { composition: TickSpan::from_millis(-34), data: &[0] };
        assert_eq!((tag.packet, tag.frame.is_key()), (want, false));
    }

    #[test]
    fn f_06_of_the_frame_types_only_1_is_a_key_frame() {
        for code in 0..8 {
            let frame = parse(&[code << 4 | 7, 0, 0, 0, 0]).frame;
            assert_eq!((frame.get(), frame.is_key()), (code, code == 1));
        }
    }

    #[test]
    fn f_06_a_command_frame_is_one_byte_and_no_media() {
        for data in [&[0x57, 0][..], &[0x57], &[0x52, 1], &[0xd1, 0], &[0xd0]] {
            assert_eq!(parse(data).packet, VideoPacket::Command, "{data:x?}");
        }
        assert!(!FrameType::GENERATED_KEY.is_key());
    }

    #[test]
    fn f_37_bodies_of_0_to_4_bytes_are_typed_errors() {
        let whole = [0x17, 1, 0, 0, 0];
        for len in 0..5 {
            let field = ["FrameType", "AVCPacketType", "CompositionTime"][len.min(2)];
            let want = TagError::Truncated { field, left: len.saturating_sub(2) };
            assert_eq!(VideoTag::parse(&whole[..len]), Err(want), "{len}");
        }
        assert!(VideoTag::parse(&whole).is_ok());
    }

    #[test]
    fn f_19_legacy_hevc_is_recognised_by_name() {
        let tag = parse(&[0x1c, 0, 0, 0, 0, 9]);
        assert_eq!((tag.codec, tag.packet), (VideoCodec::HEVC, VideoPacket::SequenceHeader(&[9])));
    }

    #[test]
    fn other_legacy_codecs_are_access_units_without_composition() {
        let tag = parse(&[0x12, 5]);
        assert_eq!(tag.codec, VideoCodec::from_legacy(2));
        assert_eq!(tag.packet, VideoPacket::AccessUnit { composition: TickSpan::ZERO, data: &[5] });
    }

    #[test]
    fn f_14_only_coded_frames_of_avc_hevc_and_vvc_have_a_composition_time() {
        let unit = |composition, data| VideoPacket::AccessUnit {
            composition: TickSpan::from_millis(composition),
            data,
        };
        for (data, want) in [
            (&b"\x91avc1\0\0\x28x"[..], unit(40, &b"x"[..])),
            (b"\x91hvc1\xff\xff\xffx", unit(-1, b"x")),
            (b"\x91vvc1\0\0\x01x", unit(1, b"x")),
            (b"\x91av01\0\0\x28x", unit(0, b"\0\0\x28x")),
            (b"\x93avc1\0\0\x28x", unit(0, b"\0\0\x28x")),
            (b"\x90avc1rec", VideoPacket::SequenceHeader(b"rec")),
            (b"\x92avc1", VideoPacket::SequenceEnd),
            (b"\x94avc1amf", VideoPacket::Metadata(b"amf")),
            (b"\xd4avc1amf", VideoPacket::Metadata(b"amf")),
            (b"\x95av01x", VideoPacket::Ignored(5)),
            (b"\x9favc1", VideoPacket::Ignored(15)),
        ] {
            assert_eq!(parse(data).packet, want, "{data:x?}");
        }
        assert_eq!(parse(b"\x91avc1\0\0\x28x").codec, VideoCodec::AVC);
    }

    #[test]
    fn f_16_f_17_mod_ex_and_multitrack_lead_to_the_same_access_unit() {
        let tag = parse(b"\x97\x02\0\0\x01\x06\x11avc1\x01\0\0\x01y\x00\0\0\x04\0\0\x28x");
        assert_eq!((tag.codec, tag.skipped_tracks), (VideoCodec::AVC, 1));
        assert_eq!(
            tag.packet,
            VideoPacket::AccessUnit { composition: TickSpan::from_millis(40), data: b"x" }
        );
        let other = parse(b"\x96\x01avc1\x05x");
        assert_eq!((other.packet, other.skipped_tracks), (VideoPacket::Ignored(1), 1));
    }

    #[test]
    fn f_18_an_unknown_fourcc_is_no_error() {
        assert_eq!(parse(b"\x91what?").codec, VideoCodec::from_fourcc(*b"what"));
        assert_eq!(
            VideoTag::parse(b"\x91wh"),
            Err(TagError::Truncated { field: "FourCC", left: 2 })
        );
    }
}
