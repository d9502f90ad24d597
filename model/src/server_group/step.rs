//! One action: is it enabled, and what comes of it.

use super::action::{Action, Client, Server};
use super::observation::{Control, Observation, Sink};
use super::packed::Key;
use super::serve::Books;
use super::state::{HOLD, State};
use super::{ServerGroup, client, view};
use crate::rules::{FlushTells, Hold, LinkLoss, Mutant};

/// A state that is being changed, with those who want to know.
pub(super) struct Step<'a, S> {
    pub(super) model: &'a ServerGroup,
    pub(super) state: &'a mut State,
    pub(super) sink: &'a mut S,
    /// Keys whose numbers have to be ranked anew, one bit each.
    pub(super) touched: u32,
    /// Keys that the alignment in progress brings to the server at hand, one bit each.
    pub(super) coming: u32,
    /// What control VCs carried because of multicast servers.
    pub(super) told: Books,
}

/// Performs one action. `None` if it is not enabled in this state.
pub fn step<S: Sink>(
    model: &ServerGroup,
    state: &State,
    action: Action,
    sink: &mut S,
) -> Option<State> {
    if !is_enabled(model, state, action) {
        return None;
    }
    let mut next = *state;
    change(model, state, &mut next, action, sink).then_some(next)
}

/// As [`step`], for an action that is known to be enabled: makes of a copy of the state what comes of it; false if nothing
/// does.
#[inline]
pub(super) fn perform(
    model: &ServerGroup,
    state: &State,
    next: &mut State,
    action: Action,
) -> bool {
    change(model, state, next, action, &mut ())
}

#[inline]
fn change<S: Sink>(
    model: &ServerGroup,
    before: &State,
    next: &mut State,
    action: Action,
    sink: &mut S,
) -> bool {
    let mut step = Step {
        model,
        state: next,
        sink,
        touched: 0,
        coming: 0,
        told: Books::default(),
    };
    if step.perform(action).is_none() {
        return false;
    }
    step.audit(before, action);
    step.state.compress(step.touched);
    true
}

/// The running home of a client at which it is registered.
pub(super) fn served_by(state: &State, client: Client) -> Option<Server> {
    let home = state.client(client).home()?;
    (state.is_alive(home) && view::is_registered(state, home, client)).then_some(home)
}

/// Whether an action can happen. (A registration may still have to wait for the end of the interval, see
/// [`super::CMI_HOLD`]; then [`step`] says `None`.)
pub(super) fn is_enabled(model: &ServerGroup, state: &State, action: Action) -> bool {
    let left = state.left;
    let repeats = model.scenario().duplicates;
    match action {
        Action::Register { client, server } => {
            let home = state.client(client).home();
            let serves = state.is_alive(server) && !state.is_waiting(server);
            let alive = state.client(client).is_alive() && serves;
            let repeated =
                repeats && home == Some(server) && view::is_registered(state, server, client);
            alive && (home.is_none() && left.registers > 0 || repeated)
        }
        Action::Join { client, range } => {
            let this = state.client(client);
            served_by(state, client).is_some()
                && model.may_join(client, range)
                && if this.has_joined(range) {
                    repeats
                } else {
                    this.has_to_rejoin(range) || left.changes > 0
                }
        }
        Action::Leave { client, range } => {
            let this = state.client(client);
            served_by(state, client).is_some()
                && model.may_join(client, range)
                && if this.has_joined(range) {
                    left.changes > 0
                } else {
                    repeats && !this.has_to_rejoin(range)
                }
        }
        Action::Deregister { client } => left.deregisters > 0 && served_by(state, client).is_some(),
        Action::Move { client, to } => {
            let home = state.client(client).home();
            left.moves > 0
                && home.is_some_and(|home| home != to && state.is_alive(home))
                && state.is_alive(to)
                && !state.is_waiting(to)
        }
        Action::LeafGone { server, client } => {
            state.is_alive(server)
                && state.is_leaf(server, client)
                && state.client(client).home() != Some(server)
        }
        Action::ClientCrash { client } => {
            left.client_crashes > 0 && state.client(client).home().is_some()
        }
        Action::Deliver { from, to } => state.next_in_flight(from, to).is_some(),
        Action::Crash { server } => {
            let others = model
                .servers()
                .any(|other| other != server && state.is_alive(other));
            left.crashes > 0 && state.is_alive(server) && others
        }
        Action::Cut { a, b } => left.cuts > 0 && state.is_linked(a, b),
        Action::Heal { a, b } => !state.is_linked(a, b) && state.is_alive(a) && state.is_alive(b),
        Action::Drain { server } => {
            left.drains > 0 && state.is_alive(server) && !state.is_drained(server)
        }
        Action::Redirect { client } => {
            let this = state.client(client);
            let first = this.map().first();
            served_by(state, client).is_some()
                && first.is_some_and(|to| {
                    Some(to) != this.home() && state.is_alive(to) && !state.is_waiting(to)
                })
        }
        Action::Failover { client } => client::is_homeless(state, client),
        Action::Restart { server } => may_restart(model, state, server),
        Action::Hang { server } => {
            left.hangs > 0 && state.is_alive(server) && !state.is_hung(server)
        }
        Action::Wake { server } => state.is_alive(server) && state.is_hung(server),
        Action::Tick => model.scenario().beats && state.is_quiet(),
    }
}

/// Whether a server can start again: one that stopped, of two, and once.
pub(super) fn may_restart(model: &ServerGroup, state: &State, server: Server) -> bool {
    let scenario = model.scenario();
    scenario.budgets.restarts > 0
        && scenario.servers < 3
        && state.former().is_none()
        && !state.is_alive(server)
}

impl<S: Sink> Step<'_, S> {
    fn perform(&mut self, action: Action) -> Option<()> {
        match action {
            Action::Register { client, server } => self.register(client, server)?,
            Action::Join { client, range } => {
                let this = self.state.client(client);
                if !this.has_joined(range) && !this.has_to_rejoin(range) {
                    self.state.left.changes -= 1;
                }
                self.join_at(this.home()?, client, range);
            }
            Action::Leave { client, range } => {
                let this = self.state.client(client);
                if this.has_joined(range) {
                    self.state.left.changes -= 1;
                }
                self.leave_at(this.home()?, client, range);
            }
            Action::Deregister { client } => {
                self.state.left.deregisters -= 1;
                self.deregister_at(self.state.client(client).home()?, client);
            }
            Action::Move { client, to } => {
                if self.rehome(client, to, true)? {
                    self.state.left.moves -= 1;
                    // Who goes where it likes is not sent there.
                    self.state.client_mut(client).forget_redirects();
                }
            }
            Action::LeafGone { server, client } => self.leaf_gone(server, client),
            Action::ClientCrash { client } => {
                self.state.left.client_crashes -= 1;
                self.state.client_mut(client).stop();
            }
            Action::Deliver { from, to } => self.deliver(from, to),
            Action::Crash { server } => {
                self.state.left.crashes -= 1;
                self.state.forget_redirects();
                self.state.stop(server);
                self.touched = u32::MAX >> (32 - super::KEYS);
            }
            Action::Cut { a, b } => {
                self.state.left.cuts -= 1;
                self.state.forget_redirects();
                self.state.cut(a, b);
                // B09: Hello death is not heartbeat death.
                for (at, origin) in [(a, b), (b, a)] {
                    if self.model.rules(at).link_loss == LinkLoss::Flush {
                        self.stop_believing(at, origin);
                    }
                }
                self.touched = u32::MAX >> (32 - super::KEYS);
            }
            Action::Heal { a, b } => {
                self.state.forget_redirects();
                self.state.link(a, b);
                self.align(a, b);
                // B12
                if self.state.is_waiting(a) || self.state.is_waiting(b) {
                    self.state.serve();
                }
            }
            Action::Drain { server } => {
                self.state.left.drains -= 1;
                self.state.forget_redirects();
                self.state.drain(server);
            }
            Action::Redirect { client } => self.redirect(client)?,
            Action::Failover { client } => self.fail_over(client)?,
            Action::Hang { server } => {
                self.state.left.hangs -= 1;
                self.state.set_hung(server, true);
            }
            Action::Wake { server } => self.state.set_hung(server, false),
            Action::Restart { server } => {
                self.state.forget_redirects();
                self.state.restart(server);
                self.touched = u32::MAX >> (32 - super::KEYS);
            }
            Action::Tick => self.tick(),
        }
        Some(())
    }

    /// A server is silent for too long (R2443-2-18). Own clients hear nothing of hosts that are gone with it, but of
    /// multicast servers (B06).
    fn stop_believing(&mut self, at: Server, origin: Server) {
        let before = view::counting(self.model, self.state, at);
        self.state.set_age(at, origin, HOLD);
        self.flush(at, origin);
        if self.model.rules(at).flush_tells == FlushTells::Leave {
            self.announce_ended(at, before);
        }
    }

    fn register(&mut self, client: Client, server: Server) -> Option<()> {
        let first = self.state.client(client).home().is_none();
        if self.register_at(server, client)? && first {
            self.state.left.registers -= 1;
            self.state.client_mut(client).set_home(Some(server));
        }
        Some(())
    }

    /// RFC 2022, 5.4.3: a client whose home is not the first server of the map goes there.
    fn redirect(&mut self, client: Client) -> Option<()> {
        let this = self.state.client(client);
        if self.rehome(client, this.map().first()?, this.map_is_hard())? {
            self.state.client_mut(client).count_redirect();
        }
        Some(())
    }

    /// R2443-2-12 R2443-2-14: down the list until a server answers. Everything is joined again (R2443-2-13).
    fn fail_over(&mut self, client: Client) -> Option<()> {
        let before = *self.state;
        for target in client::failover_targets(self.model, &before, client) {
            if self.rehome(client, target, true)? {
                break;
            }
        }
        Some(())
    }

    /// One redirect interval ends: ages, flushes, CMI holds; then beats; then maps.
    fn tick(&mut self) {
        // B12: the start-up time is much shorter than an interval.
        self.state.serve();
        let slow = self.model.scenario().slow;
        if slow != 0 {
            self.state.turn();
        }
        for server in self.model.servers() {
            let rules = self.model.rules(server);
            let mutant = rules.mutant;
            let hold = match rules.hold {
                _ if mutant == Mutant::EarlyFlush => 1,
                Hold::Longest => HOLD,
                Hold::Usual => HOLD - 1,
            };
            if !self.state.is_alive(server) {
                self.state.count_dead_interval(server);
                continue;
            }
            for origin in self.model.servers().filter(|&origin| origin != server) {
                let age = self.state.age(server, origin);
                if age >= HOLD || mutant == Mutant::NeverFlush && age + 1 >= HOLD {
                    continue;
                }
                // R2443-2-18, B01: two updates missed.
                if age + 1 >= hold {
                    self.stop_believing(server, origin);
                } else {
                    self.state.set_age(server, origin, age + 1);
                }
            }
            self.state.cmis_mut(server).pass_interval();
        }
        for server in self.model.servers() {
            // R2443-2-15 R2443-2-17
            let rests = slow & (1 << server.0) != 0 && !self.state.is_second();
            if self.state.is_alive(server) && !self.state.is_hung(server) && !rests {
                self.originate(server, Key::redirect(server), true, 0);
            }
        }
        for server in self.model.servers() {
            if !self.state.is_alive(server) || !self.state.has_leaves(server, 3) {
                continue;
            }
            // R2443-2-19, R2022-6.2-02
            let (order, hard) = view::redirect_map(self.model, self.state, server);
            for control in [Control::Cluster, Control::Servers] {
                if self.state.has_leaves(server, self.model.leaves_of(control)) {
                    self.sink.see(Observation::Map {
                        server,
                        control,
                        order,
                        hard,
                    });
                }
            }
            for client in self.model.clients() {
                let listens = self.state.is_leaf(server, client)
                    && self.state.client(client).home() == Some(server);
                if listens {
                    self.state.client_mut(client).remember_map(&order, hard);
                }
            }
        }
    }
}
