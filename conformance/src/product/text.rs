//! Steps in words.

use mars_model::server_group::{Action, Client, Projection, Range, Server};

use super::memo::Memo;
use super::work::{Seen, What, Work};
use crate::generate::convert::{client, range, server};

/// What was seen in a step.
pub(super) fn seen(work: &Work<'_>) -> Vec<String> {
    work.seen
        .iter()
        .map(|one_seen| one(work.memo, one_seen))
        .collect()
}

/// One thing seen.
pub(super) fn one(memo: &Memo, seen: &Seen) -> String {
    let lower = memo.world.lower();
    let from = server(Server(seen.from));
    match seen.what {
        What::Record { to, csa, waits, .. } => {
            let csa = memo.tables.csa(csa);
            let what = csa.map_or_else(String::new, |csa| lower.describe_record(&csa.value));
            let at_once = if waits { "" } else { ", at once" };
            format!("{from} to {}: {what}{at_once}", server(Server(to)))
        }
        What::Frame { to, frame } => {
            let frame = memo.tables.frame(frame);
            let what = frame.map_or_else(String::new, |frame| lower.describe(&frame.value));
            format!(
                "{from} to {}: {what}",
                to.map_or_else(|| "ccvc".to_owned(), client)
            )
        }
        What::Leaf { add, client: leaf } => {
            let change = if add { "adds" } else { "drops" };
            format!("{from} {change} the leaf {}", client(leaf))
        }
    }
}

/// An action.
#[must_use]
pub(super) fn action(action: Action) -> String {
    let (c, s, r) = (client, server, range);
    let at = |who: Client, what: &str, where_: Server| format!("{} {what} {}", c(who), s(where_));
    let does = |who: Client, what: &str, which: Range| format!("{} {what} {}", c(who), r(which));
    let between =
        |a: Server, b: Server, what: &str| format!("the link of {} and {} {what}", s(a), s(b));
    match action {
        Action::Register { client, server } => at(client, "registers at", server),
        Action::Join { client, range } => does(client, "joins", range),
        Action::Leave { client, range } => does(client, "leaves", range),
        Action::Deregister { client } => format!("{} deregisters", c(client)),
        Action::Move { client, to } => at(client, "registers without a word to its home at", to),
        Action::LeafGone { server, client } => {
            format!("{} notices that the leaf {} is gone", s(server), c(client))
        }
        Action::ClientCrash { client } => format!("{} stops", c(client)),
        Action::Deliver { from, to } => format!("{} has a record of {}", s(to), s(from)),
        Action::Crash { server } => format!("{} stops", s(server)),
        Action::Restart { server } => format!("{} starts again with nothing", s(server)),
        Action::Cut { a, b } => between(a, b, "goes down"),
        Action::Heal { a, b } => between(a, b, "comes up and they align"),
        Action::Drain { server } => format!("{} is drained", s(server)),
        Action::Redirect { client } => format!("{} follows its redirect map", c(client)),
        Action::Failover { client } => format!("{} looks for another home", c(client)),
        Action::Hang { server } => format!("the beat of {} hangs", s(server)),
        Action::Wake { server } => format!("the beat of {} goes on", s(server)),
        Action::Tick => "a minute passes".to_owned(),
    }
}

/// What a server knows.
pub(super) fn projection(projection: &Projection) -> String {
    let Projection {
        registrations,
        members,
        live,
        map,
        leaves,
    } = projection;
    let list = |items: Vec<String>| items.join(" ");
    let registered = registrations
        .iter()
        .map(|(c, s, slot)| format!("{}@{}#{slot}", client(*c), server(*s)));
    let members = members
        .iter()
        .map(|(c, r, s)| format!("{}:{}@{}", client(*c), range(*r), server(*s)));
    format!(
        "live [{}], registrations [{}], members [{}], map [{}], leaves [{}]",
        list(live.iter().copied().map(server).collect()),
        list(registered.collect()),
        list(members.collect()),
        list(map.iter().map(server).collect()),
        list(leaves.iter().copied().map(client).collect()),
    )
}
