//! Checking a certificate: every verdict is judged again from the answers in `results.jsonl`, totals are
//! counted again, and every other file is made again and compared.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use super::out;
use super::play::play;
use super::results::{Results, ResultsError, Row, Summary};
use super::run::SUITE_VERSION;
use super::sanity;
use super::suite::{Case, Profile, Suite};
use super::transcript::Recorded;
use super::verdict::{Explained, Verdict};
use crate::cli::corpus;
use crate::requirements::Ledger;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// What is not as it should be; nothing if all is well.
    pub wrong: Vec<String>,
    /// Cases whose verdict was judged again; the sanity case is not counted, as nowhere.
    pub judged: usize,
    /// Traces or judge are not those that the results were judged by, so verdicts could not be judged again.
    pub other_suite: bool,
}

/// Checks the files of a folder.
///
/// # Errors
/// `results.jsonl` cannot be read, or has no end.
pub fn verify(folder: &Path, suite: &Suite, ledger: &Ledger) -> Result<Checked, ResultsError> {
    let (text, results) = Results::load(folder)?;
    let mut checked = Checked {
        other_suite: results.start.suite.digest != suite.digest
            || results.start.suite.version != SUITE_VERSION,
        ..Checked::default()
    };
    if !checked.other_suite {
        complete(&results, suite, &mut checked);
        for row in &results.rows {
            again(row, &results, suite, &mut checked);
        }
    }
    let Results {
        start,
        rows,
        summary,
    } = &results;
    let mut counted = Summary::of(rows, start.strict, summary.interrupted);
    // Nothing in the rows tells a version that was refused from an adapter that could not be started.
    let never_started = rows.iter().all(|row| row.verdict == Verdict::Missing);
    if never_started && [5, 65].contains(&summary.exit) {
        counted.exit = summary.exit;
    }
    if counted != *summary {
        let (said, counted) = (serde_json::json!(summary), serde_json::json!(counted));
        checked.wrong.push(format!(
            "the totals are {counted}, the end line says {said}"
        ));
    }
    for (name, made) in out::files(&results, suite, ledger) {
        let found = match name {
            "results.jsonl" => Ok(text.clone()),
            _ => std::fs::read_to_string(folder.join(name)),
        };
        match found {
            Ok(found) if found == made => {}
            // Charts and titles come from the traces; another version has other words everywhere.
            Ok(_) if checked.other_suite && name == "report.html" => {}
            Ok(_) if start.suite.version != SUITE_VERSION => {}
            Ok(_) => checked
                .wrong
                .push(format!("{name} is not what follows from results.jsonl")),
            Err(error) => checked.wrong.push(format!("{name}: {error}")),
        }
    }
    Ok(checked)
}

/// Every case that was meant has its row, in order, and no other has.
fn complete(results: &Results, suite: &Suite, checked: &mut Checked) {
    let start = &results.start;
    let profile = match start.profile.as_str() {
        "smoke" => Profile::Smoke,
        _ => Profile::Standard,
    };
    let mut meant: Vec<&str> = suite
        .of(profile)
        .into_iter()
        .filter(|case| corpus::meant(&start.globs, &case.trace.area, &case.trace.id))
        .map(|case| case.trace.id.as_str())
        .collect();
    if start.cases != meant.len() {
        checked.wrong.push(format!(
            "the start line says {} cases, the profile has {}",
            start.cases,
            meant.len()
        ));
    }
    let [first, last] = sanity::IDS;
    meant.insert(0, first);
    let found: Vec<&str> = results.rows.iter().map(|row| row.case.as_str()).collect();
    if found.last() == Some(&last) {
        meant.push(last);
    }
    if found != meant {
        let differs = meant.iter().zip(&found).find(|(a, b)| a != b);
        let what = match differs {
            Some((wanted, got)) => format!("{got} stands where {wanted} should"),
            None => format!("{} rows for {} cases", found.len(), meant.len()),
        };
        checked
            .wrong
            .push(format!("the rows are not those of the profile: {what}"));
    }
}

/// Judges one row again.
fn again(row: &Row, results: &Results, suite: &Suite, checked: &mut Checked) {
    let mut wrong = |why: String| checked.wrong.push(format!("case {}: {why}", row.case));
    let sanity = sanity::case(&row.case).filter(|_| row.is_sanity());
    let case = suite.case(&row.case);
    let Some(trace) = sanity.as_ref().or(case.map(|case| &case.trace)) else {
        return wrong("it is not in the suite".to_owned());
    };
    if (&row.area, row.level, &row.requirements) != (&trace.area, trace.level, &trace.requirements)
    {
        wrong("area, level or requirements are not those of the trace".to_owned());
    }
    let unclaimed = |case: &Case| {
        let claims = &results.start.claims;
        case.needs
            .iter()
            .any(|need| !claims.iter().any(|claim| claim == need))
    };
    match row.verdict {
        Verdict::Missing => return,
        Verdict::Unsupported => {
            if !case.is_some_and(unclaimed) {
                wrong("unsupported, and all that it needs is claimed".to_owned());
            }
            return;
        }
        _ if case.is_some_and(unclaimed) => {
            return wrong("it needs what is not claimed, and was judged".to_owned());
        }
        _ => {}
    }
    let mut recorded = Recorded::new(&row.answers);
    let Some(played) = play(trace, &mut recorded, &AtomicBool::new(false)) else {
        return;
    };
    checked.judged += usize::from(!row.is_sanity());
    let mut wrong = |why: String| checked.wrong.push(format!("case {}: {why}", row.case));
    if played.verdict != row.verdict {
        wrong(format!(
            "its answers come to {}, the row says {}",
            played.verdict.as_str(),
            row.verdict.as_str()
        ));
    }
    if !recorded.is_exhausted() {
        wrong("there are more answers than requests".to_owned());
    }
    let shown = |told: &Explained| Explained {
        stderr: Vec::new(),
        command: String::new(),
        shrunk: None,
        ..told.clone()
    };
    let same = played.steps == row.steps
        && played.failure.as_ref().map(shown) == row.failure.as_ref().map(shown)
        && played.choices == row.choices
        && played
            .deviations
            .iter()
            .map(shown)
            .eq(row.deviations.iter().map(shown));
    if !same {
        wrong("steps, failure, deviations or choices are not what its answers come to".to_owned());
    }
}
