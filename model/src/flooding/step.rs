//! One event after the other.

use super::Flooding;
use super::action::{Action, Server};
use super::rules::{
    Flush, HopCount, LeaveKey, Mutant, OwnRecord, Removed, SolicitedHop, StrangeLeave, Wrap,
};
use super::state::{Entry, Flight, HOPS_KEPT, KEYS, OVERFLOW, PURGE, REGRESS, SENT_BACK, State};

/// Every enabled action, in a fixed order.
pub(super) fn enabled(model: &Flooding, state: &State, actions: &mut Vec<Action>) {
    let (origin, left) = (model.origin(), state.left);
    for (a, b) in model.links() {
        for (from, to) in [(a, b), (b, a)] {
            if state.next_in_flight(from, to).is_some() {
                actions.push(Action::Deliver { from, to });
            }
        }
        if state.is_linked(a, b) {
            if left.cuts > 0 {
                actions.push(Action::Cut { a, b });
            }
        } else if state.is_alive(a) && state.is_alive(b) {
            actions.push(Action::Heal {
                a,
                b,
                reversed: false,
            });
            // The other order matters only where two records go one way.
            let news = |from: Server, at: Server| {
                let newer = |key: &usize| {
                    let (theirs, mine) = (state.entry(from, *key), state.entry(at, *key));
                    theirs.number() > mine.number()
                };
                (0..KEYS).filter(newer).count()
            };
            if news(a, b) > 1 || news(b, a) > 1 {
                actions.push(Action::Heal {
                    a,
                    b,
                    reversed: true,
                });
            }
        }
    }
    if state.is_alive(origin) {
        if left.changes > 0 {
            actions.push(if state.is_joined() {
                Action::Leave
            } else {
                Action::Join
            });
        }
        if state.is_renewing() && acknowledged(model, state) {
            actions.push(Action::Renew);
        }
        if left.crashes > 0 {
            actions.push(Action::Crash { at: origin });
        }
        if left.restarts > 0 {
            actions.push(Action::Restart { at: origin });
        }
    }
    if left.forgets > 0 && state.is_quiet() {
        // The originator has two keys, and goes on under the second.
        let spent = |at: Server| at == origin && state.key() > 0;
        let forgetful = model
            .servers()
            .filter(|&at| !spent(at) && over(state, at).next().is_some());
        actions.extend(forgetful.map(|at| Action::Forget { at }));
    }
    for at in model.servers().filter(|&at| at != origin) {
        if left.relay_restarts > 0 {
            actions.push(Action::Restart { at });
        }
        // Nobody flushes whom it does not know; messages are faster than dead times by orders of magnitude.
        let known = (0..KEYS).any(|key| state.entry(at, key).number() > 0);
        if !state.is_alive(origin) && !state.is_flushed(at) && known && state.is_quiet() {
            actions.push(Action::Flush { at });
        }
    }
}

/// The keys of a server's tombstones.
fn over(state: &State, at: Server) -> impl Iterator<Item = usize> + '_ {
    (0..KEYS).filter(move |&key| {
        let entry = state.entry(at, key);
        entry.number() > 0 && !entry.live()
    })
}

/// Whether every neighbour has acknowledged the purge: it is on its way from the originator no more (H13).
fn acknowledged(model: &Flooding, state: &State) -> bool {
    let origin = model.origin();
    model.servers().all(|to| {
        to == origin
            || state
                .in_flight(origin, to)
                .all(|flight| flight.entry().number() != PURGE)
    })
}

/// What an enabled action does.
pub(super) fn perform(model: &Flooding, state: &mut State, action: Action) {
    Step { model, state }.perform(action);
}

/// A record that arrives.
#[derive(Clone, Copy)]
struct Arrival {
    key: usize,
    entry: Entry,
    from: Server,
    at: Server,
    hops: u8,
    solicited: bool,
}

/// A state on its way to the next.
struct Step<'a> {
    model: &'a Flooding,
    state: &'a mut State,
}

impl Step<'_> {
    fn perform(&mut self, action: Action) {
        match action {
            Action::Join => self.change(true),
            Action::Leave => self.change(false),
            Action::Renew => self.renew(),
            Action::Deliver { from, to } => self.deliver(from, to),
            Action::Cut { a, b } => {
                self.state.left.cuts -= 1;
                self.state.link_down(a, b);
            }
            Action::Heal { a, b, reversed } => self.align(a, b, reversed),
            Action::Crash { at } => {
                self.state.left.crashes -= 1;
                self.stop(at);
                self.state.set_alive(at, false);
                self.state.set_joined(false);
            }
            Action::Restart { at } => {
                self.stop(at);
                if at == self.model.origin() {
                    self.state.left.restarts -= 1;
                    self.state.start_second_life();
                    // C09: the keys of a new life are not those of the old one.
                    if !self.state.next_key() {
                        self.state.flags |= OVERFLOW;
                    }
                } else {
                    self.state.left.relay_restarts -= 1;
                }
            }
            Action::Flush { at } => {
                self.state.set_flushed(at, true);
                self.state.set_given_up(at, true);
                // B02, B03.
                if self.model.rules(at.0).flush == Flush::Delete {
                    for key in 0..KEYS {
                        self.state.set_entry(at, key, Entry::NONE);
                    }
                    self.state.set_flushed(at, false);
                }
            }
            Action::Forget { at } => self.forget(at),
        }
    }

    /// The time of a server's tombstones is over (C06). The originator's subject goes on under another key (C05).
    fn forget(&mut self, at: Server) {
        self.state.left.forgets -= 1;
        let before = *self.state;
        for key in over(&before, at) {
            self.state.set_entry(at, key, Entry::NONE);
            self.state.set_latest(at, key, 0);
            if at == self.model.origin() && key == self.state.key() && !self.state.next_key() {
                self.state.flags |= OVERFLOW;
            }
        }
    }

    /// A server's links go down and its memory is gone.
    fn stop(&mut self, at: Server) {
        for other in self.model.servers().filter(|&other| other != at) {
            self.state.link_down(at, other);
        }
        for key in 0..KEYS {
            self.state.set_entry(at, key, Entry::NONE);
            self.state.set_latest(at, key, 0);
        }
        self.state.set_applied(at, false);
        self.state.set_flushed(at, false);
        self.state.set_given_up(at, false);
    }

    /// How far a new record goes, in hops beyond the first.
    fn fresh_hops(&self, at: Server) -> u8 {
        match self.model.rules(at.0).hop_count {
            HopCount::Servers => self.model.scenario().servers - 1,
            HopCount::One => 1,
        }
    }

    fn put(&mut self, from: Server, to: Server, flight: Flight) {
        let capacity = self.model.scenario().queue;
        self.state.put_flight(from, to, flight, capacity);
    }

    /// Sends what a server has cached under a key to all its neighbours but one.
    fn flood(&mut self, at: Server, key: usize, entry: Entry, except: Option<Server>, hops: u8) {
        for to in self.model.servers() {
            if to != at && Some(to) != except && self.state.is_linked(at, to) {
                self.put(at, to, Flight::new(key, entry, hops, false));
            }
        }
    }

    /// The originator stores and floods an instance of its own (R2334-2.3-04, R2334-B.2.0.2-09).
    fn originate(&mut self, key: usize, number: u8, live: bool) {
        let origin = self.model.origin();
        if self.state.version == 15 {
            self.state.flags |= OVERFLOW;
        } else {
            self.state.version += 1;
        }
        let entry = Entry::new(number, live, self.state.version);
        self.state.set_entry(origin, key, entry);
        self.state.set_latest(origin, key, self.state.version);
        self.state.set_applied(origin, self.state.is_joined());
        let hops = self.fresh_hops(origin);
        self.flood(origin, key, entry, None, hops);
    }

    /// The truth changes, and the originator says so.
    fn change(&mut self, live: bool) {
        let rules = *self.model.rules(self.model.origin().0);
        self.state.left.changes -= 1;
        self.state.set_joined(live);
        // C02.
        let key = match rules.leave_key {
            LeaveKey::New => usize::from(!live),
            LeaveKey::Same => self.state.key(),
        };
        let number = self.state.entry(self.model.origin(), key).number();
        let again = rules.mutant == Mutant::ReuseNumber && number > 0;
        if number == PURGE {
            // Purged already: nothing to withdraw, and a join waits for its turn.
            self.state.set_renewing(live);
        } else {
            // At the last number but one the next is the purge (R2334-B.2.0.2-14): a join then has to wait, too.
            let next = number + u8::from(!again);
            self.state.set_renewing(live && next == PURGE);
            self.originate(key, next, live && next != PURGE);
        }
        if self.state.is_renewing() && acknowledged(self.model, self.state) {
            self.renew();
        }
    }

    /// What was purged goes on: C11.
    fn renew(&mut self) {
        self.state.set_renewing(false);
        if self.model.rules(self.model.origin().0).wrap == Wrap::NewKey && !self.state.next_key() {
            self.state.flags |= OVERFLOW;
        }
        self.originate(self.state.key(), 1, true);
    }

    /// The oldest record between two neighbours arrives.
    fn deliver(&mut self, from: Server, at: Server) {
        let Some(flight) = self.state.take_flight(from, at) else {
            return;
        };
        let arrival = Arrival {
            key: flight.key(),
            entry: flight.entry(),
            from,
            at,
            hops: flight.hops(),
            solicited: flight.solicited(),
        };
        let (mine, theirs) = (self.state.entry(at, arrival.key), arrival.entry);
        let own = at == self.model.origin();
        if own && theirs.number() > mine.number() {
            self.own_record(arrival);
            return;
        }
        let any = self.model.rules(at.0).mutant == Mutant::AcceptOlder && theirs != mine;
        // R2334-2.3-10.
        if !own && (self.newer(at, theirs, mine) || any) {
            self.accept(arrival);
        } else if mine.number() > theirs.number()
            && self.state.entry(from, arrival.key).number() < mine.number()
        {
            // R2334-2.3-21, R2334-2.3-22: the acknowledgement shows the larger number, and the sender asks for it.
            let flight = Flight::new(arrival.key, mine, 1, true);
            self.put(at, from, flight);
        }
    }

    /// A record of the originator's own comes back to it.
    fn own_record(&mut self, arrival: Arrival) {
        let Arrival { key, entry, at, .. } = arrival;
        let mine = self.state.entry(at, key);
        if entry.number() <= mine.number() {
            return;
        }
        match self.model.rules(at.0).own_record {
            OwnRecord::Ignore => {}
            OwnRecord::Fetch => self.accept(arrival),
            OwnRecord::Defend => {
                // C08: what is held goes out again above the number that came back; anything else is withdrawn, unless
                // that has been done.
                let live = mine.live() && mine.number() > 0;
                if mine.number() == 0 && !entry.live() {
                    return;
                }
                let number = entry.number() + 1;
                if number > PURGE {
                    self.state.flags |= OVERFLOW;
                }
                self.originate(key, number.min(PURGE), live);
            }
        }
    }

    /// A record that is newer than what the server has: store, pass on.
    fn accept(&mut self, arrival: Arrival) {
        let Arrival { key, entry, at, .. } = arrival;
        let rules = *self.model.rules(at.0);
        if entry.version() < self.state.latest(at, key) {
            self.state.flags |= REGRESS;
        }
        self.state.set_latest(at, key, entry.version());
        let strange = self.state.entry(at, key).number() == 0;
        self.state.set_entry(at, key, entry);
        // H10: under a key that is known, a leave ends what that key said.
        let applied = match (rules.leave_key, rules.strange_leave) {
            (LeaveKey::Same, StrangeLeave::Any) if !strange => {
                (0..KEYS).any(|key| self.state.entry(at, key).live())
            }
            _ => entry.live(),
        };
        self.state.set_applied(at, applied);
        self.relay(arrival);
        // C06.
        if rules.removed == Removed::Deleted && !entry.live() {
            self.state.set_entry(at, key, Entry::NONE);
        }
    }

    /// Whether an instance counts as newer than another (R2334-2.4-01); C07: than nothing. C11: after a purge, read
    /// literally, the first number does.
    fn newer(&self, at: Server, theirs: Entry, mine: Entry) -> bool {
        let wrapped = mine.number() == PURGE && theirs.number() == 1;
        theirs.number() > mine.number() || wrapped && self.model.rules(at.0).wrap == Wrap::SameKey
    }

    /// Passes an accepted record on to all other neighbours (R2334-2.3-03, R2334-2.3-11) while its hop count lasts
    /// (R2334-B.2.0.2-01). C13: news that was asked for starts afresh.
    fn relay(&mut self, arrival: Arrival) {
        let rules = *self.model.rules(arrival.at.0);
        let solicited_on = rules.solicited_hop == SolicitedHop::Fresh;
        let hops = match (arrival.solicited, rules.mutant) {
            (true, _) if solicited_on => self.fresh_hops(arrival.at),
            (_, Mutant::KeepHops) => arrival.hops,
            _ => arrival.hops.saturating_sub(1),
        };
        if hops == 0 || rules.mutant == Mutant::NoRelay {
            return;
        }
        if !arrival.solicited && hops >= arrival.hops {
            self.state.flags |= HOPS_KEPT;
        }
        let back = rules.mutant == Mutant::SendBack;
        if back && self.state.is_linked(arrival.at, arrival.from) {
            self.state.flags |= SENT_BACK;
        }
        let except = (!back).then_some(arrival.from);
        self.flood(arrival.at, arrival.key, arrival.entry, except, hops);
    }

    /// A link comes up, and each side gets what is newer at the other and not quarantined there (B03).
    fn align(&mut self, a: Server, b: Server, reversed: bool) {
        self.state.link_up(a, b);
        if self.model.rules(0).mutant == Mutant::NoAlignment {
            return;
        }
        let before = *self.state;
        for (from, at) in [(a, b), (b, a)] {
            if before.is_flushed(from) {
                continue;
            }
            for place in 0..KEYS {
                let key = if reversed { KEYS - 1 - place } else { place };
                let entry = before.entry(from, key);
                if !self.newer(at, entry, before.entry(at, key)) {
                    continue;
                }
                let arrival = Arrival {
                    key,
                    entry,
                    from,
                    at,
                    hops: 1,
                    solicited: true,
                };
                if at == self.model.origin() {
                    self.own_record(arrival);
                } else {
                    self.accept(arrival);
                }
            }
        }
    }
}
