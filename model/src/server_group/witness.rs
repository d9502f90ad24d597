//! What must be seen once: causes of the properties, faults that must have struck. See [`super::property`].

use super::client::{Allocation, allocate};
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
