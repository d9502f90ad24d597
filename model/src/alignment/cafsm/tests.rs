use super::*;
use crate::alignment::rules::{
    Acknowledgement, ChangeInSummarize, Discarded, FirstMore, Hold, Mutant, NullReply, OldMessages,
};
use std::collections::BTreeSet;

const PLAIN: Situation = Situation {
    larger: false,
    cache: Amount::None,
    left: Amount::None,
    first: false,
    held: false,
    wanted: false,
};
const LARGER: Situation = Situation {
    larger: true,
    ..PLAIN
};
const BID: Ca = Ca {
    master: true,
    init: true,
    more: true,
    summaries: false,
    number: Number::Other,
};
/// The master's, O off.
const TOLD: Ca = Ca {
    master: true,
    init: false,
    more: false,
    summaries: true,
    number: Number::Next,
};
/// The slave's, O off.
const ANSWER: Ca = Ca {
    master: false,
    number: Number::Equal,
    ..TOLD
};

fn resolved(state: State, situation: Situation, event: Event) -> (State, Vec<Action>) {
    let cell = react(&Rules::resolved(), state, situation, event);
    (cell.next, cell.actions.iter().collect())
}

fn on_ca(state: State, situation: Situation, ca: Ca) -> (State, Vec<Action>) {
    resolved(state, situation, Event::Ca(ca))
}

#[test]
fn a_link_that_comes_up_begins_with_a_bid_and_down_ends_everything() {
    // R2334-2.2-03, R2334-2.2-04, R2334-2.2-07
    let (next, actions) = resolved(State::Down, PLAIN, Event::Up);
    assert_eq!(next, State::Negotiation);
    assert_eq!(
        actions,
        [Action::NewNumber, Action::SendBid, Action::StartCaTimer]
    );
    for (state, event, _, cell) in rows(&Rules::resolved()) {
        match (state, event) {
            (State::Down, Event::Up) => {}
            (State::Down, _) => assert!(cell.next == State::Down && cell.actions.is_empty()),
            (_, Event::Down) => {
                assert_eq!(cell.next, State::Down);
                assert!(cell.actions.contains(Action::Forget));
            }
            _ => {}
        }
    }
}

#[test]
fn negotiation_makes_a_slave_of_the_smaller_id_and_a_master_of_the_larger() {
    // R2334-2.2.1-01 to -06
    for (cache, told) in [
        (Amount::None, Action::SendEmpty),
        (Amount::One, Action::SendLast),
        (Amount::More, Action::SendMore),
    ] {
        let situation = Situation { cache, ..LARGER };
        let slave = on_ca(State::Negotiation, situation, BID);
        assert_eq!(
            slave,
            (
                State::Slave,
                vec![
                    Action::StopCaTimer,
                    Action::Adopt,
                    told,
                    Action::StartPatience
                ]
            )
        );
        // R2334-2.2.1-07 to -12, C22
        let situation = Situation { cache, ..PLAIN };
        let master = on_ca(State::Negotiation, situation, ANSWER);
        let done = vec![
            Action::Process,
            Action::Increment,
            told,
            Action::StartCaTimer,
        ];
        assert_eq!(master, (State::Master, done));
    }
    // R2334-2.2.1-13; C20: the answer to another bid.
    let late = Ca {
        number: Number::Other,
        ..ANSWER
    };
    for (situation, ca) in [
        (PLAIN, BID),
        (PLAIN, late),
        (PLAIN, TOLD),
        (LARGER, ANSWER),
        (LARGER, TOLD),
        (
            LARGER,
            Ca {
                summaries: true,
                ..BID
            },
        ),
    ] {
        let ignored = (State::Negotiation, vec![]);
        assert_eq!(on_ca(State::Negotiation, situation, ca), ignored, "{ca:?}");
    }
}

#[test]
fn the_master_waits_for_its_number_and_ends_when_both_have_nothing_left() {
    // R2334-2.2.2-03
    let duplicate = Ca {
        number: Number::Previous,
        ..ANSWER
    };
    assert_eq!(
        on_ca(State::Master, PLAIN, duplicate),
        (State::Master, vec![])
    );
    // R2334-2.2.2-08
    let (next, actions) = on_ca(State::Master, PLAIN, ANSWER);
    assert_eq!(next, State::Aligned);
    assert!(!actions.contains(&Action::SendEmpty) && actions.contains(&Action::StopCaTimer));
    // R2334-2.2.2-09, -10
    for (left, more, told) in [
        (Amount::None, true, Action::SendEmpty),
        (Amount::One, false, Action::SendLast),
        (Amount::More, false, Action::SendMore),
    ] {
        let situation = Situation { left, ..PLAIN };
        let (next, actions) = on_ca(State::Master, situation, Ca { more, ..ANSWER });
        assert!(
            next == State::Master
                && actions.contains(&told)
                && actions.contains(&Action::StartCaTimer)
        );
    }
    // C19
    for number in [Number::Next, Number::Other] {
        let (next, actions) = on_ca(State::Master, PLAIN, Ca { number, ..ANSWER });
        assert!(next == State::Negotiation && actions.contains(&Action::SendBid));
    }
}

#[test]
fn the_slave_answers_each_number_once_and_keeps_its_last_ca() {
    // R2334-2.2.2-11
    let repeated = Ca {
        number: Number::Equal,
        ..TOLD
    };
    let resent = (State::Slave, vec![Action::Repeat, Action::StartPatience]);
    assert_eq!(on_ca(State::Slave, LARGER, repeated), resent);
    // R2334-2.2.2-14 to -18, R2334-2.2.2-20, C21
    for (left, more, told, ends) in [
        (Amount::None, false, Action::SendEmpty, true),
        (Amount::None, true, Action::SendEmpty, false),
        (Amount::One, false, Action::SendLast, true),
        (Amount::One, true, Action::SendLast, false),
        (Amount::More, false, Action::SendMore, false),
    ] {
        let situation = Situation { left, ..LARGER };
        let (next, actions) = on_ca(State::Slave, situation, Ca { more, ..TOLD });
        assert_eq!(next == State::Aligned, ends);
        assert_eq!(actions.contains(&Action::KeepCopy), ends);
        assert!(actions.contains(&told) && actions.contains(&Action::Adopt));
    }
    // R2334-2.2.2-19: back, with a bid of its own.
    let (next, actions) = on_ca(
        State::Slave,
        LARGER,
        Ca {
            number: Number::Other,
            ..TOLD
        },
    );
    assert!(next == State::Negotiation && actions.contains(&Action::SendBid));
}

#[test]
fn a_bid_seen_again_is_a_duplicate_only_as_long_as_nothing_followed_it() {
    // H01
    let again = Ca {
        number: Number::Equal,
        ..BID
    };
    let first = Situation {
        first: true,
        ..LARGER
    };
    assert_eq!(
        on_ca(State::Slave, first, again),
        (State::Slave, vec![Action::Repeat, Action::StartPatience])
    );
    // Any other with the I bit: negotiation, and slave again at once.
    for (situation, ca) in [(first, BID), (LARGER, again)] {
        let (next, actions) = on_ca(State::Slave, situation, ca);
        assert_eq!(next, State::Slave);
        let begun = [Action::Forget, Action::NewNumber, Action::SendBid];
        let told = [Action::Adopt, Action::SendEmpty, Action::StartPatience];
        assert!(actions.starts_with(&begun) && actions.ends_with(&told));
    }
}

#[test]
fn the_wrong_m_bit_or_the_i_bit_ends_a_summary() {
    // R2334-2.2.2-02
    for (state, event, situation, cell) in rows(&Rules::resolved()) {
        let Event::Ca(ca) = event else { continue };
        let wrong = match state {
            State::Master => ca.master || ca.init,
            State::Slave => !ca.master || ca.init,
            _ => continue,
        };
        let repeated = ca.is_bid() && situation.first && ca.number == Number::Equal;
        if wrong && !repeated {
            assert!(cell.actions.contains(Action::SendBid), "{state:?} {ca:?}");
        }
    }
}

#[test]
fn a_ca_after_the_summary_is_answered_by_the_copy_or_begins_anew() {
    // C18, R2334-2.2.2-20
    for state in [State::Update, State::Aligned] {
        let held = Situation {
            held: true,
            ..LARGER
        };
        let repeated = Ca {
            number: Number::Equal,
            ..TOLD
        };
        assert_eq!(on_ca(state, held, repeated), (state, vec![Action::Repeat]));
        assert_eq!(on_ca(state, LARGER, repeated).0, State::Negotiation);
        assert_eq!(on_ca(state, held, TOLD).0, State::Negotiation);
        assert_eq!(on_ca(state, held, BID).0, State::Slave);
        // R2334-2.2.2-22
        let freed = vec![Action::FreeCopy, Action::Answer];
        assert_eq!(resolved(state, held, Event::Csus), (state, freed));
    }
}

#[test]
fn update_cache_ends_when_nothing_is_wanted() {
    // R2334-2.2.3-01, -08, -09
    let wanted = Situation {
        wanted: true,
        ..PLAIN
    };
    let (next, actions) = on_ca(State::Master, wanted, ANSWER);
    assert!(next == State::Update && actions.contains(&Action::Solicit));
    let all = Event::CsuRequest { completes: true };
    let (next, actions) = resolved(State::Update, wanted, all);
    assert!(next == State::Update && actions.contains(&Action::Solicit));
    assert_eq!(resolved(State::Update, PLAIN, all).0, State::Aligned);
}

#[test]
fn csu_messages_are_for_the_two_last_states() {
    // R2334-2.3-01, C23, C16
    for (state, event, _, cell) in rows(&Rules::resolved()) {
        if matches!(state, State::Update | State::Aligned) {
            continue;
        }
        let sends = [
            Action::Reply,
            Action::SolicitAgain,
            Action::Answer,
            Action::Flood,
            Action::Resend,
        ];
        assert!(!sends.iter().any(|&action| cell.actions.contains(action)));
        if matches!(
            event,
            Event::Csus | Event::CsuRequest { .. } | Event::CsuReply { .. }
        ) {
            assert!(cell.next == state && cell.actions.is_empty());
        }
    }
}

#[test]
fn all_events_and_situations_are_different() {
    assert_eq!(EVENTS.iter().collect::<BTreeSet<_>>().len(), EVENTS.len());
    for &state in State::ALL {
        let all: Vec<_> = situations(state).collect();
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
        assert!(!all.is_empty());
    }
}

#[test]
fn a_slave_that_hears_nothing_bids() {
    // N04
    let (next, actions) = resolved(State::Slave, LARGER, Event::Patience);
    assert_eq!(next, State::Negotiation);
    assert!(actions.contains(&Action::SendBid) && actions.contains(&Action::StartCaTimer));
    for &state in State::ALL.iter().filter(|&&state| state != State::Slave) {
        assert_eq!(resolved(state, PLAIN, Event::Patience), (state, vec![]));
    }
}

/// Every reading and every fault of the FSM is seen in the table; what is elsewhere is not.
#[test]
fn each_reading_changes_a_row() {
    let resolved: Vec<_> = rows(&Rules::resolved()).collect();
    let changed = |rules: Rules| {
        rows(&rules)
            .zip(&resolved)
            .any(|(row, before)| row != *before)
    };
    let literal = Rules::literal();
    let with = |change: fn(&mut Rules, Rules)| {
        let mut rules = Rules::resolved();
        change(&mut rules, literal);
        changed(rules)
    };
    assert!(with(
        |rules, literal| rules.change_in_summarize = literal.change_in_summarize
    ));
    assert!(with(|rules, literal| rules.late_ca = literal.late_ca));
    assert!(with(
        |rules, literal| rules.master_number = literal.master_number
    ));
    assert!(with(|rules, literal| rules.answer = literal.answer));
    assert!(with(
        |rules, literal| rules.slave_finished = literal.slave_finished
    ));
    assert!(with(|rules, literal| rules.first_more = literal.first_more));
    assert!(with(|rules, literal| rules.patience = literal.patience));
    assert!(with(|rules, literal| rules.stray = literal.stray));
    assert!(with(
        |rules, literal| rules.repeated_bid = literal.repeated_bid
    ));
    for mutant in [
        Mutant::SlaveToAnyBid,
        Mutant::DuplicateAnswer,
        Mutant::SkipUpdate,
        Mutant::EarlyCsu,
        Mutant::RepeatedCaIsNext,
        Mutant::BidOnce,
    ] {
        let mut rules = Rules::resolved();
        rules.mutant = mutant;
        assert!(changed(rules), "{mutant:?}");
    }
    let mut rules = Rules::resolved();
    rules.acknowledgement = Acknowledgement::WholeSummary;
    rules.hold = Hold::One;
    rules.discarded = Discarded::Refuse;
    rules.old_messages = OldMessages::Delivered;
    rules.null_reply = NullReply::Alike;
    assert!(!changed(rules));
    // Not by chance the same as the literal ones.
    assert_ne!(rules.first_more, FirstMore::IfAny);
    assert_ne!(rules.change_in_summarize, ChangeInSummarize::Lose);
}
