//! The text of a media playlist (RFC 8216 §4).

use core::fmt::{self, Write};

use super::ListedSegment;
use super::Playlist;
use super::date::Iso8601;

/// A live playlist as text, through [`Display`](fmt::Display); nothing is allocated.
///
/// Writing it fails, as `core::fmt` fails, when a URI is empty, begins with `#`, or has a blank, a
/// control character or a double quote in it: a line like that would not be a URI (§4.1).
/// `to_string` panics then, as it does for any `Display` that fails; [`write!`] into a buffer
/// returns the error.
#[derive(Clone, Copy)]
pub struct M3u8<'a, F> {
    playlist: Playlist<'a>,
    uri: F,
}

impl<'a, F> M3u8<'a, F> {
    pub(super) const fn new(playlist: Playlist<'a>, uri: F) -> Self {
        Self { playlist, uri }
    }
}

impl<F> fmt::Display for M3u8<'_, F>
where
    F: Fn(&ListedSegment, &mut dyn Write) -> fmt::Result,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let playlist = &self.playlist;
        f.write_str("#EXTM3U\n#EXT-X-VERSION:3\n")?;
        if playlist.independent_segments() {
            f.write_str("#EXT-X-INDEPENDENT-SEGMENTS\n")?;
        }
        writeln!(f, "#EXT-X-TARGETDURATION:{}", playlist.target_duration())?;
        writeln!(f, "#EXT-X-MEDIA-SEQUENCE:{}", playlist.media_sequence())?;
        writeln!(f, "#EXT-X-DISCONTINUITY-SEQUENCE:{}", playlist.discontinuity_sequence())?;
        for segment in playlist.segments() {
            write_segment(f, &segment, &self.uri)?;
        }
        if playlist.ended() {
            f.write_str("#EXT-X-ENDLIST\n")?;
        }
        Ok(())
    }
}

impl<F> fmt::Debug for M3u8<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("M3u8").field("playlist", &self.playlist).finish_non_exhaustive()
    }
}

/// Writes a segment's playlist tags and its URI.
pub(super) fn write_segment<F>(
    f: &mut fmt::Formatter<'_>,
    segment: &ListedSegment,
    uri: &F,
) -> fmt::Result
where
    F: Fn(&ListedSegment, &mut dyn Write) -> fmt::Result,
{
    if segment.discontinuity {
        f.write_str("#EXT-X-DISCONTINUITY\n")?;
    }
    if let Some(date) = segment.program_date_time {
        writeln!(f, "#EXT-X-PROGRAM-DATE-TIME:{}", Iso8601(date))?;
    }
    writeln!(f, "#EXTINF:{},", segment.extinf)?;
    let mut line = UriLine { out: f, written: false };
    uri(segment, &mut line)?;
    if !line.written {
        return Err(fmt::Error);
    }
    f.write_str("\n")
}

/// Lets through what can stand in a line of its own as a URI.
struct UriLine<'f, 'b> {
    out: &'f mut fmt::Formatter<'b>,
    written: bool,
}

impl Write for UriLine<'_, '_> {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        let comment = !self.written && part.starts_with('#');
        if comment || part.chars().any(|c| c.is_control() || c.is_whitespace() || c == '"') {
            return Err(fmt::Error);
        }
        self.written |= !part.is_empty();
        self.out.write_str(part)
    }
}
