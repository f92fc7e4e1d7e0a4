//! What players load: playlists and segments, from memory where they are new, else from the store.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use futures_util::StreamExt as _;
use object_store::{GetRange, GetResult};

use super::error::ApiError;
use super::{range, reply};
use crate::channel::LiveChannel;
use crate::clock::http_date;
use crate::http_server::Peer;
use crate::limits::Place;
use crate::name::{BucketName, ChannelKey, ChannelName};
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
    if let Some(body) = from_memory(service, bucket, object) {
        return from_bytes(object, body, wanted, head);
    }
    let place = parts.extensions.get::<Peer>();
    let place = place.map(|Peer(peer)| service.limits().readers.enter(peer.ip()));
    let place = place.flatten().ok_or_else(ApiError::slow_down)?;
    from_store(service, bucket, object, wanted, head, place).await
}

/// Finds a playlist or segment of a channel that is live on this node.
fn from_memory(service: &Service, bucket: &BucketName, object: &str) -> Option<Bytes> {
    let (channel, name) = object.rsplit_once('/')?;
    let channel = ChannelName::new(channel.as_bytes()).ok()?;
    let key = ChannelKey::new(bucket.clone(), channel);
    let live: Arc<LiveChannel> = service.live().find(&key)?;
    // Where another node may have become the writer, the store knows better.
    if !live.tenure().is_held() {
        return None;
    }
    if name == live.playlist_name {
        return live.playlist();
    }
    live.segment(name)
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
    place: Place,
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
            (meta, all, streamed(found, place))
        }
        (Some(range), _) => {
            let meta = store.head(&path).await?.ok_or_else(ApiError::no_key)?;
            let bytes = range::resolve(&range, meta.size);
            let bytes = bytes.ok_or_else(|| unsatisfiable(meta.size))?;
            let bounded = GetRange::Bounded(bytes.clone());
            let found = store.open(&path, Some(bounded)).await?;
            let found = found.ok_or_else(ApiError::no_key)?;
            let body = if head { Body::empty() } else { streamed(found, place) };
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
fn streamed(found: GetResult, place: Place) -> Body {
    Body::from_stream(found.into_stream().inspect(move |_| {
        let _ = &place;
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
        "jpg" => "image/jpeg",
        _ => "application/octet-stream",
    }
}

/// A playlist is new every few seconds, a segment is for ever: it is never written twice.
fn caching(object: &str) -> &'static str {
    if object.ends_with(".m3u8") {
        "no-cache"
    } else if object.ends_with(".ts") {
        "public, max-age=31536000, immutable"
    } else {
        "public, max-age=60"
    }
}
