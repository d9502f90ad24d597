//! What one server makes of its cache: who is alive, who counts as a member, which map it would send.

use super::ServerGroup;
use super::action::{Client, Range, Server};
use super::observation::RecordKind;
use super::packed::Key;
use super::server_list::ServerList;
use super::state::{HOLD, State};
use crate::rules::{MapKey, MapRemoval, Mutant, RedirectFlag, RedirectOrder};

/// Whether `server` has had a Redirect Entry of `origin`, in whichever life (H06).
pub(crate) fn knows(state: &State, server: Server, origin: Server) -> bool {
    state
        .lives(origin)
        .any(|life| state.entry(server, Key::redirect(life)).rank() > 0)
}

/// Whether `server` takes the originator of keys to be alive: itself always, others until they are flushed (B01, B07).
pub(crate) fn believes_alive(state: &State, server: Server, origin: Server) -> bool {
    let origin = state.oid(origin);
    server == origin || (state.age(server, origin) < HOLD && knows(state, server, origin))
}

/// The originators of keys: all servers, and the earlier life of one that started again.
pub(crate) fn origins(model: &ServerGroup, state: &State) -> impl Iterator<Item = Server> + use<> {
    let earlier = u8::from(state.former().is_some());
    (0..model.scenario().servers + earlier).map(Server)
}

/// The join keys that count at `server`, one bit each: the record is live, so is a register record of the same
/// originator and client with the same CMI (C03, E20), and the originator is taken to be alive (B07).
pub(crate) fn counting(model: &ServerGroup, state: &State, server: Server) -> u32 {
    let mut counting = 0;
    for origin in origins(model, state).filter(|&origin| believes_alive(state, server, origin)) {
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
    for origin in Key::origins() {
        for range in model.ranges() {
            if keys & Key::join(origin, client, range).bit() != 0 {
                groups |= model.groups(range);
            }
        }
    }
    groups
}

/// Who serves what according to the given join keys: the groups of each client, four bits each, but only of multicast
/// servers.
pub(crate) fn serving(model: &ServerGroup, keys: u32) -> u8 {
    model
        .clients()
        .filter(|&client| model.is_mcs(client))
        .fold(0, |serving, mcs| {
            serving | covered(model, keys, mcs) << (4 * mcs.0)
        })
}

/// The groups that somebody serves: the server map of [`serving`] without names.
pub(crate) const fn served(serving: u8) -> u8 {
    (serving | serving >> 4) & 0xf
}

/// The groups that multicast servers of `server` serve, by its own records.
pub(crate) fn served_here(model: &ServerGroup, state: &State, server: Server) -> u8 {
    model
        .clients()
        .filter(|&client| model.is_mcs(client))
        .fold(0, |groups, mcs| {
            groups | covered_here(model, state, server, mcs)
        })
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
        MapRemoval::Never => knows(state, server, other),
    };
    let mut learned = ServerList::EMPTY;
    model
        .servers()
        .filter(|&other| other != server && lists(other))
        .for_each(|other| learned.push(other));
    if rules.map_key == MapKey::Sender {
        // A02: what a neighbour relays bears the neighbour's Sender ID, and so comes behind it.
        let sender = |other: &Server| {
            let linked = |one: Server| state.is_linked(server, one);
            let by = |&one: &Server| linked(one) && state.is_linked(one, *other);
            let neighbour = if linked(*other) {
                Some(*other)
            } else {
                model.servers().find(by)
            };
            (neighbour, neighbour != Some(*other))
        };
        learned.sort_by_key(sender);
    }
    let mut order = learned;
    match rules.redirect_order {
        // A01: own address first, then the learned servers in ascending order of OID. R2443-2-20
        // A04: a server that is being drained puts the first other one at the head.
        RedirectOrder::SelfFirst => {
            let behind = state.is_drained(server) && !learned.is_empty();
            order.insert(usize::from(behind), server);
        }
        RedirectOrder::Ascending => {
            order.sort_by_key(|&other| other > server);
            order.insert(
                learned.iter().filter(|&other| other < server).count(),
                server,
            );
        }
        RedirectOrder::LearnedOnly => {}
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
        for origin in origins(model, state).filter(|&origin| believes_alive(state, server, origin))
        {
            let entry = state.entry(server, Key::register(origin, client));
            if entry.live() {
                list.push((client, state.oid(origin), entry.slot()));
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
            RecordKind::Join { client, range } => Some((client, range, state.oid(key.origin()))),
            RecordKind::RedirectEntry | RecordKind::Register { .. } => None,
        })
        .collect();
    list.sort_unstable();
    list.dedup();
    list
}
