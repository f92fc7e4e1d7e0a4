//! The bodies of the fuzz targets on their seeds, and on seeds that were bent out of shape: the
//! same ones every time.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may fail"
)]

#[path = "../fuzz/bodies.rs"]
mod bodies;

#[path = "support/noise.rs"]
mod noise;

use noise::replay;

#[test]
fn no_body_of_put_live_channel_does_harm() {
    replay("xml", 3000, bodies::xml);
}

#[test]
fn no_signature_is_forged_and_none_does_harm() {
    replay("signature", 3000, bodies::signature);
}
