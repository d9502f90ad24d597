//! Servers under test joined by a simulated network in virtual time.
//!
//! Everything but CSU Requests crosses a link at once: Hello, alignment, acknowledgements and
//! solicitations are the network's business. The records of CSU Requests wait, one by one, in a queue
//! per direction until the trace has them delivered; how a server packed them is free, so the network
//! unpacks them. While a link comes up, answers to solicitations cross at once too: the model
//! takes an alignment as one step.

mod links;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::{Value, json};

use crate::frames;
use crate::sut::{Answer, Out, OutAction, Sut, SutError};
use crate::trace::Trace;

/// Frames that one step may cause before the network calls it a livelock.
const STEP_FRAMES: usize = 100_000;

/// Why the network could not go on.
#[derive(Debug)]
#[expect(missing_docs, reason = "fields bear the names of what they hold")]
pub enum NetworkError {
    /// A server under test broke.
    Sut { server: String, error: SutError },
    /// A frame that the harness's own reader refuses; the rest of it is the reader's words.
    Malformed {
        server: String,
        vc: String,
        hex: String,
        error: String,
    },
    /// A server sent on a VC that it does not have.
    UnknownVc { server: String, vc: String },
    /// One step caused more frames than any conforming group needs.
    Livelock { at: u64 },
    /// A trace that does not fit the network.
    Trace(String),
}

/// One thing that a server was seen to do, in order.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Virtual milliseconds.
    pub at: u64,
    /// Name of the server.
    pub from: String,
    /// What.
    pub what: SeenWhat,
}

/// The kinds of things seen.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "fields bear the names of what they hold")]
pub enum SeenWhat {
    /// A frame towards another server, a client, or `ccvc`; decoded by the harness's own reader.
    Frame {
        to: String,
        hex: String,
        value: Value,
    },
    /// A record of a CSU Request towards another server.
    Record { to: String, record: Value },
    /// A leaf of a control VC.
    Leaf {
        add: bool,
        group: String,
        peer: String,
    },
}

/// One adjacency.
struct Link {
    a: usize,
    b: usize,
    /// VC names at `a` and at `b`; `None` while the link is down.
    vcs: Option<(String, String)>,
    /// Which CSU Requests cross at once.
    crossing: Crosses,
    /// How often it came up, so that VC names are never used twice.
    generation: u32,
}

/// Which records cross a link at once, in the CSU Request that bears them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Crosses {
    /// None: all wait in the queue.
    Nothing,
    /// Answers to solicitations: the link comes up. They bear hop count 1.
    Answers,
    /// All: before the first step.
    Everything,
}

impl Crosses {
    /// Whether this record crosses at once.
    fn lets(self, record: &Value) -> bool {
        match self {
            Self::Nothing => false,
            Self::Answers => record.get("hop_count") == Some(&json!(1)),
            Self::Everything => true,
        }
    }
}

/// A frame on its way that is delivered before the step ends.
struct Crossing {
    to: usize,
    vc: String,
    octets: Vec<u8>,
}

/// One server under test.
struct Node<'a> {
    name: String,
    id: String,
    endpoint: Value,
    sut: Option<&'a mut dyn Sut>,
    /// Kept for another life while the server is down.
    down: Option<&'a mut dyn Sut>,
    /// `config` of its `reset`.
    config: Value,
    next: Option<u64>,
}

/// The servers of a trace and what joins them.
pub struct Network<'a> {
    nodes: Vec<Node<'a>>,
    links: Vec<Link>,
    queues: BTreeMap<(usize, usize), VecDeque<Value>>,
    /// VC of a client at a server, by (client, server).
    client_vcs: BTreeMap<(String, usize), String>,
    /// Client names by endpoint.
    clients: BTreeMap<String, Value>,
    /// Those of them that are multicast servers.
    multicast_servers: BTreeSet<String>,
    /// Name and seed of the case, for a server that starts again.
    case: (String, u64),
    server_group: Value,
    now: u64,
    seen: Vec<Seen>,
    crossing: VecDeque<Crossing>,
    /// Records sent in this step and not yet queued: (from, to, record).
    sent: Vec<(usize, usize, Value)>,
}

/// The adapter protocol's form of an NSAPA number.
pub fn nsapa(number: &str) -> Value {
    json!({"number": number, "form": "nsapa"})
}

impl<'a> Network<'a> {
    /// Resets one server under test for each server of the trace and brings all links up; nothing
    /// is seen yet. `suts` are as many as the trace has servers.
    ///
    /// # Errors
    /// A server under test that broke, or a trace without the configuration keys the network needs.
    pub fn start(
        trace: &Trace,
        suts: impl Iterator<Item = &'a mut dyn Sut>,
        seed: u64,
    ) -> Result<Self, NetworkError> {
        let mut nodes = Vec::new();
        let mut server_group = json!(1);
        for (server, sut) in trace.servers.iter().zip(suts) {
            let key = |name: &str| {
                server.config.get(name).cloned().ok_or_else(|| {
                    NetworkError::Trace(format!("servers: `{}` has no config.{name}", server.name))
                })
            };
            server_group = key("sgid")?;
            nodes.push(Node {
                name: server.name.clone(),
                id: key("server_id")?.as_str().unwrap_or_default().to_owned(),
                endpoint: key("atm")?,
                sut: Some(sut),
                down: None,
                config: server.config.clone(),
                next: None,
            });
        }
        if nodes.len() != trace.servers.len() {
            return Err(NetworkError::Trace(
                "fewer servers under test than the trace has".to_owned(),
            ));
        }
        let index = |name: &str| nodes.iter().position(|node| node.name == name);
        let links = trace
            .topology
            .links
            .iter()
            .filter_map(|(a, b)| Some((index(a)?, index(b)?)))
            .map(|(a, b)| Link {
                a,
                b,
                vcs: None,
                crossing: Crosses::Nothing,
                generation: 0,
            })
            .collect();
        let clients = trace
            .topology
            .clients
            .iter()
            .map(|(name, spec)| (name.clone(), nsapa(&spec.atm)))
            .collect();
        let multicast_servers = trace.topology.clients.iter();
        let multicast_servers = multicast_servers
            .filter(|(_, spec)| spec.mcs)
            .map(|(name, _)| name);
        let mut network = Self {
            nodes,
            links,
            queues: BTreeMap::new(),
            client_vcs: BTreeMap::new(),
            clients,
            multicast_servers: multicast_servers.cloned().collect(),
            case: (trace.id.clone(), seed),
            server_group,
            now: 0,
            seen: Vec::new(),
            crossing: VecDeque::new(),
            sent: Vec::new(),
        };
        for (position, server) in trace.servers.iter().enumerate() {
            let name = network.node(position)?.name.clone();
            let sut = network.sut(position)?;
            let answer = sut
                .reset(&trace.id, seed, &server.config)
                .map_err(|error| NetworkError::Sut {
                    server: name,
                    error,
                })?;
            network.take(position, answer)?;
        }
        Ok(network)
    }

    /// Virtual milliseconds since the start.
    #[must_use]
    pub const fn now(&self) -> u64 {
        self.now
    }

    /// What was seen since the last call.
    pub fn drain_seen(&mut self) -> Vec<Seen> {
        core::mem::take(&mut self.seen)
    }

    /// Index of the server of that name.
    pub fn server(&self, name: &str) -> Result<usize, NetworkError> {
        let found = self.nodes.iter().position(|node| node.name == name);
        found.ok_or_else(|| NetworkError::Trace(format!("there is no server `{name}`")))
    }

    /// Names of the servers that run.
    pub fn running(&self) -> impl Iterator<Item = (usize, &str)> {
        let nodes = self.nodes.iter().enumerate();
        nodes
            .filter(|(_, node)| node.sut.is_some())
            .map(|(index, node)| (index, node.name.as_str()))
    }

    fn node(&self, index: usize) -> Result<&Node<'a>, NetworkError> {
        self.nodes
            .get(index)
            .ok_or_else(|| NetworkError::Trace("server index out of range".to_owned()))
    }

    fn sut(&mut self, index: usize) -> Result<&mut (dyn Sut + 'a), NetworkError> {
        let node = self.nodes.get_mut(index);
        match node.and_then(|node| node.sut.as_deref_mut()) {
            Some(sut) => Ok(sut),
            None => Err(NetworkError::Trace(
                "an act names a server that has crashed".to_owned(),
            )),
        }
    }

    /// Calls a server under test and takes what it answers.
    fn call(
        &mut self,
        index: usize,
        request: impl FnOnce(&mut dyn Sut, u64) -> Result<Answer, SutError>,
    ) -> Result<(), NetworkError> {
        let now = self.now;
        let name = self.node(index)?.name.clone();
        let answer = request(self.sut(index)?, now);
        let answer = answer.map_err(|error| NetworkError::Sut {
            server: name,
            error,
        })?;
        self.take(index, answer)
    }

    /// Takes an answer: everything in it is seen, and what crosses a link is put on its way.
    fn take(&mut self, index: usize, answer: Answer) -> Result<(), NetworkError> {
        if let Some(node) = self.nodes.get_mut(index) {
            node.next = answer.next;
        }
        for out in answer.out {
            self.emitted(index, out)?;
        }
        if self.seen.len() > STEP_FRAMES {
            return Err(NetworkError::Livelock { at: self.now });
        }
        Ok(())
    }

    fn emitted(&mut self, index: usize, out: Out) -> Result<(), NetworkError> {
        let from = self.node(index)?.name.clone();
        let at = out.at;
        match out.action {
            OutAction::Send { vc, hex } => self.frame(index, at, &vc, hex)?,
            OutAction::Leaf { add, group, peer } => {
                let peer = self.client_named(&peer).unwrap_or_else(|| peer.to_string());
                self.seen.push(Seen {
                    at,
                    from,
                    what: SeenWhat::Leaf { add, group, peer },
                });
            }
            // A server may call a neighbour or give a VC up at any time; the trace's links decide.
            OutAction::Call { .. }
            | OutAction::Hangup { .. }
            | OutAction::Tree { .. }
            | OutAction::Deliver { .. }
            | OutAction::Notice(_) => {}
        }
        Ok(())
    }

    fn client_named(&self, endpoint: &Value) -> Option<String> {
        let same = |known: &Value| known.get("number") == endpoint.get("number");
        self.clients
            .iter()
            .find(|(_, known)| same(known))
            .map(|(name, _)| name.clone())
    }

    fn frame(&mut self, index: usize, at: u64, vc: &str, hex: String) -> Result<(), NetworkError> {
        let from = self.node(index)?.name.clone();
        let malformed = |error: String| NetworkError::Malformed {
            server: from.clone(),
            vc: vc.to_owned(),
            hex: hex.clone(),
            error,
        };
        let octets = frames::unhex(&hex).ok_or_else(|| malformed("not hex".to_owned()))?;
        let value = frames::read(&octets).map_err(|error| malformed(error.to_string()))?;
        let link = self.links.iter().find_map(|link| {
            let (at_a, at_b) = link.vcs.as_ref()?;
            match index {
                _ if index == link.a && at_a == vc => Some((link.b, at_b.clone(), link.crossing)),
                _ if index == link.b && at_b == vc => Some((link.a, at_a.clone(), link.crossing)),
                _ => None,
            }
        });
        if let Some((to, peer_vc, crosses)) = link {
            let to_name = self.node(to)?.name.clone();
            let mut octets = octets;
            if let Some(records) = frames::csu_request_records(&value) {
                let (crossing, waiting): (Vec<&Value>, Vec<&Value>) =
                    records.iter().partition(|record| crosses.lets(record));
                for record in records {
                    let what = SeenWhat::Record {
                        to: to_name.clone(),
                        record: record.clone(),
                    };
                    self.seen.push(Seen {
                        at,
                        from: from.clone(),
                        what,
                    });
                }
                let queued = waiting.len();
                self.sent.extend(
                    waiting
                        .into_iter()
                        .map(|record| (index, to, record.clone())),
                );
                if crossing.is_empty() && queued > 0 {
                    return Ok(());
                }
                if queued > 0 {
                    let crossing: Vec<Value> = crossing.into_iter().cloned().collect();
                    let (sender, receiver) = (&self.node(index)?.id, &self.node(to)?.id);
                    octets = frames::csu_request(&self.server_group, sender, receiver, &crossing)
                        .map_err(|error| NetworkError::Trace(error.to_string()))?;
                }
            }
            self.seen.push(Seen {
                at,
                from,
                what: SeenWhat::Frame {
                    to: to_name,
                    hex,
                    value,
                },
            });
            self.crossing.push_back(Crossing {
                to,
                vc: peer_vc,
                octets,
            });
            return Ok(());
        }
        let client = self
            .client_vcs
            .iter()
            .find(|((_, server), name)| *server == index && *name == vc);
        let to = match client {
            Some(((client, _), _)) => client.clone(),
            None if vc == "ccvc" || vc == "scvc" => vc.to_owned(),
            // A frame that was on its way out when its link was cut is lost.
            None if vc.contains('#') => return Ok(()),
            None => {
                return Err(NetworkError::UnknownVc {
                    server: from,
                    vc: vc.to_owned(),
                });
            }
        };
        self.seen.push(Seen {
            at,
            from,
            what: SeenWhat::Frame { to, hex, value },
        });
        Ok(())
    }

    /// Delivers what crosses at once until nothing does.
    fn settle(&mut self) -> Result<(), NetworkError> {
        while let Some(Crossing { to, vc, octets }) = self.crossing.pop_front() {
            if self.node(to)?.sut.is_some() {
                self.call(to, |sut, now| sut.deliver(now, &vc, &octets))?;
            }
        }
        Ok(())
    }

    /// Lets time pass up to `to`, stopping at every deadline on the way.
    ///
    /// # Errors
    /// A server under test that broke, or a livelock.
    pub fn advance(&mut self, to: u64) -> Result<(), NetworkError> {
        loop {
            let due = self
                .nodes
                .iter()
                .filter(|node| node.sut.is_some())
                .filter_map(|node| node.next)
                .min();
            let stop = due.map_or(to, |due| due.clamp(self.now, to));
            self.now = stop;
            let all = stop == to;
            for index in 0..self.nodes.len() {
                let node = self.node(index)?;
                if node.sut.is_some() && (all || node.next.is_some_and(|next| next <= stop)) {
                    self.call(index, |sut, now| sut.advance(now))?;
                }
            }
            self.settle()?;
            let pending = self
                .nodes
                .iter()
                .any(|node| node.sut.is_some() && node.next.is_some_and(|next| next <= to));
            if all && !pending {
                return Ok(());
            }
            if all && self.seen.len() > STEP_FRAMES {
                return Err(NetworkError::Livelock { at: self.now });
            }
        }
    }

    /// A frame of a client arrives at a server; its VC comes up first where there is none yet.
    ///
    /// # Errors
    /// No such client or server, or a server under test that broke.
    pub fn from_client(
        &mut self,
        client: &str,
        server: &str,
        octets: &[u8],
    ) -> Result<(), NetworkError> {
        let index = self.server(server)?;
        let peer = self.clients.get(client).cloned();
        let peer =
            peer.ok_or_else(|| NetworkError::Trace(format!("there is no client `{client}`")))?;
        let key = (client.to_owned(), index);
        if !self.client_vcs.contains_key(&key) {
            let vc = format!("{client}@{server}");
            self.client_vcs.insert(key.clone(), vc.clone());
            self.call(index, |sut, now| sut.vc_up(now, &vc, &peer))?;
        }
        let vc = self.client_vcs.get(&key).cloned().unwrap_or_default();
        self.call(index, |sut, now| sut.deliver(now, &vc, octets))?;
        self.settle()
    }

    /// The network tells a server that a client dropped off its ClusterControlVC, or a multicast server off its
    /// ServerControlVC.
    ///
    /// # Errors
    /// No such client or server, or a server under test that broke.
    pub fn leaf_gone(&mut self, server: &str, client: &str) -> Result<(), NetworkError> {
        let index = self.server(server)?;
        let peer = self.clients.get(client).cloned().unwrap_or_default();
        let vc = if self.multicast_servers.contains(client) {
            "scvc"
        } else {
            "ccvc"
        };
        self.call(index, |sut, now| sut.leaf_gone(now, vc, &peer))?;
        self.settle()
    }

    /// An administrative command.
    ///
    /// # Errors
    /// No such server, or one that does not know the command.
    pub fn admin(&mut self, server: &str, what: &str) -> Result<(), NetworkError> {
        let index = self.server(server)?;
        self.call(index, |sut, now| sut.admin(now, what))?;
        self.settle()
    }

    /// Asks a server for a part of its state.
    ///
    /// # Errors
    /// No such server, or one that does not know the probe.
    pub fn probe(&mut self, index: usize, what: &str) -> Result<Value, NetworkError> {
        let (now, name) = (self.now, self.node(index)?.name.clone());
        let sut = self.sut(index)?;
        sut.probe(now, what).map_err(|error| NetworkError::Sut {
            server: name,
            error,
        })
    }

    /// Delivers the oldest record on its way from one server to another, in a CSU Request of its
    /// own. Returns the record.
    ///
    /// # Errors
    /// Nothing is on its way, or a server under test broke.
    pub fn deliver(&mut self, from: &str, to: &str) -> Result<Value, NetworkError> {
        let (a, b) = (self.server(from)?, self.server(to)?);
        let record = self
            .queues
            .get_mut(&(a, b))
            .and_then(VecDeque::pop_front)
            .ok_or_else(|| {
                NetworkError::Trace(format!("nothing is on its way from `{from}` to `{to}`"))
            })?;
        let vc = self.links.iter().find_map(|link| {
            let (at_a, at_b) = link.vcs.as_ref()?;
            match (link.a, link.b) {
                ends if ends == (a, b) => Some(at_b.clone()),
                ends if ends == (b, a) => Some(at_a.clone()),
                _ => None,
            }
        });
        let vc = vc.ok_or_else(|| NetworkError::Trace("that link is down".to_owned()))?;
        let (sender, receiver) = (&self.node(a)?.id, &self.node(b)?.id);
        let frame = frames::csu_request(
            &self.server_group,
            sender,
            receiver,
            core::slice::from_ref(&record),
        );
        let octets = frame.map_err(|error| NetworkError::Trace(error.to_string()))?;
        self.call(b, |sut, now| sut.deliver(now, &vc, &octets))?;
        self.settle()?;
        Ok(record)
    }

    /// Puts the records sent in this step on their queues. `order` gives, for (from, to, record), its
    /// place among the records sent on the same link in the same step: SCSP orders none of them, the
    /// trace does, so that both sides deliver the same one next.
    pub fn queue_sent(&mut self, order: impl Fn(&str, &str, &Value) -> usize) {
        let mut sent = core::mem::take(&mut self.sent);
        let name = |index: usize| self.nodes.get(index).map_or("", |node| node.name.as_str());
        sent.sort_by_key(|(from, to, record)| (*from, *to, order(name(*from), name(*to), record)));
        for (from, to, record) in sent {
            let up = self.links.iter().any(|link| {
                link.vcs.is_some()
                    && ((link.a, link.b) == (from, to) || (link.a, link.b) == (to, from))
            });
            if up {
                self.queues.entry((from, to)).or_default().push_back(record);
            }
        }
    }

    /// How many records are on their way.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.queues.values().map(VecDeque::len).sum()
    }
}
