//! Fragments put together in memory of the host.

use super::head::MAX_HEAD_LEN;
use super::{FragmentHead, Payload, ShortBuffer};

/// Memory of the host in which fragments are put together: room for a head, and payload behind it,
/// which is copied once.
///
/// ```text
///   │ room for a head │ payload │ payload │ …              write
///   │    │ moof, mdat │ payload │ payload │                close: the fragment is in one piece
/// ```
#[derive(Debug)]
pub struct FragmentBuffer<'a> {
    memory: &'a mut [u8],
    /// Bytes of payload.
    len: usize,
}

impl<'a> FragmentBuffer<'a> {
    /// Bytes that a fragment takes at the most beside its payload.
    pub const OVERHEAD: usize = MAX_HEAD_LEN;

    /// Takes memory for fragments of up to its length less [`OVERHEAD`](Self::OVERHEAD).
    pub const fn new(memory: &'a mut [u8]) -> Self {
        Self { memory, len: 0 }
    }

    /// Takes payload.
    ///
    /// # Errors
    ///
    /// [`ShortBuffer`] when the memory is too short; nothing is written then.
    pub fn write(&mut self, payload: &Payload<'_>) -> Result<(), ShortBuffer> {
        let needed = Self::OVERHEAD + self.len + payload.len();
        let room = self.memory.get_mut(Self::OVERHEAD + self.len..).unwrap_or_default();
        payload.copy_to_slice(room).map_err(|_short| ShortBuffer { needed })?;
        self.len += payload.len();
        Ok(())
    }

    /// Puts the head before the payload, and returns the fragment. What is written next belongs to
    /// another.
    ///
    /// # Errors
    ///
    /// [`ShortBuffer`] when the memory has no room for any fragment.
    pub fn close(&mut self, head: &FragmentHead<'_>) -> Result<&[u8], ShortBuffer> {
        let end = Self::OVERHEAD + core::mem::take(&mut self.len);
        let start = Self::OVERHEAD - head.len();
        let fragment = self.memory.get_mut(start..end).ok_or(ShortBuffer { needed: end })?;
        head.copy_to_slice(fragment)?;
        Ok(fragment)
    }

    /// Forgets the payload that was taken: its segment was aborted.
    pub const fn clear(&mut self) {
        self.len = 0;
    }
}
