//! One field per ambiguity that a property of this model tells apart; each value is a reading of the RFCs.

pub use crate::reading::FieldValue;

reading! {
    /// A01: which servers a redirect map lists, and where its own sender stands.
    RedirectOrder {
        /// The sender first, then the others in ascending order (reading 3).
        SelfFirst = "self-first",
        /// All servers, the sender among them, in ascending order (reading 2).
        Ascending = "ascending",
        /// Only the servers learned from the net, in ascending order (reading 1).
        LearnedOnly = "learned-only",
    }
}
reading! {
    /// A04, A05: what the redirect map asks a client that has to move to do.
    RedirectFlag {
        /// Hard: register and join everything again.
        Hard = "hard",
        /// Soft: register only.
        Soft = "soft",
    }
}
reading! {
    /// A08: what a deregister from another server purges.
    PurgeScope {
        /// What that originator supplied (reading 2).
        Originator = "originator",
        /// Everything about the client, whoever supplied it (reading 1).
        All = "all",
    }
}
reading! {
    /// A08: what a server does about a foreign deregister of a client that is its own leaf.
    ForeignDeregister {
        /// It sends its own records of the client again, with the next number.
        Reoriginate = "reoriginate",
        /// Nothing.
        Ignore = "ignore",
    }
}
reading! {
    /// B02: what a flush does to the cache.
    Flush {
        /// The entries stay in the cache, unused, until the originator is heard again (reading 2).
        Quarantine = "quarantine",
        /// The entries are deleted (reading 1).
        Delete = "delete",
    }
}
reading! {
    /// C13: how far news goes that was learned by asking for it.
    SolicitedHop {
        /// It is flooded with the configured hop count.
        Fresh = "fresh",
        /// It goes no further.
        One = "one",
    }
}
reading! {
    /// E04: when a CMI that has been given up may be given out again.
    CmiReuse {
        /// After twice the dead time.
        Held = "held",
        /// At once.
        AtOnce = "at-once",
    }
}
reading! {
    /// E02: what happens when no CMI is left.
    Exhausted {
        /// The server stays silent.
        Silence = "silence",
        /// The client is registered under CMI 0.
        ZeroCmi = "zero-cmi",
    }
}
reading! {
    /// E08: what a join is compared with to find that it repeats an earlier one.
    DuplicateJoin {
        /// What the client joined in its present registration here.
        Registration = "registration",
        /// Everything that is known of the client, from any server.
        Everything = "everything",
    }
}
reading! {
    /// C04: what a deregistration sends.
    DeregisterRecords {
        /// The registration's own record and every join record of it.
        WithJoins = "with-joins",
        /// Only the registration's own record.
        RegisterOnly = "register-only",
    }
}
reading! {
    /// C07: whether a record under a key that is not cached counts as newer.
    UnknownKey {
        /// Yes.
        Newer = "newer",
        /// No: newer needs a cached instance to be newer than.
        NeverNewer = "never-newer",
    }
}
reading! {
    /// B09: whether the loss of a link alone ends what the neighbour supplied.
    LinkLoss {
        /// No: only missed heartbeats do, which may come by another way.
        Nothing = "nothing",
        /// The neighbour is flushed at once.
        Flush = "flush",
    }
}
reading! {
    /// A10: when a learned server leaves the redirect map.
    MapRemoval {
        /// When it is flushed.
        AtFlush = "at-flush",
        /// Never: only insertion is written down.
        Never = "never",
    }
}
reading! {
    /// Deliberate faults of the model: not readings of the RFCs, but proof that each property can fail.
    Mutant {
        /// No fault.
        None = "none",
        /// A server stores whatever arrives, older instances too.
        AcceptOlder = "accept-older",
        /// A server originates a changed record without a new sequence number.
        ReuseNumber = "reuse-number",
        /// A server does not pass records on.
        NoRelay = "no-relay",
        /// A silent server is never flushed.
        NeverFlush = "never-flush",
        /// A server is flushed at the first interval's end, before its heartbeat could arrive.
        EarlyFlush = "early-flush",
        /// The CMI given out is not checked against those in use.
        CmiInUse = "cmi-in-use",
        /// A client that drops off the CCVC is not announced.
        NoProxyDeregister = "no-proxy-deregister",
        /// The redirect map repeats the first server.
        MapRepeats = "map-repeats",
    }
}

rules! {
    /// One reading for each ambiguity. `conformance` and `impl` follow [`Rules::resolved`].
    Rules {
        /// A01.
        redirect_order: RedirectOrder = SelfFirst | LearnedOnly,
        /// A04, A05.
        redirect_flag: RedirectFlag = Hard | Soft,
        /// A08, on receipt.
        purge_scope: PurgeScope = Originator | All,
        /// A08, in defence against peers that purge everything.
        foreign_deregister: ForeignDeregister = Reoriginate | Ignore,
        /// B02.
        flush: Flush = Quarantine | Delete,
        /// C13.
        solicited_hop: SolicitedHop = Fresh | One,
        /// E04.
        cmi_reuse: CmiReuse = Held | AtOnce,
        /// E02.
        exhausted: Exhausted = Silence | ZeroCmi,
        /// E08.
        duplicate_join: DuplicateJoin = Registration | Everything,
        /// C02, C04.
        deregister_records: DeregisterRecords = WithJoins | RegisterOnly,
        /// C07.
        unknown_key: UnknownKey = Newer | NeverNewer,
        /// B09.
        link_loss: LinkLoss = Nothing | Flush,
        /// A10.
        map_removal: MapRemoval = AtFlush | Never,
        /// A deliberate fault; [`Mutant::None`] in every set of rules but those of the model's own tests.
        mutant: Mutant = None | None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literal_differs_from_resolved_in_every_field_but_the_mutant() {
        assert_eq!(Rules::literal().differences(&Rules::resolved()).len(), 13);
        assert!(Rules::resolved().differences(&Rules::resolved()).is_empty());
    }
}
