//! CRC-32/MPEG-2, the checksum of PSI sections (ISO/IEC 13818-1 Annex A) and of resume tokens; and
//! a digest of parameter sets and of initialization sections.
//!
//! Polynomial 0x04C11DB7, initial value all ones, neither reflected nor inverted. `crc32fast`
//! computes the IEEE CRC, which is the same polynomial with every bit order reversed and the result
//! inverted; reversing the bits of each input byte and of the result turns one into the other.

use crc32fast::Hasher;

/// Computes the CRC of a section without its CRC field; over a section with it, the result is 0.
pub(crate) fn crc32_mpeg2(section: &[u8]) -> u32 {
    let mut hasher = Hasher::new();
    for &byte in section {
        hasher.update(&[byte.reverse_bits()]);
    }
    (!hasher.finalize()).reverse_bits()
}

/// Tells byte strings apart that nobody chooses to be mistaken for each other: eight bytes at once.
pub(crate) fn digest(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks();
    let mut last = [0; 8];
    last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
    let len = (bytes.len() as u64).to_le_bytes();
    let words = words.iter().chain([&last, &len]);
    words.fold(0, |hash: u64, word| {
        let hash = (hash ^ u64::from_le_bytes(*word)).wrapping_mul(GOLDEN_RATIO);
        hash ^ hash >> 32
    })
}

/// 2^64 divided by the golden ratio: odd, and without a pattern.
const GOLDEN_RATIO: u64 = 0x9e37_79b9_7f4a_7c15;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t_06a_the_check_value_of_crc_32_mpeg_2() {
        assert_eq!(crc32_mpeg2(b"123456789"), 0x0376_e6e7);
    }

    #[test]
    fn every_bit_and_the_length_count_in_a_digest() {
        let bytes: [u8; 21] = core::array::from_fn(|at| (at * 37) as u8);
        for len in 0..bytes.len() {
            let whole = digest(&bytes[..len]);
            assert_ne!(whole, digest(&[&bytes[..len], &[0]].concat()), "{len}");
            for bit in 0..len * 8 {
                let mut other = bytes;
                other[bit / 8] ^= 1 << (bit % 8);
                assert_ne!(whole, digest(&other[..len]), "bit {bit} of {len} bytes");
            }
        }
    }

    #[test]
    fn t_06_the_crc_over_a_section_with_its_crc_is_zero() {
        let mut section = *b"\x00\xb0\x0d\x00\x01\xc1\x00\x00\x00\x01\xf0\x00____";
        let crc = crc32_mpeg2(&section[..12]);
        section[12..].copy_from_slice(&crc.to_be_bytes());
        assert_eq!(crc, 0x2ab1_04b2);
        assert_eq!(crc32_mpeg2(&section), 0);
    }
}
