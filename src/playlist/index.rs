//! A playlist over a list that the host keeps: everything from a start to an end (VOD), everything
//! so far (EVENT), or a window that is wider than the engine's (RFC 8216 §4.3.3.5, §6.2).
//!
//! Such lists are long, a day of segments of 2 s has 43,200, and players read them again every few
//! seconds. A delta update leaves out what they have already (draft-pantos-hls-rfc8216bis
//! §6.2.5.1):
//!
//! ```text
//!   segments of 2 s, Skip Boundary 12 s
//!   │ 0 … 43193                    │ 43194 … 43199 │ the end of the list
//!   └ EXT-X-SKIP:SKIPPED-SEGMENTS= ┴ 12 s are kept ┘
//!     43194
//! ```

use core::fmt::{self, Write};

use crate::config::PlaylistVersion;
use crate::time::Secs;

use super::ListedSegment;
use super::lines::{Before, NoInit, SegmentLines};
use super::tags::NoTags;

/// What a list over a host's index is. Further kinds may come: it is not exhaustive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IndexKind {
    /// A list that is complete. It begins with media sequence number 0, ends with EXT-X-ENDLIST,
    /// and its target duration is that of the longest segment.
    Vod,
    /// All of a stream from its beginning: EXT-X-PLAYLIST-TYPE:EVENT, and media sequence numbers
    /// from 0. Segments are appended, and none is ever removed or changed.
    Event {
        /// EXT-X-TARGETDURATION, the same in every version of the list.
        target: Secs,
    },
    /// The newest segments of a stream. It has no EXT-X-PLAYLIST-TYPE (RFC 8216 §6.2.2).
    Sliding {
        /// EXT-X-TARGETDURATION, the same in every version of the list.
        target: Secs,
        /// EXT-X-MEDIA-SEQUENCE: the number of the first segment that is listed.
        media_sequence: u64,
        /// EXT-X-DISCONTINUITY-SEQUENCE: how many segments with EXT-X-DISCONTINUITY have left the
        /// list.
        discontinuity_sequence: u64,
    },
}

/// A playlist over any number of segments, as text through [`Display`](fmt::Display); nothing is
/// allocated.
///
/// ```
/// use core::fmt::Write;
/// use hls_segmenter::playlist::{IndexKind, IndexPlaylist, ListedSegment};
/// use hls_segmenter::time::{Millis, Secs};
///
/// let index: Vec<_> = (0..3).map(|id| ListedSegment::new(id, id, Millis::new(5005))).collect();
/// let event = IndexKind::Event { target: Secs::new(5) };
/// let text = IndexPlaylist::new(event, index.iter().copied(), |segment, uri| {
///     write!(uri, "{}.ts", segment.id)
/// });
/// assert!(text.to_string().contains("#EXT-X-PLAYLIST-TYPE:EVENT\n"));
/// ```
///
/// Segments are numbered as they come; [`ListedSegment::sequence`] is not looked at. An
/// EXT-X-DISCONTINUITY of the first segment of a list that begins with number 0 is left out: there
/// is nothing before it.
///
/// Writing it fails, as `core::fmt` fails, for a URI or a tag as [`M3u8`](super::M3u8) says, for a
/// segment that is longer than the declared target duration allows, and for a Skip Boundary below
/// six target durations. A target that was taken from
/// [`Playlist::target_duration`](super::Playlist::target_duration) of the newest version is never
/// too short.
#[derive(Clone, Copy, Debug)]
pub struct IndexPlaylist<I, F, T = NoTags, M = NoInit> {
    kind: IndexKind,
    segments: I,
    lines: SegmentLines<F, T, M>,
    version: PlaylistVersion,
    is_typed: bool,
    is_ended: bool,
    has_independent_segments: bool,
    skip: Skip,
}

/// What becomes of segments that players have already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Skip {
    /// They are listed.
    Never,
    /// They are listed, and players learn that they may ask for less.
    Offered { boundary: Secs },
    /// Those before the Skip Boundary are left out.
    Taken { boundary: Secs },
}

impl<I, F> IndexPlaylist<I, F> {
    /// Takes the segments, oldest first, and what writes a segment's URI.
    pub const fn new(kind: IndexKind, segments: I, uri: F) -> Self
    where
        I: Iterator<Item = ListedSegment> + Clone,
        F: Fn(&ListedSegment, &mut dyn Write) -> fmt::Result,
    {
        Self {
            kind,
            segments,
            lines: SegmentLines::new(uri),
            version: PlaylistVersion::V6,
            is_typed: false,
            is_ended: false,
            has_independent_segments: false,
            skip: Skip::Never,
        }
    }
}

impl<I, F, T, M> IndexPlaylist<I, F, T, M> {
    /// Takes EXT-X-VERSION, and with it how EXT-X-TARGETDURATION is rounded, instead of
    /// [`PlaylistVersion::V6`].
    #[must_use]
    pub fn version(self, version: PlaylistVersion) -> Self {
        Self { version, ..self }
    }

    /// Raises EXT-X-VERSION to what the host's tags and segments need, see
    /// [`M3u8::min_version`](super::M3u8::min_version). From 6 on durations are rounded to the
    /// nearest second, whatever [`version`](Self::version) says.
    #[must_use]
    pub fn min_version(mut self, least: u8) -> Self {
        self.lines.least_version = least;
        self
    }

    /// Adds EXT-X-PLAYLIST-TYPE:VOD to a [`Vod`](IndexKind::Vod) list (RFC 8216 §4.3.3.5), which
    /// OSS leaves out; other lists stay as they are.
    #[must_use]
    pub fn typed(self) -> Self {
        Self { is_typed: true, ..self }
    }

    /// Adds EXT-X-ENDLIST: no segment follows. A [`Vod`](IndexKind::Vod) list always has it.
    #[must_use]
    pub fn ended(self) -> Self {
        Self { is_ended: true, ..self }
    }

    /// Adds EXT-X-INDEPENDENT-SEGMENTS (RFC 8216 §4.3.5.1): every segment starts with an IDR
    /// picture.
    #[must_use]
    pub fn independent_segments(self) -> Self {
        Self { has_independent_segments: true, ..self }
    }

    /// Tells players that they may ask for [delta updates](Self::delta), with the Skip Boundary of
    /// at least six target durations (draft-pantos-hls-rfc8216bis §4.4.3.8): CAN-SKIP-UNTIL.
    #[must_use]
    pub fn offer_delta(self, boundary: Secs) -> Self {
        Self { skip: Skip::Offered { boundary }, ..self }
    }

    /// Makes the delta update that answers `_HLS_skip`, with the Skip Boundary that the list
    /// [offers](Self::offer_delta): segments that lie further from the end are counted by one
    /// EXT-X-SKIP, and those that are kept last at least as long as the boundary.
    ///
    /// Everything else is as in the whole list, the sequence numbers too. EXT-X-VERSION is at least
    /// 9 where something is skipped. Nothing is skipped where the list has ended, because players
    /// do not ask again (§6.2.5.1).
    ///
    /// The [tags](Self::tags) of segments that are skipped are skipped with them, except that date
    /// ranges belong to the whole list: a host that has any restates them before the first segment.
    #[must_use]
    pub fn delta(self, boundary: Secs) -> Self {
        Self { skip: Skip::Taken { boundary }, ..self }
    }

    /// Adds playlist tags before segments, see [`M3u8::tags`](super::M3u8::tags). In a delta update
    /// the first segment is the first one that is not skipped.
    pub fn tags<U>(self, tags: U) -> IndexPlaylist<I, F, U, M>
    where
        U: Fn(&ListedSegment, bool, &mut dyn Write) -> fmt::Result,
    {
        IndexPlaylist {
            kind: self.kind,
            segments: self.segments,
            lines: self.lines.with_tags(tags),
            version: self.version,
            is_typed: self.is_typed,
            is_ended: self.is_ended,
            has_independent_segments: self.has_independent_segments,
            skip: self.skip,
        }
    }

    /// Takes what writes the URI of an initialization section, see
    /// [`M3u8::init_uri`](super::M3u8::init_uri). In a delta update EXT-X-MAP is stated again only
    /// where another section begins (§6.2.5.1).
    pub fn init_uri<N>(self, init_uri: N) -> IndexPlaylist<I, F, T, N>
    where
        N: Fn(u64, &mut dyn Write) -> fmt::Result,
    {
        IndexPlaylist {
            kind: self.kind,
            segments: self.segments,
            lines: self.lines.with_init_uri(init_uri),
            version: self.version,
            is_typed: self.is_typed,
            is_ended: self.is_ended,
            has_independent_segments: self.has_independent_segments,
            skip: self.skip,
        }
    }

    /// Returns whether the list has EXT-X-ENDLIST.
    fn is_complete(&self) -> bool {
        self.is_ended || self.kind == IndexKind::Vod
    }
}

impl<I, F, T, M> IndexPlaylist<I, F, T, M>
where
    I: Iterator<Item = ListedSegment> + Clone,
{
    /// Returns how many segments lie further from the end than the Skip Boundary.
    fn skipped(&self) -> usize {
        let boundary = match self.skip {
            Skip::Taken { boundary } if !self.is_complete() => boundary,
            Skip::Taken { .. } | Skip::Offered { .. } | Skip::Never => return 0,
        };
        let boundary = u64::from(boundary.secs()) * 1000;
        let millis = |segment: ListedSegment| u64::from(segment.extinf.millis());
        let mut rest: u64 = self.segments.clone().map(millis).sum();
        let lies_before = |&millis: &u64| {
            rest = rest.saturating_sub(millis);
            rest >= boundary
        };
        self.segments.clone().map(millis).take_while(lies_before).count()
    }

    /// Returns the target duration, where segments are rounded by `rounding`.
    fn target(&self, rounding: PlaylistVersion) -> Secs {
        match self.kind {
            IndexKind::Vod => {
                let longest = self.segments.clone().map(|segment| segment.extinf).max();
                rounding.target_for(longest.unwrap_or_default()).max(Secs::new(1))
            }
            IndexKind::Event { target } | IndexKind::Sliding { target, .. } => target,
        }
    }

    /// Writes the playlist tags that apply to the whole list.
    fn write_header(&self, f: &mut fmt::Formatter<'_>, version: u8, target: Secs) -> fmt::Result {
        writeln!(f, "#EXTM3U\n#EXT-X-VERSION:{version}")?;
        if self.has_independent_segments {
            f.write_str("#EXT-X-INDEPENDENT-SEGMENTS\n")?;
        }
        match self.kind {
            IndexKind::Vod | IndexKind::Event { .. } => f.write_str("#EXT-X-MEDIA-SEQUENCE:0\n")?,
            IndexKind::Sliding { media_sequence, discontinuity_sequence, .. } => {
                writeln!(f, "#EXT-X-MEDIA-SEQUENCE:{media_sequence}")?;
                writeln!(f, "#EXT-X-DISCONTINUITY-SEQUENCE:{discontinuity_sequence}")?;
            }
        }
        writeln!(f, "#EXT-X-TARGETDURATION:{target}")?;
        match self.kind {
            IndexKind::Vod if self.is_typed => f.write_str("#EXT-X-PLAYLIST-TYPE:VOD\n")?,
            IndexKind::Event { .. } => f.write_str("#EXT-X-PLAYLIST-TYPE:EVENT\n")?,
            IndexKind::Vod | IndexKind::Sliding { .. } => {}
        }
        match self.skip {
            Skip::Offered { boundary } | Skip::Taken { boundary } => {
                let least = u64::from(target.secs()) * 6;
                if u64::from(boundary.secs()) < least {
                    return Err(fmt::Error);
                }
                writeln!(f, "#EXT-X-SERVER-CONTROL:CAN-SKIP-UNTIL={boundary}.0")
            }
            Skip::Never => Ok(()),
        }
    }
}

impl<I, F, T, M> fmt::Display for IndexPlaylist<I, F, T, M>
where
    I: Iterator<Item = ListedSegment> + Clone,
    F: Fn(&ListedSegment, &mut dyn Write) -> fmt::Result,
    T: Fn(&ListedSegment, bool, &mut dyn Write) -> fmt::Result,
    M: Fn(u64, &mut dyn Write) -> fmt::Result,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let skipped = self.skipped();
        let needed = if skipped > 0 { SKIP_VERSION } else { 0 };
        let version = self.lines.version(self.version.number().max(needed), self.segments.clone());
        let rounding = PlaylistVersion::rounding_of(version);
        let target = self.target(rounding);
        self.write_header(f, version, target)?;
        if skipped > 0 {
            writeln!(f, "#EXT-X-SKIP:SKIPPED-SEGMENTS={skipped}")?;
        }
        let is_from_the_beginning = !matches!(self.kind, IndexKind::Sliding { .. });
        let mut before = Before::NOTHING;
        for (nth, segment) in self.segments.clone().enumerate() {
            if nth < skipped {
                before.init = segment.init;
                continue;
            }
            let is_the_very_first = is_from_the_beginning && nth == 0;
            let discontinuity = segment.discontinuity && !is_the_very_first;
            let segment = ListedSegment { discontinuity, ..segment };
            if rounding.target_for(segment.extinf) > target {
                return Err(fmt::Error);
            }
            self.lines.write(f, version, &segment, before)?;
            before = Before::after(&segment);
        }
        if self.is_complete() {
            f.write_str("#EXT-X-ENDLIST\n")?;
        }
        Ok(())
    }
}

/// EXT-X-VERSION that EXT-X-SKIP needs (draft-pantos-hls-rfc8216bis §8).
const SKIP_VERSION: u8 = 9;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Millis;
    use std::string::{String, ToString};

    fn segments(millis: &[u32]) -> impl Iterator<Item = ListedSegment> + Clone {
        millis.iter().enumerate().map(|(nth, &millis)| {
            ListedSegment::new(nth as u64, nth as u64 + 7, Millis::new(millis))
                .with_discontinuity(nth != 1)
        })
    }

    /// Writes the URI of a segment.
    fn by_id(segment: &ListedSegment, uri: &mut dyn Write) -> fmt::Result {
        write!(uri, "{}.ts", segment.id)
    }

    fn text_of(text: impl fmt::Display) -> Option<String> {
        let mut written = String::new();
        write!(written, "{text}").is_ok().then_some(written)
    }

    const EVENT: IndexKind = IndexKind::Event { target: Secs::new(2) };

    #[test]
    fn o_31_x1_pl_4_the_body_is_that_of_the_golden_list_but_for_the_version() {
        let text = IndexPlaylist::new(IndexKind::Vod, segments(&[7120, 13_320, 4000]), by_id);
        let want = "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-TARGETDURATION:13\n\
            #EXTINF:7.120,\n0.ts\n#EXTINF:13.320,\n1.ts\n#EXT-X-DISCONTINUITY\n#EXTINF:4.000,\n2.ts\n#EXT-X-ENDLIST\n";
        assert_eq!(text.to_string(), want);
        assert_eq!(text.clone().ended().to_string(), want);
        let older = want.replace("VERSION:6", "VERSION:3").replace("DURATION:13", "DURATION:14");
        assert_eq!(text.clone().version(PlaylistVersion::V3).to_string(), older);
        assert!(text.typed().to_string().contains("\n#EXT-X-PLAYLIST-TYPE:VOD\n"));
    }

    #[test]
    fn pl_4_an_event_list_has_its_type_and_a_sliding_one_has_none() {
        let head = "#EXTM3U\n#EXT-X-VERSION:6\n";
        let body = "#EXTINF:2.000,\n0.ts\n#EXTINF:1.500,\n1.ts\n#EXT-X-DISCONTINUITY\n#EXTINF:2.499,\n2.ts\n";
        let listed = || segments(&[2000, 1500, 2499]);
        let event = IndexPlaylist::new(EVENT, listed(), by_id);
        let tags = "#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-TARGETDURATION:2\n#EXT-X-PLAYLIST-TYPE:EVENT\n";
        assert_eq!(event.to_string(), [head, tags, body].concat());
        assert_eq!(event.clone().typed().to_string(), event.to_string());
        let ended = [head, tags, body, "#EXT-X-ENDLIST\n"].concat();
        assert_eq!(event.ended().to_string(), ended);
        let (target, media_sequence, discontinuity_sequence) = (Secs::new(2), 7, 3);
        let kind = IndexKind::Sliding { target, media_sequence, discontinuity_sequence };
        let sliding = IndexPlaylist::new(kind, listed(), by_id).independent_segments();
        let tags = "#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-MEDIA-SEQUENCE:7\n\
            #EXT-X-DISCONTINUITY-SEQUENCE:3\n#EXT-X-TARGETDURATION:2\n#EXT-X-DISCONTINUITY\n";
        assert_eq!(sliding.typed().to_string(), [head, tags, body].concat());
    }

    #[test]
    fn pl_4_a_segment_that_outgrows_the_declared_target_is_refused_as_the_version_rounds() {
        for (millis, version, least, passes) in [
            (2000, PlaylistVersion::V3, 0, true),
            (2001, PlaylistVersion::V3, 0, false),
            (2001, PlaylistVersion::V3, 5, false),
            (2001, PlaylistVersion::V3, 6, true),
            (2499, PlaylistVersion::V6, 0, true),
            (2500, PlaylistVersion::V6, 0, false),
            (2500, PlaylistVersion::V6, 9, false),
        ] {
            let millis = [1000, millis];
            let text = IndexPlaylist::new(EVENT, segments(&millis), by_id);
            let text = text_of(text.version(version).min_version(least));
            assert_eq!(text.is_some(), passes, "{millis:?} {version:?} {least}");
        }
    }

    #[test]
    fn pl_2_a_vod_list_is_rounded_as_the_version_that_it_says() {
        for (least, version, target) in [(0, 3, 3), (5, 5, 3), (6, 6, 2), (9, 9, 2)] {
            let text = IndexPlaylist::new(IndexKind::Vod, segments(&[2002]), by_id);
            let text = text.version(PlaylistVersion::V3).min_version(least).to_string();
            assert!(text.contains(&std::format!("#EXT-X-VERSION:{version}\n")), "{text}");
            assert!(text.contains(&std::format!("#EXT-X-TARGETDURATION:{target}\n")), "{text}");
        }
    }

    #[test]
    fn ll_12_segments_further_from_the_end_than_the_boundary_are_counted() {
        let twelve = Secs::new(12);
        for (millis, skipped) in [
            (&[2000; 6][..], 0),
            (&[2000; 7], 1),
            (&[2000; 10], 4),
            (&[1, 2000, 2000, 2000, 2000, 2000, 2000], 1),
            (&[2000, 2000, 2000, 2000, 2000, 2000, 1999], 0),
            (&[2000, 2000, 2000, 2000, 2000, 2000, 2000, 1], 1),
            (&[], 0),
        ] {
            let text = IndexPlaylist::new(EVENT, segments(millis), by_id);
            let whole = text.clone().offer_delta(twelve).to_string();
            let delta = text.delta(twelve).to_string();
            assert!(whole.contains("\n#EXT-X-SERVER-CONTROL:CAN-SKIP-UNTIL=12.0\n"), "{whole}");
            let (head, body) = whole.split_at(whole.find("#EXTINF").unwrap_or(whole.len()));
            let kept = body
                .match_indices("#EXT")
                .filter(|(at, _)| body[..*at].matches(".ts\n").count() == skipped);
            let kept = kept.map(|(at, _)| at).next().unwrap_or(0);
            let skip = std::format!("#EXT-X-SKIP:SKIPPED-SEGMENTS={skipped}\n");
            let want = match skipped {
                0 => whole.clone(),
                _ => [&head.replace("VERSION:6", "VERSION:9"), &skip, &body[kept..]].concat(),
            };
            assert_eq!(delta, want, "{millis:?}");
        }
    }

    #[test]
    fn ll_12_nothing_is_skipped_of_a_list_that_has_ended() {
        let twelve = Secs::new(12);
        for kind in [IndexKind::Vod, EVENT] {
            let text = IndexPlaylist::new(kind, segments(&[2000; 20]), by_id).ended();
            let whole = text.clone().offer_delta(twelve).to_string();
            assert_eq!(text.delta(twelve).to_string(), whole);
            assert!(whole.ends_with("#EXT-X-ENDLIST\n"));
        }
    }

    #[test]
    fn ll_12_a_boundary_below_six_targets_is_refused() {
        let text = IndexPlaylist::new(EVENT, segments(&[2000; 20]), by_id);
        for (boundary, passes) in [(0, false), (11, false), (12, true), (u32::MAX, true)] {
            let boundary = Secs::new(boundary);
            assert_eq!(text_of(text.clone().delta(boundary)).is_some(), passes);
            assert_eq!(text_of(text.clone().offer_delta(boundary)).is_some(), passes);
        }
    }

    #[test]
    fn pl_1_ll_12_the_first_segment_that_is_not_skipped_is_the_first() {
        let text = IndexPlaylist::new(EVENT, segments(&[2000; 20]), by_id);
        let text = text.delta(Secs::new(12)).tags(|segment, first, out| {
            if first { write!(out, "#EXT-X-BITRATE:{}", segment.id) } else { Ok(()) }
        });
        let text = text.to_string();
        assert_eq!(text.matches("BITRATE").count(), 1);
        assert!(text.contains("SKIPPED-SEGMENTS=14\n#EXT-X-DISCONTINUITY\n#EXT-X-BITRATE:14\n"));
    }

    #[test]
    fn h_23_a_name_that_is_no_uri_line_is_an_error_and_not_output() {
        for name in ["", "#a.ts", "a\r.ts", "a\n.ts", "\"a\".ts", "a\u{7f}"] {
            let uri = |_: &ListedSegment, uri: &mut dyn Write| uri.write_str(name);
            let text = IndexPlaylist::new(IndexKind::Vod, segments(&[1000]), uri);
            assert!(text_of(text).is_none(), "{name:?}");
        }
    }

    #[test]
    fn h_23_blanks_and_what_is_not_ascii_are_percent_encoded() {
        for (name, want) in [
            ("a b.ts", "a%20b.ts"),
            ("\u{00e9}\u{00df} .ts", "%C3%A9%C3%9F%20.ts"),
            ("\u{2028}", "%E2%80%A8"),
            ("a%20b.ts?x=1&y#z", "a%20b.ts?x=1&y#z"),
        ] {
            let uri = |_: &ListedSegment, uri: &mut dyn Write| uri.write_str(name);
            let text = IndexPlaylist::new(IndexKind::Vod, segments(&[1000]), uri);
            assert!(text.to_string().contains(&std::format!("\n{want}\n")), "{name:?}");
        }
    }

    #[test]
    fn r_25_an_empty_or_short_list_has_a_target_of_one_second() {
        for millis in [&[][..], &[0], &[100]] {
            let text = IndexPlaylist::new(IndexKind::Vod, segments(millis), by_id);
            assert!(text.to_string().contains("#EXT-X-TARGETDURATION:1\n"));
        }
    }
}
