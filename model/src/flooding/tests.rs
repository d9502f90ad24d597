//! Duties on small scenarios, each refuted once; what travels between processes.

use crate::explore::Options;
use crate::explore::liveness::Verdict;
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
fn the_group_agrees_again_whatever_has_failed() {
    for name in ["flood_restart", "flood_wrap"] {
        assert!(refuted(name, Choice::Resolved).is_empty(), "{name}");
    }
}

#[test]
fn what_is_lost_for_good_is_a_trap() {
    let both = ["can-always-agree", "agrees-again-and-again"];
    for literal in [("own_record", "fetch"), ("own_record", "ignore")] {
        assert_eq!(refuted("flood_restart", Choice::But(literal)), both);
    }
}
