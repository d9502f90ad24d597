//! `mutants`: how many declared mutants of the implementation the golden traces kill, or the checker that runs
//! on their speakers, or lockstep exploration of their servers, or the judge of a LIS whose stations they are.

use std::num::NonZeroUsize;
use std::sync::Mutex;

use serde_json::{Map, Value, json};

use super::output::{Ctx, Exit, Paint};
use super::replay::load_meant;
use crate::mutants::kill::{self, By, Kill};
use crate::mutants::{Built, Mutant, build};
use crate::sut::SutError;

/// Arguments of `mutants`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  mars-conformance mutants --jobs 2 --format json
  mars-conformance mutants --by checker        which of them the checker finds on the production code
  mars-conformance mutants --by lockstep       which of them lockstep exploration shows (minutes)
  mars-conformance mutants --by lis            which of them the simulated LIS shows (minutes)

Exit codes: 0 all killed; 1 the original fails a trace; 2 no trace, or interrupted; 6 a mutant survives; 70 a mutant
does not fit the implementation, or does not compile.")]
pub struct Args {
    /// Mutants run at a time; as many as there are processors if not said
    #[arg(long, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,
    /// What may kill
    #[arg(long, value_enum, default_value_t)]
    pub by: By,
}

/// Runs the command.
pub fn run(args: &Args, ctx: &Ctx) -> Exit {
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
    let available = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let progress = Mutex::new(ctx.progress("mutants", u64::try_from(built.mutants.len()).ok()));
    let told = |done: usize| {
        if let Ok(mut progress) = progress.lock() {
            progress.set(u64::try_from(done).unwrap_or(u64::MAX), "");
        }
    };
    let jobs = args.jobs.unwrap_or(available);
    let outcomes = kill::try_all(&built, &traces, args.by, jobs, &told, ctx.stop);
    if let Ok(progress) = progress.into_inner() {
        progress.finish();
    }
    match outcomes {
        Ok(outcomes) => wrong.combine(tell(&built, &outcomes, ctx)),
        Err(error) => broken(&error, ctx),
    }
}

fn broken(error: &SutError, ctx: &Ctx) -> Exit {
    ctx.error(format_args!("the adapter of the mutants: {error}"));
    Exit::AdapterBroke
}

/// Prints every outcome and the score of each class.
fn tell(built: &Built, outcomes: &[(Mutant, Option<Kill>)], ctx: &Ctx) -> Exit {
    for (mutant, kill) in outcomes {
        ctx.row(&row(mutant, kill.as_ref()));
        let line = match kill {
            Some(Kill { by, step, code, .. }) => format!("by {by}, step {step}: {code}"),
            None => format!("{} ({})", mutant.what, mutant.requirement),
        };
        let word = match kill {
            Some(_) => ctx.paint(Paint::Green, "killed  "),
            None => ctx.paint(Paint::Red, "survives"),
        };
        ctx.say(format_args!("{word} {:<32} {line}", mutant.id));
    }
    let killed = outcomes.iter().filter(|(_, kill)| kill.is_some()).count();
    let missing = built.mutants.len() - outcomes.len();
    let exit = match (killed == outcomes.len(), missing) {
        (false, _) => Exit::SuiteBroken,
        (true, 0) => Exit::Ok,
        (true, _) => Exit::Incomplete,
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
    ctx.say(format_args!(
        "{killed} of {} mutants killed",
        built.mutants.len()
    ));
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
