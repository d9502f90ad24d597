//! One cluster of RFC 2022: a MARS, two clients that are members and senders, up to two multicast servers, three or four
//! group addresses.
//!
//! **What is modelled**: host maps by joined ranges, server maps, CMIs, ClusterControlVC with its numbers; hole punching on
//! pairs of addresses; MARS_JOIN, LEAVE, MIGRATE, MULTI, NAK and REDIRECT_MAP on their way to each client, in order on
//! each VC but not between ClusterControlVC and the client's own VC; the leaves of each client's VC to each group; what a
//! client does about gaps, drops of leaves, copies that do not come. Messages on ClusterControlVC are lost for one leaf,
//! the network drops leaves of ClusterControlVC and of data VCs, clients restart and deregister.
//!
//! **What is abstracted away, and why that is sound here**: what a client or multicast server sends is processed at once:
//! the server takes messages one after the other (R2022-6.1.4-03), and until then nobody sees them. A client's own VC
//! with the server is reliable: a request that is lost is repeated, which is as good as one sent later. ServerControlVC
//! is reliable and at once: what clients do with numbers is what multicast servers do with theirs. An answer is one
//! message. Numbers are kept as differences to the server's. Maps come when everything faster is over. A bound on
//! messages on their way holds changes back. Clients are not permuted: counts are of plain states.
//!
//! **What it is not used for**: no golden trace comes from here. The traces are made of paths of the server group, whose
//! steps are those of the network that plays them; here messages wait on their way one by one. Two readings that the rules
//! can express make no finding, since no property can tell them from the resolved ones: F24 (what is answered for a group
//! with a multicast server and no members) and E14 (MIGRATE without members). E19 (a purge without a word) is what RFC
//! 2022 says, and its harm, a stray leaf, is a witness. Tests show all three.

mod action;
mod carried;
mod client;
mod duty;
pub mod findings;
mod message;
pub mod property;
mod punch;
pub mod rules;
pub mod scenario;
mod server;
mod state;
mod step;

pub use action::Action;
pub use rules::Rules;
pub use scenario::{Scenario, scenarios};
pub use state::{CLIENTS, Client, GROUPS, Phase, QUEUE, State};

use crate::explore::{Fingerprint, Space, Successors, expand_in_place};
use stateright::{Model, Property};

/// The model of one scenario under one set of rules.
#[derive(Clone, Debug)]
pub struct Cluster {
    scenario: Scenario,
    rules: Rules,
}

impl Cluster {
    /// The model of a scenario.
    pub const fn new(scenario: &Scenario, rules: Rules) -> Self {
        Self {
            scenario: *scenario,
            rules,
        }
    }
    /// The scenario.
    pub const fn scenario(&self) -> &Scenario {
        &self.scenario
    }
    /// The rules.
    pub const fn rules(&self) -> &Rules {
        &self.rules
    }
    /// All ranges, by place.
    pub fn ranges(&self) -> impl Iterator<Item = u8> + use<> {
        (0..8).take(self.scenario.ranges.len())
    }
    /// The groups of a range.
    pub fn groups(&self, range: u8) -> u8 {
        let groups = self.scenario.ranges.get(usize::from(range));
        groups.copied().unwrap_or(0)
    }
    /// The groups that a client sends to.
    pub fn sends(&self, at: u8) -> u8 {
        self.scenario
            .senders
            .get(usize::from(at))
            .copied()
            .unwrap_or(0)
    }
    /// The ranges that a client may join.
    pub fn joins(&self, at: u8) -> u8 {
        self.scenario
            .joiners
            .get(usize::from(at))
            .copied()
            .unwrap_or(0)
    }
    /// The groups that a multicast server may serve.
    pub fn offers(&self, mcs: u8) -> u8 {
        self.scenario
            .offers
            .get(usize::from(mcs))
            .copied()
            .unwrap_or(0)
    }
    /// Whether a client that has joined some ranges may join another: blocks must not overlap (R2022-5.2-03).
    pub fn may_join(&self, joined: u8, range: u8) -> bool {
        let is_block = |range: u8| self.groups(range).count_ones() > 1;
        !is_block(range)
            || self.ranges().all(|other| {
                let has = joined & 1 << other != 0 && is_block(other);
                !has || self.groups(other) & self.groups(range) == 0
            })
    }
    /// The groups that a client has joined, at the server.
    pub fn joined(&self, state: &State, at: u8) -> u8 {
        let joined = self
            .ranges()
            .filter(|range| state.joined(at) & 1 << range != 0);
        joined.fold(0, |groups, range| groups | self.groups(range))
    }
    /// The host map of a group, as leaves.
    pub fn members(&self, state: &State, group: u8) -> u8 {
        let joined = (0..2).filter(|&at| self.joined(state, at) & 1 << group != 0);
        joined.fold(0, |leaves, at| leaves | 1 << at)
    }

    fn initial(&self) -> State {
        let scenario = &self.scenario;
        let before = self.rules.numbering.before();
        let mut state = State {
            clients: [Client::NEW; CLIENTS],
            joined: [0; CLIENTS],
            leaves: 0x30,
            cmis: 0,
            served: 0,
            forwards: [0; 2],
            since: u8::from(!before) | 0x10,
            strays: 0,
            flags: 0,
            left: scenario.budgets,
            spare: crate::family::Spare::Zero,
        };
        for mcs in 0..2 {
            state.set_server(mcs, self.offers(mcs) != 0);
        }
        if scenario.registered {
            for (at, start) in (0..2).zip(scenario.start) {
                state.set_cmi(at, at + 1);
                state.set_leaf(at, true);
                *state.joined_mut(at) = start;
                let one = self.rules.numbering.one();
                let client = state.client_mut(at);
                client.wanted = start;
                client.confirmed = start;
                client.cmi = at + 1;
                client.phase = Phase::Member;
                // As if it had just got the copy of its registration.
                if one {
                    client.set_hsn(0);
                }
            }
        }
        state
    }
}

impl Model for Cluster {
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
        action.words(self.scenario.ranges)
    }
    fn properties(&self) -> Vec<Property<Self>> {
        crate::family::properties(property::claims(), self.scenario.witnesses)
    }
}

impl Space for Cluster {
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
