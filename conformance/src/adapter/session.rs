//! One connection: the server under test and the names that the harness gave to its VCs.

use distributed_mars::group::{DistributedMars, GroupConfig};
use distributed_mars::io::{Admin, Input, Output, OutputAction, Target, Time};
use serde_json::{Map, Value, json};

use super::endpoint::End;
use super::groups::{self, hex, unhex};
use super::message::{
    Action, Emitted, LeafOp, OPS, Op, Outcome, PROBES, PROTOCOL, ROLES, Request, Response,
};
use super::names::{Names, Refusal, endpoint, refuse};

/// What `hello` says about the implementation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Name.
    pub name: String,
    /// Version.
    pub version: String,
}

/// The features this project claims, ids of the protocol's closed list.
const CLAIMS: [&str; 8] = [
    "server",
    "scsp.auth",
    "mars.mcs",
    "mars.grouplist",
    "mars.tlv",
    "multi-protocol",
    "long-form",
    "restart",
];

/// Serves requests one at a time.
#[derive(Clone, Debug)]
pub struct Session {
    identity: Identity,
    subject: Option<Subject>,
    ended: bool,
}

/// What is under test since the last reset.
#[derive(Clone, Debug)]
enum Subject {
    Server(Box<Server>),
    End(End),
}

/// A server between two resets.
#[derive(Clone, Debug)]
struct Server {
    mars: DistributedMars,
    config: GroupConfig,
    now: u64,
    vcs: Names,
}

impl Session {
    /// No server yet.
    #[must_use]
    pub fn new(identity: Identity) -> Self {
        Self {
            identity,
            subject: None,
            ended: false,
        }
    }

    /// True once `bye` was answered.
    #[must_use]
    pub const fn ended(&self) -> bool {
        self.ended
    }

    /// Answers one request.
    pub fn handle(&mut self, request: Request) -> Response {
        let Request { id, op } = request;
        let outcome = self
            .outcome(op)
            .unwrap_or_else(|Refusal { code, reason }| match code {
                "unsupported" => Outcome::Unsupported { reason },
                code => Outcome::Error {
                    code: code.to_owned(),
                    reason,
                },
            });
        Response {
            id: Some(id),
            outcome,
        }
    }

    fn outcome(&mut self, op: Op) -> Result<Outcome, Refusal> {
        match op {
            Op::Hello { protocol, .. } => self.hello(protocol),
            Op::Reset { seed, config, .. } if End::is_meant(&config) => {
                let mut end = End::new(seed, config)?;
                let answer = end.answer();
                self.subject = Some(Subject::End(end));
                Ok(answer)
            }
            Op::Reset { seed, config, .. } => {
                let mut server = Server::new(seed, config)?;
                let answer = server.answer(Map::new());
                self.subject = Some(Subject::Server(Box::new(server)));
                Ok(answer)
            }
            Op::Bye => {
                self.ended = true;
                Ok(Outcome::Ok {
                    out: Vec::new(),
                    next: None,
                    more: Map::new(),
                })
            }
            op => match &mut self.subject {
                Some(Subject::Server(server)) => server.outcome(op),
                Some(Subject::End(end)) => end.outcome(op),
                None => refuse("no-reset", "there is no server before the first `reset`"),
            },
        }
    }

    fn hello(&self, protocol: u64) -> Result<Outcome, Refusal> {
        if protocol != PROTOCOL {
            return refuse(
                "version",
                format!("this adapter speaks protocol {PROTOCOL}"),
            );
        }
        let more = [
            (
                "implementation".to_owned(),
                json!({
                    "name": self.identity.name,
                    "version": self.identity.version,
                    "language": "Rust",
                }),
            ),
            ("claims".to_owned(), json!(CLAIMS)),
            ("probes".to_owned(), json!(PROBES)),
            ("ops".to_owned(), json!(OPS)),
            ("roles".to_owned(), json!(ROLES)),
        ];
        Ok(Outcome::Ok {
            out: Vec::new(),
            next: None,
            more: more.into_iter().collect(),
        })
    }
}

impl Server {
    fn new(seed: u64, config: Value) -> Result<Self, Refusal> {
        let wrong = |reason: String| Refusal {
            code: "config",
            reason,
        };
        let mut config: GroupConfig =
            serde_json::from_value(config).map_err(|error| wrong(error.to_string()))?;
        config.seed = seed;
        let mars =
            DistributedMars::new(config.clone()).map_err(|error| wrong(error.to_string()))?;
        Ok(Self {
            mars,
            config,
            now: 0,
            vcs: Names::default(),
        })
    }

    fn outcome(&mut self, op: Op) -> Result<Outcome, Refusal> {
        let at = match &op {
            Op::VcUp { at, .. }
            | Op::VcDown { at, .. }
            | Op::Deliver { at, .. }
            | Op::LeafGone { at, .. }
            | Op::Admin { at, .. }
            | Op::Advance { to: at } => *at,
            Op::Probe { .. } | Op::Hello { .. } | Op::Reset { .. } | Op::Bye => self.now,
            Op::Command { .. }
            | Op::CallFailed { .. }
            | Op::LeafUp { .. }
            | Op::LeafFailed { .. }
            | Op::TreeDown { .. } => {
                return refuse("unsupported", "not an operation of a server");
            }
        };
        if at < self.now {
            return refuse(
                "time-went-back",
                format!("{at} ms is before {} ms", self.now),
            );
        }
        if let Op::Probe { what, .. } = op {
            return self.probe(&what);
        }
        let input = self.input(op)?;
        self.now = at;
        if let Some(input) = input {
            self.mars.handle(Time(at), input);
        } else {
            self.mars.handle(Time(at), Input::TimePassed);
        }
        Ok(self.answer(Map::new()))
    }

    /// The input that a request stands for; `None` when only time passes.
    fn input(&mut self, op: Op) -> Result<Option<Input>, Refusal> {
        Ok(Some(match op {
            Op::VcUp { vc, peer, .. } => {
                let peer = endpoint(peer)?;
                let vc = self.vcs.add(vc)?;
                Input::VcUp { vc, peer }
            }
            Op::VcDown { vc, .. } => Input::VcDown {
                vc: self.vcs.vc(&vc)?,
            },
            Op::Deliver { vc, hex, .. } => {
                let Some(octets) = unhex(&hex) else {
                    return refuse("malformed-request", "`hex` is not hex");
                };
                Input::Frame {
                    vc: self.vcs.vc(&vc)?,
                    octets,
                }
            }
            Op::LeafGone { group, peer, .. } => {
                let Some(group) = groups::parse(&group, &self.config.protocols) else {
                    return refuse("unknown-group", format!("no control VC `{group}`"));
                };
                Input::LeafGone {
                    group,
                    peer: endpoint(peer)?,
                }
            }
            Op::Admin { what, .. } => Input::Admin(match what.as_str() {
                "drain" => Admin::Drain,
                "undrain" => Admin::Undrain,
                _ => return refuse("unsupported", format!("no command `{what}`")),
            }),
            _ => return Ok(None),
        }))
    }

    /// Drains the outbox.
    fn answer(&mut self, more: Map<String, Value>) -> Outcome {
        let mut out = Vec::new();
        while let Some(Output { at, action }) = self.mars.poll_output() {
            let protocols = &self.config.protocols;
            let leaf = |op, group, peer| Action::Leaf {
                op,
                group: groups::name(group, protocols),
                peer: json!(peer),
            };
            let action = match action {
                OutputAction::Send { target, octets } => Action::Send {
                    vc: match target {
                        Target::Vc(vc) => self.vcs.name(vc),
                        Target::Group(group) => groups::name(group, protocols),
                    },
                    hex: hex(&octets),
                },
                OutputAction::AddLeaf { group, peer } => leaf(LeafOp::Add, group, peer),
                OutputAction::DropLeaf { group, peer } => leaf(LeafOp::Drop, group, peer),
                OutputAction::Call { peer } => Action::Call { peer: json!(peer) },
                OutputAction::Hangup { vc } => Action::Hangup {
                    vc: self.vcs.name(vc),
                },
                OutputAction::Log(_) => continue,
            };
            out.push(Emitted { at: at.0, action });
        }
        Outcome::Ok {
            out,
            next: self.mars.next_deadline().map(|time| time.0),
            more,
        }
    }

    fn probe(&mut self, what: &str) -> Result<Outcome, Refusal> {
        if !PROBES.contains(&what) {
            return refuse("unsupported", format!("no probe `{what}`"));
        }
        let view = self.mars.view();
        let value = match what {
            "membership" => json!(view.membership),
            "registrations" => view
                .registrations
                .iter()
                .map(|registration| {
                    let mut line = json!(registration);
                    if let Some(line) = line.as_object_mut() {
                        line.entry("kind").or_insert_with(|| json!("client"));
                    }
                    line
                })
                .collect(),
            "cache" => view
                .cache
                .iter()
                .map(|entry| {
                    json!({
                        "origin": hex(&entry.origin.0),
                        "key": entry.key,
                        "sequence": entry.sequence,
                        "state": entry.state,
                        "quarantined": entry.quarantined,
                    })
                })
                .collect(),
            // One list: with several protocols that of the first.
            "redirect_map" => view
                .redirect_map
                .first()
                .map_or(json!([]), |map| json!(map.servers)),
            "hfsm" => json!(view.hfsm),
            "cafsm" => json!(view.cafsm),
            _ => {
                let mut live: Vec<_> = view.live.iter().map(|server| server.origin).collect();
                live.push(self.config.server_id);
                live.sort_unstable();
                live.dedup();
                live.iter().map(|id| json!(hex(&id.0))).collect()
            }
        };
        Ok(self.answer(Map::from_iter([("probe".to_owned(), value)])))
    }
}

#[cfg(test)]
mod tests;
