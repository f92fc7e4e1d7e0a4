//! The choices that are one of a few.

use crate::time::Secs;

/// How EXT-X-TARGETDURATION comes about. Exhaustive: a new policy is a breaking change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a host that matches on it must learn of a new policy")]
pub enum TargetDuration {
    /// The longest segment so far, at least FragDuration; it only grows, and growth is a notice.
    HighWater,
    /// This duration for ever (RFC 8216 §6.2.1); a segment that would outgrow them is switched
    /// without a key frame.
    Declared(Secs),
}

/// Which segments the playlist lists. Exhaustive: a new policy is a breaking change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a host that matches on it must learn of a new policy")]
pub enum WindowPolicy {
    /// The newest FragCount segments, no more.
    Exactly,
    /// FragCount segments and as many more as keep three target durations listed (RFC 8216 §6.2.2),
    /// up to [`Playlist::MAX_SEGMENTS`](crate::playlist::Playlist::MAX_SEGMENTS).
    AtLeastThreeTargets,
}

/// What a segment may start at. Exhaustive: a new policy is a breaking change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a host that matches on it must learn of a new policy")]
pub enum KeyFramePolicy {
    /// An IDR picture, whatever the tag's FrameType says.
    Idr,
    /// An IDR picture or a picture with a recovery point SEI: open GOPs and intra refresh.
    IdrOrRecoveryPoint,
    /// A picture whose tag has FrameType 1, whatever is in it.
    FrameType,
}

/// What happens to video between a break of the timeline and the next key frame. Exhaustive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "kept or dropped: there is no third")]
pub enum MidGop {
    /// It opens the new segment, after parameter sets.
    Keep,
    /// It is dropped and counted.
    DropUntilKey,
}

/// Whether filler data NAL units reach the output. Exhaustive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "kept or dropped: there is no third")]
pub enum Filler {
    /// They do, as received.
    #[default]
    Keep,
    /// They do not; decoders lose nothing (H.264 §7.4.2.7).
    Drop,
}

/// What happens to a track whose clock has nothing to do with the lead track's. Exhaustive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a host that matches on it must learn of a new policy")]
pub enum UnrelatedClocks {
    /// It is dropped and counted.
    Drop,
    /// It is moved once, at its first frame, to where the lead track is.
    AlignToLead,
}

/// Where the engine's timeline begins. Exhaustive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a host that matches on it must learn of a new base")]
pub enum TimelineBase {
    /// Tag times are kept.
    AsReceived,
    /// The first media tag of a stream is 0, for all tracks together.
    FirstTagZero,
}
