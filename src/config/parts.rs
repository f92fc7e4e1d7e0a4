//! Partial segments of Low-Latency HLS (draft-pantos-hls-rfc8216bis §4.4.4.9).

use super::ConfigError;
use crate::time::TickSpan;

/// How long the parts of a segment are.
///
/// A part ends before the first frame that lies `duration` or more behind its beginning. Where no
/// two frames are further apart than `gap`, no part is longer than the two together: that sum is
/// the Part Target Duration, which players hold a stream to for ever. So it is declared, and never
/// measured. A larger hole breaks the timeline.
///
/// ```text
///   duration 500 ms, gap 50 ms, 25 frames per second      parts of 520 ms, EXT-X-PART-INF:PART-TARGET=0.55
///   the same, a frame that comes 300 ms late              EXT-X-DISCONTINUITY
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts {
    /// Milliseconds.
    duration: u16,
    gap: u16,
}

impl Parts {
    /// Takes duration and gap in milliseconds: the duration from 100 to 5000, and the gap from 1 to
    /// 15/85 of the duration. A part is at least 85 % of the Part Target Duration then (§4.4.4.9).
    ///
    /// # Errors
    ///
    /// [`ConfigError::Parts`] where one of them is out of its range.
    pub fn new(duration_millis: u32, gap_millis: u32) -> Result<Self, ConfigError> {
        let is_in_range = (100..=5000).contains(&duration_millis)
            && gap_millis >= 1
            && gap_millis.saturating_mul(85) <= duration_millis * 15;
        if is_in_range {
            Ok(Self { duration: duration_millis as u16, gap: gap_millis as u16 })
        } else {
            Err(ConfigError::Parts { duration_millis, gap_millis })
        }
    }

    /// Takes a duration, and the largest gap that goes with it: for 500 ms that is 88 ms, enough
    /// for a stream of twelve frames per second.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn lasting(duration_millis: u32) -> Result<Self, ConfigError> {
        Self::new(duration_millis, duration_millis.saturating_mul(15) / 85)
    }

    /// Returns how old a part is that ends before the next frame.
    pub const fn duration(self) -> TickSpan {
        TickSpan::from_millis(self.duration as i64)
    }

    /// Returns the largest distance of two frames that is no hole.
    pub const fn gap(self) -> TickSpan {
        TickSpan::from_millis(self.gap as i64)
    }

    /// Returns the Part Target Duration: no part is longer.
    pub const fn target(self) -> TickSpan {
        TickSpan::from_millis(self.duration as i64 + self.gap as i64)
    }

    /// Returns the shortest duration of a part that nothing exempts (§4.4.4.9), rounded up.
    pub(crate) const fn least(self) -> TickSpan {
        let millis = self.duration as i64 + self.gap as i64;
        TickSpan::from_millis((millis * 85 + 99) / 100)
    }
}
