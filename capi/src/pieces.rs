//! Media in pieces, without a copy: for vectored writes.

use core::mem::size_of;

use bytes::Buf;
use hls_segmenter::fmp4::{PayloadPiece, PayloadPieces};
use hls_segmenter::ts::TsBuf;

use crate::border::{Object, Result, Slot, bytes, call, layout, room, store};
use crate::packets::{hlsseg_packets, run};
use crate::payload::{hlsseg_payload, media};
use crate::status::hlsseg_status;

/// A stretch of bytes. On POSIX systems it is laid out as `struct iovec`, so that an array of them
/// goes to `writev` as it is. Frozen: it has no size field and will never grow.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct hlsseg_piece {
    /// First byte.
    pub data: *const u8,
    /// Bytes; never 0.
    pub len: usize,
}

/// Reads a run or payload in pieces without copying it: heads of packets or lengths of NAL units,
/// and media where it lies. Kept by the caller, made by `hlsseg_pieces_init` or
/// `hlsseg_pieces_init_payload`; gone with what it reads.
#[repr(C)]
#[derive(Debug)]
pub struct hlsseg_pieces {
    /// The library's.
    pub opaque: [u64; 128],
}

/// What is in it.
struct Pieces<'a> {
    rest: Rest<'a>,
    /// Length of the piece that was shown last and is not passed yet.
    shown: usize,
}

/// What is still to be read.
#[expect(
    clippy::large_enum_variant,
    reason = "it lies in memory of the caller, long enough for any"
)]
enum Rest<'a> {
    Packets(TsBuf<'a>),
    Payload {
        /// The piece that comes next.
        next: Option<PayloadPiece<'a>>,
        later: PayloadPieces<'a>,
    },
}

impl Rest<'_> {
    /// Shows the piece that comes next; none at the end.
    fn next(&self) -> &[u8] {
        match self {
            Self::Packets(rest) => rest.chunk(),
            Self::Payload { next, .. } => next.as_ref().map_or(&[], PayloadPiece::as_bytes),
        }
    }

    /// Passes the piece that comes next, whose length is `len`, or with 0 nothing.
    fn pass(&mut self, len: usize) {
        match self {
            Self::Packets(rest) => rest.advance(len),
            Self::Payload { next, later } if len > 0 => *next = later.next(),
            Self::Payload { .. } => {}
        }
    }
}

impl Object for Pieces<'_> {
    const KIND: u8 = 6;
}

const _: () = assert!(
    layout::<Pieces<'_>>().0 <= size_of::<hlsseg_pieces>() && layout::<Pieces<'_>>().1 <= 8
);

impl Pieces<'_> {
    /// Shows the next piece; `None` behind the last one.
    fn next(&mut self) -> Option<&[u8]> {
        self.rest.pass(self.shown);
        let piece = self.rest.next();
        self.shown = piece.len();
        (!piece.is_empty()).then_some(piece)
    }

    /// Takes back the piece that was shown last.
    const fn take_back(&mut self) {
        self.shown = 0;
    }
}

/// Begins to read a run in pieces. `pieces` is memory of the caller, which may lie on its stack and
/// needs no clean-up.
///
/// Only within `write_packets`, on its thread. Errors: `HLSSEG_STATUS_NULL`,
/// `HLSSEG_STATUS_ALIGNMENT`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hlsseg_pieces_init(
    pieces: *mut hlsseg_pieces,
    packets: *const hlsseg_packets,
) -> hlsseg_status {
    call(|| place(pieces, Rest::Packets(run(packets)?.into_buf())))
}

/// Begins to read payload in pieces, as `hlsseg_pieces_init` does a run.
///
/// Only within `write_payload`, on its thread. Errors: `HLSSEG_STATUS_NULL`,
/// `HLSSEG_STATUS_ALIGNMENT`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hlsseg_pieces_init_payload(
    pieces: *mut hlsseg_pieces,
    payload: *const hlsseg_payload,
) -> hlsseg_status {
    call(|| {
        let mut later = media(payload)?.pieces();
        place(pieces, Rest::Payload { next: later.next(), later })
    })
}

fn place(pieces: *mut hlsseg_pieces, rest: Rest<'_>) -> Result {
    let memory = pieces.cast::<Slot<Pieces<'_>>>();
    Slot::place(memory, size_of::<hlsseg_pieces>(), Pieces { rest, shown: 0 })
}

/// Shows the next piece: `piece` gets its place and length, and NULL and 0 behind the last one. The
/// bytes may be read until the next call with these `pieces`, and only within the callback that the
/// media was lent to.
///
/// Errors: `HLSSEG_STATUS_NULL`, `HLSSEG_STATUS_ALIGNMENT`, `HLSSEG_STATUS_STATE`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hlsseg_pieces_next(
    pieces: *mut hlsseg_pieces,
    piece: *mut hlsseg_piece,
) -> hlsseg_status {
    call(|| {
        let mut pieces = Slot::enter(pieces.cast::<Slot<Pieces<'_>>>())?;
        let (data, len) =
            pieces.next().map_or((core::ptr::null(), 0), |piece| (piece.as_ptr(), piece.len()));
        store(piece, hlsseg_piece { data, len })
    })
}

/// Gathers as many pieces as there is room for, for a vectored write: up to `max` into `list`, and
/// the heads and lengths among them, which are not kept anywhere else, into `heads`, 188 bytes each
/// at most and 4 as a rule. `count` gets how many pieces there are now; 0 at the end. Call it again
/// and again until then.
///
/// `list` and `heads` stay the caller's; the pieces may be read while `heads` is left alone, and
/// only within the callback that the media was lent to. Errors: `HLSSEG_STATUS_SHORT_BUFFER` when
/// not even one piece found room, `HLSSEG_STATUS_NULL`, `HLSSEG_STATUS_ALIGNMENT`,
/// `HLSSEG_STATUS_STATE`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hlsseg_pieces_gather(
    pieces: *mut hlsseg_pieces,
    list: *mut hlsseg_piece,
    max: usize,
    heads: *mut u8,
    heads_len: usize,
    count: *mut usize,
) -> hlsseg_status {
    call(|| {
        let mut pieces = Slot::enter(pieces.cast::<Slot<Pieces<'_>>>())?;
        let mut heads = room(heads, heads_len)?;
        let (mut gathered, mut full) = (0, max == 0);
        store(count, gathered)?;
        while !full {
            let Some(piece) = pieces.next() else {
                return Ok(());
            };
            let (mut data, len) = (piece.as_ptr(), piece.len());
            if pieces.holds(data) {
                let Some((head, rest)) = heads.split_at_mut_checked(len) else {
                    pieces.take_back();
                    break;
                };
                head.copy_from_slice(bytes(data, len)?);
                data = head.as_ptr();
                heads = rest;
            }
            store(list.wrapping_add(gathered), hlsseg_piece { data, len })?;
            gathered += 1;
            full = gathered == max;
            store(count, gathered)?;
        }
        shown(gathered)
    })
}

fn shown(gathered: usize) -> Result {
    if gathered == 0 { Err(hlsseg_status::ShortBuffer) } else { Ok(()) }
}
