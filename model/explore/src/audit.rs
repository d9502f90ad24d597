//! Do `Hash` and `Eq` agree over the reachable states? A search that tells states apart by a fingerprint trusts them to.
//!
//! All states are kept whole. Two faults are looked for:
//!
//! * **Different states, one hash** ([`Fault::Forgets`]): `Hash` forgets something that `Eq` compares, or two
//!   neighbouring collections run together for want of a length. A search then takes a new state for an old one and
//!   misses what lies behind it. Every state that is generated is compared with the one of the same fingerprint, so the
//!   absence of this fault is proved for all states that were seen. Where the octets that `Hash` writes differ it was a
//!   chance collision of 64 bits, which is counted and is no fault.
//! * **Equal states, different hashes** ([`Fault::Adds`]): `Hash` includes something that `Eq` ignores. A search then
//!   takes an old state for a new one: its counts are too large, and it may never end. Nothing but a comparison of every
//!   state with every other can prove the absence of this fault. Each new state is compared with the [`WINDOW`] states
//!   before it at once, since what `Eq` ignores mostly changes from one step to the next; when all states have been seen,
//!   the first of them are compared with each other, as many as the caller allows. [`Audit::proved`] says whether those
//!   were all.
//!
//! What both forget cannot be found. **Memory**: `size_of::<State>()` and 17 to 25 octets a state; what a state owns on the
//! heap is not counted.

use crate::{Fingerprint, Options, Progress, StoppedBy};
use hashbrown::HashTable;
use stateright::Model;
use std::fmt::{Debug, Write as _};
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// With how many states before it each new one is compared at once.
pub const WINDOW: usize = 64;

/// `Hash` and `Eq` disagree about two reachable states.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fault<S> {
    /// They differ, and `Hash` writes the same octets for both.
    Forgets(S, S),
    /// They are equal, and `Hash` writes different octets.
    Adds(S, S),
}

/// How far an audit came and what it found.
#[derive(Clone, Debug)]
pub struct Audit<S> {
    /// States that were seen.
    pub states: u64,
    /// States generated: initial ones and one for each transition.
    pub generated: u64,
    /// Pairs that were compared with `Eq` though their fingerprints differ.
    pub pairs: u64,
    /// The first so many states were compared each with every other.
    pub crossed: u64,
    /// Different states with one fingerprint for which `Hash` writes different octets: bad luck, not a fault.
    pub chance_collisions: u64,
    /// Peak memory in octets.
    pub octets: u64,
    /// How long it took.
    pub seconds: f64,
    /// Why the exploration ended.
    pub stopped_by: StoppedBy,
    /// The first fault.
    pub fault: Option<Fault<S>>,
}

impl<S> Audit<S> {
    /// Whether both faults are excluded for every reachable state.
    pub fn proved(&self) -> bool {
        self.fault.is_none()
            && self.stopped_by == StoppedBy::Exhausted
            && self.crossed == self.states
    }
}

impl<S: Debug> Fault<S> {
    /// What is wrong, both states with the lines marked in which they differ, and what to do.
    pub fn text(&self) -> String {
        let (a, b, what, remedy) = match self {
            Self::Forgets(a, b) => (
                a,
                b,
                "two states differ, and `Hash` writes the same octets for both: a search would never visit the second",
                "derive `Hash`, or let it write every field that `Eq` compares; write the length of a collection before \
                 its elements (stateright's HashableHashSet and HashableHashMap do not)",
            ),
            Self::Adds(a, b) => (
                a,
                b,
                "two states are equal, and `Hash` writes different octets: a search would visit both",
                "derive `Hash` and `Eq`, and keep what `Eq` is to ignore out of the state; or let `Hash` write nothing \
                 but what `Eq` compares",
            ),
        };
        let (a, b) = (format!("{a:#?}"), format!("{b:#?}"));
        let mut text = format!("{what}\n");
        // Writing to a String cannot fail.
        for (name, own, other) in [("first", &a, &b), ("second", &b, &a)] {
            let _ = writeln!(text, "the {name}:");
            let mut others = other.lines();
            for line in own.lines() {
                let mark = if others.next() == Some(line) {
                    ' '
                } else {
                    '*'
                };
                let _ = writeln!(text, "{mark} {line}");
            }
        }
        if a == b {
            text.push_str("(their `Debug` forms do not differ)\n");
        }
        let _ = writeln!(text, "remedy: {remedy}");
        text
    }
}

/// Audits all reachable states, or those that the limits on states, time and memory allow; then at most `max_pairs` pairs.
pub fn audit<M>(
    model: &M,
    options: &Options,
    max_pairs: u64,
    progress: &mut dyn FnMut(&Progress),
    stop: &AtomicBool,
) -> Audit<M::State>
where
    M: Model,
    M::State: Clone + Eq + Hash,
{
    let mut run = Run {
        model,
        options,
        index: HashTable::new(),
        states: Vec::new(),
        fingerprints: Vec::new(),
        started: Instant::now(),
        told: Instant::now(),
        audit: Audit {
            states: 0,
            generated: 0,
            pairs: 0,
            crossed: 0,
            chance_collisions: 0,
            octets: 0,
            seconds: 0.0,
            stopped_by: StoppedBy::Exhausted,
            fault: None,
        },
    };
    let explored = run.explore(progress, stop);
    run.audit.states = run.states.len() as u64;
    match explored {
        Err(Ended::Fault(fault)) => {
            run.audit.fault = Some(fault);
            run.audit.stopped_by = StoppedBy::Decided;
        }
        Err(Ended::Limit(reason)) => run.audit.stopped_by = reason,
        Ok(()) => {}
    }
    if run.audit.fault.is_none() {
        run.audit.fault = run.cross(max_pairs, stop);
    }
    run.audit.seconds = run.started.elapsed().as_secs_f64();
    run.audit
}

enum Ended<S> {
    Fault(Fault<S>),
    Limit(StoppedBy),
}

struct Run<'a, M: Model> {
    model: &'a M,
    options: &'a Options,
    index: HashTable<u32>,
    states: Vec<M::State>,
    fingerprints: Vec<u64>,
    started: Instant,
    told: Instant,
    audit: Audit<M::State>,
}

impl<M> Run<'_, M>
where
    M: Model,
    M::State: Clone + Eq + Hash,
{
    fn explore(
        &mut self,
        progress: &mut dyn FnMut(&Progress),
        stop: &AtomicBool,
    ) -> Result<(), Ended<M::State>> {
        for state in self.model.init_states() {
            self.see(state)?;
        }
        let (mut at, mut depth, mut level_end) = (0, 0, self.states.len());
        let mut actions = Vec::new();
        while let Some(state) = self.states.get(at).cloned() {
            if at == level_end {
                (depth, level_end) = (depth + 1, self.states.len());
            }
            self.model.actions(&state, &mut actions);
            for action in actions.drain(..) {
                if let Some(next) = self.model.next_state(&state, action) {
                    self.see(next)?;
                }
            }
            at += 1;
            if at & 0x3ff == 0 {
                let out_of_time = |most| self.started.elapsed() >= most;
                if stop.load(Ordering::Relaxed) {
                    return Err(Ended::Limit(StoppedBy::Interrupted));
                }
                if self.options.max_time.is_some_and(out_of_time) {
                    return Err(Ended::Limit(StoppedBy::TimeLimit));
                }
                if self.told.elapsed() >= self.options.progress_every {
                    self.told = Instant::now();
                    progress(&Progress {
                        unique: self.states.len() as u64,
                        states: self.audit.generated,
                        depth,
                        frontier: (level_end - at) as u64,
                        queue: (self.states.len() - at) as u64,
                        load: 0.0,
                        octets: self.audit.octets,
                        seconds: self.started.elapsed().as_secs_f64(),
                    });
                }
            }
        }
        if stop.load(Ordering::Relaxed) {
            return Err(Ended::Limit(StoppedBy::Interrupted));
        }
        Ok(())
    }

    /// Compares a generated state with what is known, and keeps it if it is new.
    fn see(&mut self, state: M::State) -> Result<(), Ended<M::State>> {
        self.audit.generated += 1;
        if !self.model.within_boundary(&state) {
            return Ok(());
        }
        let fingerprint = Fingerprint::of(self.options.seed, &state);
        let alike = self.index.iter_hash(fingerprint).filter_map(|&number| {
            let number = number as usize;
            (self.fingerprints.get(number) == Some(&fingerprint))
                .then(|| self.states.get(number))
                .flatten()
        });
        for known in alike {
            if *known == state {
                return Ok(());
            }
            if octets(known) == octets(&state) {
                return Err(Ended::Fault(Fault::Forgets(known.clone(), state)));
            }
            self.audit.chance_collisions += 1;
        }
        let before = self.states.iter().rev().take(WINDOW);
        self.audit.pairs += before.len() as u64;
        if let Some(known) = before.into_iter().find(|&known| *known == state) {
            return Err(Ended::Fault(Fault::Adds(known.clone(), state)));
        }
        self.keep(state, fingerprint)
    }

    fn keep(&mut self, state: M::State, fingerprint: u64) -> Result<(), Ended<M::State>> {
        let number = u32::try_from(self.states.len());
        let full = self
            .options
            .max_states
            .is_some_and(|most| self.states.len() as u64 >= most);
        let (Ok(number), false) = (number, full) else {
            return Err(Ended::Limit(StoppedBy::StateLimit));
        };
        if self.states.len() == self.states.capacity() {
            let more = (self.states.len() / 2).max(1024);
            // The old row is there until the new one is filled; the index doubles now and then.
            let row = (self.states.len() + more) * size_of::<M::State>();
            let after = self.octets() + row + more * 8 + 2 * self.index.capacity() * 6;
            if self
                .options
                .max_memory
                .is_some_and(|most| after as u64 > most)
            {
                return Err(Ended::Limit(StoppedBy::MemoryLimit));
            }
            self.audit.octets = self.audit.octets.max(after as u64);
            self.states.reserve_exact(more);
            self.fingerprints.reserve_exact(more);
        }
        self.states.push(state);
        self.fingerprints.push(fingerprint);
        let fingerprints = &self.fingerprints;
        self.index.insert_unique(fingerprint, number, |&number| {
            fingerprints.get(number as usize).copied().unwrap_or(0)
        });
        Ok(())
    }

    fn octets(&self) -> usize {
        self.states.capacity() * size_of::<M::State>()
            + self.fingerprints.capacity() * 8
            + self.index.capacity() * 6
    }

    /// Compares the first states each with every other.
    fn cross(&mut self, max_pairs: u64, stop: &AtomicBool) -> Option<Fault<M::State>> {
        let mut left = max_pairs;
        for (place, state) in self.states.iter().enumerate() {
            let before = self.states.get(..place).unwrap_or_default();
            let enough = left < place as u64;
            if enough || place & 0xff == 0 && stop.load(Ordering::Relaxed) {
                return None;
            }
            left -= place as u64;
            self.audit.pairs += place as u64;
            self.audit.crossed = place as u64 + 1;
            // Those with the same fingerprint were found different when the state was new.
            if let Some(known) = before.iter().find(|&known| known == state) {
                return Some(Fault::Adds(known.clone(), state.clone()));
            }
        }
        None
    }
}

/// The octets that a state's `Hash` writes.
fn octets<S: Hash>(state: &S) -> Vec<u8> {
    struct Written(Vec<u8>);
    impl Hasher for Written {
        fn write(&mut self, octets: &[u8]) {
            self.0.extend_from_slice(octets);
        }
        fn finish(&self) -> u64 {
            0
        }
    }
    let mut written = Written(Vec::new());
    state.hash(&mut written);
    written.0
}

#[cfg(test)]
mod tests;
