//! A run of TS packets shown in pieces: heads, composed one by one, and payload where it lies.
//!
//! ```text
//!   head 41 │ payload 147, borrowed │ head 4 │ payload 184, borrowed │ head 4 │ …
//! ```
//!
//! For sinks that gather writes, and for `bytes::Buf`: nothing is copied but heads.

use super::layout::{Layout, Special, Stretch};
use super::packet::{HEAD_LEN, PACKET_LEN, PacketHeader, write_pcr_head};
use super::packets::Run;
use super::run::PesRun;
use crate::codec::nal::Slices;

/// Walks over the bytes of a run.
#[derive(Clone, Debug)]
pub(super) struct Pieces<'a> {
    source: Source<'a>,
    /// Payload bytes that the packet begun last still takes.
    room: usize,
    slice: &'a [u8],
    slices: Slices<'a>,
    /// Where heads are composed: the last one stands at the front.
    head: [u8; PACKET_LEN],
}

/// Where the heads come from.
#[derive(Clone, Debug)]
enum Source<'a> {
    /// Nowhere: the packets were composed whole.
    Whole,
    /// The first packet of the run is still to come.
    First(&'a PesRun<'a>),
    Later(Heads),
}

/// The heads after the first one.
#[derive(Clone, Debug)]
struct Heads {
    layout: Layout,
    /// What is left of the stretch; `None` at the end of the run.
    stretch: Option<Stretch>,
    /// That of the next packet, as if it were plain.
    header: PacketHeader,
}

/// A contiguous stretch of a run.
#[derive(Clone, Copy, Debug)]
pub(super) enum Piece<'a> {
    /// So many bytes at the front of [`Pieces::head`].
    Head(usize),
    Borrowed(&'a [u8]),
}

impl<'a> Pieces<'a> {
    pub(super) fn new(run: Run<'a>) -> Self {
        let (source, slices, room) = match run {
            Run::Whole(packets) => (Source::Whole, Slices::one(packets), packets.len()),
            Run::Pes(run) => (Source::First(run), run.payload.slices(), 0),
        };
        Self { source, room, slice: &[], slices, head: [0; PACKET_LEN] }
    }

    /// Returns the next piece, never empty.
    #[inline]
    pub(super) fn next(&mut self) -> Option<Piece<'a>> {
        if self.room == 0 {
            let len = self.next_head()?;
            self.room = PACKET_LEN - len;
            return Some(Piece::Head(len));
        }
        if self.slice.is_empty() {
            self.slice = self.slices.next()?;
        }
        let (now, later) = self.slice.split_at(self.room.min(self.slice.len()));
        self.slice = later;
        self.room -= now.len();
        Some(Piece::Borrowed(now))
    }

    /// Composes the next head, and returns its length.
    #[inline]
    fn next_head(&mut self) -> Option<usize> {
        let heads = match &mut self.source {
            Source::Whole => return None,
            Source::First(run) => {
                let run = *run;
                let mut layout = Layout::new(run);
                self.source = Source::Later(Heads {
                    header: run.second_header(),
                    stretch: layout.next(),
                    layout,
                });
                return Some(run.write_first_head(&mut self.head).min(PACKET_LEN));
            }
            Source::Later(heads) => heads,
        };
        let stretch = heads.stretch.as_mut()?;
        let header = heads.header;
        heads.header = header.next();
        if let Some(left) = stretch.plain.checked_sub(1) {
            stretch.plain = left;
            let (head, _) = self.head.split_at_mut(HEAD_LEN);
            head.copy_from_slice(&header.to_bytes());
            return Some(HEAD_LEN);
        }
        let then = stretch.then;
        heads.stretch = heads.layout.next();
        Some(match then {
            Special::Pcr(pcr) => PACKET_LEN - write_pcr_head(header, pcr, &mut self.head).len(),
            Special::Last(field) => field.write(header, &mut self.head).min(PACKET_LEN),
        })
    }

    /// Returns the bytes of the piece that came last.
    #[inline]
    pub(super) fn bytes_of<'s>(&'s self, piece: Piece<'s>) -> &'s [u8] {
        match piece {
            Piece::Head(len) => self.head.get(..len).unwrap_or_default(),
            Piece::Borrowed(bytes) => bytes,
        }
    }
}

#[cfg(feature = "bytes")]
impl Piece<'_> {
    #[inline]
    const fn len(&self) -> usize {
        match self {
            Self::Head(len) => *len,
            Self::Borrowed(bytes) => bytes.len(),
        }
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
        TsBuf { pieces, piece, read: 0, remaining: self.len() }
    }
}

#[cfg(feature = "bytes")]
impl bytes::Buf for TsBuf<'_> {
    #[inline]
    fn remaining(&self) -> usize {
        self.remaining
    }

    #[inline]
    fn chunk(&self) -> &[u8] {
        let bytes = self.pieces.bytes_of(self.piece);
        bytes.get(self.read..).unwrap_or_default()
    }

    /// # Panics
    ///
    /// As the trait demands, when `count` is more than [`remaining`](bytes::Buf::remaining).
    #[inline]
    fn advance(&mut self, count: usize) {
        assert!(count <= self.remaining, "cannot advance {count} of {} bytes", self.remaining);
        self.remaining -= count;
        self.read += count;
        while self.read >= self.piece.len() && self.remaining > 0 {
            self.read -= self.piece.len();
            let Some(piece) = self.pieces.next() else {
                break;
            };
            self.piece = piece;
        }
    }
}

#[cfg(feature = "bytes")]
#[cfg(test)]
mod tests {
    use crate::mux::ts::packet::{ContinuityCounter, Pid};
    use crate::mux::ts::pes::{Lead, PesHeader, StreamId};
    use crate::mux::ts::run::{Payload, PcrPlan, PesRun, Start};
    use crate::mux::ts::{PACKET_LEN, TsPackets};
    use crate::time::{TickSpan, Ticks, WireTime};
    use bytes::Buf;
    use std::vec;
    use std::vec::Vec;

    /// Reads a run in steps of any length, within its pieces and over their borders.
    fn assert_reads(packets: TsPackets<'_>) {
        let mut whole = vec![0; packets.len()];
        packets.copy_to_slice(&mut whole).unwrap();
        for step in 1..=whole.len() {
            let mut buf = packets.into_buf();
            let mut at = 0;
            while buf.has_remaining() {
                assert_eq!(buf.remaining(), whole.len() - at, "{at}, steps of {step}");
                let chunk = buf.chunk();
                assert!(!chunk.is_empty(), "{at}, steps of {step}");
                assert_eq!(chunk, &whole[at..at + chunk.len()], "{at}, steps of {step}");
                let step = step.min(buf.remaining());
                buf.advance(step);
                at += step;
            }
            assert_eq!((at, buf.chunk()), (whole.len(), &[][..]), "steps of {step}");
        }
    }

    #[test]
    fn a_buf_reads_the_bytes_of_the_run_in_steps_of_any_length() {
        let bytes: Vec<u8> = (0..=255).cycle().take(5 * 184).collect();
        assert_reads(TsPackets::whole(&bytes[..2 * PACKET_LEN]));
        let time = WireTime::new(9);
        let spread =
            PcrPlan { first: Ticks::new(77), step: TickSpan::new(9000), count: 2, floating: false };
        for len in [20, 170, 184, 5 * 184 - 14, 5 * 184] {
            let header = PesHeader::new(StreamId::Audio, (time, time), Lead::of(&[]), len);
            let place = (Pid::AUDIO, ContinuityCounter::new(5));
            let payload = Payload::Audio(&bytes[..len]);
            let run = PesRun::new(place, Start::default(), spread, header, payload);
            assert_reads(TsPackets::pes(&run));
        }
    }
}
