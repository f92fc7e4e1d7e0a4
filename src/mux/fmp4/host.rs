//! Fragments for hosts that have a heap.

use alloc::vec::Vec;

use super::{FragmentHead, Payload};

impl Payload<'_> {
    /// Appends the payload to `out`, which grows where it must.
    #[inline]
    pub fn append_to(&self, out: &mut Vec<u8>) {
        out.reserve(self.len());
        self.for_each_piece(|piece| out.extend_from_slice(piece));
    }
}

impl FragmentHead<'_> {
    /// Appends the head to `out`, which grows where it must.
    pub fn append_to(&self, out: &mut Vec<u8>) {
        out.reserve(self.len());
        self.for_each_piece(|piece| out.extend_from_slice(piece));
    }
}
