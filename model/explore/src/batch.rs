//! What the threads do with one batch of states: generate, decide who was first, keep.
//!
//! A batch is cut into units of neighbouring states. In the first phase threads take units from a counter, generate
//! successors and drop those that the table knows; what is left of a unit are its claims, in order. In the second they take
//! groups of shards from a counter and insert the claims on them, unit by unit: the first claim of a key wins, so the winner is
//! the one with the least parent, and then the least place. In the third losers are dropped and properties are asked.
//! The outcome is what one thread would have found, in the same order, whoever did what when.

use super::report::Kinds;
use super::space::{Space, Successors, expand_plainly};
use super::table::{Key, Reading, SHARDS, Table, shard_of};
use super::{Label, Options};
use stateright::Model;
use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

/// States of one unit, at most.
pub(super) const UNIT: usize = if cfg!(test) { 4 } else { 128 };
/// Successors whose places in the table are looked up together.
const TOGETHER: usize = if cfg!(test) { 4 } else { 64 };
/// Groups of neighbouring shards, each of which one thread adds to; so many that it does not matter where shards grow.
pub(super) const GROUPS: usize = 16;
/// Shards of a group.
const SHARE: usize = SHARDS / GROUPS;
/// Units whose claims on one group are looked up together.
const UNITS_TOGETHER: usize = 8;
/// Entries of a thread's memory of recent claims, as a power of two.
const RECENT: u32 = 12;

type StateOf<S> = <<S as Space>::Model as Model>::State;

/// What all threads may look at while they generate.
pub(super) struct Shared<'a, S: Space> {
    pub(super) space: &'a S,
    pub(super) options: &'a Options,
    pub(super) table: &'a Table<S::Key>,
    pub(super) label: Option<Label<'a, S::Model>>,
    /// Labels that have their path.
    pub(super) labelled: &'a BTreeMap<u32, (u32, u32)>,
    pub(super) stop: &'a AtomicBool,
    pub(super) deadline: Option<Instant>,
    pub(super) threads: usize,
}

/// Neighbouring states of the frontier.
pub(super) struct Unit<'a, T> {
    /// Place of the first in the batch.
    pub(super) first: u32,
    pub(super) states: &'a [T],
}

/// What came of a unit.
pub(super) struct Out<T, K> {
    /// States that may be new.
    pub(super) states: Vec<T>,
    /// Of each of them the parent's place in the batch, and the action's place; after the third phase of the new ones.
    pub(super) origins: Vec<(u32, u32)>,
    /// For each group of shards: keys on them, and which of the states they belong to.
    claims: [Vec<(K, u32)>; GROUPS],
    /// First transition of each label: the parent's place in the batch, and the action's place.
    pub(super) labels: BTreeMap<u32, (u32, u32)>,
    /// Transitions.
    pub(super) generated: u64,
}

impl<T, K> Out<T, K> {
    pub(super) const fn new() -> Self {
        Self {
            states: Vec::new(),
            origins: Vec::new(),
            claims: [const { Vec::new() }; GROUPS],
            labels: BTreeMap::new(),
            generated: 0,
        }
    }

    fn claims_on(&self, group: usize) -> &[(K, u32)] {
        self.claims.get(group).map_or(&[], Vec::as_slice)
    }

    /// Empty, but what was allocated stays.
    fn reset(&mut self) {
        self.states.clear();
        self.origins.clear();
        self.claims.iter_mut().for_each(Vec::clear);
        self.labels.clear();
        self.generated = 0;
    }
}

/// What a thread keeps from batch to batch.
pub(super) struct Hand<T, K> {
    /// Keys that this thread has claimed lately. It takes units in ascending order, so the earlier claim wins.
    recent: Vec<K>,
    /// Transitions by kind.
    pub(super) counts: Vec<u64>,
    /// Memory to use again: asking the system for pages again and again costs more than a copy.
    pub(super) outs: Vec<Out<T, K>>,
    /// Blocks to use again; their states are dead.
    pub(super) blocks: Vec<Vec<T>>,
}

impl<T, K: Key> Hand<T, K> {
    pub(super) fn new(kinds: usize) -> Self {
        Self {
            recent: vec![K::FREE; 1 << RECENT],
            counts: vec![0; kinds],
            outs: Vec::new(),
            blocks: Vec::new(),
        }
    }

    /// An empty block.
    pub(super) fn block(&mut self) -> Vec<T> {
        match self.blocks.pop() {
            Some(mut block) => {
                block.clear();
                block
            }
            None => Vec::with_capacity(UNIT),
        }
    }

    /// Whether this thread has claimed a key lately; if not, it has now.
    #[inline]
    fn is_repeated(&mut self, mixed: u64, key: K) -> bool {
        let place = (mixed >> 20) as usize & ((1 << RECENT) - 1);
        match self.recent.get_mut(place) {
            Some(known) if *known == key => key != K::FREE,
            Some(known) => {
                *known = key;
                false
            }
            None => false,
        }
    }
}

/// Successors on their way to the table.
struct Pending<T, K> {
    states: Vec<T>,
    keys: Vec<(u64, K)>,
    origins: Vec<(u32, u32)>,
}

impl<T, K: Key> Pending<T, K> {
    /// Moves those that the table does not know to the unit's claims.
    fn look_up(&mut self, table: &Reading<'_, K>, out: &mut Out<T, K>) {
        // Fetching all homes first lets the memory work on them at the same time.
        for &(mixed, _) in &self.keys {
            table.touch(mixed);
        }
        let successors = self
            .states
            .drain(..)
            .zip(self.keys.drain(..))
            .zip(self.origins.drain(..));
        for ((state, (mixed, key)), origin) in successors {
            if table.contains(mixed, key) {
                continue;
            }
            let place = u32::try_from(out.states.len()).unwrap_or(u32::MAX);
            if let Some(claims) = out.claims.get_mut(shard_of(mixed) / SHARE) {
                claims.push((key, place));
            }
            out.states.push(state);
            out.origins.push(origin);
        }
    }
}

/// Takes the successors of one state after the other.
struct Collector<'a, 'b, S: Space> {
    shared: &'a Shared<'b, S>,
    table: Reading<'a, S::Key>,
    hand: &'a mut Hand<StateOf<S>, S::Key>,
    pending: Pending<StateOf<S>, S::Key>,
    out: Out<StateOf<S>, S::Key>,
    /// Place in the batch of the state that is being expanded.
    parent: u32,
}

/// Counts a transition; the key of its end, if that may be new.
#[inline]
fn key_of<S: Space>(
    shared: &Shared<'_, S>,
    hand: &mut Hand<StateOf<S>, S::Key>,
    generated: &mut u64,
    kind: usize,
    state: &StateOf<S>,
) -> Option<(u64, S::Key)> {
    *generated += 1;
    if let Some(count) = hand.counts.get_mut(kind) {
        *count += 1;
    }
    let space = shared.space;
    if !space.model().within_boundary(state) {
        return None;
    }
    let key = space.key(shared.options.seed, state);
    let mixed = key.mixed();
    #[cfg(test)]
    if shared.options.last_claim_wins {
        return Some((mixed, key));
    }
    (!hand.is_repeated(mixed, key)).then_some((mixed, key))
}

impl<S: Space> Collector<'_, '_, S> {
    /// The last state is wanted; this is the rest of what belongs to it.
    #[inline]
    fn pend(&mut self, place: u32, key: (u64, S::Key)) {
        self.pending.keys.push(key);
        self.pending.origins.push((self.parent, place));
        if self.pending.keys.len() == TOGETHER {
            self.look_up();
        }
    }

    fn look_up(&mut self) {
        self.pending.look_up(&self.table, &mut self.out);
    }
}

impl<S: Space> Successors<StateOf<S>> for Collector<'_, '_, S> {
    #[inline]
    fn take(&mut self, place: u32, kind: usize, state: StateOf<S>) {
        let generated = &mut self.out.generated;
        if let Some(key) = key_of(self.shared, self.hand, generated, kind, &state) {
            self.pending.states.push(state);
            self.pend(place, key);
        }
    }
    #[inline]
    fn make(
        &mut self,
        place: u32,
        kind: usize,
        state: &StateOf<S>,
        change: impl FnOnce(&mut StateOf<S>) -> bool,
    ) where
        StateOf<S>: Clone,
    {
        self.pending.states.push(state.clone());
        let key = self.pending.states.last_mut().and_then(|next| {
            let generated = &mut self.out.generated;
            change(next).then(|| key_of(self.shared, self.hand, generated, kind, next))?
        });
        match key {
            Some(key) => self.pend(place, key),
            None => drop(self.pending.states.pop()),
        }
    }
}

/// The first phase, as one thread does it: units until there are none, or the search has to stop. `put` is told what came
/// of which unit.
pub(super) fn generate<S: Space>(
    shared: &Shared<'_, S>,
    units: &[Unit<'_, StateOf<S>>],
    next: &AtomicUsize,
    hand: &mut Hand<StateOf<S>, S::Key>,
    mut between: impl FnMut(),
    mut put: impl FnMut(usize, Out<StateOf<S>, S::Key>),
) where
    StateOf<S>: Clone,
    <S::Model as Model>::Action: Kinds,
{
    let mut actions = Vec::new();
    let mut collector = Collector {
        shared,
        table: shared.table.read(),
        hand,
        pending: Pending {
            states: Vec::with_capacity(TOGETHER),
            keys: Vec::with_capacity(TOGETHER),
            origins: Vec::with_capacity(TOGETHER),
        },
        out: Out::new(),
        parent: 0,
    };
    loop {
        let late = || {
            shared
                .deadline
                .is_some_and(|deadline| Instant::now() >= deadline)
        };
        if shared.stop.load(Ordering::Relaxed) || late() {
            return;
        }
        let place = next.fetch_add(1, Ordering::Relaxed);
        let Some(unit) = units.get(place) else {
            return;
        };
        collector.out = collector.hand.outs.pop().unwrap_or_else(Out::new);
        collector.out.reset();
        for (parent, state) in (unit.first..).zip(unit.states) {
            collector.parent = parent;
            let Some(label) = shared.label else {
                shared.space.expand(state, &mut actions, &mut collector);
                continue;
            };
            let mut labels = std::mem::take(&mut collector.out.labels);
            let look = |(place, action): (u32, &_)| {
                if let Some(name) = label(state, action)
                    && !shared.labelled.contains_key(&name)
                {
                    labels.entry(name).or_insert((parent, place));
                }
            };
            expand_plainly(
                shared.space.model(),
                state,
                &mut actions,
                look,
                &mut collector,
            );
            collector.out.labels = labels;
        }
        collector.look_up();
        put(place, std::mem::replace(&mut collector.out, Out::new()));
        between();
    }
}

/// The second phase for one group of shards: for each unit, the states that were claimed before.
pub(super) fn insert<S: Space, O>(shared: &Shared<'_, S>, outs: &[O], group: usize) -> Vec<Vec<u32>>
where
    O: Deref<Target = Out<StateOf<S>, S::Key>>,
{
    let mut shards = shared.table.write(group * SHARE..(group + 1) * SHARE);
    let mut all = vec![Vec::new(); outs.len()];
    let mut insert = |(outs, all): (&[O], &mut [Vec<u32>])| {
        // Fetching all homes first lets the memory work on them at the same time.
        for out in outs {
            for (key, _) in out.claims_on(group) {
                shards.touch(key.mixed());
            }
        }
        for (out, lost) in outs.iter().zip(all) {
            for &(key, state) in out.claims_on(group) {
                if !shards.insert(key.mixed(), key) {
                    lost.push(state);
                }
            }
        }
    };
    #[cfg(test)]
    if shared.options.last_claim_wins {
        outs.chunks(1).zip(all.chunks_mut(1)).rev().for_each(insert);
        return all;
    }
    let units = outs.chunks(UNITS_TOGETHER);
    units
        .zip(all.chunks_mut(UNITS_TOGETHER))
        .for_each(&mut insert);
    all
}
