//! What `certify` prints of its cases for people: one account for all that fail alike, counts of the rest.

use std::collections::BTreeMap;

use crate::certify::account::lines;
use crate::certify::groups::{Group, groups, told, unclaimed};
use crate::certify::results::Row;
use crate::certify::verdict::Verdict;
use crate::cli::output::{Ctx, Paint};

/// Cases of a group that are named without `--verbose`.
const NAMED: usize = 6;

/// Prints every case by itself, those that pass too.
pub(super) fn every_case(rows: &[Row], ctx: &Ctx) {
    for row in rows.iter().filter(|row| row.verdict != Verdict::Missing) {
        case(row, ctx);
        account(row, ctx);
    }
}

/// Prints what does not pass in groups, and counts of what does.
pub(super) fn in_groups(rows: &[Row], ctx: &Ctx) {
    let counted: Vec<&Row> = rows.iter().filter(|row| !row.is_sanity()).collect();
    let passed = |row: &&&Row| row.verdict == Verdict::Pass;
    let areas = per_area(counted.iter().filter(passed).copied());
    if !areas.is_empty() {
        let word = word(Verdict::Pass, ctx);
        let total: usize = areas.values().sum();
        let each: Vec<String> = areas
            .iter()
            .map(|(area, n)| format!("{area} {n}"))
            .collect();
        ctx.say(format_args!("{word} {total}: {}", each.join(", ")));
    }
    let unsupported = |row: &&&Row| row.verdict == Verdict::Unsupported;
    let count = counted.iter().filter(unsupported).count();
    if count > 0 {
        let word = word(Verdict::Unsupported, ctx);
        ctx.say(format_args!(
            "{word} {count}: they need claims that are not made"
        ));
        for (claim, (all, more)) in unclaimed(rows) {
            let more = match more {
                0 => String::new(),
                more => format!(", {more} of them another such claim too"),
            };
            ctx.say(format_args!("  {claim:<15} {all}{more}"));
        }
    }
    for one in groups(rows) {
        group(&one, ctx);
    }
}

/// The first of a group in full, then the names of the others.
fn group(group: &Group<'_>, ctx: &Ctx) {
    let [first, others @ ..] = group.rows.as_slice() else {
        return;
    };
    if others.is_empty() {
        case(first, ctx);
    } else {
        let (word, count) = (word(group.verdict, ctx), group.rows.len());
        ctx.say(format_args!("{word} {count} cases: {}", group.title));
        ctx.say(format_args!("  {}/{}", first.area, first.case));
    }
    account(first, ctx);
    if !others.is_empty() {
        let named: Vec<&str> = others
            .iter()
            .take(NAMED)
            .map(|row| row.case.as_str())
            .collect();
        let more = if others.len() > NAMED { ", .." } else { "" };
        ctx.say(format_args!(
            "  and {} more like it: {}{more}",
            others.len(),
            named.join(", ")
        ));
    }
}

fn per_area<'r>(rows: impl Iterator<Item = &'r Row>) -> BTreeMap<&'r str, usize> {
    let mut areas = BTreeMap::new();
    for row in rows {
        *areas.entry(row.area.as_str()).or_default() += 1;
    }
    areas
}

fn word(verdict: Verdict, ctx: &Ctx) -> String {
    let paint = match verdict {
        Verdict::Pass => Paint::Green,
        Verdict::Fail | Verdict::Error | Verdict::Drift => Paint::Red,
        _ => Paint::Yellow,
    };
    ctx.paint(paint, verdict.as_str())
}

/// A case by its name.
fn case(row: &Row, ctx: &Ctx) {
    let why = match row.why.as_str() {
        "" => String::new(),
        why => format!(": {why}"),
    };
    let word = word(row.verdict, ctx);
    ctx.say(format_args!("{word} {}/{}{why}", row.area, row.case));
}

/// What is wrong with a case.
fn account(row: &Row, ctx: &Ctx) {
    for line in told(row).flat_map(lines) {
        ctx.say(format_args!("  {line}"));
    }
}
