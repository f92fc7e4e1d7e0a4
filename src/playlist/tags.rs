//! Playlist tags that the host adds before a segment, checked while they are written (RFC 8216
//! §4.1, §4.3).
//!
//! A media playlist is a sequence of lines, and what one line may say depends on the others. What
//! the host adds must neither break out of its lines nor say a second time what this crate says:
//!
//! ```text
//!   #EXT-X-KEY:METHOD=AES-128,URI="k"     passes, and gets the newline that is missing
//!   #EXT-X-ENDLIST                        refused: the list ends where the engine ends it
//!   evil.ts                               refused: a URI, and so one more segment
//! ```

use core::fmt::{self, Write};

use super::ListedSegment;

/// No tags but those of this crate: what a text has unless the host asks for more.
pub type NoTags = fn(&ListedSegment, bool, &mut dyn Write) -> fmt::Result;

/// Writes no tags.
pub(super) fn no_tags(_: &ListedSegment, _: bool, _: &mut dyn Write) -> fmt::Result {
    Ok(())
}

/// Passes lines of playlist tags on, and refuses everything else.
pub(super) struct TagLines<'f, 'b> {
    out: &'f mut fmt::Formatter<'b>,
    /// EXT-X-VERSION of the text.
    version: u8,
    place: Place,
    name: Beginning,
    attribute: Beginning,
    has_gap: bool,
}

/// What was written, as far as the text depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// EXT-X-GAP is among the tags.
    WithGap,
    /// It is not.
    WithoutGap,
}

/// Where in a line the next character stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// At its beginning.
    Start,
    /// In the name of a tag, which begins with `#`.
    Name,
    /// In the attributes of a tag of which some need a higher version.
    Attributes { is_quoted: bool },
    /// In any other value, or in a comment.
    Value,
}

/// The first characters of a tag, or of one of its attributes: as many as the longest that matters
/// has.
#[derive(Clone, Copy, Debug, Default)]
struct Beginning {
    bytes: [u8; Self::ROOM],
    len: usize,
}

impl<'f, 'b> TagLines<'f, 'b> {
    pub(super) fn new(out: &'f mut fmt::Formatter<'b>, version: u8) -> Self {
        let (name, attribute) = (Beginning::default(), Beginning::default());
        Self { out, version, place: Place::Start, name, attribute, has_gap: false }
    }

    /// Ends the last line.
    pub(super) fn finish(mut self) -> Result<Written, fmt::Error> {
        if self.place != Place::Start {
            self.write_char('\n')?;
        }
        Ok(if self.has_gap { Written::WithGap } else { Written::WithoutGap })
    }

    /// Takes the next character.
    fn take(&mut self, next: char) -> fmt::Result {
        if next == '\n' {
            return self.end_line();
        }
        if next.is_control() {
            return Err(fmt::Error);
        }
        match self.place {
            Place::Start if next == '#' => {
                self.name = Beginning::default();
                self.name.push(next);
                self.place = Place::Name;
            }
            Place::Start => return Err(fmt::Error),
            Place::Name if Beginning::has(next) => self.name.push(next),
            Place::Name => {
                self.end_name()?;
                self.attribute = Beginning::default();
                let matters = NEEDS.iter().any(|needs| needs.tag == self.name.as_bytes());
                self.place = if next == ':' && matters {
                    Place::Attributes { is_quoted: false }
                } else {
                    Place::Value
                };
            }
            Place::Attributes { is_quoted: false } if next == ',' => {
                self.attribute = Beginning::default();
            }
            Place::Attributes { is_quoted } => {
                self.attribute.push(next);
                self.place = Place::Attributes { is_quoted: is_quoted != (next == '"') };
                self.check_version(self.attribute)?;
            }
            Place::Value => {}
        }
        Ok(())
    }

    fn end_line(&mut self) -> fmt::Result {
        match self.place {
            Place::Start => return Err(fmt::Error),
            Place::Name => self.end_name()?,
            Place::Attributes { .. } | Place::Value => {}
        }
        self.place = Place::Start;
        Ok(())
    }

    /// Refuses a tag that this crate writes, or that no list of this version may have.
    fn end_name(&mut self) -> fmt::Result {
        let name = self.name.as_bytes();
        if RESERVED.iter().any(|reserved| reserved.as_bytes() == name) {
            return Err(fmt::Error);
        }
        self.has_gap |= name == GAP;
        self.check_version(Beginning::default())
    }

    /// Refuses a tag, or an attribute as soon as it has begun so, that needs a higher version.
    fn check_version(&self, attribute: Beginning) -> fmt::Result {
        let (tag, attribute) = (self.name.as_bytes(), attribute.as_bytes());
        let refuses = |needs: &Needs| {
            needs.tag == tag && needs.attribute == attribute && self.version < needs.version
        };
        if NEEDS.iter().any(refuses) { Err(fmt::Error) } else { Ok(()) }
    }
}

impl Write for TagLines<'_, '_> {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        part.chars().try_for_each(|next| self.take(next))?;
        self.out.write_str(part)
    }
}

impl Beginning {
    /// One more than the longest reserved name.
    const ROOM: usize = 30;

    /// Returns whether a name goes on with this character. Readers take what follows for the
    /// value, even where it is not separated by the colon that it should be.
    const fn has(next: char) -> bool {
        next.is_ascii_alphanumeric() || matches!(next, '-' | '_')
    }

    /// Adds a character. What is longer than the room is nothing that matters, and no name has a
    /// character that is not ASCII.
    fn push(&mut self, next: char) {
        if let Some(slot) = self.bytes.get_mut(self.len) {
            *slot = u8::try_from(next).unwrap_or(u8::MAX);
            self.len += 1;
        }
    }

    fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

const GAP: &[u8] = b"#EXT-X-GAP";
/// What a tag or an attribute needs.
struct Needs {
    tag: &'static [u8],
    /// How the attribute begins; empty where the tag itself needs the version.
    attribute: &'static [u8],
    version: u8,
}

/// Versions that hosts' tags need above 3 (RFC 8216 §7, draft-pantos-hls-rfc8216bis §8).
const NEEDS: &[Needs] = &[
    Needs { tag: b"#EXT-X-BYTERANGE", attribute: b"", version: 4 },
    Needs { tag: b"#EXT-X-KEY", attribute: b"KEYFORMAT", version: 5 },
    Needs { tag: b"#EXT-X-KEY", attribute: b"METHOD=SAMPLE-AES", version: 5 },
    Needs { tag: b"#EXT-X-DEFINE", attribute: b"", version: 8 },
    Needs { tag: b"#EXT-X-DEFINE", attribute: b"QUERYPARAM", version: 11 },
];

/// Tags that hosts do not write: those that this crate writes or will write, those that turn the
/// list into another kind of list, and those of multivariant playlists, which a media playlist must
/// not have (RFC 8216 §4.1).
const RESERVED: &[&str] = &[
    "#EXTM3U",
    "#EXTINF",
    "#EXT-X-VERSION",
    "#EXT-X-TARGETDURATION",
    "#EXT-X-MEDIA-SEQUENCE",
    "#EXT-X-DISCONTINUITY",
    "#EXT-X-DISCONTINUITY-SEQUENCE",
    "#EXT-X-ENDLIST",
    "#EXT-X-PLAYLIST-TYPE",
    "#EXT-X-I-FRAMES-ONLY",
    "#EXT-X-INDEPENDENT-SEGMENTS",
    "#EXT-X-PROGRAM-DATE-TIME",
    "#EXT-X-MAP",
    "#EXT-X-SERVER-CONTROL",
    "#EXT-X-SKIP",
    "#EXT-X-PART",
    "#EXT-X-PART-INF",
    "#EXT-X-PRELOAD-HINT",
    "#EXT-X-RENDITION-REPORT",
    "#EXT-X-MEDIA",
    "#EXT-X-STREAM-INF",
    "#EXT-X-I-FRAME-STREAM-INF",
    "#EXT-X-SESSION-DATA",
    "#EXT-X-SESSION-KEY",
    "#EXT-X-CONTENT-STEERING",
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::{String, ToString};
    use std::vec::Vec;

    /// Shows tags that are written in these parts, in a text of a version.
    struct Shown<'p>(u8, &'p [&'p str]);

    impl fmt::Display for Shown<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            let mut lines = TagLines::new(f, self.0);
            self.1.iter().try_for_each(|part| lines.write_str(part))?;
            lines.finish().map(drop)
        }
    }

    fn written(version: u8, parts: &[&str]) -> Option<String> {
        let mut text = String::new();
        write!(text, "{}", Shown(version, parts)).is_ok().then_some(text)
    }

    /// Writes a text whole, and in parts of one character: both must be judged alike.
    fn judged(version: u8, text: &str) -> Option<String> {
        let letters: Vec<String> = text.chars().map(|letter| letter.to_string()).collect();
        let parts: Vec<&str> = letters.iter().map(String::as_str).collect();
        let (whole, split) = (written(version, &[text]), written(version, &parts));
        assert_eq!(whole, split, "{text:?}");
        whole
    }

    #[test]
    fn pl_1_whole_lines_pass_and_the_last_one_is_ended() {
        for (text, want) in [
            ("", ""),
            ("#EXT-X-CUE-OUT:30\n", "#EXT-X-CUE-OUT:30\n"),
            ("#EXT-X-CUE-OUT:30", "#EXT-X-CUE-OUT:30\n"),
            ("#EXT-X-GAP", "#EXT-X-GAP\n"),
            ("# \u{e9}\n#EXT-X-BITRATE:900", "# \u{e9}\n#EXT-X-BITRATE:900\n"),
            ("#EXT-X-MAPS:1\n#EXTINFO", "#EXT-X-MAPS:1\n#EXTINFO\n"),
            ("#EXT-X-DISCONTINUITY-SEQUENCES", "#EXT-X-DISCONTINUITY-SEQUENCES\n"),
            ("#ext-x-endlist", "#ext-x-endlist\n"),
        ] {
            assert_eq!(judged(6, text).as_deref(), Some(want), "{text:?}");
        }
    }

    #[test]
    fn pl_1_what_is_no_line_of_a_tag_is_an_error() {
        for text in [
            "a.ts",
            "\n",
            "#A\n\n#B",
            "#A\na.ts",
            " #A",
            "#A\r\n",
            "#A\tB",
            "#A\u{85}",
            "#A\u{7f}",
            "\u{feff}#A",
        ] {
            assert_eq!(judged(6, text), None, "{text:?}");
        }
    }

    #[test]
    fn pl_1_tags_of_this_crate_are_refused_with_and_without_a_value() {
        for tag in RESERVED {
            for after in ["", "\n", ":1", " 1", ":1\n#A", "=1", "\u{e9}"] {
                let text = std::format!("#A\n{tag}{after}");
                assert_eq!(judged(12, &text), None, "{text:?}");
            }
            let longer = std::format!("{tag}S:1\n");
            assert_eq!(judged(12, &longer).as_ref(), Some(&longer));
            assert!(tag.len() < Beginning::ROOM, "{tag}");
        }
    }

    #[test]
    fn pl_2_a_tag_that_needs_a_higher_version_is_refused_below_it() {
        for (text, least) in [
            ("#EXT-X-BYTERANGE:100@0\n", 4),
            ("#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"a\"\n", 5),
            ("#EXT-X-KEY:URI=\"a\",METHOD=SAMPLE-AES-CTR\n", 5),
            ("#EXT-X-KEY:URI=\",METHOD=SAMPLE-AES\"\n#A:,METHOD=SAMPLE-AES\n", 3),
            ("#EXT-X-DEFINE:NAME=\"a\",VALUE=\"QUERYPARAM\"\n", 8),
            ("#EXT-X-DEFINE:QUERYPARAM=\"a\"\n", 11),
            ("#EXT-X-KEY:KEYFORMAT=\"identity\"\n", 5),
            ("#EXT-X-KEY:URI=\"a\",KEYFORMATVERSIONS=\"1\"\n", 5),
            ("#EXT-X-KEY:METHOD=AES-128,URI=\"k?a,KEYFORMAT=b\",IV=0x1\n", 3),
            ("#EXT-X-KEY:METHOD=NONE,XKEYFORMAT=1\n", 3),
            ("#EXT-X-KEYS:KEYFORMAT=1\n", 3),
            ("#EXT-X-KEY:\u{269}KEYFORMAT=1\n", 3),
        ] {
            for version in 3..13 {
                let passes = judged(version, text).is_some();
                assert_eq!(passes, version >= least, "{version} {text}");
            }
        }
    }
}
