//! HTTP: accepted connections, their protocol, and how long all of it may take.
//!
//! ```text
//! first byte ─► header ──► body ──► response begins ──► response ──► next header …
//! └─ header-seconds ─┘└───── request-seconds ──────┘                 └─ header-seconds ─
//! └──────────────────────────── lifetime-seconds, and a minute ────────────────────────┘
//! ```
//!
//! HTTP/2 is off unless it is asked for, and then limited in streams: to every limit that counts
//! connections, one of HTTP/2 is as many as it has streams.

use core::convert::Infallible;
use core::future::Future;
use core::net::SocketAddr;
use core::pin::pin;
use core::time::Duration;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use axum::{Extension, Router};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tower::{Layer as _, ServiceExt as _};

use crate::api;
use crate::service::Service;
use crate::settings::Settings;
use crate::shared_port::{self, HttpConnection};

/// Where a request comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// Serves HTTP until the shutdown begins, and then what was asked for.
pub(crate) async fn serve(
    listener: TcpListener,
    rtmp: mpsc::Sender<(TcpStream, SocketAddr)>,
    service: Arc<Service>,
    shutdown: watch::Receiver<bool>,
) {
    let mut down = shutdown.clone();
    let (sender, mut connections) = mpsc::channel(64);
    tokio::spawn(shared_port::accept(listener, Arc::clone(&service), sender, rtmp));
    let builder = Arc::new(builder(service.settings()));
    let router = api::router(Arc::clone(&service));
    let mut open = JoinSet::new();
    loop {
        tokio::select! {
            Some((connection, peer)) = connections.recv() => {
                let lifetime = service.settings().lifetime;
                let end = ended(shutdown.clone(), lifetime);
                open.spawn(converse(Arc::clone(&builder), connection, peer, router.clone(), end));
            }
            Some(_) = open.join_next(), if !open.is_empty() => {}
            _ = down.wait_for(|down| *down) => break,
        }
    }
    drop(connections);
    while open.join_next().await.is_some() {}
}

/// Says how connections are served.
fn builder(settings: &Settings) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    if !settings.http2 {
        builder = builder.http1_only();
    }
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(settings.header)
        .max_buf_size(BUFFER)
        .max_headers(MOST_FIELDS);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MOST_STREAMS)
        .max_header_list_size(MOST_HEADER_LIST)
        .max_send_buf_size(BUFFER)
        .max_pending_accept_reset_streams(Some(2 * MOST_STREAMS as usize))
        .max_local_error_reset_streams(Some(2 * MOST_STREAMS as usize))
        .keep_alive_interval(settings.header)
        .keep_alive_timeout(settings.header);
    builder
}

/// Serves one connection until it is closed, or `end` comes; the response that is on its way then
/// has a minute.
async fn converse(
    builder: Arc<Builder<TokioExecutor>>,
    connection: HttpConnection,
    peer: SocketAddr,
    router: Router,
    end: impl Future<Output = ()> + Send,
) {
    let router = Extension(Peer(peer)).layer(router);
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let answer = router.clone().oneshot(Request::from(request.map(Body::new)));
        async move { answer.await as Result<Response, Infallible> }
    });
    let mut connection = pin!(builder.serve_connection(TokioIo::new(connection), service));
    let mut end = pin!(end);
    tokio::select! {
        _ = connection.as_mut() => return,
        () = end.as_mut() => connection.as_mut().graceful_shutdown(),
    }
    let _ = timeout(LAST_RESPONSE, connection).await;
}

/// Waits for the shutdown, or for so long.
async fn ended(mut shutdown: watch::Receiver<bool>, lifetime: Duration) {
    tokio::select! {
        _ = shutdown.wait_for(|down| *down) => {}
        () = sleep(lifetime) => {}
    }
}

/// Buffer of a connection in bytes. A header that is longer, or twice that if it comes at once, is
/// refused; a browser with cookies of other services on the same host sends some thousand.
const BUFFER: usize = 32 * 1024;
const MOST_FIELDS: usize = 64;
/// Streams of a connection of HTTP/2: a player loads two or three things at once.
const MOST_STREAMS: u32 = 8;
const MOST_HEADER_LIST: u32 = 16 * 1024;
/// How long the last response of a connection may take.
const LAST_RESPONSE: Duration = Duration::from_secs(60);
