//! `mutants`: how many declared mutants of the implementation the golden traces kill, or the checker that runs
//! on their speakers, or lockstep exploration of their servers, or the judge of a LIS whose stations they are.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Mutex;

use serde_json::{Map, Value, json};

use super::output::{Ctx, Exit, Paint};
use super::replay::load_meant;
use crate::mutants::flag;
use crate::mutants::kill::{self, By, Kill};
use crate::mutants::model::{self, Fate};
use crate::mutants::{Built, Class, Mutant, build};
use crate::sut::SutError;
use crate::trace::Trace;

/// Arguments of `mutants`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  mars-conformance mutants --jobs 2 --format json
  mars-conformance mutants --by checker        which of them the checker finds on the production code
  mars-conformance mutants --by lockstep       which of them lockstep exploration shows (minutes)
  mars-conformance mutants --by lis            which of them the simulated LIS shows (minutes)
  mars-conformance mutants --by audit          which of them audit alone flags in their recordings of the suite
  mars-conformance mutants --model             faults of the model's step functions, against its own properties

Exit codes: 0 all killed; 1 the original fails a trace; 2 no trace, or interrupted; 6 a mutant survives; 70 a mutant
does not fit the implementation, or does not compile. With --by audit mutants of clients and MCSs are left out, which the \
audit does not judge; those that it does not flag are no failure, and 6 says that it accuses the original.")]
pub struct Args {
    /// Mutants run at a time; as many as there are processors if not said
    #[arg(long, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,
    /// What may kill
    #[arg(long, value_enum, default_value_t)]
    pub by: By,
    /// Mutants of the model in place of those of the implementation: what its properties and witnesses notice
    #[arg(long, conflicts_with = "by")]
    pub model: bool,
}

/// The mutants of the model.
fn of_the_model(args: &Args, ctx: &Ctx) -> Exit {
    ctx.log("building the model with its mutants");
    let built = match model::build() {
        Ok(built) => built,
        Err(error) => {
            ctx.error(error);
            return Exit::Internal;
        }
    };
    let total = built.mutants.len();
    let progress = Mutex::new(ctx.progress("mutants", u64::try_from(total).ok()));
    let told = |done: usize| {
        if let Ok(mut progress) = progress.lock() {
            progress.set(u64::try_from(done).unwrap_or(u64::MAX), "");
        }
    };
    let fates = built.try_all(jobs(args), &told, ctx.stop);
    if let Ok(progress) = progress.into_inner() {
        progress.finish();
    }
    let fates = match fates {
        Ok(fates) => fates,
        Err(error) => {
            ctx.error(error);
            return Exit::Internal;
        }
    };
    let mut exit = if fates.len() == total {
        Exit::Ok
    } else {
        Exit::Incomplete
    };
    let mut classes: BTreeMap<Class, (usize, usize, usize)> = BTreeMap::new();
    for (mutant, fate) in &fates {
        let (killed, equivalent, all) = classes.entry(mutant.class).or_default();
        *all += 1;
        let (paint, word, by) = match (fate, &mutant.equivalent) {
            (Fate::Killed { scenario, by }, None) => {
                *killed += 1;
                (Paint::Green, "killed    ", format!("{scenario}: {by}"))
            }
            (Fate::Killed { scenario, by }, Some(_)) => (
                Paint::Red,
                "KILLED    ",
                format!("{scenario}: {by}, though said to be equivalent"),
            ),
            (Fate::Equivalent, Some(why)) => {
                *equivalent += 1;
                (
                    Paint::Yellow,
                    "equivalent",
                    format!("same counts everywhere: {why}"),
                )
            }
            (Fate::Equivalent, None) => (
                Paint::Red,
                "SURVIVES  ",
                "same counts everywhere, and nobody says why".to_owned(),
            ),
            (Fate::Survives(others), _) => (
                Paint::Red,
                "SURVIVES  ",
                format!("other counts in {}", others.join(", ")),
            ),
        };
        if paint == Paint::Red {
            exit = exit.combine(Exit::SuiteBroken);
        }
        let killed_by = match fate {
            Fate::Killed { scenario, by } => Some(format!("{scenario} {by}")),
            Fate::Equivalent | Fate::Survives(_) => None,
        };
        ctx.row(&json!({
            "mutant": mutant.id, "class": mutant.class.as_str(), "requirement": mutant.requirement,
            "killed_by": killed_by, "equivalent": mutant.equivalent, "model": true,
        }));
        ctx.say(format_args!(
            "{} {:<44} {by}",
            ctx.paint(paint, word),
            mutant.id
        ));
    }
    let rows: Map<String, Value> = classes
        .iter()
        .map(|(class, (killed, equivalent, total))| {
            let score = json!({"killed": killed, "equivalent": equivalent, "total": total});
            (class.as_str().to_owned(), score)
        })
        .collect();
    let (mut killed, mut equivalent) = (0, 0);
    for (class, (dead, same, all)) in &classes {
        killed += dead;
        equivalent += same;
        ctx.say(format_args!(
            "{dead:>4} killed, {same} equivalent, of {all:>3}  {}",
            class.as_str()
        ));
    }
    ctx.say(format_args!(
        "{killed} of {total} mutants of the model killed, {equivalent} equivalent under the bounds"
    ));
    ctx.row(&json!({"summary": {
        "killed": killed, "equivalent": equivalent, "total": total, "classes": rows, "exit": exit.code(),
    }}));
    exit
}

/// How many run at a time.
fn jobs(args: &Args) -> NonZeroUsize {
    let available = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    args.jobs.unwrap_or(available)
}

/// Runs the command.
pub fn run(args: &Args, ctx: &Ctx) -> Exit {
    if args.model {
        return of_the_model(args, ctx);
    }
    let (traces, wrong) = load_meant(&[], ctx);
    if traces.is_empty() {
        ctx.error("there is no trace to kill a mutant with");
        return wrong.combine(Exit::Incomplete);
    }
    ctx.log("building the mutants");
    let built = match build() {
        Ok(built) => built,
        Err(error) => {
            ctx.error(error);
            return Exit::Internal;
        }
    };
    let original = kill::first_failure(&built, None, traces.iter().map(|(_, t)| t), ctx.stop);
    match original {
        Ok(None) => {}
        Ok(Some(kill)) => {
            // Nothing that follows would mean anything.
            ctx.error(format_args!(
                "the original fails {}: {}",
                kill.by, kill.report
            ));
            return wrong.combine(Exit::Failed);
        }
        Err(error) => return broken(&error, ctx),
    }
    let built = if args.by == By::Audit {
        match of_the_audit(built, &traces, ctx) {
            Ok(built) => built,
            Err(exit) => return wrong.combine(exit),
        }
    } else {
        built
    };
    let progress = Mutex::new(ctx.progress("mutants", u64::try_from(built.mutants.len()).ok()));
    let told = |done: usize| {
        if let Ok(mut progress) = progress.lock() {
            progress.set(u64::try_from(done).unwrap_or(u64::MAX), "");
        }
    };
    let outcomes = kill::try_all(&built, &traces, args.by, jobs(args), &told, ctx.stop);
    if let Ok(progress) = progress.into_inner() {
        progress.finish();
    }
    match outcomes {
        Ok(outcomes) => wrong.combine(tell(&built, args.by, &outcomes, ctx)),
        Err(error) => broken(&error, ctx),
    }
}

/// Mutants of servers, after the original was found without fault in every recording: an audit that accuses it says nothing.
fn of_the_audit(mut built: Built, traces: &[(PathBuf, Trace)], ctx: &Ctx) -> Result<Built, Exit> {
    let cases = traces.iter().map(|(_, trace)| trace);
    let total = cases.clone().filter(|trace| flag::is_case(trace)).count();
    match flag::first_finding(&built, None, cases, ctx.stop) {
        Ok(None) => {}
        Ok(Some(found)) => {
            ctx.error(format_args!(
                "THE AUDIT ACCUSES THE ORIGINAL, in {} (line {}), so it proves nothing of its mutants: {} {}",
                found.by, found.step, found.code, found.report
            ));
            return Err(Exit::SuiteBroken);
        }
        Err(error) => return Err(broken(&error, ctx)),
    }
    if ctx.stopped() {
        return Err(Exit::Interrupted);
    }
    let all = built.mutants.len();
    built
        .mutants
        .retain(|mutant| !mutant.file.starts_with("endpoint"));
    ctx.say(format_args!(
        "the original is without fault in {total} recordings; {} mutants of clients and MCSs are left out",
        all - built.mutants.len()
    ));
    Ok(built)
}

fn broken(error: &SutError, ctx: &Ctx) -> Exit {
    ctx.error(format_args!("the adapter of the mutants: {error}"));
    Exit::AdapterBroke
}

/// Prints every outcome and the score of each class.
fn tell(built: &Built, by: By, outcomes: &[(Mutant, Option<Kill>)], ctx: &Ctx) -> Exit {
    for (mutant, kill) in outcomes {
        ctx.row(&row(mutant, kill.as_ref()));
        let line = match kill {
            Some(Kill { by, step, code, .. }) => format!("by {by}, step {step}: {code}"),
            None => format!("{} ({})", mutant.what, mutant.requirement),
        };
        let word = match kill {
            Some(_) => ctx.paint(Paint::Green, "killed  "),
            None if by == By::Audit => ctx.paint(Paint::Yellow, "passes  "),
            None => ctx.paint(Paint::Red, "survives"),
        };
        ctx.say(format_args!("{word} {:<32} {line}", mutant.id));
    }
    let killed = outcomes.iter().filter(|(_, kill)| kill.is_some()).count();
    let missing = built.mutants.len() - outcomes.len();
    let exit = match (killed == outcomes.len(), missing) {
        (false, _) if by != By::Audit => Exit::SuiteBroken,
        (_, 0) => Exit::Ok,
        _ => Exit::Incomplete,
    };
    let score = kill::score(outcomes);
    let classes: Map<String, Value> = score
        .iter()
        .map(|(class, (killed, total))| {
            let score = json!({"killed": killed, "total": total});
            (class.as_str().to_owned(), score)
        })
        .collect();
    ctx.row(&json!({"summary": {
        "killed": killed, "total": built.mutants.len(), "missing": missing,
        "classes": classes, "exit": exit.code(),
    }}));
    for (class, (killed, total)) in &score {
        ctx.say(format_args!(
            "{killed:>4} of {total:>3}  {}",
            class.as_str()
        ));
    }
    let what = if by == By::Audit {
        "mutants of the server flagged by audit alone"
    } else {
        "mutants killed"
    };
    ctx.say(format_args!("{killed} of {} {what}", built.mutants.len()));
    exit
}

/// The row of a mutant.
fn row(mutant: &Mutant, kill: Option<&Kill>) -> Value {
    json!({
        "mutant": mutant.id, "class": mutant.class.as_str(), "requirement": mutant.requirement,
        "killed_by": kill.map(|kill| kill.by.to_string()),
        "step": kill.map(|kill| kill.step), "code": kill.map(|kill| &kill.code),
    })
}
