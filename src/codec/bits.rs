//! Bits of a configuration, most significant first.

/// Bits that are taken one after the other.
#[derive(Clone, Copy)]
pub(super) struct Bits<'a> {
    pub(super) data: &'a [u8],
    /// Bits taken so far.
    pub(super) at: usize,
}

impl<'a> Bits<'a> {
    pub(super) const fn new(data: &'a [u8]) -> Self {
        Self { data, at: 0 }
    }

    /// Takes `count` bits, 32 at most; takes none where there are fewer.
    pub(super) fn take(&mut self, count: u8) -> Option<u32> {
        let mut value = 0;
        let mut at = self.at;
        for _ in 0..count {
            let byte = self.data.get(at / 8)?;
            value = value << 1 | u32::from(byte >> (7 - at % 8) & 1);
            at += 1;
        }
        self.at = at;
        Some(value)
    }

    /// Takes one flag; what is not there is not set.
    pub(super) fn flag(&mut self) -> bool {
        self.take(1) == Some(1)
    }
}
