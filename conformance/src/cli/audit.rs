//! `audit`: whether a conforming server could have done what a recording says.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::corpus;
use super::output::{Ctx, Exit, Paint};
use crate::adapter::message::MAX_LINE;
use crate::audit::{Auditor, Finding, pcapng, tape};
use crate::certify::results::{FORMAT, Results};
use crate::certify::suite::Suite;

/// Arguments of `audit`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  mars-conformance audit run.jsonl
  mars-conformance audit certificate/results.jsonl --format json
  mars-conformance audit frames.pcapng --server 47000580ffe1000000f21a2b3c0020480c000100
  mars-conformance audit frames.pcapng --server s1

FILE is a recording: requests and responses of mars-sut/1 in turn, one JSON object a line; or the results.jsonl of \
`certify --out`, of which every case is judged; or a capture (pcapng, link type 100), of which the frames to and from one \
server are judged. What cannot be known is not judged, and counted. A capture tells neither the configuration nor which \
VCs and leaves come and go, so that less is judged of it; it is taken to be made at the server, with every frame.

Exit codes: 0 a conforming server could have done it; 1 it could not; 2 nothing was judged, or the recording is cut \
off; 64 it cannot be read; 65 the results are of other traces than those here.")]
pub struct Args {
    /// The recording
    pub file: PathBuf,
    /// Of a capture: the server to judge, by its ATM address in hex (a subaddress behind a slash), by its name in the
    /// capture's comments, or by its SCSP ID
    #[arg(long, value_name = "ATM_ADDRESS")]
    pub server: Option<String>,
    /// Of a capture: milliseconds within which an answer has to come
    #[arg(long, value_name = "MS", default_value_t = 1000)]
    pub grace: u64,
}

/// Runs the command.
pub fn run(args: &Args, ctx: &Ctx) -> Exit {
    let opened = File::open(&args.file);
    let mut start = [0; 4];
    if let Ok(mut file) = File::open(&args.file)
        && file.read_exact(&mut start).is_ok()
        && (pcapng::is_capture(&start) || pcapng::is_old_capture(&start))
    {
        return capture(args, ctx);
    }
    if args.server.is_some() {
        ctx.error(format_args!(
            "{}: no pcapng capture, and --server is for one; a recording says itself whose it is",
            args.file.display()
        ));
        return Exit::Usage;
    }
    let mut reader = match opened {
        Ok(file) => BufReader::new(file),
        Err(error) => {
            ctx.error(format_args!("{}: {error}", args.file.display()));
            return Exit::Usage;
        }
    };
    let mut auditor = Auditor::new();
    let mut told = 0;
    let mut progress = ctx.progress("audit", None);
    let mut stopped = None;
    let mut number = 0;
    loop {
        number += 1;
        let mut line = Vec::new();
        let limit = u64::try_from(MAX_LINE + 2).unwrap_or(u64::MAX);
        match (&mut reader).take(limit).read_until(b'\n', &mut line) {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) => {
                ctx.error(format_args!("{}: {error}", args.file.display()));
                return Exit::Usage;
            }
        }
        let text = String::from_utf8_lossy(&line);
        if text.trim().is_empty() {
            continue;
        }
        if number == 1 && is_results(&text) {
            return results(args, ctx, auditor);
        }
        if let Err(error) = auditor.line(number, text.trim_end()) {
            stopped = Some(error.to_string());
            break;
        }
        told = tell(auditor.findings(), told, ctx);
        progress.set(u64::try_from(number).unwrap_or(u64::MAX), "lines");
        if ctx.stopped() {
            break;
        }
    }
    progress.finish();
    if stopped.is_some() && number == 1 {
        ctx.error(format_args!(
            "{}: {}",
            args.file.display(),
            stopped.unwrap_or_default()
        ));
        return Exit::Usage;
    }
    if stopped.is_none() && auditor.waits() {
        stopped = Some("the last request has no response".to_owned());
    }
    summary(&auditor, stopped, ctx)
}

/// The frames to and from one server.
fn capture(args: &Args, ctx: &Ctx) -> Exit {
    let wrong = |error: &dyn std::fmt::Display| {
        ctx.error(format_args!("{}: {error}", args.file.display()));
        Exit::Usage
    };
    let file = match std::fs::read(&args.file) {
        Ok(file) => file,
        Err(error) => return wrong(&error),
    };
    if pcapng::is_old_capture(&file) {
        return wrong(
            &"offset 0: a capture in the older format; write it as pcapng with `editcap FILE FILE.pcapng`",
        );
    }
    let packets = match pcapng::read(&file) {
        Ok(packets) => packets,
        Err(error) => return wrong(&error),
    };
    let mut auditor = Auditor::new();
    let server = args.server.as_deref().unwrap_or_default();
    let tally = match auditor.packets(&packets, server, args.grace) {
        Ok(tally) => tally,
        Err(error) if server.is_empty() => {
            let names = error.split_once("give ").map_or("", |(_, names)| names);
            return wrong(&format_args!(
                "--server says whose frames are judged: its ATM address, or {names}"
            ));
        }
        Err(error) => return wrong(&error),
    };
    tell(auditor.findings(), 0, ctx);
    ctx.row(&json!({"capture": {
        "server": tally.server, "frames": packets.len(), "judged": tally.judged, "others": tally.others,
        "cut": tally.cut, "unknown": tally.unknown,
    }}));
    ctx.say(format_args!(
        "{} of {} frames are to or from {}; {} are between others, {} cut or lost, {} say nothing of their ends",
        tally.judged,
        packets.len(),
        tally.server,
        tally.others,
        tally.cut,
        tally.unknown
    ));
    ctx.say(
        "a capture tells neither the configuration nor which VCs and leaves come and go: what hangs on these is not judged",
    );
    summary(&auditor, None, ctx)
}

fn is_results(line: &str) -> bool {
    let value: Result<Value, _> = serde_json::from_str(line);
    value.is_ok_and(|value| {
        let format = value.pointer("/start/format");
        format.and_then(Value::as_str) == Some(FORMAT)
    })
}

/// Results of `certify`, and the suite that says what was asked.
pub(super) fn of_certificate(file: &Path) -> Result<(Results, Suite), (String, Exit)> {
    let text = std::fs::read_to_string(file).map_err(|error| (error.to_string(), Exit::Usage))?;
    let read = Results::parse(&text).map_err(|error| (error.to_string(), Exit::Usage))?;
    let suite = Suite::load(&corpus::folder()).map_err(|error| (error.to_string(), Exit::Usage))?;
    // What was asked stands in the traces.
    if read.start.suite.digest != suite.digest {
        let why =
            "these results are of other traces than those here, so what was asked is not known";
        return Err((why.to_owned(), Exit::Version));
    }
    Ok((read, suite))
}

/// Every case of a run of `certify`.
fn results(args: &Args, ctx: &Ctx, mut auditor: Auditor) -> Exit {
    let (read, suite) = match of_certificate(&args.file) {
        Ok(both) => both,
        Err((error, exit)) => {
            ctx.error(&error);
            return exit;
        }
    };
    let mut told = 0;
    for (at, row) in read.rows.iter().enumerate() {
        let Some(case) = suite.case(&row.case) else {
            continue;
        };
        for line in tape::of_row(&case.trace, &row.answers) {
            // Row `at` stands in line `at + 2` of the file.
            if let Err(error) = auditor.value(at + 2, line) {
                ctx.log(&error);
            }
        }
        told = tell(auditor.findings(), told, ctx);
        if ctx.stopped() {
            break;
        }
    }
    summary(&auditor, None, ctx)
}

/// Prints what is new.
fn tell(findings: &[Finding], told: usize, ctx: &Ctx) -> usize {
    for finding in findings.iter().skip(told) {
        ctx.row(&json!({ "violation": finding }));
        ctx.say(format_args!(
            "{} {} line {}, {} ms{}: {} ({})\n  wanted {}\n  got    {}",
            ctx.paint(Paint::Red, "violation"),
            finding.case,
            finding.line,
            finding.at,
            if finding.vc.is_empty() {
                String::new()
            } else {
                format!(", on {}", finding.vc)
            },
            finding.code,
            finding.requirements.join(" "),
            finding.wanted,
            finding.got,
        ));
        for frame in &finding.frames {
            ctx.say(format_args!("  {frame}"));
        }
    }
    findings.len()
}

fn summary(auditor: &Auditor, stopped: Option<String>, ctx: &Ctx) -> Exit {
    let counts = auditor.counts();
    let checks: u64 = counts.values().map(|count| count.checks).sum();
    let violations: u64 = counts.values().map(|count| count.violations).sum();
    let exit = match (violations, checks, &stopped) {
        (1.., ..) => Exit::Failed,
        (0, 0, _) | (0, _, Some(_)) => Exit::Incomplete,
        _ => Exit::Ok,
    };
    for (monitor, count) in counts {
        ctx.row(&json!({"monitor": monitor, "checks": count.checks, "unjudged": count.unjudged, "violations": count.violations}));
        let idle = if count.checks == 0 {
            "  (made no check)"
        } else {
            ""
        };
        ctx.say(format_args!(
            "{monitor:<13} {:>9} checks {:>8} not judged {:>6} violations{idle}",
            count.checks, count.unjudged, count.violations
        ));
    }
    if let Some(why) = &stopped {
        ctx.say(format_args!("judged up to there: {why}"));
    }
    ctx.row(&json!({"summary": {
        "runs": auditor.runs, "unjudged_runs": auditor.unjudged_runs, "exchanges": auditor.exchanges, "checks": checks,
        "violations": violations, "cut": stopped, "exit": exit.code(),
    }}));
    ctx.say(format_args!(
        "{} runs, {} exchanges, {checks} checks, {violations} violations",
        auditor.runs, auditor.exchanges
    ));
    exit
}
