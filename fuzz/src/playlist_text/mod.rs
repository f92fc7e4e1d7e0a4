//! Texts of the playlist writers against slow models of them: lists over an index, the host's own
//! tags and URIs, delta updates, multivariant lists.

mod index;
mod live;
mod multivariant;

use std::fmt::Write as _;

use arbitrary::{Arbitrary, Unstructured};
use hls_segmenter::playlist::ListedSegment;
use hls_segmenter::time::{Millis, WallTime};

/// The first byte says which writer is meant.
pub fn check(data: &[u8]) {
    let Some((&which, data)) = data.split_first() else {
        return;
    };
    let mut u = Unstructured::new(data);
    // An input that ends early is no list.
    let _ = match which % 4 {
        0 | 1 => index::check(&mut u),
        2 => live::check(&mut u),
        _ => multivariant::check(&mut u),
    };
}

/// What a host writes, in parts: the parts must not matter.
#[derive(Arbitrary, Clone, Debug)]
struct Text(Vec<Part>);

#[derive(Arbitrary, Clone, Debug)]
enum Part {
    Any(String),
    Word(u8),
}

/// What a part is likely to be.
const WORDS: [&str; 32] = [
    "a.ts",
    "#",
    "\n",
    "\r",
    "\"",
    ",",
    ":",
    "=",
    " ",
    "\u{e9}",
    "\u{4e00}",
    "#EXT-X-KEY",
    "METHOD=AES-128",
    "METHOD=SAMPLE-AES",
    "KEYFORMAT=\"identity\"",
    "URI=\"k\"",
    "#EXT-X-DEFINE:",
    "QUERYPARAM=\"q\"",
    "#EXT-X-BYTERANGE:5@0",
    "#EXT-X-BITRATE:900\n",
    "#EXT-X-GAP\n",
    "#EXT-X-CUE-OUT:30\n",
    "#EXTINF",
    "#EXT-X-DISCONTINUITY",
    "-SEQUENCE",
    "#EXT-X-ENDLIST",
    "#EXT-X-MAP",
    "#EXT-X-STREAM-INF",
    "#EXTM3U",
    "0",
    "%20",
    "\u{85}",
];

impl Text {
    fn parts(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|part| match part {
            Part::Any(text) => text,
            Part::Word(word) => WORDS[usize::from(*word) % WORDS.len()],
        })
    }

    fn write(&self, out: &mut dyn std::fmt::Write) -> std::fmt::Result {
        self.parts().try_for_each(|part| out.write_str(part))
    }

    fn whole(&self) -> String {
        self.parts().collect()
    }

    /// Returns the line that it is as a URI (RFC 8216 §4.1).
    fn as_uri(&self) -> Option<String> {
        let text = self.whole();
        let is_uri = !text.is_empty()
            && !text.starts_with('#')
            && text.chars().all(|c| c != '"' && !c.is_control());
        is_uri.then(|| encoded(&text))
    }

    /// Returns the lines that it is as playlist tags of a list of this version.
    fn as_tags(&self, version: u8) -> Option<Vec<String>> {
        let text = self.whole();
        let lines = text.strip_suffix('\n').unwrap_or(&text);
        if text.is_empty() {
            return Some(Vec::new());
        }
        lines.split('\n').map(|line| is_tag(line, version).then(|| line.to_owned())).collect()
    }
}

fn encoded(uri: &str) -> String {
    uri.bytes().fold(String::new(), |mut text, byte| {
        match byte {
            b'!'..=b'~' => text.push(byte.into()),
            _ => write!(text, "%{byte:02X}").unwrap(),
        }
        text
    })
}

/// Returns whether a host may write this line.
fn is_tag(line: &str, version: u8) -> bool {
    if !line.starts_with('#') || line.chars().any(char::is_control) {
        return false;
    }
    let is_in_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let end = line[1..].find(|c| !is_in_name(c)).map_or(line.len(), |at| at + 1);
    let (name, value) = line.split_at(end);
    let attributes = || attributes_of(value.strip_prefix(':').unwrap_or_default());
    let has = |beginning: &str| attributes().iter().any(|text| text.starts_with(beginning));
    let least = match name {
        "#EXTM3U" | "#EXTINF" => return false,
        "#EXT-X-BYTERANGE" => 4,
        "#EXT-X-KEY" if has("KEYFORMAT") || has("METHOD=SAMPLE-AES") => 5,
        "#EXT-X-DEFINE" if has("QUERYPARAM") => 11,
        "#EXT-X-DEFINE" => 8,
        _ => 0,
    };
    let reserved = [
        "VERSION",
        "TARGETDURATION",
        "MEDIA-SEQUENCE",
        "DISCONTINUITY",
        "DISCONTINUITY-SEQUENCE",
        "ENDLIST",
        "PLAYLIST-TYPE",
        "I-FRAMES-ONLY",
        "INDEPENDENT-SEGMENTS",
        "PROGRAM-DATE-TIME",
        "MAP",
        "SERVER-CONTROL",
        "SKIP",
        "PART",
        "PART-INF",
        "PRELOAD-HINT",
        "RENDITION-REPORT",
        "MEDIA",
        "STREAM-INF",
        "I-FRAME-STREAM-INF",
        "SESSION-DATA",
        "SESSION-KEY",
        "CONTENT-STEERING",
    ];
    let is_reserved = name.strip_prefix("#EXT-X-").is_some_and(|name| reserved.contains(&name));
    !is_reserved && least <= version
}

/// Splits at the commas that do not stand between quotes (RFC 8216 §4.2).
fn attributes_of(list: &str) -> Vec<String> {
    let mut attributes = vec![String::new()];
    let mut is_quoted = false;
    for c in list.chars() {
        is_quoted ^= c == '"';
        if c == ',' && !is_quoted {
            attributes.push(String::new());
        } else {
            attributes.last_mut().unwrap().push(c);
        }
    }
    attributes
}

/// A segment, and what the host writes of it.
#[derive(Arbitrary, Clone, Debug)]
struct Item {
    millis: u32,
    flags: u8,
    date: Option<u32>,
    uri: Text,
    tags: Text,
}

impl Item {
    fn listed(&self, nth: usize) -> ListedSegment {
        // Three of four are of a plausible length.
        let millis = if self.flags & 0x30 == 0 { self.millis } else { self.millis % 12_000 };
        let date = self.date.map(|secs| WallTime::from_unix_millis(i64::from(secs) * 1000));
        ListedSegment::new(nth as u64, nth as u64, Millis::new(millis))
            .with_discontinuity(self.flags & 1 == 1)
            .with_gap(self.flags & 2 == 2)
            .with_program_date_time(date)
    }

    /// Returns the lines of the segment.
    fn lines(&self, segment: &ListedSegment, version: u8) -> Option<Vec<String>> {
        let mut lines = Vec::new();
        if segment.discontinuity {
            lines.push("#EXT-X-DISCONTINUITY".to_owned());
        }
        if let Some(date) = segment.program_date_time {
            lines.push(format!("#EXT-X-PROGRAM-DATE-TIME:{date}"));
        }
        let tags = self.tags.as_tags(version)?;
        let name = |line: &str| {
            line.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_' && c != '#')
                .next()
                .map(str::to_owned)
        };
        let has_gap = tags.iter().any(|line| name(line).as_deref() == Some("#EXT-X-GAP"));
        lines.extend(tags);
        if segment.gap && !has_gap {
            lines.push("#EXT-X-GAP".to_owned());
        }
        let millis = segment.extinf.millis();
        lines.push(format!("#EXTINF:{}.{:03},", millis / 1000, millis % 1000));
        lines.push(self.uri.as_uri()?);
        Some(lines)
    }
}
