//! Every declared mutant of the implementation is noticed by the golden traces, by the checker that runs on it, by lockstep
//! exploration, or in a simulated LIS of it.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use mars_conformance::inside::scenario::by_name;
use mars_conformance::mutants::kill::By;
use mars_conformance::mutants::{self, Class, build, kill, lockstep, simulate};
use mars_conformance::trace::{find, load};

#[test]
fn every_mutant_is_killed_and_the_original_is_spared() {
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
    let original = simulate::first_bad(&built, None, simulate::TRIED, &stop).unwrap();
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

/// Faults that the register tells of, planted in the production code: the checker on it finds each for what
/// it is, and finds nothing in the original.
#[test]
fn the_checker_finds_planted_faults_in_the_production_code() {
    let built = build().unwrap_or_else(|error| panic!("{error}"));
    let stop = AtomicBool::new(false);
    let tried = || kill::TRIED.iter().filter_map(|name| by_name(name));
    let original = kill::first_fault_of(&built, None, tried(), &stop).unwrap();
    assert_eq!(original, None);
    for (id, claim) in [
        // C16: an update is lost.
        ("change-while-summarizing-lost", "equal-when-aligned"),
        // C17, C18: a livelock.
        ("aligned-ignores-negotiation", "can-always-settle"),
        // C06: a resurrection.
        ("own-dead-record-comes-back", "no-resurrection"),
    ] {
        let kill = kill::first_fault_of(&built, Some(id), tried(), &stop).unwrap();
        let kill = kill.unwrap_or_else(|| panic!("{id} is not found"));
        assert_eq!(kill.code, claim, "{id}: {}", kill.report);
        assert!(kill.step > 0 && kill.report.contains("1. "), "{id}");
    }
}

/// Faults of whole servers: lockstep exploration finds each on a shortest way and finds nothing in the original.
#[test]
fn lockstep_exploration_finds_planted_faults_in_whole_servers() {
    let built = build().unwrap_or_else(|error| panic!("{error}"));
    let stop = AtomicBool::new(false);
    let scenario = |name: &str| lockstep::by_name(name).unwrap_or_else(|| panic!("{name}"));
    let few = |name| (scenario(name), 2_000);
    let tried = lockstep::TRIED.map(few);
    let original = lockstep::first_disagreement(&built, None, tried, &stop);
    assert_eq!(original.unwrap(), None);
    let said = built.mutants.iter().filter_map(|mutant| {
        let name = mutant.caught_by.as_ref()?.strip_prefix("lockstep ")?;
        Some((mutant.id.as_str(), name))
    });
    // Traces find these, too.
    let others = [
        ("registration-not-flooded", "ring_with_a_cut"),
        ("csn-not-incremented", "drain"),
        ("flush-forgotten", "crash_and_failover"),
        ("flush-one-interval-early", "crash_and_failover"),
        ("restore-forgotten", "pair_with_two_joins"),
        ("drain-does-nothing", "drain"),
        ("no-word-after-foreign-deregister", "pair_with_two_joins"),
        ("beat-half-as-often", "drain"),
    ];
    let named: Vec<_> = said.chain(others).collect();
    assert!(named.len() >= 10, "{}", named.len());
    for (id, name) in named {
        let one = [(scenario(name), lockstep::MOST_NODES)];
        let kill = lockstep::first_disagreement(&built, Some(id), one, &stop).unwrap();
        let kill = kill.unwrap_or_else(|| panic!("{id} is not found in {name}"));
        assert!(kill.by.to_string().ends_with(name), "{id}");
        assert!(
            kill.step > 0 && kill.report.contains("1. "),
            "{id}: {}",
            kill.report
        );
    }
}

/// At least 25 mutants of the SCSP speaker, eight of them in its timers.
#[test]
fn there_are_enough_mutants_of_the_speaker() {
    let declared = mutants::load(&mutants::folder()).unwrap();
    let speaker = declared
        .iter()
        .filter(|mutant| mutant.file.starts_with("scsp"));
    let timers = speaker
        .clone()
        .filter(|mutant| mutant.class == Class::Timer);
    assert!(speaker.count() >= 25);
    assert!(timers.count() >= 8);
}

/// At least 25 mutants of the MARS, clients' and MCSs' side of it, and 20 of the other end.
#[test]
fn there_are_enough_mutants_of_a_mars_and_of_its_clients() {
    let declared = mutants::load(&mutants::folder()).unwrap();
    let of = |room: &str| {
        let inside = declared.iter().filter(|one| one.file.starts_with(room));
        inside.count()
    };
    assert!(of("mars") >= 25 && of("endpoint") >= 20);
}
