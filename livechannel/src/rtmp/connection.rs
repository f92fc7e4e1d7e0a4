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
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, timeout, timeout_at};

use super::chunks::{ChunkError, ChunkLimits, ChunkReader, Message, Step};
use super::session::{Event, PublishRequest, Session, SessionError};
use super::url::Target;
use crate::auth::RtmpUrl;
use crate::channel::{Publication, Refusal, Stop};
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
    open: Open,
}

/// Counts the connection while it is open.
struct Open(Arc<Service>);

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error("the encoder closed the connection")]
    Closed,
    #[error("the encoder ended the publication")]
    Unpublished,
    #[error("no handshake in time")]
    SlowHandshake,
    #[error("nothing was published in time")]
    Unused,
    #[error("nothing came for {0} s")]
    Idle(u64),
    #[error("no RTMP handshake")]
    Handshake,
    #[error("refused: {0}")]
    Refused(String),
    #[error(transparent)]
    Stopped(#[from] Stop),
    #[error(transparent)]
    Chunks(#[from] ChunkError),
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error(transparent)]
    Socket(#[from] std::io::Error),
}

impl Ended {
    /// The label in the counters.
    const fn reason(&self) -> &'static str {
        match self {
            Self::Closed | Self::Unpublished => "end",
            Self::SlowHandshake | Self::Unused | Self::Idle(_) => "timeout",
            Self::Handshake | Self::Chunks(_) | Self::Session(_) => "protocol",
            Self::Refused(_) => "refused",
            Self::Stopped(_) => "stopped",
            Self::Socket(_) => "socket",
        }
    }
}

impl Connection {
    pub(crate) fn new(socket: TcpStream, peer: SocketAddr, service: Arc<Service>) -> Self {
        let open = Open::new(&service);
        Self { socket, peer, service, session: Session::new(), publication: None, stop: None, open }
    }

    /// Serves the connection to its end.
    pub(crate) async fn run(mut self) {
        let Err(ended) = self.serve().await;
        tracing::info!(%ended, "RTMP connection ends");
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

    async fn serve(&mut self) -> Result<core::convert::Infallible, Ended> {
        let deadline = Instant::now() + self.service.settings().setup;
        let mut input =
            timeout_at(deadline, self.shake_hands()).await.map_err(|_| Ended::SlowHandshake)??;
        let settings = self.service.settings();
        let idle = settings.idle;
        let mut chunks = ChunkReader::new(ChunkLimits {
            message_len: STRANGER_LEN,
            streams: MOST_CHUNK_STREAMS,
        });
        loop {
            let consumed = self.take_input(&mut chunks, &input).await?;
            input.drain(..consumed);
            let wait = if self.publication.is_some() { Instant::now() + idle } else { deadline };
            let read = tokio::select! {
                read = timeout_at(wait, read_some(&mut self.socket, &mut input)) => read,
                stop = stopped(self.stop.as_mut()) => return Err(stop.into()),
            };
            let read = match read {
                Ok(read) => read?,
                Err(_) if self.publication.is_some() => return Err(Ended::Idle(idle.as_secs())),
                Err(_) => return Err(Ended::Unused),
            };
            if read == 0 {
                return Err(Ended::Closed);
            }
            self.service.metrics().received_bytes.inc_by(read as u64);
            self.session.count(read)?;
        }
    }

    /// Shakes hands and returns what came behind it.
    async fn shake_hands(&mut self) -> Result<Vec<u8>, Ended> {
        let mut handshake = Handshake::new(PeerType::Server);
        let mut input = Vec::new();
        loop {
            if read_some(&mut self.socket, &mut input).await? == 0 {
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
            match event {
                Event::None | Event::Media => {}
                Event::ChunkSize(size) => chunks.set_chunk_size(size)?,
                Event::Abort(id) => chunks.abort(id),
                Event::Publish(request) => {
                    self.publish(&request).await?;
                    chunks.allow(self.service.settings().message_len);
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
            publication.push(tag).await?;
        }
        Ok(())
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
            Err((code, why)) => {
                self.session.refuse(code, &why)?;
                self.flush().await?;
                self.linger().await;
                Err(Ended::Refused(why))
            }
        }
    }

    async fn begin(&self, request: &PublishRequest) -> Result<Publication, (&'static str, String)> {
        let target = Target::read(request, self.service.settings())
            .map_err(|why| (BAD_NAME, why.to_owned()))?;
        let key = &target.key;
        tracing::Span::current().record("channel", tracing::field::display(key));
        let url = RtmpUrl::new(key.bucket.as_str(), key.channel.as_str(), &target.query);
        self.service
            .keys()
            .check_rtmp(&url, now_millis())
            .map_err(|error| (DENIED, format!("{}: {error}", error.code())))?;
        let begun =
            Publication::begin(&self.service, key, target.playlist_name, self.peer.to_string());
        let publication = begun.await.map_err(|refusal| {
            let code = match refusal {
                Refusal::Disabled => DENIED,
                _ => BAD_NAME,
            };
            (code, refusal.to_string())
        })?;
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

/// Reads what is there, up to [`READ_LEN`], behind what is in `input`.
async fn read_some(socket: &mut TcpStream, input: &mut Vec<u8>) -> std::io::Result<usize> {
    input.reserve(READ_LEN);
    let room = input.len() + READ_LEN;
    let mut limited = socket.take(READ_LEN as u64);
    debug_assert!(input.capacity() >= room);
    limited.read_buf(input).await
}

/// Reads to the end of a connection and forgets it.
async fn drain(socket: &mut TcpStream) {
    let mut input = Vec::new();
    while matches!(read_some(socket, &mut input).await, Ok(1..)) {
        input.clear();
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
const DENIED: &str = "NetStream.Publish.Denied";
/// How long a write to an encoder may take.
const WRITE: Duration = Duration::from_secs(10);
/// How long an encoder's goodbye is listened to.
const GOODBYE: Duration = Duration::from_secs(2);
const LINGER: Duration = Duration::from_millis(500);
/// Longest message of a peer that does not publish yet, and so may be anybody: a command.
const STRANGER_LEN: usize = 64 * 1024;
/// What is read at once.
const READ_LEN: usize = 64 * 1024;
/// Encoders use half a dozen.
const MOST_CHUNK_STREAMS: usize = 64;
