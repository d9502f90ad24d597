//! The message that a step takes off its way.

use super::message::{Body, name};
use super::{Action, State};
use crate::carried::{Carried, Said};

pub(super) fn carried(before: &State, action: &Action) -> Option<Carried> {
    let (at, flight) = match *action {
        Action::Deliver { at } | Action::Lose { at } => (at, before.cluster(at).next()?),
        Action::Receive { at } => (at, before.client(at).private.flights().next()?),
        _ => return None,
    };
    let change = |leave, node: &str, groups, punched, cmi| Said::Change {
        leave,
        node: node.to_owned(),
        groups,
        punched,
        cmi,
    };
    let what = match flight.body()? {
        Body::Change {
            leave,
            node,
            groups,
            punched,
        } => change(leave, name(node), groups, punched, 0),
        Body::Copy { leave, groups } => change(leave, name(at), groups, false, 0),
        Body::Registered { cmi } => change(false, name(at), 0, false, cmi),
        Body::Migrate { group, mcs } => Said::Migrate {
            group,
            mcs: name(mcs).to_owned(),
        },
        Body::Map => Said::Map,
        Body::Answer { group, leaves } => Said::Answer {
            group,
            leaves: (0..4)
                .filter(|node| leaves & 1 << node != 0)
                .map(|node| name(node).to_owned())
                .collect(),
        },
    };
    Some(Carried {
        from: "MARS".to_owned(),
        to: name(at).to_owned(),
        lost: matches!(action, Action::Lose { .. }),
        what,
    })
}
