//! Cuts an FLV file or pipe into a folder of HLS: `flv2hls INPUT OUT_DIR`, see `--help`.
//!
//! ```text
//! input.rs ──► flv::Reader ──► Segmenter ─┬► folder.rs   segments and playlists, expiry.rs deletes
//!  bytes          tags             ▲      └► report.rs   the summary at the end
//!    └─────────► probe.rs ─────────┘
//!                 tracks
//! ```

mod args;
mod command;
mod expiry;
mod failure;
mod folder;
mod input;
mod probe;
mod progress;
mod report;

use std::io::{self, IsTerminal, stdin, stdout};
use std::process::ExitCode;
use std::time::SystemTime;

use clap::error::ErrorKind;
use hls_segmenter::flv::{Reader, Step, Tag};
use hls_segmenter::time::WallTime;
use hls_segmenter::{Config, Error, Segmenter};

use args::Args;
use command::command;
use failure::Failure;
use folder::{Folder, FolderError};
use input::Input;
use progress::{Progress, say};
use report::Report;

fn main() -> ExitCode {
    let args = Args::read();
    let config = args.config().unwrap_or_else(|error| misuse(error));
    if args.reads_stdin() && stdin().is_terminal() {
        misuse("standard input is a terminal: pipe an FLV stream into it, or name a file");
    }
    match run(&args, config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let input = failure.is_of_input().then(|| args.input_name());
            say(format_args!("error: {}{failure}", input.unwrap_or_default()));
            failure.exit_code()
        }
    }
}

/// Ends the program as clap does for a wrong command line.
fn misuse(why: impl core::fmt::Display) -> ! {
    command().error(ErrorKind::ValueValidation, why).exit()
}

/// Segments the input to its end. What was made until a failure is a valid playlist too.
fn run(args: &Args, config: Config) -> Result<(), Failure> {
    let mut input = open(args).map_err(Failure::Read)?;
    let folder = Folder::create(args).map_err(Failure::Write)?;
    let config = probe::announce(config, &mut input).map_err(Failure::Read)?;
    let mut job = Job {
        segmenter: Segmenter::new(config),
        sink: (folder, Report::new()),
        progress: Progress::new(input.len(), args.quiet),
        live: args.program_date_time,
        tags: 0,
        bad_tags: 0,
    };
    let fed = job.feed(&mut input);
    let finished = job.segmenter.finish(args.end(), &mut job.sink);
    job.progress.finish();

    let (report, stats) = (&job.sink.1, job.segmenter.stats());
    if report.segments() > 0 && !args.quiet {
        // Whoever closes standard output early has seen enough.
        let _ = report.print(&mut stdout().lock(), &stats);
    }
    fed?;
    match finished {
        Err(Error::Sink(error)) => Err(Failure::Write(error)),
        _ if report.segments() == 0 => {
            Err(Failure::NothingToPlay { tags: job.tags, stats: Box::new(stats) })
        }
        _ => Ok(()),
    }
}

fn open(args: &Args) -> io::Result<Input> {
    if args.reads_stdin() { Ok(Input::stdin()) } else { Input::open(&args.input) }
}

/// One run from input to folder.
struct Job {
    segmenter: Segmenter,
    sink: (Folder, Report),
    progress: Progress,
    /// The clock on the wall dates the segments.
    live: bool,
    tags: u64,
    bad_tags: u64,
}

impl Job {
    /// Takes the input apart and pushes every tag.
    fn feed(&mut self, input: &mut Input) -> Result<(), Failure> {
        let mut reader = Reader::new();
        let mut done = 0;
        loop {
            let consumed = match reader.step(input.bytes()).map_err(Failure::NotFlv)? {
                Step::Tag { tag, consumed } => {
                    self.push(tag).map_err(Failure::Write)?;
                    consumed
                }
                Step::Header { consumed, .. } => consumed,
                Step::Need { at_least } => {
                    self.progress.update(done, self.sink.1.segments());
                    if !input.fill(at_least).map_err(Failure::Read)? {
                        break;
                    }
                    continue;
                }
                _ => break,
            };
            input.consume(consumed);
            done += consumed as u64;
        }
        self.look_back(&reader, input.bytes(), done)
    }

    /// Pushes one tag. One that cannot be read is counted, the first one told, and the stream goes
    /// on.
    fn push(&mut self, tag: Tag<'_>) -> Result<(), FolderError> {
        if self.live {
            self.segmenter.set_wall_time(wall_time());
        }
        let error = match self.segmenter.push(tag, &mut self.sink) {
            Ok(()) => None,
            Err(Error::Sink(error)) => return Err(error),
            Err(error) => Some(error),
        };
        if let Some(error) = error {
            self.bad_tags += 1;
            if self.bad_tags == 1 {
                let (number, millis) = (self.tags, tag.time.millis());
                self.progress.warn(format_args!(
                    "tag {number} at {millis} ms was passed over: {error}; further ones are only counted"
                ));
            }
        }
        self.tags += 1;
        Ok(())
    }

    /// Warns of what the reader saw that is no part of a sound file.
    fn look_back(&self, reader: &Reader, rest: &[u8], done: u64) -> Result<(), Failure> {
        if done == 0 {
            return Err(Failure::TooShort);
        }
        if !reader.ends_cleanly(rest) {
            let left = rest.len();
            self.progress
                .warn(format_args!("the input ends inside a tag: its last {left} bytes are lost"));
        }
        let wrong = reader.wrong_previous_tag_size();
        if wrong > 0 {
            self.progress.warn(format_args!(
                "{wrong} of {} tags have a wrong PreviousTagSize before them",
                self.tags
            ));
        }
        Ok(())
    }
}

fn wall_time() -> WallTime {
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let millis = since_epoch.map_or(0, |span| span.as_millis());
    WallTime::from_unix_millis(i64::try_from(millis).unwrap_or(i64::MAX))
}
