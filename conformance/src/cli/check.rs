//! `check`: model checking alone.

use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use mars_model::counts;
use mars_model::explore::{Options, Report, search};
use mars_model::rules::Rules;
use mars_model::scenario::{self, Scenario, by_name, scenarios};
use mars_model::server_group::ServerGroup;
use mars_model::server_group::property::Kind;
use serde_json::{Value, json};
use stateright::Model as _;

use super::output::{Ctx, Exit, Paint, with_part};
use super::{Profile, check_timely};

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
    /// The rules of that name.
    pub(super) const fn rules(self) -> Rules {
        match self {
            Self::Resolved => Rules::resolved(),
            Self::Literal => Rules::literal(),
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
  mars-conformance check drain --explore 127.0.0.1:3000
  mars-conformance check ring_of_three --engine timely --workers 2
  mars-conformance check --bless       writes the expected counts, if two engines agree

Exit codes: 0 all hold; 1 a property failed or a count changed; 2 stopped before the end; 6 a witness is missing.")]
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
    /// Scenarios searched at the same time; as many as there are processors if not given
    #[arg(long, value_name = "N")]
    pub threads: Option<NonZeroUsize>,
    /// Serves stateright's Explorer of one scenario there instead
    #[arg(long, value_name = "ADDR")]
    pub explore: Option<String>,
    /// Writes the expected counts after both engines have agreed on them
    #[arg(long)]
    pub bless: bool,
    /// Who searches together
    #[command(flatten)]
    pub cluster: check_timely::ClusterArgs,
}

/// The scenarios of a profile.
#[must_use]
pub fn of_profile(profile: Profile) -> Vec<&'static Scenario> {
    let most = match profile {
        Profile::Quick => scenario::Profile::Quick,
        Profile::Ci | Profile::Deep => scenario::Profile::Ci,
    };
    scenarios()
        .iter()
        .filter(|scenario| scenario.profile <= most)
        .collect()
}

/// What the search of one scenario came to.
pub struct Checked {
    /// The scenario.
    pub scenario: &'static Scenario,
    /// What was found.
    pub report: Report<ServerGroup>,
    /// What is wrong, in words; empty when all is well.
    pub wrong: Vec<String>,
    /// How it ends.
    pub exit: Exit,
}

/// Searches scenarios with our own search, `threads` at a time; results come in the given order.
/// Counts are compared with the expected ones under the resolved rules.
#[must_use]
pub fn check_all(
    scenarios: &[&'static Scenario],
    rules: RulesName,
    threads: usize,
    ctx: &Ctx,
) -> Vec<Checked> {
    let found: Vec<Mutex<Option<Checked>>> = scenarios.iter().map(|_| Mutex::new(None)).collect();
    let (next, unique) = (AtomicUsize::new(0), AtomicU64::new(0));
    let progress = Mutex::new(ctx.progress("check", None));
    std::thread::scope(|scope| {
        for _ in 0..threads.clamp(1, scenarios.len().max(1)) {
            scope.spawn(|| {
                while let Some((scenario, place)) = {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    scenarios.get(index).zip(found.get(index))
                } {
                    let mut before = 0;
                    let mut tell = |now: &mars_model::explore::Progress| {
                        let all = unique.fetch_add(now.unique - before, Ordering::Relaxed)
                            + now.unique
                            - before;
                        before = now.unique;
                        if let Ok(mut progress) = progress.lock() {
                            let (depth, queue) = (now.depth, now.frontier);
                            progress.set(
                                all,
                                format_args!(
                                    "states; {}: depth {depth}, queue {queue}",
                                    scenario.name
                                ),
                            );
                        }
                    };
                    let model = scenario.model(rules.rules());
                    let report = search(&model, &Options::default(), &mut tell, ctx.stop);
                    let checked = judge(scenario, report, rules);
                    if let Ok(mut place) = place.lock() {
                        *place = Some(checked);
                    }
                }
            });
        }
    });
    if let Ok(progress) = progress.into_inner() {
        progress.finish();
    }
    found
        .into_iter()
        .filter_map(|place| place.into_inner().ok().flatten())
        .collect()
}

/// What is wrong with a report.
pub fn judge(
    scenario: &'static Scenario,
    report: Report<ServerGroup>,
    rules: RulesName,
) -> Checked {
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
                .actions
                .iter()
                .filter(|kind| report.count_of(kind) == 0)
            {
                exit = exit.combine(Exit::SuiteBroken);
                wrong.push(format!("no {kind} ever happens"));
            }
            // Nobody shrinks a model by accident.
            let counts = counts::of(scenario, report.unique, report.states, report.depth);
            match counts::expected().get(scenario.name) {
                Some(expected) if *expected == counts => {}
                Some(expected) => {
                    exit = exit.combine(Exit::Failed);
                    wrong.push(format!("counted {counts:?}, expected {expected:?}; `check --bless` if the change is meant"));
                }
                None => {
                    exit = exit.combine(Exit::Failed);
                    wrong.push("its counts were never blessed".to_owned());
                }
            }
        }
    } else {
        exit = exit.combine(Exit::Incomplete);
        wrong.push(format!("not exhausted: {}", report.stopped_by.as_str()));
    }
    Checked {
        scenario,
        report,
        wrong,
        exit,
    }
}

/// The row of a scenario.
pub fn row(checked: &Checked, rules: RulesName, part: Option<&str>) -> Value {
    let Checked {
        scenario, report, ..
    } = checked;
    let properties: Vec<Value> = scenario
        .properties()
        .map(|claim| {
            let found = report.discovery(claim.name).is_some();
            let (kind, holds) = match claim.kind {
                Kind::Always => ("always", !found && (report.exhausted() || report.held.contains(&claim.name))),
                Kind::Witness => ("witness", found),
            };
            json!({"name": claim.name, "kind": kind, "holds": holds, "requirements": claim.requirements})
        })
        .collect();
    let actions: serde_json::Map<String, Value> = report
        .action_counts
        .iter()
        .map(|(name, count)| ((*name).to_owned(), json!(count)))
        .collect();
    let row = json!({
        "scenario": scenario.name, "model": "server_group", "rules": rules.as_str(),
        "states": report.states, "unique": report.unique, "depth": report.depth,
        "exhausted": report.exhausted(), "seconds": report.seconds, "states_per_second": report.rate(),
        "bytes_per_state": report.bytes_per_state, "properties": properties,
        "actions": actions, "collision_probability": report.collision_probability(),
        "problems": checked.wrong,
    });
    with_part(row, part)
}

/// The table's head.
pub fn head(ctx: &Ctx) {
    ctx.say(format_args!(
        "{:<28} {:>10} {:>11} {:>5} {:>7} {:>9} {:>8} {:>10}",
        "scenario",
        "unique",
        "transitions",
        "depth",
        "seconds",
        "states/s",
        "B/state",
        "properties"
    ));
}

/// A line of the table, and what is wrong below it.
pub fn line(checked: &Checked, rules: RulesName, ctx: &Ctx) {
    let Checked {
        scenario,
        report,
        wrong,
        ..
    } = checked;
    let all = scenario.properties().count();
    let good = all - report.violations().count() - report.missing_witnesses.len();
    ctx.say(format_args!(
        "{:<28} {:>10} {:>11} {:>5} {:>7.1} {:>9.0} {:>8.0} {:>10} {}",
        scenario.name,
        report.unique,
        report.states,
        report.depth,
        report.seconds,
        report.rate(),
        report.bytes_per_state,
        format!("{good}/{all}"),
        match checked.exit {
            Exit::Ok => ctx.paint(Paint::Green, "exhausted, all hold"),
            Exit::Incomplete => ctx.paint(Paint::Yellow, "stopped, nothing wrong so far"),
            _ => ctx.paint(Paint::Red, "WRONG"),
        },
    ));
    for why in wrong {
        ctx.say(format_args!("    {why}"));
    }
    let model = scenario.model(rules.rules());
    for violation in report.violations() {
        ctx.say(format_args!("    {}:", violation.property));
        let chart = super::findings::chart(
            scenario,
            &violation.path,
            violation.property.to_owned(),
            &model,
        );
        for line in chart.text().lines().skip(1) {
            ctx.say(format_args!("      {line}"));
        }
    }
}

/// As many threads as asked for, or as there are processors.
#[must_use]
pub fn threads(asked: Option<NonZeroUsize>) -> usize {
    asked
        .or_else(|| std::thread::available_parallelism().ok())
        .map_or(1, NonZeroUsize::get)
}

/// Counts and verdicts of stateright's own search.
fn stateright_all(scenarios: &[&'static Scenario], args: &Args, ctx: &Ctx) -> Exit {
    use stateright::Checker as _;
    let mut exit = Exit::Ok;
    for scenario in scenarios {
        if ctx.stopped() {
            return exit.combine(Exit::Incomplete);
        }
        let started = std::time::Instant::now();
        let checker = scenario
            .model(args.rules.rules())
            .checker()
            .threads(threads(args.threads))
            .spawn_bfs()
            .join();
        let discovered = checker.discoveries();
        let properties: Vec<Value> = scenario
            .properties()
            .map(|claim| {
                let found = discovered.contains_key(claim.name);
                let (kind, holds) = match claim.kind {
                    Kind::Always => ("always", !found),
                    Kind::Witness => ("witness", found),
                };
                if !holds {
                    exit = exit.combine(if kind == "always" { Exit::Failed } else { Exit::SuiteBroken });
                }
                json!({"name": claim.name, "kind": kind, "holds": holds, "requirements": claim.requirements})
            })
            .collect();
        let (seconds, unique) = (
            started.elapsed().as_secs_f64(),
            checker.unique_state_count(),
        );
        ctx.row(&json!({
            "scenario": scenario.name, "model": "server_group", "rules": args.rules.as_str(), "engine": "stateright",
            "states": checker.state_count(), "unique": unique, "depth": checker.max_depth(),
            "exhausted": checker.is_done(), "seconds": seconds,
            "states_per_second": super::replay::usize_f64(unique) / seconds.max(1e-9), "properties": properties,
        }));
        ctx.say(format_args!(
            "{:<28} {unique:>10} unique states in {seconds:.1} s (stateright)",
            scenario.name
        ));
    }
    exit
}

/// Writes the expected counts, if both engines agree on all of them.
fn bless(ctx: &Ctx) -> Exit {
    let path = counts::file();
    let mut progress = ctx.progress("bless", None);
    let mut tell = |scenario: &'static str, now: &mars_model::explore::Progress| {
        progress.set(now.unique, scenario);
    };
    let blessed = counts::bless(&path, &mut tell, ctx.stop);
    progress.finish();
    match blessed {
        Ok(counts) => {
            ctx.say(format_args!(
                "{} scenarios counted alike by two engines, {} written",
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
    let named: Result<Vec<_>, &String> = args
        .scenarios
        .iter()
        .map(|name| by_name(name).ok_or(name))
        .collect();
    let meant = match named {
        Ok(named) if named.is_empty() => of_profile(args.profile),
        Ok(named) => named,
        Err(name) => {
            let known: Vec<&str> = scenarios().iter().map(|scenario| scenario.name).collect();
            ctx.error(format_args!(
                "there is no scenario `{name}`; there are: {}",
                known.join(", ")
            ));
            return Exit::Usage;
        }
    };
    if args.bless {
        return bless(ctx);
    }
    if let Some(address) = &args.explore {
        let Some(scenario) = meant.first() else {
            return Exit::Usage;
        };
        ctx.log(format_args!(
            "the Explorer of {} is at http://{address}; Ctrl-C ends it",
            scenario.name
        ));
        scenario
            .model(args.rules.rules())
            .checker()
            .serve(address.as_str());
        return Exit::Ok;
    }
    if let (true, Some(flag)) = (args.engine != Engine::Timely, args.cluster.misplaced()) {
        ctx.error(format_args!("{flag} means nothing without --engine timely"));
        return Exit::Usage;
    }
    match args.engine {
        Engine::Timely => {
            let options = Options::default();
            return check_timely::run(&meant, args.rules, &options, &args.cluster, ctx);
        }
        Engine::Stateright => return stateright_all(&meant, args, ctx),
        Engine::Kernel => {}
    }
    head(ctx);
    let mut exit = Exit::Ok;
    for checked in check_all(&meant, args.rules, threads(args.threads), ctx) {
        ctx.row(&row(&checked, args.rules, None));
        line(&checked, args.rules, ctx);
        exit = exit.combine(checked.exit);
    }
    exit
}
