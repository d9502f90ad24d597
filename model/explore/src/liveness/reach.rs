//! "From every reachable state a good state can be reached": one pass backward from the good states.

#![expect(
    clippy::indexing_slicing,
    reason = "numbers of states and components lie below the length of every row"
)]

use super::components::Components;
use super::{Lasso, Verdict, steps};
use crate::graph::{Graph, Number};
use stateright::Model;
use std::hash::Hash;

/// A way into a part of the graph from which no good state can be reached, and where it ends up.
pub struct Trap<M: Model> {
    /// After so many steps of the stem it is too late; no other such point is nearer to an initial state.
    pub no_return: usize,
    /// On from there to the nearest place that is never left: a terminal state, or a component without a way out.
    pub lasso: Lasso<M>,
    /// How many states that place has; 1 for a terminal state or one that only leads to itself.
    pub states: usize,
}

/// From every reachable state some good state can be reached. Linear in states and transitions.
pub fn can_always_reach<M>(
    graph: &Graph<'_, M>,
    good: impl Fn(&M::State) -> bool,
) -> Verdict<Trap<M>>
where
    M: Model,
    M::State: Clone + Eq + Hash,
{
    let backward = graph.backward();
    let mut reaches = vec![false; graph.len()];
    let mut queue = Vec::new();
    for number in graph.numbers() {
        if !graph.is_expanded(number) || good(graph.state(number)) {
            reaches[number as usize] = true;
            queue.push(number);
        }
    }
    while let Some(number) = queue.pop() {
        for &source in backward.sources(number) {
            if !std::mem::replace(&mut reaches[source as usize], true) {
                queue.push(source);
            }
        }
    }
    drop(backward);
    // Numbers follow the order of discovery, so the first is among the nearest.
    let lost = graph
        .numbers()
        .find(|&number| !reaches[number as usize])
        .map(|first| trap(graph, first, &reaches));
    Verdict::of(graph, lost)
}

/// The nearest place behind a lost state that is never left. What follows a lost state is lost.
fn trap<M>(graph: &Graph<'_, M>, first: Number, reaches: &[bool]) -> Trap<M>
where
    M: Model,
    M::State: Clone + Eq + Hash,
{
    let components = Components::of(graph, |number| !reaches[number as usize]);
    let mut leaves = vec![false; components.count()];
    let mut sizes = vec![0; components.count()];
    for number in graph.numbers() {
        let Some(own) = components.get(number) else {
            continue;
        };
        sizes[own] += 1;
        leaves[own] |= graph
            .edges(number)
            .any(|edge| components.get(edge.target) != Some(own));
    }
    let stays = |number| {
        components
            .get(number)
            .is_some_and(|component| !leaves[component])
    };
    let mut stem = graph.path_to(first);
    let no_return = stem.len();
    let mut end = first;
    if !stays(first)
        && let Some(walk) = graph.shortest(first, |_| true, stays)
    {
        end = walk.last().map_or(first, |(_, edge)| edge.target);
        let on = steps(graph, &walk).into_iter();
        stem.0
            .extend(on.map(|(action, state)| (Some(action), state)));
    }
    let place = components.get(end);
    let round = graph.shortest(end, |_| true, |number| number == end);
    let crosses_boundary = graph
        .numbers()
        .any(|number| components.get(number) == place && graph.crosses_boundary(number));
    Trap {
        no_return,
        lasso: Lasso {
            stem,
            cycle: steps(graph, &round.unwrap_or_default()),
            crosses_boundary,
        },
        states: place.map_or(1, |place| sizes[place]),
    }
}
