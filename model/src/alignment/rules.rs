//! One field for each ambiguity of an alignment; each value is a reading of RFC 2334.

use crate::reading::FieldValue;

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
    /// N02: the CA number with which a server begins after a restart.
    FirstNumber {
        /// One that it has not used for long.
        Fresh = "fresh",
        /// The one with which it began before.
        Constant = "constant",
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
    }
}

/// One reading for each ambiguity.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Rules {
    /// C14.
    pub acknowledgement: Acknowledgement,
    /// C16.
    pub change_in_summarize: ChangeInSummarize,
    /// C17.
    pub hold: Hold,
    /// C18.
    pub late_ca: LateCa,
    /// C19.
    pub master_number: MasterNumber,
    /// C20.
    pub answer: Answer,
    /// C21.
    pub slave_finished: SlaveFinished,
    /// C22.
    pub first_more: FirstMore,
    /// C23.
    pub stray: Stray,
    /// C24.
    pub discarded: Discarded,
    /// H01.
    pub repeated_bid: RepeatedBid,
    /// N02.
    pub first_number: FirstNumber,
    /// A deliberate fault; [`Mutant::None`] in every set of rules but those of the model's own tests.
    pub mutant: Mutant,
}

impl Rules {
    /// What this project implements: the Resolve lines of the register of ambiguities.
    pub const fn resolved() -> Self {
        Self {
            acknowledgement: Acknowledgement::KeyAndNumber,
            change_in_summarize: ChangeInSummarize::Wait,
            hold: Hold::Three,
            late_ca: LateCa::Renegotiate,
            master_number: MasterNumber::Renegotiate,
            answer: Answer::ToThisBid,
            slave_finished: SlaveFinished::EmptyCa,
            first_more: FirstMore::IfMoreFollows,
            stray: Stray::Ignore,
            discarded: Discarded::Acknowledge,
            repeated_bid: RepeatedBid::Resend,
            first_number: FirstNumber::Fresh,
            mutant: Mutant::None,
        }
    }

    /// The RFC's own words or its silence, where they are known to hurt.
    pub const fn literal() -> Self {
        Self {
            acknowledgement: Acknowledgement::WholeSummary,
            change_in_summarize: ChangeInSummarize::Lose,
            hold: Hold::One,
            late_ca: LateCa::Ignore,
            master_number: MasterNumber::Ignore,
            answer: Answer::Any,
            slave_finished: SlaveFinished::Silence,
            first_more: FirstMore::IfAny,
            stray: Stray::Reset,
            discarded: Discarded::Refuse,
            repeated_bid: RepeatedBid::Renegotiate,
            first_number: FirstNumber::Constant,
            mutant: Mutant::None,
        }
    }

    /// Every field with its value, by name, in a fixed order.
    pub const fn fields(&self) -> [FieldValue; 13] {
        [
            ("acknowledgement", self.acknowledgement.as_str()),
            ("change_in_summarize", self.change_in_summarize.as_str()),
            ("hold", self.hold.as_str()),
            ("late_ca", self.late_ca.as_str()),
            ("master_number", self.master_number.as_str()),
            ("answer", self.answer.as_str()),
            ("slave_finished", self.slave_finished.as_str()),
            ("first_more", self.first_more.as_str()),
            ("stray", self.stray.as_str()),
            ("discarded", self.discarded.as_str()),
            ("repeated_bid", self.repeated_bid.as_str()),
            ("first_number", self.first_number.as_str()),
            ("mutant", self.mutant.as_str()),
        ]
    }

    /// The names of the fields in which two sets of rules differ, with the value of `self`.
    pub fn differences(&self, other: &Self) -> Vec<FieldValue> {
        let pairs = self.fields().into_iter().zip(other.fields());
        pairs.filter(|(a, b)| a != b).map(|(a, _)| a).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literal_differs_from_resolved_in_every_field_but_the_mutant() {
        assert_eq!(Rules::literal().differences(&Rules::resolved()).len(), 12);
        assert!(Rules::resolved().differences(&Rules::resolved()).is_empty());
    }
}
