//! The bodies of the fuzz targets, plain functions: `cargo test` replays them without any fuzzer.

use http::{HeaderMap, HeaderName, HeaderValue};
use livechannel::auth::{Access, Keys, Query, RtmpUrl, SignedRequest};
use livechannel::{AccessKey, Anonymous, parse_put};

/// A body of PutLiveChannel: any bytes give a configuration or an error.
pub(crate) fn xml(data: &[u8]) {
    if let Ok(body) = parse_put(data) {
        let text = core::str::from_utf8(data).expect("what was read is UTF-8");
        assert!(text.contains("LiveChannelConfiguration"));
        // In a comment or in character data it is only text.
        let quoted = text.contains("<!--") || text.contains("<![CDATA[") || text.contains("<?");
        assert!(quoted || !text.contains("<!DOCTYPE"), "no document type is followed");
        let longest = [body.description, body.status, body.playlist_name];
        for value in longest.into_iter().flatten() {
            assert!(value.len() <= data.len(), "nothing grows");
        }
    }
}

/// A request, a line each for method, path with query, and headers: nobody without the secret gets
/// in.
pub(crate) fn signature(data: &[u8]) {
    let Ok(text) = core::str::from_utf8(data) else {
        return;
    };
    let mut lines = text.lines();
    let method = lines.next().unwrap_or("GET");
    let (path, query) = lines.next().unwrap_or("/").split_once('?').unwrap_or(("/", ""));
    let mut headers = HeaderMap::new();
    for line in lines {
        if let Some((name, value)) = line.split_once(": ")
            && let (Ok(name), Ok(value)) =
                (name.parse::<HeaderName>(), HeaderValue::from_str(value))
        {
            headers.insert(name, value);
        }
    }
    let key = AccessKey::new("AKID".to_owned(), "a secret that no input knows".to_owned());
    let keys = Keys::new(&[key], Anonymous::Private);
    let (http, rtmp) = (Query::http(query), Query::rtmp(query));
    let request = SignedRequest::new(method, &headers, &http, "bkt", path);
    for now in [0, 1_795_376_728_000, i64::MAX] {
        assert!(keys.check(&request, Access::Read, now).is_err());
        assert!(keys.check_rtmp(&RtmpUrl::new("bkt", path, &rtmp), now).is_err());
    }
}
