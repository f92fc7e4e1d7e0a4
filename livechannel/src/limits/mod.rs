//! What strangers may cost: connections by number and by address, descriptors, lines in the log.

mod addresses;
mod descriptors;
mod notes;

pub(crate) use addresses::{Addresses, Place, network};
pub(crate) use descriptors::Shares;
pub(crate) use notes::Notes;

use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::settings::Settings;

/// The limits of one node.
#[derive(Debug)]
pub(crate) struct Limits {
    /// HTTP connections, by address and together.
    pub(crate) http: Arc<Addresses>,
    /// RTMP connections that have shown the right to publish.
    pub(crate) publishers: Arc<Semaphore>,
    /// RTMP connections that have not.
    pub(crate) strangers: usize,
    /// Those of one address.
    pub(crate) strangers_per_address: usize,
    /// Responses that are being read from the store: each of them has a file or a connection open.
    pub(crate) readers: Arc<Addresses>,
    /// VOD playlists that are being made: each reads up to a day of the index.
    pub(crate) indexes: Semaphore,
    /// Lines in the log that anybody can cause.
    pub(crate) notes: Notes,
}

impl Limits {
    /// Divides what this process may open.
    pub(crate) fn new(settings: &Settings) -> Self {
        let shares = Shares::new(descriptors::limit(), settings);
        let half = |all: usize| all.div_ceil(2);
        let at_most = |chosen: Option<usize>, all| chosen.unwrap_or(half(all)).clamp(1, all);
        Self {
            http: Arc::new(Addresses::new(
                shares.http,
                at_most(settings.http_per_address, shares.http),
            )),
            publishers: Arc::new(Semaphore::new(shares.publishers)),
            strangers: shares.strangers,
            strangers_per_address: at_most(settings.strangers_per_address, shares.strangers),
            readers: Arc::new(Addresses::new(shares.readers, half(shares.readers))),
            indexes: Semaphore::new(INDEXES),
            notes: Notes::default(),
        }
    }
}

/// Two, so that one long answer does not hold up a short one.
const INDEXES: usize = 2;
