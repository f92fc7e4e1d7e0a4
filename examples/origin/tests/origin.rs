//! The service over real connections, with an HTTP client that was not written here.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail loudly")]

use core::convert::Infallible;

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use hls_segmenter::flv::{Reader, Step};
use hls_segmenter::playlist::Playlist;
use hls_segmenter::ts::TsPackets;
use hls_segmenter::{Config, End, Segment, SegmentSink, SegmentStart, Segmenter};
use reqwest::{Body, Client, Response, StatusCode};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

const CAPTURE: &[u8] = include_bytes!("../../../testdata/bframes.flv");

/// Starts the service on a port of its own; returns its address.
async fn origin() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async { axum::serve(listener, origin::service()).await.unwrap() });
    address
}

/// Other packages of the workspace have `reqwest` speak TLS, and name the provider of its
/// cryptography themselves: built beside them, a client wants one even for plain HTTP.
fn client() -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::new()
}

/// Posts bytes in pieces of so many bytes.
async fn publish(address: &str, channel: &str, bytes: &'static [u8], len: usize) -> Response {
    let pieces = stream::iter(bytes.chunks(len)).map(Ok::<_, Infallible>);
    let body = Body::wrap_stream(pieces.map(|piece| piece.map(Bytes::from_static)));
    client().post(format!("{address}/{channel}.flv")).body(body).send().await.unwrap()
}

async fn get(url: String) -> (StatusCode, String, Bytes) {
    let response = client().get(url).send().await.unwrap();
    let kind = response.headers().get("content-type").map(|kind| kind.to_str().unwrap().to_owned());
    (response.status(), kind.unwrap_or_default(), response.bytes().await.unwrap())
}

/// Reads a playlist and all of its segments: durations in milliseconds, and bytes.
async fn read(address: &str, channel: &str) -> (Vec<u32>, Vec<Bytes>, String) {
    let (status, kind, text) = get(format!("{address}/{channel}/playlist.m3u8")).await;
    assert_eq!((status, kind.as_str()), (StatusCode::OK, "application/vnd.apple.mpegurl"));
    let text = String::from_utf8(text.to_vec()).unwrap();
    let (mut durations, mut segments) = (Vec::new(), Vec::new());
    for line in text.lines() {
        if let Some(duration) = line.strip_prefix("#EXTINF:") {
            durations.push(duration.replace(['.', ','], "").parse().unwrap());
        } else if !line.starts_with('#') {
            let (status, kind, bytes) = get(format!("{address}/{channel}/{line}")).await;
            assert_eq!((status, kind.as_str()), (StatusCode::OK, "video/mp2t"), "{line}");
            segments.push(bytes);
        }
    }
    (durations, segments, text)
}

/// The segments of the capture, without a service.
#[derive(Default)]
struct Expected(Vec<Vec<u8>>);

impl SegmentSink for Expected {
    type Error = Infallible;

    fn open_segment(&mut self, _: &SegmentStart) -> Result<(), Infallible> {
        self.0.push(Vec::new());
        Ok(())
    }

    fn write_packets(&mut self, packets: TsPackets<'_>) -> Result<(), Infallible> {
        self.0.last_mut().into_iter().for_each(|open| packets.append_to_vec(open));
        Ok(())
    }

    fn close_segment(&mut self, _: &Segment) -> Result<(), Infallible> {
        Ok(())
    }

    fn update_playlist(&mut self, _: Playlist<'_>) -> Result<(), Infallible> {
        Ok(())
    }
}

fn expected() -> Vec<Vec<u8>> {
    let (mut segmenter, mut sink) = (Segmenter::new(Config::default()), Expected::default());
    let (mut reader, mut rest) = (Reader::new(), CAPTURE);
    while let step @ (Step::Tag { consumed, .. } | Step::Header { consumed, .. }) =
        reader.step(rest).unwrap()
    {
        if let Step::Tag { tag, .. } = step {
            segmenter.push(tag, &mut sink).unwrap();
        }
        rest = rest.get(consumed..).unwrap();
    }
    segmenter.finish(End::Pause, &mut sink).unwrap();
    sink.0
}

#[tokio::test]
async fn a_capture_that_is_posted_in_pieces_is_read_back_whole() {
    let (address, want) = (origin().await, expected());
    for (channel, len) in [("one", 1_000), ("two", 7), ("three", CAPTURE.len())] {
        let posted = publish(&address, channel, CAPTURE, len).await;
        assert_eq!(posted.status(), StatusCode::NO_CONTENT);
        let (durations, segments, text) = read(&address, channel).await;
        assert_eq!(durations.iter().sum::<u32>().abs_diff(12_000) / 100, 0, "{text}");
        assert_eq!(segments, want, "{channel}: {text}");
    }
}

#[tokio::test]
async fn what_is_published_is_served_before_the_publisher_is_at_its_end() {
    let address = origin().await;
    let (sender, mut pieces) = mpsc::channel(1);
    let body = Body::wrap_stream(stream::poll_fn(move |context| pieces.poll_recv(context)));
    let post = client().post(format!("{address}/live.flv")).body(body).send();
    let publishing = tokio::spawn(post);
    let (most, last) = CAPTURE.split_at(CAPTURE.len() - 100);
    for piece in most.chunks(4_000) {
        sender.send(Ok::<_, Infallible>(piece)).await.unwrap();
    }
    // The segment that is open is not listed, and what the sockets hold not taken yet.
    let first = loop {
        let (status, _, text) = get(format!("{address}/live/playlist.m3u8")).await;
        if status == StatusCode::OK {
            break String::from_utf8(text.to_vec()).unwrap();
        }
        tokio::time::sleep(core::time::Duration::from_millis(10)).await;
    };
    assert_eq!(first.matches("#EXTINF").count(), 1, "{first}");
    // Nobody else publishes here meanwhile, and other channels are free.
    assert_eq!(publish(&address, "live", CAPTURE, 1_000).await.status(), StatusCode::CONFLICT);
    assert_eq!(publish(&address, "other", CAPTURE, 1_000).await.status(), StatusCode::NO_CONTENT);
    sender.send(Ok(last)).await.unwrap();
    drop(sender);
    assert_eq!(publishing.await.unwrap().unwrap().status(), StatusCode::NO_CONTENT);
    let (_, segments, _) = read(&address, "live").await;
    assert_eq!(segments, expected());
}

#[tokio::test]
async fn a_publisher_that_comes_again_goes_on_with_the_list() {
    let address = origin().await;
    for cut in [CAPTURE.len() - 50, CAPTURE.len()] {
        let posted = publish(&address, "live", CAPTURE.get(..cut).unwrap(), 4_000).await;
        assert_eq!(posted.status(), StatusCode::NO_CONTENT);
    }
    let (durations, segments, text) = read(&address, "live").await;
    assert!(text.contains("#EXT-X-DISCONTINUITY\n") && text.contains("SEQUENCE:1\n"), "{text}");
    assert_eq!((durations.len(), segments.len()), (3, 3), "{text}");
}

#[tokio::test]
async fn a_publisher_whose_connection_breaks_has_its_last_segment_listed() {
    let address = origin().await;
    let mut connection =
        TcpStream::connect(address.strip_prefix("http://").unwrap()).await.unwrap();
    let head = "POST /live.flv HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000000\r\n\r\n";
    connection.write_all(&[head.as_bytes(), CAPTURE].concat()).await.unwrap();
    drop(connection);
    for _ in 0..500 {
        let (_, _, text) = get(format!("{address}/live/playlist.m3u8")).await;
        if String::from_utf8_lossy(&text).matches("#EXTINF").count() == 2 {
            break;
        }
        tokio::time::sleep(core::time::Duration::from_millis(10)).await;
    }
    assert_eq!(read(&address, "live").await.1, expected());
}

#[tokio::test]
async fn what_is_no_flv_and_what_is_not_there_is_refused() {
    let address = origin().await;
    assert_eq!(publish(&address, "live", b"<html>", 3).await.status(), StatusCode::BAD_REQUEST);
    for path in ["live/playlist.m3u8", "live/0.ts", "live/a", "other/playlist.m3u8"] {
        assert_eq!(get(format!("{address}/{path}")).await.0, StatusCode::NOT_FOUND, "{path}");
    }
    let posted = client().post(format!("{address}/live.mp4")).body("").send().await.unwrap();
    assert_eq!(posted.status(), StatusCode::NOT_FOUND);
    assert_eq!(publish(&address, "live", CAPTURE, 1_000).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(read(&address, "live").await.0, [6000, 6000], "nothing stays of what was refused");
}
