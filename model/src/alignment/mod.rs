//! RFC 2334 for two neighbours: how their caches are aligned, and kept equal, message by message.
//!
//! **What is modelled**: every CA, CSUS, CSU Request and CSU Reply; the CAFSM of both ends (it is a relation of its own,
//! [`cafsm`]); request list, outstanding CSUS, retransmit queue, the slave's hold of its last CA, and the four timers.
//! Messages are lost, copied and delivered late (in a later exchange, too); an HFSM drops and comes up again, noticed by the
//! other end or not; a server restarts with nothing; a newer instance of a record reaches a server from elsewhere at any
//! time. Up to three records; how many summaries fit into a CA, and into a CSUS, is the scenario's.
//!
//! **Time** goes in intervals, as in [`crate::server_group`]: messages take milliseconds and timers seconds, so an interval
//! ends only when nothing is on its way and every timer that was due has run out; timers due in one interval run out in any
//! order. CAReXmtInterval, CSUSReXmtInterval and CSUReXmtInterval are one interval, the slave's hold is three (C17). Timers
//! that may run out at any moment would say nothing about a hold that is longer than a retransmission, and would exhaust
//! the retry limit with nobody at fault. A message that is slower than a timer is one that is copied, lost, and late.
//!
//! **What is abstracted away, and why that is sound here**: the Hello protocol is [`Action::Drop`], [`Action::Notice`] and
//! [`Action::Up`]. Records belong to third servers, so nothing is said about a server's own records coming back (C08, in
//! the model of flooding). Instances are numbered from 1; only their order counts. A null record is counted as received
//! and changes no cache (C15). CA numbers stand on a ring and are counted from the master's: they are compared only for being
//! equal or neighbours; a property says that none comes round while one like it is about. A restart ends the VC (N02).

mod action;
pub mod cafsm;
mod carried;
mod duty;
pub mod findings;
mod message;
mod portable;
pub mod property;
mod records;
pub mod rules;
pub mod scenario;
mod state;
mod step;
mod witness;

pub use action::{Action, Server, Timer};
pub use message::{Instances, KEYS, Keys, Kind, Message};
pub use rules::Rules;
pub use scenario::{Scenario, scenarios};
pub use state::{Budgets, HOLD, Machine, Running, State, mark};

use crate::explore::{Fingerprint, Space, Successors, expand_in_place};
use crate::family;
use crate::reading::Readers;
use stateright::{Model, Property};

/// The model of one scenario under one set of rules.
#[derive(Clone, Debug)]
pub struct Alignment {
    scenario: Scenario,
    rules: Readers<Rules>,
}

impl Alignment {
    /// The model of a scenario.
    pub fn new(scenario: &Scenario, rules: impl Into<Readers<Rules>>) -> Self {
        Self {
            scenario: *scenario,
            rules: rules.into(),
        }
    }
    /// The scenario.
    pub const fn scenario(&self) -> &Scenario {
        &self.scenario
    }
    /// The rules of a node.
    pub fn rules(&self, node: u8) -> &Rules {
        self.rules.of(node)
    }
    /// Both HFSMs are about to reach Bidirectional.
    pub const fn initial(&self) -> State {
        State::new(self.scenario.caches, self.scenario.budgets)
    }
}

impl Model for Alignment {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![self.initial()]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        let budget = state.budget;
        for server in Server::BOTH {
            let machine = state.machine(server);
            if state.head(server).is_some() {
                actions.push(Action::Deliver(server));
                if budget.losses > 0 {
                    actions.push(Action::Lose(server));
                }
                if budget.copies > 0 && !state.copy(server).is_some() {
                    actions.push(Action::Copy(server));
                }
            }
            if state.copy(server).is_some() {
                actions.push(Action::Late(server));
            }
            if machine.is_up() {
                if state.unseen >> server.0 & 1 == 1 {
                    actions.push(Action::Notice(server));
                }
                if budget.drops > 0 {
                    actions.push(Action::Drop(server));
                }
                if budget.restarts > 0 {
                    actions.push(Action::Restart(server));
                }
            } else {
                actions.push(Action::Up(server));
            }
            if budget.changes > 0 {
                for key in 0..self.scenario.keys {
                    if machine.cache.get(key) < self.scenario.newest {
                        actions.push(Action::Change(server, key));
                    }
                }
            }
            for timer in [Timer::Ca, Timer::Hold, Timer::Csus, Timer::Csu] {
                if machine.is_due(timer) {
                    actions.push(Action::Timer(server, timer));
                }
            }
        }
        if state.time_passes(self.scenario.within) {
            actions.push(Action::Tick);
        }
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = *state;
        step::perform(self, &mut next, action).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        family::properties(property::claims(), self.scenario.witnesses)
    }
}

impl Space for Alignment {
    type Model = Self;
    type Key = u64;
    const EXACT: bool = false;

    fn model(&self) -> &Self {
        self
    }
    #[inline]
    fn key(&self, seed: u64, state: &State) -> u64 {
        Fingerprint::of_octets(seed, state)
    }
    fn expand(
        &self,
        state: &State,
        actions: &mut Vec<Action>,
        successors: &mut impl Successors<State>,
    ) {
        let perform = |next: &mut State, action| step::perform(self, next, action);
        expand_in_place(self, state, actions, perform, successors);
    }
}

#[cfg(test)]
mod mutants;
#[cfg(test)]
mod tests;
