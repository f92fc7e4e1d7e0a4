//! Intent: what the engine keeps, resets and hands over at every border, and what it says of it.
//!
//! Output that is legal may still be wrong: a segment a millisecond too long, a switch that nobody
//! asked for, a notice that comes twice. The Auditor and the models judge what is legal; these
//! tests hold what is meant. `tests/BORDERS.md` says which state meets which border, and `borders`
//! keeps that table true.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::std_instead_of_core,
    clippy::doc_markdown,
    reason = "helpers of tests fail loudly"
)]

#[path = "../support/mod.rs"]
mod support;

mod begin;
mod borders;
mod field;
mod format;
mod fresh;
mod jump;
mod lost;
mod pause;
mod quiet;
mod resume;
mod session;
mod values;
