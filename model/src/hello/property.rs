//! What must hold in every reachable state of the Hello protocol, and what must be seen in some.
//!
//! Ages are counted beside the machines, when Hellos arrive, so that a timer that is wrong contradicts them.

use super::Hello;
use super::action::Server;
use super::hfsm::State as Machine;
use super::rules::Unlisted;
use super::state::{
    LAST_LISTS, LISTED_UNHEARD, NONE, OVERFLOW, RESTART_MISSED, State, UNSEEN, Watch,
};
use super::step::lists;
use crate::family::{Claim, Kind};

/// All properties and witnesses.
pub const fn claims() -> &'static [Claim<Hello>] {
    CLAIMS
}

const CLAIMS: &[Claim<Hello>] = &[
    Claim {
        name: "bidirectional-iff-listed",
        sentence: "A machine is Bidirectional exactly while the last Hello heard, within the dead time, lists the server; \
                   it is Unidirectional exactly while that Hello does not.",
        requirements: &[
            "R2334-2.1-08",
            "R2334-2.1-09",
            "R2334-2.1-13",
            "R2334-2.1-14",
            "R2334-2.1-22",
            "R2334-B.2.5-04",
        ],
        kind: Kind::Always,
        holds: bidirectional_iff_listed,
    },
    Claim {
        name: "stalled-exactly",
        sentence: "A neighbour is given up exactly HelloInterval x DeadFactor after its last Hello, not a tick sooner or \
                   later.",
        requirements: &["R2334-2.1-13", "R2334-2.1-15", "R2334-B.2.5-03"],
        kind: Kind::Always,
        holds: stalled_exactly,
    },
    Claim {
        name: "listed-in-time",
        sentence: "No machine is Bidirectional when no Hello has listed the server for longer than the dead time.",
        requirements: &["R2334-2.1-13", "R2334-B.2.5-03"],
        kind: Kind::Always,
        holds: listed_in_time,
    },
    Claim {
        name: "lists-only-heard",
        sentence: "A Hello lists only servers that its sender has heard within the dead time and since it last gave them up.",
        requirements: &["R2334-2.1-15", "R2334-2.1-18", "R2334-B.2.5-12"],
        kind: Kind::Always,
        holds: |_, state| !state.has_flag(LISTED_UNHEARD),
    },
    Claim {
        name: "never-both-unlisted",
        sentence: "Of two servers that hear each other, one at least lists the other in its next Hello.",
        requirements: &["R2334-2.1-11", "R2334-2.1-17", "R2334-B.2.5-11"],
        kind: Kind::Always,
        holds: never_both_unlisted,
    },
    Claim {
        name: "hello-in-time",
        sentence: "A server with a VC sends its next Hello within the interval that it advertises.",
        requirements: &["R2334-2.1-01", "R2334-B.2.5-02"],
        kind: Kind::Always,
        holds: |model, state| {
            model.servers().all(|at| {
                let ago = state.sent_ago(at);
                ago == NONE || ago <= model.scenario().interval
            })
        },
    },
    Claim {
        name: "restart-noticed",
        sentence: "On a reliable link, a server that was Bidirectional leaves that state on the first word of a neighbour that \
                   has restarted.",
        requirements: &["R2334-2.1-09", "R2334-2.1-22"],
        kind: Kind::Always,
        holds: |_, state| !state.has_flag(RESTART_MISSED),
    },
    Claim {
        name: "links-suffice",
        sentence: "There are never more Hellos on their way than the model has room for.",
        requirements: &[],
        kind: Kind::Always,
        holds: |_, state| !state.has_flag(OVERFLOW),
    },
    Claim {
        name: "all-bidirectional",
        sentence: "Every machine is Bidirectional.",
        requirements: &["R2334-2.1-08"],
        kind: Kind::Witness,
        holds: all_bidirectional,
    },
    Claim {
        name: "stalled",
        sentence: "A machine fell back to Waiting for want of Hellos.",
        requirements: &["R2334-2.1-15"],
        kind: Kind::Witness,
        holds: |model, state| {
            any(model, state, |watch| {
                watch.machine == Machine::Waiting && watch.heard_ago != NONE
            })
        },
    },
    Claim {
        name: "one-way",
        sentence: "One server is Unidirectional while the other hears nothing.",
        requirements: &["R2334-2.1-09"],
        kind: Kind::Witness,
        holds: |model, state| {
            pairs(model, state).any(|(ours, theirs)| {
                ours.machine == Machine::Unidirectional
                    && theirs.machine == Machine::Waiting
                    && theirs.heard_ago != NONE
            })
        },
    },
    Claim {
        name: "late",
        sentence: "A Hello takes more than a tick.",
        requirements: &[],
        kind: Kind::Witness,
        holds: |model, state| {
            let mut pairs = model.pairs();
            pairs.any(|(from, to)| {
                state
                    .queue(from, to)
                    .flights()
                    .any(super::state::Flight::is_late)
            })
        },
    },
    Claim {
        name: "overtaken",
        sentence: "A Hello that does not list its receiver is on its way, sent before one that did and has arrived.",
        requirements: &["R2334-2.1-22"],
        kind: Kind::Witness,
        holds: |model, state| {
            model.pairs().any(|(from, to)| {
                let watch = state.watch(to, from);
                let mut flights = state.queue(from, to).flights();
                watch.machine == Machine::Bidirectional
                    && watch.listed_ago == 0
                    && flights.any(|flight| flight.is_late() && !flight.lists())
            })
        },
    },
    Claim {
        name: "at-the-deadline",
        sentence: "A dead timer is due while the Hello that would start it anew is on its way.",
        requirements: &["R2334-2.1-13"],
        kind: Kind::Witness,
        holds: |model, state| {
            model
                .pairs()
                .any(|(at, of)| state.watch(at, of).left == 0 && !state.queue(of, at).is_empty())
        },
    },
    Claim {
        name: "restart-unnoticed",
        sentence: "A neighbour has restarted, and the machine is still Bidirectional.",
        requirements: &["R2334-2.1-22"],
        kind: Kind::Witness,
        holds: |model, state| any(model, state, |watch| watch.seen & UNSEEN != 0),
    },
    Claim {
        name: "some-of-three",
        sentence: "A server is Bidirectional with one neighbour and not with the other, which it hears.",
        requirements: &["R2334-2.1-03", "R2334-2.1-17"],
        kind: Kind::Witness,
        holds: |model, state| {
            model.servers().any(|at| {
                let is = |machine| {
                    let mut others = model.servers().filter(|&of| of != at);
                    others.any(|of| state.watch(at, of).machine == machine)
                };
                is(Machine::Bidirectional) && is(Machine::Unidirectional)
            })
        },
    },
];

fn watches<'a>(model: &'a Hello, state: &'a State) -> impl Iterator<Item = &'a Watch> + 'a {
    model.pairs().map(|(at, of)| state.watch(at, of))
}

fn any(model: &Hello, state: &State, is: impl Fn(&Watch) -> bool) -> bool {
    watches(model, state).any(is)
}

/// What two neighbours know of each other, from either side.
fn pairs<'a>(
    model: &'a Hello,
    state: &'a State,
) -> impl Iterator<Item = (&'a Watch, &'a Watch)> + 'a {
    model
        .pairs()
        .map(|(at, of)| (state.watch(at, of), state.watch(of, at)))
}

/// Whether every machine is Bidirectional.
pub(super) fn all_bidirectional(model: &Hello, state: &State) -> bool {
    watches(model, state).all(|watch| watch.machine == Machine::Bidirectional)
}

fn bidirectional_iff_listed(model: &Hello, state: &State) -> bool {
    // Where D01 is read the other way this is the sentence of another protocol; `listed-in-time` is that one's.
    model.pairs().all(|(at, of)| {
        let at_once = model.rules(at.0).unlisted == Unlisted::AtOnce;
        let watch = state.watch(at, of);
        let listed = watch.seen & LAST_LISTS != 0;
        match watch.machine {
            Machine::Bidirectional => watch.heard_ago != NONE && (listed || !at_once),
            Machine::Unidirectional => watch.heard_ago != NONE && !(listed && at_once),
            Machine::Down | Machine::Waiting => true,
        }
    })
}

fn stalled_exactly(model: &Hello, state: &State) -> bool {
    let dead = model.scenario().dead();
    watches(model, state).all(|watch| match watch.machine {
        Machine::Bidirectional | Machine::Unidirectional => watch.heard_ago <= dead,
        // Never heard since the machine was set back, or not for the dead time.
        Machine::Waiting => watch.heard_ago >= dead,
        Machine::Down => true,
    })
}

fn listed_in_time(model: &Hello, state: &State) -> bool {
    let dead = model.scenario().dead();
    watches(model, state)
        .all(|watch| watch.machine != Machine::Bidirectional || watch.listed_ago <= dead)
}

fn never_both_unlisted(model: &Hello, state: &State) -> bool {
    let hears = |at: Server, of: Server| {
        matches!(
            state.watch(at, of).machine,
            Machine::Unidirectional | Machine::Bidirectional
        )
    };
    model.pairs().filter(|(at, of)| at < of).all(|(at, of)| {
        !hears(at, of)
            || !hears(of, at)
            || lists(model, state, at, of)
            || lists(model, state, of, at)
    })
}
