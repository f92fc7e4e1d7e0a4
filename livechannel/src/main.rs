//! The program: settings, logs, and a node until it is told to end.

use std::fs::OpenOptions;
use std::io::{IsTerminal as _, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;

use clap::Parser as _;
use livechannel::{
    Args, Command, Ending, Server, confine_decoder, decode_to_jpeg, prepare_process,
};
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::filter::{EnvFilter, Targets};
use tracing_subscriber::fmt;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

fn main() -> ExitCode {
    let args = Args::parse();
    if args.decode_snapshot {
        return decode_snapshot();
    }
    if let Some(Command::Check { config }) = args.command {
        return check(config);
    }
    if let Err(error) = start_log(&args) {
        eprintln!("livechannel: audit log: {error}");
        return ExitCode::FAILURE;
    }
    if let Err(error) = prepare_process() {
        tracing::warn!(%error, "the process is not prepared as it should be");
    }
    // A thread that waits for the disk has a file open: of both there is a reserve.
    let runtime =
        Builder::new_multi_thread().enable_all().max_blocking_threads(BLOCKING_THREADS).build();
    match runtime.map_err(Into::into).and_then(|runtime| runtime.block_on(run(args))) {
        Ok(Ending::Clean) => ExitCode::SUCCESS,
        // Who looks at the exit code has to know that something is missing.
        Ok(_) => ExitCode::from(UNFINISHED),
        Err(error) => {
            eprintln!("livechannel: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<Ending, Box<dyn core::error::Error>> {
    let mut settings = args.settings()?;
    settings.snapshot_program = std::env::current_exe().ok();
    // Before the first connection: from then on a signal without a handler would cost something.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    let server = Server::start(settings).await?;
    loop {
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => break interrupted?,
            _ = terminate.recv() => break,
            // A closed terminal and a rotated log end no service, and settings are not read again.
            _ = hangup.recv() => tracing::info!("SIGHUP changes nothing"),
        }
    }
    tracing::info!("ending");
    Ok(server.stop().await)
}

/// Says whether the program would start from a settings file.
fn check(config: PathBuf) -> ExitCode {
    let checked = Args::of_file(config.clone()).and_then(|settings| {
        Server::check(&settings)?;
        Ok(settings)
    });
    match checked {
        Ok(settings) => {
            let (store, registry) = (&settings.store, &settings.registry);
            println!("{}: ok, store {store}, registry {registry}", config.display());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("livechannel: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Threads that may wait for the disk at once.
const BLOCKING_THREADS: usize = 64;
/// Exit code of a node that ended without having stored everything.
const UNFINISHED: u8 = 3;

/// What the process of a snapshot does: one key frame in, one JPEG out.
fn decode_snapshot() -> ExitCode {
    if confine_decoder().is_err() {
        return ExitCode::FAILURE;
    }
    let mut frame = Vec::new();
    let read = std::io::stdin().lock().read_to_end(&mut frame);
    let Some(jpeg) = read.ok().and_then(|_| decode_to_jpeg(&frame).ok()) else {
        return ExitCode::FAILURE;
    };
    match std::io::stdout().lock().write_all(&jpeg) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// Starts the log, and the file of the audit log where there is one.
fn start_log(args: &Args) -> std::io::Result<()> {
    let filter = EnvFilter::builder().with_env_var("LIVECHANNEL_LOG");
    let filter = filter.try_from_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let log = fmt::layer().with_writer(std::io::stderr);
    let log = if args.log_json {
        log.json().with_filter(filter).boxed()
    } else {
        log.with_target(false)
            .with_ansi(std::io::stderr().is_terminal())
            .with_filter(filter)
            .boxed()
    };
    let audit = args.audit.as_ref().map(|path| {
        let mut options = OpenOptions::new();
        options.append(true).create(true).mode(OWNERS).open(path)
    });
    let audit = audit.transpose()?.map(|file| {
        let lines = fmt::layer().json().flatten_event(true).with_writer(Mutex::new(file));
        lines.with_filter(Targets::new().with_target("audit", tracing::Level::INFO))
    });
    tracing_subscriber::registry().with(log).with(audit).init();
    Ok(())
}

/// The mode of a file that is its owner's alone.
const OWNERS: u32 = 0o600;
