//! What is closed as long as nobody opens it: pages from elsewhere, folders beside the buckets,
//! keys that are none, other computers.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail"
)]

mod support;

use core::time::Duration;

use livechannel::{AccessKey, Server, StartError, Store, StoreAddress};
use reqwest::{Client, Method};
use support::{Publisher, capture, closed_settings, get, put_channel, settings, start};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::time::timeout;

const CONFIGURATION: &str =
    "<LiveChannelConfiguration><Target><Type>HLS</Type></Target></LiveChannelConfiguration>";

async fn status(server: &Server, method: Method, path: &str, header: (&str, &str)) -> u16 {
    let request = Client::new().request(method, format!("http://{}{path}", server.http()));
    let request = request.header(header.0, header.1).body(CONFIGURATION);
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn a_page_from_elsewhere_changes_nothing_and_learns_nothing() {
    let server = start(settings(), &Store::memory()).await;
    put_channel(&server, 2, 3).await;
    let own = server.http().to_string();
    let own_origin = format!("http://{own}");
    for (name, value, want) in [
        ("origin", "http://evil.example", 403),
        ("origin", "null", 403),
        ("sec-fetch-site", "cross-site", 403),
        ("host", "evil.example:8080", 403),
        ("origin", own_origin.as_str(), 200),
        ("host", own.as_str(), 200),
    ] {
        for path in ["/live/ch?live", "/live/ch?live&status=disabled"] {
            let got = status(&server, Method::PUT, path, (name, value)).await;
            assert_eq!(got, want, "{name}: {value}: PUT {path}");
        }
        let got = status(&server, Method::GET, "/-/channels.json", (name, value)).await;
        assert_eq!(got, want, "{name}: {value}: the page's channels");
    }
    let post = "/live/ch/playlist.m3u8?vod&startTime=1&endTime=9";
    let evil = ("origin", "http://evil.example");
    assert_eq!(status(&server, Method::POST, post, evil).await, 403);
    assert_eq!(status(&server, Method::DELETE, "/live/ch?live", evil).await, 403);
    let channels = reqwest::get(format!("http://{own}/-/channels.json")).await.unwrap();
    assert!(!channels.headers().contains_key("access-control-allow-origin"));
    server.stop().await;
}

#[tokio::test]
async fn only_the_buckets_of_the_settings_exist() {
    let folder = std::env::temp_dir().join(format!("livechannel-closed-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("backups/2026")).unwrap();
    std::fs::write(folder.join("backups/2026/db.sql"), "password").unwrap();
    let store: StoreAddress = folder.to_str().unwrap().parse().unwrap();
    let server = start(closed_settings(), &store.open().unwrap()).await;
    let (status, body) = get(&server, "/backups/2026/db.sql").await;
    assert!(status == 404 && body.contains("NoSuchBucket"), "{body}");
    let (status, body) = get(&server, "/backups/?live").await;
    assert!(status == 403 && body.contains("AccessDenied"), "who may not ask is not told: {body}");
    server.stop().await;
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn a_node_that_would_be_open_by_mistake_does_not_start() {
    let started = |settings| async { Server::start_on(settings, Store::memory()).await };
    for (id, secret) in [("", ""), ("AKID", ""), ("", "SECRET")] {
        let mut settings = closed_settings();
        settings.keys.push(AccessKey::new(id.to_owned(), secret.to_owned()));
        let error = started(settings).await.expect_err("an empty key");
        assert!(matches!(error, StartError::EmptyKey), "{error}");
    }
    let mut everywhere = settings();
    everywhere.http = ([0, 0, 0, 0], 0).into();
    let error = started(everywhere.clone()).await.expect_err("open to other computers");
    assert!(matches!(error, StartError::Open { .. }), "{error}");
    everywhere.open = true;
    started(everywhere).await.unwrap().stop().await;
    let mut closed = closed_settings();
    closed.http = ([0, 0, 0, 0], 0).into();
    started(closed).await.unwrap().stop().await;
}

#[tokio::test]
async fn a_webhook_does_not_say_where_else_to_post() {
    let hook = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let inside = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut settings = settings();
    settings.webhook = Some(format!("http://{}/{{topic}}", hook.local_addr().unwrap()));
    let server = start(settings, &Store::memory()).await;
    let snapshot = "</Target><Snapshot><RoleName>r</RoleName><DestBucket>live</DestBucket>\
                    <NotifyTopic>t</NotifyTopic><Interval>1</Interval></Snapshot>";
    let body = CONFIGURATION.replace("</Target>", snapshot);
    let put = Client::new().put(format!("http://{}/live/ch?live", server.http())).body(body);
    assert_eq!(put.send().await.unwrap().status(), 200);
    let mut publisher = Publisher::start(&server, "live", "ch").await.unwrap();
    publisher.push(&capture("bframes"), 0).await.unwrap();
    let told = timeout(Duration::from_secs(15), hook.accept()).await.expect("the webhook is told");
    let mut socket = told.unwrap().0;
    let _ = socket.read(&mut [0; 4096]).await.unwrap();
    let elsewhere = inside.local_addr().unwrap();
    let answer = format!(
        "HTTP/1.1 307 Temporary Redirect\r\nlocation: http://{elsewhere}/admin\r\ncontent-length: 0\r\n\r\n"
    );
    socket.write_all(answer.as_bytes()).await.unwrap();
    let followed = timeout(Duration::from_millis(500), inside.accept()).await;
    assert!(followed.is_err(), "a redirect is followed");
    publisher.finish().await;
    server.stop().await;
}
