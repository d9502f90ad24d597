//! The search itself: breadth first, level by level.

use super::report::{Discovery, Kinds, Path, Progress, Report, StoppedBy};
use super::table::Table;
use super::{Fingerprint, Label, Options};
use stateright::{Expectation, Model};
use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hash;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Where an example was found: a state, or a transition out of it.
struct Found {
    property: usize,
    state: u32,
}

pub(super) struct Search<'a, M: Model> {
    model: &'a M,
    options: &'a Options,
    properties: Vec<stateright::Property<M>>,
    open: Vec<usize>,
    found: Vec<Found>,
    labels: BTreeMap<u32, (u32, u16)>,
    table: Table,
    /// Parent of each state in order of discovery; `u32::MAX` for an initial state.
    parents: Vec<u32>,
    /// Which of the parent's actions led to the state, or which initial state it is.
    ordinals: Vec<u16>,
    frontier: Vec<M::State>,
    next: Vec<M::State>,
    levels: Vec<u64>,
    counts: Vec<u64>,
    generated: u64,
    peak_octets: usize,
    started: Instant,
}

impl<'a, M> Search<'a, M>
where
    M: Model,
    M::State: Clone + Eq + Hash,
    M::Action: Clone + Kinds,
{
    pub(super) fn new(model: &'a M, options: &'a Options) -> Self {
        let properties = model.properties();
        Self {
            model,
            options,
            open: (0..properties.len()).collect(),
            properties,
            found: Vec::new(),
            labels: BTreeMap::new(),
            table: Table::new(),
            parents: Vec::new(),
            ordinals: Vec::new(),
            frontier: Vec::new(),
            next: Vec::new(),
            levels: Vec::new(),
            counts: vec![0; M::Action::KINDS.len()],
            generated: 0,
            peak_octets: 0,
            started: Instant::now(),
        }
    }

    /// Takes a state if it is new, and looks at the properties that are still open.
    fn visit(&mut self, state: M::State, parent: u32, ordinal: u16) {
        if !self.model.within_boundary(&state)
            || !self
                .table
                .insert(Fingerprint::of(self.options.seed, &state))
        {
            return;
        }
        let number = u32::try_from(self.parents.len()).unwrap_or(u32::MAX);
        self.parents.push(parent);
        self.ordinals.push(ordinal);
        let (model, properties, found) = (self.model, &self.properties, &mut self.found);
        self.open.retain(|&place| {
            let Some(property) = properties.get(place) else {
                return false;
            };
            let holds = (property.condition)(model, &state);
            let example = match property.expectation {
                Expectation::Always => !holds,
                // "Eventually" needs more than states: it is not decided here.
                Expectation::Sometimes => holds,
                Expectation::Eventually => false,
            };
            if example {
                found.push(Found {
                    property: place,
                    state: number,
                });
            }
            !example
        });
        self.next.push(state);
    }

    pub(super) fn run(
        &mut self,
        label: Option<Label<'_, M>>,
        progress: &mut dyn FnMut(&Progress),
        stop: &AtomicBool,
    ) -> StoppedBy {
        for (ordinal, state) in (0u16..).zip(self.model.init_states()) {
            self.generated += 1;
            self.visit(state, u32::MAX, ordinal);
        }
        let mut told = Instant::now();
        let mut actions = Vec::new();
        let mut base = 0u32;
        while !self.next.is_empty() {
            std::mem::swap(&mut self.frontier, &mut self.next);
            self.next.clear();
            self.levels.push(self.frontier.len() as u64);
            let frontier = std::mem::take(&mut self.frontier);
            for (number, state) in (base..).zip(&frontier) {
                actions.clear();
                self.model.actions(state, &mut actions);
                for (ordinal, action) in (0u16..).zip(actions.drain(..)) {
                    if let Some(label) = label
                        && let Some(name) = label(state, &action)
                    {
                        self.labels.entry(name).or_insert((number, ordinal));
                    }
                    let kind = action.kind();
                    let Some(next) = self.model.next_state(state, action) else {
                        continue;
                    };
                    self.generated += 1;
                    if let Some(count) = self.counts.get_mut(kind) {
                        *count += 1;
                    }
                    self.visit(next, number, ordinal);
                }
                if number & 0x3ff == 0 {
                    if let Some(reason) = self.must_stop(stop) {
                        return reason;
                    }
                    if told.elapsed() >= self.options.progress_every {
                        told = Instant::now();
                        progress(&self.progress());
                    }
                }
            }
            base = base.saturating_add(u32::try_from(frontier.len()).unwrap_or(u32::MAX));
            self.frontier = frontier;
            self.note_memory();
            if let Some(reason) = self.must_stop(stop) {
                return reason;
            }
        }
        progress(&self.progress());
        StoppedBy::Exhausted
    }

    fn must_stop(&self, stop: &AtomicBool) -> Option<StoppedBy> {
        let unique = self.parents.len() as u64;
        if stop.load(Ordering::Relaxed) {
            return Some(StoppedBy::Interrupted);
        }
        if self.options.max_states.is_some_and(|limit| unique >= limit)
            || unique >= u64::from(u32::MAX)
        {
            return Some(StoppedBy::StateLimit);
        }
        let decided = |name: &String| {
            self.found.iter().any(|found| {
                self.properties
                    .get(found.property)
                    .is_some_and(|property| property.name == name)
            })
        };
        self.options
            .until
            .as_ref()
            .filter(|&name| decided(name))
            .map(|_| StoppedBy::Decided)
    }

    fn progress(&self) -> Progress {
        Progress {
            unique: self.parents.len() as u64,
            states: self.generated,
            depth: self.levels.len().saturating_sub(1),
            frontier: self.levels.last().copied().unwrap_or(0),
            queue: self.next.len() as u64,
            load: 0.0,
            octets: self.peak_octets as u64,
            seconds: self.started.elapsed().as_secs_f64(),
        }
    }

    fn note_memory(&mut self) {
        let states = (self.frontier.capacity() + self.next.capacity()) * size_of::<M::State>();
        let parents = self.parents.capacity() * 4 + self.ordinals.capacity() * 2;
        self.peak_octets = self.peak_octets.max(self.table.octets() + parents + states);
    }

    /// The actions that lead to a state, by their places among the enabled ones, with the initial state's place first.
    fn ordinals_to(&self, mut number: u32) -> Vec<u16> {
        let mut ordinals = Vec::new();
        while let (Some(&parent), Some(&ordinal)) = (
            self.parents.get(number as usize),
            self.ordinals.get(number as usize),
        ) {
            ordinals.push(ordinal);
            number = parent;
        }
        ordinals.reverse();
        ordinals
    }

    /// Follows the places again through the model.
    fn path(&self, ordinals: &[u16]) -> Path<M> {
        let mut path = Vec::with_capacity(ordinals.len());
        let Some((&first, rest)) = ordinals.split_first() else {
            return Path(path);
        };
        let Some(mut state) = self.model.init_states().into_iter().nth(usize::from(first)) else {
            return Path(path);
        };
        path.push((None, state.clone()));
        for &ordinal in rest {
            let mut actions = Vec::new();
            self.model.actions(&state, &mut actions);
            let Some(action) = actions.into_iter().nth(usize::from(ordinal)) else {
                break;
            };
            let Some(next) = self.model.next_state(&state, action.clone()) else {
                break;
            };
            state = next;
            path.push((Some(action), state.clone()));
        }
        Path(path)
    }

    pub(super) fn report(mut self, stopped_by: StoppedBy) -> Report<M> {
        self.note_memory();
        let discoveries = self
            .found
            .iter()
            .filter_map(|found| {
                let property = self.properties.get(found.property)?;
                Some(Discovery {
                    property: property.name,
                    violation: matches!(property.expectation, Expectation::Always),
                    path: self.path(&self.ordinals_to(found.state)),
                })
            })
            .collect();
        let undecided: BTreeSet<usize> = self.open.iter().copied().collect();
        let names = |violations: bool| {
            let wanted = |property: &stateright::Property<M>| {
                matches!(property.expectation, Expectation::Always) == violations
            };
            let open = self
                .properties
                .iter()
                .enumerate()
                .filter(|(place, _)| undecided.contains(place));
            open.filter(|(_, property)| wanted(property))
                .map(|(_, property)| property.name)
                .collect()
        };
        let labels = self.labels.iter().map(|(&label, &(number, ordinal))| {
            let mut ordinals = self.ordinals_to(number);
            ordinals.push(ordinal);
            (label, self.path(&ordinals))
        });
        let unique = self.parents.len() as u64;
        Report {
            states: self.generated,
            unique,
            depth: self.levels.len().saturating_sub(1),
            levels: self.levels.clone(),
            stopped_by,
            unexpanded: 0,
            threads: 1,
            seed: self.options.seed,
            exact: false,
            peak_octets: self.peak_octets as u64,
            seconds: self.started.elapsed().as_secs_f64(),
            bytes_per_state: self.peak_octets as f64 / unique.max(1) as f64,
            action_counts: M::Action::KINDS
                .iter()
                .copied()
                .zip(self.counts.iter().copied())
                .collect(),
            discoveries,
            held: names(true),
            missing_witnesses: names(false),
            labels: labels.collect(),
        }
    }
}
