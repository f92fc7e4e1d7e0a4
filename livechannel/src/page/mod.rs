//! The page at `/` and what it needs, below `/-/`; the counters are there too.

mod channels;

use std::sync::Arc;

use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use axum::response::Response;

use crate::api::typed;
use crate::service::Service;

pub(crate) use channels::ChannelsCache;

/// Answers a request of the page's; `None` where it is none.
pub(crate) async fn answer(service: &Arc<Service>, parts: &Parts) -> Option<Response> {
    match parts.uri.path() {
        "/-/metrics" => {
            let live = service.live().all().len();
            let live = i64::try_from(live).unwrap_or(i64::MAX);
            service.metrics().channels.set(live);
            Some(typed(OPEN_METRICS, service.metrics().text()))
        }
        "/-/health" => Some(typed("text/plain; charset=utf-8", "ok\n")),
        _ if !service.settings().page => None,
        "/" if parts.uri.query().is_none() => Some(page()),
        "/-/page.css" => Some(cached("text/css; charset=utf-8", CSS)),
        "/-/page.js" => Some(cached("text/javascript; charset=utf-8", JS)),
        "/-/hls.js" => Some(cached("text/javascript; charset=utf-8", HLS)),
        "/-/channels.json" => {
            let body = service.channels().get(service).await?;
            Some(typed("application/json", body))
        }
        _ => None,
    }
}

fn page() -> Response {
    let mut response = typed("text/html; charset=utf-8", HTML);
    // Nothing on the page comes from anywhere else, and no channel's name can become script.
    let policy = HeaderValue::from_static(
        "default-src 'self'; img-src 'self' data:; media-src 'self' blob:; worker-src 'self' blob:; frame-ancestors 'none'",
    );
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}

fn cached(kind: &'static str, body: &'static str) -> Response {
    let mut response = typed(kind, body);
    let hour = HeaderValue::from_static("public, max-age=3600");
    response.headers_mut().insert(header::CACHE_CONTROL, hour);
    response
}

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const HTML: &str = include_str!("../../assets/page.html");
const CSS: &str = include_str!("../../assets/page.css");
const JS: &str = include_str!("../../assets/page.js");
const HLS: &str = include_str!("../../assets/hls.light.min.js");
