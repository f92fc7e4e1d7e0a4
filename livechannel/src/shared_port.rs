//! The HTTP port, which takes RTMP too: SDKs write the port of their HTTP endpoint into the RTMP
//! addresses they sign.
//!
//! The first byte tells: an RTMP handshake begins with 3, which no HTTP request does. Connections
//! are bounded in number, and one whose reader takes nothing is closed.

use core::net::SocketAddr;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use std::io;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use tokio_io_timeout::TimeoutStream;

use crate::limits::Place;
use crate::service::Service;

/// One HTTP connection.
pub(crate) struct HttpConnection {
    stream: Pin<Box<TimeoutStream<TcpStream>>>,
    _place: Place,
}

/// Accepts connections until nobody takes those that speak HTTP any more; those that speak RTMP go
/// to `rtmp`.
pub(crate) async fn accept(
    listener: TcpListener,
    service: Arc<Service>,
    http: mpsc::Sender<(HttpConnection, SocketAddr)>,
    rtmp: mpsc::Sender<(TcpStream, SocketAddr)>,
) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = http.closed() => return,
        };
        match accepted {
            // Whoever finds no place is told at once: in a queue, encoders would wait for them.
            Ok((socket, peer)) => match service.limits().http.enter(peer.ip()) {
                Some(place) => {
                    let first = service.settings().header;
                    tokio::spawn(sort(socket, peer, place, first, http.clone(), rtmp.clone()));
                }
                None => drop(service.metrics().http_refused.inc()),
            },
            Err(error) => {
                if let Some(left_out) = service.limits().notes.allow() {
                    tracing::warn!(%error, left_out, "HTTP connection is not accepted");
                }
                sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// Looks at the first byte of a connection, which has to come within `patience`.
async fn sort(
    socket: TcpStream,
    peer: SocketAddr,
    place: Place,
    patience: Duration,
    http: mpsc::Sender<(HttpConnection, SocketAddr)>,
    rtmp: mpsc::Sender<(TcpStream, SocketAddr)>,
) {
    let mut first = [0];
    let Ok(Ok(1)) = timeout(patience, socket.peek(&mut first)).await else {
        return;
    };
    let _ = socket.set_nodelay(true);
    if first == [RTMP_VERSION] {
        let _ = rtmp.send((socket, peer)).await;
        return;
    }
    let mut stream = TimeoutStream::new(socket);
    stream.set_write_timeout(Some(STALLED));
    let connection = HttpConnection { stream: Box::pin(stream), _place: place };
    let _ = http.send((connection, peer)).await;
}

impl AsyncRead for HttpConnection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.stream.as_mut().poll_read(context, buffer)
    }
}

impl AsyncWrite for HttpConnection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.stream.as_mut().poll_write(context, data)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.as_mut().poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.as_mut().poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        data: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.stream.as_mut().poll_write_vectored(context, data)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

const RTMP_VERSION: u8 = 3;
/// How long a reader may take nothing of a response.
const STALLED: Duration = Duration::from_secs(30);
