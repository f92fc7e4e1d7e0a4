//! A run of TS packets shown in pieces: heads, composed one by one, and payload where it lies.
//!
//! ```text
//!   head 41 │ payload 147, borrowed │ head 4 │ payload 184, borrowed │ head 4 │ …
//! ```
//!
//! For sinks that gather writes, and for `bytes::Buf`: nothing is copied but heads. The heads of
//! plain packets are composed in batches, so that the pieces of many packets can be shown at once.

#[cfg(feature = "std")]
use core::ops::ControlFlow;

use super::layout::{Layout, Special, Stretch};
#[cfg(feature = "std")]
use super::packet::BODY_LEN;
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

/// The head of a packet, as far as it was not read yet: `bytes[from..to]`. After it stand those of
/// the plain packets that follow, as far as they are composed.
#[derive(Clone, Debug)]
struct Head {
    bytes: [u8; PACKET_LEN + READY_MAX * HEAD_LEN],
    from: usize,
    to: usize,
    /// How many heads of plain packets stand after `to`.
    ready: usize,
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
        let bytes = [0; PACKET_LEN + READY_MAX * HEAD_LEN];
        let head = Head { bytes, from: 0, to: 0, ready: 0 };
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

    /// Goes on by `count` bytes, over any number of chunks, at most to the end of the run.
    #[cfg(any(feature = "std", feature = "bytes"))]
    #[inline]
    pub(super) fn skip(&mut self, mut count: usize) {
        while count > 0 && !self.chunk().is_empty() {
            let now = self.chunk().len().min(count);
            self.consume(now);
            count -= now;
        }
    }

    /// Calls `show` with the chunks from here on, in order, until it breaks or a head comes that is
    /// not composed yet: up to [`PIECES_MAX`] chunks.
    #[cfg(feature = "std")]
    pub(super) fn show_ready<'s>(
        &'s self,
        mut show: impl FnMut(&'s [u8]) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let Head { bytes, from, to, ready } = &self.head;
        if from < to {
            show(bytes.get(*from..*to).unwrap_or_default())?;
        }
        let heads = bytes.get(*to..).unwrap_or_default().as_chunks::<HEAD_LEN>().0;
        let mut heads = heads.iter().take(*ready);
        let (mut slice, mut slices, mut room) = (self.slice, self.slices.clone(), self.room);
        loop {
            while room > 0 {
                if slice.is_empty() {
                    let Some(next) = slices.next() else {
                        return ControlFlow::Continue(());
                    };
                    slice = next;
                }
                let (now, later) = slice.split_at(slice.len().min(room));
                show(now)?;
                slice = later;
                room -= now.len();
            }
            let Some(head) = heads.next() else {
                return ControlFlow::Continue(());
            };
            show(head)?;
            room = BODY_LEN;
        }
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

    /// Goes to the next head, and returns its length. Nearly every one is that of a plain packet,
    /// and was composed together with those before it.
    #[inline(always)]
    fn next_head(&mut self) -> Option<usize> {
        let head = &mut self.head;
        if let Some(ready) = head.ready.checked_sub(1) {
            head.ready = ready;
            head.from = head.to;
            head.to += HEAD_LEN;
            return Some(HEAD_LEN);
        }
        self.compose_heads()
    }

    /// Composes the next head and those of the plain packets after it; returns its length.
    #[inline(never)]
    fn compose_heads(&mut self) -> Option<usize> {
        let plain = match &mut self.source {
            Source::Later(heads) => heads.compose_plain(&mut self.head.bytes),
            Source::Whole | Source::First(_) => 0,
        };
        if let Some(ready) = plain.checked_sub(1) {
            self.head.begin(HEAD_LEN, ready);
            return Some(HEAD_LEN);
        }
        let len = self.compose_special_head()?;
        let room = self.head.bytes.get_mut(len..).unwrap_or_default();
        let ready = match &mut self.source {
            Source::Later(heads) => heads.compose_plain(room),
            Source::Whole | Source::First(_) => 0,
        };
        self.head.begin(len, ready);
        Some(len)
    }

    /// Composes a head that is not that of a plain packet, and returns its length.
    fn compose_special_head(&mut self) -> Option<usize> {
        let bytes = self.head.bytes.first_chunk_mut()?;
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

impl Head {
    /// Stands at a head of `len` bytes, which `ready` of plain packets follow.
    const fn begin(&mut self, len: usize, ready: usize) {
        self.from = 0;
        self.to = len;
        self.ready = ready;
    }
}

impl Heads {
    /// Composes the heads of the plain packets that come next, as many as `room` and a batch hold;
    /// returns how many.
    #[inline(always)]
    fn compose_plain(&mut self, room: &mut [u8]) -> usize {
        let Some(stretch) = &mut self.stretch else {
            return 0;
        };
        let count = stretch.plain.min(READY_MAX);
        for head in room.as_chunks_mut().0.iter_mut().take(count) {
            *head = self.header.to_bytes();
            self.header = self.header.next();
        }
        stretch.plain -= count;
        count
    }
}

/// Heads of plain packets that are composed at once: enough that a vectored write is large, and few
/// enough that a walk stays on the stack.
const READY_MAX: usize = 64;

/// The most chunks that are worth room: each head that may be ready, each with a payload.
#[cfg(feature = "std")]
pub(super) const PIECES_MAX: usize = 2 * (1 + READY_MAX);
