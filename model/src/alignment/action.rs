//! What can happen between two neighbours.

use crate::explore::Kinds;

/// A server: 0 has the smaller ID, 1 the larger.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Server(pub u8);

impl Server {
    /// Both.
    pub const BOTH: [Self; 2] = [Self(0), Self(1)];
    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        Self(1 - self.0)
    }
}

/// A timer of a server.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Timer {
    /// CAReXmtInterval.
    Ca,
    /// The slave's hold of its last CA; before, its patience with the master.
    Hold,
    /// CSUSReXmtInterval.
    Csus,
    /// CSUReXmtInterval.
    Csu,
}

/// One event.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Action {
    /// A server's HFSM reaches Bidirectional.
    Up(Server),
    /// A server sees in a Hello that its neighbour has stopped hearing it, and leaves Bidirectional, too.
    Notice(Server),
    /// A server's HFSM leaves Bidirectional, for want of Hellos.
    Drop(Server),
    /// A server stops and starts with an empty cache.
    Restart(Server),
    /// The oldest message from a server arrives.
    Deliver(Server),
    /// The oldest message from a server is lost.
    Lose(Server),
    /// The network keeps a copy of the oldest message from a server.
    Copy(Server),
    /// The copy of a message from a server arrives.
    Late(Server),
    /// A newer instance of a key reaches a server from elsewhere.
    Change(Server, u8),
    /// A timer that is due runs out.
    Timer(Server, Timer),
    /// An interval passes: nothing is on its way and no timer is due.
    Tick,
}

impl Kinds for Action {
    const KINDS: &'static [&'static str] = &[
        "up",
        "notice",
        "drop",
        "restart",
        "deliver",
        "lose",
        "copy",
        "late",
        "change",
        "ca-timer",
        "hold-timer",
        "csus-timer",
        "csu-timer",
        "tick",
    ];

    fn kind(&self) -> usize {
        match self {
            Self::Up(_) => 0,
            Self::Notice(_) => 1,
            Self::Drop(_) => 2,
            Self::Restart(_) => 3,
            Self::Deliver(_) => 4,
            Self::Lose(_) => 5,
            Self::Copy(_) => 6,
            Self::Late(_) => 7,
            Self::Change(..) => 8,
            Self::Timer(_, Timer::Ca) => 9,
            Self::Timer(_, Timer::Hold) => 10,
            Self::Timer(_, Timer::Csus) => 11,
            Self::Timer(_, Timer::Csu) => 12,
            Self::Tick => 13,
        }
    }
}

impl Action {
    /// The name of its kind.
    pub fn label(&self) -> &'static str {
        Self::KINDS.get(self.kind()).copied().unwrap_or("")
    }
}
