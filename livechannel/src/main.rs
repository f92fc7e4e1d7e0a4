//! The program: settings, logs, and a node until it is told to end.

use std::io::{IsTerminal as _, Read as _, Write as _};
use std::process::ExitCode;

use clap::Parser as _;
use livechannel::{Args, Ending, Server, decode_to_jpeg};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    if args.decode_snapshot {
        return decode_snapshot();
    }
    start_log(args.log_json);
    match run(args).await {
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

/// Exit code of a node that ended without having stored everything.
const UNFINISHED: u8 = 3;

/// What the process of a snapshot does: one key frame in, one JPEG out.
fn decode_snapshot() -> ExitCode {
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

fn start_log(json: bool) {
    let filter =
        EnvFilter::try_from_env("LIVECHANNEL_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if json {
        log.json().init();
    } else {
        let ansi = std::io::stderr().is_terminal();
        log.with_target(false).with_ansi(ansi).init();
    }
}
