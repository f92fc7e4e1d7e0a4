//! Load of a live server: real-time publishers over RTMP, one HLS reader each, and how late
//! segments are.
//!
//! `cargo run --release -p hls-segmenter-livechannel --example load -- CAPTURE --channels 50
//! --seconds 60`
//!
//! It publishes a capture again and again to `live/load-N` and polls each playlist. A segment is
//! late when its playlist comes more than half a target duration after the one before was due (RFC
//! 8216 §6.2.1). It works against any server that takes RTMP and serves HLS; channels of
//! livechannel are made first.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a tool that measures may stop at the first surprise"
)]

mod publisher;
mod reader;

use core::net::SocketAddr;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Parser;
use hls_segmenter::flv::{Reader, Step};
use tokio::time::{Instant, sleep, sleep_until};

/// Load of a live server.
#[derive(Debug, Parser)]
struct Args {
    /// FLV file that every publisher sends, again and again
    capture: PathBuf,
    /// Publishers, with a reader each
    #[arg(long, default_value_t = 10)]
    channels: usize,
    /// How long
    #[arg(long, default_value_t = 30)]
    seconds: u64,
    /// Where RTMP is taken
    #[arg(long, default_value = "127.0.0.1:1935")]
    rtmp: SocketAddr,
    /// Where HLS is served
    #[arg(long, default_value = "127.0.0.1:8080")]
    http: SocketAddr,
    /// Path of a playlist; {} is the channel
    #[arg(long, default_value = "/live/{}/playlist.m3u8")]
    playlist: String,
    /// Seconds of a segment
    #[arg(long, default_value_t = 2)]
    segment: u64,
    /// The server has no LiveChannel API
    #[arg(long)]
    plain: bool,
}

/// A message: kind, milliseconds, payload.
type Message = (u8, u32, bytes::Bytes);

#[derive(Debug, Default)]
struct Counts {
    versions: AtomicU64,
    late: AtomicU64,
    worst_millis: AtomicU64,
    bytes: AtomicU64,
    failed: AtomicU64,
}

#[tokio::main]
async fn main() {
    let args = Args::parse();
    let messages: Arc<[Message]> = read_capture(&args.capture).into();
    let counts = Arc::new(Counts::default());
    let end = Instant::now() + Duration::from_secs(args.seconds);
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().build().unwrap();
    for n in 0..args.channels {
        let channel = format!("load-{n}");
        if !args.plain {
            let body = format!(
                "<LiveChannelConfiguration><Target><Type>HLS</Type><FragDuration>{}</FragDuration>\
                 <FragCount>5</FragCount></Target></LiveChannelConfiguration>",
                args.segment
            );
            let url = format!("http://{}/live/{channel}?live", args.http);
            let _ = client.put(url).body(body).send().await;
        }
        let url = format!("http://{}{}", args.http, args.playlist.replace("{}", &channel));
        let (messages, sent) = (Arc::clone(&messages), Arc::clone(&counts));
        let rtmp = args.rtmp;
        tokio::spawn(async move {
            if let Err(error) = publisher::publish(rtmp, &channel, &messages).await {
                eprintln!("{channel}: {error}");
                sent.failed.fetch_add(1, Ordering::Relaxed);
            }
        });
        let target = Duration::from_secs(args.segment);
        tokio::spawn(reader::read(client.clone(), url, target, Arc::clone(&counts)));
        sleep(Duration::from_millis(20)).await;
    }
    sleep_until(end).await;
    let get = |count: &AtomicU64| count.load(Ordering::Relaxed);
    println!(
        "{} channels: {} playlists, {} late, worst {} ms late, {} MB read, {} failures",
        args.channels,
        get(&counts.versions),
        get(&counts.late),
        get(&counts.worst_millis),
        get(&counts.bytes) / 1_000_000,
        get(&counts.failed)
    );
}

fn read_capture(path: &std::path::Path) -> Vec<Message> {
    let bytes = std::fs::read(path).expect("the capture can be read");
    let (mut reader, mut rest, mut out) = (Reader::new(), bytes.as_slice(), Vec::new());
    loop {
        let consumed = match reader.step(rest).expect("the capture is FLV") {
            Step::Header { consumed, .. } => consumed,
            Step::Tag { tag, consumed } => {
                let data = bytes::Bytes::copy_from_slice(tag.data);
                out.push((tag.kind.get(), tag.time.millis(), data));
                consumed
            }
            _ => return out,
        };
        rest = &rest[consumed..];
    }
}
