//! GetLiveChannelStat and GetLiveChannelHistory.

use axum::response::Response;
use serde::Serialize;

use super::error::ApiError;
use super::reply;
use crate::clock::iso_seconds;
use crate::name::ChannelKey;
use crate::service::Service;
use crate::store::{Dropped, LiveSession, Media, Refused, StoredAudio, StoredVideo};

#[derive(Debug, Default, Serialize)]
#[serde(rename = "LiveChannelStat", rename_all = "PascalCase")]
struct Stat {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    connected_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remote_addr: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    video: Option<Video>,
    #[serde(skip_serializing_if = "Option::is_none")]
    audio: Option<Audio>,
    /// What OSS does not have: media that is dropped, and why.
    #[serde(rename = "x-Dropped", skip_serializing_if = "Vec::is_empty")]
    dropped: Vec<DroppedMedia>,
    /// What OSS does not have: the last publisher, where it was refused for its codecs.
    #[serde(rename = "x-Refused", skip_serializing_if = "Option::is_none")]
    refused: Option<RefusedPublisher>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct DroppedMedia {
    media: &'static str,
    codec: String,
    reason: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct RefusedPublisher {
    time: String,
    remote_addr: String,
    reason: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Video {
    width: u32,
    height: u32,
    frame_rate: u32,
    bandwidth: u32,
    codec: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Audio {
    bandwidth: u32,
    sample_rate: u32,
    codec: String,
}

#[derive(Debug, Serialize)]
#[serde(rename = "LiveChannelHistory")]
struct History {
    #[serde(rename = "LiveRecord")]
    records: Vec<Record>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Record {
    start_time: String,
    end_time: String,
    remote_addr: String,
}

impl From<LiveSession> for Stat {
    fn from(session: LiveSession) -> Self {
        Self {
            status: "Live",
            connected_time: Some(iso_seconds(session.connected)),
            remote_addr: Some(session.remote),
            video: session.video.map(Video::from),
            audio: session.audio.map(Audio::from),
            dropped: session.dropped.into_iter().map(DroppedMedia::from).collect(),
            refused: None,
        }
    }
}

impl From<Dropped> for DroppedMedia {
    fn from(dropped: Dropped) -> Self {
        let media = match dropped.media {
            Media::Video => "Video",
            Media::Audio => "Audio",
        };
        Self { media, codec: dropped.codec, reason: dropped.reason }
    }
}

impl From<Refused> for RefusedPublisher {
    fn from(refused: Refused) -> Self {
        Self { time: iso_seconds(refused.at), remote_addr: refused.remote, reason: refused.reason }
    }
}

impl From<StoredVideo> for Video {
    fn from(video: StoredVideo) -> Self {
        Self {
            width: video.width,
            height: video.height,
            frame_rate: video.frame_rate,
            bandwidth: video.bandwidth,
            codec: video.codec,
        }
    }
}

impl From<StoredAudio> for Audio {
    fn from(audio: StoredAudio) -> Self {
        Self { bandwidth: audio.bandwidth, sample_rate: audio.sample_rate, codec: audio.codec }
    }
}

/// Returns what is being published, here or on another node.
pub(super) async fn stat(service: &Service, key: &ChannelKey) -> Result<Response, ApiError> {
    let record = service.config(key).await?;
    let record = record.ok_or_else(ApiError::no_channel)?;
    let here = service.live().find(key).map(|live| live.session());
    let (session, refused) = match here {
        Some(session) => (Some(session), None),
        None => {
            let state = service.state(key).await?;
            let free = service.is_free(key, &state);
            (state.session.filter(|_| !free), state.refused.filter(|_| free))
        }
    };
    let refused = refused.map(RefusedPublisher::from);
    let stat = match session {
        _ if !record.enabled => Stat { status: "Disabled", refused, ..Stat::default() },
        Some(session) => session.into(),
        None => Stat { status: "Idle", refused, ..Stat::default() },
    };
    reply::xml(&stat)
}

/// Returns the last publications.
pub(super) async fn history(service: &Service, key: &ChannelKey) -> Result<Response, ApiError> {
    if service.config(key).await?.is_none() {
        return Err(ApiError::no_channel());
    }
    let state = service.state(key).await?;
    let records = state.history.into_iter().map(|past| Record {
        start_time: iso_seconds(past.start),
        end_time: iso_seconds(past.end),
        remote_addr: past.remote,
    });
    reply::xml(&History { records: records.collect() })
}
