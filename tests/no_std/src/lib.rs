//! The core as a C program on bare metal would have it: `#![no_std]`, no `alloc`, a panic handler and nothing else.
//!
//! There is no allocator in this crate, so `extern crate alloc` anywhere below it is an error of the compiler.

#![no_std]

use core::ffi::c_void;
use core::panic::PanicInfo;
use core::slice;

/// What C wants to hear of a finished segment.
pub type OnSegment = extern "C" fn(context: *mut c_void, number: u64, bytes: usize);

/// Segments the FLV file at `data`, tells each finished segment and returns their number, or -1 if it is no FLV file.
///
/// # Safety
///
/// `data` must point to `len` readable bytes that nobody writes during the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn segment_flv(
    data: *const u8,
    len: usize,
    on_segment: OnSegment,
    context: *mut c_void,
) -> i64 {
    // SAFETY: the caller's promise.
    let file = unsafe { slice::from_raw_parts(data, len) };
    count_tags(file, |number, bytes| on_segment(context, number, bytes))
}

/// Stands in for the segmenter: every video key frame ends a "segment" of tags.
fn count_tags(file: &[u8], mut on_segment: impl FnMut(u64, usize)) -> i64 {
    let Some((b"FLV\x01", mut rest)) = file.split_first_chunk::<4>() else {
        return -1;
    };
    rest = rest.get(9..).unwrap_or_default();
    let (mut segments, mut bytes) = (0, 0);
    while let Some((&[kind, a, b, c, ..], tail)) = rest.split_first_chunk::<11>() {
        let body_len = u32::from_be_bytes([0, a, b, c]) as usize;
        let Some((body, tail)) = tail.split_at_checked(body_len) else {
            break;
        };
        if let (9, [0x17, 1, ..], 1..) = (kind, body, bytes) {
            on_segment(segments, bytes);
            (segments, bytes) = (segments + 1, 0);
        }
        bytes += body_len;
        rest = tail.get(4..).unwrap_or_default();
    }
    if bytes > 0 {
        on_segment(segments, bytes);
        segments += 1;
    }
    segments as i64
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {}
}
