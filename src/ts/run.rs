//! A PES packet laid out over TS packets, and the copy that writes it.
//!
//! Only the first packet of a run, the last one and those with a PCR have an adaptation field; where they stand
//! is worked out once, when the run is made. Between them every packet is 4 bytes of header and 184 bytes of
//! payload, so that the copy moves constant lengths with no bounds to check.

use core::mem;

use super::heads::Heads;
use super::packet::{BODY_LEN, ContinuityCounter, FLAGS_FIELD_LEN, PACKET_LEN, PCR_FIELD_LEN, Pid};
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
    pub(super) pid: Pid,
    pub(super) counter: ContinuityCounter,
    pub(super) start: Start,
    pub(super) header: PesHeader,
    payload: Payload<'a>,
    pub(super) pcr: PcrPlan,
    /// Index of the first packet with a PCR; the others follow `pcr_every` packets apart.
    pub(super) pcr_at: usize,
    pub(super) pcr_every: usize,
    pub(super) packets: usize,
    /// Bytes of the last packet that neither field nor payload fills.
    pub(super) stuffing: usize,
}

/// The bytes of a PES packet behind its [`PesHeader`].
#[derive(Clone, Copy, Debug)]
pub(crate) enum Payload<'a> {
    /// An access unit, but for its first start code: that stands in the header, behind the delimiter.
    Video(&'a AnnexB<'a>),
    Audio(&'a [u8]),
}

impl<'a> Payload<'a> {
    pub(super) fn slices(&self) -> Slices<'a> {
        match self {
            Self::Video(access_unit) => access_unit.slices_behind_start_code(),
            Self::Audio(frames) => Slices::one(frames),
        }
    }

    /// Returns all of it, where it lies in one piece.
    #[inline]
    const fn piece(&self) -> Option<&'a [u8]> {
        match self {
            Self::Video(access_unit) => access_unit.piece_behind_start_code(),
            Self::Audio(frames) => Some(frames),
        }
    }

    #[inline]
    pub(crate) const fn len(&self) -> usize {
        match self {
            Self::Video(access_unit) => access_unit.len_behind_start_code(),
            Self::Audio(frames) => frames.len(),
        }
    }
}

impl<'a> PesRun<'a> {
    /// Lays `header` and `payload` out; `counter` is that of the first packet.
    #[inline]
    pub(crate) fn new(
        (pid, counter): (Pid, ContinuityCounter),
        start: Start,
        pcr: PcrPlan,
        header: PesHeader,
        payload: Payload<'a>,
    ) -> Self {
        let bytes = header.len() + payload.len();
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
        let flagged = start != Start::default();
        if pcr.count == 0 && !flagged {
            return run;
        }
        // Two PCRs never share a packet, and the last packet of several keeps room for payload.
        run.pcr.count = pcr.count.min((bare - 1).max(1));
        let free = run.pcr.count == 1 && pcr.floating && !flagged && run.stuffing >= PCR_FIELD_LEN;
        if free {
            // A lone PCR costs nothing where stuffing would stand anyway.
            run.pcr_at = run.packets - 1;
            run.stuffing -= PCR_FIELD_LEN;
            return run;
        }
        let fields = if run.pcr.count == 0 {
            FLAGS_FIELD_LEN
        } else {
            run.pcr.count * PCR_FIELD_LEN
        };
        run.packets = (bytes + fields).div_ceil(BODY_LEN).max(1);
        run.stuffing = run.packets * BODY_LEN - bytes - fields;
        if run.pcr.count > 1 {
            run.pcr_every = (run.packets / run.pcr.count).max(1);
        }
        run
    }

    pub(super) const fn payload(&self) -> Payload<'a> {
        self.payload
    }

    /// Returns how many packets the run has.
    #[inline]
    pub(crate) const fn packets(&self) -> usize {
        self.packets
    }

    /// Returns the last clock reference of the run, if it has any.
    #[inline]
    pub(crate) fn last_pcr(&self) -> Option<Ticks> {
        let last = self.pcr.count.checked_sub(1)?;
        Some(self.pcr.first + TickSpan::new(self.pcr.step.get().wrapping_mul(last as i64)))
    }

    #[inline]
    pub(super) fn copy(&self, packets: &mut [[u8; PACKET_LEN]]) {
        let mut copy = RunCopy {
            heads: Heads::new(self),
            packets,
            room: &mut [],
        };
        match self.payload.piece() {
            Some(piece) => copy.append(piece),
            None => self.payload.slices().for_each(|slice| copy.append(slice)),
        }
    }
}

/// A run on its way into memory.
struct RunCopy<'a, 'out> {
    heads: Heads<'a>,
    /// The packets that are still to be begun.
    packets: &'out mut [[u8; PACKET_LEN]],
    /// What is left of the packet that was begun last.
    room: &'out mut [u8],
}

impl RunCopy<'_, '_> {
    /// Lays a slice of the payload behind what there is.
    fn append(&mut self, mut slice: &[u8]) {
        // Worked on in registers, and put back at the end.
        let mut heads = self.heads;
        let mut packets = mem::take(&mut self.packets);
        let mut room = mem::take(&mut self.room);
        loop {
            if !room.is_empty() {
                let count = room.len().min(slice.len());
                let (now, later) = slice.split_at(count);
                let (taken, left) = room.split_at_mut(count);
                taken.copy_from_slice(now);
                (slice, room) = (later, left);
            }
            let (chunks, _) = slice.as_chunks::<BODY_LEN>();
            let plain = heads.plain_count().min(chunks.len()).min(packets.len());
            if plain > 0 {
                let (now, later) = packets.split_at_mut(plain);
                heads.copy_plain(now, chunks);
                packets = later;
                slice = slice.get(plain * BODY_LEN..).unwrap_or_default();
            }
            if slice.is_empty() {
                break;
            }
            let Some((packet, later)) = packets.split_first_mut() else {
                packets = &mut [];
                break;
            };
            let head_len = heads.write(packet);
            room = packet.get_mut(head_len..).unwrap_or_default();
            packets = later;
        }
        *self = Self {
            heads,
            packets,
            room,
        };
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

    fn run(payload: &[u8], start: Start, pcr: PcrPlan) -> PesRun<'_> {
        let time = WireTime::new(9);
        let header = PesHeader::new(StreamId::Audio, time, time, &[], payload.len());
        let place = (Pid::AUDIO, ContinuityCounter::new(5));
        PesRun::new(place, start, pcr, header, Payload::Audio(payload))
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
                let run = run(&source[..len], start, plan);
                let packets = TsPackets::pes(&run);
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
        let run = run(&[1; 500], start, PcrPlan::one(Ticks::new(0)));
        let packets = TsPackets::pes(&run);
        let mut bytes = vec![0; packets.len()];
        packets.copy_to_slice(&mut bytes).unwrap();
        assert_eq!(bytes[3..6], [0x35, 7, 0x50]);
    }

    #[test]
    fn a_short_buffer_is_refused_and_left_alone() {
        let run = run(&[1; 500], Start::default(), PcrPlan::default());
        let packets = TsPackets::pes(&run);
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
