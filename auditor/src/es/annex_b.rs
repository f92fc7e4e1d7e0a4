//! A byte stream split into NAL units (H.264 annex B).

/// A NAL unit as it stands in a byte stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct NalUnit<'a> {
    /// Its start code has four bytes.
    pub(super) zero_byte: bool,
    /// From the header on, without trailing zero bytes; never empty.
    pub(super) bytes: &'a [u8],
}

impl NalUnit<'_> {
    pub(super) fn kind(&self) -> u8 {
        self.bytes.first().map_or(0, |header| header & 0x1f)
    }
}

/// Iterates over the NAL units of a byte stream.
#[derive(Clone, Debug)]
pub(in super::super) struct NalUnits<'a> {
    /// What follows the last start code.
    rest: &'a [u8],
    zero_byte: bool,
}

impl<'a> NalUnits<'a> {
    /// What comes before the first start code is left out.
    pub(in super::super) fn new(stream: &'a [u8]) -> Self {
        let (_, rest, zero_byte) = split(stream);
        Self { rest, zero_byte }
    }

    /// Iterates over the bytes alone.
    pub(in super::super) fn bytes(self) -> impl Iterator<Item = &'a [u8]> {
        self.map(|unit| unit.bytes)
    }
}

impl<'a> Iterator for NalUnits<'a> {
    type Item = NalUnit<'a>;

    fn next(&mut self) -> Option<NalUnit<'a>> {
        while !self.rest.is_empty() {
            let zero_byte = self.zero_byte;
            let (mut bytes, rest, next_zero_byte) = split(self.rest);
            (self.rest, self.zero_byte) = (rest, next_zero_byte);
            while let [head @ .., 0] = bytes {
                bytes = head;
            }
            if !bytes.is_empty() {
                return Some(NalUnit { zero_byte, bytes });
            }
        }
        None
    }
}

/// Splits at the first start code: the bytes before it, those after it, and whether it has four
/// bytes.
fn split(stream: &[u8]) -> (&[u8], &[u8], bool) {
    let mut from = 0;
    while let Some(one) =
        stream.get(from..).and_then(|rest| rest.iter().position(|&byte| byte == 1))
    {
        let at = from + one;
        from = at + 1;
        let (head, tail) = stream.split_at(at);
        if let [before @ .., 0, 0] = head {
            let zero_byte = before.last() == Some(&0);
            return (before, tail.get(1..).unwrap_or_default(), zero_byte);
        }
    }
    (stream, &[], false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f_38_start_codes_of_both_lengths_split_and_zeros_are_no_content() {
        let stream = [0, 0, 0, 1, 9, 0xf0, 0, 0, 1, 0x65, 1, 0, 0, 0, 0, 1, 0x41, 0, 0, 3, 1, 0];
        let units: Vec<_> =
            NalUnits::new(&stream).map(|unit| (unit.zero_byte, unit.bytes)).collect();
        assert_eq!(
            units,
            [(true, &[9, 0xf0][..]), (false, &[0x65, 1]), (true, &[0x41, 0, 0, 3, 1])]
        );
        assert_eq!(NalUnits::new(&[1, 2, 3]).next(), None);
    }
}
