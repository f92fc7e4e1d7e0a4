//! A test pattern, published to the channel `demo` without any encoder installed.

mod avc;
mod picture;
mod source;

use core::time::Duration;
use std::sync::Arc;

use hls_segmenter::oss::PutLiveChannel;
use tokio::sync::{mpsc, watch};
use tokio::time::sleep;

use crate::channel::{Publication, PushError};
use crate::clock::now_millis;
use crate::name::{ChannelKey, ChannelName};
use crate::service::Service;
use crate::store::{ChannelRecord, Form, SnapshotRecord, SwapError};
use source::Message;

/// Publishes until the shutdown begins, and begins again whenever it has to end.
pub(crate) async fn run(service: Arc<Service>, mut shutdown: watch::Receiver<bool>) {
    let Ok(channel) = ChannelName::new(b"demo") else {
        return;
    };
    let key = ChannelKey::new(service.settings().bucket.clone(), channel);
    loop {
        tokio::select! {
            ended = publish(&service, &key) => tracing::info!(%ended, "the demonstration pauses"),
            _ = shutdown.wait_for(|down| *down) => return,
        }
        sleep(Duration::from_secs(1)).await;
    }
}

async fn publish(service: &Arc<Service>, key: &ChannelKey) -> String {
    if let Err(error) = configure(service, key).await {
        return error.to_string();
    }
    let begun = Publication::begin(service, key, None, "demo".to_owned()).await;
    let mut publication = match begun {
        Ok(publication) => publication,
        Err(refusal) => return refusal.to_string(),
    };
    let mut messages = source::start();
    let stop = push_all(&mut publication, &mut messages).await;
    drop(messages);
    publication.finish().await;
    stop.map_or_else(|| "no pictures".to_owned(), |stop| stop.to_string())
}

async fn push_all(
    publication: &mut Publication,
    messages: &mut mpsc::Receiver<Message>,
) -> Option<PushError> {
    while let Some(message) = messages.recv().await {
        if let Err(stop) = publication.push(message.tag()).await {
            return Some(stop);
        }
    }
    None
}

/// Makes the channel where it is not there.
async fn configure(service: &Service, key: &ChannelKey) -> object_store::Result<()> {
    let seen = service.registry().config(key).await?;
    if seen.value.is_some() {
        return Ok(());
    }
    let request = PutLiveChannel {
        channel_name: key.channel.as_str().as_bytes(),
        description: Some("A test pattern"),
        target_type: Some("HLS"),
        frag_duration: Some("2"),
        frag_count: Some("5"),
        ..PutLiveChannel::default()
    };
    let Ok(channel) = request.check() else {
        return Ok(());
    };
    let record = ChannelRecord {
        snapshot: Some(SnapshotRecord {
            role_name: "demo".to_owned(),
            dest_bucket: key.bucket.as_str().to_owned(),
            notify_topic: "demo".to_owned(),
            interval: 10,
        }),
        ..ChannelRecord::new(&channel, Form::default(), now_millis())
    };
    match service.registry().set_config(key, &seen.version, Some(&record)).await {
        // Another node has just made it.
        Ok(_) | Err(SwapError::Conflict) => Ok(()),
        Err(SwapError::Store(error)) => Err(error),
    }
}
