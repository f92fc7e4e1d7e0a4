//! Program specific information: the PAT and the PMT of a one-program stream (ISO/IEC 13818-1
//! §2.4.4).
//!
//! Both sections fit one packet each; the rest of it is 0xFF, as §2.4.4 wants it, and not
//! adaptation-field stuffing, which some demuxers take for a missing section.
//!
//! ```text
//!   PAT  0x00 │ length │ stream id 1 │ version │ 0 │ 0 │ program 1 │ PID of the PMT │ CRC
//!   PMT  0x02 │ length │ program 1   │ version │ 0 │ 0 │ PID of the PCR │ 0 │ ( type │ PID │ descriptor )* │ CRC
//! ```

use super::packet::{ContinuityCounter, PACKET_LEN, PacketHeader, Pid};
use crate::crc::crc32_mpeg2;
use crate::stream_type::{Program, StreamType};

/// Returns the PID of the lead track, which carries the PCR: video where there is video.
pub(super) const fn pcr_pid(program: Program) -> Pid {
    if program.video.is_some() { Pid::VIDEO } else { Pid::AUDIO }
}

/// Composes a PAT packet and a PMT packet; `version` is the PMT's, modulo 32.
pub(crate) fn psi_packets(
    program: Program,
    version: u8,
    pat: ContinuityCounter,
    pmt: ContinuityCounter,
) -> [u8; 2 * PACKET_LEN] {
    let mut packets = [0xff; 2 * PACKET_LEN];
    let (first, second) = packets.split_at_mut(PACKET_LEN);
    let [pid_high, pid_low] = Pid::PMT.get().to_be_bytes();
    let association =
        Section { table_id: 0x00, version: 0, body: &[0x00, 0x01, 0xe0 | pid_high, pid_low] };
    association.put(PacketHeader::new(Pid::PAT, pat), first);

    let [pcr_high, pcr_low] = pcr_pid(program).get().to_be_bytes();
    let mut body = [0; 26];
    let mut len = 0;
    let mut put = |bytes: &[u8]| {
        if let Some(room) = body.get_mut(len..len + bytes.len()) {
            room.copy_from_slice(bytes);
            len += bytes.len();
        }
    };
    put(&[0xe0 | pcr_high, pcr_low, 0xf0, 0x00]);
    for (pid, stream_type) in [(Pid::VIDEO, program.video), (Pid::AUDIO, program.audio)] {
        if let Some(stream_type) = stream_type {
            let [high, low] = pid.get().to_be_bytes();
            let descriptor = registration(stream_type);
            put(&[stream_type.get(), 0xe0 | high, low, 0xf0, descriptor.len() as u8]);
            put(descriptor);
        }
    }
    let map = Section { table_id: 0x02, version, body: body.get(..len).unwrap_or_default() };
    map.put(PacketHeader::new(Pid::PMT, pmt), second);
    packets
}

/// Returns the registration descriptor (§2.6.8) of a stream type that some players know by it
/// alone.
const fn registration(stream_type: StreamType) -> &'static [u8] {
    match stream_type {
        StreamType::HEVC => b"\x05\x04HEVC",
        StreamType::AC3 => b"\x05\x04AC-3",
        _ => &[],
    }
}

/// A section of program 1.
struct Section<'a> {
    table_id: u8,
    version: u8,
    body: &'a [u8],
}

impl Section<'_> {
    /// Lays header, `pointer_field` and the whole section into a packet of 0xff.
    fn put(&self, header: PacketHeader, packet: &mut [u8]) {
        let Self { table_id, version, body } = *self;
        let [h0, h1, h2, h3] = header.unit_start().to_bytes();
        // Five bytes up to last_section_number and the CRC count into section_length: 8 bits are
        // enough here.
        let section_len = (5 + body.len() + 4) as u8;
        let head = [
            h0,
            h1,
            h2,
            h3,
            0x00, // pointer_field
            table_id,
            0xb0,
            section_len, // section_syntax_indicator 1, '0', reserved 11
            0x00,
            0x01,                         // transport_stream_id, or program_number
            0xc1 | (version & 0x1f) << 1, // reserved 11, current_next_indicator 1
            0x00,
            0x00, // section_number, last_section_number
        ];
        let Some((section, _)) = packet.split_at_mut_checked(head.len() + body.len() + 4) else {
            return;
        };
        let (content, crc) = section.split_at_mut(head.len() + body.len());
        let (head_room, body_room) = content.split_at_mut(head.len());
        head_room.copy_from_slice(&head);
        body_room.copy_from_slice(body);
        // Header and pointer_field are not part of the section.
        let section = content.get(5..).unwrap_or_default();
        crc.copy_from_slice(&crc32_mpeg2(section).to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AVC_AAC: Program =
        Program { video: Some(StreamType::AVC), audio: Some(StreamType::AAC_ADTS) };

    fn sections(program: Program, version: u8) -> ([u8; 16], std::vec::Vec<u8>) {
        let packets =
            psi_packets(program, version, ContinuityCounter::new(3), ContinuityCounter::new(7));
        let pmt_len = 3 + usize::from(packets[188 + 7]);
        (packets[5..21].try_into().unwrap(), packets[188 + 5..188 + 5 + pmt_len].to_vec())
    }

    fn hex(bytes: &[u8]) -> std::string::String {
        bytes.iter().map(|byte| std::format!("{byte:02x}")).collect()
    }

    #[test]
    fn t_06a_hevc_8_sections_have_the_golden_bytes() {
        let video_only = Program { audio: None, ..AVC_AAC };
        let audio_only = Program { video: None, ..AVC_AAC };
        let hevc = Program { video: Some(StreamType::HEVC), ..AVC_AAC };
        let mp3 = |stream_type| Program { audio: Some(stream_type), ..AVC_AAC };
        assert_eq!(hex(&sections(AVC_AAC, 0).0), "00b00d0001c100000001f0002ab104b2");
        for (program, version, want) in [
            (AVC_AAC, 0, "02b0170001c10000e100f0001be100f0000fe101f0002f44b99b"),
            (AVC_AAC, 1, "02b0170001c30000e100f0001be100f0000fe101f00000e2db21"),
            (hevc, 0, "02b01d0001c10000e100f00024e100f0060504484556430fe101f0006c37cf8a"),
            (video_only, 0, "02b0120001c10000e100f0001be100f00015bd4d56"),
            (audio_only, 0, "02b0120001c10000e101f0000fe101f000ece2b094"),
            (
                mp3(StreamType::MPEG1_AUDIO),
                0,
                "02b0170001c10000e100f0001be100f00003e101f0004e593d1e",
            ),
            (
                mp3(StreamType::MPEG2_AUDIO),
                0,
                "02b0170001c10000e100f0001be100f00004e101f000b5ba160a",
            ),
        ] {
            assert_eq!(hex(&sections(program, version).1), want, "{program:?} {version}");
        }
    }

    #[test]
    fn t_04_a_section_starts_its_packet_and_0xff_fills_the_rest() {
        let packets = psi_packets(AVC_AAC, 0, ContinuityCounter::new(3), ContinuityCounter::new(7));
        assert_eq!(packets[..5], [0x47, 0x40, 0x00, 0x13, 0x00]);
        assert_eq!(packets[188..193], [0x47, 0x50, 0x00, 0x17, 0x00]);
        assert!(packets[21..188].iter().all(|&byte| byte == 0xff));
        assert!(packets[188 + 31..].iter().all(|&byte| byte == 0xff));
    }
}
