//! Names that need encoding, everywhere a name goes; lists in pages; VOD at the bounds of a second.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail"
)]

mod support;

use livechannel::{Server, Store};
use reqwest::{Client, Method};
use support::{
    Publisher, capture, get, listed, put_channel, settings, start, wait_for, wait_for_state,
};

async fn ask(server: &Server, method: Method, path: &str, body: String) -> (u16, String) {
    let request = Client::new().request(method, format!("http://{}{path}", server.http()));
    let response = request.body(body).send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

fn configuration(playlist: &str) -> String {
    format!(
        "<LiveChannelConfiguration><Target><Type>HLS</Type><FragDuration>2</FragDuration><FragCount>100</FragCount>\
         <PlaylistName>{playlist}</PlaylistName></Target></LiveChannelConfiguration>"
    )
}

/// A name, in an address and in XML.
const NAMES: [(&str, &str, &str); 4] = [
    ("a b+c", "a%20b%2Bc", "a b+c"),
    ("q?x=1&y#z", "q%3Fx%3D1%26y%23z", "q?x=1&amp;y#z"),
    ("<测试>", "%3C%E6%B5%8B%E8%AF%95%3E", "&lt;测试&gt;"),
    ("100%25", "100%2525", "100%25"),
];

#[tokio::test]
async fn a_name_is_the_same_one_everywhere() {
    let server = start(settings(), &Store::memory()).await;
    for (name, url, xml) in NAMES {
        let path = format!("/live/{url}");
        let put =
            ask(&server, Method::PUT, &format!("{path}?live"), configuration("p q.m3u8")).await;
        assert_eq!(put.0, 200, "{name}: {}", put.1);
        assert!(put.1.contains(&format!("/live/live/{url}</Url>")), "{name}: {}", put.1);
        assert!(put.1.contains(&format!("/live/{url}/p%20q.m3u8</Url>")), "{name}: {}", put.1);
        let (_, list) = get(&server, &format!("/live/?live&prefix={url}")).await;
        assert!(list.contains(&format!("<Name>{xml}</Name>")), "{name}: {list}");
        assert!(list.contains(&format!("/live/{url}/p%20q.m3u8</Url>")), "{name}: {list}");

        let mut publisher = Publisher::start(&server, "live", url).await.unwrap();
        publisher.push(&capture("bframes"), 0).await.unwrap();
        let (_, page) = get(&server, "/-/channels.json").await;
        let page: serde_json::Value = serde_json::from_str(&page).unwrap();
        let channels = page["channels"].as_array().unwrap();
        if let Some(shown) = channels.iter().find(|channel| channel["name"] == name) {
            assert_eq!(shown["playlist"], format!("{path}/p%20q.m3u8"));
            assert_eq!(shown["publish"], format!("live/{url}"));
        }
        publisher.finish().await;
        let stat = format!("{path}?live&comp=stat");
        wait_for(|| async { get(&server, &stat).await.1.contains("Idle").then_some(()) }).await;
        let (status, playlist) = get(&server, &format!("{path}/p%20q.m3u8")).await;
        assert_eq!(status, 200, "{name}");
        let segments: Vec<&str> = playlist.lines().filter(|line| line.ends_with(".ts")).collect();
        for segment in &segments {
            assert_eq!(get(&server, &format!("{path}/{segment}")).await.0, 200, "{name} {segment}");
        }
        let wall: i64 = segments[0].split('_').next().unwrap().parse().unwrap();
        let span = format!("vod&startTime={}&endTime={}", wall / 1000 - 1, wall / 1000 + 60);
        let post = format!("{path}/v%20d.m3u8?{span}");
        assert_eq!(ask(&server, Method::POST, &post, String::new()).await.0, 200, "{name}");
        let (status, vod) = get(&server, &format!("{path}/v%20d.m3u8")).await;
        assert_eq!((status, vod.matches(".ts").count()), (200, 6), "{name}: {vod}");
        let (_, history) = get(&server, &format!("{path}?live&comp=history")).await;
        assert_eq!(history.matches("<LiveRecord>").count(), 1, "{name}: {history}");
        let gone = ask(&server, Method::DELETE, &format!("{path}?live"), String::new()).await;
        assert_eq!(gone.0, 204, "{name}: {}", gone.1);
        assert_eq!(get(&server, &format!("{path}?live")).await.0, 404);
    }
    server.stop().await;
}

/// Asks for every page and returns the names, a list for each.
async fn pages(server: &Server, query: &str) -> Vec<Vec<String>> {
    let (mut marker, mut pages) = (String::new(), Vec::new());
    loop {
        let (status, body) = get(server, &format!("/live/?live{query}&marker={marker}")).await;
        assert_eq!(status, 200, "{body}");
        let names = body.split("<Name>").skip(1).map(|rest| rest.split('<').next().unwrap());
        pages.push(names.map(str::to_owned).collect());
        let next = body.split("<NextMarker>").nth(1).map(|rest| rest.split('<').next().unwrap());
        assert_eq!(body.contains("<IsTruncated>true</IsTruncated>"), next.is_some(), "{body}");
        match next {
            Some(next) => marker = next.to_owned(),
            None => return pages,
        }
    }
}

#[tokio::test]
async fn a_list_comes_in_pages_and_each_name_once() {
    let server = start(settings(), &Store::memory()).await;
    let mut names: Vec<String> = (0..12).map(|n| format!("a-{n}")).collect();
    names.extend((0..5).map(|n| format!("b-{n}")));
    for name in &names {
        let path = format!("/live/{name}?live");
        assert_eq!(ask(&server, Method::PUT, &path, configuration("p.m3u8")).await.0, 200);
    }
    names.sort();
    for most in [1, 2, 5, 16, 17, 18] {
        let pages = pages(&server, &format!("&max-keys={most}")).await;
        assert!(pages.iter().rev().skip(1).all(|page| page.len() == most), "{most}: {pages:?}");
        assert_eq!(pages.len(), names.len().div_ceil(most), "{most}");
        assert_eq!(pages.concat(), names, "{most}");
    }
    assert_eq!(pages(&server, "&prefix=b-&max-keys=2").await.concat(), names[12..]);
    assert_eq!(pages(&server, "").await.len(), 1, "a hundred by default");
    for bad in ["0", "1001", "-1", "x"] {
        assert_eq!(get(&server, &format!("/live/?live&max-keys={bad}")).await.0, 400, "{bad}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_vod_playlist_begins_and_ends_with_a_whole_second() {
    let server = start(settings(), &Store::memory()).await;
    put_channel(&server, 2, 100).await;
    let mut publisher = Publisher::start(&server, "live", "ch").await.unwrap();
    publisher.push(&capture("bframes"), 0).await.unwrap();
    publisher.finish().await;
    wait_for_state(&server, "Idle").await;
    for segment in listed(&server).await {
        let second: i64 = segment.name.split('_').next().unwrap().parse::<i64>().unwrap() / 1000;
        for (start, end, want) in [
            (second, second + 1, true),
            (second - 5, second, true),
            (second - 5, second - 1, false),
            (second + 1, second + 5, false),
        ] {
            let path = format!("/live/ch?vod&startTime={start}&endTime={end}");
            let (_, body) = get(&server, &path).await;
            assert_eq!(body.contains(&segment.name), want, "{segment:?} {start} to {end}: {body}");
        }
    }
    server.stop().await;
}
