//! A folder as a channel: segments and playlists in files, for hosts that have the standard
//! library. The engine itself knows no files; this module stands on it, as a host does.
//!
//! ```text
//!   hls/  000007.ts  000008.ts  000009.ts.tmp  playlist.m3u8  .channel
//!         listed     listed     being written  names both     what a later process goes on from
//! ```
//!
//! [`Channel`] is the sink. A whole host, `examples/folder.rs`:
//!
//! ```no_run
#![doc = include_str!("../../examples/folder.rs")]
//! ```

mod channel;
mod earlier;
mod error;
mod files;
mod leaving;
mod options;
mod parts;
mod state;

pub use channel::Channel;
pub use earlier::Earlier;
pub use error::{DirError, StateError};
pub use options::{Deletes, Durability, Options};
