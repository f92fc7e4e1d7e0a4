//! What a track is: reported on first sight and on every change, and kept in the statistics.

use crate::codec::audio::{AudioCodecString, AudioFormat};
use crate::codec::video::VideoCodecString;
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
    /// stated.
    pub frame_rate: Option<(u32, u32)>,
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
}
