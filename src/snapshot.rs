//! Snapshot candidates: which key frames are tapped (the `Interval` of PutLiveChannel's Snapshot).

use crate::codec::nal::AnnexB;
use crate::time::{TickSpan, Ticks};

/// A key frame with everything a decoder needs, borrowed for the call.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Snapshot<'a> {
    /// Presentation time on the engine's timeline.
    pub pts: Ticks,
    /// Parameter sets in force, as an Annex B byte stream; the access unit may bring its own as
    /// well.
    pub parameter_sets: &'a [u8],
    /// The access unit.
    pub access_unit: AnnexB<'a>,
}

impl Snapshot<'_> {
    /// Calls `piece` with the Annex B byte stream from first to last byte, in pieces that are never
    /// empty.
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
        Self { interval, last: None }
    }

    /// Returns whether the key frame at `time` is taken.
    pub(crate) fn take(&mut self, time: Ticks) -> bool {
        let Some(interval) = self.interval else {
            return false;
        };
        // Time that ran backwards says nothing of how long ago the last one was: it is taken as a
        // new beginning.
        let due = self.last.is_none_or(|last| time - last >= interval || time < last);
        if due {
            self.last = Some(time);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::nal::{AccessUnit, Contents};
    use crate::codec::video::VideoCoding;
    use crate::config::Filler;

    #[test]
    fn o_12_at_most_one_key_frame_is_taken_per_interval() {
        let mut pace = SnapshotPace::new(Some(TickSpan::from_secs(5)));
        let taken =
            [0, 2, 4, 6, 8, 10, 11, 15, 16].map(|secs| pace.take(Ticks::new(secs * 90_000)));
        assert_eq!(taken, [true, false, false, true, false, false, true, false, true]);
        assert!(!SnapshotPace::new(None).take(Ticks::new(0)));
    }

    #[test]
    fn o_12_time_that_ran_backwards_is_a_new_beginning_and_the_same_time_again_is_not() {
        let mut pace = SnapshotPace::new(Some(TickSpan::from_secs(5)));
        let taken = [10, 10, 8, 8, 12, 13].map(|secs| pace.take(Ticks::new(secs * 90_000)));
        assert_eq!(taken, [true, false, true, false, false, true]);
    }

    #[test]
    fn the_parameter_sets_are_the_first_piece_where_there_are_any() {
        for parameter_sets in [&b"\0\0\0\x01\x67\x42"[..], b""] {
            let snapshot = Snapshot {
                pts: Ticks::new(0),
                parameter_sets,
                access_unit: AnnexB::new(
                    b"\0\0\0\x01\x68\xcb",
                    b"",
                    AccessUnit::of_byte_stream(b"", VideoCoding::Avc),
                    &Contents::default(),
                    Filler::Keep,
                ),
            };
            let mut pieces = std::vec::Vec::new();
            snapshot.for_each_piece(|piece| pieces.push(piece.to_vec()));
            assert!(pieces.iter().all(|piece| !piece.is_empty()));
            let bytes = pieces.concat();
            assert_eq!(bytes, [parameter_sets, b"\0\0\0\x01\x68\xcb"].concat());
            assert_eq!(bytes.len(), snapshot.len());
        }
    }
}
