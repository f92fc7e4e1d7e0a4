//! Cells of a folder: the content is compared, and replaced by a rename, under a lock file.
//!
//! What is slow happens outside the lock: the new content is written and synced before it, the
//! folder's entry is synced after it. A process that is stopped at any moment therefore hardly ever
//! holds the lock, and one that is killed never does. Lock files have 256 fixed names, so that
//! channels neither wait for each other nor leave files behind.

use core::time::Duration;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use md5::{Digest as _, Md5};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::{Cell, SwapError, Version};
use crate::service::nonce;

/// Compares and replaces files of one folder.
#[derive(Clone, Debug)]
pub(crate) struct FolderCells {
    files: Arc<LocalFileSystem>,
    locks: PathBuf,
}

/// Opens a folder as a store whose writes survive a power cut.
pub(crate) fn open_folder(
    folder: &FilePath,
) -> object_store::Result<(Arc<LocalFileSystem>, FolderCells)> {
    let files = Arc::new(LocalFileSystem::new_with_prefix(folder)?.with_fsync(true));
    let locks = folder.join(".livechannel").join(".lock");
    Ok((Arc::clone(&files), FolderCells { files, locks }))
}

impl FolderCells {
    pub(super) async fn read(&self, path: &Path) -> object_store::Result<Cell> {
        let path = self.files.path_to_filesystem(path)?;
        let body = blocking(move || read(&path).map_err(|error| failed(&path, error))).await?;
        let version = body.clone().map_or(Version::Absent, Version::Content);
        Ok(Cell { body, version })
    }

    pub(super) async fn swap(
        &self,
        path: &Path,
        seen: &Version,
        body: Bytes,
    ) -> Result<Version, SwapError> {
        let path = self.files.path_to_filesystem(path)?;
        let lock = self.locks.join(lock_name(&path));
        let seen = match seen {
            Version::Content(content) => Some(content.clone()),
            _ => None,
        };
        let next = Version::Content(body.clone());
        let swapped = blocking(move || {
            swap(&path, &lock, seen.as_ref(), &body).map_err(|error| failed(&path, error))
        });
        if swapped.await? { Ok(next) } else { Err(SwapError::Conflict) }
    }
}

/// Replaces a file whose content is `seen`; returns whether it was.
fn swap(path: &FilePath, lock: &FilePath, seen: Option<&Bytes>, body: &[u8]) -> io::Result<bool> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder)?;
    let staged = staged(path, body)?;
    let renamed = locked(lock, || {
        if read(path)?.as_ref() != seen {
            return Ok(false);
        }
        fs::rename(&staged, path).map(|()| true)
    });
    if !matches!(renamed, Ok(true)) {
        let _ = fs::remove_file(&staged);
        return renamed;
    }
    File::open(folder)?.sync_all()?;
    Ok(true)
}

/// Writes the content beside its file, to disk. Names that end in `#` and digits are listed by no
/// store.
fn staged(path: &FilePath, body: &[u8]) -> io::Result<PathBuf> {
    let mut name = path.as_os_str().to_owned();
    name.push(format!("#{}", nonce()));
    let staged = PathBuf::from(name);
    let mut file = OpenOptions::new().write(true).create_new(true).open(&staged)?;
    let written = file.write_all(body).and_then(|()| file.sync_all());
    if let Err(error) = written {
        let _ = fs::remove_file(&staged);
        return Err(error);
    }
    Ok(staged)
}

/// Runs `work` while no other process and no other task holds the lock.
fn locked<T>(lock: &FilePath, work: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    if let Some(folder) = lock.parent() {
        fs::create_dir_all(folder)?;
    }
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(lock)?;
    let begun = Instant::now();
    loop {
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return work(), // closing the file gives the lock back
            Err(Errno::WOULDBLOCK | Errno::INTR) if begun.elapsed() < MOST_WAIT => {
                std::thread::sleep(Duration::from_millis(2));
            }
            Err(error) => return Err(error.into()),
        }
    }
}

fn read(path: &FilePath) -> io::Result<Option<Bytes>> {
    match fs::read(path) {
        Ok(body) => Ok(Some(body.into())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Returns the name that every process gives to the lock of a file.
fn lock_name(path: &FilePath) -> String {
    let mut name = Md5::new();
    for part in [path.parent().and_then(FilePath::file_name), path.file_name()] {
        name.update(part.unwrap_or_default().as_encoded_bytes());
    }
    let first = name.finalize().first().copied().unwrap_or_default();
    format!("{first:02x}")
}

fn failed(path: &FilePath, error: io::Error) -> object_store::Error {
    object_store::Error::Generic {
        store: "folder",
        source: format!("{}: {error}", path.display()).into(),
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> object_store::Result<T> + Send + 'static,
) -> object_store::Result<T> {
    tokio::task::spawn_blocking(work).await?
}

/// How long a lock is waited for.
const MOST_WAIT: Duration = Duration::from_secs(5);
