//! The HTTP port, which takes RTMP too: SDKs write the port of their HTTP endpoint into the RTMP
//! addresses they sign.
//!
//! The first byte tells: an RTMP handshake begins with 3, which no HTTP request does. Connections
//! are bounded in number, and one that makes no progress is closed.

use core::net::SocketAddr;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use std::io;
use std::sync::Arc;

use axum::serve::Listener;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::{sleep, timeout};
use tokio_io_timeout::TimeoutStream;

/// Hands out HTTP connections.
pub(crate) struct SharedPort {
    address: SocketAddr,
    connections: mpsc::Receiver<(HttpConnection, SocketAddr)>,
}

/// One HTTP connection.
pub(crate) struct HttpConnection {
    stream: Pin<Box<TimeoutStream<TcpStream>>>,
    _permit: OwnedSemaphorePermit,
}

impl SharedPort {
    /// Begins to accept connections; those that speak RTMP go to `rtmp`.
    pub(crate) fn start(
        listener: TcpListener,
        address: SocketAddr,
        rtmp: mpsc::Sender<(TcpStream, SocketAddr)>,
    ) -> Self {
        let (sender, connections) = mpsc::channel(64);
        tokio::spawn(accept(listener, sender, rtmp));
        Self { address, connections }
    }
}

impl Listener for SharedPort {
    type Io = HttpConnection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (HttpConnection, SocketAddr) {
        match self.connections.recv().await {
            Some(connection) => connection,
            None => core::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

/// Accepts until nobody takes HTTP connections any more.
async fn accept(
    listener: TcpListener,
    http: mpsc::Sender<(HttpConnection, SocketAddr)>,
    rtmp: mpsc::Sender<(TcpStream, SocketAddr)>,
) {
    let room = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    loop {
        let Ok(permit) = Arc::clone(&room).acquire_owned().await else {
            return;
        };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = http.closed() => return,
        };
        match accepted {
            Ok((socket, peer)) => {
                tokio::spawn(sort(socket, peer, permit, http.clone(), rtmp.clone()));
            }
            Err(error) => {
                tracing::warn!(%error, "HTTP connection is not accepted");
                sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// Looks at the first byte of a connection.
async fn sort(
    socket: TcpStream,
    peer: SocketAddr,
    permit: OwnedSemaphorePermit,
    http: mpsc::Sender<(HttpConnection, SocketAddr)>,
    rtmp: mpsc::Sender<(TcpStream, SocketAddr)>,
) {
    let mut first = [0];
    let Ok(Ok(1)) = timeout(IDLE, socket.peek(&mut first)).await else {
        return;
    };
    let _ = socket.set_nodelay(true);
    if first == [RTMP_VERSION] {
        let _ = rtmp.send((socket, peer)).await;
        return;
    }
    let mut stream = TimeoutStream::new(socket);
    stream.set_read_timeout(Some(IDLE));
    stream.set_write_timeout(Some(IDLE));
    let connection = HttpConnection { stream: Box::pin(stream), _permit: permit };
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
/// How long a connection may make no progress.
const IDLE: Duration = Duration::from_secs(60);
/// Most HTTP connections.
const MOST_CONNECTIONS: usize = 8192;
