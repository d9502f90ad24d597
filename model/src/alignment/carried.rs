//! The message that a step takes off its way.

use super::action::Action;
use super::message::{Kind, Message};
use super::state::State;
use crate::carried::{Carried, Said, Version, letter};

pub(super) fn carried(before: &State, action: &Action) -> Option<Carried> {
    let (from, message) = match *action {
        Action::Deliver(from) | Action::Lose(from) => (from, before.head(from)),
        Action::Late(from) => (from, before.copy(from)),
        _ => return None,
    };
    Some(Carried {
        from: letter(from.0),
        to: letter(from.other().0),
        lost: matches!(action, Action::Lose(_)),
        what: said(message)?,
    })
}

fn said(message: Message) -> Option<Said> {
    let version = |key| Version {
        key,
        number: message.instances().get(key),
        live: true,
        null: message.null().contains(key),
        hops: 0,
    };
    let versions = message.instances().keys().iter().map(version);
    Some(match message.kind()? {
        Kind::Csus => Said::Csus(plain(versions)),
        Kind::Ca => Said::Ca {
            master: message.master(),
            init: message.init(),
            more: message.more(),
            number: message.number(),
            summaries: plain(versions),
        },
        Kind::CsuRequest => Said::CsuRequest(versions.collect()),
        Kind::CsuReply => Said::CsuReply(versions.collect()),
    })
}

/// Where null records mean nothing: the bits say something else there.
fn plain(versions: impl Iterator<Item = Version>) -> Vec<Version> {
    versions
        .map(|version| Version {
            null: false,
            ..version
        })
        .collect()
}
