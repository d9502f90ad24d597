//! An ATM network in virtual time: point-to-point VCs, point-to-multipoint VCs leaf by leaf, latency, loss,
//! partition, crash.
//!
//! Each circuit is a pipe with two ends: frames, its coming up and its going down arrive in the order
//! in which they were sent. A leaf of a point-to-multipoint VC is a circuit from the root to that leaf.
//! Names of circuits are never used twice. An end that has let go of a circuit hears no more of it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::rc::Rc;

use distributed_mars::endpoint::TreeId;
use distributed_mars::io::{ControlVc, VcId};

use crate::chance::Chance;

/// A station, by its number.
pub(crate) type Node = usize;

/// What a root calls a point-to-multipoint VC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Name {
    /// A server's control VC.
    Control(ControlVc),
    /// An endpoint's tree.
    Tree(TreeId),
}

/// What happens at a station.
#[derive(Clone, Debug)]
pub(crate) enum Arrival {
    /// A circuit is up: a point-to-point VC, or this station is a leaf.
    Up { vc: VcId, peer: Node, leaf: bool },
    /// It is gone.
    Down { vc: VcId },
    /// A call came to nothing.
    CallFailed { peer: Node },
    /// A frame.
    Frame { vc: VcId, octets: Rc<[u8]> },
    /// At the root: the leaf is there.
    LeafUp { name: Name, leaf: Node },
    /// At the root: it is not to be had.
    LeafFailed { name: Name, leaf: Node, cause: u8 },
    /// At the root: it left by itself.
    LeafGone { name: Name, leaf: Node },
    /// At the root: all of it is gone.
    TreeDown { name: Name },
}

/// How bad the network is: how many of a million.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Weather {
    /// Frames lost on point-to-point VCs, those between servers included.
    pub(crate) point_loss: u64,
    /// Frames lost on control VCs, for each leaf by itself.
    pub(crate) control_loss: u64,
    /// Frames lost on the data trees, for each leaf by itself.
    pub(crate) data_loss: u64,
    /// Frames that take up to two seconds, and hold up what follows on their circuit.
    pub(crate) slow: u64,
    /// Calls that fail, and leaves that fail for a passing cause.
    pub(crate) no_call: u64,
}

/// What crossed the network, or did not.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Traffic {
    pub(crate) frames: u64,
    pub(crate) lost: u64,
    pub(crate) calls: u64,
    pub(crate) leaves: u64,
}

#[derive(Debug)]
struct Circuit {
    /// `None` for a point-to-point VC; else `ends[0]` is the root.
    name: Option<Name>,
    ends: [Node; 2],
    /// Ends that have not let go.
    open: [bool; 2],
    /// When the last thing in each direction arrives: `pipe[i]` at `ends[i]`.
    pipe: [u64; 2],
}

#[derive(Debug)]
enum Event {
    /// A call reaches the called.
    Call { from: Node, life: u32, to: Node },
    /// Something comes out of a circuit at an end.
    End { vc: VcId, end: usize, what: End },
    /// Something comes to a station without one.
    Tell {
        node: Node,
        life: u32,
        what: Arrival,
    },
}

#[derive(Debug)]
enum End {
    Up,
    /// At a leaf: the request to become one.
    Offer,
    Frame(Rc<[u8]>),
    Down,
    Failed(u8),
}

/// An event with its place in the order of all.
#[derive(Debug)]
struct Queued(u64, u64, Event);

impl PartialEq for Queued {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}
impl Eq for Queued {}
impl PartialOrd for Queued {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Queued {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}
impl Queued {
    const fn key(&self) -> (u64, u64) {
        (self.0, self.1)
    }
}

/// The network.
#[derive(Debug)]
pub(crate) struct Network {
    now: u64,
    sequence: u64,
    queue: BinaryHeap<Reverse<Queued>>,
    circuits: BTreeMap<VcId, Circuit>,
    trees: BTreeMap<(Node, Name), BTreeMap<Node, VcId>>,
    touching: Vec<BTreeSet<VcId>>,
    next_vc: u32,
    /// Lives begun: a station that is up has an odd one.
    lives: Vec<u32>,
    /// Stations that refuse to be leaves of data trees: they are not registered.
    pub(crate) refuses: BTreeSet<Node>,
    /// Pairs of stations that cannot reach each other, both ways round.
    severed: BTreeSet<(Node, Node)>,
    pub(crate) weather: Weather,
    pub(crate) traffic: Traffic,
    chance: Chance,
}

/// Causes of UNI 3.1 that may pass; and "call rejected", which does not.
const PASSING: [u8; 4] = [49, 51, 37, 41];
const REJECTED: u8 = 21;

impl Network {
    /// A network of so many stations, all of them down.
    pub(crate) fn new(stations: usize, seed: u64) -> Self {
        Self {
            now: 0,
            sequence: 0,
            queue: BinaryHeap::new(),
            circuits: BTreeMap::new(),
            trees: BTreeMap::new(),
            touching: vec![BTreeSet::new(); stations],
            next_vc: 1,
            lives: vec![0; stations],
            refuses: BTreeSet::new(),
            severed: BTreeSet::new(),
            weather: Weather::default(),
            traffic: Traffic::default(),
            chance: Chance::new(seed, "network"),
        }
    }

    /// When something arrives next.
    pub(crate) fn next_at(&self) -> Option<u64> {
        self.queue.peek().map(|Reverse(queued)| queued.0)
    }

    /// Time goes on.
    pub(crate) fn advance(&mut self, now: u64) {
        self.now = now;
    }

    pub(crate) fn is_up(&self, node: Node) -> bool {
        self.lives[node] % 2 == 1
    }

    fn push(&mut self, at: u64, event: Event) {
        self.sequence += 1;
        self.queue.push(Reverse(Queued(at, self.sequence, event)));
    }

    fn latency(&mut self) -> u64 {
        let slow = self.chance.hits(self.weather.slow);
        self.chance.between(1, if slow { 2_000 } else { 20 })
    }

    fn tell(&mut self, node: Node, what: Arrival) {
        let at = self.now + self.latency();
        let life = self.lives[node];
        self.push(at, Event::Tell { node, life, what });
    }

    /// Puts something into a circuit, towards this end.
    fn pour(&mut self, vc: VcId, end: usize, what: End) {
        let soonest = self.now + self.latency();
        let Some(circuit) = self.circuits.get_mut(&vc) else {
            return;
        };
        if !circuit.open[end] {
            return;
        }
        let at = soonest.max(circuit.pipe[end]);
        circuit.pipe[end] = at;
        self.push(at, Event::End { vc, end, what });
    }

    fn circuit(&mut self, name: Option<Name>, ends: [Node; 2]) -> VcId {
        let vc = VcId(self.next_vc);
        self.next_vc += 1;
        let circuit = Circuit {
            name,
            ends,
            open: [true; 2],
            pipe: [0; 2],
        };
        self.circuits.insert(vc, circuit);
        for node in ends {
            self.touching[node].insert(vc);
        }
        vc
    }

    /// An end lets go, or is told that the other one has. True if it had not yet.
    fn close(&mut self, vc: VcId, end: usize) -> bool {
        let Some(circuit) = self.circuits.get_mut(&vc) else {
            return false;
        };
        if !std::mem::take(&mut circuit.open[end]) {
            return false;
        }
        let (ends, over) = (circuit.ends, circuit.open == [false; 2]);
        if let (0, Some(name)) = (end, circuit.name)
            && let Some(leaves) = self.trees.get_mut(&(ends[0], name))
        {
            if leaves.get(&ends[1]) == Some(&vc) {
                leaves.remove(&ends[1]);
            }
            if leaves.is_empty() {
                self.trees.remove(&(ends[0], name));
            }
        }
        self.touching[ends[end]].remove(&vc);
        if over {
            self.circuits.remove(&vc);
        }
        true
    }

    /// An end lets go, and the other one will be told.
    fn release(&mut self, vc: VcId, end: usize) {
        if self.close(vc, end) {
            self.pour(vc, 1 - end, End::Down);
        }
    }

    fn end_of(&self, node: Node, vc: VcId) -> Option<usize> {
        let circuit = self.circuits.get(&vc)?;
        // Of a point-to-multipoint VC a station knows its own leaf only by this name.
        let end = circuit.ends.iter().position(|end| *end == node)?;
        (circuit.open[end] && (circuit.name.is_none() || end == 1)).then_some(end)
    }

    /// A station asks for a point-to-point VC.
    pub(crate) fn call(&mut self, from: Node, to: Node) {
        self.traffic.calls += 1;
        let at = self.now + self.latency();
        let life = self.lives[from];
        self.push(at, Event::Call { from, life, to });
    }

    /// An administrator sets up a point-to-point VC between two stations that can reach each other.
    pub(crate) fn link(&mut self, one: Node, other: Node) {
        if self.is_up(one) && self.is_up(other) && !self.is_severed(one, other) {
            let vc = self.circuit(None, [one, other]);
            self.pour(vc, 0, End::Up);
            self.pour(vc, 1, End::Up);
        }
    }

    /// A station releases a VC that ends at it.
    pub(crate) fn hang_up(&mut self, node: Node, vc: VcId) {
        if let Some(end) = self.end_of(node, vc) {
            self.release(vc, end);
        }
    }

    /// A station sends on a point-to-point VC.
    pub(crate) fn send(&mut self, node: Node, vc: VcId, octets: Vec<u8>) {
        let Some(end) = self.end_of(node, vc) else {
            return;
        };
        let peer = self.circuits[&vc].ends[1 - end];
        self.transmit(
            vc,
            1 - end,
            octets.into(),
            self.weather.point_loss,
            [node, peer],
        );
    }

    /// A root sends on one of its trees.
    pub(crate) fn send_tree(&mut self, root: Node, name: Name, octets: Vec<u8>) {
        let Some(leaves) = self.trees.get(&(root, name)) else {
            return;
        };
        let octets: Rc<[u8]> = octets.into();
        let loss = match name {
            Name::Control(_) => self.weather.control_loss,
            Name::Tree(_) => self.weather.data_loss,
        };
        for (leaf, vc) in leaves.clone() {
            self.transmit(vc, 1, Rc::clone(&octets), loss, [root, leaf]);
        }
    }

    fn transmit(
        &mut self,
        vc: VcId,
        end: usize,
        octets: Rc<[u8]>,
        loss: u64,
        [from, to]: [Node; 2],
    ) {
        self.traffic.frames += 1;
        if self.severed.contains(&(from, to)) || self.chance.hits(loss) {
            self.traffic.lost += 1;
        } else {
            self.pour(vc, end, End::Frame(octets));
        }
    }

    /// A root wants a leaf. A root that is a server is not told when it is there.
    pub(crate) fn add_leaf(&mut self, root: Node, name: Name, leaf: Node) {
        let known = self.trees.get(&(root, name));
        if known.is_some_and(|leaves| leaves.contains_key(&leaf)) {
            return;
        }
        self.traffic.leaves += 1;
        let vc = self.circuit(Some(name), [root, leaf]);
        self.trees.entry((root, name)).or_default().insert(leaf, vc);
        self.pour(vc, 1, End::Offer);
    }

    /// A root drops a leaf.
    pub(crate) fn drop_leaf(&mut self, root: Node, name: Name, leaf: Node) {
        let leaves = self.trees.get(&(root, name));
        if let Some(vc) = leaves.and_then(|leaves| leaves.get(&leaf)).copied() {
            self.release(vc, 0);
        }
    }

    /// A root releases a tree.
    pub(crate) fn close_tree(&mut self, root: Node, name: Name) {
        for vc in self.legs(root, name) {
            self.release(vc, 0);
        }
    }

    fn legs(&self, root: Node, name: Name) -> Vec<VcId> {
        let leaves = self.trees.get(&(root, name));
        leaves
            .into_iter()
            .flat_map(BTreeMap::values)
            .copied()
            .collect()
    }

    /// A station begins to live.
    pub(crate) fn boot(&mut self, node: Node) {
        if !self.is_up(node) {
            self.lives[node] += 1;
        }
    }

    /// A station dies, and with it all that ends at it.
    pub(crate) fn crash(&mut self, node: Node) {
        if self.is_up(node) {
            self.lives[node] += 1;
        }
        for vc in self.touching[node].clone() {
            for end in [0, 1] {
                if self
                    .circuits
                    .get(&vc)
                    .is_some_and(|circuit| circuit.ends[end] == node)
                {
                    self.release(vc, end);
                }
            }
        }
    }

    /// The network releases a circuit: both ends will be told.
    pub(crate) fn cut(&mut self, vc: VcId) {
        self.pour(vc, 0, End::Down);
        self.pour(vc, 1, End::Down);
    }

    /// The network releases a whole tree.
    pub(crate) fn cut_tree(&mut self, root: Node, name: Name) {
        let legs = self.legs(root, name);
        if legs.is_empty() {
            return;
        }
        self.close_tree(root, name);
        self.tell(root, Arrival::TreeDown { name });
    }

    /// Circuits in place between two stations, or of one with anybody.
    pub(crate) fn circuits(
        &self,
        node: Node,
        peer: Option<Node>,
    ) -> Vec<(VcId, Option<Name>, [Node; 2])> {
        let circuits = self.touching[node]
            .iter()
            .map(|vc| (*vc, &self.circuits[vc]));
        circuits
            .filter(|(_, circuit)| peer.is_none_or(|peer| circuit.ends.contains(&peer)))
            .map(|(vc, circuit)| (vc, circuit.name, circuit.ends))
            .collect()
    }

    /// Nothing passes between two stations from now on; what was set up stays, and is silent.
    pub(crate) fn sever(&mut self, one: Node, other: Node) {
        self.severed.extend([(one, other), (other, one)]);
    }

    /// It passes again.
    pub(crate) fn mend(&mut self, one: Node, other: Node) {
        self.severed.remove(&(one, other));
        self.severed.remove(&(other, one));
    }

    pub(crate) fn is_severed(&self, one: Node, other: Node) -> bool {
        self.severed.contains(&(one, other))
    }

    /// The next arrival at or before the present time, if any; `None` in the pair for an event that
    /// concerns no station.
    pub(crate) fn pop(&mut self) -> Option<Option<(Node, Arrival)>> {
        if self.next_at()? > self.now {
            return None;
        }
        let Reverse(Queued(.., event)) = self.queue.pop()?;
        Some(match event {
            Event::Call { from, life, to } => self.called(from, life, to),
            Event::Tell { node, life, what } => (self.lives[node] == life).then_some((node, what)),
            Event::End { vc, end, what } => self.come_out(vc, end, what),
        })
    }

    fn called(&mut self, from: Node, life: u32, to: Node) -> Option<(Node, Arrival)> {
        if self.lives[from] != life {
            return None;
        }
        if !self.is_up(to) || self.is_severed(from, to) || self.chance.hits(self.weather.no_call) {
            self.tell(from, Arrival::CallFailed { peer: to });
            return None;
        }
        let vc = self.circuit(None, [from, to]);
        self.pour(vc, 0, End::Up);
        let up = Arrival::Up {
            vc,
            peer: from,
            leaf: false,
        };
        Some((to, up))
    }

    fn come_out(&mut self, vc: VcId, end: usize, what: End) -> Option<(Node, Arrival)> {
        let circuit = self.circuits.get(&vc)?;
        if !circuit.open[end] {
            return None;
        }
        let (name, ends) = (circuit.name, circuit.ends);
        let (node, peer) = (ends[end], ends[1 - end]);
        let arrival = match (what, name, end) {
            (End::Frame(octets), ..) => Arrival::Frame { vc, octets },
            (End::Up, None, _) => Arrival::Up {
                vc,
                peer,
                leaf: false,
            },
            (End::Up, Some(name), _) => Arrival::LeafUp { name, leaf: peer },
            (End::Offer, Some(name), _) => return self.offered(vc, name, ends),
            (End::Offer, None, _) => return None,
            (End::Down, None, _) | (End::Down, Some(_), 1) => {
                self.close(vc, end);
                Arrival::Down { vc }
            }
            (End::Down, Some(name), _) => {
                self.close(vc, end);
                Arrival::LeafGone { name, leaf: peer }
            }
            (End::Failed(cause), name, _) => {
                self.close(vc, end);
                Arrival::LeafFailed {
                    name: name?,
                    leaf: peer,
                    cause,
                }
            }
        };
        Some((node, arrival))
    }

    /// A station is asked to be a leaf.
    fn offered(
        &mut self,
        vc: VcId,
        name: Name,
        [root, leaf]: [Node; 2],
    ) -> Option<(Node, Arrival)> {
        let data = matches!(name, Name::Tree(_));
        let cause = if !self.is_up(leaf) || data && self.refuses.contains(&leaf) {
            Some(REJECTED)
        } else if data && self.chance.hits(self.weather.no_call) {
            self.chance.pick(&PASSING)
        } else {
            None
        };
        match cause {
            Some(cause) => {
                self.close(vc, 1);
                let answer = if data { End::Failed(cause) } else { End::Down };
                self.pour(vc, 0, answer);
                None
            }
            None => {
                if data {
                    self.pour(vc, 0, End::Up);
                }
                let up = Arrival::Up {
                    vc,
                    peer: root,
                    leaf: true,
                };
                Some((leaf, up))
            }
        }
    }
}
