//! Three parts of the ledger are kept whole: every rule about octets and every rule of RFC 2022 is cited by a test, a
//! trace or a vector, and every rule of RFC 2334 by the code that honours it as well, or the ledger says why not.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::path::Path;

use mars_conformance::requirements::{Citation, CoverageRow, Home, citations, coverage};
use mars_model::registry;

fn rows(of: impl Fn(&CoverageRow) -> bool) -> Vec<CoverageRow> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut rows = coverage(&root).unwrap();
    rows.retain(of);
    rows
}

fn is_wire(row: &CoverageRow) -> bool {
    row.kind == "wire"
}

fn is_scsp(row: &CoverageRow) -> bool {
    row.requirement.starts_with("R2334-")
}

/// Rules that nothing tests, and excuses that nothing needs.
fn unkept(rows: &[CoverageRow]) -> Vec<&str> {
    rows.iter()
        .filter(|row| row.exercised == row.excuse.is_some())
        .map(|row| row.requirement.as_str())
        .collect()
}

/// Rules that are tested, and that no code of the implementation says it honours.
fn unhonoured(rows: &[CoverageRow]) -> Vec<&str> {
    rows.iter()
        .filter(|row| row.excuse.is_none() && !row.honoured)
        .map(|row| row.requirement.as_str())
        .collect()
}

/// The check can fail, both ways.
fn assert_it_can_fail(mut rows: Vec<CoverageRow>) {
    let excused = rows.iter().position(|row| row.excuse.is_some()).unwrap();
    let tested = rows.iter().position(|row| row.exercised).unwrap();
    rows[tested].exercised = false;
    let name = rows[tested].requirement.clone();
    assert_eq!(unkept(&rows), [name]);
    rows[tested].exercised = true;
    rows[excused].exercised = true;
    let name = rows[excused].requirement.clone();
    assert_eq!(unkept(&rows), [name]);
}

#[test]
fn every_wire_requirement_is_tested_or_excused() {
    let rows = rows(is_wire);
    assert!(rows.len() > 200, "{} of kind wire", rows.len());
    assert_eq!(unkept(&rows), Vec::<&str>::new());
    assert_it_can_fail(rows);
}

#[test]
fn every_requirement_of_scsp_is_honoured_and_tested_or_excused() {
    let mut rows = rows(is_scsp);
    assert!(rows.len() > 200, "{} of RFC 2334", rows.len());
    assert_eq!(unkept(&rows), Vec::<&str>::new());
    assert_eq!(unhonoured(&rows), Vec::<&str>::new());
    assert_it_can_fail(rows.clone());
    let honoured = rows.iter().position(|row| row.honoured).unwrap();
    rows[honoured].honoured = false;
    let name = rows[honoured].requirement.clone();
    assert_eq!(unhonoured(&rows), [name]);
}

/// At most a tenth of them is excused.
#[test]
fn every_requirement_of_mars_is_tested_or_excused() {
    let rows = rows(|row| row.requirement.starts_with("R2022-"));
    assert!(rows.len() > 200, "{} of RFC 2022", rows.len());
    assert_eq!(unkept(&rows), Vec::<&str>::new());
    let excused = rows.iter().filter(|row| row.excuse.is_some()).count();
    assert!(excused * 10 <= rows.len(), "{excused} excused");
    assert_it_can_fail(rows);
}

#[test]
fn excuses_are_sentences() {
    for row in rows(|_| true) {
        if let Some(excuse) = row.excuse {
            assert!(
                excuse.len() > 20 && excuse.ends_with('.'),
                "{}: {excuse}",
                row.requirement
            );
        }
    }
}

/// Every rule of RFC 2443 is stated by a trace, or by a property of the model and a test of the implementation. A trace
/// is both: what it demands is the model's or the RFC's, and it is played on the implementation.
#[test]
fn every_requirement_of_the_group_is_stated_and_tested_or_excused() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let all = citations(&root).unwrap();
    let by_trace = |id: &str| {
        all.iter()
            .any(|one| one.home == Home::Trace && one.id == id)
    };
    let tested = |id: &str| {
        let of_impl = |one: &&Citation| one.home == Home::Test && one.file.starts_with("impl");
        all.iter().filter(of_impl).any(|one| one.id == id)
    };
    let stated: Vec<&str> = registry::cases()
        .flat_map(|case| case.properties())
        .flat_map(|about| about.requirements)
        .copied()
        .collect();
    let unkept = |rows: &[CoverageRow]| -> Vec<String> {
        let kept = |id: &str| by_trace(id) || stated.contains(&id) && tested(id);
        rows.iter()
            .filter(|row| kept(&row.requirement) == row.excuse.is_some())
            .map(|row| row.requirement.clone())
            .collect()
    };
    let mut rows = rows(|row| row.requirement.starts_with("R2443-"));
    assert!(rows.len() > 120, "{} of RFC 2443", rows.len());
    assert_eq!(unkept(&rows), Vec::<String>::new());
    let excused = rows.iter().position(|row| row.excuse.is_some()).unwrap();
    rows[excused].excuse = None;
    assert_eq!(unkept(&rows), [rows[excused].requirement.clone()]);
}
