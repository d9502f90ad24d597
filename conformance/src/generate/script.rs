//! A path through the model as a trace.

use mars_model::family::Configuration as _;
use mars_model::rules::Rules;
use mars_model::scenario::Scenario;
use mars_model::server_group::{
    Action, Client, Observation, Range, ScvcKind, Server, ServerGroup, State, step,
};
use mars_model::trace::{TraceStep, record};

use super::convert;
use super::goals::{Candidate, Goal};
use crate::lockstep::{HEAL_MS, PROLOGUE_MS};
use crate::trace::{
    Act, Alternative, Class, Expected, ExpectedMars, FORMAT, Level, Says, Source, Step, Trace,
};

/// Ticks after the last action: one beat for everybody, or enough for a flush where servers were lost.
const TAIL_TICKS: (usize, usize) = (1, 3);

/// The trace of a candidate: its path, then everything delivered, a tick or three, everything
/// delivered again, and a question from every registered client for every range.
pub(super) fn script(
    scenario: &'static Scenario,
    candidate: &Candidate,
    id: String,
    goals: &[Goal],
) -> Result<Trace, String> {
    let model = scenario.model(Rules::resolved());
    let mut actions = candidate.actions.clone();
    let lost = |action: &Action| matches!(action, Action::Crash { .. } | Action::Cut { .. });
    let ticks = if actions.iter().any(lost) {
        TAIL_TICKS.1
    } else {
        TAIL_TICKS.0
    };
    let mut state = follow(&model, &actions).ok_or("a path that the model refuses")?;
    deliver_all(&model, scenario, &mut state, &mut actions);
    for _ in 0..ticks {
        if let Some(after) = step(&model, &state, Action::Tick, &mut ()) {
            state = after;
            actions.push(Action::Tick);
            deliver_all(&model, scenario, &mut state, &mut actions);
        }
    }
    let recorded = record(&model, &actions).ok_or("a path that the model refuses")?;
    let mut at = PROLOGUE_MS;
    let mut steps = Vec::with_capacity(recorded.len());
    for one in &recorded {
        at = match one.action {
            Action::Tick => (at / convert::TICK_MS + 1) * convert::TICK_MS,
            Action::Heal { .. } => at + HEAL_MS,
            _ => at,
        };
        steps.push(lowered(scenario, one, at)?);
    }
    if let Some(last) = recorded.last() {
        steps.extend(queries(scenario, last, at));
    }
    let mut requirements: Vec<String> = steps
        .iter()
        .flat_map(|step| &step.expect)
        .flat_map(|one| one.requirements.clone())
        .collect();
    requirements.sort();
    requirements.dedup();
    Ok(Trace {
        format: FORMAT.to_owned(),
        id,
        title: title(scenario, goals),
        area: area(scenario.name).to_owned(),
        class: Class::Valid,
        level: Level::Must,
        requirements,
        source: Some(Source {
            scenario: scenario.name.to_owned(),
            fingerprint: format!("{:016x}", scenario.fingerprint(&Rules::resolved().into())),
            goals: goals.iter().map(Goal::to_string).collect(),
        }),
        topology: convert::topology(scenario),
        servers: convert::servers(scenario),
        steps,
    })
}

/// The state that a path leads to.
fn follow(model: &ServerGroup, actions: &[Action]) -> Option<State> {
    actions.iter().try_fold(model.initial(), |state, action| {
        step(model, &state, *action, &mut ())
    })
}

/// Delivers until nothing is on its way, lowest link first.
fn deliver_all(
    model: &ServerGroup,
    scenario: &Scenario,
    state: &mut State,
    actions: &mut Vec<Action>,
) {
    let directions: Vec<Action> = scenario
        .links
        .iter()
        .flat_map(|(a, b)| [(Server(*a), Server(*b)), (Server(*b), Server(*a))])
        .map(|(from, to)| Action::Deliver { from, to })
        .collect();
    while let Some((action, after)) = directions
        .iter()
        .find_map(|action| Some((*action, step(model, state, *action, &mut ())?)))
    {
        *state = after;
        actions.push(action);
    }
}

/// One step of the model as a step of the trace.
fn lowered(scenario: &Scenario, one: &TraceStep, at: u64) -> Result<Step, String> {
    // Whatever a client does at a server makes that server speak before any other.
    let home = one.observations.first().map(convert::speaker);
    let act = convert::act(one.action, home)
        .ok_or_else(|| format!("{:?} has no counterpart in a trace", one.action))?;
    let outputs = one.observations.iter().map(convert::expected).collect();
    let requirements = requirements(&act, &one.observations);
    Ok(Step {
        at,
        act: Some(act),
        stimulus: None,
        expect: vec![Alternative {
            level: Level::Must,
            requirements,
            window: None,
            outputs,
        }],
        state: convert::states(scenario, &one.projections),
    })
}

/// Every client that is registered with a running server asks it who is in each range's lowest group.
fn queries(scenario: &Scenario, last: &TraceStep, at: u64) -> Vec<Step> {
    let mut steps = Vec::new();
    let lowest = |range: &Range| {
        scenario
            .ranges
            .get(usize::from(range.0))
            .map_or(0, |groups| groups & groups.wrapping_neg())
    };
    let groups = |range: &Range| {
        scenario
            .ranges
            .get(usize::from(range.0))
            .copied()
            .unwrap_or_default()
    };
    for (server, projection) in &last.projections {
        // A multicast server asks for what it serves only; what that is worth is said elsewhere.
        let is_mcs = |client: &Client| scenario.mcs >> client.0 & 1 == 1;
        for client in projection.leaves.iter().filter(|client| !is_mcs(client)) {
            for number in 0..u8::try_from(scenario.ranges.len()).unwrap_or(0) {
                let asked = Range(number);
                let listed = |servers: bool| -> Vec<String> {
                    projection
                        .members
                        .iter()
                        .filter(|(_, range, _)| groups(range) & lowest(&asked) != 0)
                        .filter(|(member, ..)| is_mcs(member) == servers)
                        .map(|(member, ..)| convert::client(*member))
                        .collect()
                };
                // E25, F24: who serves a group is the answer, whoever its members are.
                let mut members = listed(true);
                if members.is_empty() {
                    members = listed(false);
                }
                members.sort();
                members.dedup();
                let range = convert::range(asked);
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
                let (from, to) = (convert::server(*server), convert::client(*client));
                let output = Expected::Mars(ExpectedMars {
                    from: from.clone(),
                    to: to.clone(),
                    says,
                });
                let requirements = vec!["R2443-1-01".to_owned(), "R2443-1-02".to_owned()];
                steps.push(Step {
                    at,
                    act: Some(Act::Query {
                        client: to,
                        server: from,
                        range,
                    }),
                    stimulus: None,
                    expect: vec![Alternative {
                        level: Level::Must,
                        requirements,
                        window: None,
                        outputs: vec![output],
                    }],
                    state: Default::default(),
                });
            }
        }
    }
    steps
}

/// Ledger ids that a step stands for.
fn requirements(act: &Act, observations: &[Observation]) -> Vec<String> {
    let of_act: &[&str] = match act {
        Act::Register { .. } | Act::Move { .. } => {
            &["R2443-1-07", "R2443-2-04", "R2443-2-08", "R2443-5.3-01"]
        }
        Act::Failover { .. } => &["R2443-2-12", "R2443-5.3-01"],
        Act::Redirect { .. } => &["R2443-2-03", "R2443-5.3-01"],
        Act::Join { .. } => &["R2443-2-09", "R2443-5.3-02", "R2443-5.3-09"],
        Act::Leave { .. } => &["R2443-2-09", "R2443-5.4-02"],
        Act::Deregister { .. } => &["R2443-5.4-01", "R2443-5.4-04"],
        Act::LeafGone { .. } => &["R2443-2-22", "R2443-5.4-03"],
        Act::Deliver { .. } => &["R2443-1-02", "R2443-2-10"],
        Act::Crash { .. } => &["R2443-2-11"],
        Act::Restart { .. } => &["R2443-5.1-05"],
        Act::Tick => &["R2443-2-16", "R2443-2-17", "R2443-2-18", "R2443-5.1-05"],
        Act::Heal { .. } => &["R2443-1-02"],
        Act::Query { .. } | Act::ClientCrash { .. } | Act::Cut { .. } | Act::Drain { .. } => &[],
    };
    let of_outputs = observations.iter().flat_map(|observation| -> &[&str] {
        match observation {
            Observation::Csu { .. } => &["R2443-4.1-01"],
            Observation::Ccvc { punched: true, .. } => &["R2443-5.3-15", "R2443-5.3-16"],
            Observation::Ccvc { .. } => &["R2443-5.3-21"],
            Observation::Map { .. } => &["R2443-2-19", "R2443-2-20", "R2443-5.1-08"],
            Observation::Migrate { .. } => &["R2443-5.2-12", "R2443-5.2-13"],
            Observation::Scvc {
                kind: ScvcKind::Sjoin,
                ..
            } => &["R2443-5.3-19"],
            Observation::Scvc {
                kind: ScvcKind::Sleave,
                ..
            } => &["R2443-5.4-10"],
            Observation::Scvc { .. } => &["R2443-2-10"],
            Observation::Private { .. } | Observation::Leaf { .. } => &[],
        }
    });
    let mut ids: Vec<String> = of_act
        .iter()
        .chain(of_outputs.collect::<Vec<_>>().iter().copied())
        .map(|id| (*id).to_owned())
        .collect();
    ids.sort();
    ids.dedup();
    ids
}

/// The area that a scenario belongs to.
fn area(scenario: &str) -> &'static str {
    match scenario {
        name if name.contains("cmi") => "group.cmi_range",
        name if name.contains("proxy") => "group.proxy_deregister",
        name if name.contains("mcs") || name.contains("multicast") => "group.mcs",
        name if name.contains("restart") => "group.restart",
        name if name.contains("drain") || name.contains("redirect") => "group.redirect_map",
        name if name.contains("crash") || name.contains("partition") || name.contains("hung") => {
            "group.flush"
        }
        _ => "group.membership",
    }
}

/// A title for people: the scenario and the first goal.
fn title(scenario: &Scenario, goals: &[Goal]) -> String {
    let first = goals.first().map(Goal::to_string).unwrap_or_default();
    match goals.len() {
        0 | 1 => format!("{}: {first}", scenario.title.trim_end_matches('.')),
        more => format!(
            "{}: {first}, and {} more",
            scenario.title.trim_end_matches('.'),
            more - 1
        ),
    }
}
