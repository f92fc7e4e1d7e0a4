//! Containers: what a segment's pictures and audio become.
//!
//! ```text
//!                              ┌─ ts    TS packets, in the order of the segment
//!   PictureUnit, AudioPes ──► Muxer
//!                              └─ fmp4  payload in the order of arrival, then the head of its fragment
//! ```
//!
//! What crosses the seam names no container: a [`PictureUnit`] or an [`AudioPes`] goes in, and what
//! the sink is to take comes out through an [`Output`].
//!
//! A container is told when a segment begins and ends, when the timeline breaks, and when a segment
//! that it has written into is lost; it decides about none of these.

mod container;
pub mod fmp4;
mod output;
pub mod ts;
mod unit;

pub use container::{Container, Fmp4, LowLatency, Ts};

pub(crate) use container::{AudioFraming, Headers, Muxer, Streams};
pub(crate) use output::Output;
pub(crate) use unit::{AudioPes, PictureUnit};
