//! What goes wrong where an ambiguity of flooding is read the other way. See [`crate::findings`].

use crate::findings::Finding;

/// All findings of flooding.
pub const fn findings() -> &'static [Finding] {
    FINDINGS
}

const FINDINGS: &[Finding] = &[
    Finding {
        id: "B03",
        title: "What was flushed comes back from a neighbour that has not flushed yet",
        sections: &["RFC 2334, 2.2.2.1 and 2.4", "RFC 2443, 2"],
        rules_field: ("flush", "delete"),
        scenario: "flood_dead_originator",
        property: "no-resurrection",
        consequence: "Servers flush a dead one at slightly different times. One that has deleted the entries and aligns with one \
                      that has not learns them as new: members of a dead server are served for another dead time, and \
                      with staggered timers in a ring they outlive it for good.",
        resolution: "A flush is a quarantine: the entries stay, so they are not newer, and are left out of summaries.",
    },
    Finding {
        id: "B08",
        title: "A hop count below the diameter keeps the far end from ever hearing a change",
        sections: &["RFC 2334, B.2.0.2", "RFC 2443, 5.1"],
        rules_field: ("hop_count", "one"),
        scenario: "flood_line",
        property: "converged-when-quiet",
        consequence: "Alignment brings whole caches over any distance, changes come to the neighbours only: servers further \
                      away keep what they got when their links came up, and miss every heartbeat.",
        resolution: "The configured hop count is at least the number of servers minus one; less is refused.",
    },
    Finding {
        id: "B11",
        title: "After a fast restart the records of the earlier life stay live everywhere",
        sections: &["RFC 2334, B.2.0.2", "RFC 2443, 2"],
        rules_field: ("own_record", "ignore"),
        scenario: "flood_restart",
        property: "converged-when-quiet",
        consequence: "A server that is back within the dead time is never flushed. What it told before and does not hold any \
                      more is nobody's to withdraw: its clients of then stay members for ever.",
        resolution: "What comes back under the own ID and is not held is sent again as withdrawn, with a larger number.",
    },
    Finding {
        id: "C02",
        title: "A leave under a key of its own is undone by the next alignment",
        sections: &["RFC 2443, 5.3 to 5.5", "RFC 2334, 2.3"],
        rules_field: ("leave_key", "new"),
        scenario: "flood_line",
        property: "converged-when-quiet",
        consequence: "Join and leave are two cache entries, and an alignment brings both in any order. Where the join is \
                      applied last, a member that left long ago is back.",
        resolution: "A leave has the key of the join that it ends, and the next number.",
    },
    Finding {
        id: "N06",
        title: "A tombstone that outlives its originator's memory ends the next join",
        sections: &["RFC 2443, 5.3 to 5.5", "RFC 2334, 2.3 and B.2.0.2"],
        rules_field: ("strange_leave", "any-number"),
        scenario: "flood_forgotten",
        property: "converged-when-quiet",
        consequence: "Tombstones are forgotten at different times. A server behind a broken link keeps the end of a join that the                       originator has forgotten; meanwhile the member has joined again, under a new key. When the link is                       back, others take that end for a leave under a key of its own, and drop the new join for good.",
        resolution: "A leave under a key that is not known ends a join under another key only if it has the first number: who                      has join and leave under one key never gives a leave that number.",
    },
    Finding {
        id: "C06",
        title: "A removed entry is resurrected by a neighbour that missed the removal",
        sections: &["RFC 2334, 2.3 and B.2.0.2"],
        rules_field: ("removed", "deleted"),
        scenario: "flood_line",
        property: "no-regress",
        consequence: "A server that deletes what was withdrawn has nothing to compare with when a neighbour that was cut off \
                      offers the old entry: it takes it for new and floods it.",
        resolution: "The withdrawn record stays as a tombstone with its number, and is summarised like any other.",
    },
    Finding {
        id: "C08",
        title: "A restarted server fetches its own stale records and believes them",
        sections: &["RFC 2334, 2.3, 2.4 and B.2.0.2"],
        rules_field: ("own_record", "fetch"),
        scenario: "flood_restart",
        property: "converged-when-quiet",
        consequence: "Peers show larger numbers for the records of the earlier life, so the server asks for them and installs \
                      them as its own: clients that never registered again are its members, and nothing will end that.",
        resolution: "Nothing under the own ID is installed from the net: what is held goes out above the number that came back, \
                     what is not is withdrawn.",
    },
    Finding {
        id: "C11",
        title: "After a wrap, a server behind a broken link brings the old content back as newer",
        sections: &["RFC 2334, B.2.0.2"],
        rules_field: ("wrap", "same-key"),
        scenario: "flood_wrap",
        property: "no-regress",
        consequence: "The neighbours have acknowledged the purge, but a server behind them still has the old, large number. It \
                      calls the restarted one old, answers with its own, and the neighbours fetch what was purged.",
        resolution: "A key never wraps: it is purged with the last number, and a new key takes over.",
    },
];
