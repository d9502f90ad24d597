//! A client or a multicast server (MCS) as a task: the client's library.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use distributed_mars::endpoint::Command;
//! use marsd::station::{Settings, Station, block};
//!
//! let mars = vec![marsd::atm::parse("tcp:127.0.0.1:4701")?];
//! let mut client = Station::start(Settings::client("127.0.0.1:0".parse()?, mars)).await?;
//! client.order(Command::Register);
//! let range = block("239.1.2.3")?;
//! client.order(Command::Join { range, layer3grp: true });
//! while let Some(told) = client.told().await {
//!     println!("{told:?}");
//! }
//! # Ok(())
//! # }
//! ```

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use distributed_mars::address::{Endpoint, GroupRange, Protocol, ProtocolAddress};
use distributed_mars::endpoint::{
    Client, Command, EndpointConfig, Input, Mcs, Meters, Notice, OutputAction, TreeId, VcKind, View,
};
use distributed_mars::io::{Time, VcId};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};
use tracing::debug;

use crate::atm;
use crate::clock::Clock;
use crate::config::Limits;
use crate::fabric::{Event, Fabric};
use crate::frame::{Cause, Purpose};
use crate::queue::Outgoing;
use crate::tls::Tls;

/// What a station is told at its start.
#[derive(Debug)]
pub struct Settings {
    /// Where it takes VCs; port 0 for any.
    pub listen: SocketAddr,
    /// Its ATM address; `None` for the one that says where it listens.
    pub atm: Option<Endpoint>,
    /// An MCS instead of a client.
    pub mcs: bool,
    /// The layer 3 protocol.
    pub protocol: Protocol,
    /// The own layer 3 address; may be null.
    pub source: ProtocolAddress,
    /// The servers, the preferred one first.
    pub mars: Vec<Endpoint>,
    /// Times pass this many times faster; the same on all stations.
    pub speed: u32,
    /// Source of random delays.
    pub seed: u64,
    /// Bounds.
    pub limits: Limits,
    /// Where addresses are that do not say it themselves.
    pub routes: BTreeMap<Endpoint, SocketAddr>,
    /// TLS on all VCs.
    pub tls: Option<Tls>,
}

impl Settings {
    /// A client of IPv4.
    #[must_use]
    pub fn client(listen: SocketAddr, mars: Vec<Endpoint>) -> Self {
        Self {
            listen,
            atm: None,
            mcs: false,
            protocol: Protocol::IPV4,
            source: ProtocolAddress::default(),
            mars,
            speed: 1,
            seed: u64::from(std::process::id()),
            limits: Limits {
                // A sender calls once for each of its groups.
                per_peer: 1024,
                ..Limits::default()
            },
            routes: BTreeMap::new(),
            tls: None,
        }
    }
}

/// One group (`239.1.2.3`) or a block of them (`239.1.0.0-239.1.255.255`).
///
/// # Errors
/// What is wrong, for people.
pub fn block(text: &str) -> Result<GroupRange, String> {
    let (min, max) = text.split_once('-').unwrap_or((text, text));
    GroupRange::new(group(min)?, group(max)?)
        .ok_or_else(|| format!("`{text}`: two groups of one kind, the lower one first"))
}

/// A group's address.
///
/// # Errors
/// What is wrong, for people.
pub fn group(text: &str) -> Result<ProtocolAddress, String> {
    let ip: IpAddr = text
        .trim()
        .parse()
        .map_err(|_| format!("`{text}` is no IP address"))?;
    let address = match ip {
        IpAddr::V4(ip) => ProtocolAddress::new(&ip.octets()),
        IpAddr::V6(ip) => ProtocolAddress::new(&ip.octets()),
    };
    address.ok_or_else(|| format!("`{text}` is no address"))
}

/// A layer 3 address for people.
#[must_use]
pub fn layer3_text(address: ProtocolAddress) -> String {
    let octets = address.octets();
    if let Ok(octets) = <[u8; 4]>::try_from(octets) {
        return std::net::Ipv4Addr::from(octets).to_string();
    }
    match <[u8; 16]>::try_from(octets) {
        Ok(octets) => std::net::Ipv6Addr::from(octets).to_string(),
        Err(_) => atm::hex(octets),
    }
}

/// What a station tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// Something about its registration, its joins, its server.
    Notice(Notice),
    /// A layer 3 packet.
    Packet {
        /// Cluster Member ID of the sender, where the frame has it.
        cmi: Option<u16>,
        /// The packet.
        packet: Vec<u8>,
    },
}

#[derive(Debug)]
enum Order {
    Command(Command),
    Look(oneshot::Sender<(View, Meters)>),
    End,
}

/// A running client or MCS. When it is dropped, it ends as if its host had been switched off.
#[derive(Debug)]
pub struct Station {
    /// Its ATM address.
    pub atm: Endpoint,
    orders: mpsc::UnboundedSender<Order>,
    told: mpsc::UnboundedReceiver<Told>,
    task: JoinHandle<()>,
}

impl Drop for Station {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Station {
    /// Takes its address and starts; it does nothing before [`Command::Register`].
    ///
    /// # Errors
    /// The address cannot be taken, or the settings make no sense.
    pub async fn start(settings: Settings) -> io::Result<Self> {
        let listener = TcpListener::bind(settings.listen).await?;
        let bound = listener.local_addr()?;
        let wrong = |why: &str| io::Error::new(io::ErrorKind::InvalidInput, why);
        let own = settings
            .atm
            .or_else(|| atm::of_socket(bound))
            .filter(|_| settings.atm.is_some() || !bound.ip().is_unspecified())
            .ok_or_else(|| wrong("an ATM address is needed where the one listened on is none"))?;
        let config = EndpointConfig {
            source: settings.source,
            seed: settings.seed,
            ..EndpointConfig::new(settings.protocol, own, settings.mars)
        };
        let machine = if settings.mcs {
            Mcs::new(config).map(|mcs| Machine::Mcs(Box::new(mcs)))
        } else {
            Client::new(config).map(|client| Machine::Client(Box::new(client)))
        };
        let machine = machine.map_err(|error| wrong(&error.to_string()))?;
        let (fabric, events) = Fabric::new(own, settings.limits, settings.routes, settings.tls);
        let (orders, received) = mpsc::unbounded_channel();
        let (tells, told) = mpsc::unbounded_channel();
        let host = Host {
            machine,
            clock: Clock::new(settings.speed),
            fabric: Arc::clone(&fabric),
            links: BTreeMap::new(),
            branches: BTreeMap::new(),
            tells,
        };
        let task = tokio::spawn(async move {
            // Both end together.
            tokio::select! {
                () = fabric.listen(listener) => {}
                () = host.run(events, received) => {}
            }
        });
        Ok(Self {
            atm: own,
            orders,
            told,
            task,
        })
    }

    /// Wants something.
    pub fn order(&self, command: Command) {
        let _ = self.orders.send(Order::Command(command));
    }

    /// The next that it tells; `None` when it has ended.
    pub async fn told(&mut self) -> Option<Told> {
        self.told.recv().await
    }

    /// What it has told already and nobody heard.
    pub fn told_already(&mut self) -> Vec<Told> {
        std::iter::from_fn(|| self.told.try_recv().ok()).collect()
    }

    /// Waits until it tells something that `wanted` turns into a value.
    pub async fn until<T>(&mut self, wanted: impl Fn(Told) -> Option<T>) -> Option<T> {
        while let Some(told) = self.told().await {
            if let Some(value) = wanted(told) {
                return Some(value);
            }
        }
        None
    }

    /// What it believes; `None` when it has ended.
    pub async fn look(&self) -> Option<(View, Meters)> {
        let (sender, receiver) = oneshot::channel();
        self.orders.send(Order::Look(sender)).ok()?;
        receiver.await.ok()
    }

    /// Waits until so many leaves of the tree for a group are up, at most so long.
    pub async fn until_up(
        &self,
        group: ProtocolAddress,
        leaves: usize,
        at_most: Duration,
    ) -> Option<()> {
        let until = Instant::now() + at_most;
        while Instant::now() < until {
            let (view, _) = self.look().await?;
            let up = view.groups.iter().find(|of| of.group == group);
            if up.is_some_and(|of| of.up.len() == leaves) {
                return Some(());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        None
    }

    /// Deregisters, waits for the confirmation at most so long, and ends.
    pub async fn leave(mut self, at_most: Duration) -> bool {
        self.order(Command::Deregister);
        let end = self.until(|told| match told {
            Told::Notice(Notice::Deregistered { confirmed }) => Some(confirmed),
            _ => None,
        });
        let confirmed = tokio::time::timeout(at_most, end).await;
        let _ = self.orders.send(Order::End);
        let _ = tokio::time::timeout(Duration::from_secs(1), &mut self.task).await;
        matches!(confirmed, Ok(Some(true)))
    }
}

#[derive(Debug)]
enum Machine {
    Client(Box<Client>),
    Mcs(Box<Mcs>),
}

impl Machine {
    fn handle(&mut self, now: Time, input: Input) {
        match self {
            Self::Client(client) => client.handle(now, input),
            Self::Mcs(mcs) => mcs.handle(now, input),
        }
    }

    fn poll(&mut self) -> Option<OutputAction> {
        match self {
            Self::Client(client) => client.poll_output(),
            Self::Mcs(mcs) => mcs.poll_output(),
        }
        .map(|output| output.action)
    }

    fn next_deadline(&self) -> Option<Time> {
        match self {
            Self::Client(client) => client.next_deadline(),
            Self::Mcs(mcs) => mcs.next_deadline(),
        }
    }

    fn look(&self) -> (View, Meters) {
        match self {
            Self::Client(client) => (client.view(), client.meters().clone()),
            Self::Mcs(mcs) => (mcs.view(), mcs.meters().clone()),
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    /// A point-to-point VC.
    Point { up: bool },
    /// This station is a leaf.
    Leaf,
    /// A leaf of one of this station's trees.
    Branch { tree: TreeId, up: bool },
}

#[derive(Debug)]
struct Link {
    peer: Endpoint,
    kind: Kind,
    outgoing: Outgoing,
}

#[derive(Debug)]
struct Host {
    machine: Machine,
    clock: Clock,
    fabric: Arc<Fabric>,
    links: BTreeMap<VcId, Link>,
    branches: BTreeMap<(TreeId, Endpoint), VcId>,
    tells: mpsc::UnboundedSender<Told>,
}

impl Host {
    async fn run(
        mut self,
        mut events: mpsc::Receiver<Event>,
        mut orders: mpsc::UnboundedReceiver<Order>,
    ) {
        loop {
            let far = Instant::now() + Duration::from_secs(3600);
            let at = self.machine.next_deadline();
            let at = at.map_or(far, |at| self.clock.instant(at).min(far));
            tokio::select! {
                event = events.recv() => match event {
                    Some(event) => self.event(event),
                    None => return,
                },
                order = orders.recv() => match order {
                    Some(Order::Command(command)) => self.command(command),
                    Some(Order::Look(answer)) => {
                        let _ = answer.send(self.machine.look());
                    }
                    Some(Order::End) | None => break,
                },
                () = sleep_until(at) => self.feed(Input::TimePassed),
            }
        }
        for (_, link) in std::mem::take(&mut self.links) {
            link.outgoing.release(Cause::NORMAL);
        }
        // Those who write get the time to say so.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }

    fn command(&mut self, command: Command) {
        if matches!(command, Command::Register) {
            self.fabric.accept_leaves(true);
        }
        self.feed(Input::Command(command));
    }

    fn feed(&mut self, input: Input) {
        self.machine.handle(self.clock.now(), input);
        while let Some(action) = self.machine.poll() {
            self.act(action);
        }
    }

    fn act(&mut self, action: OutputAction) {
        match action {
            OutputAction::Call { peer } => {
                let (vc, outgoing) = self.fabric.call(peer, Purpose::Point, String::new());
                self.put(vc, peer, Kind::Point { up: false }, outgoing);
            }
            OutputAction::Hangup { vc } => self.hang_up(vc),
            OutputAction::Send { vc, octets } => self.send(vc, octets.into()),
            OutputAction::OpenTree { tree, group, peer } => {
                self.branch(tree, peer, layer3_text(group));
            }
            OutputAction::AddLeaf { tree, peer } => self.branch(tree, peer, "leaf".to_owned()),
            OutputAction::DropLeaf { tree, peer } => {
                if let Some(vc) = self.branches.remove(&(tree, peer)) {
                    self.hang_up(vc);
                }
            }
            OutputAction::CloseTree { tree } => {
                for vc in self.branches_of(tree) {
                    self.hang_up(vc);
                }
                self.branches.retain(|(of, _), _| *of != tree);
            }
            OutputAction::SendTree { tree, octets } => {
                let octets = Bytes::from(octets);
                for vc in self.branches_of(tree) {
                    let up = |link: &Link| matches!(link.kind, Kind::Branch { up: true, .. });
                    if self.links.get(&vc).is_some_and(up) {
                        self.send(vc, octets.clone());
                    }
                }
            }
            OutputAction::Deliver { cmi, packet } => {
                let _ = self.tells.send(Told::Packet { cmi, packet });
            }
            OutputAction::Notice(notice) => {
                if matches!(notice, Notice::Deregistered { .. }) {
                    self.no_leaf_any_more();
                }
                let _ = self.tells.send(Told::Notice(notice));
            }
        }
    }

    /// Without a registration this station is nobody's leaf (register E19).
    fn no_leaf_any_more(&mut self) {
        self.fabric.accept_leaves(false);
        let leaf = |link: &Link| matches!(link.kind, Kind::Leaf);
        let vcs: Vec<VcId> = self
            .links
            .iter()
            .filter(|(_, link)| leaf(link))
            .map(|(vc, _)| *vc)
            .collect();
        for vc in vcs {
            self.hang_up(vc);
            self.machine.handle(self.clock.now(), Input::VcDown { vc });
        }
    }

    fn put(&mut self, vc: VcId, peer: Endpoint, kind: Kind, outgoing: Outgoing) {
        let link = Link {
            peer,
            kind,
            outgoing,
        };
        self.links.insert(vc, link);
    }

    fn branch(&mut self, tree: TreeId, peer: Endpoint, label: String) {
        let (vc, outgoing) = self.fabric.call(peer, Purpose::Leaf, label);
        self.put(vc, peer, Kind::Branch { tree, up: false }, outgoing);
        if let Some(old) = self.branches.insert((tree, peer), vc) {
            self.hang_up(old);
        }
    }

    fn branches_of(&self, tree: TreeId) -> Vec<VcId> {
        let of = self.branches.iter().filter(|((of, _), _)| *of == tree);
        of.map(|(_, vc)| *vc).collect()
    }

    fn hang_up(&mut self, vc: VcId) {
        if let Some(link) = self.links.remove(&vc) {
            link.outgoing.release(Cause::NORMAL);
        }
    }

    fn send(&self, vc: VcId, octets: Bytes) {
        let sent = self.links.get(&vc).map(|link| link.outgoing.send(octets));
        if sent != Some(Ok(())) {
            debug!(vc = vc.0, "an SDU is lost");
        }
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::Sdu { vc, octets } => {
                if self.links.contains_key(&vc) {
                    let octets = octets.into();
                    self.feed(Input::Frame { vc, octets });
                }
            }
            Event::Called {
                vc,
                peer,
                purpose,
                outgoing,
            } => {
                let (kind, told) = match purpose {
                    Purpose::Point => (Kind::Point { up: true }, VcKind::PointToPoint),
                    Purpose::Leaf => (Kind::Leaf, VcKind::Leaf),
                };
                self.put(vc, peer, kind, outgoing);
                let kind = told;
                self.feed(Input::VcUp { vc, peer, kind });
            }
            Event::Connected { vc } => self.connected(vc),
            Event::Down { vc, end } => {
                debug!(vc = vc.0, %end, "down");
                let Some(link) = self.links.remove(&vc) else {
                    return;
                };
                let peer = link.peer;
                let input = match link.kind {
                    Kind::Point { up: false } => Input::CallFailed { peer },
                    Kind::Point { up: true } | Kind::Leaf => Input::VcDown { vc },
                    Kind::Branch { tree, up } => {
                        self.branches.remove(&(tree, peer));
                        if up {
                            Input::LeafGone { tree, peer }
                        } else {
                            let cause = end.cause().for_leaf();
                            Input::LeafFailed { tree, peer, cause }
                        }
                    }
                };
                self.feed(input);
            }
        }
    }

    fn connected(&mut self, vc: VcId) {
        let Some(link) = self.links.get_mut(&vc) else {
            return;
        };
        let peer = link.peer;
        let input = match &mut link.kind {
            Kind::Point { up } => {
                *up = true;
                let kind = VcKind::PointToPoint;
                Input::VcUp { vc, peer, kind }
            }
            Kind::Branch { tree, up } => {
                *up = true;
                let tree = *tree;
                Input::LeafUp { tree, peer }
            }
            Kind::Leaf => return,
        };
        self.feed(input);
    }
}
