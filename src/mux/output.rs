//! Where a container writes to.

use super::fmp4::{FragmentHead, Payload};
use super::ts::TsPackets;

/// Takes what a container writes into the open segment. Errors pass through the container unread.
pub(crate) trait Output {
    /// What can go wrong in taking it.
    type Error;

    /// Takes a run of whole TS packets.
    fn packets(&mut self, packets: TsPackets<'_>) -> Result<(), Self::Error>;

    /// Takes payload of a fragment.
    fn payload(&mut self, payload: Payload<'_>) -> Result<(), Self::Error>;

    /// Takes the head of the fragment whose payload came since the last one.
    fn head(&mut self, head: FragmentHead<'_>) -> Result<(), Self::Error>;
}
