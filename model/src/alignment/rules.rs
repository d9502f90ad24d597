//! One field for each ambiguity of an alignment; each value is a reading of RFC 2334.

reading! {
    /// C14: what in a CSU Reply must match a queued record for it to be acknowledged.
    Acknowledgement {
        /// Key, originator and number.
        KeyAndNumber = "key-and-number",
        /// The whole summary, hop count and length too: a reply's never match.
        WholeSummary = "whole-summary",
    }
}
reading! {
    /// C16: what becomes of a change that a neighbour in Cache Summarize has not been told.
    ChangeInSummarize {
        /// It waits and is sent on entry to Update Cache.
        Wait = "wait",
        /// Nothing: CSU messages are for the later states.
        Lose = "lose",
    }
}
reading! {
    /// C17: how long the slave holds its last CA.
    Hold {
        /// Three retransmission intervals.
        Three = "three-intervals",
        /// One: as long as the master waits before it repeats.
        One = "one-interval",
    }
}
reading! {
    /// C18: a CA in Update Cache or Aligned that a held copy does not answer.
    LateCa {
        /// Back to negotiation, where it is processed at once.
        Renegotiate = "renegotiate",
        /// Nothing.
        Ignore = "ignore",
    }
}
reading! {
    /// C19: an answer to the master whose number is neither its own nor one less.
    MasterNumber {
        /// An error: back to negotiation.
        Renegotiate = "renegotiate",
        /// Nothing.
        Ignore = "ignore",
    }
}
reading! {
    /// C20: what makes a bidder the master.
    Answer {
        /// An answer with the number of the bid.
        ToThisBid = "to-this-bid",
        /// Any answer.
        Any = "any",
    }
}
reading! {
    /// C21: a slave with nothing left whose master has more.
    SlaveFinished {
        /// It answers with an empty CA.
        EmptyCa = "empty-ca",
        /// It says nothing: no case covers it.
        Silence = "silence",
    }
}
reading! {
    /// C22: the O bit of the master's first numbered CA.
    FirstMore {
        /// On if more follows.
        IfMoreFollows = "if-more-follows",
        /// On whenever the cache is not empty.
        IfAny = "if-any",
    }
}
reading! {
    /// C23: a CSU or CSUS message in a state that is not for it.
    Stray {
        /// Dropped without an answer.
        Ignore = "ignore",
        /// An abnormal event: the adjacency is reset.
        Reset = "reset",
    }
}
reading! {
    /// C24: whether a record that must be discarded is acknowledged and remembered.
    Discarded {
        /// Yes.
        Acknowledge = "acknowledge",
        /// No: it has not been received.
        Refuse = "refuse",
    }
}
reading! {
    /// H01: the bid that made this server the slave comes again.
    RepeatedBid {
        /// A duplicate: the last CA goes out again.
        Resend = "resend",
        /// The I bit is set: back to negotiation.
        Renegotiate = "renegotiate",
    }
}
reading! {
    /// N02: what becomes of messages that were on their way when a server restarted.
    OldMessages {
        /// The VC ended with the server, and they with it.
        Gone = "gone",
        /// They arrive: nothing in a message says to which life it belongs.
        Delivered = "delivered",
    }
}
reading! {
    /// N03: what the echo of a null record in a CSU Reply says about a queued record of that entry.
    NullReply {
        /// Nothing: it acknowledges the null record only.
        Apart = "apart",
        /// What any summary says; the N bit is not compared.
        Alike = "alike",
    }
}
reading! {
    /// N04: how long a slave in Cache Summarize waits for the next CA of its master.
    Patience {
        /// Three retransmission intervals, then it bids.
        Three = "three-intervals",
        /// For ever: only the master has a timer.
        Endless = "endless",
    }
}
reading! {
    /// N10: how a slave answers a bid that it has answered before, in an exchange that it left.
    BidAgain {
        /// As it did then; what has changed since is sent on entry to Update Cache.
        Alike = "alike",
        /// With the summaries of the cache as it is now.
        Anew = "anew",
    }
}
reading! {
    /// Deliberate faults: not readings, but proof that each property can fail.
    Mutant {
        /// No fault.
        None = "none",
        /// A bid makes a slave whoever sent it.
        SlaveToAnyBid = "slave-to-any-bid",
        /// The master takes a duplicate for the answer it waits for.
        DuplicateAnswer = "duplicate-answer",
        /// A second CSUS goes out while one is outstanding.
        SecondSolicit = "second-solicit",
        /// Update Cache is skipped.
        SkipUpdate = "skip-update",
        /// Changes are sent in Cache Summarize.
        EarlyCsu = "early-csu",
        /// An older instance stays queued when there is a newer one.
        QueueOlder = "queue-older",
        /// A lost CSU Request is not repeated.
        NoRepeat = "no-repeat",
        /// The slave takes a repeated CA for the next one.
        RepeatedCaIsNext = "repeated-ca-is-next",
        /// A bid is sent once.
        BidOnce = "bid-once",
        /// A new exchange begins with the number of the one before.
        SameNumber = "same-number",
    }
}

rules! {
    /// One reading for each ambiguity.
    Rules {
        /// C14.
        acknowledgement: Acknowledgement = KeyAndNumber | WholeSummary,
        /// C16.
        change_in_summarize: ChangeInSummarize = Wait | Lose,
        /// C17.
        hold: Hold = Three | One,
        /// C18.
        late_ca: LateCa = Renegotiate | Ignore,
        /// C19.
        master_number: MasterNumber = Renegotiate | Ignore,
        /// C20.
        answer: Answer = ToThisBid | Any,
        /// C21.
        slave_finished: SlaveFinished = EmptyCa | Silence,
        /// C22.
        first_more: FirstMore = IfMoreFollows | IfAny,
        /// C23.
        stray: Stray = Ignore | Reset,
        /// C24.
        discarded: Discarded = Acknowledge | Refuse,
        /// H01.
        repeated_bid: RepeatedBid = Resend | Renegotiate,
        /// N02.
        old_messages: OldMessages = Gone | Delivered,
        /// N03.
        null_reply: NullReply = Apart | Alike,
        /// N04.
        patience: Patience = Three | Endless,
        /// N10.
        bid_again: BidAgain = Alike | Anew,
        /// A deliberate fault; none in every set of rules but those of the model's own tests.
        mutant: Mutant = None | None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literal_differs_from_resolved_in_every_field_but_the_mutant() {
        assert_eq!(Rules::literal().differences(&Rules::resolved()).len(), 15);
        assert!(Rules::resolved().differences(&Rules::resolved()).is_empty());
    }
}
