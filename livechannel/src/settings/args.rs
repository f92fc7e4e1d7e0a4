//! The command line, each option of which may come from the environment instead.

use core::net::SocketAddr;
use core::time::Duration;
use std::path::PathBuf;

use clap::{Parser, Subcommand};

use super::file::{File, FileError, bucket};
use super::{AccessKey, Anonymous, Settings};
use crate::registry::RegistryAddress;
use crate::store::StoreAddress;

/// An OSS LiveChannel service: RTMP in, HLS out, over an object store.
///
/// Without options it listens on this computer only, keeps everything in the folder
/// livechannel-data, and lets everybody do everything. With --demo it publishes a test pattern: open http://localhost:8080/ and watch.
#[derive(Debug, Default, Parser)]
#[expect(clippy::doc_markdown, reason = "this is the text of --help")]
#[command(name = "livechannel", version, args_conflicts_with_subcommands = true)]
pub struct Args {
    /// What to do instead of serving
    #[command(subcommand)]
    pub command: Option<Command>,

    /// TOML file with settings; what stands here and in the environment weighs more
    #[arg(long, value_name = "FILE", env = "LIVECHANNEL_CONFIG")]
    config: Option<PathBuf>,

    /// Where to listen for HTTP [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS", env = "LIVECHANNEL_HTTP")]
    http: Option<SocketAddr>,

    /// Where to listen for RTMP [default: 127.0.0.1:1935]
    #[arg(long, value_name = "ADDRESS", env = "LIVECHANNEL_RTMP")]
    rtmp: Option<SocketAddr>,

    /// A folder, "memory:", or "s3://bucket/prefix" [default: livechannel-data]
    #[arg(long, value_name = "WHERE", env = "LIVECHANNEL_STORE")]
    store: Option<String>,

    /// Where configurations and live states are: "objects" in the store, or
    /// "etcd://host:port/prefix" [default: objects]
    #[arg(long, value_name = "WHERE", env = "LIVECHANNEL_REGISTRY")]
    registry: Option<String>,

    /// A bucket that there is; may be repeated, the first is that of addresses that name none
    /// [default: live]
    #[arg(long, value_name = "NAME", env = "LIVECHANNEL_BUCKET", value_delimiter = ',')]
    bucket: Vec<String>,

    /// A domain whose subdomains are buckets; may be repeated [default: localhost]
    #[arg(long, value_name = "NAME", env = "LIVECHANNEL_DOMAIN", value_delimiter = ',')]
    domain: Vec<String>,

    /// HTTP host and port as clients reach it
    #[arg(long, value_name = "HOST:PORT", env = "LIVECHANNEL_PUBLIC_HTTP")]
    public_http: Option<String>,

    /// RTMP host and port as encoders reach it
    #[arg(long, value_name = "HOST:PORT", env = "LIVECHANNEL_PUBLIC_RTMP")]
    public_rtmp: Option<String>,

    /// HTTP host and port as the other nodes reach it, for channels with parts
    #[arg(long, value_name = "HOST:PORT", env = "LIVECHANNEL_PEER_HTTP")]
    peer_http: Option<String>,

    /// An AccessKeyId and its secret; may be repeated
    #[arg(long, value_name = "ID:SECRET", env = "LIVECHANNEL_KEY", value_delimiter = ',', value_parser = access_key, hide_env_values = true)]
    key: Vec<AccessKey>,

    /// What may be done without a signature [default: public-read with keys, public-read-write
    /// without]
    #[arg(long, value_name = "WHAT", env = "LIVECHANNEL_ANONYMOUS")]
    anonymous: Option<Anonymous>,

    /// Let everybody do everything from other computers, too, where there are no keys
    #[arg(long, env = "LIVECHANNEL_OPEN")]
    open: bool,

    /// The region that clients put into signatures of version 4 [default: cn-hangzhou]
    #[arg(long, value_name = "NAME", env = "LIVECHANNEL_REGION")]
    region: Option<String>,

    /// This node's name among others on the same store [default: made up]
    #[arg(long, value_name = "NAME", env = "LIVECHANNEL_NODE")]
    node: Option<String>,

    /// Seconds that a channel stays with a node that is not heard of [default: 10]
    #[arg(long, value_name = "SECONDS", env = "LIVECHANNEL_LEASE", value_parser = clap::value_parser!(u64).range(2..=300))]
    lease: Option<u64>,

    /// Bytes of segments per channel that may wait for the store [default: 64 MiB]
    #[arg(long, value_name = "BYTES", env = "LIVECHANNEL_BUFFER", value_parser = clap::value_parser!(u64).range(1 << 20..))]
    buffer: Option<u64>,

    /// Address that is told of snapshots; {topic} in it is replaced by NotifyTopic
    #[arg(long, value_name = "URL", env = "LIVECHANNEL_WEBHOOK")]
    webhook: Option<String>,

    /// Publish a test pattern to the channel "demo"
    #[arg(long)]
    demo: bool,

    /// Seconds that segments stay in the store [default: for ever; 600 with --demo]
    #[arg(long, value_name = "SECONDS", env = "LIVECHANNEL_KEEP", value_parser = clap::value_parser!(u64).range(60..))]
    keep: Option<u64>,

    /// Serve the page even where not everybody may do everything
    #[arg(long, conflicts_with = "no_page")]
    page: bool,

    /// Serve no page
    #[arg(long)]
    no_page: bool,

    /// Decode one key frame from standard input to a JPEG on standard output, and end
    #[arg(long, hide = true)]
    pub decode_snapshot: bool,

    /// Write refusals and changes to this file, too, as JSON; it is only ever appended to
    #[arg(long, value_name = "FILE", env = "LIVECHANNEL_AUDIT")]
    pub audit: Option<PathBuf>,

    /// Print logs as JSON
    #[arg(long)]
    pub log_json: bool,
}

/// What the program does instead of serving. More may come.
#[derive(Clone, Debug, Subcommand)]
#[non_exhaustive]
pub enum Command {
    /// Check a settings file, and the environment with it, without opening or listening at anything
    Check {
        /// The TOML file
        config: PathBuf,
    },
}

impl Args {
    /// Returns the settings that the program would start with from this file and the environment.
    ///
    /// # Errors
    ///
    /// What is wrong with the file or a value.
    pub fn of_file(config: PathBuf) -> Result<Settings, Box<dyn core::error::Error>> {
        let mut args = Self::try_parse_from(["livechannel"])?;
        args.config = Some(config);
        Ok(args.settings()?)
    }

    /// Puts file, environment and command line together.
    ///
    /// # Errors
    ///
    /// What is wrong with the file or a value.
    pub fn settings(self) -> Result<Settings, FileError> {
        let mut settings = Settings::default();
        let (mut asked, mut page) = (None, None);
        if let Some(path) = &self.config {
            let file = File::read(path)?;
            (asked, page) = (file.anonymous(), file.page());
            file.apply(&mut settings)?;
        }
        settings.http = self.http.unwrap_or(settings.http);
        settings.rtmp = self.rtmp.unwrap_or(settings.rtmp);
        if let Some(store) = self.store {
            settings.store = store.parse::<StoreAddress>()?;
        }
        if let Some(registry) = self.registry {
            settings.registry = registry.parse::<RegistryAddress>()?;
        }
        if let Some((first, others)) = self.bucket.split_first() {
            settings.bucket = bucket(first)?;
            settings.buckets = others.iter().map(|name| bucket(name)).collect::<Result<_, _>>()?;
        }
        if !self.domain.is_empty() {
            settings.domains = self.domain;
        }
        if !self.key.is_empty() {
            settings.keys = self.key;
        }
        settings.anonymous = self.anonymous.or(asked).unwrap_or(settings.default_anonymous());
        settings.open |= self.open;
        settings.region = self.region.unwrap_or(settings.region);
        settings.public_http = self.public_http.or(settings.public_http);
        settings.public_rtmp = self.public_rtmp.or(settings.public_rtmp);
        settings.peer_http = self.peer_http.or(settings.peer_http);
        settings.node = self.node.or(settings.node);
        settings.webhook = self.webhook.or(settings.webhook);
        if let Some(secs) = self.lease {
            settings.lease = Duration::from_secs(secs);
        }
        if let Some(len) = self.buffer {
            settings.buffer = usize::try_from(len).unwrap_or(usize::MAX);
        }
        settings.demo = self.demo;
        let demo = self.demo.then_some(DEMO_KEEP);
        settings.keep = self.keep.map(Duration::from_secs).or(settings.keep).or(demo);
        let open = settings.anonymous == Anonymous::PublicReadWrite;
        settings.page = !self.no_page && (self.page || page.unwrap_or(open));
        Ok(settings)
    }
}

fn access_key(text: &str) -> Result<AccessKey, String> {
    match text.split_once(':') {
        Some((id, secret)) if !id.is_empty() && !secret.is_empty() => {
            Ok(AccessKey::new(id.to_owned(), secret.to_owned()))
        }
        _ => Err("no ID:SECRET".to_owned()),
    }
}

/// A demonstration need not fill the disk.
const DEMO_KEEP: Duration = Duration::from_secs(600);

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(line: &str) -> String {
        let words = ["livechannel"].into_iter().chain(line.split_whitespace());
        format!("{:?},", Args::try_parse_from(words).unwrap().settings().unwrap())
    }

    #[test]
    fn every_option_sets_what_it_says() {
        for (line, want) in [
            ("--http 127.0.0.1:1", "http: 127.0.0.1:1,"),
            ("--rtmp 127.0.0.1:2", "rtmp: 127.0.0.1:2,"),
            ("--store memory:", "store: Memory,"),
            ("--registry etcd://h:1/p", "registry: etcd://h:1/p,"),
            ("--bucket first --bucket other", "bucket: first, buckets: [other],"),
            ("--domain d.example", "domains: [\"d.example\"],"),
            ("--public-http h.example", "public_http: Some(\"h.example\"),"),
            ("--public-rtmp r.example", "public_rtmp: Some(\"r.example\"),"),
            ("--peer-http n:1", "peer_http: Some(\"n:1\"),"),
            ("--key k:s", "keys: [AccessKey { id: \"k\", .. }], anonymous: PublicRead,"),
            ("--key k:s", "page: false,"),
            ("--anonymous private --page", "anonymous: Private, open: false,"),
            ("--no-page", "page: false,"),
            ("--anonymous private", "anonymous: Private,"),
            ("--open", "open: true,"),
            ("--region mars", "region: \"mars\","),
            ("--node n-1", "node: Some(\"n-1\"),"),
            ("--lease 11", "lease: 11s,"),
            ("--buffer 1048577", "buffer: 1048577,"),
            ("--webhook http://w", "webhook: Some(\"http://w\"),"),
            ("--keep 61", "keep: Some(61s),"),
            ("--demo", "keep: Some(600s), demo: true"),
            ("--demo --keep 61", "keep: Some(61s), demo: true"),
        ] {
            let said = settings(line);
            assert!(said.contains(want), "{line}: {said}");
            assert!(!settings("").contains(want), "{line} says the default");
        }
        assert!(settings("--key k:s --page").contains("page: true,"));
        for bad in ["--lease 1", "--keep 59", "--key :s", "--key k:", "--key ks", "--buffer 1"] {
            let words = ["livechannel"].into_iter().chain(bad.split_whitespace());
            assert!(Args::try_parse_from(words).is_err(), "{bad}");
        }
    }
}
