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

/// Walks over the bytes of a run: at any time it stands at a chunk, of a head or of payload.
#[derive(Clone, Debug)]
pub(super) struct Pieces<'a> {
    source: Source<'a>,
    head: Head,
    /// Payload bytes that the packet begun last still takes.
    room: usize,
    slice: &'a [u8],
    slices: Slices<'a>,
}

/// The head of a packet, as far as it was not read yet: `bytes[from..to]`.
#[derive(Clone, Debug)]
struct Head {
    bytes: [u8; PACKET_LEN],
    from: usize,
    to: usize,
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

impl<'a> Pieces<'a> {
    pub(super) fn new(run: Run<'a>) -> Self {
        let (source, slices, room) = match run {
            Run::Whole(packets) => (Source::Whole, Slices::one(packets), packets.len()),
            Run::Pes(run) => (Source::First(run), run.payload.slices(), 0),
        };
        let head = Head { bytes: [0; PACKET_LEN], from: 0, to: 0 };
        let mut pieces = Self { source, head, room, slice: &[], slices };
        pieces.settle();
        pieces
    }

    /// Returns the bytes up to the next border; empty at the end of the run alone.
    #[inline]
    pub(super) fn chunk(&self) -> &[u8] {
        if self.head.from < self.head.to {
            self.head.bytes.get(self.head.from..self.head.to).unwrap_or_default()
        } else {
            self.slice.get(..self.room).unwrap_or(self.slice)
        }
    }

    /// Goes on by `count` bytes, at most those of the chunk.
    #[inline(always)]
    pub(super) fn consume(&mut self, count: usize) {
        if self.head.from < self.head.to {
            self.head.from += count;
        } else {
            self.slice = self.slice.get(count..).unwrap_or_default();
            self.room -= count.min(self.room);
        }
        self.settle();
    }

    /// Goes to the next chunk where this one is used up.
    #[inline(always)]
    fn settle(&mut self) {
        while self.head.from >= self.head.to {
            if self.room == 0 {
                let Some(len) = self.next_head() else {
                    self.slice = &[];
                    return;
                };
                (self.head.from, self.head.to) = (0, len);
                self.room = PACKET_LEN - len;
            } else if !self.slice.is_empty() {
                return;
            } else if let Some(next) = self.slices.next() {
                self.slice = next;
            } else {
                return;
            }
        }
    }

    /// Composes the next head, and returns its length. Nearly every one is that of a plain packet.
    #[inline(always)]
    fn next_head(&mut self) -> Option<usize> {
        if let Source::Later(Heads { stretch: Some(stretch), header, .. }) = &mut self.source
            && let Some(left) = stretch.plain.checked_sub(1)
        {
            stretch.plain = left;
            let (head, _) = self.head.bytes.split_at_mut(HEAD_LEN);
            head.copy_from_slice(&header.to_bytes());
            *header = header.next();
            return Some(HEAD_LEN);
        }
        self.next_special_head()
    }

    #[inline(never)]
    fn next_special_head(&mut self) -> Option<usize> {
        let bytes = &mut self.head.bytes;
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
                return Some(run.write_first_head(bytes).min(PACKET_LEN));
            }
            Source::Later(heads) => heads,
        };
        let then = heads.stretch?.then;
        heads.stretch = heads.layout.next();
        let header = heads.header;
        heads.header = header.next();
        Some(match then {
            Special::Pcr(pcr) => PACKET_LEN - write_pcr_head(header, pcr, bytes).len(),
            Special::Last(field) => field.write(header, bytes).min(PACKET_LEN),
        })
    }
}

/// A run of TS packets as a [`bytes::Buf`]: nothing is copied until its reader does.
#[cfg(feature = "bytes")]
#[derive(Clone, Debug)]
pub struct TsBuf<'a> {
    pieces: Pieces<'a>,
    remaining: usize,
}

#[cfg(feature = "bytes")]
impl<'a> super::TsPackets<'a> {
    /// Turns the run into a reader of its bytes.
    pub fn into_buf(self) -> TsBuf<'a> {
        TsBuf { pieces: self.pieces(), remaining: self.len() }
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
        self.pieces.chunk()
    }

    /// # Panics
    ///
    /// As the trait demands, when `count` is more than [`remaining`](bytes::Buf::remaining).
    #[inline]
    fn advance(&mut self, mut count: usize) {
        assert!(count <= self.remaining, "cannot advance {count} of {} bytes", self.remaining);
        self.remaining -= count;
        while count > 0 {
            let now = self.pieces.chunk().len().min(count);
            self.pieces.consume(now);
            count -= now;
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
