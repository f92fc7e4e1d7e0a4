//! `cargo run -p hls-segmenter-origin`, then `ffmpeg -re … -f flv http://127.0.0.1:8080/live.flv`,
//! and players open `http://127.0.0.1:8080/live/playlist.m3u8`.

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8080".to_owned());
    axum::serve(tokio::net::TcpListener::bind(address).await?, origin::service()).await
}
