//! What has gone through an engine: the values of GetLiveChannelStat, and counters of everything
//! noticed.

mod rates;

pub use rates::BitRates;
pub(crate) use rates::RateMeter;

use crate::notice::{NoticeCounts, NoticeKind};
use crate::track::{AudioTrack, Meter, TrackStats, VideoTrack};

/// What has gone through an engine so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// The video track, once its sequence header has come.
    pub video: Option<TrackStats<VideoTrack>>,
    /// The audio track, once its format is known.
    pub audio: Option<TrackStats<AudioTrack>>,
    /// Bit rates of the segments that this engine has listed, once they last half a target
    /// duration.
    pub bit_rates: Option<BitRates>,
    pub(crate) counts: NoticeCounts,
}

impl Stats {
    /// Returns how often something was noticed.
    pub fn count(&self, kind: NoticeKind) -> u64 {
        self.counts.get(kind)
    }

    /// Iterates over what was noticed at least once.
    pub fn noticed(&self) -> impl Iterator<Item = (NoticeKind, u64)> + '_ {
        NoticeKind::ALL.iter().map(|&kind| (kind, self.count(kind))).filter(|&(_, count)| count > 0)
    }
}

/// Adds up what goes through an engine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Totals {
    pub(crate) video: TrackTotals<VideoTrack>,
    pub(crate) audio: TrackTotals<AudioTrack>,
}

/// Adds up what goes through of a track.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TrackTotals<T> {
    /// What the track is, or was in the last publication.
    track: Option<T>,
    pub(crate) meter: Meter,
}

impl Totals {
    pub(crate) const fn new() -> Self {
        Self { video: TrackTotals::new(), audio: TrackTotals::new() }
    }

    pub(crate) fn stats(&self, bit_rates: Option<BitRates>, counts: NoticeCounts) -> Stats {
        Stats { video: self.video.stats(), audio: self.audio.stats(), bit_rates, counts }
    }
}

impl<T: Copy + PartialEq> TrackTotals<T> {
    const fn new() -> Self {
        Self { track: None, meter: Meter::new() }
    }

    /// Takes what the track is now; returns whether that is new.
    pub(crate) fn describe(&mut self, track: T) -> bool {
        let is_new = self.track != Some(track);
        self.track = Some(track);
        is_new
    }

    /// Returns what the track is.
    pub(crate) const fn track(&self) -> Option<T> {
        self.track
    }

    fn stats(&self) -> Option<TrackStats<T>> {
        self.track.map(|track| self.meter.stats(track))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_noticed_is_what_was_counted_at_least_once() {
        let mut counts = NoticeCounts::new();
        for kind in [NoticeKind::BadTag, NoticeKind::SinkFailed, NoticeKind::BadTag] {
            counts.add(kind);
        }
        let stats = Stats { video: None, audio: None, bit_rates: None, counts };
        let mut noticed: std::vec::Vec<_> = stats.noticed().collect();
        noticed.sort_by_key(|&(_, count)| count);
        assert_eq!(noticed, [(NoticeKind::SinkFailed, 1), (NoticeKind::BadTag, 2)]);
    }
}
