//! `findings`: the defects of the RFCs that the model found, re-derived.

use mars_model::explore::Path;
use mars_model::findings::{Derived, Finding, Mixed, derive, findings, mixed};
use mars_model::reading::Choice;
use mars_model::registry::{Act, Case, Told};
use mars_model::rules::Rules;
use mars_model::scenario::Scenario;
use mars_model::server_group::Action;
use serde_json::{Value, json};

use super::output::{Ctx, Exit, Paint, with_part};
use crate::generate::convert;
use crate::report::chart::{Chart, Line, act_words};

/// Arguments of `findings`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  mars-conformance findings
  mars-conformance findings A08

Each finding is the resolved protocol with exactly one sentence read to the letter: on the named scenario the named
property then fails, with a shortest trace, and holds without it. Exit code 6 when one can no longer be derived.")]
pub struct Args {
    /// One finding, by its id; all if none is named
    pub id: Option<String>,
}

/// The chart of a path, with the messages that are sent on it under the rules that it was found with. Paths of families
/// other than the server group are lists of what happens.
#[must_use]
pub fn chart(case: &dyn Case, path: &Path<Told>, title: String, rules: Choice) -> Chart {
    let acts = path.actions();
    let group: Option<Vec<Action>> = acts.iter().map(Act::group).collect();
    let scenario = mars_model::scenario::by_name(case.name());
    let scenario = scenario.or_else(|| {
        let only = &mars_model::server_group::liveness::HAND_OVER;
        (only.name == case.name()).then_some(only)
    });
    if let (Some(actions), Some(scenario)) = (group, scenario) {
        return group_chart(scenario, &actions, title, rules);
    }
    let words = acts.iter().map(|act| match act {
        Act::Group(action) => format!("{action:?}"),
        Act::Words(words) => words.clone(),
    });
    let numbered = words.enumerate();
    Chart {
        title,
        participants: Vec::new(),
        lines: numbered
            .map(|(position, words)| Line::Event(format!("{}. {words}", position + 1)))
            .collect(),
    }
}

/// The chart of a path through the server group.
fn group_chart(scenario: &Scenario, actions: &[Action], title: String, rules: Choice) -> Chart {
    let model = scenario.model(rules.readers::<Rules>());
    let topology = convert::topology(scenario);
    let servers = convert::servers(scenario)
        .into_iter()
        .map(|server| server.name);
    let participants = topology.clients.into_keys().chain(servers).collect();
    let mut chart = Chart {
        title,
        participants,
        lines: Vec::new(),
    };
    let recorded = mars_model::trace::record(&model, actions);
    for (position, action) in actions.iter().enumerate() {
        let observations = recorded
            .as_ref()
            .and_then(|steps| steps.get(position))
            .map(|step| &step.observations);
        let home = observations
            .and_then(|seen| seen.first())
            .map(convert::speaker);
        let words = convert::act(*action, home)
            .map_or_else(|| format!("{action:?}"), |act| act_words(&act));
        chart
            .lines
            .push(Line::Event(format!("{}. {words}", position + 1)));
        for observation in observations.into_iter().flatten() {
            chart.output(&convert::expected(observation));
        }
    }
    chart
}

/// The chart of a finding's counterexample, with the messages that the reading causes.
#[must_use]
pub fn finding_chart(finding: &Finding, derived: &Derived) -> Option<Chart> {
    let (path, case) = (derived.path.as_ref()?, finding.in_scenario()?);
    let title = format!(
        "  {}: shortest way into it, {} steps:",
        finding.id, derived.trace_length
    );
    Some(chart(case, path, title, finding.choice()))
}

/// The servers of a set, by the names that charts have for them.
fn servers(set: u8) -> Vec<String> {
    (0..8u8)
        .filter(|server| set & (1 << server) != 0)
        .map(|server| format!("s{}", server + 1))
        .collect()
}

/// What a three-way table says of one kind of group.
fn word(holds: Option<bool>, ctx: &Ctx) -> String {
    match holds {
        Some(true) => ctx.paint(Paint::Green, "holds"),
        Some(false) => ctx.paint(Paint::Red, "fails"),
        None => ctx.paint(Paint::Yellow, "open"),
    }
}

/// Who has to read a finding's sentence to the letter for harm to be done.
pub(crate) fn harmful(mixed: &Mixed) -> String {
    let groups: Vec<String> = mixed
        .harmful
        .iter()
        .map(|odd| servers(*odd).join("+"))
        .collect();
    match groups.as_slice() {
        [] => "nobody".to_owned(),
        groups => groups.join(", "),
    }
}

/// The three-way table of all findings that have one.
fn table(rows: &[(&Finding, Option<Mixed>)], ctx: &Ctx) {
    ctx.say("Groups of servers that read the sentence to the letter (literal) and of ours, by finding:\n");
    ctx.say(format_args!(
        "{:<5} {:<26} {:<16} {:<13} {:<10} literal servers that do harm",
        "id", "property", "literal/literal", "ours/literal", "ours/ours"
    ));
    for (finding, mixed) in rows {
        let Some(mixed) = mixed else {
            ctx.say(format_args!(
                "{:<5} {:<26} no servers that could differ, or one server's own affair",
                finding.id, finding.property
            ));
            continue;
        };
        // Colours have no width.
        let cell = |holds: Option<bool>, width: usize| {
            let length = if holds.is_none() { 4 } else { 5 };
            let pad = " ".repeat(width.saturating_sub(length));
            format!("{}{pad}", word(holds, ctx))
        };
        ctx.say(format_args!(
            "{:<5} {:<26} {} {} {} {}",
            finding.id,
            finding.property,
            cell(mixed.literal_literal, 16),
            cell(mixed.ours_literal, 13),
            cell(mixed.ours_ours, 10),
            harmful(mixed)
        ));
    }
}

/// The row of a finding.
#[must_use]
pub fn row(
    finding: &Finding,
    derived: &Derived,
    mixed: Option<&Mixed>,
    part: Option<&str>,
) -> Value {
    let (field, value) = finding.rules_field;
    let mixed = mixed.map(|mixed| {
        json!({
            "literal_literal": mixed.literal_literal, "ours_literal": mixed.ours_literal,
            "ours_ours": mixed.ours_ours, "harmful": mixed.harmful.iter().map(|odd| servers(*odd)).collect::<Vec<_>>(),
        })
    });
    let row = json!({
        "id": finding.id, "title": finding.title, "rules": {field: value}, "scenario": finding.scenario,
        "property": finding.property, "holds_under_resolved": derived.holds_under_resolved,
        "trace_length": derived.trace_length, "sections": finding.sections, "mixed": mixed,
        "fails": derived.path.is_some(),
    });
    with_part(row, part)
}

/// How a derivation ends.
#[must_use]
pub fn exit(derived: &Derived) -> Exit {
    match derived.holds_under_resolved {
        _ if derived.stands() => Exit::Ok,
        None => Exit::Incomplete,
        // A finding that is none any more: the suite says something false.
        Some(_) => Exit::SuiteBroken,
    }
}

/// The page of a finding.
fn page(finding: &Finding, derived: &Derived, mixed: Option<&Mixed>, ctx: &Ctx) {
    let (field, value) = finding.rules_field;
    ctx.say(format_args!(
        "{} {}",
        ctx.paint(Paint::Yellow, finding.id),
        finding.title
    ));
    ctx.say(format_args!(
        "  text:        {}",
        finding.sections.join("; ")
    ));
    ctx.say(format_args!(
        "  reading:     {field} = {value}, all else resolved; scenario {}",
        finding.scenario
    ));
    ctx.say(format_args!("  breaks:      {}", finding.property));
    ctx.say(format_args!("  consequence: {}", finding.consequence));
    ctx.say(format_args!("  resolution:  {}", finding.resolution));
    let holds = match derived.holds_under_resolved {
        Some(true) => "holds in every reachable state",
        Some(false) => "FAILS as well",
        None => "not decided (interrupted)",
    };
    ctx.say(format_args!("  resolved:    {} {holds}", finding.property));
    if let Some(mixed) = mixed {
        ctx.say(format_args!(
            "  mixed group: {} {}; literal servers that do harm: {}",
            finding.property,
            word(mixed.ours_literal, ctx),
            harmful(mixed)
        ));
    }
    match finding_chart(finding, derived) {
        Some(chart) => ctx.say(chart.text().trim_end().replace('\n', "\n    ")),
        None => ctx.say("  NO LONGER DERIVED: the property does not fail"),
    }
    ctx.say("");
}

/// Runs the command.
pub fn run(args: &Args, ctx: &Ctx) -> Exit {
    let meant: Vec<&Finding> = findings()
        .filter(|finding| args.id.as_deref().is_none_or(|id| id == finding.id))
        .collect();
    if meant.is_empty() {
        let known: Vec<&str> = findings().map(|finding| finding.id).collect();
        ctx.error(format_args!(
            "there is no such finding; there are: {}",
            known.join(", ")
        ));
        return Exit::Usage;
    }
    let mut all = Exit::Ok;
    let mut rows = Vec::new();
    for finding in meant {
        if ctx.stopped() {
            all = all.combine(Exit::Incomplete);
            break;
        }
        ctx.log(format_args!(
            "{}: searching {} with all, some and none of its servers reading it so",
            finding.id, finding.scenario
        ));
        let derived = derive(finding, ctx.stop);
        let mixed = mixed(finding, &derived, ctx.stop);
        ctx.row(&row(finding, &derived, mixed.as_ref(), None));
        page(finding, &derived, mixed.as_ref(), ctx);
        all = all.combine(exit(&derived));
        if mixed
            .as_ref()
            .is_some_and(|mixed| mixed.ours_literal.is_none())
        {
            all = all.combine(Exit::Incomplete);
        }
        rows.push((finding, mixed));
    }
    table(&rows, ctx);
    all
}
