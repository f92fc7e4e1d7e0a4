//! The channel layout in a program config element (ISO/IEC 14496-3 §4.4.1.1, table 4.2).
//!
//! With `channelConfiguration` 0 it stands in the `AudioSpecificConfig`. ADTS has no place for it:
//! behind an ADTS header it is the first element of the frame (§1.A.3.2).
//!
//! ```text
//!   tag 4 │ object type 2 │ frequency 4 │ front 4 │ side 4 │ back 4 │ LFE 2 │ data 3 │ coupling 4
//!   mixdowns 1 (4) │ 1 (4) │ 1 (3) │ elements 5 or 4 each │ to a whole byte │ comment 8 + 8 n
//! ```

use crate::codec::bits::Bits;

/// A program config element as an element of a frame: its id before it, and no comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelLayout {
    bytes: [u8; Self::MAX_LEN],
    len: u8,
    channels: u8,
}

impl ChannelLayout {
    /// 3 bits of id, at most 385 of the element, and a byte that says that there is no comment.
    const MAX_LEN: usize = 50;

    /// Takes an element from `bits`, but for its comment; `None` where it is cut.
    pub(super) fn take(bits: &mut Bits<'_>) -> Option<Self> {
        let begin = *bits;
        bits.take(4 + 2 + 4)?;
        let [front, side, back] = [bits.take(4)?, bits.take(4)?, bits.take(4)?];
        let lfe = bits.take(2)?;
        let data = bits.take(3)?;
        let coupling = bits.take(4)?;
        for mixdown_len in [4, 4, 3] {
            if bits.take(1)? == 1 {
                bits.take(mixdown_len)?;
            }
        }
        let mut channels = lfe;
        for _ in 0..front + side + back {
            channels += 1 + bits.take(1)?;
            bits.take(4)?;
        }
        for _ in 0..lfe + data {
            bits.take(4)?;
        }
        for _ in 0..coupling {
            bits.take(5)?;
        }
        let mut layout = Self { bytes: [0; Self::MAX_LEN], len: 0, channels: channels as u8 };
        layout.copy(begin, bits.at - begin.at);
        Some(layout)
    }

    /// Copies `len` bits after an id of 3. The bits to a whole byte, and the comment's length, are
    /// 0.
    fn copy(&mut self, mut from: Bits<'_>, len: usize) {
        let id = (0..3).map(|bit| ID_PCE >> (2 - bit) & 1);
        let element = (0..len).map(|_| from.take(1).unwrap_or(0) as u8);
        for (at, bit) in id.chain(element).enumerate() {
            if let Some(byte) = self.bytes.get_mut(at / 8) {
                *byte |= bit << (7 - at % 8);
            }
        }
        self.len = ((3 + len).div_ceil(8) + 1) as u8;
    }

    /// Returns the element.
    pub fn as_slice(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }

    /// Returns how many channels it names, low-frequency effects among them.
    pub const fn channels(&self) -> u8 {
        self.channels
    }
}

/// Returns whether an AAC frame begins with a program config element, which alone says what
/// channels there are when `channel_config` is 0.
pub const fn begins_with_program_config(frame: &[u8]) -> bool {
    matches!(frame, [first, ..] if *first >> 5 == ID_PCE)
}

/// `id_syn_ele` of a program config element.
const ID_PCE: u8 = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t_21_a_layout_is_moved_by_the_three_bits_of_its_id() {
        // What ffmpeg 5.1 writes for 5.1(side), 48 kHz, and its comment.
        let element = [0x04, 0xc4, 0x04, 0x00, 0x21, 0x10, 0x0d, b'L', b'a', b'v', b'c'];
        let mut bits = Bits::new(&element);
        let layout = ChannelLayout::take(&mut bits).unwrap();
        let frame = layout.as_slice();
        assert!(begins_with_program_config(frame));
        assert_eq!(frame.len(), (3 + bits.at).div_ceil(8) + 1);
        let mut moved = Bits::new(frame);
        moved.take(3);
        let again = ChannelLayout::take(&mut moved).unwrap();
        assert_eq!(again, layout);
        assert_eq!(moved.at - 3, bits.at);
    }

    #[test]
    fn t_21_the_longest_layout_fits_and_a_cut_one_is_none() {
        let longest = [0xff; 49];
        let layout = ChannelLayout::take(&mut Bits::new(&longest)).unwrap();
        assert_eq!(layout.as_slice().len(), ChannelLayout::MAX_LEN);
        assert_eq!(layout.channels(), 45 * 2 + 3);
        for len in 0..49 {
            assert_eq!(ChannelLayout::take(&mut Bits::new(&longest[..len])), None, "{len}");
        }
    }

    #[test]
    fn t_21_a_program_config_element_is_recognised() {
        assert!(begins_with_program_config(&[0xa0]));
        assert!(!begins_with_program_config(&[0x21, 0x10]));
        assert!(!begins_with_program_config(&[]));
    }
}
