//! How NAL units are packed: behind lengths, behind start codes, or by the sizes that they say.

use crate::codec::video::VideoCoding;

/// How the NAL units of an access unit are separated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// One slice and nothing else: `data` is the NAL unit.
    Lone,
    /// Each follows its length in so many bytes, big-endian: 1, 2 or 4.
    Length(usize),
    /// Each follows a start code.
    StartCode,
    /// Each says its size.
    Sized,
}

/// How the NAL units of a track are packed: what a sequence header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packing {
    coding: VideoCoding,
    length_len: usize,
}

impl Default for Packing {
    /// Lengths of 4 bytes, which nearly every encoder writes.
    fn default() -> Self {
        Self::new(VideoCoding::default(), 4)
    }
}

impl Packing {
    /// `length_len` is how many bytes the length before each NAL unit has: 1, 2 or 4. It says
    /// nothing where units say their size.
    pub const fn new(coding: VideoCoding, length_len: usize) -> Self {
        Self { coding, length_len }
    }

    /// Returns how the pictures are coded.
    #[inline]
    pub(crate) const fn coding(self) -> VideoCoding {
        self.coding
    }

    #[inline]
    pub(super) const fn framing(self) -> Framing {
        match self.coding {
            VideoCoding::Avc | VideoCoding::Hevc => Framing::Length(self.length_len),
            VideoCoding::Av1 => Framing::Sized,
        }
    }

    /// Returns whether each NAL unit follows its length in 4 bytes.
    #[inline]
    pub(super) const fn is_plain(self) -> bool {
        matches!(self.framing(), Framing::Length(4))
    }
}
