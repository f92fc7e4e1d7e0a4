//! The TS packet: header, adaptation field and program clock reference (ISO/IEC 13818-1
//! §2.4.3.2–5).
//!
//! ```text
//!  0x47 │ TEI PUSI prio PID:13 │ scrambling:2 adaptation:2 counter:4 │ adaptation field │ payload
//!                                                                     │ length │ flags │ PCR:48 │ 0xFF … │
//! ```

use crate::time::Ticks;

/// Length of a TS packet in bytes.
pub const PACKET_LEN: usize = 188;
/// Bytes of header of every packet.
pub(super) const HEAD_LEN: usize = 4;
/// Length of a TS packet without its 4-byte header.
pub(super) const BODY_LEN: usize = PACKET_LEN - HEAD_LEN;
/// Length of an adaptation field that holds flags and a PCR and nothing else, its length byte
/// included.
pub(super) const PCR_FIELD_LEN: usize = 8;
/// Length of an adaptation field that holds flags and nothing else, its length byte included.
pub(super) const FLAGS_FIELD_LEN: usize = 2;

/// Packet identifier: which elementary stream or table a TS packet belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pid(u16);

impl Pid {
    /// Program association table.
    pub const PAT: Self = Self(0x0000);
    /// Program map table of the one program.
    pub const PMT: Self = Self(0x1000);
    /// Video elementary stream.
    pub const VIDEO: Self = Self(0x0100);
    /// Audio elementary stream.
    pub const AUDIO: Self = Self(0x0101);

    /// Returns the 13-bit value.
    pub const fn get(self) -> u16 {
        self.0
    }
}

/// Counter of the packets with payload on one PID, modulo 16 (§2.4.3.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ContinuityCounter(u8);

impl ContinuityCounter {
    /// Takes the value of the next packet with payload.
    pub(crate) const fn new(value: u8) -> Self {
        Self(value & 0x0f)
    }

    /// Returns the value that the next packet with payload carries.
    pub(crate) const fn get(self) -> u8 {
        self.0
    }

    /// Returns the value for the first of `packets` packets with payload and counts them all.
    pub(crate) const fn take(&mut self, packets: usize) -> Self {
        let first = *self;
        *self = self.ahead(packets);
        first
    }

    /// Returns the value after so many packets more.
    pub(crate) const fn ahead(self, packets: usize) -> Self {
        Self(self.0.wrapping_add((packets & 0x0f) as u8) & 0x0f)
    }
}

/// The header of a TS packet, read as a little-endian number: the counter is on top.
#[derive(Clone, Copy, Debug)]
pub(super) struct PacketHeader(u32);

impl PacketHeader {
    /// Makes the header of a plain packet: one that is all payload, and not the first of its PES
    /// packet.
    #[inline]
    pub(super) const fn new(pid: Pid, counter: ContinuityCounter) -> Self {
        let [high, low] = pid.0.to_be_bytes();
        Self(u32::from_le_bytes([0x47, high, low, 0x10 | counter.0]))
    }

    /// Returns the same with `payload_unit_start_indicator`.
    #[inline]
    pub(super) const fn unit_start(self) -> Self {
        Self(self.0 | 0x40 << 8)
    }

    /// Returns the same for a packet with an adaptation field before its payload.
    #[inline]
    pub(super) const fn with_field(self) -> Self {
        Self(self.0 | 0x20 << 24)
    }

    /// Returns the same for a packet that is all adaptation field.
    const fn all_field(self) -> Self {
        Self(self.0 ^ 0x30 << 24)
    }

    /// Returns the header of the next plain packet: only the counter differs.
    #[inline(always)]
    pub(super) const fn next(self) -> Self {
        Self(self.0.wrapping_add(1 << 24) & 0x0fff_ffff | 0x1000_0000)
    }

    /// Returns the bytes as they are written.
    #[inline]
    pub(super) const fn to_bytes(self) -> [u8; HEAD_LEN] {
        self.0.to_le_bytes()
    }
}

/// The adaptation field of a packet that carries payload too. One that says nothing and fills
/// nothing is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) flags: u8,
    pub(super) pcr: Option<Ticks>,
    /// Bytes of 0xff that make the packet full.
    pub(super) stuffing: usize,
}

impl Field {
    /// `discontinuity_indicator` and `random_access_indicator`.
    pub(super) const DISCONTINUITY: u8 = 0x80;
    pub(super) const RANDOM_ACCESS: u8 = 0x40;

    /// Returns the length in bytes, that of the length itself included.
    #[inline]
    pub(super) const fn len(&self) -> usize {
        self.stuffing
            + match (self.pcr, self.flags) {
                (Some(_), _) => PCR_FIELD_LEN,
                (None, 0) => 0,
                (None, _) => FLAGS_FIELD_LEN,
            }
    }

    /// Writes `header` and the field to the front of a packet, and returns the length of both.
    /// Bytes after those may be spoilt.
    #[inline(always)]
    pub(super) fn write(&self, header: PacketHeader, packet: &mut [u8; PACKET_LEN]) -> usize {
        if self.stuffing > 0 {
            // More than the stuffing: a constant length costs less.
            *packet = [0xff; PACKET_LEN];
        }
        let len = self.len();
        let (head, body) = packet.split_at_mut(HEAD_LEN);
        if len == 0 {
            head.copy_from_slice(&header.to_bytes());
            return HEAD_LEN;
        }
        head.copy_from_slice(&header.with_field().to_bytes());
        if let Some(pcr) = self.pcr {
            if let Some(field) = body.first_chunk_mut() {
                *field = pcr_field(len, self.flags, pcr);
            }
        } else if let [length, flags, ..] = body {
            *length = (len - 1) as u8;
            // A field of one byte has no flags: it only stuffs.
            if len > 1 {
                *flags = self.flags;
            }
        }
        HEAD_LEN + len
    }
}

/// Writes the head of a packet with nothing but a clock reference before its payload; returns the
/// room for that.
#[inline(always)]
pub(super) fn write_pcr_head(
    header: PacketHeader,
    pcr: Ticks,
    packet: &mut [u8; PACKET_LEN],
) -> &mut [u8] {
    let (head, rest) = packet.split_at_mut(HEAD_LEN);
    let (field, body) = rest.split_at_mut(PCR_FIELD_LEN);
    head.copy_from_slice(&header.with_field().to_bytes());
    field.copy_from_slice(&pcr_field(PCR_FIELD_LEN, 0, pcr));
    body
}

/// Composes the front of an adaptation field of `len` bytes with a PCR: its length, which does not
/// count itself, flags, `program_clock_reference_base`, six reserved bits and an extension of 0
/// (§2.4.3.4–5).
#[inline]
pub(super) const fn pcr_field(len: usize, flags: u8, pcr: Ticks) -> [u8; PCR_FIELD_LEN] {
    let front = (len as u64 - 1) << 56 | (flags as u64 | 0x10) << 48;
    (front | pcr.to_wire().get() << 15 | 0x7e00).to_be_bytes()
}

/// Composes a packet that carries a PCR and no payload. `header` is that of a plain packet, with
/// the counter of the last packet that had payload; `flags` are those of the adaptation field.
pub(super) fn pcr_only_packet(header: PacketHeader, flags: u8, pcr: Ticks) -> [u8; PACKET_LEN] {
    let mut packet = [0xff; PACKET_LEN];
    let (head, body) = packet.split_at_mut(HEAD_LEN);
    head.copy_from_slice(&header.all_field().to_bytes());
    if let Some(field) = body.first_chunk_mut() {
        *field = pcr_field(BODY_LEN, flags, pcr);
    }
    packet
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t_09a_pcr_fields_have_the_golden_bytes() {
        for (base, want) in [
            (0, [183, 0x90, 0x00, 0x00, 0x00, 0x00, 0x7e, 0x00]),
            (63_000, [183, 0x90, 0x00, 0x00, 0x7b, 0x0c, 0x7e, 0x00]),
            (1 << 32, [183, 0x90, 0x80, 0x00, 0x00, 0x00, 0x7e, 0x00]),
            ((1 << 33) - 1, [183, 0x90, 0xff, 0xff, 0xff, 0xff, 0xfe, 0x00]),
        ] {
            assert_eq!(pcr_field(BODY_LEN, 0x80, Ticks::new(base)), want, "{base}");
        }
    }

    #[test]
    fn t_07_the_counter_wraps_at_sixteen_and_counts_every_packet_of_a_run() {
        let mut counter = ContinuityCounter::new(14);
        assert_eq!(counter.take(3).get(), 14);
        assert_eq!(counter.get(), 1);
        assert_eq!(counter.take(32).get(), 1);
        assert_eq!(counter.get(), 1);
    }

    #[test]
    fn t_12_a_pcr_only_packet_is_all_adaptation_field() {
        let header = PacketHeader::new(Pid::VIDEO, ContinuityCounter::new(9));
        let packet = pcr_only_packet(header, 0, Ticks::new(63_000));
        assert_eq!(packet[..6], [0x47, 0x01, 0x00, 0x29, 183, 0x10]);
        assert!(packet[12..].iter().all(|&byte| byte == 0xff));
    }
}
