//! What the host says apart from media: where to switch, and how to end.

/// Where a requested switch may fall. Exhaustive: there is no third place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there is no third place")]
pub enum SwitchAt {
    /// The next key frame, whatever the age of the segment.
    KeyFrame,
    /// The next frame, key frame or not.
    Once,
}

/// How a stream ends. Exhaustive: there is no third way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there is no third way")]
pub enum End {
    /// For good: the playlist gets EXT-X-ENDLIST.
    List,
    /// Until the encoder comes back: the next tag begins a new publication, after
    /// EXT-X-DISCONTINUITY.
    Pause,
}
