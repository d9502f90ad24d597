//! What must hold in every reachable state of a cluster, and what must be seen in some.
//!
//! "Quiet" is when nothing is on its way, nothing is left to be repeated or revalidated, and the last message that was lost
//! on ClusterControlVC has been followed by one that arrived.

use super::Cluster;
use super::message::{Body, Flight};
use super::state::{
    CMI_CHANGED, COPY_WRONG, CSN_SKIPPED, GROUPS, MIGRATE_WRONG, OVERFLOW, PUNCHED_WRONG, Phase,
    SJOIN_WRONG, SSN_SKIPPED, State,
};
use super::step::{awaits_in_vain, is_idle};
use crate::family::{Claim, Kind};

/// All properties and witnesses.
pub const fn claims() -> &'static [Claim<Cluster>] {
    CLAIMS
}

const CLAIMS: &[Claim<Cluster>] = &[
    Claim {
        name: "hole-punching-exact",
        sentence: "What goes out on ClusterControlVC for a join or leave is exactly its range without the groups that the client \
                   is in by single joins and without those that have a multicast server.",
        requirements: &[
            "R2022-6.1.2-12",
            "R2022-6.1.2-13",
            "R2022-6.1.2-14",
            "R2022-6.1.2-17",
            "R2022-6.1.2-18",
            "R2022-6.2.4-05",
            "R2022-6.2.4-07",
            "R2022-6.2.4-10",
            "R2022-A-01",
        ],
        kind: Kind::Always,
        holds: |_, state| !state.has_flag(PUNCHED_WRONG),
    },
    Claim {
        name: "one-valid-copy",
        sentence: "Each join or leave of a member gives its source exactly one copy that is not punched, on ClusterControlVC or \
                   its own VC.",
        requirements: &[
            "R2022-5.2.2-05",
            "R2022-6.1.2-12",
            "R2022-6.1.2-15",
            "R2022-6.1.2-16",
            "R2022-6.2.4-04",
            "R2022-6.2.4-09",
        ],
        kind: Kind::Always,
        holds: |_, state| !state.has_flag(COPY_WRONG),
    },
    Claim {
        name: "csn-consecutive",
        sentence: "Each message on ClusterControlVC has the number after that of the one before, whatever is said on other VCs.",
        requirements: &[
            "R2022-5.1.4.2-02",
            "R2022-5.1.4.2-03",
            "R2022-6.1.2-08",
            "R2022-6.1.4-01",
            "R2022-6.1.4-04",
        ],
        kind: Kind::Always,
        holds: |_, state| !state.has_flag(CSN_SKIPPED),
    },
    Claim {
        name: "ssn-consecutive",
        sentence: "Each message on ServerControlVC has the number after that of the one before, whatever is said on other VCs.",
        requirements: &["R2022-6.2.5-01", "R2022-6.2.5-02", "R2022-6.2.5-04"],
        kind: Kind::Always,
        holds: |_, state| !state.has_flag(SSN_SKIPPED),
    },
    Claim {
        name: "sjoin-only-where-served",
        sentence: "A join or leave goes out on ServerControlVC exactly if its range holds a group that has a multicast server, \
                   without the groups that the client is in by single joins.",
        requirements: &["R2022-6.2.4-02", "R2022-6.2.4-03", "R2022-6.2.4-06"],
        kind: Kind::Always,
        holds: |_, state| !state.has_flag(SJOIN_WRONG),
    },
    Claim {
        name: "servers-forward-to-members",
        sentence: "A multicast server forwards a group that it serves to the group's members, and to nobody else but clients that \
                   were purged without a word.",
        requirements: &[
            "R2022-6.2.1-01",
            "R2022-6.2.4-03",
            "R2022-6.2.4-06",
            "R2022-7.3-01",
        ],
        kind: Kind::Always,
        holds: servers_forward,
    },
    Claim {
        name: "migrate-exactly",
        sentence: "MARS_MIGRATE goes out exactly when the server map of a group with members is no longer empty.",
        requirements: &["R2022-6.2.2-06", "R2022-6.2.2-08", "R2022-6.2.2-14"],
        kind: Kind::Always,
        holds: |_, state| !state.has_flag(MIGRATE_WRONG),
    },
    Claim {
        name: "leaf-sets-true-when-quiet",
        sentence: "When the cluster is quiet, each VC has the leaves that the server would answer, and no others but clients that \
                   were purged without a word.",
        requirements: &[
            "R2022-5.1.4.1-01",
            "R2022-5.1.4.1-02",
            "R2022-5.1.4.2-05",
            "R2022-5.1.5-02",
            "R2022-5.1.5.1-02",
            "R2022-5.1.5.2-01",
            "R2022-6.2.2-11",
        ],
        kind: Kind::Always,
        holds: |model, state| {
            !is_quiet(model, state) || vcs(state).all(|vc| vc.is_true(model, state))
        },
    },
    Claim {
        name: "one-path",
        sentence: "When the cluster is quiet, a sender uses the multicast servers of a group that has some and the mesh of a \
                   group that has none, never both.",
        requirements: &[
            "R2022-5.1.6-02",
            "R2022-5.1.6-03",
            "R2022-6.2.1-02",
            "R2022-6.2.2-06",
        ],
        kind: Kind::Always,
        holds: |model, state| !is_quiet(model, state) || vcs(state).all(|vc| vc.is_one_path(state)),
    },
    Claim {
        name: "no-lost-member",
        sentence: "When the cluster is quiet, each member is in the maps of exactly the ranges that it wants, and knows the CMI \
                   that the server has for it; who is no member is in none.",
        requirements: &[
            "R2022-5.2.2-01",
            "R2022-5.2.3-04",
            "R2022-5.2.3-07",
            "R2022-6.1.2-19",
            "R2022-6.1.2-20",
        ],
        kind: Kind::Always,
        holds: no_lost_member,
    },
    Claim {
        name: "registered-iff-leaf",
        sentence: "The server has a CMI for a client, and has it in maps, only while it is a leaf of ClusterControlVC.",
        requirements: &[
            "R2022-5.2-05",
            "R2022-6.1.2-01",
            "R2022-6.1.2-19",
            "R2022-6.1.2-20",
        ],
        kind: Kind::Always,
        holds: |_, state| {
            (0..2).all(|at| {
                let registered = state.cmi(at) != 0;
                registered == state.is_leaf(at) && (registered || state.joined(at) == 0)
            })
        },
    },
    Claim {
        name: "cmi-unique",
        sentence: "No two registered clients have the same CMI.",
        requirements: &["R2022-5.2.3-03", "R2022-5.2.3-05"],
        kind: Kind::Always,
        holds: |_, state| state.cmi(0) == 0 || state.cmi(0) != state.cmi(1),
    },
    Claim {
        name: "cmi-kept",
        sentence: "A registered member that registers again gets the CMI that it has.",
        requirements: &["R2022-6.1.2-02"],
        kind: Kind::Always,
        holds: |_, state| !state.has_flag(CMI_CHANGED),
    },
    Claim {
        name: "room-suffices",
        sentence: "There are never more messages on their way, nor numbers further apart, than the model has room for.",
        requirements: &[],
        kind: Kind::Always,
        holds: |_, state| !state.has_flag(OVERFLOW),
    },
    Claim {
        name: "gap",
        sentence: "A sender has lost a message on ClusterControlVC, and none has come since.",
        requirements: &["R2022-5.1.4.2-05"],
        kind: Kind::Witness,
        holds: |_, state| {
            state
                .clients
                .iter()
                .any(|client| client.behind && client.vcs != 0)
        },
    },
    Claim {
        name: "stale-leaves",
        sentence: "All that is on its way has arrived, and a sender has other leaves than the server would answer.",
        requirements: &["R2022-5.1.4.2-05", "R2022-5.1.5.2-01"],
        kind: Kind::Witness,
        holds: |model, state| is_idle(state) && vcs(state).any(|vc| !vc.is_true(model, state)),
    },
    Claim {
        name: "revalidated",
        sentence: "A sender has asked again for a group to which it has a VC.",
        requirements: &["R2022-5.1.5-02"],
        kind: Kind::Witness,
        holds: |_, state| {
            let mut clients = state.clients.iter();
            clients.any(|client| client.asked() & client.open() != 0)
        },
    },
    Claim {
        name: "overtaken",
        sentence: "A change or gap shows on ClusterControlVC while a request about its group is out.",
        requirements: &["R2022-6.1.4-03"],
        kind: Kind::Witness,
        holds: |_, state| state.clients.iter().any(|client| client.overtaken != 0),
    },
    Claim {
        name: "punched",
        sentence: "A join or leave with holes and with addresses left is on its way.",
        requirements: &["R2022-6.1.2-17", "R2022-6.2.4-10"],
        kind: Kind::Witness,
        holds: |_, state| {
            let punched = |body| matches!(body, Some(Body::Change { punched: true, .. }));
            (0..2).any(|at| state.cluster(at).any(|flight| punched(flight.body())))
        },
    },
    Claim {
        name: "two-pairs",
        sentence: "A join or leave whose addresses do not follow each other is on its way.",
        requirements: &["R2022-5.2-02", "R2022-5.2.1-17"],
        kind: Kind::Witness,
        holds: |_, state| {
            let apart = |body| {
                let Some(Body::Change { groups, node, .. }) = body else {
                    return false;
                };
                node < 2 && (groups & !(groups << 1)).count_ones() > 1
            };
            (0..2).any(|at| state.cluster(at).any(|flight| apart(flight.body())))
        },
    },
    Claim {
        name: "migrated",
        sentence: "A sender uses a multicast server of a group that has members.",
        requirements: &["R2022-5.1.6-03", "R2022-6.2.1-02"],
        kind: Kind::Witness,
        holds: |model, state| {
            vcs(state).any(|vc| vc.leaves & 12 != 0 && model.members(state, vc.group) != 0)
        },
    },
    Claim {
        name: "mesh-again",
        sentence: "The next that a sender hears is that the multicast server it uses, a group's last, is gone; the group has \
                   members.",
        requirements: &["R2022-6.2.2-11", "R2022-6.2.2-15"],
        kind: Kind::Witness,
        holds: |model, state| {
            (0..2).any(|at| {
                let Some(Body::Change {
                    leave: true,
                    node,
                    groups,
                    ..
                }) = state.cluster(at).next().and_then(Flight::body)
                else {
                    return false;
                };
                vcs_of(state, at).any(|vc| {
                    vc.leaves == 1 << node
                        && node >= 2
                        && groups & 1 << vc.group != 0
                        && state.servers(vc.group) == 0
                        && model.members(state, vc.group) != 0
                })
            })
        },
    },
    Claim {
        name: "two-servers",
        sentence: "A sender uses two multicast servers of one group.",
        requirements: &["R2022-6.2.2-08", "R2022-6.2.3-06"],
        kind: Kind::Witness,
        holds: |_, state| vcs(state).any(|vc| vc.leaves & 12 == 12),
    },
    Claim {
        name: "copy-lost",
        sentence: "A client waits for a copy that does not come.",
        requirements: &["R2022-5.2.2-01"],
        kind: Kind::Witness,
        holds: |model, state| (0..2).any(|at| awaits_in_vain(model, state, at)),
    },
    Claim {
        name: "dropped",
        sentence: "A client takes itself for a member and is no leaf of ClusterControlVC.",
        requirements: &["R2022-6.1.2-20"],
        kind: Kind::Witness,
        holds: |_, state| {
            (0..2).any(|at| state.client(at).phase == Phase::Member && !state.is_leaf(at))
        },
    },
    Claim {
        name: "member-again",
        sentence: "A sender that had to register again has a VC from before.",
        requirements: &["R2022-5.2-05"],
        kind: Kind::Witness,
        holds: |_, state| {
            let mut clients = state.clients.iter();
            clients.any(|client| client.phase == Phase::Asked && client.vcs != 0)
        },
    },
    Claim {
        name: "restart-unnoticed",
        sentence: "A client has forgotten its registration while the server still has it, with a join.",
        requirements: &["R2022-6.1.2-02"],
        kind: Kind::Witness,
        holds: |_, state| {
            (0..2).any(|at| {
                let phase = state.client(at).phase;
                phase == Phase::Lost && state.is_leaf(at) && state.joined(at) != 0
            })
        },
    },
    Claim {
        name: "stray-leaf",
        sentence: "When the cluster is quiet, a sender has a leaf that the server would not answer: a client that was purged \
                   without a word.",
        requirements: &["R2022-6.1.2-19", "R2022-6.1.2-20"],
        kind: Kind::Witness,
        holds: |model, state| {
            is_quiet(model, state)
                && vcs(state).any(|vc| vc.leaves & !answer(model, state, vc.group) != 0)
        },
    },
];

/// The VC of a sender that is a member.
struct Vc {
    group: u8,
    leaves: u8,
}

/// All VCs of members.
fn vcs(state: &State) -> impl Iterator<Item = Vc> + '_ {
    (0..2).flat_map(|at| vcs_of(state, at))
}

/// The VCs of a client, if it is a member.
fn vcs_of(state: &State, at: u8) -> impl Iterator<Item = Vc> + '_ {
    let client = state.client(at);
    let all = (0..GROUPS).map(|group| Vc {
        group,
        leaves: client.vc(group),
    });
    all.filter(|vc| client.phase == Phase::Member && vc.leaves != 0)
}

impl Vc {
    fn is_true(&self, model: &Cluster, state: &State) -> bool {
        let answer = answer(model, state, self.group);
        let odd = self.leaves ^ answer;
        odd & answer == 0 && odd & !strays(state, self.group) == 0
    }
    fn is_one_path(&self, state: &State) -> bool {
        let leaves = self.leaves & !strays(state, self.group);
        let servers = state.servers(self.group);
        if servers == 0 {
            leaves & 12 == 0
        } else {
            leaves & 3 == 0 && leaves & servers != 0
        }
    }
}

/// The leaves that the server would answer: R2022-6.2.1-02, and F24 resolved.
fn answer(model: &Cluster, state: &State, group: u8) -> u8 {
    match state.servers(group) {
        0 => model.members(state, group),
        servers => servers,
    }
}

/// Clients that were purged from a group without a word, as leaves.
fn strays(state: &State, group: u8) -> u8 {
    let purged = (0..2).filter(|&at| state.strays(at) & 1 << group != 0);
    purged.fold(0, |leaves, at| leaves | 1 << at)
}

/// Whether nothing is on its way or left to be done, and every gap is known.
pub(super) fn is_quiet(_: &Cluster, state: &State) -> bool {
    state.clients.iter().all(|client| !client.behind) && is_idle(state)
}

fn servers_forward(model: &Cluster, state: &State) -> bool {
    (0..2).all(|mcs| {
        let served = |&group: &u8| state.serves(mcs) & 1 << group != 0;
        (0..GROUPS).filter(served).all(|group| {
            let members = model.members(state, group);
            let odd = state.forwards(mcs, group) ^ members;
            odd & members == 0 && odd & !strays(state, group) == 0
        })
    })
}

fn no_lost_member(model: &Cluster, state: &State) -> bool {
    !is_quiet(model, state)
        || (0..2).all(|at| {
            let client = state.client(at);
            match client.phase {
                Phase::Member => client.wanted == state.joined(at) && client.cmi == state.cmi(at),
                Phase::Off | Phase::Lost | Phase::Asked => state.joined(at) == 0,
            }
        })
}
