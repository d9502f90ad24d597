//! The traces of clients and MCSs: the ledger is covered, the files are what the scripts say, and a wrong
//! expectation goes red.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::collections::BTreeSet;
use std::path::Path;

use mars_conformance::generate::ends::traces;
use mars_conformance::lockstep::local;
use mars_conformance::requirements::{Actor, Kind, Ledger};
use mars_conformance::sut::in_process::InProcess;
use mars_conformance::trace::{Stimulus, Trace, load};

/// Requirements of clients and MCSs that no trace exercises and no excuse excuses. Rules about octets have their
/// vectors, which `ledger.rs` looks after.
fn missing(traces: &[Trace]) -> Vec<String> {
    let cited: BTreeSet<&str> = traces
        .iter()
        .flat_map(|trace| &trace.requirements)
        .map(String::as_str)
        .collect();
    let ledger = Ledger::load().unwrap();
    let ends = ledger
        .requirements
        .iter()
        .filter(|one| matches!(one.actor, Actor::MarsClient | Actor::Mcs))
        .filter(|one| one.kind != Kind::Wire)
        .filter(|one| one.id.starts_with("R2022-"));
    ends.filter(|one| !cited.contains(one.id.as_str()) && one.excuse.is_none())
        .map(|one| one.id.clone())
        .collect()
}

#[test]
fn every_requirement_of_clients_and_servers_of_groups_has_a_trace_or_an_excuse() {
    let mut all = traces();
    assert_eq!(missing(&all), Vec::<String>::new());
    // The check can fail.
    all.retain(|trace| trace.id != "client-deregister");
    all.retain(|trace| trace.id != "client-deregister-repeats");
    assert_eq!(missing(&all), ["R2022-5.2.3-06"]);
}

#[test]
fn the_files_are_what_the_scripts_are() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../traces");
    for trace in traces() {
        let file = folder.join(&trace.area).join(format!("{}.json", trace.id));
        let there = load(&file).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(there, trace, "{}", trace.id);
    }
}

fn code(trace: &Trace) -> (usize, String) {
    let played = local::play(trace, &mut InProcess::default());
    let failure = played
        .failure
        .unwrap_or_else(|| panic!("{} passes", trace.id));
    (failure.step, failure.failure.code)
}

#[test]
fn a_wrong_expectation_goes_red() {
    let mut windows = 0;
    for trace in traces() {
        let loud = |step: &mars_conformance::trace::Step| !step.expect[0].outputs.is_empty();
        let last = trace.steps.iter().rposition(loud).unwrap();
        // Twice what comes once.
        let mut more = trace.clone();
        let outputs = &mut more.steps[last].expect[0].outputs;
        outputs.extend(outputs.clone());
        let (step, why) = code(&more);
        assert_eq!(step, last, "{}", trace.id);
        assert!(
            matches!(why.as_str(), "missing-output" | "wrong-order"),
            "{}: {why}",
            trace.id
        );
        // All outputs of a window, a window too early.
        for (position, step) in trace.steps.iter().enumerate() {
            let Some((from, to)) = step.expect[0].window.filter(|(from, _)| *from > 0) else {
                continue;
            };
            assert!(matches!(step.stimulus, Some(Stimulus::Advance {})));
            if step.expect[0].outputs.is_empty() {
                continue;
            }
            let mut early = trace.clone();
            early.steps[position].expect[0].window = Some((from.saturating_sub(to), from - 1));
            assert_eq!(code(&early), (position, "late-output".to_owned()));
            let mut late = trace.clone();
            late.steps[position].expect[0].window = Some((to + 1, to + 2));
            assert_eq!(code(&late), (position, "early-output".to_owned()));
            windows += 1;
        }
    }
    assert!(windows > 50, "{windows}");
}
