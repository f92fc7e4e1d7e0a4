//! RTMP in: connections of encoders, one task each.
//!
//! The handshake, the writing of chunks and the messages that go out are those of `rml_rtmp`. What
//! comes in is read here, because a peer chooses its size and shape.

mod amf;
mod chunks;
mod connection;
mod ended;
#[cfg(any(test, fuzzing))]
mod fuzzing;
mod listener;
mod lobby;
mod session;
mod standing;
mod url;

#[cfg(any(test, fuzzing))]
pub use fuzzing::{fuzz_address, fuzz_amf, fuzz_rtmp};
pub(crate) use listener::listen;
