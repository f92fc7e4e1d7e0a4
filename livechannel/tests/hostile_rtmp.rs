//! RTMP peers that mean no good: each is refused, nobody else notices.

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
use support::publisher::shake_hands;
use support::{Publisher, capture, closed_settings, get, put_channel, settings, start, wait_for};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

/// Waits until the server closes a connection; returns how many bytes came.
async fn closed(socket: &mut TcpStream, within: Duration) -> usize {
    let (mut total, mut buffer) = (0, [0; 4096]);
    let drained = async {
        while let Ok(len @ 1..) = socket.read(&mut buffer).await {
            total += len;
        }
    };
    timeout(within, drained).await.expect("the server closes the connection");
    total
}

fn full_header(csid: u8, len: u32, kind: u8) -> Vec<u8> {
    let mut out = vec![csid, 0, 0, 0];
    out.extend_from_slice(&len.to_be_bytes()[1..]);
    out.extend_from_slice(&[kind, 1, 0, 0, 0]);
    out
}

/// Sends `bytes` behind a good handshake and expects to be shown the door, soon.
async fn after_handshake(server: &Server, bytes: &[u8]) {
    let (mut socket, _) = shake_hands(server).await;
    // The server may close before everything is written.
    let _ = socket.write_all(bytes).await;
    closed(&mut socket, Duration::from_secs(5)).await;
}

/// Makes the channel `live/other`.
async fn put_other(server: &Server) {
    let body =
        "<LiveChannelConfiguration><Target><Type>HLS</Type></Target></LiveChannelConfiguration>";
    let url = format!("http://{}/live/other?live", server.http());
    let put = reqwest::Client::new().put(url).body(body).send().await.unwrap();
    assert_eq!(put.status(), 200);
}

#[tokio::test]
async fn half_open_and_endless_handshakes_are_ended() {
    let mut settings = settings();
    settings.setup = Duration::from_millis(500);
    let server = start(settings, &Store::memory()).await;
    let begun = Instant::now();
    let mut silent = TcpStream::connect(server.rtmp()).await.unwrap();
    let mut half = TcpStream::connect(server.rtmp()).await.unwrap();
    half.write_all(&[3; 700]).await.unwrap();
    let (mut shaken, _) = shake_hands(&server).await; // and nothing is published
    for socket in [&mut silent, &mut half, &mut shaken] {
        closed(socket, Duration::from_secs(5)).await;
    }
    assert!(begun.elapsed() < Duration::from_secs(4));
    let mut other = TcpStream::connect(server.rtmp()).await.unwrap();
    other.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    closed(&mut other, Duration::from_secs(5)).await;
    wait_for(|| async {
        let (_, metrics) = get(&server, "/-/metrics").await;
        metrics.contains("livechannel_rtmp_connections 0\n").then_some(())
    })
    .await;
    server.stop().await;
}

#[tokio::test]
async fn what_is_no_rtmp_behind_the_handshake_is_ended_and_a_publisher_beside_it_notices_nothing() {
    let server = start(settings(), &Store::memory()).await;
    put_channel(&server, 2, 100).await;
    let mut publisher = Publisher::start(&server, "live", "ch").await.unwrap();
    let messages = capture("bframes");
    let (first, second) = messages.split_at(messages.len() / 2);
    publisher.push(first, 0).await.unwrap();

    // A message of 16 MiB, and several that are long together.
    let mut long = full_header(6, 0xff_ffff, 9);
    long.extend_from_slice(&[0; 4096]);
    after_handshake(&server, &long).await;
    let mut together = vec![2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0x10, 0, 0]; // chunks of 1 MiB
    for csid in 4..20 {
        together.extend_from_slice(&full_header(csid, 4 << 20, 9));
        together.resize(together.len() + (1 << 20), 0);
    }
    after_handshake(&server, &together).await;
    // A publisher may send longer ones, up to the limit.
    put_other(&server).await;
    let mut other = Publisher::start(&server, "live", "other").await.unwrap();
    other.push(&[(9, 0, vec![0x17; 4 << 20])], 0).await.unwrap();
    let sent = other.push(&[(9, 0, vec![0x17; 9 << 20])], 0).await;
    assert!(sent.is_err() || timeout(Duration::from_secs(5), other.wait_for_end()).await.is_ok());
    // Chunk streams without end, no header, nesting without end, a chunk size of nothing.
    let many: Vec<u8> =
        (0..200_u8).flat_map(|low| [&[0, low][..], &full_header(0, 0, 8)[1..]].concat()).collect();
    after_handshake(&server, &many).await;
    after_handshake(&server, &[0xc7; 100]).await;
    let nested = b"\x0a\0\0\0\x01".repeat(10_000);
    let mut command = full_header(3, u32::try_from(nested.len()).unwrap(), 20);
    for (nth, chunk) in nested.chunks(128).enumerate() {
        if nth > 0 {
            command.push(0xc3);
        }
        command.extend_from_slice(chunk);
    }
    after_handshake(&server, &command).await;
    let mut size = full_header(2, 4, 1);
    size.extend_from_slice(&[0; 4]);
    after_handshake(&server, &size).await;
    // Noise, of which any may happen to be the beginning of something.
    for seed in 1..40_u64 {
        let (mut socket, _) = shake_hands(&server).await;
        let noise: Vec<u8> =
            (0..3000_u64).map(|n| (n.wrapping_mul(seed * 2_654_435_761) >> 13) as u8).collect();
        let _ = socket.write_all(&noise).await;
    }

    publisher.push(second, 0).await.unwrap();
    publisher.finish().await;
    support::wait_for_state(&server, "Idle").await;
    let segments = support::listed(&server).await;
    assert!(segments.len() == 6 && segments.iter().all(|segment| !segment.discontinuity));
    server.stop().await;
}

#[tokio::test]
async fn media_that_is_none_is_counted_and_the_publication_goes_on() {
    let server = start(settings(), &Store::memory()).await;
    put_channel(&server, 2, 100).await;
    let mut publisher = Publisher::start(&server, "live", "ch").await.unwrap();
    let messages = capture("bframes");
    for (nth, message) in messages.iter().enumerate() {
        publisher.push(core::slice::from_ref(message), 0).await.unwrap();
        let junk: Vec<u8> = (0..nth % 50).map(|n| (n * nth * 31) as u8).collect();
        let kind = if nth % 2 == 0 { 8 } else { 9 };
        publisher.push(&[(kind, message.1, junk)], 0).await.unwrap();
    }
    publisher.finish().await;
    support::wait_for_state(&server, "Idle").await;
    support::load_all(&server).await;
    assert!(!support::listed(&server).await.is_empty());
    server.stop().await;
}

#[tokio::test]
async fn there_are_no_more_publishers_than_allowed() {
    let mut settings = settings();
    settings.connections = 1;
    let server = start(settings, &Store::memory()).await;
    put_channel(&server, 2, 3).await;
    put_other(&server).await;
    let publisher = Publisher::start(&server, "live", "ch").await.unwrap();
    let refused = Publisher::start(&server, "live", "other").await.err().unwrap();
    assert!(refused.contains("too many encoders"), "{refused}");
    publisher.finish().await;
    wait_for(|| async { Publisher::start(&server, "live", "other").await.ok() }).await;
    server.stop().await;
}

#[tokio::test]
async fn an_encoder_gets_in_whoever_has_taken_the_seats() {
    let mut settings = settings();
    settings.strangers = 4;
    settings.strangers_per_address = Some(4);
    let server = start(settings, &Store::memory()).await;
    put_channel(&server, 2, 3).await;
    let mut held = Vec::new();
    for _ in 0..4 {
        held.push(TcpStream::connect(server.rtmp()).await.unwrap());
    }
    sleep(Duration::from_millis(100)).await;
    let publisher = Publisher::start(&server, "live", "ch").await.expect("there is a seat");
    assert_eq!(closed(&mut held.remove(0), Duration::from_secs(2)).await, 0, "who came first");
    // A publisher needs no seat any more, however many come after it.
    for _ in 0..20 {
        held.push(TcpStream::connect(server.rtmp()).await.unwrap());
    }
    sleep(Duration::from_millis(100)).await;
    publisher.finish().await;
    server.stop().await;
}

#[tokio::test]
async fn an_address_has_no_more_seats_than_its_part() {
    let mut settings = settings();
    settings.strangers_per_address = Some(2);
    let server = start(settings, &Store::memory()).await;
    let mut held = Vec::new();
    for _ in 0..5 {
        held.push(TcpStream::connect(server.rtmp()).await.unwrap());
        sleep(Duration::from_millis(20)).await;
    }
    for socket in &mut held[..3] {
        closed(socket, Duration::from_secs(2)).await;
    }
    let mut buffer = [0];
    let still = timeout(Duration::from_millis(200), held[4].read(&mut buffer)).await;
    assert!(still.is_err(), "the last ones stay");
    server.stop().await;
}

#[tokio::test]
async fn a_stranger_who_never_stops_talking_is_ended_in_time() {
    for (setup, pause, least) in [(600, 50, 500), (60_000, 0, 0)] {
        let mut settings = settings();
        settings.setup = Duration::from_millis(setup);
        let server = start(settings, &Store::memory()).await;
        let (mut socket, _) = shake_hands(&server).await;
        let mut ping = full_header(2, 6, 4);
        ping.extend_from_slice(&[0, 6, 0, 0, 0, 1]);
        let flood = ping.repeat(4000);
        let begun = Instant::now();
        let ended = async {
            while socket.write_all(&flood).await.is_ok() {
                sleep(Duration::from_millis(pause)).await;
            }
        };
        timeout(Duration::from_secs(5), ended).await.expect("the server closes the connection");
        let took = begun.elapsed();
        assert!(took >= Duration::from_millis(least) && took < Duration::from_secs(4), "{took:?}");
        server.stop().await;
    }
}

#[tokio::test]
async fn a_silent_encoder_loses_the_channel() {
    let mut settings = settings();
    settings.idle = Duration::from_millis(400);
    let server = start(settings, &Store::memory()).await;
    put_channel(&server, 2, 3).await;
    let mut publisher = Publisher::start(&server, "live", "ch").await.unwrap();
    publisher.push(&capture("bframes")[..20], 0).await.unwrap();
    publisher.wait_for_end().await;
    support::wait_for_state(&server, "Idle").await;
    server.stop().await;
}

#[tokio::test]
async fn o_36_o_39_only_signed_addresses_publish() {
    let store = Store::memory();
    let open = start(settings(), &store).await;
    put_channel(&open, 2, 3).await;
    let server = start(closed_settings(), &store).await;
    for (name, why) in [
        ("ch", "AccessDenied"),
        ("ch?OSSAccessKeyId=AKID&Expires=99&Signature=AAAA", "SignatureDoesNotMatch"),
        ("ch?OSSAccessKeyId=NOBODY&Expires=99&Signature=AAAA", "InvalidAccessKeyId"),
        ("ch?Signature=%%%", "InvalidArgument"),
    ] {
        let refused = Publisher::start(&server, "live", name).await.err().expect(name);
        assert!(refused.contains(why), "{name}: {refused}");
    }
    open.stop().await;
    server.stop().await;
}
