//! Every rule there is, applied to one call after another.

use hls_segmenter::config::KeyFramePolicy;
use hls_segmenter::time::TickSpan;
use hls_segmenter::{AbortedSegment, Part, Segment, SegmentStart};

use super::es::{ElementaryUnit, Settings, Streams};
use super::event::Call;
use super::facts::Facts;
use super::history::History;
use super::m3u8;
use super::mp4::{Fragments, Sections, Unit};
use super::numbers::{Numbers, check_told};
use super::order::State;
use super::parts::Parts;
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
    pub(super) sections: Sections,
    pub(super) parts: Parts,
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
    fragments: Fragments,
    streams: Streams,
    /// How far written times run ahead of the engine's timeline.
    lead: Option<TickSpan>,
    /// The same as far as audio tells that counts in samples.
    sampled_lead: Option<TickSpan>,
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
            sections: Sections::default(),
            parts: Parts::default(),
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
            Call::Init { id, bytes } => self.take_init(id, bytes, ok),
            Call::Payload(payload) => {
                if self.order.take_fragment(payload.len(), ok, &mut self.findings) {
                    self.media.fragments.take_payload(payload, &mut self.findings);
                }
            }
            Call::Head { bytes, payload_len, sequence } => {
                self.take_head(bytes, (payload_len, sequence), ok);
            }
            Call::Part(part) => self.take_part(part, ok),
            Call::Close(segment) => self.take_close(segment, ok),
            Call::Playlist { text, live, ended } => {
                self.order.take_playlist(ended, &mut self.findings);
                self.take_live(text, live);
                let list = m3u8::parse(text, &mut self.findings);
                self.history.take_list(list, ended, &mut self.findings);
            }
            Call::Expire(expired) => {
                self.order.take_expire(&mut self.findings);
                self.history.take_expire(expired, &mut self.findings);
                if let Some(id) = expired.init {
                    self.sections.forget(id);
                }
            }
            Call::Abort(aborted) => self.take_abort(aborted),
            Call::Lost(id) => self.history.take_lost(id),
        }
    }

    fn take_open(&mut self, start: &SegmentStart, ok: bool) {
        self.findings.place.segment = Some(start.id);
        self.order.take_open(start, ok, &mut self.findings);
        self.history.take_open(&mut self.findings);
        let boundary = self.numbers.take_open(start, &mut self.findings);
        self.saved = Some(Box::new(self.media.clone()));
        self.kept_units = self.units.as_ref().map_or(0, Vec::len);
        let Media { fragments, demux, .. } = &mut self.media;
        fragments.begin_segment(start, boundary, &self.sections, &mut self.findings);
        demux.begin_segment(boundary);
        self.media.streams.begin_segment(boundary);
    }

    fn take_init(&mut self, id: u64, bytes: &[u8], ok: bool) {
        self.findings.place.segment = Some(id);
        self.order.take_init(id, ok, &mut self.findings);
        if ok {
            self.sections.take(id, bytes, &mut self.findings);
            self.history.take_section(id);
        }
    }

    fn take_head(&mut self, head: &[u8], told: (usize, u32), ok: bool) {
        if !self.order.take_fragment(head.len(), ok, &mut self.findings) {
            return Fragments::skip_head(told.1, &mut self.sections, &mut self.findings);
        }
        let (fragments, settings) = (&mut self.media.fragments, &self.settings);
        let units =
            fragments.take_head(head, told, &mut self.sections, settings, &mut self.findings);
        units.iter().for_each(|unit| self.take_sample(unit));
    }

    fn take_sample(&mut self, unit: &Unit) {
        let Some(open) = self.order.open() else {
            return;
        };
        let (id, start) = (open.start.id, open.start.start);
        if self.media.streams.content.first_dts.is_none() {
            self.check_lead(unit, unit.dts.since(start.to_wire()));
        }
        self.media.streams.take_sample(id, unit, self.units.as_mut());
    }

    /// Holds the first sample of each segment to one distance from the start that the segment states.
    /// Audio counts in samples: what it says is replaced by what a picture says.
    fn check_lead(&mut self, unit: &Unit, lead: TickSpan) {
        let guess = self.media.fragments.guess();
        let is_exact = unit.is_video && guess == 0;
        let rounding = match self.media.lead {
            Some(_) if is_exact => 0,
            _ if unit.is_video => SAMPLES.max(guess),
            // Frames that overlap others of a strange source come up to two frames later.
            _ => SAMPLES * if self.settings.any_input { 1024 } else { 1 },
        };
        let known = self.media.lead.or(self.media.sampled_lead);
        let kept = if is_exact { &mut self.media.lead } else { &mut self.media.sampled_lead };
        kept.get_or_insert(lead);
        let (is, was) = (lead.get(), known.unwrap_or(lead).get());
        self.findings.expect(
            is.abs_diff(was) <= rounding,
            Rule::Lead,
            format_args!("first DTS is {is} ahead of the segment's start, not {was}"),
        );
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
            self.media.demux.take(packet, &mut self.findings);
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

    fn take_part(&mut self, part: &Part, ok: bool) {
        if let Some(open) = self.order.take_part(ok, &mut self.findings) {
            let written = (open.start.id, open.bytes);
            self.parts.take(part, written, &mut self.findings);
            self.media.fragments.check_whole(&mut self.findings);
        }
    }

    fn take_live(&mut self, plain: &str, live: Option<&str>) {
        self.findings.expect(
            live.is_some() == self.parts.target.is_some(),
            Rule::PartList,
            format_args!("a list with parts: {}", live.is_some()),
        );
        if let Some(live) = live {
            let open = self.order.open().map(|open| open.start.id);
            self.parts.take_list(live, plain, open, &mut self.findings);
        }
    }

    fn take_close(&mut self, segment: &Segment, ok: bool) {
        let is_ts = self.order.open().is_some_and(|open| open.start.init.is_none());
        if ok && is_ts {
            for pes in self.media.demux.end_segment(&mut self.findings) {
                self.take_pes(&pes);
            }
        }
        let Some(open) = self.order.take_close(ok, &mut self.findings) else {
            return;
        };
        let is_fmp4 = open.start.init.is_some();
        let Media { demux, fragments, .. } = &self.media;
        let changed = if is_fmp4 { fragments.changed } else { demux.tables_changed() };
        self.numbers.take_close(segment, changed, ok, &mut self.findings);
        if !ok {
            return;
        }
        check_told(&open, segment, &mut self.findings);
        self.parts.close(segment, &mut self.findings);
        let Streams { content, steps, .. } = &self.media.streams;
        let has_video = if is_fmp4 {
            let has_video = self.media.fragments.has_video(&self.sections);
            let video = (has_video, content.video_leads);
            let findings = &mut self.findings;
            self.media.fragments.check_whole(findings);
            if !self.settings.any_input {
                self.media.fragments.check_duration(segment, video, findings);
            }
            has_video
        } else {
            self.media.demux.has_video()
        };
        Facts {
            segment,
            content,
            steps,
            has_video,
            jump_limit: self.jump_limit,
            any_input: self.settings.any_input,
            // What a strange source does to times that have no overlap is not told by the output.
            times_guessed: is_fmp4 && (self.media.fragments.has_guessed || self.settings.any_input)
                || self.parts.bounds_end(segment.id, self.settings.any_input),
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
        self.parts.abort(aborted.id);
        if let Some(saved) = self.saved.take() {
            self.media = *saved;
        }
        if let Some(units) = &mut self.units {
            units.truncate(self.kept_units);
        }
    }
}

/// Ticks that two samples of the lowest rate make out on either side.
const SAMPLES: u64 = 2 * 90_000 / 7350 + 1;
