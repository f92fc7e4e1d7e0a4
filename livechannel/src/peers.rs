//! Which other node serves a channel with parts, and requests that are passed on to it.
//!
//! ```text
//! player ──► node B ──► where is it? ──► state, once a second ──► node A
//!                └────────────── the request as it came ────────────┘
//! ```
//!
//! Parts are in the memory of the node that has the channel and nowhere else, and so is the list
//! that names them. A request is passed on once: the node that it comes to answers it from what it
//! has itself.

use core::num::NonZeroUsize;
use core::time::Duration;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, Response, header};
use lru::LruCache;
use tokio::time::Instant;

use crate::name::ChannelKey;
use crate::service::Service;

/// Where channels are that other nodes have.
#[derive(Debug)]
pub(crate) struct Peers {
    known: Mutex<LruCache<ChannelKey, Known>>,
    /// None where no client could be made.
    client: Option<reqwest::Client>,
}

#[derive(Clone, Debug)]
struct Known {
    since: Instant,
    address: Option<Arc<str>>,
}

impl Peers {
    pub(crate) fn new() -> Self {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT)
            .pool_idle_timeout(IDLE)
            .build();
        let client = client.inspect_err(|error| tracing::error!(%error, "no node is asked"));
        Self { known: Mutex::new(LruCache::new(MOST)), client: client.ok() }
    }

    /// Returns where a channel's parts are, if another node has it. The state is read once a second
    /// at most; meanwhile the last answer stands.
    pub(crate) async fn find(&self, service: &Service, key: &ChannelKey) -> Option<Arc<str>> {
        service.settings().peer_http.as_ref()?;
        let now = Instant::now();
        let before = self.lock().get(key).cloned();
        if let Some(known) = &before
            && now - known.since < FRESH
        {
            return known.address.clone();
        }
        // Whoever asks while the state is being read gets the last answer.
        let address = before.and_then(|known| known.address);
        self.lock().put(key.clone(), Known { since: now, address: address.clone() });
        let Ok(state) = service.state(key).await else {
            return address;
        };
        let other = state.lease.as_ref().is_some_and(|lease| lease.node != service.node());
        let is_live = other && !service.is_free(key, &state);
        let address: Option<Arc<str>> = state.parts_at.filter(|_| is_live).map(Into::into);
        self.lock().put(key.clone(), Known { since: now, address: address.clone() });
        address
    }

    /// Passes a request on as it came; `None` where the other node does not answer.
    pub(crate) async fn pass_on(&self, parts: &Parts, address: &str) -> Option<Response<Body>> {
        let path = parts.uri.path_and_query()?;
        let asked = self
            .client
            .as_ref()?
            .request(parts.method.clone(), format!("http://{address}{path}"))
            .headers(end_to_end(&parts.headers))
            .header(PASSED_ON, "1");
        let answer = asked.send().await.inspect_err(|error| {
            tracing::debug!(address, %error, "the channel's node does not answer");
        });
        let answer = Response::from(answer.ok()?);
        let (from, body) = answer.into_parts();
        let mut response = Response::new(Body::new(body));
        *response.status_mut() = from.status;
        for name in ANSWERED {
            if let Some(value) = from.headers.get(&name) {
                response.headers_mut().insert(name, value.clone());
            }
        }
        Some(response)
    }

    fn lock(&self) -> MutexGuard<'_, LruCache<ChannelKey, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns whether another node has passed a request on.
pub(crate) fn is_passed_on(headers: &HeaderMap) -> bool {
    headers.contains_key(PASSED_ON)
}

/// Returns the header without what is for one connection alone (RFC 9110 §7.6.1).
fn end_to_end(headers: &HeaderMap) -> HeaderMap {
    let mut kept = headers.clone();
    for name in [
        header::CONNECTION,
        header::TRANSFER_ENCODING,
        header::CONTENT_LENGTH,
        header::UPGRADE,
        header::TE,
        header::TRAILER,
    ] {
        kept.remove(name);
    }
    kept
}

const PASSED_ON: HeaderName = HeaderName::from_static("x-livechannel-passed-on");
/// What of an answer is the file's; the rest is this node's own.
const ANSWERED: [HeaderName; 9] = [
    header::CONTENT_TYPE,
    header::CONTENT_LENGTH,
    header::CONTENT_ENCODING,
    header::CONTENT_RANGE,
    header::ACCEPT_RANGES,
    header::CACHE_CONTROL,
    header::ETAG,
    header::LAST_MODIFIED,
    header::VARY,
];
/// How long an answer stands.
const FRESH: Duration = Duration::from_secs(1);
/// Channels whose places are remembered.
const MOST: NonZeroUsize = NonZeroUsize::new(4096).unwrap();
const CONNECT: Duration = Duration::from_secs(1);
/// Below the time that a node waits for the next request.
const IDLE: Duration = Duration::from_secs(10);
