//! Cache State Update towards one neighbour: the CSA request list with its CSUS (RFC 2334, 2.2.3) and
//! the retransmit queue of CSAs that wait for an acknowledgement (RFC 2334, 2.3).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::io::Time;
use crate::wire::scsp::{Csa, Csas, SequenceNumber};

use super::cache::{RecordId, relative};

/// The CSA Request List (CRL): what the neighbour has newer, and which of it the outstanding CSUS asks
/// for.
// R2334-2.2.2.1-01
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Requests {
    wanted: BTreeMap<RecordId, SequenceNumber>,
    outstanding: BTreeSet<RecordId>,
}

impl Requests {
    /// Puts instance `sequence` of `id` on the list.
    pub fn want(&mut self, id: RecordId, sequence: SequenceNumber) {
        let wanted = self.wanted.entry(id).or_insert(sequence);
        *wanted = sequence.max(*wanted);
    }

    /// Instance `sequence` has come, from whomever; true if the list asked for it or for an older one
    /// (register C26). An end of the number space is satisfied by whatever comes after it (C11).
    pub fn receive(&mut self, id: RecordId, sequence: SequenceNumber) -> bool {
        let satisfied = self
            .wanted
            .get(&id)
            .is_some_and(|&wanted| sequence >= wanted || wanted == SequenceNumber::PURGE);
        if satisfied {
            self.wanted.remove(&id);
            self.outstanding.remove(&id);
        }
        satisfied
    }

    /// Nothing is asked for and nothing remains to be.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.wanted.is_empty()
    }

    /// What is asked for, or is to be, and the number announced.
    pub fn iter(&self) -> impl Iterator<Item = (RecordId, SequenceNumber)> + '_ {
        self.wanted.iter().map(|(&id, &sequence)| (id, sequence))
    }

    /// Whether records of a CSUS have yet to come.
    // R2334-2.2.3-05
    #[must_use]
    pub fn is_outstanding(&self) -> bool {
        !self.outstanding.is_empty()
    }

    /// The first CSUS, or the one after all records of the last have come: up to `limit` records not
    /// asked for yet.
    // R2334-2.2.3-08
    pub fn next_batch(&mut self, limit: usize) -> Vec<Csas> {
        self.outstanding.clear();
        self.repeat_batch(limit)
    }

    /// The CSUS after the timer ran out: the records still missing and further ones, up to `limit`.
    // R2334-2.2.3-07
    pub fn repeat_batch(&mut self, limit: usize) -> Vec<Csas> {
        let free = limit.saturating_sub(self.outstanding.len());
        let further: Vec<_> = self
            .wanted
            .keys()
            .filter(|id| !self.outstanding.contains(id))
            .take(free)
            .copied()
            .collect();
        self.outstanding.extend(further);
        self.outstanding
            .iter()
            .filter_map(|id| Some(id.summary(*self.wanted.get(id)?)))
            .collect()
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.wanted.clear();
        self.outstanding.clear();
    }

    pub(super) fn rebase(&mut self, base: &impl Fn(RecordId) -> SequenceNumber) {
        for (&id, wanted) in &mut self.wanted {
            *wanted = relative(*wanted, base(id));
        }
    }
}

/// One CSA that waits for the neighbour's acknowledgement, or to be sent at all.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Queued {
    sequence: SequenceNumber,
    hop_count: u16,
    /// `None` in a null record.
    body: Option<Arc<[u8]>>,
    repeats: u32,
    /// Due for repetition; `None` while the neighbour is in Cache Summarize (register C16).
    deadline: Option<Time>,
}

/// How a summary in a CSU Reply compares with the queue (RFC 2334, 2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Acknowledgement {
    /// Nothing of that name is queued.
    NotQueued,
    /// The very instance: off the queue.
    Acknowledged,
    /// An older instance: the queued one stays.
    Older,
    /// A newer instance: off the queue, and to be solicited.
    Newer,
}

/// CSAs sent in one go, in the order they were sent. Those acknowledged since are left in `order`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Batch {
    order: Vec<RecordId>,
    live: usize,
}

/// What the repetition timer found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Due {
    /// These were marked to be sent again: so many.
    Repeat(usize),
    /// A CSA has been repeated as often as it may be: an abnormal event.
    Exhausted,
}

/// An instance that is to be sent, with the hop count to send: that of the instance, not of the entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Mark {
    id: RecordId,
    sequence: SequenceNumber,
    hop_count: u16,
}

/// The DCS retransmit queue.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Retransmit {
    records: BTreeMap<RecordId, Queued>,
    batches: BTreeMap<Time, Batch>,
    /// To be sent with the next CSU Request. Of an instance that is no longer queued, a mark may be left.
    unsent: Vec<Mark>,
}

impl Retransmit {
    /// Puts an instance on the queue and marks it to be sent, in place of any older instance.
    /// `deadline` is that of its repetition, or `None` for a queue that may not be sent yet.
    // R2334-2.3-18
    pub fn enqueue(
        &mut self,
        id: RecordId,
        sequence: SequenceNumber,
        body: Option<Arc<[u8]>>,
        hop_count: u16,
        deadline: Option<Time>,
    ) {
        let (mut keep, mut repeats) = (hop_count, 0);
        if let Some(queued) = self.remove(id)
            && queued.sequence == sequence
        {
            // Sent again by request: the wider hop count stays, and the count of repetitions.
            keep = keep.max(queued.hop_count);
            repeats = queued.repeats;
        }
        let queued = Queued {
            sequence,
            hop_count: keep,
            body,
            repeats,
            deadline,
        };
        self.records.insert(id, queued);
        self.schedule(id, deadline);
        self.unsent.push(Mark {
            id,
            sequence,
            hop_count,
        });
        // A queue that may not be sent for long gathers marks of what was replaced on it.
        if self.unsent.len() > 2 * self.records.len() + 64 {
            self.unsent = self.marked();
        }
    }

    /// What is to be sent, each record once: in the place of its first mark, as the first mark of the
    /// instance that is queued says.
    fn marked(&self) -> Vec<Mark> {
        let mut marks = BTreeMap::new();
        for mark in &self.unsent {
            if self.holds(mark.id, mark.sequence) {
                marks.entry(mark.id).or_insert(*mark);
            }
        }
        let places = self.unsent.iter();
        places.filter_map(|place| marks.remove(&place.id)).collect()
    }

    /// The queue may be sent from now on: everything on it gets `deadline`.
    pub fn open(&mut self, deadline: Time) {
        let waiting: Vec<_> = self.unsent.iter().map(|mark| mark.id).collect();
        for id in waiting {
            if let Some(queued) = self.records.get_mut(&id)
                && queued.deadline.is_none()
            {
                queued.deadline = Some(deadline);
                self.schedule(id, Some(deadline));
            }
        }
    }

    fn schedule(&mut self, id: RecordId, deadline: Option<Time>) {
        if let Some(deadline) = deadline {
            let batch = self.batches.entry(deadline).or_default();
            batch.order.push(id);
            batch.live += 1;
        }
    }

    fn remove(&mut self, id: RecordId) -> Option<Queued> {
        let queued = self.records.remove(&id)?;
        // R2334-2.3-15
        if let Some(deadline) = queued.deadline
            && let Some(batch) = self.batches.get_mut(&deadline)
        {
            batch.live -= 1;
            if batch.live == 0 {
                self.batches.remove(&deadline);
            }
        }
        Some(queued)
    }

    /// Compares a summary from a CSU Reply with the queue and takes the acknowledged off it. Hop count,
    /// record length and N bit play no part (register C14).
    pub fn acknowledge(&mut self, id: RecordId, sequence: SequenceNumber) -> Acknowledgement {
        let Some(queued) = self.records.get(&id) else {
            return Acknowledgement::NotQueued;
        };
        match sequence.cmp(&queued.sequence) {
            // R2334-2.3-19
            core::cmp::Ordering::Equal => {
                self.remove(id);
                Acknowledgement::Acknowledged
            }
            // R2334-2.3-20
            core::cmp::Ordering::Less => Acknowledgement::Older,
            // R2334-2.3-21
            core::cmp::Ordering::Greater => {
                self.remove(id);
                Acknowledgement::Newer
            }
        }
    }

    /// Takes whatever is queued under that name off the queue: a newer instance is known.
    // R2334-2.3-18
    pub fn supersede(&mut self, id: RecordId) {
        self.remove(id);
    }

    /// Whether instance `sequence` of `id` waits here.
    #[must_use]
    pub fn holds(&self, id: RecordId, sequence: SequenceNumber) -> bool {
        self.records
            .get(&id)
            .is_some_and(|queued| queued.sequence == sequence)
    }

    /// Nothing waits here.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// When the first repetition is due.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Time> {
        self.batches
            .first_key_value()
            .map(|(deadline, _)| *deadline)
    }

    /// Whether something is marked to be sent.
    #[must_use]
    pub fn has_unsent(&self) -> bool {
        !self.unsent.is_empty()
    }

    /// Hands the CSAs marked to be sent to `send`, in groups of at most `room` octets (one CSA is sent
    /// whatever its size), and unmarks them.
    // R2334-2.3-05, R2334-2.3-08
    pub fn take_unsent(&mut self, room: usize, mut send: impl FnMut(&[Csa<'_>])) {
        let marked = self.marked();
        self.unsent.clear();
        let mut packet = Vec::new();
        let mut octets = 0;
        for mark in marked {
            let Some(queued) = self.records.get(&mark.id) else {
                continue;
            };
            let body = queued.body.as_deref().unwrap_or_default();
            let mut csas = mark.id.summary(mark.sequence);
            csas.hop_count = mark.hop_count;
            // R2334-2.3-23, R2334-2.3-24, R2334-B.2.0.2-07
            csas.null = queued.body.is_none();
            let csa = Csa { csas, body };
            let size = crate::wire::scsp::CSAS_LENGTH + body.len();
            if octets + size > room && !packet.is_empty() {
                send(&packet);
                packet.clear();
                octets = 0;
            }
            octets += size;
            packet.push(csa);
        }
        if !packet.is_empty() {
            send(&packet);
        }
    }

    /// The timer of the batch due at `now` ran out: what it holds that is not acknowledged is marked to
    /// be sent again, and is due next at `again`.
    // R2334-2.3-13, R2334-2.3-14, R2334-2.3-16
    pub fn due(&mut self, now: Time, limit: u32, again: Time) -> Due {
        let Some(batch) = self.batches.remove(&now) else {
            return Due::Repeat(0);
        };
        let mut repeated = 0;
        for id in batch.order {
            let Some(queued) = self.records.get_mut(&id) else {
                continue;
            };
            if queued.deadline != Some(now) {
                continue;
            }
            // R2334-2.3-17
            if queued.repeats >= limit {
                return Due::Exhausted;
            }
            queued.repeats += 1;
            queued.deadline = Some(again);
            let mark = Mark {
                id,
                sequence: queued.sequence,
                hop_count: queued.hop_count,
            };
            self.schedule(id, Some(again));
            self.unsent.push(mark);
            repeated += 1;
        }
        Due::Repeat(repeated)
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// The same queue with deadlines as milliseconds from `now` and numbers from `base`, and without
    /// traces of what is no longer on it.
    pub(super) fn canonical(&self, now: Time, base: &impl Fn(RecordId) -> SequenceNumber) -> Self {
        let from_now = |time: Time| Time(time.0.saturating_sub(now.0));
        let mut records = self.records.clone();
        for (&id, queued) in &mut records {
            queued.sequence = relative(queued.sequence, base(id));
            queued.deadline = queued.deadline.map(from_now);
        }
        let batches = self
            .batches
            .iter()
            .map(|(&deadline, batch)| {
                let mut seen = BTreeSet::new();
                let order: Vec<_> = batch
                    .order
                    .iter()
                    .copied()
                    .filter(|id| {
                        self.records
                            .get(id)
                            .is_some_and(|queued| queued.deadline == Some(deadline))
                            && seen.insert(*id)
                    })
                    .collect();
                let live = order.len();
                (from_now(deadline), Batch { order, live })
            })
            .collect();
        let mut unsent = self.marked();
        for mark in &mut unsent {
            mark.sequence = relative(mark.sequence, base(mark.id));
        }
        Self {
            records,
            batches,
            unsent,
        }
    }
}

#[cfg(test)]
mod tests;
