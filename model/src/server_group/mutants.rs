//! Each safety property seen red: a deliberate fault, or a hurtful reading, and a scenario where the property fails.

use super::property::{self, Kind};
use crate::explore::{Options, search_space};
use crate::rules::{AfterRestart, Mutant, PurgeScope, RedirectOrder, Rules};
use crate::scenario::{Scenario, by_name};
use std::sync::atomic::AtomicBool;

struct Red {
    property: &'static str,
    scenario: &'static str,
    spoil: fn(&mut Rules, &mut Scenario),
}

const fn mutant(rules: &mut Rules, mutant: Mutant) {
    rules.mutant = mutant;
}

const RED: &[Red] = &[
    Red {
        property: "cmi-unique",
        scenario: "cmi_range_nearly_used_up",
        spoil: |rules, _| mutant(rules, Mutant::CmiInUse),
    },
    Red {
        property: "converged-when-quiet",
        scenario: "three_in_a_line",
        spoil: |rules, _| mutant(rules, Mutant::NoRelay),
    },
    Red {
        property: "no-phantom",
        scenario: "three_in_a_line",
        spoil: |rules, _| mutant(rules, Mutant::NoProxyDeregister),
    },
    Red {
        property: "no-lost-member",
        scenario: "three_in_a_line",
        spoil: |rules, _| rules.purge_scope = PurgeScope::All,
    },
    Red {
        property: "no-lost-member",
        scenario: "ring_of_three",
        spoil: |rules, _| mutant(rules, Mutant::ReuseNumber),
    },
    Red {
        property: "flush-exact",
        scenario: "crash_and_failover",
        spoil: |rules, _| mutant(rules, Mutant::NeverFlush),
    },
    Red {
        property: "flush-exact",
        scenario: "drain",
        spoil: |rules, _| mutant(rules, Mutant::EarlyFlush),
    },
    Red {
        property: "redirect-map-true",
        scenario: "drain",
        spoil: |rules, _| mutant(rules, Mutant::MapRepeats),
    },
    Red {
        property: "redirect-map-true",
        scenario: "crash_and_failover",
        spoil: |rules, _| mutant(rules, Mutant::NeverFlush),
    },
    Red {
        property: "home-stable",
        scenario: "two_servers_moving_client",
        spoil: |rules, _| rules.redirect_order = RedirectOrder::LearnedOnly,
    },
    Red {
        property: "proxy-deregister-precise",
        scenario: "two_servers_moving_client",
        spoil: |rules, _| mutant(rules, Mutant::NoProxyDeregister),
    },
    Red {
        property: "no-regress",
        scenario: "ring_of_three",
        spoil: |rules, _| mutant(rules, Mutant::AcceptOlder),
    },
    Red {
        property: "versions-unique",
        scenario: "two_servers_moving_client",
        spoil: |rules, _| mutant(rules, Mutant::ReuseNumber),
    },
    Red {
        property: "migrate-exactly",
        scenario: "mcs_at_the_other_server",
        spoil: |rules, _| mutant(rules, Mutant::NoMigrate),
    },
    Red {
        property: "server-map-told",
        scenario: "mcs_at_the_other_server",
        spoil: |rules, _| mutant(rules, Mutant::ServiceStays),
    },
    Red {
        property: "sjoin-where-served",
        scenario: "mcs_at_the_other_server",
        spoil: |rules, _| mutant(rules, Mutant::NoSjoin),
    },
    Red {
        property: "proxy-deregister-precise",
        scenario: "restart",
        spoil: |rules, _| rules.after_restart = AfterRestart::Nothing,
    },
    Red {
        property: "links-suffice",
        scenario: "two_servers_moving_client",
        spoil: |_, scenario| scenario.queue = 1,
    },
];

#[test]
fn every_safety_property_fails_for_some_broken_step() {
    for red in RED {
        let mut scenario = *by_name(red.scenario).unwrap();
        let mut rules = Rules::resolved();
        (red.spoil)(&mut rules, &mut scenario);
        let options = Options {
            until: Some(red.property.into()),
            max_states: Some(400_000),
            ..Options::default()
        };
        let report = search_space(
            &scenario.model(rules),
            &options,
            None,
            &mut |_| {},
            &AtomicBool::new(false),
        );
        let found = report.discovery(red.property);
        assert!(
            found.is_some_and(|found| found.violation),
            "{} stays green in {}",
            red.property,
            red.scenario
        );
    }
    for claim in property::claims()
        .iter()
        .filter(|claim| claim.kind == Kind::Always)
    {
        assert!(
            RED.iter().any(|red| red.property == claim.name),
            "{} has never been seen red",
            claim.name
        );
    }
}

#[test]
fn draining_two_servers_sends_clients_back_and_forth() {
    // N01: each drained server puts the first other one at the head, and no message says that it is drained as well.
    let mut scenario = *by_name("drain").unwrap();
    scenario.clients = 1;
    scenario.budgets.registers = 1;
    scenario.budgets.changes = 0;
    for (drains, fails) in [(1, false), (2, true)] {
        scenario.budgets.drains = drains;
        let model = scenario.model(Rules::resolved());
        let report = search_space(
            &model,
            &Options::default(),
            None,
            &mut |_| {},
            &AtomicBool::new(false),
        );
        assert_eq!(
            report.discovery("home-stable").is_some(),
            fails,
            "{drains} drains"
        );
        assert!(report.exhausted());
    }
}
