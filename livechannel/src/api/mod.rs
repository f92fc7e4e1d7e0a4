//! HTTP: the LiveChannel calls of OSS, what players load, the page and the counters.

mod channel;
mod digest;
mod error;
mod files;
mod handler;
mod list;
mod low_latency;
mod origin;
mod put;
mod range;
mod reply;
mod request_id;
mod stat;
mod target;
mod vod;
mod xml;

pub(crate) use handler::router;
#[cfg(any(test, fuzzing))]
pub use range::fuzz_range;
pub(crate) use reply::typed;
pub(crate) use target::bucket_of_host;
pub use xml::{PutBody, SnapshotBody, XmlError, parse_put};
