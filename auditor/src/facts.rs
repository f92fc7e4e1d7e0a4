//! What is told of a segment, against what its packets turned out to hold.

use hls_segmenter::time::TickSpan;
use hls_segmenter::{Cause, Segment};

use super::es::{Content, Steps};
use super::numbers::ends_with_last_frame;
use super::violation::{Findings, Rule};

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
    /// A picture may be decoded at another time than it should.
    pub(super) times_guessed: bool,
}

impl Facts<'_> {
    pub(super) fn check(&self, findings: &mut Findings) {
        let Self { segment, content, has_video, .. } = *self;
        if content.first_dts.is_none() {
            findings.add(Rule::Empty, format_args!("segment has no frame"));
            return;
        }
        let frames = if has_video { content.pictures } else { content.audio_frames };
        let told = segment.frames;
        let parted = if self.any_input && has_video { content.parted } else { 0 };
        findings.expect(
            (frames.saturating_sub(parted)..=frames).contains(&told)
                || !has_video && content.frames_unknown,
            Rule::Facts,
            format_args!("segment says {told} frames and has {frames}"),
        );
        let (told, key_frames) = (segment.key_frames, content.key_frames);
        findings.expect(
            told == key_frames,
            Rule::Facts,
            format_args!("segment says {told} key frames and has {key_frames}"),
        );
        let (told, gop) = (segment.longest_gop.get(), content.longest_gop(segment.duration).get());
        findings.expect(
            told == gop || self.times_guessed,
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
        if ends_with_last_frame(segment.cause) && !self.times_guessed {
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
            format_args!("frames from {from} to {to} in a segment of {}", segment.duration.get()),
        );
    }

    fn ends_with_last_frame(&self) -> bool {
        let Self { segment: &Segment { duration, cause, .. }, content, steps, has_video, .. } =
            *self;
        // Where frames cannot be told apart, nor can their end.
        let audio = content.frames_unknown
            || content
                .audio_end
                .is_some_and(|(from, to)| (from - ROUNDING..=to + ROUNDING).contains(&duration));
        let Some(last) = content.last_picture.filter(|_| has_video) else {
            return audio;
        };
        let outlasts =
            content.audio_end.is_some_and(|(_, end)| end > last + SILENT || last < TickSpan::ZERO);
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

#[cfg(test)]
mod tests {
    use hls_segmenter::flv::{Tag, TagKind};
    use hls_segmenter::time::{FlvTime, WireTime};
    use hls_segmenter::{Config, End, Segmenter};

    use super::*;
    use crate::{Event, Recorder};

    const FRAME: i64 = 3600;

    /// Returns a segment that an engine made: nobody else can make one.
    fn any_segment() -> Segment {
        let aac: [&[u8]; 2] = [
            &[0xaf, 0, 0x12, 0x10], // AAC, sequence header: LC, 44.1 kHz, stereo
            &[0xaf, 1, 0x21, 0x10], // AAC, a frame
        ];
        let (mut segmenter, mut sink) =
            (Segmenter::new(Config::default()), Recorder::new(crate::Discard));
        for data in aac {
            let (kind, time) = (TagKind::AUDIO, FlvTime::from_millis(0));
            segmenter.push(Tag { kind, time, data }, &mut sink).unwrap();
        }
        segmenter.finish(End::List, &mut sink).unwrap();
        let closed = sink.events().iter().find_map(|event| match event {
            Event::Close(segment) => Some(*segment),
            _ => None,
        });
        closed.unwrap()
    }

    /// Says whether a segment of these DTS, and audio that ends at either time, fits a duration.
    fn fits(pictures: &[i64], audio_end: Option<(i64, i64)>, cause: Cause, duration: i64) -> bool {
        let (mut content, mut steps) = (Content::default(), Steps::default());
        for &dts in pictures {
            let dts = WireTime::new(dts.cast_unsigned());
            content.count_picture(dts, (Some(false), false), &mut steps);
        }
        content.audio_end = audio_end.map(|(from, to)| (TickSpan::new(from), TickSpan::new(to)));
        let mut segment = any_segment();
        segment.duration = TickSpan::new(duration);
        segment.cause = cause;
        Facts {
            segment: &segment,
            content: &content,
            steps: &steps,
            has_video: !pictures.is_empty(),
            jump_limit: TickSpan::ZERO,
            any_input: false,
            times_guessed: false,
        }
        .ends_with_last_frame()
    }

    #[test]
    fn h_05_audio_alone_ends_with_its_last_frame_of_960_or_1024_samples() {
        for (duration, want) in
            [(957, false), (958, true), (1000, true), (1026, true), (1027, false)]
        {
            let got = fits(&[], Some((960, 1024)), Cause::End, duration);
            assert_eq!(got, want, "{duration}");
        }
    }

    #[test]
    fn h_05_video_ends_an_interval_behind_its_last_picture() {
        // The last two steps are of one frame and of two.
        let pictures = [0, FRAME, 3 * FRAME];
        for (cause, duration, want) in [
            (Cause::End, 4 * FRAME - 1, false),
            (Cause::End, 4 * FRAME, true),
            (Cause::End, 5 * FRAME, true),
            (Cause::End, 5 * FRAME + 1, false),
            (Cause::ConfigChange, 3 * FRAME, false),
            (Cause::ConfigChange, 3 * FRAME + 1, true),
            (Cause::ConfigChange, 5 * FRAME + 1, false),
        ] {
            let got = fits(&pictures, None, cause, duration);
            assert_eq!(got, want, "{cause} {duration}");
        }
    }

    #[test]
    fn y_02_h_05_a_step_of_a_tick_is_no_interval() {
        let pictures = [0, FRAME, 2 * FRAME, 2 * FRAME + 1];
        for (duration, want) in [(2 * FRAME + 2, false), (3 * FRAME + 1, true)] {
            assert_eq!(fits(&pictures, None, Cause::End, duration), want, "{duration}");
        }
    }

    #[test]
    fn h_05_audio_ends_a_segment_whose_video_is_silent_for_more_than_a_second() {
        let last = 2 * FRAME;
        for (end, want) in [(last + 90_000, false), (last + 90_001, true)] {
            let audio = Some((end, end));
            for pictures in [&[0, FRAME, last][..], &[0, last]] {
                let of_audio = fits(pictures, audio, Cause::End, end);
                let longer = end + 90;
                let of_neither = fits(pictures, audio, Cause::End, longer);
                // Where no interval is known yet, a duration may be anything after the last
                // picture.
                let unknown = pictures.len() == 2;
                assert_eq!(of_audio, want || unknown, "{pictures:?}, {end}");
                assert_eq!(of_neither, unknown, "{pictures:?}, {longer}");
            }
        }
    }

    #[test]
    fn h_05_a_picture_before_the_beginning_leaves_the_end_to_audio() {
        for (pictures, want) in
            [(&[9000, 9000, 9000][..], false), (&[9000, 9000, 8999], true), (&[9000, 8999], true)]
        {
            let got = fits(pictures, Some((-90, -90)), Cause::End, -90);
            assert_eq!(got, want, "{pictures:?}");
        }
    }

    #[test]
    fn h_05_a_segment_that_ends_before_its_last_picture_ends_with_silent_videos_audio_or_is_wrong()
    {
        let last = 2 * FRAME;
        for (audio_end, duration) in [
            (1000, 1000),          // audio ends there, and video goes on
            (last + 90_001, 1000), // video is silent, and audio ends elsewhere
        ] {
            let audio = Some((audio_end, audio_end));
            assert!(!fits(&[0, last], audio, Cause::End, duration), "{audio_end}");
        }
    }
}
