//! Fragmented MP4 (ISO/IEC 14496-12 §8.8, RFC 8216 §3.3): initialization sections, fragments, and
//! the payload between them.
//!
//! Where a sample's bytes lie in a fragment is said by a head that stands before them, and that is
//! known only when the fragment ends. So the payload goes to the sink at once, as it came and
//! uncopied, and the head follows; a table of 256 samples is all that is kept.
//!
//! ```text
//!   calls    payload V, payload V, payload A A A, payload V, …   close_fragment
//!   segment  │ moof: V V, A A A, V │ mdat │ V │ V │ A A A │ V │
//!            └────── the head ────────────┘
//! ```
//!
//! A sink that keeps its fragments in memory leaves room before the payload, as [`FragmentBuffer`]
//! does; one that writes a file keeps the payload of one fragment, about a second; one that must
//! write at once takes heads of a size that is fixed beforehand, see
//! [`FragmentHead::copy_padded`].
//!
//! # What a segment is
//!
//! One or more fragments with video and audio in the order in which they came. Each ends before the
//! first picture that is a second or more behind its beginning, when its table is full, and with
//! its segment. Pictures have the lengths of their NAL units before them, 4 bytes each; parameter
//! sets and audio configurations stand in the [`Init`] alone, delimiters nowhere.
//!
//! Within a discontinuity the times of a track have no gap and no overlap: `tfdt` is the sum of the
//! durations before it. Video counts in 1/90,000 s, audio in samples.

mod boxes;
mod buffer;
mod clock;
mod fill;
mod head;
#[cfg(feature = "alloc")]
mod host;
mod init;
mod payload;
mod run;
mod table;
mod track;
mod writer;

pub use buffer::FragmentBuffer;
pub use head::FragmentHead;
pub use init::Init;
pub use payload::{Payload, PayloadPiece, PayloadPieces};

pub use super::ts::ShortBuffer;

pub(crate) use writer::Fmp4Writer;
