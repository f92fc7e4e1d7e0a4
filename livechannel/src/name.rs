//! Names of buckets, channels and playlists: checked once, then fit to build paths and addresses
//! from.

use core::fmt::{self, Write as _};
use std::sync::Arc;

use hls_segmenter::oss::{ParameterError, PutLiveChannel};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// A bucket: 3 to 63 of `a`–`z`, `0`–`9` and `-`, with neither end a `-`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BucketName(Arc<str>);

/// A channel's name: 1 to 64 bytes of UTF-8 without slash, backslash or control characters; neither
/// `.` nor `..`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChannelName(Arc<str>);

/// A channel in its bucket.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct ChannelKey {
    /// Where it lies.
    pub bucket: BucketName,
    /// Its name there.
    pub channel: ChannelName,
}

impl BucketName {
    /// Checks a name; `None` when it is no bucket name.
    pub fn new(name: &str) -> Option<Self> {
        let byte = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
        let sound = (3..=63).contains(&name.len())
            && name.bytes().all(byte)
            && !name.starts_with('-')
            && !name.ends_with('-');
        sound.then(|| Self(name.into()))
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for BucketName {
    fn default() -> Self {
        Self("live".into())
    }
}

impl ChannelName {
    /// Checks a percent-decoded name.
    ///
    /// # Errors
    ///
    /// The rule of PutLiveChannel that it breaks.
    pub fn new(name: &[u8]) -> Result<Self, ParameterError> {
        let checked = PutLiveChannel {
            channel_name: name,
            target_type: Some("HLS"),
            ..PutLiveChannel::default()
        }
        .check()?;
        // A browser takes `..` in an address for a step up, and a control character has no place in
        // one.
        if matches!(checked.name, "." | "..") || checked.name.chars().any(char::is_control) {
            return Err(ParameterError::NameSlash);
        }
        Ok(Self(checked.name.into()))
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl ChannelKey {
    /// Puts a channel into its bucket.
    pub const fn new(bucket: BucketName, channel: ChannelName) -> Self {
        Self { bucket, channel }
    }

    /// Returns the channel's name as it stands in an address.
    pub fn url_channel(&self) -> String {
        url_part(self.channel.as_str())
    }
}

/// Checks the name of a playlist, for a channel or in the address of a publication.
///
/// # Errors
///
/// The rule of PutLiveChannel that it breaks.
pub fn playlist_name(name: &str) -> Result<&str, ParameterError> {
    let checked = PutLiveChannel {
        channel_name: b"channel",
        target_type: Some("HLS"),
        playlist_name: Some(name),
        ..PutLiveChannel::default()
    }
    .check()?;
    if checked.playlist_name.contains('\\') || checked.playlist_name.chars().any(char::is_control) {
        return Err(ParameterError::PlaylistNameSlash);
    }
    Ok(checked.playlist_name)
}

/// Percent-encodes one part of an address.
pub(crate) fn url_part(text: &str) -> String {
    const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    utf8_percent_encode(text, KEPT).to_string()
}

impl fmt::Debug for BucketName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ChannelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

/// For logs: what would turn the rest of a line around, or is not seen, is escaped.
impl fmt::Display for ChannelKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/", self.bucket.as_str())?;
        self.channel.as_str().chars().try_for_each(|letter| {
            if letter.escape_debug().nth(1) == Some('u') {
                write!(f, "{}", letter.escape_debug())
            } else {
                f.write_char(letter)
            }
        })
    }
}

impl fmt::Debug for ChannelKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_a_log_cannot_turn_the_line_around() {
        for (name, want) in [
            ("ch-1 测试 'a' \"b\"", "live/ch-1 测试 'a' \"b\""),
            ("a\u{202e}b\u{2028}", "live/a\\u{202e}b\\u{2028}"),
        ] {
            let name = ChannelName::new(name.as_bytes()).unwrap();
            assert_eq!(ChannelKey::new(BucketName::default(), name).to_string(), want);
        }
    }

    #[test]
    fn o_01_channel_names_cannot_leave_their_folder() {
        for name in ["ch-1", "live channel 2", "测试通过", "..a", "a..b", "%2e%2e"] {
            assert!(ChannelName::new(name.as_bytes()).is_ok(), "{name}");
        }
        for name in ["", ".", "..", "a/b", "a\\b", "../x", "a\0b", "a\nb"] {
            assert!(ChannelName::new(name.as_bytes()).is_err(), "{name:?}");
        }
        assert!(ChannelName::new(&[b'a'; 65]).is_err());
        assert!(ChannelName::new(b"\xff").is_err());
    }

    #[test]
    fn bucket_names_are_lower_case_letters_digits_and_dashes() {
        assert!(BucketName::new("bkt-1").is_some());
        for name in ["", "ab", "Bkt", "a.b", "..", "-abc", "abc-", ".livechannel"] {
            assert!(BucketName::new(name).is_none(), "{name:?}");
        }
    }

    #[test]
    fn o_09_playlist_names_cannot_leave_their_folder() {
        assert_eq!(playlist_name(""), Ok("playlist.m3u8"));
        assert_eq!(playlist_name("a.m3u8"), Ok("a.m3u8"));
        for name in [".m3u8", "a/b.m3u8", "..\\b.m3u8", "a\n.m3u8", "a.ts"] {
            assert!(playlist_name(name).is_err(), "{name:?}");
        }
    }
}
