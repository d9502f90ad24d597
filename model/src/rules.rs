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
    /// A02: by what a redirect map orders the servers that were learned.
    MapKey {
        /// By the originator ID of their Redirect Entries.
        Originator = "originator",
        /// By the Sender ID of the message that brought the entry: the neighbour's, and behind it whoever it relays.
        Sender = "sender",
    }
}
reading! {
    /// B01: after how long a silence a server has missed two updates.
    Hold {
        /// Two of the longest interval that a sender may have (2 minutes), and some slack.
        Longest = "longest",
        /// Two of the recommended interval (1 minute).
        Usual = "usual",
    }
}
reading! {
    /// B04: whether a Redirect Entry with the number that is cached already, seen again in an alignment, is an update.
    SameBeat {
        /// No.
        Ignored = "ignored",
        /// It restarts the originator's time.
        Counts = "counts",
    }
}
reading! {
    /// B06: what the own cluster hears of multicast servers whose server is flushed.
    FlushTells {
        /// `MARS_LEAVE`, as when they serve no more.
        Leave = "leave",
        /// Nothing.
        Nothing = "nothing",
    }
}
reading! {
    /// B07: what happens to the records of an originator without a live Redirect Entry.
    EarlyRecords {
        /// They are cached, and used as soon as the originator beats (again).
        Cached = "cached",
        /// They are acknowledged and dropped.
        Dropped = "dropped",
    }
}
reading! {
    /// B11: what a server that started again does about the records of its earlier life.
    AfterRestart {
        /// It withdraws each that it learns and does not hold.
        Withdraw = "withdraw",
        /// Nothing.
        Nothing = "nothing",
    }
}
reading! {
    /// E01: the CMI in the records of a multicast server.
    McsCmi {
        /// One of the server's range.
        OwnRange = "own-range",
        /// Zero, as in its messages.
        Zero = "zero",
    }
}
reading! {
    /// E05: the CMI of a client that registers here and is known from another server.
    KnownElsewhere {
        /// A new one of the own range.
        NewCmi = "new-cmi",
        /// The one that it has, of the other server's range.
        ItsCmi = "its-cmi",
    }
}
reading! {
    /// E13: which services are announced by `MARS_MIGRATE`.
    Migrate {
        /// The first of a group, in the whole server group; a further one by `MARS_JOIN`.
        First = "first",
        /// Every one.
        EveryServe = "every-serve",
    }
}
reading! {
    /// E16: what the own cluster hears of an own multicast server that deregisters or drops off.
    ServerGone {
        /// `MARS_LEAVE` for all that it served.
        Leave = "leave",
        /// Nothing: RFC 2022, 6.2.3 names no message.
        Nothing = "nothing",
    }
}
reading! {
    /// E18: when a join or leave goes out on ServerControlVC.
    Sjoin {
        /// When an own multicast server serves a group of the range.
        Served = "served",
        /// Whenever there is an own multicast server.
        Always = "always",
    }
}
reading! {
    /// H06: whether a Redirect Entry under a key that is not known, of a known originator, is an update.
    NewBeatKey {
        /// Yes: larger and smaller are for the numbers of one key.
        Counts = "counts",
        /// No: there is no smaller number than which it could be larger.
        Ignored = "ignored",
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
        /// A group's first service is not announced.
        NoMigrate = "no-migrate",
        /// Multicast servers are not told of joins and leaves.
        NoSjoin = "no-sjoin",
        /// An end of service is not announced.
        ServiceStays = "service-stays",
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
        /// A02.
        map_key: MapKey = Originator | Sender,
        /// B01.
        hold: Hold = Longest | Usual,
        /// B04.
        same_beat: SameBeat = Ignored | Counts,
        /// B06.
        flush_tells: FlushTells = Leave | Nothing,
        /// B07.
        early_records: EarlyRecords = Cached | Dropped,
        /// B11.
        after_restart: AfterRestart = Withdraw | Nothing,
        /// E01.
        mcs_cmi: McsCmi = OwnRange | Zero,
        /// E05.
        known_elsewhere: KnownElsewhere = NewCmi | ItsCmi,
        /// E13.
        migrate: Migrate = First | EveryServe,
        /// E16.
        server_gone: ServerGone = Leave | Nothing,
        /// E18.
        sjoin: Sjoin = Served | Always,
        /// H06.
        new_beat_key: NewBeatKey = Counts | Ignored,
        /// A deliberate fault; [`Mutant::None`] in every set of rules but those of the model's own tests.
        mutant: Mutant = None | None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literal_differs_from_resolved_in_every_field_but_the_mutant() {
        assert_eq!(Rules::literal().differences(&Rules::resolved()).len(), 25);
        assert!(Rules::resolved().differences(&Rules::resolved()).is_empty());
    }
}
