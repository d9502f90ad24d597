//! What can happen to servers that flood the records of one of them.

use crate::explore::Kinds;

/// A server, by its place in ascending order of IDs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Server(pub u8);

/// One event.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[expect(missing_docs, reason = "fields bear the names of what they hold")]
pub enum Action {
    /// The originator has something to tell: what it tells begins to hold.
    Join,
    /// What the originator told ends.
    Leave,
    /// The originator goes on under the number or key that follows a purge.
    Renew,
    /// The oldest record on its way between two neighbours arrives.
    Deliver { from: Server, to: Server },
    /// A link goes down; what was on its way is lost.
    Cut { a: Server, b: Server },
    /// A link comes up and the two caches are aligned in one step; `reversed`: the records arrive in the other order.
    Heal {
        a: Server,
        b: Server,
        reversed: bool,
    },
    /// A server stops for good.
    Crash { at: Server },
    /// A server starts anew with an empty memory; its links are down.
    Restart { at: Server },
    /// A server has missed the heartbeats of a dead originator for long enough.
    Flush { at: Server },
    /// The time of a server's tombstones is over.
    Forget { at: Server },
}

impl Action {
    /// The event in words.
    pub fn words(&self) -> String {
        let name = |server: &Server| char::from(b'A' + server.0.min(25));
        match self {
            Self::Join => "the originator registers something".to_owned(),
            Self::Leave => "the originator withdraws it".to_owned(),
            Self::Renew => "the originator registers it again after a purge".to_owned(),
            Self::Deliver { from, to } => {
                format!("a record from {} arrives at {}", name(from), name(to))
            }
            Self::Cut { a, b } => format!("the link {}-{} goes down", name(a), name(b)),
            Self::Heal { a, b, reversed } => {
                let how = if *reversed { ", latest keys first" } else { "" };
                format!(
                    "the link {}-{} comes up and the caches align{how}",
                    name(a),
                    name(b)
                )
            }
            Self::Crash { at } => format!("{} dies", name(at)),
            Self::Restart { at } => format!("{} restarts and has forgotten everything", name(at)),
            Self::Flush { at } => format!("{} flushes what the originator supplied", name(at)),
            Self::Forget { at } => format!("{} forgets what was withdrawn long ago", name(at)),
        }
    }
}

impl Kinds for Action {
    const KINDS: &'static [&'static str] = &[
        "join", "leave", "renew", "deliver", "cut", "heal", "crash", "restart", "flush", "forget",
    ];
    fn kind(&self) -> usize {
        match self {
            Self::Join => 0,
            Self::Leave => 1,
            Self::Renew => 2,
            Self::Deliver { .. } => 3,
            Self::Cut { .. } => 4,
            Self::Heal { .. } => 5,
            Self::Crash { .. } => 6,
            Self::Restart { .. } => 7,
            Self::Flush { .. } => 8,
            Self::Forget { .. } => 9,
        }
    }
}
