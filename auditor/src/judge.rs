//! Every rule there is, applied to one call after another.

use hls_segmenter::config::KeyFramePolicy;
use hls_segmenter::time::TickSpan;
use hls_segmenter::{AbortedSegment, Segment, SegmentStart};

use super::es::{ElementaryUnit, Settings, Streams};
use super::event::Call;
use super::facts::Facts;
use super::history::History;
use super::m3u8;
use super::numbers::{Numbers, check_told};
use super::order::State;
use super::ts::{Demux, LEN, Pes};
use super::violation::{Findings, Place, Rule};

/// All state of an [`Auditor`](super::Auditor) but the sink.
#[derive(Clone, Debug)]
pub(super) struct Judge {
    pub(super) findings: Findings,
    pub(super) settings: Settings,
    pub(super) jump_limit: TickSpan,
    pub(super) numbers: Numbers,
    pub(super) history: History,
    pub(super) media: Media,
    /// What an aborted segment is taken back to.
    saved: Option<Box<Media>>,
    order: State,
    calls: u64,
    /// What came out, if that is wanted.
    pub(super) units: Option<Vec<ElementaryUnit>>,
    /// How many of them are of segments before the open one.
    kept_units: usize,
}

/// The media as the listed segments have it, and the open one on top.
#[derive(Clone, Debug, Default)]
pub(super) struct Media {
    pub(super) demux: Demux,
    streams: Streams,
    /// How far written times run ahead of the engine's timeline.
    lead: Option<TickSpan>,
}

impl Judge {
    pub(super) fn new() -> Self {
        Self {
            findings: Findings::default(),
            settings: Settings {
                key_frames: KeyFramePolicy::Idr,
                field_pairs: false,
                any_input: false,
            },
            jump_limit: TickSpan::from_secs(10),
            numbers: Numbers::default(),
            history: History::default(),
            media: Media::default(),
            saved: None,
            order: State::Idle,
            calls: 0,
            units: None,
            kept_units: 0,
        }
    }

    /// Takes a call and whether it succeeded.
    pub(super) fn take(&mut self, call: Call<'_>, ok: bool) {
        let segment = self.order.open().map(|open| open.start.id);
        self.findings.place = Place { call: self.calls, segment, packet: None, pid: None };
        self.calls += 1;
        match call {
            Call::Open(start) => self.take_open(start, ok),
            Call::Packets(packets) => self.take_packets(packets, ok),
            Call::Close(segment) => self.take_close(segment, ok),
            Call::Playlist { text, ended } => {
                self.order.take_playlist(ended, &mut self.findings);
                let list = m3u8::parse(text, &mut self.findings);
                self.history.take_list(list, ended, &mut self.findings);
            }
            Call::Expire(expired) => {
                self.order.take_expire(&mut self.findings);
                self.history.take_expire(expired, &mut self.findings);
            }
            Call::Abort(aborted) => self.take_abort(aborted),
        }
    }

    fn take_open(&mut self, start: &SegmentStart, ok: bool) {
        self.findings.place.segment = Some(start.id);
        self.order.take_open(start, ok, &mut self.findings);
        self.history.take_open(&mut self.findings);
        let boundary = self.numbers.take_open(start, &mut self.findings);
        self.saved = Some(Box::new(self.media.clone()));
        self.kept_units = self.units.as_ref().map_or(0, Vec::len);
        self.media.demux.begin_segment(boundary);
        self.media.streams.begin_segment(boundary);
    }

    fn take_packets(&mut self, packets: &[u8], ok: bool) {
        let (packets, rest) = packets.as_chunks::<LEN>();
        let whole = rest.is_empty() && !packets.is_empty();
        let len = packets.len() * LEN + rest.len();
        self.findings.expect(whole, Rule::Packet, format_args!("a run has {len} bytes"));
        if !self.order.take_packets(len, ok, &mut self.findings) {
            return;
        }
        for packet in packets {
            if let Some(pes) = self.media.demux.take(packet, &mut self.findings) {
                self.take_pes(&pes);
            }
        }
        for pes in self.media.demux.end_run(&mut self.findings) {
            self.take_pes(&pes);
        }
    }

    fn take_pes(&mut self, pes: &Pes) {
        let Some(open) = self.order.open() else {
            return;
        };
        let (id, start) = (open.start.id, open.start.start);
        let findings = &mut self.findings;
        (findings.place.packet, findings.place.pid) = (Some(pes.index), Some(pes.pid));
        if pes.first {
            let lead = pes.dts.since(start.to_wire());
            let constant = *self.media.lead.get_or_insert(lead);
            let (is, was) = (lead.get(), constant.get());
            findings.expect(
                lead == constant,
                Rule::Lead,
                format_args!("first DTS is {is} ahead of the segment's start, not {was}"),
            );
        }
        self.media.streams.take(id, pes, &self.settings, self.units.as_mut(), findings);
    }

    fn take_close(&mut self, segment: &Segment, ok: bool) {
        if ok && self.order.open().is_some() {
            self.media.demux.end_segment(&mut self.findings);
        }
        let Some(open) = self.order.take_close(ok, &mut self.findings) else {
            return;
        };
        let changed = self.media.demux.tables_changed();
        self.numbers.take_close(segment, changed, ok, &mut self.findings);
        if !ok {
            return;
        }
        check_told(&open, segment, &mut self.findings);
        let Streams { content, steps, .. } = &self.media.streams;
        let has_video = self.media.demux.has_video();
        Facts {
            segment,
            content,
            steps,
            has_video,
            jump_limit: self.jump_limit,
            any_input: self.settings.any_input,
        }
        .check(&mut self.findings);
        self.history.take_close(segment);
        self.saved = None;
    }

    fn take_abort(&mut self, aborted: &AbortedSegment) {
        if !self.order.take_abort(aborted, &mut self.findings) {
            return;
        }
        self.numbers.take_abort();
        if let Some(saved) = self.saved.take() {
            self.media = *saved;
        }
        if let Some(units) = &mut self.units {
            units.truncate(self.kept_units);
        }
    }
}
