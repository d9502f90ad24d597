//! The search itself: breadth first, level by level, a level in batches of [`super::batch`].

use super::batch::{Hand, Out, Shared, UNIT, Unit};
use super::keep::Examiner;
use super::log::Log;
use super::memory;
use super::phases::Crew;
use super::report::{Kinds, Progress, StoppedBy};
use super::space::Space;
use super::table::{Key, SHARDS, Table};
use super::{Label, Options};
use stateright::{Model, Property};
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// States of one batch, at most but for the last block. Limits and early ends are looked at after each, so this decides
/// where a search that is stopped by them ends; it does not depend on the number of threads. So few that what comes of
/// them stays in a processor's own cache until it is kept.
const BATCH: usize = if cfg!(test) { 64 } else { 1 << 12 };
/// A batch with fewer states than this is not worth waking threads for.
const ALONE: usize = if cfg!(test) { 8 } else { 512 };
/// Blocks that a thread keeps to use again.
const SPARE: usize = 512;
/// The most states: numbers have 32 bits, and a batch may still come on top.
const MOST: u64 = u32::MAX as u64 - (1 << 26);
/// How often the memory of the process is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);

type StateOf<S> = <<S as Space>::Model as Model>::State;

/// Where an example was found.
pub(super) struct Found {
    pub(super) property: usize,
    pub(super) state: u32,
}

pub(super) struct Search<'a, S: Space> {
    pub(super) space: &'a S,
    pub(super) options: &'a Options,
    pub(super) threads: usize,
    pub(super) properties: Vec<Property<S::Model>>,
    pub(super) open: Vec<usize>,
    pub(super) found: Vec<Found>,
    pub(super) labels: BTreeMap<u32, (u32, u32)>,
    pub(super) table: Table<S::Key>,
    pub(super) log: Log,
    pub(super) hands: Vec<Hand<StateOf<S>, S::Key>>,
    crew: Crew,
    /// States whose successors are still to be generated, in order: of this level, and of the next.
    frontier: VecDeque<Vec<StateOf<S>>>,
    /// So many states of the frontier's first block are done.
    skip: usize,
    next: VecDeque<Vec<StateOf<S>>>,
    frontier_octets: usize,
    /// States whose successors have been generated.
    pub(super) expanded: u64,
    pub(super) levels: Vec<u64>,
    pub(super) generated: u64,
    pub(super) peak_octets: usize,
    pub(super) started: Instant,
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
        let crew = Crew::new(options.threads.get().min(SHARDS));
        let threads = crew.threads();
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
            crew,
            frontier: VecDeque::new(),
            skip: 0,
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
        let mut table = self.table.write(0..SHARDS);
        for (place, state) in (0u32..).zip(model.init_states()) {
            self.generated += 1;
            let key = self.space.key(self.options.seed, &state);
            if model.within_boundary(&state) && table.insert(key.mixed(), key) {
                self.log.push_initial(place);
                states.push(state);
            }
        }
        drop(table);
        let mut examiner = self.examiner();
        let mut examples = Vec::new();
        for (place, state) in (0u32..).zip(&states) {
            examiner.ask(state, place, &mut examples);
        }
        self.note_examples(0, examples);
        self.push_block(states);
    }

    fn examiner(&self) -> Examiner<'_, S::Model> {
        Examiner {
            model: self.space.model(),
            properties: &self.properties,
            open: self.open.clone(),
        }
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
        let skip = std::mem::take(&mut self.skip);
        let mut blocks = Vec::new();
        let mut known = 0;
        while known < skip + BATCH
            && let Some(block) = self.frontier.pop_front()
        {
            known += block.len();
            blocks.push(block);
        }
        // A batch is so many states exactly, however they lie in blocks.
        let states = (known - skip).min(BATCH);
        let mut units = Vec::new();
        let (mut first, mut skipped) = (0u32, skip);
        for block in &blocks {
            let rest = block.get(skipped..).unwrap_or_default();
            skipped = 0;
            let rest = rest
                .get(..rest.len().min(states - first as usize))
                .unwrap_or_default();
            for states in rest.chunks(UNIT) {
                units.push(Unit { first, states });
                first = first.saturating_add(u32::try_from(states.len()).unwrap_or(u32::MAX));
            }
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
        let mut hands = std::mem::take(&mut self.hands);
        let (mut outs, kept) = self.crew.batch(
            &shared,
            &units,
            &mut hands,
            || self.examiner(),
            &mut between,
        );
        self.hands = hands;
        self.cut_short = outs.len() < units.len();
        let parents = self.expanded;
        self.expanded += units
            .iter()
            .take(outs.len())
            .map(|unit| unit.states.len() as u64)
            .sum::<u64>();
        drop(units);
        let mut first = self.log.len();
        for out in &mut outs {
            self.number(parents, out);
            // Who has taken most gets most, so that nobody gathers them.
            let hands = self.hands.iter_mut().take(threads);
            if let Some(hand) = hands.min_by_key(|hand| hand.outs.len()) {
                hand.outs.push(std::mem::replace(out, Out::new()));
            }
        }
        for part in kept {
            self.note_examples(first, part.examples);
            first += u64::from(part.count);
            part.blocks
                .into_iter()
                .for_each(|block| self.push_block(block));
        }
        self.peak_octets = self.peak_octets.max(self.octets());
        if known > skip + states
            && let Some(block) = blocks.pop()
        {
            self.skip = block.len() - (known - skip - states);
            self.frontier.push_front(block);
        }
        for (block, place) in blocks.into_iter().zip(0..) {
            self.frontier_octets -= block.capacity() * size_of::<StateOf<S>>();
            let hand = self.hands.get_mut(place % threads);
            if let Some(hand) =
                hand.filter(|hand| hand.blocks.len() < SPARE && block.capacity() == UNIT)
            {
                hand.blocks.push(block);
            }
        }
    }

    /// Numbers the new states of one unit; `parents` is the number of the batch's first state.
    fn number(&mut self, parents: u64, out: &mut Out<StateOf<S>, S::Key>) {
        let number = |place: u32| u32::try_from(parents + u64::from(place)).unwrap_or(u32::MAX);
        let origins = out.origins.drain(..);
        self.log
            .extend(origins.map(|(parent, place)| (number(parent), place)));
        for (label, (parent, place)) in std::mem::take(&mut out.labels) {
            self.labels.entry(label).or_insert((number(parent), place));
        }
        self.generated += out.generated;
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
}
