//! Makes, stores and announces the pictures of one publication.
//!
//! A decoder of foreign bytes is kept at arm's length where the program offers to: in a process of
//! its own, which may crash or hang without anybody else noticing.

use core::time::Duration;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;

use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::jpeg::{PictureError, decode_to_jpeg};
use super::notify;
use crate::channel::LiveChannel;
use crate::clock::now_millis;
use crate::name::BucketName;
use crate::service::Service;
use crate::store::SnapshotRecord;

pub(super) struct Worker {
    service: Arc<Service>,
    live: Arc<LiveChannel>,
    target: SnapshotRecord,
}

impl Worker {
    pub(super) const fn new(
        service: Arc<Service>,
        live: Arc<LiveChannel>,
        target: SnapshotRecord,
    ) -> Self {
        Self { service, live, target }
    }

    pub(super) async fn run(self, mut frames: mpsc::Receiver<Vec<u8>>) {
        while let Some(frame) = frames.recv().await {
            match self.take(frame).await {
                Ok(()) => self.service.metrics().snapshots.inc(),
                Err(error) => {
                    tracing::warn!(channel = %self.live.key, %error, "no snapshot");
                    self.service.metrics().snapshots_dropped.inc()
                }
            };
        }
    }

    async fn take(&self, frame: Vec<u8>) -> Result<(), Box<dyn core::error::Error + Send + Sync>> {
        let now = now_millis();
        // Few decoders at a time, whatever the number of channels: pictures can wait, packets
        // cannot.
        let turn = self.service.decoders().acquire().await?;
        let jpeg = decode(self.service.settings().snapshot_program.clone(), frame).await?;
        drop(turn);
        let bucket = BucketName::new(&self.target.dest_bucket).ok_or("no bucket name")?;
        let interval = i64::from(self.target.interval) * 1000;
        let stamp = now - now.rem_euclid(interval);
        let channel = self.live.key.channel.as_str();
        let object = format!("{channel}/{stamp:013}.jpg");
        let store = self.service.store();
        let path = store.layout().object(&bucket, &object);
        store.put(&path, jpeg.into(), "image/jpeg").await?;
        self.live.set_snapshot(bucket.as_str(), stamp);
        notify::tell(&self.service, &self.live.key, &self.target, &object, now);
        Ok(())
    }
}

async fn decode(program: Option<PathBuf>, frame: Vec<u8>) -> Result<Vec<u8>, PictureError> {
    let failed = |error: &dyn core::fmt::Display| PictureError::Process(error.to_string());
    let Some(program) = program else {
        let decoded = tokio::task::spawn_blocking(move || decode_to_jpeg(&frame)).await;
        return decoded.map_err(|error| failed(&error))?;
    };
    let child = Command::new(program)
        .arg(DECODER_FLAG)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn();
    let mut child = child.map_err(|error| failed(&error))?;
    let mut stdin = child.stdin.take().ok_or(PictureError::Nothing)?;
    let fed = async move {
        let fed = stdin.write_all(&frame).await;
        drop(stdin);
        fed
    };
    let work = async { tokio::join!(fed, child.wait_with_output()) };
    let (_, output) = timeout(PATIENCE, work).await.map_err(|_| failed(&"no picture in time"))?;
    let output = output.map_err(|error| failed(&error))?;
    if output.status.success() && !output.stdout.is_empty() {
        Ok(output.stdout)
    } else {
        Err(failed(&output.status))
    }
}

/// Tells the program to decode standard input and to do nothing else.
const DECODER_FLAG: &str = "--decode-snapshot";
const PATIENCE: Duration = Duration::from_secs(10);
