//! Duties on a small scenario, each refuted once; counts of the quick scenarios.

use crate::explore::Options;
use crate::explore::liveness::Verdict;
use crate::reading::Choice;
use crate::registry::by_name;
use std::sync::atomic::AtomicBool;

fn verdicts(name: &str, choice: Choice) -> Vec<(&'static str, bool)> {
    let stop = AtomicBool::new(false);
    let case = by_name(name).unwrap();
    let future = case.future(choice, &Options::default(), &mut |_| {}, &stop);
    assert!(future.complete);
    let answers = future.answers.iter();
    answers
        .map(|answer| (answer.name, matches!(answer.verdict, Verdict::Holds)))
        .collect()
}

#[test]
fn no_state_is_a_trap_and_answers_come_in_time() {
    for name in ["hello_lossy_link", "hello_one_way", "hello_fast_restart"] {
        for (duty, holds) in verdicts(name, Choice::Resolved) {
            assert!(holds, "{name}: {duty}");
        }
    }
}

#[test]
fn servers_that_stop_listing_each_other_are_trapped() {
    // D02, read the other way.
    let literal = Choice::But(("listed", "not-stalled"));
    let refuted: Vec<_> = verdicts("hello_one_way", literal)
        .into_iter()
        .filter(|(_, holds)| !holds)
        .map(|(duty, _)| duty)
        .collect();
    assert!(
        refuted.contains(&"can-always-be-bidirectional"),
        "{refuted:?}"
    );
    assert!(
        refuted.contains(&"bidirectional-again-and-again"),
        "{refuted:?}"
    );
}

#[test]
fn a_dead_timer_that_is_late_is_noticed_late() {
    let late = Choice::But(("mutant", "late-death"));
    let all = verdicts("hello_one_way", late);
    assert!(all.contains(&("one-way-is-noticed", false)), "{all:?}");
    let slow = Choice::But(("mutant", "late-hello"));
    let all = verdicts("hello_one_way", slow);
    assert!(all.contains(&("bidirectional-in-time", false)), "{all:?}");
}
