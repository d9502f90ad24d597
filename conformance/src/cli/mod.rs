//! The command line: one file for each sub-command.

pub mod adapter;
pub mod audit;
pub mod certify;
pub mod check;
pub mod check_audit;
pub mod check_liveness;
pub mod corpus;
pub mod coverage;
pub mod doctor;
pub mod findings;
pub mod generate;
pub mod mutants;
pub mod output;
pub mod replay;
pub mod show;
pub mod verify;
pub mod verify_certificate;
pub mod wire;

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::error::ErrorKind;
use clap::{Parser, Subcommand, ValueEnum};

use output::{Ctx, Exit, Format};

/// Model-based conformance harness for distributed MARS servers (RFC 2443, RFC 2334, RFC 2022).
#[derive(Debug, Parser)]
#[command(name = "mars-conformance", version, propagate_version = true)]
#[command(after_help = "\
Examples:
  mars-conformance verify                     the main job
  mars-conformance check --profile quick      model checking alone
  mars-conformance replay 'group.*' --format json

Exit codes: 0 all hold; 1 failed; 2 incomplete; 3 SHOULD deviation under --strict; 5 the adapter \
broke; 6 the suite is not to be trusted; 64 usage; 65 version mismatch; 70 internal error; 130 \
interrupted.")]
pub struct Cli {
    /// Form of what goes to stdout
    #[arg(long, global = true, value_enum, default_value_t = Format::Pretty)]
    format: Format,
    /// No progress and no logs on stderr
    #[arg(long, global = true)]
    quiet: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The main job: models, golden traces, wire vectors and findings
    Verify(verify::Args),
    /// Model checking alone
    Check(check::Args),
    /// Regenerate the golden traces, or compare them with what is checked in
    Generate(generate::Args),
    /// Golden traces on the implementation in this process
    Replay(replay::Args),
    /// Black-box certification of any implementation
    Certify(certify::Args),
    /// Checks an adapter itself, and says what to mend
    Doctor(doctor::Args),
    /// Whether a certificate is what its results come to
    VerifyCertificate(verify_certificate::Args),
    /// Whether a conforming server could have done what a recording says
    Audit(audit::Args),
    /// A trace as a message sequence chart or a capture
    Show(show::Args),
    /// The defects of the RFCs that the model found, re-derived
    Findings(findings::Args),
    /// Decode, encode and check frames
    Wire(wire::Args),
    /// This project's implementation over the adapter protocol on stdin and stdout
    Adapter(adapter::Args),
    /// The requirement ledger: cited, exercised, discriminated
    Coverage(coverage::Args),
    /// The strength of the trace corpus: declared mutants killed
    Mutants(mutants::Args),
}

/// How much work a job may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Profile {
    /// Seconds.
    Quick,
    /// Minutes.
    #[default]
    Ci,
    /// Hours.
    Deep,
}

/// Raised by Ctrl-C.
static STOP: AtomicBool = AtomicBool::new(false);

/// Reads the command line, runs the command, and says how it went.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return match error.kind() {
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Exit::Ok.into(),
                _ => Exit::Usage.into(),
            };
        }
    };
    let ctx = Ctx {
        format: cli.format,
        quiet: cli.quiet,
        stop: &STOP,
    };
    // A command that waits for stdin would not see the flag; Ctrl-C ends it as it ends any filter.
    if !matches!(cli.command, Command::Adapter(_) | Command::Wire(_)) {
        stop_on_interrupt(&ctx);
    }
    let exit = run(cli.command, &ctx);
    if output::closed() {
        // As a process that a closed pipe ended: 128 + SIGPIPE.
        return ExitCode::from(141);
    }
    exit.combine(if ctx.stopped() {
        Exit::Interrupted
    } else {
        Exit::Ok
    })
    .into()
}

/// The first Ctrl-C asks the command to end with what is known, the second ends it.
fn stop_on_interrupt(ctx: &Ctx) {
    let handled = ctrlc::set_handler(|| {
        if STOP.swap(true, Ordering::Relaxed) {
            std::process::exit(Exit::Interrupted.code().into());
        }
    });
    if let Err(error) = handled {
        ctx.log(format_args!("Ctrl-C will not be graceful: {error}"));
    }
}

fn run(command: Command, ctx: &Ctx) -> Exit {
    match command {
        Command::Verify(args) => verify::run(&args, ctx),
        Command::Check(args) => check::run(&args, ctx),
        Command::Generate(args) => generate::run(&args, ctx),
        Command::Replay(args) => replay::run(&args, ctx),
        Command::Certify(args) => certify::run(&args, ctx),
        Command::Doctor(args) => doctor::run(&args, ctx),
        Command::VerifyCertificate(args) => verify_certificate::run(&args, ctx),
        Command::Audit(args) => audit::run(&args, ctx),
        Command::Show(args) => show::run(&args, ctx),
        Command::Findings(args) => findings::run(&args, ctx),
        Command::Wire(args) => wire::run(&args, ctx),
        Command::Adapter(args) => adapter::run(&args, ctx),
        Command::Coverage(args) => coverage::run(&args, ctx),
        Command::Mutants(args) => mutants::run(&args, ctx),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent_and_every_command_shows_an_example() {
        let mut command = Cli::command();
        command.build();
        command.clone().debug_assert();
        for sub in command
            .get_subcommands()
            .filter(|sub| sub.get_name() != "help")
        {
            let nested = sub.get_subcommands().next().is_some();
            let help = sub
                .get_after_help()
                .map(ToString::to_string)
                .unwrap_or_default();
            assert!(
                nested || help.contains("Example"),
                "{} has no example",
                sub.get_name()
            );
        }
    }

    #[test]
    fn the_contract_of_flags_is_parsed() {
        let lines = [
            "verify --profile quick --report out",
            "check a b --profile deep --rules literal --engine stateright --threads 2",
            "check a --max-states 1000000 --max-seconds 0.5 --max-memory 8G --seed 1",
            "check --explore localhost:3000",
            "check hand_over --liveness --finding A01",
            "check --profile quick --audit-hash",
            "check --engine timely --workers 2 --hosts hosts.txt --process 1",
            "generate --check --threads 2",
            "replay group.* scsp.hello.* --format json --quiet",
            "show traces/a.json --as mermaid",
            "findings N01",
            "certify --builtin --profile smoke --jobs 2 --seed 7 --strict --out dir",
            "verify-certificate dir",
            "audit run.jsonl --format json",
            "doctor --adapter toy",
            "certify --connect localhost:4711 --case group.* --case scsp.hello/*",
            "adapter",
            "coverage",
            "mutants --jobs 2",
        ];
        for line in lines {
            let words = std::iter::once("mars-conformance").chain(line.split(' '));
            assert!(Cli::try_parse_from(words).is_ok(), "{line}");
        }
        assert!(Cli::try_parse_from(["mars-conformance", "verify", "--profile", "huge"]).is_err());
        let adapter = ["mars-conformance", "certify", "--adapter", "python3 toy.py"];
        assert!(Cli::try_parse_from(adapter).is_ok());
        assert!(Cli::try_parse_from([&adapter[..], &["--builtin"]].concat()).is_err());
        assert!(Cli::try_parse_from(["mars-conformance", "certify"]).is_err());
    }
}
