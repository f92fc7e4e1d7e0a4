//! Numbers and times that go on from one segment to the next.

use hls_segmenter::time::{TickSpan, WallTime};
use hls_segmenter::{Cause, Segment, SegmentStart};

use super::order;
use super::token::Resumed;
use super::ts::Boundary;
use super::violation::{Findings, Rule};

/// Most by which the sum of EXTINFs may be off: half a millisecond.
const EXTINF_ERROR: i64 = 45;

/// What the next segment must go on with.
#[derive(Clone, Debug, Default)]
pub(super) struct Numbers {
    next_sequence: Option<u64>,
    last_id: Option<u64>,
    last_wall: Option<WallTime>,
    /// A segment was listed, now or before the engine was resumed.
    listed: bool,
    /// Why the next segment breaks with the last one.
    broken: Option<&'static str>,
    /// The timeline is another since the last segment that was closed.
    reset: bool,
    /// The open segment says that it breaks with the last one, and nothing has explained it yet.
    unexplained: bool,
    previous: Option<Segment>,
    /// Durations less EXTINFs so far.
    owed: TickSpan,
}

impl Numbers {
    /// Goes on with an earlier engine's list.
    pub(super) const fn resume(&mut self, token: &Resumed) {
        self.next_sequence = Some(token.next_sequence);
        self.last_id = token.next_id.checked_sub(1);
        self.listed = token.any;
        self.reset = true;
        self.owed = token.carry;
        self.broken = Some("the engine was resumed");
    }

    /// Takes a segment that opens; returns how it follows the one before it.
    pub(super) fn take_open(&mut self, start: &SegmentStart, findings: &mut Findings) -> Boundary {
        let SegmentStart { id, sequence, discontinuity, .. } = *start;
        let new = self.last_id.is_none_or(|last| id > last);
        findings.expect(new, Rule::Id, format_args!("id {id} comes after {:?}", self.last_id));
        self.last_id = Some(self.last_id.map_or(id, |last| last.max(id)));
        if let Some(next) = self.next_sequence {
            findings.expect(
                sequence == next,
                Rule::Sequence,
                format_args!("media sequence number is {sequence}, not {next}"),
            );
        }
        self.next_sequence = Some(sequence);
        let later = self.last_wall.is_none_or(|last| start.wall.is_some_and(|wall| wall > last));
        findings.expect(
            later,
            Rule::Wall,
            format_args!("wall time {:?} comes after {:?}", start.wall, self.last_wall),
        );
        self.last_wall = start.wall.or(self.last_wall);
        self.unexplained = false;
        match (self.listed, self.broken) {
            (false, _) => findings.expect(
                !discontinuity,
                Rule::FirstUntagged,
                format_args!("nothing is listed before"),
            ),
            (true, Some(why)) => {
                findings.expect(
                    discontinuity,
                    Rule::DiscontinuityMissing,
                    format_args!("{why}, and the segment does not say so"),
                );
            }
            (true, None) => {
                self.unexplained = discontinuity;
                self.check_duration(start, findings);
            }
        }
        match (self.listed, discontinuity) {
            (true, false) => Boundary::Continuous,
            (true, true) if self.reset => Boundary::Reset,
            _ => Boundary::Broken,
        }
    }

    fn check_duration(&self, start: &SegmentStart, findings: &mut Findings) {
        let Some(previous) = &self.previous else {
            return;
        };
        let (told, real) = (previous.duration.get(), (start.start - previous.start).get());
        findings.expect(
            told == real,
            Rule::Duration,
            format_args!("segment {} says {told} and lasted {real}", previous.id),
        );
    }

    /// Takes a segment that was closed, or failed to be.
    pub(super) fn take_close(
        &mut self,
        segment: &Segment,
        tables_changed: bool,
        ok: bool,
        findings: &mut Findings,
    ) {
        let resets = matches!(segment.cause, Cause::Discontinuity | Cause::End);
        if !ok {
            self.reset |= resets;
            return;
        }
        let spurious = core::mem::take(&mut self.unexplained) && !tables_changed;
        findings.expect(
            !spurious,
            Rule::DiscontinuitySpurious,
            format_args!("nothing breaks before segment {}", segment.id),
        );
        let breaks = resets || matches!(segment.cause, Cause::ConfigChange | Cause::TrackChange);
        self.broken = breaks.then(|| segment.cause.name());
        (self.reset, self.listed, self.previous) = (resets, true, Some(*segment));
        self.next_sequence = Some(segment.sequence.wrapping_add(1));
        self.owed += segment.duration - segment.extinf.span();
        let off = self.owed.get();
        let close = off.abs() <= EXTINF_ERROR;
        findings.expect(
            close,
            Rule::Extinf,
            format_args!("EXTINFs are {off} ticks short of the durations"),
        );
        if !close {
            self.owed = TickSpan::ZERO;
        }
    }

    /// Takes a segment that was given up.
    pub(super) const fn take_abort(&mut self) {
        self.broken = Some("a segment was aborted");
    }
}

/// Says whether a segment ends with its own last frame, not where the next one begins.
pub(super) const fn ends_with_last_frame(cause: Cause) -> bool {
    matches!(cause, Cause::Discontinuity | Cause::End | Cause::ConfigChange | Cause::TrackChange)
}

/// Compares what is told of a segment at its end with what was told at its beginning.
pub(super) fn check_told(open: &order::Open, segment: &Segment, findings: &mut Findings) {
    order::check_repeated(&open.start, segment, findings);
    let (told, real) = (segment.bytes, open.bytes);
    findings.expect(
        told == real,
        Rule::Facts,
        format_args!("segment says {told} bytes and has {real}"),
    );
}
