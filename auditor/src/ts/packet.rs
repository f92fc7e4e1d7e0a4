//! A TS packet taken apart (ISO/IEC 13818-1 §2.4.3.2–5).
//!
//! ```text
//!  47 │ TEI PUSI priority PID:13 │ scrambling:2 control:2 counter:4 │ [ length flags PCR:48 … FF… ] │ payload
//! ```

use hls_segmenter::time::WireTime;

use super::super::violation::{Findings, Rule};

/// Bytes of a packet.
pub(in super::super) const LEN: usize = 188;

/// The PID of packets that carry nothing.
const NULL_PID: u16 = 0x1fff;

/// A packet whose header makes sense.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packet<'a> {
    pub(super) pid: u16,
    pub(super) unit_start: bool,
    pub(super) counter: u8,
    pub(super) field: Field,
    /// `None` where the adaptation field fills the packet.
    pub(super) payload: Option<&'a [u8]>,
}

/// What an adaptation field says; everything is absent where there is none.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Field {
    pub(super) discontinuity: bool,
    pub(super) random_access: bool,
    pub(super) pcr: Option<Pcr>,
}

/// A program clock reference: 90 kHz in 33 bits, and 27 MHz between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pcr {
    pub(super) base: WireTime,
    extension: u16,
}

impl Pcr {
    /// Returns the distance in 1/27 000 000 s, by the shorter way round.
    pub(super) fn since(self, earlier: Self) -> i64 {
        self.base.since(earlier.base).get() * 300 + i64::from(self.extension)
            - i64::from(earlier.extension)
    }
}

/// Takes a packet apart; `None` where nothing sensible can be said of it.
pub(super) fn parse<'a>(packet: &'a [u8; LEN], findings: &mut Findings) -> Option<Packet<'a>> {
    let [sync, flags, pid_low, control, body @ ..] = packet;
    let pid = u16::from_be_bytes([flags & 0x1f, *pid_low]);
    findings.place.pid = Some(pid);
    if *sync != 0x47 {
        findings.add(Rule::Packet, format_args!("sync byte is {sync:#04x}"));
        return None;
    }
    findings.expect(
        flags & 0x80 == 0,
        Rule::Packet,
        format_args!("transport_error_indicator is set"),
    );
    findings.expect(
        control & 0xc0 == 0,
        Rule::Packet,
        format_args!("transport_scrambling_control is {}", control >> 6),
    );
    if pid == NULL_PID {
        findings.add(Rule::UnknownPid, format_args!("null packet"));
        return None;
    }
    let mut packet = Packet {
        pid,
        unit_start: flags & 0x40 != 0,
        counter: control & 0x0f,
        field: Field::default(),
        payload: Some(body),
    };
    let has_payload = control & 0x10 != 0;
    if control & 0x20 == 0 {
        findings.expect(has_payload, Rule::Packet, format_args!("adaptation_field_control is 00"));
        return has_payload.then_some(packet);
    }
    let (&len, rest) = body.split_first()?;
    let (legal, len) = (if has_payload { len <= 182 } else { len == 183 }, usize::from(len));
    let Some((field, payload)) = rest.split_at_checked(len).filter(|_| legal) else {
        findings.add(
            Rule::AdaptationField,
            format_args!("adaptation_field_length is {len}, payload follows: {has_payload}"),
        );
        return None;
    };
    packet.payload = has_payload.then_some(payload);
    match parse_field(field, findings) {
        Some(field) => packet.field = field,
        None => findings.add(
            Rule::AdaptationField,
            format_args!("adaptation field is shorter than its flags want"),
        ),
    }
    Some(packet)
}

fn parse_field(field: &[u8], findings: &mut Findings) -> Option<Field> {
    let Some((&flags, mut rest)) = field.split_first() else {
        return Some(Field::default());
    };
    let pcr = if flags & 0x10 != 0 {
        let (pcr, after) = rest.split_first_chunk()?;
        rest = after;
        Some(parse_pcr(*pcr, findings))
    } else {
        None
    };
    if flags & 0x08 != 0 {
        rest = rest.get(6..)?; // OPCR
    }
    if flags & 0x04 != 0 {
        rest = rest.get(1..)?; // splice_countdown
    }
    for part in [0x02, 0x01] {
        // transport_private_data, adaptation_field_extension: a length and as many bytes
        if flags & part != 0 {
            let (&len, after) = rest.split_first()?;
            rest = after.get(usize::from(len)..)?;
        }
    }
    let filled = rest.iter().all(|&byte| byte == 0xff);
    findings.expect(
        filled,
        Rule::AdaptationField,
        format_args!("stuffing of the adaptation field is not 0xff"),
    );
    Some(Field { discontinuity: flags & 0x80 != 0, random_access: flags & 0x40 != 0, pcr })
}

fn parse_pcr([b0, b1, b2, b3, b4, b5]: [u8; 6], findings: &mut Findings) -> Pcr {
    let base = u64::from(u32::from_be_bytes([b0, b1, b2, b3])) << 1 | u64::from(b4 >> 7);
    let extension = u16::from_be_bytes([b4 & 1, b5]);
    findings.expect(
        extension < 300,
        Rule::AdaptationField,
        format_args!("PCR extension is {extension}"),
    );
    findings.expect(
        b4 & 0x7e == 0x7e,
        Rule::AdaptationField,
        format_args!("reserved bits of the PCR are not 1"),
    );
    Pcr { base: WireTime::new(base), extension }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A packet of PID 0x100 with these bytes behind the first three, filled with 0xFF.
    fn packet(bytes: &[u8]) -> [u8; LEN] {
        let mut packet = [0xff; LEN];
        packet[..3].copy_from_slice(&[0x47, 0x41, 0x00]);
        packet[3..3 + bytes.len()].copy_from_slice(bytes);
        packet
    }

    fn rules(packet: &[u8; LEN]) -> Vec<Rule> {
        let mut findings = Findings::default();
        parse(packet, &mut findings);
        findings.kept().iter().map(|violation| violation.rule).collect()
    }

    #[test]
    fn t_09a_the_golden_clock_references_are_read() {
        for (bytes, base, extension) in [
            ([0x00, 0x00, 0x00, 0x00, 0x7e, 0x00], 0, 0),
            ([0x00, 0x00, 0x7b, 0x0c, 0x7e, 0x00], 63_000, 0),
            ([0x00, 0x00, 0x00, 0x00, 0xff, 0x2b], 1, 299),
            ([0x80, 0x00, 0x00, 0x00, 0x7e, 0x00], 1 << 32, 0),
            ([0xff, 0xff, 0xff, 0xff, 0xff, 0x2b], (1 << 33) - 1, 299),
        ] {
            let mut findings = Findings::default();
            let want = Pcr { base: WireTime::new(base), extension };
            assert_eq!(parse_pcr(bytes, &mut findings), want);
            assert_eq!(findings.count(), 0, "{base}");
        }
    }

    #[test]
    fn r_13_clock_references_are_subtracted_across_their_wrap() {
        let before = Pcr { base: WireTime::new((1 << 33) - 1), extension: 299 };
        let after = Pcr { base: WireTime::new(0), extension: 1 };
        assert_eq!((after.since(before), before.since(after)), (2, -2));
    }

    #[test]
    fn t_01_t_12_every_way_to_spoil_a_header_is_told() {
        assert_eq!(rules(&packet(&[0x10])), []);
        let mut out_of_sync = packet(&[0x10]);
        out_of_sync[0] = 0x48;
        assert_eq!(rules(&out_of_sync), [Rule::Packet]);
        for (bytes, want) in [
            (&[0x00][..], Rule::Packet),               // neither field nor payload
            (&[0x90], Rule::Packet),                   // scrambled
            (&[0x30, 183], Rule::AdaptationField),     // no room for the payload promised
            (&[0x20, 182], Rule::AdaptationField),     // a byte of neither field nor payload
            (&[0x30, 3, 0x10], Rule::AdaptationField), // no room for the PCR
            (&[0x30, 3, 0x00, 0x00], Rule::AdaptationField), // filled with something else
        ] {
            assert_eq!(rules(&packet(bytes)), [want], "{bytes:02x?}");
        }
        for len in [0, 1, 182] {
            assert_eq!(rules(&packet(&[0x30, len, 0x00])), [], "{len}");
        }
        assert_eq!(rules(&packet(&[0x20, 183, 0x00])), []);
    }

    #[test]
    fn t_10_the_extension_of_a_clock_reference_is_below_300() {
        for (low, told) in [(0x2b, 0), (0x2c, 1)] {
            let mut findings = Findings::default();
            parse_pcr([0, 0, 0, 0, 0x7f, low], &mut findings);
            assert_eq!(findings.count(), told, "{low:#x}");
        }
    }
}
