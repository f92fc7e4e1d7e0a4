//! The sink: a folder of segments and the playlist that names them.

use core::fmt::{self, Write as _};
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use hls_segmenter::playlist::Playlist;
use hls_segmenter::ts::TsPackets;
use hls_segmenter::{AbortedSegment, ExpiredSegment, Segment, SegmentSink, SegmentStart};

use crate::args::Args;
use crate::expiry::Expiry;

/// Writes segments and playlists into a folder: under a temporary name first, renamed when whole.
pub(crate) struct Folder {
    path: PathBuf,
    playlist: PathBuf,
    /// Where every version of the playlist goes, and how many went.
    log: Option<(PathBuf, u64)>,
    expiry: Option<Expiry>,
    /// The open segment's temporary file and its path.
    open: Option<(PathBuf, File)>,
    /// Packets that are not in the file yet; used again for every segment.
    buffer: Vec<u8>,
    filled: usize,
    /// The playlist's text; used again for every version.
    text: String,
}

impl Folder {
    /// Makes the folders where they are not there.
    ///
    /// # Errors
    ///
    /// Those of the operating system.
    pub(crate) fn create(args: &Args) -> Result<Self, FolderError> {
        for path in [Some(&args.out_dir), args.playlist_log.as_ref()].into_iter().flatten() {
            fs::create_dir_all(path).map_err(at(path))?;
        }
        Ok(Self {
            path: args.out_dir.clone(),
            playlist: args.out_dir.join(&args.playlist_name),
            log: args.playlist_log.clone().map(|path| (path, 0)),
            expiry: (!args.keep_all).then(Expiry::default),
            open: None,
            buffer: vec![0; FLUSH_LEN],
            filled: 0,
            text: String::new(),
        })
    }

    fn segment(&self, id: u64) -> PathBuf {
        self.path.join(segment_name(id))
    }

    /// Writes what the buffer holds to the open segment's file.
    fn flush(&mut self) -> Result<(), FolderError> {
        let packets = self.buffer.get(..self.filled).unwrap_or_default();
        if let Some((path, file)) = &mut self.open {
            file.write_all(packets).map_err(at(path))?;
        }
        self.filled = 0;
        Ok(())
    }

    fn delete_expired(&mut self) {
        let due = self.expiry.iter_mut().flat_map(Expiry::take_due);
        for id in due {
            // A file that somebody else took away is gone as well.
            let _ = fs::remove_file(self.path.join(segment_name(id)));
        }
    }
}

impl SegmentSink for Folder {
    type Error = FolderError;

    fn open_segment(&mut self, start: &SegmentStart) -> Result<(), FolderError> {
        let path = temporary(&self.segment(start.id));
        self.filled = 0;
        let file = File::create(&path).map_err(at(&path))?;
        self.open = Some((path, file));
        Ok(())
    }

    fn write_packets(&mut self, packets: TsPackets<'_>) -> Result<(), FolderError> {
        if self.buffer.len() - self.filled < packets.len() {
            self.flush()?;
        }
        if self.buffer.len() < packets.len() {
            self.buffer.resize(packets.len(), 0);
        }
        let room = self.buffer.get_mut(self.filled..).unwrap_or_default();
        let copied = packets.copy_to_slice(room);
        self.filled += copied.map_err(|error| at(&self.path)(io::Error::other(error)))?;
        Ok(())
    }

    fn close_segment(&mut self, segment: &Segment) -> Result<(), FolderError> {
        self.flush()?;
        self.open = None;
        let path = self.segment(segment.id);
        fs::rename(temporary(&path), &path).map_err(at(&path))
    }

    fn update_playlist(&mut self, playlist: Playlist<'_>) -> Result<(), FolderError> {
        let uris = playlist.m3u8(|segment, uri| uri.write_str(&segment_name(segment.id)));
        self.text.clear();
        write!(self.text, "{uris}").map_err(|error| at(&self.playlist)(io::Error::other(error)))?;
        replace(&self.playlist, &self.text)?;
        if let Some((log, versions)) = &mut self.log {
            *versions += 1;
            replace(&log.join(format!("{versions:06}.m3u8")), &self.text)?;
        }
        self.delete_expired();
        Ok(())
    }

    fn expire_segment(&mut self, expired: &ExpiredSegment) {
        if let Some(expiry) = &mut self.expiry {
            expiry.add(expired);
        }
    }

    fn abort_segment(&mut self, aborted: &AbortedSegment) {
        self.open = None;
        // It may never have been made: the segment can have failed to open.
        let _ = fs::remove_file(temporary(&self.segment(aborted.id)));
    }
}

/// Returns the name of a segment's file, which is its URI in the playlist too.
pub(crate) fn segment_name(id: u64) -> String {
    format!("{id:06}.ts")
}

/// A file or folder that could not be made, written or renamed.
#[derive(Debug)]
pub(crate) struct FolderError {
    path: PathBuf,
    source: io::Error,
}

impl fmt::Display for FolderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.source)
    }
}

impl core::error::Error for FolderError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        Some(&self.source)
    }
}

/// Adds the path to an error of the operating system.
fn at(path: &Path) -> impl Fn(io::Error) -> FolderError {
    |source| FolderError { path: path.to_owned(), source }
}

/// Returns the name that a file has while it is not whole.
fn temporary(path: &Path) -> PathBuf {
    let mut name = path.to_owned().into_os_string();
    name.push(".tmp");
    name.into()
}

/// Replaces a file in one step, so that nobody sees half of it.
fn replace(path: &Path, text: &str) -> Result<(), FolderError> {
    let new = temporary(path);
    let replaced = fs::write(&new, text).and_then(|()| fs::rename(&new, path));
    if replaced.is_err() {
        let _ = fs::remove_file(&new);
    }
    replaced.map_err(at(path))
}

/// Bytes of the segment buffer, and so of most writes: a 60 s segment of 6 Mbit/s is 45 MB, which
/// nobody needs in memory.
const FLUSH_LEN: usize = 128 * 1024;
