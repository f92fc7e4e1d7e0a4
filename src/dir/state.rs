//! The stored state of a channel: what a later process goes on from.
//!
//! It is text, so that it can be looked at, and written whole before each version of the playlist
//! is published. The version itself is in it too: a process that was killed between the two is made
//! up for when the folder is opened.
//!
//! ```text
//!   hls-segmenter channel 1
//!   token 0203…              the resume token, in hexadecimal
//!   longest 15000            the longest playlist so far, in milliseconds
//!   segment 0100… 000007.ts  a listed segment, in hexadecimal, and its name
//!   leaving 6 20000 - 000006.ts            id, for how long, until when, name
//!   playlist 231             bytes of the playlist, which follow
//!   #EXTM3U …
//!   crc 0376e6e7             CRC-32/MPEG-2 of all bytes before this line
//! ```

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write as _};
use core::str::FromStr;

use super::error::StateError;
use super::leaving::Leaving;
use super::options::is_segment_name;
use crate::crc::crc32_mpeg2;
use crate::playlist::ListedSegment;
use crate::resume::{ListEnd, MOST_LISTED, ResumeToken};
use crate::time::WallTime;

/// All that outlives a process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct State {
    pub(super) token: Option<ResumeToken>,
    /// Duration of the longest playlist so far, in milliseconds.
    pub(super) longest_millis: i64,
    /// Segments that are closed and have not left, oldest first; with a VOD list all that were ever
    /// published.
    pub(super) segments: Vec<Entry>,
    pub(super) leaving: Vec<Leaving>,
    /// The playlist's text.
    pub(super) playlist: String,
}

/// A segment that is closed, and its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) listed: ListedSegment,
    pub(super) name: String,
}

impl State {
    /// Returns whether the list has ended.
    pub(super) fn has_ended(&self) -> bool {
        self.token.as_ref().is_some_and(|token| token.list_end == ListEnd::Ends)
    }

    /// Returns whether the last version lists a file that is to be deleted.
    pub(super) fn lists(&self, leaving: &Leaving) -> bool {
        leaving.id.is_some_and(|id| self.entry(id).is_some())
    }

    /// Returns the segment of a number. They stand in its order.
    pub(super) fn entry(&self, id: u64) -> Option<&Entry> {
        let at = self.segments.binary_search_by_key(&id, |entry| entry.listed.id).ok()?;
        self.segments.get(at)
    }

    /// Writes the name of a segment as its URI.
    pub(super) fn write_name(&self, id: u64, uri: &mut dyn fmt::Write) -> fmt::Result {
        uri.write_str(&self.entry(id).ok_or(fmt::Error)?.name)
    }

    /// Iterates over the names of all files that are listed or kept.
    pub(super) fn names(&self) -> impl Iterator<Item = &String> {
        let leaving = self.leaving.iter().map(|leaving| &leaving.name);
        self.segments.iter().map(|entry| &entry.name).chain(leaving)
    }

    /// Returns the stored form.
    pub(super) fn to_text(&self) -> String {
        let mut text = String::with_capacity(64 * (4 + self.segments.len()) + self.playlist.len());
        let _ = self.write(&mut text);
        let crc = crc32_mpeg2(text.as_bytes());
        let _ = writeln!(text, "crc {crc:08x}");
        text
    }

    fn write(&self, text: &mut String) -> fmt::Result {
        writeln!(text, "{HEAD}")?;
        if let Some(token) = self.token {
            writeln!(text, "token {}", Hex(&token.to_bytes()))?;
        }
        writeln!(text, "longest {}", self.longest_millis)?;
        for Entry { listed, name } in &self.segments {
            writeln!(text, "segment {} {name}", Hex(&listed.to_bytes()))?;
        }
        for Leaving { id, name, keep_millis, until } in &self.leaving {
            writeln!(text, "leaving {} {keep_millis} {} {name}", Field(*id), millis(*until))?;
        }
        write!(text, "playlist {}\n{}", self.playlist.len(), self.playlist)
    }

    /// Reads the stored form.
    ///
    /// # Errors
    ///
    /// [`StateError::Format`] where the first line is another, or the rest makes no sense although
    /// its check sum is right; [`StateError::Damaged`] where it is wrong.
    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, StateError> {
        if !bytes.starts_with(HEAD.as_bytes()) {
            return Err(StateError::Format);
        }
        let at = bytes.len().checked_sub(CRC_LINE_LEN).ok_or(StateError::Damaged)?;
        let (fields, crc) = bytes.split_at_checked(at).ok_or(StateError::Damaged)?;
        let mut line = String::new();
        let _ = writeln!(line, "crc {:08x}", crc32_mpeg2(fields));
        if crc != line.as_bytes() {
            return Err(StateError::Damaged);
        }
        let text = core::str::from_utf8(fields).map_err(|_| StateError::Format)?;
        Self::read(text).filter(Self::is_coherent).ok_or(StateError::Format)
    }

    /// Returns whether the segments follow each other, and end with those of the token: a state
    /// that nobody stored is not gone on with.
    fn is_coherent(&self) -> bool {
        let follow = |pair: &[Entry]| {
            let [Entry { listed: a, .. }, Entry { listed: b, .. }] = pair else {
                return false;
            };
            a.id < b.id && a.sequence.checked_add(1) == Some(b.sequence)
        };
        let ends_with = |token: &ResumeToken| {
            let numbers = &token.numbers;
            let next = numbers.first_sequence.checked_add(numbers.listed.into());
            let last = self.segments.last().map(|entry| entry.listed);
            last.is_none_or(|last| {
                last.id < numbers.next_id && last.sequence.checked_add(1) == next
            }) && self.segments.len() >= usize::from(numbers.listed)
        };
        let agrees = self.token.as_ref().map_or(self.segments.is_empty(), ends_with);
        agrees && self.segments.windows(2).all(follow)
    }

    fn read(text: &str) -> Option<Self> {
        let mut state = Self::default();
        let (head, mut rest) = text.split_once('\n')?;
        if head != HEAD {
            return None;
        }
        loop {
            let (line, later) = rest.split_once('\n')?;
            rest = later;
            let (word, fields) = line.split_once(' ')?;
            match word {
                "token" => state.token = Some(read_token(fields)?),
                "longest" => state.longest_millis = read_millis(fields, MOST_LISTED_MILLIS)?,
                "segment" => state.segments.push(read_segment(fields)?),
                "leaving" => state.leaving.push(read_leaving(fields)?),
                "playlist" => {
                    state.playlist = rest.to_owned();
                    return (fields.parse() == Ok(rest.len())).then_some(state);
                }
                _ => return None,
            }
        }
    }
}

fn millis(time: Option<WallTime>) -> Field<i64> {
    Field(time.map(WallTime::unix_millis))
}

/// Bytes as hexadecimal digits.
struct Hex<'a>(&'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

fn read_hex<const LEN: usize>(text: &str) -> Option<[u8; LEN]> {
    let mut bytes = [0; LEN];
    let (digits, rest) = text.as_bytes().as_chunks::<2>();
    if digits.len() != bytes.len() || !rest.is_empty() {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(digits) {
        *byte = u8::from_str_radix(core::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    // `from_str_radix` takes a sign and capitals too.
    digits.as_flattened().iter().all(|digit| b"0123456789abcdef".contains(digit)).then_some(bytes)
}

fn read_token(text: &str) -> Option<ResumeToken> {
    ResumeToken::from_bytes(&read_hex(text)?).ok()
}

fn read_segment(text: &str) -> Option<Entry> {
    let (listed, name) = text.split_once(' ')?;
    let listed = ListedSegment::from_bytes(&read_hex(listed)?).ok()?;
    Some(Entry { listed, name: read_name(name)? })
}

fn read_leaving(text: &str) -> Option<Leaving> {
    let mut fields = text.splitn(4, ' ');
    let mut field = || fields.next();
    let id = read_field(field()?)?;
    let keep_millis = read_millis(field()?, 2 * MOST_LISTED_MILLIS)?;
    let until = read_field(field()?)?.map(WallTime::from_unix_millis);
    Some(Leaving { id, name: read_name(field()?)?, keep_millis, until })
}

/// Reads a name, which is that of a file to delete some day: not just any will do.
fn read_name(text: &str) -> Option<String> {
    is_segment_name(text).then(|| text.to_owned())
}

/// Reads a time for which segments are listed or kept.
fn read_millis(text: &str, most: i64) -> Option<i64> {
    text.parse().ok().filter(|millis| (0..=most).contains(millis))
}

fn read_field<T: FromStr>(text: &str) -> Option<Option<T>> {
    if text == "-" { Some(None) } else { text.parse().ok().map(Some) }
}

/// A number that may be absent, as a field of a line.
struct Field<T>(Option<T>);

impl<T: fmt::Display> fmt::Display for Field<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(value) => value.fmt(f),
            None => f.write_str("-"),
        }
    }
}

/// First line of the stored form.
const HEAD: &str = "hls-segmenter channel 1";

/// Milliseconds of the longest list, of segments with the longest EXTINF. No file has to stay for
/// longer than two of them.
const MOST_LISTED_MILLIS: i64 = (MOST_LISTED as i64 + 1) * u32::MAX as i64;

/// Bytes of the last line.
const CRC_LINE_LEN: usize = "crc 00000000\n".len();
