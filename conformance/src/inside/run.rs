//! Searches a scenario, and asks what must happen.

use std::sync::atomic::AtomicBool;

use mars_model::explore::graph::Graph;
use mars_model::explore::liveness::{Class, Lasso, Verdict, always_again, can_always_reach};
use mars_model::explore::{Options, Path, Progress, Report, search};
use stateright::Model as _;

use super::action::Action;
use super::claims;
use super::space::Inside;

/// Every fair run settles again and again. Fair: frames arrive, time passes, links come back.
pub const SETTLES: &str = "settles-again-and-again";
/// From every state it can still settle.
pub const CAN_SETTLE: &str = "can-always-settle";

/// The answer to one question about what must happen.
pub struct Answer {
    /// Its name.
    pub claim: &'static str,
    /// True, false, or nothing against it in the part that was seen.
    pub holds: Option<bool>,
    /// A run for which it is false.
    pub run: Option<Lasso<Inside>>,
}

/// The search.
pub fn safety(
    model: &Inside,
    options: &Options,
    progress: &mut dyn FnMut(&Progress),
    stop: &AtomicBool,
) -> Report<Inside> {
    search(model, options, progress, stop)
}

/// What must happen.
pub fn liveness(
    model: &Inside,
    options: &Options,
    progress: &mut dyn FnMut(&Progress),
    stop: &AtomicBool,
) -> Vec<Answer> {
    let graph = Graph::build(model, options, progress, stop);
    let answers = answers(model, &graph).into_iter();
    answers
        .map(|(claim, verdict)| {
            let holds = match &verdict {
                Verdict::Holds => Some(true),
                Verdict::Fails(_) => Some(false),
                Verdict::Open => None,
            };
            Answer {
                claim,
                holds,
                run: verdict.counterexample(),
            }
        })
        .collect()
}

/// The same on a graph that is there.
pub(super) fn answers(
    model: &Inside,
    graph: &Graph<'_, Inside>,
) -> [(&'static str, Verdict<Lasso<Inside>>); 2] {
    let good = |state: &super::State| model.is_good(state);
    let traps = can_always_reach(graph, good).map(|trap| trap.lasso);
    let lassos = always_again(graph, good, |_, action| class(*action));
    [(CAN_SETTLE, traps), (SETTLES, lassos)]
}

fn class(action: Action) -> Option<Class> {
    match action {
        Action::Tick => Class::new(0),
        Action::Mend(link) => Class::new(1 + link),
        Action::Deliver(direction) => Class::new(8 + direction),
        _ => None,
    }
}

/// What is wrong with the machines of a model that was made [`Inside::at_once`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The claim that fails; `crash` or `hang` for machines that did not answer.
    pub claim: String,
    /// How many steps lead there.
    pub steps: usize,
    /// The path in words.
    pub text: String,
}

/// The first thing wrong, and whether everything was seen.
pub fn first_fault(model: &Inside, options: &Options, stop: &AtomicBool) -> (Option<Fault>, bool) {
    let options = Options {
        until: Some(claims::ALL.to_owned()),
        ..options.clone()
    };
    let gone = || {
        model.memo().failure().map(|why| Fault {
            claim: why.to_owned(),
            steps: 0,
            text: String::new(),
        })
    };
    if model.init_states().is_empty() {
        return (gone(), true);
    }
    let report = search(model, &options, &mut |_| {}, stop);
    if let Some(fault) = gone() {
        return (Some(fault), true);
    }
    if let Some(found) = report.violations().next() {
        let broken = found.path.last().map(|state| model.broken(state));
        let fault = Fault {
            claim: broken.unwrap_or_default().join(", "),
            steps: found.path.len(),
            text: path(model, &found.path),
        };
        return (Some(fault), true);
    }
    let answers = liveness(model, &options, &mut |_| {}, stop);
    if let Some(fault) = gone() {
        return (Some(fault), true);
    }
    let all = report.exhausted() && answers.iter().all(|answer| answer.holds.is_some());
    let failed = answers
        .into_iter()
        .find(|answer| answer.holds == Some(false));
    let fault = failed.map(|answer| Fault {
        claim: answer.claim.to_owned(),
        steps: answer.run.as_ref().map_or(0, |run| run.stem.len()),
        text: answer
            .run
            .map_or_else(String::new, |run| lasso(model, &run)),
    });
    (fault, all)
}

pub use super::text::path;

/// A run in words.
#[must_use]
pub fn lasso(model: &Inside, run: &Lasso<Inside>) -> String {
    let mut words = path(model, &Path(run.stem.0.clone()));
    words.push_str("  and then for ever:\n");
    let first = run.stem.last().map(|&state| (None, state));
    let round = run
        .cycle
        .iter()
        .map(|&(action, state)| (Some(action), state));
    words.push_str(&path(
        model,
        &Path(first.into_iter().chain(round).collect()),
    ));
    words
}
