//! The codecs parameter of H.264 streams (RFC 6381 §3.3).

use core::fmt;

/// Profile, constraints and level as playlists and MIME types spell them; displays as
/// `avc1.64001F`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CodecString {
    profile: u8,
    compatibility: u8,
    level: u8,
}

impl CodecString {
    /// Takes the three bytes after the first one of a sequence parameter set, or of a decoder
    /// configuration record.
    pub const fn new(profile: u8, compatibility: u8, level: u8) -> Self {
        Self { profile, compatibility, level }
    }
}

impl fmt::Display for CodecString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "avc1.{:02X}{:02X}{:02X}", self.profile, self.compatibility, self.level)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn each_byte_has_two_hexadecimal_digits() {
        assert_eq!(CodecString::new(0x64, 0x00, 0x1f).to_string(), "avc1.64001F");
        assert_eq!(CodecString::new(0x42, 0xc0, 0x1e).to_string(), "avc1.42C01E");
    }
}
