//! What enhanced video and audio tags have in common: `ModEx`, multitrack, FourCC (E-RTMP v2,
//! `ExVideoTagHeader` and `ExAudioTagHeader`).
//!
//! ```text
//! ModEx       size−1 8 │ (if size = 256: size−1 16) │ data │ ModExType 4 │ next PacketType 4 │ …
//! plain       FourCC 32 │ body
//! multitrack  AvMultitrackType 4 │ PacketType 4 │ tracks
//!   0 OneTrack              FourCC 32 │ trackId 8 │ body
//!   1 ManyTracks            FourCC 32 │ ( trackId 8 │ size 24 │ body )*
//!   2 ManyTracksManyCodecs  ( FourCC 32 │ trackId 8 │ size 24 │ body )*
//! ```

use super::TagError;
use super::error::{Fault, Outcome, Parsed};
use crate::time::TickSpan;
use nom::{
    Parser,
    bytes::complete::take,
    combinator::map,
    error::context,
    number::complete::{be_u8, be_u16, be_u24, be_u32},
};

/// An enhanced tag after its first byte: the packet of the one track that is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Packet<'a> {
    /// `VideoPacketType` or `AudioPacketType`, never `ModEx`'s or multitrack's own.
    pub(super) packet_type: u8,
    /// The track's codec.
    pub(super) fourcc: [u8; 4],
    /// What follows the headers; `None` when the message has no track 0.
    pub(super) body: Option<&'a [u8]>,
    /// Tracks of the message that were passed over.
    pub(super) skipped_tracks: u8,
}

/// What `ModEx` packets say of the packet after them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Modified {
    pub(super) packet_type: u8,
    /// How much later than the tag says the media is to be presented: less than a millisecond.
    pub(super) offset: TickSpan,
}

/// Reads `ModEx` packets: of those, `TimestampOffsetNano` says something, and no other type is
/// known.
pub(super) fn mod_ex(mut input: &[u8], mut packet_type: u8) -> Parsed<'_, Modified> {
    let mut offset = TickSpan::ZERO;
    // Each round consumes three bytes or more, so this ends.
    while packet_type == MOD_EX {
        let (rest, short) =
            context("modExDataSize", map(be_u8, |size| u32::from(size) + 1)).parse(input)?;
        let (rest, size) = match short {
            256 => context("modExDataSize", map(be_u16, |size| u32::from(size) + 1)).parse(rest)?,
            _ => (rest, short),
        };
        let (rest, data) = context("modExData", take(size)).parse(rest)?;
        let (rest, next) = context("modExType", be_u8).parse(rest)?;
        if let (TIMESTAMP_OFFSET_NANO, &[n0, n1, n2, ..]) = (next >> 4, data) {
            let nanos = u32::from_be_bytes([0, n0, n1, n2]).min(MAX_NANOS);
            offset = TickSpan::new(i64::from(nanos) * 9 / 100_000);
        }
        input = rest;
        packet_type = next & 0x0f;
    }
    Ok((input, Modified { packet_type, offset }))
}

/// Reads FourCC and body; of a multitrack packet, whose type is `multitrack`, those of track 0.
///
/// All tracks are walked, those after track 0 too: a message that is cut anywhere is refused as a
/// whole.
pub(super) fn packet(input: &[u8], packet_type: u8, multitrack: u8) -> Outcome<Packet<'_>> {
    let mut bodies = Bodies::new(input, packet_type, multitrack)?;
    let mut found = None;
    let mut first = None;
    let mut skipped_tracks = 0_u8;
    while let Some(track) = bodies.take()? {
        first.get_or_insert(track.fourcc);
        if track.id == DEFAULT_TRACK && found.is_none() {
            found = Some(track);
        } else {
            skipped_tracks = skipped_tracks.saturating_add(1);
        }
    }
    Ok(Packet {
        packet_type: bodies.packet_type,
        fourcc: found.map(|track| track.fourcc).or(first).unwrap_or_default(),
        body: found.map(|track| track.body),
        skipped_tracks,
    })
}

/// One track of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TrackBody<'a> {
    pub(super) id: u8,
    pub(super) fourcc: [u8; 4],
    pub(super) body: &'a [u8],
}

/// The tracks of a message, one after another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bodies<'a> {
    /// Of all of them.
    pub(super) packet_type: u8,
    layout: Layout,
    rest: &'a [u8],
    /// That of the track before, or of all.
    fourcc: [u8; 4],
}

/// How the tracks that are left are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    /// None is left.
    Done,
    /// The message has no tracks but the default one.
    Plain,
    OneTrack,
    /// The FourCC has been read.
    ManyTracks,
    /// The first FourCC has been read: it stands in the same place in both layouts.
    FirstOfManyCodecs,
    ManyCodecs,
}

impl<'a> Bodies<'a> {
    /// Reads what stands before the tracks; `multitrack` is the packet type of multitrack packets.
    pub(super) fn new(input: &'a [u8], packet_type: u8, multitrack: u8) -> Outcome<Self> {
        if packet_type != multitrack {
            let (rest, fourcc) = fourcc(input)?;
            return Ok(Self { packet_type, layout: Layout::Plain, rest, fourcc });
        }
        let (input, byte) = context("multitrackType", be_u8).parse(input)?;
        let packet_type = byte & 0x0f;
        if packet_type == multitrack {
            return Err(Fault::fatal(TagError::NestedMultitrack));
        }
        let layout = match byte >> 4 {
            ONE_TRACK => Layout::OneTrack,
            MANY_TRACKS => Layout::ManyTracks,
            MANY_TRACKS_MANY_CODECS => Layout::FirstOfManyCodecs,
            other => return Err(Fault::fatal(TagError::MultitrackType(other))),
        };
        let (rest, fourcc) = fourcc(input)?;
        Ok(Self { packet_type, layout, rest, fourcc })
    }

    /// Reads the next track; `None` if there is none.
    pub(super) fn take(&mut self) -> Outcome<Option<TrackBody<'a>>> {
        let mut input = self.rest;
        let (id, body, layout) = match self.layout {
            Layout::Done => return Ok(None),
            Layout::Plain => (DEFAULT_TRACK, input, Layout::Done),
            Layout::OneTrack => {
                let (body, id) = context("trackId", be_u8).parse(input)?;
                (id, body, Layout::Done)
            }
            Layout::ManyTracks | Layout::FirstOfManyCodecs | Layout::ManyCodecs => {
                if self.layout == Layout::ManyCodecs {
                    (input, self.fourcc) = fourcc(input)?;
                }
                let (rest, id) = context("trackId", be_u8).parse(input)?;
                let (rest, size) = context("sizeOfTrack", be_u24).parse(rest)?;
                let (rest, body) = context("track", take(size)).parse(rest)?;
                self.rest = rest;
                let next = match self.layout {
                    _ if rest.is_empty() => Layout::Done,
                    Layout::ManyTracks => Layout::ManyTracks,
                    _ => Layout::ManyCodecs,
                };
                (id, body, next)
            }
        };
        self.layout = layout;
        Ok(Some(TrackBody { id, fourcc: self.fourcc, body }))
    }
}

fn fourcc(input: &[u8]) -> Parsed<'_, [u8; 4]> {
    context("FourCC", map(be_u32, u32::to_be_bytes)).parse(input)
}

const MOD_EX: u8 = 7;
const TIMESTAMP_OFFSET_NANO: u8 = 0;
/// The offset is finer than the milliseconds of the tag.
const MAX_NANOS: u32 = 999_999;
const ONE_TRACK: u8 = 0;
const MANY_TRACKS: u8 = 1;
const MANY_TRACKS_MANY_CODECS: u8 = 2;
const DEFAULT_TRACK: u8 = 0;

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    const MULTITRACK: u8 = 6;

    fn track(id: u8, body: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::from([id]);
        bytes.extend(&(body.len() as u32).to_be_bytes()[1..]);
        bytes.extend(body);
        bytes
    }

    #[test]
    fn f_16_av1_5_mod_ex_repeats_and_the_offset_of_the_last_counts() {
        let mut bytes = Vec::from([
            2, // size 3
            0x0f, 0x42, 0x3f, // 999 999 ns
            0x07, // TimestampOffsetNano, then ModEx again
            0xff, 0x01, 0x00, // size 256, so 16 bits: 257
        ]);
        bytes.extend([0xaa; 257]);
        bytes.extend([0xf1, 9, 9]); // unknown ModExType 15, then packet type 1
        let modified = |ticks| Modified { packet_type: 1, offset: TickSpan::new(ticks) };
        assert_eq!(mod_ex(&bytes, MOD_EX), Ok((&[9, 9][..], modified(89))));
        for (nanos, ticks) in
            [([0, 0, 0], 0), ([0, 0x2b, 0x67], 0), ([0, 0x2b, 0x68], 1), ([0xff, 0xff, 0xff], 89)]
        {
            let bytes = [&[2][..], &nanos, &[0x01, 7]].concat();
            assert_eq!(mod_ex(&bytes, MOD_EX), Ok((&[7][..], modified(ticks))), "{nanos:x?}");
        }
        // Too short for an offset, and another type.
        for bytes in [&[1, 9, 9, 0x01, 7][..], &[2, 9, 9, 9, 0x11, 7]] {
            assert_eq!(mod_ex(bytes, MOD_EX), Ok((&[7][..], modified(0))));
        }
    }

    #[test]
    fn f_16_nested_mod_ex_ends_with_the_input() {
        let endless = [0, 0, 0x07].repeat(20_000);
        assert_eq!(
            mod_ex(&endless, MOD_EX).map_err(Fault::into_tag_error),
            Err(TagError::Truncated { field: "modExDataSize", left: 0 })
        );
    }

    #[test]
    fn f_17_track_0_is_taken_and_others_are_counted() {
        let one_codec =
            [&[0x11][..], b"avc1", &track(5, b"five"), &track(0, b"zero"), &track(1, b"")].concat();
        let many_codecs = [
            &[0x21][..],
            b"hvc1",
            &track(5, b"five"),
            b"avc1",
            &track(0, b"zero"),
            b"av01",
            &track(0, b"again"),
        ]
        .concat();
        for bytes in [one_codec, many_codecs] {
            let want =
                Packet { packet_type: 1, fourcc: *b"avc1", body: Some(b"zero"), skipped_tracks: 2 };
            assert_eq!(packet(&bytes, MULTITRACK, MULTITRACK), Ok(want));
            for len in 0..bytes.len() {
                // Cut between two tracks it is a shorter message; cut elsewhere it is refused.
                // Never a panic.
                let _ = packet(&bytes[..len], MULTITRACK, MULTITRACK);
            }
        }
    }

    #[test]
    fn f_17_one_track_has_no_size() {
        let zero = packet(b"\x03avc1\x00body", MULTITRACK, MULTITRACK).unwrap();
        assert_eq!((zero.packet_type, zero.body, zero.skipped_tracks), (3, Some(&b"body"[..]), 0));
        let other = packet(b"\x03avc1\x07body", MULTITRACK, MULTITRACK).unwrap();
        assert_eq!((other.body, other.skipped_tracks), (None, 1));
    }

    #[test]
    fn f_17_a_broken_multitrack_packet_is_a_typed_error() {
        for (bytes, want) in [
            (&b"\x06avc1\x00"[..], TagError::NestedMultitrack),
            (b"\x31avc1\x00", TagError::MultitrackType(3)),
            (b"\x11avc1\x00\x00\x00\x09short", TagError::Truncated { field: "track", left: 5 }),
            (b"\x11avc1", TagError::Truncated { field: "trackId", left: 0 }),
            (b"", TagError::Truncated { field: "multitrackType", left: 0 }),
        ] {
            assert_eq!(
                packet(bytes, MULTITRACK, MULTITRACK).map_err(Fault::into_tag_error),
                Err(want)
            );
        }
    }
}
