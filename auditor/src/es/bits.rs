//! Exp-Golomb codes out of the first bytes of a NAL unit (H.264 §7.4.1, §9.1).

/// Reads bits from the highest down, without the emulation prevention bytes.
#[derive(Debug)]
pub(in super::super) struct Bits<'a> {
    bytes: &'a [u8],
    /// Zero bytes right before `bytes`.
    zeros: u8,
    current: u8,
    left: u8,
}

impl<'a> Bits<'a> {
    pub(in super::super) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, zeros: 0, current: 0, left: 0 }
    }

    fn bit(&mut self) -> Option<u32> {
        if self.left == 0 {
            let (&byte, rest) = self.bytes.split_first()?;
            (self.current, self.bytes, self.left) = (byte, rest, 8);
            if self.zeros >= 2 && byte == 3 {
                self.zeros = 0;
                let (&byte, rest) = rest.split_first()?;
                (self.current, self.bytes) = (byte, rest);
            }
            self.zeros = if self.current == 0 { self.zeros.saturating_add(1) } else { 0 };
        }
        self.left -= 1;
        Some(u32::from(self.current >> self.left & 1))
    }

    /// Reads `ue(v)`; `None` where the bytes end before it, or it is longer than 32 bits.
    pub(in super::super) fn ue(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while self.bit()? == 0 {
            zeros += 1;
            if zeros > 31 {
                return None;
            }
        }
        let mut value = 1_u64;
        for _ in 0..zeros {
            value = value << 1 | u64::from(self.bit()?);
        }
        u32::try_from(value - 1).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_as_table_9_2_has_them() {
        // 1 | 010 | 011 | 00100 | 00111 and a truncated one
        let mut bits = Bits::new(&[0b1010_0110, 0b0100_0011, 0b1000_0000]);
        let codes: [_; 6] = core::array::from_fn(|_| bits.ue());
        assert_eq!(codes, [Some(0), Some(1), Some(2), Some(3), Some(6), None]);
    }

    #[test]
    fn emulation_prevention_bytes_are_passed_over() {
        let mut bits = Bits::new(&[0x00, 0x00, 0x03, 0x01, 0x00, 0x00, 0x00]);
        // 23 zeros, a one, 23 bits of which the last 23 are zeros
        assert_eq!(bits.ue(), Some((1 << 23) - 1));
    }

    #[test]
    fn codes_of_31_leading_zeros_are_the_longest() {
        let mut bits = Bits::new(&[0, 0, 0, 1, 0, 0, 0, 0]);
        assert_eq!(bits.ue(), Some((1 << 31) - 1));
        let mut bits = Bits::new(&[0, 0, 0, 0, 0x80, 0, 0, 0, 0]);
        assert_eq!(bits.ue(), None);
    }
}
