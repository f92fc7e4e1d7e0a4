//! A channel while it is live: tags go through the engine into segments, segments into the store.
//!
//! ```text
//! connection ──► Publication ──► engine ──► Sink ──► jobs, bounded ──► Writer ──► store: segment, state, playlist
//!      ▲              │  waits for room      │                            │
//!      └── backpressure                      └─ drops the segment         └─► LiveChannel: what players may see
//! ```
//!
//! > **The invariant.** Players see a playlist only when its segments and the state that a later
//! > engine goes on from are in the store.

mod budget;
mod live;
mod publication;
mod registry;
mod sink;
mod stats;
mod writer;

pub(crate) use live::{LiveChannel, Stop};
pub(crate) use publication::{Publication, Refusal};
pub(crate) use registry::Registry;
