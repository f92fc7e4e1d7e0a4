//! A run of TS packets shown in pieces: heads, composed one by one, and payload where it lies.

use super::heads::Heads;
use super::packet::PACKET_LEN;
use super::packets::Run;
use crate::codec::avc::Slices;

/// Iterates over the bytes of a run.
#[derive(Clone, Debug)]
pub(super) struct Pieces<'a> {
    heads: Option<Heads<'a>>,
    slices: Slices<'a>,
    slice: &'a [u8],
    /// Payload bytes that the packet before it still takes.
    room: usize,
}

/// A contiguous stretch of a run.
#[derive(Clone, Debug)]
pub(super) enum Piece<'a> {
    Head { bytes: [u8; PACKET_LEN], len: usize },
    Borrowed(&'a [u8]),
}

impl Piece<'_> {
    pub(super) fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Head { bytes, len } => bytes.get(..*len).unwrap_or_default(),
            Self::Borrowed(bytes) => bytes,
        }
    }
}

impl<'a> Pieces<'a> {
    pub(super) fn new(run: Run<'a>) -> Self {
        match run {
            Run::Whole(packets) => Self {
                heads: None,
                slices: Slices::one(packets),
                slice: &[],
                room: packets.len(),
            },
            Run::Pes(pes) => Self {
                heads: Some(Heads::new(pes)),
                slices: pes.payload().slices(),
                slice: &[],
                room: 0,
            },
        }
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        if self.room == 0 {
            let heads = self.heads.as_mut().filter(|heads| !heads.is_done())?;
            let mut bytes = [0; PACKET_LEN];
            let len = heads.write(&mut bytes);
            self.room = PACKET_LEN - len.min(PACKET_LEN);
            return Some(Piece::Head { bytes, len });
        }
        if self.slice.is_empty() {
            self.slice = self.slices.next()?;
        }
        let (now, later) = self.slice.split_at(self.room.min(self.slice.len()));
        self.slice = later;
        self.room -= now.len();
        Some(Piece::Borrowed(now))
    }
}

/// A run of TS packets as a [`bytes::Buf`]: nothing is copied until its reader does.
#[cfg(feature = "bytes")]
#[derive(Clone, Debug)]
pub struct TsBuf<'a> {
    pieces: Pieces<'a>,
    piece: Piece<'a>,
    /// Bytes of `piece` that were read.
    read: usize,
    remaining: usize,
}

#[cfg(feature = "bytes")]
impl<'a> super::TsPackets<'a> {
    /// Turns the run into a reader of its bytes.
    pub fn into_buf(self) -> TsBuf<'a> {
        let mut pieces = self.pieces();
        let piece = pieces.next().unwrap_or(Piece::Borrowed(&[]));
        TsBuf {
            pieces,
            piece,
            read: 0,
            remaining: self.len(),
        }
    }
}

#[cfg(feature = "bytes")]
impl bytes::Buf for TsBuf<'_> {
    fn remaining(&self) -> usize {
        self.remaining
    }

    fn chunk(&self) -> &[u8] {
        self.piece.as_bytes().get(self.read..).unwrap_or_default()
    }

    /// # Panics
    ///
    /// As the trait demands, when `count` is more than [`remaining`](bytes::Buf::remaining).
    fn advance(&mut self, mut count: usize) {
        assert!(
            count <= self.remaining,
            "cannot advance {count} of {} bytes",
            self.remaining
        );
        self.remaining -= count;
        while count > 0 || (self.remaining > 0 && self.chunk().is_empty()) {
            let step = count.min(self.chunk().len());
            self.read += step;
            count -= step;
            if self.chunk().is_empty() {
                let Some(piece) = self.pieces.next() else {
                    break;
                };
                (self.piece, self.read) = (piece, 0);
            }
        }
    }
}

#[cfg(all(test, feature = "bytes"))]
mod tests {
    use crate::ts::TsPackets;
    use bytes::Buf;
    use std::vec::Vec;

    #[test]
    fn a_buf_reads_the_bytes_of_the_run_in_steps_of_any_length() {
        let whole: Vec<u8> = (0..=255).cycle().take(376).collect();
        for step in 1..whole.len() {
            let mut buf = TsPackets::whole(&whole).into_buf();
            let mut read = Vec::new();
            while buf.has_remaining() {
                let len = step.min(buf.chunk().len());
                read.extend_from_slice(&buf.chunk()[..len]);
                buf.advance(len);
            }
            assert_eq!(read, whole, "{step}");
        }
    }
}
