//! The elementary streams: what PES packets hold.

mod annex_b;
mod audio;
mod avc;
mod bits;
mod content;
mod hevc;
mod unit;

pub(super) use avc::{Settings, has_recovery_point};
pub(super) use bits::Bits;
pub(super) use content::{Content, Steps};
pub use unit::{ElementaryUnit, UnitKind};

use audio::Audio;
use avc::Video;

use super::mp4::Unit;
use super::ts::{AC3, ADTS, AVC, Boundary, Pes, is_video};
use super::violation::{Findings, Rule};

/// State of the elementary streams as the listed segments have them.
#[derive(Clone, Debug, Default)]
pub(super) struct Streams {
    video: Video,
    hevc: hevc::Video,
    audio: Audio,
    pub(super) steps: Steps,
    /// What the open segment holds so far.
    pub(super) content: Content,
}

impl Streams {
    pub(super) fn begin_segment(&mut self, boundary: Boundary) {
        self.video.begin_segment(boundary);
        self.hevc.begin_segment(boundary);
        self.audio.begin_segment(boundary);
        self.steps.begin_segment(boundary);
        self.content = Content::default();
    }

    /// Counts a sample, and appends it to `units` where these are wanted.
    pub(super) fn take_sample(
        &mut self,
        segment: u64,
        unit: &Unit,
        units: Option<&mut Vec<ElementaryUnit>>,
    ) {
        if !unit.is_video {
            self.content.count_frames(unit.dts, 1, unit.span);
        } else if !unit.is_rest || !unit.is_late {
            // A table that is full between two slices of a picture parts them.
            self.content.parted += u32::from(unit.is_rest);
            let kind = (unit.random_access, unit.sync);
            self.content.count_picture(unit.dts, kind, &mut self.steps);
        }
        if let Some(units) = units {
            units.push(ElementaryUnit::sample(segment, unit));
        }
    }

    /// Judges a PES packet, counts it, and appends what it holds to `units` where these are wanted.
    pub(super) fn take(
        &mut self,
        segment: u64,
        pes: &Pes,
        settings: &Settings,
        units: Option<&mut Vec<ElementaryUnit>>,
        findings: &mut Findings,
    ) {
        if is_video(pes.stream_type) {
            let idr = match pes.stream_type {
                AVC => self.video.take(pes, settings, findings),
                _ => self.hevc.take(pes, settings, findings),
            };
            self.content.count_picture(pes.dts, (idr, pes.random_access), &mut self.steps);
            if let Some(units) = units {
                units.push(ElementaryUnit::access_unit(segment, pes));
            }
            return;
        }
        let (frames, exact) = self.audio.take(pes, settings.any_input, findings);
        let span = frames.first().map(|frame| frame.span(frames.len())).unwrap_or_default();
        self.content.count_frames(pes.dts, u32::try_from(frames.len()).unwrap_or(u32::MAX), span);
        // Frames of several rates in one tag have no one length.
        let judged = exact && (pes.stream_type == ADTS || !settings.any_input);
        self.content.frames_unknown |= !judged;
        let sync = if pes.stream_type == AC3 { 0x0b } else { 0xff };
        let begins = pes.payload.first() == Some(&sync);
        findings.expect(
            begins || !pes.aligned,
            Rule::PesHeader,
            format_args!("data_alignment_indicator is not true"),
        );
        if let Some(units) = units {
            for (nth, frame) in frames.iter().enumerate() {
                units.push(ElementaryUnit::audio_frame(segment, pes, frame.span(nth), frame.bytes));
            }
        }
    }
}
