//! What one server makes of its cache: who is alive, who counts as a member, which map it would send.

use super::ServerGroup;
use super::action::{Client, Range, Server};
use super::observation::{RecordKind, ServerList};
use super::packed::Key;
use super::state::{HOLD, State};
use crate::rules::{MapRemoval, Mutant, RedirectFlag, RedirectOrder};

/// Whether `server` takes `origin` to be alive: itself always, others until they are flushed (B01, B07).
pub(crate) fn believes_alive(state: &State, server: Server, origin: Server) -> bool {
    server == origin
        || (state.entry(server, Key::redirect(origin)).rank() > 0
            && state.age(server, origin) < HOLD)
}

/// The join keys that count at `server`, one bit each: the record is live, so is a register record of the same
/// originator and client with the same CMI (C03, E20), and the originator is taken to be alive (B07).
pub(crate) fn counting(model: &ServerGroup, state: &State, server: Server) -> u32 {
    let mut counting = 0;
    for origin in model
        .servers()
        .filter(|&origin| believes_alive(state, server, origin))
    {
        for client in model.clients() {
            let register = state.entry(server, Key::register(origin, client));
            if !register.live() {
                continue;
            }
            for range in model.ranges() {
                let key = Key::join(origin, client, range);
                let join = state.entry(server, key);
                if join.live() && join.slot() == register.slot() {
                    counting |= key.bit();
                }
            }
        }
    }
    counting
}

/// The groups that a client is a member of according to the given join keys.
pub(crate) fn covered(model: &ServerGroup, keys: u32, client: Client) -> u8 {
    let mut groups = 0;
    for origin in model.servers() {
        for range in model.ranges() {
            if keys & Key::join(origin, client, range).bit() != 0 {
                groups |= model.groups(range);
            }
        }
    }
    groups
}

/// The groups that a client has joined in its registration at `server`, according to that server's own records.
pub(crate) fn covered_here(
    model: &ServerGroup,
    state: &State,
    server: Server,
    client: Client,
) -> u8 {
    model
        .ranges()
        .filter(|&range| state.entry(server, Key::join(server, client, range)).live())
        .fold(0, |groups, range| groups | model.groups(range))
}

/// Whether `server` has the client as a leaf and in its books.
pub(crate) const fn is_registered(state: &State, server: Server, client: Client) -> bool {
    state.is_leaf(server, client) && state.entry(server, Key::register(server, client)).live()
}

/// The order of the redirect map that `server` would send now, and its hard flag.
pub(crate) fn redirect_map(
    model: &ServerGroup,
    state: &State,
    server: Server,
) -> (ServerList, bool) {
    let rules = model.rules(server);
    let lists = |other: Server| match rules.map_removal {
        // R2443-5.1-07, A10
        MapRemoval::AtFlush => believes_alive(state, server, other),
        MapRemoval::Never => state.entry(server, Key::redirect(other)).rank() > 0,
    };
    let others = || {
        model
            .servers()
            .filter(move |&other| other != server && lists(other))
    };
    let mut order = ServerList::EMPTY;
    match rules.redirect_order {
        // A01: own address first, then the learned servers in ascending order of OID. R2443-2-20
        RedirectOrder::SelfFirst => {
            let mut others = others().peekable();
            // A04: a server that is being drained puts the first other one at the head.
            if state.is_drained(server)
                && let Some(first) = others.next()
            {
                order.push(first);
            }
            order.push(server);
            others.for_each(|other| order.push(other));
        }
        RedirectOrder::Ascending => {
            let listed = model
                .servers()
                .filter(|&other| other == server || lists(other));
            listed.for_each(|other| order.push(other));
        }
        RedirectOrder::LearnedOnly => others().for_each(|other| order.push(other)),
    }
    if rules.mutant == Mutant::MapRepeats
        && let Some(first) = order.first()
    {
        order.push(first);
    }
    (order, rules.redirect_flag == RedirectFlag::Hard)
}

/// Live registrations of originators taken to be alive: client, originator, CMI place.
pub(crate) fn registrations(
    model: &ServerGroup,
    state: &State,
    server: Server,
) -> Vec<(Client, Server, u8)> {
    let mut list = Vec::new();
    for client in model.clients() {
        for origin in model
            .servers()
            .filter(|&origin| believes_alive(state, server, origin))
        {
            let entry = state.entry(server, Key::register(origin, client));
            if entry.live() {
                list.push((client, origin, entry.slot()));
            }
        }
    }
    list
}

/// Memberships that count: client, range, originator.
pub(crate) fn members(
    model: &ServerGroup,
    state: &State,
    server: Server,
) -> Vec<(Client, Range, Server)> {
    let counting = counting(model, state, server);
    let mut list: Vec<_> = Key::canonical()
        .filter(|key| counting & key.bit() != 0)
        .filter_map(|key| match key.kind() {
            RecordKind::Join { client, range } => Some((client, range, key.origin())),
            RecordKind::RedirectEntry | RecordKind::Register { .. } => None,
        })
        .collect();
    list.sort_unstable();
    list
}
