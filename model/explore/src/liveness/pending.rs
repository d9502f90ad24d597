//! States together with whether an answer is owed, and what has been counted since it is: the product that responses are
//! judged on. Breadth first, so the way to each is a shortest one.

#![expect(
    clippy::indexing_slicing,
    reason = "numbers of states and nodes lie below the length of every row"
)]

use crate::graph::{Edge, Graph, Number};
use std::hash::Hash;

use crate::Path;
use stateright::Model;

const NONE: u32 = u32::MAX;

/// A state on the way. 16 octets.
#[derive(Clone, Copy)]
pub(super) struct Node {
    pub(super) state: Number,
    /// What was counted since the answer is owed; `NONE`: it is not, or not looked at.
    counted: u32,
    /// The node before, `NONE` for an initial state.
    before: u32,
    /// The action's place in the state before.
    ordinal: u16,
}

impl Node {
    pub(super) const fn counted(&self) -> Option<u32> {
        if self.counted == NONE {
            None
        } else {
            Some(self.counted)
        }
    }
}

/// The search, and when it has ended everything that it reached.
pub(super) struct Pending<'a, 'm, M: Model> {
    graph: &'a Graph<'m, M>,
    asks: Vec<bool>,
    owes: Vec<bool>,
    /// States reached while nothing is counted.
    idle: Vec<bool>,
    /// The greatest count with which a state was reached. A smaller one that comes later finds nothing sooner.
    most: Vec<u32>,
    nodes: Vec<Node>,
}

impl<'a, 'm, M> Pending<'a, 'm, M>
where
    M: Model,
    M::State: Clone + Eq + Hash,
{
    /// An answer is owed from a state where `p` holds until one where `q` holds. States without their transitions
    /// owe nothing.
    pub(super) fn new(
        graph: &'a Graph<'m, M>,
        p: impl Fn(&M::State) -> bool,
        q: impl Fn(&M::State) -> bool,
    ) -> Self {
        let owes = |number| graph.is_expanded(number) && !q(graph.state(number));
        let mut this = Self {
            graph,
            asks: graph
                .numbers()
                .map(|number| p(graph.state(number)))
                .collect(),
            owes: graph.numbers().map(owes).collect(),
            idle: vec![false; graph.len()],
            most: vec![NONE; graph.len()],
            nodes: Vec::new(),
        };
        for number in 0..graph.initial() {
            this.arrive(NONE, number, 0, NONE);
        }
        this
    }

    /// Whether an answer may be owed in a state; what was reached so far is what counts.
    pub(super) fn owes(&self, number: Number) -> bool {
        self.most[number as usize] != NONE
    }
    /// The nodes reached so far, nearest first.
    pub(super) fn node(&self, place: usize) -> Option<Node> {
        self.nodes.get(place).copied()
    }

    /// Goes along a transition from the node at a place with the count on arrival.
    pub(super) fn follow(&mut self, place: usize, edge: Edge, counted: Option<u32>) {
        // There are fewer than 2^32 nodes, or memory ends first: a node takes 16 octets.
        let before = u32::try_from(place).unwrap_or(NONE);
        // The greatest count is not kept: it means that there is none.
        let counted = counted.map_or(NONE, |counted| counted.min(NONE - 1));
        self.arrive(counted, edge.target, edge.ordinal, before);
    }

    fn arrive(&mut self, counted: u32, state: Number, ordinal: u16, before: u32) {
        let place = state as usize;
        let mut add = |counted| {
            self.nodes.push(Node {
                state,
                counted,
                before,
                ordinal,
            });
        };
        if counted == NONE {
            if !std::mem::replace(&mut self.idle[place], true) {
                add(NONE);
            }
            if self.asks[place] && self.owes[place] && self.most[place] == NONE {
                self.most[place] = 0;
                add(0);
            }
        } else if self.owes[place] && (self.most[place] == NONE || self.most[place] < counted) {
            self.most[place] = counted;
            add(counted);
        }
    }

    /// The way to a node, and after how many steps of it the counting begins.
    pub(super) fn path_to(&self, place: usize) -> (Path<M>, usize) {
        let (mut steps, mut since) = (Vec::new(), 0);
        let mut at = self.nodes[place];
        while let Some(&earlier) = self.nodes.get(at.before as usize) {
            let action = self.graph.action(earlier.state, at.ordinal);
            steps.push((action, self.graph.state(at.state).clone()));
            since += usize::from(earlier.counted == NONE);
            at = earlier;
        }
        steps.push((None, self.graph.state(at.state).clone()));
        steps.reverse();
        (Path(steps), since)
    }
}
