//! One directly connected server: the Hello FSM, the alignment FSM and the two update lists together,
//! with their timers (RFC 2334, 2.1 to 2.3).

use std::collections::VecDeque;

use crate::address::ServerId;
use crate::io::{LogEvent, Time};
use crate::timer::TimerTable;
use crate::wire::codepoints::ScspType;
use crate::wire::scsp::{self, Csas, EncodeBody, Header, SequenceNumber};

use super::alignment::{Alignment, CaAction, CaContext, CaMessage};
use super::auth::{self, Seal};
use super::cache::{Cache, RecordId};
use super::config::SpeakerConfig;
use super::event::{Meters, NeighborIx, SpeakerEvent};
use super::hello::{Hello, HfsmEvent, HfsmState};
use super::multipoint::MultipointIx;
use super::update::{Due, Requests, Retransmit};

/// The timers of a speaker. Their order is the firing order of those due at one instant: whoever is dead
/// is no longer listed in a Hello sent at that time, and a Hello goes before other repeats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// No Hello came for the neighbour's dead time.
    Dead(NeighborIx),
    /// The next Hello is to be sent.
    Hello(NeighborIx),
    /// The next Hello to all leaves of a point-to-multipoint VC is to be sent.
    MultipointHello(MultipointIx),
    /// CAReXmtInterval.
    Ca(NeighborIx),
    /// The slave's last CA is kept no longer.
    CaHold(NeighborIx),
    /// CSUSReXmtInterval.
    Csus(NeighborIx),
    /// CSUReXmtInterval of the oldest unacknowledged batch.
    Csu(NeighborIx),
    /// An ended record is kept no longer (register C06).
    Tombstone(RecordId),
    /// An originator in quarantine is given up, in two steps (register B02).
    Quarantine(ServerId),
}

/// What waits to be collected for a neighbour.
#[derive(Clone, Debug)]
pub(super) enum Outgoing {
    /// A packet as it is.
    Packet(Vec<u8>),
    /// A CSU Reply to that receiver, open to further acknowledgements until it is full or collected.
    Reply(Option<ServerId>, Vec<Csas>),
}

/// What leaves a speaker: packets, events, counts.
#[derive(Clone, Debug, Default)]
pub(super) struct Outlets {
    pub(super) packets: VecDeque<(Time, NeighborIx, Outgoing)>,
    pub(super) multipoint: VecDeque<(Time, MultipointIx, Vec<u8>)>,
    pub(super) events: VecDeque<SpeakerEvent>,
    pub(super) meters: Meters,
}

impl Outlets {
    /// A packet stays here because no key is valid (RFC 2334, B.3.1.4).
    // R2334-B.3.1.4-02
    pub(super) fn withheld(&mut self, at: Time, to: &str) {
        self.meters.withheld += 1;
        self.log(at, "no-valid-key", format!("nothing is sent to {to}"));
    }

    pub(super) fn log(&mut self, at: Time, code: &str, detail: String) {
        self.events.push_back(SpeakerEvent::Logged {
            at,
            event: LogEvent {
                code: code.to_owned(),
                detail,
            },
        });
    }
}

/// What a neighbour works with beside its own state.
pub(super) struct Context<'a> {
    pub(super) now: Time,
    pub(super) ix: NeighborIx,
    pub(super) config: &'a SpeakerConfig,
    /// The neighbour is a leaf of a point-to-multipoint VC: its Hellos are those of the VC.
    pub(super) is_leaf: bool,
    pub(super) cache: &'a Cache,
    pub(super) timers: &'a mut TimerTable<Timer>,
    pub(super) out: &'a mut Outlets,
}

impl Context<'_> {
    pub(super) const fn after(&self, ms: u64) -> Time {
        Time(self.now.0.saturating_add(ms))
    }

    fn start(&mut self, timer: Timer, ms: u64) {
        let deadline = self.after(ms);
        self.timers.set(timer, deadline);
    }

    /// Sends one packet to this neighbour.
    fn send(&mut self, receiver: Option<ServerId>, body: &EncodeBody<'_>) {
        if let Some(packet) = self.packet(receiver, body) {
            let packet = Outgoing::Packet(packet);
            self.out.packets.push_back((self.now, self.ix, packet));
        }
    }

    /// One packet to this neighbour, under the key that is used to send to it; `None` if it is withheld.
    // R2334-B.3.1-02
    pub(super) fn packet(
        &mut self,
        receiver: Option<ServerId>,
        body: &EncodeBody<'_>,
    ) -> Option<Vec<u8>> {
        let peer = self.config.neighbor(self.ix).or(receiver);
        let keys = peer
            .into_iter()
            .flat_map(|peer| auth::of_peer(&self.config.keys, peer));
        let key = match auth::seal(keys, self.now) {
            Seal::Open => None,
            Seal::Under(key) => Some(key),
            Seal::Withheld => {
                self.out
                    .withheld(self.now, &format!("neighbor {}", self.ix.0));
                return None;
            }
        };
        // R2334-2.1-07, R2334-B.2.0.1-04, R2334-B.2.0.1-05
        let header = Header {
            protocol_id: self.config.protocol_id,
            server_group: self.config.server_group,
            sender: self.config.id,
            receiver,
        };
        let mut packet = Vec::new();
        scsp::encode(&header, body, key, &mut packet);
        self.out.meters.sent += 1;
        Some(packet)
    }
}

/// What the speaker found in a received CA by looking at the cache (RFC 2334, 2.2.2.1).
#[derive(Clone, Debug, Default)]
pub(super) struct Summarised {
    /// Entries that the neighbour has newer.
    pub(super) newer: Vec<(RecordId, SequenceNumber)>,
    /// Own entries of which the neighbour has a larger number (register C08).
    pub(super) returned: Vec<(RecordId, SequenceNumber)>,
}

/// The state kept for one neighbour.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Neighbor {
    pub(super) hello: Hello,
    pub(super) alignment: Alignment,
    pub(super) requests: Requests,
    pub(super) queue: Retransmit,
}

impl Neighbor {
    /// A neighbour in Down.
    // R2334-2.1-03, R2334-2.2-01
    pub(super) fn new(ca_start: u32) -> Self {
        Self {
            hello: Hello::default(),
            alignment: Alignment::new(ca_start),
            requests: Requests::default(),
            queue: Retransmit::default(),
        }
    }

    /// CSU and CSUS messages may pass.
    pub(super) const fn is_open(&self) -> bool {
        self.alignment.state().is_open()
    }

    /// Moves the Hello FSM and does what its transitions call for.
    pub(super) fn step(&mut self, event: HfsmEvent, ctx: &mut Context<'_>) {
        use HfsmState::{Bidirectional, Down, Waiting};
        let before = self.hello.step(event);
        let after = self.hello.state();
        match (before, after) {
            // R2334-2.1-06: at once, and then every HelloInterval.
            (Down, Waiting) if !ctx.is_leaf => self.send_hello(ctx),
            (Down, Down) => {}
            (_, Down) => ctx.timers.cancel(Timer::Hello(ctx.ix)),
            _ => {}
        }
        if matches!(after, Down | Waiting) {
            ctx.timers.cancel(Timer::Dead(ctx.ix));
        }
        let neighbor = ctx.ix;
        let at = ctx.now;
        match (before == Bidirectional, after == Bidirectional) {
            (false, true) => {
                ctx.out
                    .events
                    .push_back(SpeakerEvent::NeighborUp { at, neighbor });
                // R2334-2.2-03
                let actions = self.alignment.start();
                self.perform(actions, &Summarised::default(), ctx);
            }
            (true, false) => {
                ctx.out
                    .events
                    .push_back(SpeakerEvent::NeighborDown { at, neighbor });
                // R2334-2.2-07
                let actions = self.alignment.stop();
                self.perform(actions, &Summarised::default(), ctx);
            }
            _ => {}
        }
    }

    /// Something happened that must not: back to Waiting.
    // R2334-2.1-19
    pub(super) fn abnormal(&mut self, why: &str, ctx: &mut Context<'_>) {
        ctx.out.meters.abnormal += 1;
        let detail = format!("neighbor {}: {why}", ctx.ix.0);
        ctx.out.log(ctx.now, "abnormal-event", detail);
        self.step(HfsmEvent::Abnormal, ctx);
    }

    /// Sends a Hello and arms the timer of the next.
    // R2334-2.1-01, R2334-2.1-12, R2334-B.2.5-02
    pub(super) fn send_hello(&mut self, ctx: &mut Context<'_>) {
        ctx.start(
            Timer::Hello(ctx.ix),
            u64::from(ctx.config.hello_interval_s) * 1000,
        );
        // R2334-2.1-11, R2334-2.1-18, R2334-B.2.5-05, R2334-B.2.5-09, R2334-B.2.5-10: this VC has one
        // neighbour, and its Hello lists that one or none (register D05, D06).
        let body = EncodeBody::Hello {
            hello_interval: ctx.config.hello_interval_s,
            dead_factor: ctx.config.dead_factor,
            family: 0,
            additional: &[],
        };
        ctx.send(self.hello.listed(), &body);
    }

    /// A Hello of an acceptable sender came.
    pub(super) fn hello(
        &mut self,
        sender: ServerId,
        hello_interval: u16,
        dead_factor: u16,
        lists_us: bool,
        ctx: &mut Context<'_>,
    ) {
        // Register D12: another server at the end of this VC begins from Waiting.
        if self.hello.dcsid().is_some_and(|dcsid| dcsid != sender) {
            self.abnormal("another server answers on this VC", ctx);
        }
        self.hello.heard(sender, hello_interval, dead_factor);
        ctx.start(Timer::Dead(ctx.ix), self.hello.dead_ms());
        self.step(
            if lists_us {
                HfsmEvent::HelloLists
            } else {
                HfsmEvent::HelloOmits
            },
            ctx,
        );
    }

    /// A CA came.
    pub(super) fn ca(&mut self, ca: &CaMessage, found: &Summarised, ctx: &mut Context<'_>) {
        let context = CaContext {
            // R2334-2.2.1-01, R2334-2.2.1-07; register A03: as unsigned numbers.
            peer_is_larger: self
                .hello
                .dcsid()
                .is_some_and(|dcsid| dcsid > ctx.config.id),
            cache: ctx.cache,
            limit: ctx
                .config
                .summaries_per_message(ScspType::Ca, self.hello.dcsid()),
        };
        let actions = self.alignment.receive(ca, context);
        if actions.contains(&CaAction::Reset) {
            ctx.out.meters.renegotiations += 1;
        }
        if matches!(actions.as_slice(), [] | [CaAction::Send(_)]) {
            ctx.out.meters.ca_duplicates += 1;
        }
        self.perform(actions, found, ctx);
    }

    /// Something was forgotten that the neighbour may still have: alignment begins anew.
    // R2334-2.2-08; register B02.
    pub(super) fn realign(&mut self, ctx: &mut Context<'_>) {
        if self.hello.state() == HfsmState::Bidirectional {
            ctx.out.meters.renegotiations += 1;
            let actions = self.alignment.start();
            self.perform(actions, &Summarised::default(), ctx);
        }
    }

    /// The CA timer ran out.
    pub(super) fn ca_timer(&mut self, ctx: &mut Context<'_>) {
        let actions = self.alignment.timer();
        self.perform(actions, &Summarised::default(), ctx);
    }

    /// The slave's last CA need be kept no longer.
    pub(super) fn release(&mut self, ctx: &mut Context<'_>) {
        let actions = self.alignment.release();
        self.perform(actions, &Summarised::default(), ctx);
    }

    /// The timer of the last CA ran out: in Cache Summarize the slave's patience with it (finding N04).
    pub(super) fn hold_timer(&mut self, ctx: &mut Context<'_>) {
        if self.is_open() {
            return self.release(ctx);
        }
        let actions = self.alignment.lose_patience();
        if !actions.is_empty() {
            ctx.out.meters.renegotiations += 1;
        }
        self.perform(actions, &Summarised::default(), ctx);
    }

    fn perform(&mut self, actions: Vec<CaAction>, found: &Summarised, ctx: &mut Context<'_>) {
        for action in actions {
            match action {
                CaAction::Reset => {
                    self.requests.clear();
                    self.queue.clear();
                    ctx.timers.cancel(Timer::Csus(ctx.ix));
                    ctx.timers.cancel(Timer::Csu(ctx.ix));
                }
                CaAction::Send(ca) => {
                    let body = EncodeBody::Ca {
                        sequence: ca.sequence,
                        master: ca.master,
                        init: ca.init,
                        more: ca.more,
                        records: &ca.records,
                    };
                    ctx.send(self.hello.dcsid(), &body);
                }
                CaAction::StartTimer => ctx.start(Timer::Ca(ctx.ix), ctx.config.ca_rexmt_ms),
                CaAction::StopTimer => ctx.timers.cancel(Timer::Ca(ctx.ix)),
                // Register C17: longer than the master's own interval, or the two tie.
                CaAction::StartHold | CaAction::StartPatience => ctx.start(
                    Timer::CaHold(ctx.ix),
                    ctx.config.ca_rexmt_ms.saturating_mul(3),
                ),
                CaAction::StopHold => ctx.timers.cancel(Timer::CaHold(ctx.ix)),
                CaAction::Offer(records) => {
                    let cache = ctx.cache;
                    for id in records {
                        if let Some((sequence, body)) = cache.sendable(id) {
                            self.offer(id, sequence, &body, ctx.config.hop_count, ctx.now);
                        }
                    }
                }
                // R2334-2.2.2.1-01
                CaAction::Process => {
                    for &(id, sequence) in &found.newer {
                        self.requests.want(id, sequence);
                    }
                    for &(id, sequence) in &found.returned {
                        ctx.out.events.push_back(SpeakerEvent::OwnReturned {
                            at: ctx.now,
                            key: id.key,
                            sequence,
                            body: None,
                            held: true,
                            from: ctx.ix,
                        });
                    }
                }
                CaAction::EnterUpdate => {
                    // Register C16: what changed while summaries went to and fro.
                    self.queue.open(ctx.after(ctx.config.csu_rexmt_ms));
                    self.flush(ctx);
                    self.rearm(ctx);
                    self.solicit(ctx);
                }
            }
        }
    }

    /// Goes on with the request list: the first or next CSUS when none is outstanding, Aligned when
    /// nothing is left to ask for.
    // R2334-2.2.3-01, R2334-2.2.3-02, R2334-2.2.3-05, R2334-2.2.3-08, R2334-2.2.3-09; register C27: in
    // Aligned too.
    pub(super) fn solicit(&mut self, ctx: &mut Context<'_>) {
        if !self.is_open() || self.requests.is_outstanding() {
            return;
        }
        if self.requests.is_empty() {
            ctx.timers.cancel(Timer::Csus(ctx.ix));
            if self.alignment.satisfied() {
                ctx.out.events.push_back(SpeakerEvent::NeighborAligned {
                    at: ctx.now,
                    neighbor: ctx.ix,
                });
            }
            return;
        }
        let limit = self.csus_limit(ctx);
        let batch = self.requests.next_batch(limit);
        self.send_csus(&batch, ctx);
    }

    /// The CSUS timer ran out.
    // R2334-2.2.3-07
    pub(super) fn csus_timer(&mut self, ctx: &mut Context<'_>) {
        let limit = self.csus_limit(ctx);
        let batch = self.requests.next_batch(limit);
        if self.is_open() && !batch.is_empty() {
            self.send_csus(&batch, ctx);
        }
    }

    fn csus_limit(&self, ctx: &Context<'_>) -> usize {
        ctx.config
            .summaries_per_message(ScspType::Csus, self.hello.dcsid())
    }

    fn send_csus(&self, batch: &[Csas], ctx: &mut Context<'_>) {
        // R2334-2.2.3-06
        ctx.start(Timer::Csus(ctx.ix), ctx.config.csus_rexmt_ms);
        ctx.send(self.hello.dcsid(), &EncodeBody::Csus(batch));
    }

    /// The neighbour asks for records.
    // R2334-2.2.3-03, R2334-2.2.4-02, R2334-2.3-02
    pub(super) fn csus(&mut self, asked: impl Iterator<Item = Csas>, ctx: &mut Context<'_>) {
        self.release(ctx);
        let deadline = ctx.after(ctx.config.csu_rexmt_ms);
        for csas in asked {
            let id = RecordId::of(&csas);
            let (sequence, body) = match ctx.cache.sendable(id) {
                Some((sequence, body)) => (sequence, Some(body)),
                // R2334-2.3-23
                None => (csas.sequence, None),
            };
            // R2334-B.2.0.2-04; register C13: as responder the RFC's count of one.
            self.queue.enqueue(id, sequence, body, 1, Some(deadline));
        }
        self.flush(ctx);
        self.rearm(ctx);
    }

    /// Acknowledges CSAs to the neighbour, in one message with those of another CSU Request that came
    /// just before, if that has not been collected yet.
    // R2334-2.3-06, R2334-2.3-29, R2334-B.2.3-02
    pub(super) fn reply(&self, mut summaries: &[Csas], ctx: &mut Context<'_>) {
        let receiver = self.hello.dcsid();
        let limit = ctx
            .config
            .summaries_per_message(ScspType::CsuReply, receiver);
        if let Some((at, ix, Outgoing::Reply(to, open))) = ctx.out.packets.back_mut()
            && (*at, *ix, *to) == (ctx.now, ctx.ix, receiver)
        {
            let free = limit.saturating_sub(open.len()).min(summaries.len());
            let (first, rest) = summaries.split_at(free);
            open.extend_from_slice(first);
            summaries = rest;
        }
        for batch in summaries.chunks(limit) {
            let reply = Outgoing::Reply(receiver, batch.to_vec());
            ctx.out.packets.push_back((ctx.now, ctx.ix, reply));
        }
    }

    /// Puts a record on the queue of this neighbour, if it is to have it now or later; `deadline` is that
    /// of its repetition. The timer is still to be set by [`Self::rearm`].
    pub(super) fn offer(
        &mut self,
        id: RecordId,
        sequence: SequenceNumber,
        body: &std::sync::Arc<[u8]>,
        hop_count: u16,
        deadline: Time,
    ) {
        use super::alignment::CafsmState::{Aligned, Down, Negotiation, Summarize, Update};
        let deadline = match self.alignment.state() {
            // The summary to come will have it.
            Down | Negotiation => return,
            // Register C16: no CSU may pass yet.
            Summarize(_) => None,
            // R2334-2.3-12
            Update | Aligned => Some(deadline),
        };
        self.queue
            .enqueue(id, sequence, Some(body.clone()), hop_count, deadline);
    }

    /// Sends what is marked to be sent.
    pub(super) fn flush(&mut self, ctx: &mut Context<'_>) {
        if !self.is_open() || !self.queue.has_unsent() {
            return;
        }
        let receiver = self.hello.dcsid();
        let room = ctx.config.room(ScspType::CsuRequest, receiver);
        self.queue.take_unsent(room, |records| {
            ctx.send(receiver, &EncodeBody::CsuRequest(records));
        });
    }

    /// Sets the CSU timer to the first repetition due, or stops it.
    // R2334-2.3-12, R2334-2.3-15
    pub(super) fn rearm(&self, ctx: &mut Context<'_>) {
        match self.queue.next_deadline() {
            Some(deadline) if ctx.timers.deadline(Timer::Csu(ctx.ix)) == Some(deadline) => {}
            Some(deadline) => ctx.timers.set(Timer::Csu(ctx.ix), deadline),
            None => ctx.timers.cancel(Timer::Csu(ctx.ix)),
        }
    }

    /// The CSU timer ran out.
    pub(super) fn csu_timer(&mut self, ctx: &mut Context<'_>) {
        let again = ctx.after(ctx.config.csu_rexmt_ms);
        match self.queue.due(ctx.now, ctx.config.csu_max_rexmt, again) {
            // R2334-2.3-17
            Due::Exhausted => self.abnormal("a CSA was never acknowledged", ctx),
            Due::Repeat(repeated) => {
                ctx.out.meters.csa_repeats += repeated as u64;
                self.flush(ctx);
                self.rearm(ctx);
            }
        }
    }
}
