//! The service over real connections, with an HTTP client that was not written here.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail loudly")]

use core::convert::Infallible;

use bytes::Bytes;
use futures_util::stream;
use hls_segmenter::config::Parts;
use reqwest::{Body, Client, StatusCode};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

const CAPTURE: &[u8] = include_bytes!("../../../testdata/nobframes.flv");

/// Starts the service on a port of its own; returns its address.
async fn service() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let service = low_latency::service(Parts::lasting(500).unwrap()).unwrap();
    tokio::spawn(async { axum::serve(listener, service).await.unwrap() });
    address
}

/// Other packages of the workspace have `reqwest` speak TLS, and name the provider of its
/// cryptography themselves: built beside them, a client wants one even for plain HTTP.
fn client() -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::new()
}

async fn get(url: String) -> (StatusCode, Bytes) {
    let response = client().get(url).send().await.unwrap();
    (response.status(), response.bytes().await.unwrap())
}

async fn list(address: &str, query: &str) -> (StatusCode, String) {
    let (status, text) = get(format!("{address}/live/playlist.m3u8{query}")).await;
    (status, String::from_utf8(text.to_vec()).unwrap())
}

#[tokio::test]
async fn requests_for_what_comes_next_wait_for_it() {
    let address = service().await;
    let (sender, mut pieces) = mpsc::channel(1);
    let body = Body::wrap_stream(stream::poll_fn(move |context| pieces.poll_recv(context)));
    let post = client().post(format!("{address}/live.flv")).body(body).send();
    let publishing = tokio::spawn(post);
    // Asked before there is anything, and answered with the first part.
    let first = tokio::spawn({
        let address = address.clone();
        async move { list(&address, "?_HLS_msn=0&_HLS_part=0").await }
    });
    let (half, rest) = CAPTURE.split_at(CAPTURE.len() / 2);
    for piece in half.chunks(2_000) {
        sender.send(Ok::<_, Infallible>(piece)).await.unwrap();
    }
    let (status, text) = first.await.unwrap();
    assert!(status == StatusCode::OK && text.contains("#EXT-X-PART:"), "{text}");

    let (_, text) = list(&address, "").await;
    let hint = text.split("TYPE=PART,URI=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let hinted = tokio::spawn(get(format!("{address}/live/{hint}")));
    for query in ["?_HLS_part=1", "?_HLS_msn=99", "?_HLS_msn=a"] {
        assert_eq!(list(&address, query).await.0, StatusCode::BAD_REQUEST, "{query}");
    }
    for piece in rest.chunks(2_000) {
        sender.send(Ok(piece)).await.unwrap();
    }
    drop(sender);
    assert_eq!(publishing.await.unwrap().unwrap().status(), StatusCode::NO_CONTENT);
    let (status, part) = hinted.await.unwrap();
    assert!(status == StatusCode::OK && !part.is_empty());
    assert!(list(&address, "?_HLS_msn=1&_HLS_skip=YES").await.1.contains("#EXT-X-PART-INF:"));
}

#[tokio::test]
async fn a_segment_is_its_parts_one_behind_the_other() {
    let address = service().await;
    let posted = client().post(format!("{address}/live.flv")).body(CAPTURE).send().await.unwrap();
    assert_eq!(posted.status(), StatusCode::NO_CONTENT);
    let (_, text) = list(&address, "").await;
    let mut parts = Vec::new();
    let mut compared = 0;
    for line in text.lines() {
        if let Some(part) = line.strip_prefix("#EXT-X-PART:") {
            let uri = part.split('"').nth(1).unwrap();
            parts.extend(get(format!("{address}/live/{uri}")).await.1);
        } else if line.ends_with(".m4s") && !parts.is_empty() {
            let (status, segment) = get(format!("{address}/live/{line}")).await;
            assert_eq!((status, &segment[..]), (StatusCode::OK, &parts[..]), "{line}");
            parts.clear();
            compared += 1;
        } else if let Some(map) = line.strip_prefix("#EXT-X-MAP:") {
            let uri = map.split('"').nth(1).unwrap();
            assert_eq!(get(format!("{address}/live/{uri}")).await.1.get(4..8).unwrap(), b"ftyp");
        }
    }
    assert!(compared >= 2, "{text}");
    assert_eq!(get(format!("{address}/live/99.0.m4s")).await.0, StatusCode::NOT_FOUND);
}
