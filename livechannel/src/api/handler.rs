//! From a request to the call it means.

use core::time::Duration;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::response::Response;
use axum::routing::any;
use tokio::time::timeout;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate as _, SizeAbove};
use tower_http::cors::{AllowMethods, CorsLayer};

use super::error::ApiError;
use super::target::Target;
use super::{channel, digest, files, list, origin, put, reply, request_id, stat, vod};
use crate::audit::Actor;
use crate::auth::{Access, SignedRequest, claimed_key};
use crate::clock::now_millis;
use crate::http_server::Peer;
use crate::name::{BucketName, ChannelKey, ChannelName};
use crate::page;
use crate::service::Service;
use crate::settings::Anonymous;

/// Everything that is served over HTTP.
pub(crate) fn router(service: Arc<Service>) -> Router {
    // Media is compressed already, and a range of it must stay what it is.
    let compressed = SizeAbove::new(256)
        .and(NotForContentType::new("video/"))
        .and(NotForContentType::new("image/"))
        .and(NotForContentType::new("application/json"))
        .and(NotForContentType::new("application/octet-stream"));
    // Where everybody may do everything, a web page from elsewhere may still only look.
    let methods = if service.settings().anonymous == Anonymous::PublicReadWrite {
        AllowMethods::list([Method::GET, Method::HEAD])
    } else {
        AllowMethods::any()
    };
    let cors = CorsLayer::permissive().allow_methods(methods).expose_headers([
        HeaderName::from_static("x-oss-request-id"),
        header::ETAG,
        header::CONTENT_RANGE,
        header::CONTENT_LENGTH,
    ]);
    let compression = CompressionLayer::new().compress_when(compressed);
    let objects = Router::new()
        .fallback(answer)
        .with_state(Arc::clone(&service))
        .layer(compression.clone())
        .layer(cors);
    // What the page shows is for the page alone, not for pages from elsewhere.
    let own = Router::new().route("/-/{*rest}", any(answer));
    page::OPERATIONS
        .into_iter()
        .fold(own, |own, path| own.route(path, any(answer)))
        .with_state(service)
        .layer(compression)
        .fallback_service(objects)
}

async fn answer(State(service): State<Arc<Service>>, request: Request) -> Response {
    let id = request_id::next();
    let method = request.method().clone();
    let (parts, body) = request.into_parts();
    let host = parts.headers.get("host").and_then(|host| host.to_str().ok());
    let host = host.unwrap_or_default().to_owned();
    let limit = service.settings().request;
    let answered = timeout(limit, route(&service, parts, body)).await;
    let mut response = match answered.unwrap_or_else(|_| Err(ApiError::late())) {
        Ok(response) => response,
        Err(error) => {
            tracing::debug!(code = error.code, message = %error.message, "HTTP request fails");
            reply::failure(&error, &id, &host)
        }
    };
    if let Ok(id) = HeaderValue::from_str(&id) {
        let name = HeaderName::from_static("x-oss-request-id");
        response.headers_mut().insert(name, id);
    }
    let server = HeaderValue::from_static("livechannel");
    response.headers_mut().insert(header::SERVER, server);
    let status = response.status().as_u16();
    service.metrics().request(known_method(&method), status);
    response
}

async fn route(service: &Arc<Service>, parts: Parts, body: Body) -> Result<Response, ApiError> {
    let host = parts.headers.get("host").and_then(|host| host.to_str().ok());
    let trusting = service.keys().trust_everybody();
    if trusting && parts.uri.path() == "/-/channels.json" {
        origin::check(&parts.headers, host.unwrap_or_default(), service.settings())?;
    }
    let path = parts.uri.path();
    if path.starts_with("/-/") || path == "/" || page::is_operations(&parts.uri) {
        let plain = parts.method == Method::GET || parts.method == Method::HEAD;
        if let Some(response) = page::answer(service, &parts).await.filter(|_| plain) {
            return Ok(response);
        }
    }
    let target = Target::read(&parts, service.settings())?;
    // Without a bucket in sight, the bucket of addresses that name none is meant.
    let bucket = target.bucket.clone();
    let bucket = bucket.unwrap_or_else(|| service.settings().bucket.clone());
    let call = Call::of(&parts.method, &target)?;
    let actor = authorize(service, &parts, &target, &bucket, call)?;
    if !service.settings().has_bucket(&bucket) {
        return Err(ApiError::no_bucket(bucket.as_str()));
    }
    let Some(action) = call.change(&target) else {
        return perform(service, &parts, body, &target, &bucket, call).await;
    };
    let change = service.audit().change(actor, action, named(&bucket, &target));
    let outcome = perform(service, &parts, body, &target, &bucket, call).await;
    change.ends(outcome.as_ref().err().map(|error| error.code));
    outcome
}

/// What a request is about, for the audit log.
fn named(bucket: &BucketName, target: &Target) -> String {
    format!("{}/{}", bucket.as_str(), target.object)
}

/// Lets a request in, or notes that it was not.
fn authorize(
    service: &Service,
    parts: &Parts,
    target: &Target,
    bucket: &BucketName,
    call: Call,
) -> Result<Actor, ApiError> {
    let signed = SignedRequest::new(
        parts.method.as_str(),
        &parts.headers,
        &target.query,
        bucket.as_str(),
        &target.object,
    );
    let actor = Actor {
        peer: parts.extensions.get::<Peer>().map(|peer| peer.0),
        key: claimed_key(&signed).map(str::to_owned),
    };
    let check = || {
        if service.keys().trust_everybody() && call.access() == Access::Write {
            origin::check(&parts.headers, &target.host, service.settings())?;
        }
        service.keys().check(&signed, call.access(), now_millis()).map_err(ApiError::from)
    };
    check().inspect_err(|error| {
        let action = call.change(target).unwrap_or("read");
        service.audit().refused(&actor, action, &named(bucket, target), error.code);
    })?;
    Ok(actor)
}

/// Does what a request asks for, which may be done.
async fn perform(
    service: &Arc<Service>,
    parts: &Parts,
    body: Body,
    target: &Target,
    bucket: &BucketName,
    call: Call,
) -> Result<Response, ApiError> {
    // Nothing reads the body of a GET: to the signature it is empty.
    let reads = parts.method == Method::GET || parts.method == Method::HEAD;
    let body =
        if reads { Bytes::new() } else { limited(body, service.settings().request / 2).await? };
    digest::check(&parts.headers, &body)?;
    let key = |name: &str| -> Result<ChannelKey, ApiError> {
        Ok(ChannelKey::new(bucket.clone(), ChannelName::new(name.as_bytes())?))
    };
    let object = target.object.as_str();
    match call {
        Call::Put => put::put(service, &key(object)?, &body, target).await,
        Call::Status => put::status(service, &key(object)?, &target.query).await,
        Call::Delete => channel::delete(service, &key(object)?).await,
        Call::Info => channel::info(service, &key(object)?).await,
        Call::Stat => stat::stat(service, &key(object)?).await,
        Call::History => stat::history(service, &key(object)?).await,
        Call::List => list::list(service, bucket, target).await,
        Call::PostVod => {
            let (name, playlist) = object.rsplit_once('/').ok_or_else(vod::no_playlist_name)?;
            vod::post(service, &key(name)?, playlist, &target.query).await
        }
        Call::GetVod => vod::get(service, &key(object)?, &target.query).await,
        Call::File => files::file(service, bucket, object, parts).await,
    }
}

/// The calls that are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Call {
    Put,
    Status,
    Delete,
    Info,
    Stat,
    History,
    List,
    PostVod,
    GetVod,
    File,
}

impl Call {
    fn of(method: &Method, target: &Target) -> Result<Self, ApiError> {
        let has = |name| target.query.get(name).is_some();
        let bucket_itself = target.object.is_empty();
        match (method.as_str(), has("live"), has("vod")) {
            ("PUT", true, _) if has("status") => Ok(Self::Status),
            ("PUT", true, _) => Ok(Self::Put),
            ("DELETE", true, _) => Ok(Self::Delete),
            ("GET", true, _) if bucket_itself => Ok(Self::List),
            ("GET", true, _) => match target.query.get("comp") {
                None => Ok(Self::Info),
                Some("stat") => Ok(Self::Stat),
                Some("history") => Ok(Self::History),
                Some(_) => Err(ApiError::argument("comp is neither stat nor history", None)),
            },
            ("POST", _, true) => Ok(Self::PostVod),
            ("GET", _, true) => Ok(Self::GetVod),
            ("GET" | "HEAD", false, false) if !bucket_itself => Ok(Self::File),
            _ => Err(ApiError::method()),
        }
    }

    /// Returns what the audit log calls it, where it changes anything.
    fn change(self, target: &Target) -> Option<&'static str> {
        match self {
            Self::Put => Some("put"),
            Self::Status if target.query.get("status") == Some("disabled") => Some("takedown"),
            Self::Status => Some("enable"),
            Self::Delete => Some("delete"),
            Self::PostVod => Some("post-vod"),
            Self::Info | Self::Stat | Self::History | Self::List | Self::GetVod | Self::File => {
                None
            }
        }
    }

    const fn access(self) -> Access {
        match self {
            Self::Put | Self::Status | Self::Delete | Self::PostVod => Access::Write,
            // Who may play may not list: addresses of publishers stand there.
            Self::List | Self::Info | Self::Stat | Self::History => Access::Write,
            Self::GetVod | Self::File => Access::Read,
        }
    }
}

async fn limited(body: Body, limit: Duration) -> Result<Bytes, ApiError> {
    let read = timeout(limit, to_bytes(body, MOST_BODY)).await;
    read.map_err(|_| ApiError::slow_client())?.map_err(|_| ApiError::too_large())
}

const fn known_method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::PUT => "PUT",
        Method::POST => "POST",
        Method::DELETE => "DELETE",
        _ => "other",
    }
}

/// Whether a bucket of that name may be asked for.
pub(super) fn open_bucket(service: &Service, name: &str) -> Option<BucketName> {
    BucketName::new(name).filter(|bucket| service.settings().has_bucket(bucket))
}

/// A configuration has some hundred bytes.
const MOST_BODY: usize = 64 * 1024;
