//! A store in memory that can be taken away.

use core::fmt;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use core::time::Duration;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures_util::stream::{self, BoxStream, StreamExt as _};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use tokio::time::sleep;

#[derive(Debug, Default)]
pub(crate) struct Flaky {
    inner: Arc<InMemory>,
    away: AtomicBool,
    hangs: AtomicBool,
    /// How a path ends whose writes take long, and how long.
    slow: Mutex<Option<(&'static str, Duration)>>,
    writes: AtomicU64,
}

impl Flaky {
    /// From now on everything fails, or nothing.
    pub(crate) fn set_away(&self, away: bool) {
        self.away.store(away, Ordering::SeqCst);
    }

    /// From now on no reading is answered, or all is.
    pub(crate) fn hang(&self, hangs: bool) {
        self.hangs.store(hangs, Ordering::SeqCst);
    }

    /// From now on writes to some paths take long.
    pub(crate) fn set_slow(&self, end: &'static str, span: Duration) {
        *self.slow.lock().unwrap() = Some((end, span));
    }

    /// The store itself, which is never away.
    pub(crate) fn inner(&self) -> Arc<InMemory> {
        Arc::clone(&self.inner)
    }

    /// How many objects were written so far.
    pub(crate) fn writes(&self) -> u64 {
        self.writes.load(Ordering::SeqCst)
    }

    fn check(&self) -> Result<()> {
        if self.away.load(Ordering::SeqCst) {
            let source = "the store is away".into();
            return Err(Error::Generic { store: "flaky", source });
        }
        Ok(())
    }
}

impl fmt::Display for Flaky {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("flaky")
    }
}

#[async_trait]
impl ObjectStore for Flaky {
    async fn put_opts(
        &self,
        path: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        self.check()?;
        let slow = *self.slow.lock().unwrap();
        if let Some((_, span)) = slow.filter(|(end, _)| path.as_ref().ends_with(end)) {
            sleep(span).await;
            self.check()?;
        }
        self.writes.fetch_add(1, Ordering::SeqCst);
        self.inner.put_opts(path, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        path: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.check()?;
        self.inner.put_multipart_opts(path, options).await
    }

    async fn get_opts(&self, path: &Path, options: GetOptions) -> Result<GetResult> {
        self.check()?;
        while self.hangs.load(Ordering::SeqCst) {
            sleep(Duration::from_millis(50)).await;
        }
        self.inner.get_opts(path, options).await
    }

    fn delete_stream(
        &self,
        paths: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(paths)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        match self.check() {
            Ok(()) => self.inner.list(prefix),
            Err(error) => stream::once(async { Err(error) }).boxed(),
        }
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.check()?;
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.check()?;
        self.inner.copy_opts(from, to, options).await
    }
}
