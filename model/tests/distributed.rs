//! The search on several workers against the kernel, on the scenarios that are small enough for a test.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::num::NonZeroUsize;
use std::sync::atomic::AtomicBool;

use mars_model::counts;
use mars_model::explore::timely::{Cluster, Outcome, search_space as search_together};
use mars_model::explore::{Options, Report, search_space};
use mars_model::rules::Rules;
use mars_model::scenario::{Profile, Scenario, scenarios};
use mars_model::server_group::ServerGroup;

fn together(scenario: &Scenario, rules: Rules, workers: usize) -> Outcome<ServerGroup> {
    let cluster = Cluster::threads(NonZeroUsize::new(workers).unwrap());
    let stop = AtomicBool::new(false);
    let model = scenario.model(rules);
    search_together(&model, &Options::default(), &cluster, &mut |_| {}, &stop).unwrap()
}

fn kernel(scenario: &Scenario, rules: Rules) -> Report<ServerGroup> {
    let stop = AtomicBool::new(false);
    search_space(
        &scenario.model(rules),
        &Options::default(),
        None,
        &mut |_| {},
        &stop,
    )
}

/// Property, whether violated, steps.
type Found<'a> = (&'a str, bool, usize);

/// Names and lengths of all that was found, and what held.
fn verdicts(report: &Report<ServerGroup>) -> (Vec<Found<'_>>, Vec<&str>, Vec<&str>) {
    let mut found: Vec<_> = report
        .discoveries
        .iter()
        .map(|found| (found.property, found.violation, found.path.len()))
        .collect();
    found.sort_unstable();
    (found, report.held.clone(), report.missing_witnesses.clone())
}

fn below(most: u64) -> impl Iterator<Item = &'static Scenario> {
    let counts = counts::expected();
    let quick = scenarios()
        .iter()
        .filter(|scenario| scenario.profile == Profile::Quick);
    quick.filter(move |scenario| {
        counts
            .get(scenario.name)
            .is_some_and(|counts| counts.unique < most)
    })
}

#[test]
fn one_two_and_three_workers_are_one_search() {
    assert!(below(200_000).count() >= 2);
    for scenario in below(200_000) {
        // The literal rules give violations to compare, and some scenarios many more states.
        let literal = below(50_000).any(|small| small == scenario);
        for rules in [Rules::resolved(), Rules::literal()]
            .into_iter()
            .take(1 + usize::from(literal))
        {
            let alone = kernel(scenario, rules);
            let mut paths = Vec::new();
            for workers in 1..=3 {
                let outcome = together(scenario, rules, workers);
                let report = &outcome.report;
                assert_eq!(
                    (
                        report.unique,
                        report.states,
                        &report.levels,
                        &report.action_counts
                    ),
                    (
                        alone.unique,
                        alone.states,
                        &alone.levels,
                        &alone.action_counts
                    ),
                    "{} with {workers} workers",
                    scenario.name
                );
                assert_eq!(verdicts(report), verdicts(&alone), "{}", scenario.name);
                let actions = |report: &Report<ServerGroup>| -> Vec<_> {
                    let found = report.discoveries.iter();
                    found
                        .map(|found| (found.property, found.path.actions()))
                        .collect()
                };
                paths.push(actions(report));
            }
            assert!(
                paths.iter().all(|these| *these == paths[0]),
                "{}",
                scenario.name
            );
        }
    }
}

#[test]
fn two_workers_count_what_is_blessed() {
    for scenario in below(500_000) {
        let report = together(scenario, Rules::resolved(), 2).report;
        assert!(report.is_clean(), "{}", scenario.name);
        let counted = counts::of(scenario, report.unique, report.states, report.depth);
        assert_eq!(Some(&counted), counts::expected().get(scenario.name));
    }
}
