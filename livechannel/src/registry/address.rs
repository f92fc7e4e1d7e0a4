//! From an address to a registry: objects in the store, or etcd.

use core::fmt;
use core::str::FromStr;
use std::sync::Arc;

use axum::http::uri::Authority;

use super::{Objects, Registry};
use crate::store::Store;

/// Where configurations and live states are kept: `objects`, or `etcd://host:port/prefix` with one
/// or more members of the cluster, separated by commas.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RegistryAddress {
    /// Objects in the store.
    Objects,
    /// Keys in etcd; segments and playlists stay in the store.
    Etcd {
        /// Host and port of each member.
        endpoints: Vec<String>,
        /// In front of every key; not empty.
        prefix: String,
    },
}

/// A registry that cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// The address is of no known kind.
    #[error("{0:?} is no registry: \"objects\" or \"etcd://host:port/prefix\"")]
    Address(String),
    /// This program was built without feature `etcd`.
    #[error("this program was built without etcd")]
    NoEtcd,
    /// The client cannot be made.
    #[error("etcd: {0}")]
    Client(#[source] Box<dyn core::error::Error + Send + Sync>),
}

impl FromStr for RegistryAddress {
    type Err = RegistryError;

    fn from_str(text: &str) -> Result<Self, RegistryError> {
        if text == "objects" {
            return Ok(Self::Objects);
        }
        let error = || RegistryError::Address(text.to_owned());
        let rest = text.strip_prefix("etcd://").ok_or_else(error)?;
        let (hosts, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let endpoints: Vec<String> = hosts.split(',').map(str::to_owned).collect();
        if !endpoints.iter().all(|endpoint| is_endpoint(endpoint)) {
            return Err(error());
        }
        let prefix = match prefix.trim_matches('/') {
            "" => DEFAULT_PREFIX,
            prefix => prefix,
        };
        Ok(Self::Etcd { endpoints, prefix: prefix.to_owned() })
    }
}

/// Returns whether a text is a host and a port, and nothing that would be a secret.
fn is_endpoint(text: &str) -> bool {
    let authority = text.parse::<Authority>();
    authority.is_ok_and(|authority| {
        authority.port_u16().is_some() && !authority.host().is_empty() && !text.contains('@')
    })
}

impl fmt::Display for RegistryAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Objects => f.write_str("objects"),
            Self::Etcd { endpoints, prefix } => {
                write!(f, "etcd://{}/{prefix}", endpoints.join(","))
            }
        }
    }
}

impl fmt::Debug for RegistryAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl RegistryAddress {
    /// Opens the registry. Etcd is not asked whether it is there.
    ///
    /// # Errors
    ///
    /// What is wrong with the address, or that this program was built without etcd.
    pub(crate) async fn open(&self, store: &Store) -> Result<Arc<dyn Registry>, RegistryError> {
        match self {
            Self::Objects => Ok(Arc::new(Objects::new(store.clone()))),
            Self::Etcd { endpoints, prefix } => open_etcd(endpoints, prefix).await,
        }
    }
}

#[cfg(feature = "etcd")]
async fn open_etcd(endpoints: &[String], prefix: &str) -> Result<Arc<dyn Registry>, RegistryError> {
    let opened = super::Etcd::open(endpoints, prefix).await;
    Ok(Arc::new(opened.map_err(|error| RegistryError::Client(error.into()))?))
}

#[cfg(not(feature = "etcd"))]
#[expect(clippy::unused_async, reason = "with etcd it waits")]
async fn open_etcd(_: &[String], _: &str) -> Result<Arc<dyn Registry>, RegistryError> {
    Err(RegistryError::NoEtcd)
}

/// In front of the keys of an address that names nothing.
const DEFAULT_PREFIX: &str = "livechannel";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_objects_or_etcd() {
        let parse = |text: &str| text.parse::<RegistryAddress>().ok();
        assert_eq!(parse("objects"), Some(RegistryAddress::Objects));
        for (text, endpoints, prefix) in [
            ("etcd://127.0.0.1:2379", vec!["127.0.0.1:2379"], "livechannel"),
            ("etcd://[::1]:2379/", vec!["[::1]:2379"], "livechannel"),
            ("etcd://a:1,b.example:2/x/y/", vec!["a:1", "b.example:2"], "x/y"),
        ] {
            let endpoints = endpoints.into_iter().map(str::to_owned).collect();
            let want = RegistryAddress::Etcd { endpoints, prefix: prefix.to_owned() };
            assert_eq!(parse(text), Some(want), "{text}");
        }
        for bad in ["", "etcd://", "etcd://host", "etcd://a:1,", "etcd://u:p@a:1", "s3://a:1/x"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
