//! Files of one folder, each written under a temporary name and renamed when it is whole.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::time::SystemTime;

use super::error::DirError;
use super::options::Durability;

/// The files of a folder.
#[derive(Debug)]
pub(super) struct Files {
    folder: PathBuf,
    durability: Durability,
    /// Operations until the process is killed, which a test has it be.
    #[cfg(test)]
    pub(super) lives_for: Option<usize>,
}

/// A file as the folder lists it.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) name: String,
    /// Unix milliseconds of the last write, where the system knows.
    pub(super) written: Option<i64>,
}

impl Files {
    /// Makes the folder if it is not there.
    pub(super) fn new(folder: PathBuf, durability: Durability) -> Result<Self, DirError> {
        match fs::create_dir_all(&folder) {
            Ok(()) => Ok(Self {
                folder,
                durability,
                #[cfg(test)]
                lives_for: None,
            }),
            Err(source) => Err(DirError::File { path: folder, source }),
        }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Begins a file under its temporary name.
    pub(super) fn create(&mut self, name: &str) -> Result<File, DirError> {
        let temporary = temporary(name);
        self.may()
            .and_then(|()| File::create(self.path(&temporary)))
            .map_err(|source| self.error(&temporary, source))
    }

    pub(super) fn write(
        &mut self,
        file: &mut File,
        name: &str,
        bytes: &[u8],
    ) -> Result<(), DirError> {
        self.may().and_then(|()| file.write_all(bytes)).map_err(|source| self.error(name, source))
    }

    /// Gives a file that is whole its name; whatever had it is gone.
    pub(super) fn finish(&mut self, file: &File, name: &str) -> Result<(), DirError> {
        let renamed = self.sync(file).and_then(|()| self.may()).and_then(|()| {
            fs::rename(self.path(&temporary(name)), self.path(name))?;
            self.sync_folder()
        });
        renamed.map_err(|source| self.error(name, source))
    }

    /// Replaces a file in one step, so that nobody sees half of it.
    pub(super) fn replace(&mut self, name: &str, bytes: &[u8]) -> Result<(), DirError> {
        let mut file = self.create(name)?;
        let written = self.write(&mut file, name, bytes).and_then(|()| self.finish(&file, name));
        if written.is_err() {
            let _ = self.remove(&temporary(name));
        }
        written
    }

    /// Deletes a file. One that somebody else took away is gone as well.
    pub(super) fn remove(&mut self, name: &str) -> Result<(), DirError> {
        match self.may().and_then(|()| fs::remove_file(self.path(name))) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(self.error(name, error)),
            _ => Ok(()),
        }
    }

    /// Reads a file, if it is there.
    pub(super) fn read(&self, name: &str) -> Result<Option<Vec<u8>>, DirError> {
        match fs::read(self.path(name)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.error(name, error)),
        }
    }

    /// Lists the files of the folder whose names are text.
    pub(super) fn list(&self) -> Result<Vec<Found>, DirError> {
        let list = || {
            let mut found = Vec::new();
            for entry in fs::read_dir(&self.folder)? {
                let entry = entry?;
                // A file may go while it is looked at.
                let Ok(metadata) = entry.metadata() else { continue };
                let Ok(name) = entry.file_name().into_string() else { continue };
                if metadata.is_file() {
                    let written = metadata.modified().ok().and_then(unix_millis);
                    found.push(Found { name, written });
                }
            }
            Ok(found)
        };
        list().map_err(|source| DirError::File { path: self.folder.clone(), source })
    }

    fn error(&self, name: &str, source: io::Error) -> DirError {
        DirError::File { path: self.path(name), source }
    }

    fn sync(&mut self, file: &File) -> io::Result<()> {
        match self.durability {
            Durability::Process => Ok(()),
            Durability::Power => file.sync_all(),
        }
    }

    /// Makes the names of files as durable as their bytes are. Where a folder cannot be opened as a
    /// file, the system writes names on its own.
    fn sync_folder(&self) -> io::Result<()> {
        match self.durability {
            Durability::Power if cfg!(unix) => File::open(&self.folder)?.sync_all(),
            Durability::Process | Durability::Power => Ok(()),
        }
    }

    /// Counts an operation that changes the folder.
    #[cfg(test)]
    fn may(&mut self) -> io::Result<()> {
        if let Some(lives_for) = &mut self.lives_for {
            *lives_for = lives_for.checked_sub(1).ok_or_else(|| io::Error::other("killed"))?;
        }
        Ok(())
    }

    #[cfg(not(test))]
    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "a test counts here")]
    const fn may(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn unix_millis(time: SystemTime) -> Option<i64> {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    i64::try_from(since.as_millis()).ok()
}

/// Returns the name that a file has while it is not whole.
pub(super) fn temporary(name: &str) -> String {
    format!("{name}{TEMPORARY}")
}

/// How the name of a file ends that is not whole.
pub(super) const TEMPORARY: &str = ".tmp";
