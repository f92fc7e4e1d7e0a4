//! NAL units of tags without a picture: they wait for the picture that they belong to.

use crate::codec::nal::{AccessUnit, Escaped};
use crate::codec::video::NalKind;
use crate::config::Filler;

/// NAL units that wait, as a byte stream.
#[derive(Clone, Debug)]
#[repr(C)]
pub(super) struct Carry {
    len: usize,
    bytes: [u8; CAPACITY],
}

impl Carry {
    pub(super) const fn new() -> Self {
        Self { len: 0, bytes: [0; CAPACITY] }
    }

    #[inline]
    pub(super) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    #[inline]
    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    #[inline]
    pub(super) const fn clear(&mut self) {
        self.len = 0;
    }

    /// Keeps the NAL units of a tag without a picture, except delimiters, filler data that is
    /// dropped, and ends of sequence, which belong to the picture before. Returns how many found no
    /// room, or cannot stand before others.
    #[cold]
    pub(super) fn keep(&mut self, unit: AccessUnit<'_>, filler: Filler) -> usize {
        let mut dropped = 0;
        for nal_unit in unit.nal_units() {
            let superfluous = match unit.coding().kind(nal_unit) {
                NalKind::Delimiter | NalKind::End => true,
                NalKind::Filler => filler == Filler::Drop,
                _ => false,
            };
            let start_code = unit.coding().start_code();
            let is_kept = superfluous
                || unit.coding().is_delimited(nal_unit)
                    && self.push(start_code, unit.escaped(nal_unit));
            dropped += usize::from(!is_kept);
        }
        dropped
    }

    /// Keeps a NAL unit; returns whether there was room.
    fn push(&mut self, start_code: &[u8], nal_unit: Escaped<'_>) -> bool {
        let mut len = self.len;
        for piece in core::iter::once(start_code).chain(nal_unit) {
            let free = self.bytes.get_mut(len..);
            let Some(room) = free.and_then(|free| free.get_mut(..piece.len())) else {
                return false;
            };
            room.copy_from_slice(piece);
            len += piece.len();
        }
        self.len = len;
        true
    }
}

/// A tag without a picture brings a few SEI messages or parameter sets, 20 to 100 bytes in what
/// real encoders send.
const CAPACITY: usize = 448;
