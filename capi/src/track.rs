//! What a track is, and what went through of it.

use core::ffi::c_char;
use core::mem::size_of;

use hls_segmenter::{AudioTrack, Track, TrackStats, VideoTrack};

use crate::text::array;

/// Which track is meant.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum hlsseg_track_kind {
    /// Video.
    Video = 1,
    /// Audio.
    Audio = 2,
}

/// A track. Lent to the callback `track` for its time, on first sight and whenever it changes; or
/// filled by `hlsseg_read_track`, with what went through.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct hlsseg_track {
    /// Length of the struct: the library's in the callback, the caller's for `hlsseg_read_track`.
    pub size: usize,
    /// Which track it is, an `hlsseg_track_kind`.
    pub kind: u32,
    /// Video: width of the picture in pixels; 0 where it is not known.
    pub width: u32,
    /// Video: height of the picture in pixels; 0 where it is not known.
    pub height: u32,
    /// Video: frames per `frame_rate_denominator` seconds; 0 where it is not known.
    pub frame_rate_numerator: u32,
    /// Video: see `frame_rate_numerator`.
    pub frame_rate_denominator: u32,
    /// Audio: samples per second as heard.
    pub sample_rate: u32,
    /// Audio: channels as heard; 0 where only the coded frames tell.
    pub channels: u32,
    /// Bytes of the elementary stream per second of media, over the last two seconds or so; 0
    /// before that, and in the callback.
    pub bytes_per_second: u32,
    /// Access units or audio frames written; 0 in the callback.
    pub frames: u64,
    /// Bytes of the elementary stream written; 0 in the callback.
    pub bytes: u64,
    /// Codecs parameter of RFC 6381, ended by NUL: `avc1.64001F`, `hvc1.1.6.L93.90`,
    /// `mp4a.40.2`.
    pub codec: [c_char; 32],
}

impl hlsseg_track {
    const fn empty(kind: hlsseg_track_kind) -> Self {
        Self {
            size: size_of::<Self>(),
            kind: kind as u32,
            width: 0,
            height: 0,
            frame_rate_numerator: 0,
            frame_rate_denominator: 0,
            sample_rate: 0,
            channels: 0,
            bytes_per_second: 0,
            frames: 0,
            bytes: 0,
            codec: [0; 32],
        }
    }

    /// Takes the track as well as what went through of it.
    pub(crate) fn with_stats<T>(stats: &TrackStats<T>) -> Self
    where
        for<'a> Self: From<&'a T>,
    {
        Self {
            frames: stats.frames,
            bytes: stats.bytes,
            bytes_per_second: stats.bytes_per_second,
            ..Self::from(&stats.track)
        }
    }

    /// Takes a track; `None` where this version of the C API has no word for it.
    pub(crate) fn of(track: &Track) -> Option<Self> {
        match track {
            Track::Video(video) => Some(video.into()),
            Track::Audio(audio) => Some(audio.into()),
            _ => None,
        }
    }
}

impl From<&VideoTrack> for hlsseg_track {
    fn from(video: &VideoTrack) -> Self {
        let (numerator, denominator) = video.frame_rate.unwrap_or((0, 0));
        Self {
            width: video.width.unwrap_or(0),
            height: video.height.unwrap_or(0),
            frame_rate_numerator: numerator,
            frame_rate_denominator: denominator,
            codec: array(video.codec),
            ..Self::empty(hlsseg_track_kind::Video)
        }
    }
}

impl From<&AudioTrack> for hlsseg_track {
    fn from(audio: &AudioTrack) -> Self {
        Self {
            sample_rate: audio.sample_rate,
            channels: audio.channels.unwrap_or(0).into(),
            codec: array(audio.codec),
            ..Self::empty(hlsseg_track_kind::Audio)
        }
    }
}
