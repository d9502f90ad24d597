//! The SCSP speaker of one PID/SGID: every neighbour, the cache, the timers.
//!
//! Each call takes the time, which never goes back. A call first fires what is due by then, in order of
//! deadline and then of [`Timer`]. After a call, handle [`Speaker::poll_event`] and then drain
//! [`Speaker::poll_send`] (and [`Speaker::poll_multipoint`], where there are such VCs): records that are originated meanwhile share packets with what is already to be
//! sent to a neighbour.

use std::collections::BTreeSet;

use crate::address::ServerId;
use crate::io::Time;
use crate::timer::TimerTable;
use crate::wire::scsp::{CacheKey, EncodeBody};

use super::alignment::CafsmState;
use super::cache::{Cache, Entry, RecordId};
use super::config::SpeakerConfig;
use super::event::{Application, Meters, NeighborIx, SpeakerEvent};
use super::hello::{HfsmEvent, HfsmState};
use super::multipoint::{self, Heard, MultipointIx};
use super::neighbor::{Context, Neighbor, Outgoing, Outlets, Timer};

/// The state proper: everything that the protocol remembers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Core {
    pub(super) cache: Cache,
    pub(super) neighbors: Vec<Neighbor>,
    pub(super) timers: TimerTable<Timer>,
    /// Own purges that some neighbour has yet to acknowledge (register C11, H13).
    pub(super) purging: BTreeSet<CacheKey>,
    /// Originators in quarantine of whose records only the numbers are left (register B02).
    pub(super) given_up: BTreeSet<ServerId>,
    /// For each point-to-multipoint VC the leaves that its Hello lists.
    pub(super) heard: Vec<Heard>,
}

// R2334-2.1-16
/// One SCSP instance (RFC 2334, 2). See the module for how to drive it.
#[derive(Clone, Debug)]
pub struct Speaker {
    pub(super) config: SpeakerConfig,
    /// The VC that each neighbour is a leaf of, from the configuration.
    pub(super) leaf_of: Vec<Option<MultipointIx>>,
    pub(super) core: Core,
    pub(super) out: Outlets,
    /// Time of the latest call; what is marked and not sent yet was marked then.
    pub(super) clock: Time,
}

impl Speaker {
    /// A speaker without VCs and with an empty cache. Values of `config` out of their bounds are
    /// brought into them.
    #[must_use]
    pub fn new(config: SpeakerConfig, now: Time) -> Self {
        let config = config.bounded();
        let neighbors = (0u32..)
            .zip(&config.neighbors)
            // R2334-B.2.1-04: each alignment counts for itself.
            .map(|(ix, _)| {
                Neighbor::new(config.ca_start.wrapping_add(ix.wrapping_mul(0x0100_0000)))
            })
            .collect();
        Self {
            leaf_of: multipoint::leaves(&config),
            core: Core {
                cache: Cache::default(),
                neighbors,
                timers: TimerTable::default(),
                purging: BTreeSet::new(),
                given_up: BTreeSet::new(),
                heard: vec![Heard::default(); config.multipoint.len()],
            },
            config,
            out: Outlets::default(),
            clock: now,
        }
    }

    pub(super) const fn core(&self) -> &Core {
        &self.core
    }

    /// Own id.
    #[must_use]
    pub const fn id(&self) -> ServerId {
        self.config.id
    }

    /// The configuration, within bounds.
    #[must_use]
    pub const fn config(&self) -> &SpeakerConfig {
        &self.config
    }

    /// A VC to a neighbour is up, or it is a leaf of its point-to-multipoint VC now: Hellos start at once,
    /// on a point-to-multipoint VC with its first leaf. Nothing happens if there is one already.
    pub fn vc_up(&mut self, now: Time, neighbor: NeighborIx) {
        self.advance(now);
        self.with(neighbor, |n, ctx| n.step(HfsmEvent::VcUp, ctx));
        self.note_connectivity(neighbor);
        self.settle();
    }

    /// The VC to a neighbour is gone, or it is a leaf of its point-to-multipoint VC no longer.
    pub fn vc_down(&mut self, now: Time, neighbor: NeighborIx) {
        self.advance(now);
        self.with(neighbor, |n, ctx| n.step(HfsmEvent::VcDown, ctx));
        self.note_connectivity(neighbor);
        self.settle();
    }

    /// An SCSP packet, without LLC/SNAP, came on the VC of a neighbour.
    ///
    /// A packet that is not for this server, or not to be had in the present state, is dropped and
    /// counted. One with impossible lengths also resets the adjacency (register C25).
    pub fn packet(
        &mut self,
        now: Time,
        neighbor: NeighborIx,
        packet: &[u8],
        app: &impl Application,
    ) {
        self.advance(now);
        self.out.meters.received += 1;
        if let Err(reason) = self.take(neighbor, packet, app) {
            *self.out.meters.dropped.entry(reason).or_default() += 1;
        }
        self.settle();
    }

    /// Fires every timer due at or before `now`, each at its own deadline.
    pub fn fire(&mut self, now: Time) {
        self.advance(now);
        self.settle();
    }

    /// When the next timer is due. Until then the speaker stays silent unless it is called. Drain
    /// [`Self::poll_send`] first.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Time> {
        self.core.timers.next_deadline()
    }

    /// The next packet to send: when, to which neighbour, and its octets without LLC/SNAP.
    pub fn poll_send(&mut self) -> Option<(Time, NeighborIx, Vec<u8>)> {
        loop {
            if self.out.packets.is_empty() {
                self.flush();
            }
            let (at, ix, outgoing) = self.out.packets.pop_front()?;
            let packet = match outgoing {
                Outgoing::Packet(packet) => Some(packet),
                Outgoing::Reply(receiver, summaries) => {
                    let body = EncodeBody::CsuReply(&summaries);
                    self.with(ix, |_, ctx| ctx.packet(receiver, &body))
                        .flatten()
                }
            };
            if let Some(packet) = packet {
                return Some((at, ix, packet));
            }
        }
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<SpeakerEvent> {
        self.out.events.pop_front()
    }

    /// State of a neighbour's Hello FSM; Down for a neighbour that is not configured.
    #[must_use]
    pub fn hfsm(&self, neighbor: NeighborIx) -> HfsmState {
        self.neighbor(neighbor)
            .map_or(HfsmState::Down, |n| n.hello.state())
    }

    /// State of a neighbour's alignment FSM; Down for a neighbour that is not configured.
    #[must_use]
    pub fn cafsm(&self, neighbor: NeighborIx) -> CafsmState {
        self.neighbor(neighbor)
            .map_or(CafsmState::Down, |n| n.alignment.state())
    }

    /// A neighbour's id: as configured, or as heard from it since its Hello FSM left Waiting.
    #[must_use]
    pub fn neighbor_id(&self, neighbor: NeighborIx) -> Option<ServerId> {
        let configured = self.config.neighbors.get(usize::from(neighbor.0))?;
        configured.or_else(|| self.neighbor(neighbor)?.hello.dcsid())
    }

    /// The counters.
    #[must_use]
    pub const fn meters(&self) -> &Meters {
        &self.out.meters
    }

    /// All cache entries, ascending by originator and key. Looks at every entry.
    pub fn cache(&self) -> impl Iterator<Item = (ServerId, CacheKey, Entry<'_>)> + '_ {
        self.core
            .cache
            .iter()
            .map(|(id, entry)| (id.origin, id.key, entry))
    }

    /// One cache entry.
    #[must_use]
    pub fn get(&self, origin: ServerId, key: CacheKey) -> Option<Entry<'_>> {
        self.core.cache.get(RecordId { origin, key })
    }

    pub(super) fn neighbor(&self, neighbor: NeighborIx) -> Option<&Neighbor> {
        self.core.neighbors.get(usize::from(neighbor.0))
    }

    pub(super) fn neighbor_ids(&self) -> impl Iterator<Item = NeighborIx> + use<> {
        let count = u16::try_from(self.core.neighbors.len()).unwrap_or(u16::MAX);
        (0..count).map(NeighborIx)
    }

    /// Lets `act` work on one neighbour with all it needs.
    pub(super) fn with<R>(
        &mut self,
        ix: NeighborIx,
        act: impl FnOnce(&mut Neighbor, &mut Context<'_>) -> R,
    ) -> Option<R> {
        let is_leaf = self.multipoint_of(ix).is_some();
        let neighbor = self.core.neighbors.get_mut(usize::from(ix.0))?;
        let mut context = Context {
            now: self.clock,
            ix,
            config: &self.config,
            is_leaf,
            cache: &self.core.cache,
            timers: &mut self.core.timers,
            out: &mut self.out,
        };
        let result = act(neighbor, &mut context);
        if is_leaf {
            self.note_leaf(ix);
        }
        Some(result)
    }

    /// The same where nothing comes of it.
    fn of(&mut self, ix: NeighborIx, act: impl FnOnce(&mut Neighbor, &mut Context<'_>)) {
        self.with(ix, act);
    }

    /// Moves the clock to `now`, firing what is due on the way.
    pub(super) fn advance(&mut self, now: Time) {
        if now > self.clock {
            self.flush();
        }
        let now = now.max(self.clock);
        while let Some((deadline, timer)) = self.core.timers.pop_due(now) {
            self.clock = deadline.max(self.clock);
            match timer {
                Timer::Dead(ix) => self.of(ix, |n, ctx| n.step(HfsmEvent::DeadTime, ctx)),
                Timer::Hello(ix) => self.of(ix, |n, ctx| n.send_hello(ctx)),
                Timer::MultipointHello(vc) => self.send_multipoint_hello(vc),
                Timer::Ca(ix) => self.of(ix, |n, ctx| n.ca_timer(ctx)),
                Timer::CaHold(ix) => self.of(ix, |n, ctx| n.hold_timer(ctx)),
                Timer::Csus(ix) => self.of(ix, |n, ctx| n.csus_timer(ctx)),
                Timer::Csu(ix) => self.of(ix, |n, ctx| n.csu_timer(ctx)),
                Timer::Tombstone(id) => self.expire(id),
                Timer::Quarantine(origin) => self.quarantine_over(origin),
            }
        }
        self.clock = now;
    }

    /// Sends what is marked to be sent, to every neighbour.
    fn flush(&mut self) {
        for ix in self.neighbor_ids() {
            self.with(ix, |n, ctx| n.flush(ctx));
        }
    }
}
