//! `cargo run -p hls-segmenter-low-latency`, then `ffmpeg -re … -f flv http://127.0.0.1:8080/live.flv`,
//! and players open `http://127.0.0.1:8080/live/playlist.m3u8`.

use hls_segmenter::config::Parts;

#[tokio::main]
async fn main() -> Result<(), Box<dyn core::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:8080".to_owned());
    let millis = arguments.next().map_or(Ok(500), |millis| millis.parse())?;
    let service = low_latency::service(Parts::lasting(millis)?)?;
    Ok(axum::serve(tokio::net::TcpListener::bind(address).await?, service).await?)
}
