//! One worker: it owns the states whose fingerprints fall to it, expands them, and sends every successor to its owner.

use super::error::Error;
use super::owned::{Offered, Owned};
use super::portable::Portable;
use super::shared::{Shared, Tally};
use super::summary::{Account, Level};
use super::wire::Wire;
use crate::space::Successors;
use crate::table::Key as _;
use crate::{Kinds, Options, Space, StoppedBy};
use stateright::{Expectation, Model, Property};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

/// A parcel leaves when it has this many octets.
const PARCEL: usize = 16 << 10;
/// So many states are expanded before parcels are let in and out.
const SLICE: usize = 256;
/// How many of the states sent last a worker remembers, so as not to send them again.
const SENT: usize = 1 << 16;

/// States of this worker that are looked for together, so that the memory works on them at the same time.
const TOGETHER: usize = if cfg!(test) { 4 } else { 64 };

/// A state that was sent: fingerprint, parent, and the level in which it was sent.
#[derive(Clone, Copy, Default)]
struct Sent {
    state: u64,
    parent: u64,
    level: u32,
}

/// What one worker knows at the end; all of it but nothing else is the same at every worker.
pub(super) struct Outcome {
    pub(super) stopped_by: StoppedBy,
    pub(super) levels: Vec<u64>,
    /// The accounts at the end, in the order of workers.
    pub(super) last: Level,
    /// Property and fingerprints from an initial state to the example, in the order of discovery.
    pub(super) found: Vec<(usize, Vec<u64>)>,
}

/// The state of a space.
type State<S> = <<S as Space>::Model as Model>::State;

/// What a state is known by between workers: its key, mixed one to one so that every bit of it tells; 0 is kept for "none".
pub(super) fn known_as<S: Space<Key = u64>>(space: &S, seed: u64, state: &State<S>) -> u64 {
    space.key(seed, state).mixed().max(1)
}

pub(super) struct Search<'a, S: Space> {
    space: &'a S,
    options: &'a Options,
    properties: Vec<Property<S::Model>>,
    shared: &'a Shared,
    tally: &'a Tally,
    wire: Wire<'a>,
    owned: Owned,
    frontier: Vec<(u64, State<S>)>,
    next: Vec<(u64, State<S>)>,
    /// States that fall to this worker and have not been looked for: fingerprint, parent, state.
    offers: Vec<(u64, u64, State<S>)>,
    out: Vec<Vec<u8>>,
    sent: Vec<Sent>,
    /// Properties without an example in a level that is closed.
    open: Vec<usize>,
    /// Examples of this level.
    examples: BTreeMap<usize, u64>,
    account: Account,
    level: u32,
    /// Room of the frontier while it is being expanded.
    expanding: usize,
    /// What the tally has already heard of.
    told: (u64, u64, u64, u64),
}

impl<'a, S> Search<'a, S>
where
    S: Space<Key = u64>,
    State<S>: Clone + Portable,
    <S::Model as Model>::Action: Kinds,
{
    pub(super) fn new(
        space: &'a S,
        options: &'a Options,
        wire: Wire<'a>,
        shared: &'a Shared,
        tally: &'a Tally,
    ) -> Self {
        let properties = space.model().properties();
        let peers = wire.peers();
        let account = Account {
            worker: wire.index() as u64,
            counts: vec![0; <S::Model as Model>::Action::KINDS.len()],
            ..Account::default()
        };
        Self {
            space,
            options,
            open: (0..properties.len()).collect(),
            properties,
            shared,
            tally,
            owned: Owned::new(),
            frontier: Vec::new(),
            next: Vec::new(),
            offers: Vec::with_capacity(TOGETHER),
            out: vec![Vec::new(); peers],
            sent: vec![Sent::default(); if peers > 1 { SENT } else { 0 }],
            examples: BTreeMap::new(),
            account,
            level: 0,
            expanding: 0,
            told: (0, 0, 0, 0),
            wire,
        }
    }

    pub(super) fn run(mut self) -> Result<Outcome, Error> {
        let result = self.explore();
        match result {
            Ok(outcome) => self.wire.finish().map(|()| outcome),
            Err(error) => {
                self.wire.abandon();
                Err(error)
            }
        }
    }

    fn explore(&mut self) -> Result<Outcome, Error> {
        let mine = self.wire.index();
        for state in self.space.model().init_states() {
            if mine == 0 {
                self.account.states += 1;
            }
            let fingerprint = known_as(self.space, self.options.seed, &state);
            if self.owner(fingerprint) == mine && self.space.model().within_boundary(&state) {
                self.offer(fingerprint, 0, state);
            }
        }
        let mut levels = Vec::new();
        let mut found: Vec<(usize, u64)> = Vec::new();
        let (stopped_by, last) = loop {
            let level = self.close_level()?;
            let reason = level.reason();
            let fresh = level.sum(|account| account.fresh);
            self.note_examples(&level, &mut found);
            // A level that was cut short is not counted as one.
            if reason == 0 && fresh > 0 {
                levels.push(fresh);
            }
            if let Some(stopped_by) = self.must_stop(&level, &found) {
                break (stopped_by, level);
            }
            if fresh == 0 {
                break (StoppedBy::Exhausted, level);
            }
            std::mem::swap(&mut self.frontier, &mut self.next);
            self.shared
                .depth
                .store(levels.len() as u64 - 1, Ordering::Relaxed);
            self.shared.frontier.store(fresh, Ordering::Relaxed);
            self.level += 1;
            self.expand()?;
        };
        let found = self.paths(found)?;
        Ok(Outcome {
            stopped_by,
            levels,
            last,
            found,
        })
    }

    /// Who owns a state: an equal share of all fingerprints for each worker.
    fn owner(&self, fingerprint: u64) -> usize {
        let share = ((fingerprint >> 32) * self.out.len() as u64) >> 32;
        usize::try_from(share).unwrap_or(0)
    }

    /// Takes a state that falls to this worker.
    fn offer(&mut self, fingerprint: u64, parent: u64, state: State<S>) {
        self.offers.push((fingerprint, parent, state));
        if self.offers.len() == TOGETHER {
            self.settle();
        }
    }

    /// Keeps those of the states offered that are new.
    fn settle(&mut self) {
        let mut offers = std::mem::take(&mut self.offers);
        for &(fingerprint, ..) in &offers {
            self.owned.fetch(fingerprint);
        }
        for (fingerprint, parent, state) in offers.drain(..) {
            if self.owned.offer(fingerprint, parent) == Offered::New {
                self.keep(state, fingerprint);
            }
        }
        self.offers = offers;
    }

    /// Keeps a state that is new and falls to this worker, and looks at the open properties.
    fn keep(&mut self, state: State<S>, fingerprint: u64) {
        let model = self.space.model();
        for &place in &self.open {
            let Some(property) = self.properties.get(place) else {
                continue;
            };
            let example = match property.expectation {
                Expectation::Always => !(property.condition)(model, &state),
                Expectation::Sometimes => (property.condition)(model, &state),
                // "Eventually" needs more than states: it is not decided here.
                Expectation::Eventually => false,
            };
            if example {
                let least = self.examples.entry(place).or_insert(fingerprint);
                *least = fingerprint.min(*least);
            }
        }
        self.next.push((fingerprint, state));
    }

    fn expand(&mut self) -> Result<(), Error> {
        let frontier = std::mem::take(&mut self.frontier);
        self.expanding = frontier.capacity();
        let mut actions = Vec::new();
        for slice in frontier.chunks(SLICE) {
            for (parent, state) in slice {
                let space = self.space;
                let parent = *parent;
                space.expand(
                    state,
                    &mut actions,
                    &mut Of {
                        parent,
                        search: self,
                    },
                );
            }
            self.account.expanded += slice.len() as u64;
            self.wire.step();
            while let Some(parcel) = self.wire.next() {
                self.unpack(&parcel)?;
            }
            self.settle();
            self.tell();
            if let Some(error) = self.shared.failure() {
                return Err(error);
            }
            if self.shared.reason() > 0 {
                break;
            }
        }
        self.expanding = 0;
        self.frontier = frontier;
        Ok(())
    }

    /// Counts a successor and brings it to its owner.
    fn deliver(&mut self, kind: usize, state: State<S>, parent: u64) {
        self.account.states += 1;
        if let Some(count) = self.account.counts.get_mut(kind) {
            *count += 1;
        }
        if !self.space.model().within_boundary(&state) {
            return;
        }
        let fingerprint = known_as(self.space, self.options.seed, &state);
        let owner = self.owner(fingerprint);
        if owner == self.wire.index() {
            self.offer(fingerprint, parent, state);
        } else {
            self.send(owner, &state, fingerprint, parent);
        }
    }

    /// Sends a state to its owner, unless that has it already.
    fn send(&mut self, owner: usize, state: &State<S>, fingerprint: u64, parent: u64) {
        // The owner has it already, and with a parent that is none the worse.
        let place = fingerprint % SENT as u64;
        if let Some(sent) = self.sent.get_mut(usize::try_from(place).unwrap_or(0)) {
            if sent.state == fingerprint && (sent.level < self.level || sent.parent <= parent) {
                return;
            }
            *sent = Sent {
                state: fingerprint,
                parent,
                level: self.level,
            };
        }
        let Some(out) = self.out.get_mut(owner) else {
            return;
        };
        fingerprint.write(out);
        parent.write(out);
        state.write(out);
        self.account.sent += 1;
        if out.len() >= PARCEL {
            let full = std::mem::replace(out, Vec::with_capacity(PARCEL + PARCEL / 8));
            self.account.sent_octets += full.len() as u64;
            self.wire.send(owner, full);
        }
    }

    /// Takes the states of a parcel.
    fn unpack(&mut self, mut octets: &[u8]) -> Result<(), Error> {
        while !octets.is_empty() {
            let before = octets;
            let read = <(u64, u64)>::read(&mut octets)
                .and_then(|head| Some((head, State::<S>::read(&mut octets)?)));
            match read {
                Some(((fingerprint, parent), state))
                    if known_as(self.space, self.options.seed, &state) == fingerprint =>
                {
                    self.offer(fingerprint, parent, state);
                }
                _ => {
                    self.shared.miscoded(before);
                    return Err(self.shared.failure().unwrap_or(Error::Interrupted));
                }
            }
        }
        Ok(())
    }

    /// Closes the level: all successors are with their owners, and every worker knows what the level was.
    fn close_level(&mut self) -> Result<Level, Error> {
        for to in 0..self.out.len() {
            let rest = self.out.get_mut(to).map(std::mem::take).unwrap_or_default();
            if !rest.is_empty() {
                self.account.sent_octets += rest.len() as u64;
                self.wire.send(to, rest);
            }
        }
        self.wire.leave();
        loop {
            let open = self.wire.is_open();
            while let Some(parcel) = self.wire.next() {
                self.unpack(&parcel)?;
            }
            if !open {
                break;
            }
            self.wire.wait()?;
        }
        self.settle();
        self.wire.enter();
        self.owned
            .close_level(self.next.iter().map(|(fingerprint, _)| *fingerprint));
        self.note_memory();
        self.frontier.clear();
        self.tell();
        let account = Account {
            reason: self.shared.reason(),
            fresh: self.next.len() as u64,
            unique: self.owned.len(),
            table_octets: self.owned.octets(),
            examples: std::mem::take(&mut self.examples)
                .into_iter()
                .map(|(place, state)| (place as u64, state))
                .collect(),
            ..self.account.clone()
        };
        let mut octets = Vec::new();
        account.write(&mut octets);
        self.wire.send_all(&octets);
        let mut level = Level::default();
        self.wire.close(|mut octets| {
            level.take(Account::read(&mut octets).ok_or_else(|| miscoded(octets))?);
            Ok(())
        })?;
        level.accounts.sort_by_key(|account| account.worker);
        Ok(level)
    }

    /// Properties with an example in this level are decided; the example is the same whoever found it.
    fn note_examples(&mut self, level: &Level, found: &mut Vec<(usize, u64)>) {
        self.open
            .retain(|&place| match level.example(place as u64) {
                Some(state) => {
                    found.push((place, state));
                    false
                }
                None => true,
            });
    }

    fn must_stop(&self, level: &Level, found: &[(usize, u64)]) -> Option<StoppedBy> {
        if level.reason() > 0 {
            return Some(Shared::named(level.reason()));
        }
        let until = self.options.until.as_ref()?;
        let decided = |place: usize| {
            let property = self.properties.get(place);
            property.is_some_and(|property| property.name == until)
        };
        found
            .iter()
            .any(|&(place, _)| decided(place))
            .then_some(StoppedBy::Decided)
    }

    fn note_memory(&mut self) {
        let states = self.frontier.capacity() + self.expanding + self.next.capacity();
        let states = (states * size_of::<(u64, State<S>)>()) as u64;
        let sent = (self.sent.capacity() * size_of::<Sent>()) as u64;
        let octets = self.owned.octets() + states + sent;
        self.account.peak_octets = self.account.peak_octets.max(octets);
    }

    /// Lets the others see how far this worker is.
    fn tell(&mut self) {
        self.note_memory();
        let now = (
            self.owned.len(),
            self.account.states,
            self.account.expanded,
            self.account.peak_octets,
        );
        let add = |sum: &AtomicU64, now: u64, before: u64| {
            sum.fetch_add(now - before, Ordering::Relaxed);
        };
        add(&self.tally.unique, now.0, self.told.0);
        add(&self.tally.states, now.1, self.told.1);
        add(&self.tally.expanded, now.2, self.told.2);
        add(&self.tally.octets, now.3, self.told.3);
        self.told = now;
        let unique = || self.shared.sum(|tally| &tally.unique);
        let octets = || self.tally.octets.load(Ordering::Relaxed);
        if self.options.max_states.is_some_and(|most| unique() >= most) {
            self.shared
                .ask_to_stop(Shared::number(StoppedBy::StateLimit));
        }
        if self.options.max_memory.is_some_and(|most| octets() >= most) {
            self.shared
                .ask_to_stop(Shared::number(StoppedBy::MemoryLimit));
        }
    }

    /// The ways to the examples, as fingerprints: whoever owns a state tells its parent, until all have begun.
    fn paths(&mut self, found: Vec<(usize, u64)>) -> Result<Vec<(usize, Vec<u64>)>, Error> {
        let mut ways: Vec<(usize, Vec<u64>)> = found
            .into_iter()
            .map(|(property, state)| (property, vec![state]))
            .collect();
        let mine = self.wire.index();
        // A way is complete when it begins with 0, the parent of initial states.
        while ways.iter().any(|(_, way)| way.last() != Some(&0)) {
            let mut octets = Vec::new();
            for (place, (_, way)) in (0u64..).zip(&ways) {
                let mut ahead = Vec::new();
                let mut state = way.last().copied().unwrap_or(0);
                while state != 0 && self.owner(state) == mine {
                    // A state without an entry cannot be: only owned states are examples or parents.
                    state = self.owned.parent(state).unwrap_or(0);
                    ahead.push(state);
                }
                if !ahead.is_empty() {
                    (place, ahead).write(&mut octets);
                }
            }
            if !octets.is_empty() {
                self.wire.send_all(&octets);
            }
            self.wire.close(|mut octets| {
                while !octets.is_empty() {
                    let (place, ahead) =
                        <(u64, Vec<u64>)>::read(&mut octets).ok_or_else(|| miscoded(octets))?;
                    let way = usize::try_from(place)
                        .ok()
                        .and_then(|place| ways.get_mut(place));
                    if let Some((_, way)) = way {
                        way.extend(ahead);
                    }
                }
                Ok(())
            })?;
        }
        for (_, way) in &mut ways {
            way.pop();
            way.reverse();
        }
        Ok(ways)
    }
}

/// Takes the successors of one state.
struct Of<'s, 'a, S: Space> {
    parent: u64,
    search: &'s mut Search<'a, S>,
}

impl<S> Successors<State<S>> for Of<'_, '_, S>
where
    S: Space<Key = u64>,
    State<S>: Clone + Portable,
    <S::Model as Model>::Action: Kinds,
{
    fn take(&mut self, _: u32, kind: usize, state: State<S>) {
        self.search.deliver(kind, state, self.parent);
    }
}

/// An account or a way that cannot be read.
fn miscoded(octets: &[u8]) -> Error {
    let octets = octets.iter().take(512);
    Error::Codec {
        octets: octets.map(|octet| format!("{octet:02x}")).collect(),
    }
}
