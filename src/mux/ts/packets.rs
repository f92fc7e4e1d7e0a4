//! One access unit as a run of TS packets that is laid out but not yet written anywhere.
//!
//! What the sink does with it is its own business: nothing has been copied when it gets here.

use super::copy::Room;
use super::packet::PACKET_LEN;
use super::pieces::Pieces;
use super::run::PesRun;
use core::convert::Infallible;
use core::fmt;

/// A run of whole TS packets, borrowed for the call: a PES packet with one access unit or with
/// gathered audio frames, the two tables, or a packet that only carries a PCR.
///
/// The payload still lies in the tag it came in. The sink chooses how to take it:
///
/// | method | into | feature |
/// |---|---|---|
/// | [`copy_to_slice`](Self::copy_to_slice) | memory that is there | |
/// | `append_to` | a `Vec` of packets that grows | `alloc` |
/// | `append_to_vec` | a `Vec<u8>` that grows | `alloc` |
/// | `append_to_bytes` | a `bytes::BytesMut` that grows | `bytes` |
/// | `write_to` | a `std::io::Write` | `std` |
/// | [`for_each_piece`](Self::for_each_piece) | anything: shows headers and payload in turn | |
/// | `into_buf` | whatever reads a `bytes::Buf` | `bytes` |
///
/// The first two are a copy and nothing else, the next two fill with zeros what they are about to
/// write. The others go from piece to piece, two for each packet, which takes four times the
/// instructions.
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
        self.lay(&mut room.as_chunks_mut().0);
        Ok(needed)
    }

    /// Lays the packets into `room`.
    #[inline]
    pub(super) fn lay(&self, room: &mut impl Room) {
        match &self.run {
            Run::Whole(packets) => room.lay_whole(packets.as_chunks().0),
            Run::Pes(run) => run.lay(room),
        }
    }

    /// Calls `piece` with the bytes of the run from first to last, in pieces that are never empty.
    pub fn for_each_piece(&self, mut piece: impl FnMut(&[u8])) {
        let Ok(()) = self.try_for_each_piece(|chunk| {
            piece(chunk);
            Ok::<(), Infallible>(())
        });
    }

    /// Calls `piece` with the bytes of the run from first to last, in pieces that are never empty,
    /// until it fails.
    ///
    /// # Errors
    ///
    /// The first error of `piece`. How much of the run was shown then, `piece` alone knows.
    pub fn try_for_each_piece<E>(
        &self,
        mut piece: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut pieces = self.pieces();
        while let chunk = pieces.chunk()
            && !chunk.is_empty()
        {
            piece(chunk)?;
            let len = chunk.len();
            pieces.consume(len);
        }
        Ok(())
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
