//! What the host chooses: [`Options`], checked once into a [`Config`].

mod frag;
mod host;
mod policy;

pub use frag::{FragCount, FragDuration};
pub use host::{End, SwitchAt};
pub use policy::{
    Filler, KeyFramePolicy, MidGop, TargetDuration, TimelineBase, UnrelatedClocks, WindowPolicy,
};

use crate::stream_type::StreamType;
use crate::time::{Secs, TickSpan};

/// Everything that can be chosen; [`Default`] is what OSS LiveChannel does. Not exhaustive: a
/// literal ends in `..Options::default()`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// The duration a segment should have; 5 s.
    pub frag_duration: FragDuration,
    /// Segments in the playlist; 3.
    pub frag_count: FragCount,
    /// How EXT-X-TARGETDURATION comes about; [`TargetDuration::HighWater`].
    pub target_duration: TargetDuration,
    /// Which segments are listed; [`WindowPolicy::Exactly`].
    pub window: WindowPolicy,
    /// What a segment may start at; [`KeyFramePolicy::Idr`].
    pub key_frames: KeyFramePolicy,
    /// How much younger than FragDuration a segment may be when a key frame ends it; 1 ms, at most
    /// 100 ms.
    pub slack: TickSpan,
    /// Whether a segment is switched at max(2 × FragDuration, 60 s) without a key frame; true.
    pub forced_switch: bool,
    /// Video between a break and the next key frame; [`MidGop::Keep`].
    pub mid_gop: MidGop,
    /// Whether playlists carry EXT-X-INDEPENDENT-SEGMENTS; false. Only with options under which
    /// every segment starts with an IDR picture: `key_frames` and `target_duration` as they
    /// are by default, `forced_switch` false and `mid_gop` [`MidGop::DropUntilKey`].
    pub independent_segments: bool,
    /// The longest forward step of tag time that is still a hole and not a break; 10 s, from 1 s
    /// to 1 h.
    pub jump_limit: TickSpan,
    /// Repeats PAT and PMT so often within a segment; none, at least 20 ms.
    pub psi_interval: Option<TickSpan>,
    /// How much later PTS and DTS are than the PCR; 700 ms, from 500 ms to 1 s: audio is gathered
    /// for up to 300 ms, and must be written before its time has come.
    pub pcr_lead: TickSpan,
    /// Where the timeline begins; [`TimelineBase::AsReceived`].
    pub base: TimelineBase,
    /// What happens to a track with an unrelated clock; [`UnrelatedClocks::Drop`].
    pub unrelated_clocks: UnrelatedClocks,
    /// How long an announced track is waited for, in media time; 1 s, at most 1 min.
    pub track_wait: TickSpan,
    /// Audio of this type, one of [`StreamType::AUDIO`], is listed from the first segment on, and
    /// waited for; none. A host that knows better than the stream's metadata says so here.
    pub announced_audio: Option<StreamType>,
    /// Video is waited for before audio alone begins; false.
    pub announced_video: bool,
    /// Whether a stream without video gives no output; false.
    pub require_video: bool,
    /// Whether filler data NAL units are kept; [`Filler::Keep`].
    pub filler: Filler,
    /// Shortest time between two snapshots; none, so no snapshots. From 1 s to 100 s.
    pub snapshot_interval: Option<TickSpan>,
    /// Media sequence number of the first segment; 0.
    pub first_sequence: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            frag_duration: FragDuration::DEFAULT,
            frag_count: FragCount::DEFAULT,
            target_duration: TargetDuration::HighWater,
            window: WindowPolicy::Exactly,
            key_frames: KeyFramePolicy::Idr,
            slack: TickSpan::from_millis(1),
            forced_switch: true,
            mid_gop: MidGop::Keep,
            independent_segments: false,
            jump_limit: TickSpan::from_secs(10),
            psi_interval: None,
            pcr_lead: TickSpan::from_millis(700),
            base: TimelineBase::AsReceived,
            unrelated_clocks: UnrelatedClocks::Drop,
            track_wait: TickSpan::from_secs(1),
            announced_audio: None,
            announced_video: false,
            require_video: false,
            filler: Filler::Keep,
            snapshot_interval: None,
            first_sequence: 0,
        }
    }
}

/// Options that fit together: what [`Segmenter::new`](crate::Segmenter::new) takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Config(Options);

impl Config {
    /// Checks `options`.
    ///
    /// # Errors
    ///
    /// A [`ConfigError`] that names the first option out of its range, or the first two that
    /// contradict each other.
    pub fn new(options: Options) -> Result<Self, ConfigError> {
        let frag_duration = options.frag_duration;
        if let TargetDuration::Declared(declared) = options.target_duration
            && declared.span() < frag_duration.span()
        {
            return Err(ConfigError::DeclaredTarget { declared, frag_duration });
        }
        for (name, span, from, to) in [
            ("slack", Some(options.slack), 0, 100),
            ("jump_limit", Some(options.jump_limit), 1000, 3_600_000),
            ("psi_interval", options.psi_interval, 20, 3_600_000),
            ("pcr_lead", Some(options.pcr_lead), 500, 1000),
            ("track_wait", Some(options.track_wait), 0, 60_000),
            ("snapshot_interval", options.snapshot_interval, 1000, 100_000),
        ] {
            let (from, to) = (TickSpan::from_millis(from), TickSpan::from_millis(to));
            if let Some(span) = span.filter(|span| !(from..=to).contains(span)) {
                return Err(ConfigError::Span { name, span, from, to });
            }
        }
        if let Some(announced) = options.announced_audio
            && !StreamType::AUDIO.contains(&announced)
        {
            return Err(ConfigError::AnnouncedAudio(announced));
        }
        let contradicts = [
            ("key_frames", options.key_frames != KeyFramePolicy::Idr),
            ("forced_switch", options.forced_switch),
            ("target_duration", options.target_duration != TargetDuration::HighWater),
            ("mid_gop", options.mid_gop != MidGop::DropUntilKey),
        ];
        if options.independent_segments
            && let Some((contradicts, _)) = contradicts.iter().find(|(_, contradicts)| *contradicts)
        {
            return Err(ConfigError::IndependentSegments { contradicts });
        }
        Ok(Self(options))
    }

    /// Returns the options.
    pub const fn options(&self) -> &Options {
        &self.0
    }
}

/// An option out of its range, or two that contradict each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigError {
    /// FragDuration is not from 1 to 100 seconds.
    FragDuration(u32),
    /// FragCount is not from 1 to 100.
    FragCount(u32),
    /// A declared target duration is shorter than FragDuration.
    DeclaredTarget {
        /// The target duration that was declared.
        declared: Secs,
        /// FragDuration.
        frag_duration: FragDuration,
    },
    /// A time is out of its range.
    Span {
        /// Field of [`Options`].
        name: &'static str,
        /// Its value.
        span: TickSpan,
        /// Least value.
        from: TickSpan,
        /// Greatest value.
        to: TickSpan,
    },
    /// EXT-X-INDEPENDENT-SEGMENTS could become untrue.
    IndependentSegments {
        /// Field of [`Options`] that lets a segment start without an IDR picture.
        contradicts: &'static str,
    },
    /// Audio of a type that is never carried was announced.
    AnnouncedAudio(StreamType),
}

error_texts! {
    ConfigError {
        Self::FragDuration(secs) => "FragDuration is {secs} s, not from 1 to 100";
        Self::FragCount(count) => "FragCount is {count}, not from 1 to 100";
        Self::DeclaredTarget { declared, frag_duration } =>
            "declared target duration of {declared} s is shorter than FragDuration of {} s",
            frag_duration.secs();
        Self::Span { name, span, from, to } =>
            "{name} is {} ms, not from {} to {}",
            span.round_millis(), from.round_millis(), to.round_millis();
        Self::IndependentSegments { contradicts } =>
            "independent_segments does not go with this {contradicts}";
        Self::AnnouncedAudio(stream_type) =>
            "announced audio of stream type {:#04x} cannot be carried", stream_type.get();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn y_05_audio_that_is_announced_is_of_a_type_that_is_carried() {
        let announced = |stream_type| {
            Config::new(Options { announced_audio: Some(stream_type), ..Options::default() })
        };
        for stream_type in StreamType::AUDIO {
            assert!(announced(stream_type).is_ok());
        }
        for stream_type in [StreamType::AVC, StreamType::HEVC, StreamType::new(0x81)] {
            let error = ConfigError::AnnouncedAudio(stream_type);
            assert_eq!(announced(stream_type), Err(error));
        }
    }

    #[test]
    fn x1_a_declared_target_is_not_below_frag_duration() {
        let declared = |secs| {
            Config::new(Options {
                target_duration: TargetDuration::Declared(Secs::new(secs)),
                ..Options::default()
            })
        };
        assert_eq!(
            declared(4),
            Err(ConfigError::DeclaredTarget {
                declared: Secs::new(4),
                frag_duration: FragDuration::DEFAULT,
            })
        );
        assert!(declared(5).is_ok());
    }

    #[test]
    fn x6_independent_segments_are_refused_unless_every_segment_starts_with_an_idr_picture() {
        let sound = Options {
            independent_segments: true,
            forced_switch: false,
            mid_gop: MidGop::DropUntilKey,
            ..Options::default()
        };
        assert!(Config::new(sound).is_ok());
        for (options, contradicts) in [
            (Options { key_frames: KeyFramePolicy::FrameType, ..sound }, "key_frames"),
            (Options { key_frames: KeyFramePolicy::IdrOrRecoveryPoint, ..sound }, "key_frames"),
            (Options { forced_switch: true, ..sound }, "forced_switch"),
            (
                Options { target_duration: TargetDuration::Declared(Secs::new(9)), ..sound },
                "target_duration",
            ),
            (Options { mid_gop: MidGop::Keep, ..sound }, "mid_gop"),
        ] {
            assert_eq!(Config::new(options), Err(ConfigError::IndependentSegments { contradicts }));
        }
    }

    #[test]
    fn times_out_of_range_are_named() {
        let options = Options { slack: TickSpan::from_millis(101), ..Options::default() };
        let error = Config::new(options).unwrap_err();
        assert_eq!(std::format!("{error}"), "slack is 101 ms, not from 0 to 100");
    }
}
