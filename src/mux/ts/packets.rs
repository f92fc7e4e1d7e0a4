//! One access unit as a run of TS packets that is laid out but not yet written anywhere.
//!
//! What the sink does with it is its own business: nothing has been copied when it gets here.

use super::packet::PACKET_LEN;
use super::pieces::Pieces;
use super::run::PesRun;
use core::fmt;

/// A run of whole TS packets, borrowed for the call: a PES packet with one access unit or with
/// gathered audio frames, the two tables, or a packet that only carries a PCR.
///
/// The payload still lies in the tag it came in. The sink chooses how to take it: [`copy_to_slice`]
/// lays it straight into the host's segment memory, [`for_each_piece`] shows headers and payload in
/// turn, for a vectored write, and feature `bytes` adds `into_buf`.
///
/// [`copy_to_slice`]: Self::copy_to_slice
/// [`for_each_piece`]: Self::for_each_piece
#[derive(Clone, Copy, Debug)]
pub struct TsPackets<'a> {
    run: Run<'a>,
    /// In bytes.
    len: usize,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Run<'a> {
    /// Packets that were composed whole.
    Whole(&'a [u8]),
    Pes(&'a PesRun<'a>),
}

impl<'a> TsPackets<'a> {
    /// Takes packets that were composed whole.
    #[inline]
    pub(crate) const fn whole(packets: &'a [u8]) -> Self {
        Self { run: Run::Whole(packets), len: packets.len() }
    }

    /// Takes a PES packet.
    #[inline]
    pub(crate) const fn pes(run: &'a PesRun<'a>) -> Self {
        Self { run: Run::Pes(run), len: run.packets * PACKET_LEN }
    }

    /// Returns the length in bytes: a multiple of [`PACKET_LEN`], never 0.
    #[expect(clippy::len_without_is_empty, reason = "a run is never empty")]
    #[inline]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Copies the packets to the front of `out` and returns how many bytes that were.
    ///
    /// # Errors
    ///
    /// [`ShortBuffer`] when `out` is shorter than [`len`](Self::len); nothing is written then.
    #[inline]
    pub fn copy_to_slice(&self, out: &mut [u8]) -> Result<usize, ShortBuffer> {
        let needed = self.len;
        let room = out.get_mut(..needed).ok_or(ShortBuffer { needed })?;
        match &self.run {
            Run::Whole(packets) => room.copy_from_slice(packets),
            Run::Pes(run) => run.copy(room.as_chunks_mut().0),
        }
        Ok(needed)
    }

    /// Calls `piece` with the bytes of the run from first to last, in pieces that are never empty.
    pub fn for_each_piece(&self, mut piece: impl FnMut(&[u8])) {
        let mut pieces = self.pieces();
        while let chunk = pieces.chunk()
            && !chunk.is_empty()
        {
            piece(chunk);
            let len = chunk.len();
            pieces.consume(len);
        }
    }

    /// Returns a walk over the bytes.
    pub(super) fn pieces(&self) -> Pieces<'a> {
        Pieces::new(self.run)
    }
}

/// The buffer handed to [`TsPackets::copy_to_slice`] is shorter than the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShortBuffer {
    /// Bytes that the run needs.
    pub needed: usize,
}

impl fmt::Display for ShortBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "buffer is too short for {} bytes of TS packets", self.needed)
    }
}

impl core::error::Error for ShortBuffer {}
