//! MPEG-2 transport stream (ISO/IEC 13818-1): tables, PES packets, and one access unit as a run of TS packets.
//!
//! ```text
//!   access unit ──► PES packet ──► 188 │ 188 │ 188 │ … │ 188     TsPackets<'_>, borrowed, not yet copied
//!                   header + ES    head + payload       stuffed
//! ```
//!
//! Everything here is told its times, counters and flags; it remembers nothing between two runs.

mod copy;
mod crc;
mod heads;
mod packet;
mod packets;
mod pes;
mod pieces;
mod psi;
mod run;

pub use packet::{PACKET_LEN, Pid};
pub use packets::{ShortBuffer, TsPackets};
#[cfg(feature = "bytes")]
pub use pieces::TsBuf;
pub use psi::StreamType;

pub(crate) use packet::{ContinuityCounter, pcr_only_packet};
pub(crate) use pes::{Lead, PesHeader, StreamId};
pub(crate) use psi::{Program, psi_packets};
pub(crate) use run::{Payload, PcrPlan, PesRun, Start};
