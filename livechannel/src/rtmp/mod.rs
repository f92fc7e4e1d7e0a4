//! RTMP in: connections of encoders, one task each.
//!
//! The handshake, the writing of chunks and the messages that go out are those of `rml_rtmp`. What
//! comes in is read here, because a peer chooses its size and shape.

mod amf;
mod chunks;
mod connection;
mod listener;
mod session;
mod url;

pub(crate) use listener::listen;
