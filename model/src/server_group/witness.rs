//! What must be seen once: causes of the properties, faults that must have struck. See [`super::property`].

use super::action::{Client, Server};
use super::client::{Allocation, allocate};
use super::observation::Control;
use super::packed::Key;
use super::property::alive;
use super::state::{HOLD, REFUSED, State};
use super::{ServerGroup, view};

pub(super) fn two_registrations(model: &ServerGroup, state: &State) -> bool {
    model.clients().any(|client| {
        alive(model, state)
            .filter(|&server| view::is_registered(state, server, client))
            .count()
            > 1
    })
}

pub(super) fn member_elsewhere(model: &ServerGroup, state: &State) -> bool {
    state.is_quiet()
        && alive(model, state).any(|at| {
            let foreign = Key::of(at).fold(0, |own, key| own | key.bit());
            view::counting(model, state, at) & !foreign != 0
        })
}

pub(super) fn rejoined(model: &ServerGroup, state: &State) -> bool {
    let budgets = model.scenario().budgets;
    let moved = state.left.moves < budgets.moves
        || state.left.crashes < budgets.crashes
        || state.left.drains < budgets.drains;
    moved
        && state.is_quiet()
        && model.clients().any(|client| {
            let this = state.client(client);
            this.joined() != 0
                && this.wants() == 0
                && this.home().is_some_and(|home| {
                    view::is_registered(state, home, client)
                        && model.servers().any(|other| {
                            other != home
                                && state.entry(home, Key::register(other, client)).rank() > 0
                        })
                })
        })
}

pub(super) fn flushed_dead(model: &ServerGroup, state: &State) -> bool {
    alive(model, state).any(|at| {
        model
            .servers()
            .filter(|&origin| !state.is_alive(origin) && state.age(at, origin) >= HOLD)
            .any(|origin| {
                model.clients().any(|client| {
                    model
                        .ranges()
                        .any(|range| state.entry(at, Key::join(origin, client, range)).live())
                })
            })
    })
}

pub(super) fn flushed_alive(model: &ServerGroup, state: &State) -> bool {
    alive(model, state)
        .any(|at| alive(model, state).any(|origin| origin != at && state.age(at, origin) >= HOLD))
}

pub(super) fn flush_spent(model: &ServerGroup, state: &State) -> bool {
    state.is_quiet()
        && model
            .servers()
            .any(|server| !state.is_alive(server) && state.dead_for(server) >= 2 * HOLD)
}

pub(super) fn partitioned(model: &ServerGroup, state: &State) -> bool {
    state.is_quiet()
        && alive(model, state).any(|at| {
            alive(model, state)
                .filter(|&origin| state.reachable(at) & (1 << origin.0) == 0)
                .any(|origin| {
                    model.clients().any(|client| {
                        let key = Key::register(origin, client);
                        state.entry(at, key) != state.entry(origin, key)
                    })
                })
        })
}

pub(super) fn cmi_held(model: &ServerGroup, state: &State) -> bool {
    alive(model, state).any(|server| {
        (1..=model.scenario().cmi_slots).any(|slot| state.cmis(server).hold(slot) > 0)
    })
}

pub(super) fn cmi_refused(model: &ServerGroup, state: &State) -> bool {
    state.has_flag(REFUSED)
        && model.clients().any(|client| {
            let home = state.client(client).home();
            home.is_some_and(|home| view::is_registered(state, home, client))
                && alive(model, state).any(|server| {
                    Some(server) != home && allocate(model, state, server) == Allocation::Exhausted
                })
        })
}

pub(super) fn overtaken(model: &ServerGroup, state: &State) -> bool {
    alive(model, state).any(|from| {
        alive(model, state).filter(|&to| to != from).any(|to| {
            state.in_flight(from, to).any(|flight| {
                flight.key().origin() != to
                    && flight.entry().rank() < state.entry(to, flight.key()).rank()
            })
        })
    })
}

pub(super) fn solicited(model: &ServerGroup, state: &State) -> bool {
    alive(model, state).any(|from| {
        alive(model, state)
            .filter(|&to| to != from)
            .any(|to| state.in_flight(from, to).any(|flight| flight.solicited()))
    })
}

pub(super) fn race(model: &ServerGroup, state: &State) -> bool {
    model.clients().any(|client| {
        let moving = |live: bool| {
            alive(model, state).filter(move |&origin| {
                let key = Key::register(origin, client);
                alive(model, state).any(|from| {
                    alive(model, state).filter(|&to| to != from).any(|to| {
                        state
                            .in_flight(from, to)
                            .any(|flight| flight.key() == key && flight.entry().live() == live)
                    })
                })
            })
        };
        moving(false).any(|ending| moving(true).any(|starting| starting != ending))
    })
}

pub(super) fn block_and_single(model: &ServerGroup, state: &State) -> bool {
    alive(model, state).any(|at| {
        let counting = view::counting(model, state, at);
        model
            .servers()
            .filter(|&origin| origin != at)
            .any(|origin| {
                model.clients().any(|client| {
                    let joined = |range| counting & Key::join(origin, client, range).bit() != 0;
                    model.ranges().filter(|&range| joined(range)).any(|block| {
                        model.ranges().any(|single| {
                            let inside = model.groups(single) & !model.groups(block) == 0;
                            single != block && inside && joined(single)
                        })
                    })
                })
            })
    })
}

pub(super) fn drained_away(model: &ServerGroup, state: &State) -> bool {
    model.clients().any(|client| {
        let this = state.client(client);
        let home = this.home();
        this.redirects() > 0
            && this.joined() != 0
            && this.wants() == 0
            && home.is_some_and(|home| !state.is_drained(home))
            && model
                .servers()
                .any(|server| Some(server) != home && state.is_drained(server))
    })
}

/// Running servers that have clients on their ClusterControlVC.
fn with_clients<'a>(model: &'a ServerGroup, state: &'a State) -> impl Iterator<Item = Server> + 'a {
    let clients = model.leaves_of(Control::Cluster);
    alive(model, state).filter(move |&server| state.has_leaves(server, clients))
}

fn multicast_servers(model: &ServerGroup) -> impl Iterator<Item = Client> + '_ {
    model.clients().filter(|&client| model.is_mcs(client))
}

/// The join keys that count at a server and are not its own.
fn foreign(model: &ServerGroup, state: &State, at: Server) -> u32 {
    let own = Key::of(at).fold(0, |own, key| own | key.bit());
    view::counting(model, state, at) & !own
}

/// The groups of clients that are no multicast servers, according to join keys.
fn peopled(model: &ServerGroup, keys: u32) -> u8 {
    let clients = model.clients().filter(|&client| !model.is_mcs(client));
    clients.fold(0, |groups, client| {
        groups | view::covered(model, keys, client)
    })
}

pub(super) fn migrated(model: &ServerGroup, state: &State) -> bool {
    let known = |at| foreign(model, state, at);
    let served = |at| view::served(view::serving(model, known(at)));
    state.is_quiet()
        && with_clients(model, state).any(|at| {
            let here = peopled(model, view::counting(model, state, at));
            served(at) & here != 0
        })
}

pub(super) fn served_from_here(model: &ServerGroup, state: &State) -> bool {
    alive(model, state).any(|at| {
        let served = view::served_here(model, state, at);
        served & peopled(model, foreign(model, state, at)) != 0
    })
}

pub(super) fn service_gone(model: &ServerGroup, state: &State) -> bool {
    state.is_quiet()
        && with_clients(model, state).any(|at| {
            let others = || model.servers().filter(|&origin| origin != at);
            multicast_servers(model).any(|mcs| {
                others().any(|origin| {
                    model.ranges().any(|range| {
                        let entry = state.entry(at, Key::join(origin, mcs, range));
                        entry.rank() > 0 && !entry.live()
                    })
                })
            })
        })
}

pub(super) fn service_flushed(model: &ServerGroup, state: &State) -> bool {
    with_clients(model, state).any(|at| {
        let flushed = |origin: &Server| *origin != at && state.age(at, *origin) >= HOLD;
        model.servers().filter(flushed).any(|origin| {
            multicast_servers(model).any(|mcs| {
                model
                    .ranges()
                    .any(|range| state.entry(at, Key::join(origin, mcs, range)).live())
            })
        })
    })
}

pub(super) fn two_services(model: &ServerGroup, state: &State) -> bool {
    let serving = |at, mcs| view::covered_here(model, state, at, mcs);
    alive(model, state).any(|at| {
        alive(model, state)
            .filter(|&other| other != at)
            .any(|other| {
                multicast_servers(model).any(|one| {
                    multicast_servers(model)
                        .any(|two| one != two && serving(at, one) & serving(other, two) != 0)
                })
            })
    })
}

/// The server that started again and the other one, while both run.
fn after_restart(state: &State) -> Option<(Server, Server)> {
    let former = state.former()?;
    let other = Server(1 - former.0);
    (state.is_alive(former) && state.is_alive(other)).then_some((former, other))
}

/// The join keys that a server had in its earlier life.
fn earlier(model: &ServerGroup, state: &State, former: Server) -> Vec<Key> {
    let lives = state.lives(former).filter(move |&life| life != former);
    lives
        .flat_map(|life| {
            model.clients().flat_map(move |client| {
                model
                    .ranges()
                    .map(move |range| Key::join(life, client, range))
            })
        })
        .collect()
}

pub(super) fn restarted_in_time(model: &ServerGroup, state: &State) -> bool {
    after_restart(state).is_some_and(|(former, other)| {
        let counting = view::counting(model, state, other);
        let old = earlier(model, state, former);
        old.iter().any(|key| counting & key.bit() != 0)
    })
}

pub(super) fn restarted_late(model: &ServerGroup, state: &State) -> bool {
    after_restart(state).is_some_and(|(former, other)| {
        let old = earlier(model, state, former);
        state.age(other, former) >= HOLD && old.iter().any(|&key| state.entry(other, key).live())
    })
}

pub(super) fn withdrawn_after_restart(model: &ServerGroup, state: &State) -> bool {
    state.is_quiet()
        && after_restart(state).is_some_and(|(former, other)| {
            earlier(model, state, former).iter().any(|&key| {
                let (own, seen) = (state.entry(former, key), state.entry(other, key));
                own.rank() > 0 && seen == own && !own.live()
            })
        })
}

/// Whether a client that has joined all that it is to join is registered at a server.
fn is_home(state: &State, client: Client, server: Server) -> bool {
    let this = state.client(client);
    this.home() == Some(server)
        && this.joined() != 0
        && this.wants() == 0
        && view::is_registered(state, server, client)
}

pub(super) fn came_back(model: &ServerGroup, state: &State) -> bool {
    after_restart(state).is_some_and(|(former, other)| {
        model.clients().any(|client| {
            let before = state.lives(former).filter(|&life| life != former);
            let mut keys = before.map(|life| Key::register(life, client));
            is_home(state, client, former) && keys.any(|key| state.entry(other, key).rank() > 0)
        })
    })
}

pub(super) fn went_elsewhere(model: &ServerGroup, state: &State) -> bool {
    after_restart(state).is_some_and(|(former, other)| {
        model.clients().any(|client| {
            let before = state.lives(former).filter(|&life| life != former);
            let mut keys = before.map(|life| Key::register(life, client));
            is_home(state, client, other) && keys.any(|key| state.entry(other, key).live())
        })
    })
}
