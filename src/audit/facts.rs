//! What is told of a segment, against what its packets turned out to hold.

use super::es::{Content, Steps};
use super::numbers::ends_with_last_frame;
use super::violation::{Findings, Rule};
use crate::segment::{Cause, Segment};
use crate::time::TickSpan;

/// Audio that outlasts video by more is what the segment ends with: video has fallen silent.
const SILENT: TickSpan = TickSpan::from_secs(1);
/// Rounding of a frame's PTS on both sides.
const ROUNDING: TickSpan = TickSpan::new(2);

/// A closed segment and its packets.
#[derive(Debug)]
pub(super) struct Facts<'a> {
    pub(super) segment: &'a Segment,
    pub(super) content: &'a Content,
    pub(super) steps: &'a Steps,
    pub(super) has_video: bool,
    /// Frames further from the segment are of another timeline.
    pub(super) jump_limit: TickSpan,
    /// Audio and video of the source may be anywhere.
    pub(super) any_input: bool,
}

impl Facts<'_> {
    pub(super) fn check(&self, findings: &mut Findings) {
        let Self {
            segment,
            content,
            has_video,
            ..
        } = *self;
        if content.first_dts.is_none() {
            findings.add(Rule::Empty, format_args!("segment has no frame"));
            return;
        }
        let frames = if has_video {
            content.pictures
        } else {
            content.audio_frames
        };
        let told = segment.frames;
        findings.expect(
            told == frames || !has_video && content.frames_unknown,
            Rule::Facts,
            format_args!("segment says {told} frames and has {frames}"),
        );
        let (told, key_frames) = (segment.key_frames, content.key_frames);
        findings.expect(
            told == key_frames,
            Rule::Facts,
            format_args!("segment says {told} key frames and has {key_frames}"),
        );
        let (told, gop) = (
            segment.longest_gop.get(),
            content.longest_gop(segment.duration).get(),
        );
        findings.expect(
            told == gop,
            Rule::Facts,
            format_args!("longest_gop is {told}, not {gop}"),
        );
        let idr = match (has_video, content.video_leads) {
            (false, _) => Some(true),
            (true, false) => Some(false),
            (true, true) => content.first_picture_is_idr.unwrap_or(Some(false)),
        };
        let told = segment.starts_with_idr;
        findings.expect(
            idr.is_none_or(|idr| told == idr),
            Rule::Facts,
            format_args!("starts_with_idr is {told}, not {}", !told),
        );
        if ends_with_last_frame(segment.cause) {
            let (fits, duration) = (self.ends_with_last_frame(), segment.duration.get());
            findings.expect(
                fits,
                Rule::Duration,
                format_args!("duration {duration} does not end with the last frame"),
            );
        }
        let (earliest, latest) = (content.earliest, content.latest);
        let near = earliest + self.jump_limit >= TickSpan::ZERO
            && latest <= segment.duration + self.jump_limit;
        let (from, to) = (earliest.get(), latest.get());
        findings.expect(
            near || self.any_input,
            Rule::Stray,
            format_args!(
                "frames from {from} to {to} in a segment of {}",
                segment.duration.get()
            ),
        );
    }

    fn ends_with_last_frame(&self) -> bool {
        let Self {
            segment: &Segment {
                duration, cause, ..
            },
            content,
            steps,
            has_video,
            ..
        } = *self;
        // Where frames cannot be told apart, nor can their end.
        let audio = content.frames_unknown
            || content
                .audio_end
                .is_some_and(|(from, to)| (from - ROUNDING..=to + ROUNDING).contains(&duration));
        let Some(last) = content.last_picture.filter(|_| has_video) else {
            return audio;
        };
        let outlasts = content
            .audio_end
            .is_some_and(|(_, end)| end > last + SILENT || last < TickSpan::ZERO);
        let Some((shorter, longer)) = steps.range() else {
            return duration >= last || audio && outlasts;
        };
        // A picture that broke with the last one may have told a shorter interval.
        let least = if matches!(cause, Cause::End | Cause::Discontinuity) {
            shorter
        } else {
            TickSpan::TICK
        };
        (last + least..=last + longer).contains(&duration) || audio && outlasts
    }
}
