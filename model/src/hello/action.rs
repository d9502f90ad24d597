//! What can happen to servers that greet each other.

use crate::explore::Kinds;

/// A server, by its place in ascending order of IDs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Server(pub u8);

/// One event.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[expect(missing_docs, reason = "fields bear the names of what they hold")]
pub enum Action {
    /// One end of a VC is up.
    Connect { at: Server, to: Server },
    /// A server's Hello is due: one message, to all its neighbours.
    Send { at: Server },
    /// A Hello on its way arrives; `place` counts those on the way in this direction.
    Deliver { from: Server, to: Server, place: u8 },
    /// A Hello on its way is lost.
    Lose { from: Server, to: Server, place: u8 },
    /// A Hello on its way arrives, and a copy of it stays on the way.
    Duplicate { from: Server, to: Server, place: u8 },
    /// A timer of one machine is due.
    Expire { at: Server, of: Server },
    /// A VC goes down, at both ends.
    Cut { a: Server, b: Server },
    /// One direction between two servers carries nothing from now on.
    Deafen { from: Server, to: Server },
    /// It carries again.
    Hear { from: Server, to: Server },
    /// A server restarts: it forgets everybody and says Hello at once; its VCs stay up.
    Restart { at: Server },
    /// A server takes a message of a neighbour for malformed.
    Malformed { at: Server, of: Server },
    /// One tick passes: nothing is due before.
    Tick,
}

impl Action {
    /// The event in words.
    pub fn words(&self) -> String {
        let name = |server: &Server| char::from(b'A' + server.0.min(25));
        match self {
            Self::Connect { at, to } => {
                format!("the VC of {} to {} comes up", name(at), name(to))
            }
            Self::Send { at } => format!("{} sends its Hello", name(at)),
            Self::Deliver { from, to, place } => {
                let which = if *place == 0 { "a" } else { "another" };
                format!("{which} Hello of {} arrives at {}", name(from), name(to))
            }
            Self::Lose { from, to, .. } => {
                format!("a Hello of {} to {} is lost", name(from), name(to))
            }
            Self::Duplicate { from, to, .. } => format!(
                "a Hello of {} arrives at {} and will arrive again",
                name(from),
                name(to)
            ),
            Self::Expire { at, of } => {
                format!("a timer of {} for {} runs out", name(at), name(of))
            }
            Self::Cut { a, b } => format!("the VC {}-{} goes down", name(a), name(b)),
            Self::Deafen { from, to } => format!("{} no longer hears {}", name(to), name(from)),
            Self::Hear { from, to } => format!("{} hears {} again", name(to), name(from)),
            Self::Restart { at } => format!("{} restarts and says Hello", name(at)),
            Self::Malformed { at, of } => {
                format!("{} takes a message of {} for malformed", name(at), name(of))
            }
            Self::Tick => "a tick passes".to_owned(),
        }
    }
}

impl Kinds for Action {
    const KINDS: &'static [&'static str] = &[
        "connect",
        "send",
        "deliver",
        "lose",
        "duplicate",
        "expire",
        "cut",
        "deafen",
        "hear",
        "restart",
        "malformed",
        "tick",
    ];
    fn kind(&self) -> usize {
        match self {
            Self::Connect { .. } => 0,
            Self::Send { .. } => 1,
            Self::Deliver { .. } => 2,
            Self::Lose { .. } => 3,
            Self::Duplicate { .. } => 4,
            Self::Expire { .. } => 5,
            Self::Cut { .. } => 6,
            Self::Deafen { .. } => 7,
            Self::Hear { .. } => 8,
            Self::Restart { .. } => 9,
            Self::Malformed { .. } => 10,
            Self::Tick => 11,
        }
    }
}
