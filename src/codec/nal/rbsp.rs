//! Bits of a NAL unit's payload (ITU-T H.264 §7.3.1, §9.1; H.265 §7.3.1.1, §9.2).

use super::sei::Unescaped;

/// Reads bits of a NAL unit after its header, and passes emulation prevention bytes over. Behind
/// the end every read is `None`.
pub(crate) struct RbspBits<'a> {
    bytes: Unescaped<'a>,
    byte: u8,
    /// Bits of `byte` that are left.
    left: u32,
}

impl<'a> RbspBits<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes: Unescaped::new(bytes), byte: 0, left: 0 }
    }

    pub(crate) fn bit(&mut self) -> Option<bool> {
        if self.left == 0 {
            self.byte = self.bytes.next()?;
            self.left = 8;
        }
        self.left -= 1;
        Some(self.byte >> self.left & 1 != 0)
    }

    /// Reads up to 32 bits, the highest first: u(n).
    pub(crate) fn bits(&mut self, count: u32) -> Option<u32> {
        let mut value = 0;
        for _ in 0..count {
            value = value << 1 | u32::from(self.bit()?);
        }
        Some(value)
    }

    /// Passes bits over.
    pub(crate) fn skip(&mut self, count: usize) -> Option<()> {
        for _ in 0..count {
            self.bit()?;
        }
        Some(())
    }

    /// Reads an Exp-Golomb code of at most 32 bits: ue(v), and the raw number of se(v).
    pub(crate) fn exp_golomb(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while !self.bit()? {
            zeros += 1;
            if zeros > 31 {
                return None;
            }
        }
        // With 31 zeros that is at most 2^32 - 2.
        Some((1 << zeros) - 1 + self.bits(zeros)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_and_emulation_prevention_is_passed_over() {
        // 1, 010, 011, 00100, 0001000: 0 to 3, and 7.
        let mut bits = RbspBits::new(&[0b1010_0110, 0b0100_0001, 0b0000_0000]);
        let codes: [Option<u32>; 5] = core::array::from_fn(|_| bits.exp_golomb());
        assert_eq!(codes, [Some(0), Some(1), Some(2), Some(3), Some(7)]);
        let mut bits = RbspBits::new(&[0, 0, 3, 0x80, 1]);
        assert_eq!(bits.bits(24), Some(0x80));
        assert_eq!(bits.skip(8), Some(()));
        assert_eq!((bits.bit(), bits.bits(0), bits.exp_golomb()), (None, Some(0), None));
    }

    #[test]
    fn the_longest_code_is_read_and_a_longer_one_is_none() {
        let longest = [0, 0, 3, 0, 1, 0xff, 0xff, 0xff, 0xff];
        assert_eq!(RbspBits::new(&longest).exp_golomb(), Some(u32::MAX - 1));
        assert_eq!(RbspBits::new(&[0, 0, 3, 0, 0, 3, 0x80, 9]).exp_golomb(), None);
    }
}
