//! The search itself: breadth first, level by level, a level in batches of [`super::batch`].

use super::batch::{self, Hand, Out, Shared, UNIT, Unit};
use super::log::Log;
use super::memory;
use super::report::{Discovery, Kinds, Path, Progress, Report, StoppedBy};
use super::space::Space;
use super::table::{Key, Table};
use super::{Label, Options};
use stateright::{Expectation, Model, Property};
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// States of one batch, at most but for the last block. Limits and early ends are looked at after each, so this decides
/// where a search that is stopped by them ends; it does not depend on the number of threads.
const BATCH: usize = if cfg!(test) { 64 } else { 1 << 14 };
/// A batch with fewer states than this is not worth waking threads for.
const ALONE: usize = if cfg!(test) { 8 } else { 512 };
/// The most states: numbers have 32 bits, and a batch may still come on top.
const MOST: u64 = u32::MAX as u64 - (1 << 26);
/// How often the memory of the process is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);

type StateOf<S> = <<S as Space>::Model as Model>::State;

/// Where an example was found.
struct Found {
    property: usize,
    state: u32,
}

pub(super) struct Search<'a, S: Space> {
    space: &'a S,
    options: &'a Options,
    threads: usize,
    properties: Vec<Property<S::Model>>,
    open: Vec<usize>,
    found: Vec<Found>,
    labels: BTreeMap<u32, (u32, u32)>,
    table: Table<S::Key>,
    log: Log,
    hands: Vec<Hand<S::Key>>,
    /// States whose successors are still to be generated, in order: of this level, and of the next.
    frontier: VecDeque<Vec<StateOf<S>>>,
    next: VecDeque<Vec<StateOf<S>>>,
    frontier_octets: usize,
    /// States whose successors have been generated.
    expanded: u64,
    levels: Vec<u64>,
    generated: u64,
    peak_octets: usize,
    started: Instant,
    /// Set when a batch ended before all of its states were looked at.
    cut_short: bool,
    /// Octets of the process at the beginning, and what it has grown by since, when it was last looked at.
    resident: u64,
    grown: u64,
    looked: Instant,
}

impl<'a, S> Search<'a, S>
where
    S: Space,
    StateOf<S>: Clone + Send + Sync,
    <S::Model as Model>::Action: Clone + Kinds,
{
    pub(super) fn new(space: &'a S, options: &'a Options) -> Self {
        let properties = space.model().properties();
        let threads = options.threads.get().min(super::table::SHARDS);
        let kinds = <S::Model as Model>::Action::KINDS.len();
        Self {
            space,
            options,
            threads,
            open: (0..properties.len()).collect(),
            properties,
            found: Vec::new(),
            labels: BTreeMap::new(),
            table: Table::new(),
            log: Log::new(),
            hands: (0..threads).map(|_| Hand::new(kinds)).collect(),
            frontier: VecDeque::new(),
            next: VecDeque::new(),
            frontier_octets: 0,
            expanded: 0,
            levels: Vec::new(),
            generated: 0,
            peak_octets: 0,
            started: Instant::now(),
            cut_short: false,
            resident: memory::resident().unwrap_or(0),
            grown: 0,
            looked: Instant::now(),
        }
    }

    pub(super) fn run(
        &mut self,
        label: Option<Label<'_, S::Model>>,
        progress: &mut dyn FnMut(&Progress),
        stop: &AtomicBool,
    ) -> StoppedBy {
        self.begin();
        let deadline = self
            .options
            .max_time
            .and_then(|time| self.started.checked_add(time));
        let mut told = Instant::now();
        let every = self.options.progress_every;
        let mut tell = |now: &Progress| {
            if told.elapsed() >= every {
                told = Instant::now();
                progress(now);
            }
        };
        let reason = loop {
            if self.frontier.is_empty() {
                if self.next.is_empty() {
                    break StoppedBy::Exhausted;
                }
                std::mem::swap(&mut self.frontier, &mut self.next);
                self.levels.push(self.log.len() - self.expanded);
            }
            if let Some(reason) = self.must_stop(stop, deadline) {
                break reason;
            }
            self.batch(label, stop, deadline, &mut tell);
        };
        progress(&self.progress());
        reason
    }

    /// Why the search has to end here, if it has to.
    fn must_stop(&mut self, stop: &AtomicBool, deadline: Option<Instant>) -> Option<StoppedBy> {
        let unique = self.log.len();
        let decided = |name: &String| {
            let mut names = self
                .found
                .iter()
                .filter_map(|found| self.properties.get(found.property));
            names.any(|property| property.name == name)
        };
        if self.options.until.as_ref().is_some_and(decided) {
            return Some(StoppedBy::Decided);
        }
        if self.options.max_states.is_some_and(|limit| unique >= limit) || unique >= MOST {
            return Some(StoppedBy::StateLimit);
        }
        if self
            .options
            .max_memory
            .is_some_and(|limit| self.used() >= limit)
        {
            return Some(StoppedBy::MemoryLimit);
        }
        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return Some(StoppedBy::TimeLimit);
        }
        (self.cut_short || stop.load(Ordering::Relaxed)).then_some(StoppedBy::Interrupted)
    }

    /// Octets that the search uses: what it knows of, or what the process has grown by, if states own memory, too.
    fn used(&mut self) -> u64 {
        if self.looked.elapsed() >= LOOK_EVERY {
            self.looked = Instant::now();
            self.grown = memory::resident()
                .unwrap_or(0)
                .saturating_sub(self.resident);
        }
        self.grown.max(self.octets() as u64)
    }

    fn octets(&self) -> usize {
        self.table.octets() + self.log.octets() + self.frontier_octets
    }

    /// Takes the initial states.
    fn begin(&mut self) {
        let model = self.space.model();
        let mut states = Vec::new();
        for (place, state) in (0u32..).zip(model.init_states()) {
            self.generated += 1;
            let key = self.space.key(self.options.seed, &state);
            if model.within_boundary(&state) && self.table.insert(key.mixed(), key) {
                self.log.push_initial(place);
                states.push(state);
            }
        }
        let examples = batch::examples(model, &self.properties, &self.open, &states);
        self.note_examples(0, examples);
        self.push_block(states);
    }

    fn push_block(&mut self, states: Vec<StateOf<S>>) {
        if !states.is_empty() {
            self.frontier_octets += states.capacity() * size_of::<StateOf<S>>();
            self.next.push_back(states);
        }
    }

    fn note_examples(&mut self, first: u64, mut examples: Vec<(usize, u32)>) {
        examples.sort_unstable_by_key(|&(property, state)| (state, property));
        for (property, state) in examples {
            if let Some(place) = self.open.iter().position(|&open| open == property) {
                self.open.remove(place);
                let state = u32::try_from(first + u64::from(state)).unwrap_or(u32::MAX);
                self.found.push(Found { property, state });
            }
        }
    }

    /// Generates the successors of the next states of the level.
    fn batch(
        &mut self,
        label: Option<Label<'_, S::Model>>,
        stop: &AtomicBool,
        deadline: Option<Instant>,
        tell: &mut dyn FnMut(&Progress),
    ) {
        let mut blocks = Vec::new();
        let mut states = 0;
        while states < BATCH
            && let Some(block) = self.frontier.pop_front()
        {
            states += block.len();
            blocks.push(block);
        }
        let mut units = Vec::new();
        let mut first = 0u32;
        for states in blocks.iter().flat_map(|block| block.chunks(UNIT)) {
            units.push(Unit { first, states });
            first = first.saturating_add(u32::try_from(states.len()).unwrap_or(u32::MAX));
        }
        let threads = if states < ALONE { 1 } else { self.threads };
        let mut now = self.progress();
        let started = self.started;
        let mut between = || {
            now.seconds = started.elapsed().as_secs_f64();
            tell(&now);
        };
        let shared = Shared {
            space: self.space,
            options: self.options,
            table: &self.table,
            label,
            labelled: &self.labels,
            stop,
            deadline,
            threads,
        };
        let mut outs = generate(&shared, &units, &mut self.hands, &mut between);
        self.cut_short = outs.len() < units.len();
        #[cfg(test)]
        if self.options.last_claim_wins {
            outs.reverse();
        }
        let lost = insert(&outs, &mut self.table, threads);
        keep(
            self.space.model(),
            (&self.properties, &self.open),
            &mut outs,
            &lost,
            threads,
        );
        #[cfg(test)]
        if self.options.last_claim_wins {
            outs.reverse();
        }
        let parents = self.expanded;
        self.expanded += units
            .iter()
            .take(outs.len())
            .map(|unit| unit.states.len() as u64)
            .sum::<u64>();
        drop(units);
        for out in outs {
            self.take_over(parents, out);
        }
        self.peak_octets = self.peak_octets.max(self.octets());
        let done: usize = blocks.iter().map(Vec::capacity).sum();
        self.frontier_octets -= done * size_of::<StateOf<S>>();
    }

    /// Numbers the new states of one unit; `parents` is the number of the batch's first state.
    fn take_over(&mut self, parents: u64, out: Out<StateOf<S>, S::Key>) {
        let number = |place: u32| u32::try_from(parents + u64::from(place)).unwrap_or(u32::MAX);
        let first = self.log.len();
        for (parent, place) in out.origins {
            self.log.push(number(parent), place);
        }
        for (label, (parent, place)) in out.labels {
            self.labels.entry(label).or_insert((number(parent), place));
        }
        self.generated += out.generated;
        self.note_examples(first, out.examples);
        self.push_block(out.states);
    }

    fn progress(&self) -> Progress {
        Progress {
            unique: self.log.len(),
            states: self.generated,
            depth: self.levels.len().saturating_sub(1),
            frontier: self.levels.last().copied().unwrap_or(0),
            queue: self.log.len() - self.expanded,
            load: self.table.load(),
            octets: self.octets() as u64,
            seconds: self.started.elapsed().as_secs_f64(),
        }
    }

    /// Follows a way again through the model: the initial state's place, then one place for each action.
    fn path(&self, places: &[u32]) -> Path<S::Model> {
        let model = self.space.model();
        let mut path = Vec::with_capacity(places.len());
        let Some((&first, rest)) = places.split_first() else {
            return Path(path);
        };
        let Some(mut state) = model.init_states().into_iter().nth(first as usize) else {
            return Path(path);
        };
        path.push((None, state.clone()));
        for &place in rest {
            let mut actions = Vec::new();
            model.actions(&state, &mut actions);
            let Some(action) = actions.into_iter().nth(place as usize) else {
                break;
            };
            let Some(next) = model.next_state(&state, action.clone()) else {
                break;
            };
            state = next;
            path.push((Some(action), state.clone()));
        }
        Path(path)
    }

    pub(super) fn report(self, stopped_by: StoppedBy) -> Report<S::Model> {
        let discoveries = self.found.iter().filter_map(|found| {
            let property = self.properties.get(found.property)?;
            Some(Discovery {
                property: property.name,
                violation: matches!(property.expectation, Expectation::Always),
                path: self.path(&self.log.places_to(found.state)),
            })
        });
        let open = |violations: bool| {
            let open = self
                .open
                .iter()
                .filter_map(|&place| self.properties.get(place));
            open.filter(|property| {
                matches!(property.expectation, Expectation::Always) == violations
            })
            .map(|property| property.name)
            .collect()
        };
        let labels = self.labels.iter().map(|(&label, &(number, place))| {
            let mut places = self.log.places_to(number);
            places.push(place);
            (label, self.path(&places))
        });
        let mut counts = vec![0u64; <S::Model as Model>::Action::KINDS.len()];
        for hand in &self.hands {
            counts
                .iter_mut()
                .zip(&hand.counts)
                .for_each(|(all, count)| *all += count);
        }
        let unique = self.log.len();
        Report {
            states: self.generated,
            unique,
            depth: self.levels.len().saturating_sub(1),
            levels: self.levels.clone(),
            stopped_by,
            unexpanded: unique - self.expanded,
            threads: self.threads,
            seed: self.options.seed,
            exact: S::EXACT,
            seconds: self.started.elapsed().as_secs_f64(),
            peak_octets: self.peak_octets as u64,
            visited_octets: (self.table.octets() + self.log.octets()) as u64,
            bytes_per_state: self.peak_octets as f64 / unique.max(1) as f64,
            action_counts: <S::Model as Model>::Action::KINDS
                .iter()
                .copied()
                .zip(counts)
                .collect(),
            discoveries: discoveries.collect(),
            held: open(true),
            missing_witnesses: open(false),
            labels: labels.collect(),
        }
    }
}

/// The first phase on all threads: what came of the units, in their order; of fewer than all, if the search had to stop.
fn generate<S>(
    shared: &Shared<'_, S>,
    units: &[Unit<'_, StateOf<S>>],
    hands: &mut [Hand<S::Key>],
    between: &mut dyn FnMut(),
) -> Vec<Out<StateOf<S>, S::Key>>
where
    S: Space,
    StateOf<S>: Clone + Send + Sync,
    <S::Model as Model>::Action: Kinds,
{
    let next = AtomicUsize::new(0);
    let Some((own, others)) = hands.split_first_mut() else {
        return Vec::new();
    };
    let mut outs = std::thread::scope(|scope| {
        let next = &next;
        let others: Vec<_> = others
            .iter_mut()
            .take(shared.threads - 1)
            .map(|hand| scope.spawn(move || batch::generate(shared, units, next, hand, || {})))
            .collect();
        let mut outs = batch::generate(shared, units, next, own, between);
        others
            .into_iter()
            .for_each(|other| outs.extend(joined(other)));
        outs
    });
    outs.sort_unstable_by_key(|&(place, _)| place);
    outs.into_iter().map(|(_, out)| out).collect()
}

/// The second phase on all threads: for each thread and each unit, the states that were claimed before.
fn insert<T: Send + Sync, K: Key>(
    outs: &[Out<T, K>],
    table: &mut Table<K>,
    threads: usize,
) -> Vec<Vec<Vec<u32>>> {
    std::thread::scope(|scope| {
        let mut parts = batch::parts(table, threads);
        let own = parts.next();
        let others: Vec<_> = parts
            .map(|(owner, shards)| scope.spawn(move || batch::insert(outs, owner, shards, threads)))
            .collect();
        let own = own.map(|(owner, shards)| batch::insert(outs, owner, shards, threads));
        own.into_iter()
            .chain(others.into_iter().map(joined))
            .collect()
    })
}

/// The third phase on all threads.
fn keep<M, K>(
    model: &M,
    (properties, open): (&[Property<M>], &[usize]),
    outs: &mut [Out<M::State, K>],
    lost: &[Vec<Vec<u32>>],
    threads: usize,
) where
    M: Model + Sync,
    M::State: Send,
    K: Key,
{
    let share = outs.len().div_ceil(threads).max(1);
    let work = |first: usize, outs: &mut [Out<M::State, K>]| {
        for (place, out) in (first..).zip(outs) {
            let lost: Vec<&[u32]> = lost
                .iter()
                .filter_map(|lost| lost.get(place))
                .map(Vec::as_slice)
                .collect();
            batch::keep(model, properties, open, out, &lost);
        }
    };
    let work = &work;
    std::thread::scope(|scope| {
        let mut parts = outs.chunks_mut(share).enumerate();
        let own = parts.next();
        for (part, outs) in parts {
            scope.spawn(move || work(part * share, outs));
        }
        if let Some((part, outs)) = own {
            work(part * share, outs);
        }
    });
}

/// What a thread came to; its panic goes on here.
fn joined<T>(thread: std::thread::ScopedJoinHandle<'_, T>) -> T {
    thread
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
