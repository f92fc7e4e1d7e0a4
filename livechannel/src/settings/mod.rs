//! What can be chosen for a node: the command line, the environment and a TOML file, in this order
//! of weight.

mod args;
mod check;
mod file;

pub use args::{Args, Command};
pub use check::SettingsError;
pub use file::FileError;

use core::net::SocketAddr;
use core::time::Duration;
use std::path::PathBuf;

use crate::auth::DEFAULT_REGION;
use crate::name::BucketName;
use crate::registry::RegistryAddress;
use crate::store::StoreAddress;

/// Everything that can be chosen for a node.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// Where HTTP is listened for.
    pub http: SocketAddr,
    /// Where RTMP is listened for.
    pub rtmp: SocketAddr,
    /// Where everything lies.
    pub store: StoreAddress,
    /// Where configurations and live states are kept.
    pub registry: RegistryAddress,
    /// The bucket of addresses that name none.
    pub bucket: BucketName,
    /// The other buckets that there are.
    pub buckets: Vec<BucketName>,
    /// Domains whose subdomains are buckets.
    pub domains: Vec<String>,
    /// Host and port of HTTP as clients reach it; by default what they asked for.
    pub public_http: Option<String>,
    /// Host and port of RTMP as encoders reach it.
    pub public_rtmp: Option<String>,
    /// Host and port of HTTP as the other nodes reach it; without it they answer for channels with
    /// parts from the store alone.
    pub peer_http: Option<String>,
    /// Who may sign requests.
    pub keys: Vec<AccessKey>,
    /// What may be done without a signature.
    pub anonymous: Anonymous,
    /// Whether everybody may do everything from other computers, too.
    pub open: bool,
    /// The region that signatures of version 4 are made for.
    pub region: String,
    /// This node's name among others on the same store; made up by default.
    pub node: Option<String>,
    /// How long a channel stays with a node that is not heard of.
    pub lease: Duration,
    /// Bytes of segments per channel that may wait for the store.
    pub buffer: usize,
    /// Segments per channel that may wait for the store.
    pub queue: usize,
    /// How long a publication goes on whose lease cannot be shown, because the store does not
    /// answer; by default not at all over S3 or with etcd, which another node may reach, and without
    /// end over a folder or memory.
    pub outage: Option<Duration>,
    /// How long a connection is held up by a store that is slow.
    pub patience: Duration,
    /// Bytes of stored segments per channel that are kept in memory for players.
    pub edge: usize,
    /// Longest RTMP message in bytes.
    pub message_len: usize,
    /// Most RTMP connections that have shown the right to publish.
    pub connections: usize,
    /// Most RTMP connections that have not.
    pub strangers: usize,
    /// Most of those from one address; by default half of them.
    pub strangers_per_address: Option<usize>,
    /// Most HTTP connections.
    pub http_connections: usize,
    /// Most of those from one address; by default half of them.
    pub http_per_address: Option<usize>,
    /// Whether HTTP/2 is spoken, without TLS and to those who know it beforehand.
    pub http2: bool,
    /// How long the header of an HTTP request may take, and how long a connection may wait for the
    /// next one.
    pub header: Duration,
    /// How long an HTTP request may take until its response begins, its body included.
    pub request: Duration,
    /// How long an HTTP connection may last; the response that is on its way then gets another
    /// minute.
    pub lifetime: Duration,
    /// How long an RTMP connection may take until it publishes.
    pub setup: Duration,
    /// How long an RTMP connection may be silent.
    pub idle: Duration,
    /// Whether the page is served.
    pub page: bool,
    /// Where topics of snapshots are: `{topic}` in it is replaced.
    pub webhook: Option<String>,
    /// A program that decodes a key frame from its standard input when called with
    /// `--decode-snapshot`, so that a decoder's crash is not this process's; none decodes in
    /// this process.
    pub snapshot_program: Option<PathBuf>,
    /// How long segments stay in the store after they were opened; for ever by default.
    pub keep: Option<Duration>,
    /// Whether a test pattern is published.
    pub demo: bool,
}

/// A pair of keys that signs requests.
#[derive(Clone)]
#[non_exhaustive]
pub struct AccessKey {
    /// AccessKeyId.
    pub id: String,
    /// AccessKeySecret.
    pub secret: String,
}

impl AccessKey {
    /// Makes a pair.
    pub const fn new(id: String, secret: String) -> Self {
        Self { id, secret }
    }
}

impl core::fmt::Debug for AccessKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("AccessKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// What may be done without a signature. Exhaustive: OSS's three canned ACLs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "the three canned ACLs of OSS")]
pub enum Anonymous {
    /// Nothing.
    Private,
    /// Playing.
    PublicRead,
    /// Everything.
    PublicReadWrite,
}

impl Default for Settings {
    fn default() -> Self {
        let local = |port| SocketAddr::from(([127, 0, 0, 1], port));
        Self {
            http: local(8080),
            rtmp: local(1935),
            store: StoreAddress::Folder("livechannel-data".into()),
            registry: RegistryAddress::Objects,
            bucket: BucketName::default(),
            buckets: Vec::new(),
            domains: vec!["localhost".to_owned()],
            public_http: None,
            public_rtmp: None,
            peer_http: None,
            keys: Vec::new(),
            anonymous: Anonymous::PublicReadWrite,
            open: false,
            region: DEFAULT_REGION.to_owned(),
            node: None,
            lease: Duration::from_secs(10),
            buffer: 64 << 20,
            queue: 32,
            outage: None,
            patience: Duration::from_secs(2),
            edge: 32 << 20,
            message_len: 8 << 20,
            connections: 1000,
            strangers: 512,
            strangers_per_address: None,
            http_connections: 8192,
            http_per_address: None,
            http2: false,
            header: Duration::from_secs(20),
            request: Duration::from_secs(60),
            lifetime: Duration::from_secs(600),
            setup: Duration::from_secs(10),
            idle: Duration::from_secs(15),
            page: true,
            webhook: None,
            snapshot_program: None,
            keep: None,
            demo: false,
        }
    }
}

impl Settings {
    /// Returns how long a publication goes on whose lease cannot be shown; `None` is without end.
    pub(crate) const fn outage(&self) -> Option<Duration> {
        match (self.outage, &self.store, &self.registry) {
            (None, StoreAddress::S3 { .. }, _) | (None, _, RegistryAddress::Etcd { .. }) => {
                Some(Duration::ZERO)
            }
            (outage, _, _) => outage,
        }
    }

    /// Says whether there is such a bucket.
    pub(crate) fn has_bucket(&self, bucket: &BucketName) -> bool {
        *bucket == self.bucket || self.buckets.contains(bucket)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_ends_publications_where_other_nodes_may_reach_what_this_one_cannot() {
        let etcd = || "etcd://h:1/p".parse().unwrap();
        let s3 = || "s3://bkt".parse().unwrap();
        let folder = Settings::default();
        assert_eq!(folder.outage(), None);
        assert_eq!(Settings { store: s3(), ..folder.clone() }.outage(), Some(Duration::ZERO));
        let mut settings = Settings { registry: etcd(), ..folder };
        assert_eq!(settings.outage(), Some(Duration::ZERO));
        settings.outage = Some(Duration::from_secs(7));
        assert_eq!(settings.outage(), Some(Duration::from_secs(7)));
    }
}
