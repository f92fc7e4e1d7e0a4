//! Cells: small objects that change only by compare-and-swap on what was read.
//!
//! ```text
//! read ──► body and version ──► swap(version, new body) ──► the next version, or Conflict
//! ```
//!
//! > **The invariant.** Of all writers that read one version, at most one writes the next, however
//! > long each of them waits between its read and its swap.
//!
//! Three ways lead there. Memory and S3 compare the entity tag (`PutMode::Update`). A folder compares
//! the content under a lock file. An S3-compatible store that does not look at `If-Match` (it is
//! tried once) has put-if-absent at least: there a version is an object of its own, with a number.

mod folder;
mod numbered;
#[cfg(test)]
pub(crate) mod tests;

use std::sync::Arc;

use bytes::Bytes;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt as _, PutMode, PutResult, UpdateVersion};
use tokio::sync::OnceCell;

use folder::FolderCells;
use numbered::NumberedCells;

use super::put_options;

pub(super) use folder::open_folder;

/// Which content of a cell was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    /// The cell was not there.
    Absent,
    /// The store's own mark of a version.
    Tag(UpdateVersion),
    /// The content itself.
    Content(Bytes),
    /// The number of the newest version.
    Number(u64),
    /// The revision of etcd that wrote the content.
    #[cfg(feature = "etcd")]
    Revision(i64),
}

/// A cell as it was read.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    pub(crate) body: Option<Bytes>,
    pub(crate) version: Version,
}

/// Why a cell was not changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SwapError {
    /// Somebody else changed the cell since it was read.
    #[error("changed by somebody else meanwhile")]
    Conflict,
    /// The store failed; the change may have been made all the same.
    #[error(transparent)]
    Store(#[from] Error),
}

/// The cells of one store.
#[derive(Clone, Debug)]
pub(crate) struct Cells {
    objects: Arc<dyn ObjectStore>,
    /// Where the one object lies that a store is tried with.
    probe: Path,
    typed: bool,
    folder: Option<FolderCells>,
    mode: Arc<OnceCell<Mode>>,
}

#[derive(Debug)]
enum Mode {
    Tagged,
    Numbered(NumberedCells),
}

impl Cells {
    pub(super) fn new(objects: Arc<dyn ObjectStore>, probe: Path, typed: bool) -> Self {
        Self { objects, probe, typed, folder: None, mode: Arc::default() }
    }

    pub(super) fn with_folder(mut self, folder: FolderCells) -> Self {
        self.folder = Some(folder);
        self
    }

    /// Reads a cell.
    pub(crate) async fn read(&self, path: &Path) -> object_store::Result<Cell> {
        if let Some(folder) = &self.folder {
            return folder.read(path).await;
        }
        match self.mode().await? {
            Mode::Tagged => self.read_tagged(path).await,
            Mode::Numbered(cells) => cells.read(path).await,
        }
    }

    /// Makes `body` the content of a cell that is still what `seen` says.
    ///
    /// A swap whose answer was lost is recognised by its content, which therefore must differ from
    /// that of every other swap.
    pub(crate) async fn swap(
        &self,
        path: &Path,
        seen: &Version,
        body: Bytes,
    ) -> Result<Version, SwapError> {
        let swapped = self.swap_once(path, seen, body.clone()).await;
        if !matches!(swapped, Err(SwapError::Conflict)) {
            return swapped;
        }
        let there = self.read(path).await?;
        if there.body == Some(body) { Ok(there.version) } else { Err(SwapError::Conflict) }
    }

    async fn swap_once(
        &self,
        path: &Path,
        seen: &Version,
        body: Bytes,
    ) -> Result<Version, SwapError> {
        if let Some(folder) = &self.folder {
            return folder.swap(path, seen, body).await;
        }
        match self.mode().await? {
            Mode::Tagged => self.swap_tagged(path, seen, body, "application/json").await,
            Mode::Numbered(cells) => cells.swap(path, seen, body).await,
        }
    }

    /// Reads which version an object is that players load.
    pub(crate) async fn public_version(&self, path: &Path) -> object_store::Result<Version> {
        match (&self.folder, self.mode_of_public().await?) {
            (Some(folder), _) => Ok(folder.read(path).await?.version),
            (None, Some(Mode::Numbered(_))) => Ok(Version::Absent),
            (None, _) => Ok(self.read_tagged(path).await?.version),
        }
    }

    /// Replaces an object that players load, if it is still what `seen` says. A store without
    /// `If-Match` replaces it in any case.
    pub(crate) async fn swap_public(
        &self,
        path: &Path,
        seen: &Version,
        body: Bytes,
        kind: &'static str,
    ) -> Result<Version, SwapError> {
        match (&self.folder, self.mode_of_public().await?) {
            (Some(folder), _) => folder.swap(path, seen, body).await,
            (None, Some(Mode::Numbered(_))) => {
                self.put(path, body, kind, PutMode::Overwrite).await?;
                Ok(Version::Absent)
            }
            (None, _) => self.swap_tagged(path, seen, body, kind).await,
        }
    }

    async fn mode_of_public(&self) -> object_store::Result<Option<&Mode>> {
        if self.folder.is_some() { Ok(None) } else { self.mode().await.map(Some) }
    }

    async fn read_tagged(&self, path: &Path) -> object_store::Result<Cell> {
        match self.objects.get(path).await {
            Ok(found) => {
                let version = Version::Tag(UpdateVersion {
                    e_tag: found.meta.e_tag.clone(),
                    version: found.meta.version.clone(),
                });
                Ok(Cell { body: Some(found.bytes().await?), version })
            }
            Err(Error::NotFound { .. }) => Ok(Cell { body: None, version: Version::Absent }),
            Err(error) => Err(error),
        }
    }

    async fn swap_tagged(
        &self,
        path: &Path,
        seen: &Version,
        body: Bytes,
        kind: &'static str,
    ) -> Result<Version, SwapError> {
        let mode = match seen {
            Version::Tag(version) => PutMode::Update(version.clone()),
            _ => PutMode::Create,
        };
        match self.put(path, body, kind, mode).await {
            Ok(put) => Ok(Version::Tag(put.into())),
            Err(error) if is_conflict(&error) => Err(SwapError::Conflict),
            Err(error) => Err(error.into()),
        }
    }

    /// Finds out, once, whether the store compares entity tags.
    async fn mode(&self) -> object_store::Result<&Mode> {
        let find = || async {
            self.put(&self.probe, "{}".into(), "application/json", PutMode::Overwrite).await?;
            let wrong = UpdateVersion { e_tag: Some(NO_TAG.to_owned()), version: None };
            let tried = self
                .put(&self.probe, "{}".into(), "application/json", PutMode::Update(wrong))
                .await;
            let mode = match tried {
                Ok(_) | Err(Error::NotImplemented { .. }) => {
                    tracing::warn!("the store does not look at If-Match: records are numbered");
                    Mode::Numbered(NumberedCells::new(Arc::clone(&self.objects), self.typed))
                }
                Err(error) if is_conflict(&error) => Mode::Tagged,
                Err(error) => return Err(error),
            };
            Ok(mode)
        };
        self.mode.get_or_try_init(find).await
    }

    async fn put(
        &self,
        path: &Path,
        body: Bytes,
        kind: &'static str,
        mode: PutMode,
    ) -> object_store::Result<PutResult> {
        let options = put_options(self.typed.then_some(kind), mode);
        self.objects.put_opts(path, body.into(), options).await
    }
}

/// Returns whether a conditional write failed because of its condition.
fn is_conflict(error: &Error) -> bool {
    matches!(
        error,
        Error::AlreadyExists { .. }
            | Error::Precondition { .. }
            | Error::NotModified { .. }
            | Error::NotFound { .. }
    )
}

/// An entity tag that no object has.
const NO_TAG: &str = "\"00000000000000000000000000000000\"";
