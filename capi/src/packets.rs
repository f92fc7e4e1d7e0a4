//! Runs of TS packets.

use hls_segmenter::ts::TsPackets;

use crate::border::{Result, call, lent, room};
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

/// Borrows a run that was lent to a callback.
pub(crate) fn run<'a>(packets: *const hlsseg_packets) -> Result<&'a TsPackets<'a>> {
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
