//! A PES packet laid out over TS packets.
//!
//! Only the first packet of a run, the last one and those with a PCR have an adaptation field;
//! where they stand is worked out once, when the run is made. Between them every packet is 4 bytes
//! of header and 184 bytes of payload.
//!
//! ```text
//!   4 │ field with PCR 8 │ PES header, delimiter 29 │ 147    4 │ 184    4 │ 184    4 │ stuffing 90 │ 94
//! ```

use super::packet::{
    BODY_LEN, ContinuityCounter, FLAGS_FIELD_LEN, Field, PACKET_LEN, PCR_FIELD_LEN, PacketHeader,
    Pid,
};
use super::pes::PesHeader;
use crate::codec::nal::{AnnexB, Slices};
use crate::time::{TickSpan, Ticks};

/// What the adaptation field of the first packet says of the access unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Start {
    /// The first packet of its PID after a break of the timeline.
    pub(crate) discontinuity: bool,
    /// Decoding can begin with this access unit.
    pub(crate) random_access: bool,
}

impl Start {
    /// Returns the flags of the adaptation field.
    #[inline]
    pub(super) const fn flags(self) -> u8 {
        let discontinuity = if self.discontinuity { Field::DISCONTINUITY } else { 0 };
        let random_access = if self.random_access { Field::RANDOM_ACCESS } else { 0 };
        discontinuity | random_access
    }
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
    /// Plans one clock reference.
    pub(crate) const fn one(pcr: Ticks) -> Self {
        Self { first: pcr, step: TickSpan::ZERO, count: 1, floating: true }
    }

    /// Spreads clock references evenly from `first` on over the time to `end`, at most `interval`
    /// apart.
    pub(crate) fn spread(first: Ticks, end: Ticks, interval: TickSpan) -> Self {
        let span = (end - first).get();
        let count = span.max(1).unsigned_abs().div_ceil(interval.get().unsigned_abs());
        Self {
            first,
            step: (end - first) / count.max(1).cast_signed(),
            count: count as usize,
            floating: false,
        }
    }
}

/// A PES packet laid out over TS packets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PesRun<'a> {
    /// Of the first packet, as if that were plain.
    pub(super) first: PacketHeader,
    /// Of the adaptation field of the first packet.
    pub(super) flags: u8,
    pub(super) header: PesHeader,
    pub(super) payload: Payload<'a>,
    pub(super) pcrs: Pcrs,
    /// How many packets: never 0.
    pub(super) packets: usize,
    /// Bytes of the last packet that neither field nor payload fills.
    pub(super) stuffing: usize,
}

/// The clock references of a run.
#[derive(Clone, Copy, Debug)]
pub(super) enum Pcrs {
    None,
    /// One in the last packet of several.
    InLast(Ticks),
    /// One in the first packet, and `more` after it, each `every` packets and `step` after the one
    /// before it, none of them in the last packet.
    FromFirst {
        first: Ticks,
        step: TickSpan,
        more: usize,
        every: usize,
    },
}

/// The bytes of a PES packet after its [`PesHeader`].
#[derive(Clone, Copy, Debug)]
pub(crate) enum Payload<'a> {
    /// An access unit, but for its first start code: that stands in the header, after the
    /// delimiter.
    Video(&'a AnnexB<'a>),
    Audio(&'a [u8]),
}

impl<'a> Payload<'a> {
    /// Iterates over the pieces that the payload lies in.
    pub(super) fn slices(&self) -> Slices<'a> {
        match self {
            Self::Video(access_unit) => access_unit.slices_behind_start_code(),
            Self::Audio(frames) => Slices::one(frames),
        }
    }

    /// Returns all of it, if it lies in one piece.
    #[inline]
    pub(super) const fn piece(&self) -> Option<&'a [u8]> {
        match self {
            Self::Video(access_unit) => access_unit.piece_behind_start_code(),
            Self::Audio(frames) => Some(frames),
        }
    }

    /// Returns the length in bytes.
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
    ///
    /// A clock reference takes eight bytes of payload, and may so cost a packet. Where the last
    /// packet has eight bytes of stuffing to spare, a single one that may float stands there for
    /// nothing.
    #[inline(always)]
    pub(crate) fn new(
        (pid, counter): (Pid, ContinuityCounter),
        start: Start,
        plan: PcrPlan,
        header: PesHeader,
        payload: Payload<'a>,
    ) -> Self {
        let flags = start.flags();
        let bytes = header.len() + payload.len();
        let bare = packets_for(bytes);
        let mut run = Self {
            first: PacketHeader::new(pid, counter),
            flags,
            header,
            payload,
            pcrs: Pcrs::None,
            packets: bare,
            stuffing: bare * BODY_LEN - bytes,
        };
        // Two never share a packet, and the last packet of several keeps room for payload.
        let count = plan.count.min((bare - 1).max(1));
        let fields = match (count, flags) {
            (0, 0) => return run,
            (0, _) => FLAGS_FIELD_LEN,
            (1, 0) if plan.floating && bare > 1 && run.stuffing >= PCR_FIELD_LEN => {
                // A lone one costs nothing where stuffing would stand anyway.
                run.pcrs = Pcrs::InLast(plan.first);
                run.stuffing -= PCR_FIELD_LEN;
                return run;
            }
            _ => count * PCR_FIELD_LEN,
        };
        run.packets = packets_for(bytes + fields);
        run.stuffing = run.packets * BODY_LEN - bytes - fields;
        if let Some(more) = count.checked_sub(1) {
            let every = run.packets / count;
            run.pcrs = Pcrs::FromFirst { first: plan.first, step: plan.step, more, every };
        }
        run
    }

    /// Returns how many packets the run has.
    #[inline]
    pub(crate) const fn packets(&self) -> usize {
        self.packets
    }

    /// Returns the last clock reference of the run, if it has any.
    #[inline]
    pub(crate) fn last_pcr(&self) -> Option<Ticks> {
        match self.pcrs {
            Pcrs::None => None,
            Pcrs::InLast(pcr) => Some(pcr),
            Pcrs::FromFirst { first, step, more, .. } => {
                Some(first + step * more.cast_signed() as i64)
            }
        }
    }
}

impl PesRun<'_> {
    /// Returns the header of the second packet, as if it were plain.
    #[inline(always)]
    pub(super) const fn second_header(&self) -> PacketHeader {
        self.first.next()
    }

    /// Writes the head of the first packet, and returns its length. Bytes after it may be spoilt.
    #[inline(always)]
    pub(super) fn write_first_head(&self, packet: &mut [u8; PACKET_LEN]) -> usize {
        let flags = self.flags;
        let pcr = match self.pcrs {
            Pcrs::FromFirst { first, .. } => Some(first),
            Pcrs::None | Pcrs::InLast(_) => None,
        };
        let header = if self.header.starts_packet() { self.first.unit_start() } else { self.first };
        let len = if self.packets > 1 {
            Field { flags, pcr, stuffing: 0 }.write(header, packet)
        } else {
            Field { flags, pcr, stuffing: self.stuffing }.write(header, packet)
        };
        let room = packet.get_mut(len..).unwrap_or_default();
        len + self.header.write(room)
    }
}

/// Returns how many packets hold so many bytes, of which there are some: the PES header at least.
#[inline]
const fn packets_for(bytes: usize) -> usize {
    1 + bytes.saturating_sub(1) / BODY_LEN
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mux::ts::pes::{Lead, StreamId};
    use crate::mux::ts::{ShortBuffer, TsPackets};
    use crate::time::WireTime;
    use std::vec;
    use std::vec::Vec;

    fn run(payload: &[u8], start: Start, pcr: PcrPlan) -> PesRun<'_> {
        let time = WireTime::new(9);
        let header = PesHeader::new(StreamId::Audio, (time, time), Lead::of(&[]), payload.len());
        let place = (Pid::AUDIO, ContinuityCounter::new(5));
        PesRun::new(place, start, pcr, header, Payload::Audio(payload))
    }

    /// Takes packets apart again, slowly: `(payload, PCR bases in order)`.
    fn unpack(bytes: &[u8]) -> (Vec<u8>, Vec<u64>) {
        let (mut payload, mut pcrs) = (Vec::new(), Vec::new());
        for (index, packet) in bytes.chunks(PACKET_LEN).enumerate() {
            assert_eq!(packet[0], 0x47);
            assert_eq!(packet[1] & 0x40 != 0, index == 0, "unit start of packet {index}");
            assert_eq!(packet[3] & 0x0f, (5 + index as u8) & 0x0f, "counter of packet {index}");
            let mut at = 4;
            if packet[3] & 0x20 != 0 {
                let len = usize::from(packet[4]);
                assert!(len <= 182, "field of packet {index} leaves no payload");
                at += 1 + len;
                let pcr_len = if len > 0 && packet[5] & 0x10 != 0 { 6 } else { 0 };
                if pcr_len > 0 {
                    let head = u64::from_be_bytes(packet[4..12].try_into().unwrap());
                    pcrs.push(head << 16 >> 31);
                }
                assert!(packet[(6 + pcr_len).min(at)..at].iter().all(|&byte| byte == 0xff));
            }
            payload.extend_from_slice(&packet[at..]);
        }
        (payload, pcrs)
    }

    #[test]
    fn t_12_every_remainder_of_payload_is_stuffed_by_adaptation_field_only() {
        let source: Vec<u8> = (0..=255).cycle().take(600).collect();
        let plans = [PcrPlan::default(), PcrPlan::one(Ticks::new(77))];
        let spread =
            PcrPlan { first: Ticks::new(77), step: TickSpan::new(9000), count: 3, floating: false };
        let starts = [Start::default(), Start { discontinuity: true, random_access: true }];
        for len in 1..source.len() {
            for (plan, start) in
                plans.into_iter().chain([spread]).flat_map(|p| starts.map(|s| (p, s)))
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
        let start = Start { discontinuity: false, random_access: true };
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
        assert_eq!(packets.copy_to_slice(&mut out), Err(ShortBuffer { needed: 3 * PACKET_LEN }));
        assert!(out.iter().all(|&byte| byte == 7));
    }

    #[test]
    fn a_buffer_that_is_too_short_is_told_what_is_needed() {
        let text = std::string::ToString::to_string(&ShortBuffer { needed: 376 });
        assert_eq!(text, "buffer is too short for 376 bytes of TS packets");
    }
}
