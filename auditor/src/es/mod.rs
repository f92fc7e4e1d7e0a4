//! The elementary streams: what PES packets hold.

mod annex_b;
mod audio;
mod avc;
mod bits;
mod content;
mod unit;

pub(super) use avc::Settings;
pub(super) use content::{Content, Steps};
pub use unit::{ElementaryUnit, UnitKind};

use audio::Audio;
use avc::Video;

use super::ts::{ADTS, AVC, Boundary, Pes};
use super::violation::{Findings, Rule};

/// State of the elementary streams as the listed segments have them.
#[derive(Clone, Debug, Default)]
pub(super) struct Streams {
    video: Video,
    audio: Audio,
    pub(super) steps: Steps,
    /// What the open segment holds so far.
    pub(super) content: Content,
}

impl Streams {
    pub(super) fn begin_segment(&mut self, boundary: Boundary) {
        self.video.begin_segment(boundary);
        self.audio.begin_segment(boundary);
        self.steps.begin_segment(boundary);
        self.content = Content::default();
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
        if pes.stream_type == AVC {
            let idr = self.video.take(pes, settings, findings);
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
        let begins = pes.payload.first() == Some(&0xff);
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
