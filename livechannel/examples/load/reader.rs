//! One player: polls a playlist, loads what is new, and looks at the clock.

use core::sync::atomic::Ordering;
use core::time::Duration;
use std::sync::Arc;

use tokio::time::{Instant, sleep};

use crate::Counts;

/// Reads for ever.
pub(crate) async fn read(
    client: reqwest::Client,
    playlist: String,
    target: Duration,
    counts: Arc<Counts>,
) {
    let base = playlist.rsplit_once('/').map_or("", |(base, _)| base).to_owned();
    let (mut last, mut since) = (String::new(), None::<Instant>);
    loop {
        sleep(Duration::from_millis(250)).await;
        let Some(text) = get(&client, &playlist).await else {
            continue;
        };
        let text = String::from_utf8_lossy(&text).into_owned();
        let newest = text.lines().rev().find(|line| !line.is_empty() && !line.starts_with('#'));
        let Some(newest) = newest.filter(|name| *name != last) else {
            continue;
        };
        let now = Instant::now();
        counts.versions.fetch_add(1, Ordering::Relaxed);
        if let Some(since) = since {
            let late = (now - since).saturating_sub(target);
            let millis = u64::try_from(late.as_millis()).unwrap_or(u64::MAX);
            counts.worst_millis.fetch_max(millis, Ordering::Relaxed);
            if late > target / 2 {
                counts.late.fetch_add(1, Ordering::Relaxed);
            }
        }
        since = Some(now);
        last = newest.to_owned();
        let name = newest.rsplit('/').next().unwrap_or(newest);
        match get(&client, &format!("{base}/{name}")).await {
            Some(body) => counts.bytes.fetch_add(body.len() as u64, Ordering::Relaxed),
            None => counts.failed.fetch_add(1, Ordering::Relaxed),
        };
    }
}

async fn get(client: &reqwest::Client, url: &str) -> Option<bytes::Bytes> {
    let response = client.get(url).send().await.ok()?;
    let response = response.error_for_status().ok()?;
    response.bytes().await.ok()
}
