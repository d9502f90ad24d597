//! "Whenever p holds, q holds within n": nothing is assumed to be fair, so it is a question about paths alone.

use super::Verdict;
use super::pending::Pending;
use crate::Path;
use crate::graph::{Edge, Graph};
use stateright::Model;
use std::hash::Hash;

/// A run on which the answer is late, up to where that is sure.
pub struct Late<M: Model> {
    /// From an initial state.
    pub path: Path<M>,
    /// After so many steps `p` holds and the counting begins.
    pub since: usize,
    /// What was counted at the end of the path: more than n, unless the run ends there.
    pub counted: u32,
    /// Whether the run ends there, so that the answer never comes.
    pub ends: bool,
    /// Whether it ends there only because the model's boundary cuts its continuations off.
    pub crosses_boundary: bool,
}

/// Whenever `p` holds, `q` holds within a count of `n`. A counterexample is a shortest one, in steps.
///
/// Costs 16 octets for each state, and for each greater count that a state is reached with: at most `n + 2` times 16.
pub fn answers_within<M>(
    graph: &Graph<'_, M>,
    p: impl Fn(&M::State) -> bool,
    q: impl Fn(&M::State) -> bool,
    n: u32,
    counts: impl Fn(&M::Action) -> u32,
) -> Verdict<Late<M>>
where
    M: Model,
    M::State: Clone + Eq + Hash,
{
    let mut pending = Pending::new(graph, p, q);
    let late = run(graph, &mut pending, n, counts);
    Verdict::of(graph, late)
}

fn run<M>(
    graph: &Graph<'_, M>,
    pending: &mut Pending<'_, '_, M>,
    n: u32,
    counts: impl Fn(&M::Action) -> u32,
) -> Option<Late<M>>
where
    M: Model,
    M::State: Clone + Eq + Hash,
{
    let late = |pending: &Pending<'_, '_, M>, place, over: Option<Edge>, counted| {
        let state = pending.node(place)?.state;
        let (mut path, since) = pending.path_to(place);
        if let Some(edge) = over {
            let action = graph.action(state, edge.ordinal);
            path.0.push((action, graph.state(edge.target).clone()));
        }
        Some(Late {
            path,
            since,
            counted,
            ends: over.is_none(),
            crosses_boundary: over.is_none() && graph.crosses_boundary(state),
        })
    };
    let (mut place, mut seen) = (0, 0);
    loop {
        // An end is known on arrival, one step sooner than a count that the next transition makes too great.
        while let Some(node) = pending.node(seen) {
            if let Some(counted) = node.counted()
                && graph.edges(node.state).next().is_none()
            {
                return late(pending, seen, None, counted);
            }
            seen += 1;
        }
        let node = pending.node(place)?;
        let actions = match node.counted() {
            Some(_) => graph.actions(node.state),
            None => Vec::new(),
        };
        for edge in graph.edges(node.state) {
            let counted = node.counted().map(|before| {
                let action = actions.get(usize::from(edge.ordinal));
                before.saturating_add(action.map_or(0, &counts))
            });
            if let Some(counted) = counted.filter(|&counted| counted > n) {
                return late(pending, place, Some(edge), counted);
            }
            pending.follow(place, edge, counted);
        }
        place += 1;
    }
}
