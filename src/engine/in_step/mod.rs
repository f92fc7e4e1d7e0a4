//! The short ways: of an AAC frame, and of a picture, that go on from the one before and change nothing else.
//!
//! Nearly every tag brings one of these, and what the long way asks of each is answered alike again and again. Here a few
//! comparisons tell that all its answers are the usual ones; where they do not, nothing was changed, and the long way
//! is gone. It does the same with these tags, to the byte: `tests/models/long_way.rs` holds both against each other.

mod frame;
mod picture;

pub(super) use frame::Pace;
