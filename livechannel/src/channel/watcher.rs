//! Looks whether a publication may go on, apart from everything that writes: whether its channel is
//! still there and enabled, and whether its lease can still be shown.

use std::sync::Arc;

use tokio::time::{sleep, timeout};

use super::live::{LiveChannel, Stop};
use crate::registry::GRACE;
use crate::service::Service;

/// Stops the publication when its channel is disabled or deleted, or its lease is over; ends with
/// the publication.
pub(super) async fn watch(service: Arc<Service>, live: Arc<LiveChannel>) {
    let mut stopped = live.watch();
    tokio::select! {
        why = channel_gone(&service, &live) => live.stop(why),
        () = lease_lost(&service, &live) => live.stop(Stop::Lost),
        _ = stopped.wait_for(Option::is_some) => {}
    }
}

/// Waits until the lease has been over for so long that the publication has to end, so that the
/// encoder can go to a node that reaches the store.
async fn lease_lost(service: &Service, live: &LiveChannel) {
    match service.settings().outage() {
        Some(outage) => live.tenure().lapsed(outage + GRACE).await,
        // No other node can reach a store of this computer that this one cannot.
        None => core::future::pending().await,
    }
}

async fn channel_gone(service: &Service, live: &LiveChannel) -> Stop {
    // With the time of a request, within a third of the lease.
    let interval = service.settings().lease / 4;
    let mut changes = service.registry().config_changes();
    loop {
        tokio::select! {
            () = sleep(interval) => {}
            () = changes.of(&live.key) => {}
        }
        let read = timeout(interval, service.registry().config(&live.key)).await;
        match read {
            Ok(Ok(read)) if read.damaged => {}
            Ok(Ok(read)) => match read.value {
                None => return Stop::Deleted,
                Some(channel) if !channel.enabled => return Stop::Disabled,
                Some(_) => {}
            },
            Ok(Err(error)) => {
                tracing::warn!(channel = %live.key, %error, "the configuration is not read");
            }
            Err(_) => {}
        }
    }
}
