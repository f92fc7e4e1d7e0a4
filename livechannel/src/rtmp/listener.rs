//! Accepts RTMP connections, as many as the lobby has seats, and outlives every one of them.

use core::net::SocketAddr;
use core::time::Duration;
use std::io;
use std::sync::Arc;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tracing::Instrument as _;

use super::connection::Connection;
use super::lobby::Lobby;
use crate::service::Service;

/// Serves connections of its own port, and those that come from elsewhere, until the shutdown
/// begins.
pub(crate) async fn listen(
    listener: TcpListener,
    mut elsewhere: mpsc::Receiver<(TcpStream, SocketAddr)>,
    service: Arc<Service>,
    mut shutdown: watch::Receiver<bool>,
) {
    let limits = service.limits();
    let lobby = Arc::new(Lobby::new(limits.strangers, limits.strangers_per_address));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(connection) = elsewhere.recv() => Ok(connection),
            _ = shutdown.wait_for(|down| *down) => return,
        };
        match accepted {
            Ok((socket, peer)) => serve(socket, peer, &service, &lobby),
            Err(error) => wait_a_little(&error, &service).await,
        }
    }
}

fn serve(socket: TcpStream, peer: SocketAddr, service: &Arc<Service>, lobby: &Arc<Lobby>) {
    let seat = lobby.enter(peer.ip());
    let _ = socket.set_nodelay(true);
    let connection = Connection::new(socket, peer, Arc::clone(service), seat);
    let span = tracing::info_span!("rtmp", %peer, channel = tracing::field::Empty);
    tokio::spawn(connection.run().instrument(span));
}

/// Too many open files, or a peer that is gone already: neither ends the service.
async fn wait_a_little(error: &io::Error, service: &Service) {
    if let Some(left_out) = service.limits().notes.allow() {
        tracing::warn!(%error, left_out, "RTMP connection is not accepted");
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
}
