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

    /// Goes on with memory in which so many bytes of payload stand already: for a host that keeps
    /// memory and [length](Self::payload_len) between the calls, and nothing that borrows.
    pub const fn resume(memory: &'a mut [u8], payload_len: usize) -> Self {
        // More than there is room for is refused by what comes next.
        let len = if payload_len < memory.len() { payload_len } else { memory.len() };
        Self { memory, len }
    }

    /// Returns how many bytes of payload wait for their head.
    pub const fn payload_len(&self) -> usize {
        self.len
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mux::fmp4::table::{Sample, SampleKind, SampleTable};
    use std::vec;
    use std::vec::Vec;

    #[test]
    fn mp4_6_a_host_goes_on_with_payload_that_stands_in_its_memory() {
        let mut memory = vec![0; FragmentBuffer::OVERHEAD + 5];
        let mut len = 0;
        for payload in [&b"hel"[..], b"lo"] {
            let mut fragments = FragmentBuffer::resume(&mut memory, len);
            fragments.write(&Payload::frames(payload)).unwrap();
            assert!(fragments.write(&Payload::frames(b"more than fits")).is_err());
            len = fragments.payload_len();
        }
        let mut table = SampleTable::new();
        table.push(Sample::new(SampleKind::Audio, 5, 0));
        let head = FragmentHead::new(1, &table, (0, 0), 0);
        let mut want = Vec::new();
        head.for_each_piece(|piece| want.extend_from_slice(piece));
        want.extend_from_slice(b"hello");
        let mut fragments = FragmentBuffer::resume(&mut memory, len);
        assert_eq!(fragments.close(&head).unwrap(), want);
        assert_eq!(fragments.payload_len(), 0);
        for more in [6, usize::MAX] {
            let mut fragments = FragmentBuffer::resume(&mut memory, more);
            assert!(fragments.write(&Payload::frames(b"x")).is_err(), "{more}");
        }
    }
}
