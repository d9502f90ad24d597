//! Readings of RFC 2022 (5.1, 5.2, 6, appendices A and F) inside one cluster, and deliberate faults.

reading! {
    /// F02: whether the CSN is raised before or after it goes out on ClusterControlVC, and how clients track it.
    Numbering {
        /// Raised after; a client counts what arrives on ClusterControlVC apart from all else.
        Apart = "apart",
        /// Raised before (appendix F); a client counts as in [`Numbering::Apart`].
        ApartBefore = "apart-before",
        /// Raised after (6.1.4); a client has one HSN for all that carries a number (5.1.4.2).
        OneAfter = "one-after",
        /// Raised before (appendix F); a client has one HSN for all that carries a number (5.1.4.2).
        OneBefore = "one-before",
    }
}
impl Numbering {
    /// Whether a client has one HSN for all that carries a number.
    pub const fn one(self) -> bool {
        matches!(self, Self::OneAfter | Self::OneBefore)
    }
    /// Whether the number is raised before it is used.
    pub const fn before(self) -> bool {
        matches!(self, Self::ApartBefore | Self::OneBefore)
    }
}
reading! {
    /// N05: what a client does with an answer when ClusterControlVC told of a change, or of a gap, since it asked.
    Overtaken {
        /// It takes the answer and asks once more.
        AskAgain = "ask-again",
        /// It takes the answer; `VC_revalidate` is false when that is done (5.1.5).
        Take = "take",
    }
}
reading! {
    /// F05: how holes are punched.
    Punching {
        /// The true difference of sets.
        Difference = "difference",
        /// The sample of appendix A, and then the client's own single groups.
        Sample = "sample",
    }
}
reading! {
    /// E13: when `MARS_MIGRATE` is sent.
    Migrate {
        /// When a group's server map is no longer empty; further servers are joins.
        First = "first",
        /// Whenever a server offers to serve a group, known or not.
        EveryServe = "every-serve",
    }
}
reading! {
    /// E14: whether `MARS_MIGRATE` needs a member.
    EmptyGroup {
        /// It is sent for a group without members, too.
        Migrates = "migrates",
        /// It is sent only if the host map is not empty (6.2.2).
        Stays = "stays",
    }
}
reading! {
    /// E16: what clients are told when a multicast server deregisters or drops off ServerControlVC.
    ServerGone {
        /// A `MARS_LEAVE` with all its groups.
        Leave = "leave",
        /// Nothing: 6.2.3 names no message.
        Silent = "silent",
    }
}
reading! {
    /// E18: which block joins and leaves go out on ServerControlVC.
    Sjoin {
        /// Those that cover a group with a server.
        Served = "served",
        /// All, once a server has registered.
        Always = "always",
    }
}
reading! {
    /// E19: what others are told when a client deregisters or drops off ClusterControlVC.
    Purge {
        /// Nothing.
        Silent = "silent",
        /// A leave of all its groups, on either control VC.
        Announced = "announced",
    }
}
reading! {
    /// F14, F19: a leave of a range that was not joined as such.
    UnmatchedLeave {
        /// It goes back privately and changes nothing.
        Private = "private",
        /// It goes out on ClusterControlVC, as holes are for single joins only.
        Announced = "announced",
    }
}
reading! {
    /// F24: what a client is told of a group that has a server and no members.
    Deserted {
        /// The server map.
        ServerMap = "server-map",
        /// NAK: 6.2.1 speaks of groups that have both maps.
        Nak = "nak",
    }
}
reading! {
    /// Deliberate faults of the model, proof that each property can fail.
    Mutant {
        /// No fault.
        None = "none",
        /// Holes are not punched for the client's own single groups.
        NoOwnHoles = "no-own-holes",
        /// Holes are not punched for groups with a server.
        NoServerHoles = "no-server-holes",
        /// The original does not go back when holes were punched.
        NoCopy = "no-copy",
        /// A private reply raises the CSN.
        RaiseOnReply = "raise-on-reply",
        /// A reply to a multicast server raises the SSN.
        RaiseOnServerReply = "raise-on-server-reply",
        /// Servers hear of no joins.
        NoSjoin = "no-sjoin",
        /// Servers come after the members in an answer, not in their place.
        BothMaps = "both-maps",
        /// A client that drops off ClusterControlVC keeps its registration.
        NoPurge = "no-purge",
        /// A member that registers again gets a new CMI.
        NewCmi = "new-cmi",
        /// A CMI is not checked against those in use.
        CmiInUse = "cmi-in-use",
        /// A client that had to register again takes itself for joined.
        NoRejoin = "no-rejoin",
        /// A leaf that drops itself sets no flag.
        NoFlagOnDrop = "no-flag-on-drop",
        /// A client does not look at sequence numbers.
        NoTracking = "no-tracking",
        /// A client drops a VC on `MARS_MIGRATE` and takes the new leaf besides the old ones.
        MigrateAdds = "migrate-adds",
        /// A client does not send a message again that was not answered.
        NoRepeat = "no-repeat",
        /// A client does not notice that it was dropped.
        NoNotice = "no-notice",
        /// Maps do not go out on ClusterControlVC.
        NoMap = "no-map",
    }
}

rules! {
    /// One reading for each ambiguity of a cluster.
    Rules {
        /// F02.
        numbering: Numbering = Apart | OneAfter,
        /// N05.
        overtaken: Overtaken = AskAgain | Take,
        /// F05.
        punching: Punching = Difference | Sample,
        /// E13.
        migrate: Migrate = First | EveryServe,
        /// E14.
        empty_group: EmptyGroup = Stays | Stays,
        /// E16.
        server_gone: ServerGone = Leave | Silent,
        /// E18.
        sjoin: Sjoin = Served | Always,
        /// E19.
        purge: Purge = Silent | Silent,
        /// F14, F19.
        unmatched_leave: UnmatchedLeave = Private | Announced,
        /// F24.
        deserted: Deserted = ServerMap | Nak,
        /// A deliberate fault; [`Mutant::None`] but in tests.
        mutant: Mutant = None | None,
    }
}
