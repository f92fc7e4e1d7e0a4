//! What can go wrong with a folder.

use alloc::string::String;
use core::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why a folder could not do what it was asked to.
#[derive(Debug)]
#[non_exhaustive]
pub enum DirError {
    /// A file or folder could not be made, read, written, renamed or listed.
    File {
        /// Which one.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// The host chose a name that cannot be that of a file in the folder; [`Options`] says which
    /// can.
    ///
    /// [`Options`]: super::Options
    Name(String),
    /// The host chose a name that another segment has, which players may still ask for.
    NameInUse(String),
    /// The playlist lists a segment that was not written here: the engine was resumed from
    /// elsewhere.
    Unknown {
        /// Number of the segment.
        id: u64,
    },
    /// The folder has a state from which it cannot go on. Nothing was changed.
    State {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: StateError,
    },
}

/// Why a stored state is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StateError {
    /// It is no state, or that of another version.
    Format,
    /// It is not what was stored: its check sum is wrong.
    Damaged,
}

error_texts! {
    StateError {
        Self::Format => "not a channel's state of this version";
        Self::Damaged => "the channel's state is damaged";
    }
}

impl DirError {
    /// Returns the file or folder it happened to, where it is about one.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::File { path, .. } | Self::State { path, .. } => Some(path),
            Self::Name(_) | Self::NameInUse(_) | Self::Unknown { .. } => None,
        }
    }
}

impl fmt::Display for DirError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, source } => write!(f, "{}: {source}", path.display()),
            Self::Name(name) => write!(f, "{name:?} cannot be a file of the channel"),
            Self::NameInUse(name) => write!(f, "{name:?} is the name of another segment"),
            Self::Unknown { id } => write!(f, "segment {id} was not written to this folder"),
            Self::State { path, source } => write!(f, "{}: {source}", path.display()),
        }
    }
}

impl core::error::Error for DirError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            // `Display` has printed the errors below: a printed chain goes on after those.
            Self::File { source, .. } => source.source(),
            Self::Name(_) | Self::NameInUse(_) | Self::Unknown { .. } | Self::State { .. } => None,
        }
    }
}
