//! The relations of HFSM and CAFSM as tables, for people and for the comparison with those of the
//! implementation (`conformance/tests/tables.rs`).
//!
//! A block is a state and what else counts there. A line is what follows: the next state, what is done, and
//! all events that lead to it. A CA is written as its bits, a digit for its summaries (0 none, 1 some), and
//! its number against the own one: `=` the same, `+` one more, `-` one less, `?` any other.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;

use mars_model::alignment::cafsm::{
    Action, Actions, Amount, Ca, Cell, Event, Number, Situation, State, rows,
};
use mars_model::alignment::rules::Rules;
use mars_model::hello::{hfsm, rules as hello};

#[test]
fn the_hello_machine() {
    let rules = hello::Rules::resolved();
    let mut table = String::new();
    for state in hfsm::State::ALL {
        for event in hfsm::Event::ALL {
            // It cannot happen where a Hello that omits the own id moves the machine at once (D01).
            if event != hfsm::Event::Unlisted {
                let next = hfsm::next(&rules, state, event).name();
                table += &format!("{} {} -> {next}\n", state.name(), event.name());
            }
        }
    }
    insta::assert_snapshot!("hfsm", table);
}

/// Whether the alignment machine itself has to do with an event here: CSU messages are the update part's, a
/// link comes up only where it is down.
fn belongs(state: State, event: Event) -> bool {
    match event {
        Event::Ca(_) | Event::CaTimer | Event::HoldTimer | Event::Patience => true,
        Event::Up => state == State::Down,
        Event::Down => state != State::Down,
        _ => false,
    }
}

fn heading(state: State, situation: Situation) -> String {
    let word = |set, name: &'static str| if set { name } else { "-" };
    let Situation {
        larger,
        cache,
        left,
        first,
        held,
        wanted,
    } = situation;
    format!(
        "{} {} cache={} left={} {} {} {}",
        state.as_str(),
        if larger { "larger" } else { "smaller" },
        cache.as_str(),
        left.as_str(),
        word(first, "first"),
        word(held, "held"),
        word(wanted, "wanted"),
    )
}

/// What is done, in a fixed order; of a timer only what becomes of it.
fn done(actions: Actions) -> String {
    let mut words = Vec::new();
    let mut put = |when: bool, word: &str| {
        if when {
            words.push(word.to_owned());
        }
    };
    let has = |action| actions.contains(action);
    let number = if has(Action::Adopt) {
        "received"
    } else {
        "own+1"
    };
    put(has(Action::Forget), "forget");
    put(has(Action::Process), "process");
    put(has(Action::SendBid) && has(Action::NewNumber), "bid(new)");
    put(has(Action::SendMore), &format!("more({number})"));
    put(has(Action::SendLast), &format!("last({number})"));
    put(has(Action::SendEmpty), &format!("empty({number})"));
    put(has(Action::Repeat), "repeat");
    if has(Action::StartCaTimer) {
        put(true, "start-ca-timer");
    } else {
        put(
            has(Action::StopCaTimer) && !has(Action::Forget),
            "stop-ca-timer",
        );
    }
    put(has(Action::StartPatience), "start-patience");
    put(has(Action::KeepCopy), "keep-copy");
    put(has(Action::FreeCopy), "free-copy");
    put(has(Action::Release), "release");
    put(has(Action::Solicit), "solicit");
    words.join(" ")
}

fn form(ca: Ca) -> String {
    let bit = |set, letter| if set { letter } else { '-' };
    format!(
        "{}{}{}{}",
        bit(ca.master, 'M'),
        bit(ca.init, 'I'),
        bit(ca.more, 'O'),
        u8::from(ca.summaries)
    )
}

const fn mark(number: Number) -> char {
    match number {
        Number::Equal => '=',
        Number::Next => '+',
        Number::Previous => '-',
        Number::Other => '?',
    }
}

#[test]
fn the_alignment_machine() {
    // By block, by what follows, by event.
    let mut blocks: BTreeMap<(State, Situation), BTreeMap<String, BTreeMap<String, String>>> =
        BTreeMap::new();
    for (state, event, situation, cell) in rows(&Rules::resolved()) {
        if !belongs(state, event) {
            continue;
        }
        let Cell { next, actions } = cell;
        let follows = format!("{} [{}]", next.as_str(), done(actions));
        let events = blocks
            .entry((state, situation))
            .or_default()
            .entry(follows)
            .or_default();
        match event {
            Event::Ca(ca) => events.entry(form(ca)).or_default().push(mark(ca.number)),
            other => {
                events.insert(other.as_str().to_owned(), String::new());
            }
        }
    }
    let mut table = String::new();
    for ((state, situation), lines) in blocks {
        table += &format!("{}\n", heading(state, situation));
        for (follows, events) in lines {
            let events: Vec<String> = events
                .into_iter()
                .map(|(form, numbers)| format!("{form}{numbers}"))
                .collect();
            table += &format!("  {follows} < {}\n", events.join(" "));
        }
    }
    assert!(Amount::ALL.len() == 3 && table.len() > 1000);
    insta::assert_snapshot!("cafsm", table);
}
