//! The options of an engine.

use core::ffi::c_char;
use core::fmt::{self, Display};
use core::mem::size_of;

use hls_segmenter::config::Filler;
use hls_segmenter::config::{
    ConfigError, DatePolicy, ForcedSwitch, FragCount, FragDuration, KeyFramePolicy, MidGop, Parts,
    PlaylistVersion, Slack, TargetDuration, TimelineBase, UnrelatedClocks, WindowPolicy,
};
use hls_segmenter::time::{Secs, TickSpan};
use hls_segmenter::ts::StreamType;
use hls_segmenter::{Config, Options};

use crate::border::{Result, call, read, size_in, write};
use crate::engine_kind::{EngineKind, hlsseg_container};
use crate::status::hlsseg_status;
use crate::text::put;

/// Which segments the playlist lists.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum hlsseg_window {
    /// The newest `frag_count` segments, no more.
    Exactly = 0,
    /// `frag_count` segments and as many more as keep three target durations listed (RFC 8216
    /// section 6.2.2), up to 111.
    AtLeastThreeTargets = 1,
}

/// What a segment may start at.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum hlsseg_key_frames {
    /// An IDR picture, whatever the tag's FrameType says.
    Idr = 0,
    /// An IDR picture or a picture with a recovery point SEI: open GOPs and intra refresh.
    IdrOrRecoveryPoint = 1,
    /// A picture whose tag has FrameType 1, whatever is in it.
    FrameType = 2,
}

/// The slack is half the interval of frames, at least 1 ms and at most 50 ms.
pub const HLSSEG_SLACK_HALF_FRAME: u32 = u32::MAX;

/// What an engine is to do. Fill it with `hlsseg_config_init`, then change what should be
/// different; the defaults are what OSS LiveChannel does. The library copies it.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct hlsseg_config {
    /// `sizeof(hlsseg_config)`.
    pub size: usize,
    /// FragDuration: the duration a segment should have, in seconds from 1 to 100; 5.
    pub frag_duration: u32,
    /// FragCount: segments in the playlist, from 1 to 100; 3.
    pub frag_count: u32,
    /// EXT-X-TARGETDURATION: 0 for the longest segment so far, which may grow; or so many seconds
    /// for ever, at least `frag_duration`, and a segment that would outgrow them is switched
    /// without a key frame; 0.
    pub target_duration: u32,
    /// Which segments are listed, an `hlsseg_window`; `HLSSEG_WINDOW_EXACTLY`.
    pub window: u32,
    /// What a segment may start at, an `hlsseg_key_frames`; `HLSSEG_KEY_FRAMES_IDR`.
    pub key_frames: u32,
    /// How much younger than FragDuration a segment may be when a key frame ends it, in ms up to
    /// 100; `HLSSEG_SLACK_HALF_FRAME`.
    pub slack_millis: u32,
    /// The longest forward step of tag time that is still a hole and not a break, in ms from 1000
    /// to 3600000; 10000.
    pub jump_limit_millis: u32,
    /// Repeats PAT and PMT so often within a segment, in ms from 20; 0 for only at its start; 0.
    pub psi_interval_millis: u32,
    /// How far PTS and DTS run ahead of the PCR, in ms from 500 to 1000; 700.
    pub pcr_lead_millis: u32,
    /// How long an announced track is waited for, in ms of media time up to 60000; 1000.
    pub track_wait_millis: u32,
    /// How long audio waits for pictures after a sequence header of video, in ms of media time up
    /// to 60000; 5000.
    pub picture_wait_millis: u32,
    /// Shortest time between two snapshots, in ms from 1000 to 100000; 0 for no snapshots; 0.
    pub snapshot_interval_millis: u32,
    /// Not 0: a segment is switched at max(2 x FragDuration, 60 s) without a key frame; 1.
    pub forced_switch: u8,
    /// Not 0: video between a break and the next key frame is dropped and counted; 0: it opens the
    /// new segment, after parameter sets; 0.
    pub drop_mid_gop: u8,
    /// Not 0: playlists carry EXT-X-INDEPENDENT-SEGMENTS; only with options under which every
    /// segment starts with an IDR picture; 0.
    pub independent_segments: u8,
    /// Not 0: the first media tag of a stream is time 0, for all tracks together; 0: tag times are
    /// kept; 0.
    pub zero_based: u8,
    /// Not 0: a track whose clock has nothing to do with the lead track's is moved once to where
    /// that is; 0: it is dropped and counted; 0.
    pub align_unrelated_clocks: u8,
    /// Not 0: filler data NAL units are dropped; 0.
    pub drop_filler: u8,
    /// Not 0: video is waited for before audio alone begins; 0.
    pub announced_video: u8,
    /// Not 0: a stream without video gives no output; 0.
    pub require_video: u8,
    /// Audio of this MPEG-TS stream type is listed from the first segment on, and waited for: 0x0f
    /// for AAC, 0x03 for MP3 from 32 kHz on, 0x04 for MP3 below; 0 for what the metadata
    /// announces; 0.
    pub announced_audio: u8,
    /// EXT-X-VERSION: 6, with EXT-X-TARGETDURATION rounded to the nearest second, or 3, with it
    /// rounded up; 6.
    pub playlist_version: u8,
    /// Not 0: the first date is the host's, and each later one grows by EXTINF; 0: dates follow the
    /// host's clock, each segment by at most 2 % of its duration; 0.
    pub media_dates: u8,
    /// Reserved: 0.
    pub reserved: [u8; 5],
    /// Media sequence number of the first segment, below 2^63; 0.
    pub first_sequence: u64,
    /// What segments are made of, an `hlsseg_container`; `HLSSEG_CONTAINER_TS`.
    pub container: u32,
    /// Cuts segments into the parts of Low-Latency HLS: a part ends before the first frame that is
    /// so much behind its beginning, in ms from 100 to 5000. Only with a `target_duration` that is
    /// not 0. 0 for no parts; 0.
    pub part_millis: u32,
    /// The longest distance of two frames that is no hole where there are parts, in ms from 1 to
    /// 15/85 of `part_millis`; a larger one breaks the timeline. PART-TARGET is the sum of both,
    /// for ever. 0 for 15/85; 0.
    pub part_gap_millis: u32,
    /// Reserved: 0.
    pub reserved_2: u32,
}

impl hlsseg_config {
    /// Says in C what `options` are, for MPEG-TS.
    pub fn of(options: &Options) -> Self {
        let millis = |span: TickSpan| u32::try_from(span.round_millis()).unwrap_or(u32::MAX);
        Self {
            size: size_of::<Self>(),
            frag_duration: options.frag_duration.secs(),
            frag_count: u32::try_from(options.frag_count.get()).unwrap_or(u32::MAX),
            target_duration: match options.target_duration {
                TargetDuration::HighWater => 0,
                TargetDuration::Declared(target) => target.secs(),
            },
            window: match options.window {
                WindowPolicy::Exactly => hlsseg_window::Exactly,
                WindowPolicy::AtLeastThreeTargets => hlsseg_window::AtLeastThreeTargets,
            } as u32,
            key_frames: match options.key_frames {
                KeyFramePolicy::Idr => hlsseg_key_frames::Idr,
                KeyFramePolicy::IdrOrRecoveryPoint => hlsseg_key_frames::IdrOrRecoveryPoint,
                KeyFramePolicy::FrameType => hlsseg_key_frames::FrameType,
            } as u32,
            slack_millis: match options.slack {
                Slack::HalfFrame => HLSSEG_SLACK_HALF_FRAME,
                Slack::Fixed(slack) => millis(slack),
            },
            jump_limit_millis: millis(options.jump_limit),
            psi_interval_millis: options.psi_interval.map_or(0, millis),
            pcr_lead_millis: millis(options.pcr_lead),
            track_wait_millis: millis(options.track_wait),
            picture_wait_millis: millis(options.picture_wait),
            snapshot_interval_millis: options.snapshot_interval.map_or(0, millis),
            forced_switch: (options.forced_switch != ForcedSwitch::Never).into(),
            drop_mid_gop: (options.mid_gop == MidGop::DropUntilKey).into(),
            independent_segments: options.independent_segments.into(),
            zero_based: (options.base == TimelineBase::FirstTagZero).into(),
            align_unrelated_clocks: (options.unrelated_clocks == UnrelatedClocks::AlignToLead)
                .into(),
            drop_filler: (options.filler == Filler::Drop).into(),
            announced_video: options.announced_video.into(),
            require_video: options.require_video.into(),
            announced_audio: options.announced_audio.map_or(0, StreamType::get),
            playlist_version: options.playlist_version.number(),
            media_dates: (options.dates == DatePolicy::MediaTime).into(),
            reserved: [0; 5],
            first_sequence: options.first_sequence,
            container: hlsseg_container::Ts as u32,
            part_millis: options.parts.map_or(0, |parts| millis(parts.duration())),
            part_gap_millis: options.parts.map_or(0, |parts| millis(parts.gap())),
            reserved_2: 0,
        }
    }

    /// Reads the caller's configuration; NULL is the default one.
    pub(crate) fn take(config: *const Self) -> Result<Self> {
        let default = Self::of(&Options::default());
        if config.is_null() {
            return Ok(default);
        }
        read(config, default)
    }

    /// Checks everything.
    pub(crate) fn check(&self) -> core::result::Result<Config, Refusal> {
        self.kind()?;
        Ok(Config::new(self.options()?)?)
    }

    /// Returns which engine this is for.
    pub(crate) fn kind(&self) -> core::result::Result<EngineKind, Refusal> {
        EngineKind::of(self.container, self.part_millis).ok_or(Refusal::Value("container"))
    }

    fn parts(&self) -> core::result::Result<Option<Parts>, Refusal> {
        match (self.part_millis, self.part_gap_millis) {
            (0, 0) => Ok(None),
            (0, _) => Err(Refusal::Value("part_gap_millis")),
            (duration, 0) => Ok(Some(Parts::lasting(duration)?)),
            (duration, gap) => Ok(Some(Parts::new(duration, gap)?)),
        }
    }

    /// Returns the options, each checked for itself alone.
    pub(crate) fn options(&self) -> core::result::Result<Options, Refusal> {
        let span = |millis: u32| TickSpan::from_millis(millis.into());
        let unless_zero = |millis: u32| (millis != 0).then(|| span(millis));
        if self.reserved != [0; 5] {
            return Err(Refusal::Value("reserved"));
        }
        if self.reserved_2 != 0 {
            return Err(Refusal::Value("reserved_2"));
        }
        Ok(Options {
            frag_duration: FragDuration::new(self.frag_duration)?,
            frag_count: FragCount::new(self.frag_count)?,
            target_duration: match self.target_duration {
                0 => TargetDuration::HighWater,
                secs => TargetDuration::Declared(Secs::new(secs)),
            },
            playlist_version: match self.playlist_version {
                3 => PlaylistVersion::V3,
                6 => PlaylistVersion::V6,
                _ => return Err(Refusal::Value("playlist_version")),
            },
            dates: if self.media_dates == 0 {
                DatePolicy::HostClock
            } else {
                DatePolicy::MediaTime
            },
            window: match self.window {
                0 => WindowPolicy::Exactly,
                1 => WindowPolicy::AtLeastThreeTargets,
                _ => return Err(Refusal::Value("window")),
            },
            key_frames: match self.key_frames {
                0 => KeyFramePolicy::Idr,
                1 => KeyFramePolicy::IdrOrRecoveryPoint,
                2 => KeyFramePolicy::FrameType,
                _ => return Err(Refusal::Value("key_frames")),
            },
            slack: match self.slack_millis {
                HLSSEG_SLACK_HALF_FRAME => Slack::HalfFrame,
                slack => Slack::Fixed(span(slack)),
            },
            parts: self.parts()?,
            forced_switch: match self.forced_switch {
                0 => ForcedSwitch::Never,
                _ => ForcedSwitch::Oss,
            },
            mid_gop: if self.drop_mid_gop == 0 { MidGop::Keep } else { MidGop::DropUntilKey },
            independent_segments: self.independent_segments != 0,
            jump_limit: span(self.jump_limit_millis),
            psi_interval: unless_zero(self.psi_interval_millis),
            pcr_lead: span(self.pcr_lead_millis),
            base: if self.zero_based == 0 {
                TimelineBase::AsReceived
            } else {
                TimelineBase::FirstTagZero
            },
            unrelated_clocks: if self.align_unrelated_clocks == 0 {
                UnrelatedClocks::Drop
            } else {
                UnrelatedClocks::AlignToLead
            },
            track_wait: span(self.track_wait_millis),
            picture_wait: span(self.picture_wait_millis),
            announced_audio: (self.announced_audio != 0)
                .then(|| StreamType::new(self.announced_audio)),
            announced_video: self.announced_video != 0,
            require_video: self.require_video != 0,
            filler: if self.drop_filler == 0 { Filler::Keep } else { Filler::Drop },
            snapshot_interval: unless_zero(self.snapshot_interval_millis),
            first_sequence: self.first_sequence,
        })
    }
}

/// Why a configuration is refused.
pub(crate) enum Refusal {
    Options(ConfigError),
    /// A field has none of its values.
    Value(&'static str),
}

impl From<ConfigError> for Refusal {
    fn from(error: ConfigError) -> Self {
        Self::Options(error)
    }
}

impl From<Refusal> for hlsseg_status {
    fn from(_: Refusal) -> Self {
        Self::Config
    }
}

impl Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Options(error) => error.fmt(f),
            Self::Value(field) => write!(f, "{field} has none of its values"),
        }
    }
}

/// Fills `config` with the defaults. Its `size` must have been set.
///
/// Threads: any. Errors: `HLSSEG_STATUS_NULL`, `HLSSEG_STATUS_SIZE`, `HLSSEG_STATUS_ALIGNMENT`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hlsseg_config_init(config: *mut hlsseg_config) -> hlsseg_status {
    call(|| {
        size_in(config)?;
        write(config, &hlsseg_config::of(&Options::default()))
    })
}

/// Checks `config` and, where it is refused, writes why into `dst`: a text and a NUL, which fit
/// into 128 bytes. `dst` stays the caller's and may be NULL with `len` 0; `text_len` gets the
/// length of the text without its NUL and may be NULL.
///
/// Threads: any. Errors: `HLSSEG_STATUS_CONFIG` when it is refused, `HLSSEG_STATUS_NULL`,
/// `HLSSEG_STATUS_SIZE`, `HLSSEG_STATUS_ALIGNMENT`. A `dst` that is too short gets an empty text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hlsseg_config_check(
    config: *const hlsseg_config,
    dst: *mut c_char,
    len: usize,
    text_len: *mut usize,
) -> hlsseg_status {
    call(|| {
        let Err(refusal) = hlsseg_config::take(config)?.check() else {
            return Ok(());
        };
        match put(dst, len, text_len, &refusal) {
            Ok(()) | Err(hlsseg_status::ShortBuffer) => Err(refusal.into()),
            Err(status) => Err(status),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_come_through_unchanged() {
        let there = hlsseg_config::of(&Options::default());
        let back = there.check().map_err(|refusal| refusal.to_string());
        assert_eq!(back, Ok(Config::default()));
    }

    #[test]
    fn every_option_has_its_field() {
        let options = Options {
            frag_duration: FragDuration::new(7).unwrap(),
            frag_count: FragCount::new(9).unwrap(),
            target_duration: TargetDuration::Declared(Secs::new(77)),
            playlist_version: PlaylistVersion::V3,
            dates: DatePolicy::MediaTime,
            window: WindowPolicy::AtLeastThreeTargets,
            key_frames: KeyFramePolicy::FrameType,
            slack: Slack::Fixed(TickSpan::from_millis(50)),
            forced_switch: ForcedSwitch::Never,
            parts: Some(Parts::new(5000, 40).unwrap()),
            mid_gop: MidGop::DropUntilKey,
            independent_segments: false,
            jump_limit: TickSpan::from_millis(2000),
            psi_interval: Some(TickSpan::from_millis(100)),
            pcr_lead: TickSpan::from_millis(800),
            base: TimelineBase::FirstTagZero,
            unrelated_clocks: UnrelatedClocks::AlignToLead,
            track_wait: TickSpan::from_millis(3000),
            picture_wait: TickSpan::from_millis(4000),
            announced_audio: Some(StreamType::AAC_ADTS),
            announced_video: true,
            require_video: true,
            filler: Filler::Drop,
            snapshot_interval: Some(TickSpan::from_millis(4000)),
            first_sequence: 1 << 40,
        };
        let independent = Options {
            independent_segments: true,
            target_duration: TargetDuration::HighWater,
            key_frames: KeyFramePolicy::Idr,
            parts: None,
            ..options
        };
        for options in [options, independent] {
            let back = hlsseg_config::of(&options).check();
            let back = back.map_err(|refusal| refusal.to_string());
            assert_eq!(back.map(|config| *config.options()), Ok(options));
        }
    }

    #[test]
    fn ll_1_the_largest_gap_goes_with_parts_of_which_none_is_told() {
        let config = |part_millis, part_gap_millis| hlsseg_config {
            target_duration: 6,
            part_millis,
            part_gap_millis,
            ..hlsseg_config::of(&Options::default())
        };
        let parts = |config: hlsseg_config| config.check().ok().map(|made| made.options().parts);
        assert_eq!(parts(config(500, 0)), Some(Parts::lasting(500).ok()));
        assert_eq!(parts(config(500, 40)), Some(Parts::new(500, 40).ok()));
        assert_eq!(parts(config(0, 0)), Some(None));
        for (duration, gap) in [(0, 40), (99, 0), (5001, 0), (500, 89), (u32::MAX, u32::MAX)] {
            assert_eq!(parts(config(duration, gap)), None, "{duration} {gap}");
        }
        assert_eq!(parts(hlsseg_config { target_duration: 0, ..config(500, 0) }), None);
    }

    #[test]
    fn container_and_parts_say_which_engine_is_made() {
        for (container, part_millis, want) in [
            (0, 0, Some(EngineKind::Ts)),
            (0, 500, Some(EngineKind::LowLatencyTs)),
            (1, 0, Some(EngineKind::Fmp4)),
            (1, 500, Some(EngineKind::LowLatencyFmp4)),
            (2, 0, None),
            (u32::MAX, 500, None),
        ] {
            let defaults = hlsseg_config::of(&Options::default());
            let config = hlsseg_config { target_duration: 6, container, part_millis, ..defaults };
            assert_eq!(config.kind().ok(), want);
            assert_eq!(config.check().is_ok(), want.is_some());
        }
    }
}
