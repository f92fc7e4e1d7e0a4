//! One RTMP connection: socket, chunks, session and publication, in one task and without a queue
//! between them.
//!
//! The socket is read only when everything that came before is through the engine. An encoder that
//! is faster than the store feels it in its own send buffer.

use core::net::SocketAddr;
use core::time::Duration;
use std::sync::Arc;

use hls_segmenter::flv::{Tag, TagKind};
use hls_segmenter::time::FlvTime;
use rml_rtmp::handshake::{Handshake, HandshakeProcessResult, PeerType};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, timeout, timeout_at};

use super::chunks::{ChunkLimits, ChunkReader, Message, Step};
use super::ended::Ended;
use super::lobby::Seat;
use super::session::{Event, PublishRequest, Session};
use super::standing::{
    INTERLEAVED_LEN, MOST_CHUNK_STREAMS, MOST_OUTPUT, STRANGER_LEN, STRANGER_READ_LEN,
    STRANGER_TOTAL, Standing, drain, read_some,
};
use super::url::Target;
use crate::audit::Actor;
use crate::auth::{RtmpUrl, claimed_in_url};
use crate::channel::{Publication, PushError, Refusal, Stop};
use crate::clock::now_millis;
use crate::service::Service;

/// A connection and what has become of it.
pub(crate) struct Connection {
    socket: TcpStream,
    peer: SocketAddr,
    service: Arc<Service>,
    session: Session,
    publication: Option<Publication>,
    stop: Option<watch::Receiver<Option<Stop>>>,
    standing: Standing,
    open: Open,
}

/// Counts the connection while it is open.
struct Open(Arc<Service>);

impl Connection {
    pub(crate) fn new(
        socket: TcpStream,
        peer: SocketAddr,
        service: Arc<Service>,
        seat: Seat,
    ) -> Self {
        let open = Open::new(&service);
        Self {
            socket,
            peer,
            service,
            session: Session::new(),
            publication: None,
            stop: None,
            standing: Standing::Stranger(seat),
            open,
        }
    }

    /// Serves the connection to its end.
    pub(crate) async fn run(mut self) {
        let Err(ended) = self.serve().await;
        self.note_end(&ended);
        self.service.metrics().refused(ended.reason());
        let Self { mut socket, publication, open, .. } = self;
        let finish = async {
            if let Some(publication) = publication {
                publication.finish().await;
            }
            drop(open);
        };
        // An encoder says goodbye in several messages, and takes it for an error when nobody hears
        // the last one.
        let goodbye = async move {
            if matches!(ended, Ended::Unpublished) {
                let _ = timeout(GOODBYE, drain(&mut socket)).await;
            }
            // Closed here and not after the last segment is stored: the encoder may come again.
            drop(socket);
        };
        tokio::join!(finish, goodbye);
    }

    /// Writes a line; of strangers, not more than a few.
    fn note_end(&self, ended: &Ended) {
        let left_out = match self.standing {
            Standing::Publisher { .. } => Some(0),
            Standing::Stranger(_) => self.service.limits().notes.allow(),
        };
        match left_out {
            Some(0) => tracing::info!(%ended, "RTMP connection ends"),
            Some(left_out) => tracing::info!(%ended, left_out, "RTMP connection ends"),
            None => {}
        }
    }

    async fn serve(&mut self) -> Result<core::convert::Infallible, Ended> {
        let deadline = Instant::now() + self.service.settings().setup;
        let mut input =
            timeout_at(deadline, self.shake_hands()).await.map_err(|_| Ended::SlowHandshake)??;
        let mut chunks = ChunkReader::new(ChunkLimits {
            message_len: STRANGER_LEN,
            unfinished_len: STRANGER_LEN,
            streams: MOST_CHUNK_STREAMS,
        });
        let mut received = input.len();
        loop {
            let consumed = self.take_input(&mut chunks, &input).await?;
            input.drain(..consumed);
            let read = self.read_more(&mut input, deadline).await?;
            if read == 0 {
                return Err(Ended::Closed);
            }
            self.service.metrics().received_bytes.inc_by(read as u64);
            self.session.count(read)?;
            received = received.saturating_add(read);
            if self.publication.is_none() && received > STRANGER_TOTAL {
                return Err(Ended::Chatter);
            }
        }
    }

    /// Reads what comes next, as long as the connection may wait for it.
    async fn read_more(&mut self, input: &mut Vec<u8>, deadline: Instant) -> Result<usize, Ended> {
        let publishes = self.publication.is_some();
        let idle = self.service.settings().idle;
        let wait = if publishes { Instant::now() + idle } else { deadline };
        // Where there is always something to read, no timeout is ever looked at.
        if !publishes && Instant::now() >= deadline {
            return Err(Ended::Unused);
        }
        let read = tokio::select! {
            read = timeout_at(wait, read_some(&mut self.socket, input, self.standing.read_len())) => read,
            stop = stopped(self.stop.as_mut()) => return Err(stop.into()),
            () = self.standing.lost() => return Err(Ended::Crowded),
        };
        match read {
            Ok(read) => Ok(read?),
            Err(_) if publishes => Err(Ended::Idle(idle.as_secs())),
            Err(_) => Err(Ended::Unused),
        }
    }

    /// Shakes hands and returns what came behind it.
    async fn shake_hands(&mut self) -> Result<Vec<u8>, Ended> {
        let mut handshake = Handshake::new(PeerType::Server);
        let mut input = Vec::new();
        loop {
            let read = tokio::select! {
                read = read_some(&mut self.socket, &mut input, STRANGER_READ_LEN) => read?,
                () = self.standing.lost() => return Err(Ended::Crowded),
            };
            if read == 0 {
                return Err(Ended::Closed);
            }
            let result = handshake.process_bytes(&input);
            input.clear();
            match result.map_err(|_| Ended::Handshake)? {
                HandshakeProcessResult::InProgress { response_bytes } => {
                    self.socket.write_all(&response_bytes).await?;
                }
                HandshakeProcessResult::Completed { response_bytes, remaining_bytes } => {
                    self.socket.write_all(&response_bytes).await?;
                    if let Standing::Stranger(seat) = &self.standing {
                        seat.shaken();
                    }
                    return Ok(remaining_bytes);
                }
            }
        }
    }

    /// Takes all whole messages of the input and returns how much of it is used up.
    async fn take_input(&mut self, chunks: &mut ChunkReader, input: &[u8]) -> Result<usize, Ended> {
        let mut used = 0;
        loop {
            let rest = input.get(used..).unwrap_or_default();
            let event = match chunks.step(rest)? {
                Step::Need => break,
                Step::Progress { consumed } => {
                    used += consumed;
                    continue;
                }
                Step::Message { consumed, message } => {
                    used += consumed;
                    let event = self.session.take(&message)?;
                    if event == Event::Media {
                        self.push(&message).await?;
                    }
                    event
                }
            };
            // The answers to many small commands are longer than the commands.
            if self.session.output_len() >= MOST_OUTPUT {
                self.flush().await?;
            }
            match event {
                Event::None | Event::Media => {}
                Event::ChunkSize(size) => chunks.set_chunk_size(size)?,
                Event::Abort(id) => chunks.abort(id),
                Event::Publish(request) => {
                    self.publish(&request).await?;
                    chunks.allow(self.service.settings().message_len, INTERLEAVED_LEN);
                }
                Event::End => {
                    self.flush().await?;
                    return Err(Ended::Unpublished);
                }
            }
        }
        self.flush().await?;
        Ok(used)
    }

    async fn push(&mut self, message: &Message<'_>) -> Result<(), Ended> {
        if let Some(publication) = &mut self.publication {
            let tag = Tag {
                kind: TagKind::new(message.kind),
                time: FlvTime::from_millis(message.time),
                data: message.data,
            };
            match publication.push(tag).await {
                Ok(()) => {}
                Err(PushError::Stop(stop)) => return Err(stop.into()),
                Err(PushError::NothingCarried(why)) => {
                    return Err(self.refuse(NOT_CARRIED, why).await?);
                }
            }
        }
        Ok(())
    }

    /// Tells the encoder why it may not publish, and gives it time to read that.
    async fn refuse(&mut self, code: &str, why: String) -> Result<Ended, Ended> {
        self.session.refuse(code, &why)?;
        self.flush().await?;
        self.linger().await;
        Ok(Ended::Refused(why))
    }

    /// Begins a publication, or tells the encoder why not and ends the connection.
    async fn publish(&mut self, request: &PublishRequest) -> Result<(), Ended> {
        let begun = self.begin(request).await;
        match begun {
            Ok(publication) => {
                self.stop = Some(publication.watch());
                self.publication = Some(publication);
                self.session.accept(cut_query(&request.name))?;
                self.flush().await
            }
            Err((code, why)) => Err(self.refuse(code, why).await?),
        }
    }

    async fn begin(
        &mut self,
        request: &PublishRequest,
    ) -> Result<Publication, (&'static str, String)> {
        let target = Target::read(request, self.service.settings())
            .map_err(|why| (BAD_NAME, why.to_owned()))?;
        let key = &target.key;
        tracing::Span::current().record("channel", tracing::field::display(key));
        let url = RtmpUrl::new(key.bucket.as_str(), key.channel.as_str(), &target.query);
        let claimed = claimed_in_url(&target.query).map(str::to_owned);
        let actor = Actor { peer: Some(self.peer), key: claimed };
        self.service.keys().check_rtmp(&url, now_millis()).map_err(|error| {
            self.service.audit().refused(&actor, "publish", &key.to_string(), error.code());
            (DENIED, format!("{}: {error}", error.code()))
        })?;
        let permit = Arc::clone(&self.service.limits().publishers).try_acquire_owned();
        let permit = permit.map_err(|_| (DENIED, "too many encoders publish here".to_owned()))?;
        self.standing = Standing::publisher(permit);
        let begun =
            Publication::begin(&self.service, key, target.playlist_name, self.peer.to_string());
        let publication = begun.await.map_err(|refusal| {
            let code = match refusal {
                Refusal::Disabled => DENIED,
                _ => BAD_NAME,
            };
            (code, refusal.to_string())
        })?;
        self.service.audit().publishes(&actor, key);
        tracing::info!("publication begins");
        Ok(publication)
    }

    async fn flush(&mut self) -> Result<(), Ended> {
        let out = self.session.take_output();
        if !out.is_empty() {
            let written = timeout(WRITE, self.socket.write_all(&out)).await;
            written.map_err(|_| Ended::Idle(WRITE.as_secs()))??;
        }
        Ok(())
    }

    /// Gives the peer time to read the refusal: closing with input unread would take it away.
    async fn linger(&mut self) {
        let _ = self.socket.shutdown().await;
        let _ = timeout(LINGER, drain(&mut self.socket)).await;
    }
}

impl Open {
    fn new(service: &Arc<Service>) -> Self {
        service.metrics().connections.inc();
        Self(Arc::clone(service))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.metrics().connections.dec();
    }
}

/// Waits until a publication must end; for ever where there is none.
async fn stopped(stop: Option<&mut watch::Receiver<Option<Stop>>>) -> Stop {
    if let Some(stop) = stop
        && let Ok(why) = stop.wait_for(Option::is_some).await
        && let Some(why) = *why
    {
        return why;
    }
    core::future::pending().await
}

fn cut_query(name: &str) -> &str {
    name.split('?').next().unwrap_or_default()
}

const BAD_NAME: &str = "NetStream.Publish.BadName";
/// A stream that is understood and cannot be used: encoders print the description.
const NOT_CARRIED: &str = "NetStream.Publish.Rejected";
const DENIED: &str = "NetStream.Publish.Denied";
/// How long a write to an encoder may take.
const WRITE: Duration = Duration::from_secs(10);
/// How long an encoder's goodbye is listened to.
const GOODBYE: Duration = Duration::from_secs(2);
const LINGER: Duration = Duration::from_millis(500);
