//! URIs as they stand in playlists (RFC 8216 §4.1, RFC 3986).

use core::fmt::{self, Write};

/// Lets through what can stand in a line of its own, or between quotes, as a URI.
///
/// Blanks and what is not ASCII are percent-encoded (RFC 3986 §2.1), as UTF-8.
pub(super) struct UriLine<'f, 'b> {
    out: &'f mut fmt::Formatter<'b>,
    written: bool,
}

impl<'f, 'b> UriLine<'f, 'b> {
    pub(super) const fn new(out: &'f mut fmt::Formatter<'b>) -> Self {
        Self { out, written: false }
    }

    /// Refuses a URI that is empty.
    pub(super) fn finish(self) -> fmt::Result {
        if self.written { Ok(()) } else { Err(fmt::Error) }
    }
}

impl Write for UriLine<'_, '_> {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        let comment = !self.written && part.starts_with('#');
        if comment || part.chars().any(|c| c.is_control() || c == '"') {
            return Err(fmt::Error);
        }
        self.written |= !part.is_empty();
        let stays = |byte: u8| byte.is_ascii() && byte != b' ';
        for run in part.as_bytes().chunk_by(|&left, &right| stays(left) == stays(right)) {
            match core::str::from_utf8(run) {
                Ok(text) if text.bytes().all(stays) => self.out.write_str(text)?,
                _ => run.iter().try_for_each(|byte| write!(self.out, "%{byte:02X}"))?,
            }
        }
        Ok(())
    }
}
