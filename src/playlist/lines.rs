//! The lines of one segment in a media playlist (RFC 8216 §4.3.2).

use core::fmt::{self, Write};

use super::ListedSegment;
use super::tags::{NoTags, TagLines, Written, no_tags};
use super::uri::UriLine;

/// No URIs of initialization sections: enough for MPEG-TS, where there are none.
pub type NoInit = fn(u64, &mut dyn Write) -> fmt::Result;

/// Fails: a text that leaves out what its segments need would be none.
const fn no_init(_: u64, _: &mut dyn Write) -> fmt::Result {
    Err(fmt::Error)
}

/// EXT-X-VERSION that EXT-X-MAP needs where there are pictures (RFC 8216 §7).
const MAP_VERSION: u8 = 6;

/// What the host writes of each segment, and the version that it needs.
#[derive(Clone, Copy, Debug)]
pub(super) struct SegmentLines<F, T, M> {
    uri: F,
    tags: T,
    init_uri: M,
    pub(super) least_version: u8,
}

/// What of a text stands before a segment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Before {
    /// No segment does.
    pub(super) is_first: bool,
    /// The initialization section in force.
    pub(super) init: Option<u64>,
}

impl Before {
    /// Nothing does.
    pub(super) const NOTHING: Self = Self { is_first: true, init: None };

    /// This segment does.
    pub(super) const fn after(segment: &ListedSegment) -> Self {
        Self { is_first: false, init: segment.init }
    }
}

impl<F> SegmentLines<F, NoTags, NoInit> {
    pub(super) const fn new(uri: F) -> Self {
        Self { uri, tags: no_tags, init_uri: no_init, least_version: 0 }
    }
}

impl<F, T, M> SegmentLines<F, T, M> {
    pub(super) fn with_tags<U>(self, tags: U) -> SegmentLines<F, U, M> {
        let Self { uri, init_uri, least_version, .. } = self;
        SegmentLines { uri, tags, init_uri, least_version }
    }

    pub(super) fn with_init_uri<N>(self, init_uri: N) -> SegmentLines<F, T, N> {
        let Self { uri, tags, least_version, .. } = self;
        SegmentLines { uri, tags, init_uri, least_version }
    }

    /// Returns the version that these segments need, at least `version`. The first one speaks for
    /// all: a list is of one container.
    pub(super) fn version(
        &self,
        version: u8,
        mut segments: impl Iterator<Item = ListedSegment>,
    ) -> u8 {
        let has_init = segments.next().is_some_and(|segment| segment.init.is_some());
        version.max(self.least_version).max(if has_init { MAP_VERSION } else { 0 })
    }
}

impl<F, T, M> SegmentLines<F, T, M>
where
    F: Fn(&ListedSegment, &mut dyn Write) -> fmt::Result,
    T: Fn(&ListedSegment, bool, &mut dyn Write) -> fmt::Result,
    M: Fn(u64, &mut dyn Write) -> fmt::Result,
{
    /// Writes a segment's playlist tags and its URI, in a text of `version`.
    pub(super) fn write(
        &self,
        f: &mut fmt::Formatter<'_>,
        version: u8,
        segment: &ListedSegment,
        before: Before,
    ) -> fmt::Result {
        self.write_tags(f, version, segment, before)?;
        self.write_segment(f, segment)
    }

    /// Writes the tags that go before a segment, and before its parts.
    pub(super) fn write_tags(
        &self,
        f: &mut fmt::Formatter<'_>,
        version: u8,
        segment: &ListedSegment,
        before: Before,
    ) -> fmt::Result {
        if segment.discontinuity {
            f.write_str("#EXT-X-DISCONTINUITY\n")?;
        }
        if let Some(init) = segment.init
            && before.init != Some(init)
        {
            f.write_str("#EXT-X-MAP:URI=\"")?;
            let mut line = UriLine::new(f);
            (self.init_uri)(init, &mut line)?;
            line.finish()?;
            f.write_str("\"\n")?;
        }
        if let Some(date) = segment.program_date_time.filter(|date| date.has_year_of_four_digits())
        {
            writeln!(f, "#EXT-X-PROGRAM-DATE-TIME:{date}")?;
        }
        let mut tags = TagLines::new(f, version);
        (self.tags)(segment, before.is_first, &mut tags)?;
        if tags.finish()? == Written::WithoutGap && segment.gap {
            f.write_str("#EXT-X-GAP\n")?;
        }
        Ok(())
    }

    /// Writes duration and URI.
    pub(super) fn write_segment(
        &self,
        f: &mut fmt::Formatter<'_>,
        segment: &ListedSegment,
    ) -> fmt::Result {
        writeln!(f, "#EXTINF:{},", segment.extinf)?;
        let mut line = UriLine::new(f);
        (self.uri)(segment, &mut line)?;
        line.finish()?;
        f.write_str("\n")
    }
}
