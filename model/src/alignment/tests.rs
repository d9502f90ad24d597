use super::rules::{LateCa, MasterNumber, SlaveFinished};
use super::*;
use crate::explore::graph::Graph;
use crate::explore::liveness::{always_again, can_always_reach};
use crate::explore::{Options, search};
use crate::family::{Profile, Question};
use std::collections::{HashSet, VecDeque};
use std::sync::atomic::AtomicBool;

/// The first states of a scenario, breadth first.
fn states(model: &Alignment, most: usize) -> Vec<State> {
    let mut seen = HashSet::from([model.initial()]);
    let mut queue = VecDeque::from([model.initial()]);
    let mut all = Vec::new();
    while let Some(state) = queue.pop_front()
        && all.len() < most
    {
        for next in model.next_states(&state) {
            if seen.insert(next) {
                queue.push_back(next);
            }
        }
        all.push(state);
    }
    all
}

fn small() -> impl Iterator<Item = &'static Scenario> {
    scenarios()
        .iter()
        .filter(|scenario| scenario.profile == Profile::Quick)
}

#[test]
fn every_action_that_is_listed_can_be_done() {
    for scenario in scenarios() {
        let model = scenario.model(Rules::resolved());
        for state in states(&model, 3_000) {
            let mut actions = Vec::new();
            model.actions(&state, &mut actions);
            for action in actions {
                assert!(model.next_state(&state, action).is_some(), "{action:?}");
            }
        }
    }
}

#[test]
fn small_scenarios_are_clean_and_do_what_they_declare() {
    for scenario in small() {
        let model = scenario.model(Rules::resolved());
        let options = Options::default();
        let report = search(&model, &options, &mut |_| {}, &AtomicBool::new(false));
        assert!(report.is_clean(), "{}", scenario.name);
        for (kind, count) in &report.action_counts {
            let declared = scenario.actions.contains(kind);
            assert_eq!(*count > 0, declared, "{}: {kind} {count}", scenario.name);
        }
    }
}

/// C19: whether the master heeds a number that is neither its own nor one less makes no difference: a slave that is out of
/// step sees it by itself.
#[test]
fn a_master_that_ignores_odd_numbers_is_aligned_as_well() {
    let mut rules = Rules::resolved();
    rules.master_number = MasterNumber::Ignore;
    for scenario in small() {
        let options = Options::default();
        let model = scenario.model(rules);
        let report = search(&model, &options, &mut |_| {}, &AtomicBool::new(false));
        assert!(report.is_clean(), "{}", scenario.name);
    }
}

/// The duties of a scenario, in order: whether they hold.
fn duties(scenario: &Scenario, rules: Rules) -> Vec<bool> {
    let model = scenario.model(rules);
    let options = Options {
        max_states: Some(400_000),
        ..Options::default()
    };
    let graph = Graph::build(&model, &options, &mut |_| {}, &AtomicBool::new(false));
    assert!(graph.is_complete(), "{}", scenario.name);
    let ask = |question| match question {
        Question::Reach(goal) => can_always_reach(&graph, |state| goal(&model, state)).holds(),
        Question::Again(goal, fair) => {
            always_again(&graph, |state| goal(&model, state), fair).holds()
        }
        Question::LeadsTo(..) | Question::Within { .. } => false,
    };
    duty::duties()
        .into_iter()
        .map(|duty| ask(duty.question))
        .collect()
}

#[test]
fn whatever_went_wrong_both_are_aligned_in_the_end() {
    for scenario in small() {
        assert_eq!(
            duties(scenario, Rules::resolved()),
            [true, true],
            "{}",
            scenario.name
        );
    }
}

#[test]
fn a_slave_that_is_silent_or_a_server_that_ignores_bids_is_never_aligned() {
    let mut rules = Rules::resolved();
    rules.slave_finished = SlaveFinished::Silence;
    let lossy = scenario::by_name("alignment_over_lossy_links").unwrap();
    assert_eq!(duties(lossy, rules), [false, false]);
    let mut drops = *scenario::by_name("alignment_with_drops").unwrap();
    drops.budgets.losses = 0;
    drops.budgets.drops = 1;
    assert_eq!(duties(&drops, Rules::resolved()), [true, true]);
    let mut rules = Rules::resolved();
    rules.late_ca = LateCa::Ignore;
    assert_eq!(duties(&drops, rules), [false, false]);
}

/// N10: one late message does no harm, whatever else is lost; two can. A bid and a later answer of one exchange both come
/// late. Where messages cannot overtake each other (an ATM VC, a TCP connection) there is none.
#[test]
fn two_late_messages_of_one_exchange_can_hide_a_change() {
    let scenario = scenario::by_name("alignment_with_a_late_bid").unwrap();
    let holds = |losses, copies| {
        let budgets = Budgets {
            losses,
            copies,
            changes: 1,
            ..Budgets::NONE
        };
        let model = Scenario {
            budgets,
            ..*scenario
        }
        .model(Rules::resolved());
        let options = Options::default();
        let report = search(&model, &options, &mut |_| {}, &AtomicBool::new(false));
        assert!(report.exhausted());
        report.discovery("equal-when-aligned").is_none()
    };
    assert!(holds(4, 1));
    assert!(!holds(2, 2));
}
