//! The TS packet: header, adaptation field and program clock reference (ISO/IEC 13818-1 §2.4.3.2–5).
//!
//! ```text
//!  0x47 │ TEI PUSI prio PID:13 │ scrambling:2 adaptation:2 counter:4 │ adaptation field │ payload
//!                                                                     │ length │ flags │ PCR:48 │ 0xFF … │
//! ```

use crate::time::{Ticks, WireTime};

/// Length of a TS packet in bytes.
pub const PACKET_LEN: usize = 188;
/// Length of a TS packet without its 4-byte header.
pub(super) const BODY_LEN: usize = PACKET_LEN - 4;
/// Length of an adaptation field that holds flags and a PCR and nothing else, its length byte included.
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

    pub(crate) const fn ahead(self, packets: usize) -> Self {
        Self(self.0.wrapping_add((packets & 0x0f) as u8) & 0x0f)
    }
}

/// What the four header bytes say besides PID and counter.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Body {
    Payload,
    AdaptationField,
}

/// `payload_unit_start_indicator`, and the upper bit of `adaptation_field_control`, in a header read as a little-endian
/// number.
pub(super) const UNIT_START: u32 = 0x40 << 8;
pub(super) const ADAPTATION_FIELD: u32 = 0x20 << 24;

/// Composes the header of a TS packet.
pub(super) const fn packet_header(
    pid: Pid,
    unit_start: bool,
    body: Body,
    counter: ContinuityCounter,
) -> [u8; 4] {
    let [high, low] = pid.0.to_be_bytes();
    let control = match body {
        Body::Payload => 0x10,
        Body::AdaptationField => 0x20,
    };
    [
        0x47,
        high | if unit_start { 0x40 } else { 0 },
        low,
        control | counter.0,
    ]
}

/// Composes `program_clock_reference_base`, six reserved bits and an extension of 0 (§2.4.3.5).
pub(super) const fn pcr_field(base: WireTime) -> [u8; 6] {
    let [_, _, b0, b1, b2, b3, b4, b5] = (base.get() << 15 | 0x7e00).to_be_bytes();
    [b0, b1, b2, b3, b4, b5]
}

/// Composes a packet that carries a PCR and no payload; `last` is the counter of the last packet that had one.
pub(crate) fn pcr_only_packet(
    pid: Pid,
    last: ContinuityCounter,
    pcr: Ticks,
    discontinuity: bool,
) -> [u8; PACKET_LEN] {
    let mut packet = [0xff; PACKET_LEN];
    let flags = 0x10 | u8::from(discontinuity) << 7;
    let [h0, h1, h2, h3] = packet_header(pid, false, Body::AdaptationField, last);
    let [p0, p1, p2, p3, p4, p5] = pcr_field(pcr.to_wire());
    if let Some(head) = packet.first_chunk_mut() {
        *head = [h0, h1, h2, h3, 183, flags, p0, p1, p2, p3, p4, p5];
    }
    packet
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t_09a_pcr_fields_have_the_golden_bytes() {
        for (base, want) in [
            (0, [0x00, 0x00, 0x00, 0x00, 0x7e, 0x00]),
            (63_000, [0x00, 0x00, 0x7b, 0x0c, 0x7e, 0x00]),
            (1 << 32, [0x80, 0x00, 0x00, 0x00, 0x7e, 0x00]),
            ((1 << 33) - 1, [0xff, 0xff, 0xff, 0xff, 0xfe, 0x00]),
        ] {
            assert_eq!(pcr_field(WireTime::new(base)), want, "{base}");
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
        let packet = pcr_only_packet(
            Pid::VIDEO,
            ContinuityCounter::new(9),
            Ticks::new(63_000),
            false,
        );
        assert_eq!(packet[..6], [0x47, 0x01, 0x00, 0x29, 183, 0x10]);
        assert!(packet[12..].iter().all(|&byte| byte == 0xff));
    }
}
