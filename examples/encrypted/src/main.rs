//! `cargo run -p hls-segmenter-encrypted -- testdata/bframes.flv`, and players open
//! `http://127.0.0.1:8080/playlist.m3u8`.

use core::error::Error;
use std::sync::Arc;

use hls_segmenter::Options;
use hls_segmenter::config::{FragCount, FragDuration};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let flv = std::fs::read(arguments.next().ok_or("usage: encrypted FLV [ADDRESS]")?)?;
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:8080".to_owned());
    let options = Options {
        frag_duration: FragDuration::new(2)?,
        frag_count: FragCount::new(100)?,
        ..Options::default()
    };
    let served = Arc::default();
    encrypted::encrypt(&flv, options, &served)?;
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("http://{}/playlist.m3u8", listener.local_addr()?);
    Ok(axum::serve(listener, encrypted::service(Arc::clone(&served))).await?)
}
