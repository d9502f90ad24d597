//! The algorithms against the definitions, on random small graphs: every set of states, every walk, nothing clever.

use super::tests::{Go, Small, class};
use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

const STATES: u8 = 6;

/// A transition as the definitions see it.
#[derive(Clone, Copy)]
struct Step {
    from: u8,
    to: u8,
    class: Option<u8>,
}

fn transitions(model: &Small) -> Vec<Step> {
    let step = |from: u8, &(class, to): &(Option<u8>, Option<u8>)| {
        let to = to.filter(|&to| model.within_boundary(&to))?;
        Some(Step { from, to, class })
    };
    (0u8..)
        .zip(&model.rows)
        .flat_map(|(from, row)| row.iter().filter_map(move |action| step(from, action)))
        .collect()
}

/// All that can be reached from some states over some of them, by adding until nothing is new; with the distance.
fn closure(steps: &[Step], from: &[u8], over: impl Fn(u8) -> bool) -> Vec<Option<usize>> {
    let mut distance = vec![None; usize::from(STATES)];
    for &state in from {
        distance[usize::from(state)] = Some(0);
    }
    for round in 0..usize::from(STATES) {
        for step in steps.iter().filter(|step| over(step.to)) {
            if distance[usize::from(step.from)] == Some(round)
                && distance[usize::from(step.to)].is_none()
            {
                distance[usize::from(step.to)] = Some(round + 1);
            }
        }
    }
    distance
}

fn initial(model: &Small) -> Vec<u8> {
    let inside = |state: &u8| model.within_boundary(state);
    model.initial.iter().copied().filter(inside).collect()
}

fn arbitrary() -> impl Strategy<Value = Small> {
    let class = prop_oneof![2 => Just(None), 3 => (0u8..3).prop_map(Some)];
    let target = prop_oneof![9 => (0..STATES).prop_map(Some), 1 => Just(None)];
    let row = prop::collection::vec((class, target), 0..4);
    let rows = prop::collection::vec(row, usize::from(STATES));
    let outside = prop_oneof![4 => Just(0u32), 1 => 0u32..1 << STATES];
    let initial = prop::collection::vec(0..STATES, 1..3);
    (rows, initial, 0u32..1 << STATES, outside).prop_map(|(rows, initial, good, outside)| Small {
        rows,
        initial,
        good,
        outside,
    })
}

/// A walk is one of the model: it starts in an initial state and each action leads where it says.
fn is_walk(model: &Small, stem: &Path<Small>, cycle: &[(Go, u8)]) -> bool {
    let Some(&(None, first)) = stem.0.first() else {
        return false;
    };
    let mut at = first;
    let on = stem.0[1..]
        .iter()
        .map(|&(action, state)| (action.unwrap(), state));
    let leads = on.chain(cycle.iter().copied()).all(|(action, state)| {
        let fits = model.next_state(&at, action) == Some(state);
        at = state;
        fits
    });
    leads
        && initial(model).contains(&first)
        && cycle
            .last()
            .is_none_or(|&(_, state)| Some(&state) == stem.last())
}

/// Whether a set of steps that a run repeats for ever, in a set of states that it never leaves, is fair.
fn is_fair(steps: &[Step], states: &[u8], taken: &[Option<u8>]) -> bool {
    (0u8..3).all(|class| {
        let enabled = |state: u8| {
            let of = |step: &&Step| step.from == state && step.to != state;
            steps
                .iter()
                .filter(of)
                .any(|step| step.class == Some(class))
        };
        taken.contains(&Some(class)) || !states.iter().all(|&state| enabled(state))
    })
}

/// The least stem of all fair runs that owe an answer for ever, by trying every set of states as what is repeated.
fn least_stem(model: &Small, asks: u32) -> Option<usize> {
    let steps = transitions(model);
    let from_start = closure(&steps, &initial(model), |_| true);
    // A stem: to a state that asks, and on from there without an answer.
    let to = |state: u8| {
        (0..STATES)
            .filter(|&asking| asks >> asking & 1 == 1 && !model.is_good(asking))
            .filter_map(|asking| {
                let first = from_start[usize::from(asking)]?;
                let on = closure(&steps, &[asking], |state| !model.is_good(state));
                Some(first + on[usize::from(state)]?)
            })
            .min()
    };
    let ends = (0..STATES)
        .filter(|&state| !steps.iter().any(|step| step.from == state))
        .filter_map(to);
    let sets = (1u32..1 << STATES).filter(|set| set & model.good == 0);
    let loops = sets.filter_map(|set| {
        let members: Vec<u8> = (0..STATES).filter(|state| set >> state & 1 == 1).collect();
        let inside: Vec<Step> = steps
            .iter()
            .copied()
            .filter(|step| set >> step.from & 1 == 1 && set >> step.to & 1 == 1)
            .collect();
        // Some walk goes through all of them and comes back.
        let connected = members.iter().all(|&from| {
            let reached = closure(&inside, &[from], |_| true);
            members
                .iter()
                .all(|&state| reached[usize::from(state)].is_some())
        });
        let taken: Vec<_> = inside
            .iter()
            .filter(|step| step.from != step.to)
            .map(|step| step.class)
            .collect();
        if inside.is_empty() || !connected || !is_fair(&steps, &members, &taken) {
            return None;
        }
        members.iter().filter_map(|&state| to(state)).min()
    });
    ends.chain(loops).min()
}

/// The least number of steps after which an answer is surely late, by following all walks at once.
fn least_late(model: &Small, asks: u32, n: u32, counts: fn(&Go) -> u32) -> Option<usize> {
    let steps: Vec<(u8, u8, u32)> = (0u8..STATES)
        .flat_map(|from| {
            let mut actions = Vec::new();
            model.actions(&from, &mut actions);
            let leads = move |action: Go| {
                let to = model
                    .next_state(&from, action)
                    .filter(|to| model.within_boundary(to))?;
                Some((from, to, counts(&action)))
            };
            actions.into_iter().filter_map(leads).collect::<Vec<_>>()
        })
        .collect();
    let start = closure(&transitions(model), &initial(model), |_| true);
    let asking = (0..STATES).filter(|&state| asks >> state & 1 == 1 && !model.is_good(state));
    asking
        .filter_map(|state| {
            let before = start[usize::from(state)]?;
            let mut walks = BTreeSet::from([(state, 0u32)]);
            // There are not more different pairs than this.
            for length in 0..=usize::from(STATES) * (n as usize + 1) {
                let ends = |state: u8| !steps.iter().any(|&(from, ..)| from == state);
                if walks.iter().any(|&(state, _)| ends(state)) {
                    return Some(before + length);
                }
                let mut next = BTreeSet::new();
                for &(state, counted) in &walks {
                    for &(_, to, count) in steps.iter().filter(|&&(from, ..)| from == state) {
                        if counted + count > n {
                            return Some(before + length + 1);
                        }
                        if !model.is_good(to) {
                            next.insert((to, counted + count));
                        }
                    }
                }
                walks = next;
            }
            None
        })
        .min()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn can_always_reach_is_what_it_says(model in arbitrary()) {
        let steps = transitions(&model);
        let reached = closure(&steps, &initial(&model), |_| true);
        let lost = |state: u8| {
            let after = closure(&steps, &[state], |_| true);
            (0..STATES).all(|good| !model.is_good(good) || after[usize::from(good)].is_none())
        };
        let nearest = (0..STATES)
            .filter(|&state| lost(state))
            .filter_map(|state| reached[usize::from(state)])
            .min();
        let graph = model.graph();
        let known = reached.iter().flatten().count();
        prop_assert_eq!(graph.len(), known);
        let verdict = can_always_reach(&graph, |&state| model.is_good(state));
        prop_assert_eq!(verdict.holds(), nearest.is_none());
        if let Some(trap) = verdict.counterexample() {
            let Lasso { stem, cycle, crosses_boundary } = &trap.lasso;
            prop_assert_eq!(Some(trap.no_return), nearest);
            prop_assert!(is_walk(&model, stem, cycle));
            prop_assert!(lost(stem.0[trap.no_return].1));
            // The place is never left, and every state of it leads to every other.
            let end = *stem.last().unwrap();
            let place: Vec<u8> = (0..STATES)
                .filter(|&state| closure(&steps, &[end], |_| true)[usize::from(state)].is_some())
                .collect();
            prop_assert_eq!(place.len(), trap.states);
            for &state in &place {
                prop_assert!(closure(&steps, &[state], |_| true)[usize::from(end)].is_some());
            }
            prop_assert_eq!(cycle.is_empty(), !steps.iter().any(|step| step.from == end));
            let cut = |state: u8| {
                let out = |&(_, to): &(Option<u8>, Option<u8>)| to.is_some_and(|to| !model.within_boundary(&to));
                model.rows[usize::from(state)].iter().any(out)
            };
            prop_assert_eq!(*crosses_boundary, place.iter().any(|&state| cut(state)));
        }
    }

    #[test]
    fn leads_to_is_what_it_says(model in arbitrary(), asks in prop_oneof![Just(u32::MAX), 0u32..1 << STATES]) {
        let graph = model.graph();
        let good = |&state: &u8| model.is_good(state);
        let verdict = if asks == u32::MAX {
            always_again(&graph, good, class)
        } else {
            leads_to(&graph, |&state| asks >> state & 1 == 1, good, class)
        };
        let least = least_stem(&model, asks);
        prop_assert_eq!(verdict.holds(), least.is_none());
        if let Some(lasso) = verdict.counterexample() {
            prop_assert_eq!(Some(lasso.stem.len()), least);
            prop_assert!(is_walk(&model, &lasso.stem, &lasso.cycle));
            let mut owed = false;
            for &(_, state) in &lasso.stem.0 {
                owed = !model.is_good(state) && (owed || asks >> state & 1 == 1);
            }
            prop_assert!(owed && lasso.cycle.iter().all(|(_, state)| !model.is_good(*state)));
            let mut at = *lasso.stem.last().unwrap();
            let (mut states, mut taken) = (vec![at], Vec::new());
            for &(action, state) in &lasso.cycle {
                if state != at {
                    taken.push(action.class);
                }
                states.push(state);
                at = state;
            }
            prop_assert!(is_fair(&transitions(&model), &states, &taken));
            let ends = !transitions(&model).iter().any(|step| step.from == at);
            prop_assert_eq!(lasso.cycle.is_empty(), ends);
        }
    }

    #[test]
    fn answers_within_is_what_it_says(model in arbitrary(), asks in 0u32..1 << STATES, n in 0u32..5, ticks in any::<bool>()) {
        let counts: fn(&Go) -> u32 = if ticks {
            |action| action.class.map_or(0, u32::from)
        } else {
            |_| 1
        };
        let graph = model.graph();
        let verdict = answers_within(
            &graph,
            |&state| asks >> state & 1 == 1,
            |&state| model.is_good(state),
            n,
            counts,
        );
        let least = least_late(&model, asks, n, counts);
        prop_assert_eq!(verdict.holds(), least.is_none());
        if let Some(late) = verdict.counterexample() {
            prop_assert_eq!(Some(late.path.len()), least);
            prop_assert!(is_walk(&model, &late.path, &[]));
            let asked = late.path.0[late.since].1;
            prop_assert!(asks >> asked & 1 == 1);
            let on = &late.path.0[late.since + 1..];
            let counted: u32 = on.iter().filter_map(|(action, _)| *action).map(|action| counts(&action)).sum();
            prop_assert_eq!(late.counted, counted);
            prop_assert!(late.ends != (counted > n));
            let before = on.len().saturating_sub(usize::from(!late.ends));
            prop_assert!(!model.is_good(asked) && on[..before].iter().all(|(_, state)| !model.is_good(*state)));
        }
    }
}
