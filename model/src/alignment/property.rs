//! What must hold in every reachable state of two neighbours, and what must occur in some.

use super::cafsm;
use super::state::mark;
use super::{Alignment, witness};

use crate::family::{Claim, Kind};

/// All properties and witnesses.
pub const fn claims() -> &'static [Claim<Alignment>] {
    CLAIMS
}

/// The property of that name.
pub fn by_name(name: &str) -> Option<&'static Claim<Alignment>> {
    CLAIMS.iter().find(|claim| claim.name == name)
}

const CLAIMS: &[Claim<Alignment>] = &[
    Claim {
        name: "one-master",
        sentence: "When both are in Cache Summarize, one is the master and the other the slave.",
        requirements: &["R2334-2.2.1-01", "R2334-2.2.1-07"],
        kind: Kind::Always,
        holds: |_, state| {
            let [lesser, greater] = &state.machines;
            !lesser.is_summarizing() || !greater.is_summarizing() || lesser.cafsm != greater.cafsm
        },
    },
    Claim {
        name: "one-ca-outstanding",
        sentence: "In Cache Summarize nobody sends a new CA before the one before was answered: the master for its own \
                   number only, the slave for the next one.",
        requirements: &["R2334-2.2.2-01", "R2334-2.2.2-03", "R2334-2.2.2-11"],
        kind: Kind::Always,
        holds: |_, state| state.marks & mark::SECOND_CA == 0,
    },
    Claim {
        name: "one-csus-outstanding",
        sentence: "No CSUS goes out while another one is neither answered nor overdue.",
        requirements: &["R2334-2.2.3-05", "R2334-2.2.3-08"],
        kind: Kind::Always,
        holds: |_, state| state.marks & mark::SECOND_CSUS == 0,
    },
    Claim {
        name: "nothing-requested-on-entry",
        sentence: "Aligned is entered with an empty request list.",
        requirements: &["R2334-2.2.3-01", "R2334-2.2.3-09"],
        kind: Kind::Always,
        holds: |_, state| state.marks & mark::UNFINISHED == 0,
    },
    Claim {
        name: "csu-in-its-states",
        sentence: "CSUS, CSU Request and CSU Reply are sent in Update Cache and Aligned only.",
        requirements: &["R2334-2.3-01"],
        kind: Kind::Always,
        holds: |_, state| state.marks & mark::EARLY_CSU == 0,
    },
    Claim {
        name: "newest-queued",
        sentence: "A retransmit queue holds of each entry the instance that is cached, or none.",
        requirements: &["R2334-2.3-18"],
        kind: Kind::Always,
        holds: |_, state| {
            state.machines.iter().all(|machine| {
                machine
                    .queue
                    .keys()
                    .iter()
                    .all(|key| machine.queue.get(key) == machine.cache.get(key))
            })
        },
    },
    Claim {
        name: "equal-when-aligned",
        sentence: "When both are Aligned and nothing is on its way, asked for or unacknowledged, the caches are equal.",
        requirements: &[
            "R2334-2.2.3-09",
            "R2334-2.2.2.1-01",
            "R2334-2.3-04",
            "R2334-2.3-10",
        ],
        kind: Kind::Always,
        holds: |_, state| {
            let [lesser, greater] = &state.machines;
            !state.is_settled() || lesser.cache == greater.cache
        },
    },
    Claim {
        name: "aligned-in-time",
        sentence: "Both are Aligned and done within a number of intervals after the last fault or change, counted while \
                   both HFSMs are up.",
        requirements: &[
            "R2334-2.2-05",
            "R2334-2.2.2-23",
            "R2334-2.2.3-07",
            "R2334-2.3-13",
            "R2334-2.2-08",
        ],
        kind: Kind::Always,
        holds: |model, state| state.waited <= model.scenario().within,
    },
    Claim {
        name: "loss-is-repaired",
        sentence: "Where nothing but messages was lost, fewer than the slave's hold covers, no exchange begins anew.",
        requirements: &["R2334-2.2.2-11", "R2334-2.2.2-20", "R2334-2.2.2-21"],
        kind: Kind::Always,
        holds: |_, state| state.marks & mark::NEEDLESS_RETURN == 0,
    },
    Claim {
        name: "no-needless-reset",
        sentence: "Where nothing went wrong no adjacency is reset.",
        requirements: &["R2334-2.3-17", "R2334-2.3-19"],
        kind: Kind::Always,
        holds: |_, state| state.marks & mark::NEEDLESS_RESET == 0,
    },
    Claim {
        name: "links-suffice",
        sentence: "No link ever holds more messages than the model has room for.",
        requirements: &[],
        kind: Kind::Always,
        holds: |_, state| state.marks & mark::OVERFLOW == 0,
    },
    Claim {
        name: "numbers-suffice",
        sentence: "No CA number is chosen while one like it is about.",
        requirements: &[],
        kind: Kind::Always,
        holds: |_, state| state.marks & mark::NUMBER_REUSED == 0,
    },
    Claim {
        name: "settled",
        sentence: "Both are Aligned and done, and each cache holds something that it did not hold at the start.",
        requirements: &["R2334-2.2.3-09"],
        kind: Kind::Witness,
        holds: witness::settled,
    },
    Claim {
        name: "copy-sent-again",
        sentence: "The slave, past Cache Summarize, sends its kept CA again.",
        requirements: &["R2334-2.2.2-20"],
        kind: Kind::Witness,
        holds: witness::copy_sent_again,
    },
    Claim {
        name: "late-answer",
        sentence: "The master bids, and a copy of the answer to an earlier bid is about.",
        requirements: &["R2334-2.2.1-07"],
        kind: Kind::Witness,
        holds: witness::late_answer,
    },
    Claim {
        name: "change-waits",
        sentence: "A record that was summarised has changed in Cache Summarize.",
        requirements: &["R2334-2.3-01"],
        kind: Kind::Witness,
        holds: witness::change_waits,
    },
    Claim {
        name: "drop-unnoticed",
        sentence: "A server negotiates; its neighbour is still Aligned from before.",
        requirements: &["R2334-2.2-08"],
        kind: Kind::Witness,
        holds: witness::drop_unnoticed,
    },
    Claim {
        name: "retry-limit",
        sentence: "A record has been repeated as often as is configured.",
        requirements: &["R2334-2.3-17"],
        kind: Kind::Witness,
        holds: witness::retry_limit,
    },
    Claim {
        name: "more-to-ask",
        sentence: "A CSUS is outstanding and the request list has more.",
        requirements: &["R2334-2.2.3-08"],
        kind: Kind::Witness,
        holds: witness::more_to_ask,
    },
    Claim {
        name: "asked-in-part",
        sentence: "Of what a CSUS asked for a part has come.",
        requirements: &["R2334-2.2.3-07"],
        kind: Kind::Witness,
        holds: witness::asked_in_part,
    },
    Claim {
        name: "null-record",
        sentence: "A null record is on its way.",
        requirements: &["R2334-2.3-23"],
        kind: Kind::Witness,
        holds: witness::null_record,
    },
    Claim {
        name: "crossing",
        sentence: "Both send the same entry at once.",
        requirements: &["R2334-2.3-25"],
        kind: Kind::Witness,
        holds: witness::crossing,
    },
    Claim {
        name: "update-meets-summarize",
        sentence: "A message of Update Cache is on its way to a server in Cache Summarize.",
        requirements: &["R2334-2.3-01"],
        kind: Kind::Witness,
        holds: witness::update_meets_summarize,
    },
];

/// Whether a server is in one of the two states in which CSU messages are exchanged.
pub(super) const fn exchanges(state: cafsm::State) -> bool {
    matches!(state, cafsm::State::Update | cafsm::State::Aligned)
}
