//! Audio between its arrival and its PES packet: gathered, or held until a segment can take it.

mod gather;

pub(crate) use gather::{GATHERED, Gather};
