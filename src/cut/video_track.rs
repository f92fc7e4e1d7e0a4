//! The video track: whether it has come, what it is, and whether it is there still.

use crate::codec::nal::Contents;
use crate::config::Options;
use crate::stream_type::StreamType;
use crate::timeline::VideoClock;

/// The video track.
#[derive(Clone, Debug)]
pub(crate) struct VideoState {
    /// Derives DTS and PTS.
    pub(crate) clock: VideoClock,
    pub(crate) leading: LeadingPictures,
    pub(crate) track: VideoTrackState,
    /// Metadata or the host announces video: it is waited for at the beginning.
    pub(crate) announced: bool,
}

/// What becomes of pictures that come after a random access picture and are shown before it, and
/// refer to others before it (RASL, H.265 §8.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LeadingPictures {
    /// A decoder that has the pictures before can decode them.
    Kept,
    /// Decoding begins with that picture: they are dropped.
    Skipped,
}

/// How far the video track has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum VideoTrackState {
    /// No sequence header has come.
    Absent,
    /// A sequence header has come.
    Known(StreamType),
    /// A picture of this publication has begun a segment, lost or not.
    Joined(StreamType),
    /// One has, but what came last is of a codec that is not carried: a segment that audio begins
    /// does not list video.
    Left(StreamType),
}

impl VideoState {
    pub(crate) const fn new(options: &Options) -> Self {
        Self {
            clock: VideoClock::new(),
            leading: LeadingPictures::Kept,
            track: VideoTrackState::Absent,
            announced: options.announced_video,
        }
    }

    /// Notes a picture that is written: video that had left is back, and leading pictures have what
    /// they refer to, unless a segment that begins with the picture says otherwise.
    pub(crate) const fn take(&mut self, contents: &Contents) {
        self.track.stay();
        if contents.random_access {
            self.leading = LeadingPictures::Kept;
        }
    }
}

impl VideoTrackState {
    /// Takes the stream type of a picture that can be decoded.
    pub(crate) const fn recode(&mut self, new: StreamType) {
        match self {
            Self::Absent => *self = Self::Known(new),
            Self::Known(stream_type) | Self::Joined(stream_type) | Self::Left(stream_type) => {
                *stream_type = new;
            }
        }
    }

    /// Returns its stream type, as soon as a sequence header has come.
    pub(crate) const fn stream_type(self) -> Option<StreamType> {
        match self {
            Self::Absent => None,
            Self::Known(stream_type) | Self::Joined(stream_type) | Self::Left(stream_type) => {
                Some(stream_type)
            }
        }
    }

    /// Notes that a picture begins a segment.
    pub(crate) const fn join(&mut self) {
        if let Self::Known(stream_type) = *self {
            *self = Self::Joined(stream_type);
        }
    }

    /// Notes media of a codec that is not carried.
    pub(crate) const fn leave(&mut self) {
        if let Self::Joined(stream_type) = *self {
            *self = Self::Left(stream_type);
        }
    }

    /// Notes that a picture is written. One that only waits for a key frame brings nothing back.
    const fn stay(&mut self) {
        if let Self::Left(stream_type) = *self {
            *self = Self::Joined(stream_type);
        }
    }

    /// Returns whether a picture of this publication has begun a segment.
    pub(crate) const fn has_joined(self) -> bool {
        matches!(self, Self::Joined(_) | Self::Left(_))
    }
}
