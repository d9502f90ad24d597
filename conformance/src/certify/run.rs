//! A whole run: the sanity case, all cases in several jobs, the sanity case again.
//!
//! The results do not depend on the number of jobs: every case starts with a `reset`, rows stand in the
//! order of the suite, and nothing of real time is in them. An adapter that breaks is started again at
//! most 20 times, counted in the order of the suite; what comes after is `missing`.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::play::play;
use super::results::{Elsewhere, FORMAT, Results, Row, SANITY, Start, SuiteId, Summary};
use super::shrink::{is_number, only, shrink};
use super::suite::{Case, Profile, Suite};
use super::target::{Target, Way};
use super::transcript::Recorder;
use super::verdict::{Explained, Shrunk, Verdict};
use super::{diagnose, sanity};
use crate::cli::corpus;
use crate::sut::SutError;
use crate::sut::child::Hello;
use crate::trace::Trace;

/// Most times that a broken adapter is started again.
pub const RESTARTS: usize = 20;

/// What to run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// On what.
    pub target: Target,
    /// How much.
    pub profile: Profile,
    /// Which of it; all if empty.
    pub globs: Vec<String>,
    /// Steps of the one case that is meant; all if `None`.
    pub steps: Option<Vec<usize>>,
    /// With `steps`: judge sequence numbers all the same.
    pub keep_numbers: bool,
    /// Jobs.
    pub jobs: NonZeroUsize,
    /// The seed of every `reset`.
    pub seed: u64,
    /// Whether a deviation from a SHOULD counts.
    pub strict: bool,
    /// Longest wait for an answer.
    pub deadline: Duration,
}

/// How far a run is.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Cases done.
    pub done: usize,
    /// Cases of each verdict so far.
    pub counts: BTreeMap<Verdict, usize>,
    /// The case that took longest, and how long.
    pub slowest: Option<(String, Duration)>,
}

/// What came of a run.
#[derive(Debug)]
pub struct Outcome {
    /// The results.
    pub results: Results,
    /// Why nothing could be run, if so.
    pub broken: Option<SutError>,
    /// Ways to the target that were used: processes or connections.
    pub ways: usize,
    /// In one paragraph, what to mend in the adapter.
    pub diagnosis: Option<String>,
    /// The case that took longest.
    pub slowest: Option<(String, Duration)>,
}

/// The cases that a plan means.
#[must_use]
pub fn meant<'s>(plan: &Plan, suite: &'s Suite) -> Vec<&'s Case> {
    let mut cases = suite.of(plan.profile);
    cases.retain(|case| corpus::meant(&plan.globs, &case.trace.area, &case.trace.id));
    cases
}

/// Whether a plan names the sanity case, in full, and nothing else.
#[must_use]
pub fn means_sanity_alone(plan: &Plan) -> bool {
    let is_sanity = |glob: &String| {
        let area = glob.strip_prefix(SANITY);
        let id = area.and_then(|rest| rest.strip_prefix('/'));
        sanity::IDS.contains(&id.unwrap_or(glob))
    };
    !plan.globs.is_empty() && plan.globs.iter().all(is_sanity)
}

/// Runs a plan. `told` hears how far it is.
pub fn run(
    plan: &Plan,
    suite: &Suite,
    told: &(dyn Fn(&Tally) + Sync),
    stop: &AtomicBool,
) -> Outcome {
    let cases = meant(plan, suite);
    let opened = Way::open(&plan.target, plan.deadline);
    let (first, hello, broken) = match opened {
        Ok((way, hello)) => (Some(way), hello, None),
        Err(error) => (None, Hello::default(), Some(error)),
    };
    let jobs = plan.jobs.get().min(cases.len().max(1));
    let mut ways = 0;
    let mut rows = Vec::new();
    let mut slowest = None;
    match first {
        None => {
            rows.push(missing(&sanity_case(0), "the adapter could not be started"));
            rows.extend(
                cases
                    .iter()
                    .map(|case| missing(&case.trace, "the adapter could not be started")),
            );
        }
        Some(mut way) => {
            let sanity = one(plan, &sanity_case(0), &mut way, stop);
            // One that answers everything with `unsupported` lives, too.
            let lives = matches!(sanity.verdict, Verdict::Pass | Verdict::Drift);
            rows.push(sanity);
            if lives {
                let mut all = vec![way];
                all.extend(Way::more(&plan.target, plan.deadline, jobs - 1));
                ways = all.len();
                let player = Player::new(plan, &hello, &cases, told, stop);
                let played = player.all(&mut all);
                slowest = player.slowest();
                rows.extend(played);
                if let Some(way) = all.first_mut() {
                    rows.push(one(plan, &sanity_case(1), way, stop));
                }
            } else {
                ways = 1;
                let why = "the sanity case did not pass";
                rows.extend(cases.iter().map(|case| missing(&case.trace, why)));
            }
        }
    }
    let diagnosis = match &broken {
        Some(error) => Some(diagnose::of_error(error)),
        None => diagnose::of_rows(&rows),
    };
    let mut summary = Summary::of(&rows, plan.strict, stop.load(Ordering::Relaxed));
    // Nothing else was asked for: that it lives is the whole answer.
    let lives = |row: &Row| row.verdict == Verdict::Pass;
    if means_sanity_alone(plan) && !rows.is_empty() && rows.iter().all(lives) {
        summary.exit = crate::cli::output::Exit::Ok.code();
    }
    if let Some(error) = &broken {
        let exit = start_exit(error);
        if summary.exit != crate::cli::output::Exit::Interrupted.code() {
            summary.exit = exit.code();
        }
    }
    Outcome {
        results: Results {
            start: start(plan, suite, &hello, cases.len()),
            rows,
            summary,
        },
        broken,
        ways,
        diagnosis,
        slowest,
    }
}

/// The exit code when nothing could be started.
fn start_exit(error: &SutError) -> crate::cli::output::Exit {
    match error {
        SutError::Refused { code, .. } if code == "version" => crate::cli::output::Exit::Version,
        _ => crate::cli::output::Exit::AdapterBroke,
    }
}

/// Of the suite apart from its traces: raised with whatever makes another verdict, or another word of it, from the same
/// answers.
pub const SUITE_VERSION: &str = "0.2";

fn start(plan: &Plan, suite: &Suite, hello: &Hello, cases: usize) -> Start {
    Start {
        format: FORMAT.to_owned(),
        suite: SuiteId {
            name: env!("CARGO_PKG_NAME").to_owned(),
            version: SUITE_VERSION.to_owned(),
            digest: suite.digest.clone(),
        },
        target: plan.target.to_string(),
        implementation: hello.implementation.clone(),
        claims: hello.claims.clone(),
        probes: hello.probes.clone(),
        profile: plan.profile.as_str().to_owned(),
        globs: plan.globs.clone(),
        seed: plan.seed,
        strict: plan.strict,
        cases,
        elsewhere: Elsewhere {
            endpoints: suite.endpoints,
            global: suite.global,
        },
    }
}

fn sanity_case(which: usize) -> Trace {
    let id = sanity::IDS.get(which).copied().unwrap_or_default();
    #[expect(clippy::expect_used, reason = "a test reads both")]
    sanity::case(id).expect("the sanity case is a trace")
}

/// A case that was not run.
fn missing(trace: &Trace, why: &str) -> Row {
    Row {
        why: why.to_owned(),
        ..bare(trace, Verdict::Missing)
    }
}

/// A row with nothing but what stands in the trace.
fn bare(trace: &Trace, verdict: Verdict) -> Row {
    Row {
        case: trace.id.clone(),
        verdict,
        area: trace.area.clone(),
        level: trace.level,
        requirements: trace.requirements.clone(),
        steps: 0,
        why: String::new(),
        failure: None,
        deviations: Vec::new(),
        choices: Vec::new(),
        answers: Vec::new(),
    }
}

/// Plays one case on one way.
fn one(plan: &Plan, trace: &Trace, way: &mut Way, stop: &AtomicBool) -> Row {
    let (played, answers) = {
        let mut recorder = Recorder::new(way.sut(), plan.seed);
        let played = play(trace, &mut recorder, stop);
        (played, recorder.lines)
    };
    let Some(mut played) = played else {
        return missing(trace, "the run was interrupted");
    };
    if played.verdict == Verdict::Error && stop.load(Ordering::Relaxed) {
        return missing(trace, "the run was interrupted");
    }
    let command = command(plan, trace);
    let last_words = if played.failure.is_some() {
        // What it wrote last may still be on its way.
        std::thread::sleep(Duration::from_millis(5));
        way.last_words()
    } else {
        Vec::new()
    };
    let complete = |told: &mut Explained| {
        told.command.clone_from(&command);
        if told.stderr.is_empty() {
            told.stderr.clone_from(&last_words);
        }
    };
    played.failure.iter_mut().for_each(complete);
    played
        .deviations
        .iter_mut()
        .for_each(|told| told.command.clone_from(&command));
    Row {
        steps: played.steps,
        failure: played.failure,
        deviations: played.deviations,
        choices: played.choices,
        answers,
        ..bare(trace, played.verdict)
    }
}

/// The command that plays one case alone, or the steps of it that are meant.
fn command(plan: &Plan, trace: &Trace) -> String {
    let steps = match &plan.steps {
        Some(steps) if trace.area != SANITY => only_steps(steps, plan.keep_numbers),
        _ => String::new(),
    };
    format!(
        "mars-conformance certify {} --case {} --seed {}{steps}",
        plan.target, trace.id, plan.seed
    )
}

/// The options that play only these steps.
fn only_steps(steps: &[usize], keep_numbers: bool) -> String {
    let list: Vec<String> = steps.iter().map(ToString::to_string).collect();
    let keep = if keep_numbers { " --keep-numbers" } else { "" };
    format!(" --steps {}{keep}", list.join(","))
}

/// Plays many cases on several ways.
struct Player<'p> {
    plan: &'p Plan,
    claims: BTreeSet<&'p str>,
    cases: &'p [&'p Case],
    told: &'p (dyn Fn(&Tally) + Sync),
    stop: &'p AtomicBool,
    next: AtomicUsize,
    done: Mutex<Done>,
}

/// What is known so far.
#[derive(Default)]
struct Done {
    rows: BTreeMap<usize, Row>,
    broken: BTreeSet<usize>,
    tally: Tally,
}

impl<'p> Player<'p> {
    fn new(
        plan: &'p Plan,
        hello: &'p Hello,
        cases: &'p [&'p Case],
        told: &'p (dyn Fn(&Tally) + Sync),
        stop: &'p AtomicBool,
    ) -> Self {
        Self {
            plan,
            claims: hello.claims.iter().map(String::as_str).collect(),
            cases,
            told,
            stop,
            next: AtomicUsize::new(0),
            done: Mutex::new(Done::default()),
        }
    }

    fn slowest(&self) -> Option<(String, Duration)> {
        let done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        done.tally.slowest.clone()
    }

    /// Every case, in order.
    fn all(&self, ways: &mut [Way]) -> Vec<Row> {
        std::thread::scope(|scope| {
            for way in ways {
                scope.spawn(move || while self.take(way) {});
            }
        });
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        let mut broken = 0;
        let rows = self.cases.iter().enumerate().map(|(at, case)| {
            if broken > RESTARTS {
                let why = format!("the adapter broke {broken} times before");
                return missing(&case.trace, &why);
            }
            let row = done.rows.remove(&at);
            let row = row.unwrap_or_else(|| missing(&case.trace, "the run was interrupted"));
            broken += usize::from(row.verdict == Verdict::Error);
            row
        });
        rows.collect()
    }

    /// Plays the next case; false when there is none.
    fn take(&self, way: &mut Way) -> bool {
        let at = self.next.fetch_add(1, Ordering::Relaxed);
        let Some(case) = self.cases.get(at) else {
            return false;
        };
        let given_up = {
            let done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
            done.broken.range(..at).count() > RESTARTS
        };
        if given_up || self.stop.load(Ordering::Relaxed) {
            return false;
        }
        let started = Instant::now();
        let row = self.row(case, way);
        let took = started.elapsed();
        if self.stop.load(Ordering::Relaxed) && row.verdict == Verdict::Missing {
            return false;
        }
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        if row.verdict == Verdict::Error {
            done.broken.insert(at);
        }
        let tally = &mut done.tally;
        tally.done += 1;
        *tally.counts.entry(row.verdict).or_default() += 1;
        if tally.slowest.as_ref().is_none_or(|(_, most)| took > *most) {
            tally.slowest = Some((row.case.clone(), took));
        }
        (self.told)(tally);
        done.rows.insert(at, row);
        true
    }

    fn row(&self, case: &Case, way: &mut Way) -> Row {
        let unclaimed: Vec<&str> = case
            .needs
            .iter()
            .copied()
            .filter(|need| !self.claims.contains(need))
            .collect();
        if !unclaimed.is_empty() {
            return Row {
                why: Row::not_claimed(&unclaimed),
                ..bare(&case.trace, Verdict::Unsupported)
            };
        }
        let narrowed = self.plan.steps.as_deref();
        let trace = narrowed.map_or_else(
            || case.trace.clone(),
            |steps| only(&case.trace, steps, self.plan.keep_numbers),
        );
        let mut row = one(self.plan, &trace, way, self.stop);
        if let Some(steps) = narrowed {
            as_in_the_case(&mut row, steps);
        }
        if let Some(failure) = &mut row.failure
            && row.verdict == Verdict::Fail
            && narrowed.is_none()
        {
            let sut = way.sut();
            let found = shrink(&trace, failure.step, &failure.code, sut, self.stop);
            failure.shrunk = found.map(|steps| {
                let options = only_steps(&steps, is_number(&failure.code));
                Shrunk {
                    of: failure.step + 1,
                    command: format!("{}{options}", failure.command),
                    steps,
                }
            });
        }
        row
    }
}

/// Counts the steps of what is told as the whole case does, of which only these were played.
fn as_in_the_case(row: &mut Row, played: &[usize]) {
    let place = |step: &mut usize| *step = played.get(*step).copied().unwrap_or(*step);
    let told = row.failure.iter_mut().chain(&mut row.deviations);
    told.for_each(|told| place(&mut told.step));
    row.choices.iter_mut().for_each(|one| place(&mut one.step));
}

/// What an implementation says it is, in a few words.
#[must_use]
pub fn name_of(implementation: &Value) -> String {
    let text = |key: &str| implementation.get(key).and_then(Value::as_str);
    match (text("name"), text("version"), text("language")) {
        (Some(name), Some(version), Some(language)) => format!("{name} {version} ({language})"),
        (Some(name), Some(version), None) => format!("{name} {version}"),
        (Some(name), ..) => name.to_owned(),
        _ => "an implementation without a name".to_owned(),
    }
}
