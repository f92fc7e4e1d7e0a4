//! What a track is: reported on first sight and on every change, and kept in the statistics.

use crate::codec::audio::{AudioCodecString, AudioFormat};
use crate::codec::video::VideoCodecString;
use crate::stream_type::StreamType;
use crate::time::{TickSpan, Ticks};

/// What a track is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Track {
    /// The video track.
    Video(VideoTrack),
    /// The audio track.
    Audio(AudioTrack),
}

/// Tracks that are said to come, before they have. Nothing is decided by that alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Announced {
    /// There is video that can be carried.
    pub video: bool,
    /// There is audio, one of [`StreamType::AUDIO`].
    pub audio: Option<StreamType>,
}

/// A video track.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VideoTrack {
    /// Codecs parameter of RFC 6381: `avc1.64001F`.
    pub codec: VideoCodecString,
    /// Width of the picture in pixels; `None` without feature `std`, or where the parameter set
    /// cannot be read.
    pub width: Option<u32>,
    /// Height of the picture in pixels; `None` as for `width`.
    pub height: Option<u32>,
    /// Frames per second as numerator and denominator; `None` as for `width`, or where it is not
    /// stated. Where a segment had another rate, by more than a quarter, it is that one, to a
    /// thousandth.
    pub frame_rate: Option<(u32, u32)>,
}

impl VideoTrack {
    /// Returns the track with the rate of `frames` in `duration`, if the stated one is off by more
    /// than a quarter. A second of pictures says enough; fewer than ten of them do not.
    ///
    /// ```text
    ///   1000 fps stated, 60 frames in 2.000 s       30 fps
    ///   25 fps stated, 50 frames in 2.000 s         nothing
    /// ```
    pub(crate) fn corrected(&self, frames: u32, duration: TickSpan) -> Option<Self> {
        let (num, den) = self.frame_rate?;
        if frames < 10 || duration < TickSpan::from_secs(1) {
            return None;
        }
        let ticks = duration.get().unsigned_abs();
        let per_1000_secs = u64::from(frames) * 90_000_000 / ticks;
        let stated = u64::from(num) * 1000 / u64::from(den.max(1));
        let is_near = per_1000_secs.abs_diff(stated) * 4 <= stated;
        let frame_rate = u32::try_from(per_1000_secs).ok().filter(|_| !is_near)?;
        let divisor = if frame_rate % 1000 == 0 { 1000 } else { 1 };
        Some(Self { frame_rate: Some((frame_rate / divisor, 1000 / divisor)), ..*self })
    }
}

/// An audio track.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AudioTrack {
    /// Codecs parameter of RFC 6381: `mp4a.40.2`.
    pub codec: AudioCodecString,
    /// Samples per second as heard: with signalled SBR the extended rate.
    pub sample_rate: u32,
    /// Channels as heard; `None` where only the coded frames say.
    pub channels: Option<u8>,
}

impl From<&AudioFormat> for AudioTrack {
    fn from(format: &AudioFormat) -> Self {
        Self {
            codec: format.codec_string(),
            sample_rate: format.sample_rate(),
            channels: format.channels(),
        }
    }
}

/// What went through of a track.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TrackStats<T> {
    /// What the track is.
    pub track: T,
    /// Access units or audio frames written.
    pub frames: u64,
    /// Bytes of the elementary stream written.
    pub bytes: u64,
    /// Bytes of the elementary stream per second of media, over the last two seconds or so; 0
    /// before that.
    pub bytes_per_second: u32,
}

/// Counts what went through of a track.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Meter {
    frames: u64,
    bytes: u64,
    since: Option<Ticks>,
    since_bytes: u64,
    bytes_per_second: u32,
}

impl Meter {
    pub(crate) const fn new() -> Self {
        Self { frames: 0, bytes: 0, since: None, since_bytes: 0, bytes_per_second: 0 }
    }

    /// How long bytes are added up for a rate.
    const SPAN: TickSpan = TickSpan::from_secs(2);

    #[inline]
    pub(crate) fn add(&mut self, time: Ticks, frames: u64, bytes: usize) {
        let since = *self.since.get_or_insert(time);
        let span = time - since;
        if span >= Self::SPAN || span < TickSpan::ZERO {
            let per_second =
                self.since_bytes.saturating_mul(90_000) / span.get().unsigned_abs().max(1);
            self.bytes_per_second = u32::try_from(per_second).unwrap_or(u32::MAX);
            (self.since, self.since_bytes) = (Some(time), 0);
        }
        self.frames += frames;
        self.bytes += bytes as u64;
        self.since_bytes += bytes as u64;
    }

    /// Adds bytes of the frame that was added last.
    pub(crate) const fn add_to_last(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
        self.since_bytes += bytes as u64;
    }

    pub(crate) const fn stats<T: Copy>(&self, track: T) -> TrackStats<T> {
        TrackStats {
            track,
            frames: self.frames,
            bytes: self.bytes,
            bytes_per_second: self.bytes_per_second,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::video::VideoCoding;

    #[test]
    fn o_21_bandwidth_is_bytes_per_second_of_the_last_seconds() {
        let mut meter = Meter::new();
        for n in 0..250 {
            meter.add(Ticks::new(n * 3600), 1, if n < 100 { 500 } else { 1000 });
            if n == 49 {
                assert_eq!(meter.stats(()).bytes_per_second, 0, "not known before two seconds");
            }
        }
        assert_eq!(
            meter.stats(()),
            TrackStats { track: (), frames: 250, bytes: 200_000, bytes_per_second: 25_000 }
        );
    }

    #[test]
    fn o_21_no_bandwidth_is_told_of_no_time_and_time_that_goes_back_begins_anew() {
        let mut meter = Meter::new();
        let rate = |meter: &Meter| meter.stats(()).bytes_per_second;
        meter.add(Ticks::new(90_000), 1, 1000);
        meter.add(Ticks::new(90_000), 1, 1000);
        assert_eq!(rate(&meter), 0);
        meter.add(Ticks::new(0), 1, 500);
        assert_eq!(rate(&meter), 2000);
        meter.add(Ticks::new(180_000), 1, 1000);
        assert_eq!(rate(&meter), 250);
    }

    #[test]
    fn o_20_a_frame_rate_that_is_quite_another_than_the_stated_one_is_told() {
        let format = VideoCoding::Avc.picture_format(&[0x67, 0x64, 0, 0x1f]).unwrap();
        for (stated, frames, millis, want) in [
            ((1000, 1), 60, 2_000, Some((30, 1))),
            ((1000, 1), 60, 2_002, Some((29_970, 1000))),
            ((25, 1), 50, 2_000, None),
            ((25, 1), 38, 2_000, None),
            ((25, 1), 37, 2_000, Some((18_500, 1000))),
            ((1000, 1), 9, 2_000, None),
            ((1000, 1), 60, 999, None),
        ] {
            let (width, height) = (None, None);
            let track = VideoTrack { codec: format.codec, width, height, frame_rate: Some(stated) };
            let corrected = track.corrected(frames, TickSpan::from_millis(millis));
            assert_eq!(corrected.map(|track| track.frame_rate), want.map(Some), "{stated:?}");
        }
    }
}
