//! The header of a PES packet (ISO/IEC 13818-1 §2.4.3.6–7).

use hls_segmenter::time::WireTime;

use super::super::violation::{Findings, Rule};
use super::psi::{AC3, is_video};

/// `stream_id` of what only its stream type names (table 2-22).
const PRIVATE_STREAM_1: u8 = 0xbd;

/// What the header says of the access unit behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header<'a> {
    pub(super) pts: WireTime,
    pub(super) dts: WireTime,
    pub(super) aligned: bool,
    pub(super) payload: &'a [u8],
}

/// Takes a whole PES packet apart; `None` where it cannot be.
pub(super) fn parse<'a>(
    packet: &'a [u8],
    stream_type: u8,
    findings: &mut Findings,
) -> Option<Header<'a>> {
    let video = is_video(stream_type);
    let Some((&[p0, p1, p2, stream_id, len_high, len_low, flags, fields, header_len], rest)) =
        packet.split_first_chunk()
    else {
        findings.add(Rule::PesHeader, format_args!("PES packet has {} bytes", packet.len()));
        return None;
    };
    if [p0, p1, p2] != [0, 0, 1] || flags & 0xc0 != 0x80 {
        findings.add(
            Rule::PesHeader,
            format_args!("no PES header begins with {p0:02x} {p1:02x} {p2:02x} … {flags:02x}"),
        );
        return None;
    }
    let fits = match stream_type {
        _ if video => (0xe0..=0xef).contains(&stream_id),
        AC3 => stream_id == PRIVATE_STREAM_1,
        _ => (0xc0..=0xdf).contains(&stream_id),
    };
    findings.expect(fits, Rule::PesHeader, format_args!("stream_id is {stream_id:#04x}"));
    findings.expect(
        flags & 0x30 == 0,
        Rule::PesHeader,
        format_args!("PES_scrambling_control is not 0"),
    );
    let (stated, real) = (usize::from(u16::from_be_bytes([len_high, len_low])), packet.len() - 6);
    let exact = stated == real || video && stated == 0;
    findings.expect(
        exact,
        Rule::PesHeader,
        format_args!("PES_packet_length is {stated} before {real} bytes"),
    );
    let Some((times, payload)) = rest.split_at_checked(usize::from(header_len)) else {
        findings.add(Rule::PesHeader, format_args!("PES_header_data_length is {header_len}"));
        return None;
    };
    let (pts, dts, stuffing) = parse_times(times, fields >> 6, findings)?;
    // Other fields are legal, their bytes stand here then.
    let filled =
        fields & 0x3f != 0 || stuffing.len() <= 32 && stuffing.iter().all(|&byte| byte == 0xff);
    findings.expect(filled, Rule::PesHeader, format_args!("stuffing of the PES header is wrong"));
    Some(Header { pts, dts, aligned: flags & 0x04 != 0, payload })
}

/// Reads PTS and DTS and returns what follows them.
fn parse_times<'a>(
    times: &'a [u8],
    flags: u8,
    findings: &mut Findings,
) -> Option<(WireTime, WireTime, &'a [u8])> {
    let read = |prefix, at, findings: &mut Findings| {
        let field = times.get(at..).and_then(<[u8]>::first_chunk);
        match field {
            Some(field) => Some(parse_time(*field, prefix, findings)),
            None => {
                findings.add(Rule::PesTimes, format_args!("PES header has no room for its times"));
                None
            }
        }
    };
    match flags {
        2 => {
            let pts = read(0x2, 0, findings)?;
            Some((pts, pts, times.get(5..)?))
        }
        3 => {
            let (pts, dts) = (read(0x3, 0, findings)?, read(0x1, 5, findings)?);
            findings.expect(
                pts != dts,
                Rule::PesTimes,
                format_args!("DTS {} is coded and equals PTS", dts.get()),
            );
            Some((pts, dts, times.get(10..)?))
        }
        _ => {
            findings.add(Rule::PesTimes, format_args!("PTS_DTS_flags are {flags:02b}"));
            None
        }
    }
}

fn parse_time([b0, b1, b2, b3, b4]: [u8; 5], prefix: u8, findings: &mut Findings) -> WireTime {
    let fixed = b0 >> 4 == prefix && b0 & b2 & b4 & 1 == 1;
    findings.expect(
        fixed,
        Rule::PesTimes,
        format_args!("prefix or marker bits of a time are wrong"),
    );
    let high = u64::from(b0 >> 1 & 7) << 30;
    let middle = u64::from(u16::from_be_bytes([b1, b2]) >> 1) << 15;
    WireTime::new(high | middle | u64::from(u16::from_be_bytes([b3, b4]) >> 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t_14a_the_golden_times_are_read() {
        for (field, want) in [
            ([0x21, 0x00, 0x01, 0x00, 0x01], 0),
            ([0x21, 0x00, 0x03, 0xec, 0x31], 63_000),
            ([0x21, 0x00, 0x07, 0xd8, 0x61], 126_000),
            ([0x21, 0xff, 0xff, 0xff, 0xff], (1 << 30) - 1),
            ([0x23, 0x00, 0x01, 0x00, 0x01], 1 << 30),
            ([0x27, 0xff, 0xff, 0xff, 0xff], (1 << 32) - 1),
            ([0x29, 0x00, 0x01, 0x00, 0x01], 1 << 32),
            ([0x2f, 0xff, 0xff, 0xff, 0xff], (1_u64 << 33) - 1),
        ] {
            let mut findings = Findings::default();
            assert_eq!(parse_time(field, 0x2, &mut findings).get(), want);
            assert_eq!(findings.count(), 0, "{want}");
        }
    }

    #[test]
    fn t_13_t_14_every_way_to_spoil_a_header_is_told() {
        let whole = [
            0x00, 0x00, 0x01, 0xc0, 0x00, 0x0a, 0x84, 0x80,
            0x05, // start code, length 10, PTS alone
            0x21, 0x00, 0x03, 0xec, 0x31, // 63 000
            0xff, 0xf1, // elementary stream
        ];
        let mut findings = Findings::default();
        let header = parse(&whole, 0x0f, &mut findings).unwrap();
        assert_eq!(
            (header.pts.get(), header.payload, header.aligned),
            (63_000, &[0xff, 0xf1][..], true)
        );
        assert_eq!(findings.count(), 0);
        for (at, byte, want) in [
            (2, 0x02, Rule::PesHeader), // start code
            (3, 0xe0, Rule::PesHeader), // stream_id of video
            (5, 0x0b, Rule::PesHeader), // one byte more than there is
            (6, 0x04, Rule::PesHeader), // '10' missing
            (7, 0x40, Rule::PesTimes),  // forbidden flags
            (8, 0x09, Rule::PesHeader), // header longer than the packet
            (9, 0x31, Rule::PesTimes),  // prefix of a PTS with DTS
            (11, 0x02, Rule::PesTimes), // marker bit
        ] {
            let mut packet = whole;
            packet[at] = byte;
            let mut findings = Findings::default();
            parse(&packet, 0x0f, &mut findings);
            assert!(findings.kept().iter().any(|violation| violation.rule == want), "byte {at}");
        }
    }

    /// A PES header with `stuffing`, before two bytes of a stream.
    fn with_stuffing(fields: u8, stuffing: &[u8]) -> Vec<u8> {
        let len = stuffing.len() as u8;
        [
            &[0, 0, 1, 0xc0, 0, 10 + len, 0x80, 0x80 | fields, 5 + len][..],
            &[0x21, 0x00, 0x03, 0xec, 0x31],
            stuffing,
            &[0xff, 0xf1],
        ]
        .concat()
    }

    #[test]
    fn t_13_stuffing_is_of_ones_and_32_bytes_at_the_most() {
        for (fields, stuffing, told) in [
            (0, &[0xff; 32][..], false),
            (0, &[0xff; 33], true),
            (0, &[0xff, 0], true),
            (1, &[0xff, 0], false), // a field of some other kind
        ] {
            let packet = with_stuffing(fields, stuffing);
            let mut findings = Findings::default();
            let header = parse(&packet, 0x0f, &mut findings).unwrap();
            assert!(!header.aligned);
            assert_eq!(findings.count() > 0, told, "{fields} {stuffing:x?}");
        }
    }

    #[test]
    fn t_13_only_a_pes_packet_of_video_may_leave_its_length_open() {
        for (video, stated, told) in [
            (false, 10, false),
            (false, 0, true),
            (true, 10, false),
            (true, 0, false),
            (true, 9, true),
        ] {
            let mut packet = with_stuffing(0, &[]);
            packet[3] = if video { 0xe0 } else { 0xc0 };
            packet[5] = stated;
            let mut findings = Findings::default();
            parse(&packet, if video { 0x1b } else { 0x0f }, &mut findings);
            assert_eq!(findings.count() > 0, told, "{video} {stated}");
        }
    }
}
