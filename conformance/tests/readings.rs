//! Every other reading that is declared passes the whole suite, and which of the allowed alternatives no run takes is known;
//! so is, for every item of the register, what became of its other readings.
//!
//! With `BLESS=1` in the environment the two lists, `untaken.txt` and the table of `README.md`, are written anew.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use mars_conformance::certify::results::Row;
use mars_conformance::certify::run::{Plan, run};
use mars_conformance::certify::suite::{Profile, Suite};
use mars_conformance::certify::target::Target;
use mars_conformance::certify::verdict::Verdict;
use mars_conformance::mutants::{build, load, readings};

/// Case, step, and which alternative, from 1.
type Way = (String, usize, usize);

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("readings")
}

fn suite() -> Suite {
    Suite::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../traces")).unwrap()
}

/// Compares a file with what it should be, or writes it.
fn check(file: &str, wanted: &str) {
    let path = folder().join(file);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, wanted).unwrap();
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = there
        .lines()
        .zip(wanted.lines())
        .find(|(one, other)| one != other);
    assert!(
        there == wanted,
        "{file} is not as it should be, {differs:?}: BLESS=1 writes it"
    );
}

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
    let suite = suite();
    let built = build().unwrap_or_else(|error| panic!("{error}"));
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
        let shows = |(row, ours): &(&Row, &Row)| row.answers != ours.answers;
        if !rows.iter().zip(&ours).any(|pair| shows(&pair)) {
            bad.push(format!("{} answers every case as ours does", reading.id));
        }
        seen.extend(taken(&rows));
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
    let mut listed = "# Of each case: step:way that neither our server nor any declared reading takes. `tests/readings.rs` keeps it true.\n"
        .to_owned();
    for (case, ways) in &left {
        let ways: Vec<String> = ways
            .iter()
            .map(|(step, way)| format!("{step}:{way}"))
            .collect();
        listed.push_str(&format!("{case} {}\n", ways.join(" ")));
    }
    check("untaken.txt", &listed);
}

/// What may have become of the other readings of an item, as `README.md` explains it.
const FATES: [&str; 6] = ["played", "free", "refused", "unseen", "config", "elsewhere"];

/// The table of `README.md`: a row for each item of the register. What can be derived is: which readings are declared, and
/// how many cases name the item; the fate and the reason are written by hand.
#[test]
fn every_item_of_the_register_says_what_became_of_its_other_readings() {
    let text = std::fs::read_to_string(folder().join("README.md")).unwrap();
    let (head, table) = text.split_at(text.find("| item |").unwrap());
    let mut lines = table.lines();
    let mut wanted = format!(
        "{head}{}\n{}\n",
        lines.next().unwrap(),
        lines.next().unwrap()
    );
    let register = Path::new(env!("CARGO_MANIFEST_DIR")).join("requirements/ambiguities.toml");
    let register: toml::Table = std::fs::read_to_string(register).unwrap().parse().unwrap();
    let items = register["ambiguity"].as_array().unwrap().iter();
    let items: Vec<&str> = items
        .filter(|item| item["judge"].as_str() != Some("not-tested"))
        .map(|item| item["id"].as_str().unwrap())
        .collect();
    let rows: Vec<Vec<&str>> = lines
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    let named: Vec<&str> = rows.iter().map(|row| row[0]).collect();
    assert_eq!(
        named, items,
        "one row for each item that is judged, in the register's order"
    );
    let (suite, declared) = (suite(), load(&readings()).unwrap());
    for row in &rows {
        let [item, fate, .., reason] = row.as_slice() else {
            panic!("{row:?}");
        };
        assert!(FATES.contains(fate), "{item}: {fate}");
        assert!(*fate == "played" || !reason.is_empty(), "{item}: no reason");
        let of_item = declared.iter().filter(|one| one.requirement == *item);
        let ids: Vec<String> = of_item.map(|one| format!("`{}`", one.id)).collect();
        assert_eq!(*fate == "played", !ids.is_empty(), "{item}: {ids:?}");
        let cases = suite.cases.iter().filter(|case| {
            let source = case.trace.source.iter();
            source.flat_map(|one| &one.goals).any(|goal| goal == item)
        });
        wanted.push_str(&format!(
            "| {item} | {fate} | {} | {} | {reason} |\n",
            ids.join(", "),
            cases.count()
        ));
    }
    check("README.md", &wanted);
}
