//! Pieces laid one after the other into memory that is as long as all of them.

use super::ShortBuffer;

/// Memory that is being filled.
pub(super) struct Fill<'a>(&'a mut [u8]);

impl<'a> Fill<'a> {
    /// Takes the front of `out`, so many bytes.
    #[inline]
    pub(super) fn new(out: &'a mut [u8], needed: usize) -> Result<Self, ShortBuffer> {
        out.get_mut(..needed).map(Self).ok_or(ShortBuffer { needed })
    }

    /// Lays the next piece.
    #[inline]
    pub(super) fn put(&mut self, piece: &[u8]) {
        let room = core::mem::take(&mut self.0);
        if let Some((place, rest)) = room.split_at_mut_checked(piece.len()) {
            place.copy_from_slice(piece);
            self.0 = rest;
        }
    }
}
