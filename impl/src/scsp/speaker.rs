//! The SCSP speaker of one PID/SGID: every neighbour, the cache, the timers.
//!
//! Each call takes the time, which never goes back. A call first fires what is due by then, in order of
//! deadline and then of [`Timer`]. After a call, handle [`Speaker::poll_event`] and then drain
//! [`Speaker::poll_send`]: records that are originated meanwhile share packets with what is already to be
//! sent to a neighbour.

use std::collections::BTreeSet;

use crate::address::ServerId;
use crate::io::Time;
use crate::timer::TimerTable;
use crate::wire::scsp::{self, Body, CacheKey, Header, IdList, Packet};

use super::alignment::{CaMessage, CafsmState};
use super::cache::{Cache, Entry, Newness, RecordId};
use super::config::SpeakerConfig;
use super::event::{Application, DropReason, Meters, NeighborIx, SpeakerEvent};
use super::hello::{HfsmEvent, HfsmState};
use super::neighbor::{Context, Neighbor, Outlets, Summarised, Timer};

/// The id that stands for every receiver; nobody's own (register C31).
const EVERYBODY: ServerId = ServerId([0xff; 4]);

/// The state proper: everything that the protocol remembers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Core {
    pub(super) cache: Cache,
    pub(super) neighbors: Vec<Neighbor>,
    pub(super) timers: TimerTable<Timer>,
    /// Own purges that some neighbour has yet to acknowledge (register C11, H13).
    pub(super) purging: BTreeSet<CacheKey>,
}

// R2334-2.1-16
/// One SCSP instance (RFC 2334, 2). See the module for how to drive it.
#[derive(Clone, Debug)]
pub struct Speaker {
    pub(super) config: SpeakerConfig,
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
            config,
            core: Core {
                cache: Cache::default(),
                neighbors,
                timers: TimerTable::default(),
                purging: BTreeSet::new(),
            },
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

    /// A VC to a neighbour is up: Hellos start at once. Nothing happens if there is one already.
    pub fn vc_up(&mut self, now: Time, neighbor: NeighborIx) {
        self.advance(now);
        self.with(neighbor, |n, ctx| n.step(HfsmEvent::VcUp, ctx));
        self.settle();
    }

    /// The VC to a neighbour is gone.
    pub fn vc_down(&mut self, now: Time, neighbor: NeighborIx) {
        self.advance(now);
        self.with(neighbor, |n, ctx| n.step(HfsmEvent::VcDown, ctx));
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
        if self.out.packets.is_empty() {
            self.flush();
        }
        self.out.packets.pop_front()
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

    fn neighbor(&self, neighbor: NeighborIx) -> Option<&Neighbor> {
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
        let neighbor = self.core.neighbors.get_mut(usize::from(ix.0))?;
        let mut context = Context {
            now: self.clock,
            ix,
            config: &self.config,
            cache: &self.core.cache,
            timers: &mut self.core.timers,
            out: &mut self.out,
        };
        Some(act(neighbor, &mut context))
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
                Timer::Dead(ix) => self.with(ix, |n, ctx| n.step(HfsmEvent::DeadTime, ctx)),
                Timer::Hello(ix) => self.with(ix, |n, ctx| n.send_hello(ctx)),
                Timer::Ca(ix) => self.with(ix, |n, ctx| n.ca_timer(ctx)),
                Timer::CaHold(ix) => self.with(ix, |n, ctx| n.release(ctx)),
                Timer::Csus(ix) => self.with(ix, |n, ctx| n.csus_timer(ctx)),
                Timer::Csu(ix) => self.with(ix, |n, ctx| n.csu_timer(ctx)),
            };
        }
        self.clock = now;
    }

    /// Sends what is marked to be sent, to every neighbour.
    fn flush(&mut self) {
        for ix in self.neighbor_ids() {
            self.with(ix, |n, ctx| n.flush(ctx));
        }
    }

    /// Reads one packet and acts on it, or says why not. Checks go from the cheapest to what needs the
    /// state; authentication belongs after decoding and before everything else (RFC 2334, B.3.1.4).
    fn take(
        &mut self,
        ix: NeighborIx,
        octets: &[u8],
        app: &impl Application,
    ) -> Result<(), DropReason> {
        if self.hfsm(ix) == HfsmState::Down {
            return Err(DropReason::NoVc);
        }
        let packet = scsp::decode(octets).map_err(|error| {
            // R2334-2.1-19; register C25, D13, D14: lengths are, noise and the unknown are not.
            if error.is_abnormal() {
                self.with(ix, |n, ctx| n.abnormal(&error.to_string(), ctx));
            }
            DropReason::Malformed(error.code)
        })?;
        // Register D07: discarded and counted, no reset. No neighbour has a key, so none may send one.
        if packet.authentication.is_some() {
            return Err(DropReason::Authentication);
        }
        let header = packet.header;
        // R2334-2-01
        if (header.protocol_id, header.server_group)
            != (self.config.protocol_id, self.config.server_group)
        {
            return Err(DropReason::WrongInstance);
        }
        if let Body::Hello {
            hello_interval,
            dead_factor,
            additional,
            ..
        } = packet.body
        {
            return self.take_hello(ix, &header, hello_interval, dead_factor, additional);
        }
        self.addressed_to_us(ix, &packet)?;
        match packet.body {
            Body::Ca {
                sequence,
                master,
                init,
                more,
                records,
            } => {
                let ca = CaMessage {
                    sequence,
                    master,
                    init,
                    more,
                    records: records.iter().collect(),
                };
                let found = self.summarised(&ca);
                self.with(ix, |n, ctx| n.ca(&ca, &found, ctx));
            }
            Body::CsuRequest(records) => self.csu_request(ix, records.iter(), app),
            Body::CsuReply(records) => self.csu_reply(ix, records.iter()),
            Body::Csus(records) => {
                self.with(ix, |n, ctx| n.csus(records.iter(), ctx));
            }
            Body::Hello { .. } => {}
        }
        Ok(())
    }

    fn take_hello(
        &mut self,
        ix: NeighborIx,
        header: &Header,
        hello_interval: u16,
        dead_factor: u16,
        additional: IdList<'_>,
    ) -> Result<(), DropReason> {
        let sender = header.sender;
        // Register A03, C31: nobody may have these ids; the machine stays in Waiting.
        if sender == self.config.id || sender == EVERYBODY {
            let why = format!("impossible server id {sender:?}");
            self.with(ix, |n, ctx| n.abnormal(&why, ctx));
            return Err(DropReason::ImpossibleSender);
        }
        let configured = self.config.neighbors.get(usize::from(ix.0)).copied();
        if configured.flatten().is_some_and(|id| id != sender) {
            return Err(DropReason::WrongSender);
        }
        // Register D12: the older VC stays.
        let elsewhere = (0u16..)
            .zip(&self.core.neighbors)
            .any(|(other, n)| other != ix.0 && n.hello.listed() == Some(sender));
        if elsewhere {
            let detail = format!("server {sender:?} is live on another VC");
            self.out.log(self.clock, "second-vc", detail);
            return Err(DropReason::WrongSender);
        }
        // R2334-2.1-08, R2334-B.2.5-11
        let lists_us = header.receiver == Some(self.config.id)
            || additional.iter().any(|id| id == self.config.id);
        self.with(ix, |n, ctx| {
            n.hello(sender, hello_interval, dead_factor, lists_us, ctx);
        });
        Ok(())
    }

    /// Whether a message other than a Hello may be looked at.
    fn addressed_to_us(&self, ix: NeighborIx, packet: &Packet<'_>) -> Result<(), DropReason> {
        let header = packet.header;
        // R2334-2.1-21
        if self.hfsm(ix) != HfsmState::Bidirectional {
            return Err(DropReason::NotBidirectional);
        }
        // Register C30.
        if self.neighbor(ix).and_then(|n| n.hello.dcsid()) != Some(header.sender) {
            return Err(DropReason::WrongSender);
        }
        // R2334-2.2.3-10, R2334-2.3-27, R2334-B.2.4-02; register C31: all ones in a CSU Request only.
        let everybody = matches!(packet.body, Body::CsuRequest(_)).then_some(EVERYBODY);
        if header.receiver != Some(self.config.id)
            && (everybody.is_none() || header.receiver != everybody)
        {
            return Err(DropReason::WrongReceiver);
        }
        // R2334-2.3-01; register C23: no reply and no reset.
        let needs_open = !matches!(packet.body, Body::Ca { .. });
        if needs_open && !self.cafsm(ix).is_open() {
            return Err(DropReason::WrongState);
        }
        Ok(())
    }

    /// What a CA's summaries show, by comparison with the cache (RFC 2334, 2.2.2.1).
    // R2334-2.2.2-06, R2334-2.2.2-13, R2334-2.2.2.1-01
    fn summarised(&self, ca: &CaMessage) -> Summarised {
        let mut found = Summarised::default();
        for csas in &ca.records {
            let id = RecordId::of(csas);
            let newness = self.newness(id, csas.sequence);
            match newness {
                // Register C08: own content is not fetched over what is held here.
                Newness::Newer if id.origin == self.config.id => {
                    found.returned.push((id, csas.sequence));
                }
                Newness::Unknown | Newness::Newer => found.newer.push((id, csas.sequence)),
                Newness::Equal | Newness::Older(_) | Newness::Ignored => {}
            }
        }
        found
    }
}
