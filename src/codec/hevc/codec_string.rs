//! The codecs parameter of H.265 streams (ISO/IEC 14496-15 Annex E).

use core::fmt;

use super::ProfileTierLevel;

/// Profile, tier, level and constraints as playlists and MIME types spell them; displays as
/// `hvc1.1.6.L93.B0`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CodecString {
    profile: ProfileTierLevel,
}

impl CodecString {
    /// Takes what a sequence parameter set, or a decoder configuration record, says.
    pub const fn new(profile: ProfileTierLevel) -> Self {
        Self { profile }
    }
}

impl fmt::Display for CodecString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ProfileTierLevel { space, is_high_tier, profile, compatibility, constraints, level } =
            self.profile;
        f.write_str("hvc1.")?;
        f.write_str(["", "A", "B", "C"].get(usize::from(space)).copied().unwrap_or_default())?;
        let tier = if is_high_tier { 'H' } else { 'L' };
        write!(f, "{profile}.{:X}.{tier}{level}", compatibility.reverse_bits())?;
        let kept = constraints.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
        constraints.iter().take(kept).try_for_each(|byte| write!(f, ".{byte:X}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn hevc_11_trailing_zero_bytes_of_constraints_are_left_out() {
        for (bytes, want) in [
            ([1, 0x60, 0, 0, 0, 0x90, 0, 0, 0, 0, 0, 0x3c], "hvc1.1.6.L60.90"),
            ([1, 0x60, 0, 0, 0, 0xb0, 0, 0, 0, 0, 0, 93], "hvc1.1.6.L93.B0"),
            ([0x22, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 153], "hvc1.2.4.H153"),
            ([0x44, 0x08, 0, 0, 0, 0x90, 0, 8, 0, 0, 0, 120], "hvc1.A4.10.L120.90.0.8"),
        ] {
            assert_eq!(ProfileTierLevel::new(bytes).codec_string().to_string(), want);
        }
    }
}
