//! `coverage`: the requirement ledger, and who honours it.

use serde_json::json;

use super::corpus;
use super::output::{Ctx, Exit};
use crate::requirements::{Kind, coverage};

/// Arguments of `coverage`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  mars-conformance coverage                 totals for each RFC
  mars-conformance coverage --uncited       the ids that nothing names yet
  mars-conformance coverage --excused       what is not tested on purpose, and why
  mars-conformance coverage --kind wire     the rules about octets alone
  mars-conformance coverage --format json   a row for each requirement

cited: code, a test, a mutant or a trace names the id; exercised: a test or a trace does; discriminated: a declared
mutant breaks it (`mutants` shows that each mutant is killed).")]
pub struct Args {
    /// Lists the ids that nothing cites yet
    #[arg(long)]
    pub uncited: bool,
    /// Lists the ids that no test and no trace names yet
    #[arg(long)]
    pub unexercised: bool,
    /// Lists the ids that no declared mutant breaks yet
    #[arg(long)]
    pub undiscriminated: bool,
    /// Lists the ids that the ledger excuses from being tested, with the reason
    #[arg(long)]
    pub excused: bool,
    /// Only rules of this kind
    #[arg(long, value_parser = Kind::ALL.map(Kind::as_str))]
    pub kind: Option<String>,
}

/// Runs the command.
pub fn run(args: &Args, ctx: &Ctx) -> Exit {
    let folder = corpus::folder();
    let root = folder.parent().unwrap_or(&folder);
    let mut rows = match coverage(root) {
        Ok(rows) => rows,
        Err(error) => {
            ctx.error(format_args!("{}: {error}", root.display()));
            return Exit::Internal;
        }
    };
    if let Some(kind) = &args.kind {
        rows.retain(|row| row.kind == kind);
    }
    for row in &rows {
        ctx.row(row);
        let listed = args.uncited && !row.cited
            || args.unexercised && !row.exercised
            || args.undiscriminated && !row.discriminated;
        match &row.excuse {
            Some(excuse) if listed || args.excused => {
                ctx.say(format_args!("{}  excused: {excuse}", row.requirement));
            }
            None if listed => ctx.say(&row.requirement),
            _ => {}
        }
    }
    ctx.say(format_args!(
        "{:<10} {:>6} {:>8} {:>10} {:>8} {:>14}",
        "RFC", "all", "cited", "exercised", "excused", "discriminated"
    ));
    let mut summary = serde_json::Map::new();
    for rfc in ["R2443-", "R2334-", "R2022-"] {
        let of = rows.iter().filter(|row| row.requirement.starts_with(rfc));
        let (mut all, mut cited, mut exercised, mut excused, mut discriminated) = (0, 0, 0, 0, 0);
        for row in of {
            all += 1;
            cited += usize::from(row.cited);
            exercised += usize::from(row.exercised);
            excused += usize::from(row.excuse.is_some());
            discriminated += usize::from(row.discriminated);
        }
        let name = rfc.trim_matches(|c: char| !c.is_ascii_digit());
        ctx.say(format_args!(
            "{name:<10} {all:>6} {cited:>8} {exercised:>10} {excused:>8} {discriminated:>14}"
        ));
        let counts = json!({
            "all": all, "cited": cited, "exercised": exercised, "excused": excused, "discriminated": discriminated,
        });
        summary.insert(format!("rfc{name}"), counts);
    }
    ctx.row(&json!({"summary": summary}));
    Exit::Ok
}
