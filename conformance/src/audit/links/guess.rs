//! One thing that a server can be towards a neighbour, and how it moves.

use mars_model::alignment::cafsm::{self, Action, State as Alignment};
use mars_model::hello::hfsm::State as Hello;

/// A CA that has to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    Bid,
    Repeat,
    More,
    Last,
    Empty,
}

impl Due {
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Bid => "a CA with M, I and O set, a new number and no records",
            Self::Repeat => "the last CA again",
            Self::More => "a CA with summaries, O set",
            Self::Last => "a CA with summaries, O clear",
            Self::Empty => "a CA without summaries, O clear",
        }
    }
}

/// One thing that the server may be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Guess {
    pub(super) hello: Hello,
    pub(super) alignment: Alignment,
    pub(super) due: Vec<Due>,
}

/// A guess after its Hello FSM moved (R2334-2.2-03, R2334-2.2-07).
pub(super) fn moved(guess: &Guess, hello: Hello) -> Guess {
    let was = guess.hello == Hello::Bidirectional;
    let is = hello == Hello::Bidirectional;
    let mut next = Guess {
        hello,
        ..guess.clone()
    };
    if is && !was {
        (next.alignment, next.due) = (Alignment::Negotiation, vec![Due::Bid]);
    } else if was && !is {
        (next.alignment, next.due) = (Alignment::Down, Vec::new());
    }
    next
}

pub(super) fn after(guess: &Guess, cell: cafsm::Cell) -> Guess {
    let mut next = Guess {
        alignment: cell.next,
        ..guess.clone()
    };
    for action in cell.actions.iter() {
        let due = match action {
            Action::SendBid => Due::Bid,
            Action::Repeat => Due::Repeat,
            Action::SendMore => Due::More,
            Action::SendLast => Due::Last,
            Action::SendEmpty => Due::Empty,
            Action::Abnormal => {
                (next.hello, next.alignment) = (Hello::Waiting, Alignment::Down);
                next.due.clear();
                return next;
            }
            _ => continue,
        };
        next.due.push(due);
    }
    next
}
