//! Which path an object has.
//!
//! ```text
//! {bucket}/{channel}/{playlist}.m3u8                        what players load
//! {bucket}/{channel}/{unix ms}_{epoch}.ts                   epoch: which publication of the channel wrote it
//! {bucket}/{channel}/{unix ms}_{epoch}.m4s                  the same in fragmented MP4
//! {bucket}/{channel}/{unix ms}_{epoch}.mp4                  its initialization section
//! {bucket}/{object}                                         snapshots, below their own channel's name
//! .livechannel/{bucket}/channel/{channel}.json              configuration
//! .livechannel/{bucket}/before/{channel}.json               a copy of it
//! .livechannel/{bucket}/log/{channel}/state.json            live state
//! .livechannel/{bucket}/log/{channel}/before.json           a copy of it, some writes old
//! .livechannel/{bucket}/index/{channel}/{first}-{last}.json segments by time, in runs
//! .livechannel/retention.json                               whose turn it is to delete what is old
//! ```
//!
//! The folder of the state is called `log` because earlier versions kept numbered entries there,
//! which are still read.
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
        self.channel_folder(key).join(name)
    }

    /// Folder of the files of a channel.
    pub(crate) fn channel_folder(&self, key: &ChannelKey) -> Path {
        self.base.clone().join(key.bucket.as_str()).join(key.channel.as_str())
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

    /// Folder of a channel's state.
    pub(crate) fn log(&self, key: &ChannelKey) -> Path {
        self.folder(key, "log")
    }

    /// Path of a channel's live state.
    pub(crate) fn state(&self, key: &ChannelKey) -> Path {
        self.log(key).join("state.json")
    }

    /// Path of the copy of a channel's live state.
    pub(crate) fn state_copy(&self, key: &ChannelKey) -> Path {
        self.log(key).join("before.json")
    }

    /// Path of the copy of a channel's configuration.
    pub(crate) fn channel_copy(&self, key: &ChannelKey) -> Path {
        let folder = self.buckets().join(key.bucket.as_str()).join("before");
        folder.join(format!("{}.json", key.channel.as_str()))
    }

    /// Folder that has one folder for each channel that was ever live.
    pub(crate) fn logs(&self, bucket: &BucketName) -> Path {
        self.buckets().join(bucket.as_str()).join("log")
    }

    /// Path of the object that a store's conditional writes are tried with.
    pub(super) fn probe(&self) -> Path {
        self.buckets().join("probe.json")
    }

    /// Path of the cell that says whose turn it is to delete what is old.
    pub(crate) fn retention(&self) -> Path {
        self.buckets().join("retention.json")
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
    let name = decode_part(&path.parts().next_back()?)?;
    name.strip_suffix(".json").map(str::to_owned)
}

/// Returns a part of a path percent-decoded.
pub(crate) fn decode_part(part: &PathPart<'_>) -> Option<String> {
    let decoded = percent_encoding::percent_decode_str(part.as_ref()).decode_utf8().ok()?;
    Some(decoded.into_owned())
}
