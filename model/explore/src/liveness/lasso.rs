//! "Every fair run is good again and again": components without a good state in which a fair run can stay.

#![expect(
    clippy::indexing_slicing,
    reason = "numbers of states and components lie below the length of every row"
)]

use super::components::Components;
use super::pending::Pending;
use super::{Lasso, Verdict, steps};
use crate::graph::{Edge, Graph, Number};
use stateright::Model;
use std::hash::Hash;

/// A class of actions to which every run is weakly fair: one of 64.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Class(u8);

impl Class {
    /// The class of that number; `None` from 64 on.
    pub const fn new(number: u8) -> Option<Self> {
        if number < 64 {
            Some(Self(number))
        } else {
            None
        }
    }
    const fn bit(self) -> u64 {
        1 << self.0
    }
}

/// Every run that is weakly fair to each class is good again and again: whatever holds, something good follows. See
/// [`leads_to`].
pub fn always_again<M>(
    graph: &Graph<'_, M>,
    good: impl Fn(&M::State) -> bool,
    fair: impl Fn(&M::State, &M::Action) -> Option<Class>,
) -> Verdict<Lasso<M>>
where
    M: Model,
    M::State: Clone + Eq + Hash,
{
    leads_to(graph, |_| true, good, fair)
}

/// On every run that is weakly fair to each class, wherever `p` holds, `q` holds there or later. `fair` says to which
/// class an action belongs in a state; an action without a class may be put off for ever. Without any class the only thing assumed
/// is that a run goes on while it can.
///
/// A counterexample has the shortest stem of all. Its loop is a short one, not always the shortest. An empty loop: the
/// run ends there. Linear in states and transitions; 32 octets a state for the ways.
pub fn leads_to<M>(
    graph: &Graph<'_, M>,
    p: impl Fn(&M::State) -> bool,
    q: impl Fn(&M::State) -> bool,
    fair: impl Fn(&M::State, &M::Action) -> Option<Class>,
) -> Verdict<Lasso<M>>
where
    M: Model,
    M::State: Clone + Eq + Hash,
{
    let mut pending = Pending::new(graph, p, q);
    let mut place = 0;
    while let Some(node) = pending.node(place) {
        for edge in graph.edges(node.state) {
            pending.follow(place, edge, node.counted());
        }
        place += 1;
    }
    let bad = |number| pending.owes(number);
    let components = Components::of(graph, bad);
    let obligations = Obligations { graph, fair: &fair };
    let mut parts = vec![Part::default(); components.count()];
    let mut all = 0;
    for number in graph.numbers() {
        let Some(own) = components.get(number) else {
            continue;
        };
        let part = &mut parts[own];
        let mut enabled = 0;
        for (edge, owed) in obligations.of(number) {
            enabled |= owed;
            if components.get(edge.target) == Some(own) {
                part.cyclic = true;
                part.taken |= owed;
            }
        }
        all |= enabled;
        part.disabled |= !enabled;
    }
    let stays = |number| {
        components.get(number).is_some_and(|own| {
            let part = parts[own];
            part.cyclic && all & !(part.taken | part.disabled) == 0
        })
    };
    let ends = |number| bad(number) && graph.edges(number).next().is_none();
    let nodes = (0..).map_while(|place| Some((place, pending.node(place)?)));
    let first = nodes
        .filter(|(_, node)| node.counted().is_some())
        .find(|(_, node)| stays(node.state) || ends(node.state));
    let lasso = first.map(|(place, node)| {
        let start = node.state;
        let own = components.get(start);
        let inside = |number| components.get(number) == own;
        let round = if ends(start) {
            Vec::new()
        } else {
            obligations.round(start, all, inside)
        };
        let states = round.iter().map(|&(source, _)| source);
        Lasso {
            stem: pending.path_to(place).0,
            crosses_boundary: states
                .chain([start])
                .any(|number| graph.crosses_boundary(number)),
            cycle: steps(graph, &round),
        }
    });
    Verdict::of(graph, lasso)
}

/// What is known of a component: bits of classes.
#[derive(Clone, Copy, Default)]
struct Part {
    /// There is a transition inside.
    cyclic: bool,
    /// Taken by a transition inside.
    taken: u64,
    /// Not enabled in some state.
    disabled: u64,
}

struct Obligations<'a, 'm, M: Model, F> {
    graph: &'a Graph<'m, M>,
    fair: &'a F,
}

impl<M, F> Obligations<'_, '_, M, F>
where
    M: Model,
    M::State: Clone + Eq + Hash,
    F: Fn(&M::State, &M::Action) -> Option<Class>,
{
    /// The transitions of a state, each with the bit of the class that it takes. A stutter takes none.
    fn of(&self, number: Number) -> impl Iterator<Item = (Edge, u64)> {
        let owed: Vec<u64> = self
            .graph
            .actions(number)
            .iter()
            .map(|action| (self.fair)(self.graph.state(number), action).map_or(0, Class::bit))
            .collect();
        self.graph.edges(number).map(move |edge| {
            let stutters = edge.target == number;
            let owed = owed.get(usize::from(edge.ordinal)).copied();
            (edge, owed.filter(|_| !stutters).unwrap_or(0))
        })
    }

    fn disabled(&self, number: Number) -> u64 {
        !self.of(number).fold(0, |all, (_, owed)| all | owed)
    }

    /// A walk inside from a state back to it that meets every obligation: always on to the nearest place that meets one
    /// more, then home.
    fn round(
        &self,
        start: Number,
        all: u64,
        inside: impl Fn(Number) -> bool,
    ) -> Vec<(Number, Edge)> {
        let mut walk: Vec<(Number, Edge)> = Vec::new();
        let mut open = all & !self.disabled(start);
        let mut at = start;
        while open != 0 {
            let wanted = |number: Number| {
                open & self.disabled(number) != 0 || self.taking(number, open, &inside).is_some()
            };
            let here = self.taking(at, open, &inside);
            let on = match here {
                Some(edge) => vec![(at, edge)],
                None => match self.graph.shortest(at, &inside, wanted) {
                    Some(on) => on,
                    // Every obligation is met somewhere inside, and all of it can be reached.
                    None => return walk,
                },
            };
            for (source, edge) in on {
                open &= !self.taken(source, edge);
                at = edge.target;
                open &= !self.disabled(at);
                walk.push((source, edge));
            }
        }
        if at != start || walk.is_empty() {
            let home = self.graph.shortest(at, &inside, |number| number == start);
            walk.extend(home.unwrap_or_default());
        }
        walk
    }

    fn taken(&self, source: Number, edge: Edge) -> u64 {
        self.of(source)
            .find(|(other, _)| *other == edge)
            .map_or(0, |(_, owed)| owed)
    }

    /// A transition inside that takes an open class.
    fn taking(&self, number: Number, open: u64, inside: impl Fn(Number) -> bool) -> Option<Edge> {
        self.of(number)
            .find(|(edge, owed)| owed & open != 0 && inside(edge.target))
            .map(|(edge, _)| edge)
    }
}
