//! The relations of HFSM and CAFSM as the implementation has them and as the model has them, cell by cell.
//!
//! Each side prints its own table with its own printer, and its own tests hold the table to the code; here
//! the two snapshots are read and compared.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::collections::BTreeMap;
use std::path::Path;

/// What follows each event in each block.
type Table = BTreeMap<(String, String), String>;

/// The body of a snapshot.
fn snapshot(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut parts = text.splitn(3, "---\n");
    parts.nth(2).unwrap().to_owned()
}

/// `state event -> state`, one a line.
fn hfsm(text: &str) -> Table {
    let cell = |line: &str| {
        let (cell, next) = line.split_once(" -> ").unwrap();
        let (state, event) = cell.split_once(' ').unwrap();
        ((state.to_owned(), event.to_owned()), next.to_owned())
    };
    text.lines().map(cell).collect()
}

/// Blocks of `next [done] < events`, where a CA's numbers stand behind its form.
fn cafsm(text: &str) -> Table {
    let mut table = Table::new();
    let mut block = String::new();
    for line in text.lines() {
        let Some(line) = line.strip_prefix("  ") else {
            line.clone_into(&mut block);
            continue;
        };
        let (follows, events) = line.split_once(" < ").unwrap();
        for event in events.split(' ') {
            let is_ca = event.starts_with(['M', '-']);
            let (form, numbers) = event.split_at(if is_ca { 4 } else { event.len() });
            let cells: Vec<String> = if is_ca {
                numbers
                    .chars()
                    .map(|mark| format!("{form}{mark}"))
                    .collect()
            } else {
                vec![form.to_owned()]
            };
            for cell in cells {
                let before = table.insert((block.clone(), cell), follows.to_owned());
                assert_eq!(before, None, "{block}: {event} twice");
            }
        }
    }
    table
}

/// Cells of the first table that the second has otherwise or not at all.
fn differences(one: &Table, other: &Table) -> Vec<String> {
    let differ = one.iter().filter_map(|(cell, follows)| {
        let (block, event) = cell;
        let theirs = other.get(cell).map_or("(no such cell)", String::as_str);
        (theirs != follows).then(|| format!("{block}, {event}: {follows} against {theirs}"))
    });
    differ.collect()
}

const IMPL_HFSM: &str =
    "impl/src/scsp/tests/snapshots/distributed_mars__scsp__tests__tables__hfsm.snap";
const MODEL_HFSM: &str = "model/tests/snapshots/tables__hfsm.snap";
const IMPL_CAFSM: &str =
    "impl/src/scsp/alignment/snapshots/distributed_mars__scsp__alignment__table__cafsm.snap";
const MODEL_CAFSM: &str = "model/tests/snapshots/tables__cafsm.snap";

#[test]
fn both_have_the_same_hello_machine() {
    let (ours, theirs) = (hfsm(&snapshot(IMPL_HFSM)), hfsm(&snapshot(MODEL_HFSM)));
    assert_eq!(ours.len(), 4 * 6);
    assert_eq!(differences(&ours, &theirs), Vec::<String>::new());
    assert_eq!(differences(&theirs, &ours), Vec::<String>::new());
}

#[test]
fn both_have_the_same_alignment_machine() {
    let (ours, theirs) = (cafsm(&snapshot(IMPL_CAFSM)), cafsm(&snapshot(MODEL_CAFSM)));
    assert_eq!(differences(&ours, &theirs), Vec::<String>::new());
    // What only the model has cannot be reached: all that fits into one CA goes out in the first, and when
    // only the bid was answered something has been sent.
    let unreached: Vec<&(String, String)> = theirs
        .keys()
        .filter(|cell| !ours.contains_key(*cell))
        .collect();
    for (block, event) in unreached {
        let unsent = block.contains("cache=one left=one");
        let untold = block.contains("cache=more left=none first");
        assert!(
            unsent || untold,
            "the implementation has no cell for {block}, {event}"
        );
    }
}

#[test]
fn a_cell_that_differs_is_named() {
    let ours = cafsm(&snapshot(IMPL_CAFSM));
    let theirs = cafsm(&snapshot(MODEL_CAFSM));
    // A declared break: the master takes a duplicate of the answer before for the next one.
    let cell = (
        "master smaller cache=more left=one - - -".to_owned(),
        "---1-".to_owned(),
    );
    let right = &ours[&cell];
    assert_eq!(right, "master []");
    let mut broken = ours.clone();
    broken.insert(
        cell,
        "master [process last(own+1) start-ca-timer]".to_owned(),
    );
    assert_eq!(
        differences(&broken, &theirs),
        [
            "master smaller cache=more left=one - - -, ---1-: master [process last(own+1) start-ca-timer] against master []"
        ]
    );
    let mut broken = hfsm(&snapshot(IMPL_HFSM));
    broken.insert(
        ("bidirectional".to_owned(), "abnormal".to_owned()),
        "bidirectional".to_owned(),
    );
    let found = differences(&broken, &hfsm(&snapshot(MODEL_HFSM)));
    assert_eq!(
        found,
        ["bidirectional, abnormal: bidirectional against waiting"]
    );
}
