//! Slow, obvious models of what the engine does fast, over streams that proptest makes and shrinks.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::std_instead_of_core,
    clippy::doc_markdown,
    reason = "helpers of tests fail loudly"
)]

mod aligned;
mod contract;
mod parts;
mod playlist;
mod quiet;
mod streams;
#[path = "../support/mod.rs"]
mod support;
mod switching;
