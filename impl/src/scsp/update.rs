//! Cache State Update towards one neighbour: the CSA request list with its CSUS (RFC 2334, 2.2.3), and
//! here the retransmit queue of CSAs that wait for an acknowledgement (RFC 2334, 2.3).

mod requests;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::io::Time;
use crate::wire::scsp::{CSAS_LENGTH, Csa, SequenceNumber};

use super::cache::{RecordId, relative};

pub use requests::Requests;

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
    /// To be sent with the next CSU Request, with this hop count: that of the instance, not of the entry.
    mark: Option<u16>,
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

/// The DCS retransmit queue: CSAs by name, and by when they are due. Each operation on one CSA looks it up
/// once or twice and passes no other by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Retransmit {
    records: BTreeMap<RecordId, Queued>,
    batches: BTreeMap<Time, Batch>,
    /// Marked CSAs in the order in which they are to be sent: the first place counts. Places of what is no
    /// longer marked may be left.
    unsent: Vec<RecordId>,
    /// Purges that left since [`Self::take_purged`].
    purged: Vec<RecordId>,
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
        let mut queued = Queued {
            sequence,
            hop_count,
            body,
            repeats: 0,
            deadline,
            mark: Some(hop_count),
        };
        match self.records.entry(id) {
            Entry::Vacant(place) => {
                place.insert(queued);
            }
            Entry::Occupied(mut place) => {
                let before = place.get();
                if before.sequence == sequence {
                    // Sent again by request: the wider hop count stays, and the count of repetitions.
                    queued.hop_count = hop_count.max(before.hop_count);
                    queued.repeats = before.repeats;
                    // Not sent yet at all: it goes as it was to go. Sent before: the copy on the way may be lost,
                    // and then this one is the first to arrive, unsolicited by now (C13).
                    queued.mark = before.mark.or(Some(queued.hop_count));
                } else if before.sequence == SequenceNumber::PURGE {
                    self.purged.push(id);
                }
                let before = place.insert(queued);
                leave(&mut self.batches, before.deadline);
            }
        }
        self.schedule(id, deadline);
        self.unsent.push(id);
        // A queue that may not be sent for long gathers places of what was replaced on it.
        if self.unsent.len() > 2 * self.records.len() + 64 {
            self.unsent = self.places();
        }
    }

    /// What is marked, each once, in the order in which it is to be sent.
    fn places(&self) -> Vec<RecordId> {
        let mut seen = BTreeSet::new();
        let marked = |id: &RecordId| self.records.get(id).is_some_and(|q| q.mark.is_some());
        let places = self.unsent.iter().copied();
        places.filter(|id| marked(id) && seen.insert(*id)).collect()
    }

    /// The queue may be sent from now on: everything on it gets `deadline`.
    pub fn open(&mut self, deadline: Time) {
        let batch = self.batches.entry(deadline).or_default();
        for &id in &self.unsent {
            if let Some(queued) = self.records.get_mut(&id)
                && queued.deadline.is_none()
            {
                queued.deadline = Some(deadline);
                batch.order.push(id);
                batch.live += 1;
            }
        }
        if batch.live == 0 {
            self.batches.remove(&deadline);
        }
    }

    fn schedule(&mut self, id: RecordId, deadline: Option<Time>) {
        if let Some(deadline) = deadline {
            let batch = self.batches.entry(deadline).or_default();
            batch.order.push(id);
            batch.live += 1;
        }
    }

    /// Compares a summary from a CSU Reply with the queue and takes the acknowledged off it. Hop count,
    /// record length and N bit play no part (register C14).
    pub fn acknowledge(&mut self, id: RecordId, sequence: SequenceNumber) -> Acknowledgement {
        let Entry::Occupied(place) = self.records.entry(id) else {
            return Acknowledgement::NotQueued;
        };
        let acknowledgement = match sequence.cmp(&place.get().sequence) {
            // R2334-2.3-19
            core::cmp::Ordering::Equal => Acknowledgement::Acknowledged,
            // R2334-2.3-20
            core::cmp::Ordering::Less => return Acknowledgement::Older,
            // R2334-2.3-21
            core::cmp::Ordering::Greater => Acknowledgement::Newer,
        };
        let queued = place.remove();
        self.left(id, &queued);
        acknowledgement
    }

    /// Takes exactly that null record off the queue; true if it was there. The echo of a null record says
    /// nothing of a record with the same number that was queued since (finding N03, against register C14).
    pub fn acknowledge_null(&mut self, id: RecordId, sequence: SequenceNumber) -> bool {
        let is_null = self.records.get(&id).is_some_and(|q| q.body.is_none());
        is_null && self.take(id, sequence)
    }

    /// Takes exactly that instance off the queue; true if it was there.
    // R2334-2.3-25
    pub fn take(&mut self, id: RecordId, sequence: SequenceNumber) -> bool {
        match self.records.entry(id) {
            Entry::Occupied(place) if place.get().sequence == sequence => {
                let queued = place.remove();
                self.left(id, &queued);
                true
            }
            _ => false,
        }
    }

    /// What is to be done after a CSA left.
    fn left(&mut self, id: RecordId, queued: &Queued) {
        // R2334-2.3-15
        leave(&mut self.batches, queued.deadline);
        if queued.sequence == SequenceNumber::PURGE {
            self.purged.push(id);
        }
    }

    /// Names under which a purge has left the queue, acknowledged or not, since the last call.
    pub(super) fn take_purged(&mut self) -> Vec<RecordId> {
        core::mem::take(&mut self.purged)
    }

    /// Takes whatever is queued under that name off the queue, because a newer instance is known; true if
    /// there was anything.
    // R2334-2.3-18
    pub fn supersede(&mut self, id: RecordId) -> bool {
        let Some(queued) = self.records.remove(&id) else {
            return false;
        };
        self.left(id, &queued);
        true
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
        let mut unsent = core::mem::take(&mut self.unsent);
        let mut marks = Vec::with_capacity(unsent.len().min(self.records.len()));
        for id in unsent.drain(..) {
            let queued = self.records.get_mut(&id);
            if let Some(mark) = queued.and_then(|queued| queued.mark.take()) {
                marks.push((id, mark));
            }
        }
        let mut packet = Vec::new();
        let mut octets = 0;
        for (id, hop_count) in marks {
            let Some(queued) = self.records.get(&id) else {
                continue;
            };
            let body = queued.body.as_deref().unwrap_or_default();
            let mut csas = id.summary(queued.sequence);
            csas.hop_count = hop_count;
            // R2334-2.3-23, R2334-2.3-24, R2334-B.2.0.2-07
            csas.null = queued.body.is_none();
            let csa = Csa { csas, body };
            let size = CSAS_LENGTH + body.len();
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
            queued.mark = queued.mark.or(Some(queued.hop_count));
            self.schedule(id, Some(again));
            self.unsent.push(id);
            repeated += 1;
        }
        Due::Repeat(repeated)
    }

    /// Forgets everything but which purges have left.
    pub fn clear(&mut self) {
        let mut purged = self.take_purged();
        let records = self.records.iter();
        let purges = records.filter(|(_, queued)| queued.sequence == SequenceNumber::PURGE);
        purged.extend(purges.map(|(&id, _)| id));
        *self = Self {
            purged,
            ..Self::default()
        };
    }

    /// The same queue with deadlines as milliseconds from `now` and numbers from `base`, and without
    /// traces that nothing depends on any more.
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
                // The first place of each counts. That of one which has left counts too: put on again at
                // the same instant it would be repeated in the place that it had.
                let mut seen = BTreeSet::new();
                let places = batch.order.iter().copied();
                let order = places.filter(|id| seen.insert(*id)).collect();
                let live = batch.live;
                (from_now(deadline), Batch { order, live })
            })
            .collect();
        Self {
            records,
            batches,
            unsent: self.places(),
            purged: self.purged.clone(),
        }
    }
}

/// One CSA fewer is due at `deadline`.
fn leave(batches: &mut BTreeMap<Time, Batch>, deadline: Option<Time>) {
    if let Some(deadline) = deadline
        && let Entry::Occupied(mut batch) = batches.entry(deadline)
    {
        batch.get_mut().live -= 1;
        if batch.get().live == 0 {
            batch.remove();
        }
    }
}

#[cfg(test)]
mod tests;
