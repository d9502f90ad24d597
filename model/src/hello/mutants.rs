//! Each safety property of the Hello protocol seen red: a deliberate fault, or a hurtful reading.

use super::property;
use super::rules::{AfterAbnormal, Listed, Mutant, Rules, Unlisted};
use super::scenario::{Scenario, scenarios};
use crate::explore::{Options, search_space};
use crate::family::{Configuration as _, Kind};
use std::sync::atomic::AtomicBool;

type Red = (&'static str, &'static str, fn(&mut Rules, &mut Scenario));

const RED: &[Red] = &[
    (
        "bidirectional-iff-listed",
        "hello_lossy_link",
        |rules, _| {
            rules.mutant = Mutant::AnyHello;
        },
    ),
    ("stalled-exactly", "hello_lossy_link", |rules, _| {
        rules.mutant = Mutant::LateDeath;
    }),
    ("stalled-exactly", "hello_lossy_link", |rules, _| {
        rules.mutant = Mutant::EarlyDeath;
    }),
    ("stalled-exactly", "hello_fast_restart", |rules, _| {
        rules.mutant = Mutant::NoRestart;
    }),
    ("listed-in-time", "hello_one_way", |rules, _| {
        rules.mutant = Mutant::AnyHello;
    }),
    ("lists-only-heard", "hello_one_way", |rules, _| {
        rules.mutant = Mutant::NeverUnlisted;
    }),
    ("lists-only-heard", "hello_fast_restart", |rules, _| {
        rules.after_abnormal = AfterAbnormal::Kept;
    }),
    ("never-both-unlisted", "hello_multipoint", |rules, _| {
        rules.mutant = Mutant::FirstOnly;
    }),
    ("never-both-unlisted", "hello_one_way", |rules, _| {
        rules.listed = Listed::NotStalled;
    }),
    ("hello-in-time", "hello_lossy_link", |rules, _| {
        rules.mutant = Mutant::LateHello;
    }),
    ("restart-noticed", "hello_fast_restart", |rules, _| {
        rules.unlisted = Unlisted::DeadTime;
    }),
    ("links-suffice", "hello_fast_restart", |_, scenario| {
        scenario.queue = 1;
    }),
];

#[test]
fn every_safety_property_fails_for_some_broken_step() {
    for (property, name, spoil) in RED {
        let mut scenario = *scenarios().iter().find(|one| one.name == *name).unwrap();
        let mut rules = Rules::resolved();
        spoil(&mut rules, &mut scenario);
        let options = Options {
            until: Some((*property).into()),
            max_states: Some(600_000),
            ..Options::default()
        };
        let stop = AtomicBool::new(false);
        let report = search_space(&scenario.model(rules), &options, None, &mut |_| {}, &stop);
        let found = report.discovery(property);
        assert!(
            found.is_some_and(|found| found.violation),
            "{property} stays green in {name}"
        );
    }
    for claim in property::claims() {
        assert!(
            claim.kind == Kind::Witness || RED.iter().any(|red| red.0 == claim.name),
            "{} has never been seen red",
            claim.name
        );
    }
}
