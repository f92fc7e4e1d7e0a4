//! Accepts RTMP connections, no more than are allowed, and outlives every one of them.

use core::net::SocketAddr;
use core::time::Duration;
use std::io;
use std::sync::Arc;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, watch};
use tracing::Instrument as _;

use super::connection::Connection;
use crate::service::Service;

/// Serves connections of its own port, and those that come from elsewhere, until the shutdown
/// begins.
pub(crate) async fn listen(
    listener: TcpListener,
    mut elsewhere: mpsc::Receiver<(TcpStream, SocketAddr)>,
    service: Arc<Service>,
    mut shutdown: watch::Receiver<bool>,
) {
    let room = Arc::new(Semaphore::new(service.settings().connections));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(connection) = elsewhere.recv() => Ok(connection),
            _ = shutdown.wait_for(|down| *down) => return,
        };
        match accepted {
            Ok((socket, peer)) => serve(socket, peer, &service, &room),
            Err(error) => wait_a_little(&error).await,
        }
    }
}

fn serve(socket: TcpStream, peer: SocketAddr, service: &Arc<Service>, room: &Arc<Semaphore>) {
    let Ok(permit) = Arc::clone(room).try_acquire_owned() else {
        service.metrics().refused("too-many-connections");
        tracing::warn!(%peer, "RTMP connection is refused: there are too many");
        return;
    };
    let _ = socket.set_nodelay(true);
    let connection = Connection::new(socket, peer, Arc::clone(service));
    let span = tracing::info_span!("rtmp", %peer, channel = tracing::field::Empty);
    let task = async move {
        connection.run().await;
        drop(permit);
    };
    tokio::spawn(task.instrument(span));
}

/// Too many open files, or a peer that is gone already: neither ends the service.
async fn wait_a_little(error: &io::Error) {
    tracing::warn!(%error, "RTMP connection is not accepted");
    tokio::time::sleep(Duration::from_millis(50)).await;
}
