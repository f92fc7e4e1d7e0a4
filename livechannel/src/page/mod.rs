//! The page at `/` and what it needs, below `/-/`; the counters are there too.

mod channels;

use std::sync::Arc;

use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::Response;

use crate::api::typed;
use crate::service::Service;

pub(crate) use channels::ChannelsCache;

/// Answers a request of the page's; `None` where it is none.
pub(crate) async fn answer(service: &Arc<Service>, parts: &Parts) -> Option<Response> {
    match parts.uri.path() {
        "/-/metrics" | METRICS => Some(metrics(service, &parts.headers)),
        READY => Some(ready(service).await),
        "/-/health" | HEALTH => Some(typed("text/plain; charset=utf-8", "ok\n")),
        _ if !service.settings().page => None,
        "/" if parts.uri.query().is_none() => Some(page(parts)),
        "/-/page.css" => Some(cached("text/css; charset=utf-8", &CSS, parts)),
        "/-/page.js" => Some(cached("text/javascript; charset=utf-8", &JS, parts)),
        "/-/hls.js" => Some(cached("text/javascript; charset=utf-8", &HLS, parts)),
        "/-/channels.json" => {
            let body = service.channels().get(service).await?;
            Some(typed("application/json", body))
        }
        _ => None,
    }
}

/// Returns whether a request is for an operator's eyes: a name that monitors usually ask for, and no
/// call of the API.
pub(crate) fn is_operations(uri: &Uri) -> bool {
    uri.query().is_none() && OPERATIONS.contains(&uri.path())
}

fn metrics(service: &Service, headers: &HeaderMap) -> Response {
    let live = i64::try_from(service.live().all().len()).unwrap_or(i64::MAX);
    service.metrics().channels.set(live);
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|field| field.to_str().ok());
    let mut accepted = accepted.flat_map(|field| field.split(',')).peekable();
    // To who knows the older format alone, the lines that it has not are comments.
    let is_open = accepted.peek().is_none()
        || accepted.any(|kind| {
            ["application/openmetrics-text", "*/*", "application/*"]
                .contains(&kind.split(';').next().unwrap_or_default().trim())
        });
    typed(if is_open { OPEN_METRICS } else { PLAIN_METRICS }, service.metrics().text())
}

async fn ready(service: &Service) -> Response {
    let report = service.readiness().look(service).await;
    let mut response = typed("text/plain; charset=utf-8", report.text());
    if !report.is_ready() {
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    }
    response
}

/// A file of the page, as it is and compressed.
struct Asset {
    plain: &'static str,
    gzip: &'static [u8],
}

impl Asset {
    /// Responds with what the client can read. Nothing is compressed here: hls.js would take 20 ms
    /// of every request.
    fn respond(&self, kind: &'static str, parts: &Parts) -> Response {
        let mut response = if accepts_gzip(&parts.headers) {
            let mut response = typed(kind, self.gzip);
            let gzip = HeaderValue::from_static("gzip");
            response.headers_mut().insert(header::CONTENT_ENCODING, gzip);
            response
        } else {
            typed(kind, self.plain)
        };
        let vary = HeaderValue::from_static("accept-encoding");
        response.headers_mut().insert(header::VARY, vary);
        response
    }
}

fn page(parts: &Parts) -> Response {
    let mut response = HTML.respond("text/html; charset=utf-8", parts);
    // Nothing on the page comes from anywhere else, and no channel's name can become script.
    let policy = HeaderValue::from_static(
        "default-src 'self'; img-src 'self' data:; media-src 'self' blob:; worker-src 'self' blob:; frame-ancestors 'none'",
    );
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}

fn cached(kind: &'static str, asset: &Asset, parts: &Parts) -> Response {
    let mut response = asset.respond(kind, parts);
    let hour = HeaderValue::from_static("public, max-age=3600");
    response.headers_mut().insert(header::CACHE_CONTROL, hour);
    response
}

/// Returns whether a client names gzip among what it can read (RFC 9110 §12.5.3), and not only to
/// say no to it.
fn accepts_gzip(headers: &HeaderMap) -> bool {
    let fields = headers.get_all(header::ACCEPT_ENCODING).iter();
    let mut codings = fields.filter_map(|field| field.to_str().ok()).flat_map(|x| x.split(','));
    codings.any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let weight = weight.trim().strip_prefix("q=").map(|weight| weight.parse::<f32>());
        name.trim().eq_ignore_ascii_case("gzip") && weight.is_none_or(|q| q.is_ok_and(|q| q > 0.0))
    })
}

/// Includes a file of `assets` and what the build script has made of it.
macro_rules! asset {
    ($name:literal) => {
        Asset {
            plain: include_str!(concat!("../../assets/", $name)),
            gzip: include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".gz")),
        }
    };
}

const HEALTH: &str = "/healthz";
const READY: &str = "/readyz";
const METRICS: &str = "/metrics";
/// Paths that monitors usually ask for. No object of a channel is there: those lie in folders.
pub(crate) const OPERATIONS: [&str; 3] = [HEALTH, READY, METRICS];
const PLAIN_METRICS: &str = "text/plain; version=0.0.4; charset=utf-8";
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
static HTML: Asset = asset!("page.html");
static CSS: Asset = asset!("page.css");
static JS: Asset = asset!("page.js");
static HLS: Asset = asset!("hls.light.min.js");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_for_those_who_ask_for_it() {
        for (field, want) in [
            ("gzip", true),
            ("br, GZIP;q=0.5", true),
            ("gzip;q=0", false),
            ("gzip; q=0.0, br", false),
            ("gzip;q=x", false),
            ("br", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, field.parse().unwrap());
            assert_eq!(accepts_gzip(&headers), want, "{field}");
        }
        assert!(!accepts_gzip(&HeaderMap::new()));
    }
}
