//! `ffmpeg -re … -f flv - | cargo run -p hls-segmenter-upload -- FOLDER`: a live channel in a
//! folder, by way of the interface that object stores have.

use std::time::SystemTime;

use hls_segmenter::flv::{Reader, Step};
use hls_segmenter::time::WallTime;
use hls_segmenter::{Config, End};
use object_store::local::LocalFileSystem;
use tokio::io::{AsyncReadExt as _, stdin};
use tokio::sync::mpsc;
use upload::{Limits, Message, Publication};

type Failure = Box<dyn core::error::Error>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let folder = std::env::args_os().nth(1).ok_or("usage: upload FOLDER")?;
    std::fs::create_dir_all(&folder)?;
    let store = LocalFileSystem::new_with_prefix(folder)?;
    let publication = Publication::open(&store, Config::default(), Limits::default()).await?;
    let (sender, mut messages) = mpsc::channel(64);
    let (read, ()) = tokio::join!(read(sender), publication.run(&mut messages, End::Pause));
    read
}

/// Reads an FLV stream from standard input.
async fn read(sender: mpsc::Sender<Message>) -> Result<(), Failure> {
    let (mut reader, mut input, mut stdin) = (Reader::new(), Vec::new(), stdin());
    while stdin.read_buf(&mut input).await? > 0 {
        while let step @ (Step::Tag { consumed, .. } | Step::Header { consumed, .. }) =
            reader.step(&input)?
        {
            if let Step::Tag { tag, .. } = step {
                let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_millis();
                let now = WallTime::from_unix_millis(now.try_into()?);
                sender.send(Message::new(tag, now)).await?;
            }
            input.drain(..consumed);
        }
    }
    Ok(())
}
