//! `marsd`: a distributed MARS server.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};
use marsd::config::{Config, Log};
use marsd::server::{self, Command, Running};
use marsd::soak::Soak;
use tokio::signal::unix::{SignalKind, signal};
use tracing::{error, info};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, fmt, reload};

/// A distributed MARS server (RFC 2443) with VCs over TCP.
///
/// Example: marsd --config /etc/marsd/marsd.toml
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
struct Arguments {
    /// The configuration.
    #[arg(long, value_name = "FILE", required = true)]
    config: Option<PathBuf>,
    /// Only say whether the configuration is good.
    #[arg(long)]
    check_config: bool,
    /// Write all that the server sees and says to this file, for `mars-conformance audit`.
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    #[command(subcommand)]
    task: Option<Task>,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Three servers and four clients on loopback; one server is killed, and the group heals. Ends by itself.
    Demo,
    /// Figures: joins a second, memory for each client, failover time.
    Bench,
    /// Three servers with churn, kills, cut links and bad weather; all servers have to agree in the end.
    Soak {
        /// How long the churn goes on.
        #[arg(long, default_value_t = 15)]
        minutes: u64,
        /// Clients at any time.
        #[arg(long, default_value_t = 60)]
        clients: usize,
        /// Keep the recordings in this folder.
        #[arg(long, value_name = "FOLDER")]
        keep: Option<PathBuf>,
        /// A `mars-conformance` that audits the recordings.
        #[arg(long, value_name = "PROGRAM")]
        audit: Option<PathBuf>,
        /// Of all choices.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
}

/// Usage, as sysexits.h numbers it.
const USAGE: u8 = 64;
/// Bad configuration.
const CONFIG: u8 = 78;

type Filter = reload::Handle<EnvFilter, tracing_subscriber::Registry>;

fn logs(log: &Log) -> Option<Filter> {
    let filter = EnvFilter::try_new(&log.filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let (filter, handle) = reload::Layer::new(filter);
    let registry = tracing_subscriber::registry().with(filter);
    let done = if log.json {
        let lines = fmt::layer().json().with_writer(std::io::stderr);
        registry.with(lines).try_init()
    } else {
        let plain = fmt::layer().with_writer(std::io::stderr).with_ansi(false);
        registry.with(plain).try_init()
    };
    done.ok().map(|()| handle)
}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { USAGE } else { 0 });
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("marsd: no runtime: {error}");
            return ExitCode::FAILURE;
        }
    };
    if let Some(task) = arguments.task {
        return runtime.block_on(perform(task));
    }
    let Some(path) = arguments.config else {
        return ExitCode::from(USAGE);
    };
    let config = match Config::read(&path) {
        Ok(config) => config,
        Err(fault) => {
            eprintln!("marsd: {fault}");
            return ExitCode::from(CONFIG);
        }
    };
    if arguments.check_config {
        println!("{}: good", path.display());
        return ExitCode::SUCCESS;
    }
    let filter = logs(&config.log);
    runtime.block_on(serve(&path, config, arguments.record.as_deref(), filter))
}

async fn perform(task: Task) -> ExitCode {
    let done = match std::env::current_exe() {
        Err(error) => Err(error.to_string()),
        Ok(program) => match task {
            Task::Demo => marsd::demo::run(&program).await,
            Task::Bench => marsd::bench::run(&program).await,
            Task::Soak {
                minutes,
                clients,
                keep,
                audit,
                seed,
            } => {
                let soak = Soak {
                    time: Duration::from_secs(60 * minutes),
                    clients,
                    keep,
                    audit,
                    seed,
                };
                marsd::soak::run(&program, &soak).await
            }
        },
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => {
            eprintln!("marsd: {trouble}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(
    path: &Path,
    config: Config,
    record: Option<&Path>,
    filter: Option<Filter>,
) -> ExitCode {
    let signals = (
        signal(SignalKind::terminate()),
        signal(SignalKind::interrupt()),
        signal(SignalKind::hangup()),
    );
    let (Ok(mut terminate), Ok(mut interrupt), Ok(mut hangup)) = signals else {
        error!("no signals");
        return ExitCode::FAILURE;
    };
    let running = match server::start(&config, record).await {
        Ok(running) => running,
        Err(why) => {
            error!("{why}");
            eprintln!("marsd: {why}");
            return ExitCode::FAILURE;
        }
    };
    if let Some(status) = running.status {
        info!(%status, "status is served");
    }
    let commands = running.commands.clone();
    let mut ended = std::pin::pin!(Running::ended(running));
    loop {
        tokio::select! {
            () = &mut ended => return ExitCode::SUCCESS,
            _ = terminate.recv() => {
                let _ = commands.send(Command::Shutdown).await;
            }
            _ = interrupt.recv() => {
                let _ = commands.send(Command::Shutdown).await;
            }
            _ = hangup.recv() => match Config::read(path) {
                Err(fault) => error!("{fault}; nothing is taken over"),
                Ok(config) => {
                    if let (Some(filter), Ok(wanted)) = (&filter, EnvFilter::try_new(&config.log.filter)) {
                        let _ = filter.reload(wanted);
                    }
                    let _ = commands.send(Command::Reload(Box::new(config))).await;
                }
            },
        }
    }
}
