//! A section of program specific information, its frame taken off (ISO/IEC 13818-1 §2.4.4, annex
//! A).

use super::super::violation::{Findings, Rule};

/// A section with its frame taken off.
pub(super) struct Section<'a> {
    pub(super) extension: u16,
    pub(super) version: u8,
    pub(super) body: &'a [u8],
}

impl<'a> Section<'a> {
    /// Takes a section apart that fills the payload of one packet.
    pub(super) fn parse(payload: &'a [u8], table_id: u8, findings: &mut Findings) -> Option<Self> {
        let Some((section, fill)) = split_section(payload) else {
            findings.add(
                Rule::Section,
                format_args!("section is longer than its packet, or too short"),
            );
            return None;
        };
        let filled = fill.iter().all(|&byte| byte == 0xff);
        findings.expect(
            filled,
            Rule::SectionFill,
            format_args!("bytes behind the section are not 0xff"),
        );
        if crc32(section) != 0 {
            findings.add(Rule::SectionCrc, format_args!("CRC of the section is wrong"));
            return None;
        }
        let (&[id, syntax, _, extension_high, extension_low, version, number, last], rest) =
            section.split_first_chunk()?;
        let (body, _crc) = rest.split_last_chunk::<4>()?;
        findings.expect(id == table_id, Rule::Section, format_args!("table_id is {id:#04x}"));
        let fixed = syntax & 0xf0 == 0xb0 && version & 0xc0 == 0xc0 && (number, last) == (0, 0);
        findings.expect(
            fixed,
            Rule::Section,
            format_args!("fixed bits or section numbers are wrong"),
        );
        findings.expect(
            version & 1 == 1,
            Rule::Section,
            format_args!("current_next_indicator is 0"),
        );
        let extension = u16::from_be_bytes([extension_high, extension_low]);
        Some(Self { extension, version: version >> 1 & 0x1f, body })
    }
}

/// Splits a payload behind its `pointer_field` into the section and what follows it.
fn split_section(payload: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&pointer, rest) = payload.split_first()?;
    let rest = rest.get(usize::from(pointer)..)?;
    let &[_, len_high, len_low] = rest.first_chunk()?;
    let len = usize::from(u16::from_be_bytes([len_high & 0x0f, len_low]));
    // 5 bytes up to last_section_number, at least 4 of content, 4 of CRC.
    rest.split_at_checked(3 + len).filter(|_| (13..=1021).contains(&len))
}

/// CRC-32/MPEG-2, bit by bit: 0 over a section with its CRC (annex A).
pub(super) fn crc32(bytes: &[u8]) -> u32 {
    let mut register = u32::MAX;
    for byte in bytes {
        register ^= u32::from(*byte) << 24;
        for _ in 0..8 {
            let carry = register >> 31;
            register = (register << 1) ^ (carry * 0x04c1_1db7);
        }
    }
    register
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t_06a_the_golden_check_values_come_out() {
        for (bytes, want) in [
            (&b"123456789"[..], 0x0376_e6e7),
            (b"\x00\xb0\x0d\x00\x01\xc1\x00\x00\x00\x01\xf0\x00", 0x2ab1_04b2), // PAT
            (b"\x02\xb0\x12\x00\x01\xc1\x00\x00\xe1\x00\xf0\x00\x1b\xe1\x00\xf0\x00", 0x15bd_4d56), /* PMT, video only */
        ] {
            assert_eq!(crc32(bytes), want);
        }
    }

    #[test]
    fn t_03_t_04_t_06_every_way_to_spoil_a_section_is_told() {
        let mut whole = [0xff; 184];
        whole[..17]
            .copy_from_slice(b"\0\x00\xb0\x0d\x00\x01\xc1\x00\x00\x00\x01\xf0\x00\x2a\xb1\x04\xb2");
        for (at, byte, want) in [
            (0, 0xf0, Rule::Section),      // pointer_field beyond the packet
            (3, 0xfd, Rule::Section),      // longer than the packet
            (4, 0x01, Rule::SectionCrc),   // a bit of the content
            (17, 0x00, Rule::SectionFill), // behind the section
        ] {
            let mut payload = whole;
            payload[at] = byte;
            let mut findings = Findings::default();
            Section::parse(&payload, 0x00, &mut findings);
            assert_eq!(findings.kept()[0].rule, want, "byte {at}");
        }
        let mut findings = Findings::default();
        Section::parse(&whole, 0x02, &mut findings);
        assert_eq!(findings.kept()[0].rule, Rule::Section, "table_id");
    }
}
