//! Why the program ends without success, and its exit code.

use core::fmt;
use std::io;
use std::process::ExitCode;

use hls_segmenter::Stats;
use hls_segmenter::dir::DirError;
use hls_segmenter::flv::ReaderError;

/// Why the program ends without success.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The input is no FLV file.
    NotFlv(ReaderError),
    /// The input ends before its file header does.
    TooShort,
    /// There was nothing that could be played.
    NothingToPlay { tags: u64, stats: Box<Stats> },
    /// The input could not be read.
    Read(io::Error),
    /// A segment or playlist could not be written.
    Write(DirError),
}

impl Failure {
    /// Says whether it is the input's fault; a failed write names its file itself.
    pub(crate) const fn is_of_input(&self) -> bool {
        !matches!(self, Self::Write(_))
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::NotFlv(_) | Self::TooShort | Self::NothingToPlay { .. } => ExitCode::from(1),
            Self::Read(_) | Self::Write(_) => ExitCode::from(3),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFlv(error) => error.fmt(f),
            Self::TooShort => f.write_str("not an FLV file: it ends within the file header"),
            Self::NothingToPlay { tags, stats } => {
                write!(f, "nothing to play in {tags} tags")?;
                for (nth, (kind, count)) in stats.noticed().enumerate() {
                    write!(f, "{} {kind}: {count}", if nth == 0 { ";" } else { "," })?;
                }
                Ok(())
            }
            Self::Read(error) => error.fmt(f),
            Self::Write(error) => error.fmt(f),
        }
    }
}
