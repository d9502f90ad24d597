//! Flooding of RFC 2334 (2.3, 2.4, B.2.0.2) among three or four servers: what one of them originates, in every cache.
//!
//! **What is modelled**: cache entries with key, number and content (something holds, or has ended); CSA records over links
//! that keep order; relaying with a hop count; acknowledgements that show a larger number; links that fail and come back;
//! alignment; an originator or relay that restarts and has forgotten everything; an originator that dies and is flushed;
//! numbers that are used up.
//!
//! **What is abstracted away, and why that is sound here**: one server originates, since records of different originators are
//! never compared (R2334-2.4-03) and share nothing but the order on a link. A link that is up is reliable and in order:
//! acknowledgements and retransmission are not seen, but for the one that shows a larger number. An alignment is one step:
//! it ends with each side having asked for what is newer at the other, in one of two orders. There are seven numbers and
//! two keys; budgets see to it that they suffice, and a property says so. A flush comes after the originator's death, at
//! each server by itself, when nothing is on its way: messages are faster than dead times. A dead originator does not
//! return, so that nothing leaves quarantine here (that is `server_group`'s). Where a budget allows it a
//! tombstone is forgotten at any time when nothing is on its way: what that does where others have not forgotten it is
//! answered, how long it must be kept is not. Servers are not permuted: counts are of plain states.

mod action;
mod carried;
mod duty;
pub mod findings;
pub mod property;
pub mod rules;
pub mod scenario;
mod state;
mod step;

pub use action::{Action, Server};
pub use rules::Rules;
pub use scenario::{Scenario, scenarios};
pub use state::{Entry, KEYS, QUEUE, SERVERS, State};

use crate::explore::{Fingerprint, Space, Successors, expand_in_place};
use crate::reading::Readers;
use rules::{LeaveKey, StrangeLeave};
use stateright::{Model, Property};

/// The model of one scenario under one set of rules.
#[derive(Clone, Debug)]
pub struct Flooding {
    scenario: Scenario,
    rules: Readers<Rules>,
}

impl Flooding {
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
    /// The server whose records are looked at.
    pub const fn origin(&self) -> Server {
        Server(self.scenario.origin)
    }
    /// All servers.
    pub fn servers(&self) -> impl Iterator<Item = Server> + use<> {
        (0..self.scenario.servers).map(Server)
    }
    /// The configured links.
    pub fn links(&self) -> impl Iterator<Item = (Server, Server)> + use<> {
        let links = self.scenario.links.iter();
        links.map(|&(a, b)| (Server(a), Server(b)))
    }

    /// Whether a server acts as if what the originator tells holds.
    pub fn believes(&self, state: &State, at: Server) -> bool {
        let told = match self.rules(at.0).leave_key {
            LeaveKey::Same if self.rules(at.0).strange_leave == StrangeLeave::First => {
                (0..KEYS).any(|key| state.entry(at, key).live())
            }
            LeaveKey::Same | LeaveKey::New => state.has_applied(at),
        };
        told && !state.is_flushed(at)
    }

    /// Whether it holds in truth.
    pub const fn truth(state: &State) -> bool {
        state.is_joined() && !state.is_renewing()
    }

    fn initial(&self) -> State {
        let scenario = &self.scenario;
        let mut state = State::empty(scenario.budgets);
        for at in self.servers() {
            state.set_alive(at, true);
            if scenario.start > 0 {
                state.set_entry(at, 0, Entry::new(scenario.start, true, 0));
                state.set_applied(at, true);
            }
        }
        state.set_joined(scenario.start > 0);
        for (a, b) in self.links() {
            state.link_up(a, b);
        }
        state
    }
}

impl Model for Flooding {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![self.initial()]
    }
    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        step::enabled(self, state, actions);
    }
    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = *state;
        step::perform(self, &mut next, action);
        Some(next)
    }
    fn format_action(&self, action: &Action) -> String {
        action.words()
    }
    fn properties(&self) -> Vec<Property<Self>> {
        crate::family::properties(property::claims(), self.scenario.witnesses)
    }
}

impl Space for Flooding {
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
        let perform = |next: &mut State, action| {
            step::perform(self, next, action);
            true
        };
        expand_in_place(self, state, actions, perform, successors);
    }
}

#[cfg(test)]
mod mutants;
#[cfg(test)]
mod tests;
