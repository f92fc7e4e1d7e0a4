//! Snapshots: a picture per interval in the store, and a webhook that is told.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail"
)]

mod support;

use core::time::Duration;
use std::path::PathBuf;

use livechannel::{BucketName, Store};
use support::{Publisher, capture, settings, start, wait_for_state};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::time::timeout;

const CONFIGURATION: &str = "<LiveChannelConfiguration><Target><Type>HLS</Type></Target><Snapshot><RoleName>r</RoleName>\
    <DestBucket>shots</DestBucket><NotifyTopic>a topic</NotifyTopic><Interval>5</Interval></Snapshot></LiveChannelConfiguration>";

#[tokio::test]
async fn o_12_a_key_frame_becomes_a_picture_and_the_webhook_is_told() {
    picture_and_webhook(None).await;
}

#[tokio::test]
async fn a_decoder_that_is_confined_decodes_all_the_same() {
    picture_and_webhook(Some(env!("CARGO_BIN_EXE_livechannel").into())).await;
}

async fn picture_and_webhook(decoder: Option<PathBuf>) {
    let hook = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut settings = settings();
    settings.snapshot_program = decoder;
    settings.webhook = Some(format!("http://{}/topics/{{topic}}", hook.local_addr().unwrap()));
    settings.buckets = vec![BucketName::new("shots").unwrap()];
    let server = start(settings, &Store::memory()).await;
    let client = reqwest::Client::new();
    let put = client.put(format!("http://{}/live/ch?live", server.http())).body(CONFIGURATION);
    assert_eq!(put.send().await.unwrap().status(), 200);
    let mut publisher = Publisher::start(&server, "live", "ch").await.unwrap();
    publisher.push(&capture("bframes"), 0).await.unwrap();

    let told = async {
        let (mut socket, _) = hook.accept().await.unwrap();
        let mut request = String::new();
        let mut buffer = [0; 4096];
        while !request.contains("\"time\"") {
            let len = socket.read(&mut buffer).await.unwrap();
            request.push_str(&String::from_utf8_lossy(&buffer[..len]));
        }
        socket.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
        request
    };
    let request = timeout(Duration::from_secs(15), told).await.expect("the webhook is told");
    assert!(request.starts_with("POST /topics/a%20topic HTTP/1.1\r\n"), "{request}");
    let (_, body) = request.split_once("\r\n\r\n").unwrap();
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(
        (body["event"].as_str(), body["channel"].as_str(), body["destBucket"].as_str()),
        (Some("snapshot"), Some("ch"), Some("shots"))
    );
    let object = body["object"].as_str().unwrap();
    let stamp: i64 =
        object.strip_prefix("ch/").unwrap().strip_suffix(".jpg").unwrap().parse().unwrap();
    assert_eq!(stamp % 5000, 0, "named by the interval");
    let picture =
        client.get(format!("http://{}/shots/{object}", server.http())).send().await.unwrap();
    assert_eq!(picture.headers()["content-type"], "image/jpeg");
    let picture = picture.bytes().await.unwrap();
    assert!(picture.starts_with(&[0xff, 0xd8]) && picture.ends_with(&[0xff, 0xd9]), "a whole JPEG");
    publisher.finish().await;
    wait_for_state(&server, "Idle").await;
    server.stop().await;
}

#[test]
fn what_is_no_picture_is_an_error() {
    for junk in [
        &b""[..],
        b"\0\0\0\x01\x65",
        &[0; 1000],
        b"\0\0\x01\x67\xff\xff\xff\xff\0\0\x01\x68\xff\0\0\x01\x65\xff\xff",
    ] {
        assert!(livechannel::decode_to_jpeg(junk).is_err(), "{junk:?}");
    }
}
