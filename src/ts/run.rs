//! A PES packet laid out over TS packets, and the copy that writes it.
//!
//! Only the first packet of a run, the last one and those with a PCR have an adaptation field; where they stand
//! is worked out once, when the run is made. Between them every packet is 4 bytes of header and 184 bytes of
//! payload, so that the copy moves constant lengths with no bounds to check.

use core::mem;

use super::packet::{
    BODY_LEN, Body, ContinuityCounter, FLAGS_FIELD_LEN, PACKET_LEN, PCR_FIELD_LEN, Pid,
    packet_header, pcr_field,
};
use super::pes::PesHeader;
use crate::codec::avc::{AnnexB, Slices};
use crate::time::{TickSpan, Ticks};

/// What the adaptation field of the first packet says of the access unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Start {
    /// The first packet of its PID after a break of the timeline.
    pub(crate) discontinuity: bool,
    pub(crate) random_access: bool,
}

/// The clock references that a run carries: `count` of them, from `first` on, `step` apart.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PcrPlan {
    pub(crate) first: Ticks,
    pub(crate) step: TickSpan,
    pub(crate) count: usize,
    /// A single one may stand in any packet of the run, not only in the first.
    pub(crate) floating: bool,
}

impl PcrPlan {
    pub(crate) const fn one(pcr: Ticks) -> Self {
        Self {
            first: pcr,
            step: TickSpan::ZERO,
            count: 1,
            floating: true,
        }
    }
}

/// A PES packet laid out over TS packets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PesRun<'a> {
    pid: Pid,
    counter: ContinuityCounter,
    start: Start,
    header: PesHeader,
    payload: Payload<'a>,
    pcr: PcrPlan,
    /// Index of the first packet with a PCR; the others follow `pcr_every` packets apart.
    pcr_at: usize,
    pcr_every: usize,
    pub(super) packets: usize,
    /// Bytes of the last packet that neither field nor payload fills.
    stuffing: usize,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Payload<'a> {
    Video(AnnexB<'a>),
    Audio(&'a [u8]),
}

impl<'a> Payload<'a> {
    pub(super) fn slices(&self) -> Slices<'a> {
        match self {
            Self::Video(access_unit) => access_unit.slices(),
            Self::Audio(frames) => Slices::one(frames),
        }
    }
}

impl<'a> PesRun<'a> {
    /// Lays `header` and `payload` of `payload_len` bytes out; `counter` is that of the first packet.
    pub(crate) fn new(
        (pid, counter): (Pid, ContinuityCounter),
        start: Start,
        pcr: PcrPlan,
        header: PesHeader,
        (payload, payload_len): (Payload<'a>, usize),
    ) -> Self {
        let bytes = header.as_bytes().len() + payload_len;
        let bare = bytes.div_ceil(BODY_LEN).max(1);
        let mut run = Self {
            pid,
            counter,
            start,
            header,
            payload,
            pcr,
            pcr_at: 0,
            pcr_every: 1,
            packets: bare,
            stuffing: bare * BODY_LEN - bytes,
        };
        // Two PCRs never share a packet, and the last packet of several keeps room for payload.
        run.pcr.count = pcr.count.min((bare - 1).max(1));
        let flagged = start != Start::default();
        let free = run.pcr.count == 1 && pcr.floating && !flagged && run.stuffing >= PCR_FIELD_LEN;
        if free {
            // A lone PCR costs nothing where stuffing would stand anyway.
            run.pcr_at = run.packets - 1;
            run.stuffing -= PCR_FIELD_LEN;
            return run;
        }
        let fields = match (run.pcr.count, flagged) {
            (0, true) => FLAGS_FIELD_LEN,
            (count, _) => count * PCR_FIELD_LEN,
        };
        run.packets = (bytes + fields).div_ceil(BODY_LEN).max(1);
        run.stuffing = run.packets * BODY_LEN - bytes - fields;
        run.pcr_every = run.packets.checked_div(run.pcr.count).unwrap_or(1).max(1);
        run
    }

    pub(super) const fn payload(&self) -> Payload<'a> {
        self.payload
    }

    /// Returns how many packets the run has.
    pub(crate) const fn packets(&self) -> usize {
        self.packets
    }

    /// Returns the last clock reference of the run, if it has any.
    pub(crate) fn last_pcr(&self) -> Option<Ticks> {
        let last = self.pcr.count.checked_sub(1)?;
        Some(self.pcr.first + TickSpan::new(self.pcr.step.get().wrapping_mul(last as i64)))
    }

    /// Returns the clock reference that packet `index` carries.
    fn pcr_of(&self, index: usize) -> Option<Ticks> {
        let past = index.checked_sub(self.pcr_at)?;
        let (nth, between) = (past / self.pcr_every, past % self.pcr_every);
        (between == 0 && nth < self.pcr.count)
            .then(|| self.pcr.first + TickSpan::new(self.pcr.step.get().wrapping_mul(nth as i64)))
    }

    /// Writes everything of packet `index` that comes before its payload and returns how many bytes that were.
    pub(super) fn write_head(&self, index: usize, packet: &mut [u8; PACKET_LEN]) -> usize {
        let pcr = self.pcr_of(index);
        let flagged = index == 0 && self.start != Start::default();
        let stuffing = if index + 1 == self.packets {
            self.stuffing
        } else {
            0
        };
        let field_len = stuffing
            + match (pcr, flagged) {
                (Some(_), _) => PCR_FIELD_LEN,
                (None, true) => FLAGS_FIELD_LEN,
                (None, false) => 0,
            };
        let body = if field_len == 0 {
            Body::Payload
        } else {
            Body::Both
        };
        let header = packet_header(self.pid, index == 0, body, self.counter.ahead(index));
        let (head, rest) = packet.split_at_mut(4);
        head.copy_from_slice(&header);
        let (field, rest) = rest.split_at_mut(field_len.min(BODY_LEN));
        field.fill(0xff);
        // The length byte does not count itself; a field of one byte has no flags.
        if let Some((length, rest)) = field.split_first_mut() {
            *length = (field_len - 1) as u8;
            if let Some((flags, rest)) = rest.split_first_mut() {
                *flags = 0;
                if flagged {
                    *flags |= u8::from(self.start.discontinuity) << 7
                        | u8::from(self.start.random_access) << 6;
                }
                if let (Some(pcr), Some(room)) = (pcr, rest.first_chunk_mut()) {
                    *flags |= 0x10;
                    *room = pcr_field(pcr.to_wire());
                }
            }
        }
        let lead = if index == 0 {
            self.header.as_bytes()
        } else {
            &[]
        };
        if let Some(room) = rest.get_mut(..lead.len()) {
            room.copy_from_slice(lead);
        }
        4 + field_len + lead.len()
    }

    /// Returns how many packets from `index` on have no adaptation field.
    fn plain_from(&self, index: usize) -> usize {
        let end = if self.stuffing > 0 {
            self.packets - 1
        } else {
            self.packets
        };
        let past = index.saturating_sub(self.pcr_at);
        let next_pcr = if self.pcr.count == 0 || past.div_ceil(self.pcr_every) >= self.pcr.count {
            end
        } else {
            self.pcr_at + past.div_ceil(self.pcr_every) * self.pcr_every
        };
        next_pcr.min(end).saturating_sub(index)
    }

    pub(super) fn copy(&self, mut packets: &mut [[u8; PACKET_LEN]]) {
        let mut index = 0;
        let mut room: &mut [u8] = &mut [];
        for mut slice in self.payload.slices() {
            loop {
                let count = room.len().min(slice.len());
                let (now, later) = slice.split_at(count);
                let (taken, left) = mem::take(&mut room).split_at_mut(count);
                taken.copy_from_slice(now);
                (slice, room) = (later, left);
                if slice.is_empty() {
                    break;
                }
                if index > 0 {
                    let (chunks, _) = slice.as_chunks::<BODY_LEN>();
                    let plain = self.plain_from(index).min(chunks.len()).min(packets.len());
                    let (now, later) = mem::take(&mut packets).split_at_mut(plain);
                    self.copy_plain(index, now, chunks);
                    packets = later;
                    index += plain;
                    slice = slice.get(plain * BODY_LEN..).unwrap_or_default();
                    if slice.is_empty() {
                        break;
                    }
                }
                let Some((packet, later)) = mem::take(&mut packets).split_first_mut() else {
                    return;
                };
                let head_len = self.write_head(index, packet);
                room = packet.get_mut(head_len..).unwrap_or_default();
                packets = later;
                index += 1;
            }
        }
    }

    /// Lays whole packets without adaptation field: constant lengths only.
    fn copy_plain(
        &self,
        index: usize,
        packets: &mut [[u8; PACKET_LEN]],
        chunks: &[[u8; BODY_LEN]],
    ) {
        let mut counter = self.counter.ahead(index);
        for (packet, chunk) in packets.iter_mut().zip(chunks) {
            let (head, body) = packet.split_at_mut(4);
            let header = packet_header(self.pid, false, Body::Payload, counter.take(1));
            head.copy_from_slice(&header);
            // In two pieces that the compiler unrolls: as one, it would call a function.
            let ((to, to_rest), (from, from_rest)) = (body.split_at_mut(128), chunk.split_at(128));
            to.copy_from_slice(from);
            to_rest.copy_from_slice(from_rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::WireTime;
    use crate::ts::pes::StreamId;
    use crate::ts::{ShortBuffer, TsPackets};
    use std::vec;
    use std::vec::Vec;

    fn run(payload: &[u8], start: Start, pcr: PcrPlan) -> TsPackets<'_> {
        let time = WireTime::new(9);
        let header = PesHeader::new(StreamId::Audio, time, time, &[], payload.len());
        let place = (Pid::AUDIO, ContinuityCounter::new(5));
        TsPackets::pes(PesRun::new(
            place,
            start,
            pcr,
            header,
            (Payload::Audio(payload), payload.len()),
        ))
    }

    /// Takes packets apart again, slowly: `(payload, PCR bases in order)`.
    fn unpack(bytes: &[u8]) -> (Vec<u8>, Vec<u64>) {
        let (mut payload, mut pcrs) = (Vec::new(), Vec::new());
        for (index, packet) in bytes.chunks(PACKET_LEN).enumerate() {
            assert_eq!(packet[0], 0x47);
            assert_eq!(
                packet[1] & 0x40 != 0,
                index == 0,
                "unit start of packet {index}"
            );
            assert_eq!(
                packet[3] & 0x0f,
                (5 + index as u8) & 0x0f,
                "counter of packet {index}"
            );
            let mut at = 4;
            if packet[3] & 0x20 != 0 {
                let len = usize::from(packet[4]);
                assert!(len <= 182, "field of packet {index} leaves no payload");
                at += 1 + len;
                let pcr_len = if len > 0 && packet[5] & 0x10 != 0 {
                    6
                } else {
                    0
                };
                if pcr_len > 0 {
                    let head = u64::from_be_bytes(packet[4..12].try_into().unwrap());
                    pcrs.push(head << 16 >> 31);
                }
                assert!(
                    packet[(6 + pcr_len).min(at)..at]
                        .iter()
                        .all(|&byte| byte == 0xff)
                );
            }
            payload.extend_from_slice(&packet[at..]);
        }
        (payload, pcrs)
    }

    #[test]
    fn t_12_every_remainder_of_payload_is_stuffed_by_adaptation_field_only() {
        let source: Vec<u8> = (0..=255).cycle().take(600).collect();
        let plans = [PcrPlan::default(), PcrPlan::one(Ticks::new(77))];
        let spread = PcrPlan {
            first: Ticks::new(77),
            step: TickSpan::new(9000),
            count: 3,
            floating: false,
        };
        let starts = [
            Start::default(),
            Start {
                discontinuity: true,
                random_access: true,
            },
        ];
        for len in 1..source.len() {
            for (plan, start) in plans
                .into_iter()
                .chain([spread])
                .flat_map(|p| starts.map(|s| (p, s)))
            {
                let packets = run(&source[..len], start, plan);
                let mut bytes = vec![0; packets.len()];
                packets.copy_to_slice(&mut bytes).unwrap();
                let (payload, pcrs) = unpack(&bytes);
                assert_eq!(payload[14..], source[..len], "{len} {plan:?} {start:?}");
                let most = ((14 + len).div_ceil(184) - 1).max(1);
                let want: Vec<u64> = (0..plan.count.min(most) as u64)
                    .map(|n| 77 + n * plan.step.get() as u64)
                    .collect();
                assert_eq!(pcrs, want, "{len} {plan:?} {start:?}");

                let mut pieces = Vec::new();
                packets.for_each_piece(|piece| pieces.extend_from_slice(piece));
                assert_eq!(pieces, bytes, "pieces of {len} {plan:?} {start:?}");
            }
        }
    }

    #[test]
    fn t_11_flags_of_an_access_point_stand_with_its_pcr_in_the_first_packet() {
        let start = Start {
            discontinuity: false,
            random_access: true,
        };
        let packets = run(&[1; 500], start, PcrPlan::one(Ticks::new(0)));
        let mut bytes = vec![0; packets.len()];
        packets.copy_to_slice(&mut bytes).unwrap();
        assert_eq!(bytes[3..6], [0x35, 7, 0x50]);
    }

    #[test]
    fn a_short_buffer_is_refused_and_left_alone() {
        let packets = run(&[1; 500], Start::default(), PcrPlan::default());
        let mut out = [7; 3 * PACKET_LEN - 1];
        assert_eq!(
            packets.copy_to_slice(&mut out),
            Err(ShortBuffer {
                needed: 3 * PACKET_LEN
            })
        );
        assert!(out.iter().all(|&byte| byte == 7));
    }
}
