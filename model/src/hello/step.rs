//! One event after the other.

use super::action::{Action, Server};
use super::hfsm::{self, Event, next};
use super::rules::{AfterAbnormal, Listed, Mutant, Unlisted};
use super::state::{
    Flight, LAST_LISTS, LISTED_UNHEARD, NONE, OLD, OVERFLOW, RESTART_MISSED, STALLED, State,
    UNSEEN, Watch,
};
use super::{Hello, Scenario};

/// Every enabled action, in a fixed order.
pub(super) fn enabled(model: &Hello, state: &State, actions: &mut Vec<Action>) {
    let (scenario, left) = (model.scenario(), state.left);
    for (from, to) in model.pairs() {
        let mut before = None;
        for (place, flight) in (0u8..).zip(state.queue(from, to).flights()) {
            // In order only the first; where order means nothing, one of those that are alike.
            if place > 0 && !scenario.reorder || before == Some(flight) {
                continue;
            }
            before = Some(flight);
            actions.push(Action::Deliver { from, to, place });
            if left.losses > 0 {
                actions.push(Action::Lose { from, to, place });
            }
            if left.copies > 0 {
                actions.push(Action::Duplicate { from, to, place });
            }
        }
    }
    for at in model.servers() {
        if state.hello_left(at) == 0 {
            actions.push(Action::Send { at });
        }
        let up = |of: &Server| state.watch(at, *of).machine != hfsm::State::Down;
        let others = || model.servers().filter(move |&of| of != at);
        if left.restarts > 0 && !state.has_restarted(at) && others().any(|of| up(&of)) {
            actions.push(Action::Restart { at });
        }
        for of in others() {
            let watch = state.watch(at, of);
            if !up(&of) {
                actions.push(Action::Connect { at, to: of });
            }
            if watch.left == 0 || watch.listed_left == 0 {
                actions.push(Action::Expire { at, of });
            }
            if left.malformed > 0 && up(&of) && watch.machine != hfsm::State::Waiting {
                actions.push(Action::Malformed { at, of });
            }
            if state.is_deaf(at, of) {
                actions.push(Action::Hear { from: at, to: of });
            } else if left.deafs > 0 {
                actions.push(Action::Deafen { from: at, to: of });
            }
            if left.cuts > 0 && at < of && up(&of) && is_up(state, of, at) {
                actions.push(Action::Cut { a: at, b: of });
            }
        }
    }
    if may_tick(model, state) {
        actions.push(Action::Tick);
    }
}

const fn is_up(state: &State, at: Server, of: Server) -> bool {
    !matches!(state.watch(at, of).machine, hfsm::State::Down)
}

/// Whether nothing is due before time passes: no timer, and no Hello that would take too long.
fn may_tick(model: &Hello, state: &State) -> bool {
    let delay = model.scenario().delay;
    model.servers().all(|at| state.hello_left(at) != 0)
        && model.pairs().all(|(at, of)| {
            let watch = state.watch(at, of);
            let mut flights = state.queue(at, of).flights();
            let in_time = flights.all(|flight| delay && !flight.is_late());
            watch.left != 0 && watch.listed_left != 0 && in_time
        })
}

/// What an enabled action does.
pub(super) fn perform(model: &Hello, state: &mut State, action: Action) {
    Step { model, state }.perform(action);
}

/// Whether a server's next Hello lists a neighbour (R2334-2.1-11, R2334-2.1-18).
pub(super) fn lists(model: &Hello, state: &State, at: Server, of: Server) -> bool {
    let rules = model.rules(at.0);
    let watch = state.watch(at, of);
    // D02, D03: who was heard in time, which is as long as the dead timer runs; it is stopped on every fall to Waiting.
    let heard = if rules.mutant == Mutant::NeverUnlisted {
        watch.heard_ago != NONE
    } else {
        watch.left != NONE
    };
    let stalled = rules.listed == Listed::NotStalled && watch.listed_left == STALLED;
    let first = rules.mutant != Mutant::FirstOnly
        || !model
            .servers()
            .any(|other| other != at && other < of && state.watch(at, other).left != NONE);
    heard && !stalled && first
}

/// A state on its way to the next.
struct Step<'a> {
    model: &'a Hello,
    state: &'a mut State,
}

impl Step<'_> {
    fn scenario(&self) -> &Scenario {
        self.model.scenario()
    }

    fn perform(&mut self, action: Action) {
        match action {
            Action::Connect { at, to } => {
                self.watch(at, to, Event::VcUp);
                // R2334-2.1-06: from Waiting on, whether or not the neighbour already does.
                if self.state.hello_left(at) == NONE {
                    self.state.set_hello_left(at, 0);
                }
            }
            Action::Send { at } => self.send(at),
            Action::Deliver { from, to, place } => self.deliver(from, to, place, false),
            Action::Lose { from, to, place } => {
                let queue = self.state.queue(from, to).without(place);
                self.state.set_queue(from, to, queue);
                self.state.left.losses -= 1;
            }
            Action::Duplicate { from, to, place } => {
                self.deliver(from, to, place, true);
                self.state.left.copies -= 1;
            }
            Action::Expire { at, of } => self.expire(at, of),
            Action::Cut { a, b } => {
                self.state.left.cuts -= 1;
                for (at, of) in [(a, b), (b, a)] {
                    self.state.set_queue(at, of, super::state::Queue::default());
                    self.watch(at, of, Event::VcDown);
                    let mut others = self.model.servers().filter(|&other| other != at);
                    if !others.any(|other| is_up(self.state, at, other)) {
                        self.state.set_hello_left(at, NONE);
                        self.state.set_sent_ago(at, NONE);
                    }
                }
            }
            Action::Deafen { from, to } => {
                self.state.left.deafs -= 1;
                self.state.set_deaf(from, to, true);
                self.state
                    .set_queue(from, to, super::state::Queue::default());
            }
            Action::Hear { from, to } => self.state.set_deaf(from, to, false),
            Action::Restart { at } => self.restart(at),
            Action::Malformed { at, of } => {
                self.state.left.malformed -= 1;
                let before = *self.state.watch(at, of);
                self.watch(at, of, Event::Abnormal);
                if self.model.rules(at.0).after_abnormal == AfterAbnormal::Kept {
                    let watch = self.state.watch_mut(at, of);
                    watch.left = before.left;
                    watch.listed_left = before.listed_left;
                }
            }
            Action::Tick => self.tick(),
        }
    }

    /// Moves a machine. Where it falls to Waiting or below, everything about the neighbour is forgotten
    /// (R2334-2.1-15; D03).
    fn watch(&mut self, at: Server, of: Server, event: Event) {
        let rules = self.model.rules(at.0);
        let watch = self.state.watch_mut(at, of);
        let machine = next(rules, watch.machine, event);
        if matches!(machine, hfsm::State::Down | hfsm::State::Waiting) {
            let heard_ago = watch.heard_ago;
            *watch = Watch::silent(machine);
            if event == Event::DeadTime {
                // Seen from outside: how long ago that was is for the property to judge.
                watch.heard_ago = heard_ago;
            }
        }
        watch.machine = machine;
        if machine != hfsm::State::Bidirectional {
            watch.seen &= !UNSEEN;
        }
    }

    /// One Hello to everybody there is a VC to (R2334-2.1-17).
    fn send(&mut self, at: Server) {
        let scenario = *self.scenario();
        for to in self.model.servers().filter(|&to| to != at) {
            if !is_up(self.state, at, to) {
                continue;
            }
            let lists = lists(self.model, self.state, at, to);
            let ago = self.state.watch(at, to).heard_ago;
            if lists && (ago == NONE || ago > scenario.dead()) {
                self.state.flags |= LISTED_UNHEARD;
            }
            if self.state.is_deaf(at, to) || !is_up(self.state, to, at) {
                continue;
            }
            let again = scenario.is_reliable() && self.state.has_restarted(at);
            let flight = Flight::new(lists, again);
            match self
                .state
                .queue(at, to)
                .with(flight, scenario.queue, scenario.reorder)
            {
                Some(queue) => self.state.set_queue(at, to, queue),
                None => self.state.flags |= OVERFLOW,
            }
        }
        let late = u8::from(self.model.rules(at.0).mutant == Mutant::LateHello);
        self.state.set_hello_left(at, scenario.interval + late);
        self.state.set_sent_ago(at, 0);
    }

    fn deliver(&mut self, from: Server, to: Server, place: u8, stays: bool) {
        let queue = self.state.queue(from, to);
        let Some(flight) = queue.flights().nth(usize::from(place)) else {
            return;
        };
        if !stays {
            self.state.set_queue(from, to, queue.without(place));
        }
        if !is_up(self.state, to, from) {
            return;
        }
        let (rules, scenario) = (*self.model.rules(to.0), *self.scenario());
        let event = if flight.lists() || rules.mutant == Mutant::AnyHello {
            Event::HelloLists
        } else {
            Event::HelloOmits
        };
        self.watch(to, from, event);
        let dead = match rules.mutant {
            Mutant::LateDeath => scenario.dead() + 1,
            Mutant::EarlyDeath => scenario.dead() - 1,
            _ => scenario.dead(),
        };
        let counts_listing =
            rules.unlisted == Unlisted::DeadTime || rules.listed == Listed::NotStalled;
        let watch = self.state.watch_mut(to, from);
        if rules.mutant != Mutant::NoRestart || watch.left == NONE {
            watch.left = dead;
        }
        if counts_listing && (flight.lists() || watch.listed_left == NONE) {
            watch.listed_left = dead;
        }
        watch.heard_ago = 0;
        watch.seen &= !LAST_LISTS;
        if flight.lists() {
            watch.listed_ago = 0;
            watch.seen |= LAST_LISTS;
        }
        let missed = watch.seen & UNSEEN != 0 && flight.after_restart();
        if missed && scenario.is_reliable() {
            self.state.flags |= RESTART_MISSED;
        }
    }

    fn expire(&mut self, at: Server, of: Server) {
        if self.state.watch(at, of).left == 0 {
            self.watch(at, of, Event::DeadTime);
        } else {
            self.watch(at, of, Event::Unlisted);
            self.state.watch_mut(at, of).listed_left = STALLED;
        }
    }

    fn restart(&mut self, at: Server) {
        self.state.left.restarts -= 1;
        self.state.restarted |= 1 << at.0;
        for of in self.model.servers().filter(|&of| of != at) {
            if is_up(self.state, at, of) {
                *self.state.watch_mut(at, of) = Watch::silent(hfsm::State::Waiting);
            }
            let theirs = self.state.watch_mut(of, at);
            if theirs.machine == hfsm::State::Bidirectional {
                theirs.seen |= UNSEEN;
            }
        }
        self.send(at);
    }

    fn tick(&mut self) {
        let scenario = *self.scenario();
        let oldest = (scenario.dead() + 1).min(OLD);
        let count = |ticks: u8| ticks - u8::from(ticks != NONE && ticks != STALLED);
        let age = |ticks: u8, most: u8| match ticks {
            NONE => NONE,
            ticks => (ticks + 1).min(most),
        };
        for at in self.model.servers() {
            let (left, ago) = (self.state.hello_left(at), self.state.sent_ago(at));
            self.state.set_hello_left(at, count(left));
            self.state.set_sent_ago(at, age(ago, scenario.interval + 1));
        }
        for (at, of) in self.model.pairs() {
            let queue = self.state.queue(at, of);
            if !queue.is_empty() {
                self.state.set_queue(at, of, queue.aged(scenario.reorder));
            }
            let watch = self.state.watch_mut(at, of);
            watch.left = count(watch.left);
            watch.listed_left = count(watch.listed_left);
            watch.heard_ago = age(watch.heard_ago, oldest);
            watch.listed_ago = age(watch.listed_ago, oldest);
        }
    }
}
