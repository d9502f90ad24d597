//! Flooding: what is made of CSAs and acknowledgements that come in, own records, quarantine
//! (RFC 2334, 2.3 and B.2.0.2).

use std::sync::Arc;

use crate::address::ServerId;
use crate::io::Time;
use crate::wire::scsp::{CacheKey, Csa, Csas, SequenceNumber};

use super::cache::{Newness, RecordId};
use super::event::{Application, Judgement, NeighborIx, SpeakerEvent};
use super::neighbor::Neighbor;
use super::speaker::Speaker;
use super::update::Acknowledgement;

impl Speaker {
    /// Originates an own record, or the next instance of one: number one above the last, or the first
    /// of all (RFC 2334, B.2.0.2). It is flooded to every neighbour.
    ///
    /// `None`, and nothing happens, when the key's ordinary numbers are used up: purge it and go on
    /// under another key (register C11).
    pub fn originate(&mut self, now: Time, key: CacheKey, body: Vec<u8>) -> Option<SequenceNumber> {
        // R2334-B.2.0.2-09, R2334-B.2.0.2-12, R2334-B.2.0.2-13
        let sequence = self
            .get(self.id(), key)
            .map_or(SequenceNumber::FIRST, |entry| entry.sequence.next());
        self.originate_as(now, key, sequence, body)
    }

    /// Originates an own record with a number above `theirs`, which the net turned out to have: by the
    /// configured constant (register C08, B11).
    ///
    /// Nothing happens, and the own number is returned, when that is larger already. `None`, and nothing
    /// happens, when the jump would lead into the last 2^16 numbers (C11).
    pub fn originate_above(
        &mut self,
        now: Time,
        key: CacheKey,
        theirs: SequenceNumber,
        body: Vec<u8>,
    ) -> Option<SequenceNumber> {
        let own = self.get(self.id(), key).map(|entry| entry.sequence);
        // Two neighbours may tell of the same.
        if own.is_some_and(|own| own > theirs) {
            return own;
        }
        // R2334-B.2.0.2-16, R2334-B.2.0.2-17
        let above = theirs
            .0
            .checked_add_unsigned(self.config.restart_constant)
            .filter(|&n| n <= SequenceNumber::LAST.0 - 0x1_0000)?;
        self.originate_as(now, key, SequenceNumber(above), body)
    }

    /// Ends an own record for good with the purging number 0x7FFFFFFF (register C11).
    /// [`SpeakerEvent::PurgeAcknowledged`] tells when no neighbour has yet to acknowledge it.
    // R2334-B.2.0.2-14
    pub fn purge(&mut self, now: Time, key: CacheKey, body: Vec<u8>) {
        self.advance(now);
        self.core.purging.insert(key);
        self.publish(key, SequenceNumber::PURGE, body);
        self.settle();
        // There may be nobody to acknowledge it.
        self.settle_purge(key);
    }

    fn originate_as(
        &mut self,
        now: Time,
        key: CacheKey,
        sequence: SequenceNumber,
        body: Vec<u8>,
    ) -> Option<SequenceNumber> {
        if sequence > SequenceNumber::LAST {
            return None;
        }
        self.advance(now);
        self.publish(key, sequence, body);
        Some(sequence)
    }

    /// Stores an own instance and offers it to every neighbour.
    // R2334-2.3-04, R2334-B.2.0.2-03
    fn publish(&mut self, key: CacheKey, sequence: SequenceNumber, body: Vec<u8>) {
        let id = RecordId {
            origin: self.id(),
            key,
        };
        let body: Arc<[u8]> = body.into();
        self.install(id, sequence, body.clone());
        self.received(id, sequence, None);
        let hop_count = self.config.hop_count;
        self.offer(id, sequence, &body, hop_count, None);
        self.rearm();
        self.solicit();
    }

    /// Puts an originator into quarantine: its records stay, follow updates and are flooded, but are
    /// left out of summaries until [`Self::restore`] (register B02, B03). Given up after
    /// [`SpeakerConfig::quarantine_ms`](super::SpeakerConfig), of which [`SpeakerEvent::GivenUp`] tells.
    pub fn quarantine(&mut self, origin: ServerId) {
        if self.core.cache.set_quarantine(origin, true) {
            self.start_quarantine(origin);
        }
    }

    /// Takes an originator out of quarantine; its records are flooded once, with the numbers they have
    /// and the configured hop count, to all neighbours but `except` (register B02, H04). Nothing happens
    /// for one that is not in quarantine.
    pub fn restore(&mut self, now: Time, origin: ServerId, except: Option<NeighborIx>) {
        self.advance(now);
        if !self.core.cache.set_quarantine(origin, false) {
            return;
        }
        self.end_quarantine(origin);
        let records: Vec<_> = self
            .core
            .cache
            .of_origin(origin)
            .map(|(id, sequence, body)| (id, sequence, body.clone()))
            .collect();
        let hop_count = self.config.hop_count;
        for (id, sequence, body) in records {
            self.offer(id, sequence, &body, hop_count, except);
        }
        self.rearm();
    }

    /// Drops a record from the cache. What is queued of it for a neighbour is still delivered.
    pub fn forget(&mut self, origin: ServerId, key: CacheKey) {
        self.core.cache.remove(RecordId { origin, key });
    }

    /// Whether some neighbour has yet to acknowledge the cached instance of a record.
    #[must_use]
    pub fn is_unacknowledged(&self, origin: ServerId, key: CacheKey) -> bool {
        let id = RecordId { origin, key };
        self.core
            .cache
            .get(id)
            .is_some_and(|entry| self.is_queued(id, entry.sequence))
    }

    fn is_queued(&self, id: RecordId, sequence: SequenceNumber) -> bool {
        self.core
            .neighbors
            .iter()
            .any(|n| n.queue.holds(id, sequence))
    }

    /// How a number compares with the cache, a purge that every neighbour has acknowledged included.
    pub(super) fn newness(&self, id: RecordId, sequence: SequenceNumber) -> Newness {
        let wrapped = || !self.is_queued(id, SequenceNumber::PURGE);
        self.core.cache.compare(id, sequence, wrapped)
    }

    /// Takes an instance into the cache, and older instances off the queues; true if the entry had content
    /// before. The timers are still to be set by [`Self::rearm`].
    fn install(&mut self, id: RecordId, sequence: SequenceNumber, body: Arc<[u8]>) -> bool {
        // R2334-2.3-18
        for neighbor in &mut self.core.neighbors {
            neighbor.queue.supersede(id);
        }
        self.core.cache.store(id, sequence, body)
    }

    /// Takes an instance off every request list (register C26); true if it was on that of `from`.
    fn received(
        &mut self,
        id: RecordId,
        sequence: SequenceNumber,
        from: Option<NeighborIx>,
    ) -> bool {
        let mut solicited = false;
        for (ix, neighbor) in (0u16..).map(NeighborIx).zip(&mut self.core.neighbors) {
            solicited |= neighbor.requests.receive(id, sequence) && from == Some(ix);
        }
        solicited
    }

    /// A neighbour without what it needs to send: for what is done for each record.
    fn neighbor_mut(&mut self, ix: NeighborIx) -> Option<&mut Neighbor> {
        self.core.neighbors.get_mut(usize::from(ix.0))
    }

    /// Sets every neighbour's CSU timer, once for all that a call did to the queues.
    fn rearm(&mut self) {
        for ix in self.neighbor_ids() {
            self.with(ix, |n, ctx| n.rearm(ctx));
        }
    }

    /// Offers an instance to every neighbour but `except`. The timers are still to be set by
    /// [`Self::rearm`].
    fn offer(
        &mut self,
        id: RecordId,
        sequence: SequenceNumber,
        body: &Arc<[u8]>,
        hop_count: u16,
        except: Option<NeighborIx>,
    ) {
        let deadline = Time(self.clock.0.saturating_add(self.config.csu_rexmt_ms));
        for (ix, neighbor) in (0u16..).map(NeighborIx).zip(&mut self.core.neighbors) {
            if Some(ix) != except {
                neighbor.offer(id, sequence, body, hop_count, deadline);
            }
        }
    }

    /// Lets every neighbour go on with its request list.
    fn solicit(&mut self) {
        for ix in self.neighbor_ids() {
            self.with(ix, |n, ctx| n.solicit(ctx));
        }
    }

    /// A CSU Request: each CSA is looked at in order (register C35), then all are acknowledged: by then
    /// each has been taken or need not be, so none is held back (R2334-2.3-07).
    // R2334-2.2.3-04
    pub(super) fn csu_request<'a>(
        &mut self,
        from: NeighborIx,
        records: impl Iterator<Item = Csa<'a>>,
        app: &impl Application,
    ) {
        let summaries: Vec<_> = records.map(|csa| self.accept(from, &csa, app)).collect();
        self.rearm();
        self.with(from, |n, ctx| n.reply(&summaries, ctx));
        self.solicit();
    }

    /// One CSA. Returns the summary that acknowledges it.
    fn accept(&mut self, from: NeighborIx, csa: &Csa<'_>, app: &impl Application) -> Csas {
        let id = RecordId::of(&csa.csas);
        let sequence = csa.csas.sequence;
        // R2334-2.3-06; register C14: key, originator and number, with a hop count and length of its own.
        let echo = id.summary(sequence);
        if csa.csas.null {
            self.accept_null(from, id, sequence);
            // R2334-B.2.0.2-08; register C15.
            return Csas { null: true, ..echo };
        }
        // R2334-2.3-25: the neighbour has the very instance that waits for its acknowledgement.
        if let Some(neighbor) = self.neighbor_mut(from) {
            neighbor.queue.take(id, sequence);
        }
        if id.origin == self.config.id {
            return self.accept_own(from, csa, echo);
        }
        match self.newness(id, sequence) {
            Newness::Ignored => {
                self.out.meters.ignored += 1;
                echo
            }
            // R2334-2.3-22
            Newness::Older(held) => {
                self.out.meters.stale += 1;
                id.summary(held)
            }
            // R2334-2.3-26, R2334-2.3-34
            Newness::Equal => {
                self.out.meters.duplicate += 1;
                self.compare_content(id, csa.body);
                self.received(id, sequence, None);
                echo
            }
            Newness::Unknown | Newness::Newer => {
                match app.judge(csa) {
                    Judgement::Use => self.learn(from, csa),
                    // Register C24: without this the neighbour would repeat, reset and be asked again.
                    Judgement::AcknowledgeOnly => {
                        self.out.meters.acknowledged_only += 1;
                        self.core.cache.pass_over(id, sequence);
                        self.received(id, sequence, None);
                    }
                }
                echo
            }
        }
    }

    /// A newer record of another originator: cache it, tell of it, pass it on.
    // R2334-2.3-03, R2334-2.3-10, R2334-2.3-11, R2334-B.2.0.2-10, R2334-B.2.0.2-21, R2334-B.3.1.5-04
    fn learn(&mut self, from: NeighborIx, csa: &Csa<'_>) {
        let id = RecordId::of(&csa.csas);
        let sequence = csa.csas.sequence;
        let solicited = self.received(id, sequence, Some(from));
        let body: Arc<[u8]> = csa.body.into();
        let known_key = self.install(id, sequence, body.clone());
        self.out.meters.accepted += 1;
        // R2334-B.2.0.2-01; register C13: solicited news would stop here, so it starts afresh.
        let hop_count = match csa.csas.hop_count.max(1) {
            1 if solicited => self.config.hop_count,
            received => received - 1,
        };
        if hop_count > 0 {
            self.offer(id, sequence, &body, hop_count, Some(from));
        } else {
            self.out.meters.hops_used_up += 1;
        }
        self.out.events.push_back(SpeakerEvent::Learned {
            at: self.clock,
            origin: id.origin,
            key: id.key,
            sequence,
            body,
            from,
            solicited,
            known_key,
        });
    }

    /// A record under the own id: never installed (register C08).
    fn accept_own(&mut self, from: NeighborIx, csa: &Csa<'_>, echo: Csas) -> Csas {
        let id = RecordId::of(&csa.csas);
        let newness = self.newness(id, csa.csas.sequence);
        self.received(id, csa.csas.sequence, None);
        match newness {
            Newness::Older(held) => {
                self.out.meters.stale += 1;
                id.summary(held)
            }
            Newness::Equal => {
                self.out.meters.duplicate += 1;
                self.compare_content(id, csa.body);
                echo
            }
            Newness::Ignored => {
                self.out.meters.ignored += 1;
                echo
            }
            // Register H07: what came is acknowledged; the larger re-origination follows.
            Newness::Unknown | Newness::Newer => {
                self.out.meters.own_returned += 1;
                self.out.events.push_back(SpeakerEvent::OwnReturned {
                    at: self.clock,
                    key: id.key,
                    sequence: csa.csas.sequence,
                    body: Some(csa.body.into()),
                    held: newness == Newness::Newer,
                    from,
                });
                echo
            }
        }
    }

    /// The answer to a CSUS that the neighbour no longer has the record (register C15). Counts as
    /// received; an older instance that is held of it goes, unless its originator is in quarantine.
    fn accept_null(&mut self, from: NeighborIx, id: RecordId, sequence: SequenceNumber) {
        let solicited = self
            .with(from, |n, _| n.requests.receive(id, sequence))
            .unwrap_or(false);
        self.out.meters.unasked_nulls += u64::from(!solicited);
        let outdated = self
            .core
            .cache
            .get(id)
            .is_some_and(|entry| entry.sequence < sequence && !entry.quarantined);
        if solicited && outdated && id.origin != self.config.id {
            self.core.cache.remove(id);
            self.out.events.push_back(SpeakerEvent::Dropped {
                at: self.clock,
                origin: id.origin,
                key: id.key,
            });
        }
    }

    /// An equal number with other octets cannot be told which is right (register C12): ours stay.
    fn compare_content(&mut self, id: RecordId, body: &[u8]) {
        let differs = self
            .core
            .cache
            .get(id)
            .is_some_and(|entry| entry.usable && entry.body != body);
        if differs {
            self.out.meters.conflicting += 1;
            let detail = format!("{id:?}");
            self.out.log(self.clock, "conflicting-content", detail);
        }
    }

    /// A CSU Reply.
    // R2334-2.3-09
    pub(super) fn csu_reply(&mut self, from: NeighborIx, summaries: impl Iterator<Item = Csas>) {
        for csas in summaries {
            let id = RecordId::of(&csas);
            if csas.null {
                let taken = self
                    .neighbor_mut(from)
                    .is_some_and(|n| n.queue.acknowledge_null(id, csas.sequence));
                self.out.meters.idle_acknowledgements += u64::from(!taken);
                continue;
            }
            let acknowledged = self
                .neighbor_mut(from)
                .map(|n| n.queue.acknowledge(id, csas.sequence));
            if matches!(
                acknowledged,
                Some(Acknowledgement::NotQueued | Acknowledgement::Older)
            ) {
                self.out.meters.idle_acknowledgements += 1;
            }
            let may_be_newer = match acknowledged {
                Some(Acknowledgement::Newer) => true,
                // A late reply: what it says is news all the same, if it is about something known.
                Some(Acknowledgement::NotQueued) => self.core.cache.get(id).is_some(),
                Some(Acknowledgement::Acknowledged | Acknowledgement::Older) | None => false,
            };
            if !may_be_newer {
                continue;
            }
            match self.newness(id, csas.sequence) {
                // Register C08: no CSUS for what this server itself holds.
                Newness::Newer if id.origin == self.config.id => {
                    self.out.events.push_back(SpeakerEvent::OwnReturned {
                        at: self.clock,
                        key: id.key,
                        sequence: csas.sequence,
                        body: None,
                        held: true,
                        from,
                    });
                }
                // R2334-2.3-21; register C27.
                Newness::Newer | Newness::Unknown => {
                    self.with(from, |n, _| n.requests.want(id, csas.sequence));
                }
                Newness::Equal | Newness::Older(_) | Newness::Ignored => {}
            }
        }
        self.with(from, |n, ctx| n.rearm(ctx));
        self.solicit();
    }

    /// Tells of own purges that nobody has yet to acknowledge: of those that left a queue in this call, so
    /// that it costs nothing how many there are.
    // R2334-B.2.0.2-15
    pub(super) fn settle(&mut self) {
        let mut left: Vec<_> = self
            .core
            .neighbors
            .iter_mut()
            .flat_map(|n| n.queue.take_purged())
            .filter(|id| id.origin == self.config.id)
            .collect();
        left.sort_unstable();
        for id in left {
            self.settle_purge(id.key);
        }
    }

    /// Tells of one own purge, if nobody has yet to acknowledge it and that was not told before.
    fn settle_purge(&mut self, key: CacheKey) {
        let origin = self.config.id;
        if self.core.purging.contains(&key)
            && !self.is_queued(RecordId { origin, key }, SequenceNumber::PURGE)
        {
            self.core.purging.remove(&key);
            self.out.events.push_back(SpeakerEvent::PurgeAcknowledged {
                at: self.clock,
                key,
            });
        }
    }
}
