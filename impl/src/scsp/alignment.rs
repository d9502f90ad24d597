//! The Cache Alignment finite state machine (RFC 2334, 2.2 and Figure 2).
//!
//! Master and slave take turns with CA messages until each has summarised its cache to the other. The
//! machine says what to do as a list of [`CaAction`]s; its neighbour does it. Summaries are taken from
//! the cache by a cursor, so that an entry that changes before its turn is summarised as it then is.

use std::collections::BTreeMap;

use crate::wire::scsp::{Csas, SequenceNumber};

use super::cache::{Cache, RecordId, relative};

/// The part a server plays in one alignment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Larger id: sets the pace, repeats on time-out.
    Master,
    /// Smaller id: answers.
    Slave,
}

/// States of the CAFSM.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CafsmState {
    /// The Hello FSM is not Bidirectional.
    // R2334-2.2-02
    #[default]
    Down,
    /// Master/Slave Negotiation.
    Negotiation,
    /// Cache Summarize.
    Summarize(Role),
    /// Update Cache: summaries are exchanged, records are still to come.
    Update,
    /// Aligned.
    Aligned,
}

impl CafsmState {
    /// The state's short name in lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::Negotiation => "negotiation",
            Self::Summarize(_) => "summarize",
            Self::Update => "update",
            Self::Aligned => "aligned",
        }
    }

    /// Whether CSU and CSUS messages may pass.
    // R2334-2.3-01, R2334-2.2.4-01
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Update | Self::Aligned)
    }
}

/// A CA message without its header.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CaMessage {
    /// CA sequence number.
    pub sequence: u32,
    /// M bit: the sender is, or wants to be, master.
    pub master: bool,
    /// I bit: the sender negotiates.
    pub init: bool,
    /// O bit: the sender has more summaries.
    pub more: bool,
    /// Summaries.
    pub records: Vec<Csas>,
}

impl CaMessage {
    /// The opening bid: M, I and O, no records.
    const fn is_bid(&self) -> bool {
        self.master && self.init && self.more && self.records.is_empty()
    }
}

/// What the machine wants done, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CaAction {
    /// Alignment begins anew: drop request list and retransmit queue of the neighbour.
    Reset,
    /// Send this.
    Send(CaMessage),
    /// (Re)start the timer of CAReXmtInterval.
    StartTimer,
    /// Stop it.
    StopTimer,
    /// Start the timer that ends the keeping of the last CA.
    StartHold,
    /// As slave in Cache Summarize: start the timer of the patience with the master, the same one.
    StartPatience,
    /// Stop it.
    StopHold,
    /// Queue these records for the neighbour, to be sent in Update Cache.
    Offer(Vec<RecordId>),
    /// Put the received CA's newer summaries on the request list.
    Process,
    /// Update Cache has been entered.
    EnterUpdate,
}

/// What the machine looks at beside its own state.
#[derive(Clone, Copy, Debug)]
pub struct CaContext<'a> {
    /// The neighbour's id is larger than the own one (unsigned, register A03).
    pub peer_is_larger: bool,
    /// What there is to summarise.
    pub cache: &'a Cache,
    /// How many summaries fit into one CA.
    pub limit: usize,
}

/// CA sequence numbers that what follows depends on; see [`Speaker::ca_numbers`](super::Speaker::ca_numbers).
pub type CaNumbers = [Option<u32>; 5];

/// One neighbour's CAFSM.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Alignment {
    state: CafsmState,
    /// Own current CA sequence number; as slave the master's.
    sequence: u32,
    /// Next number never used by this server towards this neighbour.
    fresh: u32,
    /// The last CA sent, as long as it may have to be sent again.
    last: Option<CaMessage>,
    /// Number of the bid that made this server the slave, until the master's next CA (register H01).
    bid: Option<u32>,
    /// The answer to the last bid accepted, for when that bid comes again after its exchange was left (finding N10).
    answer: Option<CaMessage>,
    /// Last entry summarised.
    cursor: Option<RecordId>,
    /// A CA with O off was sent: all is summarised.
    finished: bool,
}

impl Alignment {
    /// A machine in Down whose first CA will have number `start`.
    // R2334-B.2.1-04
    #[must_use]
    pub const fn new(start: u32) -> Self {
        Self {
            state: CafsmState::Down,
            sequence: start,
            fresh: start,
            last: None,
            bid: None,
            answer: None,
            cursor: None,
            finished: false,
        }
    }

    /// The machine's state.
    #[must_use]
    pub const fn state(&self) -> CafsmState {
        self.state
    }

    /// The Hello FSM became Bidirectional.
    // R2334-1-02, R2334-2.2-03
    pub fn start(&mut self) -> Vec<CaAction> {
        let mut actions = Vec::new();
        self.negotiate(&mut actions);
        actions
    }

    /// The Hello FSM left Bidirectional.
    // R2334-2.2-06, R2334-2.2-07
    pub fn stop(&mut self) -> Vec<CaAction> {
        *self = Self {
            answer: self.answer.take(),
            ..Self::new(self.fresh)
        };
        vec![CaAction::Reset, CaAction::StopTimer, CaAction::StopHold]
    }

    /// The timer of CAReXmtInterval ran out.
    // R2334-2.2-05, R2334-2.2.2-23
    pub fn timer(&mut self) -> Vec<CaAction> {
        match (self.state, &self.last) {
            (CafsmState::Negotiation | CafsmState::Summarize(Role::Master), Some(last)) => {
                vec![CaAction::StartTimer, CaAction::Send(last.clone())]
            }
            _ => Vec::new(),
        }
    }

    /// The hold on the slave's last CA ran out, or a CSUS came from the master.
    // R2334-2.2.2-22
    pub fn release(&mut self) -> Vec<CaAction> {
        if !self.state.is_open() {
            return Vec::new();
        }
        self.last = None;
        vec![CaAction::StopHold]
    }

    /// The slave has not heard its master for too long. Without this a late copy of a bid can strand an Aligned
    /// server as slave for good, since a slave repeats nothing by itself (finding N04).
    pub fn lose_patience(&mut self) -> Vec<CaAction> {
        let mut actions = Vec::new();
        if self.state == CafsmState::Summarize(Role::Slave) {
            self.negotiate(&mut actions);
        }
        actions
    }

    /// The request list is empty; true if that made the machine Aligned.
    // R2334-2.2.3-01, R2334-2.2.3-09
    pub fn satisfied(&mut self) -> bool {
        let done = self.state == CafsmState::Update;
        if done {
            self.state = CafsmState::Aligned;
        }
        done
    }

    /// A CA came from the neighbour.
    pub fn receive(&mut self, ca: &CaMessage, context: CaContext<'_>) -> Vec<CaAction> {
        let mut actions = Vec::new();
        match self.state {
            CafsmState::Down => {}
            CafsmState::Negotiation => self.in_negotiation(ca, context, &mut actions),
            CafsmState::Summarize(Role::Master) => self.as_master(ca, context, &mut actions),
            CafsmState::Summarize(Role::Slave) => self.as_slave(ca, context, &mut actions),
            CafsmState::Update | CafsmState::Aligned => match &self.last {
                // R2334-2.2.2-20; register C17: the master has not seen the last answer.
                Some(last) if ca.sequence == last.sequence && ca.master && !ca.init => {
                    actions.push(CaAction::Send(last.clone()));
                }
                // R2334-2.2-08; register C18
                _ => self.again(ca, context, &mut actions),
            },
        }
        actions
    }

    /// RFC 2334, 2.2.1.
    fn in_negotiation(
        &mut self,
        ca: &CaMessage,
        context: CaContext<'_>,
        actions: &mut Vec<CaAction>,
    ) {
        if ca.is_bid() && context.peer_is_larger {
            // R2334-2.2.1-01, R2334-2.2.1-02, R2334-2.2.1-03, R2334-2.2.1-04
            actions.push(CaAction::StopTimer);
            self.state = CafsmState::Summarize(Role::Slave);
            self.sequence = ca.sequence;
            self.bid = Some(ca.sequence);
            match self.answer.take() {
                Some(answer) if answer.sequence == ca.sequence => {
                    self.answer_alike(answer, context, actions);
                }
                // R2334-2.2.1-05, R2334-2.2.1-06
                _ => self.summarize(Role::Slave, context, actions),
            }
            self.answer.clone_from(&self.last);
            actions.push(CaAction::StartPatience);
        } else if !ca.master
            && !ca.init
            && !context.peer_is_larger
            // Register C20: a late answer of an earlier round is not the answer to this bid.
            && ca.sequence == self.sequence
        {
            // R2334-2.2.1-07, R2334-2.2.1-08, R2334-2.2.1-09, R2334-2.2.1-10
            self.state = CafsmState::Summarize(Role::Master);
            actions.push(CaAction::Process);
            // R2334-2.2.1-11, R2334-2.2.1-12; register C22: O only if more follows.
            self.advance();
            self.summarize(Role::Master, context, actions);
            actions.push(CaAction::StartTimer);
        }
        // R2334-2.2.1-13: anything else is ignored.
    }

    /// A bid that was answered before, in an exchange that was left since, is answered alike: its master takes a
    /// second answer for a copy of the first. What has changed since is told by CSU Requests (finding N10).
    fn answer_alike(
        &mut self,
        answer: CaMessage,
        context: CaContext<'_>,
        actions: &mut Vec<CaAction>,
    ) {
        self.cursor = answer.records.last().map(RecordId::of);
        self.finished = !answer.more;
        let told: BTreeMap<_, _> = answer
            .records
            .iter()
            .map(|csas| (RecordId::of(csas), csas.sequence))
            .collect();
        let passed = |id: RecordId| self.finished || self.cursor.is_some_and(|last| id <= last);
        let since: Vec<_> = context
            .cache
            .iter()
            .filter(|(id, entry)| entry.usable && !entry.quarantined && passed(*id))
            .filter(|(id, entry)| told.get(id) != Some(&entry.sequence))
            .map(|(id, _)| id)
            .collect();
        self.last = Some(answer.clone());
        actions.push(CaAction::Send(answer));
        if !since.is_empty() {
            actions.push(CaAction::Offer(since));
        }
    }

    /// RFC 2334, 2.2.2, rules 1 to 3.
    fn as_master(&mut self, ca: &CaMessage, context: CaContext<'_>, actions: &mut Vec<CaAction>) {
        if ca.master || ca.init {
            // R2334-2.2.2-02
            self.again(ca, context, actions);
        } else if ca.sequence == self.sequence.wrapping_sub(1) {
            // R2334-2.2.2-03: a duplicate of the answer before.
        } else if ca.sequence == self.sequence {
            // R2334-2.2.2-04, R2334-2.2.2-06, R2334-2.2.2-07
            actions.push(CaAction::Process);
            self.advance();
            if self.finished && !ca.more {
                // R2334-2.2.2-05, R2334-2.2.2-08
                actions.push(CaAction::StopTimer);
                self.last = None;
                self.enter_update(actions);
            } else {
                // R2334-2.2.2-09, R2334-2.2.2-10
                self.summarize(Role::Master, context, actions);
                actions.push(CaAction::StartTimer);
            }
        } else {
            // Register C19: the RFC has this rule for the slave only.
            self.again(ca, context, actions);
        }
    }

    /// RFC 2334, 2.2.2, rules 1 and 4 to 6.
    fn as_slave(&mut self, ca: &CaMessage, context: CaContext<'_>, actions: &mut Vec<CaAction>) {
        if ca.is_bid() && self.bid == Some(ca.sequence) {
            // Register H01: the master has not seen the first answer.
            actions.extend(self.last.clone().map(CaAction::Send));
            actions.push(CaAction::StartPatience);
        } else if !ca.master || ca.init {
            // R2334-2.2.2-02
            self.again(ca, context, actions);
        } else if ca.sequence == self.sequence {
            // R2334-2.2.2-11
            actions.extend(self.last.clone().map(CaAction::Send));
            actions.push(CaAction::StartPatience);
        } else if ca.sequence == self.sequence.wrapping_add(1) {
            // R2334-2.2.2-12, R2334-2.2.2-13, R2334-B.2.1-02
            actions.push(CaAction::Process);
            self.sequence = ca.sequence;
            // A copy of the bid that comes now is late: what was sent last would not answer it.
            self.bid = None;
            // R2334-2.2.2-14, R2334-2.2.2-15, R2334-2.2.2-16, R2334-2.2.2-17, R2334-2.2.2-18;
            // register C21: with nothing left an empty CA, and on while the master goes on.
            self.summarize(Role::Slave, context, actions);
            if self.finished && !ca.more {
                // R2334-2.2.2-20, R2334-2.2.2-21: the copy is kept, for three intervals (C17).
                actions.push(CaAction::StartHold);
                self.enter_update(actions);
            } else {
                actions.push(CaAction::StartPatience);
            }
        } else {
            // R2334-2.2.2-19
            self.again(ca, context, actions);
        }
    }

    /// Back to negotiation, and a received bid is looked at there at once (register C18, H01). Anything
    /// else is no answer to the bid just made, whatever its number.
    fn again(&mut self, ca: &CaMessage, context: CaContext<'_>, actions: &mut Vec<CaAction>) {
        self.negotiate(actions);
        if ca.is_bid() {
            self.in_negotiation(ca, context, actions);
        }
    }

    /// Into Master/Slave Negotiation with a number the neighbour has not seen.
    fn negotiate(&mut self, actions: &mut Vec<CaAction>) {
        self.state = CafsmState::Negotiation;
        // R2334-B.2.1-05
        self.sequence = self.fresh;
        self.fresh = self.fresh.wrapping_add(1);
        self.bid = None;
        self.cursor = None;
        self.finished = false;
        // R2334-2.2-04
        let bid = CaMessage {
            sequence: self.sequence,
            master: true,
            init: true,
            more: true,
            records: Vec::new(),
        };
        self.last = Some(bid.clone());
        actions.extend([
            CaAction::Reset,
            CaAction::StopHold,
            CaAction::StartTimer,
            CaAction::Send(bid),
        ]);
    }

    /// The master's number goes up by one.
    const fn advance(&mut self) {
        self.sequence = self.sequence.wrapping_add(1);
        self.fresh = self.sequence.wrapping_add(1);
    }

    /// Sends the next batch of summaries, or none when all went before.
    // R2334-2.2.2-01, R2334-B.2.1-03: only ever in answer to the neighbour's next CA.
    fn summarize(&mut self, role: Role, context: CaContext<'_>, actions: &mut Vec<CaAction>) {
        let (records, more) = if self.finished {
            (Vec::new(), false)
        } else {
            context.cache.summaries(self.cursor, context.limit)
        };
        self.cursor = records.last().map(RecordId::of).or(self.cursor);
        self.finished = !more;
        let message = CaMessage {
            sequence: self.sequence,
            master: role == Role::Master,
            init: false,
            more,
            records,
        };
        self.last = Some(message.clone());
        actions.push(CaAction::Send(message));
    }

    fn enter_update(&mut self, actions: &mut Vec<CaAction>) {
        self.state = CafsmState::Update;
        self.bid = None;
        self.cursor = None;
        self.finished = false;
        actions.push(CaAction::EnterUpdate);
    }

    /// The CA numbers that what follows depends on: the next fresh one, the current one where it is
    /// compared with anything, that of the copy that is kept, that of the master's bid, and that of the bid answered last.
    pub(super) fn numbers(&self) -> CaNumbers {
        [
            Some(self.fresh),
            self.compares().then_some(self.sequence),
            self.last.as_ref().map(|last| last.sequence),
            self.bid,
            self.answer.as_ref().map(|answer| answer.sequence),
        ]
    }

    /// Whether the current number is compared with anything.
    const fn compares(&self) -> bool {
        matches!(
            self.state,
            CafsmState::Negotiation | CafsmState::Summarize(_)
        )
    }

    /// Puts another number in the place of each CA number.
    pub(super) fn renumber(&mut self, map: impl Fn(u32) -> u32) {
        self.fresh = map(self.fresh);
        self.sequence = map(self.sequence);
        for kept in [&mut self.last, &mut self.answer].into_iter().flatten() {
            kept.sequence = map(kept.sequence);
        }
        self.bid = self.bid.map(map);
    }

    /// The same machine with CA numbers counted from its own and record numbers from `base`.
    pub(super) fn rebase(&mut self, base: &impl Fn(RecordId) -> SequenceNumber) {
        let own = self.sequence;
        let compares = self.compares();
        if let Some(answer) = &mut self.answer {
            // Where the own number is not compared, neither is its distance from it.
            answer.sequence = if compares {
                answer.sequence.wrapping_sub(own)
            } else {
                0
            };
        }
        if let Some(last) = &mut self.last {
            last.sequence = last.sequence.wrapping_sub(own);
            for csas in &mut last.records {
                csas.sequence = relative(csas.sequence, base(RecordId::of(csas)));
            }
        }
        // What an answer told and is older than all that is held is older, by whatever: the newest is offered with it.
        if let Some(answer) = &mut self.answer {
            for csas in &mut answer.records {
                let told = relative(csas.sequence, base(RecordId::of(csas)));
                csas.sequence = told.max(SequenceNumber(-1));
            }
        }
        self.bid = self.bid.map(|bid| bid.wrapping_sub(own));
        self.sequence = 0;
        self.fresh = 0;
    }
}

#[cfg(test)]
mod table;
#[cfg(test)]
mod tests;
