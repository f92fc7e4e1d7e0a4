//! A store in memory whose puts take a while and often fail, and a reader of its playlist that
//! checks every version at the moment when players can see it.

use core::fmt;
use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, ObjectStoreExt as _, PutMultipartOptions, PutOptions, PutPayload, PutResult,
    Result,
};
use tokio::time::{Instant, sleep, sleep_until};

/// Random numbers that a seed repeats: xorshift64.
#[derive(Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// Returns a number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % end
    }
}

/// Fails a fifth of its puts, half of those after the object was stored.
#[derive(Debug)]
pub(crate) struct Flaky {
    objects: InMemory,
    dice: Mutex<Dice>,
    seen: Mutex<Seen>,
    /// Until then no put is answered.
    stalls_until: Mutex<Option<Instant>>,
    /// Until then puts to such paths fail.
    refuses: Mutex<Option<(&'static str, Instant)>>,
}

/// What players have seen.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) versions: Vec<String>,
    pub(crate) gaps: usize,
    pub(crate) failed: usize,
    pub(crate) begun: usize,
    pub(crate) answered: usize,
    pub(crate) deleted: usize,
    /// The names of media sequence numbers, those of ids, and the bytes of what has them.
    by_sequence: BTreeMap<u64, String>,
    by_id: BTreeMap<u64, String>,
    bytes: BTreeMap<String, Bytes>,
}

impl Flaky {
    pub(crate) fn new(seed: u64) -> Arc<Self> {
        Arc::new(Self {
            objects: InMemory::new(),
            dice: Mutex::new(Dice::new(seed)),
            seen: Mutex::default(),
            stalls_until: Mutex::default(),
            refuses: Mutex::default(),
        })
    }

    pub(crate) fn stall(&self, until: Instant) {
        *self.stalls_until.lock().unwrap() = Some(until);
    }

    /// Lets puts fail to paths that end so.
    pub(crate) fn refuse(&self, path_end: &'static str, until: Instant) {
        *self.refuses.lock().unwrap() = Some((path_end, until));
    }

    pub(crate) fn seen<T>(&self, look: impl FnOnce(&mut Seen) -> T) -> T {
        look(&mut self.seen.lock().unwrap())
    }

    fn roll(&self, end: u64) -> u64 {
        self.dice.lock().unwrap().below(end)
    }

    /// Reads a version of the playlist as a player does that asks for all of its segments.
    async fn read(&self, text: &str) {
        for (sequence, uri, is_gap) in listed(text) {
            if is_gap {
                self.seen(|seen| seen.gaps += 1);
            } else {
                let found = self.objects.get(&Path::from(uri)).await;
                let found = found.unwrap_or_else(|_| panic!("{uri} is missing:\n{text}"));
                let bytes = found.bytes().await.unwrap();
                assert!(!bytes.is_empty() && bytes.len() % 188 == 0, "{uri}");
                self.seen(|seen| {
                    let first = seen.bytes.entry(uri.into()).or_insert_with(|| bytes.clone());
                    assert_eq!(*first, bytes, "{uri} is another than before");
                });
            }
            let id = uri.split('-').next().unwrap().parse().unwrap();
            self.seen(|seen| {
                let earlier = seen.by_sequence.entry(sequence).or_insert_with(|| uri.into());
                assert_eq!(earlier, uri, "sequence {sequence} comes twice");
                let earlier = seen.by_id.entry(id).or_insert_with(|| uri.into());
                assert_eq!(earlier, uri, "id {id} comes twice");
            });
        }
        self.seen(|seen| {
            if let Some(before) = seen.versions.last() {
                let (before, now) = (listed(before).next(), listed(text).next());
                assert!(before.map(|first| first.0) <= now.map(|first| first.0), "{text}");
            }
            seen.versions.push(text.into());
        });
    }
}

/// Iterates over the segments of a text: media sequence number, URI, and whether it is a gap.
pub(crate) fn listed(text: &str) -> impl Iterator<Item = (u64, &str, bool)> {
    let first = text.split("#EXT-X-MEDIA-SEQUENCE:").nth(1).and_then(|rest| rest.lines().next());
    let first: u64 = first.unwrap().parse().unwrap();
    let mut is_gap = false;
    let uris = text.lines().filter_map(move |line| {
        is_gap |= line == "#EXT-X-GAP";
        (!line.starts_with('#')).then(|| (line, core::mem::take(&mut is_gap)))
    });
    uris.zip(first..).map(|((uri, is_gap), sequence)| (sequence, uri, is_gap))
}

impl fmt::Display for Flaky {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("flaky memory")
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
        self.seen(|seen| seen.begun += 1);
        let stalls_until = *self.stalls_until.lock().unwrap();
        if let Some(until) = stalls_until {
            sleep_until(until).await;
        }
        sleep(Duration::from_millis(10 + self.roll(300))).await;
        let refused = *self.refuses.lock().unwrap();
        if refused
            .is_some_and(|(end, until)| path.as_ref().ends_with(end) && Instant::now() < until)
        {
            return Err(Error::Generic { store: "flaky", source: "refused".into() });
        }
        let (fails, is_stored) = (self.roll(5) == 0, self.roll(2) == 0);
        let mut result = Err(Error::Generic { store: "flaky", source: "no answer".into() });
        if !fails || is_stored {
            let text = (path.as_ref() == "playlist.m3u8").then(|| Bytes::from(payload.clone()));
            let stored = self.objects.put_opts(path, payload, options).await;
            if let Some(text) = text {
                self.read(core::str::from_utf8(&text).unwrap()).await;
            }
            result = if fails { result } else { stored };
        }
        // The process may be killed before it hears of it.
        sleep(Duration::from_millis(10 + self.roll(300))).await;
        self.seen(|seen| {
            seen.answered += 1;
            seen.failed += usize::from(fails);
        });
        result
    }

    fn delete_stream(
        &self,
        paths: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        let last = self.seen(|seen| seen.versions.last().cloned().unwrap_or_default());
        self.seen(|seen| seen.deleted += 1);
        let paths = paths.inspect(move |path| {
            let path = path.as_ref().unwrap();
            assert!(!last.contains(path.as_ref()), "{path} is listed and deleted:\n{last}");
        });
        self.objects.delete_stream(paths.boxed())
    }

    async fn get_opts(&self, path: &Path, options: GetOptions) -> Result<GetResult> {
        self.objects.get_opts(path, options).await
    }

    async fn put_multipart_opts(
        &self,
        path: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.objects.put_multipart_opts(path, options).await
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.objects.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.objects.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.objects.copy_opts(from, to, options).await
    }
}
