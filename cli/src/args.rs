//! The command line, checked into what the program works with.

use std::path::PathBuf;

use clap::ArgMatches;
use clap::error::ErrorKind;
use hls_segmenter::config::{
    ConfigError, DatePolicy, FragCount, FragDuration, KeyFramePolicy, Parts, PlaylistVersion,
    TargetDuration, WindowPolicy,
};
use hls_segmenter::time::{Secs, TickSpan};
use hls_segmenter::{Config, End, Options};

use crate::command::{ContainerKind, command};

/// What the command line says.
#[derive(Debug)]
pub(crate) struct Args {
    pub(crate) input: PathBuf,
    pub(crate) out_dir: PathBuf,
    pub(crate) container: ContainerKind,
    frag_duration: FragDuration,
    frag_count: FragCount,
    pub(crate) parts: Option<Parts>,
    pub(crate) playlist_name: String,
    pub(crate) playlist_log: Option<PathBuf>,
    pub(crate) keep_all: bool,
    pause: bool,
    pub(crate) program_date_time: bool,
    pub(crate) quiet: bool,
    psi_interval: Option<u32>,
    key_frames: KeyFramePolicy,
    target_duration: TargetDuration,
    playlist_version: PlaylistVersion,
    window: WindowPolicy,
    track_wait: u32,
}

impl Args {
    /// Reads the command line. Ends the program where it is wrong or asks for help.
    pub(crate) fn read() -> Self {
        Self::of(command().get_matches()).unwrap_or_else(|error| error.exit())
    }

    fn of(mut given: ArgMatches) -> Result<Self, clap::Error> {
        let given = &mut given;
        Ok(Self {
            keep_all: given.get_flag("keep-all"),
            pause: given.get_flag("pause"),
            program_date_time: given.get_flag("program-date-time"),
            quiet: given.get_flag("quiet"),
            playlist_log: given.remove_one("playlist-log"),
            parts: given.remove_one("part"),
            psi_interval: given.remove_one("psi-interval"),
            container: one(given, "container")?,
            input: one(given, "input")?,
            out_dir: one(given, "out-dir")?,
            frag_duration: one(given, "frag-duration")?,
            frag_count: one(given, "frag-count")?,
            playlist_name: one(given, "playlist-name")?,
            key_frames: one(given, "key-frames")?,
            target_duration: one(given, "target-duration")?,
            playlist_version: one(given, "playlist-version")?,
            window: one(given, "window")?,
            track_wait: one(given, "track-wait")?,
        })
    }

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

    /// Returns how the target duration comes about. Parts need one that is declared: twice the
    /// duration of a segment, for key frames that come late.
    const fn target_duration(&self) -> TargetDuration {
        match (self.target_duration, self.parts) {
            (TargetDuration::HighWater, Some(_)) => {
                TargetDuration::Declared(Secs::new(2 * self.frag_duration.secs()))
            }
            (target_duration, _) => target_duration,
        }
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
            target_duration: self.target_duration(),
            parts: self.parts,
            playlist_version: self.playlist_version,
            // A file is read faster than it plays.
            dates: if self.reads_stdin() { DatePolicy::HostClock } else { DatePolicy::MediaTime },
            window: self.window,
            key_frames: self.key_frames,
            psi_interval: self.psi_interval.map(|millis| TickSpan::from_millis(millis.into())),
            track_wait: TickSpan::from_secs(self.track_wait.into()),
            ..Options::default()
        })
    }
}

/// Takes a value that is required or has a default.
fn one<T: Clone + Send + Sync + 'static>(
    given: &mut ArgMatches,
    id: &str,
) -> Result<T, clap::Error> {
    given.remove_one(id).ok_or_else(|| {
        command().error(ErrorKind::MissingRequiredArgument, format_args!("{id} is missing"))
    })
}
