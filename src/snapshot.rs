//! Snapshot candidates: which key frames are tapped (the `Interval` of PutLiveChannel's Snapshot).

use crate::codec::avc::AnnexB;
use crate::time::{TickSpan, Ticks};

/// A key frame with everything a decoder needs, borrowed for the call.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Snapshot<'a> {
    /// Presentation time on the engine's timeline.
    pub pts: Ticks,
    /// Parameter sets in force, as an Annex B byte stream; the access unit may bring its own as well.
    pub parameter_sets: &'a [u8],
    /// The access unit.
    pub access_unit: AnnexB<'a>,
}

impl Snapshot<'_> {
    /// Calls `piece` with the Annex B byte stream from first to last byte, in pieces that are never empty.
    pub fn for_each_piece(&self, mut piece: impl FnMut(&[u8])) {
        if !self.parameter_sets.is_empty() {
            piece(self.parameter_sets);
        }
        self.access_unit.slices().for_each(piece);
    }

    /// Returns the length of all pieces together.
    #[expect(clippy::len_without_is_empty, reason = "a key frame is never empty")]
    pub const fn len(&self) -> usize {
        self.parameter_sets.len() + self.access_unit.len()
    }
}

/// Lets at most one key frame through per interval.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SnapshotPace {
    interval: Option<TickSpan>,
    last: Option<Ticks>,
}

impl SnapshotPace {
    pub(crate) const fn new(interval: Option<TickSpan>) -> Self {
        Self {
            interval,
            last: None,
        }
    }

    /// Says whether the key frame at `time` is taken.
    pub(crate) fn take(&mut self, time: Ticks) -> bool {
        let Some(interval) = self.interval else {
            return false;
        };
        // Time that ran backwards says nothing of how long ago the last one was: it is taken as a new beginning.
        let due = self
            .last
            .is_none_or(|last| time - last >= interval || time < last);
        if due {
            self.last = Some(time);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn o_12_at_most_one_key_frame_is_taken_per_interval() {
        let mut pace = SnapshotPace::new(Some(TickSpan::from_secs(5)));
        let taken =
            [0, 2, 4, 6, 8, 10, 11, 15, 16].map(|secs| pace.take(Ticks::new(secs * 90_000)));
        assert_eq!(
            taken,
            [true, false, false, true, false, false, true, false, true]
        );
        assert!(!SnapshotPace::new(None).take(Ticks::new(0)));
    }
}
