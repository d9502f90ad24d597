//! Charts and captures of paths through the models, such as counterexamples.
//!
//! A path of the server group shows everything that servers send under the rules it was found with; one of another family
//! shows the messages that arrive or are lost. A capture has the frames that these messages would be, made by the
//! harness's own writer; what the RFCs leave to a server has some value in it.

use std::collections::BTreeMap;

use mars_model::carried::Carried;
use mars_model::explore::Path;
use mars_model::reading::Choice;
use mars_model::registry::{Act, Case, Told};
use mars_model::rules::Rules;
use mars_model::scenario::Scenario;
use mars_model::server_group::Action;
use serde_json::{Value, json};

use super::carried;
use super::chart::{Chart, Line, act_words};
use super::pcapng::{Captured, write};
use crate::frames;
use crate::generate::convert;
use crate::judge::books::Books;
use crate::lower::Lower;
use crate::trace::{About, Class, Expected, ExpectedCsa, FORMAT, Level, Trace};

/// First CSA sequence number of a key (RFC 2334, B.2.0.2).
const FIRST: i64 = -0x7fff_ffff;

/// The scenario of the server group that a case is, and its path in the group's own actions.
fn group_path(case: &dyn Case, acts: &[Act]) -> Option<(&'static Scenario, Vec<Action>)> {
    let actions: Option<Vec<Action>> = acts.iter().map(Act::group).collect();
    let scenario = mars_model::scenario::by_name(case.name()).or_else(|| {
        let only = &mars_model::server_group::liveness::HAND_OVER;
        (only.name == case.name()).then_some(only)
    });
    Some((scenario?, actions?))
}

/// The chart of a path, with the messages that are sent on it under the rules that it was found with.
#[must_use]
pub fn chart(case: &dyn Case, path: &Path<Told>, title: String, rules: Choice) -> Chart {
    let acts = path.actions();
    if let Some((scenario, actions)) = group_path(case, &acts) {
        return group_chart(scenario, &actions, title, rules);
    }
    let messages = || acts.iter().filter_map(message);
    let names = messages().flat_map(|message| [message.from.clone(), message.to.clone()]);
    let mut participants: Vec<String> = names.collect();
    participants.sort();
    participants.dedup();
    let mut chart = Chart {
        title,
        participants,
        lines: Vec::new(),
    };
    for (position, act) in acts.iter().enumerate() {
        let words = match act {
            Act::Group(action) => action.to_string(),
            Act::Words(words, _) => words.clone(),
        };
        chart
            .lines
            .push(Line::Event(format!("{}. {words}", position + 1)));
        if let Some(Carried {
            from,
            to,
            lost,
            what,
        }) = message(act)
        {
            let lost = if *lost { " (lost)" } else { "" };
            chart.message(from, to, format!("{}{lost}", carried::words(what)));
        }
    }
    chart
}

const fn message(act: &Act) -> Option<&Carried> {
    match act {
        Act::Words(_, carried) => carried.as_ref(),
        Act::Group(_) => None,
    }
}

/// What is seen on a path of the server group, step by step.
fn observed(
    scenario: &Scenario,
    actions: &[Action],
    rules: Choice,
) -> Vec<(Action, String, Vec<Expected>)> {
    let model = scenario.model(rules.readers::<Rules>());
    let recorded = mars_model::trace::record(&model, actions);
    let steps = actions.iter().enumerate().map(|(position, action)| {
        let observations = recorded
            .as_ref()
            .and_then(|steps| steps.get(position))
            .map(|step| &step.observations);
        let home = observations
            .and_then(|seen| seen.first())
            .map(convert::speaker);
        let words =
            convert::act(*action, home).map_or_else(|| action.to_string(), |act| act_words(&act));
        let outputs = observations.into_iter().flatten().map(convert::expected);
        (*action, words, outputs.collect())
    });
    steps.collect()
}

/// The chart of a path through the server group.
fn group_chart(scenario: &Scenario, actions: &[Action], title: String, rules: Choice) -> Chart {
    let topology = convert::topology(scenario);
    let servers = convert::servers(scenario)
        .into_iter()
        .map(|server| server.name);
    let mut chart = Chart {
        title,
        participants: topology.clients.into_keys().chain(servers).collect(),
        lines: Vec::new(),
    };
    for (position, (_, words, outputs)) in observed(scenario, actions, rules).iter().enumerate() {
        chart
            .lines
            .push(Line::Event(format!("{}. {words}", position + 1)));
        outputs.iter().for_each(|output| chart.output(output));
    }
    chart
}

/// The capture of a path, pcapng.
#[must_use]
pub fn capture(case: &dyn Case, path: &Path<Told>, rules: Choice) -> Vec<u8> {
    let acts = path.actions();
    if let Some((scenario, actions)) = group_path(case, &acts) {
        return group_capture(scenario, &actions, rules);
    }
    let mut captured = Vec::new();
    for (at, message) in (1u64..).zip(acts.iter().map(message)) {
        if let Some(message) = message
            && let Ok(octets) = carried::frame(message)
        {
            let lost = if message.lost { ", lost" } else { "" };
            captured.push(Captured {
                at: at * 1000,
                octets,
                comment: format!("{} to {}{lost}", message.from, message.to),
            });
        }
    }
    write(&captured)
}

/// A value for every pattern: what is free is 1 if it is a number at all.
fn concrete(pattern: &Value) -> Value {
    match pattern {
        Value::Object(fields) => {
            let of = |name: &str| fields.get(name);
            match (of("one_of"), of("in"), of("any")) {
                (Some(Value::Array(all)), _, _) => all.first().map_or(Value::Null, concrete),
                (_, Some(Value::Array(ends)), _) => ends.first().map_or(Value::Null, concrete),
                (_, _, Some(_)) => json!(1),
                _ => {
                    let inner = fields
                        .iter()
                        .map(|(name, inner)| (name.clone(), concrete(inner)));
                    Value::Object(inner.collect())
                }
            }
        }
        Value::Array(all) => all.iter().map(concrete).collect(),
        plain => plain.clone(),
    }
}

/// Numbers and keys of records, as their originators would count them.
#[derive(Default)]
struct Numbers(BTreeMap<(String, String), (u32, i64)>);

impl Numbers {
    /// Key and number of the instance that is sent; a new one counts on.
    fn of(&mut self, csa: &ExpectedCsa) -> (u32, i64) {
        let next = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        let about = (csa.origin.clone(), format!("{:?}", csa.about));
        // Everybody has everybody's first Redirect Entry before the first step.
        let first = i64::from(matches!(csa.about, About::RedirectEntry)) + FIRST - 1;
        let (key, number) = self.0.entry(about).or_insert((next + 1, first));
        if csa.fresh || *number < FIRST {
            *number += 1;
        }
        (*key, *number)
    }
}

fn group_capture(scenario: &Scenario, actions: &[Action], rules: Choice) -> Vec<u8> {
    let trace = Trace {
        format: FORMAT.to_owned(),
        id: scenario.name.to_owned(),
        title: scenario.title.to_owned(),
        area: String::new(),
        class: Class::Valid,
        level: Level::Must,
        requirements: Vec::new(),
        source: None,
        topology: convert::topology(scenario),
        servers: convert::servers(scenario),
        steps: Vec::new(),
    };
    let (lower, books, mut numbers) = (Lower::new(&trace), Books::default(), Numbers::default());
    let server_id = |name: &str| {
        let server = trace.servers.iter().find(|server| server.name == name);
        let id = server.and_then(|server| server.config.get("server_id"));
        id.and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let (mut captured, mut at) = (Vec::new(), 0);
    // The originator sends one instance to all neighbours: it counts once.
    for (action, _, outputs) in observed(scenario, actions, rules) {
        at = if matches!(action, Action::Tick) {
            (at / convert::TICK_MS + 1) * convert::TICK_MS
        } else {
            at + 1000
        };
        let mut told: Vec<(String, String)> = Vec::new();
        for output in &outputs {
            let (octets, comment) = match output {
                Expected::Csa(csa) => {
                    let once = (csa.origin.clone(), format!("{:?}{}", csa.about, csa.live));
                    let again = told.contains(&once);
                    let mut counted = csa.clone();
                    counted.fresh &= !again;
                    told.push(once);
                    let (key, number) = numbers.of(&counted);
                    let mut record = concrete(&lower.record(csa, &books));
                    if let Some(fields) = record.as_object_mut() {
                        fields.insert("cache_key".to_owned(), format!("{key:08x}").into());
                        fields.insert("csa_sequence_number".to_owned(), number.into());
                    }
                    let (from, to) = (server_id(&csa.from), server_id(&csa.to));
                    let group = json!(1);
                    let octets = frames::csu_request(&group, &from, &to, &[record]);
                    (octets, format!("{} to {}", csa.from, csa.to))
                }
                Expected::Mars(mars) => {
                    let octets = frames::write(&concrete(&lower.mars(mars, &books)));
                    (octets, format!("{} to {}", mars.from, mars.to))
                }
                _ => continue,
            };
            if let Ok(octets) = octets {
                captured.push(Captured {
                    at,
                    octets,
                    comment,
                });
            }
        }
    }
    write(&captured)
}
