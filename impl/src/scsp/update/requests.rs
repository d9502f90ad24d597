//! The CSA request list towards one neighbour (RFC 2334, 2.2.3).

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::scsp::cache::{RecordId, relative};
use crate::wire::scsp::{Csas, SequenceNumber};

/// The CSA Request List (CRL): what the neighbour has newer, in two parts. The part that the outstanding
/// CSUS asks for is at most a message long; the rest may be as long as a cache and is only taken from.
// R2334-2.2.2.1-01
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Requests {
    /// To be asked for.
    waiting: BTreeMap<RecordId, SequenceNumber>,
    /// Asked for; never in the other part.
    asked: BTreeMap<RecordId, SequenceNumber>,
}

impl Requests {
    /// Puts instance `sequence` of `id` on the list.
    pub fn want(&mut self, id: RecordId, sequence: SequenceNumber) {
        let wanted = match self.asked.get_mut(&id) {
            Some(wanted) => wanted,
            None => self.waiting.entry(id).or_insert(sequence),
        };
        *wanted = sequence.max(*wanted);
    }

    /// Instance `sequence` has come, from whomever; true if the list asked for it or for an older one
    /// (register C26). An end of the number space is satisfied by whatever comes after it (C11).
    pub fn receive(&mut self, id: RecordId, sequence: SequenceNumber) -> bool {
        for part in [&mut self.asked, &mut self.waiting] {
            // Most of the time there is nothing to look for.
            if part.is_empty() {
                continue;
            }
            if let Entry::Occupied(wanted) = part.entry(id) {
                let satisfied = sequence >= *wanted.get() || *wanted.get() == SequenceNumber::PURGE;
                if satisfied {
                    wanted.remove();
                }
                return satisfied;
            }
        }
        false
    }

    /// Nothing is asked for and nothing remains to be.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.asked.is_empty() && self.waiting.is_empty()
    }

    /// What is asked for, and then what is to be, and the number announced.
    pub fn iter(&self) -> impl Iterator<Item = (RecordId, SequenceNumber)> + '_ {
        self.asked
            .iter()
            .chain(&self.waiting)
            .map(|(&id, &sequence)| (id, sequence))
    }

    /// Whether records of a CSUS have yet to come.
    // R2334-2.2.3-05
    #[must_use]
    pub fn is_outstanding(&self) -> bool {
        !self.asked.is_empty()
    }

    /// What a CSUS is to ask for, the first one, the one after all records of the last have come, or the
    /// one after the timer ran out: the records still missing, and further ones, up to `limit`. Looks at
    /// no other record.
    // R2334-2.2.3-07, R2334-2.2.3-08
    pub fn next_batch(&mut self, limit: usize) -> Vec<Csas> {
        while self.asked.len() < limit
            && let Some((id, sequence)) = self.waiting.pop_first()
        {
            self.asked.insert(id, sequence);
        }
        let summary = |(id, sequence): (&RecordId, &SequenceNumber)| id.summary(*sequence);
        self.asked.iter().map(summary).collect()
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    pub(in crate::scsp) fn rebase(&mut self, base: &impl Fn(RecordId) -> SequenceNumber) {
        for (&id, wanted) in self.asked.iter_mut().chain(&mut self.waiting) {
            *wanted = relative(*wanted, base(id));
        }
    }
}
