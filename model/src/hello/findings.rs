//! What goes wrong where an ambiguity of the Hello protocol is read the other way. See [`crate::findings`].

use crate::findings::Finding;

/// All findings of the Hello protocol.
pub const fn findings() -> &'static [Finding] {
    FINDINGS
}

const FINDINGS: &[Finding] = &[
    Finding {
        id: "D01",
        title: "A neighbour that restarts within the dead time is taken for the one it was",
        sections: &["RFC 2334, 2.1, B.2.5 and Figure 1"],
        rules_field: ("unlisted", "dead-time"),
        scenario: "hello_fast_restart",
        property: "restart-noticed",
        consequence: "The first Hello after the restart lists nobody, and a server that waits for the dead time stays \
                      Bidirectional over it. Its caches count as aligned with a neighbour that has forgotten everything.",
        resolution: "A Hello that does not list the own ID leads to Unidirectional at once; alignment starts anew.",
    },
    Finding {
        id: "D02",
        title: "Two servers that hear each other stop listing each other, and stay Unidirectional",
        sections: &["RFC 2334, 2.1 and B.2.5"],
        rules_field: ("listed", "not-stalled"),
        scenario: "hello_one_way",
        property: "never-both-unlisted",
        consequence: "A neighbour that has not listed a server for the dead time counts as stalled and is not listed itself, \
                      though it is heard. Where that happens on both sides nobody lists anybody any more: the link works \
                      and is never used again.",
        resolution: "Every neighbour from which any Hello came within its dead time is listed.",
    },
    Finding {
        id: "D03",
        title: "A server that has given its neighbour up after an abnormal event still says that it hears it",
        sections: &["RFC 2334, 2.1"],
        rules_field: ("after_abnormal", "kept"),
        scenario: "hello_one_way",
        property: "lists-only-heard",
        consequence: "The neighbour stays Bidirectional and Aligned while the server starts from nothing: what it sends \
                      meanwhile is ignored.",
        resolution: "The ID leaves the Receiver ID list on every move to Waiting, and comes back with the next Hello.",
    },
];
