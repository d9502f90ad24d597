//! Readings of the Hello protocol (RFC 2334, 2.1 and B.2.5), and deliberate faults.

reading! {
    /// D01: what a Hello without the own ID does in Bidirectional.
    Unlisted {
        /// To Unidirectional at once.
        AtOnce = "at-once",
        /// Nothing until no Hello has listed the own ID for HelloInterval x DeadFactor.
        DeadTime = "dead-time",
    }
}
reading! {
    /// D02: whom a server lists in its Hello.
    Listed {
        /// Every neighbour heard within its dead time.
        Heard = "heard",
        /// Not those that are stalled, which includes those that have not listed the server itself for that long.
        NotStalled = "not-stalled",
    }
}
reading! {
    /// D03: whether a neighbour stays listed after an abnormal event.
    AfterAbnormal {
        /// No: its ID leaves the list on every move to Waiting.
        Removed = "removed",
        /// Yes: removal is written for silence only.
        Kept = "kept",
    }
}
reading! {
    /// Deliberate faults of the model, proof that each property can fail.
    Mutant {
        /// No fault.
        None = "none",
        /// The dead timer runs a tick too long.
        LateDeath = "late-death",
        /// The dead timer runs a tick too short.
        EarlyDeath = "early-death",
        /// Any Hello makes a machine Bidirectional.
        AnyHello = "any-hello",
        /// Only the first neighbour heard is listed.
        FirstOnly = "first-only",
        /// A Hello does not start the dead timer anew.
        NoRestart = "no-restart",
        /// The next Hello is sent a tick after it is due.
        LateHello = "late-hello",
        /// A neighbour is listed for ever once it was heard.
        NeverUnlisted = "never-unlisted",
    }
}

rules! {
    /// One reading for each ambiguity of the Hello protocol.
    Rules {
        /// D01.
        unlisted: Unlisted = AtOnce | DeadTime,
        /// D02.
        listed: Listed = Heard | NotStalled,
        /// D03.
        after_abnormal: AfterAbnormal = Removed | Kept,
        /// A deliberate fault; [`Mutant::None`] but in tests.
        mutant: Mutant = None | None,
    }
}
