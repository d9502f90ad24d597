//! `show`: a trace, or a case of a certificate, as a message sequence chart or a capture.

use std::io::{BufRead as _, IsTerminal as _, Read as _, Write as _};
use std::path::{Path, PathBuf};

use serde_json::json;

use super::audit::of_certificate;
use super::corpus;
use super::output::{Ctx, Exit};
use crate::certify::account::lines;
use crate::certify::groups::told;
use crate::certify::results::FORMAT;
use crate::certify::sanity;
use crate::frames;
use crate::lockstep::{SeenWhat, replay_seen};
use crate::report::chart::Chart;
use crate::report::pcapng::{Captured, write};
use crate::report::recorded;
use crate::sut::Sut;
use crate::sut::in_process::InProcess;
use crate::trace::{Trace, find, load};

/// Forms of a trace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Form {
    /// Text.
    #[default]
    Text,
    /// Mermaid sequence diagram.
    Mermaid,
    /// SVG.
    Svg,
    /// A capture that Wireshark opens: the frames of a replay on this project's implementation.
    Pcapng,
}

/// Arguments of `show`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  mars-conformance show three_in_a_line-001
  mars-conformance show traces/group.flush/crash_and_failover-001.json --as svg > chart.svg
  mars-conformance show three_in_a_line-001 --as pcapng > frames.pcapng
  mars-conformance show certificate/results.jsonl
  mars-conformance show certificate/results.jsonl one-serving-mcs-leaf-gone --as svg > case.svg

Of results.jsonl, which `certify --out` writes, CASE is shown as it was played: every frame of the suite and every answer \
of the server, with the time at which it was sent, and what is wrong as `certify` tells it. Without CASE, what came of each \
case is listed; `show .. | grep ^pass` lists what passed.")]
pub struct Args {
    /// A trace: its file, or its id; or the results.jsonl of `certify --out`
    pub trace: String,
    /// Of results.jsonl: the case to show
    pub case: Option<String>,
    /// The form
    #[arg(long = "as", value_enum, default_value_t)]
    pub form: Form,
}

/// The file that a name stands for.
fn file(name: &str) -> Option<PathBuf> {
    let path = Path::new(name);
    if path.is_file() {
        return Some(path.to_path_buf());
    }
    let all = find(&corpus::folder()).unwrap_or_default();
    all.into_iter()
        .find(|path| path.file_stem().is_some_and(|stem| stem == name))
}

/// Every frame of a replay of a global trace.
fn capture(trace: &Trace) -> Vec<u8> {
    let mut suts: Vec<InProcess> = trace.servers.iter().map(|_| InProcess::default()).collect();
    let mut captured = Vec::new();
    replay_seen(
        trace,
        suts.iter_mut().map(|sut| sut as &mut dyn Sut),
        &mut |seen| {
            if let SeenWhat::Frame { to, hex, .. } = &seen.what {
                let octets = frames::unhex(hex).unwrap_or_default();
                captured.push(Captured {
                    at: seen.at,
                    octets,
                    comment: format!("{} to {to}", seen.from),
                });
            }
        },
    );
    write(&captured)
}

/// Whether a file is results of `certify`, by its name or its first line.
fn is_results(file: &Path) -> bool {
    let mut first = String::new();
    let read = std::fs::File::open(file).map(|file| {
        let mut start = std::io::BufReader::new(file).take(4096);
        start.read_line(&mut first)
    });
    read.is_ok() && first.starts_with("{\"start\"") && first.contains(FORMAT)
}

/// A case of a certificate, or a list of them.
fn of_results(file: &Path, args: &Args, ctx: &Ctx) -> Exit {
    let (read, suite) = match of_certificate(file) {
        Ok(both) => both,
        Err((error, exit)) => {
            ctx.error(format_args!("{}: {error}", file.display()));
            return exit;
        }
    };
    let Some(name) = &args.case else {
        for row in read.rows.iter().filter(|row| !row.is_sanity()) {
            let code = row.failure.as_ref().map_or("", |told| told.code.as_str());
            ctx.row(&json!({"case": row.case, "verdict": row.verdict, "steps": row.steps, "code": code}));
            ctx.say(format_args!(
                "{:<13} {} {code}",
                row.verdict.as_str(),
                row.case
            ));
        }
        return Exit::Ok;
    };
    let row = read.rows.iter().find(|row| row.case == *name);
    let trace = match row.filter(|row| row.is_sanity()) {
        Some(_) => sanity::case(name),
        None => suite.case(name).map(|case| case.trace.clone()),
    };
    let (Some(row), Some(trace)) = (row, trace) else {
        ctx.error(format_args!(
            "{} has no case `{name}`; without a case it is listed which there are",
            file.display()
        ));
        return Exit::Usage;
    };
    if row.answers.is_empty() {
        ctx.error(format_args!("{name} was not played: {}", row.why));
        return Exit::Incomplete;
    }
    let chart = recorded::chart(&trace, row);
    let capture = || write(&recorded::capture(&trace, row));
    let exit = draw(&chart, capture, args.form, ctx);
    if args.form == Form::Text {
        for told in told(row) {
            ctx.raw("");
            lines(told).iter().for_each(|line| ctx.raw(line));
        }
    }
    exit
}

/// Prints a chart, or the capture.
fn draw(chart: &Chart, capture: impl FnOnce() -> Vec<u8>, form: Form, ctx: &Ctx) -> Exit {
    match form {
        Form::Text => ctx.raw(chart.text().trim_end()),
        Form::Mermaid => ctx.raw(chart.mermaid().trim_end()),
        Form::Svg => ctx.raw(chart.svg().trim_end()),
        Form::Pcapng => {
            if std::io::stdout().is_terminal() {
                ctx.error("a capture is no text; send stdout to a file");
                return Exit::Usage;
            }
            if let Err(error) = std::io::stdout().write_all(&capture()) {
                ctx.error(&error);
                return Exit::Internal;
            }
        }
    }
    Exit::Ok
}

/// Runs the command.
pub fn run(args: &Args, ctx: &Ctx) -> Exit {
    let Some(file) = file(&args.trace) else {
        ctx.error(format_args!(
            "there is no file and no trace `{}`; ids are the names of the files below {}",
            args.trace,
            corpus::folder().display()
        ));
        return Exit::Usage;
    };
    if is_results(&file) {
        return of_results(&file, args, ctx);
    }
    if args.case.is_some() {
        ctx.error("a trace has no cases; CASE is for results.jsonl");
        return Exit::Usage;
    }
    let trace = match load(&file) {
        Ok(trace) => trace,
        Err(error) => {
            ctx.error(&error);
            return if error.is_version() {
                Exit::Version
            } else {
                Exit::Usage
            };
        }
    };
    draw(&Chart::of_trace(&trace), || capture(&trace), args.form, ctx)
}
