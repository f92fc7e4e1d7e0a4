//! A complete playlist over a list that the host keeps: the VOD playlists of PostVodPlaylist and
//! GetVodPlaylist.

use core::fmt::{self, Write};

use super::ListedSegment;
use super::m3u8::write_segment;

/// A playlist with EXT-X-ENDLIST over any number of segments, as text through
/// [`Display`](fmt::Display).
///
/// The media sequence starts at 0 and the target duration is the longest segment, rounded up. An
/// EXT-X-DISCONTINUITY of the first segment is left out: there is nothing before it.
#[derive(Clone, Copy, Debug)]
pub struct VodPlaylist<I, F> {
    segments: I,
    uri: F,
    typed: bool,
}

impl<I, F> VodPlaylist<I, F>
where
    I: Iterator<Item = ListedSegment> + Clone,
    F: Fn(&ListedSegment, &mut dyn Write) -> fmt::Result,
{
    /// Takes the segments, oldest first, and what writes a segment's URI.
    pub const fn new(segments: I, uri: F) -> Self {
        Self { segments, uri, typed: false }
    }

    /// Adds EXT-X-PLAYLIST-TYPE:VOD (RFC 8216 §4.3.3.5), which OSS leaves out.
    #[must_use]
    pub fn typed(self) -> Self {
        Self { typed: true, ..self }
    }
}

impl<I, F> fmt::Display for VodPlaylist<I, F>
where
    I: Iterator<Item = ListedSegment> + Clone,
    F: Fn(&ListedSegment, &mut dyn Write) -> fmt::Result,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let longest = self.segments.clone().map(|segment| segment.extinf.ceil_secs()).max();
        let target = longest.map_or(1, |secs| secs.secs().max(1));
        f.write_str("#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-MEDIA-SEQUENCE:0\n")?;
        writeln!(f, "#EXT-X-TARGETDURATION:{target}")?;
        if self.typed {
            f.write_str("#EXT-X-PLAYLIST-TYPE:VOD\n")?;
        }
        for (nth, segment) in self.segments.clone().enumerate() {
            let discontinuity = segment.discontinuity && nth > 0;
            write_segment(f, &ListedSegment { discontinuity, ..segment }, &self.uri)?;
        }
        f.write_str("#EXT-X-ENDLIST\n")
    }
}

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

    #[test]
    fn o_31_the_body_is_that_of_the_golden_list_with_the_target_rounded_up() {
        let text = VodPlaylist::new(segments(&[7120, 13_320, 4000]), |segment, uri| {
            write!(uri, "{}.ts", segment.id)
        });
        let want = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-TARGETDURATION:14\n\
            #EXTINF:7.120,\n0.ts\n#EXTINF:13.320,\n1.ts\n#EXT-X-DISCONTINUITY\n#EXTINF:4.000,\n2.ts\n#EXT-X-ENDLIST\n";
        assert_eq!(text.to_string(), want);
        assert!(text.typed().to_string().contains("\n#EXT-X-PLAYLIST-TYPE:VOD\n"));
    }

    #[test]
    fn h_23_a_name_that_is_no_uri_line_is_an_error_and_not_output() {
        for name in ["", "#a.ts", "a b.ts", "a\r.ts", "a\n.ts", "\"a\".ts", "a\u{7f}"] {
            let text = VodPlaylist::new(segments(&[1000]), |_, uri| uri.write_str(name));
            assert!(write!(String::new(), "{text}").is_err(), "{name:?}");
        }
    }

    #[test]
    fn r_25_an_empty_or_short_list_has_a_target_of_one_second() {
        for millis in [&[][..], &[0], &[100]] {
            let text = VodPlaylist::new(segments(millis), |_, uri| uri.write_str("a.ts"));
            assert!(text.to_string().contains("#EXT-X-TARGETDURATION:1\n"));
        }
    }
}
