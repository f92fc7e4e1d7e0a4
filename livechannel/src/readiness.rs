//! Whether a node can do its work: what `/readyz` says.

use core::fmt::{self, Write as _};
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use crate::name::{ChannelKey, ChannelName};
use crate::service::Service;

/// The last look at what a node needs; however many ask, it looks once a second.
#[derive(Debug, Default)]
pub(crate) struct Readiness {
    last: Mutex<Option<(Instant, Report)>>,
    draining: AtomicBool,
}

/// What a node needs, and whether it has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Report(Vec<(&'static str, Result<(), String>)>);

impl Readiness {
    /// Notes that the node is ending.
    pub(crate) fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    pub(crate) async fn look(&self, service: &Service) -> Report {
        let mut last = self.last.lock().await;
        if let Some((since, report)) = last.as_ref()
            && since.elapsed() < FRESH
        {
            return report.clone();
        }
        let report = self.look_now(service).await;
        *last = Some((Instant::now(), report.clone()));
        report
    }

    async fn look_now(&self, service: &Service) -> Report {
        let path = service.store().layout().retention();
        let store = within(service.store().head(&path)).await;
        let registry = match ChannelName::new(b"readyz") {
            Ok(name) => {
                let key = ChannelKey::new(service.settings().bucket.clone(), name);
                within(service.registry().config(&key)).await
            }
            Err(error) => Err(error.to_string()),
        };
        let live = service.live().all();
        let lapsed = live.iter().filter(|live| !live.tenure().is_held()).count();
        let leases = match lapsed {
            0 => Ok(()),
            _ => Err(format!("{lapsed} of {} cannot be shown", live.len())),
        };
        let draining = self.draining.load(Ordering::Relaxed);
        let drain = if draining { Err("the node is ending".to_owned()) } else { Ok(()) };
        Report(vec![("store", store), ("registry", registry), ("leases", leases), ("drain", drain)])
    }
}

impl Report {
    pub(crate) fn is_ready(&self) -> bool {
        self.0.iter().all(|(_, found)| found.is_ok())
    }

    /// Returns a line for each.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for (what, found) in &self.0 {
            // Writing to a string does not fail. What failed how is for the log alone.
            let _ = writeln!(text, "{what} {}", if found.is_ok() { "ok" } else { "failed" });
        }
        text
    }
}

/// Waits for an answer, but not for long.
async fn within<T, E: fmt::Display>(
    asked: impl Future<Output = Result<T, E>>,
) -> Result<(), String> {
    let found = match timeout(PATIENCE, asked).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("no answer in time".to_owned()),
    };
    found.inspect_err(|error| tracing::warn!(%error, "the node is not ready"))
}

const FRESH: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(2);
