//! Where everything lies that must outlive a node: an object store, behind the few calls that are
//! needed of it.
//!
//! Whatever is written twice is a cell ([`cells`]); all else is written once, under a name of its own.

mod cells;
mod form;
mod layout;
mod open;
mod record;
mod segment;
mod segments;

#[cfg(test)]
pub(crate) use cells::tests::stores;
pub(crate) use cells::{Cells, SwapError, Version};
pub(crate) use form::{Container, Form};
pub(crate) use layout::{Layout, decode_part, stem};
pub use open::{StoreAddress, StoreError};
pub(crate) use record::{
    ChannelRecord, ChannelState, Cut, Dropped, Lease, LiveSession, Media, Refused, SnapshotRecord,
    StoredAudio, StoredList, StoredVideo,
};
pub(crate) use segment::{MediaKind, MediaName, StoredInit, StoredSegment};
pub(crate) use segments::{INDEX_TAIL, SegmentIndex};

use std::sync::Arc;

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use object_store::path::Path;
use object_store::{
    Attribute, Attributes, GetOptions, GetRange, GetResult, ObjectMeta, ObjectStore,
    ObjectStoreExt as _, PutMode, PutOptions, Result,
};

/// An object store and how its paths begin.
#[derive(Clone, Debug)]
pub struct Store {
    objects: Arc<dyn ObjectStore>,
    /// Prefix of every path.
    base: Path,
    /// Whether objects take a content type; a folder does not.
    typed: bool,
    cells: Cells,
}

impl Store {
    /// Wraps any store; `base` goes in front of every path. `typed` says whether it takes content
    /// types.
    pub fn new(objects: Arc<dyn ObjectStore>, base: Path, typed: bool) -> Self {
        let probe = Layout::new(&base).probe();
        let cells = Cells::new(Arc::clone(&objects), probe, typed);
        Self { objects, base, typed, cells }
    }

    /// Opens a folder, which has a way of its own to compare and replace.
    fn folder(path: &std::path::Path) -> Result<Self> {
        let (files, folder) = cells::open_folder(path)?;
        let mut store = Self::new(files, Path::default(), false);
        store.cells = store.cells.with_folder(folder);
        Ok(store)
    }

    /// Makes a store that ends with the process.
    pub fn memory() -> Self {
        Self::new(Arc::new(object_store::memory::InMemory::new()), Path::default(), true)
    }

    pub(crate) fn layout(&self) -> Layout<'_> {
        Layout::new(&self.base)
    }

    /// Returns the objects that change by compare-and-swap.
    pub(crate) const fn cells(&self) -> &Cells {
        &self.cells
    }

    /// Writes an object, whether it is there or not.
    pub(crate) async fn put(&self, path: &Path, body: Bytes, kind: &'static str) -> Result<()> {
        self.put_mode(path, body, kind, PutMode::Overwrite).await
    }

    /// Writes an object that is not there.
    ///
    /// # Errors
    ///
    /// [`object_store::Error::AlreadyExists`] when it is.
    pub(crate) async fn create(&self, path: &Path, body: Bytes, kind: &'static str) -> Result<()> {
        self.put_mode(path, body, kind, PutMode::Create).await
    }

    async fn put_mode(
        &self,
        path: &Path,
        body: Bytes,
        kind: &'static str,
        mode: PutMode,
    ) -> Result<()> {
        let options = put_options(self.typed.then_some(kind), mode);
        self.objects.put_opts(path, body.into(), options).await?;
        Ok(())
    }

    /// Reads a whole object; `None` when it is not there.
    pub(crate) async fn get(&self, path: &Path) -> Result<Option<Bytes>> {
        match self.objects.get(path).await {
            Ok(found) => found.bytes().await.map(Some),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Opens an object for reading, all of it or a range; `None` when it is not there.
    pub(crate) async fn open(
        &self,
        path: &Path,
        range: Option<GetRange>,
    ) -> Result<Option<GetResult>> {
        let options = GetOptions { range, ..GetOptions::default() };
        match self.objects.get_opts(path, options).await {
            Ok(found) => Ok(Some(found)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Looks at an object without reading it; `None` when it is not there.
    pub(crate) async fn head(&self, path: &Path) -> Result<Option<ObjectMeta>> {
        match self.objects.head(path).await {
            Ok(meta) => Ok(Some(meta)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Deletes an object; one that is not there is deleted already.
    pub(crate) async fn delete(&self, path: &Path) -> Result<()> {
        match self.objects.delete(path).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Lists the objects right below a folder, in no order.
    pub(crate) async fn list(&self, folder: &Path) -> Result<Vec<ObjectMeta>> {
        let listed: Vec<ObjectMeta> = self.objects.list(Some(folder)).try_collect().await?;
        Ok(listed)
    }

    /// Lists the objects below a folder whose paths come after `path`, in no order.
    pub(crate) async fn list_after(&self, folder: &Path, path: &Path) -> Result<Vec<ObjectMeta>> {
        self.objects.list_with_offset(Some(folder), path).try_collect().await
    }

    /// Lists the folders right below a folder.
    pub(crate) async fn folders(&self, folder: &Path) -> Result<Vec<Path>> {
        let listed = self.objects.list_with_delimiter(Some(folder)).await?;
        Ok(listed.common_prefixes)
    }
}

/// Returns how an object is put; `kind` is its content type, where the store keeps one.
fn put_options(kind: Option<&'static str>, mode: PutMode) -> PutOptions {
    let mut attributes = Attributes::new();
    if let Some(kind) = kind {
        attributes.insert(Attribute::ContentType, kind.into());
    }
    PutOptions { mode, attributes, ..PutOptions::default() }
}
