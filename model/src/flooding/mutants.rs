//! Each safety property of flooding seen red: a deliberate fault, or a hurtful reading.

use super::property;
use super::rules::{Flush, Mutant, Rules, SolicitedHop};
use super::scenario::{Scenario, scenarios};
use crate::explore::{Options, search_space};
use crate::family::{Configuration as _, Kind};
use std::sync::atomic::AtomicBool;

type Red = (&'static str, &'static str, fn(&mut Rules, &mut Scenario));

const RED: &[Red] = &[
    ("converged-when-quiet", "flood_line", |rules, _| {
        rules.mutant = Mutant::NoRelay;
    }),
    ("converged-when-quiet", "flood_line", |rules, _| {
        rules.mutant = Mutant::NoAlignment;
    }),
    ("converged-when-quiet", "flood_star", |rules, _| {
        rules.solicited_hop = SolicitedHop::One;
    }),
    ("no-regress", "flood_ring", |rules, _| {
        rules.mutant = Mutant::AcceptOlder;
    }),
    ("no-resurrection", "flood_dead_originator", |rules, _| {
        rules.flush = Flush::Delete;
    }),
    ("versions-unique", "flood_line", |rules, _| {
        rules.mutant = Mutant::ReuseNumber;
    }),
    ("hop-count-falls", "flood_line", |rules, _| {
        rules.mutant = Mutant::KeepHops;
    }),
    ("never-sent-back", "flood_line", |rules, _| {
        rules.mutant = Mutant::SendBack;
    }),
    ("room-suffices", "flood_line", |_, scenario| {
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
