//! The sliding-window media playlist (RFC 8216 §4.3, §6.2): what it lists, and its text.
//!
//! ```text
//!   finished ──► │ oldest … newest │ Window ──► Playlist (a view) ──► M3u8 (Display)
//!   segment      └───── leaving ───► expire_segment
//! ```

mod date;
mod list;
mod listed;
mod m3u8;
mod vod;
mod window;

pub use listed::ListedSegment;
pub use m3u8::M3u8;
pub use vod::VodPlaylist;

pub(crate) use list::{List, Outgrown};

use core::fmt;

use crate::time::Secs;

use window::Window;

/// A complete version of the playlist, borrowed for the call.
#[derive(Clone, Copy, Debug)]
pub struct Playlist<'a> {
    window: &'a Window,
    independent_segments: bool,
    ended: bool,
    token: crate::ResumeToken,
}

impl<'a> Playlist<'a> {
    /// The most segments that are ever listed: 100 of FragCount and eleven to keep three target
    /// durations.
    pub const MAX_SEGMENTS: usize = Window::CAPACITY;

    pub(crate) const fn new(
        window: &'a Window,
        independent_segments: bool,
        ended: bool,
        token: crate::ResumeToken,
    ) -> Self {
        Self { window, independent_segments, ended, token }
    }

    /// Returns the media sequence number of the first listed segment: EXT-X-MEDIA-SEQUENCE.
    pub const fn media_sequence(&self) -> u64 {
        self.window.first_sequence
    }

    /// Returns EXT-X-DISCONTINUITY-SEQUENCE.
    pub const fn discontinuity_sequence(&self) -> u64 {
        self.window.discontinuity_sequence
    }

    /// Returns EXT-X-TARGETDURATION.
    pub const fn target_duration(&self) -> Secs {
        self.window.target
    }

    /// Returns whether EXT-X-INDEPENDENT-SEGMENTS is carried.
    pub const fn independent_segments(&self) -> bool {
        self.independent_segments
    }

    /// Returns whether the list is complete: EXT-X-ENDLIST.
    pub const fn ended(&self) -> bool {
        self.ended
    }

    /// Iterates over the listed segments, oldest first.
    pub fn segments(
        &self,
    ) -> impl DoubleEndedIterator<Item = ListedSegment> + ExactSizeIterator + 'a {
        self.window.segments()
    }

    /// Returns what a later engine needs, apart from these segments, to go on where this version of
    /// the list ends.
    pub const fn resume_token(&self) -> crate::ResumeToken {
        self.token
    }

    /// Gives the playlist as text; `uri` writes the URI of a segment, relative to the playlist.
    ///
    /// ```
    /// # fn text(playlist: hls_segmenter::playlist::Playlist<'_>) -> String {
    /// playlist.m3u8(|segment, uri| write!(uri, "{}.ts", segment.id)).to_string()
    /// # }
    /// ```
    pub const fn m3u8<F>(self, uri: F) -> M3u8<'a, F>
    where
        F: Fn(&ListedSegment, &mut dyn fmt::Write) -> fmt::Result,
    {
        M3u8::new(self, uri)
    }
}
