//! What must happen: whatever was lost or dropped, the cluster comes to rest with all in it that want to be.

use super::Cluster;
use super::action::Action;
use super::property::is_quiet;
use super::scenario::Budgets;
use super::state::{Phase, State};
use crate::explore::liveness::Class;
use crate::family::{Duty, Question};

const QUIET: &str = "Nothing is on its way, every gap is known, and every client that wants to be a member is one, in all the \
                     groups that it wants.";

/// Whom no run may keep waiting for ever: messages on their way, what a client has to do or to repeat, maps. Changes,
/// faults and first requests may never happen.
fn fair(_: &State, action: &Action) -> Option<Class> {
    let number = match *action {
        Action::Deliver { at } => at,
        Action::Receive { at } => 2 + at,
        Action::Register { at } => 4 + at,
        Action::Rejoin { at, .. } => 6 + at,
        Action::Repeat { at } => 8 + at,
        Action::Notice { at } => 10 + at,
        Action::Revalidate { at, group } => 12 + 4 * at + group,
        Action::Beat => 20,
        Action::Join { .. }
        | Action::Leave { .. }
        | Action::Open { .. }
        | Action::Lose { .. }
        | Action::Drop { .. }
        | Action::Release { .. }
        | Action::Restart { .. }
        | Action::Deregister { .. }
        | Action::Serve { .. }
        | Action::Unserve { .. }
        | Action::Gone { .. } => return None,
    };
    Class::new(number)
}

/// Whether a client that wants to be a member is none, or nobody knows that it is.
fn any_outside(_: &Cluster, state: &State) -> bool {
    (0..2).any(|at| {
        let phase = state.client(at).phase;
        phase != Phase::Off && (phase != Phase::Member || !state.is_leaf(at))
    })
}

/// What must happen in a scenario of a cluster.
pub(super) fn duties() -> Vec<Duty<Cluster>> {
    let duty = |name, sentence, requirements, question| Duty {
        name,
        sentence,
        requirements,
        question,
        refuted: None,
    };
    vec![
        duty(
            "can-always-be-quiet",
            QUIET,
            &["R2022-5.1.5-02", "R2022-5.2.2-01", "R2022-5.2-05"],
            Question::Reach(is_quiet),
        ),
        duty(
            "quiet-again-and-again",
            QUIET,
            &["R2022-5.1.5-02", "R2022-5.2.2-01", "R2022-6.1.3-01"],
            Question::Again(is_quiet, fair),
        ),
        duty(
            "member-again",
            "A client that was dropped from ClusterControlVC or has restarted is a member and leaf again.",
            &["R2022-5.2-05", "R2022-6.1.2-01", "R2022-6.1.2-20"],
            Question::LeadsTo(any_outside, |model, state| !any_outside(model, state), fair),
        ),
        duty(
            "quiet-in-time",
            "When the last fault and the last change are over, one map is enough for all gaps to be known and mended.",
            &["R2022-5.1.4.2-05", "R2022-5.1.5.2-01", "R2022-6.1.3-01"],
            Question::Within {
                asks: |model, state| state.left == Budgets::NONE && !is_quiet(model, state),
                answers: is_quiet,
                within: 1,
                counts: |action| u32::from(matches!(action, Action::Beat)),
            },
        ),
    ]
}
