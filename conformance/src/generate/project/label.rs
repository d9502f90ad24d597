//! What a step shows at one server, in coarse terms.

use std::collections::BTreeSet;

use crate::trace::{About, Act, Expected, Says, ServerState};

/// Number of live servers, who the client is to this one, the stimulus and the kinds of outputs.
pub(super) fn label(own: &str, act: &Act, outputs: &[Expected], before: &ServerState) -> String {
    let (word, client) = word(act);
    let client = client.map_or_else(String::new, |client| relation(own, client, before));
    let kinds: BTreeSet<String> = outputs.iter().filter_map(|one| kind(own, one)).collect();
    let kinds: Vec<String> = kinds.into_iter().collect();
    format!(
        "{} live, {word}{client}: {}",
        before.live.len().max(1),
        kinds.join(", ")
    )
}

fn word(act: &Act) -> (&'static str, Option<&String>) {
    match act {
        Act::Register { client, .. } => ("register", Some(client)),
        Act::Join { client, .. } => ("join", Some(client)),
        Act::Leave { client, .. } => ("leave", Some(client)),
        Act::Deregister { client, .. } => ("deregister", Some(client)),
        Act::Move { client, .. } => ("move", Some(client)),
        Act::Redirect { client, .. } => ("redirect", Some(client)),
        Act::Failover { client, .. } => ("failover", Some(client)),
        Act::Query { client, .. } => ("query", Some(client)),
        Act::LeafGone { client, .. } => ("leaf-gone", Some(client)),
        Act::ClientCrash { client } => ("client-crash", Some(client)),
        Act::Deliver { .. } => ("deliver", None),
        Act::Crash { .. } => ("crash", None),
        Act::Restart { .. } => ("restart", None),
        Act::Cut { .. } => ("cut", None),
        Act::Heal { .. } => ("heal", None),
        Act::Drain { .. } => ("drain", None),
        Act::Tick => ("tick", None),
    }
}

/// Whose client it is, and whether it is in any group.
fn relation(own: &str, client: &str, before: &ServerState) -> String {
    let at = |mine: bool| {
        let mut all = before.registrations.iter();
        all.any(|(other, server)| other == client && (server == own) == mine)
    };
    let who = match (at(true), at(false)) {
        (true, true) => "own and foreign",
        (true, false) => "own",
        (false, true) => "foreign",
        (false, false) => "unknown",
    };
    let member = before.members.iter().any(|(other, ..)| other == client);
    format!(" of {who}{}", if member { " member" } else { "" })
}

fn kind(own: &str, output: &Expected) -> Option<String> {
    match output {
        Expected::Csa(csa) => {
            let about = match (&csa.about, csa.live) {
                (About::RedirectEntry, _) => "beat",
                (About::Register { .. }, true) => "register",
                (About::Register { .. }, false) => "deregister",
                (About::Join { .. }, true) => "join",
                (About::Join { .. }, false) => "leave",
            };
            let relayed = if csa.fresh { "" } else { "relayed-" };
            (csa.from == own).then(|| format!("{relayed}csa-{about}"))
        }
        Expected::Mars(mars) if mars.from == own => Some(match &mars.says {
            Says::RedirectMap { order, .. } => format!("map-of-{}", order.len()),
            Says::Multi { members, .. } => format!("multi-of-{}", members.len()),
            Says::Join { punched: true, .. } => "join-punched".to_owned(),
            Says::Leave { punched: true, .. } => "leave-punched".to_owned(),
            Says::Join { .. } => "join".to_owned(),
            Says::Leave { .. } => "leave".to_owned(),
            other => format!("{other:?}")
                .split(' ')
                .next()
                .unwrap_or_default()
                .to_lowercase(),
        }),
        Expected::Leaf { from, op, .. } if from == own => {
            let added = super::is_added(*op);
            Some(format!("leaf-{}", if added { "added" } else { "dropped" }))
        }
        _ => None,
    }
}
