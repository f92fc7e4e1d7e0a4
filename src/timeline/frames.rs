//! The frames of an audio tag, each with its share of the time that all were placed at.

use super::audio_clock::AudioTime;
use crate::sample::{AudioBatch, AudioFrame, CodedAudio, FrameHead};

impl AudioBatch<'_> {
    /// Returns the frame, `placed` in time, if the batch is known to be only one.
    #[inline(always)]
    pub(crate) fn only_frame(&self, placed: AudioTime) -> Option<AudioFrame<'_>> {
        match &self.coded {
            CodedAudio::PlainAac { header, frame } => Some(AudioFrame {
                pts: placed.pts,
                duration: placed.duration,
                samples: self.samples as u16,
                detached: placed.is_detached(),
                head: FrameHead::Adts(*header),
                payload: frame,
            }),
            CodedAudio::Whole(payload) => Some(AudioFrame {
                pts: placed.pts,
                duration: placed.duration,
                samples: self.samples_of_each(),
                detached: placed.is_detached(),
                head: FrameHead::None,
                payload,
            }),
            CodedAudio::Aac(_) | CodedAudio::Mpeg(_) => None,
        }
    }

    /// Returns the samples per channel of one frame.
    #[inline]
    const fn samples_of_each(&self) -> u16 {
        (if self.count <= 1 { self.samples } else { self.samples / self.count }) as u16
    }

    /// Calls `each` with the frames, each with its share of the time that all were `placed` at.
    pub(crate) fn for_each(&self, placed: AudioTime, mut each: impl FnMut(&AudioFrame<'_>)) {
        let place = |nth: u32| {
            let pts = placed.begin_of(nth, self.count);
            let duration = placed.begin_of(nth + 1, self.count) - pts;
            (pts, duration, placed.is_detached() && nth == 0)
        };
        let samples = self.samples_of_each();
        match &self.coded {
            CodedAudio::PlainAac { .. } | CodedAudio::Whole(_) => {
                self.only_frame(placed).iter().for_each(each);
            }
            CodedAudio::Aac(frames) => {
                let mut frames = frames.clone();
                for nth in 0..self.count {
                    let Some(frame) = frames.next() else {
                        return;
                    };
                    let (pts, duration, detached) = place(nth);
                    let head = match frame.layout {
                        [] => FrameHead::Adts(frame.header),
                        layout => FrameHead::AdtsAndLayout(frame.header, layout),
                    };
                    let payload = frame.payload;
                    each(&AudioFrame { pts, duration, samples, detached, head, payload });
                }
            }
            CodedAudio::Mpeg(frames) => {
                for (nth, payload) in (0..).zip(frames.clone()) {
                    let (pts, duration, detached) = place(nth);
                    let head = FrameHead::None;
                    each(&AudioFrame { pts, duration, samples, detached, head, payload });
                }
            }
        }
    }
}
