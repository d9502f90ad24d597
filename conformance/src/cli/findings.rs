//! `findings`: the defects of the RFCs that the model found, re-derived.

use std::collections::BTreeMap;
use std::path::PathBuf;

use mars_model::findings::{Finding, derive, findings, mixed, resolved};
use serde_json::{Value, json};

use super::output::{Ctx, Exit, Paint, with_part};
use crate::report::defects::{Defect, harmful, save, verdict};

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
    for Defect {
        finding,
        derived,
        mixed,
    } in rows
    {
        let Some(mixed) = mixed else {
            ctx.say(format_args!(
                "{:<5} {:<26} one server: there is no other that could differ",
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
            cell(derived.holds_under_literal, 16),
            cell(mixed.holds, 13),
            cell(derived.holds_under_resolved, 10),
            harmful(mixed)
        ));
    }
}

/// The row of a finding.
#[must_use]
pub fn row(defect: &Defect, part: Option<&str>) -> Value {
    let Defect {
        finding,
        derived,
        mixed,
    } = defect;
    let (field, value) = finding.rules_field;
    let mixed = mixed.as_ref().map(|mixed| {
        json!({
            "literal_literal": derived.holds_under_literal, "ours_literal": mixed.holds,
            "ours_ours": derived.holds_under_resolved, "harmful": harmful(mixed),
        })
    });
    let row = json!({
        "id": finding.id, "title": finding.title, "rules": {field: value}, "scenario": finding.scenario,
        "property": finding.property, "holds_under_resolved": derived.holds_under_resolved,
        "trace_length": derived.trace_length(), "sections": finding.sections, "mixed": mixed,
        "fails": derived.path.is_some(),
    });
    with_part(row, part)
}

/// How a derivation ends.
#[must_use]
pub fn exit(defect: &Defect) -> Exit {
    let undecided = matches!(&defect.mixed, Some(mixed) if mixed.holds.is_none());
    let open = if undecided {
        Exit::Incomplete
    } else {
        Exit::Ok
    };
    match defect.derived.holds_under_resolved {
        _ if defect.derived.stands() => open,
        None => Exit::Incomplete,
        // A finding that is none any more: the suite says something false.
        Some(_) => Exit::SuiteBroken,
    }
}

/// The page of a finding.
fn page(defect: &Defect, ctx: &Ctx) {
    let finding = defect.finding;
    ctx.say(format_args!(
        "{} {}",
        ctx.paint(Paint::Yellow, finding.id),
        finding.title
    ));
    let sections = finding.sections.join("; ");
    for (head, words) in [
        ("text:", sections.as_str()),
        ("reading:", &defect.reading()),
        ("breaks:", &defect.breaks()),
        ("consequence:", finding.consequence),
        ("resolution:", finding.resolution),
    ] {
        ctx.say(format_args!("  {head:<12} {words}"));
    }
    if let Some(mixed) = &defect.mixed {
        ctx.say(format_args!(
            "  mixed group: {} {}; literal servers that do harm: {}",
            finding.property,
            word(mixed.holds, ctx),
            harmful(mixed)
        ));
    }
    match defect.chart() {
        Some(chart) => ctx.say(format_args!(
            "  {}",
            chart.text().trim_end().replace('\n', "\n    ")
        )),
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
    let (mut rows, mut held) = (Vec::new(), BTreeMap::new());
    let threads = super::check::threads(None);
    for finding in meant {
        if ctx.stopped() {
            all = all.combine(Exit::Incomplete);
            break;
        }
        ctx.log(format_args!(
            "{}: searching {} with all, some and none of its servers reading it so",
            finding.id, finding.scenario
        ));
        // Findings of one scenario ask the same of the resolved rules: it is exhausted once.
        let known = *held
            .entry((finding.scenario, finding.property))
            .or_insert_with(|| resolved(finding, threads, ctx.stop));
        let defect = Defect {
            finding,
            derived: derive(finding, known, threads, ctx.stop),
            mixed: mixed(finding, threads, ctx.stop),
        };
        ctx.row(&row(&defect, None));
        page(&defect, ctx);
        all = all.combine(exit(&defect));
        rows.push(defect);
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
