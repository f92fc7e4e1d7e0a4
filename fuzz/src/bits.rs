//! A writer of bits, for parameter sets (ITU-T H.265 §7.2, §7.3.1.1, §9.2).

/// Bits so far, the first one first.
#[derive(Default)]
pub struct Bits(Vec<bool>);

impl Bits {
    /// Writes the lowest `count` bits of a number, the highest of them first: u(n).
    pub fn put(&mut self, value: u32, count: u32) -> &mut Self {
        let bit = |at: u32| value.checked_shr(at).unwrap_or(0) & 1 == 1;
        self.0.extend((0..count).rev().map(bit));
        self
    }

    pub fn flag(&mut self, value: bool) -> &mut Self {
        self.put(value.into(), 1)
    }

    /// Writes an Exp-Golomb code: ue(v).
    pub fn ue(&mut self, value: u32) -> &mut Self {
        let code = value + 1;
        let len = code.ilog2() + 1;
        self.put(0, len - 1).put(code, len)
    }

    /// Returns a NAL unit with this header: the bits, the stop bit, and emulation prevention.
    pub fn nal_unit(&mut self, header: &[u8]) -> Vec<u8> {
        self.flag(true);
        let (mut unit, mut zeros) = (header.to_vec(), 0);
        for bits in self.0.chunks(8) {
            let bit = |at: usize| u8::from(bits.get(at) == Some(&true)) << (7 - at);
            let byte: u8 = (0..8).map(bit).sum();
            if zeros == 2 && byte <= 3 {
                unit.push(3);
                zeros = 0;
            }
            zeros = if byte == 0 { zeros + 1 } else { 0 };
            unit.push(byte);
        }
        unit
    }
}
