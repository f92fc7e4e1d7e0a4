//! Profile, tier and level: twelve bytes that stand in the decoder configuration record and in
//! parameter sets alike (ITU-T H.265 §7.3.3).
//!
//! ```text
//! general_profile_space 2 │ tier_flag 1 │ profile_idc 5 │ compatibility_flags 32 │ constraint flags 48 │ level_idc 8
//! ```

use super::CodecString;

/// The general profile, tier and level of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ProfileTierLevel {
    /// `general_profile_space`, 0 to 3.
    pub(super) space: u8,
    /// `general_tier_flag`: the High tier.
    pub(super) is_high_tier: bool,
    /// `general_profile_idc`, 0 to 31.
    pub(super) profile: u8,
    /// `general_profile_compatibility_flag[0]` first, in the highest bit.
    pub(super) compatibility: u32,
    /// The six bytes of constraint flags.
    pub(super) constraints: [u8; 6],
    /// `general_level_idc`, thirty times the level.
    pub(super) level: u8,
}

impl ProfileTierLevel {
    /// Takes the twelve bytes apart.
    pub const fn new(bytes: [u8; Self::LEN]) -> Self {
        let [head, f0, f1, f2, f3, c0, c1, c2, c3, c4, c5, level] = bytes;
        Self {
            space: head >> 6,
            is_high_tier: head & 0x20 != 0,
            profile: head & 0x1f,
            compatibility: u32::from_be_bytes([f0, f1, f2, f3]),
            constraints: [c0, c1, c2, c3, c4, c5],
            level,
        }
    }

    /// Length in bytes.
    pub const LEN: usize = 12;

    /// Returns the twelve bytes.
    pub(crate) const fn to_bytes(self) -> [u8; Self::LEN] {
        let tier = if self.is_high_tier { 0x20 } else { 0 };
        let head = self.space << 6 | tier | self.profile;
        let [f0, f1, f2, f3] = self.compatibility.to_be_bytes();
        let [c0, c1, c2, c3, c4, c5] = self.constraints;
        [head, f0, f1, f2, f3, c0, c1, c2, c3, c4, c5, self.level]
    }

    /// Returns `general_profile_idc`: 1 is Main, 2 is Main 10.
    pub const fn profile(&self) -> u8 {
        self.profile
    }

    /// Returns `general_level_idc`, thirty times the level.
    pub const fn level(&self) -> u8 {
        self.level
    }

    /// Returns the codecs parameter, such as `hvc1.1.6.L93.B0`.
    pub const fn codec_string(&self) -> CodecString {
        CodecString::new(*self)
    }
}
