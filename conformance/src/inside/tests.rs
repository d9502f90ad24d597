use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use mars_model::explore::Options;
use mars_model::registry::Case;
use stateright::{Checker as _, Model as _};

use super::case::{cases, model};
use super::scenario::{by_name, scenarios};
use super::*;
use crate::adapter::machines::Pool;

static STOP: AtomicBool = AtomicBool::new(false);

fn options() -> Options {
    Options {
        threads: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
        ..Options::default()
    }
}

fn quick() -> impl Iterator<Item = &'static Scenario> {
    scenarios()
        .iter()
        .filter(|scenario| scenario.effort == scenario::Effort::Quick)
}

/// Two servers with two records each under four faults, and the small ones with what must happen.
#[test]
fn the_production_code_keeps_every_claim() {
    for scenario in quick().chain(by_name("pair_aligns")) {
        let model = model(scenario);
        let report = run::safety(&model, &options(), &mut |_| {}, &STOP);
        let broken: Vec<String> = report
            .violations()
            .map(|found| run::path(&model, &found.path))
            .collect();
        assert!(broken.is_empty(), "{}:\n{}", scenario.name, broken.concat());
        assert!(report.is_clean(), "{}", scenario.name);
        assert_eq!(model.memo().failure(), None);
        let happens = report.action_counts.iter();
        let happens: Vec<&str> = happens.filter(|(_, n)| *n > 0).map(|(k, _)| *k).collect();
        for kind in <Action as mars_model::explore::Kinds>::KINDS {
            assert_eq!(
                happens.contains(kind),
                scenario.meant.contains(kind),
                "{} {kind}",
                scenario.name
            );
        }
        if scenario.effort == scenario::Effort::Quick {
            for answer in run::liveness(&model, &options(), &mut |_| {}, &STOP) {
                let text = answer.run.map(|run| run::lasso(&model, &run));
                assert_eq!(answer.holds, Some(true), "{}: {text:?}", answer.claim);
            }
        }
    }
}

#[test]
fn two_engines_count_alike() {
    let scenario = by_name("two_and_a_loss").unwrap();
    let ours = run::safety(&model(scenario), &options(), &mut |_| {}, &STOP);
    let theirs = model(scenario).checker().spawn_bfs().join();
    assert_eq!(ours.unique, theirs.unique_state_count() as u64);
    assert!(ours.unique > 2000, "{}", ours.unique);
    assert!(theirs.discoveries().len() <= 1, "the witness only");
}

/// Machines that share a number, and so a state, go on alike whatever comes.
#[test]
fn machines_of_one_number_behave_alike() {
    let mut compared = 0;
    for scenario in quick() {
        let pool = Arc::new(Pool::new(&scenario.configs(), 4));
        let model = Inside::new(scenario, Box::new(Arc::clone(&pool)));
        run::safety(&model, &options(), &mut |_| {}, &STOP);
        for (machine, event, local) in model.memo().all_steps() {
            let info = model.memo().info(machine).unwrap();
            let input = model.memo().input(&info, event).unwrap();
            for place in 1..pool.count(machine) {
                let outcome = pool.step_of(machine, place, &input).unwrap();
                let sent = model.memo().sent(info.server, &outcome);
                let same = (outcome.machine, &sent) == (local.machine, &local.sent);
                assert!(
                    same,
                    "{}: {event:?} makes of {machine}:\n{}\nand of another:\n{}",
                    scenario.name,
                    pool.text(local.machine),
                    pool.text(outcome.machine)
                );
                compared += 1;
            }
        }
    }
    assert!(compared > 1000, "{compared}");
}

/// Giving CA numbers new values changes nothing but the numbers: it may be done before a step or after it.
#[test]
fn new_numbers_lose_nothing() {
    let mut compared = 0;
    for scenario in quick() {
        let model = model(scenario).growing();
        let mut seed = 1u64;
        let mut random = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) as usize
        };
        for _ in 0..60 {
            let mut grown = model.init_states()[0];
            for _ in 0..120 {
                let renewed = model.renewed(&grown).unwrap();
                let mut actions = Vec::new();
                model.actions(&grown, &mut actions);
                for &action in &actions {
                    let after = |state| {
                        let next = model.next_state(state, action)?;
                        model.renewed(&next)
                    };
                    assert_eq!(after(&grown), after(&renewed), "{action:?}");
                    compared += 1;
                }
                let action = actions[random() % actions.len()];
                // Nothing is due where all links are down.
                grown = model.next_state(&grown, action).unwrap_or(grown);
            }
        }
    }
    assert!(compared > 10_000, "{compared}");
}

#[test]
fn cases_are_named_and_told() {
    let names: std::collections::BTreeSet<&str> = cases().map(Case::name).collect();
    assert_eq!(names.len(), scenarios().len());
    let case = cases()
        .find(|case| case.name() == "three_and_a_change")
        .unwrap();
    let report = case.search(Default::default(), &options(), &mut |_| {}, &STOP);
    assert!(report.is_clean());
    assert_eq!(case.properties().len(), report.held.len() + 1);
    let future = case.future(Default::default(), &options(), &mut |_| {}, &STOP);
    assert!(future.complete && future.states as u64 == report.unique);
    assert!(future.answers.iter().all(|answer| answer.verdict.holds()));
}

/// The hash is of everything that makes a state, and of nothing else.
#[test]
fn hash_and_eq_agree() {
    let case = cases()
        .find(|case| case.name() == "three_and_a_change")
        .unwrap();
    let audited = case.audit(Default::default(), &options(), 0, &mut |_| {}, &STOP);
    assert_eq!(audited.fault, None);
    assert!(audited.states > 500, "{}", audited.states);
}
