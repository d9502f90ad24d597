//! One field per ambiguity that a property of this model tells apart; each value is a reading of the RFCs.

/// How an ambiguity is named in the register, with the value of its field.
pub type FieldValue = (&'static str, &'static str);

macro_rules! reading {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum $name { $($(#[$vmeta])* $variant),+ }
        impl $name {
            /// The reading's name in kebab case.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }
    };
}
pub(crate) use reading;

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

/// One reading for each ambiguity. `conformance` and `impl` follow [`Rules::resolved`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Rules {
    /// A01.
    pub redirect_order: RedirectOrder,
    /// A04, A05.
    pub redirect_flag: RedirectFlag,
    /// A08, on receipt.
    pub purge_scope: PurgeScope,
    /// A08, in defence against peers that purge everything.
    pub foreign_deregister: ForeignDeregister,
    /// B02.
    pub flush: Flush,
    /// C13.
    pub solicited_hop: SolicitedHop,
    /// E04.
    pub cmi_reuse: CmiReuse,
    /// E02.
    pub exhausted: Exhausted,
    /// E08.
    pub duplicate_join: DuplicateJoin,
    /// C02, C04.
    pub deregister_records: DeregisterRecords,
    /// C07.
    pub unknown_key: UnknownKey,
    /// B09.
    pub link_loss: LinkLoss,
    /// A10.
    pub map_removal: MapRemoval,
    /// A deliberate fault; [`Mutant::None`] in every set of rules but those of the model's own tests.
    pub mutant: Mutant,
}

impl Rules {
    /// What this project implements: the Resolve lines of the register of ambiguities.
    pub const fn resolved() -> Self {
        Self {
            redirect_order: RedirectOrder::SelfFirst,
            redirect_flag: RedirectFlag::Hard,
            purge_scope: PurgeScope::Originator,
            foreign_deregister: ForeignDeregister::Reoriginate,
            flush: Flush::Quarantine,
            solicited_hop: SolicitedHop::Fresh,
            cmi_reuse: CmiReuse::Held,
            exhausted: Exhausted::Silence,
            duplicate_join: DuplicateJoin::Registration,
            deregister_records: DeregisterRecords::WithJoins,
            unknown_key: UnknownKey::Newer,
            link_loss: LinkLoss::Nothing,
            map_removal: MapRemoval::AtFlush,
            mutant: Mutant::None,
        }
    }

    /// The RFCs' own words, where they are known to hurt.
    pub const fn literal() -> Self {
        Self {
            redirect_order: RedirectOrder::LearnedOnly,
            redirect_flag: RedirectFlag::Soft,
            purge_scope: PurgeScope::All,
            foreign_deregister: ForeignDeregister::Ignore,
            flush: Flush::Delete,
            solicited_hop: SolicitedHop::One,
            cmi_reuse: CmiReuse::AtOnce,
            exhausted: Exhausted::ZeroCmi,
            duplicate_join: DuplicateJoin::Everything,
            deregister_records: DeregisterRecords::RegisterOnly,
            unknown_key: UnknownKey::NeverNewer,
            link_loss: LinkLoss::Flush,
            map_removal: MapRemoval::Never,
            mutant: Mutant::None,
        }
    }

    /// Every field with its value, by name, in a fixed order.
    pub const fn fields(&self) -> [FieldValue; 14] {
        [
            ("redirect_order", self.redirect_order.as_str()),
            ("redirect_flag", self.redirect_flag.as_str()),
            ("purge_scope", self.purge_scope.as_str()),
            ("foreign_deregister", self.foreign_deregister.as_str()),
            ("flush", self.flush.as_str()),
            ("solicited_hop", self.solicited_hop.as_str()),
            ("cmi_reuse", self.cmi_reuse.as_str()),
            ("exhausted", self.exhausted.as_str()),
            ("duplicate_join", self.duplicate_join.as_str()),
            ("deregister_records", self.deregister_records.as_str()),
            ("unknown_key", self.unknown_key.as_str()),
            ("link_loss", self.link_loss.as_str()),
            ("map_removal", self.map_removal.as_str()),
            ("mutant", self.mutant.as_str()),
        ]
    }

    /// The names of the fields in which two sets of rules differ, with the value of `self`.
    pub fn differences(&self, other: &Self) -> Vec<FieldValue> {
        let (mine, theirs) = (self.fields(), other.fields());
        mine.into_iter()
            .zip(theirs)
            .filter(|(a, b)| a != b)
            .map(|(a, _)| a)
            .collect()
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
