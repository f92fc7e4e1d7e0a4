//! Bit rates of segments, as multivariant playlists state them (RFC 8216 §4.1, §4.3.4.2).
//!
//! A peak is looked for in every run of consecutive segments that lasts from half a target duration
//! to one and a half: a single short segment of key frames is no peak, and a long quiet one hides
//! none.
//!
//! ```text
//!   target 4 s       1 s 900 kB │ 3 s 600 kB │ 4 s 800 kB
//!   runs             (too short)   3 s: 1,600 kbit/s, 1 + 3 s: 3,000     4 s: 1,600 kbit/s
//! ```

use crate::time::{Millis, Secs};

/// Bit rates of a playlist's segments in bits per second, with all that is in the files (RFC 8216
/// §4.1). It is not exhaustive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BitRates {
    /// The largest rate of consecutive segments that last from 0.5 to 1.5 target durations
    /// together: BANDWIDTH.
    pub peak: u64,
    /// The length of all segments by their duration: AVERAGE-BANDWIDTH.
    pub average: u64,
}

impl BitRates {
    /// Takes rates that a host has stored, added up, or declares: of a stream that goes on, the
    /// peak is an upper bound.
    pub const fn new(peak: u64, average: u64) -> Self {
        Self { peak, average }
    }
}

/// Finds the bit rates of the segments that are listed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RateMeter {
    /// The newest segments, oldest first; unused ones in front are empty.
    recent: [Run; RECENT],
    all: Run,
    peak: u64,
}

/// One or more consecutive segments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Run {
    bytes: u64,
    millis: u64,
}

impl RateMeter {
    pub(crate) const fn new() -> Self {
        let none = Run { bytes: 0, millis: 0 };
        Self { recent: [none; RECENT], all: none, peak: 0 }
    }

    /// Adds a segment to those before it, under the target duration of its playlist.
    pub(crate) fn add(&mut self, bytes: u64, extinf: Millis, target: Secs) {
        let segment = Run { bytes, millis: u64::from(extinf.millis()) };
        self.all = self.all.and(segment);
        let (least, most) = (u64::from(target.secs()) * 500, u64::from(target.secs()) * 1500);
        self.make_room(most);
        let [.., newest] = &mut self.recent;
        *newest = segment;
        let mut run = Run::default();
        for &earlier in self.recent.iter().rev() {
            run = run.and(earlier);
            if run.millis > most {
                break;
            }
            if run.millis >= least {
                self.peak = self.peak.max(run.rate());
            }
        }
    }

    /// Takes the oldest segment out of reach, so that the last place is free. Where a run could
    /// still begin with it, the two oldest are one from now on.
    fn make_room(&mut self, most: u64) {
        let [oldest, second, others @ ..] = &mut self.recent;
        let later = others.iter().fold(*second, |sum, &run| sum.and(run));
        if later.millis < most {
            *second = oldest.and(*second);
        }
        self.recent.copy_within(1.., 0);
    }

    pub(crate) fn rates(&self) -> Option<BitRates> {
        (self.peak > 0).then(|| BitRates::new(self.peak, self.all.rate()))
    }
}

impl Run {
    const fn and(self, other: Self) -> Self {
        Self {
            bytes: self.bytes.saturating_add(other.bytes),
            millis: self.millis.saturating_add(other.millis),
        }
    }

    /// Returns the bits per second, rounded up.
    fn rate(self) -> u64 {
        self.bytes.saturating_mul(8000).div_ceil(self.millis.max(1))
    }
}

/// How many segments a run may have at the most before the oldest of them count as one. Segments
/// last about a target duration, so runs have one or two; eight are 128 bytes in every engine.
const RECENT: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    /// The definition, word for word: every run of consecutive segments.
    fn peak(segments: &[(u64, u32)], target: u32) -> u64 {
        let runs = (0..segments.len())
            .flat_map(|from| (from + 1..=segments.len()).map(move |to| &segments[from..to]));
        let rate = |run: &[(u64, u32)]| {
            let bytes: u64 = run.iter().map(|(bytes, _)| bytes).sum();
            let millis: u64 = run.iter().map(|(_, millis)| u64::from(*millis)).sum();
            let fits = (u64::from(target) * 500..=u64::from(target) * 1500).contains(&millis);
            fits.then(|| (bytes * 8000).div_ceil(millis))
        };
        runs.filter_map(rate).max().unwrap_or(0)
    }

    fn metered(segments: &[(u64, u32)], target: u32) -> Option<BitRates> {
        let mut meter = RateMeter::new();
        for &(bytes, millis) in segments {
            meter.add(bytes, Millis::new(millis), Secs::new(target));
        }
        meter.rates()
    }

    #[test]
    fn pl_5_the_peak_is_that_of_segments_of_half_a_target_to_one_and_a_half() {
        for (segments, target, want) in [
            (&[][..], 4, None),
            (&[(900_000, 1000)], 4, None),
            (&[(900_000, 2000)], 4, Some((3_600_000, 3_600_000))),
            (&[(900_000, 6000)], 4, Some((1_200_000, 1_200_000))),
            (&[(900_000, 6001)], 4, None),
            (&[(900_000, 1000), (600_000, 3000), (800_000, 4000)], 4, Some((3_000_000, 2_300_000))),
            (&[(1, 3000)], 3, Some((3, 3))),
        ] {
            let want = want.map(|(peak, average)| BitRates::new(peak, average));
            assert_eq!(metered(segments, target), want, "{segments:?}");
        }
    }

    #[test]
    fn pl_5_the_peak_agrees_with_its_definition_while_runs_have_eight_segments() {
        let mut state = 1_u32;
        let mut next = |most: u32| {
            state = state.wrapping_mul(1_103_515_245).wrapping_add(12_345);
            (state >> 8) % most
        };
        for _ in 0..200 {
            let segments: Vec<_> =
                (0..40).map(|_| (u64::from(next(1_000_000)), 900 + next(4000))).collect();
            for target in [4, 5] {
                let rates = metered(&segments, target);
                assert_eq!(rates.map_or(0, |rates| rates.peak), peak(&segments, target));
            }
        }
    }

    #[test]
    fn pl_5_of_many_short_segments_the_oldest_count_as_one() {
        let segments = [(1000, 100); 200];
        assert_eq!(metered(&segments, 4), Some(BitRates::new(80_000, 80_000)));
        assert_eq!(
            metered(&[(u64::MAX, 1000); 9], 1).map(|rates| rates.peak),
            Some(u64::MAX / 1000 + 1)
        );
        assert_eq!(metered(&[(5, 0); 9], 1), None);
    }
}
