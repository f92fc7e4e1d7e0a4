//! What players load: playlists and segments, from memory where they are new, else from the store.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use futures_util::StreamExt as _;
use object_store::{GetRange, GetResult};

use super::error::ApiError;
use super::{low_latency, range, reply};
use crate::clock::http_date;
use crate::http_server::Peer;
use crate::limits::Place;
use crate::name::{BucketName, ChannelKey, ChannelName};
use crate::peers;
use crate::service::Service;

/// Returns an object of a bucket.
pub(super) async fn file(
    service: &Arc<Service>,
    bucket: &BucketName,
    object: &str,
    parts: &Parts,
) -> Result<Response, ApiError> {
    let wanted = parts.headers.get(header::RANGE);
    let wanted = wanted.and_then(|range| range::parse(range.to_str().ok()?));
    let head = parts.method == Method::HEAD;
    let place = ChannelFile::of(bucket, object);
    if let Some(body) = from_memory(service, place.as_ref(), parts).await? {
        return from_bytes(object, body, wanted, head);
    }
    let elsewhere = Elsewhere::of(service, place.as_ref(), parts);
    if let Some(elsewhere) = elsewhere.as_ref().filter(|elsewhere| elsewhere.comes_first())
        && let Some(response) = elsewhere.pass_on().await
    {
        return Ok(response);
    }
    let seat = parts.extensions.get::<Peer>();
    let seat = seat.map(|Peer(peer)| service.limits().readers.enter(peer.ip()));
    let seat = seat.flatten().ok_or_else(ApiError::slow_down)?;
    match from_store(service, bucket, object, wanted, head, seat).await {
        // What a list with parts names may not be stored yet.
        Err(error) if error.status == StatusCode::NOT_FOUND => match elsewhere {
            Some(elsewhere) if !elsewhere.comes_first() => elsewhere.pass_on().await.ok_or(error),
            _ => Err(error),
        },
        found => found,
    }
}

/// A file of a channel.
struct ChannelFile<'a> {
    key: ChannelKey,
    name: &'a str,
}

impl<'a> ChannelFile<'a> {
    fn of(bucket: &BucketName, object: &'a str) -> Option<Self> {
        let (channel, name) = object.rsplit_once('/')?;
        let channel = ChannelName::new(channel.as_bytes()).ok()?;
        Some(Self { key: ChannelKey::new(bucket.clone(), channel), name })
    }
}

/// Finds a file of a channel that is live on this node, and waits for it where it comes soon.
async fn from_memory(
    service: &Service,
    place: Option<&ChannelFile<'_>>,
    parts: &Parts,
) -> Result<Option<Bytes>, ApiError> {
    let Some(ChannelFile { key, name }) = place else {
        return Ok(None);
    };
    // Where another node may have become the writer, the store knows better.
    let Some(live) = service.live().find(key).filter(|live| live.tenure().is_held()) else {
        return Ok(None);
    };
    let query = parts.uri.query().unwrap_or_default();
    let found = low_latency::file(&live, name, query, service.metrics()).await?;
    if found.is_some() {
        return Ok(found.filter(|_| live.tenure().is_held()));
    }
    if *name == live.playlist_name {
        return Ok(live.playlist());
    }
    Ok(live.file(name))
}

/// A file of a channel that another node may have live, with parts.
struct Elsewhere<'a> {
    service: &'a Service,
    place: &'a ChannelFile<'a>,
    parts: &'a Parts,
}

impl<'a> Elsewhere<'a> {
    fn of(
        service: &'a Service,
        place: Option<&'a ChannelFile<'a>>,
        parts: &'a Parts,
    ) -> Option<Self> {
        let place = place.filter(|_| !peers::is_passed_on(&parts.headers))?;
        let here = service.live().find(&place.key);
        let is_here = here.is_some_and(|live| live.tenure().is_held());
        (!is_here).then_some(Self { service, place, parts })
    }

    /// Returns whether the other node knows better than the store: of lists, and of parts.
    fn comes_first(&self) -> bool {
        self.place.name.ends_with(".m3u8") || low_latency::is_part(self.place.name)
    }

    /// Asks the node that has the channel, if there is one and it answers.
    async fn pass_on(&self) -> Option<Response> {
        let address = self.service.peers().find(self.service, &self.place.key).await?;
        let response = self.service.peers().pass_on(self.parts, &address).await?;
        self.service.metrics().passed_on.inc();
        Some(response)
    }
}

fn from_bytes(
    object: &str,
    body: Bytes,
    wanted: Option<GetRange>,
    head: bool,
) -> Result<Response, ApiError> {
    let len = body.len() as u64;
    let Some(wanted) = wanted else {
        let body = if head { Body::empty() } else { body.into() };
        return Ok(respond(object, body, len, None));
    };
    let bytes = range::resolve(&wanted, len).ok_or_else(|| unsatisfiable(len))?;
    let bound = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(body.len());
    let part = body.slice(bound(bytes.start)..bound(bytes.end));
    let body = if head { Body::empty() } else { part.into() };
    Ok(respond(object, body, bytes.end - bytes.start, Some((bytes, len))))
}

async fn from_store(
    service: &Service,
    bucket: &BucketName,
    object: &str,
    wanted: Option<GetRange>,
    head: bool,
    seat: Place,
) -> Result<Response, ApiError> {
    let store = service.store();
    let path = store.layout().object(bucket, object);
    let (meta, bytes, body) = match (wanted, head) {
        (None, true) => {
            let meta = store.head(&path).await?.ok_or_else(ApiError::no_key)?;
            let all = 0..meta.size;
            (meta, all, Body::empty())
        }
        (None, false) => {
            let found = store.open(&path, None).await?.ok_or_else(ApiError::no_key)?;
            let (meta, all) = (found.meta.clone(), found.range.clone());
            (meta, all, streamed(found, seat))
        }
        (Some(range), _) => {
            let meta = store.head(&path).await?.ok_or_else(ApiError::no_key)?;
            let bytes = range::resolve(&range, meta.size);
            let bytes = bytes.ok_or_else(|| unsatisfiable(meta.size))?;
            let bounded = GetRange::Bounded(bytes.clone());
            let found = store.open(&path, Some(bounded)).await?;
            let found = found.ok_or_else(ApiError::no_key)?;
            let body = if head { Body::empty() } else { streamed(found, seat) };
            let mut response =
                respond(object, body, bytes.end - bytes.start, Some((bytes, meta.size)));
            stamp(&mut response, meta.last_modified.timestamp_millis(), meta.e_tag.as_deref());
            return Ok(response);
        }
    };
    let mut response = respond(object, body, bytes.end - bytes.start, None);
    stamp(&mut response, meta.last_modified.timestamp_millis(), meta.e_tag.as_deref());
    Ok(response)
}

/// A body that is read from the store as it is sent, and keeps its place so long.
fn streamed(found: GetResult, seat: Place) -> Body {
    Body::from_stream(found.into_stream().inspect(move |_| {
        let _ = &seat;
    }))
}

fn respond(
    object: &str,
    body: Body,
    len: u64,
    part: Option<(core::ops::Range<u64>, u64)>,
) -> Response {
    let mut response = reply::typed(content_type(object), body);
    let status = part.as_ref().map_or(StatusCode::OK, |_| StatusCode::PARTIAL_CONTENT);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_LENGTH, len.into());
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching(object)));
    if let Some((bytes, whole)) = part
        && let Ok(range) =
            HeaderValue::from_str(&format!("bytes {}-{}/{whole}", bytes.start, bytes.end - 1))
    {
        headers.insert(header::CONTENT_RANGE, range);
    }
    response
}

fn stamp(response: &mut Response, modified: i64, etag: Option<&str>) {
    let headers = response.headers_mut();
    if let Ok(date) = HeaderValue::from_str(&http_date(modified)) {
        headers.insert(header::LAST_MODIFIED, date);
    }
    if let Some(Ok(etag)) = etag.map(HeaderValue::from_str) {
        headers.insert(header::ETAG, etag);
    }
}

fn unsatisfiable(len: u64) -> ApiError {
    let message = format!("The requested range is not satisfiable: the object has {len} bytes.");
    ApiError::new(StatusCode::RANGE_NOT_SATISFIABLE, "InvalidRange", message, None)
}

fn content_type(object: &str) -> &'static str {
    let end = object.rsplit_once('.').map_or("", |(_, end)| end);
    match end {
        "m3u8" => "application/vnd.apple.mpegurl",
        "ts" => "video/mp2t",
        "m4s" => "video/iso.segment",
        "mp4" => "video/mp4",
        "jpg" => "image/jpeg",
        _ => "application/octet-stream",
    }
}

/// A playlist is new every few seconds, a segment is for ever: it is never written twice.
fn caching(object: &str) -> &'static str {
    match object.rsplit_once('.') {
        Some((_, "m3u8")) => "no-cache",
        Some((_, "ts" | "m4s" | "mp4")) => "public, max-age=31536000, immutable",
        _ => "public, max-age=60",
    }
}
