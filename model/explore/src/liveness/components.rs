//! Strongly connected components of a part of a graph: Tarjan's algorithm, without recursion.

#![expect(
    clippy::indexing_slicing,
    reason = "numbers of states and components lie below the length of every row"
)]

use crate::graph::{Graph, Number};
use stateright::Model;
use std::hash::Hash;

/// The component of each state of the part; `Number::MAX` for the others. A component's number is smaller than that of
/// every component that leads to it.
pub(super) struct Components {
    of: Vec<Number>,
    count: Number,
}

impl Components {
    /// The components of the states for which `part` is true, by transitions among them. 16 octets a state while it
    /// runs, and what is on the stack.
    pub(super) fn of<M>(graph: &Graph<'_, M>, part: impl Fn(Number) -> bool) -> Self
    where
        M: Model,
        M::State: Clone + Eq + Hash,
    {
        let length = graph.len();
        let mut this = Self {
            of: vec![Number::MAX; length],
            count: 0,
        };
        // Time of the first visit from 1, 0: not yet; and the earliest visit that is reached from there.
        let (mut visit, mut low) = (vec![0u32; length], vec![0u32; length]);
        let (mut clock, mut open) = (0, Vec::new());
        for root in graph.numbers().filter(|&root| part(root)) {
            if visit[root as usize] > 0 {
                continue;
            }
            let mut calls = vec![(root, 0usize)];
            while let Some((at, done)) = calls.pop() {
                let place = at as usize;
                if visit[place] == 0 {
                    clock += 1;
                    (visit[place], low[place]) = (clock, clock);
                    open.push(at);
                }
                let mut called = false;
                for (place_in_row, edge) in (done..).zip(graph.edges_from(at, done)) {
                    let target = edge.target as usize;
                    if !part(edge.target) || this.of[target] != Number::MAX {
                        continue;
                    }
                    if visit[target] == 0 {
                        // The same transition once more on return: then its target has been visited.
                        calls.push((at, place_in_row));
                        calls.push((edge.target, 0));
                        called = true;
                        break;
                    }
                    low[place] = low[place].min(low[target]);
                }
                if !called && low[place] == visit[place] {
                    while let Some(member) = open.pop() {
                        this.of[member as usize] = this.count;
                        if member == at {
                            break;
                        }
                    }
                    this.count += 1;
                }
            }
        }
        this
    }

    /// How many there are.
    pub(super) const fn count(&self) -> usize {
        self.count as usize
    }
    /// The component of a state, if it belongs to the part.
    pub(super) fn get(&self, number: Number) -> Option<usize> {
        Some(self.of[number as usize])
            .filter(|&component| component != Number::MAX)
            .map(|component| component as usize)
    }
}
