//! The last tag of a track, by which the next one is judged.

use crate::time::{TickSpan, Ticks};

/// The last tag of a track.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LastTag {
    /// None has come.
    Never,
    /// It was on a timeline that is over.
    Over(Ticks),
    /// It was on the timeline as it is now.
    Current(Ticks),
    /// The one before it was, and `outlier` came after it.
    Doubted { last: Ticks, outlier: Ticks },
}

impl LastTag {
    /// Returns its time, if it was on the timeline as it is now.
    #[inline]
    pub(super) const fn current(self) -> Option<Ticks> {
        match self {
            Self::Current(time) | Self::Doubted { last: time, .. } => Some(time),
            Self::Never | Self::Over(_) => None,
        }
    }

    /// Returns whether a tag after an outlier agrees with that, and not with the last one.
    pub(super) fn agrees_with_outlier(self, time: Ticks) -> bool {
        match self {
            Self::Doubted { last, outlier } => {
                let (from_last, from_outlier) = ((time - last).abs(), (time - outlier).abs());
                from_outlier < from_last && from_outlier < BACKWARD_LIMIT
            }
            Self::Never | Self::Over(_) | Self::Current(_) => false,
        }
    }

    /// Notes that the tag after it is an outlier.
    pub(super) const fn doubt(&mut self, outlier: Ticks) {
        if let Self::Current(last) | Self::Doubted { last, .. } = *self {
            *self = Self::Doubted { last, outlier };
        }
    }

    /// Notes that the timeline of the tag is over.
    pub(super) const fn end_timeline(&mut self) {
        if let Self::Current(time) | Self::Doubted { last: time, .. } = *self {
            *self = Self::Over(time);
        }
    }
}

/// A backward step as long as this breaks the timeline; shorter ones are repaired. Interleaving and
/// jitter of real encoders stay well below it, a restarted clock does not.
pub(super) const BACKWARD_LIMIT: TickSpan = TickSpan::from_secs(1);
