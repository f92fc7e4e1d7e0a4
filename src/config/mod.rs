//! What the host chooses: [`Options`], checked once into a [`Config`].

mod frag;
mod host;
mod parts;
mod policy;

pub use frag::{FragCount, FragDuration};
pub use host::{End, SwitchAt};
pub use parts::Parts;
pub use policy::{
    DatePolicy, Filler, ForcedSwitch, KeyFramePolicy, MidGop, PlaylistVersion, Slack,
    TargetDuration, TimelineBase, UnrelatedClocks, WindowPolicy,
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
    /// EXT-X-VERSION, and how EXT-X-TARGETDURATION is rounded; [`PlaylistVersion::V6`].
    pub playlist_version: PlaylistVersion,
    /// What the dates of segments follow; [`DatePolicy::HostClock`].
    pub dates: DatePolicy,
    /// Which segments are listed; [`WindowPolicy::Exactly`].
    pub window: WindowPolicy,
    /// What a segment may start at; [`KeyFramePolicy::Idr`].
    pub key_frames: KeyFramePolicy,
    /// How much younger than FragDuration a segment may be when a key frame ends it;
    /// [`Slack::HalfFrame`].
    pub slack: Slack,
    /// When a segment is switched without a key frame; [`ForcedSwitch::Oss`].
    pub forced_switch: ForcedSwitch,
    /// Video between a break and the next key frame; [`MidGop::Keep`].
    pub mid_gop: MidGop,
    /// Cuts segments into the parts of Low-Latency HLS; none. Only an engine with room for them
    /// makes parts, [`LowLatency`](crate::LowLatency), and only with a target duration that is
    /// [declared](TargetDuration::Declared): it bounds how many parts are listed. A hole of more
    /// than 1 s is a break then, whatever `jump_limit` says.
    pub parts: Option<Parts>,
    /// Whether playlists carry EXT-X-INDEPENDENT-SEGMENTS; false. Only with options under which
    /// every segment starts with an IDR picture: `key_frames` and `target_duration` as they are by
    /// default, `forced_switch` [`ForcedSwitch::Never`] and `mid_gop` [`MidGop::DropUntilKey`]. Of
    /// H.265, leading pictures that refer to the segment before (RASL) are dropped.
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
    /// How long audio waits for pictures after a sequence header of video, in media time, before it
    /// goes on alone; 5 s, at most 1 min. Video that comes later joins at its first key frame.
    pub picture_wait: TickSpan,
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
    /// Media sequence number of the first segment; 0, below 2^63, so that no number that follows is
    /// beyond 64 bits.
    pub first_sequence: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            frag_duration: FragDuration::DEFAULT,
            frag_count: FragCount::DEFAULT,
            target_duration: TargetDuration::HighWater,
            playlist_version: PlaylistVersion::V6,
            dates: DatePolicy::HostClock,
            window: WindowPolicy::Exactly,
            key_frames: KeyFramePolicy::Idr,
            slack: Slack::HalfFrame,
            forced_switch: ForcedSwitch::Oss,
            mid_gop: MidGop::Keep,
            parts: None,
            independent_segments: false,
            jump_limit: TickSpan::from_secs(10),
            psi_interval: None,
            pcr_lead: TickSpan::from_millis(700),
            base: TimelineBase::AsReceived,
            unrelated_clocks: UnrelatedClocks::Drop,
            track_wait: TickSpan::from_secs(1),
            picture_wait: TickSpan::from_secs(5),
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
        let slack = match options.slack {
            Slack::HalfFrame => None,
            Slack::Fixed(slack) => Some(slack),
        };
        let forced_after = match options.forced_switch {
            ForcedSwitch::After(span) => Some(span),
            ForcedSwitch::Oss | ForcedSwitch::Never => None,
        };
        let frag_millis = frag_duration.span().round_millis();
        for (name, span, from, to) in [
            ("slack", slack, 0, 100),
            ("forced_switch", forced_after, frag_millis + 1, 3_600_000),
            ("jump_limit", Some(options.jump_limit), 1000, 3_600_000),
            ("psi_interval", options.psi_interval, 20, 3_600_000),
            ("pcr_lead", Some(options.pcr_lead), 500, 1000),
            ("track_wait", Some(options.track_wait), 0, 60_000),
            ("picture_wait", Some(options.picture_wait), 0, 60_000),
            ("snapshot_interval", options.snapshot_interval, 1000, 100_000),
        ] {
            let (from, to) = (TickSpan::from_millis(from), TickSpan::from_millis(to));
            if let Some(span) = span.filter(|span| !(from..=to).contains(span)) {
                return Err(ConfigError::Span { name, span, from, to });
            }
        }
        if let Some(parts) = options.parts {
            match options.target_duration {
                TargetDuration::Declared(target) if listed_parts(target, parts) <= MAX_PARTS => {}
                target_duration => return Err(ConfigError::PartsTarget { target_duration }),
            }
        }
        if options.first_sequence > MOST_SEQUENCE {
            return Err(ConfigError::FirstSequence(options.first_sequence));
        }
        if let Some(announced) = options.announced_audio
            && !StreamType::AUDIO.contains(&announced)
        {
            return Err(ConfigError::AnnouncedAudio(announced));
        }
        let contradicts = [
            ("key_frames", options.key_frames != KeyFramePolicy::Idr),
            ("forced_switch", options.forced_switch != ForcedSwitch::Never),
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

    /// Returns the same without parts.
    pub(crate) fn without_parts(self) -> Self {
        Self(Options { parts: None, ..self.0 })
    }

    /// Returns the same with what parts bring about.
    pub(crate) fn with_parts(self) -> Self {
        let limit = self.0.jump_limit;
        let jump_limit = self.0.parts.map_or(limit, |_| limit.min(LIVE_JUMP_LIMIT));
        Self(Options { jump_limit, ..self.0 })
    }

    /// Returns the same for lists whose version is at least 6, because they have EXT-X-MAP.
    pub(crate) fn with_sections(self) -> Self {
        Self(Options { playlist_version: PlaylistVersion::V6, ..self.0 })
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
    /// Parts are too short or too long, or the gap is more than 15/85 of their duration.
    Parts {
        /// Duration of a part.
        duration_millis: u32,
        /// Largest distance of two frames.
        gap_millis: u32,
    },
    /// Parts need a target duration that is declared, and so short that no more than 128 are listed
    /// within four of it.
    PartsTarget {
        /// What was chosen.
        target_duration: TargetDuration,
    },
    /// The first media sequence number is not below 2^63.
    FirstSequence(u64),
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
        Self::Parts { duration_millis, gap_millis } =>
            "parts of {duration_millis} ms with a gap of {gap_millis} ms are not from 100 to 5000 \
             ms with at most 15/85 of that";
        Self::PartsTarget { target_duration } => "parts do not go with this {target_duration:?}";
        Self::FirstSequence(number) => "first_sequence is {number}, not below 2^63";
        Self::AnnouncedAudio(stream_type) =>
            "announced audio of stream type {:#04x} cannot be carried", stream_type.get();
    }
}

/// Returns how many parts are listed at most: those of three target durations and of the open
/// segment, and as many that a key frame has ended early.
fn listed_parts(target: Secs, parts: Parts) -> i64 {
    let longest = target.span() + TickSpan::from_millis(500);
    let span = target.span() * 3 + longest + longest;
    (span.get() + parts.least().get() - 1) / parts.least().get()
}

/// A hole of this length breaks the timeline where there are parts.
const LIVE_JUMP_LIMIT: TickSpan = TickSpan::from_secs(1);

/// Parts that an engine keeps.
pub(crate) const MAX_PARTS: i64 = 128;

/// The greatest first media sequence number: as many may follow.
const MOST_SEQUENCE: u64 = u64::MAX >> 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h_06_a_first_number_leaves_room_for_those_that_follow() {
        let first = |first_sequence| Config::new(Options { first_sequence, ..Options::default() });
        assert!(first((1 << 63) - 1).is_ok());
        for number in [1 << 63, u64::MAX] {
            assert_eq!(first(number), Err(ConfigError::FirstSequence(number)));
        }
    }

    #[test]
    fn y_05_audio_that_is_announced_is_of_a_type_that_is_carried() {
        let announced = |stream_type| {
            Config::new(Options { announced_audio: Some(stream_type), ..Options::default() })
        };
        for stream_type in StreamType::AUDIO {
            assert!(announced(stream_type).is_ok());
        }
        for stream_type in [StreamType::AVC, StreamType::HEVC, StreamType::EC3] {
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
            forced_switch: ForcedSwitch::Never,
            mid_gop: MidGop::DropUntilKey,
            ..Options::default()
        };
        assert!(Config::new(sound).is_ok());
        for (options, contradicts) in [
            (Options { key_frames: KeyFramePolicy::FrameType, ..sound }, "key_frames"),
            (Options { key_frames: KeyFramePolicy::IdrOrRecoveryPoint, ..sound }, "key_frames"),
            (Options { forced_switch: ForcedSwitch::Oss, ..sound }, "forced_switch"),
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
        let options =
            Options { slack: Slack::Fixed(TickSpan::from_millis(101)), ..Options::default() };
        let error = Config::new(options).unwrap_err();
        assert_eq!(std::format!("{error}"), "slack is 101 ms, not from 0 to 100");
    }
}
