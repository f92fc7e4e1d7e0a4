//! What every kind of cell has to do, over memory, over a folder, and over a store that does not
//! look at `If-Match`.

use core::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

use super::{SwapError, Version};
use crate::store::{Store, StoreAddress};

/// Memory that takes every conditional update, as older S3-compatible stores do.
#[derive(Debug, Default)]
struct Loose(InMemory);

impl fmt::Display for Loose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("loose")
    }
}

#[async_trait]
impl ObjectStore for Loose {
    async fn put_opts(&self, path: &Path, body: PutPayload, opts: PutOptions) -> Result<PutResult> {
        let mode = if opts.mode == PutMode::Create { PutMode::Create } else { PutMode::Overwrite };
        self.0.put_opts(path, body, PutOptions { mode, ..opts }).await
    }

    async fn put_multipart_opts(
        &self,
        path: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.0.put_multipart_opts(path, options).await
    }

    async fn get_opts(&self, path: &Path, options: GetOptions) -> Result<GetResult> {
        self.0.get_opts(path, options).await
    }

    fn delete_stream(
        &self,
        paths: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.0.delete_stream(paths)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.0.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.0.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.0.copy_opts(from, to, options).await
    }
}

/// A folder that is gone afterwards.
pub(crate) struct Folder(std::path::PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        let name = format!("livechannel-test-{:016x}", crate::service::nonce());
        Self(std::env::temp_dir().join(name))
    }

    pub(crate) fn store(&self) -> Store {
        StoreAddress::Folder(self.0.clone()).open().unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Returns one store of every kind, and the folder that one of them lies in.
pub(crate) fn stores() -> (Vec<(&'static str, Store)>, Folder) {
    let folder = Folder::new();
    let loose = Store::new(Arc::new(Loose::default()), Path::default(), true);
    let stores = vec![("memory", Store::memory()), ("folder", folder.store()), ("loose", loose)];
    (stores, folder)
}

#[tokio::test]
async fn of_all_writers_that_read_one_version_one_writes_the_next() {
    let (stores, _folder) = stores();
    let path = Path::from(".livechannel/live/log/ch/state.json");
    for (name, store) in stores {
        let cells = store.cells();
        let mut seen = cells.read(&path).await.unwrap();
        assert_eq!((seen.body, &seen.version), (None, &Version::Absent), "{name}");
        for round in 0..5 {
            let writers = (0..8).map(|writer| {
                let (cells, path, version) = (cells.clone(), path.clone(), seen.version.clone());
                let body = format!("{round}-{writer}");
                tokio::spawn(async move { cells.swap(&path, &version, body.into()).await })
            });
            let mut won = 0;
            for writer in writers.collect::<Vec<_>>() {
                match writer.await.unwrap() {
                    Ok(_) => won += 1,
                    Err(SwapError::Conflict) => {}
                    Err(SwapError::Store(error)) => panic!("{name}: {error}"),
                }
            }
            assert_eq!(won, 1, "{name}, round {round}");
            seen = cells.read(&path).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_writer_of_any_age_fails() {
    let (stores, _folder) = stores();
    let path = Path::from("cell.json");
    for (name, store) in stores {
        let cells = store.cells();
        let mut newest = cells.swap(&path, &Version::Absent, "0".into()).await.unwrap();
        let old = newest.clone();
        for n in 1..5 {
            newest = cells.swap(&path, &newest, format!("{n}").into()).await.unwrap();
        }
        // Long after, when the versions in between are deleted where they are objects.
        for n in 1..5 {
            let _ = store.delete(&Path::from(format!("cell.json/{n:020}"))).await;
        }
        for seen in [&old, &Version::Absent] {
            let late = cells.swap(&path, seen, "late".into()).await;
            assert!(matches!(late, Err(SwapError::Conflict)), "{name}: {late:?}");
        }
        assert_eq!(cells.read(&path).await.unwrap().body.unwrap(), "4", "{name}");
        cells.swap(&path, &newest, "5".into()).await.unwrap();
    }
}

#[tokio::test]
async fn a_swap_whose_answer_was_lost_is_recognised() {
    let (stores, _folder) = stores();
    let path = Path::from("cell.json");
    for (name, store) in stores {
        let cells = store.cells();
        let first = cells.swap(&path, &Version::Absent, "0".into()).await.unwrap();
        cells.swap(&path, &first, "1".into()).await.unwrap();
        let again = cells.swap(&path, &first, "1".into()).await;
        assert!(again.is_ok(), "{name}: {again:?}");
    }
}

#[tokio::test]
async fn a_public_object_is_not_replaced_by_who_saw_an_older_one() {
    let folder = Folder::new();
    let path = Path::from("live/ch/playlist.m3u8");
    for store in [Store::memory(), folder.store()] {
        let cells = store.cells();
        let kind = "application/vnd.apple.mpegurl";
        let seen = cells.public_version(&path).await.unwrap();
        cells.swap_public(&path, &seen, "new".into(), kind).await.unwrap();
        let late = cells.swap_public(&path, &seen, "old".into(), kind).await;
        assert!(matches!(late, Err(SwapError::Conflict)), "{late:?}");
        assert_eq!(store.get(&path).await.unwrap().unwrap(), "new");
    }
}
