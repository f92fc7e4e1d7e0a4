//! The choices that are one of a few.

use crate::time::{Millis, Secs, TickSpan};

/// How EXT-X-TARGETDURATION comes about. Exhaustive: a new policy is a breaking change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a host that matches on it must learn of a new policy")]
pub enum TargetDuration {
    /// The longest segment so far, at least FragDuration; it only grows, and growth is a notice.
    HighWater,
    /// This duration for ever (RFC 8216 §6.2.1); a segment that would outgrow it is switched
    /// without a key frame. How much longer than this a segment may be, [`PlaylistVersion`] says.
    Declared(Secs),
}

/// EXT-X-VERSION of playlists, and with it how EXT-X-TARGETDURATION is rounded. Exhaustive: a new
/// version is a breaking change. Where a host's own tags need a higher number,
/// [`M3u8::min_version`](crate::playlist::M3u8::min_version) raises what the text says.
///
/// ```text
///   longest segment 2.002 s    version 6: target 2    version 3: target 3
///   longest segment 2.500 s    version 6: target 3    version 3: target 3
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a host that matches on it must learn of a new version"
)]
pub enum PlaylistVersion {
    /// Version 3, the least that EXTINF with decimals needs. The target duration is not shorter
    /// than any segment.
    V3,
    /// Version 6, from which on the target duration is that of the longest segment rounded to the
    /// nearest second (RFC 8216 §4.3.3.1): a segment may be almost half a second longer.
    #[default]
    V6,
}

impl PlaylistVersion {
    /// Returns the number that EXT-X-VERSION gives.
    pub const fn number(self) -> u8 {
        match self {
            Self::V3 => 3,
            Self::V6 => 6,
        }
    }

    /// Returns how a list is rounded whose EXT-X-VERSION is this number, which the host may have
    /// raised.
    pub(crate) const fn rounding_of(number: u8) -> Self {
        if number < Self::V6.number() { Self::V3 } else { Self::V6 }
    }

    /// Returns the least EXT-X-TARGETDURATION that goes with a segment of this EXTINF.
    pub const fn target_for(self, extinf: Millis) -> Secs {
        match self {
            Self::V3 => extinf.ceil_secs(),
            Self::V6 => extinf.round_secs(),
        }
    }

    /// Returns how long a segment may be that goes with this EXT-X-TARGETDURATION, in whole
    /// milliseconds: what EXTINF says is off by less than half a millisecond.
    pub(crate) const fn longest_for(self, target: Secs) -> TickSpan {
        let target = target.span();
        match self {
            Self::V3 => target,
            Self::V6 => TickSpan::new(target.get() + TickSpan::from_millis(499).get()),
        }
    }
}

/// How much younger than FragDuration a segment may be when a key frame ends it: tag times are
/// rounded to milliseconds, and encoders jitter. Exhaustive: a new kind is a breaking change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a host that matches on it must learn of a new kind")]
pub enum Slack {
    /// Half the interval of frames, at least 1 ms and at most 50 ms. Where frames jitter, it is the
    /// longest interval of late.
    #[default]
    HalfFrame,
    /// This, at most 100 ms.
    Fixed(TickSpan),
}

/// What the dates of EXT-X-PROGRAM-DATE-TIME follow, where the host tells the time. Exhaustive: a
/// new policy is a breaking change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a host that matches on it must learn of a new policy")]
pub enum DatePolicy {
    /// The host's clock: beyond 250 ms each segment makes up for at most 2 % of its duration. For
    /// media that comes as it is made.
    #[default]
    HostClock,
    /// The media: the first date is the host's, and each later one grows by EXTINF. For media that
    /// is read faster than it plays.
    MediaTime,
}

/// When a segment is switched without a key frame. Exhaustive: a new policy is a breaking change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a host that matches on it must learn of a new policy")]
pub enum ForcedSwitch {
    /// At max(2 × FragDuration, 60 s), as OSS LiveChannel does it.
    #[default]
    Oss,
    /// When the segment is as old as this: longer than FragDuration, an hour at the most. Pictures
    /// wait as long for a key frame that begins a segment.
    After(TickSpan),
    /// Never: a segment lasts until a key frame comes, and pictures wait for one.
    Never,
}

/// Which segments the playlist lists. Exhaustive: a new policy is a breaking change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a host that matches on it must learn of a new policy")]
pub enum WindowPolicy {
    /// The newest FragCount segments, no more.
    Exactly,
    /// FragCount segments and as many more as keep three target durations listed (RFC 8216 §6.2.2),
    /// up to [`Playlist::MAX_SEGMENTS`](crate::playlist::Playlist::MAX_SEGMENTS).
    AtLeastThreeTargets,
}

/// What a segment may start at. Exhaustive: a new policy is a breaking change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a host that matches on it must learn of a new policy")]
pub enum KeyFramePolicy {
    /// An IDR picture, whatever the tag's FrameType says; of H.265 any IRAP picture, since x265
    /// begins GOPs with CRA pictures.
    Idr,
    /// An IDR picture or a picture with a recovery point SEI: open GOPs and intra refresh.
    IdrOrRecoveryPoint,
    /// A picture whose tag has FrameType 1, whatever is in it.
    FrameType,
}

/// What happens to video between a break of the timeline and the next key frame. Exhaustive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "kept or dropped: there is no third")]
pub enum MidGop {
    /// It opens the new segment, after parameter sets.
    Keep,
    /// It is dropped and counted.
    DropUntilKey,
}

/// Whether filler data NAL units reach the output. Exhaustive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "kept or dropped: there is no third")]
pub enum Filler {
    /// They do, as received.
    #[default]
    Keep,
    /// They do not; decoders lose nothing (H.264 §7.4.2.7).
    Drop,
}

/// What happens to a track whose clock has nothing to do with the lead track's. Exhaustive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a host that matches on it must learn of a new policy")]
pub enum UnrelatedClocks {
    /// It is dropped and counted.
    Drop,
    /// It is moved once, at its first frame, to where the lead track is.
    AlignToLead,
}

/// Where the engine's timeline begins. Exhaustive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a host that matches on it must learn of a new base")]
pub enum TimelineBase {
    /// Tag times are kept.
    AsReceived,
    /// The first media tag of a stream is 0, for all tracks together.
    FirstTagZero,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn x1_h_03_the_target_is_rounded_as_the_version_says() {
        for (millis, nearest, up) in [
            (0, 0, 0),
            (1_999, 2, 2),
            (2_000, 2, 2),
            (2_002, 2, 3),
            (2_499, 2, 3),
            (2_500, 3, 3),
            (u32::MAX, 4_294_967, 4_294_968),
        ] {
            let extinf = Millis::new(millis);
            assert_eq!(PlaylistVersion::V6.target_for(extinf), Secs::new(nearest), "{millis}");
            assert_eq!(PlaylistVersion::V3.target_for(extinf), Secs::new(up), "{millis}");
        }
    }

    #[test]
    fn x1_y_14_the_longest_segment_is_the_longest_that_the_target_goes_with() {
        for version in [PlaylistVersion::V3, PlaylistVersion::V6] {
            for secs in [1, 5, 60] {
                let target = Secs::new(secs);
                let millis = version.longest_for(target).round_millis() as u32;
                assert_eq!(version.target_for(Millis::new(millis)), target, "{version:?}");
                assert!(version.target_for(Millis::new(millis + 1)) > target, "{version:?}");
            }
        }
    }
}
