//! A channel while it is live: tags go through the engine into segments, segments into the store.
//!
//! ```text
//! connection ──► Publication ──► engine ──► Sink ──► jobs, bounded ──► Uploads ──► Keeper ──► LiveChannel: what players see
//!      ▲              │  waits for room      │                        segments    state  └──► PlaylistObject
//!      └── backpressure                      └─ drops the segment
//! ```
//!
//! > **The invariant.** Players see a playlist only when its segments and the state that a later
//! > engine goes on from are in the store. Parts of the segment after those are shown at once, by the
//! > node that has the channel, from memory (`versions.rs`).

mod backoff;
mod budget;
mod carried;
mod commit;
mod edge;
mod engine;
mod gather;
mod keeper;
mod listing;
mod live;
mod live_channels;
mod orphans;
mod playlist_object;
mod publication;
mod sink;
mod stats;
mod tenure;
mod uploads;
mod versions;
mod wall_clock;
mod watcher;

#[cfg(any(test, fuzzing))]
pub(crate) use engine::engine;
pub(crate) use live::{LiveChannel, Stop};
pub(crate) use live_channels::LiveChannels;
pub(crate) use publication::{Publication, PushError, Refusal};
pub(crate) use versions::{Directives, NoList, Update};
