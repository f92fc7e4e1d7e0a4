//! The words that plans are written in.
//!
//! A plan is `Copy`, names no sink and holds no media: what a table of decisions can compare.

use crate::notice::NoticeKind;
use crate::segment::Cause;
use crate::stream_type::Program;
use crate::time::{TickSpan, Ticks};

/// Where and why a segment ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cut {
    /// Where the next segment begins on the same timeline.
    pub(crate) at: Ticks,
    /// What the host is told.
    pub(crate) cause: Cause,
    pub(crate) seam: Seam,
}

/// How the next segment joins on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seam {
    /// On the same timeline, coded alike: the segment lasts until the next one begins.
    Whole,
    /// After EXT-X-DISCONTINUITY, or not at all: the segment ends with its own last frame.
    Broken,
}

/// A break of the timeline. It ends the open segment, whatever becomes of the sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Jump {
    /// The step that broke the timeline.
    pub(crate) by: TickSpan,
    /// What becomes of audio that waits.
    pub(crate) held: HeldAudio,
}

/// What becomes of the audio frames that wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeldAudio {
    /// They were of the timeline that begins now; the first one is at `first`.
    Adopted { first: Ticks },
    /// Those behind `since` have made the step already, and are dropped; the others are written.
    Crossed { since: Ticks },
    /// They belong to no timeline any more.
    Dropped(NoticeKind),
}

/// Whether a segment begins with the sample if none is open then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Begin {
    /// No.
    Never,
    /// If the one before it could be closed.
    IfClosed,
    /// Yes.
    Always,
}

/// What a segment begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum First {
    /// A picture of no use without others, or after which decoding can begin.
    Picture { random_access: bool },
    /// Audio.
    Audio,
}

/// What a segment lists that begins now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Opening {
    pub(crate) program: Program,
    /// Announced audio was waited for long enough, and did not come.
    pub(crate) audio_is_missing: bool,
    /// Decoding can begin with the segment.
    pub(crate) starts_with_idr: bool,
}
