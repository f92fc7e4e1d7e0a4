//! Fragments put together in memory of the caller.

use core::mem::size_of;
use core::ptr;

use hls_segmenter::fmp4::FragmentBuffer;

use crate::border::{Result, call, read, room, store, write};
use crate::fragment::{head_at, hlsseg_fragment_head};
use crate::payload::{hlsseg_payload, media};
use crate::pieces::hlsseg_piece;
use crate::status::hlsseg_status;

/// Memory of the caller in which fragments are put together: room for a head, and payload behind
/// it, which is copied once. Set `size`, `memory` and `len`, and the rest to 0. To forget payload
/// whose segment was aborted, set `payload_len` to 0.
///
///     | room for a head | payload | payload | ...              hlsseg_fragment_write
///     |    | moof, mdat | payload | payload |                  hlsseg_fragment_close
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct hlsseg_fragment_buffer {
    /// `sizeof(hlsseg_fragment_buffer)`.
    pub size: usize,
    /// The memory, which may be another one as long as `payload_len` is 0.
    pub memory: *mut u8,
    /// Its length in bytes: `hlsseg_fragment_overhead()` and as many as the payload of a fragment
    /// may have.
    pub len: usize,
    /// Bytes of payload that wait for their head.
    pub payload_len: usize,
}

impl hlsseg_fragment_buffer {
    const EMPTY: Self =
        Self { size: size_of::<Self>(), memory: ptr::null_mut(), len: 0, payload_len: 0 };
}

/// Lets `work` at the memory of a buffer, and notes how much payload there is.
fn with_buffer<T>(
    buffer: *mut hlsseg_fragment_buffer,
    work: impl FnOnce(&mut FragmentBuffer<'_>) -> Result<T>,
) -> Result<T> {
    let mut values = read(buffer.cast_const(), hlsseg_fragment_buffer::EMPTY)?;
    let memory = room(values.memory, values.len)?;
    let mut fragments = FragmentBuffer::resume(memory, values.payload_len);
    let done = work(&mut fragments);
    values.payload_len = fragments.payload_len();
    write(buffer, &values)?;
    done
}

/// Returns how many bytes a fragment takes at the most beside its payload. A host asks at run time,
/// since another version of the library may need another number. Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn hlsseg_fragment_overhead() -> usize {
    FragmentBuffer::OVERHEAD
}

/// Copies payload behind what is in the buffer, where it waits for its head.
///
/// Only within `write_payload`, on its thread. Errors: `HLSSEG_STATUS_SHORT_BUFFER` when the memory
/// is too short (nothing was written), `HLSSEG_STATUS_NULL`, `HLSSEG_STATUS_SIZE`,
/// `HLSSEG_STATUS_ALIGNMENT`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hlsseg_fragment_write(
    buffer: *mut hlsseg_fragment_buffer,
    payload: *const hlsseg_payload,
) -> hlsseg_status {
    call(|| {
        let payload = media(payload)?;
        with_buffer(buffer, |fragments| {
            fragments.write(payload).map_err(|_| hlsseg_status::ShortBuffer)
        })
    })
}

/// Puts the head before the payload: `fragment` gets the place and length of the whole fragment,
/// which stays in the buffer until the next write. What is written next belongs to another.
///
/// Only within `close_fragment`, on its thread. Errors: `HLSSEG_STATUS_SHORT_BUFFER` when the
/// memory has no room for any fragment, `HLSSEG_STATUS_NULL`, `HLSSEG_STATUS_SIZE`,
/// `HLSSEG_STATUS_ALIGNMENT`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hlsseg_fragment_close(
    buffer: *mut hlsseg_fragment_buffer,
    head: *const hlsseg_fragment_head,
    fragment: *mut hlsseg_piece,
) -> hlsseg_status {
    call(|| {
        let head = head_at(head)?;
        store(fragment, hlsseg_piece { data: ptr::null(), len: 0 })?;
        let whole = with_buffer(buffer, |fragments| {
            let whole = fragments.close(head).map_err(|_| hlsseg_status::ShortBuffer)?;
            Ok(hlsseg_piece { data: whole.as_ptr(), len: whole.len() })
        })?;
        store(fragment, whole)
    })
}
