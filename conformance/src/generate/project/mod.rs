//! A path through the model, projected on one server: the local trace that `certify` plays where `replay`
//! plays the path on all of them.
//!
//! [`project`] is a pure function of the global trace. The server under test keeps its configuration; its
//! neighbours are simulated by the script, step by step: they come up and align (`prologue`), send what the
//! path has on its way to the server, and are told what it says. `World` follows which instance of which
//! record is where; `Subject` turns the trace's words into frames and patterns, with those of `lower`. What
//! happens elsewhere is no step. A case ends where the path takes the server away, heals a link of its own
//! (the caches of simulated neighbours are not kept), or has something done to it that the adapter protocol
//! has no word for. `choose` picks the cases of the suite.

mod choice;
mod label;
mod prologue;
mod subject;
#[cfg(test)]
mod tests;
mod world;

use std::collections::BTreeMap;

pub(super) use choice::choose;
use serde_json::{Value, json};

use self::prologue::ids;
use self::subject::Subject;
use self::world::{Carried, Moved, World};
use super::mars::counter::Counter;
use crate::lower::Lower;
use crate::trace::{
    About, Act, Expected, ExpectedCsa, ExpectedMars, LeafOp, Says, ServerSpec, ServerState, Step,
    Stimulus, Topology, Trace,
};

/// What only the id of a projected trace has: `-at-` and the name of a server, which is `s` and a number.
pub const AT: &str = "-at-s";

/// A projected trace and what it shows, step by step, in coarse terms.
#[derive(Clone, Debug)]
pub struct Projected {
    /// The local trace.
    pub trace: Trace,
    /// A label for each step of the path that the server takes part in.
    labels: Vec<String>,
}

/// The local trace that a global one is for one of its servers; `None` when it has no part in it.
#[must_use]
pub fn project(global: &Trace, server: &str) -> Option<Projected> {
    project_until(global, server, usize::MAX)
}

/// The same up to so many steps of the path that the server takes part in.
fn project_until(global: &Trace, server: &str, limit: usize) -> Option<Projected> {
    let lower = Lower::new(global);
    let spec = global.servers.iter().find(|one| one.name == server)?;
    let mut world = World::new(global, &lower, server);
    let mut subject = Subject::new(&lower, server);
    let names: Vec<String> = global.servers.iter().map(|one| one.name.clone()).collect();
    prologue::prologue(&mut subject, &world, &names);
    let mut labels = Vec::new();
    let mut before = ServerState::default();
    let mut cut_short = false;
    for step in &global.steps {
        let Some(ends) = one_step(&mut subject, &mut world, step, &before, &mut labels) else {
            cut_short = true;
            break;
        };
        if let Some(state) = step.state.get(server) {
            before = state.clone();
        }
        if ends {
            break;
        }
        if labels.len() >= limit {
            cut_short = true;
            break;
        }
    }
    if cut_short {
        queries(&mut subject, &before, global);
    }
    let steps = subject.steps;
    if labels.is_empty() {
        return None;
    }
    Some(Projected {
        trace: local(global, spec, steps),
        labels,
    })
}

/// The local trace with these steps.
fn local(global: &Trace, spec: &ServerSpec, steps: Vec<Step>) -> Trace {
    let mut requirements: Vec<String> = steps
        .iter()
        .flat_map(|step| &step.expect)
        .flat_map(|one| one.requirements.clone())
        .collect();
    requirements.sort();
    requirements.dedup();
    let mut config = spec.config.clone();
    if let Some(fields) = config.as_object_mut() {
        // Its neighbours say Hello once.
        fields.insert("hello_interval_s".to_owned(), json!(prologue::HELLO_S));
    }
    Trace {
        format: global.format.clone(),
        id: format!("{}-at-{}", global.id, spec.name),
        title: format!("At {}: {}", spec.name, global.title),
        area: global.area.clone(),
        class: global.class,
        level: global.level,
        requirements,
        source: global.source.clone(),
        topology: Topology::default(),
        servers: vec![ServerSpec {
            name: spec.name.clone(),
            config,
        }],
        steps,
    }
}

/// A record that a server passes on to a neighbour.
fn passed_on(from: &str, to: &str, carried: &Carried) -> ExpectedCsa {
    let (origin, about) = &carried.instance.identity;
    ExpectedCsa {
        from: from.to_owned(),
        to: to.to_owned(),
        origin: origin.clone(),
        about: about.clone(),
        live: carried.instance.live,
        earlier: false,
        fresh: false,
        hops: carried.hops + 1,
        solicited: false,
    }
}

/// One step of the path: `None` when the case ends before it, true when it ends after it.
fn one_step(
    subject: &mut Subject<'_>,
    world: &mut World,
    step: &Step,
    before: &ServerState,
    labels: &mut Vec<String>,
) -> Option<bool> {
    let own = subject.name.clone();
    let act = step.act.as_ref()?;
    let gone: Option<&str> = match act {
        Act::Crash { server } | Act::Drain { server } if *server == own => return None,
        Act::Heal { a, b } if *a == own || *b == own => return None,
        Act::Restart { .. } => return None,
        Act::Crash { server } => world.neighbors(&own).contains(server).then_some(server),
        Act::Cut { a, b } if *a == own => Some(b),
        Act::Cut { a, b } if *b == own => Some(a),
        _ => None,
    };
    // The marks of a client count all that it says, wherever it is.
    let mark = match act {
        Act::Join { client, .. } | Act::Leave { client, .. } => subject.books.next_mark(client),
        _ => 0,
    };
    let moved = world.step(step)?;
    let says = |output: &Expected, wanted: fn(&Says) -> bool| matches!(output, Expected::Mars(mars) if mars.from == own && wanted(&mars.says));
    let outputs = step.expect.first().map_or(&[][..], |one| &one.outputs);
    subject.at = step.at;
    let here = |server: &String| *server == own;
    // Register E04: who gives a CMI again at once has one for this client, and goes another way from here.
    if let Act::Register { client, server }
    | Act::Move { client, server }
    | Act::Redirect { client, server }
    | Act::Failover { client, server } = act
        && here(server)
        && !subject.registered.contains_key(client)
        && !outputs
            .iter()
            .any(|one| says(one, |says| *says == Says::RegisterCopy))
    {
        let (low, high) = subject.lower.cmi_range(&own);
        let given = i64::try_from(subject.registered.len()).unwrap_or(i64::MAX);
        if given <= high - low {
            return None;
        }
    }
    let mut by: Option<&str> = None;
    let mut given: Option<&str> = None;
    let stimulus = match act {
        Act::Register { client, server }
        | Act::Move { client, server }
        | Act::Redirect { client, server }
        | Act::Failover { client, server }
        | Act::Deregister { client, server }
            if here(server) =>
        {
            subject.client_up(client);
            by = Some(client);
            if outputs
                .iter()
                .any(|one| says(one, |says| *says == Says::RegisterCopy))
            {
                let name = subject.new_cmi(client);
                world.name_cmi(client, &name);
                given = by;
            }
            let joining = !matches!(act, Act::Deregister { .. });
            frame(client, subject.lower.registration_frame(client, joining))
        }
        Act::Join {
            client,
            server,
            range,
        }
        | Act::Leave {
            client,
            server,
            range,
        } if here(server) => {
            subject.client_up(client);
            by = Some(client);
            let joining = matches!(act, Act::Join { .. });
            let lower = subject.lower;
            frame(client, lower.membership_frame(client, range, mark, joining))
        }
        Act::Query {
            client,
            server,
            range,
        } if here(server) => {
            subject.client_up(client);
            by = Some(client);
            frame(client, subject.lower.query_frame(client, range))
        }
        Act::LeafGone { server, client } if here(server) => Stimulus::LeafGone {
            group: "ccvc".to_owned(),
            peer: crate::lockstep::nsapa(subject.lower.client(client).0),
        },
        Act::Deliver { from, to } if here(to) => {
            let carried = moved.arrived.as_ref()?;
            // What was free to choose in an own record cannot be said back word for word.
            if carried.instance.identity.0 == own {
                return None;
            }
            subject.csu(from, carried)
        }
        Act::Tick => Stimulus::Advance {},
        _ => match gone {
            Some(other) => Stimulus::VcDown {
                vc: other.to_owned(),
            },
            None => return Some(false),
        },
    };
    let mut moved = moved;
    name_own(&mut moved, world, given, &own);
    let allowed = demanded(subject, act, outputs, &moved, before, step, (by, given));
    let cited = requirements(step, outputs, &own, moved.known.is_some());
    labels.push(label::label(&own, act, outputs, before));
    subject.push(stimulus, &cited, allowed);
    if let Act::Deregister { client, server } | Act::LeafGone { client, server } = act
        && here(server)
    {
        subject.registered.remove(client);
    }
    Some(purges(&own, &moved, before))
}

/// The record of a registration that this step makes has the CMI that this step gives.
fn name_own(moved: &mut Moved, world: &World, given: Option<&str>, own: &str) {
    for instance in &mut moved.sent {
        if let (origin, About::Register { client }) = &instance.identity
            && origin == own
            && given == Some(client)
        {
            instance.cmi = world.cmi(own, client).cloned().unwrap_or(json!(0));
        }
    }
}

/// A frame of a client.
fn frame(client: &str, frame: Value) -> Stimulus {
    Stimulus::Deliver {
        vc: client.to_owned(),
        hex: None,
        frame: Some(frame),
    }
}

/// Whether a record arrived that ends a registration of a client that others have registered too. Servers may
/// differ in what goes with it (registers A08, E22), so nothing can be demanded afterwards.
fn purges(own: &str, moved: &Moved, before: &ServerState) -> bool {
    let Some(Carried { instance, .. }) = &moved.arrived else {
        return false;
    };
    let (origin, about) = &instance.identity;
    let About::Register { client } = about else {
        return false;
    };
    let others = before
        .registrations
        .iter()
        .any(|(other, at)| other == client && at != origin);
    !instance.live && origin != own && others
}

/// What must be seen of a step: the model's outputs of this server, and what else is as good.
fn demanded(
    subject: &mut Subject<'_>,
    act: &Act,
    outputs: &[Expected],
    moved: &Moved,
    before: &ServerState,
    step: &Step,
    (by, given): (Option<&str>, Option<&str>),
) -> Vec<Vec<Expected>> {
    let own = subject.name.clone();
    let mut records: Vec<(ExpectedCsa, Expected)> = Vec::new();
    let csas = outputs.iter().filter_map(|one| match one {
        Expected::Csa(csa) => Some(csa),
        _ => None,
    });
    for (csa, instance) in csas.zip(&moved.sent).filter(|(csa, _)| csa.from == own) {
        records.push((csa.clone(), subject.told(csa, instance, given)));
    }
    let mut rest: Vec<Expected> = Vec::new();
    for output in outputs {
        if let Expected::Leaf { from, op, peer, .. } = output
            && *from == own
        {
            rest.push(Expected::Leaf {
                from: own.clone(),
                op: *op,
                peer: subject.lower.client(peer).0.to_owned(),
                group: Some("ccvc".to_owned()),
            });
        }
    }
    if let (Act::Deliver { from, .. }, Some(carried)) = (act, &moved.arrived) {
        let known = moved.known.as_ref().unwrap_or(&carried.instance);
        rest.push(subject.acknowledgement(from, known));
    }
    let cmi = moved.arrived.as_ref().map(|one| one.instance.cmi.clone());
    let mars: Vec<&ExpectedMars> = outputs
        .iter()
        .filter_map(|one| match one {
            Expected::Mars(mars) if mars.from == own => Some(mars),
            _ => None,
        })
        .collect();
    let lost = lost(act, before, step.state.get(&own));
    let counter = subject.counter().clone();
    let say = |subject: &mut Subject<'_>, first: &[ExpectedMars]| {
        *subject.counter() = counter.clone();
        let all = first.iter().chain(mars.iter().copied());
        let now = u32::try_from(all.clone().filter(|one| one.to == "ccvc").count()).unwrap_or(0);
        // Control VCs first, which count (as in the scripts of `mars`).
        let (control, private): (Vec<_>, Vec<_>) = all.partition(|one| one.to == "ccvc");
        let all = control.into_iter().chain(private);
        all.map(|one| subject.mars(one, by, cmi.as_ref(), now))
            .collect::<Vec<Expected>>()
    };
    let told = |keep: &dyn Fn(&ExpectedCsa) -> bool| -> Vec<Expected> {
        let kept = records.iter().filter(|(csa, _)| keep(csa));
        kept.map(|(_, expected)| expected.clone()).collect()
    };
    let said = say(subject, &[]);
    let after = subject.counter().clone();
    let mut allowed = vec![[rest.clone(), told(&|_| true), said.clone()].concat()];
    let mut also = |keep: &dyn Fn(&ExpectedCsa) -> bool| {
        if !records.iter().all(|(csa, _)| keep(csa)) {
            allowed.push([rest.clone(), told(keep), said.clone()].concat());
        }
    };
    match act {
        // Registers C03, C04: what a client had joined may be ended with its registration.
        Act::Deregister { .. } | Act::LeafGone { .. } => {
            also(&|csa| !matches!(csa.about, About::Join { .. }));
        }
        // Register A08: an own client's records may be sent again.
        Act::Deliver { .. } if purges(&own, moved, before) => also(&|csa| !csa.fresh),
        _ => {}
    }
    // Register B06: the cluster may be told who is lost with a server.
    if !lost.is_empty() {
        let leaves: Vec<ExpectedMars> = lost
            .iter()
            .filter_map(|(client, range)| {
                let (min, max) = subject.lower.range(range);
                (!min.is_empty()).then(|| ExpectedMars {
                    from: own.clone(),
                    to: "ccvc".to_owned(),
                    says: Says::Leave {
                        client: client.clone(),
                        groups: vec![(min.to_owned(), max.to_owned())],
                        punched: false,
                    },
                })
            })
            .collect();
        let said = say(subject, &leaves);
        allowed.push([rest.clone(), told(&|_| true), said].concat());
        settle(subject, &after);
    }
    // Register F19: a leave that ends nothing may be told to the cluster, if its client is in the group by no other join.
    if let (Act::Leave { client, .. }, [one], true) = (act, mars.as_slice(), records.is_empty())
        && let Says::LeaveCopy { range } = &one.says
        && let (min, max) = subject.lower.range(range)
        && min == max
        && !before.members.iter().any(|(other, at, _)| {
            let (low, high) = subject.lower.range(at);
            other == client && low <= min && min <= high
        })
    {
        let leave = ExpectedMars {
            from: own,
            to: "ccvc".to_owned(),
            says: Says::Leave {
                client: client.clone(),
                groups: vec![(min.to_owned(), max.to_owned())],
                punched: false,
            },
        };
        *subject.counter() = counter;
        let leave = subject.mars(&leave, by, None, 1);
        allowed.push([rest, vec![leave]].concat());
        settle(subject, &after);
    }
    allowed
}

/// What is known of the numbers after a step that may have been done in two ways, one of which leads to `after`.
fn settle(subject: &mut Subject<'_>, after: &Counter) {
    let mut now = subject.counter().clone();
    if now != *after {
        now.forget();
    }
    *subject.counter() = now;
}

/// Memberships that a tick ends.
fn lost(act: &Act, before: &ServerState, after: Option<&ServerState>) -> Vec<(String, String)> {
    let (Act::Tick, Some(after)) = (act, after) else {
        return Vec::new();
    };
    let still = |client: &String, range: &String| {
        let mut left = after.members.iter();
        left.any(|(other, at, _)| other == client && at == range)
    };
    let gone = before.members.iter();
    let gone = gone.filter(|(client, range, _)| !still(client, range));
    let mut gone: Vec<(String, String)> = gone
        .map(|(client, range, _)| (client.clone(), range.clone()))
        .collect();
    gone.dedup();
    gone
}

/// Ledger ids of a step: those of the path's step that this server has a part in, and what the frames show.
fn requirements(step: &Step, outputs: &[Expected], own: &str, stale: bool) -> Vec<String> {
    let mut all: Vec<String> = step
        .expect
        .iter()
        .flat_map(|one| one.requirements.clone())
        .collect();
    let csa = |wanted: &dyn Fn(&ExpectedCsa) -> bool| {
        outputs
            .iter()
            .any(|one| matches!(one, Expected::Csa(csa) if csa.from == own && wanted(csa)))
    };
    let map = outputs.iter().any(|one| {
        matches!(one, Expected::Mars(mars) if mars.from == own && matches!(mars.says, Says::RedirectMap { .. }))
    });
    all.retain(|id| match id.as_str() {
        "R2443-4.1-01" => csa(&|_| true),
        "R2443-2-19" | "R2443-2-20" | "R2443-5.1-08" => map,
        _ => true,
    });
    if matches!(step.act, Some(Act::Deliver { .. })) {
        all.extend(ids(&["R2334-2.3-06"]));
        if stale {
            all.extend(ids(&["R2334-2.3-22"]));
        }
        if csa(&|csa| !csa.fresh) {
            all.extend(ids(&["R2334-2.3-03", "R2334-2.3-11"]));
        }
    }
    if csa(&|csa| csa.fresh) {
        all.extend(ids(&["R2334-2.3-04"]));
    }
    all.sort();
    all.dedup();
    all
}

/// A case that is cut short ends with a question of an own client for every range, as whole paths do.
fn queries(subject: &mut Subject<'_>, state: &ServerState, global: &Trace) {
    let own = subject.name.clone();
    let asks = state.registrations.iter();
    let asker = asks
        .filter(|(client, at)| *at == own && subject.registered.contains_key(client))
        .map(|(client, _)| client.clone())
        .next();
    let Some(client) = asker else {
        return;
    };
    let ranges: &BTreeMap<String, (String, String)> = &global.topology.ranges;
    for (range, (asked, _)) in ranges {
        let covers = |name: &String| {
            let ends = ranges.get(name);
            ends.is_some_and(|(min, max)| min <= asked && asked <= max)
        };
        let listed = state.members.iter().filter(|(_, at, _)| covers(at));
        let mut members: Vec<String> = listed.map(|(member, ..)| member.clone()).collect();
        members.sort();
        members.dedup();
        let range = range.clone();
        let says = if members.is_empty() {
            Says::Nak {
                range: range.clone(),
            }
        } else {
            Says::Multi {
                range: range.clone(),
                members,
            }
        };
        let stimulus = frame(&client, subject.lower.query_frame(&client, &range));
        let wanted = ExpectedMars {
            from: own.clone(),
            to: client.clone(),
            says,
        };
        let answer = subject.mars(&wanted, Some(&client), None, 0);
        let cited = ids(&["R2443-1-01", "R2443-1-02"]);
        subject.push(stimulus, &cited, vec![vec![answer]]);
    }
}

/// Whether a leaf is added.
const fn is_added(op: LeafOp) -> bool {
    matches!(op, LeafOp::Add)
}
