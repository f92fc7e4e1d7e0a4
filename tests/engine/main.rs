//! What the engine does, a file for each behaviour. One program, because linking costs more than
//! most of these tests.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::std_instead_of_core,
    clippy::doc_markdown,
    reason = "helpers of tests fail loudly"
)]

mod access_units;
mod audio;
mod av1;
mod determinism;
mod field_audio;
mod field_video;
mod fmp4;
mod found;
mod fragments;
mod frames;
mod hevc;
mod killed;
mod lost;
mod messages;
mod multivariant;
mod open_playlists;
mod oracles;
mod outbox;
mod parts;
mod playlist;
mod sink_faults;
mod sinks;
#[path = "../support/mod.rs"]
mod support;
mod switching;
mod tags;
mod timeline;
mod torture;
mod tracks;
mod transport;
