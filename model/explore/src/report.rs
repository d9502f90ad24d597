//! What a search found.

use stateright::Model;
use std::collections::BTreeMap;

/// An action type whose values fall into named kinds.
pub trait Kinds {
    /// The names, unique.
    const KINDS: &'static [&'static str];
    /// The place of this action's kind in [`Kinds::KINDS`].
    fn kind(&self) -> usize;
}

/// How far a search has come.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Progress {
    /// Different states so far.
    pub unique: u64,
    /// States generated so far: initial ones and one for each transition.
    pub states: u64,
    /// The level that is being expanded, 0: the initial states.
    pub depth: usize,
    /// How many states that level has.
    pub frontier: u64,
    /// States seen whose successors have not been generated yet.
    pub queue: u64,
    /// How full the table of visited states is, 0 to 1.
    pub load: f64,
    /// Memory of table, parents and frontier, in octets.
    pub octets: u64,
    /// Seconds since the search began.
    pub seconds: f64,
}

/// Why a search ended.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum StoppedBy {
    /// There was nothing left: every reachable state has been seen.
    Exhausted,
    /// The property that was asked for is decided.
    Decided,
    /// The stop flag was raised.
    Interrupted,
    /// There were too many states.
    StateLimit,
    /// It took too long.
    TimeLimit,
    /// There was too little memory.
    MemoryLimit,
}

impl StoppedBy {
    /// The reason in kebab case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exhausted => "exhausted",
            Self::Decided => "decided",
            Self::Interrupted => "interrupted",
            Self::StateLimit => "state-limit",
            Self::TimeLimit => "time-limit",
            Self::MemoryLimit => "memory-limit",
        }
    }
}

/// A path from an initial state (which has no action) to a state, one action a step.
pub struct Path<M: Model>(pub Vec<(Option<M::Action>, M::State)>);

impl<M: Model> Path<M> {
    /// How many actions the path has.
    pub const fn len(&self) -> usize {
        self.0.len().saturating_sub(1)
    }
    /// Whether the path has no action.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Where the path ends.
    pub fn last(&self) -> Option<&M::State> {
        self.0.last().map(|(_, state)| state)
    }
    /// The actions in order.
    pub fn actions(&self) -> Vec<M::Action>
    where
        M::Action: Clone,
    {
        self.0
            .iter()
            .filter_map(|(action, _)| action.clone())
            .collect()
    }
}

/// A property decided by an example.
pub struct Discovery<M: Model> {
    /// The property's name.
    pub property: &'static str,
    /// True: an "always" property fails at the end of the path. False: a witness is there.
    pub violation: bool,
    /// A shortest path.
    pub path: Path<M>,
}

/// The result of a search.
pub struct Report<M: Model> {
    /// States generated: initial ones and one for each transition.
    pub states: u64,
    /// Different states.
    pub unique: u64,
    /// The deepest level of which all states have been seen; 0: only initial states.
    pub depth: usize,
    /// How many new states each level down to `depth` has. A search that was stopped has seen some of the next, too.
    pub levels: Vec<u64>,
    /// States seen whose successors have not been generated: 0 when exhausted.
    pub unexpanded: u64,
    /// How many threads searched.
    pub threads: usize,
    /// The seed of the fingerprints.
    pub seed: u64,
    /// Whether states were told apart by all of their bits, not by a fingerprint.
    pub exact: bool,
    /// Peak memory of table, parents and frontier, in octets.
    pub peak_octets: u64,
    /// Memory of table and parents at the end, in octets: what visited states cost beyond the frontier.
    pub visited_octets: u64,
    /// Why the search ended.
    pub stopped_by: StoppedBy,
    /// How long it took.
    pub seconds: f64,
    /// Peak memory of table, parents and frontier, divided by unique states.
    pub bytes_per_state: f64,
    /// Transitions by kind of action, in the order of [`Kinds::KINDS`].
    pub action_counts: Vec<(&'static str, u64)>,
    /// Violations and witnesses, in the order in which they were found (so the shortest first).
    pub discoveries: Vec<Discovery<M>>,
    /// "Always" properties without a violation.
    pub held: Vec<&'static str>,
    /// Witnesses that were not found.
    pub missing_witnesses: Vec<&'static str>,
    /// A shortest path that ends with the first transition of each label asked for.
    pub labels: BTreeMap<u32, Path<M>>,
}

impl<M: Model> Report<M> {
    /// Whether every reachable state has been seen.
    pub fn exhausted(&self) -> bool {
        self.stopped_by == StoppedBy::Exhausted
    }
    /// The violations.
    pub fn violations(&self) -> impl Iterator<Item = &Discovery<M>> {
        self.discoveries
            .iter()
            .filter(|discovery| discovery.violation)
    }
    /// The discovery for one property.
    pub fn discovery(&self, property: &str) -> Option<&Discovery<M>> {
        self.discoveries
            .iter()
            .find(|discovery| discovery.property == property)
    }
    /// Exhausted, nothing violated, every witness found.
    pub fn is_clean(&self) -> bool {
        self.exhausted() && self.violations().next().is_none() && self.missing_witnesses.is_empty()
    }
    /// Unique states in a second.
    pub fn rate(&self) -> f64 {
        self.unique as f64 / self.seconds.max(1e-9)
    }
    /// An estimate of the probability that two different states had one fingerprint: n^2 / 2^65; 0 if exact.
    pub fn collision_probability(&self) -> f64 {
        if self.exact {
            return 0.0;
        }
        let unique = self.unique as f64;
        unique * unique / 2f64.powi(65)
    }
    /// Transitions of one kind of action.
    pub fn count_of(&self, kind: &str) -> u64 {
        self.action_counts
            .iter()
            .find(|(name, _)| *name == kind)
            .map_or(0, |(_, count)| *count)
    }
}
