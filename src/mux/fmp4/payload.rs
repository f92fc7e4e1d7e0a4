//! Media of a fragment on its way to the sink: not copied, and not yet in any file.

use core::convert::Infallible;

use super::ShortBuffer;
use super::fill::Fill;
use crate::codec::nal::LengthPrefixed;

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
