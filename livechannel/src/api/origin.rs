//! Who may ask a node that trusts everybody: not a web page from elsewhere.
//!
//! A browser sends a form's POST to any address without asking, and a name of the attacker's may
//! resolve to this computer. Where signatures say who asks, neither matters; where there are no keys,
//! `Origin` and `Host` have to be this node's own.

use core::net::IpAddr;

use axum::http::{HeaderMap, StatusCode, header};

use super::error::ApiError;
use crate::settings::Settings;

/// Refuses a request that a web page from elsewhere has made.
pub(super) fn check(
    headers: &HeaderMap,
    authority: &str,
    settings: &Settings,
) -> Result<(), ApiError> {
    if !is_own_host(authority, settings) {
        return Err(refused("The host of the request is not this service's"));
    }
    for origin in headers.get_all(header::ORIGIN) {
        let origin = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
        if !origin.is_some_and(|(_, origin)| origin.eq_ignore_ascii_case(authority)) {
            return Err(refused("The request was made by a page from elsewhere"));
        }
    }
    if headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site") {
        return Err(refused("The request was made by a page from elsewhere"));
    }
    Ok(())
}

/// Returns whether a host can be nobody else's: an address, a name without a dot, or a name that
/// the settings know. Any other name may resolve to this node by somebody's trick.
fn is_own_host(authority: &str, settings: &Settings) -> bool {
    let host = without_port(authority).trim_end_matches('.').to_ascii_lowercase();
    let is_address = |text: &str| {
        let text = text.trim_start_matches('[').trim_end_matches(']');
        text.parse::<IpAddr>().is_ok()
    };
    let below = |domain: &str| {
        let domain = without_port(domain).to_ascii_lowercase();
        host == domain || host.strip_suffix(&domain).is_some_and(|rest| rest.ends_with('.'))
    };
    let Some((_, rest)) = host.split_once('.') else {
        return true;
    };
    is_address(&host)
        || is_address(rest) // bkt.127.0.0.1, as one SDK writes it
        || below("aliyuncs.com") // and bkt.oss-cn-hangzhou.aliyuncs.com, whatever it connects to
        || settings.domains.iter().chain(&settings.public_http).any(|domain| below(domain))
}

fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    }
}

fn refused(why: &str) -> ApiError {
    let message = format!("{why}, and there are no keys to tell who asks.");
    ApiError::new(StatusCode::FORBIDDEN, "AccessDenied", message, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_that_can_be_nobody_elses() {
        let public_http = Some("live.example.com:80".to_owned());
        let settings = Settings { public_http, ..Settings::default() };
        for host in [
            "",
            "localhost:8080",
            "bkt.localhost",
            "LOCALHOST.",
            "127.0.0.1:8080",
            "[::1]:8080",
            "bkt.127.0.0.1:9000",
            "bkt.oss-cn-hangzhou.aliyuncs.com",
            "node-1",
            "live.example.com",
            "bkt.live.example.com:8080",
        ] {
            assert!(is_own_host(host, &settings), "{host}");
        }
        for host in [
            "evil.example:8080",
            "127.0.0.1.evil.example",
            "a.oss-cn-hangzhou.evil.example",
            "evillocalhost.example",
            "notlive.example.com",
            "evilaliyuncs.com",
        ] {
            assert!(!is_own_host(host, &settings), "{host}");
        }
    }

    #[test]
    fn pages_from_elsewhere_are_refused() {
        let asked = |name: &'static str, value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().unwrap());
            check(&headers, "localhost:8080", &Settings::default()).is_ok()
        };
        assert!(asked("origin", "http://localhost:8080"));
        assert!(asked("sec-fetch-site", "same-origin"));
        for origin in ["http://evil.example", "null", "http://localhost", "http://localhost:8081"] {
            assert!(!asked("origin", origin), "{origin}");
        }
        assert!(!asked("sec-fetch-site", "cross-site"));
    }
}
