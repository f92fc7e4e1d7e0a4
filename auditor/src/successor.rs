//! What may change from one version of a playlist to the next (RFC 8216 §6.2.1, §6.2.2).

use super::m3u8::{Entry, List};
use super::violation::{Findings, Rule};

/// Compares a version with the one before it; `awaited` is what it must append.
pub(super) fn check_successor(
    old: &List,
    new: &List,
    awaited: Option<u64>,
    findings: &mut Findings,
) {
    let removed = new
        .media_sequence
        .checked_sub(old.media_sequence)
        .and_then(|removed| usize::try_from(removed).ok());
    let Some((gone, kept)) = removed.and_then(|removed| old.entries.split_at_checked(removed))
    else {
        let (from, to) = (old.media_sequence, new.media_sequence);
        findings.add(
            Rule::MediaSequence,
            format_args!("EXT-X-MEDIA-SEQUENCE goes from {from} to {to}"),
        );
        return;
    };
    let Some((same, added)) =
        new.entries.split_at_checked(kept.len()).filter(|(same, _)| are_same(same, kept))
    else {
        findings.add(
            Rule::Successor,
            format_args!("segments that stay have changed, or left from the middle"),
        );
        return;
    };
    let ids: Vec<_> = added.iter().map(|entry| entry.id).collect();
    findings.expect(
        ids.as_slice() == awaited.as_slice(),
        Rule::Successor,
        format_args!("{ids:?} are appended, not {awaited:?}"),
    );
    let tags = gone.iter().filter(|entry| entry.discontinuity).count() as u64;
    let (from, to) = (old.discontinuity_sequence, new.discontinuity_sequence);
    let counted = to == from.wrapping_add(tags);
    findings.expect(
        counted,
        Rule::DiscontinuitySequence,
        format_args!("it goes from {from} to {to} with {tags} tags removed"),
    );
    let needed = new.entries.iter().map(|entry| new.target_for(entry)).fold(old.target, u32::max);
    let (from, to) = (old.target, new.target);
    findings.expect(
        to == needed,
        Rule::TargetChange,
        format_args!("target duration goes from {from} to {to}, not {needed}"),
    );
    findings.expect(
        old.version == new.version,
        Rule::Version,
        format_args!("version goes from {} to {}", old.version, new.version),
    );
    findings.expect(
        old.independent == new.independent,
        Rule::Independent,
        format_args!("the tag comes or goes"),
    );
    if awaited.is_none() {
        let nothing = gone.is_empty() && same.len() == new.entries.len();
        findings.expect(
            nothing,
            Rule::EndList,
            format_args!("more than EXT-X-ENDLIST has changed"),
        );
    }
    if let (Some(last), Some(next)) = (old.entries.last(), added.first()) {
        check_dates(last, next, findings);
    }
}

/// Says whether segments that stay are the same but for EXT-X-GAP, which comes when one is told
/// lost.
fn are_same(new: &[Entry], old: &[Entry]) -> bool {
    new.len() == old.len()
        && new.iter().zip(old).all(|(new, old)| *new == Entry { gap: new.gap, ..*old })
}

/// Compares the dates of two segments that follow each other.
fn check_dates(last: &Entry, next: &Entry, findings: &mut Findings) {
    // A date may be left out, where the host's clock leapt by weeks; what is told must follow.
    let (Some(last_date), Some(date)) = (last.date, next.date) else {
        return;
    };
    let want = last_date + i64::from(last.extinf_millis);
    // Dates follow the host's clock by at most 2 % of a segment.
    let slew = i64::from(last.extinf_millis) / 50;
    let fits = match next.discontinuity {
        false => (date - want).abs() <= 1 + slew,
        // Wall and media clocks differ; what was dated once is not dated again.
        true => date >= want - 1000,
    };
    findings.expect(
        fits,
        Rule::ProgramDateTime,
        format_args!("{:?} follows, not {want}", next.date),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(media_sequence: u64, ids: &[u64]) -> List {
        let entry = |&id: &u64| Entry {
            id,
            extinf_millis: 5000,
            discontinuity: id == 2,
            ..Entry::default()
        };
        List {
            version: 6,
            target: 5,
            media_sequence,
            entries: ids.iter().map(entry).collect(),
            ..List::default()
        }
    }

    #[test]
    fn h_09_only_a_legal_successor_passes() {
        let old = list(1, &[1, 2, 3]);
        let with = |change: fn(&mut List)| {
            let mut new = list(2, &[2, 3, 4]);
            change(&mut new);
            new
        };
        for (new, want) in [
            (with(|_| {}), None),
            (list(1, &[1, 2, 3, 4]), None),
            (with(|new| new.media_sequence = 0), Some(Rule::MediaSequence)),
            (with(|new| new.media_sequence = 5), Some(Rule::MediaSequence)),
            (with(|new| new.media_sequence = 1), Some(Rule::Successor)),
            (with(|new| new.entries[1].gap = true), None),
            (with(|new| new.entries[1].extinf_millis = 4999), Some(Rule::Successor)),
            (with(|new| new.entries[2].id = 5), Some(Rule::Successor)),
            (with(|new| new.target = 4), Some(Rule::TargetChange)),
            (with(|new| new.target = 6), Some(Rule::TargetChange)),
            (with(|new| new.entries[2].extinf_millis = 5499), None),
            (with(|new| new.entries[2].extinf_millis = 5500), Some(Rule::TargetChange)),
            (with(|new| new.version = 3), Some(Rule::Version)),
            (with(|new| new.discontinuity_sequence = 1), Some(Rule::DiscontinuitySequence)),
            (with(|new| new.independent = true), Some(Rule::Independent)),
            (with(|new| new.entries.truncate(2)), Some(Rule::Successor)),
        ] {
            let mut findings = Findings::default();
            check_successor(&old, &new, Some(4), &mut findings);
            assert_eq!(findings.kept().first().map(|violation| violation.rule), want, "{new:?}");
        }
    }

    #[test]
    fn h_13_where_no_segment_is_awaited_only_the_end_comes() {
        let old = list(1, &[1, 2, 3]);
        for (new, want) in [
            (list(1, &[1, 2, 3]), None),
            (list(2, &[2, 3]), Some(Rule::EndList)),
            (list(1, &[1, 2, 3, 4]), Some(Rule::EndList)),
        ] {
            let mut findings = Findings::default();
            check_successor(&old, &new, None, &mut findings);
            assert_eq!(findings.kept().last().map(|violation| violation.rule), want, "{new:?}");
        }
    }

    #[test]
    fn h_08_the_number_grows_with_the_tag_that_leaves() {
        let (old, mut new) = (list(2, &[2, 3]), list(3, &[3, 4]));
        for (number, want) in [(0, 1), (1, 0), (2, 1)] {
            new.discontinuity_sequence = number;
            let mut findings = Findings::default();
            check_successor(&old, &new, Some(4), &mut findings);
            assert_eq!(findings.count(), want, "{number}");
        }
    }

    #[test]
    fn h_15_dates_continue_by_the_duration_to_2_percent_except_behind_a_discontinuity() {
        let entry = |date, discontinuity| Entry {
            id: 1,
            extinf_millis: 5000,
            date,
            discontinuity,
            gap: false,
            init: None,
        };
        let last = entry(Some(10_000), false);
        for (date, discontinuity, want) in [
            (Some(15_101), false, 0),
            (Some(15_102), false, 1),
            (Some(14_899), false, 0),
            (Some(14_898), false, 1),
            (Some(99_000), true, 0),
            (Some(13_999), true, 1),
            (None, false, 0),
        ] {
            let mut findings = Findings::default();
            check_dates(&last, &entry(date, discontinuity), &mut findings);
            assert_eq!(findings.count(), want, "{date:?}");
        }
    }
}
