//! FLV in by `POST /{channel}.flv`, HLS out at `/{channel}/playlist.m3u8`, from memory.
//!
//! A channel has one publisher at a time. Where that goes away, for whatever reason, the list
//! pauses, and the next publisher goes on with it. Who may publish is not asked: that, and to
//! forget channels, is for whatever this becomes a part of.

use core::{convert::Infallible, time::Duration};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime};

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::routing::{get, post};
use axum::{BoxError, Router, body::Body, response::IntoResponse};
use bytes::{Buf as _, Bytes, BytesMut};
use futures_util::TryStreamExt as _;
use hls_segmenter::{Config, End, ExpiredSegment, Segment, SegmentSink, SegmentStart, Segmenter};
use hls_segmenter::{flv::Reader, flv::Step, playlist::Playlist, time::WallTime, ts::TsPackets};
use tokio::time::timeout;

#[derive(Default)]
struct Channel {
    /// Held by the publisher; empty before the first one.
    engine: tokio::sync::Mutex<Option<Box<Segmenter>>>,
    served: Mutex<Served>,
}

/// What players see, and what they may still ask for. Names are times: they never come again, not
/// even after a restart.
#[derive(Default)]
struct Served {
    playlist: String,
    segments: BTreeMap<i64, Bytes>,
    leaving: Vec<(Instant, i64)>,
}

type Channels = Arc<Mutex<HashMap<String, Arc<Channel>>>>;

/// The sink of one publisher.
struct Writer<'a> {
    open: BytesMut,
    served: &'a Mutex<Served>,
}

impl SegmentSink for Writer<'_> {
    type Error = Infallible;

    fn open_segment(&mut self, _: &SegmentStart) -> Result<(), Infallible> {
        self.open.clear();
        Ok(())
    }

    fn write_packets(&mut self, packets: TsPackets<'_>) -> Result<(), Infallible> {
        packets.append_to_bytes(&mut self.open);
        Ok(())
    }

    fn close_segment(&mut self, segment: &Segment) -> Result<(), Infallible> {
        lock(self.served).segments.insert(name(segment.wall), self.open.split().freeze());
        Ok(())
    }

    fn update_playlist(&mut self, playlist: Playlist<'_>) -> Result<(), Infallible> {
        let served = &mut *lock(self.served);
        let m3u8 = playlist.m3u8(|segment, uri| write!(uri, "{}.ts", name(segment.wall)));
        served.playlist = m3u8.to_string();
        for (_, name) in served.leaving.extract_if(.., |(until, _)| *until <= Instant::now()) {
            served.segments.remove(&name);
        }
        Ok(())
    }

    fn expire_segment(&mut self, expired: &ExpiredSegment) {
        let keep_for = Duration::from_millis(expired.keep_for.round_millis().unsigned_abs());
        lock(self.served).leaving.push((Instant::now() + keep_for, name(expired.wall)));
    }
}

/// Makes the service: several channels, each in its own memory.
pub fn service() -> Router {
    let router = Router::new().route("/{file}", post(publish));
    router.route("/{channel}/{file}", get(play)).with_state(Channels::default())
}

async fn publish(
    State(channels): State<Channels>,
    Path(file): Path<String>,
    body: Body,
) -> Result<StatusCode, StatusCode> {
    let channel = file.strip_suffix(".flv").ok_or(StatusCode::NOT_FOUND)?.to_owned();
    let channel = Arc::clone(lock(&channels).entry(channel).or_default());
    // A task of its own, as this one is dropped with its connection, and the end must come then too.
    let publishing = tokio::spawn(async move {
        let mut engine = channel.engine.try_lock().map_err(|_| StatusCode::CONFLICT)?;
        let engine = engine.get_or_insert_with(|| Box::new(Segmenter::new(Config::default())));
        let mut to = Writer { open: BytesMut::new(), served: &channel.served };
        let result =
            take(body, engine, &mut to).await.inspect_err(|why| eprintln!("{file}: {why}"));
        let _ = engine.finish(End::Pause, &mut to); // only a list that has ended refuses
        result.map(|()| StatusCode::NO_CONTENT).map_err(|_| StatusCode::BAD_REQUEST)
    });
    publishing.await.unwrap_or(Err(StatusCode::INTERNAL_SERVER_ERROR))
}

/// Takes tags as they come, until the publisher goes away or falls silent.
async fn take(body: Body, engine: &mut Segmenter, to: &mut Writer<'_>) -> Result<(), BoxError> {
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
    State(channels): State<Channels>,
    Path((channel, file)): Path<(String, String)>,
) -> Result<impl IntoResponse, StatusCode> {
    let channel = lock(&channels).get(&channel).cloned().ok_or(StatusCode::NOT_FOUND)?;
    let served = lock(&channel.served);
    let (kind, caching, body) = if file == "playlist.m3u8" && !served.playlist.is_empty() {
        ("application/vnd.apple.mpegurl", "no-cache", Bytes::from(served.playlist.clone()))
    } else {
        let name = file.strip_suffix(".ts").and_then(|name| name.parse().ok());
        let segment = name.and_then(|name: i64| served.segments.get(&name).cloned());
        ("video/mp2t", "max-age=3600, immutable", segment.ok_or(StatusCode::NOT_FOUND)?)
    };
    Ok(([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, caching)], body))
}

fn name(wall: Option<WallTime>) -> i64 {
    wall.map_or(0, WallTime::unix_millis)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
