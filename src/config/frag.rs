//! FragDuration and FragCount, with the limits that PutLiveChannel sets.

use super::ConfigError;
use crate::time::TickSpan;

/// FragDuration of PutLiveChannel: the duration a segment should have, in whole seconds from 1 to
/// 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FragDuration(u8);

impl FragDuration {
    /// 5 seconds.
    pub const DEFAULT: Self = Self(5);

    /// Takes seconds.
    ///
    /// # Errors
    ///
    /// [`ConfigError::FragDuration`] outside 1 to 100.
    pub const fn new(secs: u32) -> Result<Self, ConfigError> {
        match secs {
            1..=100 => Ok(Self(secs as u8)),
            _ => Err(ConfigError::FragDuration(secs)),
        }
    }

    /// Returns the seconds.
    pub const fn secs(self) -> u32 {
        self.0 as u32
    }

    /// Returns the duration in ticks.
    pub const fn span(self) -> TickSpan {
        TickSpan::from_secs(self.0 as i64)
    }

    /// Returns the age at which a segment is switched without a key frame: max(2 × FragDuration, 60
    /// s).
    pub const fn forced(self) -> TickSpan {
        let secs = 2 * self.0 as i64;
        TickSpan::from_secs(if secs > 60 { secs } else { 60 })
    }
}

/// FragCount of PutLiveChannel: how many segments the playlist lists, from 1 to 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FragCount(u8);

impl FragCount {
    /// 3 segments.
    pub const DEFAULT: Self = Self(3);

    /// Takes a number of segments.
    ///
    /// # Errors
    ///
    /// [`ConfigError::FragCount`] outside 1 to 100.
    pub const fn new(count: u32) -> Result<Self, ConfigError> {
        match count {
            1..=100 => Ok(Self(count as u8)),
            _ => Err(ConfigError::FragCount(count)),
        }
    }

    /// Returns the number of segments.
    pub const fn get(self) -> usize {
        self.0 as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn o_06_o_07_frag_duration_and_frag_count_are_from_1_to_100() {
        for (value, ok) in [(0, false), (1, true), (100, true), (101, false), (200, false)] {
            assert_eq!(FragDuration::new(value).is_ok(), ok, "{value}");
            assert_eq!(FragCount::new(value).is_ok(), ok, "{value}");
        }
    }

    #[test]
    fn o_33_the_forced_switch_comes_at_twice_frag_duration_but_not_before_60_s() {
        for (secs, want) in [(1, 60), (5, 60), (29, 60), (30, 60), (31, 62), (50, 100), (100, 200)]
        {
            assert_eq!(
                FragDuration::new(secs).unwrap().forced(),
                TickSpan::from_secs(want),
                "{secs}"
            );
        }
    }
}
