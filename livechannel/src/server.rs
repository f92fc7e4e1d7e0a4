//! A node: its listeners, and how it ends.

use core::net::SocketAddr;
use core::time::Duration;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::registry::RegistryError;
use crate::service::Service;
use crate::settings::{Anonymous, Settings, SettingsError};
use crate::store::{Store, StoreError};
use crate::{demo, http_server, retention, rtmp};

/// A node that is running.
#[derive(Debug)]
pub struct Server {
    service: Arc<Service>,
    http: SocketAddr,
    rtmp: SocketAddr,
    shutdown: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

/// How a node ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ending {
    /// Everything is stored, and every channel is given up.
    Clean,
    /// The store did not take everything in time: segments are lost, or a channel stays this node's
    /// until its lease is over.
    Unfinished,
}

/// A node that cannot be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The store cannot be opened.
    #[error("store: {0}")]
    Store(#[from] StoreError),
    /// The registry cannot be opened.
    #[error("registry: {0}")]
    Registry(#[from] RegistryError),
    /// A setting cannot be meant.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// A key has no id or no secret: anybody could sign with it.
    #[error("a key has an empty id or an empty secret")]
    EmptyKey,
    /// There are no keys, and the address can be reached from elsewhere.
    #[error(
        "{address} can be reached from other computers, and without keys everybody there may do everything: set keys, or say --open"
    )]
    Open {
        /// The address.
        address: SocketAddr,
    },
    /// An address cannot be listened at.
    #[error("cannot listen at {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
}

impl Server {
    /// Opens the store and starts to listen.
    ///
    /// # Errors
    ///
    /// What stands in the way.
    pub async fn start(settings: Settings) -> Result<Self, StartError> {
        let store = settings.store.open()?;
        Self::start_on(settings, store).await
    }

    /// Starts to listen, over a store that is open already.
    ///
    /// # Errors
    ///
    /// What stands in the way.
    pub async fn start_on(mut settings: Settings, store: Store) -> Result<Self, StartError> {
        check(&settings)?;
        let registry = settings.registry.open(&store).await?;
        let (http_listener, http) = bind(settings.http).await?;
        let (rtmp_listener, rtmp) = bind(settings.rtmp).await?;
        (settings.http, settings.rtmp) = (http, rtmp);
        let service = Arc::new(Service::with_registry(settings, store, registry));
        let (shutdown, down) = watch::channel(false);
        let (to_rtmp, from_http) = mpsc::channel(64);
        let mut tasks = vec![
            tokio::spawn(http_server::serve(
                http_listener,
                to_rtmp,
                Arc::clone(&service),
                down.clone(),
            )),
            tokio::spawn(rtmp::listen(
                rtmp_listener,
                from_http,
                Arc::clone(&service),
                down.clone(),
            )),
        ];
        if let Some(keep) = service.settings().keep {
            let (service, down) = (Arc::clone(&service), down.clone());
            tasks.push(tokio::spawn(retention::run(service, keep, down)));
        }
        if service.settings().demo {
            tasks.push(tokio::spawn(demo::run(Arc::clone(&service), down)));
        }
        let (store, registry) = (&service.settings().store, &service.settings().registry);
        tracing::info!(%http, %rtmp, %store, %registry, node = service.node(), "listening");
        Ok(Self { service, http, rtmp, shutdown, tasks })
    }

    /// Checks settings as far as that goes without opening or listening at anything.
    ///
    /// # Errors
    ///
    /// What would stand in the way.
    pub fn check(settings: &Settings) -> Result<(), StartError> {
        settings.check()?;
        check(settings)
    }

    /// Returns where HTTP is listened for.
    pub const fn http(&self) -> SocketAddr {
        self.http
    }

    /// Returns where RTMP is listened for.
    pub const fn rtmp(&self) -> SocketAddr {
        self.rtmp
    }

    /// Ends the node: open segments are closed and listed, channels are given up, and what was
    /// asked for is answered.
    pub async fn stop(self) -> Ending {
        self.service.readiness().drain();
        self.shutdown.send_replace(true);
        let mut ending = Ending::Clean;
        if timeout(PATIENCE, self.service.live().stop_all()).await.is_err() {
            tracing::error!("some channels could not be ended in time");
            ending = Ending::Unfinished;
        }
        if self.service.live().is_unfinished() {
            ending = Ending::Unfinished;
        }
        for task in self.tasks {
            let abort = task.abort_handle();
            if timeout(Duration::from_secs(2), task).await.is_err() {
                abort.abort();
            }
        }
        ending
    }
}

/// Refuses settings that would leave a door open that nobody has opened.
fn check(settings: &Settings) -> Result<(), StartError> {
    if settings.keys.iter().any(|key| key.id.is_empty() || key.secret.is_empty()) {
        return Err(StartError::EmptyKey);
    }
    settings.check()?;
    let trusting = settings.keys.is_empty() && settings.anonymous == Anonymous::PublicReadWrite;
    let mut addresses = [settings.http, settings.rtmp].into_iter();
    match addresses.find(|address| !address.ip().is_loopback()) {
        Some(address) if trusting && !settings.open => Err(StartError::Open { address }),
        _ => Ok(()),
    }
}

async fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let bound = async {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    };
    bound.await.map_err(|source| StartError::Listen { address, source })
}

/// How long the end waits for the store.
const PATIENCE: Duration = Duration::from_secs(20);
