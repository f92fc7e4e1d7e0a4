//! The three clocks, each a type of its own, so that no bare integer carries time across a module.
//!
//! ```text
//! FlvTime   ms, 32 bits, wraps every 49.7 days    what a tag says
//!    │      unrolled once, in `timeline`
//! Ticks     1/90 000 s, 64 bits, never wraps      what the engine reckons in
//!    │      folded once, at the moment of writing
//! WireTime  1/90 000 s, 33 bits, wraps in 26.5 h  what PTS, DTS and PCR say
//! ```
//!
//! [`Ticks`] is an instant and [`TickSpan`] a distance; arithmetic on them is modulo 2^64, so that
//! no input, however long, can make it panic. [`WallTime`] is the host's calendar clock, used for
//! names and EXT-X-PROGRAM-DATE-TIME only: no duration is ever taken from it.

mod date;

use core::fmt;
use core::ops::{Add, AddAssign, Div, Mul, Neg, Sub};
use core::time::Duration;

/// Time of a tag: milliseconds on a 32-bit clock with an arbitrary epoch that wraps every 49.7 days
/// (RTMP 1.0 §4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct FlvTime(u32);

impl FlvTime {
    /// Takes the milliseconds as the tag or message states them.
    pub const fn from_millis(millis: u32) -> Self {
        Self(millis)
    }

    /// Returns the milliseconds as the tag or message states them.
    pub const fn millis(self) -> u32 {
        self.0
    }

    /// Returns this time `millis` later, or earlier when negative, wrapping as the clock does.
    #[must_use]
    pub const fn offset(self, millis: i32) -> Self {
        Self(self.0.wrapping_add_signed(millis))
    }

    /// Returns the milliseconds since `earlier` by serial number arithmetic (RFC 1982): negative
    /// when this time is the earlier one.
    pub const fn since(self, earlier: Self) -> i32 {
        self.0.wrapping_sub(earlier.0).cast_signed()
    }
}

/// An instant on the engine's timeline, in 1/90 000 s, unrolled: it never wraps in practice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticks(i64);

impl Ticks {
    pub(crate) const MIN: Self = Self(i64::MIN);
    pub(crate) const MAX: Self = Self(i64::MAX);

    /// Takes a count of 1/90 000 s.
    pub const fn new(ticks: i64) -> Self {
        Self(ticks)
    }

    /// Returns the count of 1/90 000 s.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// Returns the instant nearest to `last` that folds to `wire`: unrolls PTS and DTS of a
    /// transport stream or of RTP.
    ///
    /// ```
    /// use hls_segmenter::time::{Ticks, WireTime};
    ///
    /// let last = Ticks::new(0x1_ffff_ffff);
    /// assert_eq!(Ticks::near(last, WireTime::new(3002)), Ticks::new(0x2_0000_0bba));
    /// ```
    pub const fn near(last: Self, wire: WireTime) -> Self {
        Self(last.0.wrapping_add(wire.since(last.to_wire()).0))
    }

    /// Folds the instant to the 33 bits that PTS, DTS and PCR have room for.
    pub const fn to_wire(self) -> WireTime {
        WireTime(self.0.cast_unsigned() & WireTime::MASK)
    }
}

/// A distance between two instants, in 1/90 000 s; negative when the second is the earlier.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TickSpan(i64);

impl TickSpan {
    /// No distance.
    pub const ZERO: Self = Self(0);
    /// The smallest distance there is, 1/90 000 s.
    pub const TICK: Self = Self(1);

    /// Takes a count of 1/90 000 s.
    pub const fn new(ticks: i64) -> Self {
        Self(ticks)
    }

    /// Takes milliseconds: 90 ticks each.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis.wrapping_mul(90))
    }

    /// Takes seconds: 90 000 ticks each.
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.wrapping_mul(90_000))
    }

    /// Returns the count of 1/90 000 s.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// Returns the distance as a duration, rounded down to nanoseconds; a negative one has none.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use hls_segmenter::time::TickSpan;
    /// assert_eq!(TickSpan::new(3003).to_duration(), Some(Duration::from_nanos(33_366_666)));
    /// assert_eq!(TickSpan::new(-1).to_duration(), None);
    /// ```
    pub const fn to_duration(self) -> Option<Duration> {
        if self.0 < 0 {
            return None;
        }
        let ticks = self.0.cast_unsigned();
        let nanos = (ticks % 90_000) * 100_000 / 9;
        Some(Duration::new(ticks / 90_000, nanos as u32))
    }

    /// Returns the nearest number of milliseconds, halves away from zero.
    pub const fn round_millis(self) -> i64 {
        (self.0 / 90).wrapping_add((self.0 % 90) / 45)
    }

    /// Returns whether the distance is at most `most`, which is not negative, in either direction.
    #[inline]
    pub(crate) const fn is_within(self, most: Self) -> bool {
        let above = self.0.wrapping_add(most.0).cast_unsigned();
        above <= most.0.cast_unsigned() << 1
    }

    /// Returns the distance without its sign.
    #[must_use]
    pub const fn abs(self) -> Self {
        Self(self.0.wrapping_abs())
    }
}

/// Implements a sum or difference of ticks modulo 2^64.
macro_rules! wrapping {
    ($($operator:ident($left:ty, $right:ty) -> $output:ident by $method:ident, $wrapping:ident;)*) => {
        $(impl $operator<$right> for $left {
            type Output = $output;

            fn $method(self, right: $right) -> $output {
                $output(self.0.$wrapping(right.0))
            }
        })*
    };
}

wrapping! {
    Add(Ticks, TickSpan) -> Ticks by add, wrapping_add;
    Sub(Ticks, TickSpan) -> Ticks by sub, wrapping_sub;
    Sub(Ticks, Ticks) -> TickSpan by sub, wrapping_sub;
    Add(TickSpan, TickSpan) -> TickSpan by add, wrapping_add;
    Sub(TickSpan, TickSpan) -> TickSpan by sub, wrapping_sub;
}

impl AddAssign for TickSpan {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

/// Multiplies by a count, up to the longest span there is.
impl Mul<i64> for TickSpan {
    type Output = Self;

    fn mul(self, count: i64) -> Self {
        Self(self.0.saturating_mul(count))
    }
}

/// Divides into so many parts, rounding towards zero; 0 is taken as 1.
impl Div<i64> for TickSpan {
    type Output = Self;

    #[inline]
    fn div(self, parts: i64) -> Self {
        Self(self.0.wrapping_div(if parts == 0 { 1 } else { parts }))
    }
}

impl Neg for TickSpan {
    type Output = Self;

    fn neg(self) -> Self {
        Self(self.0.wrapping_neg())
    }
}

/// Time as PTS, DTS and the PCR base carry it: 1/90 000 s in 33 bits, wrapping every 26.5 hours
/// (ISO/IEC 13818-1 §2.4.3.7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct WireTime(u64);

impl WireTime {
    const MASK: u64 = (1 << 33) - 1;

    /// Takes the low 33 bits of `ticks`.
    pub const fn new(ticks: u64) -> Self {
        Self(ticks & Self::MASK)
    }

    /// Returns the 33-bit value.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Returns the ticks since `earlier`, by the shorter way round: between −2^32 and 2^32 − 1.
    pub const fn since(self, earlier: Self) -> TickSpan {
        let later = (self.0.wrapping_sub(earlier.0) & Self::MASK).cast_signed();
        TickSpan(if later >= 1 << 32 { later - (1 << 33) } else { later })
    }
}

/// A duration in whole milliseconds, as EXTINF states one; displayed as the playlist prints it:
/// `5.005`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Millis(u32);

impl Millis {
    /// Takes a count of milliseconds.
    pub const fn new(millis: u32) -> Self {
        Self(millis)
    }

    /// Returns the count of milliseconds.
    pub const fn millis(self) -> u32 {
        self.0
    }

    /// Returns the duration in ticks.
    pub const fn span(self) -> TickSpan {
        TickSpan::from_millis(self.0 as i64)
    }

    /// Returns the least number of whole seconds that is not shorter.
    pub const fn ceil_secs(self) -> Secs {
        Secs(self.0.div_ceil(1000))
    }

    /// Returns the nearest number of whole seconds, halves up.
    pub const fn round_secs(self) -> Secs {
        Secs(self.0 / 1000 + (self.0 % 1000) / 500)
    }
}

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}", self.0 / 1000, self.0 % 1000)
    }
}

/// A duration in whole seconds, as EXT-X-TARGETDURATION states one; displayed as its number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Secs(u32);

impl Secs {
    /// Takes a count of seconds.
    pub const fn new(secs: u32) -> Self {
        Self(secs)
    }

    /// Returns the count of seconds.
    pub const fn secs(self) -> u32 {
        self.0
    }

    /// Returns the duration in ticks.
    pub const fn span(self) -> TickSpan {
        TickSpan::from_secs(self.0 as i64)
    }
}

impl fmt::Display for Secs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Calendar time as the host knows it: milliseconds since 1970-01-01T00:00:00Z; displayed as
/// playlists print it: `2026-11-23T08:15:30.250Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WallTime(i64);

impl WallTime {
    /// Takes Unix milliseconds.
    pub const fn from_unix_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Returns Unix milliseconds.
    pub const fn unix_millis(self) -> i64 {
        self.0
    }

    /// Returns this time `millis` later, or earlier when negative.
    #[must_use]
    pub const fn offset(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f_03_tag_time_is_compared_by_serial_arithmetic() {
        let before_wrap = FlvTime::from_millis(u32::MAX - 9);
        let after_wrap = FlvTime::from_millis(30);
        assert_eq!(after_wrap.since(before_wrap), 40);
        assert_eq!(before_wrap.since(after_wrap), -40);
        assert_eq!(before_wrap.offset(40), after_wrap);
    }

    #[test]
    fn t_17_ticks_fold_to_33_bits() {
        for (ticks, want) in [
            (0, 0),
            ((1 << 33) - 1, (1 << 33) - 1),
            (1 << 33, 0),
            ((1 << 33) + 63_000, 63_000),
            (-1, (1 << 33) - 1),
        ] {
            assert_eq!(Ticks::new(ticks).to_wire().get(), want, "{ticks}");
        }
    }

    #[test]
    fn r_13_wire_time_is_subtracted_across_its_wrap() {
        let before = WireTime::new((1 << 33) - 100);
        let after = WireTime::new(200);
        assert_eq!(after.since(before), TickSpan::new(300));
        assert_eq!(before.since(after), TickSpan::new(-300));
    }

    #[test]
    fn whole_units_are_displayed_as_the_playlist_prints_them() {
        for (millis, printed, secs) in
            [(0, "0.000", 0), (1, "0.001", 1), (5000, "5.000", 5), (5005, "5.005", 6)]
        {
            let millis = Millis::new(millis);
            assert_eq!(std::format!("{millis}"), printed);
            assert_eq!(millis.ceil_secs(), Secs::new(secs));
            assert_eq!(millis.span(), TickSpan::from_millis(millis.millis().into()));
        }
        assert_eq!(std::format!("{:>3}", Secs::new(6)), "  6");
        assert_eq!(Secs::new(6).span(), TickSpan::new(540_000));
    }

    #[test]
    fn milliseconds_round_to_the_nearest_halves_away_from_zero() {
        for (ticks, want) in [(0, 0), (44, 0), (45, 1), (134, 1), (135, 2), (-44, 0), (-45, -1)] {
            assert_eq!(TickSpan::new(ticks).round_millis(), want, "{ticks}");
        }
    }
}
