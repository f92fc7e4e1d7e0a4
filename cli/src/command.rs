//! What may stand on the command line, and what `--help` says of it.

use std::path::PathBuf;

use clap::builder::{EnumValueParser, PossibleValue, TypedValueParser};
use clap::{Arg, ArgAction, Command, ValueEnum, value_parser};
use hls_segmenter::config::{
    FragCount, FragDuration, KeyFramePolicy, Parts, PlaylistVersion, TargetDuration, WindowPolicy,
};
use hls_segmenter::time::Secs;

/// Describes the command line.
///
/// By hand and not by clap's derive, whose macros take as long to build as the engine does.
pub(crate) fn command() -> Command {
    Command::new("flv2hls")
        .version(env!("CARGO_PKG_VERSION"))
        .about(ABOUT)
        .long_about(LONG_ABOUT)
        .after_help(EXIT_CODES)
        .args(places())
        .args(choices())
        .args(policies().map(|policy| policy.help_heading("Policies")))
}

/// Where the media comes from and where it goes.
fn places() -> [Arg; 2] {
    [
        Arg::new("input")
            .value_name("INPUT")
            .help("FLV file, or - for standard input")
            .value_parser(value_parser!(PathBuf))
            .required(true),
        Arg::new("out-dir")
            .value_name("OUT_DIR")
            .help("Folder for segments and playlist, made if it is not there")
            .value_parser(value_parser!(PathBuf))
            .required(true),
    ]
}

/// What nearly everybody chooses.
fn choices() -> [Arg; 10] {
    [
        option("container", "WHAT", "What segments are made of")
            .default_value("ts")
            .value_parser(EnumValueParser::<ContainerKind>::new()),
        option("frag-duration", "SECONDS", "Duration that a segment should have, 1 to 100 s")
            .long_help(FRAG_DURATION)
            .default_value("5")
            .value_parser(frag_duration),
        option("part", "SECONDS", "Cut segments into parts: Low-Latency HLS")
            .long_help(PART)
            .value_parser(parts),
        option("frag-count", "N", "Segments in the playlist, 1 to 100")
            .default_value("3")
            .value_parser(frag_count),
        option("playlist-name", "NAME", "Name of the playlist, in the folder of the segments")
            .default_value("playlist.m3u8")
            .value_parser(playlist_name),
        option("playlist-log", "DIR", PLAYLIST_LOG).value_parser(value_parser!(PathBuf)),
        flag("keep-all", "Delete no segment"),
        flag("pause", PAUSE),
        flag(
            "program-date-time",
            "Date segments with EXT-X-PROGRAM-DATE-TIME from this computer's clock",
        )
        .long_help(PROGRAM_DATE_TIME),
        flag("quiet", "Print no progress and no summary, only warnings and errors").short('q'),
    ]
}

/// What the engine may be asked to do otherwise.
fn policies() -> [Arg; 6] {
    [
        option("psi-interval", "MS", PSI_INTERVAL).value_parser(value_parser!(u32)),
        option("key-frames", "WHAT", "What a segment may start at")
            .default_value("idr")
            .value_parser(EnumValueParser::<KeyFrames>::new().map(KeyFrames::policy)),
        option("target-duration", "high-water|SECONDS", TARGET_DURATION)
            .long_help(LONG_TARGET_DURATION)
            .default_value("high-water")
            .value_parser(target_duration),
        option("playlist-version", "3|6", PLAYLIST_VERSION)
            .long_help(LONG_PLAYLIST_VERSION)
            .default_value("6")
            .value_parser(playlist_version),
        option("window", "WHICH", "Which segments the playlist lists")
            .default_value("exactly")
            .value_parser(EnumValueParser::<Listed>::new().map(Listed::policy)),
        option("track-wait", "SECONDS", TRACK_WAIT)
            .long_help(LONG_TRACK_WAIT)
            .default_value("1")
            .value_parser(value_parser!(u32)),
    ]
}

fn option(name: &'static str, value: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(value).help(help)
}

fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).help(help).action(ArgAction::SetTrue)
}

/// What segments are made of, as the command line says it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ContainerKind {
    Ts,
    Fmp4,
}

impl ValueEnum for ContainerKind {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Ts, Self::Fmp4]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let (name, help) = match self {
            Self::Ts => ("ts", "MPEG-TS, which every player takes"),
            Self::Fmp4 => ("fmp4", "Fragmented MP4, which Apple's players want for H.265"),
        };
        Some(PossibleValue::new(name).help(help))
    }
}

/// What a segment may start at, as the command line says it.
#[derive(Clone, Copy, Debug)]
enum KeyFrames {
    Idr,
    RecoveryPoint,
    FrameType,
}

impl KeyFrames {
    const fn policy(self) -> KeyFramePolicy {
        match self {
            Self::Idr => KeyFramePolicy::Idr,
            Self::RecoveryPoint => KeyFramePolicy::IdrOrRecoveryPoint,
            Self::FrameType => KeyFramePolicy::FrameType,
        }
    }
}

impl ValueEnum for KeyFrames {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Idr, Self::RecoveryPoint, Self::FrameType]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let (name, help) = match self {
            Self::Idr => ("idr", "An IDR picture"),
            Self::RecoveryPoint => (
                "recovery-point",
                "An IDR picture or one with a recovery point: open GOPs, intra refresh",
            ),
            Self::FrameType => ("frame-type", "Whatever the tag calls a key frame"),
        };
        Some(PossibleValue::new(name).help(help))
    }
}

/// Which segments the playlist lists, as the command line says it.
#[derive(Clone, Copy, Debug)]
enum Listed {
    Exactly,
    ThreeTargets,
}

impl Listed {
    const fn policy(self) -> WindowPolicy {
        match self {
            Self::Exactly => WindowPolicy::Exactly,
            Self::ThreeTargets => WindowPolicy::AtLeastThreeTargets,
        }
    }
}

impl ValueEnum for Listed {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Exactly, Self::ThreeTargets]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let (name, help) = match self {
            Self::Exactly => ("exactly", "The newest --frag-count segments"),
            Self::ThreeTargets => (
                "three-targets",
                "As many more as keep three target durations listed (RFC 8216 section 6.2.2)",
            ),
        };
        Some(PossibleValue::new(name).help(help))
    }
}

fn frag_duration(text: &str) -> Result<FragDuration, String> {
    FragDuration::new(number(text)?).map_err(|error| error.to_string())
}

fn parts(text: &str) -> Result<Parts, String> {
    let secs: f64 = number(text)?;
    let millis = (secs * 1000.0).round();
    if !(0.0..=1e6).contains(&millis) {
        return Err("not from 0.1 to 5".to_owned());
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "in range")]
    Parts::lasting(millis as u32).map_err(|error| error.to_string())
}

fn frag_count(text: &str) -> Result<FragCount, String> {
    FragCount::new(number(text)?).map_err(|error| error.to_string())
}

fn target_duration(text: &str) -> Result<TargetDuration, String> {
    match text {
        "high-water" => Ok(TargetDuration::HighWater),
        _ => number(text).map(|secs| TargetDuration::Declared(Secs::new(secs))),
    }
}

fn playlist_version(text: &str) -> Result<PlaylistVersion, String> {
    match text {
        "3" => Ok(PlaylistVersion::V3),
        "6" => Ok(PlaylistVersion::V6),
        _ => Err("playlists are of version 3 or 6".to_owned()),
    }
}

fn number<N: core::str::FromStr<Err: core::fmt::Display>>(text: &str) -> Result<N, String> {
    text.parse().map_err(|error: N::Err| error.to_string())
}

fn playlist_name(text: &str) -> Result<String, String> {
    if text.contains(['/', '\\']) {
        Err("a name within OUT_DIR has no slash in it".to_owned())
    } else if text.strip_suffix(".m3u8").is_none_or(str::is_empty) {
        Err("a playlist's name is something that ends with .m3u8".to_owned())
    } else if text.starts_with('.') || text.contains(|c: char| c == ':' || c.is_control()) {
        Err("a playlist's name has no colon, and does not begin with a full stop".to_owned())
    } else {
        Ok(text.to_owned())
    }
}

const ABOUT: &str = "Cuts an FLV recording or live stream into segments of MPEG-TS or fMP4 and keeps an HLS playlist of them";

const LONG_ABOUT: &str = "\
Cuts an FLV recording or live stream into segments of MPEG-TS or fMP4 and keeps an HLS playlist of them.

Segments are named by their number: 000000.ts, 000001.ts, ... Segments and playlists are written under a temporary name (.tmp) \
and renamed when they are whole, so that a web server may serve the folder meanwhile. The same input and options give the same bytes.

A segment that has left the playlist is deleted once players had the time to load it: its own duration and that of the longest \
playlist it was in, on the clock of this computer. A recording is read faster than it plays, so most of its segments are still \
there at the end, and stay.";

const FRAG_DURATION: &str = "\
Duration that a segment should have, 1 to 100 s

A segment ends at the first key frame at or after this age; without key frames at max(2 N, 60) seconds.";

const PART: &str = "\
Cut segments into parts of so many seconds, 0.1 to 5: Low-Latency HLS

Each part has a file of its own, and the playlist lists the newest. Frames may be 15/85 of that apart: 0.5 is right for
12 frames per second and more. The target duration is declared then, as twice the duration of a segment if not told.";

const PLAYLIST_LOG: &str =
    "Folder that gets every version of the playlist: 000001.m3u8, 000002.m3u8, ...";

const PAUSE: &str =
    "Leave the playlist open at the end, as for an encoder that comes back: no EXT-X-ENDLIST";

const PROGRAM_DATE_TIME: &str = "\
Date segments with EXT-X-PROGRAM-DATE-TIME from this computer's clock

Meant for a live stream on standard input: a file is read faster than it plays, and no two runs are equal.";

const PSI_INTERVAL: &str =
    "Repeat PAT and PMT this often within a segment, at least 20 ms [default: only at its start]";

const TARGET_DURATION: &str = "EXT-X-TARGETDURATION: \"high-water\" for the longest segment so far, or a fixed number of seconds";

const LONG_TARGET_DURATION: &str = "\
EXT-X-TARGETDURATION: \"high-water\" for the longest segment so far, or a fixed number of seconds

A segment that would outgrow a fixed number is ended without a key frame.";

const PLAYLIST_VERSION: &str = "EXT-X-VERSION, and how EXT-X-TARGETDURATION is rounded";

const LONG_PLAYLIST_VERSION: &str = "\
EXT-X-VERSION, and how EXT-X-TARGETDURATION is rounded

In version 6 to the nearest second, in version 3 up: a segment of 2.002 s makes it 2 or 3.";

const TRACK_WAIT: &str =
    "How long a track that the metadata announces is awaited, in media time, up to 60 s";

const LONG_TRACK_WAIT: &str = "\
How long a track that the metadata announces is awaited, in media time, up to 60 s

One that comes later joins behind EXT-X-DISCONTINUITY. Where metadata can be relied on, as in a recording of a muxer that knew its \
tracks, a longer wait lists a late track from the start.";

const EXIT_CODES: &str = "\
Exit codes:
  0  segments were made; damage in the input is told as a warning
  1  the input is no FLV file, or there is nothing in it to play
  2  the command line is wrong
  3  a file could not be read or written";
