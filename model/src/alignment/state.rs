//! The state of both servers and of what lies between them: small integers, some 90 octets.

use super::action::{Server, Timer};
use super::cafsm;
use super::message::{Instances, KEYS, Keys, Kind, Message, lower};
use zerocopy::{Immutable, IntoBytes};

/// Messages that a link holds in one direction; more would be a violation of a property.
pub(super) const PLACES: usize = 12;
/// A held CA is freed so many intervals after it was kept (C17); a slave waits as long for its master (N04).
pub const HOLD: u8 = 3;

/// Whether a timer runs.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, IntoBytes, Immutable)]
#[repr(u8)]
pub enum Running {
    /// It does not.
    #[default]
    Off,
    /// It does, and is not due in this interval.
    Armed,
    /// It is due.
    Due,
}

/// One server, as its neighbour's neighbour.
#[derive(Clone, Copy, PartialEq, Eq, Debug, IntoBytes, Immutable)]
#[repr(C)]
pub struct Machine {
    /// The CAFSM.
    pub cafsm: cafsm::State,
    /// The CA number sent or adopted last.
    pub number: u8,
    /// The CA sent last, while it may be sent again.
    pub last: Message,
    /// What a slave answered to the bid of its master (N10), while that bid may come again.
    pub answer: Message,
    /// Slave: no CA was taken since the bid.
    pub first: bool,
    /// Keys whose summaries have not been sent in this exchange.
    pub left: Keys,
    /// Keys that changed in Cache Summarize.
    pub waits: Keys,
    /// The cache: one instance of each key.
    pub cache: Instances,
    /// The CSA request list.
    pub wanted: Instances,
    /// The keys that the outstanding CSUS asks for and that have not come; none: none is outstanding.
    pub asked: Keys,
    /// The retransmit queue.
    pub queue: Instances,
    /// Queued keys whose CSUReXmtInterval has passed.
    pub due: Keys,
    /// How often each queued record was repeated.
    pub tries: Instances,
    /// The timer of CAReXmtInterval.
    pub ca: Running,
    /// The timer of CSUSReXmtInterval.
    pub csus: Running,
    /// The hold of the last CA, or in Cache Summarize the slave's patience: 0 off, 1 due, else one more than the intervals
    /// left.
    pub hold: u8,
}

impl Running {
    /// All of them, in order.
    pub const ALL: [Self; 3] = [Self::Off, Self::Armed, Self::Due];
}

impl Machine {
    const fn new(cache: Instances) -> Self {
        Self {
            cafsm: cafsm::State::Down,
            number: 0,
            last: Message::NONE,
            first: false,
            answer: Message::NONE,
            left: Keys::NONE,
            waits: Keys::NONE,
            cache,
            wanted: Instances::NONE,
            asked: Keys::NONE,
            queue: Instances::NONE,
            due: Keys::NONE,
            tries: Instances::NONE,
            ca: Running::Off,
            csus: Running::Off,
            hold: 0,
        }
    }
    /// Whether the HFSM is in Bidirectional.
    pub fn is_up(&self) -> bool {
        self.cafsm != cafsm::State::Down
    }
    /// Whether this server is in Cache Summarize.
    pub const fn is_summarizing(&self) -> bool {
        matches!(self.cafsm, cafsm::State::Master | cafsm::State::Slave)
    }
    /// Whether this server may send and take CSU messages (R2334-2.3-01).
    pub const fn exchanges(&self) -> bool {
        matches!(self.cafsm, cafsm::State::Update | cafsm::State::Aligned)
    }
    /// Request list, queue, copy and timers go; the cache, the number and the answer to the bid stay.
    pub(super) const fn forget(&mut self) {
        *self = Self {
            cafsm: self.cafsm,
            number: self.number,
            answer: self.answer,
            ..Self::new(self.cache)
        };
    }
    /// Whether a timer is due.
    pub fn is_due(&self, timer: Timer) -> bool {
        match timer {
            Timer::Ca => self.ca == Running::Due,
            Timer::Hold => self.hold == 1,
            Timer::Csus => self.csus == Running::Due,
            Timer::Csu => !self.due.is_empty(),
        }
    }
    /// Whether any timer is due.
    pub fn owes(&self) -> bool {
        const ALL: [Timer; 4] = [Timer::Ca, Timer::Hold, Timer::Csus, Timer::Csu];
        ALL.into_iter().any(|timer| self.is_due(timer))
    }
    /// Whether a timer runs.
    pub fn waits_for_time(&self) -> bool {
        self.ca != Running::Off
            || self.csus != Running::Off
            || self.hold > 0
            || !self.queue.is_empty()
    }
    fn tick(&mut self) {
        if self.ca == Running::Armed {
            self.ca = Running::Due;
        }
        if self.csus == Running::Armed {
            self.csus = Running::Due;
        }
        self.hold -= u8::from(self.hold > 1);
        self.due = self.queue.keys();
    }
    /// A record enters the retransmit queue.
    pub(super) fn enqueue(&mut self, key: u8, instance: u8) {
        self.queue = self.queue.with(key, instance);
        self.tries = self.tries.with(key, 0);
        self.due = self.due.without(Keys::one(key));
    }
    /// A record leaves the retransmit queue.
    pub(super) fn dequeue(&mut self, key: u8) {
        self.enqueue(key, 0);
    }
    /// A requested record has come, or need not come any more.
    pub(super) fn satisfied(&mut self, key: u8) {
        self.wanted = self.wanted.with(key, 0);
        self.asked = self.asked.without(Keys::one(key));
    }
}

/// How many times each fault or change may still happen.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, IntoBytes, Immutable)]
#[repr(C)]
pub struct Budgets {
    /// Messages lost.
    pub losses: u8,
    /// Messages of which the network keeps a copy.
    pub copies: u8,
    /// Times that an HFSM leaves Bidirectional for want of Hellos.
    pub drops: u8,
    /// Restarts with an empty cache.
    pub restarts: u8,
    /// Newer instances from elsewhere.
    pub changes: u8,
}

impl Budgets {
    /// Nothing at all.
    pub const NONE: Self = Self {
        losses: 0,
        copies: 0,
        drops: 0,
        restarts: 0,
        changes: 0,
    };
}

/// What must never happen and is seen only where it does: bits of [`State::marks`].
pub mod mark {
    /// A link had no room.
    pub const OVERFLOW: u8 = 1;
    /// A CA number was used again while one like it was about.
    pub const NUMBER_REUSED: u8 = 2;
    /// A CSU message or CSUS was sent outside Update Cache and Aligned.
    pub const EARLY_CSU: u8 = 4;
    /// A new CA was sent though the one before was not answered.
    pub const SECOND_CA: u8 = 8;
    /// A new CSUS was sent while one was outstanding.
    pub const SECOND_CSUS: u8 = 16;
    /// Aligned was entered with requests left.
    pub const UNFINISHED: u8 = 32;
    /// An adjacency was reset and nothing had gone wrong.
    pub const NEEDLESS_RESET: u8 = 64;
    /// An exchange began anew though only messages had been lost, and fewer than the hold covers.
    pub const NEEDLESS_RETURN: u8 = 128;
}

/// Both servers and the network.
#[derive(Clone, Copy, PartialEq, Eq, Debug, IntoBytes, Immutable)]
#[repr(C)]
pub struct State {
    /// The servers.
    pub machines: [Machine; 2],
    /// What is on its way from each server, oldest first.
    pub links: [[Message; PLACES]; 2],
    /// A copy kept of a message from each server.
    pub copies: [Message; 2],
    /// What may still happen.
    pub budget: Budgets,
    /// Intervals that passed with both HFSMs up and the two not settled, since the last fault or change.
    pub waited: u8,
    /// Whether the neighbour of each server has gone down and it may still notice; one bit each.
    pub unseen: u8,
    /// Bits of [`mark`].
    pub marks: u8,
}

#[expect(
    clippy::indexing_slicing,
    reason = "servers are 0 and 1, places below the length of a link"
)]
impl State {
    /// Both down, with these caches.
    pub const fn new(caches: [[u8; KEYS]; 2], budget: Budgets) -> Self {
        let [a, b] = caches;
        Self {
            machines: [
                Machine::new(Instances::of(a)),
                Machine::new(Instances::of(b)),
            ],
            links: [[Message::NONE; PLACES]; 2],
            copies: [Message::NONE; 2],
            budget,
            waited: 0,
            unseen: 0,
            marks: 0,
        }
    }
    /// A server.
    pub const fn machine(&self, server: Server) -> &Machine {
        &self.machines[server.0 as usize & 1]
    }
    pub(super) const fn machine_mut(&mut self, server: Server) -> &mut Machine {
        &mut self.machines[server.0 as usize & 1]
    }
    /// What is on its way from a server, oldest first.
    pub fn in_flight(&self, from: Server) -> impl Iterator<Item = Message> {
        let link = self.links[from.0 as usize & 1];
        link.into_iter().take_while(|message| message.is_some())
    }
    /// The oldest message from a server.
    pub const fn head(&self, from: Server) -> Message {
        self.links[from.0 as usize & 1][0]
    }
    /// The copy kept of a message from a server.
    pub const fn copy(&self, from: Server) -> Message {
        self.copies[from.0 as usize & 1]
    }
    pub(super) const fn copy_mut(&mut self, from: Server) -> &mut Message {
        &mut self.copies[from.0 as usize & 1]
    }
    pub(super) fn take_head(&mut self, from: Server) -> Message {
        let link = &mut self.links[from.0 as usize & 1];
        let first = link[0];
        link[0] = Message::NONE;
        link.rotate_left(1);
        first
    }
    pub(super) fn send(&mut self, from: Server, message: Message) {
        let link = &mut self.links[from.0 as usize & 1];
        match link.iter_mut().find(|place| !place.is_some()) {
            Some(place) => *place = message,
            None => self.marks |= mark::OVERFLOW,
        }
    }
    /// Nothing is on its way.
    pub const fn is_quiet(&self) -> bool {
        let [a, b] = &self.links;
        !a[0].is_some() && !b[0].is_some()
    }
    /// Both are Aligned, nothing is on its way, asked for or waiting for an acknowledgement.
    pub fn is_settled(&self) -> bool {
        self.is_quiet()
            && self.machines.iter().all(|machine| {
                machine.cafsm == cafsm::State::Aligned
                    && machine.wanted.is_empty()
                    && machine.queue.is_empty()
            })
    }
    /// The VC between the two ends, and what was on it is gone.
    pub(super) const fn end_vc(&mut self) {
        self.links = [[Message::NONE; PLACES]; 2];
        self.copies = [Message::NONE; 2];
    }
    /// Both HFSMs are up, and the two are not done.
    pub fn is_late(&self) -> bool {
        self.machines.iter().all(Machine::is_up) && !self.is_settled()
    }
    /// Whether an interval can end: nothing is on its way, no timer is due, and one runs, or somebody has waited less than
    /// the bound says (so that two who wait without a timer are seen).
    pub fn time_passes(&self, within: u8) -> bool {
        self.is_quiet()
            && !self.machines.iter().any(Machine::owes)
            && (self.machines.iter().any(Machine::waits_for_time)
                || self.is_late() && self.waited <= within)
    }
    pub(super) fn tick(&mut self) {
        for machine in &mut self.machines {
            machine.tick();
        }
    }

    /// The same state with CA numbers counted from that of server 1, the only one that chooses numbers which are
    /// compared; they are compared for being equal or neighbours, so nothing that can happen depends on where they start.
    /// Numbers that nobody reads become 0: those of the smaller server's bids, and its own while it bids.
    pub(super) fn rebase(&mut self) {
        let by = self.machines[1].number;
        let [lesser, greater] = &mut self.machines;
        lesser.number = if lesser.is_up() && lesser.cafsm != cafsm::State::Negotiation {
            lower(lesser.number, by)
        } else {
            0
        };
        if by == 0 {
            return;
        }
        lesser.last = lesser_rebased(lesser.last, by);
        lesser.answer = lesser_rebased(lesser.answer, by);
        greater.number = 0;
        greater.last = greater.last.rebased(by);
        let [of_lesser, of_greater] = &mut self.links;
        let [kept_of_lesser, kept_of_greater] = &mut self.copies;
        let there = |place: &&mut Message| place.is_some();
        for place in of_lesser
            .iter_mut()
            .take_while(there)
            .chain([kept_of_lesser])
        {
            *place = lesser_rebased(*place, by);
        }
        for place in of_greater
            .iter_mut()
            .take_while(there)
            .chain([kept_of_greater])
        {
            *place = place.rebased(by);
        }
    }

    /// Forgets an answer to a bid that cannot come any more: it is on its way nowhere, and nobody would repeat it.
    pub(super) fn forget_answer(&mut self) {
        if !self.machines[0].answer.is_some() {
            return;
        }
        let number = self.machines[0].answer.number();
        let is_bid = |message: Message| message.init() && message.number() == number;
        let about = self.in_flight(Server(1)).any(is_bid)
            || is_bid(self.copies[1])
            || is_bid(self.machines[1].last);
        if !about {
            self.machines[0].answer = Message::NONE;
        }
    }

    /// Whether a CA number is about: in a message, or as what server 0 adopted or would send again.
    pub(super) fn knows(&self, number: u8) -> bool {
        let lesser = &self.machines[0];
        let has = |message: Message| message.kind() == Some(Kind::Ca) && message.number() == number;
        let told = |message: Message| has(message) && !message.master();
        self.in_flight(Server(0)).any(told)
            || self.in_flight(Server(1)).any(has)
            || told(self.copies[0])
            || has(self.copies[1])
            || told(lesser.last)
            || lesser.is_up()
                && lesser.cafsm != cafsm::State::Negotiation
                && lesser.number == number
    }
}

const fn lesser_rebased(message: Message, by: u8) -> Message {
    if message.master() && matches!(message.kind(), Some(Kind::Ca)) {
        message
    } else {
        message.rebased(by)
    }
}
