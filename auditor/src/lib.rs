//! A sink for [`hls_segmenter`] that checks the whole output contract while it passes through.
//!
//! ```text
//!   Segmenter ──► Auditor<S> ──► S
//!                    │
//!        calls ──► Order, Numbers ┐
//!      packets ──► Demux ─────┐                │
//!    fragments ──► Fragments ─┴► Streams ► Facts ├──► violations
//!    playlists ──► List ──► History ┘
//! ```
//!
//! It reads the output as a player would and shares no code with what wrote it: packets, tables,
//! PES headers, boxes, NAL units, ADTS and playlists have parsers of their own here. Tests run it over
//! everything, fuzzing after every step; a host may run it in staging. A [`Recorder`] keeps the
//! calls as [`Event`]s, which an [`Auditor`] judges just so.
//!
//! Whether the media is that of the source is not told by the output: a test compares
//! [`Auditor::elementary`] with the tags.

mod auditor;
mod closed;
mod es;
mod event;
mod facts;
mod history;
mod judge;
mod m3u8;
mod mp4;
mod numbers;
mod order;
mod parts;
mod recorder;
mod successor;
mod token;
mod ts;
mod violation;

pub use auditor::Auditor;
pub use es::{ElementaryUnit, UnitKind};
pub use event::Event;
pub use recorder::{Discard, Recorder};
pub use violation::{Place, Rule, Violation};
