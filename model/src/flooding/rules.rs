//! Readings of flooding, cache entries and their numbers (RFC 2334, 2.3, 2.4 and B.2.0.2), and deliberate faults.

reading! {
    /// C02: under which key a leave goes out.
    LeaveKey {
        /// The key of the join that it ends, with the next number.
        Same = "same",
        /// A key of its own: join and leave are applied as they arrive.
        New = "new",
    }
}
reading! {
    /// C02, H10, N06: which leave under a key that is not known ends a join under another key.
    StrangeLeave {
        /// One with the first number, which its originator never told under the join's key.
        First = "first-number",
        /// Any (C02 and H10 as they stand).
        Any = "any-number",
    }
}
reading! {
    /// C06: what becomes of an entry that is withdrawn.
    Removed {
        /// It stays as a tombstone, with its number.
        Tombstone = "tombstone",
        /// It is deleted once it has been passed on.
        Deleted = "deleted",
    }
}
reading! {
    /// C08, B11: what a server does about a record of its own that comes back with a larger number.
    OwnRecord {
        /// It sends its own content with a larger number still; what it does not hold any more it withdraws.
        Defend = "defend",
        /// It fetches and installs it like any other (C08, literal).
        Fetch = "fetch",
        /// Nothing (B11, literal).
        Ignore = "ignore",
    }
}
reading! {
    /// C11: how a key goes on whose numbers are used up.
    Wrap {
        /// Not at all: it is purged with the last number, and a new key takes over.
        NewKey = "new-key",
        /// With the first number, when all neighbours have acknowledged the purge; after a purge that one is newer.
        SameKey = "same-key",
    }
}
reading! {
    /// B02, B03: what a flush does to the cache.
    Flush {
        /// The entries stay, unused and not summarised.
        Quarantine = "quarantine",
        /// They are deleted.
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
    /// B08: the configured hop count.
    HopCount {
        /// The number of servers minus one, or more.
        Servers = "servers",
        /// One: to the neighbours.
        One = "one",
    }
}
reading! {
    /// Deliberate faults of the model, proof that each property can fail.
    Mutant {
        /// No fault.
        None = "none",
        /// A server stores whatever arrives, older instances too.
        AcceptOlder = "accept-older",
        /// The originator changes a record without a new number.
        ReuseNumber = "reuse-number",
        /// A server does not pass records on.
        NoRelay = "no-relay",
        /// A server passes records on with the hop count that they came with.
        KeepHops = "keep-hops",
        /// A server passes records on to the neighbour that they came from, too.
        SendBack = "send-back",
        /// Links come up without an alignment.
        NoAlignment = "no-alignment",
    }
}

rules! {
    /// One reading for each ambiguity of flooding.
    Rules {
        /// C02.
        leave_key: LeaveKey = Same | New,
        /// C02, H10, N06.
        strange_leave: StrangeLeave = First | Any,
        /// C06.
        removed: Removed = Tombstone | Deleted,
        /// C08, B11.
        own_record: OwnRecord = Defend | Fetch,
        /// C11.
        wrap: Wrap = NewKey | SameKey,
        /// B02, B03.
        flush: Flush = Quarantine | Delete,
        /// C13.
        solicited_hop: SolicitedHop = Fresh | One,
        /// B08.
        hop_count: HopCount = Servers | One,
        /// A deliberate fault; [`Mutant::None`] but in tests.
        mutant: Mutant = None | None,
    }
}
