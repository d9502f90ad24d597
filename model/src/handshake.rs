//! The cache alignment of two servers (RFC 2334, 2.2), message by message: who becomes master, and how the two take turns
//! with CA messages until each has heard all summaries of the other, over links that lose messages and, if wanted, deliver
//! them in any order.
//!
//! It is small, and it has a twin: `model/spin/handshake.pml` says the same in Promela, and `.ci/run spin` compares the
//! number of reachable states, the verdicts and the length of a shortest counterexample of this search and of Spin.
//!
//! Timers may run out at any moment. Server 0 has the smaller id and becomes the slave. Readings of the register: a repeated
//! bid is a duplicate (H01), other surprises begin the negotiation anew (C18, C19), a late answer of an earlier round is
//! not the answer to a bid (C20).

use crate::explore::Kinds;
use stateright::{Model, Property};

const SLAVE: usize = 0;
const MASTER: usize = 1;
/// Messages that a link holds in one direction; what does not fit is lost.
const PLACES: usize = 2;

/// The bounds of the model, and what is broken in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Handshake {
    /// Summaries of each server, one in a CA; 1 to 3.
    pub summaries: u8,
    /// CA sequence numbers, then from 0 again; 2 to 8.
    pub numbers: u8,
    /// Messages that may be lost on the way.
    pub losses: u8,
    /// Whether a link delivers in any order.
    pub reorder: bool,
    /// A planted fault: the slave takes a repeated CA for the next one (against RFC 2334, 2.2.2, rule 4).
    pub fault: bool,
}

/// A state of the CAFSM, Down and Aligned apart.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Cafsm {
    /// Master/Slave Negotiation.
    Negotiation,
    /// Cache Summarize.
    Summarize,
    /// Update Cache.
    Update,
}

/// A CA message; a summary of 0 is none.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Ca {
    master: bool,
    init: bool,
    more: bool,
    number: u8,
    summary: u8,
}

impl Ca {
    const fn bid(number: u8) -> Self {
        Self {
            master: true,
            init: true,
            more: true,
            number,
            summary: 0,
        }
    }
    const fn is_bid(self) -> bool {
        self.master && self.init && self.more && self.summary == 0
    }
}

/// One server.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Server {
    cafsm: Cafsm,
    number: u8,
    fresh: u8,
    /// Summaries told in this alignment.
    told: u8,
    finished: bool,
    /// Summaries heard, one bit each.
    heard: u8,
    last: Option<Ca>,
    /// The bid that made this server the slave.
    bid: Option<Ca>,
}

/// Both servers and the links between them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct State {
    servers: [Server; 2],
    /// From server 0, from server 1.
    links: [[Option<Ca>; PLACES]; 2],
    losses: u8,
}

/// What happens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    /// CAReXmtInterval runs out at a server.
    Timer(usize),
    /// A message from a server arrives, from this place of the link.
    Deliver(usize, usize),
    /// A message from a server is lost.
    Lose(usize, usize),
}

impl Kinds for Action {
    const KINDS: &'static [&'static str] = &["timer", "deliver", "lose"];
    fn kind(&self) -> usize {
        match self {
            Self::Timer(_) => 0,
            Self::Deliver(..) => 1,
            Self::Lose(..) => 2,
        }
    }
}

impl Model for Handshake {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        // Both have made their bids.
        let bid = Ca::bid(0);
        let server = Server {
            cafsm: Cafsm::Negotiation,
            number: 0,
            fresh: 1,
            told: 0,
            finished: false,
            heard: 0,
            last: Some(bid),
            bid: None,
        };
        vec![State {
            servers: [server; 2],
            links: [[Some(bid), None]; 2],
            losses: self.losses,
        }]
    }

    fn actions(&self, _: &State, actions: &mut Vec<Action>) {
        for server in [SLAVE, MASTER] {
            actions.push(Action::Timer(server));
            for place in 0..PLACES {
                actions.extend([Action::Deliver(server, place), Action::Lose(server, place)]);
            }
        }
    }

    #[expect(
        clippy::indexing_slicing,
        reason = "servers and places come from `actions`"
    )]
    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = Step {
            model: self,
            state: *state,
        };
        match action {
            Action::Timer(server) => {
                let repeats = match state.servers[server].cafsm {
                    Cafsm::Negotiation => true,
                    Cafsm::Summarize => server == MASTER,
                    Cafsm::Update => false,
                };
                if !repeats || state.links[server].iter().all(Option::is_some) {
                    return None;
                }
                next.send(server);
            }
            Action::Deliver(from, place) => {
                if place > 0 && !self.reorder {
                    return None;
                }
                let ca = next.remove(from, place)?;
                if from == MASTER {
                    next.slave_receives(ca);
                } else {
                    next.master_receives(ca);
                }
            }
            Action::Lose(from, place) => {
                next.state.losses = next.state.losses.checked_sub(1)?;
                next.remove(from, place)?;
            }
        }
        Some(next.state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("complete", |model: &Self, state: &State| {
                let all = (1u8 << model.summaries) - 1;
                !state.both(Cafsm::Update) || state.servers.iter().all(|server| server.heard == all)
            }),
            Property::always("in-step", |model: &Self, state: &State| {
                let [slave, master] = &state.servers;
                !state.both(Cafsm::Summarize)
                    || master.number == slave.number
                    || master.number == (slave.number + 1) % model.numbers
            }),
            Property::sometimes("both updated", |_: &Self, state: &State| {
                state.both(Cafsm::Update)
            }),
        ]
    }
}

impl State {
    fn both(&self, cafsm: Cafsm) -> bool {
        self.servers.iter().all(|server| server.cafsm == cafsm)
    }
}

struct Step<'a> {
    model: &'a Handshake,
    state: State,
}

#[expect(
    clippy::indexing_slicing,
    reason = "servers and places are constants of this module"
)]
impl Step<'_> {
    const fn after(&self, number: u8) -> u8 {
        (number + 1) % self.model.numbers
    }

    /// Puts the last CA on the link; where there is no room it is lost.
    fn send(&mut self, server: usize) {
        let last = self.state.servers[server].last;
        let mut places = self.state.links[server].iter_mut();
        if let Some(place) = places.find(|place| place.is_none()) {
            *place = last;
        }
    }

    fn remove(&mut self, from: usize, place: usize) -> Option<Ca> {
        let link = &mut self.state.links[from];
        let ca = link[place].take()?;
        if !self.model.reorder && place == 0 {
            link.swap(0, 1);
        }
        Some(ca)
    }

    fn summarize(&mut self, server: usize) {
        let summaries = self.model.summaries;
        let this = &mut self.state.servers[server];
        let mut summary = 0;
        if this.told < summaries {
            this.told += 1;
            summary = this.told;
        }
        let more = summary > 0 && this.told < summaries;
        this.finished = !more;
        this.last = Some(Ca {
            master: server == MASTER,
            init: false,
            more,
            number: this.number,
            summary,
        });
        self.send(server);
    }

    fn negotiate(&mut self, server: usize) {
        let fresh = self.state.servers[server].fresh;
        self.state.servers[server] = Server {
            cafsm: Cafsm::Negotiation,
            number: fresh,
            fresh: self.after(fresh),
            told: 0,
            finished: false,
            heard: 0,
            last: Some(Ca::bid(fresh)),
            bid: None,
        };
        self.send(server);
    }

    fn hear(&mut self, server: usize, ca: Ca) {
        if ca.summary > 0 {
            self.state.servers[server].heard |= 1 << (ca.summary - 1);
        }
    }

    fn enter_update(&mut self, server: usize) {
        let this = &mut self.state.servers[server];
        this.cafsm = Cafsm::Update;
        this.told = 0;
        this.finished = false;
        this.bid = None;
    }

    fn become_slave(&mut self, bid: Ca) {
        let this = &mut self.state.servers[SLAVE];
        this.cafsm = Cafsm::Summarize;
        this.number = bid.number;
        this.bid = Some(bid);
        self.summarize(SLAVE);
    }

    fn slave_receives(&mut self, ca: Ca) {
        let this = self.state.servers[SLAVE];
        let next = self.after(this.number);
        let repeated = ca.number == this.number;
        match this.cafsm {
            Cafsm::Negotiation => {
                if ca.is_bid() {
                    self.become_slave(ca);
                }
                return;
            }
            Cafsm::Summarize if Some(ca) == this.bid => return self.send(SLAVE),
            Cafsm::Summarize if ca.master && !ca.init => {
                if repeated && !self.model.fault {
                    return self.send(SLAVE);
                }
                if ca.number == next || repeated {
                    self.hear(SLAVE, ca);
                    self.state.servers[SLAVE].number = ca.number;
                    self.summarize(SLAVE);
                    if self.state.servers[SLAVE].finished && !ca.more {
                        self.enter_update(SLAVE);
                    }
                    return;
                }
            }
            Cafsm::Update if this.last.is_some_and(|last| last.number == ca.number) => {
                if ca.master && !ca.init {
                    return self.send(SLAVE);
                }
            }
            Cafsm::Summarize | Cafsm::Update => {}
        }
        self.negotiate(SLAVE);
        if ca.is_bid() {
            self.become_slave(ca);
        }
    }

    fn master_receives(&mut self, ca: Ca) {
        let this = self.state.servers[MASTER];
        let answers = !ca.master && !ca.init;
        match this.cafsm {
            Cafsm::Negotiation => {
                if answers && ca.number == this.number {
                    self.state.servers[MASTER].cafsm = Cafsm::Summarize;
                    self.hear(MASTER, ca);
                    self.advance();
                    self.summarize(MASTER);
                }
            }
            Cafsm::Summarize if answers && self.after(ca.number) == this.number => {}
            Cafsm::Summarize if answers && ca.number == this.number => {
                self.hear(MASTER, ca);
                self.advance();
                if this.finished && !ca.more {
                    self.state.servers[MASTER].last = None;
                    self.enter_update(MASTER);
                } else {
                    self.summarize(MASTER);
                }
            }
            Cafsm::Summarize | Cafsm::Update => self.negotiate(MASTER),
        }
    }

    fn advance(&mut self) {
        let number = self.after(self.state.servers[MASTER].number);
        self.state.servers[MASTER].number = number;
        self.state.servers[MASTER].fresh = self.after(number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::{Options, Report, search};
    use std::sync::atomic::AtomicBool;

    fn report(model: &Handshake) -> Report<Handshake> {
        let stop = AtomicBool::new(false);
        search(model, &Options::default(), &mut |_| {}, &stop)
    }

    const SOUND: Handshake = Handshake {
        summaries: 2,
        numbers: 8,
        losses: 2,
        reorder: false,
        fault: false,
    };

    #[test]
    fn whatever_is_lost_both_have_heard_everything_when_both_say_so() {
        for losses in 0..4 {
            assert!(report(&Handshake { losses, ..SOUND }).is_clean());
        }
    }

    #[test]
    fn a_repeated_ca_taken_for_the_next_one_loses_summaries() {
        let broken = report(&Handshake {
            fault: true,
            ..SOUND
        });
        let names: Vec<_> = broken.violations().map(|found| found.property).collect();
        assert_eq!(names, ["complete"]);
    }
}
