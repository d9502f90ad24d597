//! What must hold in every reachable state, and what must occur in some (so that nothing holds for want of a cause).
//!
//! Most sentences speak about quiet states: nothing on its way between servers. A quiet state is not the end of
//! anything: links may be down, clients may be about to rejoin, heartbeats may be due.

use super::action::{Client, Range, Server};
use super::packed::Key;
use super::state::{HOLD, MIGRATE_WRONG, OVERFLOW, REGRESS, SJOIN_WRONG, State, TOLD_WRONG};
use super::{ServerGroup, view, witness};
pub use crate::family::Kind;

/// A property of the server group.
pub type Claim = crate::family::Claim<ServerGroup>;

/// All properties and witnesses.
pub const fn claims() -> &'static [Claim] {
    CLAIMS
}

/// The property of that name.
pub fn by_name(name: &str) -> Option<&'static Claim> {
    CLAIMS.iter().find(|claim| claim.name == name)
}

const CLAIMS: &[Claim] = &[
    Claim {
        name: "cmi-unique",
        sentence: "When the group is quiet, no CMI that a server gives to one client is still that of another client \
                   anywhere; every CMI given lies in the giver's range and is not zero.",
        requirements: &["R2443-2-05", "R2443-2-06", "R2443-1-07"],
        kind: Kind::Always,
        holds: cmi_unique,
    },
    Claim {
        name: "converged-when-quiet",
        sentence: "When the group is quiet, connected servers hold the same records of every live originator among them, \
                   and those that the originator itself holds.",
        requirements: &[
            "R2443-1-01",
            "R2443-1-02",
            "R2443-2-08",
            "R2443-2-09",
            "R2443-2-10",
        ],
        kind: Kind::Always,
        holds: converged,
    },
    Claim {
        name: "no-phantom",
        sentence: "When the group is quiet, a server counts a member on the word of a connected live server only while \
                   that server has the client on its CCVC and holds the join.",
        requirements: &["R2443-5.4-05", "R2443-5.4-11", "R2443-2-23"],
        kind: Kind::Always,
        holds: no_phantom,
    },
    Claim {
        name: "no-lost-member",
        sentence: "When the group is quiet, whatever a registered client believes to have joined is in the host map of \
                   every server that is connected with its home and hears its home's heartbeat.",
        requirements: &["R2443-1-01", "R2443-5.3-02", "R2443-5.3-12", "R2443-2-10"],
        kind: Kind::Always,
        holds: no_lost_member,
    },
    Claim {
        name: "flush-exact",
        sentence: "When the group is quiet, no server whose heartbeats arrive is flushed, and nothing of a server that \
                   stopped is served after twice the hold time; where no link and no heartbeat can fail, no running \
                   server is ever flushed.",
        requirements: &["R2443-2-11", "R2443-2-18", "R2443-5.1-07"],
        kind: Kind::Always,
        holds: flush_exact,
    },
    Claim {
        name: "redirect-map-true",
        sentence: "A redirect map names its sender first (unless it is drained), then the other servers taken to be \
                   alive in ascending order, each once; when the group is quiet these are all that are connected and \
                   beat, and none that stopped twice the hold time ago.",
        requirements: &["R2443-2-19", "R2443-2-20", "R2443-5.1-06", "R2443-5.1-07"],
        kind: Kind::Always,
        holds: redirect_map_true,
    },
    Claim {
        name: "home-stable",
        sentence: "No client is redirected three times without a fault in between.",
        requirements: &["R2443-2-03", "R2443-5.3-10", "R2443-1-05"],
        kind: Kind::Always,
        holds: home_stable,
    },
    Claim {
        name: "proxy-deregister-precise",
        sentence: "When the group is quiet, a connected live server's live records of a client exist everywhere exactly \
                   while the client is a leaf of its CCVC, its joins only under the CMI of its registration.",
        requirements: &["R2443-2-22", "R2443-5.4-01", "R2443-5.4-03", "R2443-5.4-05"],
        kind: Kind::Always,
        holds: proxy_deregister_precise,
    },
    Claim {
        name: "no-regress",
        sentence: "A cached sequence number never goes down.",
        requirements: &["R2443-5.1-05"],
        kind: Kind::Always,
        holds: no_regress,
    },
    Claim {
        name: "versions-unique",
        sentence: "Originator, key and sequence number name one content only, wherever it is.",
        requirements: &["R2443-5.1-05"],
        kind: Kind::Always,
        holds: versions_unique,
    },
    Claim {
        name: "migrate-exactly",
        sentence: "A server with clients tells them to migrate exactly when the server map that it knows of a group gets \
                   its first entry; for an own multicast server only where the group has members. (Not said of the \
                   step that brings a link up, which holds many changes.)",
        requirements: &["R2443-5.2-12", "R2443-5.2-13", "R2443-5.2-11"],
        kind: Kind::Always,
        holds: migrate_exactly,
    },
    Claim {
        name: "server-map-told",
        sentence: "A server with clients tells them of each further multicast server of a group that it comes to know, \
                   by a join, and of each that serves it no more, by a leave, whatever ended it: a withdrawal, a \
                   deregistration, a lost leaf, or the flush of its server. Not by anything else.",
        requirements: &["R2443-5.5-06", "R2443-5.5-07", "R2443-5.5-08"],
        kind: Kind::Always,
        holds: server_map_told,
    },
    Claim {
        name: "sjoin-where-served",
        sentence: "Joins and leaves go out on ServerControlVC at those servers whose own multicast servers serve a group \
                   of the range, at no others; there every client that is new in a served group is announced.",
        requirements: &["R2443-5.3-19", "R2443-5.3-20", "R2443-5.4-10"],
        kind: Kind::Always,
        holds: sjoin_where_served,
    },
    Claim {
        name: "links-suffice",
        sentence: "No link ever holds more records than the model has room for, and no number of instances is too large.",
        requirements: &[],
        kind: Kind::Always,
        holds: links_suffice,
    },
    Claim {
        name: "two-registrations",
        sentence: "A client is registered at two servers at once.",
        requirements: &["R2443-1-05"],
        kind: Kind::Witness,
        holds: witness::two_registrations,
    },
    Claim {
        name: "member-elsewhere",
        sentence: "A quiet server counts a member that is homed at another one.",
        requirements: &["R2443-1-01"],
        kind: Kind::Witness,
        holds: witness::member_elsewhere,
    },
    Claim {
        name: "rejoined",
        sentence: "A client has joined again at its home, while everything it had to join again is joined.",
        requirements: &["R2443-2-13"],
        kind: Kind::Witness,
        holds: witness::rejoined,
    },
    Claim {
        name: "flushed-dead",
        sentence: "A server that stopped with members is flushed, and its members are still in a cache.",
        requirements: &["R2443-2-11"],
        kind: Kind::Witness,
        holds: witness::flushed_dead,
    },
    Claim {
        name: "flushed-alive",
        sentence: "A running server is flushed somewhere.",
        requirements: &["R2443-2-18"],
        kind: Kind::Witness,
        holds: witness::flushed_alive,
    },
    Claim {
        name: "flush-spent",
        sentence: "A server stopped twice the hold time ago while the group is quiet.",
        requirements: &["R2443-2-18"],
        kind: Kind::Witness,
        holds: witness::flush_spent,
    },
    Claim {
        name: "partitioned",
        sentence: "The group is quiet in two parts, and a client is registered in each of them or known differently.",
        requirements: &["R2443-2-02"],
        kind: Kind::Witness,
        holds: witness::partitioned,
    },
    Claim {
        name: "cmi-held",
        sentence: "A CMI is held at a server after its registration ended.",
        requirements: &["R2443-2-06"],
        kind: Kind::Witness,
        holds: witness::cmi_held,
    },
    Claim {
        name: "cmi-refused",
        sentence: "A client is refused silently for want of a CMI and is served elsewhere.",
        requirements: &["R2443-2-14", "R2443-2-03"],
        kind: Kind::Witness,
        holds: witness::cmi_refused,
    },
    Claim {
        name: "overtaken",
        sentence: "A record on its way is older than what its receiver already has from another neighbour.",
        requirements: &["R2443-5.1-09"],
        kind: Kind::Witness,
        holds: witness::overtaken,
    },
    Claim {
        name: "solicited",
        sentence: "A record is on its way because its receiver asked for it.",
        requirements: &["R2443-2-02"],
        kind: Kind::Witness,
        holds: witness::solicited,
    },
    Claim {
        name: "race",
        sentence: "A proxy deregister is on its way while a registration of the same client by another server is, too.",
        requirements: &["R2443-5.4-03"],
        kind: Kind::Witness,
        holds: witness::race,
    },
    Claim {
        name: "block-and-single",
        sentence: "A client has joined a block and a single group of it, and another server counts both.",
        requirements: &["R2443-5.3-09", "R2443-5.3-15"],
        kind: Kind::Witness,
        holds: witness::block_and_single,
    },
    Claim {
        name: "migrated",
        sentence: "A quiet server with clients knows a member and a multicast server of one group, each from elsewhere.",
        requirements: &["R2443-5.2-12"],
        kind: Kind::Witness,
        holds: witness::migrated,
    },
    Claim {
        name: "served-from-here",
        sentence: "An own multicast server serves a group whose member is known from another server.",
        requirements: &["R2443-5.3-19"],
        kind: Kind::Witness,
        holds: witness::served_from_here,
    },
    Claim {
        name: "service-gone",
        sentence: "A quiet server with clients knows that another server's multicast server serves a group no more.",
        requirements: &["R2443-5.5-07"],
        kind: Kind::Witness,
        holds: witness::service_gone,
    },
    Claim {
        name: "service-flushed",
        sentence: "A multicast server is in quarantine with its server, at a server with clients.",
        requirements: &["R2443-2-11"],
        kind: Kind::Witness,
        holds: witness::service_flushed,
    },
    Claim {
        name: "two-services",
        sentence: "Two multicast servers serve one group, at two servers.",
        requirements: &["R2443-5.2-11"],
        kind: Kind::Witness,
        holds: witness::two_services,
    },
    Claim {
        name: "restarted-in-time",
        sentence: "A server started again before it was missed: what it said in its earlier life still counts elsewhere.",
        requirements: &["R2443-2-18"],
        kind: Kind::Witness,
        holds: witness::restarted_in_time,
    },
    Claim {
        name: "restarted-late",
        sentence: "A server started again after it was flushed, and what it said in its earlier life is in quarantine.",
        requirements: &["R2443-2-11"],
        kind: Kind::Witness,
        holds: witness::restarted_late,
    },
    Claim {
        name: "withdrawn-after-restart",
        sentence: "A quiet server holds the withdrawal of a membership that another one had in its earlier life.",
        requirements: &["R2443-5.4-05"],
        kind: Kind::Witness,
        holds: witness::withdrawn_after_restart,
    },
    Claim {
        name: "came-back",
        sentence: "A client has joined again at its home, which started again since.",
        requirements: &["R2443-2-13"],
        kind: Kind::Witness,
        holds: witness::came_back,
    },
    Claim {
        name: "went-elsewhere",
        sentence: "A client of a server that started again has joined again at another one, while the old membership \
                   is still in a cache.",
        requirements: &["R2443-2-12"],
        kind: Kind::Witness,
        holds: witness::went_elsewhere,
    },
    Claim {
        name: "drained-away",
        sentence: "A client has followed a map of a drained server and joined again at another one.",
        requirements: &["R2443-2-21", "R2443-2-13"],
        kind: Kind::Witness,
        holds: witness::drained_away,
    },
];

/// Pairs of running servers that are connected: observer and originator, never the same. A peer that purges its own
/// records on a foreign word (A08, literal) is left out as an originator: there the fault is its own.
fn connected<'a>(
    model: &ServerGroup,
    state: &'a State,
) -> impl Iterator<Item = (Server, Server)> + use<'a> {
    let (servers, literal) = (model.scenario().servers, model.literal());
    (0..servers).flat_map(move |at| {
        let reach = if state.is_alive(Server(at)) {
            state.reachable(Server(at))
        } else {
            0
        };
        let reach = reach & !literal & !(1 << at);
        (0..servers)
            .filter(move |&origin| reach & (1 << origin) != 0)
            .map(move |origin| (Server(at), Server(origin)))
    })
}

/// The running servers that follow the same rules as most: what others do in their own ranges and tell their own clients
/// harms nobody else.
fn sound<'a>(model: &'a ServerGroup, state: &'a State) -> impl Iterator<Item = Server> + 'a {
    alive(model, state).filter(|server| model.odd() & (1 << server.0) == 0)
}

pub(super) fn alive<'a>(
    model: &'a ServerGroup,
    state: &'a State,
) -> impl Iterator<Item = Server> + 'a {
    model.servers().filter(|&server| state.is_alive(server))
}

fn cmi_unique(model: &ServerGroup, state: &State) -> bool {
    let places = model.scenario().cmi_slots;
    let own = |origin, client| state.entry(origin, Key::register(origin, client));
    let in_range = sound(model, state).all(|origin| {
        model
            .clients()
            .map(|client| own(origin, client))
            .all(|entry| !entry.live() || (1..=places).contains(&entry.slot()))
    });
    in_range
        && (!state.is_quiet()
            || sound(model, state).all(|origin| {
                alive(model, state)
                    .filter(|&at| view::believes_alive(state, at, origin))
                    .all(|at| {
                        // What was given before a restart is settled once there is a way to hear of it.
                        let connected = state.reachable(at) & (1 << origin.0) != 0;
                        model.clients().all(|client| {
                            let given = own(origin, client);
                            let clashes = |other| {
                                state.lives(origin).any(|life| {
                                    let entry = state.entry(at, Key::register(life, other));
                                    let same = entry.live() && entry.slot() == given.slot();
                                    other != client && same && (life == origin || connected)
                                })
                            };
                            !given.live() || !model.clients().any(clashes)
                        })
                    })
            }))
}

fn converged(model: &ServerGroup, state: &State) -> bool {
    // Where a peer follows the literal reading of A08 it forgets old withdrawals: there a withdrawn entry equals none.
    let strict = model.literal() == 0;
    !state.is_quiet()
        || connected(model, state).all(|(at, origin)| {
            Key::of(origin).all(|key| {
                let (seen, held) = (state.entry(at, key), state.entry(origin, key));
                seen == held || !strict && !seen.live() && !held.live()
            })
        })
}

/// Whether a client means to be a member of what its home has of it. N08: who moved away and came back before its old leaf
/// went has been registered all the time, with whatever it had joined; then nothing is asked.
fn meant(model: &ServerGroup, state: &State, client: Client, home: Server, range: Range) -> bool {
    let this = state.client(client);
    this.home() != Some(home)
        || this.has_joined(range)
        || this.has_to_rejoin(range)
        || model.scenario().budgets.moves > 0
}

fn no_phantom(model: &ServerGroup, state: &State) -> bool {
    !state.is_quiet()
        || connected(model, state).all(|(at, origin)| {
            let of_origin = state
                .lives(origin)
                .flat_map(Key::of)
                .fold(0, |keys, key| keys | key.bit());
            let seen = view::counting(model, state, at) & of_origin;
            if seen == 0 {
                return true;
            }
            let held = view::counting(model, state, origin);
            model.clients().all(|client| {
                state.lives(origin).all(|life| {
                    model.ranges().all(|range| {
                        let bit = Key::join(life, client, range).bit();
                        let there = held & bit != 0 && state.is_leaf(origin, client);
                        seen & bit == 0 || there && meant(model, state, client, origin, range)
                    })
                })
            })
        })
}

fn no_lost_member(model: &ServerGroup, state: &State) -> bool {
    if !state.is_quiet() {
        return true;
    }
    let believers = model.clients().filter_map(|client| {
        let this = state.client(client);
        let home = this
            .home()
            .filter(|&home| state.is_alive(home) && state.is_leaf(home, client))?;
        // A peer that purges its own clients on a foreign word is at fault itself.
        let literal = model.literal() & (1 << home.0) != 0;
        (this.joined() != 0 && !literal).then_some((client, home, this.joined()))
    });
    believers.into_iter().all(|(client, home, joined)| {
        let wanted = model.ranges().filter(|range| joined & (1 << range.0) != 0);
        let wanted = wanted.fold(0, |groups, range| groups | model.groups(range));
        let reach = state.reachable(home);
        model
            .servers()
            .filter(|&at| reach & (1 << at.0) != 0 && (at == home || state.age(at, home) < HOLD))
            .all(|at| wanted & !view::covered(model, view::counting(model, state, at), client) == 0)
    })
}

/// Whether the heartbeats of `origin` reach `at`: connected and not hung; a heartbeat that woke up only counts after it beat.
fn hears(state: &State, at: Server, origin: Server) -> bool {
    state.reachable(at) & (1 << origin.0) != 0 && !state.is_hung(origin)
}

fn flush_exact(model: &ServerGroup, state: &State) -> bool {
    let budgets = model.scenario().budgets;
    // Nothing in this scenario can silence a running server, so nobody may ever believe that one is dead.
    let silent = |at: Server, origin: Server| {
        state.age(at, origin) >= HOLD && state.reachable(at) & (1 << origin.0) != 0
    };
    if budgets.hangs == 0
        && budgets.cuts == 0
        && budgets.crashes == 0
        && state.has_flushed()
        && alive(model, state).any(|at| alive(model, state).any(|origin| silent(at, origin)))
    {
        return false;
    }
    if !state.is_quiet() {
        return true;
    }
    let live_served = budgets.hangs > 0
        || connected(model, state).all(|(at, origin)| state.age(at, origin) < HOLD);
    let dead_gone = alive(model, state).all(|at| {
        model
            .servers()
            .filter(|&origin| !state.is_alive(origin) && state.dead_for(origin) >= 2 * HOLD)
            .all(|origin| !view::believes_alive(state, at, origin))
    });
    live_served && dead_gone
}

fn redirect_map_true(model: &ServerGroup, state: &State) -> bool {
    sound(model, state).all(|at| {
        let map = view::redirect_map(model, state, at).0;
        // The others in the map, one bit each; whether each is larger than those before; how often the sender is there.
        let (mut others, mut ascending, mut own) = (0u8, true, 0);
        for server in map.iter() {
            if server == at {
                own += 1;
            } else {
                ascending &= others >> server.0 == 0;
                others |= 1 << server.0;
            }
        }
        let head = map.first();
        let sorted = if state.is_drained(at) && others != 0 {
            head.is_some_and(|head| head != at)
        } else {
            head == Some(at)
        };
        let complete = !state.is_quiet()
            || model.servers().filter(|&other| other != at).all(|other| {
                let listed = others & (1 << other.0) != 0;
                if state.is_alive(other) {
                    listed || !hears(state, at, other) || model.scenario().budgets.hangs > 0
                } else {
                    !listed || state.dead_for(other) < 2 * HOLD
                }
            });
        sorted && ascending && own == 1 && complete
    })
}

fn home_stable(model: &ServerGroup, state: &State) -> bool {
    model
        .clients()
        .all(|client| state.client(client).redirects() < 3)
}

fn proxy_deregister_precise(model: &ServerGroup, state: &State) -> bool {
    !state.is_quiet()
        || connected(model, state).all(|(at, origin)| {
            model.clients().all(|client| {
                state.lives(origin).all(|life| {
                    let register = state.entry(at, Key::register(life, client));
                    register.live() == (life == origin && state.is_leaf(origin, client))
                        && model.ranges().all(|range| {
                            let join = state.entry(at, Key::join(life, client, range));
                            !join.live() || register.live() && join.slot() == register.slot()
                        })
                })
            })
        })
}

const fn no_regress(_: &ServerGroup, state: &State) -> bool {
    !state.has_flag(REGRESS)
}

fn versions_unique(_: &ServerGroup, state: &State) -> bool {
    state.versions_agree()
}

const fn migrate_exactly(_: &ServerGroup, state: &State) -> bool {
    !state.has_flag(MIGRATE_WRONG)
}

const fn server_map_told(_: &ServerGroup, state: &State) -> bool {
    !state.has_flag(TOLD_WRONG)
}

const fn sjoin_where_served(_: &ServerGroup, state: &State) -> bool {
    !state.has_flag(SJOIN_WRONG)
}

const fn links_suffice(_: &ServerGroup, state: &State) -> bool {
    !state.has_flag(OVERFLOW)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_requirement_ids_well_formed() {
        for (place, claim) in CLAIMS.iter().enumerate() {
            assert!(
                CLAIMS
                    .iter()
                    .skip(place + 1)
                    .all(|other| other.name != claim.name),
                "{}",
                claim.name
            );
            assert!(
                claim.requirements.iter().all(|id| id.starts_with("R2443-")),
                "{}",
                claim.name
            );
            assert!(by_name(claim.name).is_some_and(|found| found.sentence == claim.sentence));
        }
    }
}
