//! The record that a step takes off its way.

use super::{Action, State};
use crate::carried::{Carried, Said, Version, letter};

pub(super) fn carried(before: &State, action: &Action) -> Option<Carried> {
    let &Action::Deliver { from, to } = action else {
        return None;
    };
    let flight = before.next_in_flight(from, to)?;
    let version = Version {
        key: u8::from(flight.key() > 0),
        number: flight.entry().number(),
        live: flight.entry().live(),
        null: false,
        hops: flight.hops(),
    };
    Some(Carried {
        from: letter(from.0),
        to: letter(to.0),
        lost: false,
        what: Said::CsuRequest(vec![version]),
    })
}
