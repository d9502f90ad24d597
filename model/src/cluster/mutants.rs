//! Each safety property of a cluster seen red: a deliberate fault, or a hurtful reading.

use super::property;
use super::rules::{Migrate, Mutant, Numbering, Overtaken, Punching, Rules, ServerGone, Sjoin};
use super::scenario::{Scenario, scenarios};
use crate::explore::{Options, search_space};
use crate::family::{Configuration as _, Kind};
use std::sync::atomic::AtomicBool;

type Red = (&'static str, &'static str, fn(&mut Rules, &mut Scenario));

const TRUE: &str = "leaf-sets-true-when-quiet";

const RED: &[Red] = &[
    ("hole-punching-exact", "cluster_blocks", |rules, _| {
        rules.mutant = Mutant::NoOwnHoles;
    }),
    ("hole-punching-exact", "cluster_blocks", |rules, _| {
        rules.mutant = Mutant::NoServerHoles;
    }),
    ("hole-punching-exact", "cluster_blocks", |rules, _| {
        rules.punching = Punching::Sample;
    }),
    ("one-valid-copy", "cluster_blocks", |rules, _| {
        rules.mutant = Mutant::NoCopy;
    }),
    ("csn-consecutive", "cluster_blocks", |rules, _| {
        rules.mutant = Mutant::RaiseOnReply;
    }),
    ("ssn-consecutive", "cluster_two_servers", |rules, _| {
        rules.mutant = Mutant::RaiseOnServerReply;
    }),
    ("sjoin-only-where-served", "cluster_blocks", |rules, _| {
        rules.sjoin = Sjoin::Always;
    }),
    ("sjoin-only-where-served", "cluster_blocks", |rules, _| {
        rules.mutant = Mutant::NoSjoin;
    }),
    (
        "servers-forward-to-members",
        "cluster_blocks",
        |rules, _| {
            rules.mutant = Mutant::NoSjoin;
        },
    ),
    ("migrate-exactly", "cluster_two_servers", |rules, _| {
        rules.migrate = Migrate::EveryServe;
    }),
    (TRUE, "cluster_lost_updates", |rules, _| {
        rules.mutant = Mutant::NoTracking;
    }),
    (TRUE, "cluster_lost_updates", |rules, _| {
        rules.numbering = Numbering::OneAfter;
    }),
    (TRUE, "cluster_lost_updates", |rules, _| {
        rules.overtaken = Overtaken::Take;
    }),
    (TRUE, "cluster_dropped_leaves", |rules, _| {
        rules.mutant = Mutant::NoFlagOnDrop;
    }),
    (TRUE, "cluster_two_servers", |rules, _| {
        rules.server_gone = ServerGone::Silent;
    }),
    ("one-path", "cluster_two_servers", |rules, _| {
        rules.mutant = Mutant::BothMaps;
    }),
    ("one-path", "cluster_two_servers", |rules, _| {
        rules.mutant = Mutant::MigrateAdds;
    }),
    ("no-lost-member", "cluster_dropped_leaves", |rules, _| {
        rules.mutant = Mutant::NoRejoin;
    }),
    (
        "registered-iff-leaf",
        "cluster_dropped_leaves",
        |rules, _| {
            rules.mutant = Mutant::NoPurge;
        },
    ),
    ("cmi-unique", "cluster_from_nothing", |rules, _| {
        rules.mutant = Mutant::CmiInUse;
    }),
    ("cmi-kept", "cluster_from_nothing", |rules, _| {
        rules.mutant = Mutant::NewCmi;
    }),
    ("room-suffices", "cluster_blocks", |_, scenario| {
        scenario.senders = [0b1111, 0];
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
            "{property} stays green in {name} with {:?}",
            crate::reading::differences(&rules, &Rules::resolved())
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
