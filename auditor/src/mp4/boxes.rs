//! Boxes and their fields, read from the front (ISO/IEC 14496-12 §4.2).

/// A box: its type, and what follows its header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mp4Box<'a> {
    pub(super) kind: [u8; 4],
    pub(super) body: &'a [u8],
}

impl<'a> Mp4Box<'a> {
    /// Splits the first box off; none where the bytes do not begin with a whole one. Lengths of 64
    /// bits, and boxes that reach to the end of the file, have no place in what is judged here.
    pub(super) fn split(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (&len, rest) = bytes.split_first_chunk()?;
        let (&kind, rest) = rest.split_first_chunk()?;
        let body_len = usize::try_from(u32::from_be_bytes(len)).ok()?.checked_sub(8)?;
        let (body, rest) = rest.split_at_checked(body_len)?;
        Some((Self { kind, body }, rest))
    }

    /// Takes bytes apart that are boxes and nothing else.
    pub(super) fn all(mut bytes: &'a [u8]) -> Option<Vec<Self>> {
        let mut boxes = Vec::new();
        while !bytes.is_empty() {
            let (found, rest) = Self::split(bytes)?;
            boxes.push(found);
            bytes = rest;
        }
        Some(boxes)
    }

    /// Reads version and flags of a full box.
    pub(super) fn full(self) -> Option<(u8, u32, Fields<'a>)> {
        let mut fields = Fields(self.body);
        let word = fields.u32()?;
        Some(((word >> 24) as u8, word & 0x00ff_ffff, fields))
    }

    /// Returns the type as a text.
    pub(super) fn name(&self) -> String {
        String::from_utf8_lossy(&self.kind).into_owned()
    }
}

/// Returns the types of boxes, for comparison and for people.
pub(super) fn names(boxes: &[Mp4Box<'_>]) -> String {
    boxes.iter().map(Mp4Box::name).collect::<Vec<_>>().join(" ")
}

/// Fields in network byte order, read one after the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl<'a> Fields<'a> {
    pub(super) fn u8(&mut self) -> Option<u8> {
        self.chunk().map(u8::from_be_bytes)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.chunk().map(u16::from_be_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.chunk().map(u32::from_be_bytes)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.chunk().map(u64::from_be_bytes)
    }

    pub(super) fn bytes(&mut self, len: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(bytes)
    }

    fn chunk<const LEN: usize>(&mut self) -> Option<[u8; LEN]> {
        let (&chunk, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(chunk)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_are_split_by_their_lengths_and_none_that_is_cut_is_read() {
        let bytes = [0, 0, 0, 9, b'f', b'r', b'e', b'e', 7, 0, 0, 0, 8, b'm', b'd', b'a', b't'];
        let boxes = Mp4Box::all(&bytes).unwrap();
        assert_eq!(names(&boxes), "free mdat");
        assert_eq!((boxes[0].body, boxes[1].body), (&[7_u8][..], &[][..]));
        for cut in [1, 8, 9, 16] {
            assert_eq!(Mp4Box::all(&bytes[..bytes.len() - cut]).is_some(), cut == 8, "{cut}");
        }
        // A length that does not even count its own header.
        assert_eq!(Mp4Box::all(&[0, 0, 0, 7, b'f', b'r', b'e', b'e']), None);
    }
}
