//! Playlists (RFC 8216 §4, §6.2): the sliding window that an engine lists, lists over a host's own
//! index, multivariant playlists, and the text of all of them.
//!
//! ```text
//!   finished ──► │ oldest … newest │ Window ──► Playlist (a view) ──► M3u8 (Display)
//!   segment      └───── leaving ───► expire_segment
//! ```

mod dates;
mod index;
mod lines;
mod list;
mod listed;
mod live;
mod low_latency;
mod m3u8;
mod multivariant;
mod tags;
mod uri;
mod window;

pub use index::{IndexKind, IndexPlaylist};
pub use lines::NoInit;
pub use listed::ListedSegment;
pub use live::{LiveEdge, NextPart, Reload};
pub use low_latency::LowLatencyM3u8;
pub use m3u8::M3u8;
pub use multivariant::{
    CaptionService, Captions, Multivariant, MultivariantError, Rendition, Variant, VideoRange,
};
pub use tags::NoTags;

pub(crate) use list::{List, Outgrown};

use core::fmt;

use crate::config::PlaylistVersion;
use crate::part::ListedPart;
use crate::resume::ListEnd;
use crate::segment::ExpiredSegment;
use crate::time::Secs;

use live::{Live, advance_limit};
use window::Window;

/// A complete version of the playlist, borrowed for the call.
#[derive(Clone, Copy, Debug)]
pub struct Playlist<'a> {
    window: &'a Window,
    independent_segments: bool,
    token: crate::ResumeToken,
    live: Option<Live<'a>>,
}

impl<'a> Playlist<'a> {
    /// The most segments that are ever listed: 100 of FragCount and eleven to keep three target
    /// durations.
    pub const MAX_SEGMENTS: usize = Window::CAPACITY;

    pub(crate) const fn new(
        window: &'a Window,
        independent_segments: bool,
        token: crate::ResumeToken,
        live: Option<Live<'a>>,
    ) -> Self {
        Self { window, independent_segments, token, live }
    }

    /// Returns the media sequence number of the first listed segment: EXT-X-MEDIA-SEQUENCE.
    pub const fn media_sequence(&self) -> u64 {
        self.window.first_sequence
    }

    /// Returns EXT-X-DISCONTINUITY-SEQUENCE.
    pub const fn discontinuity_sequence(&self) -> u64 {
        self.window.discontinuity_sequence
    }

    /// Returns EXT-X-VERSION, which says how [`target_duration`](Self::target_duration) is rounded.
    pub const fn version(&self) -> PlaylistVersion {
        self.window.version
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
        matches!(self.token.list_end, ListEnd::Ends)
    }

    /// Iterates over the listed segments, oldest first.
    pub fn segments(
        &self,
    ) -> impl DoubleEndedIterator<Item = ListedSegment> + ExactSizeIterator + Clone + 'a {
        self.window.segments()
    }

    /// Iterates over what the list still lists, oldest first, with how long each segment must stay
    /// available once the playlist is taken away: for the host that deletes a list some time after
    /// it has [ended](Self::ended). Nothing tells of these segments otherwise, as the last version
    /// goes on listing them.
    pub fn expiries(
        &self,
    ) -> impl DoubleEndedIterator<Item = ExpiredSegment> + ExactSizeIterator + Clone + 'a {
        self.window.expiries()
    }

    /// Returns where the list ends, for answers to blocking requests; `None` without
    /// [parts](crate::Options::parts).
    pub fn live_edge(&self) -> Option<LiveEdge> {
        let live = self.live.as_ref()?;
        let sequence = self.window.next_sequence();
        Some(LiveEdge {
            sequence,
            parts: live.ring.open_count() as u32,
            closed_parts: live.ring.of_closed(0, 0).count() as u32,
            advance_limit: advance_limit(live.parts),
            ended: self.ended(),
        })
    }

    /// Returns the part that comes next, which EXT-X-PRELOAD-HINT names: it may be asked for before
    /// it is there. `None` where nothing more comes, and without parts.
    pub fn next_part(&self) -> Option<NextPart> {
        self.live.as_ref().filter(|_| !self.ended()).map(Live::next_part)
    }

    /// Iterates over the parts that are listed, oldest first.
    pub fn parts(&self) -> impl Iterator<Item = ListedPart> + 'a {
        let live = self.live;
        let count = self.segments().len();
        let closed = self.segments().enumerate().flat_map(move |(nth, segment)| {
            let parts = live.map(|live| live.ring.of_closed(count - 1 - nth, segment.id));
            parts.into_iter().flatten()
        });
        let open = live.and_then(|live| Some(live.ring.of_open(live.open?.id)));
        closed.chain(open.into_iter().flatten())
    }

    /// Returns what a later engine needs, apart from these segments, to go on where this version of
    /// the list ends. Persist both before you publish this version, see
    /// [`ResumeToken`](crate::ResumeToken).
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
