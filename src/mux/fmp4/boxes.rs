//! Boxes written one inside the other (ISO/IEC 14496-12 §4.2): a length of 4 bytes, a type, and
//! what is in it.

/// Bytes in an inline buffer. What does not fit is left out, and [`is_whole`](Self::is_whole) says
/// so.
#[derive(Clone, Debug)]
pub(super) struct BoxBuffer<const ROOM: usize> {
    bytes: [u8; ROOM],
    len: usize,
    is_cut: bool,
}

impl<const ROOM: usize> BoxBuffer<ROOM> {
    pub(super) const fn new() -> Self {
        Self { bytes: [0; ROOM], len: 0, is_cut: false }
    }

    /// Returns what was written.
    pub(super) fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    /// Returns whether all that was written had room.
    pub(super) const fn is_whole(&self) -> bool {
        !self.is_cut
    }

    /// Appends bytes.
    pub(super) fn put(&mut self, bytes: &[u8]) {
        match self.bytes.get_mut(self.len..self.len + bytes.len()) {
            Some(room) => {
                room.copy_from_slice(bytes);
                self.len += bytes.len();
            }
            None => self.is_cut = true,
        }
    }

    /// Appends numbers of 4 bytes.
    pub(super) fn put_words(&mut self, words: &[u32]) {
        words.iter().for_each(|word| self.put(&word.to_be_bytes()));
    }

    /// Appends a box with what `content` writes in it.
    pub(super) fn nest(&mut self, kind: &[u8; 4], content: impl FnOnce(&mut Self)) {
        let start = self.len;
        self.put_words(&[0]);
        self.put(kind);
        content(self);
        let len = (self.len - start) as u32;
        if let Some(room) = self.bytes.get_mut(start..start + 4) {
            room.copy_from_slice(&len.to_be_bytes());
        }
    }

    /// Appends a full box (§4.2): with version 0 and flags before the content.
    pub(super) fn nest_full(
        &mut self,
        kind: &[u8; 4],
        flags: u32,
        content: impl FnOnce(&mut Self),
    ) {
        self.nest(kind, |inner| {
            inner.put_words(&[flags]);
            content(inner);
        });
    }
}
