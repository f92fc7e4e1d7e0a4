//! The grammar of sink calls, as the doc of [`SegmentSink`](hls_segmenter::SegmentSink#order) has
//! it.

use hls_segmenter::{AbortedSegment, Segment, SegmentStart};

use super::violation::{Findings, Rule};

/// Where in the grammar the stream is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum State {
    /// Nothing is open; the playlist, if there is one, has all.
    #[default]
    Idle,
    /// A segment is open.
    Open(Open),
    /// The section of the next segment, which has its id, was handed over.
    Announced(u64),
    /// That failed: the segment must be aborted.
    Unannounced(u64),
    /// A call for the segment failed: it must be aborted.
    Failed(Open),
    /// A segment was closed and the playlist does not name it yet.
    Closed,
    /// A playlist has just come; what left it may expire.
    Listed,
    /// The playlist with EXT-X-ENDLIST has come.
    Ended,
}

/// The open segment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Open {
    pub(super) start: SegmentStart,
    /// Bytes that the sink took.
    pub(super) bytes: u64,
    /// What the next version may be about, though the segment is not closed.
    news: News,
}

/// What has come of an open segment since the last playlist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum News {
    Nothing,
    Part,
}

impl State {
    /// Returns the segment that packets go to.
    pub(super) const fn open(&self) -> Option<&Open> {
        match self {
            Self::Open(open) | Self::Failed(open) => Some(open),
            _ => None,
        }
    }

    /// Takes a call; `legal` is whether the grammar has it here.
    fn admit(&self, call: &str, legal: bool, findings: &mut Findings) {
        let (rule, after) = match self {
            _ if legal => return,
            Self::Idle => (Rule::Order, "no segment is open"),
            Self::Open(_) => (Rule::Order, "a segment is open"),
            Self::Announced(_) => (Rule::Order, "a section came for the next segment"),
            Self::Failed(_) | Self::Unannounced(_) => {
                (Rule::Abort, "a call failed and the segment was not aborted")
            }
            Self::Closed => (Rule::Order, "a segment was closed and no playlist names it"),
            Self::Listed => (Rule::Order, "a playlist has come and no segment is open"),
            Self::Ended => (Rule::End, "the playlist has ended"),
        };
        findings.add(rule, format_args!("{call} comes where {after}"));
    }

    /// Takes `open_segment`.
    pub(super) fn take_open(&mut self, start: &SegmentStart, ok: bool, findings: &mut Findings) {
        let legal = match *self {
            Self::Idle | Self::Listed => true,
            // A section comes before the segment that first needs it.
            Self::Announced(id) => start.id == id && start.init == Some(id),
            _ => false,
        };
        self.admit("open_segment", legal, findings);
        let open = Open { start: *start, bytes: 0, news: News::Nothing };
        *self = if ok { Self::Open(open) } else { Self::Failed(open) };
    }

    /// Takes `init_section` for the segment of this id.
    pub(super) fn take_init(&mut self, id: u64, ok: bool, findings: &mut Findings) {
        self.admit("init_section", matches!(self, Self::Idle | Self::Listed), findings);
        *self = if ok { Self::Announced(id) } else { Self::Unannounced(id) };
    }

    /// Takes `write_payload` or `close_fragment` of `len` bytes; says whether they belong to the
    /// open segment.
    pub(super) fn take_fragment(&mut self, len: usize, ok: bool, findings: &mut Findings) -> bool {
        let is_fmp4 = matches!(self, Self::Open(open) if open.start.init.is_some());
        findings.expect(
            is_fmp4,
            Rule::FragmentOrder,
            format_args!("payload or a head comes where no segment with a section is open"),
        );
        self.take_bytes(len, ok)
    }

    /// Takes `write_packets` of `len` bytes; says whether they belong to the open segment.
    pub(super) fn take_packets(&mut self, len: usize, ok: bool, findings: &mut Findings) -> bool {
        let is_ts = matches!(self, Self::Open(open) if open.start.init.is_none());
        self.admit("write_packets", is_ts, findings);
        self.take_bytes(len, ok)
    }

    const fn take_bytes(&mut self, len: usize, ok: bool) -> bool {
        let Self::Open(open) = self else { return false };
        if ok {
            open.bytes += len as u64;
        } else {
            *self = Self::Failed(*open);
        }
        ok
    }

    /// Takes `close_part`; returns the segment as it is so far.
    pub(super) fn take_part(&mut self, ok: bool, findings: &mut Findings) -> Option<Open> {
        self.admit("close_part", matches!(self, Self::Open(_)), findings);
        let Self::Open(open) = self else { return None };
        open.news = News::Part;
        let open = *open;
        if !ok {
            *self = Self::Failed(open);
            return None;
        }
        Some(open)
    }

    /// Takes `close_segment`; returns the segment as it was opened and written.
    pub(super) fn take_close(&mut self, ok: bool, findings: &mut Findings) -> Option<Open> {
        self.admit("close_segment", matches!(self, Self::Open(_)), findings);
        let Self::Open(open) = *self else { return None };
        *self = if ok { Self::Closed } else { Self::Failed(open) };
        Some(open)
    }

    /// Takes `update_playlist`; a failed one is a version that nobody saw.
    pub(super) fn take_playlist(&mut self, ended: bool, findings: &mut Findings) {
        if let Self::Open(open) = self
            && open.news == News::Part
            && !ended
        {
            open.news = News::Nothing;
            return;
        }
        let legal = match self {
            Self::Closed => true,
            Self::Idle | Self::Listed => ended,
            _ => false,
        };
        self.admit("update_playlist", legal, findings);
        if legal {
            *self = if ended { Self::Ended } else { Self::Listed };
        }
    }

    /// Takes `expire_segment`.
    pub(super) fn take_expire(&self, findings: &mut Findings) {
        self.admit("expire_segment", matches!(self, Self::Listed | Self::Ended), findings);
    }

    /// Takes `abort_segment`; says whether there was a segment to abort.
    pub(super) fn take_abort(&mut self, aborted: &AbortedSegment, findings: &mut Findings) -> bool {
        self.admit(
            "abort_segment",
            matches!(self, Self::Failed(_) | Self::Unannounced(_)),
            findings,
        );
        let (id, bytes) = match self {
            Self::Unannounced(id) => (*id, 0),
            Self::Open(open) | Self::Failed(open) => (open.start.id, open.bytes),
            _ => return false,
        };
        findings.expect(
            aborted.id == id,
            Rule::Facts,
            format_args!("aborted segment is {}, not {id}", aborted.id),
        );
        findings.expect(
            aborted.bytes == bytes,
            Rule::Facts,
            format_args!("aborted segment has {} bytes, not {bytes}", aborted.bytes),
        );
        *self = Self::Idle;
        true
    }
}

/// Compares what `segment` repeats of `start`.
pub(super) fn check_repeated(start: &SegmentStart, segment: &Segment, findings: &mut Findings) {
    for (name, same) in [
        ("id", segment.id == start.id),
        ("sequence", segment.sequence == start.sequence),
        ("start", segment.start == start.start),
        ("wall", segment.wall == start.wall),
        ("program_date_time", segment.program_date_time == start.program_date_time),
        ("discontinuity", segment.discontinuity == start.discontinuity),
        ("starts_with_idr", segment.starts_with_idr == start.starts_with_idr),
        ("init", segment.init == start.init),
    ] {
        findings.expect(
            same,
            Rule::Facts,
            format_args!("{name} of the segment is another than when it was opened"),
        );
    }
}
