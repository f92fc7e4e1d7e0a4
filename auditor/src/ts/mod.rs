//! The transport stream of one engine, read packet by packet across segments (ISO/IEC 13818-1).
//!
//! ```text
//!   188 bytes ──► Packet ──► counter ──► PAT, PMT ──► Tables
//!                                   └──► elementary stream ──► Clock, Pes
//! ```

mod clock;
mod counters;
mod packet;
mod pes;
mod psi;
mod section;

pub(super) use clock::Boundary;
pub(super) use packet::LEN;
pub(super) use psi::{AC3, ADTS, AVC, is_video};

use std::collections::BTreeMap;

use clock::Clock;
use counters::Counters;
use hls_segmenter::time::WireTime;
use packet::{Packet, Pcr};
use psi::Tables;

use super::violation::{Findings, Rule};

/// State of the stream as the listed segments have it: an aborted one is taken back by restoring a
/// copy.
#[derive(Clone, Debug, Default)]
pub(super) struct Demux {
    counters: Counters,
    tables: Tables,
    clock: Clock,
    boundary: Boundary,
    /// Packets of the open segment so far.
    index: u64,
    /// A PES packet has begun in the open segment.
    begun: bool,
    assembling: BTreeMap<u16, Assembly>,
    /// PES packets that are whole and wait for one that began before them.
    whole: Vec<Pes>,
}

/// A PES packet whose end has not come.
#[derive(Clone, Debug)]
struct Assembly {
    stream_type: u8,
    index: u64,
    first: bool,
    random_access: bool,
    bytes: Vec<u8>,
    /// The clock when the last packet so far came.
    pcr: Option<Pcr>,
}

/// A whole PES packet.
#[derive(Clone, Debug)]
pub(super) struct Pes {
    /// Index of its first packet within the segment.
    pub(super) index: u64,
    pub(super) pid: u16,
    pub(super) stream_type: u8,
    /// It is the first one of its segment.
    pub(super) first: bool,
    pub(super) random_access: bool,
    pub(super) aligned: bool,
    pub(super) pts: WireTime,
    pub(super) dts: WireTime,
    pub(super) payload: Vec<u8>,
}

impl Demux {
    /// Takes the counters that the next packet of each PID should have.
    pub(super) fn expect_counters(&mut self, next: impl IntoIterator<Item = (u16, u8)>) {
        self.counters = Counters::from_next(next);
    }

    /// Lets frames pass that come too late for the clock.
    pub(super) const fn let_late_frames_pass(&mut self, allowed: bool) {
        self.clock.lets_late_frames_pass = allowed;
    }

    pub(super) fn begin_segment(&mut self, boundary: Boundary) {
        (self.boundary, self.index, self.begun, self.tables.changed) = (boundary, 0, false, false);
        self.clock.begin_segment(boundary);
        self.assembling.clear();
        self.whole.clear();
    }

    /// Says whether the open segment's tables are others than those of the one before it.
    pub(super) const fn tables_changed(&self) -> bool {
        self.tables.changed
    }

    pub(super) fn has_video(&self) -> bool {
        self.tables.has_video()
    }

    /// Takes a packet. The engine writes a PES packet of audio in one run of packets; it may write
    /// the rest of a picture in a later run.
    pub(super) fn take(&mut self, bytes: &[u8; LEN], findings: &mut Findings) {
        let index = self.index;
        self.index += 1;
        findings.place.packet = Some(index);
        let Some(packet) = packet::parse(bytes, findings) else {
            return;
        };
        self.counters.take(&packet, bytes, findings);
        let pid = packet.pid;
        match index {
            0 => findings.expect(
                pid == psi::PAT_PID,
                Rule::TablesFirst,
                format_args!("first packet is not the PAT"),
            ),
            1 => findings.expect(
                Some(pid) == self.tables.pmt_pid,
                Rule::TablesFirst,
                format_args!("second packet is not the PMT"),
            ),
            2 => {
                let leads = Some(pid) == self.tables.pcr_pid && packet.field.pcr.is_some();
                findings.expect(
                    leads,
                    Rule::LeadFirst,
                    format_args!("third packet is not of the lead track with a PCR"),
                );
            }
            _ => {}
        }
        if pid == psi::PAT_PID || Some(pid) == self.tables.pmt_pid {
            self.take_table(&packet, index, findings);
            return;
        }
        let Some(stream_type) = self.tables.stream_type(pid) else {
            findings.add(Rule::UnknownPid, format_args!("PID is in neither PAT nor PMT"));
            return;
        };
        let leads = Some(pid) == self.tables.pcr_pid;
        self.clock.take_field(pid, packet.field, leads, findings);
        if packet.field.random_access {
            let fits = packet.unit_start && (!leads || packet.field.pcr.is_some());
            findings.expect(
                fits,
                Rule::RandomAccess,
                format_args!("random_access_indicator without unit start or PCR"),
            );
        }
        self.assemble(&packet, stream_type, index, findings);
    }

    /// Ends a run of packets; returns the PES packets that are whole with it, in the order in which
    /// they began.
    pub(super) fn end_run(&mut self, findings: &mut Findings) -> Vec<Pes> {
        self.end_all(|stream_type| !is_video(stream_type), findings);
        let waits_for = self.assembling.values().map(|assembly| assembly.index).min();
        let waits_for = waits_for.unwrap_or(u64::MAX);
        let at = self.whole.partition_point(|pes| pes.index < waits_for);
        self.whole.drain(..at).collect()
    }

    /// Ends the segment; returns the PES packets that end with it.
    pub(super) fn end_segment(&mut self, findings: &mut Findings) -> Vec<Pes> {
        self.clock.end_segment(findings);
        self.end_all(|_| true, findings);
        core::mem::take(&mut self.whole)
    }

    /// Ends the PES packets of these stream types.
    fn end_all(&mut self, ends: impl Fn(u8) -> bool, findings: &mut Findings) {
        for (pid, assembly) in core::mem::take(&mut self.assembling) {
            if ends(assembly.stream_type) {
                self.complete(pid, assembly, findings);
            } else {
                self.assembling.insert(pid, assembly);
            }
        }
        self.whole.sort_by_key(|pes| pes.index);
    }

    fn take_table(&mut self, packet: &Packet<'_>, index: u64, findings: &mut Findings) {
        let Some(payload) = packet.payload.filter(|_| packet.unit_start) else {
            findings
                .add(Rule::SectionFill, format_args!("no section begins in a packet of its PID"));
            return;
        };
        // Within a segment the tables only repeat.
        let free = self.boundary != Boundary::Continuous && index < 2;
        match packet.pid {
            psi::PAT_PID => self.tables.take_pat(payload, free, findings),
            _ => self.tables.take_pmt(payload, free, findings),
        }
    }

    fn assemble(
        &mut self,
        packet: &Packet<'_>,
        stream_type: u8,
        index: u64,
        findings: &mut Findings,
    ) {
        let Some(payload) = packet.payload else {
            return;
        };
        let pcr = self.clock.last();
        if !packet.unit_start {
            match self.assembling.get_mut(&packet.pid) {
                Some(assembly) => {
                    assembly.bytes.extend_from_slice(payload);
                    assembly.pcr = pcr;
                }
                None => findings.add(
                    Rule::PesHeader,
                    format_args!("a run continues a PES packet that began in another"),
                ),
            }
            return;
        }
        let assembly = Assembly {
            stream_type,
            index,
            first: !core::mem::replace(&mut self.begun, true),
            random_access: packet.field.random_access,
            bytes: payload.to_vec(),
            pcr,
        };
        if let Some(ended) = self.assembling.insert(packet.pid, assembly) {
            self.complete(packet.pid, ended, findings);
        }
    }

    fn complete(&mut self, pid: u16, assembly: Assembly, findings: &mut Findings) {
        findings.place.packet = Some(assembly.index);
        findings.place.pid = Some(pid);
        let Assembly { stream_type, index, first, random_access, bytes, pcr } = assembly;
        let Some(header) = pes::parse(&bytes, stream_type, findings) else {
            return;
        };
        let (pts, dts, aligned) = (header.pts, header.dts, header.aligned);
        let video = is_video(stream_type);
        self.clock.take_times((pid, video), (pts, dts), pcr, findings);
        let payload = header.payload.to_vec();
        let pes = Pes { index, pid, stream_type, first, random_access, aligned, pts, dts, payload };
        self.whole.push(pes);
    }
}
