//! What a step makes visible, in the words of RFC 2443, RFC 2334 and RFC 2022.

use super::action::{Client, Range, Server};
use super::server_list::ServerList;

/// What kind of cache entry a record describes (RFC 2443, 5.1, 5.3 and 5.4).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum RecordKind {
    /// The heartbeat of the originator (state 1).
    RedirectEntry,
    /// A client's registration (state 3 or 4, of a multicast server 2 or 5; register bit set).
    Register {
        /// The client.
        client: Client,
    },
    /// A client's membership of one range (state 3 or 4), or a multicast server's service of it (state 2 or 5); register
    /// bit clear.
    Join {
        /// The client.
        client: Client,
        /// The range, always as the client sent it (E07).
        range: Range,
    },
}

/// A CSA record without its sequence number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Record {
    /// The server that made it (OID).
    pub origin: Server,
    /// Whether its key is one of the originator's life before it started again.
    pub earlier: bool,
    /// What it is about.
    pub kind: RecordKind,
    /// True for states 1, 2 and 3, false for states 4 and 5.
    pub live: bool,
    /// The client's CMI as a place (from 1) in the originator's range; 0 in a Redirect Entry.
    pub cmi: u8,
}

/// A Cluster Member ID: a place in a server's range.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Cmi {
    /// Whose range.
    pub server: Server,
    /// Which place, from 1. 0 stands for CMI 0: in the copy for a multicast server (RFC 2022, 6.2.3), or under a hurtful
    /// rule.
    pub slot: u8,
}

/// What a server returns to one client on the private VC: the client's own message with copy = 1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Copy {
    /// A registration with the CMI given.
    Register {
        /// The CMI given.
        cmi: Cmi,
    },
    /// A deregistration.
    Deregister,
    /// A join of one range.
    Join {
        /// The range.
        range: Range,
    },
    /// A leave of one range.
    Leave {
        /// The range.
        range: Range,
    },
}

/// What a ClusterControlVC message says.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum CcvcKind {
    /// MARS_JOIN.
    Join,
    /// MARS_LEAVE.
    Leave,
}

/// What a ServerControlVC message says.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ScvcKind {
    /// MARS_SJOIN: a member of groups that own multicast servers serve.
    Sjoin,
    /// MARS_SLEAVE.
    Sleave,
    /// MARS_MSERV: a multicast server serves a group.
    Mserv,
    /// MARS_UNSERV.
    Unserv,
}

/// A control VC of a server.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Control {
    /// ClusterControlVC: its leaves are clients.
    Cluster,
    /// ServerControlVC: its leaves are multicast servers.
    Servers,
}

/// One visible consequence of an action.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Observation {
    /// A record goes into a CSU Request. On a link that is healed in the same step it has arrived already.
    Csu {
        /// The sender.
        from: Server,
        /// The neighbour.
        to: Server,
        /// The record.
        record: Record,
        /// Servers passed since its flooding (re)started; 0 at the originator, and where it starts afresh (C13, H04).
        hops: u8,
        /// Whether the receiver asked for it (alignment, or RFC 2334, 2.3 case 2b).
        solicited: bool,
        /// Whether this is a new instance, made in this step.
        fresh: bool,
    },
    /// A copy of a client's message goes back to it on the private VC.
    Private {
        /// The server.
        server: Server,
        /// The client.
        client: Client,
        /// What is returned.
        copy: Copy,
    },
    /// A message goes out on the server's ClusterControlVC (it raises the CSN by one).
    Ccvc {
        /// The server.
        server: Server,
        /// Join or leave.
        kind: CcvcKind,
        /// The member that it is about (source address).
        client: Client,
        /// The groups after hole punching, one bit each, never none.
        groups: u8,
        /// Whether the groups are fewer than those of the range joined or left.
        punched: bool,
    },
    /// A message goes out on the server's ServerControlVC (it raises the SSN by one).
    Scvc {
        /// The server.
        server: Server,
        /// What it says.
        kind: ScvcKind,
        /// The member, or the multicast server, that it is about (source address).
        client: Client,
        /// The groups after hole punching, one bit each, never none.
        groups: u8,
        /// Whether the groups are fewer than those of the range joined or left.
        punched: bool,
    },
    /// A MARS_MIGRATE goes out on the server's ClusterControlVC (it raises the CSN by one).
    Migrate {
        /// The server.
        server: Server,
        /// The multicast server that senders are to use from now on.
        client: Client,
        /// The group, one bit.
        group: u8,
    },
    /// A MARS_REDIRECT_MAP goes out on a control VC of the server (it raises its sequence number by one).
    Map {
        /// The server.
        server: Server,
        /// Where it goes out.
        control: Control,
        /// The servers listed, in order.
        order: ServerList,
        /// Whether redirf asks for a hard redirect.
        hard: bool,
    },
    /// The server adds a leaf to a control VC, or drops one.
    Leaf {
        /// The server.
        server: Server,
        /// Which control VC.
        control: Control,
        /// The leaf.
        client: Client,
        /// Added or dropped.
        add: bool,
    },
}

/// Takes what a step makes visible.
pub trait Sink {
    /// One observation, in the order in which they happen.
    fn see(&mut self, observation: Observation);
}

/// Checking needs no observations: seeing them costs nothing.
impl Sink for () {
    #[inline]
    fn see(&mut self, _: Observation) {}
}

impl Sink for Vec<Observation> {
    fn see(&mut self, observation: Observation) {
        self.push(observation);
    }
}
