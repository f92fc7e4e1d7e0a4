//! The C API of `hls_segmenter`: the engine behind a header, `include/hls_segmenter.h`, which is
//! made from this crate.
//!
//! ```text
//!  C host ──► border.rs ──► engine, reader ──► hls_segmenter
//!    ▲        pointers become borrows              │
//!    └───────────────────────── sink ◄─────────────┘
//! ```
//!
//! The rules of the API stand at the top of the header (`cbindgen.toml`) and each function's own
//! with the function. Everything that is unsafe is in `border.rs`; exported functions are `unsafe`
//! to call from Rust, since they believe their pointers.

mod border;
mod config;
mod engine;
mod engine_answers;
mod engine_kind;
mod fragment;
mod fragment_buffer;
mod frame;
mod live_channel;
mod live_edge;
mod notice;
mod notice_kind;
mod packets;
mod part;
mod payload;
mod pieces;
mod playlist;
mod playlist_text;
mod reader;
mod segment;
mod sink;
mod snapshot;
mod status;
mod text;
mod track;

pub use config::*;
pub use engine::*;
pub use engine_answers::*;
pub use engine_kind::hlsseg_container;
pub use fragment::*;
pub use fragment_buffer::*;
pub use frame::*;
pub use live_channel::*;
pub use live_edge::*;
pub use notice::*;
pub use notice_kind::*;
pub use packets::*;
pub use part::*;
pub use payload::*;
pub use pieces::*;
pub use playlist::*;
pub use playlist_text::*;
pub use reader::*;
pub use segment::*;
pub use sink::*;
pub use snapshot::*;
pub use status::*;
pub use track::*;
