//! Runs of TS packets: copied in one go, or shown in pieces.

use core::mem::size_of;

use bytes::Buf;
use hls_segmenter::ts::{TsBuf, TsPackets};

use crate::border::{Result, Slot, bytes, call, layout, lent, room, store};
use crate::status::hlsseg_status;

/// A run of whole TS packets, one access unit as a rule, that is laid out and not yet written
/// anywhere. It is lent to `write_packets` and gone when that returns.
pub struct hlsseg_packets(());

impl hlsseg_packets {
    /// Shows a run to C. It is not moved for that: it is the largest thing that goes through here.
    pub(crate) const fn lend(packets: &TsPackets<'_>) -> *const Self {
        core::ptr::from_ref(packets).cast()
    }
}

fn run<'a>(packets: *const hlsseg_packets) -> Result<&'a TsPackets<'a>> {
    lent(packets.cast())
}

/// Returns the length of a run in bytes: a multiple of 188, never 0; 0 where `packets` is NULL. It
/// is what `write_packets` was called with. Only within that callback, on its thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hlsseg_packets_len(packets: *const hlsseg_packets) -> usize {
    run(packets).map_or(0, TsPackets::len)
}

/// Copies a run to the front of `dst`, which has room for `len` bytes and stays the caller's. This
/// is the one copy that a media byte goes through.
///
/// Only within `write_packets`, on its thread. Errors: `HLSSEG_STATUS_SHORT_BUFFER` when `len` is
/// less than the length of the run (nothing was written), `HLSSEG_STATUS_NULL`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hlsseg_packets_copy(
    packets: *const hlsseg_packets,
    dst: *mut u8,
    len: usize,
) -> hlsseg_status {
    call(|| {
        let copied = run(packets)?.copy_to_slice(room(dst, len)?);
        copied.map(drop).map_err(|_| hlsseg_status::ShortBuffer)
    })
}

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

/// Reads a run in pieces without copying it: heads of packets, and payload where it lies. Kept by
/// the caller, made by `hlsseg_pieces_init`; gone with the run.
#[repr(C)]
#[derive(Debug)]
pub struct hlsseg_pieces {
    /// The library's.
    pub opaque: [u64; 128],
}

/// What is in it.
struct Pieces<'a> {
    rest: TsBuf<'a>,
    /// Length of the piece that was shown last and is not passed yet.
    shown: usize,
}

const _: () = assert!(
    layout::<Pieces<'_>>().0 <= size_of::<hlsseg_pieces>() && layout::<Pieces<'_>>().1 <= 8
);

impl Pieces<'_> {
    /// Shows the next piece; `None` behind the last one.
    fn next(&mut self) -> Option<&[u8]> {
        self.rest.advance(self.shown);
        let piece = self.rest.chunk();
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
    call(|| {
        let rest = run(packets)?.into_buf();
        let memory = pieces.cast::<Slot<Pieces<'_>>>();
        Slot::place(memory, size_of::<hlsseg_pieces>(), Pieces { rest, shown: 0 })
    })
}

/// Shows the next piece of a run: `piece` gets its place and length, and NULL and 0 behind the last
/// one. The bytes may be read until the next call with these `pieces`, and only within
/// `write_packets`.
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
/// the heads among them, which are not kept anywhere else, into `heads`, 188 bytes each at most and
/// 4 as a rule. `count` gets how many pieces there are now; 0 when the run is at its end. Call it
/// again and again until then.
///
/// `list` and `heads` stay the caller's; the pieces may be read while `heads` is left alone, and
/// only within `write_packets`. Errors: `HLSSEG_STATUS_SHORT_BUFFER` when not even one piece found
/// room, `HLSSEG_STATUS_NULL`, `HLSSEG_STATUS_ALIGNMENT`, `HLSSEG_STATUS_STATE`.
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
