//! The wire part of the ledger is kept: every rule about octets is cited by a test, a trace or a vector, or
//! the ledger says why not.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use mars_conformance::requirements::{CoverageRow, coverage};

fn rows() -> Vec<CoverageRow> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut rows = coverage(&root).unwrap();
    rows.retain(|row| row.kind == "wire");
    rows
}

/// Rules that nothing tests, and excuses that nothing needs.
fn unkept(rows: &[CoverageRow]) -> Vec<&str> {
    rows.iter()
        .filter(|row| row.exercised == row.excuse.is_some())
        .map(|row| row.requirement.as_str())
        .collect()
}

#[test]
fn every_wire_requirement_is_tested_or_excused() {
    let mut rows = rows();
    assert!(rows.len() > 200, "{} of kind wire", rows.len());
    assert_eq!(unkept(&rows), Vec::<&str>::new());

    // The check can fail, both ways.
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
fn excuses_are_sentences() {
    for row in rows() {
        if let Some(excuse) = row.excuse {
            assert!(
                excuse.len() > 20 && excuse.ends_with('.'),
                "{}: {excuse}",
                row.requirement
            );
        }
    }
}
