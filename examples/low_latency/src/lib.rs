//! FLV in by `POST /{channel}.flv`, Low-Latency HLS in fMP4 out at `/{channel}/playlist.m3u8`.
//!
//! A playlist is asked for before it is there: the answer waits for the part (`_HLS_msn`,
//! `_HLS_part`), and so does that to the part which the list has hinted at. HTTP/2, TLS and
//! compression are for whatever stands in front.

use core::{convert::Infallible, time::Duration};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime};

use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::routing::{get, post};
use axum::{BoxError, Router, body::Body, response::IntoResponse};
use bytes::{Buf as _, Bytes, BytesMut};
use futures_util::TryStreamExt as _;
use hls_segmenter::config::{ConfigError, FragDuration, Parts, TargetDuration};
use hls_segmenter::flv::{Reader, Step};
use hls_segmenter::fmp4::{FragmentHead, Init, Payload};
use hls_segmenter::playlist::{LiveEdge, Playlist, Reload};
use hls_segmenter::time::{Secs, WallTime};
use hls_segmenter::{
    AbortedSegment, Config, End, ExpiredSegment, Fmp4, LowLatency, Options, Part, Segment,
    SegmentSink, SegmentStart, Segmenter, ts::TsPackets,
};
use tokio::{sync::watch, time::timeout};

type Engine = Segmenter<LowLatency<Fmp4>>;

/// What answers are made from.
#[derive(Clone)]
struct Service {
    config: Config,
    channels: Arc<Mutex<HashMap<String, Arc<Channel>>>>,
}

#[derive(Default)]
struct Channel {
    /// Held by the publisher; empty before the first one.
    engine: tokio::sync::Mutex<Option<Box<Engine>>>,
    media: Mutex<Media>,
    /// The newest version of the list; empty before the first.
    version: watch::Sender<Option<Version>>,
}

struct Version {
    whole: String,
    delta: String,
    edge: LiveEdge,
    /// Number of the part that the list hints at.
    next: Option<(u64, u32)>,
}

/// The parts of each segment, which one behind the other are the segment.
#[derive(Default)]
struct Media {
    inits: BTreeMap<u64, Bytes>,
    segments: BTreeMap<u64, Vec<Bytes>>,
    leaving: Vec<(Instant, ExpiredSegment)>,
}

/// The sink of one publisher.
struct Writer<'a> {
    payload: BytesMut,
    part: BytesMut,
    channel: &'a Channel,
}

impl SegmentSink for Writer<'_> {
    type Error = Infallible;

    fn init_section(&mut self, init: &Init<'_>) -> Result<(), Infallible> {
        let bytes = Bytes::copy_from_slice(init.as_bytes());
        lock(&self.channel.media).inits.insert(init.id(), bytes);
        Ok(())
    }

    fn open_segment(&mut self, _: &SegmentStart) -> Result<(), Infallible> {
        (self.payload, self.part) = Default::default();
        Ok(())
    }

    fn write_packets(&mut self, _: TsPackets<'_>) -> Result<(), Infallible> {
        Ok(())
    }

    fn write_payload(&mut self, payload: Payload<'_>) -> Result<(), Infallible> {
        payload.for_each_piece(|piece| self.payload.extend_from_slice(piece));
        Ok(())
    }

    fn close_fragment(&mut self, head: FragmentHead<'_>) -> Result<(), Infallible> {
        head.for_each_piece(|piece| self.part.extend_from_slice(piece));
        self.part.extend_from_slice(&self.payload.split());
        Ok(())
    }

    fn close_part(&mut self, part: &Part) -> Result<(), Infallible> {
        let media = &mut *lock(&self.channel.media);
        media.segments.entry(part.segment).or_default().push(self.part.split().freeze());
        Ok(())
    }

    fn close_segment(&mut self, _: &Segment) -> Result<(), Infallible> {
        Ok(())
    }

    fn update_playlist(&mut self, playlist: Playlist<'_>) -> Result<(), Infallible> {
        let text = playlist
            .m3u8(|segment, uri| write!(uri, "{}.m4s", segment.id))
            .init_uri(|id, uri| write!(uri, "{id}.mp4"))
            .low_latency(|part, uri| write!(uri, "{}.{}.m4s", part.segment, part.index));
        if let Some(edge) = playlist.live_edge() {
            let next = playlist.next_part().map(|part| (part.segment, part.index));
            let (whole, delta) = (text.to_string(), text.delta().to_string());
            self.channel.version.send_replace(Some(Version { whole, delta, edge, next }));
        }
        let media = &mut *lock(&self.channel.media);
        for (_, gone) in media.leaving.extract_if(.., |(until, _)| *until <= Instant::now()) {
            media.segments.remove(&gone.id);
            gone.init.map(|init| media.inits.remove(&init));
        }
        Ok(())
    }

    fn expire_segment(&mut self, expired: &ExpiredSegment) {
        let keep_for = Duration::from_millis(expired.keep_for.round_millis().unsigned_abs());
        lock(&self.channel.media).leaving.push((Instant::now() + keep_for, *expired));
    }

    fn abort_segment(&mut self, aborted: &AbortedSegment) {
        let media = &mut *lock(&self.channel.media);
        media.segments.remove(&aborted.id);
        media.inits.remove(&aborted.id);
    }
}

/// Makes the service: several channels, each in its own memory.
///
/// # Errors
///
/// [`ConfigError`] where the parts do not go with segments of 2 s.
pub fn service(parts: Parts) -> Result<Router, ConfigError> {
    let config = Config::new(Options {
        frag_duration: FragDuration::new(2)?,
        target_duration: TargetDuration::Declared(Secs::new(2)),
        parts: Some(parts),
        ..Options::default()
    })?;
    let router =
        Router::new().route("/{file}", post(publish)).route("/{channel}/{file}", get(play));
    Ok(router.with_state(Service { config, channels: Arc::default() }))
}

async fn publish(
    State(service): State<Service>,
    Path(file): Path<String>,
    body: Body,
) -> Result<StatusCode, StatusCode> {
    let channel = file.strip_suffix(".flv").ok_or(StatusCode::NOT_FOUND)?.to_owned();
    let channel = Arc::clone(lock(&service.channels).entry(channel).or_default());
    // A task of its own, as this one is dropped with its connection, and the end must come then too.
    let publishing = tokio::spawn(async move {
        let mut engine = channel.engine.try_lock().map_err(|_| StatusCode::CONFLICT)?;
        let engine = engine.get_or_insert_with(|| Box::new(Engine::with_container(service.config)));
        let mut to = Writer { payload: BytesMut::new(), part: BytesMut::new(), channel: &channel };
        let result = take(body, engine, &mut to).await;
        let _ = engine.finish(End::Pause, &mut to); // only a list that has ended refuses
        result.map(|()| StatusCode::NO_CONTENT).map_err(|_| StatusCode::BAD_REQUEST)
    });
    publishing.await.unwrap_or(Err(StatusCode::INTERNAL_SERVER_ERROR))
}

/// Takes tags as they come, until the publisher goes away or falls silent.
async fn take(body: Body, engine: &mut Engine, to: &mut Writer<'_>) -> Result<(), BoxError> {
    let (mut body, mut reader) = (body.into_data_stream(), Reader::new());
    let mut input = BytesMut::new();
    while let Some(piece) = timeout(Duration::from_secs(20), body.try_next()).await?? {
        input.extend_from_slice(&piece);
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_millis();
        engine.set_wall_time(WallTime::from_unix_millis(now.try_into()?));
        while let step @ (Step::Tag { consumed, .. } | Step::Header { consumed, .. }) =
            reader.step(&input)?
        {
            if let Step::Tag { tag, .. } = step {
                // A tag that is refused is lost, and the stream goes on.
                let _ = engine.push(tag, to).inspect_err(|error| eprintln!("{error}"));
            }
            input.advance(consumed);
        }
    }
    Ok(())
}

async fn play(
    State(service): State<Service>,
    Path((channel, file)): Path<(String, String)>,
    Query(asked): Query<HashMap<String, String>>,
) -> Result<impl IntoResponse, StatusCode> {
    let channel = lock(&service.channels).get(&channel).cloned().ok_or(StatusCode::NOT_FOUND)?;
    let (kind, caching, body) = if file == "playlist.m3u8" {
        ("application/vnd.apple.mpegurl", "no-cache", list(&channel, &asked).await?.into())
    } else {
        let media = media(&channel, &file).await.ok_or(StatusCode::NOT_FOUND)?;
        (
            if file.ends_with(".mp4") { "video/mp4" } else { "video/iso.segment" },
            "max-age=60",
            media,
        )
    };
    let heads = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, caching),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ];
    Ok((heads, body))
}

/// Returns the list that was asked for, as soon as it is there.
async fn list(channel: &Channel, asked: &HashMap<String, String>) -> Result<String, StatusCode> {
    let number = |name| asked.get(name).map(|text| text.parse::<u64>()).transpose();
    let sequence = number("_HLS_msn").map_err(|_| StatusCode::BAD_REQUEST)?;
    let part = number("_HLS_part").map_err(|_| StatusCode::BAD_REQUEST)?;
    let part = part.map(|part| u32::try_from(part).unwrap_or(u32::MAX));
    let answer = |version: &Option<Version>| {
        version.as_ref().map(|version| version.edge.reload(sequence, part))
    };
    let mut versions = channel.version.subscribe();
    let waiting =
        versions.wait_for(|version| !matches!(answer(version), None | Some(Reload::Wait)));
    // Three target durations.
    let version = timeout(Duration::from_secs(6), waiting).await;
    let version = version.ok().and_then(Result::ok).ok_or(StatusCode::SERVICE_UNAVAILABLE)?;
    match (version.as_ref(), answer(&version)) {
        (Some(version), Some(Reload::Now)) if asked.contains_key("_HLS_skip") => {
            Ok(version.delta.clone())
        }
        (Some(version), Some(Reload::Now)) => Ok(version.whole.clone()),
        _ => Err(StatusCode::BAD_REQUEST),
    }
}

/// Returns a section, a segment or a part; one that the list hints at as soon as it is there.
async fn media(channel: &Channel, file: &str) -> Option<Bytes> {
    if let Some(id) = file.strip_suffix(".mp4") {
        return lock(&channel.media).inits.get(&id.parse().ok()?).cloned();
    }
    let name = file.strip_suffix(".m4s")?;
    let Some((segment, index)) = name.split_once('.') else {
        return Some(lock(&channel.media).segments.get(&name.parse().ok()?)?.concat().into());
    };
    let (segment, index) = (segment.parse().ok()?, index.parse().ok()?);
    let is_hinted = |version: &Option<Version>| {
        version.as_ref().is_some_and(|version| version.next == Some((segment, index)))
    };
    let mut versions = channel.version.subscribe();
    let waiting = versions.wait_for(|version| !is_hinted(version));
    timeout(Duration::from_secs(6), waiting).await.ok()?.ok()?;
    let media = lock(&channel.media);
    media.segments.get(&segment)?.get(usize::try_from(index).ok()?).cloned()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
