//! What notices a mutant: a golden trace, the checker that runs on its speakers, lockstep exploration of its servers, or
//! the judge of a simulated LIS whose stations it is.

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use mars_model::explore::Options;

use super::simulate::{self, Lis};
use super::{Built, Class, Mutant, flag, lockstep};
use crate::cli::replay::play_on;
use crate::inside::Inside;
use crate::inside::machines::Remote;
use crate::inside::run::first_fault;
use crate::inside::scenario::{Scenario, by_name};
use crate::lockstep::StepFailure;
use crate::sut::child::Child;
use crate::sut::{Sut, SutError};
use crate::trace::Trace;

/// Scenarios on which the checker tries mutants, in this order: each is exhausted in a second or so.
pub const TRIED: [&str; 6] = [
    "two_and_a_loss",
    "two_and_a_stray",
    "three_and_a_change",
    "two_and_an_end",
    "two_and_a_restart",
    "two_and_a_change",
];
/// Longest wait for a mutant's speakers.
const PATIENCE: Duration = Duration::from_secs(5);
/// A mutant may make the graph endless.
const MOST_STATES: u64 = 300_000;

/// Who noticed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Killer {
    /// The trace of this id.
    Trace(String),
    /// The checker, on this scenario.
    Checker(&'static str),
    /// Lockstep exploration, of this scenario.
    Lockstep(&'static str),
    /// The judge of this simulated LIS.
    Lis(Lis),
    /// `audit`, of the recording of this case.
    Audit(String),
}

impl fmt::Display for Killer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Trace(id) => f.write_str(id),
            Self::Checker(scenario) => write!(f, "check {scenario}"),
            Self::Lockstep(scenario) => write!(f, "lockstep {scenario}"),
            Self::Lis(lis) => lis.fmt(f),
            Self::Audit(case) => write!(f, "audit {case}"),
        }
    }
}

/// What may notice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum By {
    /// Traces, and for what they miss the checker or the simulation.
    #[default]
    Either,
    /// Traces alone.
    Traces,
    /// The checker alone, which runs speakers: mutants of the rest survive it.
    Checker,
    /// Lockstep exploration alone, which runs servers: mutants of the other end survive it.
    Lockstep,
    /// The simulated LIS alone.
    Lis,
    /// `audit` alone, of what the mutant did in the cases of the suite; what the cases demand does not count.
    Audit,
}

/// A trace, scenario or seed that a program fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kill {
    /// Which.
    pub by: Killer,
    /// Position of the step, from 0.
    pub step: usize,
    /// Stable code of the failure; of the checker, the claims that fail; of a simulation, `verdict` or how it ended.
    pub code: String,
    /// The failure in full.
    pub report: String,
}

impl Kill {
    fn new(trace: &Trace, failure: &StepFailure) -> Self {
        Self {
            by: Killer::Trace(trace.id.clone()),
            step: failure.step,
            code: failure.failure.code.clone(),
            report: failure.to_string(),
        }
    }
}

/// Plays traces on processes of one mutant (the original for `None`), one process for each server,
/// until the first that fails. Whatever fails on a mutant and not on the original is the mutant's
/// doing, so a crash or a hang kills too. `None` too when the stop flag is raised.
///
/// # Errors
/// The program cannot be started.
pub fn first_failure<'a>(
    built: &Built,
    id: Option<&str>,
    traces: impl IntoIterator<Item = &'a Trace>,
    stop: &AtomicBool,
) -> Result<Option<Kill>, SutError> {
    let mut servers: Vec<Child> = Vec::new();
    for trace in traces {
        if stop.load(Ordering::Relaxed) {
            return Ok(None);
        }
        while servers.len() < trace.servers.len() {
            servers.push(Child::start(built.launch(id))?);
        }
        let suts = servers.iter_mut().take(trace.servers.len());
        let played = play_on(trace, suts.map(|sut| sut as &mut dyn Sut));
        if let Some(failure) = &played.failure {
            return Ok(Some(Kill::new(trace, failure)));
        }
    }
    Ok(None)
}

/// Runs the checker on one mutant's speakers (the original's for `None`), on each of `scenarios` until the
/// first fault. A crash and a hang kill, too.
///
/// # Errors
/// The program cannot be started.
pub fn first_fault_of(
    built: &Built,
    id: Option<&str>,
    scenarios: impl IntoIterator<Item = &'static Scenario>,
    stop: &AtomicBool,
) -> Result<Option<Kill>, SutError> {
    let mut command = built.launch(id).command;
    command.push("--machines".to_owned());
    let options = Options {
        max_states: Some(MOST_STATES),
        ..Options::default()
    };
    for scenario in scenarios {
        if stop.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let machines =
            Remote::start(&command, &scenario.configs(), PATIENCE).map_err(|reason| {
                SutError::Refused {
                    code: "cannot-start".to_owned(),
                    reason,
                }
            })?;
        let model = Inside::new(scenario, Box::new(machines)).at_once();
        if let (Some(fault), _) = first_fault(&model, &options, stop) {
            return Ok(Some(Kill {
                by: Killer::Checker(scenario.name),
                step: fault.steps,
                code: fault.claim,
                report: fault.text,
            }));
        }
    }
    Ok(None)
}

/// What kills one mutant. The one that is expected to is tried first.
fn kill(
    built: &Built,
    mutant: &Mutant,
    traces: &[(PathBuf, Trace)],
    by: By,
    stop: &AtomicBool,
) -> Result<Option<Kill>, SutError> {
    let id = Some(mutant.id.as_str());
    let caught_by = mutant.caught_by.as_deref();
    let expected = caught_by.and_then(|name| by_name(name.strip_prefix("check ")?));
    let product = caught_by.and_then(|name| lockstep::by_name(name.strip_prefix("lockstep ")?));
    let lis = caught_by.and_then(Lis::parse);
    let checked = || {
        if !mutant.file.starts_with("scsp") {
            return Ok(None);
        }
        let rest = TRIED.iter().filter_map(|name| by_name(name));
        let rest = rest.filter(|scenario| expected.is_none_or(|first| first.name != scenario.name));
        first_fault_of(built, id, expected.into_iter().chain(rest), stop)
    };
    let played = || first_failure(built, id, order(mutant, traces), stop);
    let explored = || {
        if mutant.file.starts_with("endpoint") {
            return Ok(None);
        }
        let rest = lockstep::TRIED.iter();
        let rest = rest.filter_map(|name| lockstep::by_name(name));
        let rest = rest.filter(|scenario| product.is_none_or(|first| first.name != scenario.name));
        let rest = rest.map(|scenario| (scenario, lockstep::FEW_NODES));
        let first = product.map(|scenario| (scenario, lockstep::MOST_NODES));
        lockstep::first_disagreement(built, id, first.into_iter().chain(rest), stop)
    };
    let simulated = || simulate::kill(built, &mutant.id, simulate::plans(lis), stop);
    let audited = || flag::first_finding(built, id, order(mutant, traces), stop);
    let in_turn: &[&dyn Fn() -> Result<Option<Kill>, SutError>] = match by {
        By::Traces => &[&played],
        By::Checker => &[&checked],
        By::Lockstep => &[&explored],
        By::Lis => &[&simulated],
        By::Either if product.is_some() => &[&explored, &played, &checked, &simulated],
        By::Audit => &[&audited],
        By::Either if expected.is_some() => &[&checked, &played, &simulated],
        By::Either if lis.is_some() => &[&simulated, &played, &checked],
        By::Either => &[&played, &checked, &simulated],
    };
    for kind in in_turn {
        if let Some(kill) = kind()? {
            return Ok(Some(kill));
        }
    }
    Ok(None)
}

/// The traces in the order in which to try them on a mutant: the one expected to kill it, then those
/// that exercise its requirement, then the others, short ones first.
fn order<'a>(mutant: &Mutant, traces: &'a [(PathBuf, Trace)]) -> Vec<&'a Trace> {
    let mut ordered: Vec<&Trace> = traces.iter().map(|(_, trace)| trace).collect();
    ordered.sort_by_key(|trace| {
        let expected = mutant.caught_by.as_ref() == Some(&trace.id);
        let about = trace.requirements.contains(&mutant.requirement);
        (!expected, !about, trace.steps.len())
    });
    ordered
}

/// Tries every mutant, `jobs` at a time. `told` hears how many are done. The outcome of each, in the
/// order of declaration; nothing for those that the stop flag came before.
///
/// # Errors
/// The program cannot be started.
pub fn try_all(
    built: &Built,
    traces: &[(PathBuf, Trace)],
    by: By,
    jobs: NonZeroUsize,
    told: &(dyn Fn(usize) + Sync),
    stop: &AtomicBool,
) -> Result<Vec<(Mutant, Option<Kill>)>, SutError> {
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let outcomes = Mutex::new(BTreeMap::new());
    let failed = Mutex::new(None);
    std::thread::scope(|scope| {
        for _ in 0..jobs.get().min(built.mutants.len()) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(mutant) = built.mutants.get(index) else {
                        return;
                    };
                    let outcome = kill(built, mutant, traces, by, stop);
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                    match outcome {
                        Ok(kill) => {
                            let mut outcomes =
                                outcomes.lock().unwrap_or_else(PoisonError::into_inner);
                            outcomes.insert(index, (mutant.clone(), kill));
                        }
                        Err(error) => {
                            *failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                            return;
                        }
                    }
                    told(done.fetch_add(1, Ordering::Relaxed) + 1);
                }
            });
        }
    });
    match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(error) => Err(error),
        None => {
            let outcomes = outcomes
                .into_inner()
                .unwrap_or_else(PoisonError::into_inner);
            Ok(outcomes.into_values().collect())
        }
    }
}

/// Killed and all, for each class that has any.
#[must_use]
pub fn score(outcomes: &[(Mutant, Option<Kill>)]) -> BTreeMap<Class, (usize, usize)> {
    let mut score: BTreeMap<Class, (usize, usize)> = BTreeMap::new();
    for (mutant, kill) in outcomes {
        let (killed, total) = score.entry(mutant.class).or_default();
        *killed += usize::from(kill.is_some());
        *total += 1;
    }
    score
}
