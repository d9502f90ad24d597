//! One event after the other.

use super::Cluster;
use super::action::Action;
use super::message::{Body, Flight, Queue};
use super::rules::{Mutant, Purge};
use super::state::{Client, GROUPS, Phase, State};

/// Every enabled action, in a fixed order.
pub(super) fn enabled(model: &Cluster, state: &State, actions: &mut Vec<Action>) {
    let (left, scenario) = (state.left, model.scenario());
    let room = state.has_room(scenario.queue);
    for at in 0..2 {
        client(model, state, at, room, actions);
    }
    for mcs in (0..2).filter(|&mcs| room && state.is_server(mcs)) {
        let served = state.serves(mcs);
        for group in groups(model.offers(mcs)) {
            let serves = served & 1 << group != 0;
            if left.serves > 0 {
                actions.push(if serves {
                    Action::Unserve { mcs, group }
                } else {
                    Action::Serve { mcs, group }
                });
            }
            if serves && left.repeats > 0 {
                actions.push(Action::Serve { mcs, group });
            }
        }
        if left.gone > 0 {
            actions.push(Action::Gone { mcs });
        }
    }
    // Maps are a minute apart: whatever is faster is over by then.
    if is_idle(state) && (state.is_leaf(0) || state.is_leaf(1)) {
        actions.push(Action::Beat);
    }
}

fn groups(set: u8) -> impl Iterator<Item = u8> {
    (0..GROUPS).filter(move |group| set & 1 << group != 0)
}

/// What a client may do, and what may happen to it.
fn client(model: &Cluster, state: &State, at: u8, room: bool, actions: &mut Vec<Action>) {
    let (left, client) = (state.left, state.client(at));
    if !client.cluster.is_empty() {
        actions.push(Action::Deliver { at });
        if left.losses > 0 {
            actions.push(Action::Lose { at });
        }
    }
    if !client.private.is_empty() {
        actions.push(Action::Receive { at });
    }
    if matches!(client.phase, Phase::Off | Phase::Lost) {
        actions.push(Action::Register { at });
    }
    if client.phase == Phase::Member {
        if room {
            changes(model, state, at, actions);
        }
        let asked = client.asked();
        for group in groups(model.sends(at) & !asked) {
            if client.vc(group) == 0 {
                actions.push(Action::Open { at, group });
            } else if client.stale() & 1 << group != 0 {
                actions.push(Action::Revalidate { at, group });
            }
        }
        if left.releases > 0 {
            for group in groups(client.open()) {
                for node in groups(client.vc(group)) {
                    actions.push(Action::Release { at, group, node });
                }
            }
        }
        if left.deregisters > 0 && state.is_leaf(at) && client.pending == 0 {
            actions.push(Action::Deregister { at });
        }
    }
    let quiet_purge = model.rules().purge == Purge::Silent;
    if left.drops > 0 && state.is_leaf(at) && (room || quiet_purge) {
        actions.push(Action::Drop { at });
    }
    let notices = model.rules().mutant != Mutant::NoNotice;
    if notices && !state.is_leaf(at) && matches!(client.phase, Phase::Asked | Phase::Member) {
        actions.push(Action::Notice { at });
    }
    if left.restarts > 0 && client.phase != Phase::Off {
        actions.push(Action::Restart { at });
    }
}

/// Joins and leaves of a member.
fn changes(model: &Cluster, state: &State, at: u8, actions: &mut Vec<Action>) {
    let (left, client) = (state.left, state.client(at));
    if client.pending != 0 {
        if awaits_in_vain(model, state, at) && model.rules().mutant != Mutant::NoRepeat {
            actions.push(Action::Repeat { at });
        }
        return;
    }
    for range in model.ranges() {
        let (wanted, confirmed) = (
            client.wanted & 1 << range != 0,
            client.confirmed & 1 << range != 0,
        );
        if wanted && !confirmed {
            actions.push(Action::Rejoin { at, range });
        }
        if model.joins(at) & 1 << range == 0 {
            continue;
        }
        if left.changes > 0 {
            if wanted {
                actions.push(Action::Leave { at, range });
            } else if model.may_join(client.wanted, range) {
                actions.push(Action::Join { at, range });
            }
        }
        if left.repeats > 0 {
            if wanted && confirmed {
                actions.push(Action::Join { at, range });
            } else if !wanted {
                actions.push(Action::Leave { at, range });
            }
        }
    }
}

/// Whether a client waits for a copy and none is on its way (R2022-5.2.2-01).
pub(super) fn awaits_in_vain(model: &Cluster, state: &State, at: u8) -> bool {
    let client = state.client(at);
    let Some((leave, range)) = client.waits_for() else {
        return false;
    };
    let mine = model.groups(range);
    let public = client.cluster.flights().any(|flight| {
        flight.body()
            == Some(Body::Change {
                leave,
                node: at,
                groups: mine,
                punched: false,
            })
    });
    let copy = Some(Body::Copy {
        leave,
        groups: mine,
    });
    let private = client.private.flights().any(|flight| flight.body() == copy);
    !public && !private && state.is_leaf(at)
}

/// Whether everybody has done what takes less than the interval of maps and nothing is on its way, but for answers about
/// groups without a VC: a client may go on asking for those.
pub(super) fn is_idle(state: &State) -> bool {
    (0..2).all(|at| {
        let client = state.client(at);
        let done = match client.phase {
            Phase::Off => true,
            Phase::Lost | Phase::Asked => false,
            Phase::Member => {
                state.is_leaf(at) && client.wanted == client.confirmed && client.pending == 0
            }
        };
        let open = client.open();
        let harmless = |flight: Flight| match flight.body() {
            Some(Body::Answer { group, .. }) => open & 1 << group == 0,
            _ => false,
        };
        done && client.stale() == 0
            && client.asked() & open == 0
            && client.cluster.is_empty()
            && client.private.flights().all(harmless)
    })
}

/// What an enabled action does.
pub(super) fn perform(model: &Cluster, state: &mut State, action: Action) {
    Step { model, state }.perform(action);
}

/// A state on its way to the next.
pub(super) struct Step<'a> {
    pub(super) model: &'a Cluster,
    pub(super) state: &'a mut State,
}

impl Step<'_> {
    fn perform(&mut self, action: Action) {
        match action {
            Action::Register { at } => {
                self.state.client_mut(at).phase = Phase::Asked;
                self.serve_registration(at);
            }
            Action::Join { at, range } => {
                self.spend(at, range, false);
                self.state.client_mut(at).wanted |= 1 << range;
                self.say(at, range, false);
            }
            Action::Leave { at, range } => {
                self.spend(at, range, true);
                let client = self.state.client_mut(at);
                client.wanted &= !(1 << range);
                client.confirmed &= !(1 << range);
                self.say(at, range, true);
            }
            Action::Rejoin { at, range } => self.say(at, range, false),
            Action::Repeat { at } => {
                if let Some((leave, range)) = self.state.client(at).waits_for() {
                    self.say(at, range, leave);
                }
            }
            Action::Open { at, group } | Action::Revalidate { at, group } => self.ask(at, group),
            Action::Deliver { at } => self.deliver(at),
            Action::Lose { at } => {
                self.state.left.losses -= 1;
                let client = self.state.client_mut(at);
                client.cluster.take();
                client.behind = true;
            }
            Action::Receive { at } => self.receive(at),
            Action::Drop { at } => {
                self.state.left.drops -= 1;
                self.purge(at);
                self.hang_up(at);
            }
            Action::Notice { at } => self.notice(at),
            Action::Release { at, group, node } => self.release(at, group, node),
            Action::Restart { at } => {
                self.state.left.restarts -= 1;
                let client = self.state.client_mut(at);
                *client = Client {
                    wanted: client.wanted,
                    phase: Phase::Lost,
                    ..Client::NEW
                };
            }
            Action::Deregister { at } => {
                self.state.left.deregisters -= 1;
                self.purge(at);
                *self.state.client_mut(at) = Client::NEW;
            }
            Action::Serve { mcs, group } => {
                if self.state.serves(mcs) & 1 << group == 0 {
                    self.state.left.serves -= 1;
                } else {
                    self.state.left.repeats -= 1;
                }
                self.serve_offer(mcs, group);
            }
            Action::Unserve { mcs, group } => {
                self.state.left.serves -= 1;
                self.serve_withdrawal(mcs, group);
            }
            Action::Gone { mcs } => {
                self.state.left.gone -= 1;
                self.serve_gone(mcs);
            }
            Action::Beat => self.serve_beat(),
        }
    }

    /// Takes a join or leave from its budget.
    const fn spend(&mut self, at: u8, range: u8, leave: bool) {
        let wanted = self.state.client(at).wanted & 1 << range != 0;
        if wanted == leave {
            self.state.left.changes -= 1;
        } else {
            self.state.left.repeats -= 1;
        }
    }

    /// A client's VCs from and to the server are gone, with what was on them.
    fn hang_up(&mut self, at: u8) {
        let client = self.state.client_mut(at);
        client.cluster = Queue::EMPTY;
        client.private = Queue::EMPTY;
        client.behind = false;
    }

    /// A leaf drops itself off a VC (R2022-5.1.5.1-01, R2022-5.1.5.1-02).
    fn release(&mut self, at: u8, group: u8, node: u8) {
        self.state.left.releases -= 1;
        let flags = self.model.rules().mutant != Mutant::NoFlagOnDrop;
        let client = self.state.client_mut(at);
        if flags {
            client.flagged |= 1 << group;
        }
        client.set_vc(group, client.vc(group) & !(1 << node));
    }
}
