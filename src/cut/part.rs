//! When a part of the open segment ends.
//!
//! ```text
//!   parts of 500 ms, target 550 ms, 25 frames per second, key frames every 2 s
//!   │ 0 ─ 520 │ 520 ─ 1040 │ 1040 ─ 1560 │ 1560 ─ 2080, with the key frame at 2000 │ …
//! ```
//!
//! A part that is cut before a key frame may be shorter than 85 % of the target where it has a key
//! frame itself, or where its segment ends there too (draft-pantos-hls-rfc8216bis §4.4.4.9).

use crate::config::Parts;
use crate::time::{TickSpan, Ticks};

/// The part of the open segment that is being written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OpenPart {
    pub(crate) start: Ticks,
    /// Bytes of the segment before it.
    pub(crate) offset: u64,
    /// Number within the segment.
    pub(crate) index: u32,
    pub(crate) entry: Entry,
}

/// Whether decoding can begin in a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    Possible,
    Impossible,
}

/// Whether a part ends before a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PartEnd {
    No,
    Before,
}

impl OpenPart {
    /// Begins the first part of a segment.
    pub(crate) const fn first(start: Ticks) -> Self {
        Self { start, offset: 0, index: 0, entry: Entry::Impossible }
    }

    /// Begins the part after this one, where the segment has so many bytes.
    pub(crate) const fn next(&self, start: Ticks, offset: u64) -> Self {
        Self { start, offset, index: self.index.saturating_add(1), entry: Entry::Impossible }
    }

    /// Returns whether the part ends before a picture at `at`.
    pub(crate) fn ends_before_picture(&self, parts: Parts, at: Ticks, is_key: KeyFrame) -> PartEnd {
        let age = at - self.start;
        let may_be_short = self.entry == Entry::Possible || age >= parts.least();
        let is_cut = is_key == KeyFrame::Yes && may_be_short && age > TickSpan::ZERO;
        if age >= parts.duration() || is_cut { PartEnd::Before } else { PartEnd::No }
    }

    /// Returns whether the part ends before an audio frame at `at` that leads.
    pub(crate) fn ends_before_audio(&self, parts: Parts, at: Ticks) -> PartEnd {
        if at - self.start >= parts.duration() { PartEnd::Before } else { PartEnd::No }
    }

    /// Returns whether a part that lasts until `at` is longer than parts may be.
    pub(crate) fn is_broken_at(&self, parts: Parts, at: Ticks) -> bool {
        at - self.start > parts.target()
    }
}

/// Whether a picture is a key frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyFrame {
    Yes,
    No,
}
