//! The goals on scenarios small enough for the unoptimised build, and each of them refuted once.

use super::*;
use crate::explore::Options;
use crate::explore::graph::Graph;
use crate::explore::liveness::{
    Lasso, Trap, Verdict, always_again, answers_within, can_always_reach,
};
use crate::rules::{RedirectOrder, Rules};
use crate::scenario::by_name;
use std::sync::atomic::AtomicBool;

fn graph(model: &ServerGroup) -> Graph<'_, ServerGroup> {
    let graph = Graph::build(
        model,
        &Options::default(),
        &mut |_| {},
        &AtomicBool::new(false),
    );
    assert!(graph.is_complete());
    graph
}

type Goal = fn(&ServerGroup, &State) -> bool;

fn ask(
    model: &ServerGroup,
    goal: Goal,
) -> (Verdict<Trap<ServerGroup>>, Verdict<Lasso<ServerGroup>>) {
    let graph = graph(model);
    let good = |state: &State| goal(model, state);
    (
        can_always_reach(&graph, good),
        always_again(&graph, good, fair),
    )
}

#[test]
fn under_the_resolved_rules_the_group_comes_to_rest_again_and_again() {
    let cut = *by_name("ring_with_a_cut").unwrap();
    for scenario in [HAND_OVER, cut] {
        let (reach, again) = ask(&scenario.model(Rules::resolved()), settled);
        assert!(reach.holds() && again.holds(), "{}", scenario.name);
    }
}

#[test]
fn a01_hands_a_client_over_for_ever() {
    let rules = Rules {
        redirect_order: RedirectOrder::LearnedOnly,
        ..Rules::resolved()
    };
    let model = HAND_OVER.model(rules);
    let (reach, again) = ask(&model, settled);
    let (trap, lasso) = (
        reach.counterexample().unwrap(),
        again.counterexample().unwrap(),
    );
    // One registration is enough to be lost.
    assert!(trap.no_return <= 1 && trap.states > 1);
    for lasso in [trap.lasso, lasso] {
        // Each round is one that the model can go, and the client is settled nowhere on it.
        let mut at = *lasso.stem.last().unwrap();
        for (action, state) in &lasso.cycle {
            let next = crate::server_group::step(&model, &at, *action, &mut ());
            assert_eq!(next.as_ref(), Some(state));
            assert!(!settled(&model, state));
            at = *state;
        }
        assert_eq!(Some(&at), lasso.stem.last());
        assert!(!lasso.cycle.is_empty());
    }
}

#[test]
fn a_literal_peer_forgets_its_own_client_for_good() {
    // As `among_literal_peers`, with two servers: the client moves to the literal one, and the old home's word follows.
    let scenario = Scenario {
        literal_purgers: 0b10,
        budgets: Budgets {
            moves: 1,
            ..HAND_OVER.budgets
        },
        ..HAND_OVER
    };
    let model = scenario.model(Rules::resolved());
    let (reach, again) = ask(&model, settled);
    assert!(matches!(
        (reach, again),
        (Verdict::Fails(_), Verdict::Fails(_))
    ));
    let (reach, again) = ask(&model, settled_at_sound_servers);
    assert!(reach.holds() && again.holds());
}

#[test]
fn a_stopped_server_is_flushed_in_time_and_not_sooner() {
    let scenario = Scenario {
        budgets: Budgets {
            crashes: 1,
            ..HAND_OVER.budgets
        },
        ..HAND_OVER
    };
    let model = scenario.model(Rules::resolved());
    let graph = graph(&model);
    let bounded = duties(&scenario)
        .into_iter()
        .filter_map(|duty| match duty.question {
            Question::Within {
                asks,
                answers,
                within,
                counts,
            } => Some((duty.name, asks, answers, within, counts)),
            Question::Reach(_) | Question::Again(..) | Question::LeadsTo(..) => None,
        });
    let mut seen = 0;
    for (name, asks, answers, bound, counts) in bounded {
        let within = |n| {
            answers_within(
                &graph,
                |state| asks(&model, state),
                |state| answers(&model, state),
                n,
                counts,
            )
        };
        assert!(within(bound).holds(), "{name}");
        let late = within(bound - 1).counterexample().unwrap();
        assert_eq!(late.counted, bound);
        seen += 1;
    }
    assert_eq!(seen, 1);
}

#[test]
fn every_class_is_one_of_its_own() {
    let model = by_name("partition_and_heal")
        .unwrap()
        .model(Rules::resolved());
    let mut state = model.initial();
    let mut seen = std::collections::BTreeMap::new();
    for client in model.clients() {
        state.client_mut(client).set_home(None);
    }
    let mut candidates = Vec::new();
    model.candidates(&state, &mut candidates);
    for from in model.servers() {
        candidates.extend(model.servers().map(|to| Action::Deliver { from, to }));
    }
    for action in candidates {
        let Some(class) = fair(&state, &action) else {
            continue;
        };
        let who = match action {
            Action::Register { client, .. } => format!("register {client:?}"),
            other => format!("{other:?}"),
        };
        let known = seen
            .entry(format!("{class:?}"))
            .or_insert_with(|| who.clone());
        assert_eq!(*known, who, "{class:?}");
    }
    assert!(seen.len() > 20, "{seen:?}");
}

/// N09: a beat that a neighbour keeps is news to a third server when their link comes back, and the third waits from then
/// on. Each server on the way may add its three intervals, and no more.
#[test]
fn a_stopped_server_may_be_believed_for_three_intervals_at_each_of_the_others() {
    let scenario = by_name("realigned_after_a_crash").unwrap();
    let model = scenario.model(Rules::resolved());
    let graph = graph(&model);
    let within = |most: u32| {
        let asks = |state: &State| believed(&model, state);
        let answers = |state: &State| !believed(&model, state);
        answers_within(&graph, asks, answers, most, intervals)
    };
    assert!(!within(u32::from(HOLD)).holds());
    assert!(within(2 * u32::from(HOLD)).holds());
}
