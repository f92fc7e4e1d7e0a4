//! What strangers may cost over HTTP: connections, time, memory, processor time. Each limit is
//! tested by its effect.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail"
)]

mod support;

use core::time::Duration;

use livechannel::{Server, Settings, Store};
use support::{Publisher, capture, get, listed, put_channel, settings, start, wait_for};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

async fn node(change: impl FnOnce(&mut Settings)) -> Server {
    let mut settings = settings();
    change(&mut settings);
    start(settings, &Store::memory()).await
}

async fn connect(server: &Server) -> TcpStream {
    TcpStream::connect(server.http()).await.unwrap()
}

/// Reads until the server closes the connection, which it has to do soon.
async fn rest(socket: &mut TcpStream) -> String {
    let mut out = Vec::new();
    let read = timeout(Duration::from_secs(5), socket.read_to_end(&mut out)).await;
    let _ = read.expect("the server closes the connection");
    String::from_utf8_lossy(&out).into_owned()
}

const HEALTH: &[u8] = b"GET /-/health HTTP/1.1\r\nhost: localhost\r\n\r\n";

#[tokio::test]
async fn a_header_has_a_deadline_and_so_has_silence() {
    let server = node(|settings| settings.header = Duration::from_millis(500)).await;
    let begun = Instant::now();
    let mut silent = connect(&server).await;
    let mut idle = connect(&server).await;
    idle.write_all(HEALTH).await.unwrap();
    let mut slow = connect(&server).await;
    slow.write_all(b"GET /-/health HTTP/1.1\r\nhost: x\r\nx: ").await.unwrap();
    let drip = async {
        while slow.write_all(b"a").await.is_ok() {
            sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(Duration::from_secs(4), drip).await.expect("a header without end is ended");
    rest(&mut silent).await;
    assert!(rest(&mut idle).await.ends_with("ok\n"), "answered, and then closed");
    assert!(begun.elapsed() < Duration::from_secs(4));
    server.stop().await;
}

#[tokio::test]
async fn a_body_has_a_deadline() {
    let server = node(|settings| settings.request = Duration::from_millis(800)).await;
    let mut slow = connect(&server).await;
    let head = "PUT /live/ch?live HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
                content-length: 1000\r\n\r\n<Live";
    slow.write_all(head.as_bytes()).await.unwrap();
    let answer = rest(&mut slow).await;
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("RequestTimeout"), "{answer}");
    server.stop().await;
}

#[tokio::test]
async fn a_store_that_hangs_holds_no_request_for_longer_than_its_time() {
    let mut settings = settings();
    settings.request = Duration::from_millis(500);
    let (flaky, store) = support::flaky_store();
    let server = start(settings, &store).await;
    flaky.hang(true);
    let (status, body) = get(&server, "/live/ch/1.ts").await;
    assert!(status == 503 && body.contains("ServiceUnavailable"), "{body}");
    flaky.hang(false);
    server.stop().await;
}

#[tokio::test]
async fn a_header_has_its_length() {
    let server = node(|_| {}).await;
    let field = |len: usize| format!("x: {}\r\n", "a".repeat(len));
    for (fields, want) in [
        (field(8_000), "HTTP/1.1 200"),
        (field(100_000), "HTTP/1.1 431"),
        (field(1).repeat(100), "HTTP/1.1 431"),
    ] {
        let mut socket = connect(&server).await;
        let head =
            format!("GET /-/health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{fields}\r\n");
        let _ = socket.write_all(head.as_bytes()).await;
        let mut status = [0; 12];
        timeout(Duration::from_secs(5), socket.read_exact(&mut status)).await.unwrap().unwrap();
        assert_eq!(String::from_utf8_lossy(&status), want, "{} bytes", fields.len());
    }
    server.stop().await;
}

#[tokio::test]
async fn connections_are_counted_in_all_and_by_address() {
    for (most, each, open) in [(4, None, 2), (4, Some(3), 3), (2, Some(9), 2)] {
        let server = node(|settings| {
            settings.http_connections = most;
            settings.http_per_address = each;
        })
        .await;
        let mut held = Vec::new();
        for _ in 0..open {
            let mut socket = connect(&server).await;
            socket.write_all(HEALTH).await.unwrap();
            assert_ne!(socket.read(&mut [0; 1000]).await.unwrap(), 0, "{most} {each:?}");
            held.push(socket);
        }
        let mut refused = connect(&server).await;
        let _ = refused.write_all(HEALTH).await;
        assert_eq!(rest(&mut refused).await, "", "{most} {each:?}");
        held.clear();
        let again = async || {
            let mut socket = connect(&server).await;
            socket.write_all(HEALTH).await.ok()?;
            socket.read(&mut [0; 1000]).await.ok().filter(|len| *len > 0)
        };
        wait_for(again).await;
        server.stop().await;
    }
}

#[tokio::test]
async fn a_connection_does_not_last_for_ever() {
    let server = node(|settings| settings.lifetime = Duration::from_millis(600)).await;
    let mut socket = connect(&server).await;
    let (begun, mut answers) = (Instant::now(), 0);
    while socket.write_all(HEALTH).await.is_ok()
        && matches!(socket.read(&mut [0; 1000]).await, Ok(1..))
    {
        answers += 1;
        sleep(Duration::from_millis(100)).await;
        assert!(begun.elapsed() < Duration::from_secs(4));
    }
    assert!(answers > 2, "{answers}");
    server.stop().await;
}

/// The preface of HTTP/2 and an empty SETTINGS frame.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

#[tokio::test]
async fn http_2_is_spoken_where_it_is_asked_for_and_with_few_streams() {
    let server = node(|_| {}).await;
    let mut socket = connect(&server).await;
    socket.write_all(PREFACE).await.unwrap();
    let answer = rest(&mut socket).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 "), "{answer}");
    server.stop().await;

    let server = node(|settings| settings.http2 = true).await;
    let mut socket = connect(&server).await;
    socket.write_all(PREFACE).await.unwrap();
    let mut frame = [0; 9];
    socket.read_exact(&mut frame).await.unwrap();
    assert_eq!(frame[3], 4, "SETTINGS");
    let mut settings = vec![0; usize::from(frame[2])];
    socket.read_exact(&mut settings).await.unwrap();
    let streams = settings.chunks(6).find(|setting| setting[..2] == [0, 3]).unwrap();
    assert_eq!(streams[2..], [0, 0, 0, 8], "MAX_CONCURRENT_STREAMS");
    assert_eq!(get(&server, "/-/health").await.0, 200, "and HTTP/1 beside it");
    server.stop().await;
}

#[tokio::test]
async fn the_page_is_compressed_already() {
    let server = node(|settings| settings.page = true).await;
    let client = reqwest::Client::new();
    for path in ["/", "/-/page.css", "/-/page.js", "/-/hls.js"] {
        let url = format!("http://{}{path}", server.http());
        let ask = |coding| client.get(&url).header("accept-encoding", coding).send();
        let packed = ask("gzip, br").await.unwrap();
        assert_eq!(packed.headers()["content-encoding"], "gzip", "{path}");
        assert_eq!(packed.headers()["vary"], "accept-encoding", "{path}");
        let packed = packed.bytes().await.unwrap();
        assert!(packed.starts_with(&[0x1f, 0x8b]), "{path}");
        let plain = ask("identity").await.unwrap();
        assert!(!plain.headers().contains_key("content-encoding"), "{path}");
        let plain = plain.bytes().await.unwrap();
        assert!(plain.len() > packed.len(), "{path}");
        // RFC 1952 §2.3.1: the last four bytes are the length of what was compressed.
        let said = u32::from_le_bytes(*packed.last_chunk().unwrap());
        assert_eq!(said as usize, plain.len(), "{path}");
    }
    // Everything at once, many times: what a request costs is what sending costs.
    let begun = Instant::now();
    let url = format!("http://{}/-/hls.js", server.http());
    for _ in 0..200 {
        client.get(&url).header("accept-encoding", "gzip").send().await.unwrap();
    }
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    server.stop().await;
}

#[tokio::test]
async fn edge_bytes_say_what_is_kept_for_players() {
    // With none, everything comes from the store: which of them a response comes from, its
    // entity tag says.
    for (edge, in_memory) in [(32 << 20, true), (0, false)] {
        let server = node(|settings| settings.edge = edge).await;
        put_channel(&server, 2, 100).await;
        let mut publisher = Publisher::start(&server, "live", "ch").await.unwrap();
        publisher.push(&capture("bframes"), 0).await.unwrap();
        wait_for(|| async { (listed(&server).await.len() >= 3).then_some(()) }).await;
        let name = listed(&server).await[0].name.clone();
        let url = format!("http://{}/live/ch/{name}", server.http());
        let response = reqwest::get(url).await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(!response.headers().contains_key("etag"), in_memory, "{edge}");
        publisher.finish().await;
        server.stop().await;
    }
}
