//! `certificate.json`: what a run says of each requirement, with numerator and denominator, what was
//! chosen where the RFC leaves a choice, and what was not covered and why.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::results::{Results, Row, SuiteId};
use super::verdict::Verdict;
use crate::cli::output::Exit;
use crate::frames;
use crate::requirements::{Actor, Kind, Ledger, Requirement};
use crate::trace::Level;

/// The only format this version writes.
pub const FORMAT: &str = "mars-certificate/1";

/// The certificate.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Certificate {
    /// [`FORMAT`].
    pub format: &'static str,
    /// In one word.
    pub result: &'static str,
    /// In one sentence.
    pub says: String,
    /// Exit code of the run.
    pub exit: u8,
    /// Which suite.
    pub suite: SuiteId,
    /// SHA-256 of `results.jsonl`, in hex.
    pub results_sha256: String,
    /// How the implementation was reached.
    pub target: String,
    /// What it says it is.
    pub implementation: Value,
    /// What it claims.
    pub claims: Vec<String>,
    /// `smoke` or `standard`.
    pub profile: String,
    /// Globs that narrowed it.
    #[serde(rename = "case")]
    pub globs: Vec<String>,
    /// The seed of every `reset`.
    pub seed: u64,
    /// Cases of each verdict: numerator, and `of`, the denominator.
    pub cases: BTreeMap<String, Part>,
    /// The same for each area.
    pub areas: BTreeMap<String, BTreeMap<String, Part>>,
    /// Requirements of each outcome, for each RFC; the denominator is all of that RFC's that bind a
    /// server and that a black box shows.
    pub rfcs: BTreeMap<String, BTreeMap<String, Part>>,
    /// Every requirement of the ledger.
    pub requirements: Vec<Judged>,
    /// What was chosen where the RFC leaves a choice.
    pub choices: Vec<Chosen>,
    /// What was not covered, and why.
    pub not_covered: Vec<Gap>,
}

/// Some of many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Some.
    pub n: usize,
    /// Of so many.
    pub of: usize,
}

/// What a run says of one requirement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Every case about it that was played passed.
    Pass,
    /// A deviation from a SHOULD.
    Nonstrict,
    /// Some case demanded it in vain.
    Fail,
    /// Some cases about it passed, others did not come to their end.
    Partly,
    /// No case about it came to its end.
    Inconclusive,
    /// No case about it was run.
    Missing,
    /// It belongs to something claimed that is not supported.
    Drift,
    /// It belongs to something that is not claimed.
    Unsupported,
    /// The adapter broke in the cases about it.
    Error,
    /// The ledger excuses it.
    Excused,
    /// What a black box may judge, but no case of the suite or of the profile is about it.
    Untested,
    /// It binds a client or an MCS, or is about configuration.
    NotOfAServer,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 12] = [
        Self::Pass,
        Self::Nonstrict,
        Self::Fail,
        Self::Partly,
        Self::Inconclusive,
        Self::Missing,
        Self::Drift,
        Self::Unsupported,
        Self::Error,
        Self::Excused,
        Self::Untested,
        Self::NotOfAServer,
    ];

    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Nonstrict => "nonstrict",
            Self::Fail => "fail",
            Self::Partly => "partly",
            Self::Inconclusive => "inconclusive",
            Self::Missing => "missing",
            Self::Drift => "drift",
            Self::Unsupported => "unsupported",
            Self::Error => "error",
            Self::Excused => "excused",
            Self::Untested => "untested",
            Self::NotOfAServer => "not-of-a-server",
        }
    }
}

/// One requirement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Judged {
    /// Its ledger id.
    pub requirement: String,
    /// The ledger's word.
    pub level: &'static str,
    /// What came of it.
    pub outcome: Outcome,
    /// Cases about it that passed, of all that were meant.
    pub cases: Part,
    /// The cases that demanded it in vain.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failed_by: Vec<String>,
    /// Why it was not judged.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub why: String,
}

/// A choice that was taken.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Chosen {
    /// Ledger ids behind it.
    pub requirements: Vec<String>,
    /// The field that was free, or `alternative` for a whole way to behave.
    pub what: String,
    /// Which, from 1.
    pub taken: usize,
    /// Of how many.
    pub of: usize,
    /// How often.
    pub times: usize,
    /// A case that shows it.
    pub case: String,
}

/// Something that was not covered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// What.
    pub what: String,
    /// How many.
    pub count: usize,
    /// Why.
    pub why: String,
}

/// SHA-256 in hex.
#[must_use]
pub fn sha256(text: &str) -> String {
    frames::hex(&Sha256::digest(text.as_bytes()))
}

impl Certificate {
    /// The certificate of these results.
    #[must_use]
    pub fn of(results: &Results, text: &str, ledger: &Ledger) -> Self {
        let Results {
            start,
            rows,
            summary,
        } = results;
        let cases: Vec<&Row> = rows.iter().filter(|row| !row.is_sanity()).collect();
        let requirements = judge(&cases, ledger);
        let mut areas: BTreeMap<String, Vec<&Row>> = BTreeMap::new();
        for row in &cases {
            areas.entry(row.area.clone()).or_default().push(row);
        }
        let exit = Exit::from_code(summary.exit);
        let (result, sentence) = in_words(exit, summary.count(Verdict::Nonstrict));
        let passed = summary.count(Verdict::Pass) + summary.count(Verdict::Nonstrict);
        let narrowed = start.profile != "standard" || !start.globs.is_empty();
        let part = if narrowed {
            " of a part of the suite"
        } else {
            ""
        };
        Self {
            format: FORMAT,
            result,
            says: format!("{sentence}: {passed} of {} cases{part} pass.", summary.of),
            exit: summary.exit,
            suite: start.suite.clone(),
            results_sha256: sha256(text),
            target: start.target.clone(),
            implementation: start.implementation.clone(),
            claims: start.claims.clone(),
            profile: start.profile.clone(),
            globs: start.globs.clone(),
            seed: start.seed,
            cases: verdicts(&cases),
            areas: areas
                .into_iter()
                .map(|(area, rows)| (area, verdicts(&rows)))
                .collect(),
            rfcs: rfcs(&requirements),
            choices: choices(&cases),
            not_covered: gaps(results, &cases, &requirements),
            requirements,
        }
    }
}

fn in_words(exit: Exit, deviations: usize) -> (&'static str, &'static str) {
    match exit {
        Exit::Ok if deviations > 0 => (
            "nonstrict",
            "No MUST is violated, some SHOULD is not followed",
        ),
        Exit::Ok => ("pass", "No deviation was found"),
        Exit::Deviation => (
            "nonstrict",
            "No MUST is violated, some SHOULD is not followed",
        ),
        Exit::Failed => (
            "fail",
            "A requirement is violated, or a claim does not hold",
        ),
        Exit::AdapterBroke => ("error", "The adapter broke"),
        Exit::Interrupted => ("incomplete", "The run was interrupted"),
        _ => ("incomplete", "The run is incomplete"),
    }
}

/// Cases of each verdict.
fn verdicts(rows: &[&Row]) -> BTreeMap<String, Part> {
    let count = |verdict| rows.iter().filter(|row| row.verdict == verdict).count();
    let parts = Verdict::ALL.map(|verdict| {
        let part = Part {
            n: count(verdict),
            of: rows.len(),
        };
        (verdict.as_str().to_owned(), part)
    });
    parts.into_iter().filter(|(_, part)| part.n > 0).collect()
}

/// The outcome of every requirement.
fn judge(cases: &[&Row], ledger: &Ledger) -> Vec<Judged> {
    let mut about: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in cases {
        let demanded = row.failure.iter().chain(&row.deviations);
        let demanded = demanded.flat_map(|told| &told.requirements);
        let all: BTreeSet<&str> = row
            .requirements
            .iter()
            .chain(demanded)
            .map(String::as_str)
            .collect();
        for id in all {
            about.entry(id).or_default().push(row);
        }
    }
    let one = |entry: &Requirement| {
        let rows = about.get(entry.id.as_str()).map(Vec::as_slice);
        one_requirement(entry, rows.unwrap_or_default())
    };
    ledger.requirements.iter().map(one).collect()
}

/// Why no case about a requirement came to its end.
fn not_reached(rows: &[&Row], failed_by: &[String]) -> String {
    let mut parts = Vec::new();
    // A MAY that is demanded together with a MUST fails nothing by itself.
    let (beside, rows): (Vec<&Row>, Vec<&Row>) =
        rows.iter().partition(|row| failed_by.contains(&row.case));
    if !beside.is_empty() {
        parts.push(format!("{} failed beside it", cases(beside.len())));
    }
    let ended = |row: &&&Row| matches!(row.verdict, Verdict::Fail | Verdict::Inconclusive);
    let failed = rows.iter().filter(ended).count();
    if failed > 0 {
        parts.push(format!("{} failed in something else before", cases(failed)));
    }
    let unclaimed = |row: &&&Row| row.verdict == Verdict::Unsupported;
    let unsupported = rows.iter().filter(unclaimed).count();
    if unsupported > 0 {
        let claims: BTreeSet<&str> = rows.iter().flat_map(|row| row.unclaimed()).collect();
        let claims: Vec<&str> = claims.into_iter().collect();
        parts.push(format!(
            "{} not asked for want of claims ({})",
            cases(unsupported),
            claims.join(", ")
        ));
    }
    match rows.len() - failed - unsupported {
        0 => {}
        others => parts.push(format!("{} not run", cases(others))),
    }
    parts.join(", ")
}

fn cases(count: usize) -> String {
    match count {
        1 => "1 case".to_owned(),
        more => format!("{more} cases"),
    }
}

fn one_requirement(entry: &Requirement, rows: &[&Row]) -> Judged {
    let has = |verdict| rows.iter().any(|row| row.verdict == verdict);
    let demands = |row: &Row| {
        let failure = row.failure.as_ref();
        row.verdict == Verdict::Fail
            && failure.is_some_and(|told| told.requirements.contains(&entry.id))
    };
    let deviates = |row: &Row| {
        let mut all = row.deviations.iter();
        all.any(|told| told.requirements.contains(&entry.id))
    };
    let failed: Vec<String> = rows
        .iter()
        .filter(|row| demands(row) || deviates(row))
        .map(|row| row.case.clone())
        .collect();
    let level = entry.level.level();
    let passed = rows
        .iter()
        .filter(|row| matches!(row.verdict, Verdict::Pass | Verdict::Nonstrict) && !deviates(row))
        .count();
    let open = rows.iter().any(|row| {
        !matches!(
            row.verdict,
            Verdict::Pass | Verdict::Nonstrict | Verdict::Unsupported
        )
    });
    let (outcome, why) = match rows.is_empty() {
        // A rule that a case is about is judged, whatever the ledger thinks of black boxes.
        true => unjudged(entry),
        false => {
            let outcome = if rows.iter().any(|row| demands(row)) && level >= Level::Implied {
                Outcome::Fail
            } else if has(Verdict::Drift) {
                Outcome::Drift
            } else if !failed.is_empty() && level == Level::Should {
                Outcome::Nonstrict
            } else if passed > 0 && open {
                Outcome::Partly
            } else if passed > 0 {
                Outcome::Pass
            } else if has(Verdict::Error) {
                Outcome::Error
            } else if has(Verdict::Fail) || has(Verdict::Inconclusive) {
                Outcome::Inconclusive
            } else if has(Verdict::Missing) {
                Outcome::Missing
            } else {
                Outcome::Unsupported
            };
            let mut why = rows.iter().map(|row| row.why.as_str());
            let why = match outcome {
                _ if passed > 0 => String::new(),
                Outcome::Inconclusive => not_reached(rows, &failed),
                _ => why
                    .find(|why| !why.is_empty())
                    .unwrap_or_default()
                    .to_owned(),
            };
            (outcome, why)
        }
    };
    Judged {
        requirement: entry.id.clone(),
        level: entry.level.as_str(),
        outcome,
        cases: Part {
            n: passed,
            of: rows.len(),
        },
        failed_by: failed,
        why,
    }
}

/// Why a requirement that no case is about was not judged.
fn unjudged(entry: &Requirement) -> (Outcome, String) {
    match (
        entry.actor,
        entry.kind,
        entry.excuse.as_ref().or(entry.unseen.as_ref()),
    ) {
        (Actor::MarsClient | Actor::Mcs, ..) => (
            Outcome::NotOfAServer,
            "binds a client or an MCS, which are tested in process".to_owned(),
        ),
        (_, Kind::Config, _) => (
            Outcome::NotOfAServer,
            "about configuration, which no black box shows".to_owned(),
        ),
        (.., Some(excuse)) => (Outcome::Excused, excuse.clone()),
        (_, Kind::Wire, _) => (
            Outcome::Untested,
            "about octets; `wire vectors` tests a codec for it, no case of this run asks a server"
                .to_owned(),
        ),
        _ => (
            Outcome::Untested,
            "no local case of this run is about it".to_owned(),
        ),
    }
}

/// Requirements of each outcome, for each RFC, of those that a black box may judge.
fn rfcs(requirements: &[Judged]) -> BTreeMap<String, BTreeMap<String, Part>> {
    let mut of: BTreeMap<String, Vec<Outcome>> = BTreeMap::new();
    for one in requirements {
        if one.outcome != Outcome::NotOfAServer {
            let rfc = one.requirement.get(1..5).unwrap_or_default();
            of.entry(format!("rfc{rfc}")).or_default().push(one.outcome);
        }
    }
    let parts = |outcomes: Vec<Outcome>| {
        let count = |outcome| outcomes.iter().filter(|one| **one == outcome).count();
        let of = outcomes.len();
        let parts = Outcome::ALL.map(|one| (one.as_str().to_owned(), Part { n: count(one), of }));
        parts.into_iter().filter(|(_, part)| part.n > 0).collect()
    };
    of.into_iter().map(|(rfc, all)| (rfc, parts(all))).collect()
}

/// Equal choices counted together.
fn choices(cases: &[&Row]) -> Vec<Chosen> {
    type Key = (Vec<String>, String, usize, usize);
    let mut found: BTreeMap<Key, (usize, String)> = BTreeMap::new();
    for row in cases {
        for one in &row.choices {
            let key = (
                one.requirements.clone(),
                one.what.clone(),
                one.taken,
                one.of,
            );
            let (times, _) = found.entry(key).or_insert_with(|| (0, row.case.clone()));
            *times += 1;
        }
    }
    let chosen =
        |((requirements, what, taken, of), (times, case)): (Key, (usize, String))| Chosen {
            requirements,
            what,
            taken,
            of,
            times,
            case,
        };
    found.into_iter().map(chosen).collect()
}

/// What was not covered.
fn gaps(results: &Results, cases: &[&Row], requirements: &[Judged]) -> Vec<Gap> {
    let mut gaps = Vec::new();
    let mut gap = |what: &str, count: usize, why: &str| {
        if count > 0 {
            gaps.push(Gap {
                what: what.to_owned(),
                count,
                why: why.to_owned(),
            });
        }
    };
    let start = &results.start;
    if start.profile != "standard" || !start.globs.is_empty() {
        let why =
            "the run was narrowed by --profile or --case; certify with neither for the whole suite";
        gap("cases outside the profile or the globs", 1, why);
    }
    let mut not_run: BTreeMap<(Verdict, &str), usize> = BTreeMap::new();
    for row in cases {
        if matches!(row.verdict, Verdict::Unsupported | Verdict::Missing) {
            *not_run.entry((row.verdict, row.why.as_str())).or_default() += 1;
        }
    }
    for ((verdict, why), count) in not_run {
        gap(&format!("cases that are {}", verdict.as_str()), count, why);
    }
    gap(
        "traces of clients and MCSs",
        start.elsewhere.endpoints,
        "not part of certifying a server; `replay` plays them in process",
    );
    gap(
        "traces of several servers",
        start.elsewhere.global,
        "they need several servers at once; `replay` plays them in process",
    );
    let mut why: BTreeMap<(Outcome, &str), usize> = BTreeMap::new();
    for one in requirements {
        if matches!(
            one.outcome,
            Outcome::Excused | Outcome::Untested | Outcome::NotOfAServer
        ) {
            let reason = if one.outcome == Outcome::Excused {
                "the ledger says for each who could test it and how"
            } else {
                one.why.as_str()
            };
            *why.entry((one.outcome, reason)).or_default() += 1;
        }
    }
    for ((outcome, why), count) in why {
        gap(
            &format!("requirements that are {}", outcome.as_str()),
            count,
            why,
        );
    }
    gaps
}
