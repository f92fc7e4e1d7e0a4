//! The TOML file, every line of which may be missing.

use core::net::SocketAddr;
use core::time::Duration;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{AccessKey, Anonymous, Settings};
use crate::name::BucketName;
use crate::registry::{RegistryAddress, RegistryError};
use crate::store::{StoreAddress, StoreError};

/// The file as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(super) struct File {
    http: Option<SocketAddr>,
    rtmp: Option<SocketAddr>,
    store: Option<String>,
    registry: Option<String>,
    bucket: Option<String>,
    buckets: Vec<String>,
    domains: Option<Vec<String>>,
    public_http: Option<String>,
    public_rtmp: Option<String>,
    peer_http: Option<String>,
    anonymous: Option<Anonymous>,
    open: Option<bool>,
    region: Option<String>,
    node: Option<String>,
    lease_seconds: Option<u64>,
    buffer_bytes: Option<usize>,
    buffer_segments: Option<usize>,
    outage_seconds: Option<u64>,
    patience_seconds: Option<u64>,
    edge_bytes: Option<usize>,
    message_bytes: Option<usize>,
    connections: Option<usize>,
    strangers: Option<usize>,
    strangers_per_address: Option<usize>,
    http_connections: Option<usize>,
    http_per_address: Option<usize>,
    http2: Option<bool>,
    header_seconds: Option<u64>,
    request_seconds: Option<u64>,
    lifetime_seconds: Option<u64>,
    idle_seconds: Option<u64>,
    keep_seconds: Option<u64>,
    page: Option<bool>,
    webhook: Option<String>,
    keys: Vec<FileKey>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileKey {
    id: String,
    secret: String,
}

/// A settings file that cannot be used, or a value that makes no sense.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// It cannot be read.
    #[error("{}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is no TOML of this kind.
    #[error("{}: {source}", path.display())]
    Toml {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
    /// The store's address is none.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The registry's address is none.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// A bucket's name is none.
    #[error("{0:?} is no bucket name: 3 to 63 of a-z, 0-9 and -")]
    Bucket(String),
    /// A number is out of its range.
    #[error("{name} is {value}, not from {least} to {most}")]
    Range {
        /// Which.
        name: &'static str,
        /// What it is.
        value: u64,
        /// Least value.
        least: u64,
        /// Greatest value.
        most: u64,
    },
}

impl File {
    pub(super) fn read(path: &Path) -> Result<Self, FileError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| FileError::Read { path: path.to_owned(), source })?;
        toml::from_str(&text)
            .map_err(|source| FileError::Toml { path: path.to_owned(), source: Box::new(source) })
    }

    /// What the file says may be done without a signature.
    pub(super) const fn anonymous(&self) -> Option<Anonymous> {
        self.anonymous
    }

    /// Whether the file says that there is a page.
    pub(super) const fn page(&self) -> Option<bool> {
        self.page
    }

    /// Puts what the file says into `settings`.
    pub(super) fn apply(mut self, settings: &mut Settings) -> Result<(), FileError> {
        self.apply_places(settings)?;
        if let Some(name) = self.bucket {
            settings.bucket = bucket(&name)?;
        }
        settings.buckets =
            self.buckets.iter().map(|name| bucket(name)).collect::<Result<_, _>>()?;
        if let Some(domains) = self.domains {
            settings.domains = domains;
        }
        settings.open = self.open.unwrap_or(settings.open);
        settings.http2 = self.http2.unwrap_or(settings.http2);
        settings.strangers_per_address = self.strangers_per_address;
        settings.http_per_address = self.http_per_address;
        if let Some(region) = self.region {
            settings.region = region;
        }
        settings.public_http = self.public_http;
        settings.public_rtmp = self.public_rtmp;
        settings.peer_http = self.peer_http;
        settings.node = self.node;
        settings.webhook = self.webhook;
        settings.keys =
            self.keys.into_iter().map(|key| AccessKey::new(key.id, key.secret)).collect();
        settings.anonymous = self.anonymous.unwrap_or(settings.default_anonymous());
        if let Some(secs) = self.outage_seconds {
            settings.outage = Some(Duration::from_secs(within("outage-seconds", secs, 0, 86_400)?));
        }
        if let Some(secs) = self.keep_seconds {
            let secs = within("keep-seconds", secs, 60, u64::from(u32::MAX))?;
            settings.keep = Some(Duration::from_secs(secs));
        }
        for (place, value, name, least, most) in [
            (&mut settings.lease, self.lease_seconds, "lease-seconds", 2, 300),
            (&mut settings.patience, self.patience_seconds, "patience-seconds", 0, 60),
            (&mut settings.idle, self.idle_seconds, "idle-seconds", 1, 3600),
            (&mut settings.header, self.header_seconds, "header-seconds", 1, 3600),
            (&mut settings.request, self.request_seconds, "request-seconds", 1, 3600),
            (&mut settings.lifetime, self.lifetime_seconds, "lifetime-seconds", 1, 86_400),
        ] {
            if let Some(value) = value {
                *place = Duration::from_secs(within(name, value, least, most)?);
            }
        }
        for (place, value, name, least, most) in [
            (&mut settings.buffer, self.buffer_bytes, "buffer-bytes", 1 << 20, 1 << 40),
            (&mut settings.queue, self.buffer_segments, "buffer-segments", 1, 10_000),
            (&mut settings.edge, self.edge_bytes, "edge-bytes", 0, 1 << 40),
            (&mut settings.message_len, self.message_bytes, "message-bytes", 1 << 16, 0xff_ffff),
            (&mut settings.connections, self.connections, "connections", 1, 1_000_000),
            (&mut settings.strangers, self.strangers, "strangers", 1, 1_000_000),
            (
                &mut settings.http_connections,
                self.http_connections,
                "http-connections",
                1,
                1_000_000,
            ),
        ] {
            if let Some(value) = value {
                let checked = within(name, value as u64, least, most)?;
                *place = usize::try_from(checked).unwrap_or(usize::MAX);
            }
        }
        Ok(())
    }

    /// Puts in where to listen, and where everything lies.
    fn apply_places(&mut self, settings: &mut Settings) -> Result<(), FileError> {
        settings.http = self.http.unwrap_or(settings.http);
        settings.rtmp = self.rtmp.unwrap_or(settings.rtmp);
        if let Some(store) = self.store.take() {
            settings.store = store.parse::<StoreAddress>()?;
        }
        if let Some(registry) = self.registry.take() {
            settings.registry = registry.parse::<RegistryAddress>()?;
        }
        Ok(())
    }
}

impl Settings {
    /// What may be done without a signature where nobody said: everything while there are no keys,
    /// else playing.
    pub(super) const fn default_anonymous(&self) -> Anonymous {
        if self.keys.is_empty() { Anonymous::PublicReadWrite } else { Anonymous::PublicRead }
    }
}

pub(super) fn bucket(name: &str) -> Result<BucketName, FileError> {
    BucketName::new(name).ok_or_else(|| FileError::Bucket(name.to_owned()))
}

fn within(name: &'static str, value: u64, least: u64, most: u64) -> Result<u64, FileError> {
    if (least..=most).contains(&value) {
        Ok(value)
    } else {
        Err(FileError::Range { name, value, least, most })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str) -> Result<Settings, String> {
        let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
        let mut settings = Settings::default();
        file.apply(&mut settings).map_err(|error| error.to_string())?;
        Ok(settings)
    }

    #[test]
    fn a_file_with_keys_closes_the_door_to_strangers() {
        let open = settings("").unwrap();
        assert_eq!(open.anonymous, Anonymous::PublicReadWrite);
        let keyed = settings("lease-seconds = 4\n[[keys]]\nid = \"a\"\nsecret = \"b\"").unwrap();
        assert_eq!(keyed.anonymous, Anonymous::PublicRead);
        assert_eq!(keyed.lease, Duration::from_secs(4));
        assert!(!format!("{keyed:?}").contains("\"b\""), "secrets are not printed");
    }

    /// Every line that there can be, none of them with the default's value, and what it sets.
    const ALL: [(&str, &str); 37] = [
        ("http = \"127.0.0.1:1\"", "http: 127.0.0.1:1,"),
        ("rtmp = \"127.0.0.1:2\"", "rtmp: 127.0.0.1:2,"),
        ("store = \"memory:\"", "store: Memory,"),
        ("registry = \"etcd://h:1/p\"", "registry: etcd://h:1/p,"),
        ("bucket = \"first\"", "bucket: first,"),
        ("buckets = [\"other\"]", "buckets: [other],"),
        ("domains = [\"d.example\"]", "domains: [\"d.example\"],"),
        ("public-http = \"h.example\"", "public_http: Some(\"h.example\"),"),
        ("public-rtmp = \"r.example\"", "public_rtmp: Some(\"r.example\"),"),
        ("peer-http = \"n.example:80\"", "peer_http: Some(\"n.example:80\"),"),
        ("anonymous = \"private\"", "anonymous: Private,"),
        ("open = true", "open: true,"),
        ("region = \"mars\"", "region: \"mars\","),
        ("node = \"n-1\"", "node: Some(\"n-1\"),"),
        ("lease-seconds = 11", "lease: 11s,"),
        ("buffer-bytes = 1048577", "buffer: 1048577,"),
        ("buffer-segments = 12", "queue: 12,"),
        ("outage-seconds = 13", "outage: Some(13s),"),
        ("patience-seconds = 14", "patience: 14s,"),
        ("edge-bytes = 15", "edge: 15,"),
        ("message-bytes = 65537", "message_len: 65537,"),
        ("connections = 17", "connections: 17,"),
        ("strangers = 18", "strangers: 18,"),
        ("strangers-per-address = 19", "strangers_per_address: Some(19),"),
        ("http-connections = 20", "http_connections: 20,"),
        ("http-per-address = 21", "http_per_address: Some(21),"),
        ("http2 = true", "http2: true,"),
        ("header-seconds = 22", "header: 22s,"),
        ("request-seconds = 23", "request: 23s,"),
        ("lifetime-seconds = 24", "lifetime: 24s,"),
        ("idle-seconds = 25", "idle: 25s,"),
        ("keep-seconds = 60", "keep: Some(60s),"),
        ("webhook = \"http://w\"", "webhook: Some(\"http://w\"),"),
        ("keys = [{ id = \"k\", secret = \"s\" }]", "keys: [AccessKey { id: \"k\", .. }],"),
        ("", "demo: false,"),
        ("", "setup: 10s,"),
        ("", "snapshot_program: None,"),
    ];

    #[test]
    fn every_line_sets_what_it_says_and_nothing_else() {
        let fields = |settings: &Settings| {
            let text = format!("{settings:?}");
            let body = text.split_once('{').unwrap().1.rsplit_once('}').unwrap().0.to_owned();
            format!("{},", body.trim())
        };
        let before = fields(&Settings::default());
        for (line, want) in ALL {
            let after = fields(&settings(line).unwrap());
            assert!(after.contains(want), "{line}: {after}");
            let name = want.split_once(':').unwrap().0;
            if line.is_empty() {
                continue;
            }
            assert!(!before.contains(want), "{line} says the default");
            let others = |text: &str| {
                let start = text.find(&format!("{name}: ")).unwrap();
                let end = text[start..].find(", ").map_or(text.len(), |end| start + end);
                (text[..start].to_owned(), text[end..].to_owned())
            };
            // With keys, unsigned requests may only play.
            if name != "keys" && name != "buckets" && name != "domains" {
                assert_eq!(others(&after), others(&before), "{line} sets more");
            }
        }
        let file = format!("{:?}", File::default());
        let lines = file.split_once('{').unwrap().1.matches(": ").count();
        let said = ALL.iter().filter(|(line, _)| !line.is_empty()).count();
        assert_eq!(lines, said + 1, "each line but `page`, which Args puts in, is here");
    }

    #[test]
    fn nonsense_is_named() {
        assert!(settings("lease = 4").unwrap_err().contains("unknown field"));
        let error = settings("lease-seconds = 1").unwrap_err();
        assert_eq!(error, "lease-seconds is 1, not from 2 to 300");
        assert!(settings("bucket = \"A\"").unwrap_err().contains("no bucket name"));
    }
}
