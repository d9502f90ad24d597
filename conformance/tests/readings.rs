//! Every other reading that is declared passes the whole suite, and which of the allowed alternatives no run takes is known.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use mars_conformance::certify::results::Row;
use mars_conformance::certify::run::{Plan, run};
use mars_conformance::certify::suite::{Profile, Suite};
use mars_conformance::certify::target::Target;
use mars_conformance::certify::verdict::Verdict;
use mars_conformance::mutants::build;

/// Case, step, and which alternative, from 1.
type Way = (String, usize, usize);

/// What came of the suite on one program.
fn certified(target: Target, suite: &Suite) -> Vec<Row> {
    let plan = Plan {
        target,
        profile: Profile::Standard,
        globs: Vec::new(),
        steps: None,
        keep_numbers: false,
        jobs: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
        seed: 0,
        strict: false,
        deadline: Duration::from_secs(20),
    };
    run(&plan, suite, &|_| {}, &AtomicBool::new(false))
        .results
        .rows
}

/// The whole ways to behave that a run took.
fn taken(rows: &[Row]) -> impl Iterator<Item = Way> {
    rows.iter().flat_map(|row| {
        let whole = row.choices.iter().filter(|one| one.what == "alternative");
        whole.map(|one| (row.case.clone(), one.step, one.taken))
    })
}

#[test]
fn every_declared_reading_passes_and_what_no_run_takes_is_listed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let suite = Suite::load(&folder.join("../traces")).unwrap();
    let built = build().unwrap_or_else(|error| panic!("{error}"));
    assert!(built.readings.len() >= 7, "{}", built.readings.len());
    let ours = certified(Target::Builtin, &suite);
    let mut bad: Vec<String> = Vec::new();
    let mut seen: BTreeSet<Way> = taken(&ours).collect();
    for reading in &built.readings {
        let adapter = format!("'{}' --mutant {}", built.program.display(), reading.id);
        let rows = certified(Target::Adapter(adapter), &suite);
        let wrong: Vec<String> = rows
            .iter()
            .filter(|row| row.verdict != Verdict::Pass)
            .map(|row| {
                let failure = row.failure.as_ref();
                format!(
                    "{} {:?}",
                    row.case,
                    failure.map(|one| (one.step, &one.code))
                )
            })
            .collect();
        if !wrong.is_empty() {
            bad.push(format!("{}: {wrong:?}", reading.id));
        }
        let before = seen.len();
        seen.extend(taken(&rows));
        if seen.len() == before {
            bad.push(format!("{} takes no way of its own", reading.id));
        }
    }
    assert_eq!(bad, Vec::<String>::new());
    let all = suite.cases.iter().flat_map(|case| {
        let steps = case.trace.steps.iter().enumerate();
        steps.flat_map(move |(step, one)| {
            let ways = one.expect.len();
            let several = (1..=ways).filter(move |_| ways > 1);
            several.map(move |way| (case.trace.id.clone(), step, way))
        })
    });
    let mut left: BTreeMap<String, BTreeSet<(usize, usize)>> = BTreeMap::new();
    for (case, step, way) in all.filter(|way| !seen.contains(way)) {
        left.entry(case).or_default().insert((step, way));
    }
    let left: Vec<String> = left
        .iter()
        .map(|(case, ways)| {
            let ways: Vec<String> = ways
                .iter()
                .map(|(step, way)| format!("{step}:{way}"))
                .collect();
            format!("{case} {}", ways.join(" "))
        })
        .collect();
    let listed = std::fs::read_to_string(folder.join("readings/untaken.txt")).unwrap();
    let listed: Vec<&str> = listed
        .lines()
        .filter(|line| !line.starts_with('#'))
        .collect();
    assert_eq!(left, listed, "step:way of each case that no run takes");
}
