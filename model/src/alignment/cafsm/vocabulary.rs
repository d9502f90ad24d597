//! The words of the relation: states, events, situations, actions, each with the list of all.

use zerocopy::{Immutable, IntoBytes};

macro_rules! listed {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, IntoBytes, Immutable)]
        #[repr(u8)]
        pub enum $name { $($(#[$vmeta])* $variant),+ }
        impl $name {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// The name in kebab case.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }
    };
}

listed! {
    /// A state of the CAFSM; Cache Summarize once for each role.
    State {
        /// The neighbour is not heard both ways (R2334-2.2-02).
        Down = "down",
        /// Master/Slave Negotiation.
        Negotiation = "negotiation",
        /// Cache Summarize, as master.
        Master = "master",
        /// Cache Summarize, as slave.
        Slave = "slave",
        /// Update Cache.
        Update = "update",
        /// Aligned.
        Aligned = "aligned",
    }
}
listed! {
    /// How many CA messages some summaries fill.
    Amount {
        /// There are none.
        None = "none",
        /// All fit into one.
        One = "one",
        /// More than one.
        More = "more",
    }
}
listed! {
    /// The CA sequence number of a message against the server's own: the one that it sent or adopted last.
    Number {
        /// The same.
        Equal = "equal",
        /// One more.
        Next = "next",
        /// One less.
        Previous = "previous",
        /// Any other.
        Other = "other",
    }
}
listed! {
    /// What is done, in the order in which it is done.
    Action {
        /// Request list, retransmit queue and kept CA are dropped and all timers stopped; the cache stays.
        Forget = "forget",
        /// A CA number that has not been used for long becomes the own number.
        NewNumber = "new-number",
        /// A CA with M, I and O set and no summaries goes out.
        SendBid = "send-bid",
        /// The timer of CAReXmtInterval is stopped.
        StopCaTimer = "stop-ca-timer",
        /// The number received becomes the own number.
        Adopt = "adopt",
        /// The summaries received are compared with the cache: the newer ones enter the request list.
        Process = "process",
        /// The own number goes up by one.
        Increment = "increment",
        /// The next summaries go out, O on.
        SendMore = "send-more",
        /// The next summaries go out, O off.
        SendLast = "send-last",
        /// A CA without summaries goes out, O off.
        SendEmpty = "send-empty",
        /// The last CA goes out again, unchanged.
        Repeat = "repeat",
        /// The timer of CAReXmtInterval is started.
        StartCaTimer = "start-ca-timer",
        /// The slave's patience with its master begins anew (N04).
        StartPatience = "start-patience",
        /// The last CA is kept as a copy and its timer started.
        KeepCopy = "keep-copy",
        /// The copy is freed and its timer stopped.
        FreeCopy = "free-copy",
        /// The records received are applied to cache, request list and queue.
        Apply = "apply",
        /// They are acknowledged by a CSU Reply.
        Reply = "reply",
        /// Acknowledged records leave the retransmit queue.
        Dequeue = "dequeue",
        /// The timer of CSUSReXmtInterval is stopped.
        StopCsusTimer = "stop-csus-timer",
        /// Changes that waited since Cache Summarize go out as CSU Requests.
        Release = "release",
        /// A CSUS for records of the request list that have not been asked for goes out, unless one is outstanding.
        Solicit = "solicit",
        /// A CSUS for what is missing, and for more, goes out.
        SolicitAgain = "solicit-again",
        /// The records asked for go out as CSU Requests.
        Answer = "answer",
        /// A change waits until Update Cache.
        Wait = "wait",
        /// A change goes out as a CSU Request.
        Flood = "flood",
        /// What was not acknowledged goes out again.
        Resend = "resend",
        /// An abnormal event: the Hello FSM goes to Waiting.
        Abnormal = "abnormal",
    }
}

/// A set of actions.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Actions(u32);

impl Actions {
    /// The set of these.
    pub const fn of(actions: &[Action]) -> Self {
        let mut set = Self(0);
        let mut rest = actions;
        while let [first, others @ ..] = rest {
            set = set.with(*first);
            rest = others;
        }
        set
    }
    /// With one more.
    pub const fn with(self, action: Action) -> Self {
        Self(self.0 | 1 << action as u32)
    }
    pub(super) const fn without(self, action: Action) -> Self {
        Self(self.0 & !(1 << action as u32))
    }
    pub(super) const fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }
    /// Whether it is one of them.
    pub const fn contains(self, action: Action) -> bool {
        self.0 & (1 << action as u32) != 0
    }
    /// Whether nothing is done.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
    /// The actions in the order in which they are done.
    pub fn iter(self) -> impl Iterator<Item = Action> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let action = Action::ALL.get(rest.trailing_zeros() as usize)?;
            rest &= rest - 1;
            Some(*action)
        })
    }
}

/// What an event needs to know beyond the state.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Situation {
    /// Whether the neighbour's ID is larger than the own one, so that this server is to be the slave.
    pub larger: bool,
    /// The summaries of the whole cache.
    pub cache: Amount,
    /// The summaries not sent yet in this exchange.
    pub left: Amount,
    /// As slave: whether the own number is still that of the bid (no CA was taken since).
    pub first: bool,
    /// Whether the slave's copy of its last CA is still held.
    pub held: bool,
    /// Whether the request list holds anything once the event's summaries or records have been taken.
    pub wanted: bool,
}

/// What a CA message is, as far as the FSM looks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Ca {
    /// The M bit: the sender takes itself for the master.
    pub master: bool,
    /// The I bit: the exchange begins.
    pub init: bool,
    /// The O bit: more summaries follow.
    pub more: bool,
    /// Whether it carries summaries.
    pub summaries: bool,
    /// Its number.
    pub number: Number,
}

impl Ca {
    /// Whether it is a bid: M, I and O set, no summaries.
    pub const fn is_bid(self) -> bool {
        self.master && self.init && self.more && !self.summaries
    }
}

/// What happens to the CAFSM.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Event {
    /// The Hello FSM reaches Bidirectional.
    Up,
    /// The Hello FSM leaves Bidirectional.
    Down,
    /// A CA message for this server arrives.
    Ca(Ca),
    /// A CSUS message arrives.
    Csus,
    /// A CSU Request arrives; whether nothing that the outstanding CSUS asked for is missing after it.
    CsuRequest {
        /// Whether the outstanding CSUS is answered in full with it.
        completes: bool,
    },
    /// A CSU Reply arrives; whether it shows a newer instance of a queued record that is not cached here.
    CsuReply {
        /// Whether there is something new to ask for.
        newer: bool,
    },
    /// CAReXmtInterval has passed.
    CaTimer,
    /// The slave's copy has been held long enough.
    HoldTimer,
    /// A slave in Cache Summarize has not heard its master for too long (N04).
    Patience,
    /// CSUSReXmtInterval has passed.
    CsusTimer,
    /// CSUReXmtInterval has passed with records not acknowledged.
    CsuTimer {
        /// Whether one of them has been repeated as often as is configured.
        exhausted: bool,
    },
    /// A cache entry changes, not because of this neighbour; whether nothing that the outstanding CSUS asked for is
    /// missing after it.
    Change {
        /// Whether the outstanding CSUS is answered in full with it.
        completes: bool,
    },
}

impl Event {
    /// The name of its kind in kebab case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
            Self::Ca(_) => "ca",
            Self::Csus => "csus",
            Self::CsuRequest { completes: false } => "csu-request",
            Self::CsuRequest { completes: true } => "csu-request-completes",
            Self::CsuReply { newer: false } => "csu-reply",
            Self::CsuReply { newer: true } => "csu-reply-newer",
            Self::CaTimer => "ca-timer",
            Self::HoldTimer => "hold-timer",
            Self::Patience => "patience",
            Self::CsusTimer => "csus-timer",
            Self::CsuTimer { exhausted: false } => "csu-timer",
            Self::CsuTimer { exhausted: true } => "csu-timer-exhausted",
            Self::Change { completes: false } => "change",
            Self::Change { completes: true } => "change-completes",
        }
    }
}

/// What follows an event.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Cell {
    /// The next state.
    pub next: State,
    /// What is done.
    pub actions: Actions,
}
