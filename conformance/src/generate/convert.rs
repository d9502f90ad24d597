//! From the model's vocabulary to the trace's: names for numbers, nothing else.

use std::collections::BTreeMap;

use mars_model::scenario::Scenario;
use mars_model::server_group::{
    Action, CcvcKind, Client, Control, Copy, Observation, Projection, Range, Record, RecordKind,
    ScvcKind, Server,
};
use serde_json::{Value, json};

use crate::trace::{
    About, Act, ClientSpec, Expected, ExpectedCsa, ExpectedMars, LeafOp, Says, ServerSpec,
    ServerState, Topology,
};

/// Groups that the model's bits stand for: 224.1.2.0 and 224.1.2.1, which are neighbours, so that a
/// block of both is one range.
const GROUPS: [&str; 2] = ["e0010200", "e0010201"];

/// Virtual milliseconds of the model's tick.
pub const TICK_MS: u64 = 60_000;

/// Name of a server.
pub fn server(server: Server) -> String {
    server.to_string()
}

/// Name of a client.
pub fn client(client: Client) -> String {
    client.to_string()
}

/// Name of a range.
pub fn range(range: Range) -> String {
    range.to_string()
}

/// The inclusive `[min, max]` pairs that a set of groups makes, ascending.
pub fn pairs(groups: u8) -> Vec<(String, String)> {
    let listed = |bit: usize| groups >> bit & 1 == 1;
    let mut pairs: Vec<(String, String)> = Vec::new();
    for (bit, group) in GROUPS.iter().enumerate().filter(|(bit, _)| listed(*bit)) {
        match pairs.last_mut() {
            Some((_, max)) if bit > 0 && listed(bit - 1) => (*group).clone_into(max),
            _ => pairs.push(((*group).to_owned(), (*group).to_owned())),
        }
    }
    pairs
}

/// Clients, ranges and links of a scenario.
pub fn topology(scenario: &Scenario) -> Topology {
    let clients = (0..scenario.clients).map(|number| {
        let spec = ClientSpec {
            atm: format!(
                "47000580ffe1000000f21a2b3c002048{:02x}000100",
                0x1c + number
            ),
            protocol_address: format!("0a0000{:02x}", 0x63 + number),
            mcs: scenario.mcs >> number & 1 == 1,
        };
        (client(Client(number)), spec)
    });
    let ranges = scenario
        .ranges
        .iter()
        .zip(0..)
        .filter_map(|(groups, number)| {
            Some((range(Range(number)), pairs(*groups).into_iter().next()?))
        });
    let links = scenario
        .links
        .iter()
        .map(|(a, b)| (server(Server(*a)), server(Server(*b))));
    Topology {
        links: links.collect(),
        clients: clients.collect(),
        ranges: ranges.collect(),
    }
}

/// ATM number of a server.
fn server_atm(number: u8) -> Value {
    json!({"number": format!("47000580ffe1000000f21a2b3c002048{:02x}000100", 0x0a + number), "form": "nsapa"})
}

/// Server id of a server: 10.0.0.1 and so on.
fn server_id(number: u8) -> String {
    format!("0a0000{:02x}", number + 1)
}

/// Configuration of every server. The periods are such that a model tick is a minute: beats and maps
/// at its end, a flush inside the third tick without a beat, nothing repeated while a record waits.
pub fn servers(scenario: &Scenario) -> Vec<ServerSpec> {
    (0..scenario.servers)
        .map(|number| {
            let neighbors: Vec<Value> = scenario
                .links
                .iter()
                .filter_map(|(a, b)| match number {
                    _ if number == *a => Some(*b),
                    _ if number == *b => Some(*a),
                    _ => None,
                })
                .map(|other| json!({"id": server_id(other), "atm": server_atm(other)}))
                .collect();
            let low = 0x100 * (u32::from(number) + 1) + 1;
            let config = json!({
                "server_id": server_id(number),
                "atm": server_atm(number),
                "sgid": 1,
                "protocols": [{"type": 0x0800, "snap": "0000000000"}],
                "cmi_range": [low, low + u32::from(scenario.cmi_slots) - 1],
                "neighbors": neighbors,
                "hello_interval_s": 3,
                "dead_factor": 3,
                "ca_rexmt_ms": 3000,
                "csus_rexmt_ms": 3_600_000,
                "csu_rexmt_ms": 3_600_000,
                "csu_max_rexmt": 5,
                "redirect_interval_ms": TICK_MS,
                "redirect_hold_ms": TICK_MS * 2 + TICK_MS * 3 / 4,
                "map_interval_ms": TICK_MS,
                "startup_ms": 18_000,
                "hop_count": 255,
                "mtu": 9180,
                "incarnation": 1,
            });
            ServerSpec {
                name: server(Server(number)),
                config,
            }
        })
        .collect()
}

/// An act; `home` is the server it happens at where the action does not say so.
pub fn act(action: Action, home: Option<Server>) -> Option<Act> {
    let at = || home.map(server);
    Some(match action {
        Action::Register {
            client: c,
            server: s,
        } => Act::Register {
            client: client(c),
            server: server(s),
        },
        Action::Join {
            client: c,
            range: r,
        } => Act::Join {
            client: client(c),
            server: at()?,
            range: range(r),
        },
        Action::Leave {
            client: c,
            range: r,
        } => Act::Leave {
            client: client(c),
            server: at()?,
            range: range(r),
        },
        Action::Deregister { client: c } => Act::Deregister {
            client: client(c),
            server: at()?,
        },
        Action::Move { client: c, to } => Act::Move {
            client: client(c),
            server: server(to),
        },
        Action::Redirect { client: c } => Act::Redirect {
            client: client(c),
            server: at()?,
        },
        Action::Failover { client: c } => Act::Failover {
            client: client(c),
            server: at()?,
        },
        Action::LeafGone {
            server: s,
            client: c,
        } => Act::LeafGone {
            server: server(s),
            client: client(c),
        },
        Action::ClientCrash { client: c } => Act::ClientCrash { client: client(c) },
        Action::Deliver { from, to } => Act::Deliver {
            from: server(from),
            to: server(to),
        },
        Action::Crash { server: s } => Act::Crash { server: server(s) },
        Action::Restart { server: s } => Act::Restart { server: server(s) },
        Action::Cut { a, b } => Act::Cut {
            a: server(a),
            b: server(b),
        },
        Action::Heal { a, b } => Act::Heal {
            a: server(a),
            b: server(b),
        },
        Action::Drain { server: s } => Act::Drain { server: server(s) },
        Action::Tick => Act::Tick,
        // A beat that hangs has no counterpart in the adapter protocol.
        Action::Hang { .. } | Action::Wake { .. } => return None,
    })
}

/// The server that an observation is made at.
pub const fn speaker(observation: &Observation) -> Server {
    match observation {
        Observation::Csu { from: server, .. }
        | Observation::Private { server, .. }
        | Observation::Ccvc { server, .. }
        | Observation::Scvc { server, .. }
        | Observation::Migrate { server, .. }
        | Observation::Map { server, .. }
        | Observation::Leaf { server, .. } => *server,
    }
}

/// Name of a control VC.
const fn control(control: Control) -> &'static str {
    match control {
        Control::Cluster => "ccvc",
        Control::Servers => "scvc",
    }
}

/// What a record is about.
fn about(record: &Record) -> About {
    match record.kind {
        RecordKind::RedirectEntry => About::RedirectEntry,
        RecordKind::Register { client: c } => About::Register { client: client(c) },
        RecordKind::Join {
            client: c,
            range: r,
        } => About::Join {
            client: client(c),
            range: range(r),
        },
    }
}

/// An observation of the model as an output that must be seen.
pub fn expected(observation: &Observation) -> Expected {
    match observation {
        Observation::Csu {
            from,
            to,
            record,
            hops,
            solicited,
            fresh,
        } => Expected::Csa(ExpectedCsa {
            from: server(*from),
            to: server(*to),
            origin: server(record.origin),
            about: about(record),
            live: record.live,
            earlier: record.earlier,
            fresh: *fresh,
            hops: *hops,
            solicited: *solicited,
        }),
        Observation::Private {
            server: s,
            client: c,
            copy,
        } => Expected::Mars(ExpectedMars {
            from: server(*s),
            to: client(*c),
            says: match copy {
                Copy::Register { .. } => Says::RegisterCopy,
                Copy::Deregister => Says::DeregisterCopy,
                Copy::Join { range: r } => Says::JoinCopy { range: range(*r) },
                Copy::Leave { range: r } => Says::LeaveCopy { range: range(*r) },
            },
        }),
        Observation::Ccvc {
            server: s,
            kind,
            client: c,
            groups,
            punched,
        } => {
            let (client, groups, punched) = (client(*c), pairs(*groups), *punched);
            Expected::Mars(ExpectedMars {
                from: server(*s),
                to: "ccvc".to_owned(),
                says: match kind {
                    CcvcKind::Join => Says::Join {
                        client,
                        groups,
                        punched,
                    },
                    CcvcKind::Leave => Says::Leave {
                        client,
                        groups,
                        punched,
                    },
                },
            })
        }
        Observation::Scvc {
            server: s,
            kind,
            client: c,
            groups,
            punched,
        } => {
            let (client, groups, punched) = (client(*c), pairs(*groups), *punched);
            Expected::Mars(ExpectedMars {
                from: server(*s),
                to: control(Control::Servers).to_owned(),
                says: match kind {
                    ScvcKind::Sjoin => Says::Sjoin {
                        client,
                        groups,
                        punched,
                    },
                    ScvcKind::Sleave => Says::Sleave {
                        client,
                        groups,
                        punched,
                    },
                    ScvcKind::Mserv => Says::Serve { client, groups },
                    ScvcKind::Unserv => Says::Unserve { client, groups },
                },
            })
        }
        Observation::Migrate {
            server: s,
            client: c,
            group,
        } => Expected::Mars(ExpectedMars {
            from: server(*s),
            to: control(Control::Cluster).to_owned(),
            says: Says::Migrate {
                client: client(*c),
                group: pairs(*group)
                    .into_iter()
                    .next()
                    .map_or_else(String::new, |(group, _)| group),
            },
        }),
        Observation::Map {
            server: s,
            control: vc,
            order,
            hard,
        } => Expected::Mars(ExpectedMars {
            from: server(*s),
            to: control(*vc).to_owned(),
            says: Says::RedirectMap {
                order: order.iter().map(server).collect(),
                hard: *hard,
            },
        }),
        Observation::Leaf {
            server: s,
            control: vc,
            client: c,
            add,
        } => Expected::Leaf {
            from: server(*s),
            op: if *add { LeafOp::Add } else { LeafOp::Drop },
            peer: client(*c),
            group: (*vc == Control::Servers).then(|| control(*vc).to_owned()),
        },
    }
}

/// The state of a server in the trace's names, sorted. Registrations are those of clients: those of multicast servers
/// have a probe of their own.
pub fn state(scenario: &Scenario, projection: &Projection) -> ServerState {
    let is_mcs = |client: Client| scenario.mcs >> client.0 & 1 == 1;
    let mut state = ServerState {
        live: projection.live.iter().copied().map(server).collect(),
        registrations: projection
            .registrations
            .iter()
            .filter(|(c, ..)| !is_mcs(*c))
            .map(|(c, o, _)| (client(*c), server(*o)))
            .collect(),
        members: projection
            .members
            .iter()
            .map(|(c, r, o)| (client(*c), range(*r), server(*o)))
            .collect(),
        map: projection.map.iter().map(server).collect(),
    };
    state.live.sort();
    state.registrations.sort();
    // Of two lives of a server.
    state.registrations.dedup();
    state.members.sort();
    state
}

/// States of all running servers by name.
pub fn states(
    scenario: &Scenario,
    projections: &[(Server, Projection)],
) -> BTreeMap<String, ServerState> {
    projections
        .iter()
        .map(|(number, projection)| (server(*number), state(scenario, projection)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(min: &str, max: &str) -> (String, String) {
        (min.to_owned(), max.to_owned())
    }

    #[test]
    fn neighbouring_groups_make_one_pair() {
        assert_eq!(pairs(0), []);
        assert_eq!(pairs(0b01), [pair("e0010200", "e0010200")]);
        assert_eq!(pairs(0b10), [pair("e0010201", "e0010201")]);
        assert_eq!(pairs(0b11), [pair("e0010200", "e0010201")]);
    }
}
