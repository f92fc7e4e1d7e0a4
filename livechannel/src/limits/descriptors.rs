//! How the descriptors that this process may open are divided.
//!
//! > Whatever strangers do, the store and the ingest find descriptors: every connection and every
//! > response that reads from the store is counted, and the shares together leave a reserve.

use rustix::process::{Resource, getrlimit};

use crate::settings::Settings;

/// How many there may be of each kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shares {
    /// HTTP connections.
    pub(crate) http: usize,
    /// Responses that are being read from the store.
    pub(crate) readers: usize,
    /// RTMP connections that have not shown the right to publish.
    pub(crate) strangers: usize,
    /// RTMP connections that have.
    pub(crate) publishers: usize,
}

impl Shares {
    /// Divides `limit` descriptors; where they do not reach for what the settings allow, a quarter
    /// of the rest is for publishers.
    ///
    /// With 1,024: 256 reserve, 192 publishers, 96 strangers, 320 HTTP connections, 160 readers.
    pub(crate) fn new(limit: usize, settings: &Settings) -> Self {
        let reserve = (limit / 4).clamp(LEAST_RESERVE, MOST_RESERVE);
        let rest = limit.saturating_sub(reserve);
        let publishers = settings.connections.min(rest / 4);
        let strangers = settings.strangers.min(rest / 8);
        let rest = rest.saturating_sub(publishers + strangers);
        let http = settings.http_connections.min(rest / 3 * 2);
        let readers = MOST_READERS.min(rest / 3);
        let shares = Self {
            http: http.max(1),
            readers: readers.max(1),
            strangers: strangers.max(1),
            publishers: publishers.max(1),
        };
        let cut = publishers < settings.connections
            || strangers < settings.strangers
            || http < settings.http_connections;
        if cut {
            tracing::warn!(limit, ?shares, "too few descriptors (ulimit -n) for the settings");
        }
        shares
    }
}

/// Returns how many descriptors this process may open.
pub(super) fn limit() -> usize {
    let limit = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    usize::try_from(limit).unwrap_or(usize::MAX).min(MOST_COUNTED)
}

/// A folder takes a descriptor for each write under way, and the program has 64 threads for those.
const LEAST_RESERVE: usize = 64;
const MOST_RESERVE: usize = 4096;
/// Slow readers of old segments beyond this wait for each other.
const MOST_READERS: usize = 4096;
/// Nothing here needs more, and a limit may be infinite.
const MOST_COUNTED: usize = 1 << 24;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shares_leave_a_reserve_whatever_the_limit() {
        let settings = Settings::default();
        for limit in [256, 1024, 4096, 20_000, 1 << 20] {
            let shares = Shares::new(limit, &settings);
            let sum = shares.http + shares.readers + shares.strangers + shares.publishers;
            assert!(limit - sum >= LEAST_RESERVE, "{limit}: {shares:?}");
        }
        let small = Shares::new(1024, &settings);
        let want = Shares { http: 320, readers: 160, strangers: 96, publishers: 192 };
        assert_eq!(small, want);
        let large = Shares::new(1 << 20, &settings);
        assert_eq!((large.http, large.publishers, large.strangers), (8192, 1000, 512));
    }
}
