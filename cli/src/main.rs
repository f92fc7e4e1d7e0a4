//! Cuts an FLV file or pipe into a folder of HLS: `flv2hls INPUT OUT_DIR`, see `--help`.
//!
//! ```text
//! input.rs ──► flv::Reader ──► Probe ──► Segmenter ─┬► dir::Channel   segments and playlist
//!  bytes          tags          tracks              ├► log.rs         every version of the playlist
//!                                                   └► report.rs      the summary at the end
//! ```

mod args;
mod command;
mod failure;
mod input;
mod log;
mod progress;
mod report;

use std::io::{self, IsTerminal, stdin, stdout};
use std::process::ExitCode;
use std::time::SystemTime;

use clap::error::ErrorKind;
use hls_segmenter::dir::{self, Channel, Deletes, DirError};
use hls_segmenter::flv::{Reader, Step, Tag};
use hls_segmenter::probe::{Probe, Released};
use hls_segmenter::time::{TickSpan, WallTime};
use hls_segmenter::{Config, Container, Error, Fmp4, LowLatency, Segmenter, Ts};

use args::Args;
use command::{ContainerKind, command};
use failure::Failure;
use input::Input;
use log::Log;
use progress::{Progress, say};
use report::{Report, init_name, part_name, segment_name};

fn main() -> ExitCode {
    let args = Args::read();
    let config = args.config().unwrap_or_else(|error| misuse(error));
    if args.reads_stdin() && stdin().is_terminal() {
        misuse("standard input is a terminal: pipe an FLV stream into it, or name a file");
    }
    let done = match args.container {
        ContainerKind::Ts => run::<LowLatency<Ts>>(&args, config),
        ContainerKind::Fmp4 => run::<LowLatency<Fmp4>>(&args, config),
    };
    match done {
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
fn run<C: Container>(args: &Args, config: Config) -> Result<(), Failure> {
    let mut input = open(args).map_err(Failure::Read)?;
    let channel = Channel::create(&args.out_dir, options(args)).map_err(Failure::Write)?;
    let log = Log::create(args.playlist_log.clone(), args.container).map_err(Failure::Write)?;
    let mut job = Job {
        segmenter: Segmenter::<C>::with_container(config),
        sink: (channel, (log, Report::new())),
        progress: Progress::new(input.len(), args.quiet),
        // Players of parts need dates.
        live: args.program_date_time || args.parts.is_some(),
        tags: 0,
        bad_tags: 0,
    };
    let mut probe = Probe::with_limits(LOOK_SPAN, LOOK_LEN).for_container::<C>();
    let fed = job.feed(&mut input, &mut probe);
    let fed = job.push_all(probe.finish()).map_err(Failure::Write).and(fed);
    let finished = job.segmenter.finish(args.end(), &mut job.sink);
    job.progress.finish();

    let (report, stats) = (&job.sink.1.1, job.segmenter.stats());
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

/// Says how the folder is kept.
fn options(args: &Args) -> dir::Options {
    let options = dir::Options::new()
        .playlist_name(&args.playlist_name)
        .segment_names(|start| segment_name(start.id, start.init))
        .init_names(init_name)
        .deletes(if args.keep_all { Deletes::Never } else { Deletes::Expired });
    if args.parts.is_none() {
        return options;
    }
    let container = args.container;
    options.part_names(move |part| part_name(part, container))
}

/// One run from input to folder.
struct Job<C: Container> {
    segmenter: Segmenter<C>,
    sink: (Channel, (Log, Report)),
    progress: Progress,
    /// The clock on the wall dates the segments.
    live: bool,
    tags: u64,
    bad_tags: u64,
}

impl<C: Container> Job<C> {
    /// Takes the input apart and pushes every tag that the probe lets through.
    fn feed(&mut self, input: &mut Input, probe: &mut Probe) -> Result<(), Failure> {
        let mut reader = Reader::new();
        let mut done = 0;
        loop {
            let consumed = match reader.step(input.bytes()).map_err(Failure::NotFlv)? {
                Step::Tag { tag, consumed } => {
                    self.push_all(probe.push(tag)).map_err(Failure::Write)?;
                    consumed
                }
                Step::Header { header, consumed } => {
                    probe.expect(&header);
                    consumed
                }
                Step::Need { at_least } => {
                    self.progress.update(done, self.sink.1.1.segments());
                    // Players live by the clock on the wall, and so do the deletes.
                    self.sink.0.sweep(wall_time());
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

    /// Announces the tracks that the probe has found, and pushes the tags that it lets through.
    fn push_all(&mut self, released: Released<'_>) -> Result<(), DirError> {
        if let Some(found) = released.found() {
            self.segmenter.announce(&found);
        }
        for tag in released {
            self.push(tag)?;
        }
        Ok(())
    }

    /// Pushes one tag. One that cannot be read is counted, the first one told, and the stream goes
    /// on.
    fn push(&mut self, tag: Tag<'_>) -> Result<(), DirError> {
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

/// The probe holds this many bytes at the most: a second of 4 Mbit/s.
const LOOK_LEN: usize = 512 * 1024;

/// Most media time to look ahead, which is what a live stream may be delayed by at its beginning.
const LOOK_SPAN: TickSpan = TickSpan::from_millis(1000);
