//! What must happen, as against what must not: questions to a [`Graph`], each with its exact meaning.
//!
//! Words. A *run* is a maximal path: it goes on for ever, or it ends in a state without any transition (a *terminal*
//! state). A transition is what [`crate::graph`] says: `next_state` gave a state. A self-loop is a transition like any
//! other, so a run may take it for ever; a terminal state differs from one that only loops to itself, but for
//! everything here both are places that a run does not leave. *Good* is whatever the caller's closure says.
//!
//! 1. [`can_always_reach`]: **from every reachable state some good state can be reached** (a good state reaches itself
//!    by no step). This is the property `AG EF good`; on a finite graph it says the same as "every run that is strongly
//!    fair to each single transition is good infinitely often, or ends in a good state". It needs no fairness to be
//!    declared, and it cannot see a scheduler that always chooses badly.
//! 2. [`always_again`]: **every fair run is good again and again**: infinitely often if it goes on for ever, in its last
//!    state if it ends. *Fair* is weak fairness to classes of actions that the caller declares: for each class, the run
//!    takes actions of the class infinitely often, or passes infinitely often through states in which the class is not
//!    enabled. A class is *enabled* in a state, and *taken* by a step, only by transitions that change the state: a
//!    stutter neither creates nor discharges an obligation. So a model that says `Some` of the same state and one that
//!    says `None` owe the same; but the former's stutter is a self-loop, on which a run that owes nothing may stay.
//! 3. [`leads_to`]: **on every fair run, whenever `p` holds, `q` holds there or later**. Question 2 is this one with a
//!    `p` that holds everywhere; "once at least" is this one with a `p` that holds in the initial states only.
//! 4. [`answers_within`]: **whenever `p` holds, `q` holds within a count of n**, where a closure says what each action
//!    counts (one for each step; or one for a tick and none for anything else). On every run, from each state where `p`
//!    holds, a state where `q` holds is reached (maybe that state itself) while what was counted on the way to it is at
//!    most n. It fails where the count exceeds n before or on arrival, and where the run ends. A run that goes on for
//!    ever without counting does not fail: it is for question 3 to exclude it. This is a safety property: nothing is
//!    assumed to be fair.
//!
//! stateright's own `eventually` is judged in terminal states only and loses a pending obligation where two paths join:
//! it sees no cycle, no self-loop and nothing behind a join. All three are found here.
//!
//! **Graphs that are not complete** (a limit ended the exploration): states without their transitions are taken for good
//! ones, so what is found is true, and where nothing is found the answer is [`Verdict::Open`]. A model's boundary is part of
//! the model: transitions across it do not exist. A counterexample that leans on that says so.

mod components;
mod lasso;
mod pending;
mod reach;
mod response;

pub use lasso::{Class, always_again, leads_to};
pub use reach::{Trap, can_always_reach};
pub use response::{Late, answers_within};

use crate::Path;
use crate::graph::{Edge, Graph, Number};
use stateright::Model;
use std::fmt::Write as _;

/// The answer to one of the questions.
#[derive(Debug)]
pub enum Verdict<C> {
    /// True, and the graph is complete.
    Holds,
    /// Not true; here is why.
    Fails(C),
    /// Nothing against it was found in the part that was explored.
    Open,
}

impl<C> Verdict<C> {
    /// The counterexample.
    pub fn counterexample(self) -> Option<C> {
        match self {
            Self::Fails(counterexample) => Some(counterexample),
            Self::Holds | Self::Open => None,
        }
    }
    /// The same answer with another form of the counterexample.
    pub fn map<D>(self, form: impl FnOnce(C) -> D) -> Verdict<D> {
        match self {
            Self::Holds => Verdict::Holds,
            Self::Fails(counterexample) => Verdict::Fails(form(counterexample)),
            Self::Open => Verdict::Open,
        }
    }
    /// Whether the answer is yes.
    pub const fn holds(&self) -> bool {
        matches!(self, Self::Holds)
    }

    fn of<M: Model>(graph: &Graph<'_, M>, found: Option<C>) -> Self
    where
        M::State: Clone + Eq + std::hash::Hash,
    {
        match found {
            Some(counterexample) => Self::Fails(counterexample),
            None if graph.is_complete() => Self::Holds,
            None => Self::Open,
        }
    }
}

/// A run: a stem, then a loop that is gone round for ever. Without a loop the run ends where the stem does.
pub struct Lasso<M: Model> {
    /// From an initial state to where the loop begins.
    pub stem: Path<M>,
    /// One round: each action and the state after it, the last of them the state in which the stem ends.
    pub cycle: Vec<(M::Action, M::State)>,
    /// Whether a state on the loop, or the end, has a transition across the model's boundary.
    pub crosses_boundary: bool,
}

impl<M: Model> Lasso<M> {
    /// The actions of the stem, then those of one round.
    pub fn actions(&self) -> Vec<M::Action>
    where
        M::Action: Clone,
    {
        let round = self.cycle.iter().map(|(action, _)| action.clone());
        self.stem.actions().into_iter().chain(round).collect()
    }

    /// The run for people: one numbered action a line as the model formats them, the stem, then the loop.
    pub fn text(&self, model: &M) -> String
    where
        M::Action: Clone + std::fmt::Debug,
    {
        let mut text = String::new();
        let mut number = 0;
        let mut line = |text: &mut String, action: &M::Action| {
            number += 1;
            // Writing to a String cannot fail.
            let _ = writeln!(text, "  {number}. {}", model.format_action(action));
        };
        let actions = self.stem.actions();
        if actions.is_empty() {
            text.push_str("in an initial state\n");
        }
        for action in &actions {
            line(&mut text, action);
        }
        if self.cycle.is_empty() {
            text.push_str("where the run ends: no action is possible\n");
        } else {
            text.push_str("and for ever:\n");
            for (action, _) in &self.cycle {
                line(&mut text, action);
            }
        }
        if self.crosses_boundary {
            text.push_str("(the model's boundary cuts a way out of there off)\n");
        }
        text
    }
}

/// The transitions of a walk with their actions and the states after them.
fn steps<M>(graph: &Graph<'_, M>, walk: &[(Number, Edge)]) -> Vec<(M::Action, M::State)>
where
    M: Model,
    M::State: Clone + Eq + std::hash::Hash,
{
    let step = |&(source, edge): &(Number, Edge)| {
        let action = graph.action(source, edge.ordinal)?;
        Some((action, graph.state(edge.target).clone()))
    };
    walk.iter().filter_map(step).collect()
}

#[cfg(test)]
mod oracle;
#[cfg(test)]
mod tests;
