//! Duties on small scenarios, each refuted once; the readings that do no harm; what travels between processes.

use super::rules::{Deserted, EmptyGroup, Numbering, Purge};
use super::*;
use crate::explore::liveness::Verdict;
use crate::explore::{Options, search_space};
use crate::family::Configuration as _;
use crate::reading::Choice;
use crate::registry::by_name;
use std::sync::atomic::AtomicBool;

fn refuted(name: &str, choice: Choice) -> Vec<&'static str> {
    let stop = AtomicBool::new(false);
    let case = by_name(name).unwrap();
    let future = case.future(choice, &Options::default(), &mut |_| {}, &stop);
    assert!(future.complete);
    let answers = future.answers.iter();
    answers
        .filter(|answer| !matches!(answer.verdict, Verdict::Holds))
        .map(|answer| answer.name)
        .collect()
}

#[test]
fn the_cluster_comes_to_rest_whatever_was_lost() {
    for name in ["cluster_lost_updates", "cluster_from_nothing"] {
        assert!(refuted(name, Choice::Resolved).is_empty(), "{name}");
    }
}

#[test]
fn each_duty_is_refuted_by_a_fault() {
    let mutant = |name, mutant| refuted(name, Choice::But(("mutant", mutant)));
    // A copy is lost and nobody repeats the message.
    let found = mutant("cluster_lost_updates", "no-repeat");
    assert!(found.contains(&"can-always-be-quiet"), "{found:?}");
    assert!(found.contains(&"quiet-again-and-again"), "{found:?}");
    // The last message was lost and no map follows.
    let found = mutant("cluster_lost_updates", "no-map");
    assert!(found.contains(&"quiet-in-time"), "{found:?}");
}

/// The scenario of a name, made smaller.
fn scenario(name: &str) -> Scenario {
    *scenarios().iter().find(|one| one.name == name).unwrap()
}

#[test]
fn a_client_that_does_not_notice_stays_outside() {
    let mut small = scenario("cluster_dropped_leaves");
    small.senders = [0, 1];
    small.budgets = scenario::Budgets {
        drops: 1,
        ..scenario::Budgets::NONE
    };
    for (mutant, holds) in [("none", true), ("no-notice", false)] {
        let model = small.model(Choice::But(("mutant", mutant)).rules::<Rules>());
        let options = Options::default();
        let stop = AtomicBool::new(false);
        let graph = crate::explore::graph::Graph::build(&model, &options, &mut |_| {}, &stop);
        let duties = small.duties();
        let duty = duties.iter().find(|duty| duty.name == "member-again");
        let crate::family::Question::LeadsTo(from, to, fair) = duty.unwrap().question else {
            panic!("another question");
        };
        let verdict = crate::explore::liveness::leads_to(
            &graph,
            |state| from(&model, state),
            |state| to(&model, state),
            fair,
        );
        assert_eq!(matches!(verdict, Verdict::Holds), holds, "{mutant}");
    }
}

fn search(scenario: &Scenario, rules: Rules) -> crate::explore::Report<Cluster> {
    let stop = AtomicBool::new(false);
    let options = Options::default();
    search_space(&scenario.model(rules), &options, None, &mut |_| {}, &stop)
}

// F02: where what arrives on ClusterControlVC is counted apart, it does not matter when the server raises its number.
#[test]
fn counted_apart_either_number_is_safe() {
    let rules = Rules {
        numbering: Numbering::ApartBefore,
        ..Rules::resolved()
    };
    let report = search(&scenario("cluster_lost_updates"), rules);
    assert!(report.is_clean() && report.exhausted());
}

// E19: no field of the resolved rules can tell, since RFC 2022 announces nothing. Announced, no stray leaf is left.
#[test]
fn an_announced_purge_leaves_no_stray_leaf() {
    for (purge, strays) in [(Purge::Silent, true), (Purge::Announced, false)] {
        let rules = Rules {
            purge,
            ..Rules::resolved()
        };
        let report = search(&scenario("cluster_from_nothing"), rules);
        assert!(report.exhausted() && report.violations().next().is_none());
        assert_eq!(report.discovery("stray-leaf").is_some(), strays);
    }
}

// E14, F24: a group with a multicast server and no members. Nobody is worse off, whatever is said of it.
#[test]
fn what_is_said_of_a_group_without_members_does_no_harm() {
    let resolved = Rules::resolved();
    let all = scenario("cluster_two_servers");
    let plain = search(&all, resolved);
    for rules in [
        Rules {
            empty_group: EmptyGroup::Migrates,
            ..resolved
        },
        Rules {
            deserted: Deserted::Nak,
            ..resolved
        },
    ] {
        let report = search(&all, rules);
        assert!(report.is_clean() && report.exhausted());
        // The reading is not without effect.
        assert_ne!(report.unique, plain.unique);
    }
}
