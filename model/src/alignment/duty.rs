//! What must happen between two neighbours: whatever went wrong, they are aligned in the end.

use super::Alignment;
use super::action::{Action, Server, Timer};
use super::state::State;
use crate::explore::liveness::Class;
use crate::family::{Duty, Question};

const ALIGNED: &str =
    "Both are Aligned with equal caches; nothing is on its way, asked for or unacknowledged.";

fn aligned(_: &Alignment, state: &State) -> bool {
    let [a, b] = &state.machines;
    state.is_settled() && a.cache == b.cache
}

/// Whom no run may keep waiting for ever: messages on a link, timers that are due, time, HFSMs that come up again. Faults,
/// copies that may arrive late, changes, and that a neighbour's outage is noticed, may never happen.
pub(super) fn fair(_: &State, action: &Action) -> Option<Class> {
    let number = match *action {
        Action::Deliver(Server(from)) => from,
        Action::Up(Server(at)) => 2 + at,
        Action::Timer(Server(at), timer) => {
            let kind = match timer {
                Timer::Ca => 0,
                Timer::Hold => 1,
                Timer::Csus => 2,
                Timer::Csu => 3,
            };
            4 + 2 * kind + at
        }
        Action::Tick => 12,
        Action::Notice(_)
        | Action::Drop(_)
        | Action::Restart(_)
        | Action::Lose(_)
        | Action::Copy(_)
        | Action::Late(_)
        | Action::Change(..) => return None,
    };
    Class::new(number)
}

/// What must happen in every scenario of an alignment.
pub(super) fn duties() -> Vec<Duty<Alignment>> {
    let requirements: &[&str] = &[
        "R2334-2.2-05",
        "R2334-2.2.2-23",
        "R2334-2.2.3-07",
        "R2334-2.3-13",
    ];
    vec![
        Duty {
            name: "can-always-align",
            sentence: ALIGNED,
            requirements,
            question: Question::Reach(aligned),
            refuted: None,
        },
        Duty {
            name: "aligns-again-and-again",
            sentence: ALIGNED,
            requirements,
            question: Question::Again(aligned, fair),
            refuted: None,
        },
    ]
}
