//! The heads of a run's packets: what stands before the payload of each, written one after the other.

use super::packet::{
    ADAPTATION_FIELD, BODY_LEN, Body, FLAGS_FIELD_LEN, PACKET_LEN, PCR_FIELD_LEN, UNIT_START,
    packet_header, pcr_field,
};
use super::run::{PesRun, Start};
use crate::time::Ticks;

/// Writes the heads of a run in order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Heads<'a> {
    run: &'a PesRun<'a>,
    /// Index of the packet whose head comes next.
    index: usize,
    /// Its header as far as it is that of a plain packet, as one number: the last byte, `0x10 | counter`, is on top.
    header: u32,
    /// Index of the next packet with a PCR, or one that no packet has.
    pcr_at: usize,
    pcr: Ticks,
    /// Index of the packet with stuffing, or one that no packet has.
    stuffed_at: usize,
}

impl<'a> Heads<'a> {
    #[inline]
    pub(super) const fn new(run: &'a PesRun<'a>) -> Self {
        Self {
            run,
            index: 0,
            header: u32::from_le_bytes(packet_header(run.pid, false, Body::Payload, run.counter)),
            pcr_at: if run.pcr.count > 0 {
                run.pcr_at
            } else {
                run.packets
            },
            pcr: run.pcr.first,
            stuffed_at: if run.stuffing > 0 {
                run.packets - 1
            } else {
                run.packets
            },
        }
    }

    /// Says whether the head of every packet was written.
    pub(super) const fn is_done(&self) -> bool {
        self.index >= self.run.packets
    }

    /// Returns how many packets come next that have nothing but a header before their payload.
    #[inline]
    pub(super) fn plain_count(&self) -> usize {
        if self.index == 0 {
            return 0;
        }
        self.pcr_at.min(self.stuffed_at).saturating_sub(self.index)
    }

    /// Lays whole packets that are [plain](Self::plain_count): constant lengths only.
    #[inline]
    pub(super) fn copy_plain(
        &mut self,
        packets: &mut [[u8; PACKET_LEN]],
        chunks: &[[u8; BODY_LEN]],
    ) {
        let mut header = self.header;
        self.index += packets.len();
        for (packet, chunk) in packets.iter_mut().zip(chunks) {
            let (head, body) = packet.split_at_mut(4);
            head.copy_from_slice(&header.to_le_bytes());
            header = following(header);
            // In two pieces that the compiler unrolls: as one, it would call a function.
            let ((to, to_rest), (from, from_rest)) = (body.split_at_mut(128), chunk.split_at(128));
            to.copy_from_slice(from);
            to_rest.copy_from_slice(from_rest);
        }
        self.header = header;
    }

    /// Writes everything of the next packet that comes before its payload and returns how many bytes that were.
    #[inline]
    pub(super) fn write(&mut self, packet: &mut [u8; PACKET_LEN]) -> usize {
        let first = self.index == 0;
        let start = if first {
            self.run.start
        } else {
            Start::default()
        };
        let stuffing = if self.index == self.stuffed_at {
            self.run.stuffing
        } else {
            0
        };
        let pcr = self.index == self.pcr_at;
        let field_len = stuffing
            + match (pcr, start != Start::default()) {
                (true, _) => PCR_FIELD_LEN,
                (false, true) => FLAGS_FIELD_LEN,
                (false, false) => 0,
            };
        let unit_start = if first { UNIT_START } else { 0 };
        let adaptation_field = if field_len > 0 { ADAPTATION_FIELD } else { 0 };
        let header = self.header | unit_start | adaptation_field;
        self.header = following(self.header);
        self.index += 1;
        let (head, rest) = packet.split_at_mut(4);
        head.copy_from_slice(&header.to_le_bytes());
        let (field, rest) = rest.split_at_mut(field_len.min(BODY_LEN));
        // The length byte does not count itself; a field of one byte has no flags.
        if let Some((length, field)) = field.split_first_mut() {
            *length = (field_len - 1) as u8;
            if stuffing > 0 {
                field.fill(0xff);
            }
            if let Some((flags, field)) = field.split_first_mut() {
                *flags = u8::from(start.discontinuity) << 7 | u8::from(start.random_access) << 6;
                if pcr && let Some(room) = field.first_chunk_mut() {
                    *flags |= 0x10;
                    *room = pcr_field(self.pcr.to_wire());
                    self.next_pcr();
                }
            }
        }
        let lead_len = if first {
            self.run.header.write(rest)
        } else {
            0
        };
        4 + field_len + lead_len
    }

    /// Works out where the PCR after this one stands.
    #[inline]
    fn next_pcr(&mut self) {
        let PesRun {
            pcr,
            pcr_every,
            pcr_at,
            packets,
            ..
        } = self.run;
        self.pcr = self.pcr + pcr.step;
        self.pcr_at += pcr_every;
        if self.pcr_at >= pcr_at + pcr.count * pcr_every {
            self.pcr_at = *packets;
        }
    }
}

/// Returns the header of the packet after that of `header`: only the counter differs.
#[inline]
const fn following(header: u32) -> u32 {
    header.wrapping_add(1 << 24) & 0x0fff_ffff | 0x1000_0000
}
