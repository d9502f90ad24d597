//! `check`: model checking alone.

pub mod cluster;
pub mod limits;
pub mod lockstep;
mod rows;
mod second;

use std::num::NonZeroUsize;

use mars_model::counts;
use mars_model::explore::{Options, Report};
use mars_model::family;
use mars_model::reading::Choice;
use mars_model::registry::{self, Case, Told, for_liveness};

use super::Profile;
use super::output::{Ctx, Exit};
use crate::inside;
pub use limits::{Limits, threads};
pub use rows::{head, line, row};

/// Which rules the model follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum RulesName {
    /// The register of ambiguities resolved.
    #[default]
    Resolved,
    /// The letter of the RFCs.
    Literal,
}

impl RulesName {
    /// The rules of that name, for any family of models.
    #[must_use]
    pub const fn choice(self) -> Choice {
        match self {
            Self::Resolved => Choice::Resolved,
            Self::Literal => Choice::Literal,
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Resolved => "resolved",
            Self::Literal => "literal",
        }
    }
}

/// Which search.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Engine {
    /// Our own: breadth first, shortest counterexamples, counts per action.
    #[default]
    Kernel,
    /// stateright's breadth-first search, for a second opinion on counts and verdicts.
    Stateright,
    /// Timely Dataflow: as the kernel, on several threads, processes or machines.
    Timely,
}

/// Arguments of `check`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  mars-conformance check --profile quick
  mars-conformance check ring_with_a_cut --rules literal
  mars-conformance check drain --engine stateright
  mars-conformance check ring_of_three --threads 2 --seed 1
  mars-conformance check --max-seconds 60 --max-memory 4G --format json
  mars-conformance check drain --explore 127.0.0.1:3000
  mars-conformance check drain --liveness
  mars-conformance check hand_over --liveness --finding A01
  mars-conformance check drain --audit-hash
  mars-conformance check ring_of_three --engine timely --workers 2
  mars-conformance check --lockstep ring_with_a_cut drain
                                       the model and real servers side by side, every action in every state
  mars-conformance check --bless       writes the expected counts, if two engines agree
  mars-conformance check flood_line --bless
                                       the same for some scenarios; the counts of the others stay

A search that meets a limit says which states it has looked at; the report is the same for any number of threads,
except where time, memory or Ctrl-C ended it.

Exit codes: 0 all hold; 1 a property failed, a count changed or model and servers disagree; 2 stopped before the end; 6 a witness is missing.")]
pub struct Args {
    /// Scenarios by name; all of the profile if none is named
    pub scenarios: Vec<String>,
    /// How much work it may be
    #[arg(long, value_enum, default_value_t)]
    pub profile: Profile,
    /// The register of ambiguities resolved, or the letter of the RFCs
    #[arg(long, value_enum, default_value_t)]
    pub rules: RulesName,
    /// Which search
    #[arg(long, value_enum, default_value_t)]
    pub engine: Engine,
    /// Threads of each search, one scenario after the other; as many as there are processors if not given
    #[arg(long, value_name = "N")]
    pub threads: Option<NonZeroUsize>,
    /// Where a search ends, and its hash
    #[command(flatten)]
    pub limits: Limits,
    /// Serves stateright's Explorer of one scenario there instead
    #[arg(long, value_name = "ADDR")]
    pub explore: Option<String>,
    /// Writes the expected counts of these scenarios after both engines have agreed on them
    #[arg(long)]
    pub bless: bool,
    /// What must happen
    #[command(flatten)]
    pub liveness: super::check_liveness::Flags,
    /// `Hash` against `Eq`
    #[command(flatten)]
    pub audit: super::check_audit::Flags,
    /// Real servers beside the model
    #[command(flatten)]
    pub lockstep: lockstep::Flags,
    /// Who searches together
    #[command(flatten)]
    pub cluster: cluster::ClusterArgs,
}

/// All scenarios: those of the models, and those of the production code in the checker.
fn cases() -> impl Iterator<Item = &'static dyn Case> {
    registry::cases().chain(inside::case::cases())
}

/// Those of models: counts of the implementation are not blessed, and it stays in one process.
fn of_models(cases: &[&'static dyn Case]) -> Vec<&'static dyn Case> {
    let models = cases.iter().copied();
    models
        .filter(|case| case.family() != inside::case::FAMILY)
        .collect()
}

/// The scenarios of a profile, of all families.
#[must_use]
pub fn of_profile(profile: Profile) -> Vec<&'static dyn Case> {
    let most = match profile {
        Profile::Quick => family::Profile::Quick,
        Profile::Ci => family::Profile::Ci,
        Profile::Deep => family::Profile::Deep,
    };
    cases()
        .filter(|scenario| scenario.profile() <= most)
        .collect()
}

/// What the search of one scenario came to.
pub struct Checked {
    /// The scenario.
    pub scenario: &'static dyn Case,
    /// What was found.
    pub report: Report<Told>,
    /// What is wrong, in words; empty when all is well.
    pub wrong: Vec<String>,
    /// How it ends.
    pub exit: Exit,
}

/// Searches scenarios with our own search, one after the other, until the stop flag is raised, and prints what came out
/// of each as soon as it is known, as the given part of a larger job.
/// Counts are compared with the expected ones under the resolved rules.
#[must_use]
pub fn check_all(
    scenarios: &[&'static dyn Case],
    rules: RulesName,
    options: &Options,
    part: Option<&str>,
    ctx: &Ctx,
) -> Vec<Checked> {
    head(ctx);
    // Where it is known how many states there are, it can be said how long it will take.
    let expected = counts::expected();
    let total = scenarios
        .iter()
        .map(|scenario| Some(expected.get(scenario.name())?.unique))
        .sum::<Option<u64>>();
    let mut progress = ctx.progress("check", total.filter(|_| rules == RulesName::Resolved));
    let mut all = Vec::new();
    let mut before = 0;
    for &scenario in scenarios {
        if ctx.stopped() && !all.is_empty() {
            break;
        }
        let mut tell = |now: &mars_model::explore::Progress| {
            let rate = now.unique as f64 / now.seconds.max(1e-9);
            progress.set(
                before + now.unique,
                format_args!(
                    "states; {}: {rate:.0} states/s, depth {}, queue {}, table {:.0} % full, {} MiB",
                    scenario.name(),
                    now.depth,
                    now.queue,
                    now.load * 100.0,
                    now.octets >> 20
                ),
            );
        };
        let report = scenario.search(rules.choice(), options, &mut tell, ctx.stop);
        before += report.unique;
        let checked = judge(scenario, report, rules);
        progress.aside(|| {
            ctx.row(&row(&checked, rules, part));
            line(&checked, rules, ctx);
        });
        all.push(checked);
    }
    progress.finish();
    all
}

/// What is wrong with a report.
fn judge(scenario: &'static dyn Case, report: Report<Told>, rules: RulesName) -> Checked {
    let mut wrong = Vec::new();
    let mut exit = Exit::Ok;
    for violation in report.violations() {
        exit = exit.combine(Exit::Failed);
        wrong.push(format!(
            "{} fails after {} steps",
            violation.property,
            violation.path.len()
        ));
    }
    if report.exhausted() {
        // Witnesses, kinds of action and counts are declared for the resolved rules.
        if rules == RulesName::Resolved {
            for witness in &report.missing_witnesses {
                exit = exit.combine(Exit::SuiteBroken);
                wrong.push(format!("no witness of {witness}"));
            }
            for kind in scenario
                .actions()
                .iter()
                .filter(|kind| report.count_of(kind) == 0)
            {
                exit = exit.combine(Exit::SuiteBroken);
                wrong.push(format!("no {kind} ever happens"));
            }
            // Nobody shrinks a model by accident. What the implementation counts is no expectation.
            if scenario.family() == inside::case::FAMILY {
                return Checked {
                    scenario,
                    report,
                    wrong,
                    exit,
                };
            }
            let counts = counts::of(scenario, report.unique, report.states, report.depth);
            match counts::expected().get(scenario.name()) {
                Some(expected) if *expected == counts => {}
                Some(expected) => {
                    exit = exit.combine(Exit::Failed);
                    wrong.push(format!("counted {counts:?}, expected {expected:?}; `check --bless` if the change is meant"));
                }
                None if scenario.profile() == family::Profile::Deep => {}
                None => {
                    exit = exit.combine(Exit::Failed);
                    wrong.push("its counts were never blessed".to_owned());
                }
            }
        }
    } else {
        exit = exit.combine(Exit::Incomplete);
        wrong.push(format!(
            "not exhausted: {}; all states down to depth {} were seen, of the next level some; {} of {} states wait \
             for their successors",
            report.stopped_by.as_str(),
            report.depth,
            report.unexpanded,
            report.unique
        ));
    }
    Checked {
        scenario,
        report,
        wrong,
        exit,
    }
}

/// Writes the expected counts of some scenarios, if both engines agree on all of them.
fn bless(scenarios: &[&'static dyn Case], ctx: &Ctx) -> Exit {
    let path = counts::file();
    let mut progress = ctx.progress("bless", None);
    let mut tell = |scenario: &'static str, now: &mars_model::explore::Progress| {
        progress.set(now.unique, scenario);
    };
    let blessed = counts::bless(&path, scenarios, &mut tell, ctx.stop);
    progress.finish();
    match blessed {
        Ok(counts) => {
            ctx.say(format_args!(
                "{} of {} scenarios counted alike by two engines, {} written",
                scenarios.len(),
                counts.len(),
                path.display()
            ));
            Exit::Ok
        }
        Err(why) => {
            ctx.error(&why);
            Exit::Failed
        }
    }
}

/// Runs the command.
pub fn run(args: &Args, ctx: &Ctx) -> Exit {
    if args.lockstep.lockstep {
        let options = args.limits.options(NonZeroUsize::MIN);
        return lockstep::run(&args.scenarios, args.profile, &options, ctx);
    }
    let named: Result<Vec<_>, &String> = args
        .scenarios
        .iter()
        .map(|name| {
            let only = || for_liveness().find(|case| args.liveness.liveness && case.name() == name);
            let named = cases().find(|case| case.name() == name);
            named.or_else(only).ok_or(name)
        })
        .collect();
    let meant = match named {
        Ok(named) if named.is_empty() => of_profile(args.profile),
        Ok(named) => named,
        Err(name) => {
            let known: Vec<&str> = cases().map(Case::name).collect();
            ctx.error(format_args!(
                "there is no scenario `{name}`; there are: {}",
                known.join(", ")
            ));
            return Exit::Usage;
        }
    };
    if args.bless {
        return bless(&of_models(&meant), ctx);
    }
    let choice = args.rules.choice();
    let options = args.limits.options(threads(args.threads));
    if args.liveness.liveness {
        return super::check_liveness::run(&meant, &args.liveness, choice, &options, ctx);
    }
    if args.audit.audit_hash {
        return super::check_audit::run(&meant, choice, &options, ctx);
    }
    if let Some(address) = &args.explore {
        let Some(scenario) = meant.first() else {
            return Exit::Usage;
        };
        ctx.log(format_args!(
            "the Explorer of {} is at http://{address}; Ctrl-C ends it",
            scenario.name()
        ));
        scenario.serve(choice, address);
        return Exit::Ok;
    }
    if let (true, Some(flag)) = (args.engine != Engine::Timely, args.cluster.misplaced()) {
        ctx.error(format_args!("{flag} means nothing without --engine timely"));
        return Exit::Usage;
    }
    match args.engine {
        Engine::Timely => {
            let options = args.limits.options(NonZeroUsize::MIN);
            let meant = of_models(&meant);
            if meant.is_empty() {
                ctx.error(
                    "the implementation is searched in one process, by the kernel or by stateright",
                );
                return Exit::Usage;
            }
            return cluster::run(&meant, args.rules, &options, &args.cluster, ctx);
        }
        Engine::Stateright => return second::stateright_all(&meant, args, ctx),
        Engine::Kernel => {}
    }
    let all = check_all(&meant, args.rules, &options, None, ctx);
    rows::honesty(&all, ctx);
    all.iter().map(|checked| checked.exit).collect()
}
