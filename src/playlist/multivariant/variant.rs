//! A variant of a stream (RFC 8216 §4.3.4.2).

use core::fmt;

use crate::stats::{BitRates, Stats};
use crate::track::{AudioTrack, VideoTrack};

use super::error::MultivariantError;
use super::is_uri;
use super::rendition::{Group, GroupKind};

/// A media playlist that players may choose, with what they choose it by: EXT-X-STREAM-INF.
#[derive(Clone, Copy, Debug)]
pub struct Variant<'a> {
    pub(super) uri: &'a str,
    pub(super) rates: BitRates,
    pub(super) video: Option<VideoTrack>,
    pub(super) audio: Option<AudioTrack>,
    range: Option<VideoRange>,
    pub(super) audio_group: Option<&'a str>,
    pub(super) captions: Captions<'a>,
}

/// The dynamic range of video: VIDEO-RANGE (draft-pantos-hls-rfc8216bis §4.4.6.2). Further ones may
/// come: it is not exhaustive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum VideoRange {
    /// Standard dynamic range.
    Sdr,
    /// Hybrid log-gamma.
    Hlg,
    /// Perceptual quantizer: HDR10 and what builds on it.
    Pq,
}

/// What is said of captions within the video: CLOSED-CAPTIONS. Exhaustive: the standard knows no
/// other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "unknown, none, or those of a group: there is no fourth"
)]
pub enum Captions<'a> {
    /// Nothing: players look for captions themselves.
    #[default]
    Unstated,
    /// There are none, in any variant.
    None,
    /// Those of the renditions of this group.
    Group(&'a str),
}

impl VideoRange {
    /// Returns the range of video with these `transfer_characteristics` (ITU-T H.273 §8.2): 16 is
    /// PQ, 18 is HLG, and others are SDR.
    pub const fn of_transfer(transfer_characteristics: u8) -> Self {
        match transfer_characteristics {
            16 => Self::Pq,
            18 => Self::Hlg,
            _ => Self::Sdr,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Sdr => "SDR",
            Self::Hlg => "HLG",
            Self::Pq => "PQ",
        }
    }
}

impl<'a> Variant<'a> {
    /// Takes where the media playlist is, relative to the multivariant playlist, and the bit rates
    /// of its segments.
    pub const fn new(uri: &'a str, rates: BitRates) -> Self {
        let (video, audio, range, audio_group) = (None, None, None, None);
        Self { uri, rates, video, audio, range, audio_group, captions: Captions::Unstated }
    }

    /// Takes tracks and bit rates of what went through an engine; `None` until its segments have a
    /// [peak rate](Stats::bit_rates).
    pub fn of_stats(uri: &'a str, stats: &Stats) -> Option<Self> {
        let mut variant = Self::new(uri, stats.bit_rates?);
        variant.video = stats.video.map(|video| video.track);
        variant.audio = stats.audio.map(|audio| audio.track);
        Some(variant)
    }

    /// Sets the video track: CODECS, RESOLUTION, FRAME-RATE.
    #[must_use]
    pub const fn video(mut self, video: VideoTrack) -> Self {
        self.video = Some(video);
        self
    }

    /// Sets the audio track that is in the segments of the variant: CODECS.
    #[must_use]
    pub const fn audio(mut self, audio: AudioTrack) -> Self {
        self.audio = Some(audio);
        self
    }

    /// Sets VIDEO-RANGE; nothing is said of it unless set. A range other than SDR needs a video
    /// track with a frame rate.
    #[must_use]
    pub const fn video_range(mut self, range: VideoRange) -> Self {
        self.range = Some(range);
        self
    }

    /// Sets the group of audio renditions that go with the variant: AUDIO. The codecs of the group
    /// and the largest rates in it are added to those of the variant.
    #[must_use]
    pub const fn audio_group(mut self, group: &'a str) -> Self {
        self.audio_group = Some(group);
        self
    }

    /// Sets CLOSED-CAPTIONS; nothing is said of captions unless set.
    #[must_use]
    pub const fn captions(mut self, captions: Captions<'a>) -> Self {
        self.captions = captions;
        self
    }

    /// Returns what is wrong with the variant by itself.
    pub(super) fn check(&self, nth: usize) -> Result<(), MultivariantError> {
        let is_hdr = self.range.is_some_and(|range| range != VideoRange::Sdr);
        if !is_uri(self.uri) {
            Err(MultivariantError::VariantUri { nth })
        } else if self.rates.peak == 0 {
            Err(MultivariantError::NoBandwidth { nth })
        } else if self.video.is_none() && self.audio.is_none() && self.audio_group.is_none() {
            Err(MultivariantError::NoTrack { nth })
        } else if is_hdr && self.frame_rate_millis().is_none() {
            Err(MultivariantError::FrameRateMissing { nth })
        } else {
            Ok(())
        }
    }

    /// Iterates over the groups that the variant names.
    pub(super) fn groups(&self) -> impl Iterator<Item = Group<'a>> {
        let captions = match self.captions {
            Captions::Unstated | Captions::None => None,
            Captions::Group(id) => Some(Group { kind: GroupKind::Captions, id }),
        };
        self.audio_renditions().into_iter().chain(captions)
    }

    /// Returns the group of audio that goes with the variant.
    pub(super) fn audio_renditions(&self) -> Option<Group<'a>> {
        self.audio_group.map(|id| Group { kind: GroupKind::Audio, id })
    }

    /// Returns the frames in a thousand seconds, rounded; `None` where they are not known.
    fn frame_rate_millis(&self) -> Option<u64> {
        let (num, den) = self.video?.frame_rate?;
        let den = u64::from(den).max(1);
        Some((u64::from(num) * 1000 + den / 2) / den).filter(|&rate| rate > 0)
    }

    /// Writes what is known of the picture.
    pub(super) fn write_picture(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = self.video.and_then(|video| video.width.zip(video.height));
        if let Some((width, height)) = size {
            write!(f, ",RESOLUTION={width}x{height}")?;
        }
        if let Some(rate) = self.frame_rate_millis() {
            write!(f, ",FRAME-RATE={}.{:03}", rate / 1000, rate % 1000)?;
        }
        match self.range {
            Some(range) => write!(f, ",VIDEO-RANGE={}", range.name()),
            None => Ok(()),
        }
    }
}
