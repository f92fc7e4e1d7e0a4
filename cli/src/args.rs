//! The command line, checked into what the program works with.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use hls_segmenter::config::{
    ConfigError, FragCount, FragDuration, KeyFramePolicy, TargetDuration, WindowPolicy,
};
use hls_segmenter::time::TickSpan;
use hls_segmenter::{Config, End, Options};

/// Cuts an FLV recording or live stream into MPEG-TS segments and keeps an HLS playlist of them.
///
/// Segments are named by their number: 000000.ts, 000001.ts, ... Segments and playlists are written under a temporary
/// name (.tmp) and renamed when they are whole, so that a web server may serve the folder meanwhile.
/// The same input and options give the same bytes.
///
/// A segment that has left the playlist is deleted once players had the time to load it: its own duration and that of
/// the longest playlist it was in, on the clock of this computer. A recording is read faster than it plays, so most of
/// its segments are still there at the end, and stay.
#[derive(Debug, Parser)]
#[command(name = "flv2hls", version, after_help = EXIT_CODES)]
pub(crate) struct Args {
    /// FLV file, or - for standard input
    #[arg(value_name = "INPUT")]
    pub(crate) input: PathBuf,

    /// Folder for segments and playlist, made if it is not there
    #[arg(value_name = "OUT_DIR")]
    pub(crate) out_dir: PathBuf,

    /// Duration that a segment should have, 1 to 100 s
    ///
    /// A segment ends at the first key frame at or after this age; without key frames at max(2 N, 60) seconds.
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = frag_duration)]
    frag_duration: FragDuration,

    /// Segments in the playlist, 1 to 100
    #[arg(long, value_name = "N", default_value = "3", value_parser = frag_count)]
    frag_count: FragCount,

    /// Name of the playlist, in the folder of the segments
    #[arg(long, value_name = "NAME", default_value = "playlist.m3u8", value_parser = playlist_name)]
    pub(crate) playlist_name: String,

    /// Folder that gets every version of the playlist: 000001.m3u8, 000002.m3u8, ...
    #[arg(long, value_name = "DIR")]
    pub(crate) playlist_log: Option<PathBuf>,

    /// Delete no segment
    #[arg(long)]
    pub(crate) keep_all: bool,

    /// Leave the playlist open at the end, as for an encoder that comes back: no EXT-X-ENDLIST
    #[arg(long)]
    pause: bool,

    /// Date segments with EXT-X-PROGRAM-DATE-TIME from this computer's clock
    ///
    /// Meant for a live stream on standard input: a file is read faster than it plays, and no two runs are equal.
    #[arg(long)]
    pub(crate) program_date_time: bool,

    /// Print no progress and no summary, only warnings and errors
    #[arg(long, short)]
    pub(crate) quiet: bool,

    /// Repeat PAT and PMT this often within a segment, at least 20 ms [default: only at its start]
    #[arg(long, value_name = "MS", help_heading = "Policies")]
    psi_interval: Option<u32>,

    /// What a segment may start at
    #[arg(
        long,
        value_name = "WHAT",
        default_value = "idr",
        help_heading = "Policies"
    )]
    key_frames: KeyFrames,

    /// EXT-X-TARGETDURATION: "high-water" for the longest segment so far, or a fixed number of seconds
    ///
    /// A segment that would outgrow a fixed number is ended without a key frame.
    #[arg(long, value_name = "high-water|SECONDS", default_value = "high-water", value_parser = target_duration)]
    #[arg(help_heading = "Policies")]
    target_duration: TargetDuration,

    /// Which segments the playlist lists
    #[arg(
        long,
        value_name = "WHICH",
        default_value = "exactly",
        help_heading = "Policies"
    )]
    window: Listed,

    /// How long a track that the metadata announces is awaited, in media time, up to 60 s
    ///
    /// A recording's metadata was written by a muxer that knew its tracks, so one that comes late stays listed while
    /// it is awaited. The library's default is 1 s, for live encoders, which announce what they do not send.
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 10,
        help_heading = "Policies"
    )]
    track_wait: u32,
}

impl Args {
    /// Says whether the input is standard input.
    pub(crate) fn reads_stdin(&self) -> bool {
        self.input.as_os_str() == "-"
    }

    /// Returns the beginning of a message about the input.
    pub(crate) fn input_name(&self) -> String {
        if self.reads_stdin() {
            "standard input: ".to_owned()
        } else {
            format!("{}: ", self.input.display())
        }
    }

    /// Returns how the stream ends.
    pub(crate) const fn end(&self) -> End {
        if self.pause { End::Pause } else { End::List }
    }

    /// Makes the engine's configuration.
    ///
    /// # Errors
    ///
    /// A [`ConfigError`] where options are out of range or do not go together.
    pub(crate) fn config(&self) -> Result<Config, ConfigError> {
        Config::new(Options {
            frag_duration: self.frag_duration,
            frag_count: self.frag_count,
            target_duration: self.target_duration,
            window: match self.window {
                Listed::Exactly => WindowPolicy::Exactly,
                Listed::ThreeTargets => WindowPolicy::AtLeastThreeTargets,
            },
            key_frames: match self.key_frames {
                KeyFrames::Idr => KeyFramePolicy::Idr,
                KeyFrames::RecoveryPoint => KeyFramePolicy::IdrOrRecoveryPoint,
                KeyFrames::FrameType => KeyFramePolicy::FrameType,
            },
            psi_interval: self
                .psi_interval
                .map(|millis| TickSpan::from_millis(millis.into())),
            track_wait: TickSpan::from_secs(self.track_wait.into()),
            ..Options::default()
        })
    }
}

/// What a segment may start at, as the command line says it.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum KeyFrames {
    /// An IDR picture
    Idr,
    /// An IDR picture or one with a recovery point: open GOPs, intra refresh
    RecoveryPoint,
    /// Whatever the tag calls a key frame
    FrameType,
}

/// Which segments the playlist lists, as the command line says it.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Listed {
    /// The newest --frag-count segments
    Exactly,
    /// As many more as keep three target durations listed (RFC 8216 section 6.2.2)
    ThreeTargets,
}

fn frag_duration(text: &str) -> Result<FragDuration, String> {
    FragDuration::new(number(text)?).map_err(|error| error.to_string())
}

fn frag_count(text: &str) -> Result<FragCount, String> {
    FragCount::new(number(text)?).map_err(|error| error.to_string())
}

fn target_duration(text: &str) -> Result<TargetDuration, String> {
    match text {
        "high-water" => Ok(TargetDuration::HighWater),
        _ => number(text).map(TargetDuration::Declared),
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
    } else {
        Ok(text.to_owned())
    }
}

const EXIT_CODES: &str = "\
Exit codes:
  0  segments were made; damage in the input is told as a warning
  1  the input is no FLV file, or there is nothing in it to play
  2  the command line is wrong
  3  a file could not be read or written";
