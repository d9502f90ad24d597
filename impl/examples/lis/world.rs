//! One whole LIS: servers, clients, MCSs and the network between them, driven by one order of events.
//!
//! The world also keeps what each client and MCS was told to do ([`Intent`]); the judge believes that and
//! nothing else.

use std::collections::{BTreeMap, BTreeSet};

use distributed_mars::address::{
    AtmForm, AtmNumber, Endpoint, GroupRange, Protocol, ProtocolAddress, ServerId,
};
use distributed_mars::endpoint::{self, Client, Command, EndpointConfig, Mcs, Notice, VcKind};
use distributed_mars::group::{DistributedMars, GroupConfig, NeighborConfig};
use distributed_mars::io::{self, Admin, Target, Time};

use crate::network::{Arrival, Name, Network, Node, Weather};
use crate::story::Story;

/// How large the LIS is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) servers: usize,
    pub(crate) clients: usize,
    pub(crate) mcs: usize,
    pub(crate) groups: usize,
}

/// What a station is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Server,
    Client,
    Mcs,
}

#[derive(Debug)]
enum Machine {
    Server(Box<DistributedMars>),
    Client(Box<Client>),
    Mcs(Box<Mcs>),
}

#[derive(Debug)]
struct Host {
    kind: Kind,
    address: Endpoint,
    /// `None` while it is down.
    machine: Option<Machine>,
    /// When its present life began.
    born: u64,
    lives: u64,
    /// When it wants to be woken, in the world's time.
    wake: Option<u64>,
}

/// What one client or MCS was told, and has to hold in the end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Intent {
    pub(crate) registered: bool,
    /// What it joined, or serves.
    pub(crate) ranges: BTreeSet<GroupRange>,
}

/// A packet and where it came out, each time it did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Parcel {
    pub(crate) group: ProtocolAddress,
    pub(crate) sender: Node,
    /// Those who had joined when it was sent, the sender left out.
    pub(crate) due: BTreeSet<Node>,
    pub(crate) came: Vec<Node>,
}

/// Counters of a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) commands: u64,
    pub(crate) refused: u64,
    pub(crate) registrations: u64,
    pub(crate) problems: u64,
    pub(crate) delivered: u64,
    pub(crate) flushes: u64,
    pub(crate) faults: BTreeMap<&'static str, u64>,
}

/// The LIS.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) size: Size,
    seed: u64,
    now: u64,
    hosts: Vec<Host>,
    nodes: BTreeMap<Endpoint, Node>,
    wakes: BTreeSet<(u64, Node)>,
    pub(crate) network: Network,
    pub(crate) intent: Vec<Intent>,
    pub(crate) story: Story,
    pub(crate) counts: Counts,
    /// Packets that are followed, by the number in them.
    pub(crate) parcels: BTreeMap<u32, Parcel>,
    next_packet: u32,
}

/// The group of this number.
pub(crate) fn group(number: usize) -> ProtocolAddress {
    let [.., high, low] = number.to_be_bytes();
    ProtocolAddress::new(&[239, 1, high, low]).unwrap()
}

/// Groups from this number to that one.
pub(crate) fn block(from: usize, to: usize) -> GroupRange {
    GroupRange::new(group(from), group(to)).unwrap()
}

/// Whether a group is in a range.
pub(crate) fn holds(range: GroupRange, group: ProtocolAddress) -> bool {
    let range = &range;
    range.min() <= group && group <= range.max()
}

/// The lowest group of a range.
pub(crate) fn low(range: GroupRange) -> ProtocolAddress {
    let range = &range;
    range.min()
}

/// The SCSP server id of a server.
pub(crate) fn server_id(node: Node) -> ServerId {
    ServerId([10, 0, 0, u8::try_from(node + 1).unwrap()])
}

fn address(kind: Kind, number: usize) -> Endpoint {
    let mut octets = [0x47; 20];
    octets[18] = match kind {
        Kind::Server => 1,
        Kind::Client => 2,
        Kind::Mcs => 3,
    };
    octets[19] = u8::try_from(number).unwrap();
    Endpoint {
        number: AtmNumber::new(AtmForm::Nsapa, &octets).unwrap(),
        subaddress: None,
    }
}

impl World {
    /// Servers are stations 0 and up, then clients, then MCSs. All are down.
    pub(crate) fn new(size: Size, seed: u64) -> Self {
        let kinds = [
            (Kind::Server, size.servers),
            (Kind::Client, size.clients),
            (Kind::Mcs, size.mcs),
        ];
        let numbered = kinds
            .into_iter()
            .flat_map(|(kind, count)| (0..count).map(move |n| (kind, n)));
        let hosts: Vec<Host> = numbered
            .map(|(kind, number)| Host {
                kind,
                address: address(kind, number),
                machine: None,
                born: 0,
                lives: 0,
                wake: None,
            })
            .collect();
        let nodes = hosts
            .iter()
            .enumerate()
            .map(|(node, host)| (host.address, node))
            .collect();
        Self {
            size,
            seed,
            now: 0,
            network: Network::new(hosts.len(), seed),
            intent: vec![Intent::default(); hosts.len()],
            hosts,
            nodes,
            wakes: BTreeSet::new(),
            story: Story::default(),
            counts: Counts::default(),
            parcels: BTreeMap::new(),
            next_packet: 1,
        }
    }

    pub(crate) fn now(&self) -> u64 {
        self.now
    }

    pub(crate) fn servers(&self) -> Vec<Node> {
        (0..self.size.servers).collect()
    }

    pub(crate) fn clients(&self) -> Vec<Node> {
        let first = self.size.servers;
        (first..first + self.size.clients).collect()
    }

    pub(crate) fn mcss(&self) -> Vec<Node> {
        (self.size.servers + self.size.clients..self.hosts.len()).collect()
    }

    pub(crate) fn kind(&self, node: Node) -> Kind {
        self.hosts[node].kind
    }

    pub(crate) fn address(&self, node: Node) -> Endpoint {
        self.hosts[node].address
    }

    pub(crate) fn is_up(&self, node: Node) -> bool {
        self.hosts[node].machine.is_some()
    }

    /// A short name for people.
    pub(crate) fn name(&self, node: Node) -> String {
        let first = match self.kind(node) {
            Kind::Server => return format!("server {}", server_id(node).0[3]),
            Kind::Client => self.size.servers,
            Kind::Mcs => self.size.servers + self.size.clients,
        };
        let kind = if self.kind(node) == Kind::Client {
            "client"
        } else {
            "mcs"
        };
        format!("{kind} {}", node - first + 1)
    }

    pub(crate) fn tell(&mut self, what: impl std::fmt::Display) {
        self.story.tell(self.now, what);
    }

    /// A server as it is, if it is up.
    pub(crate) fn server(&self, node: Node) -> Option<&DistributedMars> {
        match self.hosts[node].machine.as_ref()? {
            Machine::Server(server) => Some(server),
            _ => None,
        }
    }

    /// What a client or an MCS believes, if it is up.
    pub(crate) fn endpoint_view(&self, node: Node) -> Option<endpoint::View> {
        match self.hosts[node].machine.as_ref()? {
            Machine::Server(_) => None,
            Machine::Client(client) => Some(client.view()),
            Machine::Mcs(mcs) => Some(mcs.view()),
        }
    }

    /// A station starts, without any memory but that it is another life of it.
    pub(crate) fn boot(&mut self, node: Node) {
        let lives = self.hosts[node].lives + 1;
        let seed = self.seed.wrapping_mul(1_000_003) ^ (node as u64) << 20 ^ lives;
        let servers: Vec<Endpoint> = self
            .servers()
            .iter()
            .map(|node| self.address(*node))
            .collect();
        // Preferences are spread over the servers.
        let mut preferred = servers.clone();
        preferred.rotate_left(node % servers.len());
        let address = self.address(node);
        let config = EndpointConfig {
            source: ProtocolAddress::new(&[10, 1, 0, u8::try_from(node).unwrap()]).unwrap(),
            seed,
            ..EndpointConfig::new(Protocol::IPV4, address, preferred)
        };
        let machine = match self.kind(node) {
            Kind::Client => Machine::Client(Box::new(Client::new(config).unwrap())),
            Kind::Mcs => Machine::Mcs(Box::new(Mcs::new(config).unwrap())),
            Kind::Server => {
                let first = u16::try_from(node).unwrap() * 1000 + 1;
                let others = servers
                    .iter()
                    .enumerate()
                    .filter(|(other, _)| *other != node);
                let neighbors = others
                    .map(|(other, atm)| NeighborConfig {
                        id: Some(server_id(other)),
                        atm: *atm,
                    })
                    .collect();
                let config = GroupConfig {
                    neighbors,
                    incarnation: lives,
                    seed,
                    ..GroupConfig::new(server_id(node), address, [first, first + 999])
                };
                Machine::Server(Box::new(DistributedMars::new(config).unwrap()))
            }
        };
        self.tell(format_args!("{} starts", self.name(node)));
        self.network.boot(node);
        self.network.refuses.insert(node);
        let host = &mut self.hosts[node];
        (host.machine, host.born, host.lives) = (Some(machine), self.now, lives);
        self.drain(node);
        if self.kind(node) == Kind::Server {
            for other in self.servers() {
                if other != node && self.is_up(other) {
                    self.connect(node, other);
                }
            }
        }
    }

    /// Two servers get a VC, unless they have one.
    pub(crate) fn connect(&mut self, one: Node, other: Node) {
        if self.network.circuits(one, Some(other)).is_empty() {
            self.network.link(one, other);
        }
    }

    /// A station dies without a word.
    pub(crate) fn crash(&mut self, node: Node) {
        self.tell(format_args!("{} crashes", self.name(node)));
        if let Some(server) = self.server(node) {
            self.counts.flushes += server.meters().flushes;
        }
        self.hosts[node].machine = None;
        self.network.crash(node);
        self.rest(node, None);
        if self.kind(node) != Kind::Server {
            self.intent[node].registered = false;
        }
    }

    /// A server, if it is up, gets an administrative command.
    pub(crate) fn administer(&mut self, node: Node, command: Admin) {
        self.tell(format_args!("{} is told: {command:?}", self.name(node)));
        let local = Time(self.now - self.hosts[node].born);
        if let Some(Machine::Server(server)) = &mut self.hosts[node].machine {
            server.handle(local, io::Input::Admin(command));
            self.drain(node);
        }
    }

    /// Something is wanted of a client or an MCS; the intent follows.
    pub(crate) fn command(&mut self, node: Node, command: &Command) {
        self.intend(node, command);
        self.order(node, command.clone());
    }

    /// Notes what a command means, without giving it.
    pub(crate) fn intend(&mut self, node: Node, command: &Command) {
        let intent = &mut self.intent[node];
        match command {
            Command::Register => intent.registered = true,
            Command::Deregister => *intent = Intent::default(),
            Command::Join { range, .. } | Command::Serve { range } => {
                intent.ranges.insert(*range);
            }
            Command::Leave { range } | Command::Unserve { range } => {
                intent.ranges.remove(range);
            }
            Command::Send { .. } | Command::GroupList { .. } => {}
        }
    }

    /// Gives a command, without noting what it means.
    pub(crate) fn order(&mut self, node: Node, command: Command) {
        self.counts.commands += 1;
        if !matches!(command, Command::Send { .. }) {
            self.tell(format_args!("{} is told: {command:?}", self.name(node)));
        }
        let register = matches!(command, Command::Register);
        self.feed(node, endpoint::Input::Command(command));
        // Nobody is a leaf of the groups' trees without a registration, as far as this station can help it.
        // (A deregistration under way may have ended with this very command.)
        if register {
            self.network.refuses.remove(&node);
        }
    }

    /// Sends a packet to a group; the parcels follow it where that is wanted.
    pub(crate) fn send(&mut self, node: Node, group: ProtocolAddress, follow: bool) {
        let number = self.next_packet;
        self.next_packet += 1;
        let mut packet = vec![0x45; 16];
        packet.extend(group.octets());
        packet.extend(number.to_be_bytes());
        if follow {
            let due = self
                .members(group)
                .into_iter()
                .filter(|member| *member != node)
                .collect();
            let parcel = Parcel {
                group,
                sender: node,
                due,
                came: Vec::new(),
            };
            self.parcels.insert(number, parcel);
        }
        self.order(node, Command::Send { group, packet });
    }

    /// Who has joined a group, by intent.
    pub(crate) fn members(&self, group: ProtocolAddress) -> BTreeSet<Node> {
        let clients = self.clients().into_iter();
        clients.filter(|node| self.wants(*node, group)).collect()
    }

    /// The MCSs of a group, by intent.
    pub(crate) fn serving(&self, group: ProtocolAddress) -> BTreeSet<Node> {
        let mcss = self.mcss().into_iter();
        mcss.filter(|node| self.wants(*node, group)).collect()
    }

    fn wants(&self, node: Node, group: ProtocolAddress) -> bool {
        let intent = &self.intent[node];
        intent.registered && intent.ranges.iter().any(|range| holds(*range, group))
    }

    /// Sets how bad the network is.
    pub(crate) fn weather(&mut self, weather: Weather) {
        self.network.weather = weather;
    }

    /// Lets the world go on until `until`.
    pub(crate) fn run(&mut self, until: u64) {
        loop {
            let wake = self.wakes.first().copied();
            let arrival = self.network.next_at();
            let at = match (wake.map(|(at, _)| at), arrival) {
                (Some(wake), Some(arrival)) => wake.min(arrival),
                (one, other) => match one.or(other) {
                    Some(at) => at,
                    None => break,
                },
            };
            if at > until {
                break;
            }
            self.now = self.now.max(at);
            self.network.advance(self.now);
            match wake {
                Some((wake, node)) if wake <= at => self.wake(node),
                _ => {
                    if let Some(Some((node, what))) = self.network.pop() {
                        self.arrive(node, what);
                    }
                }
            }
        }
        self.now = until;
        self.network.advance(until);
    }

    fn wake(&mut self, node: Node) {
        let local = Time(self.now - self.hosts[node].born);
        match &mut self.hosts[node].machine {
            Some(Machine::Server(server)) => server.handle(local, io::Input::TimePassed),
            Some(Machine::Client(client)) => client.handle(local, endpoint::Input::TimePassed),
            Some(Machine::Mcs(mcs)) => mcs.handle(local, endpoint::Input::TimePassed),
            None => {}
        }
        self.drain(node);
    }

    fn arrive(&mut self, node: Node, what: Arrival) {
        if self.kind(node) == Kind::Server {
            if let Some(input) = self.for_server(node, what) {
                let local = Time(self.now - self.hosts[node].born);
                if let Some(Machine::Server(server)) = &mut self.hosts[node].machine {
                    server.handle(local, input);
                }
                self.drain(node);
            }
        } else {
            let input = self.for_endpoint(what);
            self.feed(node, input);
        }
    }

    fn feed(&mut self, node: Node, input: endpoint::Input) {
        let local = Time(self.now - self.hosts[node].born);
        match &mut self.hosts[node].machine {
            Some(Machine::Client(client)) => client.handle(local, input),
            Some(Machine::Mcs(mcs)) => mcs.handle(local, input),
            _ => return,
        }
        self.drain(node);
    }

    fn for_server(&mut self, node: Node, what: Arrival) -> Option<io::Input> {
        Some(match what {
            Arrival::Up { vc, peer, .. } => io::Input::VcUp {
                vc,
                peer: self.address(peer),
            },
            Arrival::Down { vc } => io::Input::VcDown { vc },
            Arrival::Frame { vc, octets } => io::Input::Frame {
                vc,
                octets: octets.to_vec(),
            },
            Arrival::LeafGone {
                name: Name::Control(group),
                leaf,
            } => {
                self.tell(format_args!(
                    "{} loses the leaf {}",
                    self.name(node),
                    self.name(leaf)
                ));
                io::Input::LeafGone {
                    group,
                    peer: self.address(leaf),
                }
            }
            // A server has no other trees, and is told nothing of failed calls.
            _ => return None,
        })
    }

    fn for_endpoint(&self, what: Arrival) -> endpoint::Input {
        let tree = |name| match name {
            Name::Tree(tree) => tree,
            Name::Control(_) => unreachable!("an endpoint has no control VC"),
        };
        match what {
            Arrival::Up { vc, peer, leaf } => endpoint::Input::VcUp {
                vc,
                peer: self.address(peer),
                kind: if leaf {
                    VcKind::Leaf
                } else {
                    VcKind::PointToPoint
                },
            },
            Arrival::Down { vc } => endpoint::Input::VcDown { vc },
            Arrival::CallFailed { peer } => endpoint::Input::CallFailed {
                peer: self.address(peer),
            },
            Arrival::Frame { vc, octets } => endpoint::Input::Frame {
                vc,
                octets: octets.to_vec(),
            },
            Arrival::LeafUp { name, leaf } => endpoint::Input::LeafUp {
                tree: tree(name),
                peer: self.address(leaf),
            },
            Arrival::LeafFailed { name, leaf, cause } => endpoint::Input::LeafFailed {
                tree: tree(name),
                peer: self.address(leaf),
                cause,
            },
            Arrival::LeafGone { name, leaf } => endpoint::Input::LeafGone {
                tree: tree(name),
                peer: self.address(leaf),
            },
            Arrival::TreeDown { name } => endpoint::Input::TreeDown { tree: tree(name) },
        }
    }

    /// Carries out what a station wants, and notes when it wants to be woken.
    fn drain(&mut self, node: Node) {
        loop {
            match &mut self.hosts[node].machine {
                Some(Machine::Server(server)) => match server.poll_output() {
                    Some(output) => self.server_wants(node, output.action),
                    None => break,
                },
                Some(Machine::Client(client)) => match client.poll_output() {
                    Some(output) => self.endpoint_wants(node, output.action),
                    None => break,
                },
                Some(Machine::Mcs(mcs)) => match mcs.poll_output() {
                    Some(output) => self.endpoint_wants(node, output.action),
                    None => break,
                },
                None => break,
            }
        }
        let host = &self.hosts[node];
        let wake = match &host.machine {
            Some(Machine::Server(server)) => server.next_deadline(),
            Some(Machine::Client(client)) => client.next_deadline(),
            Some(Machine::Mcs(mcs)) => mcs.next_deadline(),
            None => None,
        };
        self.rest(node, wake.map(|at| host.born.saturating_add(at.0)));
    }

    fn rest(&mut self, node: Node, wake: Option<u64>) {
        let old = std::mem::replace(&mut self.hosts[node].wake, wake);
        if old != wake {
            if let Some(at) = old {
                self.wakes.remove(&(at, node));
            }
            self.wakes.extend(wake.map(|at| (at, node)));
        }
    }

    fn server_wants(&mut self, node: Node, action: io::OutputAction) {
        match action {
            io::OutputAction::Send { target, octets } => match target {
                Target::Vc(vc) => self.network.send(node, vc, octets),
                Target::Group(group) => self.network.send_tree(node, Name::Control(group), octets),
            },
            io::OutputAction::AddLeaf { group, peer } => {
                let leaf = self.nodes[&peer];
                self.network.add_leaf(node, Name::Control(group), leaf);
            }
            io::OutputAction::DropLeaf { group, peer } => {
                let leaf = self.nodes[&peer];
                self.network.drop_leaf(node, Name::Control(group), leaf);
            }
            io::OutputAction::Call { peer } => self.network.call(node, self.nodes[&peer]),
            io::OutputAction::Hangup { vc } => self.network.hang_up(node, vc),
            io::OutputAction::Log(event) => {
                self.tell(format_args!(
                    "{} logs {}: {}",
                    self.name(node),
                    event.code,
                    event.detail
                ));
            }
        }
    }

    fn endpoint_wants(&mut self, node: Node, action: endpoint::OutputAction) {
        use endpoint::OutputAction as Action;
        match action {
            Action::Call { peer } => self.network.call(node, self.nodes[&peer]),
            Action::Hangup { vc } => self.network.hang_up(node, vc),
            Action::Send { vc, octets } => self.network.send(node, vc, octets),
            Action::OpenTree { tree, peer, .. } | Action::AddLeaf { tree, peer } => {
                let leaf = self.nodes[&peer];
                self.network.add_leaf(node, Name::Tree(tree), leaf);
            }
            Action::DropLeaf { tree, peer } => {
                let leaf = self.nodes[&peer];
                self.network.drop_leaf(node, Name::Tree(tree), leaf);
            }
            Action::CloseTree { tree } => self.network.close_tree(node, Name::Tree(tree)),
            Action::SendTree { tree, octets } => {
                self.network.send_tree(node, Name::Tree(tree), octets);
            }
            Action::Deliver { packet, .. } => self.delivered(node, &packet),
            Action::Notice(notice) => self.noticed(node, &notice),
        }
    }

    fn delivered(&mut self, node: Node, packet: &[u8]) {
        self.counts.delivered += 1;
        let number = packet.get(20..24).and_then(|octets| octets.try_into().ok());
        let number = number.map_or(0, u32::from_be_bytes);
        if let Some(parcel) = self.parcels.get_mut(&number) {
            parcel.came.push(node);
        }
    }

    fn noticed(&mut self, node: Node, notice: &Notice) {
        match notice {
            Notice::Registered { .. } => self.counts.registrations += 1,
            Notice::MarsProblem { .. } => self.counts.problems += 1,
            Notice::Refused { .. } => self.counts.refused += 1,
            // Of one that left without a word on the control VC, the senders learn by their trees
            // (register E19): its station lets go of them and takes no more.
            Notice::Deregistered { .. } => {
                self.network.refuses.insert(node);
                for (vc, name, _) in self.network.circuits(node, None) {
                    if matches!(name, Some(Name::Tree(_))) {
                        self.network.hang_up(node, vc);
                    }
                }
            }
            _ => {}
        }
        self.tell(format_args!("{} notes {notice:?}", self.name(node)));
    }
}
