//! PostVodPlaylist and GetVodPlaylist: a playlist of what was live from one time to another.

use core::fmt::Write as _;
use core::time::Duration;
use std::collections::HashMap;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use hls_segmenter::playlist::{IndexKind, IndexPlaylist, ListedSegment};
use hls_segmenter::time::WallTime;
use md5::{Digest as _, Md5};
use tokio::time::timeout;

use super::error::ApiError;
use super::reply;
use crate::auth::Query;
use crate::name::{ChannelKey, playlist_name};
use crate::retention;
use crate::service::Service;
use crate::store::{SegmentIndex, StoredSegment};

/// The error of a playlist without a name.
pub(super) fn no_playlist_name() -> ApiError {
    ApiError::argument("Playlist name must ends with \".m3u8\"", None)
}

/// Writes a playlist into the channel's folder.
pub(super) async fn post(
    service: &Service,
    key: &ChannelKey,
    name: &str,
    query: &Query,
) -> Result<Response, ApiError> {
    if !name.ends_with(".m3u8") {
        return Err(no_playlist_name());
    }
    let name = playlist_name(name)?;
    if is_live_list(service, key, name).await? {
        return Err(ApiError::still_live());
    }
    let text = text(service, key, query).await?;
    let etag: String = Md5::digest(&text).iter().map(|byte| format!("{byte:02X}")).collect();
    let store = service.store();
    let path = store.layout().file(key, name);
    store.put(&path, text.into(), "application/x-mpegURL").await?;
    let mut response = reply::empty(StatusCode::OK);
    if let Ok(etag) = HeaderValue::from_str(&format!("\"{etag}\"")) {
        response.headers_mut().insert(header::ETAG, etag);
    }
    Ok(response)
}

/// Returns whether a playlist of that name is being written by a publication: to players, a VOD
/// playlist in its place would be the end of it.
async fn is_live_list(service: &Service, key: &ChannelKey, name: &str) -> Result<bool, ApiError> {
    if let Some(live) = service.live().find(key) {
        return Ok(live.playlist_name == name);
    }
    let state = service.state(key).await?;
    let written = state.list.as_ref().is_some_and(|list| list.playlist == name);
    Ok(written && !service.is_free(key, &state))
}

/// Returns a playlist.
pub(super) async fn get(
    service: &Service,
    key: &ChannelKey,
    query: &Query,
) -> Result<Response, ApiError> {
    let text = text(service, key, query).await?;
    Ok(reply::typed("application/x-mpegURL", text))
}

async fn text(service: &Service, key: &ChannelKey, query: &Query) -> Result<String, ApiError> {
    let store = service.store();
    if service.config(key).await?.is_none() {
        return Err(ApiError::no_channel());
    }
    let (start, end) = span(query)?;
    // A day of an index is much to read, and anybody who may play may ask for it.
    let turn = timeout(TURN, service.limits().indexes.acquire()).await;
    let _turn = turn.ok().and_then(Result::ok).ok_or_else(ApiError::slow_down)?;
    let state = service.state(key).await?;
    // What is old may be deleted already, or at any moment.
    let oldest = service.settings().keep.map_or(0, retention::before);
    let from = oldest.max(start * 1000);
    let found = SegmentIndex::new(store, key).between(&state, from, end * 1000 + 999).await?;
    if found.is_empty() {
        let message = "No ts file found in specified time span.";
        return Err(ApiError::argument(message, Some("0044-00000308")));
    }
    let form = found.first().map(StoredSegment::container);
    if found.iter().any(|segment| Some(segment.container()) != form) {
        let message = "The specified time span has segments of more than one container.";
        return Err(ApiError::argument(message, None));
    }
    let names: HashMap<(i64, u64), String> =
        found.iter().map(|segment| ((segment.wall, segment.id), segment.name())).collect();
    // Sections of two publications may have one id.
    let mut sections: Vec<String> = found.iter().filter_map(StoredSegment::init_name).collect();
    sections.sort_unstable();
    sections.dedup();
    let section = |segment: &StoredSegment| {
        let found = sections.binary_search(&segment.init_name()?);
        found.ok().map(|nth| nth as u64)
    };
    // Dates are of live playlists; OSS leaves them out here.
    let segments = found.iter().map(|segment| {
        ListedSegment::from(segment).with_program_date_time(None).with_init(section(segment))
    });
    let playlist = IndexPlaylist::new(IndexKind::Vod, segments, |segment, uri| {
        let wall = segment.wall.map(WallTime::unix_millis);
        let name = names.get(&(wall.unwrap_or_default(), segment.id));
        uri.write_str(name.ok_or(core::fmt::Error)?)
    })
    .init_uri(|nth, uri| {
        let nth = usize::try_from(nth).map_err(|_| core::fmt::Error)?;
        uri.write_str(sections.get(nth).ok_or(core::fmt::Error)?)
    });
    let mut text = String::new();
    write!(text, "{playlist}").map_err(|_| too_big())?;
    if text.len() > MOST_TEXT {
        return Err(too_big());
    }
    Ok(text)
}

/// Reads `startTime` and `endTime`, in Unix seconds.
fn span(query: &Query) -> Result<(i64, i64), ApiError> {
    let time = |name: &str, ec| {
        let text = query.get(name).unwrap_or_default();
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let time = text.parse::<i64>().ok().filter(|time| digits && *time <= LAST);
        time.ok_or_else(|| {
            ApiError::argument(format!("The {name} is missing or invalid."), Some(ec))
        })
    };
    let start = time("startTime", "0044-00000304")?;
    let end = time("endTime", "0044-00000305")?;
    if start >= end {
        let message = "The startTime is not earlier than the endTime.";
        return Err(ApiError::argument(message, Some("0044-00000306")));
    }
    if end - start > DAY {
        let message = "The time span is longer than one day.";
        return Err(ApiError::argument(message, Some("0044-00000307")));
    }
    Ok((start, end))
}

fn too_big() -> ApiError {
    let message = "Size of playlist is too big.";
    ApiError::new(StatusCode::BAD_REQUEST, "InvalidRequest", message, None)
}

/// How long a request waits for others that read an index.
const TURN: Duration = Duration::from_secs(5);
const DAY: i64 = 24 * 3600;
/// Far from where milliseconds overflow.
const LAST: i64 = 1 << 40;
const MOST_TEXT: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn o_28_spans_and_their_errors() {
        let ec = |query: &str| span(&Query::http(query)).map_err(|error| error.ec.unwrap());
        assert_eq!(ec("startTime=100&endTime=86500"), Ok((100, 86500)));
        for (query, want) in [
            ("endTime=5", "0044-00000304"),
            ("startTime=x&endTime=5", "0044-00000304"),
            ("startTime=-1&endTime=5", "0044-00000304"),
            ("startTime=5", "0044-00000305"),
            ("startTime=5&endTime=", "0044-00000305"),
            ("startTime=5&endTime=5", "0044-00000306"),
            ("startTime=6&endTime=5", "0044-00000306"),
            ("startTime=0&endTime=86401", "0044-00000307"),
            ("startTime=0&endTime=99999999999999", "0044-00000305"),
        ] {
            assert_eq!(ec(query), Err(want), "{query}");
        }
    }
}
