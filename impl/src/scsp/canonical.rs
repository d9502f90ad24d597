//! A speaker's state as plain data that two moments can have in common: deadlines as milliseconds from
//! now, sequence numbers from a base.
//!
//! CA sequence numbers are counted from each neighbour's current one. Two speakers that are canonically
//! equal behave alike from here on but for the numbers themselves. Who holds both ends of a link, and what
//! is between them, needs the numbers too: [`Speaker::ca_numbers`] tells those that matter, and
//! [`Speaker::renumber`] puts others in their place, so that numbers that only ever grow come back to where
//! they were.

use std::collections::{BTreeMap, BTreeSet};

use crate::address::ServerId;
use crate::io::Time;
use crate::wire::scsp::{CacheKey, SequenceNumber};

use super::alignment::CaNumbers;
use super::cache::{Cache, RecordId};
use super::event::NeighborIx;
use super::multipoint::Heard;
use super::neighbor::{Neighbor, Timer};
use super::speaker::Speaker;

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CanonicalSpeaker {
    id: ServerId,
    cache: Cache,
    neighbors: Vec<Neighbor>,
    /// Armed timers with milliseconds left, in firing order.
    timers: Vec<(u64, Timer)>,
    purging: BTreeSet<CacheKey>,
    given_up: BTreeSet<ServerId>,
    heard: Vec<Heard>,
}

/// Milliseconds left to a deadline; what is never due stays so.
const fn left(deadline: Time, now: Time) -> u64 {
    if deadline.0 == u64::MAX {
        return u64::MAX;
    }
    deadline.0.saturating_sub(now.0)
}

impl Speaker {
    /// The canonical state at `now`, record numbers counted from those in the own cache.
    #[must_use]
    pub fn canonical(&self, now: Time) -> CanonicalSpeaker {
        // What is only asked for has no number here: it is counted from the smallest one asked for.
        let mut asked = BTreeMap::new();
        for neighbor in &self.core().neighbors {
            for (id, sequence) in neighbor.requests.iter() {
                let least = asked.entry(id).or_insert(sequence);
                *least = sequence.min(*least);
            }
        }
        self.canonical_from(now, |id| {
            self.get(id.origin, id.key)
                .map(|entry| entry.sequence)
                .or_else(|| asked.get(&id).copied())
                .unwrap_or(SequenceNumber(0))
        })
    }

    /// The canonical state at `now`, record numbers counted from `base`: give every speaker of a group
    /// the same base, and how their caches differ stays visible.
    #[must_use]
    pub fn canonical_from(
        &self,
        now: Time,
        base: impl Fn(RecordId) -> SequenceNumber,
    ) -> CanonicalSpeaker {
        let core = self.core();
        let mut cache = core.cache.clone();
        cache.rebase(&base);
        let neighbors = core
            .neighbors
            .iter()
            .map(|neighbor| {
                let mut neighbor = neighbor.clone();
                neighbor.alignment.rebase(&base);
                neighbor.requests.rebase(&base);
                neighbor.queue = neighbor.queue.canonical(now, &base);
                neighbor
            })
            .collect();
        let timers = core
            .timers
            .iter()
            .map(|(deadline, timer)| (left(deadline, now), timer))
            .collect();
        CanonicalSpeaker {
            id: self.id(),
            cache,
            neighbors,
            timers,
            purging: core.purging.clone(),
            given_up: core.given_up.clone(),
            heard: core.heard.clone(),
        }
    }

    /// The CA sequence numbers of the alignment with a neighbour that what follows depends on: next
    /// fresh, current, that of the kept copy, that of the master's bid, that of the bid answered last. Empty for a neighbour that is not
    /// configured.
    #[must_use]
    pub fn ca_numbers(&self, neighbor: NeighborIx) -> CaNumbers {
        let neighbor = self.core().neighbors.get(usize::from(neighbor.0));
        neighbor.map_or(CaNumbers::default(), |n| n.alignment.numbers())
    }

    /// Puts another number in the place of each CA sequence number of the alignment with a neighbour. The
    /// speaker behaves as before, but for the numbers, if all that are on the way are changed alike, and
    /// `map` keeps which of them are equal and which follow one another.
    pub fn renumber(&mut self, neighbor: NeighborIx, map: impl Fn(u32) -> u32) {
        if let Some(n) = self.core.neighbors.get_mut(usize::from(neighbor.0)) {
            n.alignment.renumber(map);
        }
    }
}
