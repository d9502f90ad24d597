//! `verify`: the main job. Models, golden traces, wire vectors, findings; one table at the end.

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::time::Instant;

use mars_model::findings::{Finding, derive, findings, resolved};
use serde_json::json;

use super::Profile;
use super::check::{self, Checked, RulesName, check_all, of_profile};
use super::output::{Ctx, Exit, Paint, with_part};
use super::replay::{load_meant, play_all};
use super::wire::vectors;
use super::{corpus, findings as pages};
use crate::report::defects::Defect;
use crate::report::html;

/// Arguments of `verify`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  mars-conformance verify
  mars-conformance verify --profile quick --format json
  mars-conformance verify --report target/report

Exit codes: 0 all hold; 1 a property, trace or vector failed; 2 stopped before the end; 6 a witness or a finding is
missing, so that the suite itself is not to be trusted; 130 interrupted, with what was known so far.")]
pub struct Args {
    /// How much work it may be
    #[arg(long, value_enum, default_value_t)]
    pub profile: Profile,
    /// Also writes report.html there
    #[arg(long, value_name = "DIR")]
    pub report: Option<PathBuf>,
}

/// One part of the table.
struct Part {
    name: &'static str,
    done: String,
    seconds: f64,
    exit: Exit,
}

/// Derives a finding, without searching again what `checked` has exhausted already.
fn rederive(finding: &'static Finding, checked: &[Checked], ctx: &Ctx) -> Defect {
    let searched = checked
        .iter()
        .find(|one| one.scenario.name() == finding.scenario);
    let threads = check::threads(None);
    let held = searched
        .filter(|one| one.report.exhausted())
        .map(|one| one.report.discovery(finding.property).is_none())
        .or_else(|| resolved(finding, threads, ctx.stop));
    Defect {
        finding,
        derived: derive(finding, held, threads, ctx.stop),
        mixed: None,
    }
}

/// The models.
fn models(profile: Profile, ctx: &Ctx) -> (Part, Vec<Checked>) {
    let started = Instant::now();
    let scenarios = of_profile(profile);
    let options = check::Limits::default().options(check::threads(None));
    let checked = check_all(
        &scenarios,
        RulesName::Resolved,
        &options,
        Some("check"),
        ctx,
    );
    let unique: u64 = checked.iter().map(|one| one.report.unique).sum();
    let properties: usize = checked
        .iter()
        .map(|one| one.scenario.properties().len())
        .sum();
    let part = Part {
        name: "models",
        done: format!(
            "{} scenarios exhausted, {unique} states, {properties} properties",
            checked.iter().filter(|one| one.report.exhausted()).count()
        ),
        seconds: started.elapsed().as_secs_f64(),
        exit: checked.iter().map(|one| one.exit).collect(),
    };
    (part, checked)
}

/// The golden traces.
fn traces(ctx: &Ctx) -> Part {
    let (traces, wrong) = load_meant(&[], ctx);
    let empty = if traces.is_empty() {
        Exit::Incomplete
    } else {
        Exit::Ok
    };
    let (exit, counts) = play_all(&traces, Some("replay"), ctx);
    Part {
        name: "traces",
        done: format!(
            "{} of {} pass, {} steps",
            counts.pass,
            traces.len(),
            counts.steps
        ),
        seconds: counts.seconds,
        exit: exit.combine(wrong).combine(empty),
    }
}

/// The wire vectors.
fn wire(ctx: &Ctx) -> Part {
    let started = Instant::now();
    let (done, exit) = match vectors::check(&corpus::folder().join("wire")) {
        Ok((rows, _)) => {
            let failed = rows.iter().filter(|row| !row.passes());
            for row in failed.clone() {
                let why = row.failure.as_deref().unwrap_or_default();
                ctx.say(format_args!(
                    "{} vector {}: {why}",
                    ctx.paint(Paint::Red, "fail"),
                    row.case
                ));
            }
            for row in &rows {
                ctx.row(&with_part(json!(row), Some("wire")));
            }
            let wrong = failed.count();
            let exit = match (rows.len(), wrong) {
                (0, _) => Exit::Incomplete,
                (_, 0) => Exit::Ok,
                _ => Exit::Failed,
            };
            (
                format!("{} of {} pass", rows.len() - wrong, rows.len()),
                exit,
            )
        }
        Err(error) => {
            ctx.error(&error);
            ("the vectors cannot be read".to_owned(), Exit::Usage)
        }
    };
    Part {
        name: "wire vectors",
        done,
        seconds: started.elapsed().as_secs_f64(),
        exit,
    }
}

/// The findings on the scenarios of the profile.
fn defects(checked: &[Checked], ctx: &Ctx) -> (Part, Vec<Defect>) {
    let started = Instant::now();
    let mut exit = Exit::Ok;
    let mut derived = Vec::new();
    let meant: Vec<&'static Finding> = findings()
        .filter(|finding| {
            checked
                .iter()
                .any(|one| one.scenario.name() == finding.scenario)
        })
        .collect();
    let mut progress = ctx.progress("findings", u64::try_from(meant.len()).ok());
    for (position, finding) in meant.iter().enumerate() {
        if ctx.stopped() {
            exit = exit.combine(Exit::Incomplete);
            break;
        }
        let one = rederive(finding, checked, ctx);
        ctx.row(&pages::row(&one, Some("findings")));
        exit = exit.combine(pages::exit(&one));
        derived.push(one);
        progress.set(u64::try_from(position + 1).unwrap_or(u64::MAX), finding.id);
    }
    progress.finish();
    for Defect {
        finding, derived, ..
    } in &derived
    {
        let word = if derived.stands() {
            ctx.paint(Paint::Green, "stands")
        } else {
            ctx.paint(Paint::Red, "GONE")
        };
        ctx.say(format_args!(
            "{:<4} {word}: {} ({} = {}: {} fails after {} steps)",
            finding.id,
            finding.title,
            finding.rules_field.0,
            finding.rules_field.1,
            finding.property,
            derived.trace_length()
        ));
    }
    let part = Part {
        name: "findings",
        done: format!(
            "{} of {} re-derived",
            derived.iter().filter(|one| one.derived.stands()).count(),
            meant.len()
        ),
        seconds: started.elapsed().as_secs_f64(),
        exit,
    };
    (part, derived)
}

/// Writes the report to a temporary name first.
fn write_report(folder: &Path, text: &str) -> std::io::Result<PathBuf> {
    std::fs::create_dir_all(folder)?;
    let file = folder.join("report.html");
    let temporary = folder.join("report.html.new");
    std::fs::write(&temporary, text)?;
    std::fs::rename(&temporary, &file)?;
    Ok(file)
}

/// Runs the command.
pub fn run(args: &Args, ctx: &Ctx) -> Exit {
    let started = Instant::now();
    let (models, checked) = models(args.profile, ctx);
    ctx.say("");
    let (findings, derived) = defects(&checked, ctx);
    ctx.say("");
    let parts = [models, traces(ctx), wire(ctx), findings];
    let mut exit: Exit = parts.iter().map(|part| part.exit).collect();
    let seconds = started.elapsed().as_secs_f64();
    if let Some(folder) = &args.report {
        let rows: Vec<(&str, &str, bool)> = parts
            .iter()
            .map(|part| (part.name, part.done.as_str(), part.exit == Exit::Ok))
            .collect();
        match write_report(folder, &html::page(&rows, &checked, &derived)) {
            Ok(file) => ctx.log(format_args!("report: {}", file.display())),
            Err(error) => {
                ctx.error(format_args!("{}: {error}", folder.display()));
                exit = exit.combine(Exit::Internal);
            }
        }
    }
    for part in &parts {
        table(ctx, part.name, &part.done, part.seconds, part.exit);
    }
    table(
        ctx,
        "verify",
        format_args!("profile {:?}", args.profile)
            .to_string()
            .to_lowercase(),
        seconds,
        exit,
    );
    let parts: serde_json::Map<String, serde_json::Value> = parts
        .iter()
        .map(|part| {
            (
                part.name.to_owned(),
                json!({"done": part.done, "seconds": part.seconds, "exit": part.exit.code()}),
            )
        })
        .collect();
    ctx.row(&json!({"summary": {"parts": parts, "seconds": seconds, "exit": exit.code()}}));
    exit
}

/// One line of the table.
fn table(ctx: &Ctx, name: &str, done: impl Display, seconds: f64, exit: Exit) {
    let word = match exit {
        Exit::Ok => ctx.paint(Paint::Green, "ok"),
        other => ctx.paint(Paint::Red, &format!("NOT OK ({})", other.code())),
    };
    ctx.say(format_args!(
        "{name:<14} {done:<58} {seconds:>7.1} s  {word}"
    ));
}
