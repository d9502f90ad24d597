//! What goes wrong where an ambiguity of RFC 2022 inside one cluster is read the other way. See [`crate::findings`].

use crate::findings::Finding;

/// All findings of a cluster.
pub const fn findings() -> &'static [Finding] {
    FINDINGS
}

const FINDINGS: &[Finding] = &[
    Finding {
        id: "E13",
        title: "A MIGRATE for every multicast server that comes takes the others away from the senders",
        sections: &["RFC 2443, 5.2", "RFC 2022, 6.2.2 and 5.1.6"],
        rules_field: ("migrate", "every-serve"),
        scenario: "cluster_two_servers",
        property: "leaf-sets-true-when-quiet",
        consequence: "Senders that hear it use the last multicast server alone; who asks later uses all of them. Repeated \
                      offers move every sender again.",
        resolution: "MIGRATE goes out when a group's server map is no longer empty; a further server is a JOIN.",
    },
    Finding {
        id: "E16",
        title: "Senders hang on a multicast server that has deregistered",
        sections: &["RFC 2022, 6.2.2 and 6.2.3", "RFC 2443, 5.5"],
        rules_field: ("server_gone", "silent"),
        scenario: "cluster_two_servers",
        property: "leaf-sets-true-when-quiet",
        consequence: "No message is named for the end of a registration, so senders keep the VC to a server that forwards \
                      nothing, for as long as it accepts the VC.",
        resolution: "A deregistration or drop is announced like a withdrawal from each group: one LEAVE with all of them.",
    },
    Finding {
        id: "E18",
        title: "Multicast servers hear of blocks in which they serve nothing",
        sections: &["RFC 2022, 6.2.4 and appendix F"],
        rules_field: ("sjoin", "always"),
        scenario: "cluster_blocks",
        property: "sjoin-only-where-served",
        consequence: "Each block join of a router goes to every multicast server: traffic and numbers without use.",
        resolution: "SJOIN and SLEAVE go out where the range holds a group with a server, as in appendix F.",
    },
    Finding {
        id: "F02",
        title: "A client with one sequence number misses a loss that follows a private reply, where the number is raised after",
        sections: &["RFC 2022, 5.1.4.2 and 6.1.4"],
        rules_field: ("numbering", "one-after"),
        scenario: "cluster_lost_updates",
        property: "leaf-sets-true-when-quiet",
        consequence: "The private reply has the number that the next message on ClusterControlVC will have. That one is lost, \
                      the one after it is the reply's successor, and no step is larger than one: a member gets nothing from \
                      this sender, with no end.",
        resolution: "The client counts arrivals on ClusterControlVC apart and revalidates unless each is the next.",
    },
    Finding {
        id: "F02b",
        title: "A client with one sequence number misses a loss that a private reply follows, where the number is raised before",
        sections: &["RFC 2022, 5.1.4.2, 6.1.4 and appendix F"],
        rules_field: ("numbering", "one-before"),
        scenario: "cluster_lost_updates",
        property: "leaf-sets-true-when-quiet",
        consequence: "The private reply repeats the number of the message on ClusterControlVC that was lost, so the next one is its \
                      successor: raising the number earlier, as in appendix F, only moves the hole.",
        resolution: "As for F02: what arrives on ClusterControlVC is counted apart, and then either number is safe.",
    },
    Finding {
        id: "F05",
        title: "The sample code for hole punching loses the groups at the edge of a block",
        sections: &["RFC 2022, appendix A"],
        rules_field: ("punching", "sample"),
        scenario: "cluster_blocks",
        property: "leaf-sets-true-when-quiet",
        consequence: "A block whose first or last group stands alone between two holes goes out without it. A sender to that \
                      group hears everything, and never learns that a member has come or gone.",
        resolution: "The true difference of sets of inclusive ranges.",
    },
    Finding {
        id: "F19",
        title: "A leave of a block that was never joined takes a member out of the senders' VCs",
        sections: &["RFC 2022, 5.2 and 6.1.2"],
        rules_field: ("unmatched_leave", "announced"),
        scenario: "cluster_blocks",
        property: "leaf-sets-true-when-quiet",
        consequence: "Holes are punched for single joins only, so the leave goes out for groups that the client is still in by \
                      another block: senders drop a leaf that the server goes on answering.",
        resolution: "A leave that fits no join exactly goes back to its source and changes nothing.",
    },
    Finding {
        id: "N05",
        title: "An answer that a change on the other VC has overtaken is taken for new",
        sections: &["RFC 2022, 5.1.4.1, 5.1.5 and 5.1.5.2"],
        rules_field: ("overtaken", "take"),
        scenario: "cluster_lost_updates",
        property: "leaf-sets-true-when-quiet",
        consequence: "ClusterControlVC and the client's own VC keep no common order. A JOIN that arrives before a MULTI made \
                      without it finds no VC, and a gap seen then is wiped out with the flag when the MULTI comes: the leaf is \
                      missing for good.",
        resolution: "A client that sees a change of a group, or a gap, while a request about it is out asks again.",
    },
];
