//! The other end of RFC 2022 under test: `reset` with `role` `client` or `mcs` in its `config`.
//!
//! Keys of such a `config`: `role`, `atm`, `protocol_address`, `protocols` (the first one counts),
//! `mars` (ATM addresses, the preferred one first), and the times of [`EndpointConfig`]:
//! `retransmit_ms`, `answer_ms`, `tree_idle_ms`, `mars_idle_ms`, `missed_map_ms`, `loop_wait_ms`; and
//! `queue_limit`. What is absent has the default of RFC 2022. Trees are named `t1`, `t2` and so on.

use distributed_mars::address::{Endpoint, GroupRange, Protocol, ProtocolAddress};
use distributed_mars::endpoint::io::VcKind as MachineVc;
use distributed_mars::endpoint::{
    Client, Command, EndpointConfig, Input, Mcs, Output, OutputAction, TreeId,
};
use distributed_mars::io::Time;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::groups::{hex, unhex};
use super::message::{Action, Emitted, Op, Outcome, TreeOp, VcKind, Wish};
use super::names::{Names, Refusal, endpoint, refuse};

/// A client or an MCS between two resets.
#[derive(Clone, Debug)]
pub(super) struct End {
    machine: Machine,
    now: u64,
    vcs: Names,
    /// Trees are numbered from 1 in the order in which they are opened.
    trees: u32,
}

#[derive(Clone, Debug)]
enum Machine {
    Client(Box<Client>),
    Mcs(Box<Mcs>),
}

/// `config` on the line.
#[derive(Debug, Deserialize)]
struct Config {
    role: String,
    atm: Endpoint,
    #[serde(default)]
    protocol_address: ProtocolAddress,
    #[serde(default)]
    protocols: Vec<ProtocolText>,
    mars: Vec<Endpoint>,
    retransmit_ms: Option<u64>,
    answer_ms: Option<u64>,
    tree_idle_ms: Option<u64>,
    mars_idle_ms: Option<u64>,
    missed_map_ms: Option<u64>,
    loop_wait_ms: Option<u64>,
    queue_limit: Option<usize>,
}

/// `{"type":2048,"snap":"0000000000"}`; the second field may be absent.
#[derive(Debug, Deserialize)]
struct ProtocolText {
    #[serde(rename = "type")]
    kind: u16,
    #[serde(default)]
    snap: String,
}

impl ProtocolText {
    fn protocol(&self) -> Result<Protocol, String> {
        let text = if self.snap.is_empty() {
            "0000000000"
        } else {
            &self.snap
        };
        let snap = unhex(text).and_then(|octets| octets.try_into().ok());
        let kind = self.kind;
        snap.map(|snap| Protocol { kind, snap })
            .ok_or_else(|| format!("`snap` is no five octets: {text}"))
    }
}

impl Config {
    fn machine(self, seed: u64) -> Result<Machine, String> {
        let protocol = match self.protocols.first() {
            Some(first) => first.protocol()?,
            None => Protocol::IPV4,
        };
        let mut config = EndpointConfig::new(protocol, self.atm, self.mars);
        config.source = self.protocol_address;
        config.seed = seed;
        let times = [
            (&mut config.retransmit_ms, self.retransmit_ms),
            (&mut config.answer_ms, self.answer_ms),
            (&mut config.tree_idle_ms, self.tree_idle_ms),
            (&mut config.mars_idle_ms, self.mars_idle_ms),
            (&mut config.missed_map_ms, self.missed_map_ms),
            (&mut config.loop_wait_ms, self.loop_wait_ms),
        ];
        for (place, given) in times {
            *place = given.unwrap_or(*place);
        }
        config.queue_limit = self.queue_limit.unwrap_or(config.queue_limit);
        let made = match self.role.as_str() {
            "client" => Client::new(config).map(|client| Machine::Client(Box::new(client))),
            "mcs" => Mcs::new(config).map(|mcs| Machine::Mcs(Box::new(mcs))),
            other => return Err(format!("no role `{other}`")),
        };
        made.map_err(|error| error.to_string())
    }
}

impl Machine {
    fn handle(&mut self, now: Time, input: Input) {
        match self {
            Self::Client(client) => client.handle(now, input),
            Self::Mcs(mcs) => mcs.handle(now, input),
        }
    }

    fn poll_output(&mut self) -> Option<Output> {
        match self {
            Self::Client(client) => client.poll_output(),
            Self::Mcs(mcs) => mcs.poll_output(),
        }
    }

    fn next_deadline(&self) -> Option<Time> {
        match self {
            Self::Client(client) => client.next_deadline(),
            Self::Mcs(mcs) => mcs.next_deadline(),
        }
    }
}

impl End {
    /// True where `config` asks for an endpoint.
    pub(super) fn is_meant(config: &Value) -> bool {
        let role = config.get("role").and_then(Value::as_str);
        role.is_some_and(|role| role != "server")
    }

    pub(super) fn new(seed: u64, config: Value) -> Result<Self, Refusal> {
        let config: Result<Config, _> = serde_json::from_value(config);
        let machine = config
            .map_err(|error| error.to_string())
            .and_then(|config| config.machine(seed));
        let machine = machine.map_err(|reason| Refusal {
            code: "config",
            reason,
        })?;
        Ok(Self {
            machine,
            now: 0,
            vcs: Names::default(),
            trees: 0,
        })
    }

    pub(super) fn outcome(&mut self, op: Op) -> Result<Outcome, Refusal> {
        let at = match &op {
            Op::VcUp { at, .. }
            | Op::VcDown { at, .. }
            | Op::Deliver { at, .. }
            | Op::LeafGone { at, .. }
            | Op::Command { at, .. }
            | Op::CallFailed { at, .. }
            | Op::LeafUp { at, .. }
            | Op::LeafFailed { at, .. }
            | Op::TreeDown { at, .. }
            | Op::Advance { to: at } => *at,
            _ => return refuse("unsupported", "not an operation of an endpoint"),
        };
        if at < self.now {
            return refuse(
                "time-went-back",
                format!("{at} ms is before {} ms", self.now),
            );
        }
        let input = self.input(op)?;
        self.now = at;
        self.machine.handle(Time(at), input);
        Ok(self.answer())
    }

    fn input(&mut self, op: Op) -> Result<Input, Refusal> {
        Ok(match op {
            Op::VcUp { vc, peer, kind, .. } => {
                let peer = endpoint(peer)?;
                let kind = match kind {
                    Some(VcKind::Leaf) => MachineVc::Leaf,
                    None => MachineVc::PointToPoint,
                };
                let vc = self.vcs.add(vc)?;
                Input::VcUp { vc, peer, kind }
            }
            Op::VcDown { vc, .. } => Input::VcDown {
                vc: self.vcs.vc(&vc)?,
            },
            Op::Deliver { vc, hex, .. } => Input::Frame {
                vc: self.vcs.vc(&vc)?,
                octets: octets(&hex)?,
            },
            Op::LeafGone { group, peer, .. } => Input::LeafGone {
                tree: self.tree(&group)?,
                peer: endpoint(peer)?,
            },
            Op::Command { command, .. } => Input::Command(wish(command)?),
            Op::CallFailed { peer, .. } => Input::CallFailed {
                peer: endpoint(peer)?,
            },
            Op::LeafUp { tree, peer, .. } => Input::LeafUp {
                tree: self.tree(&tree)?,
                peer: endpoint(peer)?,
            },
            Op::LeafFailed {
                tree, peer, cause, ..
            } => Input::LeafFailed {
                tree: self.tree(&tree)?,
                peer: endpoint(peer)?,
                cause,
            },
            Op::TreeDown { tree, .. } => Input::TreeDown {
                tree: self.tree(&tree)?,
            },
            _ => Input::TimePassed,
        })
    }

    /// The tree of that name, open or not any more.
    fn tree(&self, name: &str) -> Result<TreeId, Refusal> {
        let number: Option<u32> = name
            .strip_prefix('t')
            .and_then(|number| number.parse().ok());
        match number.filter(|number| (1..=self.trees).contains(number)) {
            Some(number) => Ok(TreeId(number)),
            None => refuse("unknown-tree", format!("no tree `{name}` was ever opened")),
        }
    }

    /// Drains the outbox.
    pub(super) fn answer(&mut self) -> Outcome {
        let mut out = Vec::new();
        while let Some(Output { at, action }) = self.machine.poll_output() {
            let action = self.action(action);
            out.push(Emitted { at: at.0, action });
        }
        Outcome::Ok {
            out,
            next: self.machine.next_deadline().map(|time| time.0),
            more: Map::new(),
        }
    }

    fn action(&mut self, action: OutputAction) -> Action {
        let tree = |op, TreeId(tree): TreeId, peer: Option<Endpoint>| Action::Tree {
            op,
            tree: format!("t{tree}"),
            group: None,
            peer: peer.map(|peer| json!(peer)),
        };
        match action {
            OutputAction::Call { peer } => Action::Call { peer: json!(peer) },
            OutputAction::Hangup { vc } => Action::Hangup {
                vc: self.vcs.name(vc),
            },
            OutputAction::Send { vc, octets } => Action::Send {
                vc: self.vcs.name(vc),
                hex: hex(&octets),
            },
            OutputAction::OpenTree {
                tree: TreeId(tree),
                group,
                peer,
            } => {
                self.trees = self.trees.max(tree);
                Action::Tree {
                    op: TreeOp::Open,
                    tree: format!("t{tree}"),
                    group: Some(hex(group.octets())),
                    peer: Some(json!(peer)),
                }
            }
            OutputAction::AddLeaf { tree: id, peer } => tree(TreeOp::Add, id, Some(peer)),
            OutputAction::DropLeaf { tree: id, peer } => tree(TreeOp::Drop, id, Some(peer)),
            OutputAction::CloseTree { tree: id } => tree(TreeOp::Close, id, None),
            OutputAction::SendTree {
                tree: TreeId(tree),
                octets,
            } => Action::Send {
                vc: format!("t{tree}"),
                hex: hex(&octets),
            },
            OutputAction::Deliver { cmi, packet } => Action::Deliver {
                cmi,
                hex: hex(&packet),
            },
            OutputAction::Notice(notice) => Action::Notice(json!(notice)),
        }
    }
}

fn wish(wish: Wish) -> Result<Command, Refusal> {
    Ok(match wish {
        Wish::Register {} => Command::Register,
        Wish::Deregister {} => Command::Deregister,
        Wish::Join {
            min,
            max,
            layer3grp,
        } => Command::Join {
            range: range(&min, &max)?,
            layer3grp,
        },
        Wish::Leave { min, max } => Command::Leave {
            range: range(&min, &max)?,
        },
        Wish::Send { group, hex } => Command::Send {
            group: address(&group)?,
            packet: octets(&hex)?,
        },
        Wish::GroupList { min, max } => Command::GroupList {
            range: range(&min, &max)?,
        },
        Wish::Serve { min, max } => Command::Serve {
            range: range(&min, &max)?,
        },
        Wish::Unserve { min, max } => Command::Unserve {
            range: range(&min, &max)?,
        },
    })
}

fn range(min: &str, max: &str) -> Result<GroupRange, Refusal> {
    match GroupRange::new(address(min)?, address(max)?) {
        Some(range) => Ok(range),
        None => refuse("malformed-request", format!("no block: {min} to {max}")),
    }
}

fn address(text: &str) -> Result<ProtocolAddress, Refusal> {
    match ProtocolAddress::new(&octets(text)?) {
        Some(address) => Ok(address),
        None => refuse("malformed-request", format!("no layer 3 address: {text}")),
    }
}

fn octets(text: &str) -> Result<Vec<u8>, Refusal> {
    match unhex(text) {
        Some(octets) => Ok(octets),
        None => refuse("malformed-request", format!("no hex: {text}")),
    }
}
