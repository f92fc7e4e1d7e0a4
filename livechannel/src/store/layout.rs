//! Which path an object has.
//!
//! ```text
//! {bucket}/{channel}/{playlist}.m3u8                        what players load
//! {bucket}/{channel}/{unix ms}.ts
//! {bucket}/{object}                                         snapshots, below their own channel's name
//! .livechannel/{bucket}/channel/{channel}.json              configuration
//! .livechannel/{bucket}/log/{channel}/{number}.json         live state: the newest one counts
//! .livechannel/{bucket}/index/{channel}/{first}-{last}.json segments by time, in runs
//! ```
//!
//! `.livechannel` is no bucket name, so nothing of it can be asked for from outside.

use object_store::path::{Path, PathPart};

use crate::name::{BucketName, ChannelKey};

/// Builds paths in a store.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout<'a> {
    base: &'a Path,
}

const STATE: &str = ".livechannel";

impl<'a> Layout<'a> {
    pub(super) const fn new(base: &'a Path) -> Self {
        Self { base }
    }

    /// Path of an object of a bucket.
    pub(crate) fn object(&self, bucket: &BucketName, object: &str) -> Path {
        let mut path = self.base.clone().join(bucket.as_str());
        for part in object.split('/') {
            path = path.join(part);
        }
        path
    }

    /// Path of a file of a channel.
    pub(crate) fn file(&self, key: &ChannelKey, name: &str) -> Path {
        self.base.clone().join(key.bucket.as_str()).join(key.channel.as_str()).join(name)
    }

    /// Folder that has one folder for each bucket.
    pub(crate) fn buckets(&self) -> Path {
        self.base.clone().join(STATE)
    }

    /// Folder of the configurations of a bucket.
    pub(crate) fn channels(&self, bucket: &BucketName) -> Path {
        self.buckets().join(bucket.as_str()).join("channel")
    }

    /// Path of a channel's configuration.
    pub(crate) fn channel(&self, key: &ChannelKey) -> Path {
        self.channels(&key.bucket).join(format!("{}.json", key.channel.as_str()))
    }

    /// Folder of a channel's log.
    pub(crate) fn log(&self, key: &ChannelKey) -> Path {
        self.folder(key, "log")
    }

    /// Path of one entry of a channel's log.
    pub(crate) fn log_entry(&self, key: &ChannelKey, number: u64) -> Path {
        self.log(key).join(format!("{number:020}.json"))
    }

    /// Folder of a channel's segment index.
    pub(crate) fn index(&self, key: &ChannelKey) -> Path {
        self.folder(key, "index")
    }

    /// Path of a run of the segment index.
    pub(crate) fn index_run(&self, key: &ChannelKey, first: i64, last: i64) -> Path {
        self.index(key).join(format!("{first:013}-{last:013}.json"))
    }

    fn folder(&self, key: &ChannelKey, what: &str) -> Path {
        self.buckets().join(key.bucket.as_str()).join(what).join(key.channel.as_str())
    }
}

/// Returns the last part of a path without `.json`, percent-decoded.
pub(crate) fn stem(path: &Path) -> Option<String> {
    let name: PathPart<'_> = path.parts().next_back()?;
    let decoded = percent_encoding::percent_decode_str(name.as_ref()).decode_utf8().ok()?;
    decoded.strip_suffix(".json").map(str::to_owned)
}
