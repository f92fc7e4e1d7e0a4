//! What a segment turned out to hold, in the terms in which it is told.

use hls_segmenter::time::{TickSpan, WireTime};

use super::super::ts::Boundary;

/// Steps of DTS that the last pictures of a timeline made.
#[derive(Clone, Copy, Debug, Default)]
pub(in super::super) struct Steps {
    last: Option<WireTime>,
    /// The last picture was moved, to a tick after the one before it.
    moved: bool,
    older: Option<TickSpan>,
    newer: Option<TickSpan>,
}

impl Steps {
    pub(super) fn begin_segment(&mut self, boundary: Boundary) {
        if boundary != Boundary::Continuous {
            // The engine may have moved the first picture to come after the last one before the break.
            *self = Self { moved: true, ..Self::default() };
        }
    }

    fn take(&mut self, dts: WireTime) {
        if let Some(last) = self.last.replace(dts) {
            let step = dts.since(last);
            // How far a picture was moved says nothing of the frame rate (Y-02).
            let from_moved = core::mem::replace(&mut self.moved, step == TickSpan::new(1));
            if !from_moved && !self.moved {
                (self.older, self.newer) = (self.newer, Some(step));
            }
        }
    }

    /// Returns the shorter and the longer of the last two steps of pictures that were not moved.
    pub(in super::super) fn range(&self) -> Option<(TickSpan, TickSpan)> {
        let (older, newer) = (self.older?, self.newer?);
        Some((older.min(newer), older.max(newer)))
    }
}

/// Counts and times of one segment; times are spans from the DTS of its first PES packet.
#[derive(Clone, Copy, Debug, Default)]
pub(in super::super) struct Content {
    pub(in super::super) first_dts: Option<WireTime>,
    /// The first PES packet is video.
    pub(in super::super) video_leads: bool,
    pub(in super::super) pictures: u32,
    /// Those among them that may be the rest of the one before.
    pub(in super::super) parted: u32,
    pub(in super::super) audio_frames: u32,
    /// There is audio that is not made of frames.
    pub(in super::super) frames_unknown: bool,
    pub(in super::super) key_frames: u32,
    /// Whether the first picture is an IDR picture, where the output tells.
    pub(in super::super) first_picture_is_idr: Option<Option<bool>>,
    pub(in super::super) last_picture: Option<TickSpan>,
    last_key_frame: TickSpan,
    longest_gop: TickSpan,
    /// Earliest and latest end of the last audio frame: its samples are 960 or 1024.
    pub(in super::super) audio_end: Option<(TickSpan, TickSpan)>,
    pub(in super::super) earliest: TickSpan,
    pub(in super::super) latest: TickSpan,
}

impl Content {
    /// Counts a PES packet in and returns how far from the first one it is.
    pub(super) fn count(&mut self, dts: WireTime, video: bool) -> TickSpan {
        let first = *self.first_dts.get_or_insert_with(|| {
            self.video_leads = video;
            dts
        });
        let at = dts.since(first);
        self.earliest = self.earliest.min(at);
        self.latest = self.latest.max(at);
        at
    }

    pub(in super::super) fn count_picture(
        &mut self,
        dts: WireTime,
        (idr, key_frame): (Option<bool>, bool),
        steps: &mut Steps,
    ) {
        let at = self.count(dts, true);
        steps.take(dts);
        self.pictures += 1;
        self.first_picture_is_idr.get_or_insert(idr);
        self.last_picture = Some(at);
        if key_frame {
            self.key_frames += 1;
            self.longest_gop = self.longest_gop.max(at - self.last_key_frame);
            self.last_key_frame = at;
        }
    }

    pub(in super::super) fn count_frames(&mut self, dts: WireTime, count: u32, span: TickSpan) {
        let at = self.count(dts, false);
        self.audio_frames += count;
        let shorter = TickSpan::new(span.get() * 960 / 1024);
        self.audio_end = Some((at + shorter, at + span));
    }

    /// Returns the longest distance between two key frames, or from the last one to the end.
    pub(in super::super) fn longest_gop(&self, duration: TickSpan) -> TickSpan {
        self.longest_gop.max(duration - self.last_key_frame)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h_05_the_last_audio_frame_ends_after_960_or_1024_samples() {
        let mut content = Content::default();
        content.count_frames(WireTime::new(90_000), 1, TickSpan::new(1024));
        content.count_frames(WireTime::new(92_000), 2, TickSpan::new(2048));
        let (from, to) = content.audio_end.unwrap();
        assert_eq!((from.get(), to.get()), (2000 + 1920, 2000 + 2048));
        assert_eq!(content.audio_frames, 3);
    }
}
