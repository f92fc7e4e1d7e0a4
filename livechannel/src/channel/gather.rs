//! Bytes of the open segment, put together as an engine hands them out.

use bytes::Bytes;
use hls_segmenter::fmp4::{FragmentHead, Payload};
use hls_segmenter::ts::{PACKET_LEN, TsPackets};

/// The open segment: of MPEG-TS its packets, of fragmented MP4 fragments and the payload of one whose
/// head is still to come.
#[derive(Debug, Default)]
pub(super) struct Gather {
    packets: Vec<[u8; PACKET_LEN]>,
    fragments: Vec<u8>,
    payload: Vec<u8>,
    /// Parts that are complete.
    parts: Vec<Bytes>,
    /// All bytes that were taken of the segment.
    len: usize,
}

impl Gather {
    /// Begins a segment of MPEG-TS that is likely to have about so many bytes.
    pub(super) fn expect_packets(&mut self, expected: usize) {
        self.packets.reserve_exact(expected / PACKET_LEN);
    }

    /// Begins a segment of fragments that is likely to have about so many bytes.
    pub(super) fn expect_fragments(&mut self, expected: usize) {
        self.fragments.reserve_exact(expected);
    }

    /// Returns how many bytes there are.
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    pub(super) fn packets(&mut self, packets: TsPackets<'_>) {
        self.len += packets.len();
        packets.append_to(&mut self.packets);
    }

    pub(super) fn payload(&mut self, payload: Payload<'_>) {
        self.len += payload.len();
        payload.append_to(&mut self.payload);
    }

    /// Ends a fragment with its head, which goes before the payload.
    pub(super) fn fragment(&mut self, head: FragmentHead<'_>) {
        self.len += head.len();
        head.append_to(&mut self.fragments);
        self.fragments.append(&mut self.payload);
    }

    /// Ends a part and returns it.
    pub(super) fn part(&mut self) -> Bytes {
        // What a part has reserved and does not need would be counted by nobody.
        self.packets.shrink_to_fit();
        self.fragments.shrink_to_fit();
        let part = self.rest();
        self.parts.push(part.clone());
        part
    }

    /// Ends the segment and returns it.
    pub(super) fn whole(&mut self) -> Bytes {
        let rest = self.rest();
        let whole = if self.parts.is_empty() {
            rest
        } else {
            let mut whole = Vec::with_capacity(self.len);
            self.parts.iter().for_each(|part| whole.extend_from_slice(part));
            whole.extend_from_slice(&rest);
            whole.into()
        };
        *self = Self::default();
        whole
    }

    /// Takes what has come since the last part.
    fn rest(&mut self) -> Bytes {
        if self.packets.is_empty() {
            Bytes::from(core::mem::take(&mut self.fragments))
        } else {
            Bytes::from(core::mem::take(&mut self.packets).into_flattened())
        }
    }
}
