//! The graph of all reachable states, kept: what questions about the future need and a search for bad states does not.
//!
//! States are numbered in the order of discovery (breadth first, so the first path to a state is a shortest one).
//! Transitions stand in compressed rows: for each state a run of (target, place of the action among the enabled ones).
//! **Memory**: a state costs `size_of::<State>()` (what it owns on the heap is not counted), 4 to 10 octets in the index,
//! 8 for the way to it and 4 for its row; a transition costs 6. An analysis that walks backward adds 4 a state and 4 a
//! transition while it runs. Rows grow by half, so the peak is up to 1.5 times the rest plus the row that is moved.
//!
//! **Exact**: the index looks states up by hash but compares them with `Eq`; a collision costs time, never a state.
//! Where `Hash` and `Eq` disagree ([`crate::audit`]), equal states that hash apart are kept apart.
//!
//! **What is a transition**: an enabled action whose `next_state` is `Some`. `None` means that nothing happens: such an
//! action is not enabled here. `Some` of the same state is a transition, a *stutter*. A transition out of the model's
//! boundary does not exist in the graph, but its source remembers it: [`Graph::crosses_boundary`].

#![expect(
    clippy::indexing_slicing,
    reason = "numbers are given out by this file and lie below the length of every row"
)]

use crate::{Fingerprint, Options, Path, Progress, StoppedBy};
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use stateright::Model;
use std::collections::VecDeque;
use std::hash::Hash;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// A state's number: its place in the order of discovery.
pub type Number = u32;

/// All reachable states of a model, or those that the limits allowed.
pub struct Graph<'a, M: Model> {
    model: &'a M,
    states: Vec<M::State>,
    /// How many of the states, from the first, have their row.
    expanded: usize,
    initial: u32,
    parents: Vec<(Number, u16)>,
    /// Where the row of each expanded state ends.
    ends: Vec<u32>,
    targets: Vec<Number>,
    ordinals: Vec<u16>,
    /// States with a transition across the boundary, ascending.
    cut: Vec<Number>,
    stopped_by: StoppedBy,
    peak_octets: usize,
}

/// The sources of the transitions into each state.
pub struct Backward {
    starts: Vec<u32>,
    sources: Vec<Number>,
}

impl Backward {
    /// The states with a transition to this one, one for each transition.
    pub fn sources(&self, number: Number) -> &[Number] {
        let number = number as usize;
        &self.sources[self.starts[number] as usize..self.starts[number + 1] as usize]
    }
}

/// One transition.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Edge {
    /// Where it ends.
    pub target: Number,
    /// Its action's place among the actions that the model lists for the source.
    pub ordinal: u16,
}

impl<'a, M> Graph<'a, M>
where
    M: Model,
    M::State: Clone + Eq + Hash,
{
    /// Explores from the initial states until all is seen, or the flag or one of the limits on states, time and memory
    /// ends it. The memory limit is looked at before anything grows. Threads, `until` and seed of the options mean
    /// nothing here.
    pub fn build(
        model: &'a M,
        options: &Options,
        progress: &mut dyn FnMut(&Progress),
        stop: &AtomicBool,
    ) -> Self {
        let mut graph = Self {
            model,
            states: Vec::new(),
            expanded: 0,
            initial: 0,
            parents: Vec::new(),
            ends: Vec::new(),
            targets: Vec::new(),
            ordinals: Vec::new(),
            cut: Vec::new(),
            stopped_by: StoppedBy::Exhausted,
            peak_octets: 0,
        };
        let mut index = HashTable::new();
        if let Err(reason) = graph.explore(&mut index, options, progress, stop) {
            // A row that was not finished would lie about its state.
            let whole = graph.row_start(graph.expanded);
            graph.targets.truncate(whole);
            graph.ordinals.truncate(whole);
            graph.stopped_by = reason;
        }
        graph
    }

    fn explore(
        &mut self,
        index: &mut HashTable<Number>,
        options: &Options,
        progress: &mut dyn FnMut(&Progress),
        stop: &AtomicBool,
    ) -> Result<(), StoppedBy> {
        let started = Instant::now();
        let (mut told, mut depth, mut level_end) = (started, 0usize, 0usize);
        for (ordinal, state) in self.model.init_states().into_iter().enumerate() {
            if self.model.within_boundary(&state) {
                let ordinal = small(ordinal)?;
                self.intern(index, options, state, (Number::MAX, ordinal))?;
            }
        }
        self.initial = number_of(self.states.len())?;
        let mut actions = Vec::new();
        while self.expanded < self.states.len() {
            if self.expanded == level_end {
                depth += usize::from(level_end > 0);
                level_end = self.states.len();
            }
            let number = number_of(self.expanded)?;
            let state = self.states[self.expanded].clone();
            self.model.actions(&state, &mut actions);
            for (ordinal, action) in actions.drain(..).enumerate() {
                let Some(next) = self.model.next_state(&state, action) else {
                    continue;
                };
                if !self.model.within_boundary(&next) {
                    if self.cut.last() != Some(&number) {
                        self.cut.push(number);
                    }
                    continue;
                }
                let ordinal = small(ordinal)?;
                let target = self.intern(index, options, next, (number, ordinal))?;
                self.room_for_edge(index, options)?;
                self.targets.push(target);
                self.ordinals.push(ordinal);
            }
            self.ends.push(number_of(self.targets.len())?);
            self.expanded += 1;
            if number & 0x3ff == 0 {
                if stop.load(Ordering::Relaxed) {
                    return Err(StoppedBy::Interrupted);
                }
                if options
                    .max_time
                    .is_some_and(|most| started.elapsed() >= most)
                {
                    return Err(StoppedBy::TimeLimit);
                }
                if told.elapsed() >= options.progress_every {
                    told = Instant::now();
                    progress(&Progress {
                        unique: self.states.len() as u64,
                        states: self.targets.len() as u64,
                        depth,
                        frontier: (level_end - self.expanded) as u64,
                        queue: (self.states.len() - self.expanded) as u64,
                        load: index.len() as f64 / (index.capacity() as f64 / 7.0 * 8.0),
                        octets: (self.octets() + table_octets(index)) as u64,
                        seconds: started.elapsed().as_secs_f64(),
                    });
                }
            }
        }
        if stop.load(Ordering::Relaxed) {
            return Err(StoppedBy::Interrupted);
        }
        Ok(())
    }

    /// The number of a state, new or known.
    fn intern(
        &mut self,
        index: &mut HashTable<Number>,
        options: &Options,
        state: M::State,
        parent: (Number, u16),
    ) -> Result<Number, StoppedBy> {
        let hash = |state: &M::State| Fingerprint::of(0, state);
        self.room_for_state(index, options)?;
        let states = &self.states;
        let found = index.entry(
            hash(&state),
            |&number| states[number as usize] == state,
            |&number| hash(&states[number as usize]),
        );
        match found {
            Entry::Occupied(known) => Ok(*known.get()),
            Entry::Vacant(place) => {
                if options
                    .max_states
                    .is_some_and(|most| states.len() as u64 >= most)
                {
                    return Err(StoppedBy::StateLimit);
                }
                let number = number_of(states.len())?;
                place.insert(number);
                self.states.push(state);
                self.parents.push(parent);
                Ok(number)
            }
        }
    }

    fn room_for_state(
        &mut self,
        index: &HashTable<Number>,
        options: &Options,
    ) -> Result<(), StoppedBy> {
        let full = self.states.len() == self.states.capacity();
        let rehash = index.len() == index.capacity();
        if !full && !rehash {
            return Ok(());
        }
        let more = if full { step(self.states.len()) } else { 0 };
        let moved = if full { self.states.len() + more } else { 0 };
        let table = if rehash { 2 * table_octets(index) } else { 0 };
        self.allow(index, options, moved * size_of::<M::State>() + table)?;
        self.states.reserve_exact(more);
        self.parents.reserve_exact(more);
        self.ends.reserve_exact(more);
        Ok(())
    }

    fn room_for_edge(
        &mut self,
        index: &HashTable<Number>,
        options: &Options,
    ) -> Result<(), StoppedBy> {
        if self.targets.len() < self.targets.capacity() {
            return Ok(());
        }
        let more = step(self.targets.len());
        self.allow(index, options, (self.targets.len() + more) * 4)?;
        self.targets.reserve_exact(more);
        self.ordinals.reserve_exact(more);
        Ok(())
    }

    /// Whether so many octets more would be within the limit.
    fn allow(
        &mut self,
        index: &HashTable<Number>,
        options: &Options,
        more: usize,
    ) -> Result<(), StoppedBy> {
        let after = self.octets() + table_octets(index) + more;
        if options.max_memory.is_some_and(|most| after as u64 > most) {
            return Err(StoppedBy::MemoryLimit);
        }
        self.peak_octets = self.peak_octets.max(after);
        Ok(())
    }
}

impl<'a, M> Graph<'a, M>
where
    M: Model,
    M::State: Clone + Eq + Hash,
{
    /// The model.
    pub const fn model(&self) -> &'a M {
        self.model
    }
    /// How many states are known.
    pub const fn len(&self) -> usize {
        self.states.len()
    }
    /// Whether there is no state at all.
    pub const fn is_empty(&self) -> bool {
        self.states.is_empty()
    }
    /// How many transitions are known, stutters among them.
    pub const fn transitions(&self) -> usize {
        self.targets.len()
    }
    /// Why building ended.
    pub const fn stopped_by(&self) -> StoppedBy {
        self.stopped_by
    }
    /// Whether every reachable state is there with all its transitions.
    pub fn is_complete(&self) -> bool {
        self.stopped_by == StoppedBy::Exhausted
    }
    /// The initial states are numbered from 0 to below this.
    pub const fn initial(&self) -> Number {
        self.initial
    }
    /// All numbers.
    pub fn numbers(&self) -> std::ops::Range<Number> {
        0..u32::try_from(self.states.len()).unwrap_or(Number::MAX)
    }
    /// The state of a number.
    pub fn state(&self, number: Number) -> &M::State {
        &self.states[number as usize]
    }
    /// Whether the transitions of a state are known. Those of the last ones are not, where a limit ended the building.
    pub const fn is_expanded(&self, number: Number) -> bool {
        (number as usize) < self.expanded
    }
    /// Whether the model's boundary cut a transition off this state.
    pub fn crosses_boundary(&self, number: Number) -> bool {
        self.cut.binary_search(&number).is_ok()
    }
    /// The transitions out of a state, in the order of its actions.
    pub fn edges(&self, number: Number) -> impl Iterator<Item = Edge> + '_ {
        self.edges_from(number, 0)
    }
    /// As [`Graph::edges`], without the first ones.
    pub(crate) fn edges_from(
        &self,
        number: Number,
        skip: usize,
    ) -> impl Iterator<Item = Edge> + '_ {
        let number = number as usize;
        let (from, to) = (self.row_start(number), self.row_start(number + 1));
        (from + skip..to).map(|place| Edge {
            target: self.targets[place],
            ordinal: self.ordinals[place],
        })
    }
    /// The actions that the model lists for a state; [`Edge::ordinal`] is a place in this list.
    pub fn actions(&self, number: Number) -> Vec<M::Action> {
        let mut actions = Vec::new();
        self.model.actions(self.state(number), &mut actions);
        actions
    }
    /// Memory of the graph in octets, its index and what states own on the heap not counted.
    pub const fn octets(&self) -> usize {
        self.states.capacity() * size_of::<M::State>()
            + self.parents.capacity() * size_of::<(Number, u16)>()
            + self.ends.capacity() * 4
            + self.targets.capacity() * 4
            + self.ordinals.capacity() * 2
            + self.cut.capacity() * 4
    }
    /// The most memory that building took, in octets, with the index.
    pub const fn peak_octets(&self) -> usize {
        self.peak_octets
    }

    fn row_start(&self, number: usize) -> usize {
        match number.min(self.expanded).checked_sub(1) {
            None => 0,
            Some(before) => self.ends[before] as usize,
        }
    }

    /// The transitions the other way round.
    pub fn backward(&self) -> Backward {
        let mut starts = vec![0u32; self.states.len() + 1];
        for &target in &self.targets {
            starts[target as usize + 1] += 1;
        }
        for place in 1..starts.len() {
            starts[place] += starts[place - 1];
        }
        let mut next = starts.clone();
        let mut sources = vec![0; self.targets.len()];
        for number in self.numbers() {
            for edge in self.edges(number) {
                let place = &mut next[edge.target as usize];
                sources[*place as usize] = number;
                *place += 1;
            }
        }
        Backward { starts, sources }
    }

    /// A shortest path from an initial state to this one.
    pub fn path_to(&self, number: Number) -> Path<M> {
        let mut steps = Vec::new();
        let mut at = number;
        loop {
            let (parent, ordinal) = self.parents[at as usize];
            if parent == Number::MAX {
                steps.push((None, self.state(at).clone()));
                break;
            }
            steps.push((self.action(parent, ordinal), self.state(at).clone()));
            at = parent;
        }
        steps.reverse();
        Path(steps)
    }

    /// The action behind a transition.
    pub fn action(&self, number: Number, ordinal: u16) -> Option<M::Action> {
        self.actions(number).into_iter().nth(usize::from(ordinal))
    }

    /// A shortest walk of at least one transition from a state to one for which `end` says so, over states that `over`
    /// allows (the first one is not asked about), as transitions.
    pub fn shortest(
        &self,
        from: Number,
        over: impl Fn(Number) -> bool,
        end: impl Fn(Number) -> bool,
    ) -> Option<Vec<(Number, Edge)>> {
        let mut came = std::collections::BTreeMap::new();
        let mut queue = VecDeque::from([from]);
        while let Some(at) = queue.pop_front() {
            for edge in self.edges(at).filter(|edge| over(edge.target)) {
                if end(edge.target) {
                    let mut steps = vec![(at, edge)];
                    let mut first = at;
                    while first != from {
                        let &(before, edge) = came.get(&first)?;
                        steps.push((before, edge));
                        first = before;
                    }
                    steps.reverse();
                    return Some(steps);
                }
                if edge.target != from {
                    came.entry(edge.target).or_insert_with(|| {
                        queue.push_back(edge.target);
                        (at, edge)
                    });
                }
            }
        }
        None
    }
}

/// How much longer a full row becomes.
const fn step(length: usize) -> usize {
    if length < 2048 { 1024 } else { length / 2 }
}

/// hashbrown keeps an octet beside every place, and at most 7 of 8 places are taken.
fn table_octets(index: &HashTable<Number>) -> usize {
    index.capacity() / 7 * 8 * (size_of::<Number>() + 1)
}

fn number_of(length: usize) -> Result<Number, StoppedBy> {
    // The greatest value means "no parent".
    u32::try_from(length)
        .ok()
        .filter(|&number| number < Number::MAX)
        .ok_or(StoppedBy::StateLimit)
}

/// A state with more actions than 16 bits can number is beyond the limits, too.
fn small(ordinal: usize) -> Result<u16, StoppedBy> {
    u16::try_from(ordinal).map_err(|_| StoppedBy::StateLimit)
}
