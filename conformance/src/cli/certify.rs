//! `certify`: black-box certification of any implementation.

mod told;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::corpus;
use super::output::{Ctx, Exit};
use super::replay::usize_f64;
use crate::certify::out;
use crate::certify::results::Results;
use crate::certify::run::{
    Outcome, Plan, Tally, means_sanity_alone, meant, name_of, run as certify,
};
use crate::certify::suite::{Profile, Suite};
use crate::certify::target::Target;
use crate::certify::verdict::Verdict;
use crate::requirements::Ledger;

/// Arguments of `certify`.
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("target").required(true)))]
#[command(after_help = "\
Examples:
  mars-conformance certify --builtin --profile smoke
  mars-conformance certify --adapter 'python3 conformance/adapters/toy.py' --out certificate
  mars-conformance certify --connect localhost:4711 --case 'mars.cluster/*' --format json

The server under test is a black box: it gets frames and time, and its frames are judged. Clients and MCSs are tested \
in process (`replay`) and have no part in it.

Exit codes: 0 all pass; 1 a MUST is violated, or a claimed feature is unsupported; 2 a case is missing or inconclusive, \
or none was judged; 3 a SHOULD deviation under --strict; 5 the adapter broke; 64 usage; 65 version mismatch; 130 \
interrupted.")]
pub struct Args {
    /// Command of the adapter: program and arguments, as for a shell
    #[arg(long, value_name = "CMD ARGS", group = "target")]
    pub adapter: Option<String>,
    /// An adapter that serves TCP: one connection a job, or one for all if it answers only one
    #[arg(long, value_name = "HOST:PORT", group = "target")]
    pub connect: Option<String>,
    /// This project's server in this process
    #[arg(long, group = "target")]
    pub builtin: bool,
    /// How much of the suite
    #[arg(long, value_enum, default_value_t)]
    pub profile: Profile,
    /// Only cases whose id, or area/id, matches; `*` for any text
    #[arg(long, value_name = "GLOB")]
    pub case: Vec<String>,
    /// Only these steps of the one case that is meant, as a failure that was shrunk names them
    #[arg(
        long,
        value_name = "N,N..",
        value_delimiter = ',',
        requires = "case",
        conflicts_with = "out"
    )]
    pub steps: Option<Vec<usize>>,
    /// With --steps: judge sequence numbers, too, although messages before them may be left out
    #[arg(long, requires = "steps")]
    pub keep_numbers: bool,
    /// Cases at a time; as many as there are processors if not said
    #[arg(long, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,
    /// Seed that every reset is given
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// A deviation from a SHOULD gives exit code 3
    #[arg(long)]
    pub strict: bool,
    /// Longest wait for an answer, in seconds of real time
    #[arg(long, value_name = "SECONDS", default_value_t = 10.0, value_parser = seconds)]
    pub deadline: f64,
    /// Tells every case by itself; otherwise what fails alike is told once, and what passes is counted
    #[arg(long)]
    pub verbose: bool,
    /// Writes results, JUnit XML, report, badge and certificate into this folder
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

pub(super) fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if (0.001..=3600.0).contains(&number) => Ok(number),
        _ => Err("a number of seconds between 0.001 and 3600".to_owned()),
    }
}

impl Args {
    fn plan(&self) -> Plan {
        let target = match (&self.adapter, &self.connect) {
            (Some(line), _) => Target::Adapter(line.clone()),
            (None, Some(address)) => Target::Connect(address.clone()),
            (None, None) => Target::Builtin,
        };
        let available = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Plan {
            target,
            profile: self.profile,
            globs: self.case.clone(),
            steps: self.steps.clone(),
            keep_numbers: self.keep_numbers,
            jobs: self.jobs.unwrap_or(available),
            seed: self.seed,
            strict: self.strict,
            deadline: Duration::from_secs_f64(self.deadline),
        }
    }
}

/// Runs the command.
pub fn run(args: &Args, ctx: &Ctx) -> Exit {
    let suite = match Suite::load(&corpus::folder()) {
        Ok(suite) => suite,
        Err(error) => {
            ctx.error(&error);
            return Exit::Usage;
        }
    };
    let plan = args.plan();
    let cases = meant(&plan, &suite).len();
    if means_sanity_alone(&plan) {
        if args.out.is_some() || plan.steps.is_some() {
            ctx.error("the sanity case alone has no steps to choose, and makes no certificate");
            return Exit::Usage;
        }
    } else if cases == 0 {
        ctx.error(format_args!(
            "no case of profile {} is meant; a case is a local trace of one server below {}",
            plan.profile.as_str(),
            corpus::folder().display()
        ));
        return Exit::Incomplete;
    }
    if plan.steps.is_some() && cases != 1 {
        ctx.error("--steps is for one case; --case means several");
        return Exit::Usage;
    }
    if let (Some(steps), [case]) = (&plan.steps, meant(&plan, &suite).as_slice()) {
        let count = case.trace.steps.len();
        if let Some(step) = steps.iter().find(|step| **step >= count) {
            ctx.error(format_args!(
                "--steps {step}: {} has {count} steps, 0 to {}",
                case.trace.id,
                count.saturating_sub(1)
            ));
            return Exit::Usage;
        }
    }
    let started = Instant::now();
    let progress = Mutex::new(ctx.progress("certify", u64::try_from(cases).ok()));
    let told = |tally: &Tally| {
        if let Ok(mut progress) = progress.lock() {
            progress.set(u64::try_from(tally.done).unwrap_or(u64::MAX), so_far(tally));
        }
    };
    let outcome = certify(&plan, &suite, &told, ctx.stop);
    if let Ok(progress) = progress.into_inner() {
        progress.finish();
    }
    let took = started.elapsed();
    tell(&plan, args.verbose, &outcome, took, ctx);
    let exit = Exit::from_code(outcome.results.summary.exit);
    match &args.out {
        Some(folder) => exit.combine(write(folder, &outcome, &suite, ctx)),
        None => exit,
    }
}

/// Writes the folder of `--out`.
fn write(folder: &Path, outcome: &Outcome, suite: &Suite, ctx: &Ctx) -> Exit {
    let ledger = match Ledger::load() {
        Ok(ledger) => ledger,
        Err(error) => {
            ctx.error(&error);
            return Exit::Internal;
        }
    };
    match out::write(folder, &outcome.results, suite, &ledger) {
        Ok(()) => {
            ctx.log(format_args!("written to {}", folder.display()));
            Exit::Ok
        }
        Err(error) => {
            ctx.error(format_args!("{}: {error}", folder.display()));
            Exit::Internal
        }
    }
}

/// Counts and the slowest case, for the progress.
fn so_far(tally: &Tally) -> String {
    let counts = tally
        .counts
        .iter()
        .map(|(verdict, count)| format!("{} {count}", verdict.as_str()));
    let counts: Vec<String> = counts.collect();
    let slowest = tally
        .slowest
        .as_ref()
        .map_or_else(String::new, |(case, took)| {
            format!(", slowest {case} {:.2} s", took.as_secs_f64())
        });
    format!("{}{slowest}", counts.join(" "))
}

/// Prints rows, failures and totals.
fn tell(plan: &Plan, verbose: bool, outcome: &Outcome, took: Duration, ctx: &Ctx) {
    let Results {
        start,
        rows,
        summary,
    } = &outcome.results;
    rows.iter().for_each(|row| ctx.row(row));
    if verbose {
        told::every_case(rows, ctx);
    } else {
        told::in_groups(rows, ctx);
    }
    ctx.row(&serde_json::json!({"summary": summary}));
    if matches!(plan.target, Target::Connect(_)) && outcome.ways < plan.jobs.get() {
        ctx.log(format_args!(
            "the peer answers {} connection(s) at a time: all cases went over {}",
            outcome.ways,
            if outcome.ways == 1 {
                "that one"
            } else {
                "those"
            }
        ));
    }
    if let Some(diagnosis) = &outcome.diagnosis {
        ctx.log(diagnosis);
    }
    let missing = rows
        .iter()
        .filter(|row| row.verdict == Verdict::Missing && !row.is_sanity());
    if let Some(first) = missing.clone().next() {
        ctx.say(format_args!("{} not run: {}", missing.count(), first.why));
    }
    let counts: Vec<String> = Verdict::ALL
        .iter()
        .filter(|verdict| summary.count(**verdict) > 0)
        .map(|verdict| format!("{} {}", summary.count(*verdict), verdict.as_str()))
        .collect();
    let name = name_of(&start.implementation);
    if summary.of == 0 {
        let mut verdicts = rows.iter().map(|row| row.verdict);
        let worst = verdicts.find(|verdict| *verdict != Verdict::Pass);
        let worst = worst.or_else(|| rows.first().map(|row| row.verdict));
        let worst = worst.map_or("missing", Verdict::as_str);
        ctx.say(format_args!("{name}: the sanity case comes to {worst}"));
    } else {
        ctx.say(format_args!(
            "{name}: {} of {} cases ({})",
            counts.join(", "),
            summary.of,
            start.profile
        ));
    }
    let seconds = took.as_secs_f64().max(1e-9);
    let slowest = outcome
        .slowest
        .as_ref()
        .map_or_else(String::new, |(case, took)| {
            format!("; slowest {case}, {:.2} s", took.as_secs_f64())
        });
    ctx.log(format_args!(
        "{} steps in {seconds:.2} s, {} job(s): {:.0} cases/s, {:.0} steps/s{slowest}",
        summary.steps,
        outcome.ways,
        usize_f64(summary.of) / seconds,
        usize_f64(summary.steps) / seconds,
    ));
}
