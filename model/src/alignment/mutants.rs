//! Each safety property of the alignment seen red: a deliberate fault, or a hurtful reading.

use super::property;
use super::rules::{Acknowledgement, Answer, ChangeInSummarize, Mutant, Rules};
use super::scenario::by_name;
use crate::explore::{Options, search};
use crate::family::Kind;
use std::sync::atomic::AtomicBool;

const LOSSY: &str = "alignment_over_lossy_links";
const CHANGES: &str = "alignment_with_changes";
const LATE: &str = "alignment_with_late_copies";

const fn mutant(mutant: Mutant) -> Rules {
    let mut rules = Rules::resolved();
    rules.mutant = mutant;
    rules
}

fn read(change: fn(&mut Rules)) -> Rules {
    let mut rules = Rules::resolved();
    change(&mut rules);
    rules
}

/// Property, scenario, broken rules.
fn red() -> [(&'static str, &'static str, Rules); 14] {
    let octets = |rules: &mut Rules| rules.acknowledgement = Acknowledgement::WholeSummary;
    let lose = |rules: &mut Rules| rules.change_in_summarize = ChangeInSummarize::Lose;
    let any = |rules: &mut Rules| rules.answer = Answer::Any;
    [
        ("one-master", LOSSY, mutant(Mutant::SlaveToAnyBid)),
        (
            "one-ca-outstanding",
            LOSSY,
            mutant(Mutant::RepeatedCaIsNext),
        ),
        (
            "one-ca-outstanding",
            CHANGES,
            mutant(Mutant::DuplicateAnswer),
        ),
        (
            "one-csus-outstanding",
            CHANGES,
            mutant(Mutant::SecondSolicit),
        ),
        (
            "nothing-requested-on-entry",
            LOSSY,
            mutant(Mutant::SkipUpdate),
        ),
        ("csu-in-its-states", LOSSY, mutant(Mutant::EarlyCsu)),
        ("newest-queued", CHANGES, mutant(Mutant::QueueOlder)),
        ("equal-when-aligned", LOSSY, read(lose)),
        (
            "equal-when-aligned",
            LOSSY,
            mutant(Mutant::RepeatedCaIsNext),
        ),
        ("aligned-in-time", LOSSY, mutant(Mutant::BidOnce)),
        ("loss-is-repaired", LOSSY, mutant(Mutant::NoRepeat)),
        ("no-needless-reset", LOSSY, read(octets)),
        ("links-suffice", LATE, read(any)),
        ("numbers-suffice", LATE, mutant(Mutant::SameNumber)),
    ]
}

#[test]
fn every_safety_property_fails_for_some_broken_step() {
    let red = red();
    for (property, scenario, rules) in &red {
        let options = Options {
            until: Some((*property).into()),
            max_states: Some(1_000_000),
            ..Options::default()
        };
        let model = by_name(scenario).unwrap().model(*rules);
        let report = search(&model, &options, &mut |_| {}, &AtomicBool::new(false));
        let found = report.discovery(property);
        assert!(
            found.is_some_and(|found| found.violation),
            "{property} stays green in {scenario}"
        );
    }
    for claim in property::claims() {
        let seen = red.iter().any(|(property, ..)| *property == claim.name);
        assert!(seen == (claim.kind == Kind::Always), "{}", claim.name);
    }
    for name in [
        "slave-to-any-bid",
        "duplicate-answer",
        "second-solicit",
        "skip-update",
        "early-csu",
        "queue-older",
        "no-repeat",
        "repeated-ca-is-next",
        "bid-once",
        "same-number",
    ] {
        assert!(
            red.iter().any(|(.., rules)| rules.mutant.as_str() == name),
            "{name}"
        );
    }
}
