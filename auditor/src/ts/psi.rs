//! PAT and PMT read and remembered (ISO/IEC 13818-1 §2.4.4).

use super::super::violation::{Findings, Rule};
use super::section::Section;

/// The PID of the PAT.
pub(super) const PAT_PID: u16 = 0;

/// The elementary streams that can be carried, as the PMT names them.
pub(in super::super) const AVC: u8 = 0x1b;
pub(in super::super) const HEVC: u8 = 0x24;
pub(in super::super) const ADTS: u8 = 0x0f;
pub(in super::super) const MPEG_AUDIO: [u8; 2] = [0x03, 0x04];
pub(in super::super) const AC3: u8 = 0x81;

/// Returns whether a stream type is one of video.
pub(in super::super) const fn is_video(stream_type: u8) -> bool {
    matches!(stream_type, AVC | HEVC)
}

/// The tables in force.
#[derive(Clone, Debug, Default)]
pub(super) struct Tables {
    pat: Option<Version>,
    pmt: Option<Version>,
    program: u16,
    pub(super) pmt_pid: Option<u16>,
    pub(super) pcr_pid: Option<u16>,
    /// PID and stream type.
    streams: Vec<(u16, u8)>,
    /// The tables of the open segment are not those of the one before it.
    pub(super) changed: bool,
}

/// The content of a table, without what changes with its version.
#[derive(Clone, Debug)]
struct Version {
    number: u8,
    extension: u16,
    body: Vec<u8>,
}

impl Tables {
    pub(super) fn stream_type(&self, pid: u16) -> Option<u8> {
        self.streams.iter().find(|stream| stream.0 == pid).map(|stream| stream.1)
    }

    pub(super) fn has_video(&self) -> bool {
        self.streams.iter().any(|stream| is_video(stream.1))
    }

    /// Reads the payload of a PAT packet; `free` says that content may change here.
    pub(super) fn take_pat(&mut self, payload: &[u8], free: bool, findings: &mut Findings) {
        let Some(section) = Section::parse(payload, 0x00, findings) else {
            return;
        };
        let programs = section.body.as_chunks::<4>().0;
        let &[[number_high, number_low, pid_high, pid_low]] = programs else {
            findings.add(Rule::Section, format_args!("PAT lists {} programs", programs.len()));
            return;
        };
        let (number, pid) = (
            u16::from_be_bytes([number_high, number_low]),
            u16::from_be_bytes([pid_high & 0x1f, pid_low]),
        );
        findings.expect(
            number != 0,
            Rule::Section,
            format_args!("PAT lists a network instead of a program"),
        );
        findings.expect(
            pid_high & 0xe0 == 0xe0,
            Rule::Section,
            format_args!("reserved bits of the PAT are not 1"),
        );
        let usable =
            (0x0010..0x1fff).contains(&pid) && self.pmt_pid.is_none_or(|before| before == pid);
        findings.expect(usable, Rule::Section, format_args!("PMT is on PID {pid:#06x} now"));
        (self.program, self.pmt_pid) = (number, Some(pid));
        self.changed |= renew(&mut self.pat, &section, "PAT", free, findings);
    }

    /// Reads the payload of a PMT packet; `free` says that content may change here.
    pub(super) fn take_pmt(&mut self, payload: &[u8], free: bool, findings: &mut Findings) {
        let Some(section) = Section::parse(payload, 0x02, findings) else {
            return;
        };
        let program = section.extension;
        findings.expect(
            program == self.program,
            Rule::Section,
            format_args!("PMT is of program {program}, not of the PAT's"),
        );
        let Some((pcr_pid, streams)) = parse_streams(section.body) else {
            findings
                .add(Rule::Section, format_args!("loops of the PMT do not end with the section"));
            return;
        };
        let reserved = section.body.first().is_some_and(|byte| byte & 0xe0 == 0xe0);
        findings.expect(
            reserved,
            Rule::Section,
            format_args!("reserved bits of the PMT are not 1"),
        );
        for (index, &(pid, stream_type)) in streams.iter().enumerate() {
            let known = is_video(stream_type)
                || matches!(stream_type, ADTS | AC3)
                || MPEG_AUDIO.contains(&stream_type);
            findings.expect(
                known,
                Rule::StreamType,
                format_args!("stream type is {stream_type:#04x}"),
            );
            let again = streams
                .iter()
                .take(index)
                .any(|other| other.0 == pid || is_video(other.1) == is_video(stream_type));
            findings.expect(
                !again,
                Rule::StreamType,
                format_args!("two streams of a kind, or on PID {pid:#06x}"),
            );
        }
        let lead = streams.iter().find(|stream| is_video(stream.1)).or(streams.first());
        let leads = lead.is_some_and(|lead| lead.0 == pcr_pid);
        findings.expect(
            leads,
            Rule::LeadFirst,
            format_args!("PCR PID {pcr_pid:#06x} is not that of the lead track"),
        );
        (self.pcr_pid, self.streams) = (Some(pcr_pid), streams);
        self.changed |= renew(&mut self.pmt, &section, "PMT", free, findings);
    }
}

/// Puts a table in force; says whether it is another than before.
fn renew(
    table: &mut Option<Version>,
    section: &Section<'_>,
    name: &str,
    free: bool,
    findings: &mut Findings,
) -> bool {
    let new = Version {
        number: section.version,
        extension: section.extension,
        body: section.body.to_vec(),
    };
    let Some(old) = table.replace(new) else {
        return false;
    };
    let changed = old.extension != section.extension || old.body != section.body;
    let want = if changed { (old.number + 1) & 0x1f } else { old.number };
    let version = section.version;
    findings.expect(
        version == want,
        Rule::SectionVersion,
        format_args!("version of the {name} is {version}, not {want}"),
    );
    findings.expect(
        free || !changed,
        Rule::SectionVersion,
        format_args!("{name} changed without a discontinuity"),
    );
    changed
}

/// Reads `PCR_PID` and the streams behind the program's descriptors.
fn parse_streams(body: &[u8]) -> Option<(u16, Vec<(u16, u8)>)> {
    let (&[pid_high, pid_low, len_high, len_low], rest) = body.split_first_chunk()?;
    let mut rest = rest.get(usize::from(u16::from_be_bytes([len_high & 0x0f, len_low]))..)?;
    let mut streams = Vec::new();
    while let Some((&[stream_type, high, low, len_high, len_low], after)) = rest.split_first_chunk()
    {
        streams.push((u16::from_be_bytes([high & 0x1f, low]), stream_type));
        rest = after.get(usize::from(u16::from_be_bytes([len_high & 0x0f, len_low]))..)?;
    }
    (rest.is_empty() && !streams.is_empty())
        .then_some((u16::from_be_bytes([pid_high & 0x1f, pid_low]), streams))
}

#[cfg(test)]
mod tests {
    use super::super::section::crc32;
    use super::*;

    fn payload(section: &[u8], crc: u32) -> Vec<u8> {
        let mut payload = std::vec![0];
        payload.extend_from_slice(section);
        payload.extend_from_slice(&crc.to_be_bytes());
        payload.resize(184, 0xff);
        payload
    }

    const PAT: [u8; 12] = [0x00, 0xb0, 0x0d, 0x00, 0x01, 0xc1, 0x00, 0x00, 0x00, 0x01, 0xf0, 0x00];
    const PMT: [u8; 22] = [
        0x02, 0xb0, 0x17, 0x00, 0x01, 0xc1, 0x00, 0x00, 0xe1, 0x00, 0xf0,
        0x00, // PCR on the video's PID
        0x1b, 0xe1, 0x00, 0xf0, 0x00, // video
        0x0f, 0xe1, 0x01, 0xf0, 0x00, // audio
    ];

    #[test]
    fn t_03_the_golden_tables_are_read_and_repeat_without_a_finding() {
        let (mut tables, mut findings) = (Tables::default(), Findings::default());
        for _ in 0..2 {
            tables.take_pat(&payload(&PAT, 0x2ab1_04b2), false, &mut findings);
            tables.take_pmt(&payload(&PMT, 0x2f44_b99b), false, &mut findings);
        }
        assert_eq!(findings.kept(), []);
        assert_eq!((tables.pmt_pid, tables.pcr_pid), (Some(0x1000), Some(0x100)));
        assert_eq!(
            (tables.stream_type(0x101), tables.has_video(), tables.changed),
            (Some(ADTS), true, false)
        );
    }

    #[test]
    fn t_05_content_changes_with_its_version_where_it_may() {
        let mut other = PMT;
        other[5] = 0xc3; // version 1
        other[17] = 0x03; // MPEG-1 audio
        for (section, free, want) in [
            (other, true, 0),
            (other, false, 1),
            (
                {
                    other[5] = 0xc1;
                    other
                },
                true,
                1,
            ),
        ] {
            let (mut tables, mut findings) = (Tables::default(), Findings::default());
            tables.program = 1;
            tables.take_pmt(&payload(&PMT, crc32(&PMT)), false, &mut findings);
            tables.take_pmt(&payload(&section, crc32(&section)), free, &mut findings);
            let found = findings
                .kept()
                .iter()
                .filter(|violation| violation.rule == Rule::SectionVersion)
                .count();
            assert_eq!(
                (found, findings.count(), tables.changed),
                (want, want as u64, true),
                "{free}"
            );
        }
    }

    fn rules(pat: &[u8], pmt: &[u8]) -> (Vec<Rule>, bool) {
        let (mut tables, mut findings) = (Tables::default(), Findings::default());
        tables.take_pat(&payload(&PAT, crc32(&PAT)), true, &mut findings);
        tables.take_pat(&payload(pat, crc32(pat)), true, &mut findings);
        tables.take_pmt(&payload(pmt, crc32(pmt)), true, &mut findings);
        let kept = findings.kept().iter().map(|violation| violation.rule);
        (kept.collect(), tables.changed)
    }

    fn with(table: &[u8], changes: &[(usize, u8)]) -> Vec<u8> {
        let mut table = table.to_vec();
        for &(at, byte) in changes {
            table[at] = byte;
        }
        table
    }

    #[test]
    fn t_03_every_way_to_spoil_a_table_is_told() {
        let section = Some(Rule::Section);
        for (pat, pmt, want) in [
            (&[][..], &[][..], None),
            (&[(10, 0xe0), (11, 0x05)], &[], section), // PMT on a reserved PID
            (&[(11, 0x01)], &[], section),             // PMT on another PID
            (&[(1, 0x30)], &[], section),              // no section_syntax_indicator
            (&[(5, 0x01)], &[], section),              // reserved bits
            (&[(6, 1)], &[], section),                 // section_number
            (&[(7, 1)], &[], section),                 // last_section_number
            (&[], &[(17, 0x1b)], Some(Rule::StreamType)), // video twice
            (&[], &[(19, 0x00)], Some(Rule::StreamType)), // both on one PID
        ] {
            let (rules, _) = rules(&with(&PAT, pat), &with(&PMT, pmt));
            let told = rules.iter().find(|&&rule| rule != Rule::SectionVersion);
            assert_eq!(told.copied(), want, "{pat:x?} {pmt:x?}");
        }
        let mut none = PMT[..12].to_vec();
        none[2] = 0x0d;
        assert_eq!(rules(&PAT, &none).0, [Rule::Section], "no streams");
    }

    #[test]
    fn t_05_another_program_number_is_a_change_of_the_tables() {
        let program_2 = [(5, 0xc3), (9, 2)];
        let (_, changed) = rules(&with(&PAT, &program_2), &PMT);
        assert!(changed);
        assert!(!rules(&PAT, &PMT).1);
    }
}
