//! The audit accuses nobody who conforms: neither this project's server nor any reading that the judge accepts; and some
//! mutants, whose recordings it is given, it does.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

use mars_conformance::certify::suite::Suite;
use mars_conformance::mutants::build;
use mars_conformance::mutants::flag::{first_finding, is_case};

#[test]
fn the_original_and_every_declared_reading_are_without_fault_in_all_recordings() {
    let suite = Suite::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../traces")).unwrap();
    let built = build().unwrap_or_else(|error| panic!("{error}"));
    let cases = || suite.cases.iter().map(|case| &case.trace);
    assert_eq!(
        cases().filter(|trace| is_case(trace)).count(),
        suite.cases.len()
    );
    let stop = AtomicBool::new(false);
    let readings = built
        .readings
        .iter()
        .map(|reading| Some(reading.id.as_str()));
    let left = Mutex::new(core::iter::once(None).chain(readings));
    let accused = Mutex::new(Vec::<String>::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, NonZeroUsize::get) {
            scope.spawn(|| {
                loop {
                    let next = left.lock().unwrap().next();
                    let Some(id) = next else { return };
                    let found = first_finding(&built, id, cases(), &stop).unwrap();
                    let told = found.map(|found| format!("{id:?}: {found:?}"));
                    accused.lock().unwrap().extend(told);
                }
            });
        }
    });
    assert!(built.readings.len() >= 7);
    assert_eq!(accused.into_inner().unwrap(), Vec::<String>::new());
}

#[test]
fn a_mutant_is_flagged_by_what_it_did_and_one_by_what_it_left_undone() {
    let suite = Suite::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../traces")).unwrap();
    let built = build().unwrap_or_else(|error| panic!("{error}"));
    let stop = AtomicBool::new(false);
    for (id, monitor) in [
        ("several-pairs-taken", "copies"),
        ("beat-forgotten", "beats"),
    ] {
        let cases = suite.cases.iter().map(|case| &case.trace);
        let found = first_finding(&built, Some(id), cases, &stop)
            .unwrap()
            .unwrap();
        assert!(found.report.starts_with(monitor), "{id}: {found:?}");
    }
}
