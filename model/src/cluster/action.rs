//! What can happen in a cluster.

use super::message::name;
use crate::explore::Kinds;

/// One event. `at` is a client, 0 or 1; `mcs` a multicast server, 0 or 1; `range` a place in the scenario's ranges.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[expect(missing_docs, reason = "fields bear the names of what they hold")]
pub enum Action {
    /// A client registers.
    Register { at: u8 },
    /// A client joins a range.
    Join { at: u8, range: u8 },
    /// A client leaves a range.
    Leave { at: u8, range: u8 },
    /// A client that had to register again joins what it wants.
    Rejoin { at: u8, range: u8 },
    /// A client has had no copy of its last message and sends it again.
    Repeat { at: u8 },
    /// A client has a packet for a group without a VC and asks for its leaves.
    Open { at: u8, group: u8 },
    /// A client asks again, for a VC whose flag is set.
    Revalidate { at: u8, group: u8 },
    /// The oldest message on ClusterControlVC arrives at a leaf.
    Deliver { at: u8 },
    /// The oldest message on ClusterControlVC does not arrive at a leaf.
    Lose { at: u8 },
    /// The oldest message on the VC between server and client arrives at the client.
    Receive { at: u8 },
    /// The network drops a client from ClusterControlVC, and the server notices.
    Drop { at: u8 },
    /// A client notices that it is no leaf of ClusterControlVC any more.
    Notice { at: u8 },
    /// The network drops a leaf of the VC that a client has to a group.
    Release { at: u8, group: u8, node: u8 },
    /// A client forgets everything but what its upper layer wants. Nobody else notices.
    Restart { at: u8 },
    /// A client deregisters.
    Deregister { at: u8 },
    /// A multicast server offers to serve a group.
    Serve { mcs: u8, group: u8 },
    /// A multicast server stops serving a group.
    Unserve { mcs: u8, group: u8 },
    /// A multicast server deregisters or drops off ServerControlVC.
    Gone { mcs: u8 },
    /// `MARS_REDIRECT_MAP` is due.
    Beat,
}

impl Action {
    /// The event in words.
    pub fn words(&self, ranges: &[u8]) -> String {
        let client = |at: u8| name(at);
        let mcs = |mcs: u8| name(mcs + 2);
        let group = |group: u8| char::from(b'a' + group.min(25));
        let range = |range: u8| {
            let groups = ranges.get(usize::from(range)).copied().unwrap_or(0);
            let (min, max) = (groups.trailing_zeros(), 7 - groups.leading_zeros().min(7));
            let letter = |place: u32| char::from(b'a' + place.to_le_bytes()[0].min(25));
            if min == max {
                letter(min).to_string()
            } else {
                format!("{}..{}", letter(min), letter(max))
            }
        };
        match *self {
            Self::Register { at } => format!("{} registers", client(at)),
            Self::Join { at, range: r } => format!("{} joins {}", client(at), range(r)),
            Self::Leave { at, range: r } => format!("{} leaves {}", client(at), range(r)),
            Self::Rejoin { at, range: r } => format!("{} joins {} again", client(at), range(r)),
            Self::Repeat { at } => format!("{} repeats its last message", client(at)),
            Self::Open { at, group: g } => {
                format!(
                    "{} has a packet for {} and asks the MARS",
                    client(at),
                    group(g)
                )
            }
            Self::Revalidate { at, group: g } => format!("{} revalidates {}", client(at), group(g)),
            Self::Deliver { at } => format!("a message on the CCVC arrives at {}", client(at)),
            Self::Lose { at } => format!("a message on the CCVC to {} is lost", client(at)),
            Self::Receive { at } => format!("a private message arrives at {}", client(at)),
            Self::Drop { at } => format!("{} is dropped from the CCVC", client(at)),
            Self::Notice { at } => format!("{} notices that it was dropped", client(at)),
            Self::Release { at, group: g, node } => {
                format!(
                    "the leaf {} drops off the VC of {} to {}",
                    name(node),
                    client(at),
                    group(g)
                )
            }
            Self::Restart { at } => format!("{} restarts", client(at)),
            Self::Deregister { at } => format!("{} deregisters", client(at)),
            Self::Serve { mcs: m, group: g } => format!("{} offers to serve {}", mcs(m), group(g)),
            Self::Unserve { mcs: m, group: g } => format!("{} serves {} no more", mcs(m), group(g)),
            Self::Gone { mcs: m } => format!("{} deregisters", mcs(m)),
            Self::Beat => "the MARS sends a redirect map".to_owned(),
        }
    }
}

impl Kinds for Action {
    const KINDS: &'static [&'static str] = &[
        "register",
        "join",
        "leave",
        "rejoin",
        "repeat",
        "open",
        "revalidate",
        "deliver",
        "lose",
        "receive",
        "drop",
        "notice",
        "release",
        "restart",
        "deregister",
        "serve",
        "unserve",
        "gone",
        "beat",
    ];
    fn kind(&self) -> usize {
        match self {
            Self::Register { .. } => 0,
            Self::Join { .. } => 1,
            Self::Leave { .. } => 2,
            Self::Rejoin { .. } => 3,
            Self::Repeat { .. } => 4,
            Self::Open { .. } => 5,
            Self::Revalidate { .. } => 6,
            Self::Deliver { .. } => 7,
            Self::Lose { .. } => 8,
            Self::Receive { .. } => 9,
            Self::Drop { .. } => 10,
            Self::Notice { .. } => 11,
            Self::Release { .. } => 12,
            Self::Restart { .. } => 13,
            Self::Deregister { .. } => 14,
            Self::Serve { .. } => 15,
            Self::Unserve { .. } => 16,
            Self::Gone { .. } => 17,
            Self::Beat => 18,
        }
    }
}
