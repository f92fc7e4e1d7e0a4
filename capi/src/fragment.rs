//! What stands before the payload of fMP4: initialization sections and heads of fragments.

use core::mem::size_of;

use hls_segmenter::fmp4::{FragmentHead, Init};

use crate::border::{Result, call, lent, room};
use crate::status::hlsseg_status;

/// An initialization section, whole: what EXT-X-MAP names. Lent to `init_section` for the time of
/// the callback. Every segment from the one that has its id on needs it, up to the next section.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct hlsseg_init_section {
    /// Length of the struct as the library fills it.
    pub size: usize,
    /// Id of the first segment that needs it: no other section ever has the same.
    pub id: u64,
    /// The section.
    pub data: *const u8,
    /// Its length in bytes.
    pub len: usize,
}

impl From<&Init<'_>> for hlsseg_init_section {
    fn from(init: &Init<'_>) -> Self {
        let section = init.as_bytes();
        Self { size: size_of::<Self>(), id: init.id(), data: section.as_ptr(), len: section.len() }
    }
}

/// The head of a fragment: what goes before its payload. It is lent to `close_fragment` and gone
/// when that returns.
pub struct hlsseg_fragment_head(());

impl hlsseg_fragment_head {
    /// Shows a head to C. It is not moved for that.
    pub(crate) const fn lend(head: &FragmentHead<'_>) -> *const Self {
        core::ptr::from_ref(head).cast()
    }
}

/// Borrows a head that was lent to a callback.
pub(crate) fn head_at<'a>(head: *const hlsseg_fragment_head) -> Result<&'a FragmentHead<'a>> {
    lent(head.cast())
}

/// Returns the length of a head in bytes; 0 where `head` is NULL. It is what `close_fragment` was
/// called with. Only within that callback, on its thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hlsseg_fragment_head_len(head: *const hlsseg_fragment_head) -> usize {
    head_at(head).map_or(0, FragmentHead::len)
}

/// Returns how many bytes of payload belong to the fragment, all that came since the last head; 0
/// where `head` is NULL. Only within `close_fragment`, on its thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hlsseg_fragment_payload_len(head: *const hlsseg_fragment_head) -> usize {
    head_at(head).map_or(0, FragmentHead::payload_len)
}

/// Copies a head to the front of `dst`, which has room for `len` bytes and stays the caller's.
///
/// Only within `close_fragment`, on its thread. Errors: `HLSSEG_STATUS_SHORT_BUFFER` when `len` is
/// less than the length of the head (nothing was written), `HLSSEG_STATUS_NULL`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hlsseg_fragment_head_copy(
    head: *const hlsseg_fragment_head,
    dst: *mut u8,
    len: usize,
) -> hlsseg_status {
    call(|| {
        let copied = head_at(head)?.copy_to_slice(room(dst, len)?);
        copied.map(drop).map_err(|_| hlsseg_status::ShortBuffer)
    })
}

/// Fills `dst`, all its `len` bytes, with a head and a `free` box before the payload: for a sink
/// that writes payload at once, behind room that it has left. `dst` stays the caller's.
///
/// Only within `close_fragment`, on its thread. Errors: `HLSSEG_STATUS_SHORT_BUFFER` when `len` is
/// neither the length of the head nor from 8 bytes to 16 MiB more (nothing was written),
/// `HLSSEG_STATUS_NULL`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hlsseg_fragment_head_copy_padded(
    head: *const hlsseg_fragment_head,
    dst: *mut u8,
    len: usize,
) -> hlsseg_status {
    call(|| {
        let copied = head_at(head)?.copy_padded(room(dst, len)?);
        copied.map_err(|_| hlsseg_status::ShortBuffer)
    })
}
