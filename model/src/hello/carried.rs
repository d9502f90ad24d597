//! The Hello that a step takes off its way.

use super::{Action, State};
use crate::carried::{Carried, Said, letter};

pub(super) fn carried(before: &State, action: &Action) -> Option<Carried> {
    let (&Action::Deliver { from, to, place }
    | &Action::Lose { from, to, place }
    | &Action::Duplicate { from, to, place }) = action
    else {
        return None;
    };
    let flight = before.queue(from, to).flights().nth(usize::from(place))?;
    Some(Carried {
        from: letter(from.0),
        to: letter(to.0),
        lost: matches!(action, Action::Lose { .. }),
        what: Said::Hello {
            lists: flight.lists(),
        },
    })
}
