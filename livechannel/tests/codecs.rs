//! Codecs over Enhanced RTMP: what is carried, in which container, and what is said of the rest.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail"
)]

mod support;

use livechannel::{Server, Store};
use support::{
    Message, Publisher, capture, get, listed, put_extended, put_raw, settings, start, wait_for,
    wait_for_state,
};

/// Opus over Enhanced RTMP: a header, and packets of 20 ms with silence in them.
fn opus(seconds: u32) -> Vec<Message> {
    // SequenceStart: OpusHead, version 1, two channels, pre-skip 312, 48 kHz, no gain, family 0.
    let head = b"\x90OpusOpusHead\x01\x02\x38\x01\x80\xbb\0\0\0\0\0";
    // CodedFrames: TOC 0xfc, one frame of 20 ms.
    let packets = (0..seconds * 50).map(|n| (8, n * 20, b"\x91Opus\xfc\xff\xfe".to_vec()));
    [(8, 0, head.to_vec())].into_iter().chain(packets).collect()
}

/// Pictures of a codec that nobody carries.
fn vp8(seconds: u32) -> Vec<Message> {
    (0..seconds * 25).map(|n| (9, n * 40, b"\x91vp08\0\0\0".to_vec())).collect()
}

/// Puts messages of two kinds in the order of their times.
fn mixed(mut a: Vec<Message>, b: Vec<Message>) -> Vec<Message> {
    a.extend(b);
    a.sort_by_key(|message| message.1);
    a
}

fn pictures(name: &str) -> Vec<Message> {
    capture(name).into_iter().filter(|message| message.0 == 9).collect()
}

async fn publish(server: &Server, messages: &[Message]) {
    let mut publisher = Publisher::start(server, "live", "ch").await.unwrap();
    publisher.push(messages, 0).await.unwrap();
    publisher.finish().await;
    wait_for_state(server, "Idle").await;
}

/// Returns the section that the playlist names first, and the content types of section and segment.
async fn section(server: &Server) -> (String, Vec<u8>) {
    let (_, playlist) = get(server, "/live/ch/playlist.m3u8").await;
    let map = playlist.lines().find_map(|line| line.strip_prefix("#EXT-X-MAP:URI=\""));
    let name = map.expect(&playlist).strip_suffix('"').unwrap().to_owned();
    let url = format!("http://{}/live/ch/{name}", server.http());
    let response = reqwest::get(url).await.unwrap();
    assert_eq!(response.status(), 200, "{name}");
    assert_eq!(response.headers()["content-type"], "video/mp4");
    assert!(response.headers()["cache-control"].to_str().unwrap().contains("immutable"));
    (name, response.bytes().await.unwrap().to_vec())
}

fn has_box(bytes: &[u8], kind: &[u8]) -> bool {
    bytes.windows(kind.len()).any(|window| window == kind)
}

#[tokio::test]
async fn mp4_10_a_channel_of_fmp4_has_sections_before_its_segments() {
    let server = start(settings(), &Store::memory()).await;
    put_extended(&server, 2, 100, "<x-Container>fMP4</x-Container>").await;
    publish(&server, &capture("bframes")).await;
    let segments = listed(&server).await;
    assert!(segments.len() >= 4 && segments.iter().all(|one| one.name.ends_with(".m4s")));
    let (name, init) = section(&server).await;
    assert!(name.ends_with(".mp4") && has_box(&init, b"avcC") && has_box(&init, b"mp4a"));
    for segment in &segments {
        let url = format!("http://{}/live/ch/{}", server.http(), segment.name);
        let response = reqwest::get(url).await.unwrap();
        assert_eq!(response.headers()["content-type"], "video/iso.segment");
        let body = response.bytes().await.unwrap();
        assert!(&body[4..8] == b"moof" && has_box(&body, b"mdat"));
    }
    server.stop().await;
}

#[tokio::test]
async fn mp4_10_sections_are_there_after_a_restart_and_in_vod_playlists() {
    let store = Store::memory();
    let mut server = start(settings(), &store).await;
    put_extended(&server, 2, 100, "<x-Container>fMP4</x-Container>").await;
    for _ in 0..2 {
        publish(&server, &capture("bframes")).await;
        server.stop().await;
        server = start(settings(), &store).await;
    }
    let (_, playlist) = get(&server, "/live/ch/playlist.m3u8").await;
    assert_eq!(playlist.matches("#EXT-X-MAP").count(), 2, "{playlist}");
    assert_eq!(playlist.matches("#EXT-X-DISCONTINUITY\n").count(), 1);
    section(&server).await;
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let path = format!("/live/ch?vod&startTime={}&endTime={}", now - 60, now + 60);
    let (_, vod) = get(&server, &path).await;
    assert_eq!(vod.matches("#EXT-X-MAP").count(), 2, "{vod}");
    let names = |text: &str| {
        text.lines()
            .filter(|line| !line.starts_with("#E") || line.contains("MAP"))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&vod), names(&playlist));
    server.stop().await;
}

#[tokio::test]
async fn hevc_8_h_265_is_carried_in_both_containers() {
    for (container, kind, has) in [("TS", "ts", &[0x24][..]), ("fMP4", "mp4", b"hvc1")] {
        let server = start(settings(), &Store::memory()).await;
        let extension = format!("<x-Container>{container}</x-Container>");
        put_extended(&server, 1, 100, &extension).await;
        let mut publisher = Publisher::start(&server, "live", "ch").await.unwrap();
        let messages = capture("h265/open_gop");
        let (first, last) = messages.split_at(messages.len() / 2);
        publisher.push(first, 0).await.unwrap();
        // Statistics are told every two seconds.
        tokio::time::sleep(core::time::Duration::from_millis(2100)).await;
        publisher.push(last, 0).await.unwrap();
        wait_for(|| async {
            let (_, stat) = get(&server, "/live/ch?live&comp=stat").await;
            stat.contains("<Codec>H265</Codec>").then_some(())
        })
        .await;
        publisher.finish().await;
        wait_for_state(&server, "Idle").await;
        let bytes = if kind == "ts" {
            let segment = &listed(&server).await[0];
            let url = format!("http://{}/live/ch/{}", server.http(), segment.name);
            reqwest::get(url).await.unwrap().bytes().await.unwrap()[188..376].to_vec()
        } else {
            section(&server).await.1
        };
        assert!(has_box(&bytes, has), "{container}");
        server.stop().await;
    }
}

#[tokio::test]
async fn av1_2_opus_is_carried_in_fmp4_and_told_in_ts() {
    let messages = mixed(opus(10), pictures("bframes"));
    let server = start(settings(), &Store::memory()).await;
    put_extended(&server, 2, 100, "<x-Container>fMP4</x-Container>").await;
    publish(&server, &messages).await;
    let (_, init) = section(&server).await;
    assert!(has_box(&init, b"Opus") && has_box(&init, b"dOps"));

    put_extended(&server, 2, 100, "").await;
    let mut publisher = Publisher::start(&server, "live", "ch").await.unwrap();
    publisher.push(&messages, 0).await.unwrap();
    let stat = wait_for(|| async {
        let (_, stat) = get(&server, "/live/ch?live&comp=stat").await;
        stat.contains("x-Dropped").then_some(stat)
    })
    .await;
    assert!(stat.contains("<Status>Live</Status>"), "{stat}");
    assert!(stat.contains("<x-Dropped><Media>Audio</Media><Codec>Opus</Codec><Reason>Opus is carried in fMP4 alone"), "{stat}");
    let (_, page) = get(&server, "/-/channels.json").await;
    let page: serde_json::Value = serde_json::from_str(&page).unwrap();
    assert_eq!(page["channels"][0]["session"]["dropped"][0]["codec"], "Opus");
    let (_, metrics) = get(&server, "/-/metrics").await;
    assert!(
        metrics.contains("livechannel_codecs_not_carried_total{codec=\"Opus\"} 1\n"),
        "{metrics}"
    );
    publisher.finish().await;
    wait_for_state(&server, "Idle").await;
    assert!(
        listed(&server).await.iter().all(|one| one.name.ends_with(".ts")),
        "pictures are carried"
    );
    server.stop().await;
}

#[tokio::test]
async fn av1_1_av1_is_carried_in_fmp4_and_refused_in_ts() {
    let messages = capture("av1/opus");
    let server = start(settings(), &Store::memory()).await;
    put_extended(&server, 2, 100, "<x-Container>fMP4</x-Container>").await;
    publish(&server, &messages).await;
    let (_, init) = section(&server).await;
    // The header of audio comes after the first key frame of some encoders; one section has both.
    assert!([b"av01", b"av1C", b"Opus", b"dOps"].iter().all(|kind| has_box(&init, *kind)));

    put_extended(&server, 2, 100, "").await;
    let mut publisher = Publisher::start(&server, "live", "ch").await.unwrap();
    let _ = publisher.push(&messages, 0).await;
    let told = publisher.wait_for_words().await;
    assert!(told.contains("AV1 is carried in fMP4 alone: set x-Container to fMP4"), "{told}");
    server.stop().await;
}

#[tokio::test]
async fn a_publisher_of_whom_nothing_is_carried_is_refused_with_the_reason() {
    let server = start(settings(), &Store::memory()).await;
    put_extended(&server, 2, 3, "").await;
    let only = "Opus is carried in fMP4 alone: set x-Container to fMP4.";
    for (messages, reason) in [(opus(5), only), (vp8(5), "VP8 is not carried.")] {
        let mut publisher = Publisher::start(&server, "live", "ch").await.unwrap();
        let _ = publisher.push(&messages, 0).await;
        let told = publisher.wait_for_words().await;
        assert!(
            told.contains("NetStream.Publish.Rejected") && told.contains("CodecNotSupported"),
            "{told}"
        );
        assert!(told.contains(reason), "{told}");
        let stat = wait_for(|| async {
            let (_, stat) = get(&server, "/live/ch?live&comp=stat").await;
            stat.contains("<Status>Idle</Status>").then_some(stat)
        })
        .await;
        assert!(stat.contains("<x-Refused><Time>") && stat.contains(reason), "{stat}");
    }
    let (_, page) = get(&server, "/-/channels.json").await;
    let page: serde_json::Value = serde_json::from_str(&page).unwrap();
    assert!(page["channels"][0]["refused"]["reason"].as_str().unwrap().contains("VP8"));
    // The next publisher is a new one.
    let mut publisher = Publisher::start(&server, "live", "ch").await.unwrap();
    publisher.push(&capture("bframes"), 0).await.unwrap();
    publisher.finish().await;
    wait_for_state(&server, "Idle").await;
    assert!(!get(&server, "/live/ch?live&comp=stat").await.1.contains("x-Refused"));
    server.stop().await;
}

#[tokio::test]
async fn another_container_begins_a_list_of_its_own() {
    let server = start(settings(), &Store::memory()).await;
    put_extended(&server, 2, 100, "").await;
    publish(&server, &capture("bframes")).await;
    let before = listed(&server).await;
    put_extended(&server, 2, 100, "<x-Container>fMP4</x-Container>").await;
    publish(&server, &capture("bframes")).await;
    let after = listed(&server).await;
    assert!(after.iter().all(|one| one.name.ends_with(".m4s")), "a list is of one container");
    assert_eq!(after[0].sequence, before.last().unwrap().sequence + 1);
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let path = format!("/live/ch?vod&startTime={}&endTime={}", now - 60, now + 60);
    let (status, text) = get(&server, &path).await;
    assert!(status == 400 && text.contains("more than one container"), "{text}");
    server.stop().await;
}

#[tokio::test]
async fn extensions_are_given_back_where_there_are_any_and_refused_where_they_are_wrong() {
    let server = start(settings(), &Store::memory()).await;
    put_extended(&server, 2, 3, "").await;
    let (_, info) = get(&server, "/live/ch?live").await;
    assert!(!info.contains("x-"), "an OSS client sees what OSS says: {info}");
    put_extended(
        &server,
        2,
        3,
        "<x-Container>fmp4</x-Container><x-PartDuration>500</x-PartDuration>",
    )
    .await;
    let (_, info) = get(&server, "/live/ch?live").await;
    assert!(
        info.contains(
            "<x-Container>fMP4</x-Container><x-PartDuration>500</x-PartDuration></Target>"
        ),
        "{info}"
    );
    for (frag_duration, extension) in [
        (2, "<x-Container>avi</x-Container>"),
        (2, "<x-PartDuration>50</x-PartDuration>"),
        (30, "<x-PartDuration>500</x-PartDuration>"),
    ] {
        let (status, text) = put_raw(&server, frag_duration, 3, extension).await;
        assert!(status == 400 && text.contains("InvalidArgument"), "{extension}: {text}");
    }
    server.stop().await;
}
