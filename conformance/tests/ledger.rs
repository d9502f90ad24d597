//! Three parts of the ledger are kept whole: every rule about octets and every rule of RFC 2022 is cited by a test, a
//! trace or a vector, and every rule of RFC 2334 by the code that honours it as well, or the ledger says why not.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::path::Path;

use mars_conformance::certify::suite::Suite;
use mars_conformance::requirements::{
    Actor, Citation, CoverageRow, Home, Kind, Ledger, Requirement, citations, coverage,
};
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

/// Whether the verdicts of the certificate count it: it binds a server, and is not about configuration.
fn is_observable(entry: &Requirement) -> bool {
    !matches!(entry.actor, Actor::MarsClient | Actor::Mcs) && entry.kind != Kind::Config
}

/// Observable rules that no case is about and that nobody excuses; those that are excused though a case is about them.
fn unasked<'l>(ledger: &'l Ledger, asked: &BTreeSet<String>) -> Vec<&'l str> {
    let wrong = |one: &&Requirement| {
        let excused = one.excuse.is_some() || one.unseen.is_some();
        is_observable(one) && asked.contains(&one.id) == excused
    };
    let all = ledger.requirements.iter().filter(wrong);
    all.map(|one| one.id.as_str()).collect()
}

/// Every rule that a black box may show is one that a case is about, or says who could test it and how; a tenth of
/// each RFC's at most does.
#[test]
fn every_observable_requirement_has_a_case_or_an_excuse() {
    let mut ledger = Ledger::load().unwrap();
    let traces = Path::new(env!("CARGO_MANIFEST_DIR")).join("../traces");
    let suite = Suite::load(&traces).unwrap();
    let cases = suite.cases.into_iter();
    let asked: BTreeSet<String> = cases.flat_map(|case| case.trace.requirements).collect();
    assert_eq!(unasked(&ledger, &asked), Vec::<&str>::new());
    for rfc in ["R2022-", "R2334-", "R2443-"] {
        let of = |one: &&Requirement| one.id.starts_with(rfc) && is_observable(one);
        let all: Vec<&Requirement> = ledger.requirements.iter().filter(of).collect();
        let excused = all.iter().filter(|one| !one.is_black_box()).count();
        assert!(
            excused * 10 <= all.len(),
            "{rfc}: {excused} of {}",
            all.len()
        );
    }
    let mut fewer = asked.clone();
    fewer.remove("R2334-B.3.1.4-03");
    assert_eq!(unasked(&ledger, &fewer), ["R2334-B.3.1.4-03"]);
    let one = ledger
        .requirements
        .iter_mut()
        .find(|one| one.unseen.is_some());
    let one = one.unwrap();
    one.unseen = None;
    let id = one.id.clone();
    assert_eq!(unasked(&ledger, &asked), [id]);
}

/// What no black box shows says who could see it, and is no excuse from tests in process.
#[test]
fn what_is_unseen_says_who_could_see_it() {
    for one in Ledger::load().unwrap().requirements {
        if let Some(unseen) = &one.unseen {
            assert!(one.excuse.is_none(), "{}: two reasons", one.id);
            let says = unseen.contains("who ") && unseen.ends_with('.');
            assert!(says, "{}: {unseen}", one.id);
        }
    }
}
