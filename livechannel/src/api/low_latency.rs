//! Low-Latency HLS on the node that has the channel: requests that wait for what they ask for
//! (draft-pantos-hls-rfc8216bis §6.2.5.2, §6.2.6).

use axum::body::Bytes;
use axum::http::StatusCode;

use super::error::ApiError;
use crate::auth::Query;
use crate::channel::{Directives, LiveChannel, NoList, Update};
use crate::metrics::Metrics;

/// Returns a file of a live channel as soon as it is there; `None` where it is not in memory.
pub(super) async fn file(
    live: &LiveChannel,
    name: &str,
    query: &str,
    metrics: &Metrics,
) -> Result<Option<Bytes>, ApiError> {
    let Some(versions) = live.versions() else {
        return Ok(None);
    };
    if name == live.playlist_name {
        let asked = directives(&Query::http(query))?;
        // Before the first part there is what an earlier publication has left.
        if asked.sequence.is_none() && asked.part.is_none() && versions.newest().is_none() {
            return Ok(None);
        }
        let waiting = metrics.blocked.inc_guard();
        let list = versions.list(&asked).await;
        drop(waiting);
        return list.map(Some).map_err(|error| match error {
            NoList::BadRequest => ApiError::argument("No list will soon have that part.", None),
            NoList::Unavailable => unavailable(),
        });
    }
    if let Some(found) = live.file(name) {
        return Ok(Some(found));
    }
    if versions.newest().is_some_and(|newest| newest.hinted.as_deref() == Some(name)) {
        let waiting = metrics.blocked.inc_guard();
        let in_vain = versions.hinted(name).await;
        drop(waiting);
        if in_vain {
            return Err(unavailable());
        }
    }
    Ok(None)
}

/// Returns whether a file is a part by its name: no store has it.
pub(super) fn is_part(name: &str) -> bool {
    let stem = name.strip_prefix('p').and_then(|rest| rest.split_once('.'));
    let Some((stem, index)) = stem else {
        return false;
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let numbers = stem.split_once('_').is_some_and(|(id, epoch)| digits(id) && digits(epoch));
    let index = index.split_once('.').filter(|(_, end)| matches!(*end, "m4s" | "ts"));
    numbers && index.is_some_and(|(index, _)| digits(index))
}

fn directives(query: &Query) -> Result<Directives, ApiError> {
    let number = |name: &str| -> Result<Option<u64>, ApiError> {
        let Some(text) = query.get(name) else {
            return Ok(None);
        };
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse().ok().filter(|_| digits);
        number.map(Some).ok_or_else(|| ApiError::argument(format!("{name} is no number."), None))
    };
    let part = number("_HLS_part")?.map(|part| u32::try_from(part).unwrap_or(u32::MAX));
    let update = match query.get("_HLS_skip") {
        Some("YES" | "v2") => Update::Delta,
        _ => Update::Whole,
    };
    Ok(Directives { sequence: number("_HLS_msn")?, part, update })
}

fn unavailable() -> ApiError {
    let message = "The channel does not go on in time. Please try again.";
    ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", message, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ll_13_directives_are_numbers() {
        let read =
            |query: &str| directives(&Query::http(query)).map_err(|error| error.status.as_u16());
        let asked = Directives { sequence: Some(7), part: Some(2), update: Update::Delta };
        assert_eq!(read("_HLS_msn=7&_HLS_part=2&_HLS_skip=YES"), Ok(asked));
        assert_eq!(read("_HLS_skip=no&x=1"), Ok(Directives::default()));
        let far = Directives { part: Some(u32::MAX), ..Directives::default() };
        assert_eq!(read("_HLS_part=99999999999"), Ok(far));
        for bad in [
            "_HLS_msn=",
            "_HLS_msn=-1",
            "_HLS_msn=+1",
            "_HLS_part=x",
            "_HLS_msn=99999999999999999999",
        ] {
            assert_eq!(read(bad), Err(400), "{bad}");
        }
    }

    #[test]
    fn parts_have_names_of_their_own() {
        for (name, want) in [
            ("p7_3.0.m4s", true),
            ("p7_3.12.ts", true),
            ("p7_3.m4s", false),
            ("p7.0.m4s", false),
            ("p_3.0.m4s", false),
            ("p7_3.0.mp4", false),
            ("playlist.m3u8", false),
            ("1795419310000_7.m4s", false),
        ] {
            assert_eq!(is_part(name), want, "{name}");
        }
    }
}
