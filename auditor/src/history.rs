//! Versions of the playlist: each a legal successor of the one before (RFC 8216 §6.2).

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use hls_segmenter::playlist::ListedSegment;
use hls_segmenter::{ExpiredSegment, Segment};

use super::closed::{Closed, entry_of};
use super::m3u8::{Entry, List};
use super::successor::check_successor;
use super::violation::{Findings, Rule};

/// Segments that were closed and have not expired, and the last version that named them.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    /// By id.
    closed: BTreeMap<u64, Closed>,
    version: Option<List>,
    /// Id of the segment that the next version must append.
    awaited: Option<u64>,
    /// Ids that left the list and have not expired.
    leaving: VecDeque<u64>,
    pub(super) frag_count: Option<usize>,
    /// The list was begun by an earlier engine.
    resumed: bool,
    /// The version before is an earlier engine's: its version, and whether it promised independent
    /// segments, are not known.
    unseen: bool,
    /// Sections that were handed over and have not expired.
    sections: BTreeSet<u64>,
}

impl History {
    /// Goes on with an earlier engine's list.
    pub(super) fn resume(
        &mut self,
        listed: &[ListedSegment],
        discontinuity_sequence: u64,
        target: u32,
    ) {
        let mut list = List { target, discontinuity_sequence, ..List::default() };
        for &listed in listed {
            if list.entries.is_empty() {
                list.media_sequence = listed.sequence;
            }
            list.entries.push(entry_of(&listed));
            self.sections.extend(listed.init);
            self.closed.insert(
                listed.id,
                Closed { listed, starts_with_idr: None, longest_millis: 0, exact: false },
            );
        }
        let length = length_millis(&list);
        self.closed.values_mut().for_each(|closed| closed.longest_millis = length);
        (self.resumed, self.unseen) = (true, true);
        self.version = (!list.entries.is_empty()).then_some(list);
    }

    /// Takes a section.
    pub(super) fn take_section(&mut self, id: u64) {
        self.sections.insert(id);
    }

    /// Takes a segment that was closed.
    pub(super) fn take_close(&mut self, segment: &Segment) {
        let listed = ListedSegment::from(segment);
        let idr = Some(segment.starts_with_idr);
        self.closed.insert(
            segment.id,
            Closed { listed, starts_with_idr: idr, longest_millis: 0, exact: true },
        );
        self.awaited = Some(segment.id);
    }

    /// Takes the word that a closed segment is lost.
    pub(super) fn take_lost(&mut self, id: u64) {
        if let Some(closed) = self.closed.get_mut(&id) {
            closed.listed.gap = true;
        }
    }

    /// Takes a segment that opens: by now all that left the list has expired.
    pub(super) fn take_open(&mut self, findings: &mut Findings) {
        for id in self.leaving.drain(..) {
            findings
                .add(Rule::Expiry, format_args!("segment {id} left the list and did not expire"));
        }
    }

    /// Takes a version of the playlist.
    pub(super) fn take_list(&mut self, list: List, ended: bool, findings: &mut Findings) {
        findings.expect(
            list.ended == ended,
            Rule::EndList,
            format_args!("EXT-X-ENDLIST: {}, ended: {ended}", list.ended),
        );
        let count = list.entries.len();
        let fits = self.frag_count.is_none_or(|most| count <= most);
        findings.expect(fits, Rule::Window, format_args!("{count} segments are listed"));
        for (sequence, entry) in (list.media_sequence..).zip(&list.entries) {
            self.check_entry(sequence, entry, &list, findings);
        }
        let mut old = self.version.take();
        if let (Some(old), true) = (&mut old, core::mem::take(&mut self.unseen)) {
            (old.independent, old.version) = (list.independent, list.version);
        }
        match &old {
            Some(old) => check_successor(old, &list, self.awaited.take(), findings),
            None => self.check_first(&list, findings),
        }
        let length = length_millis(&list);
        for entry in &list.entries {
            if let Some(closed) = self.closed.get_mut(&entry.id) {
                closed.longest_millis = closed.longest_millis.max(length);
            }
        }
        let gone = old
            .iter()
            .flat_map(|old| &old.entries)
            .filter(|old| list.entries.iter().all(|entry| entry.id != old.id));
        self.leaving.extend(gone.map(|entry| entry.id));
        self.version = Some(list);
    }

    fn check_first(&mut self, list: &List, findings: &mut Findings) {
        let ids: Vec<_> = list.entries.iter().map(|entry| entry.id).collect();
        let fits = ids.as_slice() == self.awaited.take().as_slice();
        findings.expect(fits, Rule::Successor, format_args!("first version names {ids:?}"));
        let tagged = list.entries.first().is_some_and(|entry| entry.discontinuity);
        findings.expect(
            !tagged || self.resumed,
            Rule::FirstUntagged,
            format_args!("first segment has EXT-X-DISCONTINUITY"),
        );
        let number = list.discontinuity_sequence;
        findings.expect(
            number == 0 || self.resumed,
            Rule::DiscontinuitySequence,
            format_args!("it begins with {number}"),
        );
    }

    /// Compares a line of the playlist with the segment that it names.
    fn check_entry(&self, sequence: u64, entry: &Entry, list: &List, findings: &mut Findings) {
        let id = entry.id;
        let long = list.target_for(entry) > list.target;
        findings.expect(
            !long,
            Rule::Target,
            format_args!("segment {id} of {} ms is longer than the target", entry.extinf_millis),
        );
        findings.expect(
            entry.init.is_none_or(|init| self.sections.contains(&init)),
            Rule::Map,
            format_args!("section {:?} was not handed over, or has expired", entry.init),
        );
        match self.closed.get(&id) {
            Some(closed) => closed.check_entry(sequence, entry, list.independent, findings),
            None => findings
                .add(Rule::Unclosed, format_args!("segment {id} was not closed, or has expired")),
        }
    }

    /// Takes a segment that expires.
    pub(super) fn take_expire(&mut self, expired: &ExpiredSegment, findings: &mut Findings) {
        let id = expired.id;
        let next = self.leaving.pop_front();
        findings.expect(
            next == Some(id),
            Rule::Expiry,
            format_args!("segment {id} expires, {next:?} left next"),
        );
        match self.closed.remove(&id) {
            Some(closed) => {
                closed.check_expired(expired, findings);
                self.expire_section(closed.listed.init, expired.init, findings);
            }
            None => findings.add(
                Rule::Expiry,
                format_args!("segment {id} was not closed, or has expired before"),
            ),
        }
    }
}

impl History {
    /// A section expires with the last segment that needs it.
    fn expire_section(
        &mut self,
        of_segment: Option<u64>,
        expired: Option<u64>,
        findings: &mut Findings,
    ) {
        let is_needed = self.closed.values().any(|closed| closed.listed.init == of_segment);
        let want = of_segment.filter(|_| !is_needed);
        findings.expect(
            expired == want,
            Rule::SectionExpiry,
            format_args!("section {expired:?} expires, not {want:?}"),
        );
        if let Some(id) = expired {
            self.sections.remove(&id);
        }
    }
}

fn length_millis(list: &List) -> u64 {
    list.entries.iter().map(|entry| u64::from(entry.extinf_millis)).sum()
}
