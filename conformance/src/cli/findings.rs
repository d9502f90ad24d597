//! `findings`: the defects of the RFCs that the model found, re-derived.

use std::path::PathBuf;

use mars_model::findings::{Derived, Finding, Mixed, derive, findings, mixed};
use serde_json::{Value, json};

use super::output::{Ctx, Exit, Paint, with_part};
use crate::report::chart::Chart;
use crate::report::defects::{Defect, harmful, save, verdict};
use crate::report::of_path;

/// Arguments of `findings`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  mars-conformance findings
  mars-conformance findings A08
  mars-conformance findings --report target/findings

Each finding is the resolved protocol with exactly one sentence read to the letter: on the named scenario the named
property then fails, with a shortest trace, and holds without it. Exit code 6 when one can no longer be derived.")]
pub struct Args {
    /// One finding, by its id; all if none is named
    pub id: Option<String>,
    /// Writes pages for people: index.md and index.html, and of each finding a chart (SVG) and a capture (pcapng)
    #[arg(long, value_name = "DIR")]
    pub report: Option<PathBuf>,
}

/// The chart of a finding's counterexample, with the messages that the reading causes.
#[must_use]
pub fn finding_chart(finding: &Finding, derived: &Derived) -> Option<Chart> {
    let (path, case) = (derived.path.as_ref()?, finding.in_scenario()?);
    let title = format!(
        "  {}: shortest way into it, {} steps:",
        finding.id, derived.trace_length
    );
    Some(of_path::chart(case, path, title, finding.choice()))
}

/// What the three-way table says of one kind of group, in its colour.
fn word(holds: Option<bool>, ctx: &Ctx) -> String {
    let paint = match holds {
        Some(true) => Paint::Green,
        Some(false) => Paint::Red,
        None => Paint::Yellow,
    };
    ctx.paint(paint, verdict(holds))
}

/// The three-way table of all findings that have one.
fn table(rows: &[Defect], ctx: &Ctx) {
    ctx.say("Groups of servers that read the sentence to the letter (literal) and of ours, by finding:\n");
    ctx.say(format_args!(
        "{:<5} {:<26} {:<16} {:<13} {:<10} literal servers that do harm",
        "id", "property", "literal/literal", "ours/literal", "ours/ours"
    ));
    for Defect { finding, mixed, .. } in rows {
        let Some(mixed) = mixed else {
            ctx.say(format_args!(
                "{:<5} {:<26} no servers that could differ, or one server's own affair",
                finding.id, finding.property
            ));
            continue;
        };
        // Colours have no width.
        let cell = |holds: Option<bool>, width: usize| {
            let pad = " ".repeat(width.saturating_sub(verdict(holds).len()));
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
            "ours_ours": mixed.ours_ours, "harmful": harmful(mixed),
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
    let meant: Vec<&'static Finding> = findings()
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
        rows.push(Defect {
            finding,
            derived,
            mixed,
        });
    }
    table(&rows, ctx);
    if let Some(folder) = &args.report {
        match save(folder, &rows) {
            Ok(file) => ctx.log(format_args!("report: {}", file.display())),
            Err(error) => {
                ctx.error(format_args!("{}: {error}", folder.display()));
                all = all.combine(Exit::Internal);
            }
        }
    }
    all
}
