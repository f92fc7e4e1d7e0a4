//! HTTP clients that mean no good: each is refused as OSS would, nobody else notices.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail"
)]

mod support;

use core::time::Duration;

use livechannel::{Server, Store};
use support::{
    Publisher, capture, closed_settings, get, listed, put_channel, settings, start, wait_for_state,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Sends a request as it stands and returns status line and body.
async fn raw(server: &Server, request: &str) -> String {
    let mut socket = TcpStream::connect(server.http()).await.unwrap();
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut out = Vec::new();
    let read = socket.read_to_end(&mut out);
    timeout(Duration::from_secs(10), read).await.unwrap().unwrap();
    String::from_utf8_lossy(&out).into_owned()
}

async fn ask(server: &Server, method: &str, target: &str, body: &str) -> String {
    let len = body.len();
    let request = format!(
        "{method} {target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {len}\r\n\r\n{body}"
    );
    raw(server, &request).await
}

const CONFIGURATION: &str =
    "<LiveChannelConfiguration><Target><Type>HLS</Type></Target></LiveChannelConfiguration>";

#[tokio::test]
async fn no_name_leaves_its_bucket() {
    let folder = std::env::temp_dir().join(format!("livechannel-traversal-{}", std::process::id()));
    let inside = folder.join("store");
    std::fs::create_dir_all(&inside).unwrap();
    std::fs::write(folder.join("secret.txt"), "secret").unwrap();
    let store: livechannel::StoreAddress = inside.to_str().unwrap().parse().unwrap();
    let server = start(settings(), &store.open().unwrap()).await;
    put_channel(&server, 2, 3).await;
    for target in [
        "/live/../../secret.txt",
        "/live/%2e%2e/%2e%2e/secret.txt",
        "/live/..%2f..%2fsecret.txt",
        "/live/ch/..%5c..%5csecret.txt",
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/.livechannel/live/channel/ch.json",
        "/live/../.livechannel/live/channel/ch.json",
        "/live/ch/%00",
        "/live//etc/passwd",
    ] {
        let answer = ask(&server, "GET", target, "").await;
        let status = answer.split(' ').nth(1).unwrap_or_default().to_owned();
        assert!(matches!(status.as_str(), "400" | "404"), "{target}: {answer}");
        assert!(!answer.contains("frag_duration"), "{target}: {answer}");
    }
    for target in [
        "/live/..?live",
        "/live/%2e%2e%2fx?live",
        "/live/a%2fb?live",
        "/live/%ff?live",
        "/live/?live",
        "/..?live",
        "/live/.?live",
    ] {
        let answer = ask(&server, "PUT", target, CONFIGURATION).await;
        assert!(answer.starts_with("HTTP/1.1 4"), "{target}: {answer}");
    }
    for target in [
        "/live/ch/..%2fx.m3u8?vod&startTime=1&endTime=2",
        "/live/ch?vod&startTime=1&endTime=2",
        "/live/x.m3u8?vod&startTime=1&endTime=2",
    ] {
        let answer = ask(&server, "POST", target, "").await;
        assert!(answer.starts_with("HTTP/1.1 4"), "{target}: {answer}");
    }
    let found: Vec<_> =
        std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(found.len(), 2, "nothing was written beside the store: {found:?}");
    server.stop().await;
    std::fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test]
async fn bodies_that_are_bombs_are_refused_at_once() {
    let server = start(settings(), &Store::memory()).await;
    let entities: String =
        (1..30).map(|n| format!("<!ENTITY e{n} \"&e{};&e{};\">", n - 1, n - 1)).collect();
    let laughs = format!(
        "<!DOCTYPE x [<!ENTITY e0 \"ha\">{entities}]><LiveChannelConfiguration><Description>&e29;</Description></LiveChannelConfiguration>"
    );
    let deep = format!("<LiveChannelConfiguration>{}", "<a>".repeat(15_000));
    let attributes = format!("<LiveChannelConfiguration {}>", "a='b' ".repeat(10_000));
    for (what, body, code) in [
        ("entities", laughs.as_str(), "MalformedXML"),
        ("depth", &deep, "MalformedXML"),
        ("attributes", &attributes, "MalformedXML"),
        ("a megabyte", &" ".repeat(1 << 20), "EntityTooLarge"),
        ("nothing", "", "MalformedXML"),
    ] {
        let answer = ask(&server, "PUT", "/live/ch?live", body).await;
        assert!(answer.starts_with("HTTP/1.1 400") && answer.contains(code), "{what}: {answer}");
    }
    assert_eq!(get(&server, "/live/ch?live").await.0, 404, "none of them made a channel");
    server.stop().await;
}

#[tokio::test]
async fn slow_readers_and_half_requests_disturb_nobody() {
    let server = start(settings(), &Store::memory()).await;
    put_channel(&server, 2, 100).await;
    let mut publisher = Publisher::start(&server, "live", "ch").await.unwrap();
    publisher.push(&capture("bframes"), 0).await.unwrap();
    publisher.finish().await;
    wait_for_state(&server, "Idle").await;
    let name = listed(&server).await[0].name.clone();
    let mut held = Vec::new();
    for nth in 0..200 {
        let mut socket = TcpStream::connect(server.http()).await.unwrap();
        let request = format!("GET /live/ch/{name} HTTP/1.1\r\nhost: localhost\r\n\r\n");
        let sent = if nth % 2 == 0 { request.repeat(20) } else { request[..30].to_owned() };
        socket.write_all(sent.as_bytes()).await.unwrap();
        held.push(socket);
    }
    let begun = tokio::time::Instant::now();
    support::load_all(&server).await;
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    drop(held);
    server.stop().await;
}

#[tokio::test]
async fn what_is_not_signed_is_refused_and_playing_is_open() {
    let store = Store::memory();
    let open = start(settings(), &store).await;
    put_channel(&open, 2, 3).await;
    let server = start(closed_settings(), &store).await;
    for (method, target) in [
        ("PUT", "/live/ch?live"),
        ("DELETE", "/live/ch?live"),
        ("GET", "/live/?live"),
        ("GET", "/live/ch?live&comp=stat"),
        ("POST", "/live/ch/v.m3u8?vod"),
    ] {
        let answer = ask(&server, method, target, CONFIGURATION).await;
        assert!(
            answer.starts_with("HTTP/1.1 403") && answer.contains("<Code>AccessDenied</Code>"),
            "{method} {target}: {answer}"
        );
    }
    assert_eq!(get(&server, "/live/ch/playlist.m3u8").await.0, 404, "which is no matter of rights");
    for query in [
        "OSSAccessKeyId=AKID&Expires=1&Signature=AAAA",
        "x-oss-signature-version=OSS4-HMAC-SHA256",
        "x-oss-signature-version=OSS9",
        "Signature=",
    ] {
        let (status, body) = get(&server, &format!("/live/ch/playlist.m3u8?{query}")).await;
        assert!(
            matches!(status, 400 | 403),
            "a signature that is there must be right: {query}: {body}"
        );
    }
    open.stop().await;
    server.stop().await;
}

#[tokio::test]
async fn ranges_types_and_caching_are_what_players_expect() {
    let server = start(settings(), &Store::memory()).await;
    put_channel(&server, 2, 100).await;
    let mut publisher = Publisher::start(&server, "live", "ch").await.unwrap();
    publisher.push(&capture("bframes"), 0).await.unwrap();
    support::wait_for(|| async { (listed(&server).await.len() >= 3).then_some(()) }).await;
    let client = reqwest::Client::new();
    // Once from memory, while the channel is live, and once from the store.
    for live in [true, false] {
        let name = listed(&server).await[0].name.clone();
        let url = format!("http://{}/live/ch/{name}", server.http());
        let whole = client.get(&url).send().await.unwrap();
        assert_eq!(whole.headers()["cache-control"], "public, max-age=31536000, immutable");
        assert_eq!(whole.headers()["access-control-allow-origin"], "*");
        let whole = whole.bytes().await.unwrap();
        let part = client.get(&url).header("range", "bytes=188-375").send().await.unwrap();
        assert_eq!(
            (part.status().as_u16(), part.headers()["content-range"].to_str().unwrap()),
            (206, &*format!("bytes 188-375/{}", whole.len()))
        );
        assert_eq!(part.bytes().await.unwrap(), whole[188..376]);
        let beyond = client.get(&url).header("range", "bytes=99999999-").send().await.unwrap();
        assert_eq!(beyond.status(), 416);
        let head = client.head(&url).send().await.unwrap();
        assert_eq!(head.headers()["content-length"], whole.len().to_string());
        let list = client
            .get(format!("http://{}/live/ch/playlist.m3u8", server.http()))
            .header("accept-encoding", "gzip")
            .send()
            .await
            .unwrap();
        assert_eq!(list.headers()["content-type"], "application/vnd.apple.mpegurl");
        assert_eq!(list.headers()["cache-control"], "no-cache");
        assert_eq!(list.headers()["content-encoding"], "gzip");
        if live {
            publisher.push(&capture("bframes")[..5], 12_000).await.unwrap();
            publisher.socket.shutdown().await.unwrap();
            wait_for_state(&server, "Idle").await;
        }
    }
    server.stop().await;
}
