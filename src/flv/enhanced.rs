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

/// Passes over `ModEx` packets and returns the packet type after them.
///
/// Their contents are dropped: `TimestampOffsetNano` is finer than the 90 kHz clock, and no other
/// type is known.
pub(super) fn mod_ex(mut input: &[u8], mut packet_type: u8) -> Parsed<'_, u8> {
    // Each round consumes three bytes or more, so this ends.
    while packet_type == MOD_EX {
        let (rest, short) =
            context("modExDataSize", map(be_u8, |size| u32::from(size) + 1)).parse(input)?;
        let (rest, size) = match short {
            256 => context("modExDataSize", map(be_u16, |size| u32::from(size) + 1)).parse(rest)?,
            _ => (rest, short),
        };
        let (rest, _) = context("modExData", take(size)).parse(rest)?;
        let (rest, next) = context("modExType", be_u8).parse(rest)?;
        (input, packet_type) = (rest, next & 0x0f);
    }
    Ok((input, packet_type))
}

/// Reads FourCC and body; of a multitrack packet, whose type is `multitrack`, those of track 0.
pub(super) fn packet(input: &[u8], packet_type: u8, multitrack: u8) -> Outcome<Packet<'_>> {
    if packet_type != multitrack {
        let (body, fourcc) = fourcc(input)?;
        return Ok(Packet { packet_type, fourcc, body: Some(body), skipped_tracks: 0 });
    }
    let (input, byte) = context("multitrackType", be_u8).parse(input)?;
    let (layout, packet_type) = (byte >> 4, byte & 0x0f);
    if packet_type == multitrack {
        return Err(Fault::fatal(TagError::NestedMultitrack));
    }
    match layout {
        ONE_TRACK => one_track(input, packet_type),
        MANY_TRACKS | MANY_TRACKS_MANY_CODECS => many_tracks(input, packet_type, layout),
        _ => Err(Fault::fatal(TagError::MultitrackType(layout))),
    }
}

fn one_track(input: &[u8], packet_type: u8) -> Outcome<Packet<'_>> {
    let (input, fourcc) = fourcc(input)?;
    let (body, track_id) = context("trackId", be_u8).parse(input)?;
    let is_default = track_id == DEFAULT_TRACK;
    Ok(Packet {
        packet_type,
        fourcc,
        body: is_default.then_some(body),
        skipped_tracks: u8::from(!is_default),
    })
}

/// Walks all tracks, those after track 0 too: a message that is cut anywhere is refused as a
/// whole.
fn many_tracks(input: &[u8], packet_type: u8, layout: u8) -> Outcome<Packet<'_>> {
    let (mut input, mut codec) = fourcc(input)?;
    let mut found = Packet { packet_type, fourcc: codec, body: None, skipped_tracks: 0 };
    let mut first = true;
    while first || !input.is_empty() {
        // The first FourCC has been read: it stands in the same place in both layouts.
        if layout == MANY_TRACKS_MANY_CODECS && !first {
            (input, codec) = fourcc(input)?;
        }
        first = false;
        let (rest, track_id) = context("trackId", be_u8).parse(input)?;
        let (rest, size) = context("sizeOfTrack", be_u24).parse(rest)?;
        let (rest, body) = context("track", take(size)).parse(rest)?;
        if track_id == DEFAULT_TRACK && found.body.is_none() {
            (found.fourcc, found.body) = (codec, Some(body));
        } else {
            found.skipped_tracks = found.skipped_tracks.saturating_add(1);
        }
        input = rest;
    }
    Ok(found)
}

fn fourcc(input: &[u8]) -> Parsed<'_, [u8; 4]> {
    context("FourCC", map(be_u32, u32::to_be_bytes)).parse(input)
}

const MOD_EX: u8 = 7;
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
    fn f_16_mod_ex_repeats_and_is_skipped_by_size() {
        let mut bytes = Vec::from([
            2, // size 3
            0x0f, 0x42, 0x3f, // 999 999 ns
            0x07, // TimestampOffsetNano, then ModEx again
            0xff, 0x01, 0x00, // size 256, so 16 bits: 257
        ]);
        bytes.extend([0xaa; 257]);
        bytes.extend([0xf1, 9, 9]); // unknown ModExType 15, then packet type 1
        assert_eq!(mod_ex(&bytes, MOD_EX), Ok((&[9, 9][..], 1)));
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
