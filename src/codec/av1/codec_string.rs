//! The codecs parameter of AV1 streams (AV1 Codec ISO Media File Format Binding §5).

use core::fmt;

/// Profile, level, tier and bit depth as playlists and MIME types spell them; displays as
/// `av01.0.04M.08`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CodecString {
    pub(super) profile: u8,
    pub(super) level: u8,
    pub(super) is_high_tier: bool,
    pub(super) bit_depth: u8,
}

impl fmt::Display for CodecString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { profile, level, is_high_tier, bit_depth } = *self;
        let tier = if is_high_tier { 'H' } else { 'M' };
        write!(f, "av01.{profile}.{level:02}{tier}.{bit_depth:02}")
    }
}
