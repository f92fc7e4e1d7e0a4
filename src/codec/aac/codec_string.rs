//! The codecs parameter of AAC streams (RFC 6381 §3.3, ISO/IEC 14496-3 table 1.17).

use core::fmt;

/// The audio object type as playlists and MIME types spell it; displays as `mp4a.40.2`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CodecString(u8);

impl CodecString {
    /// Takes an audio object type: 2 for LC, 5 for HE v1, 29 for HE v2.
    pub const fn new(object_type: u8) -> Self {
        Self(object_type)
    }
}

impl fmt::Display for CodecString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "mp4a.40.{}", self.0)
    }
}
