//! `replay`: golden traces on the implementation in this process.

use std::path::PathBuf;
use std::time::Instant;

use serde_json::{Value, json};

use super::corpus;
use super::output::{Ctx, Exit, Paint};
use crate::lockstep::{Replayed, local, replay};
use crate::sut::Sut;
use crate::sut::in_process::InProcess;
use crate::trace::{Trace, find, load};

/// Arguments of `replay`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  mars-conformance replay
  mars-conformance replay 'group.flush/*' --format json

Exit codes: 0 all pass; 1 a trace failed; 2 no trace was meant; 64 a file is wrong; 65 a file is of a newer format.")]
pub struct Args {
    /// Ids of traces (or area/id), with `*` for any text; all if none is named
    pub globs: Vec<String>,
}

/// What a replay of many traces came to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// Traces that passed.
    pub pass: usize,
    /// Traces that failed.
    pub fail: usize,
    /// Traces that could not be judged.
    pub error: usize,
    /// Steps that were judged.
    pub steps: usize,
    /// Wall-clock seconds.
    pub seconds: f64,
}

/// Plays one trace on fresh servers in this process.
#[must_use]
pub fn play(trace: &Trace) -> Replayed {
    let mut suts: Vec<InProcess> = trace.servers.iter().map(|_| InProcess::default()).collect();
    play_on(trace, suts.iter_mut().map(|sut| sut as &mut dyn Sut))
}

/// Plays one trace, global or local, on the given servers.
pub fn play_on<'a>(trace: &'a Trace, mut suts: impl Iterator<Item = &'a mut dyn Sut>) -> Replayed {
    let is_local = trace
        .steps
        .first()
        .is_some_and(|step| step.stimulus.is_some());
    match suts.next() {
        Some(sut) if is_local => local::play(trace, sut),
        first => replay(trace, first.into_iter().chain(suts)),
    }
}

/// The traces that are meant, read and checked. A wrong file is told and gives its exit code.
pub fn load_meant(globs: &[String], ctx: &Ctx) -> (Vec<(PathBuf, Trace)>, Exit) {
    let mut exit = Exit::Ok;
    let files = find(&corpus::folder()).unwrap_or_else(|error| {
        ctx.error(&error);
        exit = Exit::Usage;
        Vec::new()
    });
    let mut traces = Vec::new();
    for file in files {
        match load(&file) {
            Ok(trace) if corpus::meant(globs, &trace.area, &trace.id) => traces.push((file, trace)),
            Ok(_) => {}
            Err(error) => {
                ctx.error(&error);
                exit = exit.combine(if error.is_version() {
                    Exit::Version
                } else {
                    Exit::Usage
                });
            }
        }
    }
    (traces, exit)
}

/// The row of a trace.
fn row(trace: &Trace, played: &Replayed, verdict: &str, part: Option<&str>) -> Value {
    let mut row = json!({
        "case": trace.id, "verdict": verdict, "area": trace.area, "level": trace.level,
        "requirements": trace.requirements, "steps": played.steps,
    });
    let Some(fields) = row.as_object_mut() else {
        return row;
    };
    if let Some(part) = part {
        fields.insert("part".to_owned(), json!(part));
    }
    if let Some(failure) = &played.failure {
        let failure = json!({
            "code": failure.failure.code, "step": failure.step, "at": failure.at, "act": failure.act,
            "wanted": failure.failure.wanted, "got": failure.failure.got,
            "differences": failure.failure.differences.iter()
                .map(|one| json!({"field": one.field, "wanted": one.wanted, "got": one.got})).collect::<Vec<_>>(),
            "frames": failure.frames,
        });
        fields.insert("failure".to_owned(), failure);
    }
    row
}

/// Plays traces, telling each one that does not pass; stops early on Ctrl-C.
pub fn play_all(traces: &[(PathBuf, Trace)], part: Option<&str>, ctx: &Ctx) -> (Exit, Counts) {
    let started = Instant::now();
    let mut counts = Counts::default();
    let mut exit = Exit::Ok;
    let mut progress = ctx.progress("replay", u64::try_from(traces.len()).ok());
    for (position, (file, trace)) in traces.iter().enumerate() {
        if ctx.stopped() {
            exit = exit.combine(Exit::Incomplete);
            break;
        }
        let played = play(trace);
        counts.steps += played.steps;
        let verdict = match &played.failure {
            None => {
                counts.pass += 1;
                "pass"
            }
            Some(failure) if failure.broke => {
                counts.error += 1;
                exit = exit.combine(Exit::AdapterBroke);
                "error"
            }
            Some(_) => {
                counts.fail += 1;
                exit = exit.combine(Exit::Failed);
                "fail"
            }
        };
        ctx.row(&row(trace, &played, verdict, part));
        if let Some(failure) = &played.failure {
            ctx.say(format_args!(
                "{} {}: {failure}",
                ctx.paint(Paint::Red, verdict),
                file.display()
            ));
            ctx.say(format_args!(
                "  again: mars-conformance replay {}",
                trace.id
            ));
        }
        progress.set(u64::try_from(position + 1).unwrap_or(u64::MAX), &trace.id);
    }
    progress.finish();
    counts.seconds = started.elapsed().as_secs_f64();
    (exit, counts)
}

/// Runs the command.
pub fn run(args: &Args, ctx: &Ctx) -> Exit {
    let (traces, wrong) = load_meant(&args.globs, ctx);
    if traces.is_empty() {
        ctx.error(format_args!(
            "no trace below {} is meant",
            corpus::folder().display()
        ));
        return wrong.combine(Exit::Incomplete);
    }
    let (exit, counts) = play_all(&traces, None, ctx);
    let exit = exit.combine(wrong);
    ctx.row(&json!({"summary": {
        "pass": counts.pass, "nonstrict": 0, "fail": counts.fail, "error": counts.error,
        "missing": traces.len() - counts.pass - counts.fail - counts.error,
        "steps": counts.steps, "exit": exit.code(),
    }}));
    let rate = usize_f64(counts.steps) / counts.seconds.max(1e-9);
    ctx.say(format_args!(
        "{} of {} traces pass, {} steps in {:.2} s ({rate:.0} steps/s)",
        counts.pass,
        traces.len(),
        counts.steps,
        counts.seconds
    ));
    exit
}

/// A count for a ratio.
pub(super) const fn usize_f64(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::super::output::Format;
    use super::*;

    static RAISED: AtomicBool = AtomicBool::new(true);
    static LOWERED: AtomicBool = AtomicBool::new(false);

    #[test]
    fn what_was_not_played_is_not_passed() {
        let globs = ["one-register-is-told".to_owned()];
        let ends = |stop: bool| {
            let stop: &'static AtomicBool = if stop { &RAISED } else { &LOWERED };
            let ctx = Ctx {
                format: Format::Json,
                quiet: true,
                stop,
            };
            let (traces, _) = load_meant(&globs, &ctx);
            let (exit, counts) = play_all(&traces, None, &ctx);
            (exit, counts.pass)
        };
        assert_eq!(ends(false), (Exit::Ok, 1));
        assert_eq!(ends(true), (Exit::Incomplete, 0));
    }
}
