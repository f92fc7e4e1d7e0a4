//! Texts in buffers of the caller.

use core::ffi::c_char;
use core::fmt::{self, Display, Write};

use crate::border::{Result, room, store};
use crate::status::hlsseg_status as Status;

/// Writes a text and a NUL into a buffer, and its length without the NUL to `text_len` unless that
/// is NULL. Where the text does not fit, the buffer gets an empty one.
pub(crate) fn put(
    dst: *mut c_char,
    len: usize,
    text_len: *mut usize,
    text: impl Display,
) -> Result {
    let mut out = Text { room: room(dst.cast(), len)?, len: 0 };
    let written = write!(out, "{text}");
    // Only a segment's URI can fail to display.
    let fits = written.is_ok() && out.len < out.room.len();
    let end = if fits { out.len } else { 0 };
    if let Some(nul) = out.room.get_mut(end) {
        *nul = 0;
    }
    let needed = out.len;
    written.map_err(|_| Status::Uri)?;
    if !text_len.is_null() {
        store(text_len, needed)?;
    }
    if fits { Ok(()) } else { Err(Status::ShortBuffer) }
}

/// Writes a text into an array of a struct; what does not fit is cut off, at least one NUL is left.
pub(crate) fn array<const N: usize>(text: impl Display) -> [c_char; N] {
    let mut bytes = [0_u8; N];
    let mut out = Text { room: bytes.get_mut(..N.saturating_sub(1)).unwrap_or_default(), len: 0 };
    // What is written here cannot fail; what is too long is cut.
    let _ = write!(out, "{text}");
    bytes.map(|byte| byte.cast_signed() as c_char)
}

/// Counts what is written, and keeps what there is room for.
struct Text<'a> {
    room: &'a mut [u8],
    len: usize,
}

impl Write for Text<'_> {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        let rest = self.room.get_mut(self.len..).unwrap_or_default();
        for (byte, &new) in rest.iter_mut().zip(part.as_bytes()) {
            *byte = new;
        }
        self.len = self.len.saturating_add(part.len());
        Ok(())
    }
}
