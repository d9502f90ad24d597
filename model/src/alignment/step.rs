//! One event and what follows: the relation of [`super::cafsm`] carried out on caches, lists, queues and links.

use super::Alignment;
use super::action::{Action, Server, Timer};
use super::cafsm::{self, Actions, Amount, Ca, Event, Number, Situation, react};
use super::message::{Instances, Keys, Kind, Message, lower, next};
use super::records::{compared, only};
use super::rules::{BidAgain, Hold, Mutant, OldMessages, Patience};
use super::state::{HOLD, Machine, Running, State, mark};

/// Does an action; false where it is not possible, and then the state is good for nothing.
pub(super) fn perform(model: &Alignment, state: &mut State, action: Action) -> bool {
    let mut this = Step { model, state };
    if this.act(action).is_none() {
        return false;
    }
    state.forget_answer();
    state.rebase();
    if state.is_settled() {
        state.waited = 0;
    }
    true
}

struct Step<'a> {
    model: &'a Alignment,
    state: &'a mut State,
}

impl Step<'_> {
    fn act(&mut self, action: Action) -> Option<()> {
        match action {
            Action::Up(server) => {
                if self.machine(server).is_up() {
                    return None;
                }
                self.state.unseen &= !bit(server.other());
                self.event(server, Event::Up, Message::NONE);
            }
            Action::Notice(server) => {
                if self.state.unseen & bit(server) == 0 || !self.machine(server).is_up() {
                    return None;
                }
                self.state.unseen &= !bit(server);
                self.event(server, Event::Down, Message::NONE);
            }
            Action::Drop(server) => {
                if !self.machine(server).is_up() {
                    return None;
                }
                spend(&mut self.state.budget.drops)?;
                self.goes_down(server);
                self.event(server, Event::Down, Message::NONE);
                self.state.waited = 0;
            }
            Action::Restart(server) => {
                if !self.machine(server).is_up() {
                    return None;
                }
                spend(&mut self.state.budget.restarts)?;
                self.goes_down(server);
                self.event(server, Event::Down, Message::NONE);
                // N02
                if self.model.rules(server.0).old_messages == OldMessages::Gone {
                    self.state.end_vc();
                }
                let machine = self.machine_mut(server);
                machine.cache = Instances::NONE;
                machine.answer = Message::NONE;
                self.state.waited = 0;
            }
            Action::Deliver(from) => {
                let message = some(self.state.take_head(from))?;
                self.receive(from.other(), message);
            }
            Action::Lose(from) => {
                some(self.state.take_head(from))?;
                spend(&mut self.state.budget.losses)?;
                self.state.waited = 0;
            }
            Action::Copy(from) => {
                let message = some(self.state.head(from))?;
                if self.state.copy(from).is_some() {
                    return None;
                }
                spend(&mut self.state.budget.copies)?;
                *self.state.copy_mut(from) = message;
            }
            Action::Late(from) => {
                let message = some(self.state.copy(from))?;
                *self.state.copy_mut(from) = Message::NONE;
                self.state.waited = 0;
                self.receive(from.other(), message);
            }
            Action::Change(server, key) => {
                let cached = self.machine(server).cache.get(key);
                if cached >= self.model.scenario.newest {
                    return None;
                }
                spend(&mut self.state.budget.changes)?;
                self.change(server, key, cached + 1);
                self.state.waited = 0;
            }
            Action::Timer(server, timer) => self.timer(server, timer)?,
            Action::Tick => {
                if !self.state.time_passes(self.model.scenario.within) {
                    return None;
                }
                if self.state.is_late() {
                    // One more than the bound says all.
                    self.state.waited = (self.state.waited + 1).min(self.model.scenario.within + 1);
                }
                self.state.tick();
            }
        }
        Some(())
    }

    const fn machine(&self, server: Server) -> &Machine {
        self.state.machine(server)
    }
    const fn machine_mut(&mut self, server: Server) -> &mut Machine {
        self.state.machine_mut(server)
    }
    const fn goes_down(&mut self, server: Server) {
        self.state.unseen = self.state.unseen & !bit(server) | bit(server.other());
    }
    fn is_mutant(&self, mutant: Mutant) -> bool {
        self.model.rules(0).mutant == mutant
    }

    /// What the CAFSM has to know of a server, if its request list were this one.
    fn situation(&self, server: Server, wanted: Instances) -> Situation {
        let machine = self.machine(server);
        let amount = |keys: Keys| match keys.len() {
            0 => Amount::None,
            count if count <= self.model.scenario.per_ca => Amount::One,
            _ => Amount::More,
        };
        Situation {
            larger: server == Server(0),
            cache: amount(machine.cache.keys()),
            left: amount(machine.left),
            first: machine.first,
            held: machine.hold > 0 && machine.exchanges(),
            wanted: !wanted.is_empty(),
        }
    }

    fn receive(&mut self, server: Server, message: Message) {
        let machine = *self.machine(server);
        let event = match message.kind() {
            Some(Kind::Ca) => Event::Ca(Ca {
                master: message.master(),
                init: message.init(),
                more: message.more(),
                summaries: !message.instances().is_empty(),
                number: class(message.number(), machine.number),
            }),
            Some(Kind::Csus) => Event::Csus,
            Some(Kind::CsuRequest) => {
                let after = self.model.applied(server, machine, message).0;
                let completes = after.asked.is_empty();
                return self.carry_out(
                    server,
                    Event::CsuRequest { completes },
                    message,
                    after.wanted,
                );
            }
            Some(Kind::CsuReply) => {
                let newer = !self.model.dequeued(server, machine, message).1.is_empty();
                Event::CsuReply { newer }
            }
            None => return,
        };
        self.event(server, event, message);
    }

    fn event(&mut self, server: Server, event: Event, message: Message) {
        let machine = self.machine(server);
        let begun = if machine.is_summarizing() {
            machine.wanted
        } else {
            Instances::NONE
        };
        let wanted = match event {
            Event::Ca(_) => compared(begun, machine.cache, message.instances()),
            _ => machine.wanted,
        };
        self.carry_out(server, event, message, wanted);
    }

    /// Asks the relation and does what it says.
    fn carry_out(&mut self, server: Server, event: Event, message: Message, wanted: Instances) {
        let situation = self.situation(server, wanted);
        let before = self.machine(server).cafsm;
        let cell = react(self.model.rules(server.0), before, situation, event);
        let actions = cell.actions;
        self.watch(server, before, event, cell);
        let summarizes = matches!(cell.next, cafsm::State::Master | cafsm::State::Slave);
        let again = actions.contains(cafsm::Action::Forget);
        self.machine_mut(server).cafsm = cell.next;
        if again {
            self.machine_mut(server).forget();
        }
        if summarizes && (again || before == cafsm::State::Negotiation) {
            let machine = self.machine_mut(server);
            machine.left = machine.cache.keys();
            machine.first = cell.next == cafsm::State::Slave;
        }
        for action in actions.iter() {
            self.perform(server, action, message);
        }
        let machine = self.machine_mut(server);
        if cell.next == cafsm::State::Aligned && before != cell.next && !machine.wanted.is_empty() {
            self.state.marks |= mark::UNFINISHED;
        }
    }

    /// Notes what must not happen.
    fn watch(&mut self, server: Server, before: cafsm::State, event: Event, cell: cafsm::Cell) {
        let scenario = &self.model.scenario;
        let budget = self.state.budget;
        let lost = scenario.budgets.losses - budget.losses;
        let only_lost = (budget.copies, budget.drops, budget.restarts)
            == (
                scenario.budgets.copies,
                scenario.budgets.drops,
                scenario.budgets.restarts,
            );
        let again = cell.actions.contains(cafsm::Action::Forget);
        if let Event::Ca(ca) = event {
            let awaited = match before {
                cafsm::State::Master => ca.number == Number::Equal,
                cafsm::State::Slave => ca.number == Number::Next,
                _ => true,
            };
            if !awaited && !again && sends_new_ca(cell.actions) {
                self.state.marks |= mark::SECOND_CA;
            }
        }
        if again && cell.actions.contains(cafsm::Action::SendBid) && only_lost && lost < HOLD {
            self.state.marks |= mark::NEEDLESS_RETURN;
        }
        if cell.actions.contains(cafsm::Action::Abnormal) {
            if only_lost && lost == 0 {
                self.state.marks |= mark::NEEDLESS_RESET;
            }
            self.goes_down(server);
        }
    }

    fn perform(&mut self, server: Server, action: cafsm::Action, message: Message) {
        match action {
            // Done before.
            cafsm::Action::Forget | cafsm::Action::Abnormal => {}
            cafsm::Action::NewNumber => {
                let before = self.machine(server).number;
                let number = if self.is_mutant(Mutant::SameNumber) {
                    before
                } else {
                    next(before)
                };
                if server == Server(1) && self.state.knows(number) {
                    self.state.marks |= mark::NUMBER_REUSED;
                }
                self.machine_mut(server).number = number;
            }
            cafsm::Action::SendBid => {
                // Nobody reads the number of the smaller server's bid.
                let number = if server == Server(1) {
                    self.machine(server).number
                } else {
                    0
                };
                self.send_ca(server, Message::bid(number));
            }
            cafsm::Action::StopCaTimer => self.machine_mut(server).ca = Running::Off,
            cafsm::Action::Adopt => {
                let machine = self.machine_mut(server);
                machine.number = message.number();
                machine.first = message.init();
            }
            cafsm::Action::Process => {
                let machine = self.machine_mut(server);
                machine.wanted = compared(machine.wanted, machine.cache, message.instances());
            }
            cafsm::Action::Increment => {
                let machine = self.machine_mut(server);
                machine.number = next(machine.number);
            }
            cafsm::Action::SendMore | cafsm::Action::SendLast | cafsm::Action::SendEmpty => {
                self.tell(server, action);
            }
            cafsm::Action::Repeat => self.state.send(server, self.machine(server).last),
            cafsm::Action::StartCaTimer => self.machine_mut(server).ca = Running::Armed,
            cafsm::Action::StartPatience => {
                self.machine_mut(server).hold = match self.model.rules(server.0).patience {
                    Patience::Three => HOLD + 1,
                    Patience::Endless => 0,
                };
            }
            cafsm::Action::KeepCopy => {
                // C17
                let intervals = match self.model.rules(server.0).hold {
                    Hold::Three => HOLD,
                    Hold::One => 1,
                };
                self.machine_mut(server).hold = intervals + 1;
            }
            cafsm::Action::FreeCopy => {
                let machine = self.machine_mut(server);
                machine.hold = 0;
                machine.last = Message::NONE;
            }
            cafsm::Action::Apply => {
                let (after, reply) = self.model.applied(server, *self.machine(server), message);
                *self.machine_mut(server) = after;
                if !reply.is_empty() {
                    self.send(server, Message::reply(reply, message.null()));
                }
            }
            // With Apply.
            cafsm::Action::Reply => {}
            cafsm::Action::Dequeue => {
                let (after, newer) = self.model.dequeued(server, *self.machine(server), message);
                *self.machine_mut(server) = after;
                let machine = self.machine_mut(server);
                for key in newer.keys().iter() {
                    machine.wanted = machine.wanted.with(key, newer.get(key));
                }
            }
            cafsm::Action::StopCsusTimer => {
                let machine = self.machine_mut(server);
                machine.csus = Running::Off;
                machine.asked = Keys::NONE;
            }
            cafsm::Action::Release => {
                let keys = self.machine(server).waits;
                self.machine_mut(server).waits = Keys::NONE;
                // The master's CA is answered: it is not sent again.
                if server == Server(1) {
                    self.machine_mut(server).last = Message::NONE;
                }
                self.flood(server, keys, Keys::NONE, Instances::NONE);
            }
            cafsm::Action::Solicit => {
                let idle = self.machine(server).asked.is_empty();
                if idle || self.is_mutant(Mutant::SecondSolicit) {
                    if !idle {
                        self.state.marks |= mark::SECOND_CSUS;
                    }
                    self.solicit(server, Keys::NONE);
                }
            }
            cafsm::Action::SolicitAgain => self.solicit(server, self.machine(server).asked),
            cafsm::Action::Answer => {
                let asked = message.instances();
                let there = asked.keys().and(self.machine(server).cache.keys());
                self.flood(server, there, asked.keys().without(there), asked);
            }
            cafsm::Action::Wait => {
                // The key is that of the change.
                let keys = message.instances().keys();
                let machine = self.machine_mut(server);
                machine.waits = machine.waits.or(keys);
            }
            cafsm::Action::Flood => {
                self.flood(
                    server,
                    message.instances().keys(),
                    Keys::NONE,
                    Instances::NONE,
                );
            }
            cafsm::Action::Resend => self.resend(server),
        }
    }

    fn send(&mut self, server: Server, message: Message) {
        if message.kind() != Some(Kind::Ca) && !self.machine(server).exchanges() {
            self.state.marks |= mark::EARLY_CSU;
        }
        self.state.send(server, message);
    }

    fn send_ca(&mut self, server: Server, message: Message) {
        self.machine_mut(server).last = message;
        self.send(server, message);
    }

    /// The next summaries, as the cache has them now.
    fn tell(&mut self, server: Server, action: cafsm::Action) {
        let machine = self.machine(server);
        if machine.first && machine.answer.is_some() && machine.answer.number() == machine.number {
            return self.answer_alike(server);
        }
        let keys = match action {
            cafsm::Action::SendEmpty => Keys::NONE,
            _ => machine.left.first(self.model.scenario.per_ca),
        };
        let more = action == cafsm::Action::SendMore;
        let told = only(machine.cache, keys);
        let ca = Message::summaries(server == Server(1), more, machine.number, told);
        let alike = self.model.rules(server.0).bid_again == BidAgain::Alike;
        let machine = self.machine_mut(server);
        machine.left = machine.left.without(keys);
        // Only the smaller server is ever a slave, but for a mutant.
        if machine.first && alike && server == Server(0) {
            machine.answer = ca;
        }
        self.send_ca(server, ca);
    }

    /// N10: a bid is answered once. What has changed since waits, and what was not cached then and was not to follow.
    fn answer_alike(&mut self, server: Server) {
        let machine = self.machine_mut(server);
        let answer = machine.answer;
        let told = answer.instances();
        for key in told.keys().iter() {
            if told.get(key) != machine.cache.get(key) {
                machine.waits = machine.waits.or(Keys::one(key));
            }
        }
        machine.left = machine.left.without(told.keys());
        if !answer.more() {
            machine.waits = machine.waits.or(machine.left);
            machine.left = Keys::NONE;
        }
        self.send_ca(server, answer);
    }

    /// A CSUS for what is still missing and for more.
    fn solicit(&mut self, server: Server, missing: Keys) {
        let most = self.model.scenario.per_csus;
        let machine = self.machine_mut(server);
        let further = machine.wanted.keys().without(missing);
        let keys = missing.or(further.first(most.saturating_sub(missing.len())));
        machine.asked = keys;
        machine.csus = Running::Armed;
        let wanted = only(machine.wanted, keys);
        self.send(server, Message::solicit(wanted));
    }

    /// Records of the cache go out in one CSU Request, with null ones copied from a CSUS.
    fn flood(&mut self, server: Server, keys: Keys, null: Keys, asked: Instances) {
        if keys.or(null).is_empty() {
            return;
        }
        let older = self.is_mutant(Mutant::QueueOlder);
        let machine = self.machine_mut(server);
        let mut records = only(asked, null);
        for key in keys.iter() {
            let instance = machine.cache.get(key);
            records = records.with(key, instance);
            // R2334-2.3-18
            if !(older && machine.queue.get(key) > 0) {
                machine.enqueue(key, instance);
            }
        }
        self.send(server, Message::request(records, null));
    }

    /// R2334-2.3-14: only what is due and not acknowledged.
    fn resend(&mut self, server: Server) {
        let machine = self.machine_mut(server);
        let records = only(machine.queue, machine.due);
        for key in machine.due.iter() {
            machine.tries = machine.tries.with(key, machine.tries.get(key) + 1);
        }
        machine.due = Keys::NONE;
        if !self.is_mutant(Mutant::NoRepeat) {
            self.send(server, Message::request(records, Keys::NONE));
        }
    }

    /// A newer instance comes from another neighbour.
    fn change(&mut self, server: Server, key: u8, instance: u8) {
        let machine = self.machine_mut(server);
        machine.cache = machine.cache.with(key, instance);
        // C26
        if machine.wanted.get(key) <= instance {
            machine.satisfied(key);
        }
        let (completes, wanted) = (machine.asked.is_empty(), machine.wanted);
        let told = Message::request(Instances::NONE.with(key, instance), Keys::NONE);
        self.carry_out(server, Event::Change { completes }, told, wanted);
    }

    fn timer(&mut self, server: Server, timer: Timer) -> Option<()> {
        let tries = self.model.scenario.tries;
        let machine = self.machine_mut(server);
        if !machine.is_due(timer) {
            return None;
        }
        let event = match timer {
            Timer::Ca => {
                machine.ca = Running::Off;
                Event::CaTimer
            }
            Timer::Hold if machine.is_summarizing() => Event::Patience,
            Timer::Hold => Event::HoldTimer,
            Timer::Csus => {
                machine.csus = Running::Off;
                Event::CsusTimer
            }
            Timer::Csu => Event::CsuTimer {
                exhausted: machine
                    .due
                    .iter()
                    .any(|key| machine.tries.get(key) >= tries),
            },
        };
        self.event(server, event, Message::NONE);
        Some(())
    }
}

const fn bit(server: Server) -> u8 {
    1 << server.0
}

fn spend(budget: &mut u8) -> Option<()> {
    *budget = budget.checked_sub(1)?;
    Some(())
}

fn some(message: Message) -> Option<Message> {
    message.is_some().then_some(message)
}

/// A received CA number against the own one.
const fn class(received: u8, own: u8) -> Number {
    match lower(received, own) {
        0 => Number::Equal,
        1 => Number::Next,
        d if d == lower(0, 1) => Number::Previous,
        _ => Number::Other,
    }
}

fn sends_new_ca(actions: Actions) -> bool {
    [
        cafsm::Action::SendMore,
        cafsm::Action::SendLast,
        cafsm::Action::SendEmpty,
    ]
    .into_iter()
    .any(|action| actions.contains(action))
}
