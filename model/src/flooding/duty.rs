//! What must happen: whatever has failed, the group comes to agree again.

use super::Flooding;
use super::action::{Action, Server};
use super::property::agree;
use super::state::State;
use crate::explore::liveness::Class;
use crate::family::{Duty, Question};

const SETTLED: &str = "All links between running servers are up, nothing is on its way, everybody holds the originator's \
                       records as it does and acts on the truth, or has flushed it if it is dead.";

fn settled(model: &Flooding, state: &State) -> bool {
    let running = |at: Server| state.is_alive(at);
    let up = model
        .links()
        .all(|(a, b)| !running(a) || !running(b) || state.is_linked(a, b));
    let origin = model.origin();
    let gone = running(origin)
        || model
            .servers()
            .all(|at| at == origin || !model.believes(state, at));
    up && state.is_quiet() && agree(model, state) && gone && !state.is_renewing()
}

/// Whom no run may keep waiting for ever: records on a link, links that come back, flushes that are due, a renewal that
/// may go on. Changes and faults may never happen.
fn fair(_: &State, action: &Action) -> Option<Class> {
    let pair = |from: Server, to: Server| 3 * from.0 + to.0 - u8::from(to > from);
    let number = match *action {
        Action::Deliver { from, to } => pair(from, to),
        Action::Heal { a, b, .. } => 12 + pair(a, b),
        Action::Flush { at } => 24 + at.0,
        Action::Renew => 28,
        Action::Join
        | Action::Leave
        | Action::Forget { .. }
        | Action::Cut { .. }
        | Action::Crash { .. }
        | Action::Restart { .. } => return None,
    };
    Class::new(number)
}

/// What must happen in a scenario of flooding.
pub(super) fn duties() -> Vec<Duty<Flooding>> {
    let duty = |name, question| Duty {
        name,
        sentence: SETTLED,
        requirements: &["R2334-2.3-03", "R2334-2.3-11", "R2334-2.2.3-09"],
        question,
        refuted: None,
    };
    vec![
        duty("can-always-agree", Question::Reach(settled)),
        duty("agrees-again-and-again", Question::Again(settled, fair)),
    ]
}
