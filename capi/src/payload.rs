//! Payload of fMP4, as it arrives.

use hls_segmenter::fmp4::Payload;

use crate::border::{Result, call, lent, room};
use crate::status::hlsseg_status;

/// Payload of the fragment at hand: one picture, or audio frames that follow each other, not copied
/// yet. It is lent to `write_payload` and gone when that returns.
pub struct hlsseg_payload(());

impl hlsseg_payload {
    /// Shows payload to C. It is not moved for that.
    pub(crate) const fn lend(payload: &Payload<'_>) -> *const Self {
        core::ptr::from_ref(payload).cast()
    }
}

/// Borrows payload that was lent to a callback.
pub(crate) fn media<'a>(payload: *const hlsseg_payload) -> Result<&'a Payload<'a>> {
    lent(payload.cast())
}

/// Returns the length of payload in bytes, never 0; 0 where `payload` is NULL. It is what
/// `write_payload` was called with. Only within that callback, on its thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hlsseg_payload_len(payload: *const hlsseg_payload) -> usize {
    media(payload).map_or(0, Payload::len)
}

/// Copies payload to the front of `dst`, which has room for `len` bytes and stays the caller's.
/// This is the one copy that a media byte goes through.
///
/// Only within `write_payload`, on its thread. Errors: `HLSSEG_STATUS_SHORT_BUFFER` when `len` is
/// less than the length of the payload (nothing was written), `HLSSEG_STATUS_NULL`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hlsseg_payload_copy(
    payload: *const hlsseg_payload,
    dst: *mut u8,
    len: usize,
) -> hlsseg_status {
    call(|| {
        let copied = media(payload)?.copy_to_slice(room(dst, len)?);
        copied.map(drop).map_err(|_| hlsseg_status::ShortBuffer)
    })
}
