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

/// Tells byte strings apart that nobody chooses to be mistaken for each other (FNV-1a, 64 bits).
pub(crate) fn digest(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t_06a_the_check_value_of_crc_32_mpeg_2() {
        assert_eq!(crc32_mpeg2(b"123456789"), 0x0376_e6e7);
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
