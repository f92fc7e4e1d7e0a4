//! The files of parts: written beside the segment that they belong to.

use alloc::string::String;
use alloc::vec::Vec;

use super::error::DirError;
use super::files::Files;
use super::leaving::Leaving;
use super::options::{Options, is_segment_name};

use crate::part::Part;
use crate::playlist::Playlist;

/// What a channel keeps of parts.
#[derive(Debug, Default)]
pub(super) struct Parts {
    /// Bytes of the part that is being written.
    bytes: Vec<u8>,
    /// Names of the parts that the newest version of the playlist lists.
    listed: Vec<String>,
}

impl Parts {
    /// Takes bytes of the open segment.
    pub(super) fn write(&mut self, options: &Options, bytes: &[u8]) {
        if options.part_name.is_some() {
            self.bytes.extend_from_slice(bytes);
        }
    }

    /// Begins a segment.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
    }

    /// Writes a part that is complete.
    pub(super) fn close(
        &mut self,
        files: &mut Files,
        options: &Options,
        part: &Part,
    ) -> Result<(), DirError> {
        let Some(name) = &options.part_name else {
            return Ok(());
        };
        let name = name(part.into());
        if !is_segment_name(&name) {
            return Err(DirError::Name(name));
        }
        files.replace(&name, &self.bytes)?;
        self.bytes.clear();
        Ok(())
    }

    /// Takes a version of the playlist; returns what leaves with it, to be kept for three target
    /// durations more.
    pub(super) fn take_version(
        &mut self,
        options: &Options,
        playlist: Playlist<'_>,
    ) -> Vec<Leaving> {
        let Some(name) = &options.part_name else {
            return Vec::new();
        };
        let listed: Vec<_> = playlist.parts().map(|part| name(part.into())).collect();
        let keep_millis = 3000 * i64::from(playlist.target_duration().secs());
        let gone = self.listed.drain(..).filter(|name| !listed.contains(name));
        let leaving = gone.map(|name| Leaving { id: None, name, keep_millis, until: None });
        let leaving = leaving.collect();
        self.listed = listed;
        leaving
    }

    /// Takes the parts that the newest version lists, which ends the list.
    pub(super) fn leave(&mut self, keep_millis: i64) -> impl Iterator<Item = Leaving> {
        let leaving = move |name| Leaving { id: None, name, keep_millis, until: None };
        self.listed.drain(..).map(leaving)
    }
}
