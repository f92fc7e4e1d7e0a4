//! The text of a media playlist (RFC 8216 §4).

use core::fmt::{self, Write};

use super::lines::{Before, NoInit, SegmentLines};
use super::live::NextPart;
use super::low_latency::LowLatencyM3u8;
use super::tags::NoTags;
use super::{ListedSegment, Playlist};

/// A live playlist as text, through [`Display`](fmt::Display); nothing is allocated.
///
/// Blanks and what is not ASCII are percent-encoded in a URI (RFC 3986 §2.1), as UTF-8. Writing it
/// fails, as `core::fmt` fails, when a URI is empty, begins with `#`, or has a control character or
/// a double quote in it: a line like that would not be a URI (§4.1). It fails as well when the
/// host's [tags](Self::tags) are not what they may be.
/// `to_string` panics then, as it does for any `Display` that fails; [`write!`] into a buffer
/// returns the error.
#[derive(Clone, Copy)]
pub struct M3u8<'a, F, T = NoTags, M = NoInit> {
    playlist: Playlist<'a>,
    lines: SegmentLines<F, T, M>,
}

impl<'a, F> M3u8<'a, F> {
    pub(super) const fn new(playlist: Playlist<'a>, uri: F) -> Self {
        Self { playlist, lines: SegmentLines::new(uri) }
    }
}

impl<'a, F, T, M> M3u8<'a, F, T, M> {
    /// Adds playlist tags before segments: `tags` writes none, one or several lines for a segment,
    /// and is told whether the segment is the first of this text.
    ///
    /// Tags such as EXT-X-KEY and EXT-X-BITRATE apply to all segments up to the next such tag. The
    /// segment that they stood before may have left the list, so they are restated before the
    /// first one (RFC 8216 §6.2.3). Tags that belong to the whole list, such as EXT-X-START, are
    /// written before the first one alone. A key that changes every ten segments:
    ///
    /// ```
    /// # use hls_segmenter::playlist::Playlist;
    /// fn encrypted(playlist: Playlist<'_>) -> String {
    ///     let text = playlist.m3u8(|segment, uri| write!(uri, "{}.ts", segment.id));
    ///     text.tags(|segment, first, out| {
    ///         if !first && segment.sequence % 10 != 0 {
    ///             return Ok(());
    ///         }
    ///         // Without the attribute IV it is the media sequence number (§5.2).
    ///         let key = segment.sequence / 10;
    ///         writeln!(out, "#EXT-X-KEY:METHOD=AES-128,URI=\"https://keys.example/{key}\"")
    ///     })
    ///     .to_string()
    /// }
    /// ```
    ///
    /// Every line begins with `#`; the newline of the last one may be left out. The text fails on
    /// an empty line, on a control character, on a tag that this crate writes (EXTINF, EXT-X-MAP,
    /// EXT-X-DISCONTINUITY, EXT-X-PROGRAM-DATE-TIME, EXT-X-PART, EXT-X-SKIP and those of the whole
    /// list), on a tag of multivariant playlists, and on one that needs a higher
    /// [version](Self::min_version).
    pub fn tags<U>(self, tags: U) -> M3u8<'a, F, U, M>
    where
        U: Fn(&ListedSegment, bool, &mut dyn Write) -> fmt::Result,
    {
        M3u8 { playlist: self.playlist, lines: self.lines.with_tags(tags) }
    }

    /// Takes what writes the URI of an initialization section from its id: EXT-X-MAP of segments in
    /// [fMP4](crate::fmp4). The tag stands before the first segment, and wherever another section
    /// begins; EXT-X-VERSION is at least 6 then. A text of such segments fails without this.
    ///
    /// ```
    /// # use hls_segmenter::playlist::Playlist;
    /// fn fragmented(playlist: Playlist<'_>) -> String {
    ///     let text = playlist.m3u8(|segment, uri| write!(uri, "{}.m4s", segment.id));
    ///     text.init_uri(|id, uri| write!(uri, "init-{id}.mp4")).to_string()
    /// }
    /// ```
    pub fn init_uri<N>(self, init_uri: N) -> M3u8<'a, F, T, N>
    where
        N: Fn(u64, &mut dyn Write) -> fmt::Result,
    {
        M3u8 { playlist: self.playlist, lines: self.lines.with_init_uri(init_uri) }
    }

    /// Adds the [parts](crate::Options::parts) of Low-Latency HLS; `part_uri` writes the URI of a
    /// part, of one that is listed and of one that comes next alike. A text of an engine without
    /// parts fails.
    ///
    /// ```
    /// # use hls_segmenter::playlist::Playlist;
    /// fn low_latency(playlist: Playlist<'_>) -> String {
    ///     let text = playlist.m3u8(|segment, uri| write!(uri, "{}.m4s", segment.id));
    ///     text.init_uri(|id, uri| write!(uri, "init-{id}.mp4"))
    ///         .low_latency(|part, uri| write!(uri, "{}.{}.m4s", part.segment, part.index))
    ///         .to_string()
    /// }
    /// ```
    pub fn low_latency<P>(self, part_uri: P) -> LowLatencyM3u8<'a, F, T, M, P>
    where
        P: Fn(NextPart, &mut dyn Write) -> fmt::Result,
    {
        LowLatencyM3u8::new(self.playlist, self.lines, part_uri)
    }

    /// Raises EXT-X-VERSION to what the host's [tags](Self::tags) and segments need, where the
    /// [playlist's](Playlist::version) is lower: IV needs 2, EXT-X-BYTERANGE 4, KEYFORMAT and
    /// SAMPLE-AES 5, EXT-X-DEFINE 8, its QUERYPARAM 11 (RFC 8216 §7, draft-pantos-hls-rfc8216bis
    /// §8).
    ///
    /// EXT-X-TARGETDURATION stays what it is. A list of version 3 rounds it up; from version 6 on
    /// it is rounded to the nearest second, and may still be larger than that: segments must not
    /// exceed it, and it must not change (§4.3.3.1, §6.2.1). So a target that was rounded up is
    /// right under any version. One that was rounded to the nearest second needs version 6, which
    /// this method cannot take away: it only raises.
    #[must_use]
    pub const fn min_version(mut self, least: u8) -> Self {
        self.lines.least_version = least;
        self
    }
}

impl Playlist<'_> {
    /// Writes the tags that a list begins with.
    pub(super) fn write_head(&self, f: &mut fmt::Formatter<'_>, version: u8) -> fmt::Result {
        writeln!(f, "#EXTM3U\n#EXT-X-VERSION:{version}")?;
        if self.independent_segments() {
            f.write_str("#EXT-X-INDEPENDENT-SEGMENTS\n")?;
        }
        writeln!(f, "#EXT-X-TARGETDURATION:{}", self.target_duration())
    }

    /// Writes the numbers of the first segment.
    pub(super) fn write_numbers(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "#EXT-X-MEDIA-SEQUENCE:{}", self.media_sequence())?;
        writeln!(f, "#EXT-X-DISCONTINUITY-SEQUENCE:{}", self.discontinuity_sequence())
    }
}

impl<F, T, M> fmt::Display for M3u8<'_, F, T, M>
where
    F: Fn(&ListedSegment, &mut dyn Write) -> fmt::Result,
    T: Fn(&ListedSegment, bool, &mut dyn Write) -> fmt::Result,
    M: Fn(u64, &mut dyn Write) -> fmt::Result,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let playlist = &self.playlist;
        let version = self.lines.version(playlist.version().number(), playlist.segments());
        playlist.write_head(f, version)?;
        playlist.write_numbers(f)?;
        let mut before = Before::NOTHING;
        for segment in playlist.segments() {
            self.lines.write(f, version, &segment, before)?;
            before = Before::after(&segment);
        }
        if playlist.ended() {
            f.write_str("#EXT-X-ENDLIST\n")?;
        }
        Ok(())
    }
}

impl<F, T, M> fmt::Debug for M3u8<'_, F, T, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("M3u8").field("playlist", &self.playlist).finish_non_exhaustive()
    }
}
