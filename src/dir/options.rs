//! What the host chooses of a folder.

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use core::fmt;

use super::files::TEMPORARY;
use crate::playlist::NextPart;
use crate::segment::SegmentStart;

/// What the host chooses of a [`Channel`](super::Channel): names, deletes, and what a file
/// must outlive.
///
/// The name of a segment ends with `.ts`, `.m4s` or `.mp4`, by which the channel knows its files
/// again, as does that of an initialization section; that of a playlist does not. Names are one
/// component of a path on every system: without control character, slash, backslash or colon, and
/// not beginning with a full stop. That of a segment is a URI too, and has no `"`, `#`, `?` or `%`.
///
/// ```
/// use hls_segmenter::dir::{Deletes, Options};
///
/// let options = Options::new()
///     .playlist_name("live.m3u8")
///     .segment_names(|start| format!("live-{}.ts", start.id))
///     .deletes(Deletes::Never);
/// ```
pub struct Options {
    pub(super) playlist_name: String,
    pub(super) vod_name: Option<String>,
    pub(super) segment_name: Box<dyn Fn(&SegmentStart) -> String + Send + Sync>,
    pub(super) init_name: Box<dyn Fn(u64) -> String + Send + Sync>,
    pub(super) part_name: Option<Box<dyn Fn(NextPart) -> String + Send + Sync>>,
    pub(super) deletes: Deletes,
    pub(super) durability: Durability,
}

/// Which segments are deleted. The enum may grow: it is non-exhaustive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Deletes {
    /// Those that have left the playlist and that no player may ask for any more.
    #[default]
    Expired,
    /// None.
    Never,
    /// Expired ones, and those that a list still lists when it ends: they go when they would have
    /// gone if the last version had not listed them. The playlist goes with the first of them, and
    /// what was stored of the channel with the last: then the folder is empty, and a new list may
    /// begin.
    Ended,
}

/// What a file that was written must outlive. The enum may grow: it is non-exhaustive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Durability {
    /// That the process is killed at any point. The operating system may keep files in memory for a
    /// while, and if power is lost, the state may be older than what players have seen.
    #[default]
    Process,
    /// A loss of power too: each file and the folder are flushed to the disk (`fsync`) before
    /// anything relies on them. A version of the playlist waits for the disk four times, which
    /// takes milliseconds on solid-state disks and tens of them on others.
    Power,
}

impl Options {
    /// Begins with `playlist.m3u8` and `000000.ts`, `000001.ts`, …, the numbers those of
    /// [`SegmentStart::id`], in fMP4 `000000.m4s` and so on, and `init-000000.mp4`; expired
    /// segments are deleted.
    pub fn new() -> Self {
        Self {
            playlist_name: "playlist.m3u8".to_owned(),
            vod_name: None,
            segment_name: Box::new(|start| {
                let suffix = if start.init.is_some() { ".m4s" } else { ".ts" };
                format!("{:06}{suffix}", start.id)
            }),
            init_name: Box::new(|id| format!("init-{id:06}.mp4")),
            part_name: None,
            deletes: Deletes::default(),
            durability: Durability::default(),
        }
    }

    /// Sets the name of the playlist.
    #[must_use]
    pub fn playlist_name(mut self, name: impl Into<String>) -> Self {
        self.playlist_name = name.into();
        self
    }

    /// Writes a second playlist of everything that was published, with EXT-X-ENDLIST, and deletes
    /// nothing that is in it.
    ///
    /// It grows with the recording, and it is written anew with each version of the playlist, as is
    /// the state: some 200 bytes for each segment, so 150 KB a time after an hour of 5 s segments.
    #[must_use]
    pub fn vod_name(mut self, name: impl Into<String>) -> Self {
        self.vod_name = Some(name.into());
        self
    }

    /// Sets what names a segment when it opens. A name must not come again while its first file is
    /// listed or kept for players: make it from [`SegmentStart::id`], or from the wall time.
    #[must_use]
    pub fn segment_names(
        mut self,
        name: impl Fn(&SegmentStart) -> String + Send + Sync + 'static,
    ) -> Self {
        self.segment_name = Box::new(name);
        self
    }

    /// Sets what names an initialization section, from the id of the first segment that needs it:
    /// always the same name for the same id, and another one for another.
    #[must_use]
    pub fn init_names(mut self, name: impl Fn(u64) -> String + Send + Sync + 'static) -> Self {
        self.init_name = Box::new(name);
        self
    }

    /// Writes a file for each [part](crate::Options::parts) too, and the playlist of Low-Latency
    /// HLS that lists them; sets what names a part, as `000007.3.m4s` for the fourth of the seventh
    /// segment: always the same name for the same part, and another one for another.
    #[must_use]
    pub fn part_names(mut self, name: impl Fn(NextPart) -> String + Send + Sync + 'static) -> Self {
        self.part_name = Some(Box::new(name));
        self
    }

    /// Sets which segments are deleted.
    #[must_use]
    pub const fn deletes(mut self, deletes: Deletes) -> Self {
        self.deletes = deletes;
        self
    }

    /// Sets what files must outlive.
    #[must_use]
    pub const fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }
}

impl Default for Options {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("playlist_name", &self.playlist_name)
            .field("vod_name", &self.vod_name)
            .field("deletes", &self.deletes)
            .field("durability", &self.durability)
            .finish_non_exhaustive()
    }
}

/// Returns whether a segment may have this name.
pub(super) fn is_segment_name(name: &str) -> bool {
    is_component(name) && ends_as_segment(name) && !name.contains(['"', '#', '?', '%'])
}

/// Returns whether a playlist may have this name.
pub(super) fn is_playlist_name(name: &str) -> bool {
    is_component(name) && !ends_as_segment(name) && !name.ends_with(TEMPORARY)
}

/// Returns whether a name is one component of a path on every system.
fn is_component(name: &str) -> bool {
    let is_allowed = |c: char| !c.is_control() && !['/', '\\', ':'].contains(&c);
    !name.is_empty() && !name.starts_with('.') && name.chars().all(is_allowed)
}

/// Returns whether a name ends as that of a segment or of an initialization section.
fn ends_as_segment(name: &str) -> bool {
    SEGMENTS.iter().any(|suffix| name.ends_with(suffix))
}

/// Returns whether a name is the temporary one of a segment or of an initialization section.
pub(super) fn is_temporary_segment(name: &str) -> bool {
    name.strip_suffix(TEMPORARY).is_some_and(ends_as_segment)
}

/// How the names of segments and of initialization sections end.
const SEGMENTS: [&str; 3] = [".ts", ".m4s", ".mp4"];
