//! MPEG-2 transport stream (ISO/IEC 13818-1): tables, PES packets, and one access unit as a run of
//! TS packets.
//!
//! ```text
//!   access unit ──► PES packet ──► 188 │ 188 │ 188 │ … │ 188     TsPackets<'_>, borrowed, not yet copied
//!                   header + ES    head + payload       stuffed
//! ```
//!
//! A run is given its times, counters and flags. What goes on from run to run (tables, clock
//! references, counters) is kept by the writer, in a file of its own.

#[cfg(feature = "bytes")]
mod buf;
mod copy;
#[cfg(feature = "alloc")]
mod host;
mod layout;
mod packet;
mod packets;
mod pes;
mod pieces;
mod psi;
mod run;
mod state;
mod writer;

#[cfg(feature = "bytes")]
pub use buf::TsBuf;
pub use packet::{PACKET_LEN, Pid};
pub use packets::{ShortBuffer, TsPackets};

pub use crate::stream_type::StreamType;

pub(crate) use writer::TsWriter;
