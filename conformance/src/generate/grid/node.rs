//! The server under test as the specification has it: the model's relations of HFSM and CAFSM for its
//! one neighbour, timers, and what it must say to each input.

use std::collections::BTreeMap;

use mars_model::alignment::cafsm::{Event, State};
use mars_model::hello::hfsm;

use super::input::{Body, Fault, Form, Input, Instance, Listing, Number, Record};
use super::output::{CaNumber, Listed, Output};
use super::peer::{CA_MS, CSU_MS, CSUS_MS, HOLD_MS, Setup};
pub(super) use super::place::{Place, Reaction, Timer};
use super::relation::{self, Act, Alignment};
use super::update::Update;

/// Numbers of the neighbour's bids begin here; the relation's own numbers stay below.
const GIVEN: u32 = 100_000;
/// So far is one bid of the neighbour from the next.
const BID_STEP: u32 = 100;

/// The server and its neighbour.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// What the trace is played with.
    pub(super) setup: Setup,
    /// Milliseconds.
    pub(super) now: u64,
    /// Records, requests, acknowledgements.
    pub(super) update: Update,
    pub(super) timers: BTreeMap<Timer, u64>,
    hello: hfsm::State,
    pub(super) alignment: Alignment,
    /// VCs that there have been.
    vcs: u32,
    /// Own bids: round and the relation's number.
    round: u32,
    base: u32,
    /// Own last number of the round before.
    late: Option<(u32, i64)>,
    /// Bids of the neighbour.
    bids: u32,
    /// Records of the neighbour that traces have named.
    named: u8,
    /// The own record's key and number are bound.
    bound: bool,
    /// Waiting because of an abnormal event: the neighbour may stay listed until its dead time is over (register D03).
    may_list_until: Option<u64>,
}

impl Node {
    /// A server that has just started.
    pub(super) fn new(setup: Setup) -> Self {
        Self {
            setup,
            now: 0,
            update: Update::default(),
            timers: BTreeMap::new(),
            hello: hfsm::State::Down,
            alignment: Alignment::new(setup.side),
            vcs: 0,
            round: 0,
            base: 0,
            late: None,
            bids: 0,
            named: 0,
            bound: false,
            may_list_until: None,
        }
    }

    /// Where it is.
    pub(super) fn place(&self) -> Place {
        let more = self.alignment.has_more(self.summaries());
        let keeps = self.alignment.keeps();
        match (self.hello, self.alignment.state) {
            (hfsm::State::Down, _) => Place::Down,
            (hfsm::State::Waiting, _) => Place::Waiting,
            (hfsm::State::Unidirectional, _) | (_, State::Down) => Place::Unidirectional,
            (hfsm::State::Bidirectional, State::Negotiation) => Place::Negotiation,
            (hfsm::State::Bidirectional, State::Slave) => Place::Slave(more),
            (hfsm::State::Bidirectional, State::Master) => Place::Master(more),
            (hfsm::State::Bidirectional, State::Update) => Place::Update(keeps),
            (hfsm::State::Bidirectional, State::Aligned) => Place::Aligned(keeps),
        }
    }

    /// Name of the VC in use, or of the next.
    pub(super) fn vc(&self) -> String {
        format!("n{}", self.vcs.max(1))
    }

    /// Name of the next VC.
    pub(super) fn next_vc(&self) -> String {
        format!("n{}", self.vcs + 1)
    }

    /// Names a record of the neighbour that the server does not know.
    pub(super) fn name_record(&mut self) -> u8 {
        self.named += 1;
        self.named
    }

    /// The number of a CA that is to be sent to it: as the relation has it, and as a trace says it.
    pub(super) fn number(&self, number: Number) -> Option<(u32, CaNumber)> {
        let given = |number| (number, CaNumber::Given(number));
        match number {
            Number::Fresh => Some(given(GIVEN + self.bids * BID_STEP)),
            Number::Bid => self.alignment.bid.map(given),
            Number::Exactly(number) => Some((number, self.symbol(number))),
            Number::Late => {
                let (round, add) = self.late?;
                // No number of this round, whatever the server chose.
                Some((self.base.wrapping_sub(10), CaNumber::From(round, add)))
            }
            Number::From(distance) => {
                let number = i64::from(self.alignment.number) + distance;
                let number = u32::try_from(number).ok()?;
                Some((number, self.symbol(number)))
            }
        }
    }

    /// Whether a frame to it names a number that it chose after so many rounds.
    pub(super) fn names_round_after(&self, input: &Input, rounds: u32) -> bool {
        match input {
            Input::Frame(Body::Ca(number, _), _) => match self.number(*number) {
                Some((_, CaNumber::From(round, _) | CaNumber::Chosen(round))) => round > rounds,
                _ => false,
            },
            _ => false,
        }
    }

    /// Bids that it has made.
    pub(super) const fn rounds(&self) -> u32 {
        self.round
    }

    /// Its next bid is not named as one that another reading of it has made already.
    pub(super) fn skip_rounds(&mut self, rounds: u32) {
        self.round = self.round.max(rounds);
    }

    /// It has forgotten which bid made it the slave.
    pub(super) fn without_bid(mut self) -> Self {
        self.alignment.bid = None;
        self
    }

    /// How a trace says a number of the relation.
    fn symbol(&self, number: u32) -> CaNumber {
        if number >= GIVEN - BID_STEP {
            CaNumber::Given(number)
        } else {
            CaNumber::From(self.round, i64::from(number) - i64::from(self.base))
        }
    }

    /// Does what an input makes it do. A frame must have been made of the same input before.
    pub(super) fn apply(&mut self, input: &Input, news: &[Instance]) -> Reaction {
        let mut reaction = Reaction::default();
        match input {
            Input::VcUp => {
                if self.hello == hfsm::State::Down {
                    self.vcs += 1;
                    reaction.cite(&[
                        "R2334-2.1-05",
                        "R2334-2.1-06",
                        "R2334-2.2-02",
                        "R2334-B.2.5-09",
                    ]);
                }
                if self.hello != hfsm::State::Down {
                    reaction.cite(&["R2334-2.1-03"]);
                }
                self.step(hfsm::Event::VcUp, &mut reaction);
            }
            Input::VcDown => {
                reaction.cite(&["R2334-2.1-20"]);
                self.step(hfsm::Event::VcDown, &mut reaction);
            }
            Input::Until(at) => self.until(*at, &mut reaction),
            Input::Frame(body, fault) => self.frame(body, *fault, news, &mut reaction),
        }
        reaction
    }

    /// Whether the model has the same cell for a CA of this form with a number so far from the server's own
    /// and with one nearer.
    pub(super) fn is_like_nearer(&self, form: Form, distance: i64) -> bool {
        let cell = |distance: u32| {
            let number = self.alignment.number.wrapping_add(distance);
            let event = Event::Ca(self.alignment.ca(number, form));
            self.alignment
                .cell(event, self.summaries(), form.records > 0)
        };
        match distance {
            0 => false,
            1 => cell(0) == cell(1),
            _ => cell(1) == cell(2) && cell(1) == cell(u32::MAX),
        }
    }

    /// Lets time pass; a timer due at `at` fires.
    fn until(&mut self, at: u64, reaction: &mut Reaction) {
        while let Some((timer, due)) = self.next_timer().filter(|(_, due)| *due <= at) {
            self.now = due;
            self.timers.remove(&timer);
            self.fire(timer, reaction);
        }
        self.now = at;
    }

    /// The timer that is due first.
    pub(super) fn next_timer(&self) -> Option<(Timer, u64)> {
        let first = self
            .timers
            .iter()
            .min_by_key(|(timer, due)| (**due, **timer));
        first.map(|(timer, due)| (*timer, *due))
    }

    fn fire(&mut self, timer: Timer, reaction: &mut Reaction) {
        match timer {
            Timer::Dead => {
                reaction.cite(&["R2334-2.1-13", "R2334-2.1-15", "R2334-B.2.5-03"]);
                self.step(hfsm::Event::DeadTime, reaction);
            }
            Timer::Hello => {
                reaction.cite(&["R2334-2.1-01", "R2334-2.1-12", "R2334-B.2.5-02"]);
                self.say_hello(reaction);
            }
            Timer::Ca => {
                reaction.cite(match self.alignment.state {
                    State::Negotiation => &["R2334-2.2-05", "R2334-2.2-06"],
                    _ => &["R2334-2.2.2-23"],
                });
                self.take(Event::CaTimer, &[], reaction);
            }
            Timer::Hold => {
                reaction.cite(&["R2334-2.2.2-21", "R2334-2.2.2-22"]);
                self.take(Event::HoldTimer, &[], reaction);
            }
            Timer::Csus => {
                reaction.cite(&["R2334-2.2.3-06", "R2334-2.2.3-07"]);
                self.take(Event::CsusTimer, &[], reaction);
            }
            Timer::Csu => {
                let exhausted = self.update.is_exhausted();
                reaction.cite(if exhausted {
                    &["R2334-2.3-17"]
                } else {
                    &["R2334-2.3-13", "R2334-2.3-14", "R2334-2.3-16"]
                });
                self.take(Event::CsuTimer { exhausted }, &[], reaction);
            }
        }
    }

    /// Lets the CAFSM take anything but a CA.
    pub(super) fn take(&mut self, event: Event, news: &[Instance], reaction: &mut Reaction) {
        let (cache, wanted) = (self.summaries(), !self.update.wanted.is_empty());
        let acts = self.alignment.take(event, 0, cache, wanted);
        self.perform(acts, news, reaction);
    }

    pub(super) fn start(&mut self, timer: Timer, ms: u64) {
        self.timers.insert(timer, self.now + ms);
    }

    /// Arms or stops the timers of the update part.
    pub(super) fn arm(&mut self) {
        if self.update.queue.is_empty() {
            self.timers.remove(&Timer::Csu);
        } else if !self.timers.contains_key(&Timer::Csu) {
            self.start(Timer::Csu, CSU_MS);
        }
    }

    fn say_hello(&mut self, reaction: &mut Reaction) {
        self.start(Timer::Hello, self.setup.hello_s * 1000);
        let lists = matches!(
            self.hello,
            hfsm::State::Unidirectional | hfsm::State::Bidirectional
        );
        reaction.cite(if lists {
            &["R2334-2.1-07", "R2334-2.1-11", "R2334-B.2.5-10"]
        } else {
            &[
                "R2334-2.1-07",
                "R2334-2.1-18",
                "R2334-B.2.5-09",
                "R2334-B.2.5-12",
            ]
        });
        reaction.outputs.push(Output::Hello(
            match (lists, self.may_list_until.is_some_and(|at| self.now <= at)) {
                (true, _) => Listed::Yes,
                (false, true) => Listed::Either,
                (false, false) => Listed::No,
            },
        ));
    }

    /// Moves the HFSM and what hangs on it.
    fn step(&mut self, event: hfsm::Event, reaction: &mut Reaction) {
        let before = self.hello;
        self.hello = relation::hello(before, event);
        self.may_list_until = match (event, before, self.hello) {
            (hfsm::Event::Abnormal, hfsm::State::Waiting, _) => self.may_list_until,
            (hfsm::Event::Abnormal, ..) => self.timers.get(&Timer::Dead).copied(),
            (_, _, hfsm::State::Waiting) => self.may_list_until,
            _ => None,
        };
        if before == hfsm::State::Down && self.hello == hfsm::State::Waiting {
            self.say_hello(reaction);
        }
        if self.hello == hfsm::State::Down {
            self.timers.remove(&Timer::Hello);
        }
        if matches!(self.hello, hfsm::State::Down | hfsm::State::Waiting) {
            self.timers.remove(&Timer::Dead);
        }
        match (
            before == hfsm::State::Bidirectional,
            self.hello == hfsm::State::Bidirectional,
        ) {
            (false, true) => {
                reaction.cite(&["R2334-1-02", "R2334-2.2-03", "R2334-2.2-04"]);
                self.take(Event::Up, &[], reaction);
            }
            (true, false) => {
                reaction.cite(&["R2334-2.2-06", "R2334-2.2-07"]);
                self.take(Event::Down, &[], reaction);
            }
            _ => {}
        }
    }

    /// A frame came; `news` are the records whose summaries or contents it has.
    fn frame(&mut self, body: &Body, fault: Fault, news: &[Instance], reaction: &mut Reaction) {
        if self.hello == hfsm::State::Down {
            return;
        }
        if Fault::ABNORMAL.contains(&fault) {
            reaction.cite(&["R2334-2.1-19"]);
            self.step(hfsm::Event::Abnormal, reaction);
            return;
        }
        let for_us = match (fault, body) {
            (Fault::None | Fault::Zero, _) | (Fault::ToAll, Body::Request(_)) => true,
            // A Hello has no one receiver.
            (Fault::Receiver | Fault::ToAll, Body::Hello(_)) => true,
            _ => false,
        };
        if !for_us {
            reaction.cite(match (fault, body) {
                (Fault::Receiver | Fault::ToAll, Body::Ca(..) | Body::Csus(_)) => {
                    &["R2334-2.2.3-10", "R2334-B.2.0.1-05"]
                }
                (Fault::Receiver | Fault::ToAll, _) => &["R2334-2.3-27", "R2334-B.2.0.1-05"],
                (Fault::Protocol | Fault::Group, _) => &["R2334-2-01", "R2334-2.1-16"],
                (Fault::Checksum, _) => &["R2334-B.1-04"],
                (Fault::Version, _) => &["R2334-B.1-01"],
                (Fault::Type, _) => &["R2334-B.1-02"],
                _ => &["R2334-2.1-10", "R2334-B.2.0.1-04"],
            });
            return;
        }
        if let Body::Hello(listing) = body {
            let lists = listing.lists_us();
            reaction.cite(match (lists, self.hello) {
                (true, hfsm::State::Unidirectional) => &["R2334-2.1-08", "R2334-2.1-22"],
                (true, _) => &["R2334-2.1-08", "R2334-B.2.5-11"],
                (false, hfsm::State::Bidirectional) => &["R2334-2.1-09", "R2334-2.1-22"],
                (false, _) => &["R2334-2.1-09", "R2334-2.1-10"],
            });
            if *listing == Listing::UsBehind {
                reaction.cite(&["R2334-B.2.5-06", "R2334-B.2.5-08"]);
            }
            let (interval, factor) = self.setup.told;
            let interval = if fault == Fault::Zero { 1 } else { interval };
            self.start(Timer::Dead, interval * factor * 1000);
            let event = if lists {
                hfsm::Event::HelloLists
            } else {
                hfsm::Event::HelloOmits
            };
            self.step(event, reaction);
            return;
        }
        if self.hello != hfsm::State::Bidirectional {
            reaction.cite(&["R2334-2.1-21"]);
            return;
        }
        if let Body::Ca(number, form) = body {
            let Some((number, _)) = self.number(*number) else {
                return;
            };
            self.cite_ca(number, *form, reaction);
            let event = Event::Ca(self.alignment.ca(number, *form));
            // What is wanted once the summaries are looked at: they are of records that it lacks. Whatever
            // begins the negotiation anew has no list.
            let wanted = !self.update.wanted.is_empty() || form.records > 0;
            let acts = self.alignment.take(event, number, self.summaries(), wanted);
            if *form == Form::BID {
                self.bids += 1;
            }
            self.perform(acts, news, reaction);
            self.cite_entry(reaction);
            return;
        }
        if !self.place().is_open() {
            reaction.cite(&["R2334-2.3-01"]);
        }
        if fault == Fault::ToAll {
            // Register C31: acknowledged to who sent it, under the own id.
            reaction.cite(&["R2334-2.3-29", "R2334-2.3-33"]);
        }
        self.exchange(body, news, reaction);
    }

    /// How many summaries the server has.
    fn summaries(&self) -> usize {
        self.setup.records() + self.update.learned()
    }

    /// Does what the CAFSM wants done.
    fn perform(&mut self, acts: Vec<Act>, news: &[Instance], reaction: &mut Reaction) {
        for act in acts {
            match act {
                Act::Forget => {
                    self.update.reset();
                    for timer in [Timer::Ca, Timer::Hold, Timer::Csus, Timer::Csu] {
                        self.timers.remove(&timer);
                    }
                }
                Act::Send(number, form) => self.send_ca(number, form, reaction),
                Act::StartCaTimer => self.start(Timer::Ca, CA_MS),
                Act::StopCaTimer => {
                    self.timers.remove(&Timer::Ca);
                }
                Act::KeepCopy => self.start(Timer::Hold, HOLD_MS),
                Act::FreeCopy => {
                    self.timers.remove(&Timer::Hold);
                }
                Act::Process => self.update.summarised(news),
                Act::StopCsusTimer => {
                    self.timers.remove(&Timer::Csus);
                }
                Act::Solicit if self.update.asked.is_empty() => {
                    reaction.cite(&["R2334-2.2.3-05", "R2334-2.2.3-06"]);
                    self.update.request(reaction);
                    self.start(Timer::Csus, CSUS_MS);
                }
                Act::Solicit => {}
                Act::SolicitAgain => {
                    self.update.request(reaction);
                    self.start(Timer::Csus, CSUS_MS);
                }
                Act::Apply | Act::Dequeue => self.arm(),
                Act::Reply => self.update.reply(reaction),
                Act::Answer => {
                    self.update.answer(news, reaction);
                    self.arm();
                }
                Act::Resend => {
                    self.update.repeat_records(reaction);
                    self.arm();
                }
                Act::Abnormal => self.step(hfsm::Event::Abnormal, reaction),
            }
        }
    }

    fn send_ca(&mut self, number: u32, form: Form, reaction: &mut Reaction) {
        let bids_anew = form == Form::BID && (self.round == 0 || number != self.base);
        let symbol = if bids_anew {
            if self.round > 0 {
                let last = i64::from(self.base);
                self.late = Some((self.round, i64::from(number).min(last) - last));
            }
            self.round += 1;
            self.base = number;
            CaNumber::Chosen(self.round)
        } else {
            self.symbol(number)
        };
        let own = !self.setup.many && form.records == 1 && self.update.learned() == 0;
        self.bound |= own;
        if !form.master && !form.init && form.more {
            reaction.cite(&["R2334-2.2.2-16"]);
        }
        reaction.outputs.push(Output::Ca {
            number: symbol,
            form,
            own,
            all: !self.setup.many && form.records > 0,
        });
    }

    /// Whether the own record has a name to be used in frames.
    pub(super) const fn knows_own(&self) -> bool {
        self.bound
    }

    /// Records that the server asks for.
    pub(super) fn asked(&self) -> Vec<Instance> {
        let asked = self.update.wanted.iter();
        asked
            .map(|(record, number)| Instance {
                number: *number,
                ..Instance::of(*record)
            })
            .collect()
    }

    /// Records that wait for an acknowledgement.
    pub(super) fn queued(&self) -> Vec<Instance> {
        let queue: &BTreeMap<Record, _> = &self.update.queue;
        queue.values().map(|queued| queued.instance).collect()
    }
}
