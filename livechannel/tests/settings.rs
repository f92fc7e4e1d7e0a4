//! Every setting by its effect. Those of limits are in `bounded.rs` and `hostile_rtmp.rs`, of leases
//! in `cluster.rs`, of keys, buckets and doors in `closed.rs`, of snapshots in `snapshots.rs`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail"
)]

mod support;

use core::time::Duration;

use livechannel::{Anonymous, BucketName, Server, Settings, Store};
use reqwest::{Client, Method};
use support::{
    Publisher, capture, closed_settings, flaky_store, get, listed, put_channel, settings, start,
    wait_for, wait_for_state,
};
use tokio::time::{Instant, sleep, timeout};

const CONFIGURATION: &str =
    "<LiveChannelConfiguration><Target><Type>HLS</Type></Target></LiveChannelConfiguration>";

async fn node(change: impl FnOnce(&mut Settings)) -> Server {
    let mut settings = settings();
    change(&mut settings);
    start(settings, &Store::memory()).await
}

/// Asks with a `Host` of its own.
async fn ask(server: &Server, method: Method, path: &str, host: &str) -> (u16, String) {
    let request = Client::new().request(method, format!("http://{}{path}", server.http()));
    let response = request.header("host", host).body(CONFIGURATION).send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

async fn metric(server: &Server, name: &str) -> u64 {
    let (_, text) = get(server, "/-/metrics").await;
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("livechannel_{name} ")));
    line.unwrap().parse().unwrap()
}

#[tokio::test]
async fn addresses_in_answers_are_those_of_the_settings() {
    let server = node(|settings| {
        settings.public_http = Some("play.example:81".to_owned());
        settings.public_rtmp = Some("push.example:82".to_owned());
    })
    .await;
    let (status, body) = ask(&server, Method::PUT, "/live/ch?live", "localhost").await;
    assert_eq!(status, 200);
    assert!(body.contains("<Url>http://play.example:81/live/ch/playlist.m3u8</Url>"), "{body}");
    assert!(body.contains("<Url>rtmp://push.example:82/live/live/ch</Url>"), "{body}");
    server.stop().await;
    let server = node(|_| {}).await;
    let (_, body) = ask(&server, Method::PUT, "/live/ch?live", "localhost:8").await;
    assert!(body.contains("<Url>http://localhost:8/live/ch/playlist.m3u8</Url>"), "{body}");
    let port = server.rtmp().port();
    assert!(body.contains(&format!("<Url>rtmp://localhost:{port}/live/live/ch</Url>")), "{body}");
    server.stop().await;
}

#[tokio::test]
async fn a_domain_has_its_buckets_as_names_below_it() {
    let server = node(|settings| {
        settings.domains = vec!["live.example".to_owned()];
        settings.bucket = BucketName::new("first").unwrap();
        settings.buckets = vec![BucketName::new("other").unwrap()];
    })
    .await;
    for (host, path, want) in [
        ("other.live.example", "/ch?live", 200),
        ("first.live.example", "/ch?live", 200),
        ("third.live.example", "/ch?live", 404),
        ("localhost", "/other/ch?live", 200),
        ("localhost", "/third/ch?live", 404),
    ] {
        let got = ask(&server, Method::PUT, path, host).await;
        assert_eq!(got.0, want, "{host}{path}: {}", got.1);
    }
    // Addresses without a bucket are of the first.
    Publisher::start(&server, "live", "ch").await.unwrap().finish().await;
    let (_, stat) = get(&server, "/first/ch?live&comp=history").await;
    assert!(stat.contains("<LiveRecord>"), "{stat}");
    server.stop().await;
}

#[tokio::test]
async fn anonymous_says_what_needs_no_signature() {
    for (anonymous, put, play) in [
        (Anonymous::Private, 403, 403),
        (Anonymous::PublicRead, 403, 404),
        (Anonymous::PublicReadWrite, 200, 404),
    ] {
        let mut settings = closed_settings();
        settings.anonymous = anonymous;
        let server = start(settings, &Store::memory()).await;
        let got = ask(&server, Method::PUT, "/live/ch?live", "localhost").await.0;
        assert_eq!(got, put, "{anonymous:?}");
        let got = get(&server, "/live/ch/playlist.m3u8").await.0;
        assert_eq!(got, play, "{anonymous:?}");
        server.stop().await;
    }
}

#[tokio::test]
async fn the_region_is_that_of_signatures() {
    let mut settings = closed_settings();
    settings.region = "mars".to_owned();
    let server = start(settings, &Store::memory()).await;
    for (region, want) in [("mars", "SignatureDoesNotMatch"), ("cn-hangzhou", "InvalidArgument")] {
        let scope = format!("AKID/20261122/{region}/oss/aliyun_v4_request");
        let signature = format!("OSS4-HMAC-SHA256 Credential={scope},Signature={}", "0".repeat(64));
        let request = Client::new().get(format!("http://{}/live/ch?live", server.http()));
        let request = request.header("x-oss-date", "20261122T194529Z");
        let answer = request.header("authorization", signature).send().await.unwrap();
        let body = answer.text().await.unwrap();
        assert!(body.contains(want), "{region}: {body}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_message_has_its_length() {
    for (most, fits) in [(1 << 16, false), (8 << 20, true)] {
        let server = node(|settings| settings.message_len = most).await;
        put_channel(&server, 2, 3).await;
        let mut publisher = Publisher::start(&server, "live", "ch").await.unwrap();
        let _ = publisher.push(&[(9, 0, vec![0x17; 100_000])], 0).await;
        let ended = timeout(Duration::from_millis(700), publisher.wait_for_end()).await;
        assert_eq!(ended.is_err(), fits, "{most}");
        server.stop().await;
    }
}

#[tokio::test]
async fn what_may_wait_for_the_store_is_bounded_in_bytes_and_segments() {
    for (buffer, queue, loses) in [(64 << 20, 32, false), (60_000, 32, true), (64 << 20, 1, true)] {
        let (flaky, store) = flaky_store();
        let mut settings = settings();
        (settings.buffer, settings.queue) = (buffer, queue);
        settings.patience = Duration::ZERO;
        let server = start(settings, &store).await;
        put_channel(&server, 2, 100).await;
        let mut publisher = Publisher::start(&server, "live", "ch").await.unwrap();
        flaky.set_away(true);
        for shift in 0..3 {
            publisher.push(&capture("bframes"), shift * 12_000).await.unwrap();
        }
        sleep(Duration::from_millis(300)).await;
        let lost = metric(&server, "segments_lost_total").await;
        assert_eq!(lost > 0, loses, "{buffer} bytes, {queue} segments: {lost} lost");
        flaky.set_away(false);
        publisher.finish().await;
        server.stop().await;
    }
}

#[tokio::test]
async fn an_encoder_is_held_up_for_so_long() {
    for patience in [0, 2] {
        let (flaky, store) = flaky_store();
        let mut settings = settings();
        settings.patience = Duration::from_secs(patience);
        settings.buffer = 60_000;
        let server = start(settings, &store).await;
        put_channel(&server, 2, 100).await;
        let mut publisher = Publisher::start(&server, "live", "ch").await.unwrap();
        flaky.set_away(true);
        for shift in 0..3 {
            publisher.push(&capture("bframes"), shift * 12_000).await.unwrap();
        }
        // What was sent is taken only when the wait is over.
        let begun = Instant::now();
        wait_for(|| async { (metric(&server, "segments_lost_total").await > 0).then_some(()) })
            .await;
        let held = begun.elapsed();
        assert_eq!(held >= Duration::from_secs(1), patience > 0, "{patience}: {held:?}");
        assert!(metric(&server, "store_waits_total").await > 0);
        flaky.set_away(false);
        publisher.finish().await;
        server.stop().await;
    }
}

#[tokio::test]
async fn what_is_older_than_keep_goes_also_after_the_end() {
    let server = node(|settings| settings.keep = Some(Duration::from_secs(3))).await;
    put_channel(&server, 2, 100).await;
    let mut publisher = Publisher::start(&server, "live", "ch").await.unwrap();
    publisher.push(&capture("bframes"), 0).await.unwrap();
    publisher.finish().await;
    wait_for_state(&server, "Idle").await;
    let names: Vec<String> =
        listed(&server).await.into_iter().map(|segment| segment.name).collect();
    assert_eq!(names.len(), 6);
    let begun = Instant::now();
    while get(&server, "/live/ch/playlist.m3u8").await.0 == 200 {
        assert!(begun.elapsed() < Duration::from_secs(40), "it stays");
        sleep(Duration::from_millis(200)).await;
    }
    assert!(begun.elapsed() > Duration::from_secs(3), "no earlier than it may");
    sleep(Duration::from_millis(300)).await;
    for name in names {
        assert_eq!(get(&server, &format!("/live/ch/{name}")).await.0, 404, "{name}");
    }
    server.stop().await;
}

#[tokio::test]
async fn the_page_is_there_or_not_and_says_which_node_it_is_of() {
    for (page, want) in [(true, 200), (false, 404)] {
        let server = node(|settings| {
            settings.page = page;
            settings.node = Some("node-7".to_owned());
        })
        .await;
        assert_eq!(get(&server, "/-/hls.js").await.0, want);
        let (status, body) = get(&server, "/-/channels.json").await;
        assert_eq!((status, body.contains("\"node\":\"node-7\"")), (want, page), "{body}");
        assert_eq!(get(&server, "/-/health").await.0, 200);
        server.stop().await;
    }
}

#[tokio::test]
async fn the_demo_is_a_channel_that_is_live() {
    let server = node(|settings| settings.demo = true).await;
    wait_for(|| async {
        let (_, body) = get(&server, "/live/demo?live&comp=stat").await;
        body.contains("<Status>Live</Status>").then_some(())
    })
    .await;
    server.stop().await;
}

#[tokio::test]
async fn operators_find_health_readiness_and_counters_at_their_usual_names() {
    let (flaky, store) = flaky_store();
    let server = start(settings(), &store).await;
    assert_eq!(get(&server, "/healthz").await, (200, "ok\n".to_owned()));
    let ready = "store ok\nregistry ok\nleases ok\ndrain ok\n";
    assert_eq!(get(&server, "/readyz").await, (200, ready.to_owned()));
    for (accept, kind) in [
        (
            "application/openmetrics-text;version=1.0.0,text/plain;q=0.5",
            "application/openmetrics-text",
        ),
        ("text/plain", "text/plain; version=0.0.4"),
        ("*/*", "application/openmetrics-text"),
    ] {
        let asked = Client::new().get(format!("http://{}/metrics", server.http()));
        let response = asked.header("accept", accept).send().await.unwrap();
        assert!(response.headers()["content-type"].to_str().unwrap().starts_with(kind), "{accept}");
        assert!(response.headers().get("access-control-allow-origin").is_none());
        let text = response.text().await.unwrap();
        assert!(
            text.contains("livechannel_build_info{version=") && text.contains("process_open_fds ")
        );
    }
    flaky.set_away(true);
    // The last look stands for a second.
    let (_, text) = wait_for(|| async {
        Some(get(&server, "/readyz").await).filter(|(status, _)| *status == 503)
    })
    .await;
    assert!(text.contains("registry failed\nleases ok\ndrain ok\n"), "{text}");
    assert_eq!(get(&server, "/healthz").await.0, 200, "the process serves");
    flaky.set_away(false);
    wait_for(|| async { (get(&server, "/readyz").await.0 == 200).then_some(()) }).await;
    // With a query they are the API's, and other methods are not theirs.
    assert_eq!(get(&server, "/metrics?live").await.0, 404, "NoSuchBucket");
    assert_eq!(ask(&server, Method::PUT, "/readyz", "localhost").await.0, 405);
    server.stop().await;
}
