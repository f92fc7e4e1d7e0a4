//! Sink calls as values that can be kept, compared, altered and judged again.

use hls_segmenter::{AbortedSegment, ExpiredSegment, Part, Segment, SegmentStart};

/// A sink call that the contract speaks of, with all it was told.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// `open_segment`.
    Open(SegmentStart),
    /// `write_packets`, the packets copied.
    Packets(Vec<u8>),
    /// `init_section`.
    Init {
        /// Id of the section.
        id: u64,
        /// The section.
        bytes: Vec<u8>,
    },
    /// `write_payload`, the payload copied.
    Payload(Vec<u8>),
    /// `close_fragment`.
    Head {
        /// The head, copied.
        bytes: Vec<u8>,
        /// What it tells of the payload's length.
        payload_len: usize,
        /// What it tells of its number.
        sequence: u32,
    },
    /// `close_part`.
    Part(Part),
    /// `close_segment`.
    Close(Segment),
    /// `update_playlist`.
    Playlist {
        /// The text, in which the URI of segment 7 is `7.ts`, or `7.m4s` where it needs a section;
        /// that of section 7 is `7.mp4`.
        text: String,
        /// The same with parts, where the engine makes any: part 2 of segment 7 is `7.2.part`.
        live: Option<String>,
        /// The list is complete.
        ended: bool,
    },
    /// `expire_segment`.
    Expire(ExpiredSegment),
    /// `abort_segment`.
    Abort(AbortedSegment),
    /// No call of the sink: the host told the engine that a listed segment is
    /// [lost](hls_segmenter::Segmenter::lost).
    Lost(u64),
    /// A call that came back with an error.
    Failed(Box<Self>),
}

impl Event {
    /// Returns the call as it is judged, and whether it succeeded.
    pub(super) fn call(&self) -> (Call<'_>, bool) {
        let call = match self {
            Self::Open(start) => Call::Open(start),
            Self::Packets(packets) => Call::Packets(packets),
            Self::Init { id, bytes } => Call::Init { id: *id, bytes },
            Self::Payload(payload) => Call::Payload(payload),
            Self::Head { bytes, payload_len, sequence } => {
                Call::Head { bytes, payload_len: *payload_len, sequence: *sequence }
            }
            Self::Part(part) => Call::Part(part),
            Self::Close(segment) => Call::Close(segment),
            Self::Playlist { text, live, ended } => {
                Call::Playlist { text, live: live.as_deref(), ended: *ended }
            }
            Self::Expire(expired) => Call::Expire(expired),
            Self::Abort(aborted) => Call::Abort(aborted),
            Self::Lost(id) => Call::Lost(*id),
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
    Init { id: u64, bytes: &'a [u8] },
    Payload(&'a [u8]),
    Head { bytes: &'a [u8], payload_len: usize, sequence: u32 },
    Part(&'a Part),
    Close(&'a Segment),
    Playlist { text: &'a str, live: Option<&'a str>, ended: bool },
    Expire(&'a ExpiredSegment),
    Abort(&'a AbortedSegment),
    Lost(u64),
}
