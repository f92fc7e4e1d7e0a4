//! Where the records lie in etcd.
//!
//! ```text
//! {prefix}/config/{bucket}/{channel}        configuration
//! {prefix}/state/{bucket}/{channel}         live state
//! {prefix}/config-copy/…, {prefix}/state-copy/…   an older one, for a day of damage
//! ```
//!
//! Neither a bucket's name nor a channel's has a slash, so that a key has one meaning.

use crate::name::{BucketName, ChannelKey, ChannelName};

/// What a record is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Config,
    ConfigCopy,
    State,
    StateCopy,
}

impl Kind {
    const fn folder(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::ConfigCopy => "config-copy",
            Self::State => "state",
            Self::StateCopy => "state-copy",
        }
    }
}

/// Makes and reads the keys below one prefix.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    prefix: String,
}

impl Keys {
    pub(super) fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned() }
    }

    /// Returns how the keys of a kind begin.
    pub(super) fn all(&self, kind: Kind) -> String {
        format!("{}/{}/", self.prefix, kind.folder())
    }

    /// Returns how the keys of a bucket begin.
    pub(super) fn bucket(&self, kind: Kind, bucket: &str) -> String {
        format!("{}{bucket}/", self.all(kind))
    }

    /// Returns the key of a record.
    pub(super) fn record(&self, kind: Kind, key: &ChannelKey) -> String {
        format!("{}{}", self.bucket(kind, key.bucket.as_str()), key.channel.as_str())
    }

    /// Returns bucket and channel of a key as they stand there.
    pub(super) fn split<'k>(&self, kind: Kind, key: &'k [u8]) -> Option<(&'k str, &'k str)> {
        core::str::from_utf8(key).ok()?.strip_prefix(&self.all(kind))?.split_once('/')
    }

    /// Returns whose record a key is.
    pub(super) fn channel(&self, kind: Kind, key: &[u8]) -> Option<ChannelKey> {
        let (bucket, channel) = self.split(kind, key)?;
        Some(ChannelKey::new(BucketName::new(bucket)?, ChannelName::new(channel.as_bytes()).ok()?))
    }
}

/// Returns the first key after all that begin with `start`, which ends with a slash.
pub(super) fn end_of(start: &str) -> Vec<u8> {
    let mut end = start.strip_suffix('/').unwrap_or(start).as_bytes().to_vec();
    end.push(b'/' + 1);
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_says_whose_it_is_and_what() {
        let keys = Keys::new("a/b");
        let channel = ChannelName::new("测试 1".as_bytes()).unwrap();
        let key = ChannelKey::new(BucketName::default(), channel);
        let text = keys.record(Kind::Config, &key);
        assert_eq!(text, "a/b/config/live/测试 1");
        assert_eq!(keys.channel(Kind::Config, text.as_bytes()), Some(key.clone()));
        assert_eq!(keys.channel(Kind::State, text.as_bytes()), None);
        let copy = keys.record(Kind::ConfigCopy, &key);
        assert!(copy.as_bytes() >= &*end_of("a/b/config/") || !copy.starts_with("a/b/config/"));
        assert_eq!(end_of("a/b/config/"), b"a/b/config0");
    }
}
