//! The Hello protocol of RFC 2334 (2.1, B.2.5) between two servers on one link, or three that hear each other over
//! point-to-multipoint VCs.
//!
//! **What is modelled**: Hello messages with their Receiver ID lists, one for all neighbours of a server; the interval
//! timer of each server and the dead timer of each [`hfsm`], as remaining ticks that no tick passes; VCs that come up at
//! one end after the other and go down at both; messages that are lost, arrive twice, late or out of order; a direction
//! that carries nothing; a server that restarts without its VC going down; abnormal events.
//!
//! **What is abstracted away, and why that is sound here**: a message takes less than two ticks, since one that is older is
//! as good as lost to a dead timer of several. All servers advertise the same interval and dead factor: a machine only
//! looks at its neighbour's. A server's own Hellos are exactly an interval apart; where they stand to those of others
//! comes from the order in which VCs come up and servers restart. There is one PID/SGID (R2334-2.1-16). Servers are not
//! permuted: counts are of plain states.

mod action;
mod carried;
mod duty;
pub mod findings;
pub mod hfsm;
pub mod property;
pub mod rules;
pub mod scenario;
mod state;
mod step;

pub use action::{Action, Server};
pub use rules::Rules;
pub use scenario::{Scenario, scenarios};
pub use state::{QUEUE, SERVERS, State, Watch};

use crate::explore::{Fingerprint, Space, Successors, expand_in_place};
use crate::reading::Readers;
use stateright::{Model, Property};

const PAIRS_OF_TWO: [(u8, u8); 2] = [(0, 1), (1, 0)];
const PAIRS_OF_THREE: [(u8, u8); 6] = [(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)];

/// The model of one scenario under one set of rules.
#[derive(Clone, Debug)]
pub struct Hello {
    scenario: Scenario,
    rules: Readers<Rules>,
}

impl Hello {
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
    /// All servers.
    pub fn servers(&self) -> impl Iterator<Item = Server> + use<> {
        (0..self.scenario.servers).map(Server)
    }
    /// All pairs of neighbours, each in both orders.
    pub fn pairs(&self) -> impl Iterator<Item = (Server, Server)> + use<> {
        let pairs: &'static [_] = if self.scenario.servers < 3 {
            &PAIRS_OF_TWO
        } else {
            &PAIRS_OF_THREE
        };
        pairs.iter().map(|&(at, of)| (Server(at), Server(of)))
    }
}

impl Model for Hello {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State::initial(self.scenario.budgets)]
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

impl Space for Hello {
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
