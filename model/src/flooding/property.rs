//! What must hold in every reachable state of flooding, and what must be seen in some.

use super::Flooding;
use super::action::Server;
use super::state::{Flight, HOPS_KEPT, KEYS, OVERFLOW, REGRESS, SENT_BACK, State};
use crate::family::{Claim, Kind};

/// All properties and witnesses.
pub const fn claims() -> &'static [Claim<Flooding>] {
    CLAIMS
}

const CLAIMS: &[Claim<Flooding>] = &[
    Claim {
        name: "converged-when-quiet",
        sentence: "When nothing is on its way, every server that is connected with the running originator holds its records as \
                   it does, and acts on the truth.",
        requirements: &[
            "R2334-2-02",
            "R2334-2.3-03",
            "R2334-2.3-04",
            "R2334-2.3-10",
            "R2334-2.3-11",
            "R2334-B.2.0.2-16",
            "R2334-B.2.0.2-17",
        ],
        kind: Kind::Always,
        holds: converged,
    },
    Claim {
        name: "no-regress",
        sentence: "No server takes an older state of a record for a newer one, as long as it remembers.",
        requirements: &[
            "R2334-2.3-10",
            "R2334-2.4-01",
            "R2334-B.2.0.2-14",
            "R2334-B.2.0.2-15",
        ],
        kind: Kind::Always,
        holds: |_, state| !state.has_flag(REGRESS),
    },
    Claim {
        name: "no-resurrection",
        sentence: "A server that has flushed a dead originator never acts on its records again.",
        requirements: &["R2443-2-11", "R2443-2-18"],
        kind: Kind::Always,
        holds: |model, state| {
            let dead = !state.is_alive(model.origin());
            let mut servers = model.servers();
            servers.all(|at| !dead || !state.has_given_up(at) || !model.believes(state, at))
        },
    },
    Claim {
        name: "versions-unique",
        sentence: "Key and number name one content only, wherever it is.",
        requirements: &["R2334-B.2.0.2-09", "R2334-B.2.0.2-10", "R2334-B.2.0.2-13"],
        kind: Kind::Always,
        holds: |_, state| state.versions_agree(),
    },
    Claim {
        name: "hop-count-falls",
        sentence: "A record is passed on with a smaller hop count than it came with, unless it was asked for.",
        requirements: &["R2334-B.2.0.2-01"],
        kind: Kind::Always,
        holds: |_, state| !state.has_flag(HOPS_KEPT),
    },
    Claim {
        name: "never-sent-back",
        sentence: "No record is passed on to the neighbour that it came from.",
        requirements: &["R2334-2.3-03"],
        kind: Kind::Always,
        holds: |_, state| !state.has_flag(SENT_BACK),
    },
    Claim {
        name: "room-suffices",
        sentence: "Links, numbers and keys of the model suffice.",
        requirements: &[],
        kind: Kind::Always,
        holds: |_, state| !state.has_flag(OVERFLOW),
    },
    Claim {
        name: "believed-elsewhere",
        sentence: "While nothing is on its way, everybody acts on what the originator tells.",
        requirements: &["R2334-2.3-11"],
        kind: Kind::Witness,
        holds: |model, state| {
            state.is_quiet() && model.servers().all(|at| model.believes(state, at))
        },
    },
    Claim {
        name: "partitioned",
        sentence: "While nothing is on its way, a running server that is cut off acts on what is no longer true.",
        requirements: &["R2334-2-02"],
        kind: Kind::Witness,
        holds: |model, state| {
            state.is_quiet()
                && model.servers().any(|at| {
                    state.is_alive(at) && model.believes(state, at) != Flooding::truth(state)
                })
        },
    },
    Claim {
        name: "tombstone-against-join",
        sentence: "One server holds a withdrawn record that another, cut off, still takes for live.",
        requirements: &["R2334-2.4-01"],
        kind: Kind::Witness,
        holds: |model, state| {
            (0..KEYS).any(|key| {
                let is = |live: bool| {
                    let mut servers = model.servers();
                    servers.find(|&at| {
                        let entry = state.entry(at, key);
                        at != model.origin() && entry.number() > 0 && entry.live() == live
                    })
                };
                let both = is(true).zip(is(false));
                both.is_some_and(|(live, dead)| state.reachable(live) & (1 << dead.0) == 0)
            })
        },
    },
    Claim {
        name: "known-already",
        sentence: "A record is on its way that its receiver has from another neighbour.",
        requirements: &["R2334-2.3-34"],
        kind: Kind::Witness,
        holds: |model, state| {
            flights(model, state)
                .any(|(_, to, flight)| state.entry(to, flight.key()) == flight.entry())
        },
    },
    Claim {
        name: "overtaken",
        sentence: "A record on its way is older than what its receiver has.",
        requirements: &["R2334-2.3-22"],
        kind: Kind::Witness,
        holds: |model, state| {
            flights(model, state).any(|(_, to, flight)| {
                let mine = state.entry(to, flight.key());
                to != model.origin() && flight.entry().number() < mine.number()
            })
        },
    },
    Claim {
        name: "solicited-news",
        sentence: "What a server learned by asking for it is on its way to the next.",
        requirements: &["R2334-2.2.3-03"],
        kind: Kind::Witness,
        holds: |model, state| {
            let fresh = model.scenario().servers - 1;
            flights(model, state).any(|(from, to, flight)| {
                from != model.origin() && to != model.origin() && flight.hops() == fresh
            })
        },
    },
    Claim {
        name: "own-record-forgotten",
        sentence: "The originator has restarted and runs, and another server still has a live record of its first life.",
        requirements: &["R2334-B.2.0.2-16"],
        kind: Kind::Witness,
        holds: |model, state| {
            state.has_restarted()
                && model
                    .servers()
                    .any(|at| at != model.origin() && state.entry(at, 0).live())
        },
    },
    Claim {
        name: "flushed-beside-believer",
        sentence: "A server has flushed the dead originator, and a neighbour that has not comes to be linked with it.",
        requirements: &["R2443-2-11"],
        kind: Kind::Witness,
        holds: |model, state| {
            model.links().any(|(a, b)| {
                let differ = model.believes(state, a) != model.believes(state, b);
                let flushed = state.is_flushed(a) != state.is_flushed(b);
                flushed && differ && state.is_linked(a, b)
            })
        },
    },
    Claim {
        name: "outlives-its-originator",
        sentence: "A server holds a withdrawn record that its originator has forgotten and speaks of again, under another key.",
        requirements: &["R2334-2.3-10"],
        kind: Kind::Witness,
        holds: |model, state| {
            let origin = model.origin();
            let over = |at: Server| state.entry(at, 0).number() > 0 && !state.entry(at, 0).live();
            state.entry(origin, 0).number() == 0
                && state.entry(origin, 1).live()
                && model.servers().any(over)
        },
    },
    Claim {
        name: "second-key",
        sentence: "After a purge everybody acts on the record under the next key.",
        requirements: &["R2334-B.2.0.2-14", "R2334-B.2.0.2-15"],
        kind: Kind::Witness,
        holds: |model, state| {
            !state.has_restarted() && model.servers().all(|at| state.entry(at, 1).live())
        },
    },
];

/// All records on their way, with sender and receiver.
fn flights<'a>(
    model: &'a Flooding,
    state: &'a State,
) -> impl Iterator<Item = (Server, Server, Flight)> + 'a {
    let directions = model.links().flat_map(|(a, b)| [(a, b), (b, a)]);
    directions.flat_map(|(from, to)| {
        let flights = state.in_flight(from, to);
        flights.map(move |flight| (from, to, flight))
    })
}

/// Whether the running servers that are connected with the running originator agree with it.
pub(super) fn agree(model: &Flooding, state: &State) -> bool {
    let origin = model.origin();
    if !state.is_alive(origin) {
        return true;
    }
    let reach = state.reachable(origin);
    let mut connected = model.servers().filter(|at| reach & (1 << at.0) != 0);
    connected.all(|at| {
        let same = (0..KEYS).all(|key| {
            let (seen, held) = (state.entry(at, key), state.entry(origin, key));
            // Where the withdrawn are deleted, none is as good as withdrawn.
            seen == held || !seen.live() && !held.live()
        });
        same && model.believes(state, at) == Flooding::truth(state)
    })
}

fn converged(model: &Flooding, state: &State) -> bool {
    !state.is_quiet() || agree(model, state)
}
