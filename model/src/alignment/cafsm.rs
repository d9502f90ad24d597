//! The cache alignment FSM (RFC 2334, 2.2 and Figure 2, with what 2.3 does to it) as one pure relation: a state, what of
//! the situation matters, and an event give the next state and what is done. No clocks, no caches, no messages: a
//! [`Situation`] says in a few words what the caller knows of them, so that the whole table can be written down
//! ([`rows`]). The Hello FSM is there only as [`Event::Up`] and [`Event::Down`].

mod table;
mod vocabulary;

pub use table::{EVENTS, rows, situations};
pub use vocabulary::{Action, Actions, Amount, Ca, Cell, Event, Number, Situation, State};

use super::rules::{
    Answer, ChangeInSummarize, FirstMore, LateCa, MasterNumber, Mutant, Patience, RepeatedBid,
    Rules, SlaveFinished, Stray,
};

const fn cell(next: State, actions: &[Action]) -> Cell {
    Cell {
        next,
        actions: Actions::of(actions),
    }
}

/// The relation.
pub fn react(rules: &Rules, state: State, situation: Situation, event: Event) -> Cell {
    use State::{Aligned, Down, Master, Negotiation, Slave, Update};
    let stay = |actions: &[Action]| cell(state, actions);
    let exchanging = matches!(state, Update | Aligned);
    match event {
        // R2334-2.2-03, -04
        Event::Up if state == Down => cell(
            Negotiation,
            &[Action::NewNumber, Action::SendBid, Action::StartCaTimer],
        ),
        // R2334-2.2-07
        Event::Down if state != Down => cell(Down, &[Action::Forget]),
        Event::Ca(ca) => match state {
            Down => stay(&[]),
            Negotiation => negotiate(rules, situation, ca),
            Master => master(rules, situation, ca),
            Slave => slave(rules, situation, ca),
            Update | Aligned => late_ca(rules, state, situation, ca),
        },
        // C16: R2334-2.3-01, -04
        Event::Change { completes } => match state {
            Down | Negotiation => stay(&[]),
            Master | Slave if rules.mutant == Mutant::EarlyCsu => stay(&[Action::Flood]),
            Master | Slave => match rules.change_in_summarize {
                ChangeInSummarize::Wait => stay(&[Action::Wait]),
                ChangeInSummarize::Lose => stay(&[]),
            },
            Update | Aligned => records(state, situation, completes, &[Action::Flood]),
        },
        Event::CaTimer => match state {
            // R2334-2.2-05, R2334-2.2.2-23
            Negotiation if rules.mutant == Mutant::BidOnce => stay(&[]),
            Negotiation | Master => stay(&[Action::Repeat, Action::StartCaTimer]),
            Down | Slave | Update | Aligned => stay(&[]),
        },
        Event::Csus | Event::CsuRequest { .. } | Event::CsuReply { .. } if !exchanging => {
            // C23: R2334-2.3-01
            match rules.stray {
                Stray::Reset if state != Down => cell(Down, &[Action::Forget, Action::Abnormal]),
                Stray::Reset | Stray::Ignore => stay(&[]),
            }
        }
        // R2334-2.2.2-22
        Event::HoldTimer if exchanging && situation.held => stay(&[Action::FreeCopy]),
        Event::Csus if situation.held => stay(&[Action::FreeCopy, Action::Answer]),
        // R2334-2.2.3-03, R2334-2.2.4-02
        Event::Csus => stay(&[Action::Answer]),
        Event::CsuRequest { completes } => {
            let taken = [Action::Apply, Action::Reply];
            records(state, situation, completes, &taken)
        }
        Event::CsuReply { newer: false } => stay(&[Action::Dequeue]),
        // R2334-2.3-21, C27
        Event::CsuReply { newer: true } => stay(&[Action::Dequeue, Action::Solicit]),
        // N04
        Event::Patience if state == Slave && rules.patience == Patience::Three => Cell {
            next: Negotiation,
            actions: ANEW,
        },
        // R2334-2.2.3-07
        Event::CsusTimer if exchanging && situation.wanted => stay(&[Action::SolicitAgain]),
        // R2334-2.3-13, -17
        Event::CsuTimer { exhausted: false } if exchanging => stay(&[Action::Resend]),
        Event::CsuTimer { exhausted: true } if exchanging => {
            cell(Down, &[Action::Forget, Action::Abnormal])
        }
        Event::Up
        | Event::Down
        | Event::HoldTimer
        | Event::Patience
        | Event::CsusTimer
        | Event::CsuTimer { .. } => stay(&[]),
    }
}

/// R2334-2.2.3-08, -09, C26: records have come. In Aligned the list may have filled again (C27).
fn records(state: State, situation: Situation, completes: bool, taken: &[Action]) -> Cell {
    let (next, more) = match (completes, situation.wanted) {
        (false, _) => (state, Actions::default()),
        (true, true) => (
            state,
            Actions::of(&[Action::StopCsusTimer, Action::Solicit]),
        ),
        (true, false) => (State::Aligned, Actions::of(&[Action::StopCsusTimer])),
    };
    Cell {
        next,
        actions: Actions::of(taken).and(more),
    }
}

/// The CA that tells as much as fits of what there is.
const fn telling(amount: Amount) -> Action {
    match amount {
        Amount::None => Action::SendEmpty,
        Amount::One => Action::SendLast,
        Amount::More => Action::SendMore,
    }
}

/// RFC 2334, 2.2.1.
fn negotiate(rules: &Rules, situation: Situation, ca: Ca) -> Cell {
    let larger = situation.larger || rules.mutant == Mutant::SlaveToAnyBid;
    // R2334-2.2.1-01 to -06
    if ca.is_bid() && larger {
        let told = telling(situation.cache);
        return cell(
            State::Slave,
            &[
                Action::StopCaTimer,
                Action::Adopt,
                told,
                Action::StartPatience,
            ],
        );
    }
    // R2334-2.2.1-07 to -12, C20
    let answers = ca.number == Number::Equal || rules.answer == Answer::Any;
    if !ca.master && !ca.init && !situation.larger && answers {
        // C22
        let told = match (rules.first_more, situation.cache) {
            (FirstMore::IfAny, Amount::One) => Action::SendMore,
            (FirstMore::IfAny | FirstMore::IfMoreFollows, amount) => telling(amount),
        };
        let processed = [Action::Process, Action::Increment];
        return Cell {
            next: State::Master,
            actions: Actions::of(&processed)
                .with(told)
                .with(Action::StartCaTimer),
        };
    }
    // R2334-2.2.1-13
    cell(State::Negotiation, &[])
}

/// What a way back to negotiation begins with.
const ANEW: Actions = Actions::of(&[
    Action::Forget,
    Action::NewNumber,
    Action::SendBid,
    Action::StartCaTimer,
]);

/// Back to negotiation (R2334-2.2-08), and the CA that was the reason is processed there at once (C18).
fn renegotiate(rules: &Rules, situation: Situation, ca: Ca) -> Cell {
    // Against the new number, it is any other.
    let number = Number::Other;
    let then = negotiate(rules, situation, Ca { number, ..ca });
    let bid = if then.actions.contains(Action::StopCaTimer) {
        ANEW.without(Action::StartCaTimer)
    } else {
        ANEW
    };
    Cell {
        next: then.next,
        actions: bid.and(then.actions),
    }
}

/// R2334-2.2.3-01: the state after the last CA, and what is done on entering it.
fn enter(rules: &Rules, situation: Situation, actions: Actions) -> Cell {
    // C16
    let actions = actions.with(Action::Release);
    if !situation.wanted || rules.mutant == Mutant::SkipUpdate {
        return Cell {
            next: State::Aligned,
            actions,
        };
    }
    Cell {
        next: State::Update,
        actions: actions.with(Action::Solicit),
    }
}

/// RFC 2334, 2.2.2, rules 1 to 3.
fn master(rules: &Rules, situation: Situation, ca: Ca) -> Cell {
    // R2334-2.2.2-02
    if ca.master || ca.init {
        return renegotiate(rules, situation, ca);
    }
    match ca.number {
        Number::Equal => {}
        Number::Previous if rules.mutant == Mutant::DuplicateAnswer => {}
        // R2334-2.2.2-03
        Number::Previous => return cell(State::Master, &[]),
        // C19
        Number::Next | Number::Other => {
            return match rules.master_number {
                MasterNumber::Renegotiate => renegotiate(rules, situation, ca),
                MasterNumber::Ignore => cell(State::Master, &[]),
            };
        }
    }
    // R2334-2.2.2-04 to -10
    let processed = Actions::of(&[Action::Process, Action::Increment]);
    if situation.left == Amount::None && !ca.more {
        return enter(rules, situation, processed.with(Action::StopCaTimer));
    }
    Cell {
        next: State::Master,
        actions: processed
            .with(telling(situation.left))
            .with(Action::StartCaTimer),
    }
}

/// RFC 2334, 2.2.2, rules 1 and 4 to 6. What is left says what the last CA had as its O bit.
fn slave(rules: &Rules, situation: Situation, ca: Ca) -> Cell {
    // H01
    let again = ca.is_bid() && ca.number == Number::Equal && situation.first;
    if again && rules.repeated_bid == RepeatedBid::Resend {
        return cell(State::Slave, &[Action::Repeat, Action::StartPatience]);
    }
    // R2334-2.2.2-02
    if !ca.master || ca.init {
        return renegotiate(rules, situation, ca);
    }
    match ca.number {
        Number::Next => {}
        Number::Equal if rules.mutant == Mutant::RepeatedCaIsNext => {}
        // R2334-2.2.2-11
        Number::Equal => {
            return cell(State::Slave, &[Action::Repeat, Action::StartPatience]);
        }
        // R2334-2.2.2-19
        Number::Previous | Number::Other => return renegotiate(rules, situation, ca),
    }
    // R2334-2.2.2-12, -13
    let processed = Actions::of(&[Action::Process, Action::Adopt]);
    let told = match (situation.left, rules.slave_finished) {
        // C21
        (Amount::None, SlaveFinished::Silence) if ca.more => processed,
        // R2334-2.2.2-15, -16
        (left, _) => processed.with(telling(left)),
    };
    // R2334-2.2.2-14, -17, -18
    if situation.left == Amount::More || ca.more {
        return Cell {
            next: State::Slave,
            actions: told.with(Action::StartPatience),
        };
    }
    // R2334-2.2.2-20, -21
    enter(rules, situation, told.with(Action::KeepCopy))
}

/// C18, and what the copy is for.
fn late_ca(rules: &Rules, state: State, situation: Situation, ca: Ca) -> Cell {
    let repeated = ca.master && !ca.init && ca.number == Number::Equal;
    if repeated && situation.held {
        return cell(state, &[Action::Repeat]);
    }
    match rules.late_ca {
        LateCa::Renegotiate => renegotiate(rules, situation, ca),
        LateCa::Ignore => cell(state, &[]),
    }
}

#[cfg(test)]
mod tests;
