//! A segment that was closed, and what playlists and the expiry say of it.

use hls_segmenter::ExpiredSegment;
use hls_segmenter::playlist::ListedSegment;
use hls_segmenter::time::{TickSpan, WallTime};

use super::m3u8::Entry;
use super::violation::{Findings, Rule};

/// A closed segment that has not expired.
#[derive(Clone, Copy, Debug)]
pub(super) struct Closed {
    pub(super) listed: ListedSegment,
    /// `None` where that is not known.
    pub(super) starts_with_idr: Option<bool>,
    /// Duration of the longest version that named it; less is known of an earlier engine's.
    pub(super) longest_millis: u64,
    pub(super) exact: bool,
}

impl Closed {
    /// Compares a line of the playlist with the segment that it names.
    pub(super) fn check_entry(
        &self,
        sequence: u64,
        entry: &Entry,
        independent: bool,
        findings: &mut Findings,
    ) {
        let Self { listed, starts_with_idr, .. } = self;
        let id = listed.id;
        let want = entry_of(listed);
        let numbered = sequence == listed.sequence;
        findings.expect(
            numbered,
            Rule::MediaSequence,
            format_args!("segment {id} is number {sequence}, not {}", listed.sequence),
        );
        let (is, was) = (entry.extinf_millis, want.extinf_millis);
        findings.expect(
            is == was,
            Rule::Extinf,
            format_args!("segment {id} is listed with {is} ms, not {was}"),
        );
        findings.expect(
            entry.date == want.date,
            Rule::ProgramDateTime,
            format_args!("segment {id} has another date than told"),
        );
        match (entry.discontinuity, want.discontinuity) {
            (false, true) => findings.add(
                Rule::DiscontinuityMissing,
                format_args!("segment {id} is listed without its tag"),
            ),
            (true, false) => findings.add(
                Rule::DiscontinuitySpurious,
                format_args!("segment {id} is listed with a tag"),
            ),
            _ => {}
        }
        let (is, was) = (entry.gap, want.gap);
        findings.expect(
            is == was,
            Rule::Gap,
            format_args!("segment {id} is listed as a gap: {is}, told lost: {was}"),
        );
        findings.expect(
            entry.init == want.init,
            Rule::Map,
            format_args!(
                "segment {id} is listed with section {:?}, not {:?}",
                entry.init, want.init
            ),
        );
        let dependent = independent && *starts_with_idr == Some(false);
        findings.expect(
            !dependent,
            Rule::Independent,
            format_args!("segment {id} starts with no IDR picture"),
        );
    }

    /// Compares what is told when the segment expires.
    pub(super) fn check_expired(&self, expired: &ExpiredSegment, findings: &mut Findings) {
        let Self { listed, longest_millis, exact, .. } = self;
        let id = listed.id;
        let same = expired.sequence == listed.sequence && expired.wall == listed.wall;
        findings.expect(
            same,
            Rule::Expiry,
            format_args!("segment {id} expires under another number or wall time"),
        );
        let millis = u64::from(listed.extinf.millis()) + longest_millis;
        let want = TickSpan::from_millis(millis.cast_signed());
        let right = if *exact { expired.keep_for == want } else { expired.keep_for >= want };
        let kept = expired.keep_for.round_millis();
        findings.expect(
            right,
            Rule::Expiry,
            format_args!("segment {id} is kept for {kept} ms, not {millis}"),
        );
    }
}

/// Returns the line that a playlist should have for a segment.
pub(super) fn entry_of(listed: &ListedSegment) -> Entry {
    Entry {
        id: listed.id,
        extinf_millis: listed.extinf.millis(),
        date: listed.program_date_time.map(WallTime::unix_millis),
        discontinuity: listed.discontinuity,
        gap: listed.gap,
        init: listed.init,
    }
}
