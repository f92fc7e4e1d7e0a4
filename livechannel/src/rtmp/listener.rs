//! Accepts RTMP connections, no more than are allowed, and outlives every one of them.

use core::time::Duration;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tracing::Instrument as _;

use super::connection::Connection;
use crate::service::Service;

/// Serves connections until the shutdown begins.
pub(crate) async fn listen(
    listener: TcpListener,
    service: Arc<Service>,
    mut shutdown: watch::Receiver<bool>,
) {
    let room = Arc::new(Semaphore::new(service.settings().connections));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = shutdown.wait_for(|down| *down) => return,
        };
        let (socket, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Too many open files, or a peer that is gone already: neither ends the service.
                tracing::warn!(%error, "RTMP connection is not accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let Ok(permit) = Arc::clone(&room).try_acquire_owned() else {
            service.metrics().refused("too-many-connections");
            tracing::warn!(%peer, "RTMP connection is refused: there are too many");
            continue;
        };
        let _ = socket.set_nodelay(true);
        let connection = Connection::new(socket, peer, Arc::clone(&service));
        let span = tracing::info_span!("rtmp", %peer, channel = tracing::field::Empty);
        let task = async move {
            connection.run().await;
            drop(permit);
        };
        tokio::spawn(task.instrument(span));
    }
}
