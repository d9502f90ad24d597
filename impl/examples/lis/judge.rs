//! The verdict, after a calm period: what everyone was told against what everyone believes.
//!
//! What ought to be comes from the intent alone. What is seen comes from views; one view is never
//! compared with another except where the sentence is that they agree.

use std::collections::{BTreeMap, BTreeSet};

use distributed_mars::address::{Endpoint, ProtocolAddress};
use distributed_mars::endpoint;
use distributed_mars::group::View;
use distributed_mars::group::view::{MemberKind, RegistrationView};

use crate::network::Node;
use crate::world::{Kind, Parcel, World, group, holds, server_id};

/// All that the judge looks at but the intent.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// Views of the servers that are up.
    pub(crate) servers: BTreeMap<Node, View>,
    /// Views of the clients and MCSs that are up.
    pub(crate) ends: BTreeMap<Node, endpoint::View>,
    /// Packets that were followed.
    pub(crate) parcels: Vec<Parcel>,
}

impl Seen {
    /// What there is to see now.
    pub(crate) fn of(world: &World) -> Self {
        let servers = world.servers().into_iter();
        let ends = world.clients().into_iter().chain(world.mcss());
        Self {
            servers: servers
                .filter_map(|node| Some((node, world.server(node)?.view())))
                .collect(),
            ends: ends
                .filter_map(|node| Some((node, world.endpoint_view(node)?)))
                .collect(),
            parcels: world.parcels.values().cloned().collect(),
        }
    }
}

/// What is wrong, in sentences; nothing if all is well. `flows` are the groups each station sends to.
pub(crate) fn judge(world: &World, flows: &[Vec<usize>], seen: &Seen) -> Vec<String> {
    let mut judge = Judge {
        world,
        seen,
        faults: Vec::new(),
    };
    judge.servers();
    for node in world.clients().into_iter().chain(world.mcss()) {
        judge.home(node);
    }
    for node in world.clients() {
        judge.sender(node, &flows[node]);
    }
    let sent: BTreeSet<usize> = world
        .clients()
        .iter()
        .flat_map(|node| &flows[*node])
        .copied()
        .collect();
    for node in world.mcss() {
        judge.mcs(node, &sent);
    }
    judge.parcels();
    judge.faults
}

struct Judge<'a> {
    world: &'a World,
    seen: &'a Seen,
    faults: Vec<String>,
}

/// A line of a server's map without its origin.
type Line = (Endpoint, ProtocolAddress, ProtocolAddress);

impl Judge<'_> {
    fn fault(&mut self, what: String) {
        self.faults.push(what);
    }

    fn named(&self, endpoint: Endpoint) -> String {
        let ends = self.world.clients().into_iter().chain(self.world.mcss());
        let mut all = ends.chain(self.world.servers());
        let node = all.find(|node| self.world.address(*node) == endpoint);
        node.map_or_else(|| format!("{endpoint:?}"), |node| self.world.name(node))
    }

    fn endpoints(&self, nodes: impl IntoIterator<Item = Node>) -> BTreeSet<Endpoint> {
        nodes
            .into_iter()
            .map(|node| self.world.address(node))
            .collect()
    }

    /// Every server is up, knows the others, and has exactly the members that there are.
    fn servers(&mut self) {
        for node in self.world.servers() {
            let name = self.world.name(node);
            let Some(view) = self.seen.servers.get(&node) else {
                self.fault(format!("{name} is down"));
                continue;
            };
            let others = self
                .world
                .servers()
                .into_iter()
                .filter(|other| *other != node);
            let others: Vec<_> = others.map(server_id).collect();
            let live: Vec<_> = view.live.iter().map(|line| line.origin).collect();
            if live != others {
                self.fault(format!("{name} takes for live {live:?}, not {others:?}"));
            }
            self.members(&name, view, Kind::Client, MemberKind::Client);
            self.members(&name, view, Kind::Mcs, MemberKind::Mcs);
            self.registrations(&name, "client", &view.registrations, self.world.clients());
            self.registrations(&name, "mcs", &view.mcs_registrations, self.world.mcss());
            let all = view.registrations.iter().chain(&view.mcs_registrations);
            let mut owners: BTreeMap<u16, Endpoint> = BTreeMap::new();
            for line in all {
                if let Some(other) = owners.insert(line.cmi, line.endpoint) {
                    let (one, other) = (self.named(line.endpoint), self.named(other));
                    self.fault(format!(
                        "{name} has CMI {} of {one} and of {other}",
                        line.cmi
                    ));
                }
            }
        }
    }

    /// Exactly the ranges that were joined or served, each once.
    fn members(&mut self, name: &str, view: &View, kind: Kind, member: MemberKind) {
        let nodes = self.world.clients().into_iter().chain(self.world.mcss());
        let mut due: BTreeSet<Line> = BTreeSet::new();
        for node in nodes.filter(|node| self.world.kind(*node) == kind) {
            let intent = &self.world.intent[node];
            if intent.registered {
                let at = self.world.address(node);
                due.extend(
                    intent
                        .ranges
                        .iter()
                        .map(|range| (at, range.min(), range.max())),
                );
            }
        }
        for line in view.membership.iter().filter(|line| line.kind == member) {
            if !due.remove(&(line.endpoint, line.min, line.max)) {
                let who = self.named(line.endpoint);
                self.fault(format!(
                    "{name} has a phantom or a double: {who} in <{:?},{:?}>, by {:?}",
                    line.min, line.max, line.origin
                ));
            }
        }
        for (endpoint, min, max) in due {
            let who = self.named(endpoint);
            self.fault(format!("{name} lacks {who} in <{min:?},{max:?}>"));
        }
    }

    /// Exactly those who are to be registered, each once, under a CMI.
    fn registrations(
        &mut self,
        name: &str,
        kind: &str,
        lines: &[RegistrationView],
        nodes: Vec<Node>,
    ) {
        let nodes = nodes
            .into_iter()
            .filter(|node| self.world.intent[*node].registered);
        let mut due = self.endpoints(nodes);
        for line in lines {
            if line.cmi == 0 {
                let who = self.named(line.endpoint);
                self.fault(format!("{name} has {who} without a CMI"));
            }
            if !due.remove(&line.endpoint) {
                let who = self.named(line.endpoint);
                self.fault(format!(
                    "{name} has a phantom or a double: {kind} {who}, by {:?}",
                    line.origin
                ));
            }
        }
        for endpoint in due {
            let who = self.named(endpoint);
            self.fault(format!("{name} does not know {who}"));
        }
    }

    /// It is registered, as it was told, with one live server, and that one is its home everywhere.
    fn home(&mut self, node: Node) {
        let name = self.world.name(node);
        let wanted = self.world.intent[node].registered;
        let Some(view) = self.seen.ends.get(&node) else {
            if wanted {
                self.fault(format!("{name} is down"));
            }
            return;
        };
        if view.registered != wanted {
            self.fault(format!("{name} is {}, wanted: {wanted}", view.phase));
            return;
        }
        if !wanted {
            return;
        }
        let address = self.world.address(node);
        let at = self
            .world
            .servers()
            .into_iter()
            .find(|server| self.world.address(*server) == view.current_mars);
        let Some(at) = at.filter(|server| self.seen.servers.contains_key(server)) else {
            return self.fault(format!(
                "{name} uses {:?}, which is no live server",
                view.current_mars
            ));
        };
        for (server, seen) in &self.seen.servers {
            let lines = seen.registrations.iter().chain(&seen.mcs_registrations);
            let homes: BTreeSet<_> = lines
                .filter(|line| line.endpoint == address)
                .map(|line| line.origin)
                .collect();
            if homes != BTreeSet::from([server_id(at)]) {
                let server = self.world.name(*server);
                self.fault(format!(
                    "{name} is at {}; {server} says {homes:?}",
                    self.world.name(at)
                ));
            }
        }
        if let Some(line) = view.joined.iter().find(|line| !line.confirmed) {
            self.fault(format!(
                "{name} waits for the copy of <{:?},{:?}>",
                line.min, line.max
            ));
        }
    }

    /// A tree has exactly these leaves, and the network has them all.
    fn tree(&mut self, node: Node, group: ProtocolAddress, due: &BTreeSet<Endpoint>) {
        let Some(view) = self.seen.ends.get(&node) else {
            return;
        };
        let found = view.groups.iter().find(|line| line.group == group);
        let leaves = |list: &[Endpoint]| list.iter().copied().collect::<BTreeSet<_>>();
        let has = found.map(|line| leaves(&line.leaves)).unwrap_or_default();
        let up = found.map(|line| leaves(&line.up)).unwrap_or_default();
        let name = self.world.name(node);
        if has != *due {
            let more: Vec<_> = has.difference(due).map(|leaf| self.named(*leaf)).collect();
            let less: Vec<_> = due.difference(&has).map(|leaf| self.named(*leaf)).collect();
            self.fault(format!(
                "{name} sends {group:?} to {more:?} too many, {less:?} too few"
            ));
        } else if up != *due {
            self.fault(format!("{name} has leaves of {group:?} that are not up"));
        }
    }

    /// The leaves that a sender ought to have: the MCS of the group, or else the other members.
    fn sender(&mut self, node: Node, flows: &[usize]) {
        if !self.world.intent[node].registered {
            return;
        }
        let trees = self
            .seen
            .ends
            .get(&node)
            .into_iter()
            .flat_map(|view| &view.groups);
        let trees = trees
            .filter(|line| line.tree.is_some())
            .map(|line| line.group);
        let groups: BTreeSet<_> = flows
            .iter()
            .map(|number| group(*number))
            .chain(trees)
            .collect();
        for group in groups {
            let mut due = self.endpoints(self.world.serving(group));
            if due.is_empty() {
                let members = self
                    .world
                    .members(group)
                    .into_iter()
                    .filter(|member| *member != node);
                due = self.endpoints(members);
            }
            self.tree(node, group, &due);
        }
    }

    /// The leaves that an MCS ought to have: the members, in every group that it serves and that is sent
    /// to, or that it serves by itself.
    fn mcs(&mut self, node: Node, sent: &BTreeSet<usize>) {
        let intent = &self.world.intent[node];
        if !intent.registered {
            return;
        }
        let trees = self
            .seen
            .ends
            .get(&node)
            .into_iter()
            .flat_map(|view| &view.groups);
        let trees = trees
            .filter(|line| line.tree.is_some())
            .map(|line| line.group);
        let in_use = sent
            .iter()
            .map(|number| group(*number))
            .filter(|group| intent.ranges.iter().any(|range| holds(*range, *group)));
        let groups: BTreeSet<_> = in_use.chain(trees).collect();
        for group in groups {
            let due = self.endpoints(self.world.members(group));
            self.tree(node, group, &due);
        }
    }

    /// Every packet came to exactly the members, once each.
    fn parcels(&mut self) {
        for parcel in &self.seen.parcels {
            let due: Vec<Node> = parcel.due.iter().copied().collect();
            let mut came = parcel.came.clone();
            came.sort_unstable();
            if came != due {
                let (sender, group) = (self.world.name(parcel.sender), parcel.group);
                self.faults.push(format!(
                    "a packet of {sender} to {group:?} came to {came:?}, not {due:?}"
                ));
            }
        }
    }
}
