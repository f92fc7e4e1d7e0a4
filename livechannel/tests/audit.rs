//! The audit log: who was refused, and who changed what.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail"
)]

mod support;

use core::time::Duration;
use std::io;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::Utc;
use hmac::{Hmac, KeyInit as _, Mac as _};
use livechannel::{Server, Store};
use reqwest::{Client, Method};
use serde_json::Value;
use sha1::Sha1;
use support::{Publisher, closed_settings, start};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tracing_subscriber::fmt::MakeWriter;

/// Lines in memory.
#[derive(Clone, Debug, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(data);
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Lines {
    /// Returns action, outcome, key, object and code of every line of the audit log, and forgets
    /// them.
    fn take(&self) -> Vec<[String; 5]> {
        let bytes = core::mem::take(&mut *self.0.lock().unwrap());
        let lines = String::from_utf8(bytes).unwrap();
        let lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let audit = lines.filter(|line| line["target"] == "audit");
        audit
            .map(|line| {
                let peer = line["peer"].as_str().unwrap();
                assert!(peer.starts_with("127.0.0.1:"), "{line}");
                ["action", "message", "key", "object", "code"]
                    .map(|name| line[name].as_str().unwrap_or_default().to_owned())
            })
            .collect()
    }
}

const CONFIGURATION: &str =
    "<LiveChannelConfiguration><Target><Type>HLS</Type></Target></LiveChannelConfiguration>";

async fn ask(server: &Server, method: Method, path: &str, secret: Option<&str>) -> u16 {
    let date = Utc::now().format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let url = format!("http://{}{path}", server.http());
    let mut request = Client::new().request(method.clone(), url).header("date", &date);
    if method == Method::PUT {
        request = request.body(CONFIGURATION);
    }
    if let Some(secret) = secret {
        let mut mac = Hmac::<Sha1>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(format!("{method}\n\n\n{date}\n{path}").as_bytes());
        let signature = STANDARD.encode(mac.finalize().into_bytes());
        request = request.header("authorization", format!("OSS AKID:{signature}"));
    }
    request.send().await.unwrap().status().as_u16()
}

fn line(action: &str, outcome: &str, key: &str, code: &str) -> [String; 5] {
    [action, outcome, key, "\"live/ch\"", code].map(str::to_owned)
}

#[tokio::test]
async fn every_refusal_and_every_change_has_a_line_with_key_and_peer() {
    let lines = Lines::default();
    let log = tracing_subscriber::fmt().json().flatten_event(true).with_writer(lines.clone());
    log.init();
    let server = start(closed_settings(), &Store::memory()).await;
    let path = "/live/ch?live";
    let off = "/live/ch?live&status=disabled";
    let on = "/live/ch?live&status=enabled";

    assert_eq!(ask(&server, Method::PUT, path, None).await, 403);
    assert_eq!(lines.take(), [line("put", "refused", "", "AccessDenied")]);
    assert_eq!(ask(&server, Method::DELETE, path, Some("GUESS")).await, 403);
    assert_eq!(lines.take(), [line("delete", "refused", "AKID", "SignatureDoesNotMatch")]);
    assert_eq!(ask(&server, Method::GET, path, None).await, 403);
    assert_eq!(lines.take(), [line("read", "refused", "", "AccessDenied")]);

    assert_eq!(ask(&server, Method::PUT, off, Some("SECRET")).await, 404);
    assert_eq!(lines.take(), [line("takedown", "failed", "AKID", "NoSuchLiveChannel")]);
    assert_eq!(ask(&server, Method::PUT, path, Some("SECRET")).await, 200);
    assert_eq!(lines.take(), [line("put", "done", "AKID", "")]);
    assert_eq!(ask(&server, Method::PUT, off, Some("SECRET")).await, 200);
    assert_eq!(lines.take(), [line("takedown", "done", "AKID", "")]);
    assert_eq!(ask(&server, Method::PUT, on, Some("SECRET")).await, 200);
    assert_eq!(lines.take(), [line("enable", "done", "AKID", "")]);
    assert_eq!(ask(&server, Method::GET, path, Some("SECRET")).await, 200);
    assert_eq!(lines.take(), [] as [[String; 5]; 0], "who only looks has no line");

    for (name, key, code) in [
        ("ch", "", "AccessDenied"),
        ("ch?OSSAccessKeyId=AKID&Expires=99&Signature=AAAA", "AKID", "SignatureDoesNotMatch"),
        (
            "ch?OSSAccessKeyId=a%0A%e2%80%ae&Expires=9&Signature=AA",
            "a\\n\\u{202e}",
            "InvalidArgument",
        ),
    ] {
        assert!(Publisher::start(&server, "live", name).await.is_err(), "{name}");
        assert_eq!(lines.take(), [line("publish", "refused", key, code)], "{name}");
    }
    let expires = (Utc::now() + Duration::from_secs(60)).timestamp();
    let mut mac = Hmac::<Sha1>::new_from_slice(b"SECRET").unwrap();
    mac.update(format!("{expires}\n/live/ch").as_bytes());
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    let signature = signature.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let name = format!("ch?OSSAccessKeyId=AKID&Expires={expires}&Signature={signature}");
    let publisher = Publisher::start(&server, "live", &name).await.unwrap();
    assert_eq!(lines.take(), [line("publish", "allowed", "AKID", "")]);
    publisher.finish().await;

    support::wait_for(|| async {
        (ask(&server, Method::DELETE, path, Some("SECRET")).await == 204).then_some(())
    })
    .await;
    assert_eq!(lines.take().last(), Some(&line("delete", "done", "AKID", "")));

    // A flood of refusals is bounded, and what is left out is counted.
    let mut socket = TcpStream::connect(server.http()).await.unwrap();
    let request = b"GET /live/ch?live HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(1500);
    let last = b"GET /-/health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let (mut read, mut write) = socket.split();
    let mut answers = Vec::new();
    let sent = async {
        write.write_all(&request).await.unwrap();
        write.write_all(last).await.unwrap();
    };
    let (_, all) = tokio::join!(sent, read.read_to_end(&mut answers));
    all.unwrap();
    let written = lines.take().len();
    assert!((450..1200).contains(&written), "{written}");
    server.stop().await;
}
