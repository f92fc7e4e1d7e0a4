//! Sink calls as values that can be kept, compared, altered and judged again.

use hls_segmenter::{AbortedSegment, ExpiredSegment, Segment, SegmentStart};

/// A sink call that the contract speaks of, with all it was told.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// `open_segment`.
    Open(SegmentStart),
    /// `write_packets`, the packets copied.
    Packets(Vec<u8>),
    /// `close_segment`.
    Close(Segment),
    /// `update_playlist`.
    Playlist {
        /// The text, in which the URI of segment 7 is `7.ts`.
        text: String,
        /// The list is complete.
        ended: bool,
    },
    /// `expire_segment`.
    Expire(ExpiredSegment),
    /// `abort_segment`.
    Abort(AbortedSegment),
    /// A call that came back with an error.
    Failed(Box<Self>),
}

impl Event {
    /// Returns the call as it is judged, and whether it succeeded.
    pub(super) fn call(&self) -> (Call<'_>, bool) {
        let call = match self {
            Self::Open(start) => Call::Open(start),
            Self::Packets(packets) => Call::Packets(packets),
            Self::Close(segment) => Call::Close(segment),
            Self::Playlist { text, ended } => Call::Playlist { text, ended: *ended },
            Self::Expire(expired) => Call::Expire(expired),
            Self::Abort(aborted) => Call::Abort(aborted),
            Self::Failed(event) => return (event.call().0, false),
        };
        (call, true)
    }
}

/// A sink call, borrowed: what both the sink and a replay hand to the rules.
#[derive(Clone, Copy, Debug)]
pub(super) enum Call<'a> {
    Open(&'a SegmentStart),
    Packets(&'a [u8]),
    Close(&'a Segment),
    Playlist { text: &'a str, ended: bool },
    Expire(&'a ExpiredSegment),
    Abort(&'a AbortedSegment),
}
