//! Continuity counters, which live as long as the stream (ISO/IEC 13818-1 §2.4.3.3).

use std::collections::BTreeMap;

use super::super::violation::{Findings, Rule};
use super::packet::{LEN, Packet};

/// The last packet of every PID.
#[derive(Clone, Debug, Default)]
pub(super) struct Counters(BTreeMap<u16, (u8, [u8; LEN])>);

impl Counters {
    /// Takes the counters that the next packet with payload of each PID should have.
    pub(super) fn from_next(next: impl IntoIterator<Item = (u16, u8)>) -> Self {
        let before = |(pid, next): (u16, u8)| (pid, (next.wrapping_sub(1) & 0x0f, [0; LEN]));
        Self(next.into_iter().map(before).collect())
    }

    pub(super) fn take(&mut self, packet: &Packet<'_>, bytes: &[u8; LEN], findings: &mut Findings) {
        let value = packet.counter;
        let Some((last, last_bytes)) = self.0.insert(packet.pid, (value, *bytes)) else {
            return;
        };
        let carries = packet.payload.is_some();
        let want = if carries { (last + 1) & 0x0f } else { last };
        if value != want {
            let repeated = carries && last_bytes == *bytes;
            let what =
                if repeated { "a packet is repeated" } else { "packets are missing or swapped" };
            findings.add(Rule::Continuity, format_args!("counter {value} follows {last}: {what}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::packet;
    use super::*;

    #[test]
    fn t_07_counters_go_on_with_payload_and_stay_without() {
        for (controls, want) in [
            (&[0x1e, 0x1f, 0x10, 0x11][..], 0),
            (&[0x13, 0x23, 0x23, 0x14], 0), // packets without payload
            (&[0x13, 0x15], 1),             // a packet is missing
            (&[0x13, 0x13], 1),             // repeated
            (&[0x13, 0x24, 0x15], 1),       // a packet without payload counted
        ] {
            let (mut counters, mut findings) = (Counters::default(), Findings::default());
            for control in controls {
                let mut bytes = [0xff; LEN];
                bytes[..6].copy_from_slice(&[0x47, 0x01, 0x00, *control, 183, 0x00]);
                let packet = packet::parse(&bytes, &mut findings).unwrap();
                counters.take(&packet, &bytes, &mut findings);
            }
            assert_eq!(findings.count(), want, "{controls:02x?}");
        }
    }

    #[test]
    fn t_07_a_packet_that_is_repeated_is_told_as_that() {
        for (fill, control, what) in [
            (0xff, 0x13, "a packet is repeated"),
            (0x00, 0x13, "packets are missing or swapped"),
            (0xff, 0x15, "packets are missing or swapped"),
        ] {
            let (mut counters, mut findings) = (Counters::default(), Findings::default());
            for (control, last) in [(0x13, 0xff), (control, fill)] {
                let mut bytes = [0xff; LEN];
                bytes[..4].copy_from_slice(&[0x47, 0x01, 0x00, control]);
                bytes[LEN - 1] = last;
                let packet = packet::parse(&bytes, &mut findings).unwrap();
                counters.take(&packet, &bytes, &mut findings);
            }
            assert!(findings.kept()[0].what.ends_with(what), "{fill} {control}");
        }
    }
}
