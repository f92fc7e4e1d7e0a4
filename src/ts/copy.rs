//! The copy: a run of TS packets laid into memory.
//!
//! Nearly all of it moves constant lengths with no bounds to check. Where a length is not constant, more is moved than has
//! a place there, and what has its place is laid over it afterwards. Payload is read from front to back: touched out of
//! order, each run would wait for memory once more.

use core::mem;

use super::packet::{BODY_LEN, HEAD_LEN, PACKET_LEN, PCR_FIELD_LEN, PacketHeader, pcr_field};
use super::run::PesRun;

impl PesRun<'_> {
    /// Lays the run into as many packets as it has.
    #[inline]
    pub(super) fn copy(&self, packets: &mut [[u8; PACKET_LEN]]) {
        match self.payload.piece() {
            Some(piece) if self.copy_piece(packets, piece) => {}
            _ => {
                let mut copy = RunCopy {
                    run: self,
                    index: 0,
                    packets,
                    room: &mut [],
                };
                self.payload.slices().for_each(|slice| copy.append(slice));
            }
        }
    }

    /// Lays a run of several packets whose payload is one piece; says whether this is one.
    #[inline]
    fn copy_piece(&self, packets: &mut [[u8; PACKET_LEN]], piece: &[u8]) -> bool {
        let Some(beginning) = piece.first_chunk::<BODY_LEN>() else {
            return false;
        };
        let [first, _, ..] = packets else {
            return false;
        };
        let head_len = self.write_first(self.first_field(), first);
        // Some of it goes where the second packet will stand.
        if let Some(body) = packets
            .as_flattened_mut()
            .get_mut(head_len..head_len + BODY_LEN)
        {
            copy_unrolled(body, beginning);
        }
        let payload = piece.get(PACKET_LEN - head_len..).unwrap_or_default();
        if let [_, between @ .., last] = packets {
            let rest = self.copy_between(between, payload);
            self.copy_last(last, rest);
        }
        true
    }

    /// Lays the packets between the first and the last, plain ones and some with a clock reference, and returns what is
    /// left of the payload.
    #[inline]
    fn copy_between<'p>(
        &self,
        mut packets: &mut [[u8; PACKET_LEN]],
        mut payload: &'p [u8],
    ) -> &'p [u8] {
        let mut header = self.header(1);
        for pcr in 1..self.pcrs.count {
            let plain = self.pcrs.every - 1;
            if packets.len() <= plain {
                // The last packet has this one.
                break;
            }
            let (now, [packet, later @ ..]) = packets.split_at_mut(plain) else {
                return &[];
            };
            let (bodies, rest) = payload.split_at(payload.len().min(plain * BODY_LEN));
            let Some((body, rest)) = rest.split_first_chunk() else {
                return &[];
            };
            header = copy_plain(now, bodies, header);
            let field = pcr_field(PCR_FIELD_LEN, 0, self.pcrs.nth(pcr));
            copy_with_field(packet, header, field, body);
            (packets, payload, header) = (later, rest, header.ahead(1));
        }
        copy_plain(packets, payload, header);
        payload.get(packets.len() * BODY_LEN..).unwrap_or_default()
    }

    /// Lays the last packet with what is left of the payload.
    #[inline]
    fn copy_last(&self, packet: &mut [u8; PACKET_LEN], payload: &[u8]) {
        let field = self.last_field();
        if field.stuffing > 0 {
            // More than the stuffing: a constant length costs less.
            *packet = [0xff; PACKET_LEN];
        }
        let head_len = field.write(self.header(self.packets - 1), packet);
        if let Some(body) = packet.get_mut(head_len..)
            && body.len() == payload.len()
        {
            body.copy_from_slice(payload);
        }
    }
}

/// Lays plain packets, and returns the header of the one behind them.
#[inline(always)]
fn copy_plain(
    packets: &mut [[u8; PACKET_LEN]],
    payload: &[u8],
    mut header: PacketHeader,
) -> PacketHeader {
    let (bodies, _) = payload.as_chunks::<BODY_LEN>();
    for (packet, body) in packets.iter_mut().zip(bodies) {
        let (head, room) = packet.split_at_mut(HEAD_LEN);
        head.copy_from_slice(&header.to_bytes());
        copy_unrolled(room, body);
        header = header.ahead(1);
    }
    header
}

/// Lays a packet with nothing but a header and a clock reference before its payload.
#[inline(always)]
fn copy_with_field(
    packet: &mut [u8; PACKET_LEN],
    header: PacketHeader,
    field: [u8; PCR_FIELD_LEN],
    payload: &[u8; BODY_LEN - PCR_FIELD_LEN],
) {
    let (head, rest) = packet.split_at_mut(HEAD_LEN);
    let (room, body) = rest.split_at_mut(PCR_FIELD_LEN);
    head.copy_from_slice(&header.with_field().to_bytes());
    room.copy_from_slice(&field);
    copy_unrolled(body, payload);
}

/// Copies a body of more than 128 bytes in two pieces that the compiler unrolls: as one, it would call a function.
#[inline(always)]
fn copy_unrolled(to: &mut [u8], from: &[u8]) {
    let ((to, to_rest), (from, from_rest)) = (to.split_at_mut(128), from.split_at(128));
    to.copy_from_slice(from);
    to_rest.copy_from_slice(from_rest);
}

/// A run in several pieces on its way into memory.
struct RunCopy<'a, 'out> {
    run: &'a PesRun<'a>,
    /// How many packets were begun.
    index: usize,
    /// The packets that are still to be begun.
    packets: &'out mut [[u8; PACKET_LEN]],
    /// What is left of the packet that was begun last.
    room: &'out mut [u8],
}

impl RunCopy<'_, '_> {
    /// Lays a piece of the payload behind what there is.
    fn append(&mut self, mut piece: &[u8]) {
        loop {
            let room = mem::take(&mut self.room);
            let (now, later) = piece.split_at(room.len().min(piece.len()));
            let (taken, left) = room.split_at_mut(now.len());
            taken.copy_from_slice(now);
            (piece, self.room) = (later, left);
            let plain = self.run.plain_count(self.index).min(piece.len() / BODY_LEN);
            if plain > 0
                && let Some((packets, later)) =
                    mem::take(&mut self.packets).split_at_mut_checked(plain)
            {
                copy_plain(packets, piece, self.run.header(self.index));
                piece = piece.get(plain * BODY_LEN..).unwrap_or_default();
                self.packets = later;
                self.index += plain;
            }
            if piece.is_empty() {
                return;
            }
            let Some((packet, later)) = mem::take(&mut self.packets).split_first_mut() else {
                return;
            };
            let head_len = self.run.write_head(self.index, packet);
            self.room = packet.get_mut(head_len..).unwrap_or_default();
            self.packets = later;
            self.index += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::avc::{AccessUnit, AnnexB};
    use crate::time::WireTime;
    use crate::ts::packet::{ContinuityCounter, Pid};
    use crate::ts::pes::{Lead, PesHeader, StreamId};
    use crate::ts::run::{Payload, PcrPlan, Start};
    use std::vec;

    #[test]
    fn a_payload_in_one_piece_is_laid_as_one_from_two_packets_on() {
        let data = [[0, 0, 2, 0].as_slice(), &[0x41; 512]].concat();
        let unit = AccessUnit::lone_inter(&data).unwrap();
        let picture = AnnexB::lone(unit, data.len());
        let walked = AnnexB::new(&[], &[], AccessUnit::new(&data, 4), Default::default());
        let audio = [7; 171];
        for (payload, packets) in [
            (Payload::Video(&picture), 3),
            (Payload::Video(&walked), 3),
            (Payload::Audio(&data), 3),
            (Payload::Audio(&data[..184]), 2),
            (Payload::Audio(&audio), 2),
            (Payload::Audio(&audio[..170]), 1),
        ] {
            let time = WireTime::new(9);
            let header =
                PesHeader::new(StreamId::Audio, (time, time), Lead::of(&[]), payload.len());
            let place = (Pid::AUDIO, ContinuityCounter::new(5));
            let run = PesRun::new(place, Start::default(), PcrPlan::default(), header, payload);
            assert_eq!(run.packets, packets);
            let piece = payload.piece().unwrap();
            let laid = run.copy_piece(&mut vec![[0; PACKET_LEN]; packets], piece);
            assert_eq!(
                laid,
                packets > 1 && piece.len() >= BODY_LEN,
                "{}",
                piece.len()
            );
        }
    }
}
