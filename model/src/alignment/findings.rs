//! What goes wrong where an ambiguity of the alignment is read the other way. See [`crate::findings`].

use crate::findings::Finding;

/// All findings of the alignment.
pub const fn findings() -> &'static [Finding] {
    FINDINGS
}

const FINDINGS: &[Finding] = &[
    Finding {
        id: "C14",
        title: "An acknowledgement that must match a record to the octet never matches",
        sections: &["RFC 2334, 2.3 and B.2.0.2"],
        rules_field: ("acknowledgement", "whole-summary"),
        scenario: "alignment_over_lossy_links",
        property: "no-needless-reset",
        consequence: "A summary in a CSU Reply has another hop count and length than the record that it answers. Each record \
                      is repeated up to the limit, the adjacency is reset, and the next alignment ends alike.",
        resolution: "Key, originator and number are compared.",
    },
    Finding {
        id: "C16",
        title: "What changes during Cache Summarize is told to nobody",
        sections: &["RFC 2334, 2.2.2 and 2.3"],
        rules_field: ("change_in_summarize", "lose"),
        scenario: "alignment_over_lossy_links",
        property: "equal-when-aligned",
        consequence: "The entry's summary has gone, and no CSU may be sent yet. Both end Aligned with different caches, \
                      until the entry happens to change again.",
        resolution: "The change waits for that neighbour and is sent on entry to Update Cache.",
    },
    Finding {
        id: "C17",
        title: "The slave frees its last CA when the master is about to ask for it",
        sections: &["RFC 2334, 2.2.2"],
        rules_field: ("hold", "one-interval"),
        scenario: "alignment_over_lossy_links",
        property: "loss-is-repaired",
        consequence: "Hold and repetition have one interval. Where the slave's last CA is lost the repeated question finds \
                      the copy gone, and the whole alignment is done again.",
        resolution: "The copy is held for three intervals.",
    },
    Finding {
        id: "C18",
        title: "A server that ignores bids once it is Aligned leaves its neighbour negotiating alone",
        sections: &["RFC 2334, 2.2, Figure 2, and 2.2.2"],
        rules_field: ("late_ca", "ignore"),
        scenario: "alignment_with_drops",
        property: "aligned-in-time",
        consequence: "One end has seen the link go down and come up, the other has not. The first bids for ever.",
        resolution: "A CA that the held copy does not answer leads back to negotiation and is processed there.",
    },
    Finding {
        id: "C20",
        title: "An answer to an earlier bid makes a master, and the summaries of the real answer are skipped",
        sections: &["RFC 2334, 2.2.1"],
        rules_field: ("answer", "any"),
        scenario: "alignment_with_a_restart",
        property: "equal-when-aligned",
        consequence: "The slave's true first CA then has a number one too low and is dropped as a duplicate. What only it \
                      told is never asked for.",
        resolution: "An answer must bear the number of the bid.",
    },
    Finding {
        id: "C21",
        title: "A slave that has nothing left waits in silence for a master that has",
        sections: &["RFC 2334, 2.2.2, rule 5"],
        rules_field: ("slave_finished", "silence"),
        scenario: "alignment_over_lossy_links",
        property: "aligned-in-time",
        consequence: "The master repeats its CA; the slave has taken that number and sends its last CA again, which the \
                      master drops. Neither ever leaves Cache Summarize.",
        resolution: "The slave answers with an empty CA.",
    },
    Finding {
        id: "C22",
        title: "A master that says 'more' and has no more leaves its slave behind",
        sections: &["RFC 2334, 2.2.1 and 2.2.2, rule 3"],
        rules_field: ("first_more", "if-any"),
        scenario: "alignment_in_one_ca",
        property: "aligned-in-time",
        consequence: "The O bit is on though all summaries are in that CA. The slave answers that it has nothing left; the \
                      master has nothing left either, goes to Update Cache and sends no further CA. The slave waits in \
                      Cache Summarize for the CA that was promised, and has no timer. Nothing that it receives there moves it.",
        resolution: "The O bit is on only if summaries remain. A slave cannot repair it: it sees a promise.",
    },
    Finding {
        id: "C23",
        title: "A reset for a message that comes one state early makes a lost CA a lost adjacency",
        sections: &["RFC 2334, 2.1, 2.2.3 and 2.3"],
        rules_field: ("stray", "reset"),
        scenario: "alignment_over_lossy_links",
        property: "loss-is-repaired",
        consequence: "The slave is in Update Cache one CA before the master. If that CA is lost its CSUS meets a master in \
                      Cache Summarize; taken for malformed it brings the adjacency down.",
        resolution: "CSU and CSUS messages in other states are dropped.",
    },
    Finding {
        id: "C24",
        title: "A record that is discarded and not acknowledged keeps its neighbour from ever being Aligned",
        sections: &["RFC 2443, 3", "RFC 2334, 2.2.3 and 2.3"],
        rules_field: ("discarded", "refuse"),
        scenario: "alignment_with_discarded_records",
        property: "aligned-in-time",
        consequence: "The sender repeats it up to the limit and resets the adjacency; the next alignment asks for it again.",
        resolution: "It is acknowledged, counts as received, and its number is remembered.",
    },
    Finding {
        id: "H01",
        title: "A bid that is repeated because the answer was lost begins the negotiation anew",
        sections: &["RFC 2334, 2.2.2, rules 1 and 4"],
        rules_field: ("repeated_bid", "renegotiate"),
        scenario: "alignment_over_lossy_links",
        property: "loss-is-repaired",
        consequence: "Rule 1 looks at the I bit before rule 4 sees a duplicate: one lost answer costs a round, and each round \
                      can lose its answer.",
        resolution: "A copy of the bid that made the server a slave, with nothing in between, is answered again.",
    },
    Finding {
        id: "N02",
        title: "A record of an earlier life that arrives after the new alignment stays at one end only",
        sections: &["RFC 2334, 2.2, 2.3 and B.2"],
        rules_field: ("old_messages", "delivered"),
        scenario: "alignment_with_a_restart",
        property: "equal-when-aligned",
        consequence: "A server restarts with nothing and is aligned. A CSU Request that it had sent before arrives now: the \
                      neighbour takes the record, does not send it back to where it came from, and no alignment follows.",
        resolution: "A restart ends the VC and what was on it. Where SCSP runs over something that can keep messages longer, \
                     nothing in them says to which life they belong.",
    },
    Finding {
        id: "N03",
        title: "The echo of a null record acknowledges a real one",
        sections: &["RFC 2334, 2.3 and B.2.0.2"],
        rules_field: ("null_reply", "alike"),
        scenario: "alignment_with_a_restart",
        property: "equal-when-aligned",
        consequence: "A late CSUS asks a restarted server for an instance that it has lost: it answers with a null record of \
                      that number. Then it learns the entry from elsewhere and sends it. The reply to the null record has the \
                      same key, originator and number: the real record leaves the queue, and if it is lost it is lost for good.",
        resolution: "A reply keeps the N bit of the record that it answers, and acknowledges no record without it.",
    },
    Finding {
        id: "N04",
        title: "A slave that answers a late bid waits for a master that is not there",
        sections: &["RFC 2334, 2.2.1 and 2.2.2"],
        rules_field: ("patience", "endless"),
        scenario: "alignment_with_discarded_records",
        property: "aligned-in-time",
        consequence: "A copy of an old bid reaches an Aligned server. It bids, takes the late one for the answer, is a slave and \
                      stops its timer. If its two messages are lost the other end never hears of it: it stays Aligned, and the \
                      slave in Cache Summarize, without a timer, where its changes wait and those of the other are dropped.",
        resolution: "A slave in Cache Summarize that hears nothing from its master for three CAReXmtIntervals bids anew; a good \
                     master repeats sooner.",
    },
    Finding {
        id: "N10",
        title: "A late copy of a bid is answered with other summaries, which the master takes for those that it has",
        sections: &["RFC 2334, 2.2.1 and 2.2.2, rules 1 and 2"],
        rules_field: ("bid_again", "anew"),
        scenario: "alignment_with_a_late_bid",
        property: "equal-when-aligned",
        consequence: "The slave leaves the exchange for the bid that began it, and answers it with its cache of now. If its own \
                      bid is lost the master knows nothing of that, drops the answer as a duplicate of the first, and repeats \
                      its CA, whose number fits. Both end Aligned; what changed between the two answers is at one end only.",
        resolution: "A bid is answered once: if it comes again after its exchange was left the same answer goes out, and what \
                     has changed since is sent on entry to Update Cache.",
    },
];
