//! Every declared mutant of the implementation is noticed by the golden traces.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use mars_conformance::mutants::kill::By;
use mars_conformance::mutants::{build, kill};
use mars_conformance::trace::{find, load};

#[test]
fn the_golden_traces_kill_every_mutant_and_spare_the_original() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../traces");
    let traces: Vec<_> = find(&folder)
        .unwrap()
        .into_iter()
        .map(|file| {
            let trace = load(&file).unwrap();
            (file, trace)
        })
        .collect();
    let built = build().unwrap_or_else(|error| panic!("{error}"));
    assert!(built.mutants.len() >= 10, "{}", built.mutants.len());
    let stop = AtomicBool::new(false);
    let original = kill::first_failure(&built, None, traces.iter().map(|(_, t)| t), &stop).unwrap();
    assert_eq!(original, None);
    let jobs = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let outcomes = kill::try_all(&built, &traces, By::Either, jobs, &|_| {}, &stop).unwrap();
    assert_eq!(outcomes.len(), built.mutants.len());
    let survivors: Vec<&str> = outcomes
        .iter()
        .filter(|(_, kill)| kill.is_none())
        .map(|(mutant, _)| mutant.id.as_str())
        .collect();
    assert!(survivors.is_empty(), "survivors: {survivors:?}");
}
