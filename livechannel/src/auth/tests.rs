//! The signatures that real clients made, and what is refused.

use axum::http::{HeaderMap, HeaderName, HeaderValue};

use super::*;
use crate::clock::{parse_basic_date, parse_http_date};

fn keys() -> Keys {
    let key = AccessKey::new("AKID".to_owned(), "SECRET".to_owned());
    Keys::new(&[key], Anonymous::Private)
}

/// Checks a request; its path is `/bkt/object?query`.
fn check(method: &str, path: &str, headers: &[(&str, &str)], now: i64) -> Result<(), AuthError> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let name: HeaderName = name.parse().unwrap();
        map.insert(name, HeaderValue::from_str(value).unwrap());
    }
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let object = path.strip_prefix("/bkt/").unwrap();
    let query = Query::http(query);
    let request = SignedRequest::new(method, &map, &query, "bkt", object);
    keys().check(&request, Access::Write, now)
}

const DATE: &str = "Sun, 22 Nov 2026 19:45:28 GMT";

fn now() -> i64 {
    parse_http_date(DATE).unwrap()
}

const V1: [(&str, &str, &str); 8] = [
    ("PUT", "/bkt/ch-1?live", "vU1llSQ6Uz3PCujl/ELEmDWdc5E="),
    ("PUT", "/bkt/ch-1?live=&status=disabled", "lP5MIdauGAF5HMPYauATLANCI94="),
    ("GET", "/bkt/ch-1?live=&comp=stat", "+zZuH2aui7Af45iPOF8lnYzg4Xk="),
    ("GET", "/bkt/ch-1?comp=history&live", "BbkLbNGQzK8vAQ6FFrr/BVngyxc="),
    ("GET", "/bkt/?live=&prefix=ch&marker=m", "Mkg6QHSOIGVoURERl4Q2FxK913w="),
    (
        "POST",
        "/bkt/ch-1/vod.m3u8?vod=&startTime=1472020031&endTime=1472020226",
        "4ErgK9Ky+Kzzm9GMIj7dTGU80ss=",
    ),
    (
        "GET",
        "/bkt/ch-1?vod=&startTime=1472020031&endTime=1472020226",
        "DFQkUBoNuRSnJ0LJBMFhIwhVQq0=",
    ),
    ("DELETE", "/bkt/ch-1?live=", "hY0Se6FXC5I1Y84MnA2Fw+Pzsr0="),
];

#[test]
fn o_41a_golden_signatures_of_version_1() {
    for (method, path, signature) in V1 {
        let authorization = format!("OSS AKID:{signature}");
        let headers = [("date", DATE), ("authorization", authorization.as_str())];
        assert_eq!(check(method, path, &headers, now()), Ok(()), "{path}");
        let other = check("HEAD", path, &headers, now());
        assert_eq!(other, Err(AuthError::Mismatch), "{path} with another verb");
    }
}

#[test]
fn o_41b_golden_signatures_of_versions_2_and_4() {
    let signature = "OSS2 AccessKeyId:AKID,Signature:B3AIL0mhptbGQ74NyihJ8E04U6pOelVZzUOSmd6/qNc=";
    let headers = [("date", DATE), ("authorization", signature)];
    assert_eq!(check("GET", "/bkt/ch-1?live=&comp=stat", &headers, now()), Ok(()));

    let stat = "5c1d68d1b55bf5dda599ae78d774255b03d167a561417ad0496fa74b8f4e691c";
    let post = "f0249b724fb00ac7ef786a827b8ccdc7cf3a676d304876c4564a1ea45f8e04d4";
    let date = "20261122T194529Z";
    for (method, path, signature) in [
        ("GET", "/bkt/ch-1?live=&comp=stat", stat),
        ("POST", "/bkt/ch-1/vod.m3u8?vod=&startTime=1472020031&endTime=1472020226", post),
    ] {
        for blank in ["", " "] {
            let credential = "AKID/20261122/cn-hangzhou/oss/aliyun_v4_request";
            let authorization =
                format!("OSS4-HMAC-SHA256 Credential={credential},{blank}Signature={signature}");
            let headers = [
                ("x-oss-date", date),
                ("x-oss-content-sha256", "UNSIGNED-PAYLOAD"),
                ("authorization", authorization.as_str()),
            ];
            let now = parse_basic_date(date).unwrap();
            assert_eq!(check(method, path, &headers, now), Ok(()), "{path}");
            let late = check(method, path, &headers, now + 16 * 60_000);
            assert_eq!(late, Err(AuthError::Skewed), "{path} sixteen minutes later");
        }
    }
}

#[test]
fn o_41c_golden_signatures_of_the_javascript_client() {
    let date = "Sun, 22 Nov 2026 19:45:31 GMT";
    let create = [
        ("x-oss-date", date),
        ("content-md5", "pGG2FPMd0oRWr665hEisZQ=="),
        ("authorization", "OSS AKID:hPTOnc0o1O0HzWyaZnxWhrzp/Q4="),
    ];
    let now = parse_http_date(date).unwrap();
    let created = check("PUT", "/bkt/ch-1?live=", &create, now);
    let with_type = |kind| {
        let mut headers = create.to_vec();
        headers.push(("content-type", kind));
        check("PUT", "/bkt/ch-1?live=", &headers, now)
    };
    let any = created
        .or_else(|_| with_type("application/xml"))
        .or_else(|_| with_type("application/octet-stream"));
    assert_eq!(any, Ok(()));
    let post = [
        ("x-oss-date", date),
        ("content-type", "application/vnd.apple.mpegurl"),
        ("authorization", "OSS AKID:dgjjjxLee8d5sZGFaiH6Cgd+ydk="),
    ];
    let path = "/bkt/ch-1/vod.m3u8?startTime=1472020031&endTime=1472020226&vod=";
    assert_eq!(check("POST", path, &post, now), Ok(()));
}

#[test]
fn what_is_not_signed_or_not_in_time_is_refused() {
    let (method, path, signature) = V1[0];
    let authorization = format!("OSS AKID:{signature}");
    let headers = [("date", DATE), ("authorization", authorization.as_str())];
    assert_eq!(check(method, path, &[], now()), Err(AuthError::Anonymous));
    assert_eq!(check(method, path, &headers, now() + 16 * 60_000), Err(AuthError::Skewed));
    assert_eq!(check(method, path, &headers, now() - 16 * 60_000), Err(AuthError::Skewed));
    assert_eq!(check(method, "/bkt/ch-2?live", &headers, now()), Err(AuthError::Mismatch));
    for (authorization, want) in [
        ("OSS NOBODY:vU1llSQ6Uz3PCujl/ELEmDWdc5E=", AuthError::UnknownKey),
        ("OSS AKID", AuthError::Malformed),
        ("OSS AKID:***", AuthError::Malformed),
        ("Basic abc", AuthError::Malformed),
        ("OSS2 Signature", AuthError::Malformed),
        ("OSS4-HMAC-SHA256 Credential=AKID", AuthError::Malformed),
        ("", AuthError::Malformed),
    ] {
        let headers = [("date", DATE), ("authorization", authorization)];
        assert_eq!(check(method, path, &headers, now()), Err(want), "{authorization}");
    }
}

#[test]
fn o_37_o_38_o_39_rtmp_addresses() {
    let until = 1_472_201_595;
    let check = |query: &str, now: i64| {
        let query = Query::rtmp(query);
        keys().check_rtmp(&RtmpUrl::new("bkt", "ch-1", &query), now * 1000)
    };
    let signed = |parameters: &str, signature: &str| {
        format!("{parameters}OSSAccessKeyId=AKID&Expires={until}&Signature={signature}")
    };
    let list = signed("playlistName=playlist.m3u8&", "7g2iqLuTMwcwLrPvaFxesPWNWtE%3D");
    assert_eq!(check(&list, until), Ok(()));
    assert_eq!(check(&list, until + 1), Err(AuthError::Expired));
    assert_eq!(check(&signed("", "2dUKeSF7ZQ87KDX4oUjqOGbSl5w="), until), Ok(()));
    let token =
        signed("playlistName=playlist.m3u8&security-token=TOKEN&", "nt6OuuuqP47CwzK1H88wH4sQeH0=");
    assert_eq!(check(&token, until), Ok(()));
    let unsigned_token =
        signed("playlistName=playlist.m3u8&security-token=TOKEN&", "7g2iqLuTMwcwLrPvaFxesPWNWtE=");
    assert_eq!(check(&unsigned_token, until), Ok(()));
    let other = signed("playlistName=other.m3u8&", "7g2iqLuTMwcwLrPvaFxesPWNWtE=");
    assert_eq!(check(&other, until), Err(AuthError::Mismatch));
    assert_eq!(check("", until), Err(AuthError::Anonymous));
    assert_eq!(check("Signature=x", until), Err(AuthError::Malformed));
    let never = "OSSAccessKeyId=AKID&Expires=-5&Signature=2dUKeSF7ZQ87KDX4oUjqOGbSl5w=";
    assert_eq!(check(never, until), Err(AuthError::Mismatch));
}

/// Signs a request of version 4 as a client with `SECRET` would, for a scope of its own choice.
fn sign_v4(scope: &str, payload: &str) -> String {
    sign_v4_with(scope, payload, "", "")
}

/// The same with more headers than those that are always signed: their names as they are sent, and
/// their lines `name:value`, sorted.
fn sign_v4_with(scope: &str, payload: &str, names: &str, lines: &str) -> String {
    let date = "20261122T194529Z";
    let sorted = names.to_ascii_lowercase();
    let canonical = format!(
        "PUT\n/bkt/ch-1\nlive\n{lines}x-oss-content-sha256:{payload}\nx-oss-date:{date}\n\n{sorted}\n{payload}"
    );
    let hash = crypto::hash_hex(canonical.as_bytes());
    let text = format!("OSS4-HMAC-SHA256\n{date}\n{scope}\n{hash}");
    let mut key = b"aliyun_v4SECRET".to_vec();
    for part in scope.split('/') {
        key = crypto::sha256(&key, part.as_bytes()).unwrap();
    }
    let signature: String = crypto::sha256(&key, text.as_bytes())
        .unwrap()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let more = if names.is_empty() { String::new() } else { format!("AdditionalHeaders={names},") };
    format!("OSS4-HMAC-SHA256 Credential=AKID/{scope},{more}Signature={signature}")
}

#[test]
fn a_signature_of_version_4_covers_the_headers_that_it_names() {
    let scope = "20261122/cn-hangzhou/oss/aliyun_v4_request";
    let asked = |authorization: &str, host: &str, range: Option<&str>| {
        let mut headers = vec![
            ("x-oss-date", "20261122T194529Z"),
            ("x-oss-content-sha256", "UNSIGNED-PAYLOAD"),
            ("authorization", authorization),
            ("host", host),
        ];
        headers.extend(range.map(|range| ("range", range)));
        let now = parse_basic_date("20261122T194529Z").unwrap();
        check("PUT", "/bkt/ch-1?live", &headers, now)
    };
    let lines = "host:h\nrange:bytes=1-2\n";
    for names in ["host;range", "Host;Range"] {
        let signed = sign_v4_with(scope, "UNSIGNED-PAYLOAD", names, lines);
        assert_eq!(asked(&signed, "h", Some("bytes=1-2")), Ok(()), "{names}");
        assert_eq!(asked(&signed, "other", Some("bytes=1-2")), Err(AuthError::Mismatch));
        assert_eq!(asked(&signed, "h", Some("bytes=1-3")), Err(AuthError::Mismatch));
        assert_eq!(asked(&signed, "h", None), Err(AuthError::Mismatch));
        // A signature that names fewer headers is another one.
        let fewer = signed.replace(&format!("AdditionalHeaders={names},"), "");
        assert_eq!(asked(&fewer, "h", Some("bytes=1-2")), Err(AuthError::Mismatch));
    }
    let plain = sign_v4(scope, "UNSIGNED-PAYLOAD");
    assert_eq!(asked(&plain, "any", Some("bytes=7-8")), Ok(()), "what is not named may be any");
}

#[test]
fn a_signature_of_version_4_is_for_one_day_region_and_product() {
    let hash = "0".repeat(64);
    let good = "20261122/cn-hangzhou/oss/aliyun_v4_request";
    for (scope, payload, want) in [
        (good, "UNSIGNED-PAYLOAD", Ok(())),
        (good, hash.as_str(), Ok(())),
        (good, "no hash", Err(AuthError::Malformed)),
        ("/cn-hangzhou/oss/aliyun_v4_request", "UNSIGNED-PAYLOAD", Err(AuthError::Malformed)),
        ("2026/cn-hangzhou/oss/aliyun_v4_request", "UNSIGNED-PAYLOAD", Err(AuthError::Malformed)),
        ("20261122/mars/oss/aliyun_v4_request", "UNSIGNED-PAYLOAD", Err(AuthError::Scope)),
        ("20261122/cn-hangzhou/ecs/aliyun_v4_request", "UNSIGNED-PAYLOAD", Err(AuthError::Scope)),
    ] {
        let authorization = sign_v4(scope, payload);
        let headers = [
            ("x-oss-date", "20261122T194529Z"),
            ("x-oss-content-sha256", payload),
            ("authorization", authorization.as_str()),
        ];
        let now = parse_basic_date("20261122T194529Z").unwrap();
        assert_eq!(check("PUT", "/bkt/ch-1?live", &headers, now), want, "{scope} {payload}");
    }
}

#[test]
fn what_was_signed_once_cannot_be_sent_in_another_form() {
    let until = 1_472_201_595;
    let rtmp = |query: &str| {
        let query = Query::rtmp(query);
        keys().check_rtmp(&RtmpUrl::new("bkt", "ch-1", &query), until * 1000)
    };
    // Signed: playlistName:playlist.m3u8
    let signed =
        format!("OSSAccessKeyId=AKID&Expires={until}&Signature=7g2iqLuTMwcwLrPvaFxesPWNWtE=");
    for parameters in [
        "playlistName=z.m3u8&playlistName=playlist.m3u8",
        "playlistName=playlist.m3u8&playlistName=playlist.m3u8",
        "playlistName:playlist.m3u8%0A",
        "Expires=9999999999&playlistName=playlist.m3u8",
    ] {
        assert_eq!(
            rtmp(&format!("{parameters}&{signed}")),
            Err(AuthError::Malformed),
            "{parameters}"
        );
    }
    // Two parameters were signed; one that looks like both is sent.
    let authorization = "OSS AKID:BbkLbNGQzK8vAQ6FFrr/BVngyxc=";
    let headers = [("date", DATE), ("authorization", authorization)];
    assert_eq!(check("GET", "/bkt/ch-1?comp=history&live", &headers, now()), Ok(()));
    let one = check("GET", "/bkt/ch-1?comp=history%26live", &headers, now());
    assert_eq!(one, Err(AuthError::Malformed));
}
