//! What must happen: no state of the Hello protocol is a trap, and what has a deadline meets it.

use super::Hello;
use super::action::{Action, Server};
use super::hfsm::State as Machine;
use super::property::all_bidirectional;
use super::scenario::{Budgets, Scenario};
use super::state::State;
use crate::explore::liveness::Class;
use crate::family::{Duty, Question};

const SETTLED: &str = "Every server is Bidirectional with every other.";

/// Whom no run may keep waiting for ever: Hellos on their way, timers, time, ends of VCs that are down, directions that
/// carry nothing. Faults may never happen.
fn fair(_: &State, action: &Action) -> Option<Class> {
    let pair = |from: Server, to: Server| 2 * from.0 + to.0 - u8::from(to > from);
    let number = match *action {
        Action::Deliver { from, to, .. } => pair(from, to),
        Action::Expire { at, of } => 6 + pair(at, of),
        Action::Connect { at, to } => 12 + pair(at, to),
        Action::Hear { from, to } => 18 + pair(from, to),
        Action::Send { at } => 24 + at.0,
        Action::Tick => 27,
        Action::Lose { .. }
        | Action::Duplicate { .. }
        | Action::Cut { .. }
        | Action::Deafen { .. }
        | Action::Restart { .. }
        | Action::Malformed { .. } => return None,
    };
    Class::new(number)
}

const fn ticks(action: &Action) -> u32 {
    matches!(action, Action::Tick) as u32
}

/// Whether no fault can strike any more, all are repaired, and somebody is not yet Bidirectional.
fn faults_are_over(model: &Hello, state: &State) -> bool {
    state.left == Budgets::NONE
        && state.deaf == 0
        && model
            .pairs()
            .all(|(at, of)| state.watch(at, of).machine != Machine::Down)
        && !all_bidirectional(model, state)
}

/// Whether the first server takes the second for one that hears it, which it does not.
fn mistaken(_: &Hello, state: &State) -> bool {
    let (first, second) = (Server(0), Server(1));
    state.is_deaf(first, second) && state.watch(first, second).machine == Machine::Bidirectional
}

/// What must happen in a scenario of the Hello protocol.
pub(super) fn duties(scenario: &Scenario) -> Vec<Duty<Hello>> {
    let late = u32::from(scenario.delay);
    let (interval, dead) = (u32::from(scenario.interval), u32::from(scenario.dead()));
    let mut all = vec![
        Duty {
            name: "can-always-be-bidirectional",
            sentence: SETTLED,
            requirements: &["R2334-2.1-08", "R2334-2.1-22"],
            question: Question::Reach(all_bidirectional),
            refuted: None,
        },
        Duty {
            name: "bidirectional-again-and-again",
            sentence: SETTLED,
            requirements: &[
                "R2334-2.1-01",
                "R2334-2.1-06",
                "R2334-2.1-08",
                "R2334-2.1-11",
            ],
            question: Question::Again(all_bidirectional, fair),
            refuted: None,
        },
        Duty {
            name: "bidirectional-in-time",
            sentence: "When the last fault is over, every server is Bidirectional with every other after each of two has said \
                       Hello and been answered: three intervals and as many delays.",
            requirements: &["R2334-2.1-11", "R2334-B.2.5-02"],
            question: Question::Within {
                asks: faults_are_over,
                answers: all_bidirectional,
                within: 3 * (interval + late),
                counts: ticks,
            },
            refuted: None,
        },
    ];
    if scenario.budgets.deafs > 0 {
        all.push(Duty {
            name: "one-way-is-noticed",
            sentence: "A server whose Hellos do not arrive any more leaves Bidirectional within twice the dead time and a delay.",
            requirements: &["R2334-2.1-13", "R2334-B.2.5-03"],
            question: Question::Within {
                asks: mistaken,
                answers: |model, state| !mistaken(model, state),
                within: 2 * dead + late,
                counts: ticks,
            },
            refuted: None,
        });
    }
    all
}
