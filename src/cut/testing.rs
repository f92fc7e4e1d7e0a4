//! States and samples for tables of decisions: times and facts, no stream.

use crate::codec::aac::{Adts, AudioSpecificConfig};
use crate::codec::audio::AudioFormat;
use crate::codec::nal::{AccessUnit, Packing};
use crate::config::{Config, Options};
use crate::sample::{AudioBatch, AudioFrame, CodedAudio, FrameHead, PictureInput, PictureTiming};
use crate::segment::SegmentStart;
use crate::stream_type::{Program, StreamType};
use crate::time::{TickSpan, Ticks};
use crate::timeline::Verdict;

use super::audio_track::{AudioTrackState, Join};
use super::phase::{OpenSegment, Phase};
use super::state::{Continuity, State};
use super::video_track::VideoTrackState;

pub(super) const AUDIO_ALONE: Program = Program { video: None, audio: Some(StreamType::AAC_ADTS) };
pub(super) const VIDEO_ALONE: Program = Program { video: Some(StreamType::AVC), audio: None };
pub(super) const BOTH: Program =
    Program { video: Some(StreamType::AVC), audio: Some(StreamType::AAC_ADTS) };

pub(super) fn at(millis: i64) -> Ticks {
    Ticks::new(0) + TickSpan::from_millis(millis)
}

/// AAC with frames of 1024 samples; at 48 kHz one lasts 1920 ticks.
pub(super) fn aac(config: [u8; 2]) -> AudioFormat {
    let config = AudioSpecificConfig::parse(&config).unwrap();
    let adts = Adts::new(&config).unwrap();
    AudioFormat::Aac { config, adts }
}

pub(super) const AAC_48000: [u8; 2] = [0x11, 0x90];
pub(super) const AAC_44100: [u8; 2] = [0x12, 0x10];

/// A state before any tag; audio that comes is counted at 48 kHz.
pub(super) fn fresh(options: Options) -> State {
    let mut state = State::new(&Config::new(options).unwrap(), crate::mux::Headers::InBand);
    state.audio.clock.set_rate(48_000);
    state
}

impl State {
    /// Opens a segment at `since` that lists `program`, with the tracks in it joined.
    pub(super) fn open(mut self, since: i64, program: Program) -> Self {
        let start = SegmentStart {
            id: 0,
            sequence: 0,
            start: at(since),
            wall: None,
            program_date_time: None,
            discontinuity: false,
            starts_with_idr: true,
            init: None,
        };
        self.phase = Phase::Open(OpenSegment::new(start, program));
        self.continuity = Continuity::Continues;
        if let Some(stream_type) = program.video {
            self.video.track = VideoTrackState::Joined(stream_type);
        }
        if program.audio.is_some() {
            self.audio = self.audio.joined(aac(AAC_48000));
        }
        self
    }

    /// Lets two pictures come, the last one at `last`.
    pub(super) fn pictures_until(mut self, last: i64) -> Self {
        for millis in [last - 40, last] {
            let picture = picture(millis);
            self.video.clock.place(&picture.timing);
            self.timeline.take_video(at(millis), Verdict::GoesOn);
        }
        self
    }

    /// Lets frames of audio come that were written, from where video is to `last`.
    pub(super) fn audio_until(mut self, last: i64) -> Self {
        let video = self.timeline.last_video();
        let first = video.map_or(last, |video| (video - at(0)).round_millis());
        for millis in (first..last).step_by(5_000).chain([last]) {
            let judged = self.timeline.judge_audio(at(millis));
            assert_eq!(judged.verdict, Verdict::GoesOn, "{millis}");
            self.timeline.take_audio(&judged);
            self.audio.clock.place(&batch(millis));
        }
        self
    }

    /// Lets `count` frames wait, the first at `first`.
    pub(super) fn holding(mut self, first: i64, count: i64) -> Self {
        for nth in 0..count {
            let placed = self.audio.clock.place(&batch(first + nth * 21));
            let held = self.audio.gather.push(&AudioFrame {
                pts: placed.pts,
                duration: placed.duration,
                samples: 1024,
                detached: nth == 0,
                head: FrameHead::None,
                payload: &[0; 100],
            });
            assert!(held, "frame {nth}");
        }
        self
    }
}

impl super::audio_track::AudioState {
    /// Lets frames be coded as the segments have them.
    fn joined(mut self, format: AudioFormat) -> Self {
        let join = Join::Joined;
        self.track = AudioTrackState::Coded { format, join };
        self.clock.set_rate(format.coded_rate());
        self
    }
}

/// A picture that is no key frame.
pub(super) fn picture(millis: i64) -> PictureInput<'static> {
    let (unit, contents) = AccessUnit::new(b"\0\0\0\x02\x41\x9a", Packing::default());
    PictureInput {
        timing: PictureTiming {
            tag: at(millis),
            composition: TickSpan::ZERO,
            reorder_frames: 0,
            stated_interval: None,
        },
        unit,
        contents,
        key_frame: false,
        reconfigured: false,
        decodable: true,
    }
}

pub(super) fn key_frame(millis: i64) -> PictureInput<'static> {
    PictureInput { key_frame: true, ..picture(millis) }
}

/// One AAC frame of 100 bytes.
pub(super) fn batch(millis: i64) -> AudioBatch<'static> {
    batch_of(millis, &[0x21; 100])
}

pub(super) fn batch_of(millis: i64, frame: &'static [u8]) -> AudioBatch<'static> {
    let AudioFormat::Aac { adts, .. } = aac(AAC_48000) else { unreachable!("AAC is AAC") };
    AudioBatch {
        time: at(millis),
        coded: CodedAudio::PlainAac { header: adts.padded_header(frame.len()).unwrap(), frame },
        count: 1,
        len: Adts::HEADER_LEN + frame.len(),
        samples: 1024,
    }
}
