//! What may happen in a state.

use mars_model::explore::Kinds;

/// An action. Directions, links, servers and records are counted as in the scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// The oldest frame of a direction arrives.
    Deliver(u8),
    /// Time passes to the next deadline of any server; nothing is on its way.
    Tick,
    /// The same while something is.
    Late,
    /// The oldest frame of a direction is lost.
    Lose(u8),
    /// A copy of the oldest frame of a direction is put behind the others.
    Double(u8),
    /// The oldest frame of a direction is overtaken by the others.
    Swap(u8),
    /// A record is originated anew.
    Change(u8),
    /// A record is ended.
    End(u8),
    /// A server drops an ended record from its cache. Only when nothing is on its way, no neighbour has yet
    /// to acknowledge it, and no summaries are exchanged: such records are kept for long (register C06).
    Forget(u8, u8),
    /// A link goes down; what is on it is lost.
    Cut(u8),
    /// A link comes back.
    Mend(u8),
    /// A server starts again with nothing. Its neighbours do not notice; what is on its way to it is lost.
    Restart(u8),
}

impl Kinds for Action {
    const KINDS: &'static [&'static str] = &[
        "deliver", "tick", "late", "lose", "double", "swap", "change", "end", "forget", "cut",
        "mend", "restart",
    ];

    fn kind(&self) -> usize {
        match self {
            Self::Deliver(_) => 0,
            Self::Tick => 1,
            Self::Late => 2,
            Self::Lose(_) => 3,
            Self::Double(_) => 4,
            Self::Swap(_) => 5,
            Self::Change(_) => 6,
            Self::End(_) => 7,
            Self::Forget(..) => 8,
            Self::Cut(_) => 9,
            Self::Mend(_) => 10,
            Self::Restart(_) => 11,
        }
    }
}
