//! How long the cache keeps what is over: records that ended (tombstones, register C06) and the records of
//! an originator in quarantine (register B02).
//!
//! The speaker does not read bodies, so the protocol on top says which record is a tombstone. Both kinds
//! are over at an exact deadline in the one table of timers.
//!
//! A quarantine ends in two steps. First the contents go, and of each record the number stays, so that a
//! neighbour that gives up later does not bring the record back as new. After the time of a tombstone the
//! numbers go too.

use crate::address::ServerId;
use crate::io::Time;
use crate::wire::scsp::CacheKey;

use super::alignment::CafsmState;
use super::cache::RecordId;
use super::event::SpeakerEvent;
use super::neighbor::Timer;
use super::speaker::Speaker;

impl Speaker {
    /// Says that the cached instance of a record is an ending: the record is dropped after
    /// [`SpeakerConfig::tombstone_ms`](super::SpeakerConfig), and not before every neighbour that was sent
    /// it has acknowledged it. [`SpeakerEvent::Expired`] tells when. Nothing happens for a record that is
    /// not cached.
    pub fn entomb(&mut self, now: Time, origin: ServerId, key: CacheKey) {
        self.advance(now);
        let id = RecordId { origin, key };
        if self.core.cache.get(id).is_some() {
            let deadline = self.after(self.config.tombstone_ms);
            self.core.timers.set(Timer::Tombstone(id), deadline);
        }
    }

    /// Takes that back: the cached instance is alive again.
    pub fn exhume(&mut self, origin: ServerId, key: CacheKey) {
        let id = RecordId { origin, key };
        self.core.timers.cancel(Timer::Tombstone(id));
    }

    /// A tombstone's time is over.
    pub(super) fn expire(&mut self, id: RecordId) {
        if self.is_unacknowledged(id.origin, id.key) || self.is_summarising() {
            // Nobody loses it who is still to be told, and nobody is told of its end by a summary that leaves it
            // out. Looked at again when the next repetition is over.
            let deadline = self.after(self.config.csu_rexmt_ms);
            self.core.timers.set(Timer::Tombstone(id), deadline);
            return;
        }
        if self.core.cache.remove(id) {
            self.out.meters.expired += 1;
            self.out.events.push_back(SpeakerEvent::Expired {
                at: self.clock,
                origin: id.origin,
                key: id.key,
            });
        }
    }

    /// An originator is in quarantine from now on.
    pub(super) fn start_quarantine(&mut self, origin: ServerId) {
        let deadline = self.after(self.config.quarantine_ms);
        self.core.timers.set(Timer::Quarantine(origin), deadline);
    }

    /// An originator in quarantine lives after all.
    pub(super) fn end_quarantine(&mut self, origin: ServerId) {
        self.core.timers.cancel(Timer::Quarantine(origin));
        if self.core.given_up.remove(&origin) {
            // What others still have of it is welcome again, what they had summarised before too.
            self.core.cache.forget_numbers(origin);
            for ix in self.neighbor_ids() {
                self.with(ix, |n, ctx| n.realign(ctx));
            }
        }
    }

    /// A step of the quarantine's end is due.
    pub(super) fn quarantine_over(&mut self, origin: ServerId) {
        if self.core.given_up.remove(&origin) {
            self.core.cache.forget_numbers(origin);
            self.core.cache.set_quarantine(origin, false);
            return;
        }
        self.core.given_up.insert(origin);
        let records: Vec<_> = self
            .core
            .cache
            .of_origin(origin)
            .map(|(id, ..)| id)
            .collect();
        for id in records {
            self.core.timers.cancel(Timer::Tombstone(id));
            self.core.cache.strip(id);
        }
        let deadline = self.after(self.config.tombstone_ms);
        self.core.timers.set(Timer::Quarantine(origin), deadline);
        self.out.events.push_back(SpeakerEvent::GivenUp {
            at: self.clock,
            origin,
        });
    }

    /// Whether summaries are going to and fro with some neighbour, or are about to.
    fn is_summarising(&self) -> bool {
        self.core.neighbors.iter().any(|neighbor| {
            matches!(
                neighbor.alignment.state(),
                CafsmState::Negotiation | CafsmState::Summarize(_)
            )
        })
    }

    const fn after(&self, ms: u64) -> Time {
        Time(self.clock.0.saturating_add(ms))
    }
}
