//! Media of a fragment on its way to the sink: not copied, and not yet in any file.

use core::convert::Infallible;

use super::ShortBuffer;
use super::fill::Fill;
use crate::codec::nal::{LengthPrefixed, SamplePiece, SamplePieces};

/// Payload of the fragment at hand: one picture, or audio frames that follow each other. It still
/// lies in the tag that it came in.
#[derive(Clone, Copy, Debug)]
pub struct Payload<'a> {
    media: Media<'a>,
    /// In bytes.
    len: usize,
}

#[derive(Clone, Copy, Debug)]
enum Media<'a> {
    Picture(LengthPrefixed<'a>),
    Frames(&'a [u8]),
}

/// A piece of payload, never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "payload is media, and lengths between")]
pub enum PayloadPiece<'a> {
    /// The length of a NAL unit, which comes next.
    Length([u8; 4]),
    /// Media where it lies.
    Media(&'a [u8]),
}

impl PayloadPiece<'_> {
    /// Returns the bytes.
    pub const fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Length(length) => length,
            Self::Media(media) => media,
        }
    }
}

/// Iterates over [payload](Payload::pieces).
#[derive(Clone, Debug)]
pub struct PayloadPieces<'a>(Rest<'a>);

/// What is still to come.
#[derive(Clone, Debug)]
enum Rest<'a> {
    Picture(SamplePieces<'a>),
    Frames(Option<&'a [u8]>),
}

impl<'a> Iterator for PayloadPieces<'a> {
    type Item = PayloadPiece<'a>;

    fn next(&mut self) -> Option<PayloadPiece<'a>> {
        match &mut self.0 {
            Rest::Frames(frames) => frames.take().map(PayloadPiece::Media),
            Rest::Picture(pieces) => pieces.next().map(|piece| match piece {
                SamplePiece::Length(length) => PayloadPiece::Length(length),
                SamplePiece::Media(media) => PayloadPiece::Media(media),
            }),
        }
    }
}

impl<'a> Payload<'a> {
    #[inline]
    pub(super) const fn picture(picture: LengthPrefixed<'a>) -> Self {
        let len = picture.len();
        Self { media: Media::Picture(picture), len }
    }

    #[inline]
    pub(super) const fn frames(frames: &'a [u8]) -> Self {
        Self { media: Media::Frames(frames), len: frames.len() }
    }

    /// Returns the length in bytes, never 0.
    #[expect(clippy::len_without_is_empty, reason = "payload is never empty")]
    #[inline]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Copies the payload to the front of `out` and returns how many bytes that were.
    ///
    /// # Errors
    ///
    /// [`ShortBuffer`] when `out` is shorter than [`len`](Self::len); nothing is written then.
    #[inline]
    pub fn copy_to_slice(&self, out: &mut [u8]) -> Result<usize, ShortBuffer> {
        let needed = self.len;
        let mut fill = Fill::new(out, needed)?;
        self.for_each_piece(|piece| fill.put(piece));
        Ok(needed)
    }

    /// Iterates over the payload from its first byte to its last: for sinks that gather writes, as
    /// the media stays where it is as long as the payload is lent.
    pub fn pieces(&self) -> PayloadPieces<'a> {
        PayloadPieces(match &self.media {
            Media::Picture(picture) => Rest::Picture(picture.pieces()),
            Media::Frames(frames) => Rest::Frames(Some(frames)),
        })
    }

    /// Calls `piece` with the payload from its first byte to its last, in pieces that are never
    /// empty.
    #[inline]
    pub fn for_each_piece(&self, mut piece: impl FnMut(&[u8])) {
        let Ok(()) = self.try_for_each_piece(|chunk| {
            piece(chunk);
            Ok::<(), Infallible>(())
        });
    }

    /// Calls `piece` with the payload from its first byte to its last, in pieces that are never
    /// empty, until it fails.
    ///
    /// # Errors
    ///
    /// The first error of `piece`.
    #[inline]
    pub fn try_for_each_piece<E>(
        &self,
        mut piece: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        match &self.media {
            Media::Frames(frames) => piece(frames),
            Media::Picture(picture) => picture.try_for_each_piece(piece),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::nal::{AccessUnit, AnnexB, Packing, SetsInSample};
    use crate::codec::video::VideoCoding;
    use crate::config::Filler;
    use std::vec::Vec;

    fn assert_same(payload: &Payload<'_>) {
        let mut walked = Vec::new();
        payload.for_each_piece(|piece| walked.extend_from_slice(piece));
        let pieces: Vec<_> = payload.pieces().collect();
        assert!(pieces.iter().all(|piece| !piece.as_bytes().is_empty()));
        let bytes: Vec<u8> = pieces.iter().flat_map(|piece| piece.as_bytes().to_vec()).collect();
        assert_eq!((bytes.len(), &bytes), (payload.len(), &walked));
    }

    #[test]
    fn mp4_6_pieces_are_the_bytes_that_are_copied() {
        let slice = [0, 0, 0, 3, 0x41, 0x9a, 7];
        let message = [0, 0, 0, 6, 6, 5, 3, 0, 0, 1, 0, 0, 0, 3, 0x41, 0x9a, 7];
        for (carried, tag) in [
            (&[][..], &slice[..]),
            (&[0, 0, 0, 1, 6, 5], &slice),
            (&[], &message),
            (&[0, 0, 0, 1, 6, 5, 0, 0, 0, 1, 0x67, 1], &message),
        ] {
            let (unit, contents) = AccessUnit::new(tag, Packing::default());
            let picture = AnnexB::new(&[], carried, unit, &contents, Filler::Keep);
            for sets in [SetsInSample::Kept, SetsInSample::LeftOut] {
                let sample = LengthPrefixed::new(&picture, VideoCoding::Avc, sets);
                assert_same(&Payload::picture(sample));
            }
        }
        assert_same(&Payload::frames(b"frames"));
    }
}
