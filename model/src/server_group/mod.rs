//! RFC 2443 for two or three servers and two clients at most, one or both of which may be multicast servers (MCSs).
//!
//! **What is modelled**: registration, join, leave and deregistration at a home server; the records they make; flooding
//! over FIFO links (RFC 2334, 2.3); Redirect Entries, missed updates, flush and restore; proxy deregistration; CMI
//! ranges; redirect maps, hard and soft redirects, failover; servers and clients that stop, links that go down and up; one
//! of two servers that starts again; MCSs, the group-wide server map, and what both control VCs carry because of it.
//!
//! **What is abstracted away, and why that is sound here**: the exchange of one client with its server is one step (their
//! VC is reliable, and nothing else at that server can come in between). A link is reliable and in order while it is up;
//! acknowledgements, retransmission and hellos are therefore not seen. An alignment is one step: it ends with each side
//! having asked for what is newer at the other. All queues are empty before an interval ends, since messages are faster
//! than heartbeats by four orders of magnitude. There is no loss of messages on control VCs, and what clients and MCSs make
//! of them is not followed: `cluster` does that. The keys of a server's second life are others than those of its first (C09).
//! Clients and groups are not permuted: counts are of plain states.

mod action;
mod asked;
mod client;
mod flood;
pub mod liveness;
mod observation;
mod packed;
mod projection;
pub mod property;
mod serve;
mod server_list;
mod space;
mod state;
mod step;
mod view;
mod witness;

pub use action::{Action, Client, Range, Server};
pub use asked::{asked, is_answering};
pub use observation::{
    CcvcKind, Cmi, Control, Copy, Observation, Record, RecordKind, ScvcKind, Sink,
};
pub use packed::{CLIENTS, KEYS, RANGES, SERVERS};
pub use projection::{Projection, project};
pub use server_list::ServerList;
pub use state::{CMI_HOLD, HOLD, QUEUE, State};
pub use step::step;

use crate::reading::Readers;
use crate::rules::Rules;
use crate::scenario::Scenario;
use packed::{Entry, Key};
use state::Left;
use stateright::{Model, Property};

/// The model of one scenario under one set of rules.
#[derive(Clone, Debug)]
pub struct ServerGroup {
    scenario: Scenario,
    rules: Readers<Rules>,
}

impl ServerGroup {
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
    /// The rules that a server follows.
    pub fn rules(&self, server: Server) -> &Rules {
        self.rules.of(server.0)
    }
    /// The servers (one bit each) that follow other rules than the rest.
    pub const fn odd(&self) -> u8 {
        self.rules.odd()
    }
    /// The servers (one bit each) that follow a literal reading among others that do not: what they do to themselves and
    /// their own clients is their own fault, and no property speaks of it.
    pub const fn literal(&self) -> u8 {
        self.scenario.literal_purgers | self.rules.odd()
    }
    /// All servers in ascending order of their IDs.
    pub fn servers(&self) -> impl Iterator<Item = Server> + use<> {
        (0..self.scenario.servers).map(Server)
    }
    /// All clients.
    pub fn clients(&self) -> impl Iterator<Item = Client> + use<> {
        (0..self.scenario.clients).map(Client)
    }
    /// All ranges.
    pub fn ranges(&self) -> impl Iterator<Item = Range> + use<> {
        (0u8..)
            .zip(self.scenario.ranges)
            .map(|(range, _)| Range(range))
    }
    /// The groups of a range, one bit each.
    pub fn groups(&self, range: Range) -> u8 {
        self.scenario
            .ranges
            .get(usize::from(range.0))
            .copied()
            .unwrap_or(0)
    }
    /// Whether a client is a multicast server.
    pub const fn is_mcs(&self, client: Client) -> bool {
        self.scenario.mcs & (1 << client.0) != 0
    }
    /// Whether a client may join a range: a multicast server serves a group at a time.
    pub fn may_join(&self, client: Client, range: Range) -> bool {
        !self.is_mcs(client) || self.groups(range).count_ones() == 1
    }
    /// The clients that are leaves of one kind of control VC, one bit each.
    const fn leaves_of(&self, control: Control) -> u8 {
        match control {
            Control::Cluster => !self.scenario.mcs,
            Control::Servers => self.scenario.mcs,
        }
    }
    /// The control VC that a client is a leaf of.
    const fn control_of(&self, client: Client) -> Control {
        if self.is_mcs(client) {
            Control::Servers
        } else {
            Control::Cluster
        }
    }
    /// The configured links.
    pub fn links(&self) -> impl Iterator<Item = (Server, Server)> + use<> {
        self.scenario
            .links
            .iter()
            .map(|&(a, b)| (Server(a), Server(b)))
    }

    /// All servers run, all links are up and aligned, everybody has everybody's first Redirect Entry, no client is registered.
    pub fn initial(&self) -> State {
        let mut state = State::empty();
        for server in self.servers() {
            state.start(server);
            for origin in self.servers() {
                state.set_entry(server, Key::redirect(origin), Entry::new(1, true, 0));
            }
        }
        for (a, b) in self.links() {
            state.link(a, b);
        }
        let budgets = self.scenario.budgets;
        state.left = Left {
            registers: budgets.registers,
            changes: budgets.changes,
            deregisters: budgets.deregisters,
            moves: budgets.moves,
            client_crashes: budgets.client_crashes,
            crashes: budgets.crashes,
            cuts: budgets.cuts,
            drains: budgets.drains,
            hangs: budgets.hangs,
        };
        state
    }

    /// Every action that could be enabled in some state, in a fixed order.
    fn candidates(&self, state: &State, actions: &mut Vec<Action>) {
        for from in self.servers() {
            for to in self.servers().filter(|&to| to != from) {
                if state.next_in_flight(from, to).is_some() {
                    actions.push(Action::Deliver { from, to });
                }
            }
        }
        for client in self
            .clients()
            .filter(|&client| state.client(client).is_alive())
        {
            for range in self.ranges().filter(|&range| self.may_join(client, range)) {
                actions.push(Action::Join { client, range });
                actions.push(Action::Leave { client, range });
            }
            actions.push(Action::Deregister { client });
            actions.push(Action::ClientCrash { client });
            actions.push(Action::Redirect { client });
            actions.push(Action::Failover { client });
            for server in self.servers() {
                actions.push(Action::Register { client, server });
                actions.push(Action::Move { client, to: server });
            }
        }
        for server in self.servers().filter(|&server| state.is_alive(server)) {
            for client in self.clients() {
                actions.push(Action::LeafGone { server, client });
            }
            actions.push(Action::Crash { server });
            actions.push(Action::Drain { server });
            actions.push(Action::Hang { server });
            actions.push(Action::Wake { server });
        }
        for (a, b) in self.links() {
            actions.push(Action::Cut { a, b });
            actions.push(Action::Heal { a, b });
        }
        for server in self.servers() {
            actions.push(Action::Restart { server });
        }
        actions.push(Action::Tick);
    }
}

impl Model for ServerGroup {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![self.initial()]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        self.candidates(state, actions);
        actions.retain(|&action| step::is_enabled(self, state, action));
    }

    fn format_action(&self, action: &Action) -> String {
        action.to_string()
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        step(self, state, action, &mut ())
    }

    fn properties(&self) -> Vec<Property<Self>> {
        crate::family::properties(property::claims(), self.scenario.witnesses)
    }
}

#[cfg(test)]
mod mutants;
#[cfg(test)]
mod tests;
