//! What `check` prints about a search.

use mars_model::family::Kind;
use serde_json::{Value, json};

use super::super::output::{Ctx, Exit, Paint, with_part};
use super::{Checked, RulesName};

/// The row of a scenario.
pub fn row(checked: &Checked, rules: RulesName, part: Option<&str>) -> Value {
    let Checked {
        scenario, report, ..
    } = checked;
    let properties: Vec<Value> = scenario
        .properties()
        .into_iter()
        .map(|claim| {
            let found = report.discovery(claim.name).is_some();
            let (kind, holds) = match claim.kind {
                Kind::Always => ("always", !found && (report.exhausted() || report.held.contains(&claim.name))),
                Kind::Witness => ("witness", found),
            };
            json!({"name": claim.name, "kind": kind, "holds": holds, "requirements": claim.requirements})
        })
        .collect();
    let actions: serde_json::Map<String, Value> = report
        .action_counts
        .iter()
        .map(|(name, count)| ((*name).to_owned(), json!(count)))
        .collect();
    let row = json!({
        "scenario": scenario.name(), "model": scenario.family(), "rules": rules.as_str(),
        "states": report.states, "unique": report.unique, "depth": report.depth,
        "exhausted": report.exhausted(), "seconds": report.seconds, "states_per_second": report.rate(),
        "bytes_per_state": report.bytes_per_state, "properties": properties,
        "actions": actions, "collision_probability": report.collision_probability(),
        "problems": checked.wrong, "engine": "kernel", "threads": report.threads, "seed": report.seed,
        "exact": report.exact, "stopped_by": report.stopped_by.as_str(), "unexpanded": report.unexpanded,
        "levels": report.levels, "peak_bytes": report.peak_octets, "visited_bytes": report.visited_octets,
    });
    with_part(row, part)
}

/// The table's head.
pub fn head(ctx: &Ctx) {
    ctx.say(format_args!(
        "{:<28} {:>10} {:>11} {:>5} {:>7} {:>9} {:>8} {:>10}",
        "scenario",
        "unique",
        "transitions",
        "depth",
        "seconds",
        "states/s",
        "B/state",
        "properties"
    ));
}

/// A line of the table, and what is wrong below it.
pub fn line(checked: &Checked, rules: RulesName, ctx: &Ctx) {
    let Checked {
        scenario,
        report,
        wrong,
        ..
    } = checked;
    let all = scenario.properties().len();
    let good = all - report.violations().count() - report.missing_witnesses.len();
    ctx.say(format_args!(
        "{:<28} {:>10} {:>11} {:>5} {:>7.1} {:>9.0} {:>8.0} {:>10} {}",
        scenario.name(),
        report.unique,
        report.states,
        report.depth,
        report.seconds,
        report.rate(),
        report.bytes_per_state,
        format!("{good}/{all}"),
        match checked.exit {
            Exit::Ok => ctx.paint(Paint::Green, "exhausted, all hold"),
            Exit::Incomplete => ctx.paint(Paint::Yellow, "stopped, nothing wrong so far"),
            _ => ctx.paint(Paint::Red, "WRONG"),
        },
    ));
    for why in wrong {
        ctx.say(format_args!("    {why}"));
    }
    for violation in report.violations() {
        ctx.say(format_args!("    {}:", violation.property));
        let chart = crate::report::of_path::chart(
            *scenario,
            &violation.path,
            violation.property.to_owned(),
            rules.choice(),
        );
        for line in chart.text().lines().skip(1) {
            ctx.say(format_args!("      {line}"));
        }
    }
}

/// How far the visited set is to be trusted, in a sentence.
pub(super) fn honesty(checked: &[Checked], ctx: &Ctx) {
    let Some(seed) = checked
        .iter()
        .find(|one| !one.report.exact)
        .map(|one| one.report.seed)
    else {
        return;
    };
    let chance: f64 = checked
        .iter()
        .map(|one| one.report.collision_probability())
        .sum();
    ctx.say(format_args!(
        "64-bit fingerprints, seed {seed}: the chance that two states were taken for one is about {chance:.0e}; \
         --seed {} searches with another hash",
        seed.wrapping_add(1)
    ));
}
