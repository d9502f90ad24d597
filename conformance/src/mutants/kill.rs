//! Which trace notices a mutant.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::{Built, Class, Mutant};
use crate::cli::replay::play_on;
use crate::lockstep::StepFailure;
use crate::sut::child::Child;
use crate::sut::{Sut, SutError};
use crate::trace::Trace;

/// A trace that a program fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kill {
    /// Id of the trace.
    pub trace: String,
    /// Position of the step, from 0.
    pub step: usize,
    /// Stable code of the failure.
    pub code: String,
    /// The failure in full.
    pub report: String,
}

impl Kill {
    fn new(trace: &Trace, failure: &StepFailure) -> Self {
        Self {
            trace: trace.id.clone(),
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
                    let outcome =
                        first_failure(built, Some(&mutant.id), order(mutant, traces), stop);
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
