//! What must happen in a scenario of any family: the graph of its states is built and its duties are judged on it.

use super::{Act, Tell, Told, told_act, told_path};
use crate::explore::graph::Graph;
use crate::explore::liveness::{
    Lasso, Verdict, always_again, answers_within, can_always_reach, leads_to,
};
use crate::explore::{Options, Path, StoppedBy};
use crate::family::{Configuration, Duty, Question};
use crate::reading::Choice;
use std::sync::atomic::AtomicBool;

/// What came of the duties of one scenario.
pub struct Future {
    /// Different states.
    pub states: usize,
    /// Transitions.
    pub transitions: usize,
    /// Peak memory of the graph in octets.
    pub octets: usize,
    /// Whether the graph has all states.
    pub complete: bool,
    /// Why its exploration ended.
    pub stopped_by: StoppedBy,
    /// The answers, in the order of the duties.
    pub answers: Vec<Answer>,
}

/// The answer to one question.
pub struct Answer {
    /// The duty's name.
    pub name: &'static str,
    /// The duty in one sentence.
    pub sentence: &'static str,
    /// The requirements of the ledger that it stands for.
    pub requirements: &'static [&'static str],
    /// The verdict, with the run that refutes it.
    pub verdict: Verdict<Refuted>,
    /// Why it must be refuted: a fault that is known and stays visible.
    pub refuted: Option<&'static str>,
}

/// A run that refutes a claim: a stem and a loop, which is empty where the run ends.
pub struct Refuted {
    /// How, in one sentence.
    pub why: String,
    /// From an initial state to where the loop begins.
    pub stem: Path<Told>,
    /// One round of the loop.
    pub cycle: Vec<Act>,
}

/// Builds the graph and asks.
pub(super) fn ask<C: Configuration>(
    scenario: &C,
    choice: Choice,
    options: &Options,
    tell: Tell<'_>,
    stop: &AtomicBool,
) -> Future {
    let model = scenario.model(choice.readers());
    let graph = Graph::build(&model, options, tell, stop);
    let duties = scenario.duties();
    Future {
        states: graph.len(),
        transitions: graph.transitions(),
        complete: graph.is_complete(),
        stopped_by: graph.stopped_by(),
        answers: duties
            .iter()
            .map(|duty| answer::<C>(duty, &model, &graph))
            .collect(),
        octets: graph.peak_octets(),
    }
}

fn answer<C: Configuration>(
    duty: &Duty<C::Model>,
    model: &C::Model,
    graph: &Graph<'_, C::Model>,
) -> Answer {
    let run = |why: String, lasso: &Lasso<C::Model>| Refuted {
        why,
        stem: told_path::<C>(model, &lasso.stem),
        cycle: {
            let mut before = lasso.stem.last();
            let cycle = lasso.cycle.iter();
            cycle
                .filter_map(|(action, state)| {
                    told_act::<C>(model, before.replace(state), Some(action))
                })
                .collect()
        },
    };
    let verdict = match &duty.question {
        Question::Reach(good) => can_always_reach(graph, |state| good(model, state)).map(|trap| {
            let why = format!(
                "after {} steps it cannot be reached any more; the run ends among {} states",
                trap.no_return, trap.states
            );
            run(why, &trap.lasso)
        }),
        Question::Again(good, fair) => {
            always_again(graph, |state| good(model, state), fair).map(|lasso| {
                run(
                    "a fair run in which it never comes again".to_owned(),
                    &lasso,
                )
            })
        }
        Question::LeadsTo(from, to, fair) => leads_to(
            graph,
            |state| from(model, state),
            |state| to(model, state),
            fair,
        )
        .map(|lasso| run("a fair run on which it does not come".to_owned(), &lasso)),
        Question::Within {
            asks,
            answers,
            within,
            counts,
        } => answers_within(
            graph,
            |state| asks(model, state),
            |state| answers(model, state),
            *within,
            counts,
        )
        .map(|late| Refuted {
            why: format!(
                "asked after {} steps, not answered after {} intervals",
                late.since, late.counted
            ),
            stem: told_path::<C>(model, &late.path),
            cycle: Vec::new(),
        }),
    };
    Answer {
        name: duty.name,
        sentence: duty.sentence,
        requirements: duty.requirements,
        verdict,
        refuted: duty.refuted,
    }
}
